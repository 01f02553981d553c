"""The profile of a star that was put there."""

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.profile import radial_profile
from f2widgets.errors import ParameterError
from tests.core.images import frame, moffat


def starry(x=40.3, y=35.7, flux=50_000.0, fwhm=4.0, sigma=5.0, sky=300.0, shape=(80, 90)):
    rng = np.random.default_rng(2)
    return frame(sky + moffat(shape, x, y, flux, fwhm) + rng.normal(0, sigma, shape))


@pytest.mark.parametrize("fwhm", [2.5, 4.0, 6.0])
@pytest.mark.parametrize("off", [(0, 0), (3, -4)])
def test_a_star_is_measured_as_it_was_made(fwhm, off):
    found = radial_profile(starry(fwhm=fwhm), 40 + off[0], 36 + off[1])
    assert found.x == pytest.approx(40.3, abs=0.03)
    assert found.y == pytest.approx(35.7, abs=0.03)
    assert found.fwhm == pytest.approx(fwhm, rel=0.04)  # the grid has steps of 1.5 %
    assert found.background == pytest.approx(300, abs=4)
    assert found.flux == pytest.approx(50_000, rel=0.04)
    assert not found.saturated


def test_profile_falls_along_the_model():
    found = radial_profile(starry(), 40, 36)
    assert np.all(np.diff(found.radius) >= 0)
    assert found.radius[-1] <= 15
    near = np.interp(found.radius, found.model_radius, found.model)
    assert np.sqrt(np.mean((found.value - near) ** 2)) < 30


def test_a_star_at_the_border_is_measured_by_what_is_there():
    found = radial_profile(starry(x=4.2, y=75.6), 3, 77)
    assert (found.x, found.y) == (pytest.approx(4.2, abs=0.1), pytest.approx(75.6, abs=0.1))


def test_a_saturated_star_is_told():
    one = starry()
    masks = np.where(one.data > 1500, np.uint16(flags.SATURATED), np.uint16(0))
    assert radial_profile(one.with_(mask=masks), 40, 36).saturated


def test_bad_pixels_in_the_star_do_not_count():
    one = starry()
    data, masks = one.data.copy(), np.zeros(one.shape, np.uint16)
    data[30, 44], masks[30, 44] = 1e6, flags.COSMIC
    data[50, 44] = np.nan
    found = radial_profile(one.with_(data=data, mask=masks), 40, 36)
    assert found.x == pytest.approx(40.3, abs=0.03)


@pytest.mark.parametrize("value", [0.0, 12.0, np.nan])
def test_where_there_is_no_star_none_is_found(value):
    with pytest.raises(ParameterError, match="No star stands out"):
        radial_profile(frame(np.full((40, 40), value)), 20, 20)


def test_a_place_off_the_image_is_refused():
    with pytest.raises(ParameterError, match="lies outside a, which has 90 x 80 pixels"):
        radial_profile(starry(), 200, 5)
