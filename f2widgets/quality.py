"""How good a stack is: what was measured of its frames and of itself, as a table and as text."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.align import scale_of
from f2widgets.core.frame import Frame
from f2widgets.core.measures import COLUMNS, QUALITY, flagged_part
from f2widgets.core.stars import find_stars
from f2widgets.errors import WrongInputs
from f2widgets.io.read import read_frame

if TYPE_CHECKING:
    from astropy.table import Table

#: A normal distribution's sigma over its median absolute deviation.
_SIGMA = 1.4826
#: Pixels with this part of the longest exposure have been seen by all frames, but for rejected ones.
_FULL = 0.99


def quality_table(product: Frame | str | os.PathLike[str]) -> Table:
    """Return what was measured of a stack and of the frames in it.

    Parameters
    ----------
    product : Frame or path-like
        A stack made by ``f2 reduce``, in memory or as its file.

    Returns
    -------
    `~astropy.table.Table`
        One row per frame: name, sky (electrons), matched stars, shift dx and dy (pixels) and their rms,
        fwhm (pixels), header_error (arcsec), transparency, and the part that was flagged (0 to 1). The
        numbers of the stack itself are in ``meta``: see `stack_numbers`.

    Raises
    ------
    NotF2Data
        If the file cannot be read.
    WrongInputs
        If it is no stack.

    Examples
    --------
    >>> print(quality_table("S20131121S0075_image.fits"))   # doctest: +SKIP
    """
    frame = product if isinstance(product, Frame) else read_frame(product)
    if QUALITY not in frame.tables:
        raise WrongInputs(
            f"{frame.name} has no table {QUALITY}: only a stack made by f2 reduce tells the quality of "
            "its frames."
        )
    table = frame.tables[QUALITY].copy()
    table.meta.clear()
    table.meta.update(stack_numbers(frame))
    return table


def stack_numbers(frame: Frame) -> dict[str, str | float]:
    """Measure a stack.

    Parameters
    ----------
    frame : Frame
        A stack in electrons, with variance.

    Returns
    -------
    dict
        ``name``; ``filter``; ``exposure`` of one frame and ``total`` where all overlap, seconds;
        ``background`` and ``noise``, electrons, median and sigma of the pixels without sources or guide
        probe; ``fwhm`` of the stars, pixels; ``seeing``, the same in arcsec; ``flagged``, part of the lit
        pixels without any good value.

    Notes
    -----
    *Method*: sources are the plane OBJMASK if there is one; the median and the median absolute deviation
    of what is left, over the pixels that all frames saw.
    """
    exposure = frame.planes.get("EXPMAP")
    total = float(exposure.max()) if exposure is not None else frame.facts.exposure_time
    sky = empty_sky(frame)
    values = frame.data[sky] if sky.any() else np.full(1, np.nan)
    background = float(np.median(values))
    fwhm = find_stars(frame, threshold=12).fwhm if frame.variance is not None else float("nan")
    return {
        "name": frame.name,
        "filter": frame.facts.filter_name or "",
        "exposure": frame.facts.exposure_time,
        "total": total,
        "background": background,
        "noise": _SIGMA * float(np.median(np.abs(values - background))),
        "fwhm": fwhm,
        "seeing": fwhm * (scale_of(frame) if frame.wcs is not None else float("nan")),
        "flagged": flagged_part(frame, stride=1),
    }


def empty_sky(stack: Frame) -> NDArray[np.bool_]:
    """Return which pixels of a stack tell its level and noise.

    Parameters
    ----------
    stack : Frame
        A stack, shape (ny, nx).

    Returns
    -------
    ndarray, shape (ny, nx), bool
        Where all frames saw the sky, without sources or guide probe.
    """
    sky = (stack.mask & (flags.UNUSABLE | flags.OBJECT | flags.PROBE)) == 0
    exposure = stack.planes.get("EXPMAP")
    if exposure is not None:
        sky &= exposure >= _FULL * float(exposure.max())
    if "OBJMASK" in stack.planes:
        sky &= stack.planes["OBJMASK"] == 0
    return np.asarray(sky)


def quality_text(table: Table) -> str:
    """Return a quality table as text to read.

    Parameters
    ----------
    table : `~astropy.table.Table`
        From `quality_table`.

    Returns
    -------
    str
        Lines about the stack, then a line per frame; no line ends in a blank.
    """
    of = table.meta
    first = f"{of['name']}: {len(table)} frames of {of['exposure']:g} s in {of['filter']}"
    rows = frame_lines(table)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [f"{first}, {of['total']:g} s where all overlap"]
    lines += [f"  {name:<13}{told}" for name, told in stack_lines(of).items()]
    return "\n".join([*lines, "", *(_line(row, widths) for row in rows), "", *_legend(rows[0][1:])])


def stack_lines(numbers: Mapping[str, Any]) -> dict[str, str]:
    """Return what was measured of a stack in words.

    Parameters
    ----------
    numbers : mapping
        From `stack_numbers`.

    Returns
    -------
    dict of str to str
        By what is measured.
    """
    of = numbers
    return {
        "background": f"{of['background']:.1f} electrons, noise {of['noise']:.1f} electrons a pixel",
        "stars": _width(of["fwhm"], of["seeing"]),
        "flagged": f"{100 * of['flagged']:.2f} % of the lit pixels have no good value",
    }


def frame_lines(table: Table) -> list[list[str]]:
    """Return what was measured of each frame as rows of text.

    Parameters
    ----------
    table : `~astropy.table.Table`
        From `quality_table`.

    Returns
    -------
    list of list of str
        Names of the columns, their units, then a row for each frame.
    """
    names = [name for name in COLUMNS if name in table.colnames]
    rows = [["frame", *names], ["", *(COLUMNS[name][0] for name in names)]]
    return rows + [[str(row["frame"]), *(_number(row[name], name) for name in names)] for row in table]


def _width(fwhm: float, seeing: float) -> str:
    """Write the width of the stars, if it is known."""
    if not np.isfinite(fwhm):
        return "none from which the width could be measured"
    told = f", {seeing:.2f} arcsec" if np.isfinite(seeing) else ""
    return f"FWHM {fwhm:.2f} pixels{told}"


def _number(value: float, name: str) -> str:
    """Write a number with the decimals worth showing."""
    return f"{value:.{COLUMNS[name][1]}f}" if np.isfinite(value) else "-"


def _line(row: list[str], widths: list[int]) -> str:
    """Write a row: the first column to the left, numbers to the right."""
    numbers = (f"{text:>{width}}" for text, width in zip(row[1:], widths[1:], strict=True))
    return "  ".join([row[0].ljust(widths[0]), *numbers]).rstrip()


def _legend(names: list[str]) -> Iterator[str]:
    """Say what the columns tell."""
    for name in names:
        yield f"{name:<14}{COLUMNS[name][2]}"
