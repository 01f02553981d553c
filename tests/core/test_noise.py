import numpy as np
import pytest

from f2widgets.core import noise
from f2widgets.core.noise import (
    CORRELATION,
    correlated_sum,
    correlation_of,
    correlation_table,
    kernel_correlation,
    passed_on,
    sum_sigma,
)
from tests.core.images import constant, frame


def disc(radius):
    step = np.arange(-int(radius), int(radius) + 1)
    return (step[:, None] ** 2 + step**2 <= radius**2).astype(float)


def test_linear_half_way_correlates_neighbours_by_a_half():
    half = np.array([0.5, 0.5])
    np.testing.assert_allclose(
        kernel_correlation([(half, half)], [1.0]), np.outer([0.5, 1, 0.5], [0.5, 1, 0.5])
    )
    np.testing.assert_allclose(kernel_correlation([(np.array([0, 1.0]), half)], [1.0])[:, 1], [0.5, 1, 0.5])


def test_shares_count_by_their_variance():
    plain, half = np.array([0, 1.0]), np.array([0.5, 0.5])
    mixed = kernel_correlation([(plain, plain), (half, plain)], [0.25, 0.75])
    # variances 1 and 1/2, covariance with the neighbour along x 0 and 1/4
    assert mixed[1, 2] == pytest.approx(0.75 * 0.25 / (0.25 + 0.75 * 0.5))
    assert mixed[1, 1] == 1


def test_table_there_and_back():
    correlation = np.random.default_rng(1).random((5, 7))
    table = correlation_table(correlation)
    assert table.colnames == ["dx", "dy", "correlation"]
    assert len(table) == 35
    middle = table[(table["dx"] == 0) & (table["dy"] == 0)]
    assert middle["correlation"][0] == correlation[2, 3]
    right = table[(table["dx"] == 1) & (table["dy"] == -2)]
    assert right["correlation"][0] == correlation[0, 4]
    back = correlation_of(
        constant(0.0, tables={CORRELATION: table[::-1]})
    )  # the order of rows does not matter
    np.testing.assert_array_equal(back, correlation)


def test_without_a_table_noise_is_white():
    np.testing.assert_array_equal(correlation_of(constant(0.0)), [[1]])


def test_white_noise_adds_in_squares():
    one = frame(np.zeros((20, 20)), variance=np.arange(400).reshape(20, 20))
    weights = np.array([[1, 2, 0], [0, 3, 0], [0, 0, 1.0]])
    # the variance is 20 y + x; the weights lie at (4, 9), (5, 9), (5, 10) and (6, 11)
    expected = np.sqrt(1 * 184 + 4 * 185 + 9 * 205 + 1 * 226)
    assert sum_sigma(one, weights, 5, 10) == pytest.approx(expected)
    assert sum_sigma(one, weights, 5.4, 9.6) == pytest.approx(expected)


def test_fully_correlated_noise_adds_up():
    amplitude = np.array([[1.0, 2.0], [3.0, 4.0]])
    assert correlated_sum(amplitude, np.ones((3, 3))) == 10**2
    assert correlated_sum(amplitude, np.ones((1, 1))) == 30
    assert correlated_sum(amplitude, np.ones((9, 9))) == 100  # wider than the aperture
    along_x = np.array([[0, 0, 0], [0.5, 1, 0.5], [0, 0, 0]])
    assert correlated_sum(amplitude, along_x) == 30 + 2 * 0.5 * (1 * 2 + 3 * 4)


@pytest.mark.parametrize("radius", [0, 2, 4, 8])
def test_sums_are_as_uncertain_as_told(radius):
    rng = np.random.default_rng(5)
    p = 0.4
    kernel = np.array(
        [
            -p * (p - 1) * (p - 2) / 6,
            (p + 1) * (p - 1) * (p - 2) / 2,
            -(p + 1) * p * (p - 2) / 2,
            (p + 1) * p * (p - 1) / 6,
        ]
    )
    weights, side = disc(radius), 18
    sums = []
    for _ in range(40):
        white = rng.normal(0, 3, (300, 300))
        along = sum(k * white[t : t + 297] for t, k in enumerate(kernel))
        data = sum(k * along[:, t : t + 297] for t, k in enumerate(kernel))
        h = len(weights)
        cut = data[: 297 // side * side, : 297 // side * side].reshape(297 // side, side, -1, side)
        sums.append(np.einsum("aibj,ij->ab", cut[:, :h, :, :h], weights))
    variance = 9 * np.sum(kernel**2) ** 2
    table = correlation_table(kernel_correlation([(kernel, kernel)], [1.0]))
    one = constant(0.0, 40, variance=variance, tables={CORRELATION: table})
    # 10,240 sums tell a sigma to 0.7 %
    assert np.std(sums) / sum_sigma(one, weights, 20, 20) == pytest.approx(1, abs=0.02)


def test_apertures_must_lie_within_the_frame():
    one = constant(0.0, 20, name="S1")
    assert sum_sigma(one, np.ones((3, 3)), 1, 18) == 3
    for x, y in ((0, 10), (10, 19), (19.4, 10), (-5, 10), (30, 10)):
        with pytest.raises(ValueError, match="does not lie within S1"):
            sum_sigma(one, np.ones((3, 3)), x, y)


def test_unknown_variance_is_no_variance():
    with pytest.raises(ValueError, match="S1 has no variance"):
        sum_sigma(constant(0.0, variance=None, name="S1"), np.ones((3, 3)), 4, 4)


def test_examples_in_the_docstrings():
    import doctest

    from f2widgets.core import flags
    from f2widgets.core.frame import Frame

    for module in (noise, flags):
        names = {**vars(module), "Frame": Frame, "np": np}
        assert doctest.testmod(module, extraglobs=names).failed == 0


def test_noise_interpolated_twice_is_known():
    rng = np.random.default_rng(4)
    white = rng.normal(0, 1, (600, 600))
    linear = (np.array([0.3, 0.7]), np.array([0.45, 0.55]))
    own = kernel_correlation([linear], [1.0])

    def interpolated(plane):
        for axis, weights in ((1, linear[0]), (0, linear[1])):
            plane = weights[0] * plane + weights[1] * np.roll(plane, 1, axis)
        return plane

    once = interpolated(white)
    twice = interpolated(once)
    correlation, factor = passed_on(own, own)
    alone = np.sum(np.square(np.outer(linear[1], linear[0])))
    assert np.var(twice) / np.var(once) == pytest.approx(alone * factor, rel=0.02)
    middle = correlation.shape[0] // 2
    for dy, dx in ((0, 1), (1, 0), (1, 1), (0, 2)):
        found = np.mean(twice * np.roll(twice, (dy, dx), (0, 1))) / np.var(twice)
        assert found == pytest.approx(correlation[middle + dy, middle + dx], abs=0.02)
    same, nothing = passed_on(own, np.ones((1, 1)))
    np.testing.assert_array_equal(same, own)
    assert nothing == 1
