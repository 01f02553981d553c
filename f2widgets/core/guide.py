"""A quick median of dithered frames, shifted by whole pixels: what the sky looks like, roughly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import md5
from weakref import finalize

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.background import NO_GUIDE, surface_of
from f2widgets.core.blocks import each_block, mapped
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import Grid
from f2widgets.core.parking import releaser
from f2widgets.core.sky import in_groups
from f2widgets.core.sorting import masked_median

#: Bits that keep a pixel out of the guide; saturated stars belong in it.
_OUT = np.uint16(flags.UNUSABLE)


#: Frames whose median is taken at once at most. The work of a median grows faster than the number of its
#: values; of more frames it is the mean of the medians of groups, taken one after another.
_TOGETHER = 24

#: The last guide, by what it was made of.
_held: dict[tuple[object, ...], Guide] = {}


@dataclass(frozen=True)
class Guide:
    """The median on the common grid, how many frames it has where, and each frame's place in it."""

    data: Plane
    count: NDArray[np.uint16]
    places: tuple[tuple[int, int], ...]  #: row and column of each frame's first pixel in the grid

    def part(self, k: int, shape: tuple[int, int]) -> tuple[slice, slice]:
        """Return where frame k of `shape` lies."""
        y, x = self.places[k]
        return slice(y, y + shape[0]), slice(x, x + shape[1])


def make_guide(frames: Sequence[Frame], grid: Grid, *, tick: Tick = ignore) -> Guide:
    """Take the median of frames, moved by the nearest whole pixel, each less a plane of left-over sky.

    Parameters
    ----------
    frames : sequence of Frame, each (ny, nx)
        Sky-subtracted and aligned.
    grid : Grid
        The common grid.
    tick : callable, optional
        Progress.

    Returns
    -------
    Guide
        On the grid.

    Notes
    -----
    Steps that follow each other ask for the same guide: the last is kept as long as the planes it is made of.
    Of more than two dozen frames it is the mean of the medians of frames that were taken one after another.
    """
    planes = [plane for frame in frames for plane in (frame.data, frame.variance) if plane is not None]
    made_of = (tuple(map(id, planes)), _marks(frames), grid.origins)
    guide = _held.get(made_of)
    if guide is None:
        guide = _median(frames, grid, tick)
        _held.clear()
        _held[made_of] = guide
        for plane in planes:
            finalize(plane, _held.pop, made_of, None).atexit = False
    return guide


def _marks(frames: Sequence[Frame]) -> tuple[bytes, ...]:
    """Return, for each frame, a digest of which pixels count."""

    def mark(frame: Frame) -> bytes:
        digest = md5(usedforsecurity=False)
        for out in (_OUT, NO_GUIDE):
            digest.update(np.packbits((frame.mask & out) != 0))
        return digest.digest()

    return tuple(mapped(mark, frames))


def _median(frames: Sequence[Frame], grid: Grid, tick: Tick) -> Guide:
    """Take the median, or of many frames the mean of the medians of groups, weighted by their number."""
    surfaces = [surface_of(frame) for frame in frames]
    places = tuple((round(y), round(x)) for y, x in grid.origins)
    groups, let_go = in_groups(frames, _TOGETHER), releaser()
    ny, nx = grid.shape
    data, count = np.zeros((ny, nx), np.float32), np.zeros((ny, nx), np.uint16)

    def work(a: int, b: int) -> None:
        """Take the median of a block of rows."""
        for group in groups:
            planes, masked = [], []
            for k in group:
                frame, (y, x) = frames[k], places[k]
                low, high = max(a - y, 0), min(b - y, frame.shape[0])
                if low >= high:
                    continue
                plane, out = np.zeros((b - a, nx), np.float32), np.ones((b - a, nx), bool)
                part = (slice(low + y - a, high + y - a), slice(x, x + frame.shape[1]))
                np.subtract(frame.data[low:high], surfaces[k].rows(low, high), out=plane[part])
                np.not_equal(frame.mask[low:high] & _OUT, 0, out=out[part])
                planes.append(plane)
                masked.append(out)
            if planes:
                middle, number = masked_median(planes, masked)
                if len(groups) > 1:
                    middle *= number
                data[a:b] += middle
                count[a:b] += number
            let_go()
        if len(groups) > 1:
            data[a:b] /= np.maximum(count[a:b], 1)

    each_block(work, ny, tick=tick)
    return Guide(data, count, places)
