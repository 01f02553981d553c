"""What a step wants to tell the reader: plain sentences, sent to whoever listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

#: Called with a sentence and the name of the frame it is about ("" for the whole set).
Listener = Callable[[str, str], None]

_listener: ContextVar[Listener | None] = ContextVar("f2widgets_notes", default=None)


def note(text: str, frame: str = "") -> None:
    """Tell the listener something that the reader should know; without one, nothing happens.

    Parameters
    ----------
    text : str
        One sentence: the result is still right, but this was unusual.
    frame : str, optional
        Name of the frame it is about; empty for the whole set.
    """
    listener = _listener.get()
    if listener is not None:
        listener(text, frame)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Send the notes of the enclosed code to a listener.

    Parameters
    ----------
    listener : callable
        Called with the sentence and the name of the frame.

    Notes
    -----
    A new thread starts without a listener: run its work in a copy of the context
    (`contextvars.copy_context`) to hear its notes.
    """
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
