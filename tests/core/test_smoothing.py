import numpy as np
import pytest

from f2widgets.core.smoothing import binned, gaussian, grown, smoothed


def test_weights_leave_white_noise_as_it_is():
    weights = gaussian(1.5)
    assert len(weights) == 11
    assert np.sum(weights.astype(float) ** 2) == pytest.approx(1)
    assert weights[5] / weights[6] == pytest.approx(np.exp(0.5 / 1.5**2))


def test_smoothing_a_point_gives_the_weights():
    plane = np.zeros((70, 40), np.float32)
    plane[35, 20] = 1
    weights = gaussian(1.0)
    out = smoothed(plane, 1.0)
    np.testing.assert_allclose(out[32:39, 17:24], np.outer(weights, weights), rtol=1e-6)
    assert np.count_nonzero(out) == 49


def test_smoothed_noise_keeps_its_sigma():
    noise = np.random.default_rng(1).normal(0, 1, (256, 256)).astype(np.float32)
    assert smoothed(noise, 1.2)[8:-8, 8:-8].std() == pytest.approx(1, abs=0.02)


def test_beyond_the_border_everything_counts_as_zero():
    weights = gaussian(1.0)
    out = smoothed(np.ones((40, 50), np.float32), 1.0)
    assert out[0, 25] == pytest.approx(weights.sum() * weights[3:].sum(), rel=1e-6)
    assert out[0, 0] == pytest.approx(weights[3:].sum() ** 2, rel=1e-6)


def test_boxes_are_added_up():
    plane = np.arange(20, dtype=np.float32).reshape(4, 5)
    sums = [[0 + 1 + 5 + 6, 2 + 3 + 7 + 8, 4 + 9], [10 + 11 + 15 + 16, 12 + 13 + 17 + 18, 14 + 19]]
    np.testing.assert_allclose(binned(plane, 2), np.array(sums) / 2)
    np.testing.assert_array_equal(binned(plane, 1), plane)


def test_growing():
    area = np.zeros((9, 9), bool)
    area[4, 4] = True
    assert grown(area, 0).sum() == 1
    assert grown(area, 1).sum() == 5  # a cross
    rows, columns = np.nonzero(grown(area, 2))
    assert {rows.min(), rows.max(), columns.min(), columns.max()} == {2, 6}
    assert not grown(area, 2)[2, 2]  # corners are cut
    corner = np.zeros((4, 4), bool)
    corner[0, 0] = True
    assert grown(corner, 1).sum() == 3  # and nothing comes back on the other side
    assert area.sum() == 1
