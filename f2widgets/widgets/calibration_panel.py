"""The calibrations: what the database holds, what the selected frames get and why, and what is missing."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from f2widgets.calibrating import add_calibrations, remove_calibrations
from f2widgets.calibrations.config import read_config
from f2widgets.calibrations.match import Judged, in_time
from f2widgets.calibrations.overrides import FORCE, calibration_kind
from f2widgets.calibrations.overview import Held, held, store_of
from f2widgets.calibrations.service import Calibrations
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.index import indexed
from f2widgets.io.records import Record, find_files
from f2widgets.needs import Making, Need, makings, needs_of, shape_of
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.panel import Panel, asked_by_page, from_page, table_html
from f2widgets.widgets.rows import as_arguments, cell
from f2widgets.widgets.workspace import Workspace

#: More frames than this are not matched: each takes some milliseconds, and nobody reads so many rows.
MOST = 100
#: Columns of the match table.
MATCHES = ("frame", "needs", "file", "age", "found in", "state")
#: Descriptors that are asked of raw frames.
ASKED = ("tags", "exposure_time", "filter_name", "coadds", "read_mode", "ut_start", "qa_state")


class CalibrationPanel(Panel):
    """Calibrations of the frames that are selected, or of all where none are.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share; `user_cals` are the files pinned here.

    Attributes
    ----------
    held : list of Held
        What the databases hold.
    needs : list of Need
        What the frames need, and get.
    missing : list of Making
        What is missing, and what would make it.
    """

    title = "Calibrations"
    scripts = ("table.js", "calibration_panel.js")

    def __init__(self, workspace: Workspace | None = None) -> None:
        super().__init__(workspace)
        self.held: list[Held] = []
        self.needs: list[Need] = []
        self.missing: list[Making] = []
        self._frames: list[Record] = []
        self._raws: list[Record] = []
        self._spared = 0
        self.guarded(self._look)
        self.workspace.observe(self._changed, ["selection", "files", "user_cals", "config", "products"])

    # Looking.

    @from_page
    def refresh(self) -> None:
        """Ask the databases and the files again."""
        self._raws = []
        self._look()
        self.arrived()

    def _look(self, thorough: bool = False) -> None:
        """Ask the databases, and match the frames."""
        self.held, self.needs, self.missing = [], [], []
        config = read_config(self.workspace.config)
        self.held = held(config, thorough=thorough)
        files = self.workspace.selection or self.workspace.files
        self._spared = len(files) if len(files) > MOST else 0
        self._frames = indexed(() if self._spared else files, ASKED)
        user = [f"{kind}:{os.fspath(file)}" for kind, file in self.workspace.user_cals.items()]
        self.needs = needs_of(self._frames, Calibrations(config, user=user))
        if any(need.missing for need in self.needs):
            paths = self._at_hand()
            if [row.path for row in self._raws] != paths:
                self._raws = indexed(paths, ASKED)
            self.missing = makings(self.needs, self._raws)

    def _at_hand(self) -> list[Path]:
        """Return the files that calibrations could be made of: of the workspace and beside the frames."""
        found = dict.fromkeys([*self.workspace.files, *self.workspace.selection])
        for folder in {*(row.path.parent for row in self._frames), self.workspace.folder}:
            try:
                found.update(dict.fromkeys(find_files(folder, recurse=False)))
            except NotF2Data:
                continue  # a folder that may not be looked into holds nothing that could be used
        return list(found)

    def _changed(self, _: Any) -> None:
        """Show what has changed."""
        self.guarded(self._look)
        self.guarded(self.arrived)

    # What the page is sent.

    def arrived(self) -> None:
        """Send databases, matches, and what is missing."""
        config = read_config(self.workspace.config)
        ages = [one.age(self._moment()) for one in self.held]
        self.send({"kind": "held", "rows": [self._held_row(one) for one in self.held], "ages": ages})
        spared = f"{self._spared} files: select at most {MOST}." if self._spared else ""
        ages = [one.match.age if one.match else None for one in self.needs]
        rows = [_row(one) for one in self.needs]
        self.send({"kind": "matches", "rows": rows, "ages": ages, "spared": spared})
        missing = [{"text": str(one), "can": bool(one.files), "kind": one.kind} for one in self.missing]
        self.send({"kind": "missing", "rows": missing})
        pins = {kind: os.fspath(file) for kind, file in self.workspace.user_cals.items()}
        databases = [str(one.path) for one in config.databases]
        self.send({"kind": "place", "pins": pins, "databases": databases})

    def _moment(self) -> datetime | None:
        """Return when the first of the frames was taken, from which ages are counted."""
        return next((row.facts.ut_start for row in self._frames if not row.problem), None)

    def _held_row(self, one: Held) -> list[Any]:
        """Return a calibration as cells."""
        taken = one.entry.facts.ut_start
        age = one.age(self._moment())
        words = "" if age is None else in_time(age).removeprefix("taken ")
        return [one.entry.name, one.entry.kind, one.properties, cell(taken and taken.replace(microsecond=0)),
                words, one.state, one.trouble or "", str(one.entry.path.parent)]  # fmt: skip

    @asked_by_page
    def why(self, row: int) -> dict[str, Any]:
        """Tell why a frame gets the calibration it gets, or none.

        Parameters
        ----------
        row : int
            Place in `needs`.

        Returns
        -------
        dict
            ``text``; ``others`` that would fit; ``misses`` with the keys that failed.
        """
        need = _at(self.needs, row)
        match = need.match
        return {
            "frame": need.record.name,
            "kind": need.kind,
            "text": str(need),
            "others": [_judged(one) for one in (match.others if match else ())],
            "misses": [_judged(one) for one in (match.misses if match else ())],
        }

    # What is done.

    @from_page
    def pin(self, kind: str, file: str, force: bool = False) -> None:
        """Use a file for all frames, whatever the rules would choose; the product's history records it.

        Parameters
        ----------
        kind : {'dark', 'flat', 'bpm'}
            What it is used as.
        file : str
            A processed calibration.
        force : bool, optional
            Use it although it does not agree in all that should.

        Raises
        ------
        ParameterError
            If there is no such file or kind.
        WrongCalibration
            If it is of another kind, or does not agree with a frame and is not forced.
        """
        name = calibration_kind(kind)
        path = Path(file.strip()).expanduser().absolute()
        word = f"{path}{FORCE}" if force else str(path)
        service = Calibrations(read_config(self.workspace.config), user=[f"{name}:{word}"])
        for need in self.needs:
            if need.kind == name:
                shape = shape_of(need.record)
                service.find(name, need.record.facts, name=need.record.name, shape=shape)  # a misfit is told
        self.workspace.user_cals = {**self.workspace.user_cals, name: Path(word)}
        self.tell(f"{path.name} is used as {name} for all frames.")

    @from_page
    def unpin(self, kind: str) -> None:
        """Let the rules choose again."""
        self.workspace.user_cals = {k: v for k, v in self.workspace.user_cals.items() if k != kind}

    @from_page
    def add(self, file: str) -> int:
        """Add a processed calibration, or the files of a folder, to the database; returns how many.

        Raises
        ------
        CalibrationStore
            If the database cannot be written, or nothing there is a processed calibration.
        ParameterError
            If no file is named.
        """
        if not file.strip():
            raise ParameterError("Name a processed calibration, or a folder that holds some.")
        path = os.fspath(Path(file.strip()).expanduser().absolute())
        found = add_calibrations([path], config=self.workspace.config)
        added = [one for one in found if one.done in ("added", "updated")]
        self._did("add_calibrations", path, "Add calibrations")
        self.refresh()
        others = len(found) - len(added)
        told = f"; {others} were there already, or are no processed calibrations" if others else ""
        self.tell(f"Added: {', '.join(one.path.name for one in added) or 'none'}{told}.")
        return len(added)

    @from_page
    def remove(self, rows: Iterable[int]) -> int:
        """Forget calibrations; their files stay. Returns how many.

        Parameters
        ----------
        rows : iterable of int
            Places in `held`.
        """
        chosen = [_at(self.held, row) for row in rows]
        store = store_of(read_config(self.workspace.config))
        for one in chosen:
            if one.database != store.path:
                raise ParameterError(
                    f"{one.entry.name} is in {one.database}, which by its configuration is not changed: "
                    f"remove it with f2 caldb remove -d FILE."
                )
        paths = [str(one.entry.path) for one in chosen]
        remove_calibrations(paths, config=self.workspace.config)
        for path in paths:
            self._did("remove_calibrations", path, "Forget a calibration")
        self.refresh()
        return len(paths)

    @from_page
    def verify(self) -> str:
        """Compare every file with the checksum recorded when it was added; returns what was found."""
        self._look(thorough=True)
        self.arrived()
        wrong = [f"{one.entry.name}: {one.trouble}" for one in self.held if one.trouble]
        count = len(self.held)
        text = f"All {count} files are as they were added." if not wrong else ". ".join(wrong) + "."
        self.tell(text, "error" if wrong else "note")
        return text

    @from_page
    def plan(self, row: int) -> None:
        """Set out to make a missing calibration: its raw frames become the selection, with its recipe.

        Parameters
        ----------
        row : int
            Place in `missing`.

        Raises
        ------
        ParameterError
            If the raw frames are not at hand.
        """
        making = _at(self.missing, row)
        if not making.files:
            raise ParameterError(f"{making} Look into a folder that holds them.")
        chosen = Deed(
            "select", (as_arguments(making.files),), {}, "chosen", f"Choose frames for a {making.kind}"
        )
        self.workspace.recipe = making.recipe.name
        self.workspace.select(making.files, chosen_by=chosen)
        self.workspace.did(chosen)
        self.tell(f"{len(making.files)} raw frames are selected for the recipe {making.recipe.name}: run it.")

    def _did(self, function: str, path: str, title: str) -> None:
        """Note what was done."""
        self.workspace.did(Deed(function, ([path],), {"config": self.workspace.config}, "", title))

    # What it says of itself.

    def code(self) -> tuple[Deed, ...]:
        """Return the call that tells the same matches."""
        files = [row.path for row in self._frames if not row.problem]
        options = {"user_cals": dict(self.workspace.user_cals), "config": self.workspace.config}
        if not files:
            return ()
        return (Deed("calibrations_for", (as_arguments(files),), options, "needs", "Match calibrations"),)

    def poster(self) -> Mapping[str, Any]:
        """Return the match table and what is missing."""
        rows = [_row(one) for one in self.needs]
        held_rows = [self._held_row(one)[:6] for one in self.held]
        titles = ["file", "kind", "properties", "taken", "age", "state"]
        text = table_html(list(MATCHES), rows, f"Calibrations of {len(self._frames)} files")
        missing = table_html(["missing"], [[str(one)] for one in self.missing]) if self.missing else ""
        return {"text/html": text + missing + table_html(titles, held_rows, "In the database")}


def _row(need: Need) -> list[Any]:
    """Return a need as cells of the match table."""
    name = need.record.name
    if need.match is None:
        return [name, need.kind, "", "", "", "does not fit"]
    if need.match.chosen is None:
        return [name, need.kind, "", "", "", "none, optional" if need.optional else "missing"]
    origin = need.match.origin or ""
    state = "pinned" if origin == "user" else "with a note" if need.match.notes else "fits"
    age = in_time(need.match.age).removeprefix("taken ")
    return [name, need.kind, need.match.chosen.path.name, age, os.path.basename(origin), state]


def _judged(one: Judged) -> dict[str, Any]:
    """Return a candidate with all that speaks against it."""
    failures = [[failure.key, failure.found, failure.needed] for failure in one.failures]
    path = os.fspath(one.candidate.path)
    return {"file": one.candidate.path.name, "path": path, "age": in_time(one.age), "failures": failures}


def _at(rows: Sequence[Any], place: int) -> Any:
    """Return what stands at a place."""
    if not isinstance(place, int) or not 0 <= place < len(rows):
        raise ParameterError("The table has changed meanwhile: choose again.")
    return rows[place]
