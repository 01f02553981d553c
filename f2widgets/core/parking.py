"""Where a step puts frames that it holds many of: in memory, or where whoever runs it has made room.

A step that makes new planes for a whole set parks each frame as it is made, so that memory does not grow with
the number of frames. What it reads of parked frames is let go of after each block of rows, and at each beat.
Without anybody who makes room, frames stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from f2widgets.core.frame import Frame

_parker: ContextVar[Callable[[Frame], Frame] | None] = ContextVar("f2widgets_parking", default=None)
_releaser: ContextVar[Callable[[], None] | None] = ContextVar("f2widgets_releasing", default=None)


def parked(frame: Frame) -> Frame:
    """Return the same frame, its planes where there is room for many.

    Parameters
    ----------
    frame : Frame
        Any frame.

    Returns
    -------
    Frame
        Equal; the one given, where nobody has made room.
    """
    parker = _parker.get()
    return frame if parker is None else parker(frame)


def releaser() -> Callable[[], None]:
    """Return what lets go of the pages of parked frames that were read; it may be called in any thread."""
    return _releaser.get() or _nothing


@contextmanager
def parking(parker: Callable[[Frame], Frame], let_go: Callable[[], None]) -> Iterator[None]:
    """Park the frames of the enclosed code.

    Parameters
    ----------
    parker : callable
        Takes a frame, and returns an equal one.
    let_go : callable
        Gives back the memory of what was read of parked frames.

    Notes
    -----
    A new thread starts without: steps park in the thread that called them.
    """
    tokens = _parker.set(parker), _releaser.set(let_go)
    try:
        yield
    finally:
        _parker.reset(tokens[0])
        _releaser.reset(tokens[1])


def _nothing() -> None:
    """Do nothing."""
