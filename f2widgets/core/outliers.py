"""Cosmic rays and other outliers of one frame: found against the quick median of all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Within, ignore
from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import common_grid
from f2widgets.core.guide import Guide, make_guide
from f2widgets.core.levels import variance_of

#: Variance of a value's deviation from the median of n frames, over the value's own, by n.
_DEVIATION = (1 + 0.5 * np.pi / np.maximum(np.arange(256), 1)).astype(np.float32)
_DEVIATION[2] = 0.5


def flag_outliers(
    frames: Iterable[Frame],
    *,
    sigma: Annotated[float, Within(2, 50)] = 5.0,
    edge: Annotated[float, Within(1, 50)] = 2.5,
    gradient: Annotated[float, Within(0, 5)] = 0.7,
    brightness: Annotated[float, Within(0, 1)] = 0.2,
    tick: Tick = ignore,
) -> list[Frame]:
    r"""Flag what one frame shows and the others do not.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted and aligned, with variance, each (ny, nx).
    sigma : float
        Deviation from the median of all frames, in units of the noise, that makes an outlier.
    edge : float
        Neighbours of an outlier are flagged from so many sigma on.
    gradient : float
        Part of the range over the surrounding 3 x 3 pixels by which a star may differ, since frames are
        compared at the nearest whole pixel.
    brightness : float
        Part of the median itself by which a star may differ, since seeing and transparency change.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        With the flag `cosmic` added; nothing else changes.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates.

    Notes
    -----
    *Method*: \|d - m\| > sigma sqrt(V (1 + π / 2n)) + gradient * range(m) + brightness * \|m\|, m the median
    of the n frames at the nearest whole pixel. Where only two frames see a place, only the brighter value can
    be an outlier: half their difference has the variance V / 2, and the lower one says what a star may differ
    by. Where one does, none can be found.
    *Assumes* that the frames are aligned.
    *Source*: takes the place of rejection in ``stackFrames`` of the reference, which cannot fire for seven
    frames or fewer.
    """
    members = list(frames)
    grid = common_grid(members)
    guide = make_guide(members, grid)
    star = _without_outliers(members, guide)
    around = (star, *_range3(star))
    masks = [np.empty(frame.shape, np.uint16) for frame in members]
    for k, frame in enumerate(members):
        _flag(frame, guide, k, around, (sigma, edge, gradient, brightness), masks[k])
        tick(k + 1, len(members))
    return [frame.with_(mask=mask) for frame, mask in zip(members, masks, strict=True)]


def _without_outliers(frames: list[Frame], guide: Guide) -> Plane:
    """Return the guide; where two frames see a place the lower value: their median has half an outlier."""
    y, x = np.nonzero(guide.count == 2)
    if not y.size:
        return guide.data
    lower = guide.data.copy()
    for frame, (top, left) in zip(frames, guide.places, strict=True):
        ny, nx = frame.shape
        inside = (y >= top) & (y < top + ny) & (x >= left) & (x < left + nx)
        rows, columns = y[inside], x[inside]
        usable = (frame.mask[rows - top, columns - left] & flags.UNUSABLE) == 0
        rows, columns = rows[usable], columns[usable]
        lower[rows, columns] = np.minimum(lower[rows, columns], frame.data[rows - top, columns - left])
    return lower


def _range3(plane: Plane) -> tuple[Plane, Plane]:
    """Return the lowest and highest value of the surrounding 3 x 3 pixels."""
    low, high = np.empty_like(plane), np.empty_like(plane)
    ny = plane.shape[0]

    def work(a: int, b: int) -> None:
        """Look in a block of rows."""
        first, last = max(a - 1, 0), min(b + 1, ny)
        for out, choose in ((low, np.minimum), (high, np.maximum)):
            across = plane[first:last].copy()
            choose(across[:, 1:], plane[first:last, :-1], out=across[:, 1:])
            choose(across[:, :-1], plane[first:last, 1:], out=across[:, :-1])
            result = across[a - first : b - first].copy()
            choose(result[1:], across[a - first : b - first - 1], out=result[1:])
            choose(result[:-1], across[a - first + 1 : b - first], out=result[:-1])
            if a > first:
                choose(result[0], across[0], out=result[0])
            if last > b:
                choose(result[-1], across[-1], out=result[-1])
            out[a:b] = result

    each_block(work, ny, rows=64)
    return low, high


def _flag(
    frame: Frame,
    guide: Guide,
    k: int,
    around: tuple[Plane, Plane, Plane],
    limits: tuple[float, float, float, float],
    out: NDArray[np.uint16],
) -> None:
    """Flag the outliers of one frame into `out`."""
    sigma, edge, gradient, brightness = (np.float32(limit) for limit in limits)
    rows, columns = guide.part(k, frame.shape)
    ny = frame.shape[0]
    variance = variance_of(frame)

    def work(a: int, b: int) -> None:
        """Compare a block of rows, with one more on each side for the neighbours."""
        first, last = max(a - 1, 0), min(b + 1, ny)
        here = (slice(rows.start + first, rows.start + last), columns)
        count = guide.count[here]
        star, low, high = (plane[here] for plane in around)
        deviation = frame.data[first:last] - guide.data[here]
        sign = (deviation < 0) & (count < 3)
        np.abs(deviation, out=deviation)
        deviation -= gradient * (high - low)
        deviation -= brightness * np.abs(star)
        deviation[sign] = 0
        allowed = variance[first:last] * _DEVIATION[count]  # squared, as the limits below
        np.maximum(deviation, 0, out=deviation)
        deviation *= deviation
        outlier = deviation > (sigma * sigma) * allowed
        outlier &= (frame.mask[first:last] & flags.UNUSABLE) == 0
        mask = frame.mask[a:b].copy()
        if outlier.any():
            y, x = np.nonzero(outlier)
            near = np.zeros_like(outlier)
            for j in (-1, 0, 1):
                for i in (-1, 0, 1):
                    near[np.clip(y + j, 0, last - first - 1), np.clip(x + i, 0, frame.shape[1] - 1)] = True
            outlier |= near & (deviation > (edge * edge) * allowed)
            mask |= outlier[a - first : b - first].astype(np.uint16) * np.uint16(flags.COSMIC)
        out[a:b] = mask

    each_block(work, ny, rows=64)
