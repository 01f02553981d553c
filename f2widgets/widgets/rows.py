"""Files as rows for the table of a page, and lists of files as short arguments for code."""

from __future__ import annotations

import glob
import math
import os
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from f2widgets.errors import F2Error
from f2widgets.io.descriptors import DESCRIPTORS, descriptor
from f2widgets.io.facets import COMMON
from f2widgets.io.records import FITS_NAME, Record

#: Digits of a number in a table.
DIGITS = 8
#: Keys of the columns with the name of a file, and with the reason why it cannot be used.
NAME, PROBLEM = "filename", "problem"


def cell(value: Any) -> str | int | float | bool | None:
    """Return a value of a descriptor as JSON can hold it; a number keeps `DIGITS` digits."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None
    return value if isinstance(value, int | str) else str(value)


def columns(names: Sequence[str]) -> list[dict[str, Any]]:
    """Return the columns of a table of files: the name, and descriptors with their units.

    Parameters
    ----------
    names : sequence of str
        Descriptors.

    Returns
    -------
    list of dict
        ``key``, ``title`` and ``numeric`` of each.

    Raises
    ------
    ParameterError
        If there is no such descriptor.
    """
    found: list[dict[str, Any]] = [{"key": NAME, "title": "file", "numeric": False}]
    for name in names:
        asked = descriptor(name)
        title = f"{name} [{asked.unit}]" if asked.unit else name
        found.append({"key": name, "title": title, "numeric": asked.kind in (int, float)})
    return found


def packed(records: Sequence[Record], names: Sequence[str], folder: Path | None = None) -> dict[str, Any]:
    """Return files as rows, without repeating what all rows have in common.

    Parameters
    ----------
    records : sequence of Record
        Files.
    names : sequence of str
        Descriptors.
    folder : `~pathlib.Path`, optional
        Names are shown from here.

    Returns
    -------
    dict
        ``columns``, ``rows`` as lists of cells, and ``reasons`` by place of files that cannot be used.
    """
    rows = [[_name(row.path, folder), *(_told(row, name) for name in names)] for row in records]
    reasons = {str(i): row.short_problem for i, row in enumerate(records) if row.problem}
    return {"columns": columns(names), "rows": rows, "reasons": reasons}


def _told(row: Record, name: str) -> str | int | float | bool | None:
    """Return what a file tells; of its tags those that tell it from others."""
    if name == "tags":
        return " ".join(sorted(row.tags - COMMON)) or None
    return cell(row.descriptor(name))


def _name(path: Path, folder: Path | None) -> str:
    """Return the name of a file as a table shows it."""
    if folder is None or path.parent == folder:
        return path.name
    return os.path.relpath(path, folder)


def as_arguments(files: Sequence[Path]) -> list[str]:
    """Return files as the fewest names and patterns that stand for exactly these.

    Parameters
    ----------
    files : sequence of `~pathlib.Path`
        Files.

    Returns
    -------
    list of str
        A pattern (``raw/*.fits``) for each folder all of whose files of that ending are among them; the
        others by name.
    """
    by_folder: dict[Path, list[Path]] = defaultdict(list)
    for file in files:
        by_folder[file.parent].append(file)
    found: list[str] = []
    for folder, some in by_folder.items():
        found += _patterns(folder, some) or [os.fspath(file) for file in some]
    return found


def _patterns(folder: Path, files: Sequence[Path]) -> list[str]:
    """Return the patterns that match exactly these files of a folder; none if there are no such."""
    wanted = {file.name for file in files}
    endings = dict.fromkeys(_ending(name) for name in sorted(wanted))
    patterns = [f"*{ending}" for ending in endings]
    matched = {name for one in patterns for name in glob.glob(one, root_dir=folder)}
    if len(wanted) < 2 or matched != wanted or any(not FITS_NAME.match(name) for name in wanted):
        return []
    return [os.path.join(glob.escape(os.fspath(folder)), one) for one in patterns]


def _ending(name: str) -> str:
    """Return the ending of a name: ``.fits.bz2``."""
    stem, ending = os.path.splitext(name)
    return os.path.splitext(stem)[1] + ending if ending in (".gz", ".bz2", ".fz") else ending


def known_columns(names: Iterable[str]) -> tuple[str, ...]:
    """Return descriptors each once, or refuse one that does not exist."""
    return tuple(dict.fromkeys(descriptor(name).name for name in names))


def offered() -> list[dict[str, Any]]:
    """Return all descriptors, for a list to choose from."""
    return [
        {"name": one.name, "unit": one.unit} for one in sorted(DESCRIPTORS.values(), key=lambda d: d.name)
    ]


def error_as_data(error: F2Error) -> Mapping[str, Any]:
    """Return an error for the page: its words, and the column of an expression where it has one."""
    reason = getattr(error, "reason", str(error))
    return {"reason": reason, "column": getattr(error, "column", None)}
