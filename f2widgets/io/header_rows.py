"""All cards of a file's headers as rows, and in what two files differ."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from f2widgets.io.layout import Hdu
from f2widgets.io.peek import image_header, peek

if TYPE_CHECKING:
    from astropy.io.fits import Card

#: How the primary header is called.
PRIMARY = "PRIMARY"


@dataclass(frozen=True)
class Row:
    """One card: the extension it stands in, keyword, value as text, comment.

    A card that breaks the rules has as its value what stands in it, as it stands.
    """

    extension: str
    keyword: str
    value: str
    comment: str = ""


@dataclass(frozen=True)
class Difference:
    """A card that two files do not have alike: its values `before` and `after`, None where it is absent."""

    extension: str
    keyword: str
    change: Literal["added", "removed", "changed"]
    before: str | None
    after: str | None


def header_rows(path: str | os.PathLike[str]) -> list[Row]:
    """Return all cards of all headers of a file.

    Parameters
    ----------
    path : path-like
        A FITS file, plain or packed, of any instrument.

    Returns
    -------
    list of Row
        In the order of the file. Extensions without a name are called by their number.

    Raises
    ------
    NotF2Data
        If it cannot be read, or is no FITS file.
    """
    rows: list[Row] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a card that breaks the rules is shown as it stands
        parts: Sequence[Hdu] = peek(Path(path), list)
        for number, part in enumerate(parts):
            name = _name(part, number)
            rows += [_row(name, card) for card in image_header(part.header).cards]
    return [row for row in rows if row.keyword or row.value]


def _name(part: Hdu, number: int) -> str:
    """Return what an extension is called."""
    if number == 0:
        return PRIMARY
    version = part.header.get("EXTVER", 1)
    return f"{part.name},{version}" if part.name else str(number)


def _row(extension: str, card: Card) -> Row:
    """Make a row of a card."""
    from astropy.io.fits import VerifyError
    from astropy.io.fits.card import Undefined

    try:
        value, comment = card.value, card.comment
    except (VerifyError, ValueError):
        return Row(extension, card.keyword, card.image[8:].strip(" ="))
    if isinstance(value, bool):
        return Row(extension, card.keyword, "T" if value else "F", comment)
    return Row(extension, card.keyword, "" if isinstance(value, Undefined) else str(value), comment)


def found_in(rows: Iterable[Row], text: str) -> list[Row]:
    """Return the rows in which all words of a text stand, in keyword, value or comment.

    Parameters
    ----------
    rows : iterable of Row
        Cards.
    text : str
        Words between blanks; capitals do not matter.

    Returns
    -------
    list of Row
        In the same order; all for a blank text.
    """
    words = text.lower().split()
    return [
        row
        for row in rows
        if all(word in f"{row.keyword} {row.value} {row.comment}".lower() for word in words)
    ]


def differences(one: Iterable[Row], other: Iterable[Row]) -> list[Difference]:
    """Return in what the headers of two files differ; comments of cards do not count.

    Parameters
    ----------
    one, other : iterable of Row
        Cards of each.

    Returns
    -------
    list of Difference
        In the order of the first file, then what only the second has. Of keywords that stand several times
        in a header (COMMENT, HISTORY) the first is held against the first, and so on.
    """
    before, after = _numbered(one), _numbered(other)
    found = []
    for key in {**before, **after}:
        a, b = before.get(key), after.get(key)
        if a != b:
            change: Literal["added", "removed", "changed"]
            change = "added" if a is None else "removed" if b is None else "changed"
            found.append(Difference(key[0], key[1], change, a, b))
    return found


def _numbered(rows: Iterable[Row]) -> dict[tuple[str, str, int], str]:
    """Return values by extension, keyword, and how often that has stood there before."""
    found: dict[tuple[str, str, int], str] = {}
    seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        key = row.extension, row.keyword
        found[*key, seen[key]] = row.value
        seen[key] += 1
    return found
