"""One background thread; what it has to say is told on the main thread, where traits may change."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Any

from f2widgets.errors import Cancelled, WrongInputs
from f2widgets.recipes.events import Event, Listener

#: Seconds between two deliveries of events: more often than the eye sees costs the kernel for nothing.
EVERY = 0.05


class Worker:
    """Carries out one piece of work at a time, beside the main thread.

    Parameters
    ----------
    on_events : callable
        Called on the main thread with a list of events.
    on_end : callable
        Called on the main thread with the result and None, or with None and the error; `Cancelled` is one.

    Notes
    -----
    The main thread is that of the event loop running when the work is started, as in a notebook. Without
    a loop, in a script or a test, `wait` delivers everything.
    """

    def __init__(
        self,
        on_events: Callable[[list[Event]], None],
        on_end: Callable[[Any, BaseException | None], None],
    ) -> None:
        self._on_events, self._on_end = on_events, on_end
        #: What is going on, or was last.
        self.doing = ""
        self._events: deque[Event] = deque()
        self._end: tuple[Any, BaseException | None] | None = None
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._waiting = threading.Lock()  # held while a delivery is on its way

    @property
    def busy(self) -> bool:
        """Whether work is going on, or its end has not been told yet."""
        return self._thread is not None

    def start(self, work: Callable[[Listener], Any], doing: str) -> None:
        """Begin a piece of work.

        Parameters
        ----------
        work : callable
            Given a listener for its events; that raises `Cancelled` once `cancel` was called.
        doing : str
            What it is, for those who ask for another meanwhile: ``"a reduction"``, ``"reading files"``.

        Raises
        ------
        WrongInputs
            If something is going on already.
        """
        if self.busy:
            what = self.doing[:1].upper() + self.doing[1:]
            raise WrongInputs(f"{what} is going on already: wait for it, or cancel it.")
        try:
            loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        self.doing = doing
        self._stop.clear()
        self._events.clear()
        self._end = None
        self._thread = threading.Thread(target=self._work, args=(work, loop), name="f2widgets", daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to stop; it does at its next event."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the end and deliver everything; for scripts and tests.

        Parameters
        ----------
        timeout : float, optional
            Seconds to wait at most.

        Raises
        ------
        TimeoutError
            If the work is not done by then.
        """
        thread = self._thread
        if thread is None:
            return
        thread.join(timeout)
        if thread.is_alive():
            raise TimeoutError(f"The work was not done after {timeout} s.")
        self._deliver()

    def _work(self, work: Callable[[Listener], Any], loop: asyncio.AbstractEventLoop | None) -> None:
        """Do the work, in the other thread."""

        def listen(event: Event) -> None:
            if self._stop.is_set():
                raise Cancelled("Stopped, as asked for.")
            self._events.append(event)
            self._announce(loop, EVERY)

        end: tuple[Any, BaseException | None]
        try:
            end = work(listen), None
        except BaseException as error:
            end = None, error
        self._end = end
        self._announce(loop, None)

    def _announce(self, loop: asyncio.AbstractEventLoop | None, after: float | None) -> None:
        """Have a delivery made on the main thread: in a moment, or at once for the end."""
        if loop is None or loop.is_closed():
            return
        if after is None:
            loop.call_soon_threadsafe(self._deliver)
        elif self._waiting.acquire(blocking=False):
            loop.call_soon_threadsafe(loop.call_later, after, self._deliver)

    def _deliver(self) -> None:
        """Tell what has come, on the main thread."""
        if self._waiting.locked():
            self._waiting.release()
        end = self._end
        events = [self._events.popleft() for _ in range(len(self._events))]
        if events:
            self._on_events(events)
        if end is not None and self._thread is not None:
            self._thread = None
            self._on_end(*end)
