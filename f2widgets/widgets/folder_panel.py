"""Everything in a folder: its jobs drawn as a graph, what is missing, and their reduction."""

from __future__ import annotations

import base64
import html
import os
from collections.abc import Mapping
from typing import Any

from f2widgets.campaign.drawing import drawn, told
from f2widgets.campaign.engine import AtWork, Begun, Ended, News, Run, carry_out_all
from f2widgets.campaign.graph import Graph, left_out
from f2widgets.campaign.planning import plan_all
from f2widgets.campaign.work import Outcome
from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.recipes.events import Advanced, Event, Listener, Note
from f2widgets.widgets.background import BackgroundPanel
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.panel import from_page, table_html
from f2widgets.widgets.workspace import Workspace

#: Columns of the table of jobs, with their titles; those of numbers are marked.
COLUMNS = (
    ("job", "job", True),
    ("makes", "makes", False),
    ("frames", "frames", True),
    ("takes", "takes", False),
    ("product", "product", False),
    ("state", "state", False),
    ("seconds", "s", True),
)


class FolderPanel(BackgroundPanel):
    """The jobs of everything in a folder: planned, drawn, done.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share; its folder is what is planned, with its settings and where products go.

    Attributes
    ----------
    graph : Graph or None
        What was planned.
    outcomes : dict of str to Outcome
        What became of each task so far, by its key.
    states : dict of str to str
        What is drawn of each: ``at work``, or what its outcome says.
    """

    title = "Whole folder"
    stopped = "Stopped. What is done is kept; the rest is done the next time."
    scripts = ("table.js", "folder_panel.js")

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__(workspace)
        self.graph: Graph | None = None
        self.outcomes: dict[str, Outcome] = {}
        self.states: dict[str, str] = {}
        self._news: list[Begun | Ended] = []
        self._overwrite = False

    # What is done.

    @from_page
    def plan(self) -> None:
        """Begin to look at everything in the folder; the graph comes in the background."""
        here = self.workspace
        asked = self._asked()

        def planned(listen: Listener) -> Graph:
            """Look at the folder, and tell how many headers are read."""
            return plan_all(here.folder, **asked, tick=lambda *far: listen(Advanced("files", *far)))

        self._start("looking at the folder", planned)

    @from_page
    def run(self, overwrite: bool = False) -> None:
        """Begin to do all jobs that lack nothing.

        Parameters
        ----------
        overwrite : bool, optional
            Replace products that were made from something else.

        Raises
        ------
        WrongInputs
            If nothing is planned, nothing can be done, or another reduction is going on.
        """
        graph = self.graph
        if graph is None or not graph.ready:
            raise WrongInputs("There is nothing to do: plan the folder first.")
        if self.workspace.running:
            raise WrongInputs("A reduction is going on already: wait for it, or cancel it.")
        self.outcomes, self.states = {}, {}
        total, done = len(graph.tasks), 0

        def work(listen: Listener) -> Run:
            def tell(news: News) -> None:
                nonlocal done
                done += isinstance(news, Ended)
                if not isinstance(news, AtWork):
                    self._news.append(news)
                    listen(Note("job", news.task.title, news.task.key))
                listen(Advanced("jobs", done, total))

            return carry_out_all(graph, overwrite=bool(overwrite), on_news=tell)

        self._start("reducing the folder", work)
        self._overwrite, self.workspace.running = bool(overwrite), True

    @from_page
    def look(self, job: int) -> None:
        """Show the product of a job in the image inspector.

        Parameters
        ----------
        job : int
            Its place, counted from 0.

        Raises
        ------
        ParameterError
            If there is no such job, or its product is not there.
        """
        tasks = self.graph.tasks if self.graph else ()
        if not 0 <= job < len(tasks):
            raise ParameterError("The table has changed meanwhile: choose again.")
        outcome = self.outcomes.get(tasks[job].key)
        path = outcome.product if outcome else tasks[job].product
        if path is None or not path.exists():
            raise ParameterError(f"Job {job + 1} has no product yet: run the jobs first.")
        self.workspace.looking_at = (path,)

    def _asked(self) -> dict[str, Any]:
        """Return what is asked of all reductions."""
        here = self.workspace
        named = {kind: os.fspath(file) for kind, file in here.user_cals.items()}
        asked = {"settings": dict(here.settings), "without": here.without, "keep": here.keep}
        return {**asked, "user_cals": named, "out": here.out, "config": here.config}

    # What goes on in the background.

    def _heard(self, events: list[Event]) -> None:
        """Draw anew once for all that was heard."""
        super()._heard(events)
        if self._take_news():
            self._show()

    def _take_news(self) -> bool:
        """Take up which tasks have begun and ended; tell whether there were any."""
        news = [self._news.pop(0) for _ in range(len(self._news))]
        for one in news:
            if isinstance(one, Begun):
                self.states[one.task.key] = "at work"
            else:
                self.states[one.task.key] = one.outcome.state
                self.outcomes[one.task.key] = one.outcome
        return bool(news)

    def _ended(self, result: Any, error: BaseException | None) -> None:
        """Let other panels know that nothing is going on any more."""
        if self._worker.doing == "reducing the folder":
            self.workspace.running = False
            self._take_news()
            self.states = {key: state for key, state in self.states.items() if state != "at work"}
            self._show()
        super()._ended(result, error)

    def _finished(self, result: Graph | Run) -> None:
        """Show what was planned, or how it went."""
        if isinstance(result, Graph):
            self.graph, self.outcomes, self.states = result, {}, {}
            self._show()
            return
        self.workspace.did(self._deed())
        page = f" The page {result.page} shows all products." if result.page else f" {result.problem}"
        failed = [one for one in result.outcomes.values() if one.state == "failed"]
        self.tell(f"{result}{page}", "error" if failed or result.problem else "note")

    # What the page is sent.

    def arrived(self) -> None:
        """Send the folder, and what is known of it."""
        self._show()

    def _show(self) -> None:
        """Send the drawing, the jobs, and what is missing."""
        graph = self.graph
        words = {"folder": os.fspath(self.workspace.folder), "found": graph.found if graph else ""}
        sent: dict[str, Any] = {"kind": "graph", **words, "rows": [], "drawing": "", "alt": "", "amiss": []}
        if graph is not None:
            columns = [{"key": key, "title": title, "numeric": numeric} for key, title, numeric in COLUMNS]
            svg = drawn(graph, self.states)
            sent |= {
                "columns": columns,
                "rows": [self._cells(graph, i) for i in range(len(graph.tasks))],
                "reasons": {},
                "drawing": base64.b64encode(svg.encode()).decode("ascii"),
                "alt": told(graph, self.states),
                "amiss": self._amiss(graph),
                "can": len(graph.ready),
            }
        self.send(sent)

    def _cells(self, graph: Graph, place: int) -> list[Any]:
        """Return a job as the cells of its row."""
        task = graph.tasks[place]
        one = self.outcomes.get(task.key)
        unbegun = "cannot be done" if task.lacking else "there" if task.there else ""
        state = self.states.get(task.key, unbegun)
        product = one.product.name if one and one.product else task.product.name
        seconds = round(one.seconds, 1) if one and one.state == "made" else None
        return [place + 1, task.title, len(task.job.files), graph.takes(task), product, state, seconds]

    def _amiss(self, graph: Graph) -> list[str]:
        """Return what cannot be done and what is left out, each with its reason and what helps."""
        lines = []
        for number, task in enumerate(graph.tasks, 1):
            one = self.outcomes.get(task.key)
            reasons = [one.reason, *one.problems] if one else [task.lacking]
            reasons += [f"left out of it: {reason}" for _, reason in one.unused] if one else []
            lines += [f"job {number}, {task.title}: {reason}" for reason in reasons if reason]
        return [*lines, *(line.strip() for line in left_out([a for a in graph.aside if not a.usual]))]

    # What it says of itself.

    def _deed(self) -> Deed:
        """Return the call that does all jobs."""
        return Deed(
            "reduce_all",
            (self.workspace.folder,),
            {**self._asked(), "overwrite": self._overwrite},
            title="Reduce everything in the folder",
        )

    def code(self) -> tuple[Deed, ...]:
        """Return the call that does the same."""
        return (self._deed(),) if self.graph is not None else ()

    def poster(self) -> Mapping[str, Any]:
        """Return the drawing and the jobs."""
        if self.graph is None:
            return {"text/html": f"<p>{html.escape(self.title)}: nothing is planned yet.</p>"}
        graph = self.graph
        rows = [self._cells(graph, i) for i in range(len(graph.tasks))]
        titles = [title for _, title, _ in COLUMNS]
        return {"text/html": drawn(graph, self.states) + table_html(titles, rows, graph.found)}
