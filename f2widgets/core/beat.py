"""The beat of long work: given often, so that whoever listens can stop it at any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[], None] | None] = ContextVar("f2widgets_beat", default=None)


def beat() -> None:
    """Say that work goes on; without a listener nothing happens. What the listener raises stops the work."""
    listener = _listener.get()
    if listener is not None:
        listener()


@contextmanager
def beating(listener: Callable[[], None]) -> Iterator[None]:
    """Send the beats of the enclosed code to a listener.

    Parameters
    ----------
    listener : callable
        Called without arguments, in the thread of the enclosed code, many times a second.

    Notes
    -----
    A new thread starts without a listener: `f2widgets.core.blocks.each`, which starts them, beats for them.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
