import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.stars import find_stars
from tests.core.images import Field, frame, moffat, scattered

SIDE = 192


@pytest.fixture(scope="module")
def field():
    return Field(margin=15.0)


def nearest(stars, places):
    """Return, for each place, the number of the nearest star found and its distance."""
    distance = np.hypot(stars.x[:, None] - places[:, 0], stars.y[:, None] - places[:, 1])
    return distance.argmin(axis=0), distance.min(axis=0)


def test_stars_are_found_where_they_are(field):
    stars = find_stars(field.frame())
    index, distance = nearest(stars, field.places())
    bright = field.flux > 50 * np.sqrt(np.pi * 16 * 100 + field.flux)
    assert bright.sum() > 15
    assert np.sqrt(np.mean(distance[bright] ** 2)) < 0.03
    assert (distance < 0.3).all()  # the faintest have S/N 10
    assert len(set(index)) == len(field.flux)
    assert len(stars) <= len(field.flux) + 1  # and hardly anything else


def test_positions_do_not_depend_on_the_place_within_a_pixel():
    steps = np.linspace(0, 0.9, 10)
    x, y = 20 + 16 * np.arange(10) + steps, np.full(10, 40.0) + steps[::-1]
    stars = find_stars(frame(moffat((80, SIDE), x, y, 1e5), variance=1.0))
    order = np.argsort(stars.x)
    np.testing.assert_allclose(stars.x[order], x, atol=0.01)
    np.testing.assert_allclose(stars.y[order], y, atol=0.01)


def test_brightest_come_first_with_their_noise(field):
    stars = find_stars(field.frame())
    assert (np.diff(stars.flux) <= 0).all()
    index, _ = nearest(stars, field.places())
    # Light within four pixels: that of a Moffat profile of beta 3, 1 - (1 + (r / a)²)^-2.
    alpha = 3.5 / (2 * np.sqrt(2 ** (1 / 3) - 1))
    within = field.flux * (1 - (1 + (4 / alpha) ** 2) ** -2)
    pull = (stars.flux[index] - within) / stars.noise[index]
    assert np.abs(stars.flux[index][:15] / within[:15] - 1).max() < 0.05
    assert pull[20:].std() < 1.6


@pytest.mark.parametrize("fwhm", [2.5, 3.5, 5.0, 6.0])
@pytest.mark.parametrize("beta", [2.5, 3.0, 4.5])
def test_width_and_wings(fwhm, beta):
    rng = np.random.default_rng(3)
    x, y = scattered(rng, 30, SIDE, apart=18.0)
    data = moffat((SIDE, SIDE), x, y, 5e4, fwhm, beta) + rng.normal(0, 5, (SIDE, SIDE))
    stars = find_stars(frame(data, variance=25.0))
    assert stars.fwhm == pytest.approx(fwhm, rel=0.02)
    assert stars.beta == beta


def test_sky_alone_has_no_stars():
    noise = np.random.default_rng(8).normal(0, 10, (SIDE, SIDE))
    stars = find_stars(frame(noise, variance=100.0))
    assert len(stars) <= 1
    nothing = find_stars(frame(np.zeros((64, 64))))
    assert len(nothing) == 0
    assert np.isnan(nothing.fwhm)
    assert len(find_stars(frame(np.zeros((64, 64)), mask=flags.BAD))) == 0


def test_hot_pixels_and_cosmic_rays_are_no_stars(field):
    one = field.frame()
    data = one.data.copy()
    rng = np.random.default_rng(9)
    y, x = rng.integers(10, SIDE - 10, (2, 30))
    data[y, x] += 5000
    data[y[:10], x[:10] + 1] += 3000
    plain, spoilt = find_stars(one), find_stars(one.with_(data=data))
    places = np.stack([x, y], axis=1)
    far = nearest(plain, places)[1] > 6
    assert far.sum() > 15
    _, distance = nearest(spoilt, places[far])
    assert (distance > 2).mean() > 0.9


@pytest.mark.parametrize("bit", [flags.SATURATED, flags.BAD, flags.COSMIC])
def test_stars_spoilt_in_the_core_are_left_out(field, bit):
    one = field.frame()
    mask = one.mask.copy()
    x, y = np.rint(field.places()).astype(int).T
    mask[y[:3], x[:3] + 2] = bit
    stars = find_stars(one.with_(mask=mask))
    _, distance = nearest(stars, field.places())
    assert (distance[:3] > 3).all()
    assert (distance[3:20] < 0.3).all()


def test_flags_far_from_the_core_do_not_matter(field):
    one = field.frame()
    mask = one.mask.copy()
    x, y = np.rint(field.places()).astype(int).T
    mask[y[:5], x[:5] + 6] = flags.BAD
    stars = find_stars(one.with_(mask=mask))
    _, distance = nearest(stars, field.places()[:5])
    assert (distance < 0.05).all()


def test_no_more_than_asked_for(field):
    every, some = find_stars(field.frame()), find_stars(field.frame(), most=7)
    assert len(some) == 7
    assert len(every) > 30
    assert len(find_stars(field.frame(), threshold=200)) < 30


def test_level_around_a_star_is_taken_away(field):
    one = field.frame()
    plain, raised = find_stars(one), find_stars(one.with_(data=one.data + np.float32(30)), threshold=20)
    index, distance = nearest(plain, np.stack([raised.x, raised.y], axis=1)[:20])
    np.testing.assert_allclose(raised.flux[:20], plain.flux[index], rtol=0.01)
    assert distance.max() < 0.02
