"""The sky: first the median of the set, then the mean of the other frames without their sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.blocks import each_block, mapped
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import apart
from f2widgets.core.levels import variance_of
from f2widgets.core.notes import note
from f2widgets.core.parking import parked
from f2widgets.core.sorting import masked_median, median
from f2widgets.errors import WrongInputs

#: A pixel with one of these bits tells nothing of the sky.
NOT_SKY = np.uint16(flags.UNUSABLE | flags.SATURATED | flags.NONLINEAR | flags.OBJECT | flags.PROBE)
Levels = NDArray[np.float64]
Limits = tuple[np.float32, np.float32]

#: With fewer frames the median holds light of sources, and clean sky lies well below it.
_FEW = 5

#: Bits that differ from frame to frame: where one is set, the median is taken of the others.
_PASSING = np.uint16(flags.COSMIC | flags.OBJECT | flags.PROBE)
#: Every so many pixels in both axes suffice for a level; odd, so that odd and even columns both count.
_STRIDE = 5


def subtract_sky(
    frames: Iterable[Frame],
    *,
    scale: Literal["auto", "level", "offset"] = "auto",
    group: Annotated[int, Within(2, 40)] = 18,
    tick: Tick = ignore,
) -> list[Frame]:
    """Subtract the median of the set, brought to each frame's level: a first, rough sky.

    Parameters
    ----------
    frames : iterable of Frame
        Flat-fielded dithers of one field in electrons, each (ny, nx).
    scale : {'auto', 'level', 'offset'}
        Bring frames to one level by a factor, or by adding a constant; 'auto' takes a factor where
        the sky is well above zero.
    group : int
        At most so many frames, taken one after another, share a sky.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        Around zero; `measured` has sky (electrons) and sky_scale.

    Raises
    ------
    WrongInputs
        If there is no frame, or they differ in shape, filter, exposure time or read mode.

    Notes
    -----
    *Method*: m = median of d_i / s_i (of two the lower) with s_i = level_i / mean level; d_i - s_i m. One
    median serves all frames of a group; `refine_sky` takes it out again exactly. A second time, after
    `flag_probe`, it leaves out what was flagged meanwhile.
    *Assumes* dithers larger than the sources.
    *Source*: first pass of ``skyCorrect`` of the reference, which stacks the neighbours of each frame anew.
    """
    everything = list(frames)
    _must_match(everything)
    out: dict[int, Frame] = {}
    for members in in_groups(everything, group):
        if len(members) == 1:
            note(
                "has no other frame to take the sky from: only its level is subtracted",
                everything[members[0]].name,
            )
        some = _let_go(everything, members)
        out.update(zip(members, _subtract_median(some, scale, tick), strict=True))
    return [out[i] for i in range(len(everything))]


def _must_match(frames: Sequence[Frame]) -> None:
    """Refuse sets that are not one sequence of dithers."""
    if not frames:
        raise WrongInputs("There is no frame to take the sky from.")
    first = frames[0]
    for frame in frames[1:]:
        a, b = first.facts, frame.facts
        for what, one, other in (
            ("shape", first.shape, frame.shape),
            ("filter", a.filter_name, b.filter_name),
            ("exposure time", a.exposure_time, b.exposure_time),
            ("read mode", a.read_mode, b.read_mode),
        ):
            if one != other:
                raise WrongInputs(
                    f"{first.name} and {frame.name} cannot share a sky: {what} {one} and {other}. "
                    "Reduce them in separate lists."
                )


def in_groups(frames: Sequence[Frame], most: int) -> list[list[int]]:
    """Split frames, in order of time, into runs of nearly equal length, those that share a sky.

    Parameters
    ----------
    frames : sequence of Frame
        The set.
    most : int
        Frames that may share a sky at most.

    Returns
    -------
    list of list of int
        Numbers of the frames in each group.
    """
    order = sorted(range(len(frames)), key=lambda i: (str(frames[i].facts.ut_start or ""), i))
    runs = np.array_split(np.array(order), -(-len(order) // most))
    return [[int(i) for i in run] for run in runs]


def sky_level(frame: Frame) -> float:
    """Return the median of the pixels that show sky, from one pixel in 25."""
    data, mask = frame.data[::_STRIDE, ::_STRIDE], frame.mask[::_STRIDE, ::_STRIDE]
    good = data[(mask & NOT_SKY) == 0]
    return float(np.median(good)) if good.size else 0.0


def _subtract_median(frames: list[Frame], scale: str, tick: Tick) -> list[Frame]:
    """Subtract the scaled median of a group from its frames."""
    if all("sky_scale" in frame.measured for frame in frames):
        return _mended(frames, tick)
    levels, scales = _levels(frames, scale)
    return subtract_middle(frames, levels, scales, levels - scales * levels.mean(), tick=tick)


def subtract_middle(
    frames: Sequence[Frame], levels: Levels, scales: Levels, offsets: Levels, *, tick: Tick = ignore
) -> list[Frame]:
    """Subtract the median of a group, whose levels are known, from its frames.

    Parameters
    ----------
    frames : sequence of Frame, each (ny, nx)
        The group, or the same window of each frame in it.
    levels, scales, offsets : ndarray, shape (n,)
        Level of the sky in each whole frame, the factor by which the median is multiplied for it, and what is
        subtracted before.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        Around zero; `measured` has sky and sky_scale.
    """
    out = [np.empty(frame.shape, np.float32) for frame in frames]

    def work(a: int, b: int) -> None:
        """Subtract within a block of rows."""
        blocks = []
        for frame, s, offset in zip(frames, scales, offsets, strict=True):
            block = frame.data[a:b] * np.float32(1 / s)
            if offset:
                block -= np.float32(offset / s)
            blocks.append(block)
        middle = _middle(blocks, [frame.mask[a:b] for frame in frames], float(levels.mean()))
        for block, result, s in zip(blocks, out, scales, strict=True):
            block -= middle
            np.multiply(block, np.float32(s), out=result[a:b])

    each_block(work, frames[0].shape[0], tick=tick)
    made = []
    for frame, level, s in zip(frames, levels, scales, strict=True):
        measured = {**frame.measured, "sky": float(level), "sky_scale": float(s)}
        made.append(parked(frame.with_(data=out.pop(0), measured=measured)))
    return made


def _mended(frames: list[Frame], tick: Tick) -> list[Frame]:
    """Subtract the median once more where something has been flagged meanwhile; elsewhere it is zero."""
    out = [np.empty(frame.shape, np.float32) for frame in frames]
    found: set[int] = set()

    def work(a: int, b: int) -> None:
        """Subtract within a block of rows."""
        for frame, result in zip(frames, out, strict=True):
            result[a:b] = frame.data[a:b]
        masks = [frame.mask[a:b] for frame in frames]
        y, x = np.divmod(np.flatnonzero(_joined(masks) & _PASSING), masks[0].shape[1])
        if not y.size:
            return
        found.add(a)
        scales = [_scale(frame) for frame in frames]
        blocks = [frame.data[a:b][y, x] / s for frame, s in zip(frames, scales, strict=True)]
        middle = _middle(blocks, [mask[y, x] for mask in masks], 0.0)
        for result, block, s in zip(out, blocks, scales, strict=True):
            result[a:b][y, x] = (block - middle) * s

    each_block(work, frames[0].shape[0], rows=64, tick=tick)
    if not found:
        return frames  # nothing new is known since the first time
    return [parked(frame.with_(data=out.pop(0))) for frame in frames]


def _levels(frames: list[Frame], scale: str) -> tuple[Levels, Levels]:
    """Return each frame's sky level, and the factor that brings the mean sky to it."""
    levels = np.array(mapped(sky_level, frames))
    mean = levels.mean()
    if scale == "offset" or (scale == "auto" and not levels.min() > 0.2 * mean > 20):
        return levels, np.ones(len(frames))
    if not levels.min() > 0:
        name = frames[int(levels.argmin())].name
        raise WrongInputs(f"The sky level of {name} is not positive: use -p subtract_sky:scale=offset.")
    return levels, levels / mean


def _middle(blocks: list[Plane], masks: list[Mask], level: float) -> Plane:
    """Return the median over frames; where flags differ, of those that show sky; of two the lower.

    The mean of two holds half of a source that one of them sees, and of the other's sky too much is taken.
    """
    if len(blocks) == 1:
        return np.full_like(blocks[0], level)
    if not (_joined(masks) & _PASSING).any():
        return median(blocks) if len(blocks) > 2 else np.minimum(*blocks)
    passing = [(mask & _PASSING) != 0 for mask in masks]
    middle, count = masked_median(blocks, passing)
    two = np.nonzero(count == 2)
    if two[0].size:
        both = [
            np.where(out[two], np.float32(np.inf), b[two]) for b, out in zip(blocks, passing, strict=True)
        ]
        middle[two] = np.minimum.reduce(both)
    nowhere = count == 0
    if nowhere.any():
        np.copyto(middle, median(blocks), where=nowhere)
    return middle


def _joined(masks: Sequence[Mask]) -> Mask:
    """Return the bits that are set in any of some masks."""
    joined = masks[0].copy()
    for mask in masks[1:]:
        joined |= mask
    return joined


def refine_sky(
    frames: Iterable[Frame],
    *,
    clip: Annotated[float, Within(1, 10)] = 3.0,
    group: Annotated[int, Within(2, 40)] = 18,
    distance: Annotated[float, Within(0, 60), Unit("arcsec")] = 3.0,
    tick: Tick = ignore,
) -> list[Frame]:
    """Subtract, from each frame, the mean of what the others have left where they show no source.

    Parameters
    ----------
    frames : iterable of Frame
        After `subtract_sky` and `flag_objects`, each (ny, nx).
    clip : float
        Leave out values further from zero than so many sigma of their own noise. Of fewer than five frames
        only those above zero: below it lies sky of which the rough one took too much.
    group : int
        At most so many frames, taken one after another, share a sky.
    distance : float
        Frames that point nearer to each other than this have their sources in the same place, the faintest
        too: they are not each other's sky, as long as three others are left.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        Sky-subtracted, with the noise of the sky in the variance.

    Raises
    ------
    WrongInputs
        If frames differ in shape, filter, exposure time or read mode.

    Notes
    -----
    *Method*: with u_j = d_j / s_j and w_j 1 where pixel j shows clean sky,
    d_i - s_i (S - w_i u_i) / (n - w_i), S = sum w_j u_j, n = sum w_j. The median subtracted before cancels.
    V_i grows by s_i² v / (n - w_i), v the mean of V_j / s_j² over clean sky. Where no other frame shows
    clean sky, the rough one stays. Of frames in the same place all w_j u_j are taken away.
    *Assumes* a sky whose pattern over the detector stays the same within a group.
    *Source*: second pass of ``skyCorrect`` of the reference, there a median; the mean loses less depth.
    """
    everything = list(frames)
    _must_match(everything)
    out: dict[int, Frame] = {}
    for members in in_groups(everything, group):
        some = _let_go(everything, members)
        out.update(zip(members, _subtract_mean(some, clip, distance, tick), strict=True))
    return [out[i] for i in range(len(everything))]


def _let_go(frames: list[Frame], members: Sequence[int]) -> list[Frame]:
    """Take some frames out of a list, so that each makes room for its own result."""
    some = [frames[i] for i in members]
    for i in members:
        frames[i] = some[0].bare()
    return some


def _subtract_mean(frames: list[Frame], clip: float, distance: float, tick: Tick) -> list[Frame]:
    """Subtract from each frame the clipped mean of the others; `frames` is emptied on the way."""
    if len(frames) < 2:
        return frames
    shape, total_frames = frames[0].shape, len(frames)
    limits = np.float32(np.inf if total_frames < _FEW else clip), np.float32(clip)
    total, spread, count = (np.zeros(shape, np.float32) for _ in range(3))

    def add(a: int, b: int) -> None:
        """Add up clean sky within a block of rows."""
        for frame in frames:
            value, weight = _sky_in(frame, slice(a, b), limits)
            total[a:b] += value
            count[a:b] += weight
            weight *= variance_of(frame)[a:b]
            weight *= 1 / np.square(_scale(frame))
            spread[a:b] += weight
        spread[a:b] /= np.maximum(count[a:b], 1)  # the mean: what one value of clean sky has

    each_block(add, shape[0], rows=32)
    out: dict[int, Frame] = {}
    for together in apart(frames, distance):
        some = _let_go(frames, together)
        out.update(zip(together, _without(some, (total, spread, count), limits), strict=True))
        tick(len(out), total_frames)
    return [out[k] for k in range(total_frames)]


def _without(frames: Sequence[Frame], sums: tuple[Plane, Plane, Plane], limits: Limits) -> list[Frame]:
    """Subtract, from frames in the same place, the mean sky of the others."""
    total, spread, count = sums
    data = [np.empty(frame.shape, np.float32) for frame in frames]
    noise = [np.empty(frame.shape, np.float32) for frame in frames]

    def work(a: int, b: int) -> None:
        """Subtract within a block of rows."""
        rows = slice(a, b)
        sky, share = _sky_in(frames[0], rows, limits)
        for frame in frames[1:]:
            for plane, more in zip((sky, share), _sky_in(frame, rows, limits), strict=True):
                plane += more
        np.subtract(count[rows], share, out=share)
        np.maximum(share, 1, out=share)
        np.subtract(total[rows], sky, out=sky)
        for frame, its_data, its_noise in zip(frames, data, noise, strict=True):
            s = _scale(frame)
            part = s / share
            np.subtract(frame.data[rows], sky * part, out=its_data[rows])
            part *= s
            part *= spread[rows]
            np.add(variance_of(frame)[rows], part, out=its_noise[rows])

    each_block(work, total.shape[0], rows=32)
    return [parked(frame.with_(data=data.pop(0), variance=noise.pop(0))) for frame in frames]


def _scale(frame: Frame) -> np.float32:
    """Return by what the mean sky is multiplied in a frame."""
    return np.float32(frame.measured.get("sky_scale", 1.0))


def _sky_in(frame: Frame, rows: slice, limits: Limits) -> tuple[Plane, Plane]:
    """Return, for some rows, clean sky at the mean level (else 0), and 1 where it is clean (else 0)."""
    weight = _clean(frame.data[rows], variance_of(frame)[rows], frame.mask[rows], limits)
    value = frame.data[rows] * (1 / _scale(frame))
    value *= weight
    return value, weight


def _clean(value: Plane, spread: Plane, mask: Mask, limits: Limits) -> Plane:
    """Return 1 where a pixel shows clean sky, between so many sigma below zero and above, else 0."""
    low, high = limits
    good = (mask & NOT_SKY) == 0
    square = value * (value if low == high else np.abs(value))
    good &= square <= (high * high) * spread
    if np.isfinite(low) and low != high:
        good &= square >= (-low * low) * spread
    return np.asarray(good, np.float32)
