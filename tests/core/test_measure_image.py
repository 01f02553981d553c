"""Statistics, cuts and histograms, against arithmetic done by hand."""

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.measure_image import histogram, line_cut, region_statistics
from f2widgets.core.noise import CORRELATION, correlation_table, sum_sigma
from f2widgets.core.regions import Annulus, Box, Circle, Line
from f2widgets.errors import ParameterError
from tests.core.images import frame


def ramp():
    return frame(np.arange(100.0).reshape(10, 10), variance=4.0)


def test_statistics_of_a_box():
    found = region_statistics(ramp(), Box(4, 5, 3, 1))  # 53, 54, 55
    assert (found.n, found.mean, found.median, found.minimum, found.maximum) == (3, 54, 54, 53, 55)
    assert found.sigma == 1
    assert found.robust_sigma == pytest.approx(1.4826)
    assert found.sum == 162
    assert found.sum_error == pytest.approx(np.sqrt(12))
    assert found.flagged == 0


def test_unusable_pixels_are_left_out_and_counted():
    masks = np.zeros((10, 10), np.uint16)
    masks[5, 4], masks[5, 3] = flags.COSMIC, flags.SATURATED
    found = region_statistics(ramp().with_(mask=masks), Box(4, 5, 3, 1))
    assert (found.n, found.mean) == (2, 54)  # the saturated one stays
    assert found.flagged == pytest.approx(1 / 3)


def test_a_region_without_a_good_pixel_says_so():
    one = frame(np.full((6, 6), np.nan))
    found = region_statistics(one, Circle(3, 3, 2))
    assert found.n == 0
    assert found.flagged == 1
    assert np.isnan([found.mean, found.median, found.sum, found.sum_error]).all()


def test_the_sum_has_the_error_of_correlated_noise():
    rho = np.array([[0.1, 0.3, 0.1], [0.3, 1, 0.3], [0.1, 0.3, 0.1]])
    one = ramp().with_(tables={CORRELATION: correlation_table(rho)})
    found = region_statistics(one, Box(4, 5, 3, 5))
    assert found.sum_error == pytest.approx(sum_sigma(one, np.ones((5, 3)), 4, 5))
    assert found.sum_error > np.sqrt(15 * 4)


def test_large_regions_have_nearly_the_error_of_pairs(monkeypatch):
    rho = np.array([[0.1, 0.3, 0.1], [0.3, 1, 0.3], [0.1, 0.3, 0.1]])
    one = frame(np.zeros((400, 400)), variance=4.0).with_(tables={CORRELATION: correlation_table(rho)})
    exact = region_statistics(one, Circle(200, 200, 190)).sum_error
    monkeypatch.setattr("f2widgets.core.measure_image._PAIRS", 10)
    assert region_statistics(one, Circle(200, 200, 190)).sum_error == pytest.approx(exact, rel=0.01)


def test_without_variance_the_error_is_not_known():
    found = region_statistics(frame(np.ones((6, 6)), variance=None), Annulus(3, 3, 1, 2))
    assert np.isnan(found.sum_error)
    assert found.sigma == 0


def test_a_region_off_the_image_is_refused_in_words():
    with pytest.raises(ParameterError, match=r"No pixel of a lies in that region around x=50, y=3"):
        region_statistics(ramp(), Circle(50, 3, 2))


def test_cut_along_a_row_and_between_pixels():
    cut = line_cut(ramp(), Line(2, 3, 6, 3))
    np.testing.assert_allclose(cut.value, [32, 33, 34, 35, 36])
    np.testing.assert_allclose(cut.sigma, 2)
    halfway = line_cut(ramp(), Line(2, 3.5, 6, 3.5))
    np.testing.assert_allclose(halfway.value, [37, 38, 39, 40, 41])
    np.testing.assert_allclose(halfway.sigma, np.sqrt(2))


def test_cut_is_nothing_beyond_the_frame_and_at_bad_pixels():
    masks = np.zeros((10, 10), np.uint16)
    masks[3, 4] = flags.BAD
    cut = line_cut(ramp().with_(mask=masks), Line(-3, 3, 5, 3))
    assert np.isnan(cut.value).tolist() == [True, True, True, False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("line", "words"), [(Line(1, 1, 1, 1), "two different places"), (Line(20, 20, 30, 20), "does not cross")]
)
def test_cuts_that_make_no_sense_are_refused(line, words):
    with pytest.raises(ParameterError, match=words):
        line_cut(ramp(), line)


def test_histogram_counts_every_good_pixel():
    found = histogram(ramp(), bins=10, limits=(10, 60))
    assert found.counts.tolist() == [5] * 9 + [6]  # numpy's last bin is closed
    assert (found.below, found.above) == (10, 39)
    inside = histogram(ramp(), Box(4, 5, 3, 1), bins=3, limits=(52.5, 55.5))
    assert inside.counts.tolist() == [1, 1, 1]


@pytest.mark.parametrize("value", [7.0, 0.0, np.nan])
def test_histogram_of_constant_and_of_missing_pixels(value):
    found = histogram(frame(np.full((6, 6), value)))
    assert found.counts.sum() == (0 if np.isnan(value) else 36)
    assert found.edges[0] < found.edges[-1]


@pytest.mark.parametrize(("given", "words"), [({"bins": 0}, "1 to 10,000"), ({"limits": (2, 2)}, "rise")])
def test_histograms_that_make_no_sense_are_refused(given, words):
    with pytest.raises(ParameterError, match=words):
        histogram(ramp(), **given)
