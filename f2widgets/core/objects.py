"""Find the light of sources in the quick median of all frames, and flag it in each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.frame import Frame
from f2widgets.core.grid import common_grid
from f2widgets.core.guide import Guide, make_guide
from f2widgets.core.smoothing import binned, grown, smoothed

#: Side of the boxes in which haloes are sought.
_BIN = 4


def flag_objects(
    frames: Iterable[Frame],
    *,
    threshold: Annotated[float, Within(0.5, 20)] = 2.2,
    halo: Annotated[float, Within(0.2, 20)] = 1.5,
    grow: Annotated[int, Within(0, 20), Unit("pixel")] = 2,
    tick: Tick = ignore,
) -> list[Frame]:
    """Flag, in each frame, the pixels that hold light of sources.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted and aligned, with variance, each (ny, nx).
    threshold : float
        Sigma by which the smoothed median of all frames must stand out.
    halo : float
        Sigma in boxes of 4 x 4 pixels, smoothed, for the faint light around sources.
    grow : int
        Pixels by which the flagged area is widened.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        With the flag `object` added; nothing else changes.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates.

    Notes
    -----
    *Method*: the median of all frames, moved by whole pixels, is deeper than any of them; where it
    exceeds the threshold after smoothing, and around, light is flagged in every frame that sees the place.
    *Assumes* that sources keep their brightness from frame to frame.
    *Source*: ``detectSources`` and ``dilateObjectMask`` of the reference, which look at each frame alone.
    """
    members = list(frames)
    grid = common_grid(members)
    guide = make_guide(members, grid, tick=tick)
    found = _light(guide, _sigma(members), threshold, halo, grow)
    out = []
    for k, frame in enumerate(members):
        here = found[guide.part(k, frame.shape)]
        mask = here.astype(np.uint16)
        mask *= np.uint16(flags.OBJECT)
        mask |= frame.mask
        out.append(frame.with_(mask=mask))
    return out


def _sigma(frames: list[Frame]) -> float:
    """Return the usual noise of a pixel in one frame."""
    values = []
    for frame in frames:
        assert frame.variance is not None
        good = (frame.mask[::9, ::9] & flags.UNUSABLE) == 0
        values.append(np.median(frame.variance[::9, ::9][good]) if good.any() else np.nan)
    return float(np.sqrt(np.nanmedian(values)))


def _light(guide: Guide, sigma: float, threshold: float, halo: float, grow: int) -> NDArray[np.bool_]:
    """Return where the guide shows sources."""
    count = np.maximum(guide.count, 1).astype(np.float32)
    error = np.float32(1.2533 * sigma) / np.sqrt(count)  # 1.2533: sigma of a median over that of a mean
    significance = np.where(guide.count > 0, guide.data / error, np.float32(0))
    core = smoothed(significance, 1.5)
    found = core > threshold
    wide = smoothed(binned(significance, _BIN), 1.5)
    faint = np.repeat(np.repeat(np.abs(wide) > halo, _BIN, axis=0), _BIN, axis=1)
    found |= faint[: found.shape[0], : found.shape[1]]
    return grown(found, grow)
