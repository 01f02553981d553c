"""What the panels share that list files: ticks, picks, and the call that chooses the same files again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from f2widgets.core.annotations import Tick
from f2widgets.errors import ParameterError
from f2widgets.io.records import Record
from f2widgets.io.select import select
from f2widgets.recipes.events import Advanced, Listener, Note
from f2widgets.widgets.background import BackgroundPanel
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.panel import asked_by_page, from_page
from f2widgets.widgets.rows import PROBLEM, as_arguments
from f2widgets.widgets.workspace import Workspace

#: So many files are read at once, in less than a second or so; more in the background.
FEW = 300
#: So many files can be looked at together.
MOST_LOOKED = 20
#: Rows that are sent ahead of all others, so that they are seen at once.
AHEAD = 100


class FilePanel(BackgroundPanel):
    """A list of files of which some count.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share.

    Attributes
    ----------
    records : list of Record
        The files.
    left_out : frozenset of `~pathlib.Path`
        Files whose tick was taken away.
    order : tuple of (str, bool) or None
        Column by which the rows are sorted, and whether downwards; set by `sort_by`.
    """

    stopped = "Stopped: the list is as it was. What was read so far is known the next time."

    def __init__(self, workspace: Workspace | None = None, **kwargs: Any) -> None:
        super().__init__(workspace, **kwargs)
        self.records: list[Record] = []
        self.left_out: frozenset[Path] = frozenset()
        self.order: tuple[str, bool] | None = None
        self._told: set[str] = set()
        self._again = False
        self.workspace.observe(lambda _: self._send_picked(), "selection")

    @property
    def value(self) -> tuple[Path, ...]:
        """The files that count: they can be read, are shown, and are ticked."""
        readable = (row.path for row in self._shown() if not row.problem)
        if not self.left_out:  # to look ten thousand paths up takes longer than to list them
            return tuple(readable)
        return tuple(path for path in readable if path not in self.left_out)

    def _shown(self) -> Sequence[Record]:
        """Return the files that are shown."""
        return self.records

    def _asked(self) -> tuple[Sequence[str], str]:
        """Return the tags and the expression by which those that are shown were chosen."""
        return (), ""

    def _counted(self) -> None:
        """Take note that other files count."""

    @from_page
    def include(self, rows: Iterable[int], on: bool = True) -> int:
        """Tick files, or take their ticks away.

        Parameters
        ----------
        rows : iterable of int
            Places in `records`.
        on : bool, optional
            Whether they count.

        Returns
        -------
        int
            How many files count now.
        """
        files = frozenset(self._at(rows))
        self.left_out = self.left_out - files if on else self.left_out | files
        self._counted()
        return len(self.value)

    @from_page
    def pick(self, rows: Iterable[int]) -> None:
        """Pick files by hand: they become the selection of the workspace.

        Parameters
        ----------
        rows : iterable of int
            Places in `records`.
        """
        files = self._at(rows)
        if tuple(files) != self.workspace.selection:
            self.workspace.select(files)

    @asked_by_page
    def sort_by(self, column: str, down: bool = False) -> None:
        """Sort the rows that are shown.

        Parameters
        ----------
        column : str
            ``filename``, ``problem``, or a descriptor that is shown.
        down : bool, optional
            The largest first.

        Raises
        ------
        ParameterError
            If there is no such column.
        """
        known = [*(one["key"] for one in self._table([])["columns"]), PROBLEM]
        if column not in known:
            raise ParameterError(f"There is no column {column!r} to sort by: there are {', '.join(known)}.")
        self.order = column, bool(down)

    def own_state(self) -> dict[str, Any]:
        """Return ticks and order."""
        left_out = [os.fspath(file) for file in sorted(self.left_out)]
        return {"left_out": left_out, "order": None if self.order is None else list(self.order)}

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Take up ticks and order."""
        self.left_out = frozenset(Path(file) for file in state["left_out"])
        self.order = None
        if state["order"] is not None:
            self.sort_by(*state["order"])

    @from_page
    def inspect(self, rows: Iterable[int]) -> None:
        """Look at files in the image inspector.

        Parameters
        ----------
        rows : iterable of int
            Places in `records`.

        Raises
        ------
        ParameterError
            If there are none, or too many.
        """
        files = self._at(rows)
        if not 0 < len(files) <= MOST_LOOKED:
            raise ParameterError(f"Pick one file to look at, or several, {MOST_LOOKED} at most.")
        self.workspace.look_at(files)

    @from_page
    def take(self) -> int:
        """Pick all files that count: they become the selection, and the call that chooses them is noted.

        Returns
        -------
        int
            How many they are.

        Raises
        ------
        ParameterError
            If there are none.
        """
        if not self.value:
            raise ParameterError("No file is left to take: ask for less, or tick some.")
        deed = self.chosen()
        self.workspace.select(self.value, chosen_by=deed)
        self.workspace.did(deed)
        return len(self.value)

    def chosen(self) -> Deed:
        """Return the call of ``select`` that gives the files that count.

        Returns
        -------
        Deed
            By tags and an expression where these give the same files, else by the files' names.
        """
        value = self.value
        tags, expression = self._asked()
        readable = [row for row in self.records if not row.problem]
        options: dict[str, Any] = {"tags": list(tags), "expression": expression}
        try:
            same = select(readable, tags, (), expression or None).matched
        except ParameterError:  # a text with both sorts of quotes in it
            same = ()
        if tuple(row.path for row in same) != value:
            return Deed("select", (as_arguments(value),), {}, "chosen", "Choose files")
        every = [row.path for row in self.records]  # those that cannot be read are left out by `select`
        title = "Choose files by what they are" if tags or expression else "Choose files"
        return Deed("select", (as_arguments(every),), options, "chosen", title)

    def _tell_once(self, text: str) -> None:
        """Tell something that holds for all of a session."""
        if text not in self._told:
            self._told.add(text)
            self.tell(text)

    # Reading, in the background where files are many.

    def _found(self, say: Callable[[str], object], tick: Tick) -> list[Record]:
        """Read the headers of the files; in another thread."""
        raise NotImplementedError

    def _take(self, found: list[Record]) -> None:
        """Take over what was read, and show it."""
        raise NotImplementedError

    def _begin(self, few: bool) -> None:
        """Begin to read, after what is read now; few files, or without a loop of events, are waited for."""
        if self._worker.busy:
            self._again = True
            self._worker.cancel()
        else:
            self._start("reading files", self._work)
        if few or not _in_a_loop():
            self.wait()

    def _work(self, listen: Listener) -> list[Record]:
        """Read, and tell of the progress."""

        def tick(done: int, total: int, /) -> None:
            listen(Advanced("files", done, total))

        return self._found(lambda text: listen(Note("files", text)), tick)

    @from_page
    def cancel(self) -> None:
        """Stop reading; what is listed stays, and what was read is known the next time."""
        self._again = False
        super().cancel()

    def _noted(self, note: Note) -> None:
        """Tell what the reading notes, such as why the index is not used."""
        self._tell_once(note.text)

    def _ended(self, result: Any, error: BaseException | None) -> None:
        """Show what was read, or begin anew where something else was asked for meanwhile."""
        if self._again:
            self._again = False
            self._begin(few=False)
        else:
            super()._ended(result, error)

    def _finished(self, result: list[Record]) -> None:
        """Show what was read."""
        self._take(result)

    # What the page is sent.

    def arrived(self) -> None:
        """Send everything to a page that has just opened."""
        self._send_all()

    def _send_all(self) -> None:
        """Send what is shown: of many files the first; the page draws them and asks for the rest."""
        self._send_place()
        if len(self.records) <= AHEAD:
            self.rest()
        else:
            first = self._table(self.records[:AHEAD])
            self.send({"kind": "rows", "ticked": None, "more": True, "order": self.order, **first})

    @asked_by_page
    def rest(self) -> None:
        """Send all rows, which of them are shown, and which are picked."""
        table = {"ticked": self._ticked(), "order": self.order, **self._table(self.records)}
        self.send({"kind": "rows", "more": False, **table})
        self._send_shown()
        self._send_picked()

    def _send_place(self) -> None:
        """Send what stands above the table."""

    def _table(self, records: Sequence[Record]) -> dict[str, Any]:
        """Return files as rows for the page."""
        raise NotImplementedError

    def _send_shown(self) -> None:
        """Send which of the rows are shown."""
        raise NotImplementedError

    def _at(self, rows: Iterable[int]) -> list[Path]:
        """Return the files at some places."""
        try:
            return [self.records[place].path for place in rows if place >= 0]
        except (IndexError, TypeError) as error:
            raise ParameterError("The table has changed meanwhile: choose again.") from error

    def _send_picked(self) -> None:
        """Send which rows are picked."""
        wanted = set(self.workspace.selection)
        self.send({"kind": "picked", "rows": [i for i, row in enumerate(self.records) if row.path in wanted]})

    def _ticked(self) -> list[int]:
        """Return the places of the files that are ticked."""
        if not self.left_out:
            return list(range(len(self.records)))
        return [i for i, row in enumerate(self.records) if row.path not in self.left_out]


def _in_a_loop() -> bool:
    """Tell whether there is a loop of events, as in a notebook, in which the end of reading is told."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
