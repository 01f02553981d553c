"""Work by blocks of rows that fit the processor's cache, spread over threads.

Numpy lets go of the interpreter's lock while it computes, so plain threads suffice. Blocks do not depend
on each other and write to separate rows: any number of threads gives the same bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial

from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.beat import beat

#: Rows of a block: nine float32 frames of 2048 columns take 1.2 MB, about a core's share of cache.
ROWS = 16
#: Seconds between two beats while all threads are busy.
_BEAT = 0.1


def threads() -> int:
    """Return how many threads to use: ``F2WIDGETS_THREADS``, or the processors we may use."""
    wanted = os.environ.get("F2WIDGETS_THREADS", "")
    if wanted.isdigit() and int(wanted) > 0:
        return int(wanted)
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def spans(size: int, rows: int = ROWS) -> Iterator[tuple[int, int]]:
    """Cut `size` rows into blocks (start, stop)."""
    for start in range(0, size, rows):
        yield start, min(start + rows, size)


def each_block(work: Callable[[int, int], None], size: int, *, rows: int = ROWS, tick: Tick = ignore) -> None:
    """Call ``work(start, stop)`` for every block of rows, on all threads.

    Parameters
    ----------
    work : callable
        Does the rows from start up to stop; writes nothing outside them.
    size : int
        Number of rows in all.
    rows : int, optional
        Rows in a block.
    tick : callable, optional
        Told of the progress; what it raises stops the work.
    """
    each([partial(work, a, b) for a, b in spans(size, rows)], tick=tick)


def each(jobs: list[Callable[[], None]], *, tick: Tick = ignore) -> None:
    """Carry out jobs that do not depend on each other, on all threads.

    Parameters
    ----------
    jobs : list of callable
        Each is called once, without arguments.
    tick : callable, optional
        Told of the progress; what it raises stops the work.
    """
    workers = min(threads(), len(jobs))
    if workers <= 1:
        for done, job in enumerate(jobs):
            job()
            beat()
            tick(done + 1, len(jobs))
        return
    queue = iter(jobs)  # handing out one by one keeps all threads busy to the end
    with ThreadPoolExecutor(workers) as pool:
        pending: set[Future[None]] = {pool.submit(job) for _, job in zip(range(workers), queue, strict=False)}
        done = 0
        try:
            while pending:
                ready, pending = wait(pending, _BEAT, return_when=FIRST_COMPLETED)
                beat()
                for future in ready:
                    future.result()
                    done += 1
                    for job in queue:
                        pending.add(pool.submit(job))
                        break
                if ready:
                    tick(done, len(jobs))
        except BaseException:
            for future in pending:
                future.cancel()
            raise
