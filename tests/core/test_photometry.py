import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.photometry import aperture_weights, same_light
from tests.core.images import frame, moffat

PLACES = np.array([(20.3, 25.8), (60.6, 30.1), (40.0, 70.5)])


@pytest.mark.parametrize("radius", [3.0, 4.0, 9.0])
def test_area_of_the_aperture(radius):
    offsets = np.linspace(-0.5, 0.5, 7)
    weights = aperture_weights(radius, 11, offsets, offsets[::-1])
    area = weights.sum(axis=(1, 2))
    # A rim that falls off over a pixel adds a twelfth to the square of the radius.
    np.testing.assert_allclose(area, np.pi * (radius**2 + 1 / 12), rtol=1e-2)
    assert area.mean() == pytest.approx(np.pi * (radius**2 + 1 / 12), rel=5e-3)
    assert ((weights >= 0) & (weights <= 1)).all()


def test_aperture_follows_the_star():
    (weights,) = aperture_weights(3.0, 6, np.array([0.3]), np.array([-0.2]))
    step = np.arange(-6, 7)
    assert np.sum(weights * step[None, :]) / weights.sum() == pytest.approx(0.3, abs=0.02)
    assert np.sum(weights * step[:, None]) / weights.sum() == pytest.approx(-0.2, abs=0.02)


def stars(shift=(0.0, 0.0), light=1.0):
    x, y = (PLACES + shift).T
    return frame(light * moffat((100, 100), x, y, [1e5, 5e4, 2e4]))


def test_ratios_are_those_of_the_light():
    shifts = [(0, 0), (3.4, -2.7), (-4.1, 0.25)]
    light = [1.0, 0.9, 1.1]
    frames = [stars(shift, c) for shift, c in zip(shifts, light, strict=True)]
    sums = same_light(frames, [PLACES + shift for shift in shifts], 9.0)
    assert sums.shape == (3, 3)
    np.testing.assert_allclose(sums / sums[0], np.array(light)[:, None].repeat(3, 1), rtol=2e-3)
    alpha = 3.5 / (2 * np.sqrt(2 ** (1 / 3) - 1))
    whole = 1 - (1 + (9 / alpha) ** 2) ** -2
    np.testing.assert_allclose(sums[0], np.array([1e5, 5e4, 2e4]) * whole, rtol=0.01)


def flagged(one, x, y, bit):
    mask = one.mask.copy()
    mask[y, x] = bit
    return one.with_(mask=mask)


@pytest.mark.parametrize("bit", [flags.SATURATED, flags.NONLINEAR, flags.BAD])
def test_spoilt_cores_count_in_that_frame_only(bit):
    frames = [stars(), flagged(stars(), 61, 32, bit)]
    sums = same_light(frames, [PLACES, PLACES], 6.0)
    np.testing.assert_array_equal(np.isnan(sums), [[0, 0, 0], [0, 1, 0]])


def test_missing_pixel_outside_the_core_is_taken_from_the_others():
    one = stars()
    data = one.data.copy()
    data[30, 65] = 1e6
    spoilt = flagged(one.with_(data=data), 65, 30, flags.COSMIC)
    sums = same_light([one, spoilt, one], [PLACES] * 3, 6.0)
    np.testing.assert_allclose(sums[1], sums[0], rtol=1e-6)


@pytest.mark.parametrize("bit", [flags.UNLIT, flags.NO_DATA])
def test_aperture_must_be_lit(bit):
    sums = same_light([stars(), flagged(stars(), 65, 30, bit)], [PLACES] * 2, 6.0)
    np.testing.assert_array_equal(np.isnan(sums), [[0, 0, 0], [0, 1, 0]])


def test_stars_at_the_border_are_not_whole():
    places = np.array([(3.0, 50.0), (50.0, 96.9), (50.0, 50.0), (-20.0, 50.0), (50.0, 500.0)])
    sums = same_light([stars()], [places], 6.0)
    np.testing.assert_array_equal(np.isnan(sums[0]), [1, 1, 0, 1, 1])
