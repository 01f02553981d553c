"""Limits, stretches, codes and overviews."""

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.display import (
    STRETCHES,
    binned_flags,
    binned_known,
    binning,
    coded,
    limits,
    plane_values,
    stretched,
)
from f2widgets.errors import ParameterError
from tests.core.images import frame


def sky(sigma=25.0, side=300, stars=True):
    rng = np.random.default_rng(7)
    out = rng.normal(0, sigma, (side, side))
    if stars:
        out[::50, ::50] = np.geomspace(1e2, 1e6, 36).reshape(6, 6)
    return out.astype(np.float32)


def test_codes_keep_faint_sky_and_bright_stars():
    image = sky()
    codes = coded(image)
    back = codes.value(codes.pixels)
    faint = np.abs(image) < 75
    assert np.abs(back - image)[faint].max() < 0.03
    assert (np.abs(back - image) / np.abs(image))[image > 1000].max() < 2e-4


def test_code_zero_is_no_value():
    image = sky()
    image[3, 4], image[5, 6] = np.nan, np.inf
    codes = coded(image)
    assert np.argwhere(codes.pixels == 0).tolist() == [[3, 4], [5, 6]]
    assert np.isnan(codes.value(np.array([0])))


@pytest.mark.parametrize("value", [0.0, -7.0, 1e6, 1e-20])
def test_constant_images_come_back(value):
    codes = coded(np.full((40, 50), value, np.float32))
    assert (codes.pixels > 0).all()
    np.testing.assert_allclose(codes.value(codes.pixels), np.float32(value), rtol=1e-5)


def test_an_image_without_values_has_codes_of_zero():
    assert not coded(np.full((40, 50), np.nan, np.float32)).pixels.any()


def test_a_constant_image_with_one_other_pixel():
    image = np.zeros((60, 60), np.float32)
    image[9, 9] = 1e-3
    codes = coded(image)
    np.testing.assert_allclose(codes.value(codes.pixels), image, atol=1e-7)


def test_values_beyond_all_measure_do_no_harm():
    image = sky(stars=False)
    image[0, 0], image[0, 1] = 3e38, -3e38
    codes = coded(image)
    assert np.isfinite(codes.value(codes.pixels)).all()
    assert np.abs(codes.value(codes.pixels) - image)[1:].max() < 0.1


def test_limits():
    image = np.arange(1001, dtype=np.float32).reshape(7, 143)
    assert limits(image, "minmax") == (0, 1000)
    assert limits(image, 90.0) == pytest.approx((50, 950))
    assert limits(sky(stars=False), "sky") == pytest.approx((-75, 200), rel=0.03)
    crowded = np.where(np.random.default_rng(1).random((300, 300)) < 0.1, np.float32(1e5), sky(stars=False))
    assert limits(crowded, "sky")[1] < 40 * 40
    low, high = limits(sky(), "zscale")
    assert -200 < low < 0 < high < 200


@pytest.mark.parametrize("method", ["sky", "zscale", "minmax", 99.0])
@pytest.mark.parametrize("value", [np.nan, 0.0, 1e8, -3.0])
def test_limits_of_constant_and_empty_images_differ(method, value):
    low, high = limits(np.full((30, 30), value, np.float32), method)
    assert np.float32(low) < np.float32(high)


@pytest.mark.parametrize("method", ["none", 0, 101, -5])
def test_unknown_limits_are_refused(method):
    with pytest.raises(ParameterError, match="sky, zscale, minmax or a percentage"):
        limits(sky(), method)


@pytest.mark.parametrize("stretch", STRETCHES)
def test_stretches_rise_from_black_to_white(stretch):
    values = np.linspace(-2, 12, 300)
    shown = stretched(values, 0, 10, stretch)
    assert shown[values <= 0].max() == 0
    assert shown[values >= 10].min() == 1
    assert np.all(np.diff(shown) >= 0)


def test_stretches_by_hand():
    values = np.array([2.5, np.nan])
    assert stretched(values, 0, 10, "linear")[0] == 0.25
    assert stretched(values, 0, 10, "sqrt")[0] == 0.5
    assert stretched(values, 0, 10, "log")[0] == pytest.approx(np.log(251) / np.log(1001))
    assert stretched(values, 0, 10, "asinh")[0] == pytest.approx(np.arcsinh(2.5) / np.arcsinh(10))
    assert np.isnan(stretched(values, 0, 10, "linear")[1])


def test_histogram_stretch_uses_all_greys_alike():
    shown = stretched(np.array([0, 1, 2, 4, 9, 10.0]), 0, 10, "histogram")
    np.testing.assert_allclose(shown, [0, 0.25, 0.5, 0.75, 1, 1])


def test_unknown_stretch_is_refused():
    with pytest.raises(ParameterError, match="no stretch 'cubic'"):
        stretched(np.zeros(3), 0, 1, "cubic")


def test_planes():
    masks = np.zeros((6, 7), np.uint16)
    masks[0, 0], masks[1, 1] = flags.NO_DATA, flags.COSMIC
    one = frame(np.ones((6, 7)), variance=9.0, planes={"EXPMAP": np.full((6, 7), 120.0)}).with_(mask=masks)
    assert np.argwhere(np.isnan(plane_values(one, "data"))).tolist() == [[0, 0]]
    assert np.isnan(plane_values(one, "data", flags.UNUSABLE)).sum() == 2
    assert plane_values(one, "noise")[3, 3] == 3
    assert plane_values(one, "variance")[3, 3] == 9
    assert plane_values(one, "EXPMAP")[3, 3] == 120
    assert plane_values(frame(np.ones((6, 7))), "data").base is not None  # shared, not copied
    with pytest.raises(ParameterError, match=r"no plane 'sky'\. It has data, mask, noise, variance, EXPMAP"):
        plane_values(one, "sky")


def test_large_frames_are_averaged_down():
    assert binning((2400, 2200), 1100) == 3
    assert binning((3, 5), 1100) == 1
    values = np.zeros((2400, 2200), np.float32)
    assert binned_known(values, 3).shape == (800, 733)
    assert binned_known(values, 1) is values


def test_average_leaves_out_pixels_without_data():
    values = np.array([[1.0, 3, np.nan, np.nan], [5, np.nan, np.nan, np.nan]], np.float32)
    shown = binned_known(values, 2)
    assert shown[0, 0] == 3  # of 1, 3 and 5
    assert np.isnan(shown[0, 1])


def test_flags_of_binned_pixels_are_joined():
    mask = np.zeros((5, 4), np.uint16)
    mask[0, 0], mask[1, 1], mask[4, 0] = 1, 8, 64
    np.testing.assert_array_equal(binned_flags(mask, 2), [[9, 0], [0, 0]])
