import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.stacking import kept, median_of_usable, stack
from tests.core.images import constant, frame


def pixel(values, masks=None, variance=1.0, **options):
    """Stack frames of one value each, and return data, variance and mask of a pixel."""
    masks = masks or [0] * len(values)
    noise = np.broadcast_to(variance, len(values))
    frames = [constant(v, 4, mask=m, variance=s) for v, m, s in zip(values, masks, noise, strict=True)]
    out = stack(frames, **options)
    assert (out.data.dtype, out.variance.dtype, out.mask.dtype) == (np.float32, np.float32, np.uint16)
    for plane in out:
        assert (plane == plane[0, 0]).all()
    return out.data[0, 0], out.variance[0, 0], out.mask[0, 0]


def test_mean_and_its_variance():
    data, variance, mask = pixel([10, 12, 17], variance=[1, 2, 6], reject="none")
    assert (data, variance, mask) == (13, pytest.approx(9 / 9), 0)


def test_median_costs_half_pi():
    data, variance, _ = pixel([10, 12, 17], variance=[1, 2, 6], reject="none", method="median")
    assert (data, variance) == (12, pytest.approx(np.pi / 2))


def test_one_frame_is_its_own_mean():
    assert pixel([7], [2], variance=3) == (7, 3, 2)


def test_two_frames_reject_nothing():
    assert pixel([0, 100])[:2] == (50, 0.5)


@pytest.mark.parametrize(
    ("low", "high", "mean", "variance"),
    [(3, 3, 10, 1 / 3), (3, 50, 20, 1 / 4), (50, 3, 5, 1 / 4), (50, 50, 14, 1 / 5)],
)
def test_rejection_by_the_values_own_variance(low, high, mean, variance):
    data, noise, _ = pixel([-10, 9, 10, 11, 50], low=low, high=high)
    assert (data, noise) == (pytest.approx(mean), pytest.approx(variance))


def test_value_within_its_own_noise_stays():
    assert pixel([10, 10, 10, 50], variance=[1, 1, 1, 400])[0] == 20


def test_rejection_by_scatter_needs_more_than_seven_values():
    assert pixel([0] * 6 + [100], reject="sigma")[0] == pytest.approx(100 / 7)
    assert pixel([0] * 14 + [100], reject="sigma")[:2] == (0, pytest.approx(1 / 14))


def test_equal_values_are_no_outliers_of_each_other():
    assert pixel([5] * 9, reject="sigma")[:2] == (5, pytest.approx(1 / 9))


@pytest.mark.parametrize(
    ("low", "high", "mean", "left"), [(1, 1, 11 / 3, 3), (0, 1, 3, 4), (2, 0, 109 / 3, 3), (0, 0, 22.4, 5)]
)
def test_lowest_and_highest_are_left_out(low, high, mean, left):
    data, variance, _ = pixel([2, 100, 1, 4, 5], reject="minmax", low=low, high=high)
    assert (data, variance) == (pytest.approx(mean), pytest.approx(1 / left))


def test_lowest_and_highest_are_those_of_the_usable():
    masks = [0, 0, flags.BAD, 0, 0]
    data, variance, mask = pixel([1, 2, -1000, 3, 4], masks, reject="minmax", low=1, high=1)
    assert (data, variance, mask) == (2.5, pytest.approx(1 / 2), 0)


def test_where_all_would_go_all_stay():
    assert pixel([0, 0, 100, 100])[:2] == (50, 0.25)
    assert pixel([0, 50, 100], reject="minmax", low=2, high=2)[0] == 50


def test_slack_lets_lamps_drift():
    assert pixel([1000, 1000, 1009], slack=0.0)[0] == 1000
    assert pixel([1000, 1000, 1009], slack=0.01)[:2] == (1003, pytest.approx(1 / 3))


def test_unusable_values_are_left_out_with_their_flags():
    masks = [flags.BAD, flags.SATURATED, flags.COSMIC | flags.NONLINEAR, 0]
    data, variance, mask = pixel([1000, 2, -1000, 4], masks, variance=[1, 2, 3, 4], reject="none")
    assert (data, variance, mask) == (3, pytest.approx((2 + 4) / 4), flags.SATURATED)


def test_where_none_is_usable_all_are_used_and_flagged():
    masks = [flags.BAD, flags.COSMIC, flags.BAD | flags.SATURATED]
    data, variance, mask = pixel([1, 2, 6], masks, reject="none")
    assert (data, variance) == (3, pytest.approx(1 / 3))
    assert mask == flags.BAD | flags.COSMIC | flags.SATURATED


def test_pixels_do_not_mix():
    rng = np.random.default_rng(4)
    shape = (37, 20)  # not a multiple of the rows taken at a time
    values = rng.normal(100, 3, (8, *shape)).astype(np.float32)
    values[rng.random(values.shape) < 0.03] += 200
    masks = np.where(rng.random(values.shape) < 0.2, flags.BAD, 0)
    masks[:, 3, 3] = flags.UNLIT
    noise = rng.uniform(5, 15, values.shape).astype(np.float32)
    frames = [frame(v, variance=s, mask=m) for v, s, m in zip(values, noise, masks, strict=True)]
    out = stack(frames)
    for y, x in np.ndindex(shape):
        good = masks[:, y, x] == 0
        good |= not good.any()
        v, s = values[good, y, x], noise[good, y, x]
        stays = np.abs(v - np.median(v)) <= 3 * np.sqrt(s)
        stays |= not stays.any()
        assert out.data[y, x] == pytest.approx(v[stays].mean(), rel=1e-5)
        assert out.variance[y, x] == pytest.approx(s[stays].sum() / stays.sum() ** 2, rel=1e-5)
    assert out.mask[3, 3] == flags.UNLIT


@pytest.mark.parametrize(
    ("method", "sigmas", "tolerance"),
    [("mean", (1, 2, 2, 3, 1, 2), 0.03), ("median", (2,) * 9, 0.05)],  # pi/2 is right for many values
)
def test_variance_is_that_of_many_stacks(method, sigmas, tolerance):
    rng = np.random.default_rng(6)
    frames = [frame(rng.normal(0, s, (100, 100)), variance=s * s) for s in sigmas]
    out = stack(frames, method=method, reject="none")
    assert out.data.std() / np.sqrt(out.variance[0, 0]) == pytest.approx(1, abs=tolerance)


def test_unknown_variance_counts_as_none():
    out = stack([constant(v, variance=None) for v in (1.0, 2.0, 3.0)], reject="none")
    assert (out.data == 2).all()
    assert (out.variance == 0).all()


def test_masked_median():
    values = np.array([[1.0, 5.0], [2.0, 6.0], [9.0, 7.0]])
    usable = np.array([[True, False], [False, False], [True, False]])
    np.testing.assert_array_equal(median_of_usable(values, usable), [5, 0])


@pytest.mark.parametrize(
    "options", [{}, {"reject": "sigma", "high": 1.5}, {"reject": "minmax", "low": 1, "high": 2}]
)
def test_what_is_kept_has_the_mean_of_the_stack(options):
    rng = np.random.default_rng(4)
    frames = [frame(rng.normal(0, 1, (20, 20)), name=str(k)) for k in range(9)]
    spoilt = []
    for one in frames:
        data, mask = one.data.copy(), np.where(rng.random((20, 20)) < 0.1, np.uint16(flags.BAD), np.uint16(0))
        data[rng.random((20, 20)) < 0.05] += 50
        mask[3, 3] = flags.UNLIT
        spoilt.append(one.with_(data=data, mask=mask))
    use = kept(spoilt, **options)
    values = np.array([one.data for one in spoilt])
    mean = np.where(use, values, 0).sum(axis=0) / use.sum(axis=0)
    np.testing.assert_allclose(stack(spoilt, **options).data, mean, atol=2e-6)
    assert not use.all()
