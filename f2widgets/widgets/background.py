"""Panels that work in the background: one deed at a time, with its progress, a cancel, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from f2widgets.errors import Cancelled
from f2widgets.recipes.events import Advanced, Event, Listener, Note
from f2widgets.widgets.panel import Panel, from_page
from f2widgets.widgets.worker import Worker
from f2widgets.widgets.workspace import Workspace


class BackgroundPanel(Panel):
    """A panel with a worker.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share.

    Notes
    -----
    A panel begins a deed by `_start`, and overrides `_finished`, which takes its result. The page hears of
    how far it is, see ``workOf`` in ``parts.js``.
    """

    #: What is told when the user has stopped a deed.
    stopped: ClassVar[str] = "Stopped."

    def __init__(self, workspace: Workspace | None = None, **kwargs: Any) -> None:
        super().__init__(workspace, **kwargs)
        self._worker = Worker(self._heard, self._ended)

    @from_page
    def cancel(self) -> None:
        """Stop what is going on."""
        self._worker.cancel()

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end of what is going on; for scripts and tests.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Raises
        ------
        TimeoutError
            If it is not done by then.
        """
        while self._worker.busy:
            self._worker.wait(timeout)

    def _start(self, doing: str, work: Callable[[Listener], Any]) -> None:
        """Begin a deed; raises where one is going on already."""
        self._worker.start(work, doing)
        self._going(0, 0)

    def _going(self, done: int | None, total: int | None) -> None:
        """Tell the page how far it is; None when it is over."""
        self.send({"kind": "going", "doing": self._worker.doing, "done": done, "total": total})

    def _heard(self, events: list[Event]) -> None:
        """Take note of what the worker tells, on the main thread."""
        for event in events:
            if isinstance(event, Note):
                self._noted(event)
        far = next((event for event in reversed(events) if isinstance(event, Advanced)), None)
        if far is not None:
            self._going(far.done, far.total)

    def _noted(self, note: Note) -> None:
        """Take up what a deed notes on its way."""

    def _ended(self, result: Any, error: BaseException | None) -> None:
        """Take the result, or tell why there is none."""
        self._going(None, None)
        if isinstance(error, Cancelled):
            self.tell(self.stopped)
        elif error is not None:
            self.failed(error)
        else:
            self.guarded(lambda: self._finished(result))

    def _finished(self, result: Any) -> None:
        """Take over the result of a deed, and show it."""
        raise NotImplementedError
