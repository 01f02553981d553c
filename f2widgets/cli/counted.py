"""A bar that counts what is done, on a terminal; nothing elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from f2widgets.core.annotations import Tick, ignore

if TYPE_CHECKING:
    from rich.progress import Progress
#: Seconds that may pass without a word while headers are read.
_PATIENCE = 1.0


@contextmanager
def counted(what: str, *, quiet: bool = False, after: float = 0.0) -> Iterator[Tick]:
    """Give what is to be called with how many are done, and how many there are.

    Parameters
    ----------
    what : str
        Stands before the bar.
    quiet : bool, optional
        Draw nothing.
    after : float, optional
        Draw nothing either for so many seconds: what is done sooner needs no bar.

    Yields
    ------
    callable
        For the number done and the total.
    """
    if quiet or not sys.stderr.isatty():
        yield ignore
        return
    bar, began = _Bar(what), perf_counter()

    def tick(done: int, total: int, /) -> None:
        if perf_counter() - began >= after:
            bar.show(done, total)

    try:
        yield tick
    finally:
        bar.stop()


def reading_headers(*, quiet: bool = False) -> AbstractContextManager[Tick]:
    """Return what counts headers that are read, where it takes long enough to wonder."""
    return counted("Reading headers", quiet=quiet, after=_PATIENCE)


class _Bar:
    """Begins with the first number; until then nothing is imported that draws."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._drawn: Progress | None = None

    def show(self, done: int, total: int) -> None:
        """Show how far it is."""
        if self._drawn is None:
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

            columns = ("{task.description}", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
            self._drawn = Progress(*columns, console=Console(stderr=True), transient=True)
            self._drawn.add_task(self._what, total=total)
            self._drawn.start()
        self._drawn.update(self._drawn.task_ids[0], completed=done, total=total)

    def stop(self) -> None:
        """Take the bar away."""
        if self._drawn is not None:
            self._drawn.stop()
