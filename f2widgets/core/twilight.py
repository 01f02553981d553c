"""The response of each pixel from the twilight sky: many frames, whose stars are masked."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.blocks import each_block
from f2widgets.core.field import box_medians, spread
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.levels import variance_of
from f2widgets.core.notes import note
from f2widgets.core.smoothing import binned, grown, smoothed, unbinned
from f2widgets.core.sorting import masked_median
from f2widgets.errors import WrongInputs

#: Bits of pixels that tell nothing of the response.
_OUT = np.uint16(flags.UNUSABLE | flags.SATURATED | flags.NONLINEAR)
#: Frames that it takes to tell a star from the sky.
_LEAST = 3
#: Side of the boxes in which stars are sought, and of those whose medians are the sky around them, pixels.
_FINE, _WIDE = 4, 64
#: A pixel with less than this part of the light of bright ones is not lit.
_LIT = 0.1
#: Pixels by which frames must differ for their stars to fall in different places.
_DITHER = 25.0


def combine_twilights(
    frames: Iterable[Frame],
    *,
    threshold: Annotated[float, Within(1, 50)] = 4.0,
    grow: Annotated[int, Within(0, 100), Unit("pixel")] = 10,
    clip: Annotated[float, Within(2, 50)] = 4.0,
    tick: Tick = ignore,
) -> list[Frame]:
    """Combine frames of the twilight sky, stars left out: the light of the sky alone.

    Parameters
    ----------
    frames : iterable of Frame
        Dark-subtracted, dithered, of one filter, with variance, each (ny, nx).
    threshold : float
        Sigma of a box of 4 x 4 pixels, smoothed, above which there is a star.
    grow : int
        Pixels around stars that are left out as well.
    clip : float
        Sigma by which a pixel may differ from the median of the frames.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        One frame, named after the earliest input.

    Raises
    ------
    WrongInputs
        If there are fewer than three frames, they differ in filter or shape, or one shows no light.

    Notes
    -----
    *Method*: the median of the frames, each over its level, is a first response. Divided by it, frames show
    their stars; where these are, and where a value differs too much, a frame does not count. The light is
    the sum of what is left over the sum of the levels, so that bright frames count more.
    *Assumes* dithers larger than the stars, and a sky that is even over the field.
    *Source*: ``makeSkyFlat`` of the reference.
    """
    members = list(frames)
    _must_match(members)
    levels = np.array([_level(frame, None) for frame in members])
    first = _median(members, levels)
    levels = np.array([_level(frame, first) for frame in members])
    if _shift(members) < _DITHER:
        note("The twilight frames were not dithered: stars leave their light in the flat")
    total, spread_, weight = (np.zeros(first.shape, np.float32) for _ in range(3))
    for k, (frame, level) in enumerate(zip(members, levels, strict=True)):
        use = _without_stars(frame, first, level, (threshold, grow, clip))
        total += use * frame.data
        spread_ += use * variance_of(frame)
        weight += np.float32(level) * use
        tick(k + 1, len(members))
    mean = np.float32(levels.mean())
    nowhere = weight == 0
    np.copyto(weight, 1, where=nowhere)
    data = np.where(nowhere, first * mean, total * (mean / weight))
    variance = np.where(nowhere, mean * mean, spread_ * np.square(mean / weight))
    mask = np.bitwise_and.reduce([frame.mask for frame in members])
    earliest = min(members, key=lambda frame: (str(frame.facts.ut_start or ""), frame.name))
    return [earliest.with_(data=data, variance=variance, mask=mask)]


def _must_match(frames: Sequence[Frame]) -> None:
    """Refuse too few frames, and frames of several filters or shapes."""
    if len(frames) < _LEAST:
        raise WrongInputs(
            f"{len(frames)} twilight frames are too few to tell stars from the sky: give at least {_LEAST}."
        )
    first = frames[0]
    for frame in frames[1:]:
        for what, needed, found in (
            ("filter", first.facts.filter_name, frame.facts.filter_name),
            ("shape", first.shape, frame.shape),
        ):
            if needed != found:
                raise WrongInputs(
                    f"Twilight frames must agree in {what}: {first.name} has {needed}, {frame.name} {found}. "
                    "Reduce them in separate lists."
                )


def _shift(frames: Sequence[Frame]) -> float:
    """Return by how many pixels the sky moves at most between frames; without end where it is not known."""
    first = frames[0].wcs
    if first is None:
        return float("inf")
    middle = [[(side - 1) / 2 for side in frames[0].shape[::-1]]]
    sky = first.all_pix2world(middle, 0)
    seen = [frame.wcs.all_world2pix(sky, 0) - middle for frame in frames if frame.wcs is not None]
    return float(np.max(np.hypot(*np.concatenate(seen).T)))


def _level(frame: Frame, response: Plane | None) -> float:
    """Return the light of a frame: the median of its lit pixels, over the response where it is known."""
    data, good = frame.data[::3, ::3], (frame.mask[::3, ::3] & _OUT) == 0
    if response is not None:
        good = good & (response[::3, ::3] > _LIT)
        data = np.asarray(data / np.where(good, response[::3, ::3], 1), np.float32)
    values = data[good]
    if response is None and values.size:
        values = values[values > _LIT * np.percentile(values, 98)]
    level = float(np.median(values)) if values.size else 0.0
    if not level > 0:
        raise WrongInputs(
            f"{frame.name} shows no light that can be used: it is dark or saturated. Leave it out."
        )
    return level


def _median(frames: Sequence[Frame], levels: NDArray[np.float64]) -> Plane:
    """Return the median over frames of the data over their levels."""
    out = np.empty(frames[0].shape, np.float32)

    def work(a: int, b: int) -> None:
        """Take the median of a block of rows."""
        planes = [f.data[a:b] * np.float32(1 / v) for f, v in zip(frames, levels, strict=True)]
        out[a:b] = masked_median(planes, [(frame.mask[a:b] & _OUT) != 0 for frame in frames])[0]

    each_block(work, len(out), rows=32)
    return out


def _without_stars(
    frame: Frame, response: Plane, level: float, limits: tuple[float, int, float]
) -> NDArray[np.float32]:
    """Return 1 where a frame shows nothing but the sky, else 0."""
    threshold, grow, clip = limits
    good = ((frame.mask & _OUT) == 0) & (response > 0)
    lit = good & (response > _LIT)
    sigma = np.sqrt(np.maximum(variance_of(frame), np.float32(1e-6)))
    left = frame.data - np.float32(level) * response
    # What the sky has of gradient is no star.
    even = np.asarray(left / np.where(lit, response, np.float32(1)), np.float32)
    left -= response * spread(box_medians(even, lit, _WIDE), _WIDE, frame.shape)
    pull = np.where(lit, left / sigma, np.float32(0))
    stars = smoothed(binned(pull, _FINE), 1.0) > threshold
    stars = grown(stars, -(-grow // _FINE))
    good &= ~unbinned(stars, _FINE, left.shape)
    good &= np.abs(left) <= np.float32(clip) * sigma
    return np.asarray(good, np.float32)
