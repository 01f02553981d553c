"""Carry out the graph of a folder: each task when what it takes is there, several at a time within memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import sleep
from typing import Any, Protocol

from f2widgets.campaign.crew import Crew
from f2widgets.campaign.done import alone_in
from f2widgets.campaign.graph import Graph, Task
from f2widgets.campaign.page import write_page
from f2widgets.campaign.planning import plan_all
from f2widgets.campaign.work import Errand, Outcome
from f2widgets.errors import NotWritten
from f2widgets.files import Names
from f2widgets.io.atomic import sweep

#: How much more than expected a task may take: the estimate is right to 15 per cent.
_MARGIN = 1.15
#: Seconds between two calls that only say that work goes on.
_BEAT = 0.1


@dataclass(frozen=True)
class Begun:
    """A task begins."""

    task: Task


@dataclass(frozen=True)
class Ended:
    """A task has come to its end, or is not begun for want of something."""

    task: Task
    outcome: Outcome


@dataclass(frozen=True)
class AtWork:
    """Work goes on: sent some ten times a second, so that a listener can stop it."""


News = Begun | Ended | AtWork
#: Called with each piece of news, in the thread that called; it may raise `Cancelled` to stop everything.
Listener = Callable[[News], None]


def _nobody(news: News, /) -> None:
    """Listen to nothing."""


class Hands(Protocol):
    """Those who carry out tasks: processes here, or workers elsewhere."""

    @property
    def free(self) -> float:
        """Megabytes that tasks may take if nothing else is said."""

    @property
    def room(self) -> int:
        """How many tasks more may begin."""

    @property
    def memory(self) -> float:
        """Megabytes that the tasks at work may take."""

    def begin(self, errand: Errand, others: int) -> None:
        """Begin a task, beside others."""

    def wait(self, seconds: float) -> list[Outcome]:
        """Return what has come out of tasks that ended."""

    def stop(self) -> None:
        """End all that is at work."""


@dataclass(frozen=True)
class Run:
    """What became of everything in a folder.

    Parameters
    ----------
    graph : Graph
        What was planned.
    outcomes : mapping of str to Outcome
        What became of each task, by its key.
    page : `~pathlib.Path` or None
        The page that shows it all.
    problem : str
        Why the page could not be written.
    """

    graph: Graph
    outcomes: Mapping[str, Outcome]
    page: Path | None = None
    problem: str = ""

    @property
    def products(self) -> tuple[Path, ...]:
        """The products that are there, in the order of the tasks."""
        found = (self.outcomes[task.key].product for task in self.graph.tasks)
        return tuple(path for path in found if path is not None)

    @property
    def complete(self) -> bool:
        """Whether everything in the folder was reduced."""
        whole = all(one.whole for one in self.outcomes.values())
        return self.graph.complete and whole and not self.problem

    def __str__(self) -> str:
        """Say how many tasks came out how."""
        counted: dict[str, int] = {"made": 0, "as it was": 0, "failed": 0, "not begun": 0}
        for one in self.outcomes.values():
            counted[one.state] += 1
        words = {"as it was": "as they were"}
        told = ", ".join(f"{n} {words.get(state, state)}" for state, n in counted.items() if n)
        return f"{len(self.outcomes)} job{'' if len(self.outcomes) == 1 else 's'}: {told or 'none'}."


def reduce_all(
    files: Names,
    *,
    settings: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
    user_cals: Mapping[str, str | os.PathLike[str]] | Iterable[str] = (),
    out: str | os.PathLike[str] = ".",
    config: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    memory: float | None = None,
    scheduler: str | None = None,
    on_news: Listener = _nobody,
) -> Run:
    """Reduce everything in a folder, as ``f2 reduce --all`` does.

    Parameters
    ----------
    files, settings, without, keep, user_cals, out, config
        As for `plan_all`.
    overwrite : bool, optional
        Replace products that were made from something else.
    memory : float, optional
        Most memory of all jobs together, MB; by default three quarters of what is free.
    scheduler : str, optional
        Carry the jobs out on workers of Dask: the address of their scheduler, or ``local:4`` for so many on
        this computer. By default processes of our own do it.
    on_news : callable, optional
        Called with each piece of news; it may raise `Cancelled`.

    Returns
    -------
    Run
        What became of each job; products that are there already, made of the same files in the same way by
        the same version, are kept as they are.

    Raises
    ------
    F2Error
        As `plan_all` does; what goes wrong in a job is told in its outcome. `NotWritten` if another run is
        at work in the folder of the products; `Cancelled` if the callback asked to stop.

    Notes
    -----
    Each job runs in a process of its own, as many at a time as there are processors and memory allows.
    After a crash the same call goes on: with the jobs that were not done, and in a long one with the frames
    that it had kept on the way.

    Examples
    --------
    >>> print(reduce_all("../playdata/example1"))   # doctest: +SKIP
    """
    asked: dict[str, Any] = {"settings": settings, "without": without, "keep": keep, "user_cals": user_cals}
    graph = plan_all(files, **asked, out=out, config=config)
    return carry_out_all(graph, overwrite=overwrite, memory=memory, scheduler=scheduler, on_news=on_news)


def carry_out_all(
    graph: Graph,
    *,
    overwrite: bool = False,
    memory: float | None = None,
    scheduler: str | None = None,
    on_news: Listener = _nobody,
) -> Run:
    """Carry out what `plan_all` has planned.

    Parameters
    ----------
    graph : Graph
        What is to be done.
    overwrite, memory, scheduler, on_news
        As for `reduce_all`.

    Returns
    -------
    Run
        What became of each job.

    Raises
    ------
    NotWritten
        If another run is at work in the folder of the products, or nothing can be written there.
    F2Error
        If the scheduler does not answer; `ParameterError` if it is none, or Dask is not installed.
    Cancelled
        If the callback asked to stop.
    """
    with alone_in(graph.options.out):
        if scheduler is None:  # what workers elsewhere are writing is not ours to judge
            sweep(graph.options.out)
        hands = _hands(scheduler)
        try:
            run = _Course(graph, hands, overwrite, memory or hands.free, on_news).run()
        finally:
            hands.stop()
        try:
            return replace(run, page=write_page(graph, run.outcomes, str(run)))
        except NotWritten as error:
            return replace(run, problem=str(error))


def _hands(scheduler: str | None) -> Hands:
    """Return those who carry out tasks; Dask is imported only where it is asked for."""
    if scheduler is None:
        return Crew()
    from f2widgets.campaign.workers import Workers

    return Workers(scheduler)


class _Course:
    """Where a run stands: which tasks wait, and what became of the others."""

    def __init__(self, graph: Graph, hands: Hands, overwrite: bool, memory: float, tell: Listener) -> None:
        self._graph, self._hands, self._tell = graph, hands, tell
        self._overwrite, self._memory = overwrite, memory
        self._waiting = {task.key: task for task in graph.tasks}
        self._tasks = dict(self._waiting)
        self._outcomes: dict[str, Outcome] = {}
        self._working: set[str] = set()

    def run(self) -> Run:
        """Go through all tasks."""
        while self._waiting or self._working:
            self._drop()
            self._begin()
            if self._waiting and not self._working:  # no worker is there at the moment
                sleep(_BEAT)
            for outcome in self._hands.wait(_BEAT) if self._working else ():
                self._working.discard(outcome.key)
                self._end(self._tasks[outcome.key], outcome)
            self._tell(AtWork())
        return Run(self._graph, {task.key: self._outcomes[task.key] for task in self._graph.tasks})

    def _end(self, task: Task, outcome: Outcome) -> None:
        """Take note of what became of a task."""
        self._waiting.pop(task.key, None)
        self._outcomes[task.key] = outcome
        self._tell(Ended(task, outcome))

    def _drop(self) -> None:
        """Give up tasks that cannot be begun."""
        for task in list(self._waiting.values()):
            reason = task.lacking or self._missing(task) or self._too_large(task)
            if reason:
                self._end(task, Outcome(task.key, "not begun", reason=reason))

    def _missing(self, task: Task) -> str:
        """Say which calibration of a task could not be made."""
        for kind, maker in self._makers(task).items():
            outcome = self._outcomes.get(maker)
            if outcome is not None and outcome.product is None and kind not in task.optional:
                first = outcome.reason.splitlines()[0] if outcome.reason else ""
                number = self._graph.number(maker)
                return f"Its {kind} could not be made (job {number}): {first} Mend that, and call again."
        return ""

    def _too_large(self, task: Task) -> str:
        """Say that a task alone takes more memory than there is."""
        need = task.expected.memory * _MARGIN
        if need <= self._memory:
            return ""
        return (
            f"It takes about {need:.0f} MB of memory, and {self._memory:.0f} MB are allowed: raise --memory."
        )

    def _makers(self, task: Task) -> dict[str, str]:
        """Return the key of the task that makes each calibration."""
        by_product = {self._tasks[key].product: key for key in task.after}
        return {kind: by_product[p] for kind, p in task.calibrations.items() if p in by_product}

    def _begin(self) -> None:
        """Begin the tasks that can be, as far as processors and memory go."""
        able = [
            task
            for task in self._waiting.values()
            if all(maker in self._outcomes for maker in self._makers(task).values())
        ]
        for i, task in enumerate(able):
            need = task.expected.memory * _MARGIN
            if self._hands.room <= 0:
                return
            if self._hands.memory + need > self._memory:
                continue
            self._waiting.pop(task.key)
            self._working.add(task.key)
            self._tell(Begun(task))
            self._hands.begin(self._errand(task), len(self._working) - 1 + len(able) - i - 1)

    def _errand(self, task: Task) -> Errand:
        """Return a task as it is sent, with the calibrations as they were made in the end."""
        calibrations = dict(task.calibrations)
        for kind, maker in self._makers(task).items():
            made = self._outcomes[maker].product
            if made is None:
                del calibrations[kind]
            else:
                calibrations[kind] = made
        files = tuple(path.absolute() for path in task.job.files)
        options = replace(self._graph.options, settings=dict(self._graph.options.settings))
        need = task.expected.memory * _MARGIN
        return Errand(task.key, files, task.job.recipe, calibrations, options, self._overwrite, need)
