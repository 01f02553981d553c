from weakref import ref

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.grid import common_grid
from f2widgets.core.guide import make_guide
from tests.core.images import coordinates, frame

SIDE = 80
SHIFTS = [(0, 0), (7, -4), (-6.2, 5.3)]


def dithered(sky, shifts=SHIFTS, **changes):
    """Return frames that see parts of one sky, shifted by whole pixels at most half a pixel off."""
    frames = []
    for k, (dx, dy) in enumerate(shifts):
        x, y = 20 - round(dx), 20 - round(dy)
        part = sky[y : y + SIDE, x : x + SIDE]
        frames.append(frame(part, wcs=coordinates((40.0 + dx, 40.0 + dy)), name=f"S{k}", **changes))
    return frames


@pytest.fixture
def sky():
    return np.random.default_rng(5).normal(0, 1, (120, 120)).astype(np.float32)


def test_frames_lie_where_they_belong(sky):
    frames = dithered(sky, variance=1e-9)  # so small that no pixel counts for the surface
    grid = common_grid(frames)
    guide = make_guide(frames, grid)
    assert guide.data.shape == guide.count.shape == grid.shape
    for k, one in enumerate(frames):
        np.testing.assert_allclose(guide.data[guide.part(k, one.shape)], one.data, atol=1e-5)
    counted = np.zeros(grid.shape, int)
    for k, one in enumerate(frames):
        counted[guide.part(k, one.shape)] += 1
    np.testing.assert_array_equal(guide.count, counted)
    assert set(np.unique(counted)) == {0, 1, 2, 3}
    assert (guide.data[counted == 0] == 0).all()


@pytest.mark.parametrize(
    ("bit", "used"), [(flags.BAD, False), (flags.COSMIC, False), (flags.SATURATED, True)]
)
def test_unusable_pixels_are_left_out_and_saturated_ones_are_not(sky, bit, used):
    frames = dithered(sky, variance=1e-9)
    data, mask = frames[0].data.copy(), frames[0].mask.copy()
    data[40, 40], mask[40, 40] = 77.0, bit
    others = [frames[0].with_(data=data, mask=mask)]
    guide = make_guide(others, common_grid(others))
    assert guide.count[40, 40] == used
    assert guide.data[40, 40] == pytest.approx(77 if used else 0)


def test_outlier_of_one_frame_does_not_show(sky):
    frames = dithered(sky, variance=1e-9)
    data = frames[1].data.copy()
    data[30:50, 30:50] += 500
    frames[1] = frames[1].with_(data=data)
    guide = make_guide(frames, common_grid(frames))
    np.testing.assert_allclose(
        guide.data[guide.part(0, (SIDE, SIDE))][20:60, 20:60], frames[0].data[20:60, 20:60]
    )


def test_slopes_of_single_frames_go():
    noise = np.random.default_rng(6).normal(0, 1, (3, 256, 256))
    x = np.linspace(-1, 1, 256)
    frames = [
        frame(plane + slope * x, wcs=coordinates((128.0, 128.0)), name=f"S{k}")
        for k, (plane, slope) in enumerate(zip(noise, (0.5, -0.4, 0.0), strict=True))
    ]
    guide = make_guide(frames, common_grid(frames))
    flat = [one.with_(data=plane.astype(np.float32)) for one, plane in zip(frames, noise, strict=True)]
    expected = np.median([one.data for one in flat], axis=0)
    assert np.abs(guide.data - expected).mean() < 0.05


def test_guide_is_made_once_for_the_same_frames(sky):
    frames = dithered(sky, variance=1.0)
    grid = common_grid(frames)
    guide = make_guide(frames, grid)
    objects = [one.with_(mask=one.mask | np.uint16(flags.OBJECT | flags.NEAR_OBJECT)) for one in frames]
    assert make_guide(objects, grid) is guide
    spoilt = frames[0].mask.copy()
    spoilt[30, 30] = flags.COSMIC
    other = make_guide([frames[0].with_(mask=spoilt), *frames[1:]], grid)
    assert other.count[grid_place(grid, 0, 30, 30)] == guide.count[grid_place(grid, 0, 30, 30)] - 1
    moved = [one.with_(data=one.data + np.float32(k)) for k, one in enumerate(frames)]
    assert make_guide(moved, grid) is not guide


def grid_place(grid, k, y, x):
    """Return where a pixel of a frame falls in the grid."""
    top, left = grid.origins[k]
    return round(top) + y, round(left) + x


def test_guide_goes_with_its_frames(sky):
    frames = dithered(sky, variance=1.0)
    held = ref(make_guide(frames, common_grid(frames)))
    assert held() is not None
    del frames
    assert held() is None


def test_many_frames_give_the_mean_of_the_medians_of_groups(sky, monkeypatch):
    shifts = [(k % 5 - 2, k % 3 - 1) for k in range(12)]
    frames = dithered(sky, shifts, variance=1e-9)
    for k in (3, 7):
        data = frames[k].data.copy()
        data[30, 30] += 1000
        frames[k] = frames[k].with_(data=data)
    grid = common_grid(frames)
    whole = make_guide(frames, grid)
    monkeypatch.setattr("f2widgets.core.guide._TOGETHER", 4)
    grouped = make_guide([frame.with_(data=frame.data.copy()) for frame in frames], grid)
    np.testing.assert_array_equal(grouped.count, whole.count)
    np.testing.assert_allclose(grouped.data, whole.data, atol=1e-4)
