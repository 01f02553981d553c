"""The guide probe: found where it dims the sky, and flagged in each frame."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.detector import SIDE
from f2widgets.core.frame import Frame
from f2widgets.core.grid import common_grid
from f2widgets.core.guide import Guide, make_guide
from f2widgets.core.notes import note
from f2widgets.core.smoothing import binned, grown

#: Side in pixels of the boxes in which the shadow is sought, on the full array.
_BOX = 8
#: The shadow is at least this deep, in sigma of a box's mean.
_SIGMA = 6.0
#: It covers at least this part of the frame: an arm some tens of pixels wide.
_LEAST = 0.002


def flag_probe(
    frames: Iterable[Frame],
    *,
    depth: Annotated[float, Within(0.001, 1)] = 0.008,
    margin: Annotated[int, Within(0, 200), Unit("pixel")] = 16,
    tick: Tick = ignore,
) -> list[Frame]:
    """Flag the shadow of the guide probe.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted and aligned, with variance, each (ny, nx).
    depth : float
        Part of the sky's light by which a shadow dims at least.
    margin : int
        Pixels of the full array around the shadow that are flagged as well; fewer on a smaller one.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        With the flag `probe` added; nothing else changes.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates.

    Notes
    -----
    *Method*: the probe follows its guide star, so its shadow stays in place on the sky. Where boxes of the
    median of all frames lie below zero by `depth` of the sky, over an area that reaches in from the edge of
    the field, there is a shadow.
    *Assumes* that nothing on the sky is darker than the sky.
    *Source*: has no counterpart in the reference, whose documents warn of the spoilt corner.
    """
    members = list(frames)
    guide = make_guide(members, common_grid(members), tick=tick)
    box = max(round(_BOX * members[0].shape[1] / SIDE), 2)
    shadow = _shadow(guide, members, depth, box)
    if not shadow.any():
        return members
    wide = np.repeat(np.repeat(grown(shadow, -(-margin // _BOX)), box, axis=0), box, axis=1)
    note(f"a guide probe shades {100 * shadow.sum() * box**2 / members[0].data.size:.1f} % of the field")
    out = []
    for k, frame in enumerate(members):
        part = wide[guide.part(k, frame.shape)].astype(np.uint16)
        out.append(frame.with_(mask=frame.mask | part * np.uint16(flags.PROBE)))
    return out


def _shadow(guide: Guide, frames: list[Frame], depth: float, box: int) -> NDArray[np.bool_]:
    """Return the boxes in shadow."""
    from scipy.ndimage import binary_dilation, label

    lit = guide.count > 0
    filled = binned(lit.astype(np.float32), box) / box
    mean = binned(guide.data, box) / (box * np.maximum(filled, np.float32(0.1)))
    sky = float(np.median([frame.measured.get("sky", 0.0) for frame in frames]))
    spread = 1.4826 * float(np.median(np.abs(mean[filled > 0.5] - np.median(mean[filled > 0.5]))))
    dim: NDArray[np.bool_] = (filled > 0.5) & (mean < -max(depth * sky, _SIGMA * spread))
    if not dim.any():
        return dim
    border = binary_dilation(np.pad(filled < 0.5, 1, constant_values=True), np.ones((5, 5)))[1:-1, 1:-1]
    regions, _ = label(dim, np.ones((3, 3)))
    sizes = np.bincount(regions.ravel())
    touching = np.unique(regions[dim & border])
    real = [r for r in touching if sizes[r] * box**2 >= _LEAST * frames[0].data.size]
    return np.asarray(np.isin(regions, real))
