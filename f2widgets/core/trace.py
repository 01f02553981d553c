"""What a stack keeps of each frame in it, so that any of its pixels can be followed back to the raw frames.

Two tables: TRACE has a row per frame with the numbers that come from whole frames; MARKS has the flags that
whole sets of frames decided, as runs of equal flags along the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.blocks import each_block
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.wcs import WCS

#: Names of the tables in a product, and of the one in which a frame carries its surface on the way.
TRACE, MARKS, SURFACE = "TRACE", "MARKS", "SURFACE"
#: Flags that are decided by looking at the whole set.
DECIDED = np.uint16(flags.COSMIC | flags.PROBE | flags.OBJECT)
#: What the steps measured that returns into the pixels.
_MEASURED = ("sky", "sky_scale", "transparency")

Matrix = NDArray[np.float64]


def surface_table(coefficients: Matrix) -> Table:
    """Return the coefficients of a surface as a table of one row.

    Parameters
    ----------
    coefficients : ndarray, shape (n, n)
        Of y^j x^i, both from -1 to 1 over the frame.

    Returns
    -------
    `~astropy.table.Table`
        Column ``surface``, shape (1, n, n).
    """
    from astropy.table import Table

    return Table({"surface": coefficients[None]})


def traced(frame: Frame) -> dict[str, Table]:
    """Return what is lost of a frame when it is brought onto the common grid.

    Parameters
    ----------
    frame : Frame
        Aligned, all flags set, shape (ny, nx).

    Returns
    -------
    dict of str to `~astropy.table.Table`
        TRACE with the coordinates, one row; MARKS with the runs of `DECIDED` flags.
    """
    from astropy.table import Table

    start, value = _runs(frame.mask)
    where = np.full((1, 8), np.nan)
    if frame.wcs is not None:
        w = frame.wcs
        where[0] = [*w.wcs.crval, *w.wcs.crpix, *np.asarray(w.pixel_scale_matrix).ravel()]
    return {TRACE: Table({"wcs": where}), MARKS: Table({"start": start, "flags": value})}


def _runs(mask: Mask) -> tuple[NDArray[np.int32], Mask]:
    """Return where, along the rows one after another, the decided flags change, and what they change to."""
    nx = mask.shape[1]
    found: dict[int, tuple[NDArray[np.int32], Mask]] = {}

    def work(a: int, b: int) -> None:
        """Look through a block of rows, which begins a run of its own unless it has no flag."""
        line = (mask[a:b] & DECIDED).ravel()
        at = np.flatnonzero(line[1:] != line[:-1]) + 1
        at = np.concatenate([[0], at])
        found[a] = (at + a * nx).astype(np.int32), line[at]

    each_block(work, mask.shape[0], rows=128)
    starts, values = zip(*(found[a] for a in sorted(found)), strict=True)
    return np.concatenate(starts), np.concatenate(values)


def stack_tables(frames: Sequence[Frame], weights: Sequence[float]) -> dict[str, Table]:
    """Return the tables that a stack keeps of its frames.

    Parameters
    ----------
    frames : sequence of Frame
        Those combined, with their tables from `traced` and `surface_table`.
    weights : sequence of float
        Weight of each in the average.

    Returns
    -------
    dict of str to `~astropy.table.Table`
        TRACE: frame, wcs (CRVAL, CRPIX, CD by rows), sky, sky_scale,
        transparency, weight, surface. MARKS: frame (row of TRACE), start, flags.
    """
    from astropy.table import Table

    order = max(
        (len(frame.tables[SURFACE]["surface"][0]) for frame in frames if SURFACE in frame.tables), default=1
    )
    table = Table({"frame": [frame.name for frame in frames]})
    table["wcs"] = np.array([frame.tables[TRACE]["wcs"][0] for frame in frames])
    for name in _MEASURED:
        table[name] = [frame.measured.get(name, np.nan) for frame in frames]
    table["weight"] = np.array(weights, float)
    table["surface"] = np.array([_padded(frame, order) for frame in frames])
    runs = [frame.tables[MARKS] for frame in frames]
    owner = np.repeat(np.arange(len(frames), dtype=np.int16), [len(one) for one in runs])
    marks = Table({"frame": owner})
    for name in ("start", "flags"):
        marks[name] = np.concatenate([one[name] for one in runs])
    return {TRACE: table, MARKS: marks}


def _padded(frame: Frame, order: int) -> Matrix:
    """Return a frame's surface coefficients; zeros where none was subtracted."""
    out = np.zeros((order, order))
    if SURFACE in frame.tables:
        own = np.asarray(frame.tables[SURFACE]["surface"][0])
        out[: len(own), : len(own)] = own
    return out


def marks_of(tables: Mapping[str, Table], k: int) -> tuple[NDArray[np.integer], Mask]:
    """Return the runs of flags of one frame.

    Parameters
    ----------
    tables : mapping of str to `~astropy.table.Table`
        Of the stack.
    k : int
        The frame's row in TRACE.

    Returns
    -------
    start, flags : ndarray
        Pixel at which each run begins, rows one after another; and its bits of `DECIDED`.
    """
    marks = tables[MARKS]
    first, last = np.searchsorted(np.asarray(marks["frame"], np.int16), [k, k + 1])
    return np.asarray(marks["start"][first:last], np.int64), np.asarray(marks["flags"][first:last], np.uint16)


def decided_flags(marks: tuple[NDArray[np.integer], Mask], nx: int, rows: slice, columns: slice) -> Mask:
    """Return the flags that were decided by the set, in a window of one frame.

    Parameters
    ----------
    marks : tuple of ndarray
        Of the frame, from `marks_of`.
    nx : int
        Columns of the whole frame.
    rows, columns : slice
        The window, in pixels of the frame.

    Returns
    -------
    ndarray, shape of the window, uint16
        Bits of `DECIDED`.
    """
    start, value = marks
    at = np.arange(rows.start, rows.stop)[:, None] * nx + np.arange(columns.start, columns.stop)
    return np.asarray(value[np.searchsorted(start, at, side="right") - 1])


def refined_wcs(tables: Mapping[str, Table], k: int, own: WCS) -> WCS:
    """Return the coordinates that a frame had when it went into a stack.

    Parameters
    ----------
    tables : mapping of str to `~astropy.table.Table`
        Of the stack.
    k : int
        The frame's row in TRACE.
    own : `~astropy.wcs.WCS`
        The coordinates in the raw file, for all that does not change.

    Returns
    -------
    `~astropy.wcs.WCS`
        Exactly as they were.
    """
    numbers: Any = np.asarray(tables[TRACE]["wcs"][k], float)
    wcs = own.deepcopy()
    wcs.wcs.crval, wcs.wcs.crpix = numbers[:2], numbers[2:4]
    wcs.wcs.cd = numbers[4:].reshape(2, 2)
    wcs.wcs.set()
    return wcs
