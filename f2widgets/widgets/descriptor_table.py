"""Files as a table: descriptors as columns, an expression as filter, headers to read and to compare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from f2widgets.core.annotations import Tick, ignore
from f2widgets.errors import ExpressionError
from f2widgets.io.diagnosis import Diagnosis, diagnose
from f2widgets.io.header_rows import differences, header_rows
from f2widgets.io.index import indexed
from f2widgets.io.listing import csv_lines, listing
from f2widgets.io.records import USUAL, Record
from f2widgets.widgets.deeds import Deed, Name
from f2widgets.widgets.file_panel import FEW, FilePanel
from f2widgets.widgets.panel import asked_by_page, from_page, table_html
from f2widgets.widgets.rows import (
    columns,
    error_as_data,
    known_columns,
    offered,
    packed,
)
from f2widgets.widgets.workspace import Workspace

#: The file that the table is written to when no other is named.
TABLE = "f2_table.csv"


class DescriptorTable(FilePanel):
    """The files of a workspace, one row each.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share; its `files` are shown.
    columns : sequence of str, optional
        Descriptors.
    expression : str, optional
        Only files that meet this condition are shown.

    Attributes
    ----------
    records : list of Record
        The files, in the order of the workspace.
    columns : tuple of str
        Descriptors that are shown; set by `set_columns`.
    expression : str
        The condition; set by `filter`.
    """

    title = "Headers"
    scripts = ("table.js", "descriptor_table.js")

    def __init__(
        self,
        workspace: Workspace | None = None,
        columns: Sequence[str] = USUAL,
        expression: str = "",
    ) -> None:
        super().__init__(workspace)
        self.columns = known_columns(columns)
        self.expression = ""
        self._matched: tuple[Record, ...] = ()
        self._read = self._wanted()
        self.guarded(lambda: self._keep(self._found(self._tell_once, ignore)))
        self.filter(expression)
        self.workspace.observe(self._files_changed, "files")

    # What the page is sent.

    def _send_place(self) -> None:
        """Send the descriptors that there are."""
        self.send({"kind": "offered", "descriptors": offered()})

    def _table(self, records: Sequence[Record]) -> dict[str, Any]:
        """Return files as rows."""
        return {"shown_columns": list(self.columns), **packed(records, self.columns)}

    def _send_shown(self) -> None:
        """Send which files meet the condition, and what is wrong with it."""
        self.send({"kind": "filtered", "expression": self.expression, **self.try_filter(self.expression)})

    # What is done.

    @from_page
    def set_columns(self, names: Sequence[str]) -> None:
        """Show other descriptors.

        Parameters
        ----------
        names : sequence of str
            Descriptors, in the order of the columns.

        Raises
        ------
        ParameterError
            If there is no such descriptor.
        """
        self.columns = known_columns(names)
        self._look()

    def filter(self, expression: str) -> Diagnosis:
        """Show only files that meet a condition.

        Parameters
        ----------
        expression : str
            As for ``f2 dataselect --expr``; blank for all files.

        Returns
        -------
        Diagnosis
            The selection, and what each of its conditions removed.

        Raises
        ------
        ExpressionError
            If it cannot be read; then the table stays as it is.
        """
        found = diagnose(self.records, expression)
        self.expression = expression.strip()
        # Without a condition files that cannot be read are shown with the others, and never count.
        self._matched = found.selection.matched
        return found

    @asked_by_page
    def try_filter(self, expression: str) -> dict[str, Any]:
        """Filter while it is typed: an error comes back as data, with its column, and changes nothing.

        Returns
        -------
        dict
            ``shown`` (places of the rows), ``total``, ``removals``, ``undecided``, and ``error`` or None.
        """
        try:
            found = self.filter(expression)
        except ExpressionError as error:
            return {"error": error_as_data(error)}
        matched = {id(row) for row in self._shown()}
        shown = [i for i, row in enumerate(self.records) if id(row) in matched]
        return {
            "error": None,
            "shown": shown,
            "matched": len(found.selection.matched),
            "total": len(self.records),
            "removals": [astuple(one) for one in found.removals],
            "undecided": dict(found.selection.missing),
        }

    @asked_by_page
    def header(self, row: int) -> dict[str, Any]:
        """Return all cards of a file's headers: extension, keyword, value, comment of each.

        Raises
        ------
        NotF2Data
            If the file cannot be read.
        """
        (file,) = self._at([row])
        return {"name": file.name, "rows": [astuple(one) for one in header_rows(file)]}

    @asked_by_page
    def difference(self, one: int, other: int) -> dict[str, Any]:
        """Return in what the headers of two files differ: extension, keyword, change, values of each.

        Raises
        ------
        NotF2Data
            If one of the files cannot be read.
        """
        files = self._at([one, other])
        found = differences(*(header_rows(file) for file in files))
        return {"names": [file.name for file in files], "rows": [astuple(row) for row in found]}

    @from_page
    def write_csv(self, path: str = "", overwrite: bool = False) -> str:
        """Write the rows that meet the condition as comma-separated values, as ``f2 showd --csv`` does.

        Parameters
        ----------
        path : str, optional
            The file; by default f2_table.csv in the folder of products.
        overwrite : bool, optional
            Replace a file that is there.

        Returns
        -------
        str
            The file.

        Raises
        ------
        NotWritten
            If a file is in the way, or the system refuses.
        """
        lines = csv_lines(*listing(self._shown(), self.columns))
        text = "".join(f"{line}\n" for line in lines).encode()
        return str(self.write_out(path, TABLE, text, overwrite))

    # What it says of itself.

    def code(self) -> tuple[Deed, ...]:
        """Return the call that makes this table, and the one that chooses these files."""
        if not self.records:
            return ()
        shown = Deed("table", (Name("chosen"), list(self.columns)), {}, "", "Their headers")
        return self.chosen(), shown

    def poster(self) -> Mapping[str, Any]:
        """Return the first rows as a table."""
        table = packed(self._shown(), self.columns)
        titles = [one["title"] for one in columns(self.columns)]
        asked = f", with {self.expression}" if self.expression else ""
        return {"text/html": table_html(titles, table["rows"], f"{len(table['rows'])} files{asked}")}

    def _asked(self) -> tuple[Sequence[str], str]:
        """Return the condition."""
        return (), self.expression

    def _shown(self) -> Sequence[Record]:
        """Return the files that meet the condition; without one, also those that cannot be read."""
        return self._matched if self.expression else self.records

    def _found(self, say: Callable[[str], object], tick: Tick) -> list[Record]:
        """Read the headers of the workspace's files."""
        return indexed(self.workspace.files, ("tags", *self.columns), say=say, tick=tick)

    def _keep(self, found: list[Record]) -> None:
        """Take over what was read."""
        self.records = found
        self.filter(self.expression)

    def _take(self, found: list[Record]) -> None:
        """Take over what was read, and show it."""
        self._keep(found)
        self._send_all()

    def own_state(self) -> dict[str, Any]:
        """Return columns, condition, ticks and order."""
        return {**super().own_state(), "columns": list(self.columns), "expression": self.expression}

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Take up what was kept; files are read afterwards, once, and only if that is needed."""
        self.columns = known_columns(state["columns"])
        super().take_up(state)
        self.filter(str(state["expression"]))

    def taken_up(self) -> None:
        """Show what was taken up."""
        if self._wanted() != self._read:
            self._look()
        else:
            self._take(self.records)

    def _files_changed(self, _: Any) -> None:
        """Show other files, unless they are read already."""
        if self._wanted() != self._read:
            self._look()

    def _look(self) -> None:
        """Begin to read; few files are waited for."""
        self._read = self._wanted()
        self._begin(len(self.workspace.files) <= FEW)

    def _wanted(self) -> tuple[tuple[Path, ...], tuple[str, ...]]:
        """Return which files are read, and what of them."""
        return self.workspace.files, self.columns
