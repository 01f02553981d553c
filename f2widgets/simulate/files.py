"""Writing whole files or none: under a temporary name, then renamed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from f2widgets.errors import NotWritten


@contextmanager
def whole(path: Path) -> Iterator[Path]:
    """Give a temporary name beside `path`, and rename it to `path` when all went well.

    Parameters
    ----------
    path : Path
        Where the file shall be.

    Yields
    ------
    Path
        The temporary name; it keeps the ending.

    Raises
    ------
    NotWritten
        If the file cannot be written; what was there before is as it was.
    """
    part = path.with_name(f".part-{path.name}")
    try:
        yield part
        os.replace(part, path)
    except OSError as error:
        reason = error.strerror or error
        raise NotWritten(
            f"{path} could not be written ({reason}). Make room, or choose another folder."
        ) from None
    finally:
        part.unlink(missing_ok=True)


def folder(path: Path) -> Path:
    """Make a folder where there is none, and return it.

    Raises
    ------
    NotWritten
        If it cannot be made.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = error.strerror or error
        raise NotWritten(f"{path} could not be made ({reason}). Choose another folder.") from None
    return path
