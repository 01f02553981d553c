"""Answers of descriptors as text, to be kept; and what tells answers of one release from another's."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from datetime import date, datetime, time
from functools import cache
from pathlib import Path
from typing import Any

from f2widgets.io.descriptors import DESCRIPTORS

_MOMENTS: Mapping[type, Any] = {
    date: date.fromisoformat,
    time: time.fromisoformat,
    datetime: datetime.fromisoformat,
}
#: How answers that JSON has no word for are read back, by the key under which a record keeps them.
_READ = {name: _MOMENTS[one.kind] for name, one in DESCRIPTORS.items() if one.kind in _MOMENTS}


def to_json(answers: Mapping[str, Any]) -> str:
    """Write answers as text.

    Parameters
    ----------
    answers : mapping
        As `Record.answers` has them.

    Returns
    -------
    str
        JSON; answers that are tuples are left out, which are quickly asked again.
    """
    plain = {
        key: value.isoformat() if isinstance(value, date | time) else value
        for key, value in answers.items()
        if value is None or isinstance(value, str | int | float | date | time)
    }
    return json.dumps(plain)


def from_json(text: str) -> dict[str, Any]:
    """Read answers back.

    Parameters
    ----------
    text : str
        What `to_json` wrote.

    Returns
    -------
    dict
        For `Record.answers`.

    Raises
    ------
    ValueError
        If the text is damaged.
    """
    answers: dict[str, Any] = json.loads(text)
    for key in _READ.keys() & answers.keys():
        if answers[key] is not None:
            answers[key] = _READ[key](answers[key])
    return answers


@cache
def stamp() -> str:
    """Return a text that changes with the code that reads headers.

    Returns
    -------
    str
        A digest of the state of its source files and of the release of astropy.
    """
    from astropy import __version__

    folder = Path(__file__).parent
    found = hashlib.sha256(__version__.encode())
    for path in sorted([*folder.glob("*.py"), *(folder.parent / "core").glob("detector.py")]):
        state = os.stat(path)
        found.update(f"{path}{state.st_size}{state.st_mtime_ns}".encode())
    return found.hexdigest()[:16]
