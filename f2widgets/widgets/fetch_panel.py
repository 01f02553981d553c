"""Fetch frames from the observatory's archive: ask, look at what there is, tick, download, cancel."""

from __future__ import annotations

import os
import shlex
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from f2widgets.archive.download import Outcome, Task
from f2widgets.archive.records import Archived
from f2widgets.archive.service import Archive
from f2widgets.archive.several import fetch_files
from f2widgets.archive.wanted import Wanted, wanted
from f2widgets.errors import ParameterError
from f2widgets.io.identity import root_of
from f2widgets.recipes.events import Advanced, Listener, Note
from f2widgets.widgets.background import BackgroundPanel
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.panel import from_page, table_html
from f2widgets.widgets.workspace import Workspace

#: Columns of the list, with their titles; those of numbers are marked.
COLUMNS = (
    ("name", "file", False),
    ("state", "state", False),
    ("kind", "what", False),
    ("object", "object", False),
    ("filter", "filter", False),
    ("exposure", "exposure [s]", True),
    ("moment", "UT", False),
    ("size", "size [MB]", True),
    ("release", "public from", False),
)
#: Words for the state of a file in the list.
STATES = {"fetched": "fetched", "there": "there already", "proprietary": "proprietary", "failed": "failed"}


class FetchPanel(BackgroundPanel):
    """What the archive has, and what of it shall be fetched.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share; its folder is where files go, unless told.
    query : str, optional
        What to ask for at once: ``"example1"``, ``"GS-2013B-Q-15"``, ``"S20131121S0075-083"``.
    archive : Archive or str, optional
        Another archive, or its address.

    Attributes
    ----------
    files : list of Archived
        What the archive has of what was asked for.
    outcomes : dict of str to Outcome
        How it went with each file so far, by name.
    left_out : frozenset of str
        Names of files whose tick was taken away.
    out : `~pathlib.Path`
        Folder for the files.
    """

    title = "Archive"
    stopped = "Stopped. What has arrived is kept, and goes on the next time."
    scripts = ("table.js", "fetch_panel.js")

    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        query: str = "",
        archive: Archive | str | None = None,
    ) -> None:
        super().__init__(workspace)
        self.archive = archive if isinstance(archive, Archive) else Archive(archive) if archive else Archive()
        self.files: list[Archived] = []
        self.outcomes: dict[str, Outcome] = {}
        self.left_out: frozenset[str] = frozenset()
        self.query, self.calibrations, self.unpack = query, False, False
        self.out = self.workspace.folder
        self._fresh: deque[Outcome] = deque()
        if query:
            self.guarded(lambda: self.ask(query))

    @property
    def value(self) -> tuple[Archived, ...]:
        """The files that shall be fetched: public, and ticked."""
        return tuple(
            file for file in self.files if file.name not in self.left_out and self._refusal(file) is None
        )

    # What is done.

    @from_page
    def ask(self, query: str, calibrations: bool = False) -> None:
        """Begin to ask the archive; the answer comes in the background.

        Parameters
        ----------
        query : str
            Names as ``f2 fetch`` takes them, with blanks between.
        calibrations : bool, optional
            Look for the calibrations of the science frames as well.

        Raises
        ------
        ParameterError
            If nothing is asked for.
        """
        names = _words(query)
        if not names:
            raise ParameterError("Ask for something: example1, a programme (GS-2013B-Q-15), or files.")
        self._start("asking the archive", lambda listen: wanted(self.archive, names, bool(calibrations)))
        self.query, self.calibrations = query, bool(calibrations)

    @from_page
    def tick(self, rows: Iterable[int], on: bool = True) -> dict[str, Any]:
        """Tick files, or take their ticks away.

        Parameters
        ----------
        rows : iterable of int
            Places in `files`.
        on : bool, optional
            Whether they shall be fetched.

        Returns
        -------
        dict
            How many files and bytes are ticked, for the page.

        Raises
        ------
        ParameterError
            If there is no such place.
        """
        try:
            names = frozenset(self.files[place].name for place in rows if place >= 0)
        except (IndexError, TypeError) as error:
            raise ParameterError("The table has changed meanwhile: choose again.") from error
        self.left_out = self.left_out - names if on else self.left_out | names
        return self._ticked()

    @from_page
    def fetch(self, out: str = "", unpack: bool = False) -> None:
        """Begin to fetch the files that are ticked.

        Parameters
        ----------
        out : str, optional
            Folder for them; the workspace's folder unless told.
        unpack : bool, optional
            Leave plain FITS files.

        Raises
        ------
        ParameterError
            If no file is ticked.
        """
        files = self.value
        if not files:
            raise ParameterError("No file is ticked: ask the archive, and tick what you want.")
        target = (
            Path(os.path.abspath(Path(out.strip()).expanduser())) if out.strip() else self.workspace.folder
        )

        def work(listen: Listener) -> list[Outcome]:
            return fetch_files(
                files,
                Task(self.archive, target, bool(unpack)),
                on_progress=lambda done, total: listen(Advanced("fetch", done, total)),
                on_outcome=lambda outcome: self._note(outcome, listen),
            )

        self._start("fetching", work)
        self.out, self.unpack = target, bool(unpack)

    @from_page
    def use(self) -> None:
        """Make the folder of the files that of the workspace, so that the other panels show them."""
        if not self.out.is_dir():
            raise ParameterError(f"{self.out} is not there yet: fetch something first.")
        self.workspace.folder = self.out

    # What goes on in the background.

    def _note(self, outcome: Outcome, listen: Listener) -> None:
        """Keep how it went with a file, for the main thread."""
        self._fresh.append(outcome)
        listen(Note("fetch", outcome.why, outcome.file.name))

    def _noted(self, note: Note) -> None:
        """Show how it went with a file; each is noted."""
        self._show_outcomes()

    def _show_outcomes(self) -> None:
        """Show how it went with the files that are done."""
        fresh = [self._fresh.popleft() for _ in range(len(self._fresh))]
        self.outcomes |= {outcome.file.name: outcome for outcome in fresh}
        places = {file.name: place for place, file in enumerate(self.files)}
        told = {str(places[o.file.name]): _state(o) for o in fresh if o.file.name in places}
        if told:
            self.send({"kind": "states", "states": told})

    def _finished(self, result: Wanted | list[Outcome]) -> None:
        """Show what was found, or how the fetching went."""
        if isinstance(result, Wanted):
            self._take(result)
        else:
            self._done(result)

    def _take(self, found: Wanted) -> None:
        """Take over what the archive has."""
        self.files, self.outcomes, self.left_out = list(found.files), {}, frozenset()
        self.arrived()
        told = [*found.notes, *(f"{one.file.name}: {one.why}." for one in found.left_out)]
        if told:
            self.tell("\n".join(told))

    def _done(self, outcomes: list[Outcome]) -> None:
        """Note what was fetched, and tell what was not."""
        there = sum(outcome.is_there for outcome in outcomes)
        missing = [f"{one.file.name}: {one.why}" for one in outcomes if not one.is_there]
        if there:
            self.workspace.did(self.code()[0])
        if missing:
            self.tell("\n".join([f"{there} files are there, {len(missing)} are not.", *missing]), "error")
        else:
            self.tell(f"{there} files are in {self.out}.")

    # What the page is sent.

    def arrived(self) -> None:
        """Send what was asked for, and the files."""
        self.send(
            {"kind": "place", "query": self.query, "calibrations": self.calibrations, "unpack": self.unpack}
            | {"out": os.fspath(self.out), "server": self.archive.server}
        )
        self.send({"kind": "rows", **self._rows(), "ticked": self._places(), "count": self._ticked()})

    def _rows(self) -> dict[str, Any]:
        """Return the files as rows."""
        columns = [{"key": key, "title": title, "numeric": numeric} for key, title, numeric in COLUMNS]
        reasons = {str(i): self._refusal(file) for i, file in enumerate(self.files) if self._refusal(file)}
        return {"columns": columns, "rows": [self._cells(file) for file in self.files], "reasons": reasons}

    def _cells(self, file: Archived) -> list[Any]:
        """Return a file as the cells of its row."""
        facts = file.facts
        moment = None if facts.ut_start is None else f"{facts.ut_start:%Y-%m-%d %H:%M:%S}"
        words = [facts.observation_type or "", facts.observation_class or ""]
        kind, size = " ".join(word for word in words if word), round(file.size / 1e6, 2)
        state = _state(self.outcomes.get(file.name)) or self._refusal(file)
        told = [file.name, state, kind, facts.object, facts.filter_name, facts.exposure_time, moment, size]
        return [*told, None if file.release is None else f"{file.release}"]

    def _refusal(self, file: Archived) -> str | None:
        """Say why a file cannot be fetched."""
        if file.is_proprietary() and not self.archive.knows_us:
            return f"proprietary until {file.release}"
        return None

    def _places(self) -> list[int]:
        """Return the places of the files that are ticked."""
        ticked = {file.name for file in self.value}
        return [place for place, file in enumerate(self.files) if file.name in ticked]

    def _ticked(self) -> dict[str, Any]:
        """Return how many files and bytes are ticked."""
        return {"files": len(self.value), "of": len(self.files), "bytes": sum(f.size for f in self.value)}

    # What it says of itself.

    def code(self) -> tuple[Deed, ...]:
        """Return the call that fetches the same files."""
        value = self.value
        if not value:
            return ()
        options: dict[str, Any] = {"unpack": self.unpack}
        if not self.left_out:
            names, options = _words(self.query), {"calibrations": self.calibrations, **options}
        else:
            names = [root_of(file.name) for file in value]
        if self.archive.server != Archive().server:
            options["archive"] = self.archive.server
        return (Deed("fetch", (names, self.out), options, title="Fetch frames from the archive"),)

    def poster(self) -> Mapping[str, Any]:
        """Return the first files as a table."""
        caption = f"{len(self.files)} files of {self.archive.server}"
        titles = [title for _, title, _ in COLUMNS]
        return {"text/html": table_html(titles, [self._cells(file) for file in self.files], caption)}


def _words(query: str) -> list[str]:
    """Take a query apart; names with blanks stand in quotes."""
    try:
        return shlex.split(query)
    except ValueError:  # a lone quote is part of a name
        return query.split()


def _state(outcome: Outcome | None) -> str:
    """Say how it went with a file."""
    return "" if outcome is None else STATES.get(outcome.state, outcome.state)
