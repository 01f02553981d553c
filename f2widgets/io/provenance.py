"""PROVENANCE and HISTORY: what went into a product and what was done, as tables of text in its file.

The columns are those that astrodata 3 reads; HISTORY has one more, ``step``, with our name of the
step beside the reference's. The tables hold text only, so they are packed here in a few lines:
`astropy.table` takes 0.1 s to import, which no dark or flat needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
from astropy.io.fits import Header

from f2widgets.core.frame import Entry, Origin
from f2widgets.io.layout import BLOCK

#: Keywords that the reference stamps with the time of a step, by its name of the step.
STAMPS: Mapping[str, tuple[str, ...]] = {
    "prepare": ("VALDATA", "SDZSTRUC", "SDZHDRSG", "SDZHDRSI", "SDZWCS", "PREPARE"),
    "addDQ": ("ADDDQ",),
    "addIllumMaskToDQ": ("ADILLMSK",),
    "ADUToElectrons": ("ADUTOELE",),
    "addVAR": ("ADDVAR",),
    "nonlinearityCorrect": ("LINCORR",),
    "darkCorrect": ("DARKCORR",),
    "flatCorrect": ("FLATCORR",),
    "normalizeFlat": ("NORMLIZE",),
    "thresholdFlatfield": ("TRHFLAT",),
    "makeBPM": ("BPMASK",),
    "separateSky": ("SEPSKY",),
    "associateSky": ("ASSOCSKY",),
    "skyCorrect": ("SUBSKY",),
    "detectSources": ("DETECSRC",),
    "dilateObjectMask": ("DLOBJMSK",),
    "adjustWCSToReference": ("CORRWCS",),
    "resampleToCommonFrame": ("ALIGN",),
    "scaleCountsToReference": ("SCALEOBJ",),
    "stackFrames": ("STACKFRM",),
    "stackDarks": ("STACKFRM",),
}

Rows = list[dict[str, str]]


def time_text(moment: datetime) -> str:
    """Return a moment as the reference writes it: ISO 8601, UTC, without a zone.

    Parameters
    ----------
    moment : datetime
        With a zone, or in UTC.

    Returns
    -------
    str
        Such as ``2013-11-21T03:04:05.678901``.
    """
    if moment.tzinfo is not None:
        moment = moment.astimezone(UTC).replace(tzinfo=None)
    return moment.isoformat()


def arguments_text(arguments: Mapping[str, Any]) -> str:
    """Return the arguments of a step as JSON, in a fixed order.

    Parameters
    ----------
    arguments : mapping
        By name; what JSON does not know is written as text.

    Returns
    -------
    str
        ASCII.
    """
    return json.dumps(dict(arguments), sort_keys=True, default=_plain)


def provenance_rows(provenance: Sequence[Origin]) -> Rows:
    """Return the rows of PROVENANCE.

    Parameters
    ----------
    provenance : sequence of Origin
        Files that went in.

    Returns
    -------
    list of dict
        One for each file.
    """
    return [
        {
            "timestamp": time_text(origin.timestamp),
            "filename": origin.filename,
            "md5": origin.md5,
            "provenance_added_by": origin.added_by,
        }
        for origin in provenance
    ]


def history_rows(history: Sequence[Entry]) -> Rows:
    """Return the rows of HISTORY.

    Parameters
    ----------
    history : sequence of Entry
        Steps, earliest first.

    Returns
    -------
    list of dict
        One for each step.
    """
    return [
        {
            "primitive": entry.verb or entry.step,
            "args": arguments_text(entry.arguments),
            "timestamp_start": time_text(entry.started),
            "timestamp_stop": time_text(entry.stopped),
            "step": entry.step,
        }
        for entry in history
    ]


def provenance_from(rows: Rows) -> tuple[Origin, ...]:
    """Return the files that went in, from the rows of PROVENANCE.

    Parameters
    ----------
    rows : list of dict
        As `provenance_rows` makes them; missing columns are taken as empty.

    Returns
    -------
    tuple of Origin
        In the same order.
    """
    return tuple(
        Origin(
            filename=row.get("filename", ""),
            md5=row.get("md5", ""),
            added_by=row.get("provenance_added_by", ""),
            timestamp=_moment(row.get("timestamp", "")),
        )
        for row in rows
    )


def history_from(rows: Rows) -> tuple[Entry, ...]:
    """Return the steps from the rows of HISTORY, the reference's own included.

    Parameters
    ----------
    rows : list of dict
        As `history_rows` makes them; missing columns are taken as empty.

    Returns
    -------
    tuple of Entry
        In the same order.
    """
    return tuple(
        Entry(
            step=row.get("step") or row.get("primitive", ""),
            verb=row.get("primitive", ""),
            arguments=_arguments(row.get("args", "")),
            started=_moment(row.get("timestamp_start", "")),
            stopped=_moment(row.get("timestamp_stop", "")),
        )
        for row in rows
    )


def packed(name: str, rows: Rows) -> bytes:
    """Return a FITS table of text columns, header and padding included.

    Parameters
    ----------
    name : str
        EXTNAME. There is no EXTVER: the table belongs to the file, not to one image.
    rows : list of dict
        At least one; all with the same keys.

    Returns
    -------
    bytes
        A whole number of FITS blocks.
    """
    cells = {key: [_ascii(row[key]) for row in rows] for key in rows[0]}
    widths = {key: max(1, *map(len, column)) for key, column in cells.items()}
    table = np.zeros(len(rows), [(key, f"S{width}") for key, width in widths.items()])
    for key, column in cells.items():
        table[key] = column
    header = Header([("XTENSION", "BINTABLE"), ("BITPIX", 8), ("NAXIS", 2), ("NAXIS1", table.itemsize)])
    header.extend(
        [("NAXIS2", len(rows)), ("PCOUNT", 0), ("GCOUNT", 1), ("TFIELDS", len(widths))], strip=False
    )
    for i, (key, width) in enumerate(widths.items(), 1):
        header.extend([(f"TTYPE{i}", key), (f"TFORM{i}", f"{width}A")], strip=False)
    header["EXTNAME"] = name
    data = table.tobytes()
    return bytes(header.tostring().encode("ascii")) + data + bytes(-len(data) % BLOCK)


def unpacked_rows(header: Header, data: bytes) -> Rows:
    """Return the rows of a FITS table; columns that are not text are left out.

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        Header of the table.
    data : bytes
        Its data.

    Returns
    -------
    list of dict
        Text by name of the column, without trailing blanks.
    """
    ny, row_bytes = int(header["NAXIS2"]), int(header["NAXIS1"])
    names, formats, offsets, place = [], [], [], 0
    for i in range(1, int(header["TFIELDS"]) + 1):
        width = _width(str(header[f"TFORM{i}"]))
        if str(header[f"TFORM{i}"]).strip().endswith("A") and width:
            names.append(str(header[f"TTYPE{i}"]).strip())
            formats.append(f"S{width}")
            offsets.append(place)
        place += width
    kind = np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": row_bytes})
    table = np.frombuffer(data[: ny * row_bytes], kind)
    return [{name: row[name].decode("ascii", "replace").rstrip() for name in names} for row in table]


#: Bytes of one element, by the letter of TFORM (FITS standard 4.0, table 18; X is left out).
_BYTES = {"L": 1, "B": 1, "I": 2, "J": 4, "K": 8, "A": 1, "E": 4, "D": 8, "C": 8, "M": 16, "P": 8, "Q": 16}


def _width(form: str) -> int:
    """Return the bytes that a column takes in a row."""
    found = re.match(r"\s*(\d*)([A-Z])", form)
    if found is None:
        return 0
    count, letter = found.groups()
    return int(count or 1) * _BYTES.get(letter, 1)


def _ascii(text: str) -> bytes:
    """Return text as FITS can keep it; other characters are spelt out."""
    return text.encode("ascii", "backslashreplace").replace(b"\n", b" ")


def _plain(value: Any) -> Any:
    """Return what JSON can write for something that it does not know."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def _arguments(text: str) -> dict[str, Any]:
    """Return arguments from JSON; anything else is kept as one text."""
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    return found if isinstance(found, dict) else {"args": text}


def _moment(text: str) -> datetime:
    """Return a moment in UTC; the start of 1970 where the text is none."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime(1970, 1, 1, tzinfo=UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
