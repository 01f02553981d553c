"""The jobs behind what is picked in a workspace: plans, what is asked of them, and the calls that do them."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from f2widgets.calibrations.config import read_config
from f2widgets.errors import F2Error, WrongInputs
from f2widgets.estimate import Estimate, estimate
from f2widgets.jobs import Job, jobs_for
from f2widgets.plan import Plan
from f2widgets.recipes.recipes import IMAGE, recipe_named
from f2widgets.recipes.wishes import understood
from f2widgets.reduction import planned
from f2widgets.widgets.deeds import Deed, Name
from f2widgets.widgets.workspace import Workspace


@dataclass
class JobState:
    """A job, its plan or why there is none yet, how far it is, and what it made."""

    job: Job
    plan: Plan | None = None
    expected: Estimate | None = None
    state: Literal["ready", "waits", "runs", "done", "failed", "stopped"] = "ready"
    made: tuple[Path, ...] = ()

    def told(self) -> dict[str, Any]:
        """Return what a reader wants to know before it runs, as JSON can hold it."""
        what = self.plan
        recipe = what.recipe if what else recipe_named(self.job.recipe) if self.job.recipe else None
        return {
            # What waits for calibrations are science frames; whether with sky beside, their plan will tell.
            "recipe": recipe.name if recipe else IMAGE.name if self.state == "waits" else "",
            "summary": recipe.summary if recipe else "",
            "files": len(self.job.files),
            "first": self.job.files[0].name if self.job.files else "",
            "product": str(what.product.name if what.product else "none") if what else "",
            "calibrations": [list(row) for row in what.calibration_rows] if what else [],
            "notes": [*what.repairs, *what.notes] if what else [],
            "memory": round(self.expected.memory) if self.expected else None,
            "seconds": round(self.expected.seconds, 1) if self.expected else None,
            "state": self.state,
            "made": [path.name for path in self.made],
        }


class Planning:
    """Jobs and their plans for the files picked in a workspace.

    Parameters
    ----------
    workspace : Workspace
        Files, recipe, settings.

    Attributes
    ----------
    jobs : list of JobState
        In the order in which they are done; empty before `make`.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.jobs: list[JobState] = []

    def make(self) -> None:
        """Find the jobs, and plan them as far as their calibrations are there.

        Raises
        ------
        WrongInputs
            If no files are picked.
        F2Error
            If the first job cannot be planned: there is none then.
        """
        here = self.workspace
        self.jobs = []
        if not here.selection:
            raise WrongInputs(
                "No files are picked: pick some in the table of files, or set workspace.selection."
            )
        jobs = jobs_for(
            here.selection,
            recipe=here.recipe,
            others=here.files,
            config=read_config(here.config),
            user_cals=here.user_cals,
        )
        self.jobs = [self.planned(jobs[0]), *(self._planned_or_waiting(job) for job in jobs[1:])]

    def planned(self, job: Job) -> JobState:
        """Plan a job; raises what keeps it from being done."""
        what = planned(job.files, **self.options(job))
        return JobState(job, what, estimate(what))

    def _planned_or_waiting(self, job: Job) -> JobState:
        """Plan a job; one that lacks what the jobs before it make waits."""
        try:
            return self.planned(job)
        except F2Error:
            return JobState(job, state="waits")

    def options(self, job: Job) -> dict[str, Any]:
        """Return what the plan of a job is asked for; what its recipe has no step for is passed over."""
        here = self.workspace
        return {
            "recipe": job.recipe or here.recipe,
            "settings": dict(here.settings),
            "user_cals": {}
            if job.makes
            else {kind: os.fspath(file) for kind, file in here.user_cals.items()},
            "without": list(here.without),
            "keep": list(here.keep),
            "out": "." if Path.cwd() == here.out else os.fspath(here.out),
            "config": here.config,
            "lenient": True,
        }

    def take_up(self) -> None:
        """Put the present settings into the plans, without looking at the files again."""
        for one in self.jobs:
            if one.plan is None:
                continue
            recipe, here = one.plan.recipe, self.workspace
            names = {step.name for step in recipe.steps}
            settings = {key: x for key, x in here.settings.items() if key.partition(":")[0] in names}
            keep = [name for name in here.keep if name in names]
            wishes = understood(settings, recipe, list(one.plan.wishes.without), keep)
            wishes.files.update(one.plan.wishes.files)
            one.plan = replace(one.plan, wishes=wishes)
            one.expected = estimate(one.plan)

    def deeds(self, start: str = "", overwrite: bool = False) -> tuple[Deed, ...]:
        """Return the calls that do all jobs, the last one beginning with a step if one is given."""
        last = len(self.jobs) - 1
        return tuple(
            deed
            for number, one in enumerate(self.jobs)
            for deed in self.deeds_of(one, start if number == last else "", overwrite)
        )

    def deeds_of(self, one: JobState, start: str = "", overwrite: bool = False) -> tuple[Deed, ...]:
        """Return the calls that do one job: how its files were chosen, if that is known, and `reduce`."""
        job, here, asked = one.job, self.workspace, self.options(one.job)
        names = {step.name for step in one.plan.recipe.steps} if one.plan else set()
        options = {
            "recipe": here.recipe,
            "settings": {key: x for key, x in asked["settings"].items() if key.partition(":")[0] in names},
            "user_cals": asked["user_cals"],
            "without": [name for name in asked["without"] if name in names],
            "keep": [name for name in asked["keep"] if name in names],
            "start": start,
            "out": "" if asked["out"] == "." else asked["out"],
            "overwrite": overwrite,
            "config": here.config,
        }
        files: Any = [os.fspath(path) for path in job.files]
        before: tuple[Deed, ...] = ()
        if here.chosen_by is not None and here.chosen_by.name and job.files == here.selection:
            before, files = (here.chosen_by,), Name(here.chosen_by.name)
        title = f"Make the {job.makes}" if job.makes else "Reduce the frames"
        return (*before, Deed("reduce", (files,), options, job.makes or "made", title))
