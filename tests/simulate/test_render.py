import numpy as np
import pytest

from f2widgets.core.detector import PIXEL_SCALE
from f2widgets.simulate.catalogue import Catalogue, draw
from f2widgets.simulate.pointing import camera
from f2widgets.simulate.render import moffat, objects
from f2widgets.simulate.settings import Settings

SIZE = 192
POINTING = camera(63.0, -47.0, SIZE)


def one(x, y, flux, re=0.0, axis_ratio=1.0, pa=0.0, sersic=0.0) -> Catalogue:
    ra, dec = POINTING.sky(x, y)
    values = (flux, re, axis_ratio, pa, sersic)
    return Catalogue(ra, dec, *(np.array([value], float) for value in values))


def moments(image):
    y, x = np.indices(image.shape)
    total = image.sum()
    cx, cy = (x * image).sum() / total, (y * image).sum() / total
    xx, yy = (image * (x - cx) ** 2).sum() / total, (image * (y - cy) ** 2).sum() / total
    return total, cx, cy, xx, yy, (image * (x - cx) * (y - cy)).sum() / total


def test_a_star_has_its_flux_place_and_width():
    image = objects(one(90.3, 81.7, 1000.0), POINTING, 3.5, SIZE).astype(float)
    total, cx, cy, *_ = moments(image)
    assert total == pytest.approx(1000, rel=3e-3)
    assert (cx, cy) == pytest.approx((90.3, 81.7), abs=0.01)
    # Integrating over a pixel widens the profile: to half of its peak at about 1.02 times the radius.
    row = moffat(61, 30.0, 30.0, 7.0)[30]
    assert np.interp(3.5, np.arange(31), row[30:]) / row[30] == pytest.approx(0.5, abs=0.02)


def test_a_star_beyond_the_edge_still_sheds_light():
    image = objects(one(-2.0, 50.0, 1e4), POINTING, 3.5, SIZE)
    assert image[50, 0] > 0
    assert image.sum() < 5000
    assert not objects(one(-500.0, 50.0, 1e4), POINTING, 3.5, SIZE).any()


@pytest.mark.parametrize("sersic", [1.0, 4.0])
def test_a_galaxy_has_half_its_light_within_its_radius(sersic):
    re = 9 * PIXEL_SCALE[0]
    image = objects(one(95.2, 96.4, 50.0, re, sersic=sersic), POINTING, 2.5, SIZE).astype(float)
    y, x = np.indices(image.shape)
    inside = np.hypot(x - 95.2, y - 96.4) < 9
    assert image.sum() == pytest.approx(50, rel=0.03)
    # The seeing takes some light out of the radius.
    assert image[inside].sum() / 50 == pytest.approx(0.48, abs=0.025)


def test_a_galaxy_lies_along_its_position_angle():
    image = objects(one(96.0, 96.0, 50.0, 0.8, 0.4, pa=0.0, sersic=1.0), POINTING, 3.0, SIZE).astype(float)
    *_, xx, yy, xy = moments(image)
    assert xx > 1.5 * yy
    tilted = objects(one(96.0, 96.0, 50.0, 0.8, 0.4, pa=45.0, sersic=1.0), POINTING, 3.0, SIZE).astype(float)
    assert moments(tilted)[5] > 3 * abs(xy)


def test_a_tiny_galaxy_looks_like_a_star():
    """The transform of the seeing and the star's own profile are two ways to the same image."""
    star = objects(one(96.4, 95.7, 900.0), POINTING, 3.5, SIZE)
    galaxy = objects(one(96.4, 95.7, 900.0, 1e-4, sersic=1.0), POINTING, 3.5, SIZE)
    assert np.abs(star - galaxy)[80:112, 80:112].max() < 1e-3 * star.max()


def test_counts_rise_with_the_right_slopes():
    catalogue = draw(Settings(stars=20000))
    star, flux = catalogue.is_star, catalogue.flux
    for chosen, slope in ((star, 0.17), (~star, 0.33)):
        magnitude = -2.5 * np.log10(flux[chosen])
        faint, bright = (magnitude < magnitude.max() - 1).sum(), (magnitude < magnitude.max() - 3).sum()
        assert np.log10(faint / bright) / 2 == pytest.approx(slope, rel=0.15)


def test_numbers_of_stars_and_galaxies_on_the_array():
    catalogue = draw(Settings())
    x, y = camera(63.492250, -47.844250, 2048).pixels(catalogue.ra, catalogue.dec)
    on = (abs(x - 1023.5) < 1024) & (abs(y - 1023.5) < 1024)
    assert (on & catalogue.is_star).sum() == pytest.approx(1200, abs=120)
    assert (on & ~catalogue.is_star).sum() == pytest.approx(700, abs=90)
    radii = catalogue.re[~catalogue.is_star]
    assert 0.3 <= radii.min()
    assert radii.max() <= 3.0
    assert ((radii > 0.5) & (radii < 2)).mean() > 0.5
