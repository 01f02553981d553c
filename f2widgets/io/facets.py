"""How files fall into groups: how many there are of each kind, exposure time, filter, object and night."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from f2widgets.io.records import Record

#: What files are grouped by: descriptors, in the order in which they are offered.
FACETS = ("tags", "exposure_time", "filter_name", "object", "night")
#: Tags that every usable file has, which tell nothing apart.
COMMON = frozenset({"F2", "GEMINI", "SOUTH"})
#: How a value that a file does not tell is shown.
UNTOLD = "not told"


@dataclass(frozen=True)
class Facet:
    """The values of one descriptor among files, with how many files have each.

    Parameters
    ----------
    name : str
        The descriptor.
    counts : tuple of (str, int)
        Values as text with their counts. Numbers and dates rise; tags and texts come with the most frequent
        first; what is not told is last.
    """

    name: str
    counts: tuple[tuple[str, int], ...]


def shown(value: Any) -> str:
    """Return a value of a descriptor as text for a table or a list of choices.

    Parameters
    ----------
    value : object
        A value; None for one that is not told.

    Returns
    -------
    str
        Numbers without needless digits, moments to the second.
    """
    if value is None:
        return UNTOLD
    return f"{value:g}" if isinstance(value, float) else str(value)


def values_of(record: Record, name: str) -> tuple[str, ...]:
    """Return what a file counts for under a descriptor.

    Parameters
    ----------
    record : Record
        A file.
    name : str
        A descriptor; ``tags`` gives each tag.

    Returns
    -------
    tuple of str
        One value, or all its tags but those that every file has; empty if the file cannot be used.
    """
    if record.problem:
        return ()
    return tuple(sorted(record.tags - COMMON)) if name == "tags" else (shown(record.descriptor(name)),)


def facets(records: Iterable[Record], names: Sequence[str] = FACETS) -> tuple[Facet, ...]:
    """Count the values of descriptors among files.

    Parameters
    ----------
    records : iterable of Record
        Files; those that cannot be used count nowhere.
    names : sequence of str, optional
        Descriptors.

    Returns
    -------
    tuple of Facet
        One for each name.
    """
    rows = list(records)
    return tuple(
        Facet(name, _sorted(Counter(v for row in rows for v in values_of(row, name)))) for name in names
    )


def within(records: Iterable[Record], wanted: Mapping[str, Sequence[str]]) -> list[Record]:
    """Return the files that have the values that were picked.

    Parameters
    ----------
    records : iterable of Record
        Files.
    wanted : mapping of str to sequence of str
        Values by descriptor. Of several tags a file must have all; of several values of another
        descriptor, one. Nothing picked means any.

    Returns
    -------
    list of Record
        In the same order; files that cannot be used only where nothing is picked.
    """
    asked = {name: set(values) for name, values in wanted.items() if values}

    def has(row: Record) -> bool:
        found = {name: set(values_of(row, name)) for name in asked}
        return all(
            values <= found[name] if name == "tags" else bool(values & found[name])
            for name, values in asked.items()
        )

    return [row for row in records if has(row)]


def groups(records: Iterable[Record], by: Sequence[str]) -> list[tuple[tuple[str, ...], list[Record]]]:
    """Put files together that agree in some descriptors.

    Parameters
    ----------
    records : iterable of Record
        Files.
    by : sequence of str
        Descriptors; ``tags`` stands for all tags of a file together.

    Returns
    -------
    list of (tuple of str, list of Record)
        The common values and the files, in the order of their first; files that cannot be used are left out.
    """
    found: dict[tuple[str, ...], list[Record]] = {}
    for row in records:
        if not row.problem:
            key = tuple(" ".join(values_of(row, name)) for name in by)
            found.setdefault(key, []).append(row)
    return list(found.items())


def _sorted(counts: Counter[str]) -> tuple[tuple[str, int], ...]:
    """Order values: numbers and dates as they rise, texts by how many have them, the untold last."""

    def place(pair: tuple[str, int]) -> tuple[bool, float, str]:
        value, count = pair
        try:
            return value == UNTOLD, float(value), ""
        except ValueError:
            dated = value[:4].isdigit() and value.count("-") == 2
            return value == UNTOLD, 0.0 if dated else -float(count), value

    return tuple(sorted(counts.items(), key=place))
