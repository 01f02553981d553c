"""Cosmic rays and other outliers of one frame: found against the quick median of all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Within, ignore
from f2widgets.core.beat import beat
from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import common_grid
from f2widgets.core.guide import Guide, make_guide
from f2widgets.core.levels import variance_of
from f2widgets.core.parking import parked

Places = NDArray[np.int_]

#: Variance of a value's deviation from the median of n frames, over the value's own, by n; of more
#: frames it is hardly less.
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
    guide = make_guide(members, common_grid(members))
    star = _without_outliers(members, guide)
    limits = _Limits(sigma, edge, gradient, brightness)
    out = []
    for k, frame in enumerate(members):
        out.append(parked(_flagged(_Compared(frame, guide, star, k, limits))))
        tick(k + 1, len(members))
    return out


class _Limits(NamedTuple):
    """What the user sets."""

    sigma: float
    edge: float
    gradient: float
    brightness: float


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
        beat()
    return lower


@dataclass(frozen=True)
class _Compared:
    """A frame beside the guide."""

    frame: Frame
    guide: Guide
    star: Plane
    k: int
    limits: _Limits

    def suspects(self, a: int, b: int) -> tuple[Places, Places]:
        """Return usable pixels of some rows, all outliers among them; but for stars they are few."""
        rows, columns = self.guide.part(self.k, self.frame.shape)
        square = self.frame.data[a:b] - self.guide.data[rows.start + a : rows.start + b, columns]
        square *= square
        least = variance_of(self.frame)[a:b] * np.float32(self.limits.sigma**2 * _DEVIATION.min())
        found = square > least
        found &= (self.frame.mask[a:b] & np.uint16(flags.UNUSABLE)) == 0
        y, x = np.divmod(np.flatnonzero(found), found.shape[1])
        return y + a, x

    def beyond(self, y: Places, x: Places, sigma: float) -> NDArray[np.bool_]:
        """Return which pixels of the frame deviate by more than so many sigma and what a star may."""
        top, left = self.guide.places[self.k]
        here = (y + top, x + left)
        count = self.guide.count[here]
        deviation = self.frame.data[y, x] - self.guide.data[here]
        brighter = (deviation > 0) | (count > 2)
        low, high = self._range(*here)
        excess = np.abs(deviation) - np.float32(self.limits.gradient) * (high - low)
        excess -= np.float32(self.limits.brightness) * np.abs(self.star[here])
        allowed = variance_of(self.frame)[y, x] * _DEVIATION[np.minimum(count, len(_DEVIATION) - 1)]
        brighter &= (excess > 0) & (excess * excess > np.float32(sigma * sigma) * allowed)
        return np.asarray(brighter)

    def _range(self, y: Places, x: Places) -> tuple[Plane, Plane]:
        """Return the lowest and highest of the 3 x 3 pixels around places of the guide."""
        ny, nx = self.star.shape
        low = high = self.star[y, x]
        for j in (-1, 0, 1):
            row = np.clip(y + j, 0, ny - 1)
            for i in (-1, 0, 1):
                value = self.star[row, np.clip(x + i, 0, nx - 1)]
                low, high = np.minimum(low, value), np.maximum(high, value)
        return low, high


def _flagged(compared: _Compared) -> Frame:
    """Return the frame with its outliers flagged, and their neighbours from less on."""
    frame, limits = compared.frame, compared.limits
    (ny, nx), mask = frame.shape, frame.mask.copy()
    found: dict[int, Places] = {}

    def work(a: int, b: int) -> None:
        """Find outliers in a block of rows."""
        y, x = compared.suspects(a, b)
        found[a] = np.stack([y, x])[:, compared.beyond(y, x, limits.sigma)]

    each_block(work, ny, rows=32)
    y, x = np.concatenate([found[a] for a in sorted(found)], axis=1)
    mask[y, x] |= np.uint16(flags.COSMIC)
    for j in (-1, 0, 1):
        for i in (-1, 0, 1):
            row, column = np.clip(y + j, 0, ny - 1), np.clip(x + i, 0, nx - 1)
            near = compared.beyond(row, column, limits.edge)
            mask[row[near], column[near]] |= np.uint16(flags.COSMIC)
    return frame.with_(mask=mask)
