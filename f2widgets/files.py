"""Files as an observer handles them from Python: look at their headers, and choose some."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from f2widgets.io import records as _records, select as _select
from f2widgets.io.descriptors import descriptor
from f2widgets.io.index import indexed
from f2widgets.io.names import expand_names

if TYPE_CHECKING:
    from astropy.table import Table

Names = str | os.PathLike[str] | Iterable[str | os.PathLike[str]]


def table(files: Names, descriptors: Sequence[str] = _records.USUAL, *, long: bool = False) -> Table:
    """Return descriptors of files as a table: what ``f2 typewalk`` and ``f2 showd`` show.

    Parameters
    ----------
    files : str, path or iterable of these
        Files, patterns (``"raw/*.fits"``), lists (``"@darks.list"``), or a folder.
    descriptors : sequence of str, optional
        Columns: ``tags``, ``object``, ``exposure_time``, ``filter_name`` and others.
    long : bool, optional
        Values as they stand in the header, ``J_G0802&Open`` for ``J``.

    Returns
    -------
    `~astropy.table.Table`
        One row per file, ``filename`` first; values that a file does not tell are masked. A file that
        cannot be read has its reason in the column ``problem``.

    Raises
    ------
    WrongInputs
        If a name matches no file.
    ParameterError
        If there is no such descriptor.

    Examples
    --------
    >>> table("../playdata/example1", ["tags", "exposure_time"])   # doctest: +SKIP
    """
    for name in descriptors:
        descriptor(name)  # a slip shows before any file is read
    rows = indexed(paths_of(files), descriptors, say=_warn)
    return _records.table(rows, descriptors, pretty=not long)


def select(
    files: Names,
    *,
    tags: str | Iterable[str] = (),
    xtags: str | Iterable[str] = (),
    expression: str | None = None,
    strict: bool = False,
) -> list[Path]:
    """Choose files by their tags and by an expression, as ``f2 dataselect`` does.

    Parameters
    ----------
    files : str, path or iterable of these
        As in `table`.
    tags, xtags : str or iterable of str, optional
        Tags that a file must have, all of them, or must not have, none of them; also ``"A,B"``.
    expression : str, optional
        Compares descriptors with values: ``'exposure_time==120 and filter_name=="Y"'``.
    strict : bool, optional
        No tolerances, and texts as they stand in the header.

    Returns
    -------
    list of `~pathlib.Path`
        The files that meet all conditions, in the order given. Files that cannot be read or do not tell
        what the expression asks for are not among them: `f2widgets.io.select.select` says which.

    Raises
    ------
    WrongInputs
        If a name matches no file.
    ParameterError
        If there is no such tag or descriptor, or the expression cannot be read.

    Examples
    --------
    >>> darks = select("../playdata/example1", tags="DARK", expression="exposure_time==120")  # doctest: +SKIP
    """
    wanted, unwanted = _words(tags), _words(xtags)
    _select.select((), wanted, unwanted, expression, strict)  # a slip shows before any file is read
    rows = indexed(paths_of(files), _select.asked(expression), say=_warn)
    return [row.path for row in _select.select(rows, wanted, unwanted, expression, strict).matched]


def paths_of(files: Names) -> list[Path]:
    """Return the files that names, patterns, lists and folders stand for.

    Parameters
    ----------
    files : str, path or iterable of these
        A folder stands for the FITS files in it and below.

    Returns
    -------
    list of `~pathlib.Path`
        Each once.
    """
    several = [files] if isinstance(files, str | os.PathLike) else files
    found: list[Path] = []
    for name in (os.fspath(one) for one in several):
        found += _records.find_files(name) if os.path.isdir(name) else expand_names([name])
    return list(dict.fromkeys(found))


def _words(tags: str | Iterable[str]) -> list[str]:
    """Take tags apart that came joined by commas."""
    return tags.split(",") if isinstance(tags, str) else list(tags)


def _warn(text: str) -> None:
    """Say why the index of headers is not used; what is returned is the same."""
    warnings.warn(text, stacklevel=4)
