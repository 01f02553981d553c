"""What the steps measured of each frame, as the table that goes into a stack."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from f2widgets.core import flags
from f2widgets.core.frame import Frame

if TYPE_CHECKING:
    from astropy.table import Table

#: Name of the table in a product.
QUALITY = "QUALITY"
#: Name of the plane that tells how many seconds went into each pixel of a stack.
EXPOSURE = "EXPMAP"

#: Columns behind the frame's name, in their order: unit, decimals worth showing, and what they tell.
#: Electrons are named in words, for astropy writes no such unit into a FITS table.
COLUMNS = {
    "sky": ("", 0, "level of the sky before it was subtracted, in electrons"),
    "matches": ("", 0, "stars matched with the first frame; of the first, those found"),
    "dx": ("pixel", 2, "shift against the first frame along x"),
    "dy": ("pixel", 2, "shift against the first frame along y"),
    "rms": ("pixel", 3, "scatter of the matched stars after the shift"),
    "fwhm": ("pixel", 2, "width of the stars"),
    "header_error": ("arcsec", 2, "distance of the header's coordinates from those of the stars"),
    "transparency": ("", 3, "light of the stars over its mean over frames"),
    "flagged": ("", 4, "part of the lit pixels that was left out of the stack, 0 to 1"),
}


def flagged_part(frame: Frame, stride: int = 7) -> float:
    """Return which part of a frame's lit pixels cannot be used, 0 to 1.

    Parameters
    ----------
    frame : Frame
        Any frame, shape (ny, nx).
    stride : int, optional
        Look at every so many pixels in both axes.

    Returns
    -------
    float
        The part; NaN for a frame without lit pixels.
    """
    mask = frame.mask[::stride, ::stride]
    lit = (mask & (flags.NO_DATA | flags.UNLIT)) == 0
    bad = lit & ((mask & flags.UNUSABLE) != 0)
    return float(bad.sum() / lit.sum()) if lit.any() else float("nan")


def quality_rows(frames: Sequence[Frame], flagged: Sequence[float]) -> Table:
    """Return what was measured of frames, one row for each.

    Parameters
    ----------
    frames : sequence of Frame
        In their order; only `measured` is looked at.
    flagged : sequence of float
        What `flagged_part` told of each.

    Returns
    -------
    `~astropy.table.Table`
        Column ``frame`` and those of `COLUMNS` that were measured in any frame, NaN where they were not.
    """
    from astropy.table import Column, Table

    known = [{**frame.measured, "flagged": part} for frame, part in zip(frames, flagged, strict=True)]
    table = Table({"frame": [frame.name for frame in frames]})
    for name, (unit, _, text) in COLUMNS.items():
        if any(name in one for one in known):
            values = np.array([one.get(name, np.nan) for one in known])
            table[name] = Column(values, unit=unit or None, description=text)
    return table
