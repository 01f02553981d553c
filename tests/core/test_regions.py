"""Which pixels belong to a region."""

import numpy as np
import pytest

from f2widgets.core.regions import Annulus, Box, Circle, Line, pixels_of


def whole(region, shape=(12, 10)):
    window, inside = pixels_of(region, shape)
    out = np.zeros(shape, bool)
    out[window] = inside
    return out


def test_box_holds_the_pixels_whose_middle_it_covers():
    assert whole(Box(3, 4, 3, 5)).sum() == 15
    assert whole(Box(3.5, 4, 2, 1)).sum() == 2
    assert whole(Box(3.5, 4.5, 0.5, 0.5)).sum() == 0


def test_turned_box():
    flat, upright = whole(Box(5, 5, 7, 3)), whole(Box(5, 5, 3, 7, angle=90))
    np.testing.assert_array_equal(flat, upright)
    diamond = whole(Box(5, 5, 2 * np.sqrt(2) + 0.1, 2 * np.sqrt(2) + 0.1, angle=45))
    assert diamond.sum() == 13  # |dx| + |dy| <= 2


def test_circle_and_annulus_share_their_pixels():
    circle, core, ring = whole(Circle(5, 5, 4)), whole(Circle(5, 5, 2)), whole(Annulus(5, 5, 2, 4))
    assert core.sum() == 13
    np.testing.assert_array_equal(circle, core | ring)
    assert not (core & ring).any()


@pytest.mark.parametrize("region", [Box(-20, 3, 4, 4), Circle(50, 50, 3), Annulus(4, -9, 1, 3)])
def test_outside_there_is_nothing(region):
    assert not whole(region).any()


def test_beyond_the_border_only_the_part_within_counts():
    assert whole(Box(0, 0, 4.2, 4.2)).sum() == 9
    assert whole(Circle(9, 11, 100)).all()


def test_length_of_a_line():
    assert Line(1, 2, 4, 6).length == 5
