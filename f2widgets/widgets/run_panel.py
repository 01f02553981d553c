"""The reduction: its plan, a form for every step, the run with its progress, and what came out."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from f2widgets.core.thumbnail import Thumbnail
from f2widgets.errors import Cancelled, WrongInputs
from f2widgets.estimate import estimate
from f2widgets.plan import Plan
from f2widgets.products import Products
from f2widgets.recipes.bands import READ
from f2widgets.recipes.events import Listener, Pictured, Working
from f2widgets.recipes.history import READ_VERB, WRITE, WRITE_VERB
from f2widgets.recipes.recipes import RECIPES, recipe_named
from f2widgets.reduction import carry_out, planned
from f2widgets.runs import CHECKPOINTS, checkpoint_before, clear, starts, supersede
from f2widgets.widgets.asking import Asking
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.forms import form
from f2widgets.widgets.panel import asked_by_page, from_page, table_html
from f2widgets.widgets.planning import Planning
from f2widgets.widgets.progress import Progress, StepState, quality
from f2widgets.widgets.worker import Worker
from f2widgets.widgets.workspace import Workspace

#: Seconds between two messages that only say that work goes on.
_EVERY = 0.25
#: Lines of the log that are sent.
_LINES = 200


@dataclass(frozen=True)
class _Begun:
    """A job begins: its number, its plan, and the place of its first step."""

    number: int
    plan: Plan
    first: int


@dataclass(frozen=True)
class _Made:
    """A job is done: its number, and what was made."""

    number: int
    products: Products


def offered(asked: str | None) -> list[list[str]]:
    """Return the menu of recipes, each name once; one of the user's own is in it when it is asked for.

    Parameters
    ----------
    asked : str or None
        Name of the recipe that is asked for.

    Returns
    -------
    list of list of str
        Name and summary.
    """
    menu = {one.name: one.summary for one in reversed(RECIPES)}
    menu = {name: menu[name] for name in dict.fromkeys(one.name for one in RECIPES)}
    if asked:
        menu.setdefault(asked, recipe_named(asked).summary)
    return [[name, text] for name, text in menu.items()]


class RunPanel(Asking):
    """Plan a reduction, set what can be set, run it, and see what comes out.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share. If nothing is to be kept, frames are kept after the flat and after the sky, so
        that a later change need not begin with the raw frames.

    Attributes
    ----------
    planning : Planning
        Jobs and plans.
    progress : Progress or None
        How far the run is, or was.
    worker : Worker
        The thread that works.

    Examples
    --------
    >>> panel = RunPanel(Workspace("../playdata/example1"))   # doctest: +SKIP
    >>> panel.workspace.select(f2.select(panel.workspace.folder))   # doctest: +SKIP
    >>> panel.run()   # doctest: +SKIP
    >>> panel.worker.wait()   # doctest: +SKIP
    """

    title = "Reduction"
    scripts = ("table.js", "run_panel.js")
    styles = ("run_panel.css",)

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__(workspace)
        if not self.workspace.keep:
            self.workspace.keep = CHECKPOINTS
        self.planning = Planning(self.workspace)
        self.worker = Worker(self._heard, self._ended)
        self.progress: Progress | None = None
        self._deeds: tuple[Deed, ...] = ()
        self._job, self._shown, self._start, self._overwrite, self._told = 0, "", "", False, 0.0
        names = ["selection", "recipe", "user_cals", "without", "out", "config"]
        self.workspace.observe(self._other_files, names)
        self.workspace.observe(self._other_settings, ["settings", "keep"])

    # What the page and the notebook see.

    def arrived(self) -> None:
        """Send everything to a page that has just opened."""
        self._send_plan()
        self._send_progress()
        self._send_quality()
        self.show_frame(self._shown)

    def code(self) -> tuple[Deed, ...]:
        """Return the calls that do what the panel would do now, or has just done."""
        return self.planning.deeds(self._start, self._overwrite)

    def poster(self) -> Mapping[str, Any]:
        """Return jobs, products and what was measured."""
        told = [one.told() for one in self.planning.jobs]
        jobs = [[one["recipe"], one["files"], one["product"], one["state"]] for one in told]
        text = table_html(["recipe", "files", "product", "state"], jobs, "Reduction")
        columns, rows = quality(self.progress.measured if self.progress else {})
        cells = [[row["frame"], *(row.get(one["key"]) for one in columns[1:])] for row in rows]
        frames = table_html([one["title"] for one in columns], cells, "Frames") if rows else ""
        return {"text/html": text + frames}

    # What can be done.

    @from_page
    def plan(self) -> None:
        """Find out what would be done with the files that are picked.

        Raises
        ------
        F2Error
            If none are picked, they cannot be reduced, or a reduction is going on.
        """
        self._must_be_idle()
        self._start, self.progress = "", None
        try:
            self.planning.make()
        finally:
            self._job = max(0, len(self.planning.jobs) - 1)
            self._send_plan()
            self._send_progress()

    @from_page
    def show_job(self, number: int) -> None:
        """Show the steps of another job."""
        self._job = max(0, min(int(number), len(self.planning.jobs) - 1))
        self._send_plan()

    @from_page
    def run(self, start: str | None = None, overwrite: bool = False) -> None:
        """Carry out the jobs that are not done, in the background; if all are, the last one again.

        Parameters
        ----------
        start : str, optional
            Carry out the last job only, beginning with this step and frames kept before it.
        overwrite : bool, optional
            Replace products that were made from something else.

        Raises
        ------
        WrongInputs
            If a reduction is going on already, no files are picked, or no kept frames fit.
        F2Error
            If the first job cannot be planned.
        """
        self._must_be_idle()
        if not self.planning.jobs:
            self.plan()
        jobs = self.planning.jobs
        todo = [k for k, one in enumerate(jobs) if one.state != "done"]
        todo = [len(jobs) - 1] if start or not todo else todo
        if start:
            checkpoint_before(planned(jobs[-1].job.files, **self.planning.options(jobs[-1].job)), start)
        asked = {k: self.planning.options(jobs[k].job) for k in todo}
        self._start, self._overwrite = start or "", overwrite

        def work(listen: Listener) -> None:
            """Reduce one after another, in the worker's thread."""
            for k in todo:
                what = planned(jobs[k].job.files, **asked[k])
                first = checkpoint_before(what, start).index + 1 if start else 0
                listen(_Begun(k, what, first))  # type: ignore[arg-type]
                made = carry_out(what, start=start, overwrite=overwrite, pictures=True, on_event=listen)
                listen(_Made(k, made))  # type: ignore[arg-type]

        self.worker.start(work, "a reduction")
        self.workspace.running = True
        self.message = {}
        self._send_progress()

    @from_page
    def cancel(self) -> None:
        """Ask the run to stop; it does within a second, and leaves nothing half-written."""
        self.worker.cancel()

    @from_page
    def clear_kept(self) -> None:
        """Delete the frames that runs have kept."""
        self._must_be_idle()
        gone = len(clear(self.workspace.out))
        self.tell(f"Deleted the kept frames of {gone} run{'s' * (gone != 1)}." if gone else "None were kept.")
        self._send_plan()

    @from_page
    def show_frame(self, frame: str) -> None:
        """Show the pictures of another frame."""
        self._shown = frame
        for (index, name), picture in self.progress.pictures.items() if self.progress else ():
            if name == frame:
                self._send_picture(index, picture)

    @from_page
    def inspect(self, number: int) -> None:
        """Look at what a job has made in the image inspector.

        Raises
        ------
        WrongInputs
            If it has made nothing yet.
        """
        jobs = self.planning.jobs
        if not 0 <= number < len(jobs) or not jobs[number].made:
            raise WrongInputs("This job has made nothing yet: run it first.")
        self.workspace.look_at(jobs[number].made)

    @asked_by_page
    def full_log(self) -> str:
        """Return the whole log."""
        return "\n".join(self.progress.log) if self.progress else ""

    # What the workspace and the worker tell.

    def _must_be_idle(self) -> None:
        """Refuse what cannot be done while a reduction runs."""
        if self.worker.busy or self.workspace.running:
            raise WrongInputs("A reduction is going on already: wait for it, or cancel it.")

    def _other_files(self, change: Any) -> None:
        """Plan anew where something else is asked for; forget plans for files that are no longer picked."""
        if self.worker.busy:
            return
        if change.name == "selection":
            self.message = {}
        elif self.planning.jobs:
            self.guarded(self.plan)
            return
        self.planning.jobs = []
        self._send_plan()

    def _other_settings(self, _: Any) -> None:
        """Take up settings; what is running goes on as it began."""
        if not self.worker.busy:
            self.guarded(self.planning.take_up)
        self._send_plan()

    def _heard(self, events: list[Any]) -> None:
        """Take note of what the run tells, on the main thread."""
        for event in events:
            match event:
                case _Begun(number, plan, first):
                    self._begin(number, plan, first)
                case _Made(number, products):
                    self._done(number, products)
                case _ if self.progress is not None:
                    self.progress.hear([event])
                    if isinstance(event, Pictured):
                        self._shown = self._shown or event.frame
                        if event.frame == self._shown:
                            self._send_picture(event.index, event.picture)
        now = time.monotonic()
        if now - self._told > _EVERY or not all(isinstance(event, Working) for event in events):
            self._told = now
            self._send_progress()

    def _begin(self, number: int, plan: Plan, first: int) -> None:
        """Begin to follow a job."""
        one = self.planning.jobs[number]
        one.plan, one.state, self._job = plan, "runs", number
        one.expected = estimate(plan, first=first)
        self._deeds = self.planning.deeds_of(one, self._start, self._overwrite)
        steps = [StepState(READ, READ_VERB)]
        for k, step in enumerate(plan.recipe.steps):
            skipped = k < first or step.name in plan.wishes.without
            steps.append(StepState(step.name, step.verb, "skipped" if skipped else "waits"))
        steps += [StepState(WRITE, WRITE_VERB)] * (plan.product is not None)
        self.progress = Progress(steps, one.expected.steps)
        self._shown = plan.files[0].name
        self._send_plan()

    def _done(self, number: int, products: Products) -> None:
        """Take up what a job has made."""
        job = self.planning.jobs[number]
        job.state, job.made = "done", tuple(path.absolute() for path in products.paths)
        for deed in self._deeds:
            last = next((one for one in reversed(self.workspace.deeds) if one.name == deed.name), None)
            if deed.function != "select" or deed != last:  # files chosen in another panel are chosen already
                self.workspace.did(deed)
        # The frames of every run in memory would be too much.
        self.workspace.products = (*self.workspace.products, replace(products, held=()))
        if products.kept:  # of a set of frames one set in between is enough: each may take a gigabyte
            self.guarded(lambda: supersede(products.kept[0].parents[1]))
        for problem in products.problems:
            self.tell(problem)
        self._send_plan()
        self._send_quality()

    def _ended(self, _: None, error: BaseException | None) -> None:
        """Tell how the run ended."""
        self.workspace.running = False
        for one in self.planning.jobs:
            if one.state == "runs":
                one.state = "stopped" if isinstance(error, Cancelled) else "failed"
        if isinstance(error, Cancelled):
            self._stopped()
        elif error is not None:
            self.failed(error)
        elif not self.message and self.workspace.products and self.workspace.products[-1].paths:
            self.tell(f"Wrote {', '.join(str(path) for path in self.workspace.products[-1].paths)}.")
        self._send_plan()
        self._send_progress()
        self._send_quality()

    def _stopped(self) -> None:
        """Say that the user stopped it."""
        if self.progress is not None:
            self.progress.note("stopped, as asked for")
            for step in self.progress.steps:
                step.state = "stopped" if step.state == "runs" else step.state
        self.tell("Stopped, as asked for. Nothing is half-written.")

    # What is sent.

    def _send_plan(self) -> None:
        """Send jobs, and the form of the one that is shown."""
        jobs = self.planning.jobs
        shown = jobs[self._job].plan if self._job < len(jobs) else None
        idle = not self.worker.busy
        self.send(
            {
                "kind": "plan",
                "picked": len(self.workspace.selection),
                "jobs": [one.told() for one in jobs],
                "shown": self._job,
                "recipes": offered(self.workspace.recipe),
                "recipe": self.workspace.recipe or "",
                "form": form(shown) if shown else [],
                "starts": starts(shown) if shown and idle else {},
                "frames": [file.name for file in shown.files] if shown else [],
            }
        )

    def _send_progress(self) -> None:
        """Send how far the run is."""
        told = self.progress.told() if self.progress else {"steps": [], "part": 0, "left": 0, "seconds": 0}
        log = self.progress.log[-_LINES:] if self.progress else []
        self.send({"kind": "progress", "running": self.worker.busy, "shown": self._shown, "log": log, **told})

    def _send_quality(self) -> None:
        """Send what was measured of each frame."""
        columns, rows = quality(self.progress.measured if self.progress else {})
        self.send({"kind": "quality", "columns": columns, "rows": rows})

    def _send_picture(self, index: int, picture: Thumbnail) -> None:
        """Send the picture of the frame that is shown, after a step."""
        height, width = picture.pixels.shape
        content = {"kind": "picture", "index": index, "width": width, "height": height, "frame": self._shown}
        self.send({**content, "low": picture.low, "high": picture.high}, [picture.pixels.tobytes()])
