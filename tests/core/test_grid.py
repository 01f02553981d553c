import numpy as np
import pytest

from f2widgets.core.grid import common_grid
from f2widgets.errors import WrongInputs
from tests.core.images import DITHER, constant, coordinates, frame


def dithered(shifts, shape=(60, 80), angles=None, **changes):
    centre = np.array([(shape[1] - 1) / 2, (shape[0] - 1) / 2])
    return [
        frame(np.zeros(shape), wcs=coordinates(centre + 1 + shift, angle), name=f"S{k}", **changes)
        for k, (shift, angle) in enumerate(zip(shifts, angles or [0.0] * len(shifts), strict=True))
    ]


def test_grid_holds_all_frames():
    # A frame shifted by (dx, dy) begins at (-dx, -dy) of the first one's pixels.
    grid = common_grid(dithered([(0, 0), (10, -5), (-3, 4)]))
    assert grid.shape == (60 + 4 + 5, 80 + 10 + 3)
    np.testing.assert_allclose(grid.origins, [(4, 10), (9, 0), (0, 13)], atol=1e-6)
    for matrix, (y, x) in zip(grid.matrices, grid.origins, strict=True):
        np.testing.assert_allclose(matrix, [[1, 0, -x], [0, 1, -y]], atol=1e-6)


def test_grid_of_one_frame_is_its_own():
    (one,) = dithered([(0, 0)])
    grid = common_grid([one])
    assert grid.shape == one.shape
    np.testing.assert_array_equal(grid.wcs.wcs.crpix, one.wcs.wcs.crpix)


@pytest.mark.parametrize("crval", [(125.0, -30.0), (125.02, -30.01)], ids=["one tangent", "another tangent"])
def test_the_grids_coordinates_are_those_of_the_frames(crval):
    frames = dithered(DITHER, angles=[0.0, 1e-3, -2e-3, 0.0, 3e-3])
    if crval[0] != 125:
        last = frames[-1].wcs
        centre = last.all_pix2world([[39.5, 29.5]], 0)
        other = coordinates((0, 0), 3e-3, tuple(centre[0]))
        other.wcs.crpix = (40.5, 30.5)
        frames[-1] = frames[-1].with_(wcs=other)
    grid = common_grid(frames)
    places = np.array([(5.0, 7.0), (60.0, 40.0), (0.0, 0.0)])
    sky = grid.wcs.all_pix2world(places, 0)
    for one, matrix in zip(frames, grid.matrices, strict=True):
        there = places @ matrix[:, :2].T + matrix[:, 2]
        np.testing.assert_allclose(there, one.wcs.all_world2pix(sky, 0), atol=2e-3)


def test_inputs_keep_their_coordinates():
    frames = dithered([(0, 0), (10, -5)])
    before = frames[0].wcs.wcs.crpix.copy()
    common_grid(frames)
    np.testing.assert_array_equal(frames[0].wcs.wcs.crpix, before)


def test_frames_far_apart_are_refused():
    with pytest.raises(WrongInputs, match=r"from S0 on lie too far apart.*\d+ x \d+ pixels"):
        common_grid(dithered([(0, 0), (400, 0)]))


def test_frame_without_coordinates_is_refused():
    frames = [*dithered([(0, 0)]), constant(0.0, name="S9")]
    with pytest.raises(WrongInputs, match="S9 or S0 has no celestial coordinates"):
        common_grid(frames)
