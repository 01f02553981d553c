"""What is odd about files' headers, what was repaired or assumed in reading them, and a verdict on each."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from f2widgets.errors import F2Error, NotF2Data
from f2widgets.files import Names, paths_of
from f2widgets.io.layout import layout
from f2widgets.io.records import Record, records
from f2widgets.io.repairs import Remark
from f2widgets.io.unpack import unpacked

#: ``in order``: nothing to say; ``usable``: with the remarks made; ``not usable``: refused, and why.
Verdict = Literal["in order", "usable", "not usable"]


@dataclass(frozen=True)
class Report:
    """What was found of one file.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    what : str
        What it is, in words: ``dark, 120 s``; empty where it cannot be read.
    remarks : tuple of Remark
        What is odd, repaired or assumed.
    problem : str or None
        Why it cannot be used.
    """

    path: Path
    what: str = ""
    remarks: tuple[Remark, ...] = ()
    problem: str | None = None

    @property
    def verdict(self) -> Verdict:
        """Whether it can be used."""
        if self.problem:
            return "not usable"
        return "usable" if self.remarks else "in order"

    def __str__(self) -> str:
        """Write the report in lines of plain text."""
        first = ": ".join(filter(None, (self.path.name, self.what)))
        lines = [f"{first}: {self.verdict}"]
        if self.problem:
            lines.append(f"    {self.problem.removeprefix(str(self.path)).strip()}")
        return "\n".join([*lines, *(f"    {remark.sort}: {remark.text}" for remark in self.remarks)])


def check(files: Names, *, whole: bool = False) -> list[Report]:
    """Look for what is odd about files, from their headers.

    Parameters
    ----------
    files : str, path or iterable of these
        Files, patterns (``"raw/*.fits"``), lists (``"@darks.list"``), or folders.
    whole : bool, optional
        Unpack packed files to their end: of those only the beginning is read otherwise, so that one that
        is cut short within its pixels is not noticed.

    Returns
    -------
    list of Report
        One for each file, in the order given. No file stops the others.

    Raises
    ------
    WrongInputs
        If a name matches no file.

    Notes
    -----
    Each exposure that comes twice is remarked upon.

    Examples
    --------
    >>> for report in check("../playdata/example1"):   # doctest: +SKIP
    ...     print(report)
    """
    rows = records(paths_of(files))
    if whole:
        with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
            rows = list(pool.map(_to_the_end, rows))
    return _with_copies([_report(row) for row in rows], rows)


def summary(reports: Sequence[Report]) -> str:
    """Count reports by their verdict.

    Parameters
    ----------
    reports : sequence of Report
        From `check`.

    Returns
    -------
    str
        A sentence.
    """
    counted: dict[Verdict, int] = {"in order": 0, "usable": 0, "not usable": 0}
    for report in reports:
        counted[report.verdict] += 1
    words = {"in order": "in order", "usable": "usable with remarks", "not usable": "not usable"}
    told = ", ".join(f"{n} {words[verdict]}" for verdict, n in counted.items() if n)
    return f"{len(reports)} file{'' if len(reports) == 1 else 's'}: {told or 'nothing to check'}."


def _to_the_end(row: Record) -> Record:
    """Unpack a file to its end, and keep what is wrong with it."""
    if row.problem:
        return row
    try:
        temporary = unpacked(row.path)
        if temporary is not None:
            try:
                layout(temporary)
            except NotF2Data as error:
                raise NotF2Data(str(error).replace(str(temporary), str(row.path))) from error
            finally:
                temporary.unlink()
    except F2Error as error:
        return replace(row, problem=str(error))
    return row


def _report(row: Record) -> Report:
    """Say what there is to say about a file alone."""
    return Report(row.path, _what(row), row.remarks, row.problem or refused(row))


def _what(row: Record) -> str:
    """Say what a file is, as an observer would."""
    if row.headers is None:
        return ""
    tags, facts = row.tags, row.facts
    if "F2" not in tags:
        return ""
    sorts = {
        "BPM": "bad-pixel mask",
        "DARK": "dark",
        "TWILIGHT": "twilight",
        "LAMPON": "flat, lamp on",
        "LAMPOFF": "flat, lamp off",
        "FLAT": "flat",
        "ARC": "arc",
        "ACQUISITION": "acquisition",
        "SPECT": "spectrum",
        "IMAGE": "image",
    }
    sort = next((words for tag, words in sorts.items() if tag in tags), "frame")
    optics = [] if tags & {"DARK", "BPM"} else [facts.filter_name or "filter unknown"]
    state = ["processed"] if "PROCESSED" in tags else []
    return ", ".join([*state, sort, *optics, f"{facts.exposure_time:g} s"])


def refused(row: Record) -> str | None:
    """Say why a reduction would refuse a file whose headers can be read.

    Parameters
    ----------
    row : Record
        The file.

    Returns
    -------
    str or None
        The reason and what to do, without the name of the file; None where nothing speaks against it.
    """
    if "SPECT" in row.tags:
        return "is a spectrum; only images are reduced here. Leave it out."
    if row.headers is not None and row.descriptor("is_ao"):
        return "was taken through the adaptive optics, whose field is not known here. Leave it out."
    return None


def exposure_of(row: Record) -> tuple[object, ...] | None:
    """Return by what an exposure is known, whatever its file is called.

    Parameters
    ----------
    row : Record
        A file.

    Returns
    -------
    tuple or None
        Equal for copies of one exposure; None where the file does not tell.
    """
    label, start = row.descriptor("data_label"), row.descriptor("ut_start")
    return (label, start, *sorted(row.tags)) if label and start and not row.problem else None


def _with_copies(reports: Sequence[Report], rows: Iterable[Record]) -> list[Report]:
    """Add a remark to each exposure that comes more than once."""
    exposures: dict[tuple[object, ...], list[Path]] = defaultdict(list)
    keys = [exposure_of(row) for row in rows]
    for report, key in zip(reports, keys, strict=True):
        if key:
            exposures[key].append(report.path)
    return [
        replace(report, remarks=(*report.remarks, *_copies(report.path, exposures[key] if key else ())))
        for report, key in zip(reports, keys, strict=True)
    ]


def _copies(path: Path, same: Sequence[Path]) -> tuple[Remark, ...]:
    """Name the other files of an exposure."""
    others = ", ".join(str(other) for other in same if other != path)
    return (Remark("odd", f"It is the same exposure as {others}; leave one out."),) if others else ()
