"""What a file is: the root of its name, and the MD5 sum of its bytes."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from f2widgets.io.layout import unreadable

#: Sums already made, by path, size and time of the last change.
_digests: dict[tuple[str, int, int], str] = {}


def md5_of(path: str | os.PathLike[str]) -> str:
    """Return the MD5 sum of a file; it is computed again only when the file has changed.

    Parameters
    ----------
    path : path-like
        Any file.

    Returns
    -------
    str
        32 hexadecimal digits.

    Raises
    ------
    NotF2Data
        If the file cannot be read.
    """
    path = Path(path)
    try:
        with open(path, "rb", buffering=0) as stream:
            state = os.fstat(stream.fileno())
            key = (os.path.abspath(path), state.st_size, state.st_mtime_ns)
            if key not in _digests:
                digest = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False))
                _digests[key] = digest.hexdigest()
            return _digests[key]
    except OSError as error:
        raise unreadable(path, error) from error


def root_of(path: str | os.PathLike[str]) -> str:
    """Return a file's name without folder and FITS endings.

    Parameters
    ----------
    path : path-like
        Name of a file.

    Returns
    -------
    str
        The root.

    Examples
    --------
    >>> root_of("raw/S20131121S0075.fits.bz2")
    'S20131121S0075'
    """
    name = Path(path).name
    for packing in (".gz", ".bz2", ".fz"):
        name = _without(name, packing)
    return _without(name, ".fits")


def _without(name: str, ending: str) -> str:
    """Return a name without an ending, in capitals or not."""
    return name[: -len(ending)] if name.lower().endswith(ending) else name
