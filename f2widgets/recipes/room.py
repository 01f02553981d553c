"""The room that a run has for its frames: memory alone, or the disk as well."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from f2widgets.core.beat import beating
from f2widgets.core.parking import parking
from f2widgets.io.scratch import Scratch


@contextmanager
def in_room(scratch: Scratch | None, beat: Callable[[], None]) -> Iterator[None]:
    """Let steps park frames on disk, and let go, at each beat of their work, of what was read from there.

    Parameters
    ----------
    scratch : Scratch or None
        Room on disk; None where frames stay in memory.
    beat : callable
        What else is done at each beat.
    """
    if scratch is None:
        with beating(beat):
            yield
        return

    def both() -> None:
        scratch.let_go()
        beat()

    with parking(scratch.park, scratch.let_go), beating(both):
        yield
