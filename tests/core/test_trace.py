"""What a stack keeps of its frames leads back to their flags, coordinates and pixels."""

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.background import flatten_background
from f2widgets.core.combine import combine
from f2widgets.core.grid import common_grid
from f2widgets.core.resample import resample, resample_part
from f2widgets.core.trace import DECIDED, decided_flags, marks_of, refined_wcs, stack_tables, traced
from tests.core.images import DITHER, Field, coordinates, frame


def marked(rng, shape=(150, 40)):
    mask = np.zeros(shape, np.uint16)
    mask[rng.integers(0, shape[0], 60), rng.integers(0, shape[1], 60)] |= flags.COSMIC
    mask[20:40, 10:30] |= flags.OBJECT
    mask[:, 35:] |= flags.PROBE
    mask[3, 3] |= flags.BAD | flags.SATURATED
    return frame(np.zeros(shape), wcs=coordinates((20.25, 75.0), 0.001)).with_(mask=mask)


def test_decided_flags_come_back_for_any_window_and_frame():
    rng = np.random.default_rng(3)
    frames = [marked(rng), marked(rng)]
    members = [one.with_(tables=traced(one)) for one in frames]
    tables = stack_tables(members, [0.5, 0.25])
    for k, one in enumerate(frames):
        for rows, columns in ((slice(0, 150), slice(0, 40)), (slice(120, 133), slice(7, 40))):
            found = decided_flags(marks_of(tables, k), 40, rows, columns)
            np.testing.assert_array_equal(found, one.mask[rows, columns] & DECIDED)


def test_coordinates_come_back_bit_by_bit():
    one = marked(np.random.default_rng(1))
    tables = stack_tables([one.with_(tables=traced(one))], [1.0])
    back = refined_wcs(tables, 0, coordinates((1.0, 1.0)))
    np.testing.assert_array_equal(back.wcs.crpix, one.wcs.wcs.crpix)
    np.testing.assert_array_equal(back.pixel_scale_matrix, one.wcs.pixel_scale_matrix)


def test_the_surface_that_was_subtracted_is_kept():
    y, x = np.mgrid[:256, :256]
    tilted = frame(5 + 0.01 * x - 0.02 * y, variance=100.0)
    flat = flatten_background(tilted, order=1, box=16)
    tables = stack_tables([flat.with_(tables={**flat.tables, **traced(flat)})], [1.0])
    np.testing.assert_allclose(
        tables["TRACE"]["surface"][0], [[5 + 1.275 - 2.55, 1.275], [-2.55, 0]], rtol=1e-4
    )


def test_a_stack_keeps_the_weights_and_what_was_measured():
    frames = [
        frame(np.ones((40, 40)), variance=v, name=n, measured={"sky": s, "transparency": 0.9})
        for n, v, s in (("a", 4.0, 100.0), ("b", 16.0, 120.0))
    ]
    table = combine(frames)[0].tables["TRACE"]
    assert list(table["frame"]) == ["a", "b"]
    assert list(table["weight"]) == [0.25, 0.0625]
    assert list(table["sky"]) == [100.0, 120.0]
    assert np.isnan(table["sky_scale"]).all()


@pytest.mark.parametrize("kernel", ["cubic", "lanczos3", "linear", "nearest"])
def test_a_part_is_resampled_as_the_whole(kernel):
    sky = Field()
    frames = [sky.frame(dx, dy, 4e-4 * k, name=str(k)) for k, (dx, dy) in enumerate(DITHER)]
    grid = common_grid(frames)
    part = (slice(100, 109), slice(90, 97))
    for k, whole in enumerate(resample(frames, interpolant=kernel)):
        x, y = grid.matrices[k] @ (93, 104, 1)
        corner = (round(y) - 15, round(x) - 15)
        window = (slice(corner[0], corner[0] + 31), slice(corner[1], corner[1] + 33))
        one = frames[k]
        cut = one.with_(data=one.data[window], variance=one.variance[window], mask=one.mask[window])
        made = resample_part(cut, corner, grid, k, part, kernel)
        for name in ("data", "variance", "mask"):
            np.testing.assert_array_equal(getattr(made, name), getattr(whole, name)[part], err_msg=name)
