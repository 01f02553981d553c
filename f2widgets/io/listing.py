"""Descriptors of files as text: the cells of a table, and comma-separated values."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from f2widgets.io.records import Record


def listing(
    rows: Sequence[Record], columns: Sequence[str], pretty: bool = True
) -> tuple[list[str], list[list[str]]]:
    """Return descriptors of files as text.

    Parameters
    ----------
    rows : sequence of Record
        Files.
    columns : sequence of str
        Descriptors.
    pretty : bool, optional
        Plain forms where there are any.

    Returns
    -------
    titles : list of str
        ``filename``, the descriptors, and ``problem`` if a file has any.
    cells : list of list of str
        A line for each file.

    Raises
    ------
    ParameterError
        If there is no such descriptor.
    """
    titles = ["filename", *columns]
    cells = [[str(row.path), *(str(row.descriptor(name, pretty)) for name in columns)] for row in rows]
    if any(row.problem for row in rows):
        titles.append("problem")
        cells = [[*line, row.short_problem or ""] for row, line in zip(rows, cells, strict=True)]
    return titles, cells


def csv_lines(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Return a table as lines of comma-separated values, quoted where needed.

    Parameters
    ----------
    titles : sequence of str
        Headings.
    cells : sequence of sequence of str
        A line for each row.

    Returns
    -------
    list of str
        Lines, the headings first.
    """
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([titles, *cells])
    return text.getvalue().splitlines()
