"""The log of a run: a file to which lines are appended, each with its time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from typing import TextIO

import click

from f2widgets.errors import NotWritten

#: Appends a line of text.
Write = Callable[[str], None]


@contextmanager
def logged(logfile: str | None) -> Iterator[Write | None]:
    """Open a log while a run lasts.

    Parameters
    ----------
    logfile : str or None
        The file; lines are appended to one that is there.

    Yields
    ------
    callable or None
        To be called with each line; it raises `NotWritten` when there is no more room, once. None without a
        file.

    Raises
    ------
    click.FileError
        If the log cannot be opened.
    """
    if logfile is None:
        yield None
        return
    try:
        stream = open(logfile, "a", encoding="utf-8")
    except OSError as error:
        raise click.FileError(logfile, error.strerror or str(error)) from error
    try:
        yield _Log(stream, logfile)
    finally:
        with suppress(OSError):  # what could not be written has been told
            stream.close()


class _Log:
    """Appends lines, so that each is there whatever comes next."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name = stream, name
        self._broken = False

    def __call__(self, text: str) -> None:
        """Append a line of text."""
        if self._broken:
            return
        try:
            self._stream.write(f"{datetime.now().isoformat(timespec='seconds')} {text}\n")
            self._stream.flush()
        except OSError as error:
            self._broken = True
            raise NotWritten(
                f"The log {self._name} could not be written: {error.strerror}. "
                "Make room, or name another file with --logfile."
            ) from error
