"""The guide probe: looked for where the header lets expect it, and flagged in each frame that it dims."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.blocks import spans
from f2widgets.core.detector import SIDE
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import common_grid
from f2widgets.core.notes import note
from f2widgets.core.parking import parked
from f2widgets.core.smoothing import binned, grown, unbinned
from f2widgets.core.stacking import median_of_usable

#: Side in pixels of the boxes in which the shadow is sought, on the full array.
_BOX = 8
#: The shadow is at least this deep, in sigma of a box's mean.
_SIGMA = 6.0
#: It covers at least this part of the frame: an arm some tens of pixels wide.
_LEAST = 0.002
#: On the side of the guide star this part of depth, sigma and area is enough.
_EXPECTED = 0.6
#: That side reaches so far from the direction of the star, seen from the middle of the field: degrees.
_ASIDE = 60.0
#: What the header says of a probe that is out of the way.
_AWAY = "parked"


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
        Part of the sky's light by which a shadow dims at least; three fifths of it are enough where the
        guide star lets expect the probe.
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
    the field, there is a shadow. The header tells whether the probe is parked: such a frame is left as it is.
    It also names the guide star, outside the field as a rule: the arm comes from there, and on that side a
    slighter and smaller shadow counts. How wide the arm is, and at which angle it stands, no header tells.
    *Assumes* that nothing on the sky is darker than the sky.
    *Source*: has no counterpart in the reference, whose documents warn of the spoilt corner.
    """
    members = list(frames)
    out = dict(enumerate(members))
    reached = [k for k, frame in enumerate(members) if frame.facts.pwfs2_state != _AWAY]
    if not reached:
        return members
    looked = [members[k] for k in reached]
    box = max(round(_BOX * looked[0].shape[1] / SIDE), 2)
    mean, places = _coarse_median(looked, box, tick)
    sky = float(np.median([frame.measured.get("sky", 0.0) for frame in looked]))
    side = _side_of_the_star(looked, places, np.isfinite(mean), box)
    shadow = _shadow(mean, depth * sky, _LEAST * looked[0].data.size / box**2, side)
    if not shadow.any():
        return members
    note(f"a guide probe shades {100 * shadow.sum() * box**2 / looked[0].data.size:.1f} % of the field")
    wide = grown(shadow, -(-margin // _BOX)).astype(np.uint16) * np.uint16(flags.PROBE)
    for k, frame, (y, x) in zip(reached, looked, places, strict=True):
        ny, nx = (-(-size // box) for size in frame.shape)
        part = unbinned(wide[y : y + ny, x : x + nx], box, frame.shape)
        out[k] = parked(frame.with_(mask=frame.mask | part))
    return list(out.values())


def _side_of_the_star(
    frames: list[Frame], places: list[tuple[int, int]], lit: NDArray[np.bool_], box: int
) -> NDArray[np.bool_]:
    """Return the boxes on the side of the guide star; none where no header names one."""
    none = np.zeros(lit.shape, bool)
    for frame, (y, x) in zip(frames, places, strict=True):
        facts = frame.facts
        if frame.wcs is None or facts.guide_ra is None or facts.guide_dec is None or not lit.any():
            continue
        star = [float(value) for value in frame.wcs.wcs_world2pix(facts.guide_ra, facts.guide_dec, 0)]
        if not np.isfinite(star).all():
            return none
        middle_y, middle_x = (float(lighted.mean()) for lighted in np.nonzero(lit))
        up, right = star[1] / box + y - middle_y, star[0] / box + x - middle_x
        rows = np.arange(lit.shape[0])[:, None] - middle_y
        columns = np.arange(lit.shape[1]) - middle_x
        away = np.hypot(rows, columns) * np.hypot(up, right)
        return np.asarray(rows * up + columns * right > np.cos(np.radians(_ASIDE)) * away)
    return none


def _coarse_median(
    frames: list[Frame], box: int, tick: Tick
) -> tuple[NDArray[np.float32], list[tuple[int, int]]]:
    """Return the median of all frames in boxes, NaN where none has light, and each frame's place in it."""
    grid = common_grid(frames)
    places = [(round(max(y, 0) / box), round(max(x, 0) / box)) for y, x in grid.origins]
    ny = max(y - (-frame.shape[0] // box) for frame, (y, _) in zip(frames, places, strict=True))
    nx = max(x - (-frame.shape[1] // box) for frame, (_, x) in zip(frames, places, strict=True))
    values = np.zeros((len(frames), ny, nx), np.float32)
    usable = np.zeros(values.shape, bool)
    for k, (frame, (y, x)) in enumerate(zip(frames, places, strict=True)):
        mean, filled = _coarse(frame, box)
        part = (k, slice(y, y + mean.shape[0]), slice(x, x + mean.shape[1]))
        values[part], usable[part] = mean, filled > 0.5
        tick(k + 1, len(frames))
    middle = np.full((ny, nx), np.nan, np.float32)
    for a, b in spans(ny):
        seen = usable[:, a:b].any(axis=0)
        middle[a:b][seen] = median_of_usable(values[:, a:b], usable[:, a:b])[seen]
    return middle, places


def _coarse(frame: Frame, box: int) -> tuple[Plane, Plane]:
    """Return mean and filled part of each box of a frame."""
    good = ((frame.mask & flags.UNUSABLE) == 0).astype(np.float32)
    filled = binned(good, box) / np.float32(box)
    good *= frame.data
    return binned(good, box) / (box * np.maximum(filled, np.float32(0.01))), filled


def _shadow(
    mean: NDArray[np.float32], dim: float, least: float, side: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return the boxes in shadow: a large area well below zero that reaches in from the edge."""
    from scipy.ndimage import binary_dilation, label

    lit = np.isfinite(mean)
    if not lit.any():
        return lit
    spread = 1.4826 * float(np.median(np.abs(mean[lit] - np.median(mean[lit]))))
    border = binary_dilation(np.pad(~lit, 1, constant_values=True), np.ones((5, 5)))[1:-1, 1:-1]
    found = np.zeros(lit.shape, bool)
    for where, part in ((lit, 1.0), (lit & side, _EXPECTED)):
        dark = where & (np.where(lit, mean, 0) < -part * max(dim, _SIGMA * spread))
        regions, _ = label(dark, np.ones((3, 3)))
        sizes = np.bincount(regions.ravel())
        real = [region for region in np.unique(regions[dark & border]) if sizes[region] >= part * least]
        found |= np.isin(regions, real)
    return found
