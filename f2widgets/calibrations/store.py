"""The store: a database of processed calibrations, which stay where they are on disk.

from f2widgets.calibrations.store import Store

store = Store("playground")  # f2_calibrations.db in that folder
store.init()
store.add("playground/calibrations", walk=True)
for entry in store.entries():
    print(entry.name, entry.kind, entry.path)
"""

from __future__ import annotations

import difflib
import os
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from f2widgets.calibrations.entries import Entry, Outcome, absolute, files_in, look
from f2widgets.calibrations.match import Candidate, Kind
from f2widgets.calibrations.schema import DATABASE_NAME, create, from_json, is_there, opened, to_json
from f2widgets.errors import CalibrationStore, ParameterError

#: Seconds to wait for another process that is writing: a transaction takes milliseconds.
PATIENCE = 30.0

_COLUMNS = "id, path, name, kind, md5, size, mtime_ns, ny, nx, facts"


class Store:
    """A database of processed darks, flats and bad pixel masks.

    Parameters
    ----------
    path : str or `~pathlib.Path`, optional
        The database, or a folder that holds ``f2_calibrations.db``.
    patience : float, optional
        Seconds to wait for another process that is writing.

    Notes
    -----
    Files are not copied. Their paths are kept relative to the database's folder, so that a project
    can be moved as a whole. Several processes may use one store at the same time.
    """

    def __init__(self, path: str | os.PathLike[str] = ".", *, patience: float = PATIENCE) -> None:
        given = Path(path).expanduser()
        given = given / DATABASE_NAME if os.path.isdir(given) else given
        self.path = given.parent.resolve() / given.name
        self.patience = patience

    def __repr__(self) -> str:
        """Say which database this is."""
        return f"Store({str(self.path)!r})"

    @property
    def exists(self) -> bool:
        """Whether there is a file of that name, ours or not."""
        return is_there(self.path)

    @property
    def changed(self) -> tuple[int, int] | None:
        """When the database was last changed and its size, to notice a change; None if there is none."""
        try:
            now = self.path.stat()
        except OSError:
            return None
        return now.st_mtime_ns, now.st_size

    def init(self, *, wipe: bool = False) -> Literal["created", "kept", "wiped"]:
        """Make the database, or make sure that it is there.

        Parameters
        ----------
        wipe : bool, optional
            Forget all entries of one that exists; the files themselves stay.

        Returns
        -------
        {'created', 'kept', 'wiped'}
            What was done.

        Raises
        ------
        CalibrationStore
            If the file is not ours, or cannot be written.
        """
        if not self.exists:
            create(self.path)
            return "created"
        with opened(self.path, self.patience, write=wipe) as connection:
            if wipe:
                connection.execute("DELETE FROM calibration")
        return "wiped" if wipe else "kept"

    def add(self, *paths: str | os.PathLike[str], walk: bool = False) -> list[Outcome]:
        """Add processed calibrations.

        Parameters
        ----------
        *paths : str or path
            Files, or folders whose FITS files are looked at.
        walk : bool, optional
            Look into folders below as well.

        Returns
        -------
        list of Outcome
            One for each file. A file that is no processed dark, flat or bad pixel mask is refused
            with the reason; one that has changed takes the place of its former self.

        Raises
        ------
        CalibrationStore
            If the database cannot be written; then none of the files is added.
        """
        with opened(self.path, self.patience):
            pass  # a wrong database is told before many files are read
        looked_at = [look(file) for file in files_in(paths, walk)]
        # Reading is done: the transaction is short, and other processes wait for milliseconds.
        with opened(self.path, self.patience, write=True) as connection:
            return [one if isinstance(one, Outcome) else self._ingest(connection, one) for one in looked_at]

    def entries(self, kind: Kind | None = None) -> list[Entry]:
        """Return what the store holds, in the order it was added.

        Parameters
        ----------
        kind : {'dark', 'flat', 'bpm'}, optional
            Only these.

        Returns
        -------
        list of Entry
            Each with its absolute path.
        """
        query = f"SELECT {_COLUMNS} FROM calibration WHERE ? IS NULL OR kind = ? ORDER BY id"
        with opened(self.path, self.patience) as connection:
            return [self._entry(row) for row in connection.execute(query, (kind, kind))]

    def candidates(self, kind: Kind) -> list[Candidate]:
        """Return the calibrations of a kind as the rules want them; the files are not looked at."""
        return [
            Candidate(entry.path, entry.facts, str(self.path), entry.shape, entry.id)
            for entry in self.entries(kind)
        ]

    def trouble(self, candidate: Candidate) -> str | None:
        """Say what is wrong with the file of one of the candidates, None when it is as it was added."""
        query = f"SELECT {_COLUMNS} FROM calibration WHERE path = ?"
        with opened(self.path, self.patience) as connection:
            row = connection.execute(query, (self._relative(candidate.path),)).fetchone()
        return self._entry(row).trouble() if row else "the file has been removed from the database"

    def verify(self) -> list[tuple[Entry, str | None]]:
        """Compare every file with the checksum recorded when it was added.

        Returns
        -------
        list of (Entry, str or None)
            What is wrong with each, None for nothing.
        """
        return [(entry, entry.trouble(thorough=True)) for entry in self.entries()]

    def remove(self, *names: str) -> list[Entry]:
        """Forget calibrations; the files stay on disk.

        Parameters
        ----------
        *names : str
            File names, with or without folder and ``.fits``. Every entry of a bare name is forgotten.

        Returns
        -------
        list of Entry
            What was forgotten.

        Raises
        ------
        ParameterError
            If a name is not in the store; then nothing is forgotten.
        """
        entries = self.entries()
        gone = {entry.id: entry for name in names for entry in self._named(name, entries)}
        with opened(self.path, self.patience, write=True) as connection:
            connection.executemany("DELETE FROM calibration WHERE id = ?", [(key,) for key in gone])
        return list(gone.values())

    def _relative(self, path: Path) -> str:
        """Return a path as the database keeps it: from its own folder."""
        return Path(os.path.relpath(path, self.path.parent)).as_posix()

    def _named(self, name: str, entries: list[Entry]) -> list[Entry]:
        """Return the entries of a name."""
        if Path(name).name != name:
            found = [entry for entry in entries if entry.path == absolute(name)]
        else:
            found = [entry for entry in entries if name in (entry.name, entry.name.split(".fits")[0])]
        if not found:
            near = difflib.get_close_matches(Path(name).name, [entry.name for entry in entries], 1)
            hint = f"Did you mean {near[0]}?" if near else "f2 caldb list shows what it holds."
            raise ParameterError(f"{name} is not in the calibration database {self.path}. {hint}")
        return found

    def _entry(self, row: tuple[object, ...]) -> Entry:
        """Return a row of the database as an entry."""
        number, path, name, kind, md5, size, mtime_ns, ny, nx, facts = row
        absolute = Path(os.path.normpath(self.path.parent / str(path)))
        shape = None if ny is None else (ny, nx)
        try:
            read = from_json(str(facts))
        except (ValueError, TypeError, AttributeError) as error:
            raise CalibrationStore(
                f"The calibration database {self.path} is damaged at {name}: "
                f"f2 caldb init -w and f2 caldb add calibrations -k fill it anew."
            ) from error
        return Entry(number, absolute, name, kind, md5, size, mtime_ns, shape, read)  # type: ignore[arg-type]

    def _ingest(self, connection: sqlite3.Connection, seen: Entry) -> Outcome:
        """Write one file into the database."""
        relative = self._relative(seen.path)
        row = connection.execute("SELECT md5 FROM calibration WHERE path = ?", (relative,)).fetchone()
        if row == (seen.md5,):
            change = "UPDATE calibration SET size = ?, mtime_ns = ? WHERE path = ?"
            connection.execute(change, (seen.size, seen.mtime_ns, relative))
            return Outcome(seen.path, "unchanged", seen.kind)
        # Replacing gives a new id: the changed file counts as the latest added.
        connection.execute("DELETE FROM calibration WHERE path = ?", (relative,))
        connection.execute(
            "INSERT INTO calibration (path, name, kind, md5, size, mtime_ns, ny, nx, facts, added)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (relative, seen.name, seen.kind, seen.md5, seen.size, seen.mtime_ns)
            + (seen.shape or (None, None))
            + (to_json(seen.facts), datetime.now(UTC).isoformat(timespec="seconds")),
        )
        return Outcome(seen.path, "updated" if row else "added", seen.kind)
