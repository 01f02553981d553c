import numpy as np
import pytest

from f2widgets.core.matching import Shift, find_shift
from f2widgets.core.stars import Stars

CENTRE = np.array([500.0, 500.0])
NOWHERE = Shift(0.0, 0.0, 0.0, 0, 0.0)


def stars(places, flux, rng=None):
    """Return a list of stars; with a generator, places have the errors of their S/N and 0.01 px."""
    places, flux = np.array(places, float), np.array(flux, float)
    noise = np.full(len(flux), 100.0)
    if rng:
        places = places + rng.normal(0, np.hypot(0.5 * 3.5 * noise / flux, 0.01)[:, None], places.shape)
    return Stars(places[:, 0], places[:, 1], flux, noise, 3.5, 3.0)


def moved(places, dx, dy, angle=0.0):
    c, s = np.cos(angle), np.sin(angle)
    return CENTRE + (places - CENTRE) @ np.array([[c, -s], [s, c]]).T + (dx, dy)


def pair(number, dx, dy, angle=0.0, strangers=0, seed=0):
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 1000, (number, 2))
    flux = np.geomspace(1e5, 2e3, number)
    seen = moved(places, dx, dy, angle)
    more = rng.uniform(0, 1000, (2, strangers, 2))
    a, b = np.concatenate([places, more[0]]), np.concatenate([seen, more[1]])
    light = np.concatenate([flux, rng.uniform(2e3, 1e5, strangers)])
    order = np.argsort(-light)
    return (stars(v[order], light[order], rng) for v in (a, b))


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (12.3, -45.6), (-400.2, 310.7)])
@pytest.mark.parametrize("angle", [0.0, 2e-3, -1e-2])
def test_shift_and_rotation_are_recovered(dx, dy, angle):
    first, other = pair(150, dx, dy, angle)
    told = Shift(0, 0, 0.8 * angle, 0, 0.0)
    found = find_shift(first, other, told, CENTRE, 2.0)
    assert (found.dx, found.dy) == (pytest.approx(dx, abs=0.02), pytest.approx(dy, abs=0.02))
    assert found.angle == pytest.approx(angle, abs=5e-5)
    assert found.matches >= 140
    assert found.rms < 0.06


def test_strangers_do_not_matter():
    first, other = pair(60, 33.0, -71.0, strangers=60)
    found = find_shift(first, other, NOWHERE, CENTRE, 2.0)
    assert (found.dx, found.dy) == (pytest.approx(33.0, abs=0.05), pytest.approx(-71.0, abs=0.05))
    assert 55 <= found.matches <= 66


@pytest.mark.parametrize("number", [3, 4, 6])
def test_few_stars_suffice(number):
    first, other = pair(number, 20.5, 31.5)
    found = find_shift(first, other, NOWHERE, CENTRE, 2.0)
    assert (found.dx, found.dy) == (pytest.approx(20.5, abs=0.05), pytest.approx(31.5, abs=0.05))
    assert found.matches == number
    assert found.angle == 0  # told by the header


def test_without_agreement_there_is_no_shift():
    rng = np.random.default_rng(7)
    few = [stars(rng.uniform(0, 1000, (5, 2)), np.linspace(9e3, 3e3, 5)) for _ in range(2)]
    assert find_shift(*few, NOWHERE, CENTRE, 2.0) is None


@pytest.mark.parametrize("number", [0, 1])
def test_too_few_stars(number):
    one = stars(np.zeros((number, 2)), np.full(number, 9e3))
    many, _ = pair(20, 1.0, 1.0)
    assert find_shift(one, many, NOWHERE, CENTRE, 2.0) is None
    assert find_shift(many, one, NOWHERE, CENTRE, 2.0) is None


def test_double_detections_are_left_out():
    first, other = pair(40, 10.0, 5.0)
    x = other.x.copy()
    x[:4] += 1.2  # within the radius, but wrong
    wrong = Stars(x, other.y, other.flux, other.noise, 3.5, 3.0)
    found = find_shift(first, wrong, NOWHERE, CENTRE, 2.0)
    assert (found.dx, found.matches) == (pytest.approx(10.0, abs=1e-3), 36)


def test_turn_is_a_rotation():
    turn = Shift(0, 0, 0.3, 0, 0.0).turn
    np.testing.assert_allclose(turn @ turn.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(turn @ [1, 0], [np.cos(0.3), np.sin(0.3)])  # from +x to +y


def test_unrelated_stars_are_not_matched_by_chance():
    for seed in range(25):
        rng = np.random.default_rng(seed)
        first, other = (stars(rng.uniform(0, 512, (120, 2)), np.full(120, 1e3)) for _ in range(2))
        assert find_shift(first, other, Shift(0, 0, 0, 0, 0.0), np.full(2, 256.0), 2.0) is None


@pytest.mark.parametrize("seed", range(8))
def test_what_is_left_of_subtracted_stars_gives_no_shift(seed):
    """Around each star a frame has several sources at random places: they agree on anything, loosely."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 1000, (25, 2))
    lists = [np.repeat(places, 4, axis=0) + rng.normal(0, 6, (100, 2)) for _ in range(2)]
    first, other = (stars(clump, np.full(100, 3e3)) for clump in lists)
    assert find_shift(first, other, NOWHERE, CENTRE, 2.0) is None


def test_some_true_pairs_among_many_strangers_are_believed_near_the_header():
    first, other = pair(6, 3.0, -2.0, strangers=10, seed=3)
    found = find_shift(first, other, NOWHERE, CENTRE, 2.0)
    assert (found.dx, found.dy) == (pytest.approx(3.0, abs=0.05), pytest.approx(-2.0, abs=0.05))
