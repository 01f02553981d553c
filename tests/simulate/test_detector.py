import numpy as np
import pytest

from f2widgets.core.detector import WELL, linearized
from f2widgets.simulate.detector import HOT, LOW, NOISY, OVER, draw
from f2widgets.simulate.readout import measured, read_out
from f2widgets.simulate.settings import Settings

SETTINGS = Settings(size=512, seed=4)


@pytest.fixture(scope="module")
def array():
    return draw(SETTINGS)


def test_the_circle_is_lit_and_all_else_dark(array):
    y, x = np.indices(array.flat.shape)
    radius = np.hypot(x - SETTINGS.centre[0], y - SETTINGS.centre[1])
    good = array.bad == 0
    assert array.lit.sum() == (radius <= 1054 / 4).sum()
    assert (array.flat[good & (radius < 1054 / 4 - 6)] > 0.8).all()
    assert (array.flat[radius > 1054 / 4 + 8] == 0).all()


def test_response_by_pixel_and_on_large_scales(array):
    inside = array.lit & (array.bad == 0)
    inside &= np.hypot(*np.indices(array.flat.shape) - 262) < 240
    assert np.median(array.flat[inside]) == pytest.approx(1, abs=0.01)
    neighbour = np.roll(array.flat, 1, axis=1)
    both = inside & np.roll(inside, 1, axis=1)
    ratio = (array.flat[both] / neighbour[both] - 1) / np.sqrt(2)
    assert 1.4826 * np.median(np.abs(ratio)) == pytest.approx(0.012, rel=0.05)
    boxes = [
        np.median(array.flat[i : i + 32, j : j + 32])
        for i in range(128, 384, 32)
        for j in range(128, 384, 32)
    ]
    assert 0.02 < np.ptp(boxes) < 0.22


def test_bad_pixels_have_the_nominal_densities(array):
    share = 1 / 16
    assert (array.bad & HOT > 0).sum() == pytest.approx(9000 * share, rel=0.1)
    assert (array.bad & OVER > 0).sum() == pytest.approx(350 * share, abs=2)
    assert (array.bad & NOISY > 0).sum() == pytest.approx(1500 * share, abs=2)
    assert (array.bad & LOW > 0).sum() > 2600 * share
    assert (array.flat[array.bad == LOW] < 0.8).all()
    assert (array.dark[array.bad & HOT > 0] > 5).all()
    assert array.dark[array.bad & HOT == 0].max() < 3


def test_another_seed_is_another_array(array):
    other = draw(Settings(size=512, seed=5))
    for plane in ("flat", "dark", "pedestal", "bad"):
        assert (getattr(array, plane) != getattr(other, plane)).any()


def test_pedestals_are_strips_of_columns_with_steps_of_16_rows(array):
    strip = array.pedestal[:, :16]
    assert strip[:16, 0].std() == 0
    assert (strip[:, 0] - strip[:, 2] == 0).all()
    steps = np.flatnonzero(np.diff(strip[:, 0]))
    assert set((steps + 1) % 16) == {0}
    assert array.pedestal.min() > 0


def test_measured_is_the_inverse_of_linearized():
    counts = np.linspace(0, WELL, 500).astype(np.float32)
    assert measured(linearized(counts)) == pytest.approx(counts, abs=0.05)
    assert measured(np.array([1e7], np.float32)) == WELL


def test_photon_transfer_gives_the_gain(array):
    level = np.full((512, 512), 40000.0, np.float32)
    a, b = (read_out(SETTINGS, array, name, level, 1.0).astype(float) for name in ("a", "b"))
    good = (array.bad == 0) & (np.abs(a - b) < 350)
    jitter = np.median((a - b).reshape(512, 32, 16), axis=(0, 2)).repeat(16)
    variance = np.var((a - b - jitter)[good]) / 2
    signal = np.mean((a - array.pedestal)[good])
    # At 40000 electrons one measured electron stands for 1.0006 true ones.
    noise = (11.7 / 4.44) ** 2
    assert signal / (variance - noise) == pytest.approx(4.44, rel=0.01)


def test_saturated_pixels_reach_the_saturation_level(array):
    raw = read_out(SETTINGS, array, "bright", np.full((512, 512), 1e6, np.float32), 1.0)
    assert np.median(raw) >= 35000
    assert (raw[array.bad & NOISY == 0] >= 35000).mean() > 0.999


def test_cosmic_rays_fall_in_proportion_to_time(array):
    dark = np.zeros((512, 512), np.float32)
    calm = read_out(SETTINGS, array, "x", dark, 0.0)
    # 4 in 120 s on the full array: 40 in 19200 s on a sixteenth of it.
    struck = read_out(SETTINGS, array, "x", dark, 19200.0)
    assert (calm != struck).sum() == pytest.approx(40 * 4, rel=0.6)
