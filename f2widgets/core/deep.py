"""Light too faint for the quick median of all frames: found in their mean, after a sky without sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.background import flatten_background
from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Frame
from f2widgets.core.grid import common_grid
from f2widgets.core.levels import usual_variance
from f2widgets.core.objects import light_in
from f2widgets.core.parking import parked
from f2widgets.core.sky import in_groups, refine_sky


def flag_faint_objects(
    frames: Iterable[Frame],
    *,
    threshold: Annotated[float, Within(0.5, 20)] = 4.0,
    edge: Annotated[float, Within(0.2, 20)] = 1.5,
    grow: Annotated[int, Within(0, 20), Unit("pixel")] = 1,
    group: Annotated[int, Within(2, 40)] = 18,
    tick: Tick = ignore,
) -> list[Frame]:
    """Flag, in each frame, light that only the mean of all frames shows.

    Parameters
    ----------
    frames : iterable of Frame
        After `subtract_sky`, `align`, `flag_objects` and `flag_outliers`, each (ny, nx).
    threshold : float
        Sigma by which a source's peak must stand out in the smoothed mean of all frames.
    edge : float
        Sigma down to which the connected area around a peak belongs to the source.
    grow : int
        Pixels by which the flagged area is widened.
    group : int
        At most so many frames, taken one after another, share a sky.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        With more of the flags `object` and `near_object`; nothing else changes.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates, or frames differ in what must be one.

    Notes
    -----
    *Method*: the frames are taken through `refine_sky` and `flatten_background` with the sources known so
    far, and averaged at the nearest whole pixel, weighted by their noise, without what is flagged. Light is
    found there as in `flag_objects`. The frames go on as they came, for a sky without these sources.
    *Assumes* that sources keep their brightness from frame to frame.
    *Source*: ``ultradeep`` and ``transferObjectMask`` of the reference, which begin again with flat-fielded
    frames; the rough sky of ours cancels in `refine_sky`.
    """
    members = list(frames)
    grid = common_grid(members)
    places = [(round(y), round(x)) for y, x in grid.origins]
    mean = _Mean(grid.shape)
    for some in in_groups(members, group):
        _add_group(mean, [members[k] for k in some], [places[k] for k in some])
        tick(mean.number, len(members))
    found = light_in(mean.data, np.sqrt(mean.weight), mean.count == mean.count.max(), threshold, edge, grow)
    out = []
    for frame, (y, x) in zip(members, places, strict=True):
        ny, nx = frame.shape
        out.append(parked(frame.with_(mask=frame.mask | found[y : y + ny, x : x + nx])))
    return out


class _Mean:
    """Mean of frames on a grid of whole pixels, one after another."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._total, self.weight = (np.zeros(shape, np.float32) for _ in range(2))
        self.count = np.zeros(shape, np.uint16)
        self.number = 0

    def add(self, frame: Frame, place: tuple[int, int]) -> None:
        """Add a frame whose first pixel lies at a place."""
        (top, left), nx = place, frame.shape[1]
        weight = np.float32(1 / (usual_variance(frame) or 1.0))

        def work(a: int, b: int) -> None:
            """Add a block of rows."""
            part = slice(top + a, top + b), slice(left, left + nx)
            good = (frame.mask[a:b] & np.uint16(flags.UNUSABLE)) == 0
            use = good * weight
            self.weight[part] += use
            use *= frame.data[a:b]
            self._total[part] += use
            self.count[part] += good

        each_block(work, frame.shape[0], rows=32)
        self.number += 1

    @property
    def data(self) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        """The mean; 0 where no frame sees anything."""
        return np.asarray(self._total / np.where(self.weight > 0, self.weight, np.float32(1)), np.float32)


def _add_group(mean: _Mean, frames: Sequence[Frame], places: Sequence[tuple[int, int]]) -> None:
    """Add frames that share a sky, each without it."""
    refined = refine_sky(frames)
    for place in places:
        mean.add(flatten_background(refined.pop(0)), place)
