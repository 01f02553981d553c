"""The reductions of a folder in their order: of which frames, with which calibrations, what is lacking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from f2widgets.calibrations.config import Config
from f2widgets.calibrations.overrides import UserCal
from f2widgets.campaign.groups import Aside
from f2widgets.estimate import Estimate
from f2widgets.jobs import Job
from f2widgets.plan import in_columns
from f2widgets.recipes.recipe import Recipe

#: How many files of one reason are named one by one.
_TOLD = 5


@dataclass(frozen=True)
class Options:
    """What is asked of all reductions of a folder.

    Parameters
    ----------
    settings, without, keep
        As for `f2widgets.reduce`; each job takes what concerns its recipe.
    user_cals : tuple of UserCal
        Calibrations that the user named for all frames.
    out : `~pathlib.Path`
        Folder of the products.
    config : Config or None
        The databases; by default as configured.
    here : `~pathlib.Path`
        The working folder, for names in the settings.
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    user_cals: tuple[UserCal, ...] = ()
    out: Path = Path(".")
    config: Config | None = None
    here: Path = Path(".")


@dataclass(frozen=True)
class Task:
    """A job in the graph.

    Parameters
    ----------
    job : Job
        The raw frames and what is made of them.
    title : str
        What it makes, in few words: ``flat Y 20 s``.
    product : `~pathlib.Path`
        The file to be written. Where a target's sky was taken beside it, that of the first frame on the
        target takes its place.
    recipe : Recipe or None
        How; None where no recipe takes the frames.
    calibrations : mapping of str to `~pathlib.Path`
        The calibration of each kind, there already or still to be made.
    optional : frozenset of str
        Kinds of calibration without which it can be done as well.
    after : tuple of str
        Keys of the tasks that make these.
    lacking : str
        What is missing and what to do about it; empty where nothing is.
    notes : tuple of str
        What a careful observer would want to know.
    expected : Estimate
        Memory and time.
    there : bool
        A product of an earlier run is there. Whether the same would be made now is seen when it is done.
    """

    job: Job
    title: str
    product: Path
    recipe: Recipe | None = None
    calibrations: Mapping[str, Path] = field(default_factory=dict)
    optional: frozenset[str] = frozenset()
    after: tuple[str, ...] = ()
    lacking: str = ""
    notes: tuple[str, ...] = ()
    expected: Estimate = field(default_factory=lambda: Estimate(0.0))
    there: bool = False

    @property
    def key(self) -> str:
        """By what other tasks know it."""
        return self.product.stem

    @property
    def kind(self) -> str:
        """Which kind of product it makes: 'dark', 'bpm', 'flat' or 'image'."""
        return self.job.makes or "image"


@dataclass(frozen=True)
class Graph:
    """Everything that can be reduced in a folder, and what cannot.

    Parameters
    ----------
    tasks : tuple of Task
        Each after those whose products it takes.
    aside : tuple of Aside
        Files that go into no reduction.
    options : Options
        What is asked of all.
    found : str
        Which raw frames there are, in words.
    """

    tasks: tuple[Task, ...]
    aside: tuple[Aside, ...] = ()
    options: Options = field(default_factory=Options)
    found: str = ""

    @cached_property
    def ready(self) -> tuple[Task, ...]:
        """The tasks that lack nothing."""
        return tuple(task for task in self.tasks if not task.lacking)

    @property
    def complete(self) -> bool:
        """Whether nothing lacks and no file is left out that should not be."""
        return len(self.ready) == len(self.tasks) and all(one.usual for one in self.aside)

    def number(self, key: str) -> int:
        """Return the place of a task, counted from 1."""
        return next(i for i, task in enumerate(self.tasks, 1) if task.key == key)

    def takes(self, task: Task) -> str:
        """Return the calibrations of a task in words: numbers of tasks, or files that are there."""
        made = {self._task(key).product: self.number(key) for key in task.after}
        told = {kind: made.get(path, path.name) for kind, path in task.calibrations.items()}
        return ", ".join(f"{kind} {where}" for kind, where in sorted(told.items()))

    def _task(self, key: str) -> Task:
        """Return a task by its key."""
        return self.tasks[self.number(key) - 1]

    def __str__(self) -> str:
        """Show the jobs as a table, then what cannot be done and what is left out."""
        lines = [self.found or "There are no raw frames.", ""]
        rows = [("job", "makes", "frames", "product", "state", "takes")]
        for i, task in enumerate(self.tasks, 1):
            takes = "cannot be done, see below" if task.lacking else self.takes(task)
            frames, state = f"{len(task.job.files):6}", "there" if task.there else ""
            rows.append((f"{i:3}", task.title, frames, task.product.name, state, takes))
        lines += in_columns(rows) if self.tasks else ["There is nothing to reduce."]
        for i, task in enumerate(self.tasks, 1):
            lines += [f"Note: job {i}: {note}" for note in task.notes if not task.lacking]
        lacking = [(i, task) for i, task in enumerate(self.tasks, 1) if task.lacking]
        if lacking:
            lines += ["", "Cannot be done:"]
            lines += [f"  job {i}, {task.title}: {_indented(task.lacking)}" for i, task in lacking]
        if self.aside:
            lines += ["", "Left out:", *left_out(self.aside)]
        made = sum(task.there for task in self.ready)
        if made:
            some = "1 product is there; it is" if made == 1 else f"{made} products are there; each is"
            same = "made of the same files, in the same way, by this version"
            lines += ["", f"{some} kept if it was {same}."]
        if new := [task.expected for task in self.ready if not task.there]:
            seconds = sum(one.seconds for one in new)
            most = max(one.memory for one in new)
            rest = " for the others" if made else ""
            lines += ["", f"Expected{rest}: {Estimate(most, {'all': seconds})}, one job after the other."]
        return "\n".join(lines)


def left_out(aside: Sequence[Aside]) -> list[str]:
    """Return lines that tell which files are left out and why, alike ones together.

    Parameters
    ----------
    aside : sequence of Aside
        The files.

    Returns
    -------
    list of str
        Each two blanks in.
    """
    by_reason: dict[str, list[Path]] = {}
    for one in aside:
        by_reason.setdefault(one.reason, []).append(one.path)
    lines = []
    for reason, paths in by_reason.items():
        if len(paths) <= _TOLD:
            lines += [f"  {path}: {_indented(reason)}" for path in paths]
        else:
            lines.append(f"  {len(paths)} files ({paths[0]}, …): each {_indented(reason)}")
    return lines


def _indented(text: str) -> str:
    """Set the further lines of a text in."""
    return text.replace("\n", "\n    ")
