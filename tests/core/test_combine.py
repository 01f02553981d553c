from datetime import datetime

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.align import align
from f2widgets.core.combine import combine, match_counts
from f2widgets.core.noise import CORRELATION, correlation_of, correlation_table
from f2widgets.core.notes import listening
from f2widgets.errors import WrongInputs
from tests.core.images import DITHER, Field, constant, frame

FACTS = {"exposure_time": 120.0, "measured": {"sky": 1.0}}


def values(numbers, variances, masks=None, **options):
    """Combine frames of one value each."""
    masks = masks or [0] * len(numbers)
    frames = [
        constant(v, variance=s, mask=m, **FACTS) for v, s, m in zip(numbers, variances, masks, strict=True)
    ]
    (out,) = combine(iter(frames), **options)
    for plane in (out.data, out.variance, out.mask, out.planes["EXPMAP"]):
        assert (plane == plane[0, 0]).all()
    return out.data[0, 0], out.variance[0, 0], out.mask[0, 0], out.planes["EXPMAP"][0, 0]


def test_weights_are_the_inverse_of_the_skys_variance():
    data, variance, mask, seconds = values([10, 20], [1, 4])
    # weights 1 and 1/4
    assert data == pytest.approx((10 + 5) / 1.25)
    assert variance == pytest.approx((1 + 4 / 16) / 1.25**2)
    assert (mask, seconds) == (0, 240)


def test_all_alike():
    assert values([10, 20], [1, 4], weight="none")[:2] == (15, pytest.approx(5 / 4))


def test_median():
    data, variance, _, seconds = values([10, 12, 50], [2, 2, 2], method="median")
    assert (data, seconds) == (12, 360)
    assert variance == pytest.approx(np.pi / 2 * 2 / 3)


def test_one_weight_serves_a_whole_frame():
    """A star's own photon noise must not change its weight, or its light would be biased."""
    light = np.zeros((14, 14))
    light[5, 5] = 1000
    frames = [frame(light * c, variance=100 + light, **FACTS) for c in (1.0, 1.2)]
    (out,) = combine(frames)
    assert out.data[5, 5] == pytest.approx(1100)
    assert out.variance[5, 5] == pytest.approx(1100 / 2)


def test_unusable_pixels_count_nowhere():
    data, variance, mask, seconds = values(
        [10, 1e6, 30], [2, 2, 2], [flags.SATURATED, flags.COSMIC | flags.NONLINEAR, 0], weight="none"
    )
    assert (data, variance, seconds) == (20, 1, 240)
    assert mask == flags.SATURATED


def test_where_nothing_is_usable_there_is_nothing():
    data, variance, mask, seconds = values([10, 20], [1, 1], [flags.BAD | flags.COSMIC, flags.BAD])
    assert (data, variance, seconds) == (0, 0, 0)
    assert mask == flags.BAD
    for method in ("mean", "median"):
        data, _, mask, _ = values([10, 20], [1, 1], [flags.UNLIT, flags.NO_DATA], method=method)
        assert (data, mask) == (0, flags.NO_DATA)


def test_exposure_map_adds_up_exactly():
    rng = np.random.default_rng(2)
    masks = np.where(rng.random((9, 40, 50)) < 0.2, flags.BAD, 0)
    (out,) = combine([frame(np.zeros((40, 50)), mask=m, **FACTS) for m in masks])
    np.testing.assert_array_equal(out.planes["EXPMAP"], 120 * np.sum(masks == 0, axis=0))
    assert out.planes["EXPMAP"].dtype == np.float32


def test_variance_is_that_of_many_pixels():
    rng = np.random.default_rng(3)
    masks = np.where(rng.random((5, 120, 120)) < 0.1, flags.COSMIC, 0)
    frames = [
        frame(rng.normal(0, s, (120, 120)), variance=s * s, mask=m, **FACTS)
        for s, m in zip((1, 2, 3, 2, 1.5), masks, strict=True)
    ]
    for weight in ("sky", "none"):
        (out,) = combine(frames, weight=weight)
        assert (out.data / np.sqrt(out.variance)).std() == pytest.approx(1, abs=0.02)


def test_correlation_is_the_average_by_share_of_the_variance():
    white = correlation_table(np.array([[0, 0, 0], [0, 1, 0], [0, 0, 0.0]]))
    smooth = correlation_table(np.pad([[0, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 0]], 1))
    frames = [
        constant(0.0, variance=1.0, tables={CORRELATION: white}, **FACTS),
        constant(0.0, variance=4.0, tables={CORRELATION: smooth}, **FACTS),
    ]
    (alike,) = combine(frames, weight="none")  # shares 1 and 4 of the variance
    found = correlation_of(alike)
    assert found.shape == (5, 5)
    assert (found[2, 2], found[2, 3]) == (1, pytest.approx(0.8 * 0.5))
    (weighted,) = combine(frames)  # weights 1 and 1/4: shares 1 and 4/16
    assert correlation_of(weighted)[2, 3] == pytest.approx(0.2 * 0.5)


def test_product_is_named_after_the_earliest_and_carries_means():
    times = [datetime(2013, 11, 21, hour) for hour in (5, 3, 4)]
    frames = [
        constant(1.0, name=f"S{t.hour}", ut_start=t, measured={"fwhm": float(k), "dx": 3.0})
        for k, t in enumerate(times)
    ]
    (out,) = combine(frames)
    assert out.name == "S3"
    assert out.measured == {"fwhm": 1.0}
    assert out.unit == "electron"


def test_frames_on_another_grid_are_refused():
    with pytest.raises(WrongInputs, match="S1 is on another grid"):
        combine([constant(1.0, 8), constant(1.0, 9, name="S1")])
    with pytest.raises(WrongInputs, match="S1 has no variance"):
        combine([constant(1.0), constant(1.0, name="S1", variance=None)])
    with pytest.raises(WrongInputs, match="no frame to combine"):
        combine([])


def test_inputs_stay_as_they_were():
    one = constant(3.0, **FACTS)
    combine([one, one])
    assert (one.data == 3).all()
    assert (one.variance == 1).all()


@pytest.fixture(scope="module")
def field():
    return Field(number=12, side=256, sigma=30.0, margin=60.0, brightest=3e5, faintest=2e4, seed=4)


@pytest.fixture(scope="module")
def clouds(field):
    """Frames of different transparency and seeing, aligned; the second was exposed half as long."""
    clear = [1.0, 0.92, 1.05, 0.97, 1.11]
    seconds = [120.0, 60.0, 120.0, 120.0, 120.0]
    frames = [
        field.frame(*shift, light=c * t / 120, fwhm=f, exposure_time=t, name=f"S{k}")
        for k, (shift, c, t, f) in enumerate(
            zip(DITHER, clear, seconds, (3.0, 4.2, 3.4, 4.6, 3.5), strict=True)
        )
    ]
    return align(frames), np.array(clear) / np.mean(clear)


def test_transparency_is_measured_on_the_stars(clouds):
    frames, clear = clouds
    heard = []
    with listening(lambda *said: heard.append(said)):
        out = match_counts(iter(frames))
    assert not heard
    np.testing.assert_allclose([one.measured["transparency"] for one in out], clear, rtol=5e-3)
    for before, after, c in zip(frames, out, clear, strict=True):
        factor = 120 / before.facts.exposure_time / after.measured["transparency"]
        assert factor == pytest.approx(120 / before.facts.exposure_time / c, rel=5e-3)
        np.testing.assert_allclose(after.data, before.data * factor, rtol=1e-5)
        np.testing.assert_allclose(after.variance, before.variance * factor**2, rtol=1e-5)


def test_exposure_alone(clouds):
    frames, _ = clouds
    out = match_counts(frames, method="exposure")
    np.testing.assert_array_equal(out[0].data, frames[0].data)
    np.testing.assert_array_equal(out[1].data, 2 * frames[1].data)
    np.testing.assert_array_equal(out[1].variance, 4 * frames[1].variance)
    assert [one.measured["transparency"] for one in out] == [1] * 5


def test_few_stars_leave_it_to_the_exposure(clouds):
    frames, _ = clouds
    heard = []
    with listening(lambda text, name: heard.append(text)):
        out = match_counts(frames, min_stars=500)
    assert [one.measured["transparency"] for one in out] == [1] * 5
    assert "stars to measure the transparency by" in heard[0]


def test_frames_without_stars():
    empty = Field(number=0, side=128)
    frames = [empty.frame(*shift) for shift in DITHER[:3]]
    out = match_counts(frames)
    assert [one.measured["transparency"] for one in out] == [1, 1, 1]
    assert match_counts(frames[:1])[0].measured["transparency"] == 1


@pytest.mark.parametrize("clouded", [0, 2])
def test_frame_behind_clouds_is_left_out_and_named(field, clouded):
    light = [1.0] * 5
    light[clouded] = 0.02
    frames = align([field.frame(*DITHER[k], light=light[k], name=f"S{k}") for k in range(5)])
    heard = []
    with listening(lambda text, name: heard.append((name, text))):
        out = match_counts(frames)
    assert [one.name for one in out] == [f"S{k}" for k in range(5) if k != clouded]
    assert [one.measured["transparency"] for one in out] == pytest.approx([1.0] * 4, rel=0.01)
    assert [name for name, text in heard if "left out of the stack" in text] == [f"S{clouded}"]
