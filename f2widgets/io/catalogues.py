"""Tables of sources: those in a product, and those in files of others; and the pixels they point to."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.frame import Frame
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.layout import unreadable
from f2widgets.io.records import FITS_NAME

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.wcs import WCS

#: Names of columns with places, in the order they are looked for: with what is to be subtracted.
_PIXELS = (("X_IMAGE", "Y_IMAGE", 1.0), ("x", "y", 0.0), ("xcentroid", "ycentroid", 0.0))
_SKY = (
    *(("X_WORLD", "Y_WORLD"), ("ra", "dec"), ("alpha_j2000", "delta_j2000"), ("raj2000", "dej2000")),
    *(("ra_icrs", "de_icrs"), ("_raj2000", "_dej2000")),
)
_NEEDED = "It needs columns x and y in pixels, or ra and dec in degrees."


def read_catalogue(path: str | os.PathLike[str]) -> Table:
    """Read a table of sources.

    Parameters
    ----------
    path : path-like
        FITS, ECSV, CSV, or another text with names of columns in its first line.

    Returns
    -------
    `~astropy.table.Table`
        Of a FITS file the first table that holds places.

    Raises
    ------
    NotF2Data
        If the file cannot be read, or no table in it holds places.
    """
    path = Path(path).expanduser()
    try:
        with open(path, "rb"):
            pass
    except OSError as error:
        raise unreadable(path, error) from error
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd in the tables of others is not ours to tell
        try:
            every = _fits_tables(path) if FITS_NAME.match(path.name) else [_text_table(path)]
        except Exception as error:  # readers of tables raise anything
            told = str(error).strip().splitlines()
            raise NotF2Data(
                f"{path} cannot be read as a table: {told[0] if told else type(error).__name__}. "
                "Give a FITS, ECSV or CSV file."
            ) from error
    for table in every:
        if places_in(table) is not None:
            return table
    names = ", ".join(name for table in every for name in table.colnames[:12])
    found = f"the columns {names}" if names else "no columns"
    raise NotF2Data(f"{path} holds no places of sources: it has {found}. {_NEEDED}")


def _fits_tables(path: Path) -> list[Table]:
    """Read all tables of a FITS file."""
    from astropy.io import fits
    from astropy.table import Table

    with fits.open(path) as hdus:
        return [Table.read(hdu) for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]


def _text_table(path: Path) -> Table:
    """Read a table of text."""
    from astropy.table import Table

    kind = {".ecsv": "ascii.ecsv", ".csv": "ascii.csv"}.get(path.suffix.lower(), "ascii")
    return Table.read(path, format=kind)


def catalogue_of(frame: Frame, named: Any) -> Table:
    """Return a table of sources, however it is named.

    Parameters
    ----------
    frame : Frame
        The image they shall be shown on.
    named : str, path-like or `~astropy.table.Table`
        A table; the name of one in the frame, such as ``OBJCAT``; or a file.

    Returns
    -------
    `~astropy.table.Table`
        The table.

    Raises
    ------
    ParameterError
        If there is neither such a table in the frame nor such a file.
    NotF2Data
        If the file holds no places.
    """
    if not isinstance(named, str | os.PathLike):
        return named
    held = frame.tables.get(os.fspath(named))
    if held is not None:
        return held
    if not Path(named).expanduser().exists():
        there = ", ".join(frame.tables) or "none"
        raise ParameterError(
            f"{frame.name} has no table {os.fspath(named)!r}, and there is no such file. It has {there}."
        )
    return read_catalogue(named)


def places_in(table: Any, sky_first: bool = False) -> tuple[str, str, float | None] | None:
    """Return the columns of a table that hold places, and what to subtract; None of the sky's.

    Parameters
    ----------
    table : `~astropy.table.Table`
        Any table.
    sky_first : bool, optional
        Prefer places on the sky to pixels.

    Returns
    -------
    tuple of (str, str, float or None) or None
        None where no columns are known to hold places.
    """
    have = {name.lower(): name for name in getattr(table, "colnames", ())}
    known: list[tuple[str, str, float | None]] = [*_PIXELS]
    known[0 if sky_first else len(known) :] = [(ra, dec, None) for ra, dec in _SKY] + known * sky_first
    for first, second, one in known:
        if first.lower() in have and second.lower() in have:
            return have[first.lower()], have[second.lower()], one
    return None


def pixels_of_table(table: Any, wcs: WCS | None) -> NDArray[np.float32]:
    """Return the places in a table as 0-based pixels.

    Parameters
    ----------
    table : `~astropy.table.Table`
        With columns of pixels (X_IMAGE and Y_IMAGE from 1, x and y from 0) or of the sky (ra and dec), in
        degrees unless they have another unit.
    wcs : `~astropy.wcs.WCS` or None
        Of the image.

    Returns
    -------
    ndarray, shape (n, 2), float32
        x and y; rows without a place are NaN.

    Raises
    ------
    ParameterError
        If there are no such columns, they hold no numbers, or they are of the sky and the image has no
        coordinates.
    """
    found = places_in(table, sky_first=wcs is not None)
    if found is None:
        raise ParameterError(f"The table has no places. {_NEEDED}")
    first, second, one = found
    try:
        pair = np.stack([_numbers(table[name], on_sky=one is None) for name in (first, second)], axis=1)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"The columns {first} and {second} hold no numbers. {_NEEDED}") from error
    if one is not None:
        return np.asarray(pair - one, np.float32)
    if wcs is None:
        raise ParameterError("The table has places on the sky, and the image has no coordinates.")
    return np.asarray(wcs.wcs_world2pix(pair, 0), np.float32) if len(pair) else np.zeros((0, 2), np.float32)


def _numbers(column: Any, on_sky: bool) -> NDArray[np.float64]:
    """Return a column as numbers, angles in degrees, NaN where there is none."""
    unit = getattr(column, "unit", None)
    plain: Any = np.ma.filled(np.ma.asarray(getattr(column, "value", column), dtype=float), np.nan)
    values: NDArray[np.float64] = np.asarray(plain, float)
    if not on_sky or unit is None or str(unit) == "deg":
        return values
    from astropy import units

    return np.asarray(units.Quantity(values, unit).to_value(units.deg), float)
