"""Find the light of sources in the quick median of all frames, and flag it in each."""

from __future__ import annotations

from collections.abc import Iterable
from statistics import NormalDist
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.blocks import each_block, mapped
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import common_grid
from f2widgets.core.guide import make_guide
from f2widgets.core.levels import usual_variance
from f2widgets.core.parking import parked
from f2widgets.core.smoothing import binned, gaussian, grown, smoothed, unbinned

#: Side of the boxes in which the surroundings of sources are drawn, and the sigma of bright ones.
_WING, _BRIGHT = 4, 60.0
#: Sides of the boxes in which light is sought: about the seeing, and somewhat wider.
_BINS = (2, 4)
#: Side of the boxes in which the faint outskirts of sources are sought.
_WIDE = 8


def flag_objects(
    frames: Iterable[Frame],
    *,
    threshold: Annotated[float, Within(0.5, 20)] = 4.0,
    edge: Annotated[float, Within(0.2, 20)] = 2.0,
    grow: Annotated[int, Within(0, 20), Unit("pixel")] = 0,
    tick: Tick = ignore,
) -> list[Frame]:
    """Flag, in each frame, the pixels that hold light of sources.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted and aligned, with variance, each (ny, nx).
    threshold : float
        Sigma by which a source's peak must stand out in the smoothed median of all frames.
    edge : float
        Sigma down to which the connected area around a peak belongs to the source.
    grow : int
        Pixels by which the flagged area is widened.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        With the flags `object` and `near_object` added; nothing else changes.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates.

    Notes
    -----
    *Method*: the median of all frames, moved by whole pixels, is deeper than any of them. In boxes of 2 and
    of 4 pixels, smoothed, areas above `edge` that reach `threshold` are sources; they are flagged in every
    frame that sees the place. The zero is the peak of the distribution of pixels.
    *Assumes* that sources keep their brightness from frame to frame.
    *Source*: ``detectSources`` and ``dilateObjectMask`` of the reference, which look at each frame alone.
    """
    members = list(frames)
    grid = common_grid(members)
    guide = make_guide(members, grid, tick=tick)
    usual = float(np.median(mapped(usual_variance, members)))
    sigma = 1.2533 * np.sqrt(usual)  # 1.2533: sigma of a median over that of a mean
    sharpness = np.asarray(np.sqrt(guide.count.astype(np.float32)) / np.float32(sigma), np.float32)
    found = light_in(guide.data, sharpness, guide.count == guide.count.max(), threshold, edge, grow)
    return [
        parked(frame.with_(mask=frame.mask | found[guide.part(k, frame.shape)]))
        for k, frame in enumerate(members)
    ]


def light_in(
    deep: Plane, sharpness: Plane, whole: NDArray[np.bool_], threshold: float, edge: float, grow: int
) -> Mask:
    """Return flags where a deep image shows light of sources, and around them.

    Parameters
    ----------
    deep : ndarray, shape (ny, nx), float32
        Around zero.
    sharpness : ndarray, shape (ny, nx), float32
        One over the sigma; 0 where nothing is known.
    whole : ndarray of bool, shape (ny, nx)
        Where the image is as deep as anywhere.
    threshold, edge, grow
        As for `flag_objects`.

    Returns
    -------
    ndarray, shape (ny, nx), uint16
        The flags `object` and `near_object`.
    """
    inner = binned(whole.astype(np.float32), 2) > 1.9
    zero = np.float32(sky_peak(_softened(deep), inner))
    significance = np.empty_like(deep)

    def judge(a: int, b: int) -> None:
        """Divide a block of rows by its noise; where no frame sees anything, there is no light."""
        np.subtract(deep[a:b], zero, out=significance[a:b])
        significance[a:b] *= sharpness[a:b]

    each_block(judge, len(significance), rows=64)
    return _light(significance, threshold, edge, grow)


def sky_peak(values: Plane, use: NDArray[np.bool_]) -> float:
    """Return the peak of a distribution whose upper side is spoilt by light.

    A straight line through the lower quantiles against those of a normal distribution, at its middle.
    """
    lower = values[use]
    if lower.size < 100:
        return 0.0
    parts = np.linspace(0.1, 0.5, 20)
    normal = [NormalDist().inv_cdf(float(part)) for part in parts]
    return float(np.polyfit(normal, np.quantile(lower, parts), 1)[1])


def _softened(plane: Plane) -> Plane:
    """Return the mean in boxes of two pixels, smoothed."""
    return _coarse(plane, 2) / np.float32(2 * gaussian(1.0).sum() ** 2)


def _light(significance: Plane, threshold: float, edge: float, grow: int) -> Mask:
    """Return flags where the guide shows sources, and around them."""
    shape = significance.shape
    found = np.zeros(shape, bool)
    for size in _BINS:
        found |= unbinned(_standing_out(_coarse(significance, size), edge, threshold), size, shape)
    wide = _coarse(significance, _WIDE)
    # What is darker than the sky is no source: there the rough sky was too high. It is no measure of the
    # sky's surface, but one of the sky of the other frames.
    strange = _standing_out(wide, edge, threshold) | _standing_out(-wide, edge, 2 * threshold)
    near = _surroundings(found, significance) | unbinned(strange, _WIDE, shape)
    flagged = grown(found, grow).astype(np.uint16) * np.uint16(flags.OBJECT)
    flagged |= near.astype(np.uint16) * np.uint16(flags.NEAR_OBJECT)
    return flagged


def _coarse(significance: Plane, size: int) -> Plane:
    """Return the significance in boxes, smoothed by one box."""
    return smoothed(binned(significance, size), 1.0)


def _surroundings(found: NDArray[np.bool_], significance: Plane) -> NDArray[np.bool_]:
    """Return where the wings of sources may reach: further for the bright.

    A Moffat profile of beta 3 falls with the sixth power of the distance: a star a hundred times brighter
    reaches about twice as far.
    """
    near = grown(binned(found.astype(np.float32), _WING) > 0, 2)
    bright = grown(_coarse(significance, _WING) > _BRIGHT, 6)
    return unbinned(near | bright, _WING, found.shape)


def _standing_out(plane: Plane, edge: float, threshold: float) -> NDArray[np.bool_]:
    """Return the connected areas above `edge` that somewhere exceed `threshold`."""
    from scipy.ndimage import label

    regions, total = label(plane > edge)
    real = np.zeros(total + 1, bool)
    real[regions[plane > threshold]] = True
    real[0] = False
    return np.asarray(real[regions])
