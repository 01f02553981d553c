"""Work by blocks of rows that fit the processor's cache, spread over threads.

Numpy lets go of the interpreter's lock while it computes, so plain threads suffice. Blocks do not depend
on each other and write to separate rows: any number of threads gives the same bits.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.beat import beat
from f2widgets.core.parking import releaser

Item = TypeVar("Item")
Result = TypeVar("Result")

#: Rows of a block: nine float32 frames of 2048 columns take 1.2 MB, about a core's share of cache.
ROWS = 16
#: Seconds between two looks at the work. The thread that asked for it only beats and tells: to be woken by
#: every job would take the interpreter's lock from those at work.
_LOOK = 0.01


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
    waiting, lock, failed, let_go = iter(jobs), threading.Lock(), list[BaseException](), releaser()
    done = told = 0

    def work() -> None:
        """Take one job after another, as long as there are some and none has failed."""
        nonlocal done
        try:
            while not failed:
                with lock:
                    job = next(waiting, None)
                if job is None:
                    return
                job()
                let_go()
                with lock:
                    done += 1
        except BaseException as error:
            failed.append(error)

    beat()
    helpers = [threading.Thread(target=work) for _ in range(workers)]
    for helper in helpers:
        helper.start()
    try:
        for helper in helpers:
            while helper.is_alive():
                helper.join(_LOOK)
                beat()
                if done > told:
                    told = done
                    tick(told, len(jobs))
    except BaseException as error:
        failed.append(error)
        raise
    finally:
        for helper in helpers:
            helper.join()
    if failed:
        raise failed[0]
    if told < len(jobs):
        tick(len(jobs), len(jobs))


def mapped(work: Callable[[Item], Result], items: Sequence[Item], *, tick: Tick = ignore) -> list[Result]:
    """Return what `work` makes of each item, in their order, several at a time.

    Parameters
    ----------
    work : callable
        Called with one item.
    items : sequence
        They do not depend on each other.
    tick : callable, optional
        Told of the progress; what it raises stops the work.

    Returns
    -------
    list
        One result for each.
    """
    made: dict[int, Result] = {}

    def make(k: int) -> None:
        made[k] = work(items[k])

    each([partial(make, k) for k in range(len(items))], tick=tick)
    return [made[k] for k in range(len(items))]
