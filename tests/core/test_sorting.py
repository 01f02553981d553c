import numpy as np
import pytest

from f2widgets.core.sorting import masked_median, median, network, sort_ranks

EVERY = range(1, 13)


def planes(n, seed=0):
    values = np.random.default_rng([seed, n]).integers(-5, 6, (n, 6, 7))  # few values, so that many are equal
    return [plane.astype(np.float32) for plane in values]


@pytest.mark.parametrize("n", EVERY)
def test_all_ranks(n):
    lines = planes(n)
    before = np.array(lines)
    ranks = sort_ranks(lines, range(n))
    np.testing.assert_array_equal([ranks[k] for k in range(n)], np.sort(before, axis=0))
    np.testing.assert_array_equal(lines, before)  # the input is as it was


@pytest.mark.parametrize("n", EVERY)
def test_single_ranks(n):
    lines = planes(n, 1)
    ordered = np.sort(lines, axis=0)
    for rank in range(n):
        np.testing.assert_array_equal(sort_ranks(lines, [rank])[rank], ordered[rank])


@pytest.mark.parametrize("n", EVERY)
def test_network_sorts_all_sequences_of_zeros_and_ones(n):
    # Knuth's principle: a network that sorts these sorts everything.
    bits = [((np.arange(1 << n) >> k) & 1).astype(np.float32)[None] for k in range(n)]
    ranks = sort_ranks(bits, range(n))
    assert (np.diff([ranks[k][0] for k in range(n)], axis=0) >= 0).all()


@pytest.mark.parametrize("n", EVERY)
def test_median(n):
    lines = planes(n, 2)
    middle = median(lines)
    np.testing.assert_array_equal(middle, np.median(lines, axis=0))
    assert middle.dtype == np.float32


def test_comparators_nothing_depends_on_are_left_out():
    assert len(network(9, (4,))) < len(network(9, tuple(range(9))))
    assert network(1, (0,)) == ()


@pytest.mark.parametrize("n", EVERY)
def test_masked_median_is_that_of_what_is_left(n):
    rng = np.random.default_rng([3, n])
    lines = [rng.normal(0, 1, (40, 30)).astype(np.float32) for _ in range(n)]
    masked = [rng.random((40, 30)) < part for part in np.linspace(0.1, 0.9, n)]
    middle, count = masked_median(lines, masked)
    values = np.where(masked, np.nan, lines)
    left = n - np.sum(masked, axis=0)
    np.testing.assert_array_equal(count, left)
    some = left > 0
    np.testing.assert_allclose(middle[some], np.nanmedian(values[:, some], axis=0), rtol=1e-6)
    assert (middle[~some] == 0).all()
    assert (middle.dtype, count.dtype) == (np.float32, np.uint8)


def test_masked_values_may_be_anything():
    lines = [np.full((2, 2), value, np.float32) for value in (1, 3e38, -3e38, 5)]
    masked = [np.full((2, 2), out) for out in (False, True, True, False)]
    middle, count = masked_median(lines, masked)
    assert (middle == 3).all()
    assert (count == 2).all()
