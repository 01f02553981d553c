"""Choose files: a folder, a pattern, groups and facets with their counts; read in the background."""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from f2widgets.core.annotations import Tick, ignore
from f2widgets.errors import ParameterError
from f2widgets.io.facets import FACETS, UNTOLD, facets, groups, within
from f2widgets.io.index import indexed
from f2widgets.io.records import Record, find_files
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.file_panel import FEW, FilePanel
from f2widgets.widgets.panel import asked_by_page, from_page, table_html
from f2widgets.widgets.recent import Look, looks, remember
from f2widgets.widgets.rows import columns, packed
from f2widgets.widgets.workspace import Workspace

#: Columns of the list.
COLUMNS = ("object", "filter_name", "exposure_time", "night", "tags")
#: What files may be grouped by.
GROUPINGS = ("night", "object", "filter_name", "exposure_time", "tags")
#: The most folders that a completion offers.
OFFERED = 50


class FileSelector(FilePanel):
    """The files of a folder, and which of them count.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share; `folder` is where is looked, `files` becomes what is left.
    recurse : bool, optional
        Look in the folders inside as well; by default as that folder was looked at before.
    pattern : str, optional
        Names that count, as in a shell: ``S20131121*``.
    picks : mapping of str to sequence of str, optional
        Values picked by facet: ``{"tags": ["DARK"], "exposure_time": ["120"]}``.

    Attributes
    ----------
    records : list of Record
        All files that match the pattern.
    picks : dict of str to tuple of str
        Values picked, by facet.
    by : tuple of str
        What files are grouped by.
    """

    title = "Files"
    scripts = ("table.js", "file_selector.js")

    def __init__(
        self,
        workspace: Workspace | None = None,
        *,
        recurse: bool | None = None,
        pattern: str | None = None,
        picks: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        super().__init__(workspace)
        before = {one.folder: one for one in looks()}.get(os.fspath(self.workspace.folder), Look(""))
        self.recurse = before.recurse if recurse is None else recurse
        self.pattern = before.pattern if pattern is None else pattern
        self.picks: dict[str, tuple[str, ...]] = {}
        self.by: tuple[str, ...] = ()
        self._left: list[Record] = []
        self._looked = self._wanted()
        self.guarded(lambda: self._keep(self._found(self._tell_once, ignore)))
        if picks:
            self.pick_values(picks)
        self.workspace.observe(lambda _: self.guarded(self._folder_changed), "folder")

    # Looking.

    def look(
        self,
        folder: str | os.PathLike[str] | None = None,
        recurse: bool | None = None,
        pattern: str | None = None,
    ) -> tuple[Path, ...]:
        """Look into a folder, and wait until all headers are read.

        Parameters
        ----------
        folder : path-like, optional
            Where; the same as before unless told.
        recurse : bool, optional
            Look in the folders inside as well.
        pattern : str, optional
            Names that count.

        Returns
        -------
        tuple of `~pathlib.Path`
            The files that count.

        Raises
        ------
        NotF2Data
            If the folder cannot be read.
        """
        self.begin(os.fspath(folder or self.workspace.folder), recurse, pattern)
        self.wait()
        return self.value

    @from_page
    def begin(self, folder: str, recurse: bool | None = None, pattern: str | None = None) -> None:
        """Begin to look into a folder; headers are read in the background.

        Raises
        ------
        NotF2Data
            If the folder cannot be read.
        """
        path = Path(os.path.abspath(Path(folder.strip() or ".").expanduser()))
        inside = find_files(path, recurse=False)  # an unreadable one is told at once, and nothing changes
        self.recurse = self.recurse if recurse is None else bool(recurse)
        self.pattern = (self.pattern if pattern is None else pattern).strip() or "*"
        if path != self.workspace.folder:
            self.workspace.folder = path  # which begins
        else:
            self._begin_with(inside)

    def _folder_changed(self) -> None:
        """Look into the folder that somebody set, if that was not done already."""
        if self._wanted() != self._looked:
            self._begin_with(find_files(self.workspace.folder, recurse=False))

    def _begin_with(self, inside: Sequence[Path]) -> None:
        """Begin to read; few files are waited for."""
        self._looked = self._wanted()
        self._begin(not self.recurse and len(inside) <= FEW)

    def _wanted(self) -> tuple[Path, bool, str]:
        """Return where and how is looked."""
        return self.workspace.folder, self.recurse, self.pattern

    def _found(self, say: Callable[[str], object], tick: Tick) -> list[Record]:
        """Find the files and read their headers."""
        paths = find_files(self.workspace.folder, self.recurse, tick=tick)
        if self.pattern != "*":
            fitting = re.compile(fnmatch.translate(self.pattern)).match
            paths = [path for path in paths if fitting(path.name)]
        return indexed(paths, (*COLUMNS, *FACETS), say=say, tick=tick)

    def _take(self, found: list[Record]) -> None:
        """Take over what was found, and show it."""
        self._keep(found)
        self._send_all()

    def _keep(self, found: list[Record]) -> None:
        """Take over what was found."""
        self.records = found
        remember(Look(os.fspath(self.workspace.folder), self.recurse, self.pattern))
        self._narrow_to_known()

    def _narrow_to_known(self) -> None:
        """Work out which files are left; values that no file has any more would leave nothing, unseen."""
        counted = facets(self.records, list(self.picks))
        known = {one.name: {value for value, _ in one.counts} for one in counted}
        self.picks = {name: tuple(v for v in some if v in known[name]) for name, some in self.picks.items()}
        self._narrow()

    def _narrow(self) -> None:
        """Work out which files are left."""
        self._left = within(self.records, self.picks)
        self._counted()

    # What the page is sent.

    def _send_place(self) -> None:
        """Send where is looked, and by what files may be grouped."""
        self.send(
            {"kind": "place", "folder": os.fspath(self.workspace.folder), "recurse": self.recurse}
            | {"pattern": self.pattern, "recent": [one.folder for one in looks()]}
            | {"groupings": list(GROUPINGS), "by": list(self.by)}
        )

    def _table(self, records: Sequence[Record]) -> dict[str, Any]:
        """Return files as rows, named from the folder on."""
        return packed(records, COLUMNS, self.workspace.folder)

    def _send_shown(self) -> None:
        """Send which files are left, with facets and groups."""
        self.send({"kind": "left", **self._left_now()})

    def _left_now(self) -> dict[str, Any]:
        """Return which files are left, with the counts of facets and groups."""
        places = {id(row): i for i, row in enumerate(self.records)}
        shown = None if len(self._left) == len(self.records) else [places[id(row)] for row in self._left]
        counted = {}
        for name in FACETS:
            # Of a facet whose values exclude each other, the others are counted as if none were picked.
            others = {key: some for key, some in self.picks.items() if key != name or name == "tags"}
            (facet,) = facets(within(self.records, others) if self.picks.get(name) else self._left, [name])
            counted[name] = [list(pair) for pair in facet.counts]
        grouped = [
            {"values": list(values), "rows": [places[id(row)] for row in rows]}
            for values, rows in (groups(self._left, self.by) if self.by else ())
        ]
        return {
            "shown": shown,
            "facets": counted,
            "picks": {name: list(some) for name, some in self.picks.items()},
            "groups": grouped,
            "by": list(self.by),
            "count": len(self.value),
            "total": len(self.records),
            "unreadable": sum(row.problem is not None for row in self.records),
        }

    # What is done.

    @from_page
    def pick_values(self, picks: Mapping[str, Sequence[str]]) -> dict[str, Any]:
        """Leave only files that have certain values.

        Parameters
        ----------
        picks : mapping of str to sequence of str
            Values by facet. Of several tags a file must have all; of several values of another facet, one.

        Returns
        -------
        dict
            Which files are left, and the new counts, for the page.

        Raises
        ------
        ParameterError
            If there is no such facet.
        """
        for name in picks:
            if name not in FACETS:
                raise ParameterError(f"There is no facet {name!r}: they are {', '.join(FACETS)}.")
        self.picks = {name: tuple(map(str, values)) for name, values in picks.items() if values}
        self._narrow()
        return self._left_now()

    @from_page
    def group(self, by: Sequence[str]) -> dict[str, Any]:
        """Put the files that are left into groups that agree in some descriptors; returns them.

        Raises
        ------
        ParameterError
            If files are not grouped by that.
        """
        for name in by:
            if name not in GROUPINGS:
                raise ParameterError(f"Files are not grouped by {name!r}, but by {', '.join(GROUPINGS)}.")
        self.by = tuple(by)
        return self._left_now()

    def own_state(self) -> dict[str, Any]:
        """Return how is looked, what is picked, groups, ticks and order."""
        picks = {name: list(values) for name, values in self.picks.items()}
        how = {"recurse": self.recurse, "pattern": self.pattern, "picks": picks, "by": list(self.by)}
        return {**super().own_state(), **how}

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Take up what was kept; the folder is looked into afterwards, once, and only if that is needed."""
        super().take_up(state)
        self.recurse, self.pattern = bool(state["recurse"]), str(state["pattern"])
        self.picks = {name: tuple(map(str, some)) for name, some in state["picks"].items() if name in FACETS}
        self.by = tuple(name for name in state["by"] if name in GROUPINGS)

    def taken_up(self) -> None:
        """Show what was taken up."""
        if self._wanted() != self._looked:
            self._folder_changed()
        else:
            self._narrow_to_known()
            self._send_all()

    @asked_by_page
    def complete(self, text: str) -> list[str]:
        """Return the folders that a path may go on to.

        Parameters
        ----------
        text : str
            What was typed so far.

        Returns
        -------
        list of str
            Folders; none where they cannot be looked at.
        """
        typed = os.path.expanduser(text)
        parent, start = os.path.split(typed)
        try:
            with os.scandir(os.path.join(self.workspace.folder, parent)) as entries:
                names = sorted(one.name for one in entries if one.name.startswith(start) and one.is_dir())
        except OSError:
            return []
        shown = [name for name in names if start.startswith(".") or not name.startswith(".")]
        return [os.path.join(parent, name) for name in shown[:OFFERED]]

    # What it says of itself.

    def code(self) -> tuple[Deed, ...]:
        """Return the call that chooses the same files."""
        return (self.chosen(),) if self.value else ()

    def _asked(self) -> tuple[Sequence[str], str]:
        """Return the values picked, as tags and an expression."""
        return _condition(self.picks)

    def _shown(self) -> Sequence[Record]:
        """Return the files that have the values picked."""
        return self._left

    def _counted(self) -> None:
        """Tell the workspace."""
        self.workspace.files = self.value

    def poster(self) -> Mapping[str, Any]:
        """Return the first files as a table."""
        rows = packed(self._left, COLUMNS, self.workspace.folder)["rows"]
        titles = [one["title"] for one in columns(COLUMNS)]
        caption = f"{len(rows)} files in {self.workspace.folder}"
        return {"text/html": table_html(titles, rows, caption)}


def _condition(picks: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], str]:
    """Return picked values as tags and an expression; one that cannot be written so is left out."""
    parts = []
    for name, values in picks.items():
        if name != "tags" and values:
            words = [_word(name, value) for value in values]
            some = [f"{name} == {word}" for word in words]
            parts.append(some[0] if len(some) == 1 else f"({' or '.join(some)})")
    return tuple(picks.get("tags", ())), " and ".join(parts)


def _word(name: str, value: str) -> str:
    """Return a value as an expression has it."""
    if value == UNTOLD:
        return "None"
    if name == "exposure_time":
        return value
    quote = "'" if '"' in value else '"'
    return f"{quote}{value}{quote}"
