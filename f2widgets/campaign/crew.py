"""Processes of this computer that carry out tasks, one process for each, and end with whoever sent them."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import connection
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from time import monotonic
from types import FrameType, ModuleType

from f2widgets.campaign.done import at_work_in
from f2widgets.campaign.work import Errand, Outcome, carry_out_errand
from f2widgets.core.blocks import threads

#: Imported once, by the process of which the others are made: each starts within some hundredths of a second.
_NEEDED = ["f2widgets.campaign.work", "astropy.wcs", "scipy.ndimage", "sep"]
_NEEDED += ["matplotlib.figure", "matplotlib.backends.backend_agg"]
#: How often a task is begun anew whose process was killed.
RETRIES = 2
#: Seconds that processes have to end by themselves when they are stopped.
_GRACE = 5.0
#: Megabytes that are left alone of what is free, as a part.
_SHARE = 0.75


class Crew:
    """Carries out tasks in processes of their own, as many at a time as there are processors."""

    def __init__(self) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(_NEEDED)
        self._at_work: dict[Connection, tuple[BaseProcess, Errand]] = {}
        self._lost: dict[str, int] = {}
        self.most = threads()

    @property
    def free(self) -> float:
        """Megabytes that tasks may take if nothing else is said."""
        return free_memory()

    @property
    def room(self) -> int:
        """How many tasks more may begin."""
        return self.most - len(self._at_work)

    @property
    def memory(self) -> float:
        """Megabytes that the tasks at work may take."""
        return sum(errand.memory for _, errand in self._at_work.values())

    def begin(self, errand: Errand, others: int) -> None:
        """Begin a task; the processors are shared with as many others."""
        ours, theirs = self._context.Pipe(duplex=False)
        share = max(1, threads() // max(1, min(self.most, others + 1)))
        process = self._context.Process(target=_work, args=(theirs, errand, share), daemon=True)
        with nobodys_main():
            process.start()
        theirs.close()
        self._at_work[ours] = process, errand

    def wait(self, seconds: float) -> list[Outcome]:
        """Return what has come out of the tasks that have ended; wait some time for the first."""
        ended: list[Outcome] = []
        for ready in connection.wait(list(self._at_work), timeout=seconds):
            assert isinstance(ready, Connection)
            process, errand = self._at_work.pop(ready)
            with ready:
                try:
                    ended.append(ready.recv())
                except EOFError:
                    process.join()
                    ended += self._lost_one(errand, process.exitcode)
            process.join()
        return ended

    def _lost_one(self, errand: Errand, status: int | None) -> list[Outcome]:
        """Begin a task anew whose process was killed; not for ever."""
        self._lost[errand.key] = self._lost.get(errand.key, 0) + 1
        if self._lost[errand.key] <= RETRIES:
            self.begin(errand, len(self._at_work))
            return []
        what = f"killed by signal {-status}" if status and status < 0 else f"ended with status {status}"
        return [
            Outcome(errand.key, "failed", reason=f"Its process was {what} {RETRIES + 1} times. {_OUT_OF}")
        ]

    def stop(self) -> None:
        """End all that is at work; nothing is left half-written."""
        processes = [process for process, _ in self._at_work.values()]
        for process in processes:
            process.terminate()
        end = monotonic() + _GRACE
        for process in processes:
            process.join(max(0.0, end - monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
        for pipe in self._at_work:
            pipe.close()
        self._at_work.clear()


_OUT_OF = "The system does so when memory runs out: allow less at a time with --memory."


def _work(pipe: Connection, errand: Errand, share: int) -> None:
    """Carry out one task in a process of its own, and send what came of it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the sender hears of it, and stops us
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_sender, daemon=True).start()
    os.environ["F2WIDGETS_THREADS"] = str(share)
    with at_work_in(errand.options.out):
        pipe.send(carry_out_errand(errand))
    pipe.close()


def _leave(number: int, frame: FrameType | None) -> None:
    """End as one does who cleans up behind him."""
    sys.exit(128 + number)


def _end_with_sender() -> None:
    """End at once when the process that sent us is no more."""
    sender = multiprocessing.parent_process()
    if sender is not None:
        connection.wait([sender.sentinel])
        os._exit(1)


@contextmanager
def nobodys_main() -> Iterator[None]:
    """Let a new process not run the user's script once more, whether or not that is guarded against it."""
    own = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = own


def free_memory() -> float:
    """Return the memory that tasks may take if nothing else is said: three quarters of what is free.

    Returns
    -------
    float
        Megabytes: of the computer, or of what our group of processes may take of it.
    """
    kinds = _numbers("/proc/meminfo")
    free = [kinds["MemAvailable"] * 1024] if "MemAvailable" in kinds else []
    group = "/sys/fs/cgroup/memory"
    most, now = (_numbers(f"{group}.{name}").get("", -1) for name in ("max", "current"))
    free += [most - now] if most > 0 and now > 0 else []
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return _SHARE * min([*free, pages]) / 1e6


def _numbers(path: str) -> dict[str, int]:
    """Return the numbers in one of the system's small files by the word before them."""
    found: dict[str, int] = {}
    try:
        with open(path, encoding="ascii") as stream:
            for line in stream:
                word, _, rest = line.rpartition(":") if ":" in line else ("", "", line)
                digits = rest.split()
                if digits and digits[0].isdigit():
                    found[word] = int(digits[0])
    except OSError:
        pass
    return found
