"""The database file: its signature, how it is made, opened and told from others."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import uuid
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path

from f2widgets.core.frame import Facts
from f2widgets.errors import CalibrationStore

#: Name of the database inside a folder; another than the reference pipeline's, which is left alone.
DATABASE_NAME = "f2_calibrations.db"
#: Our mark in the file's header ("F2WC"); SQLite keeps the field for this.
APPLICATION_ID = 0x46325743
#: Layout of the tables; a file with a higher one was made by a later release.
VERSION = 1

_TABLES = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {VERSION};
CREATE TABLE calibration (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    path TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('dark', 'flat', 'bpm')),
    md5 TEXT NOT NULL,
    size INTEGER NOT NULL,
    mtime_ns INTEGER NOT NULL,
    ny INTEGER,
    nx INTEGER,
    facts TEXT NOT NULL,
    added TEXT NOT NULL
);
"""
_REBUILD = "move it aside, then f2 caldb init and f2 caldb add calibrations -k make a new one"


def is_there(path: Path) -> bool:
    """Tell whether there is a file of that name, ours or not.

    Parameters
    ----------
    path : `~pathlib.Path`
        Where a database may be.

    Returns
    -------
    bool
        True for anything of that name.

    Raises
    ------
    CalibrationStore
        If the folder may not be looked into: that is not the same as no database.
    """
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise CalibrationStore(
            f"The calibration database {path} cannot be reached ({error.strerror}): check the permissions."
        ) from error
    return True


def create(path: Path) -> None:
    """Make an empty database; one that another process makes at the same moment is kept.

    Parameters
    ----------
    path : `~pathlib.Path`
        Where; the folder must exist.

    Raises
    ------
    CalibrationStore
        If it cannot be written.
    """
    # Made under another name and linked into place, so that nobody ever meets half a database.
    draft = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    try:
        with _speaking(path), contextlib.closing(sqlite3.connect(draft)) as connection:
            connection.executescript(f"BEGIN;{_TABLES}COMMIT;")
        _put(draft, path)
    except OSError as error:
        raise CalibrationStore(f"Cannot make the database {path}: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _put(draft: Path, path: Path) -> None:
    """Give a new file its name unless that is taken."""
    try:
        os.link(draft, path)
    except FileExistsError:
        return
    except OSError:  # a file system without hard links
        if not path.exists():
            draft.replace(path)


@contextlib.contextmanager
def opened(path: Path, patience: float, *, write: bool = False) -> Iterator[sqlite3.Connection]:
    """Open one of our databases; writing happens in one transaction that is kept whole or not at all.

    Parameters
    ----------
    path : `~pathlib.Path`
        The database.
    patience : float
        Seconds to wait for another process that is writing.
    write : bool, optional
        Whether it will be changed.

    Yields
    ------
    `sqlite3.Connection`
        The open database.

    Raises
    ------
    CalibrationStore
        If it does not exist, is not ours, is damaged, is busy, or cannot be written.
    """
    if not is_there(path):
        raise CalibrationStore(f"There is no calibration database {path}: make one with f2 caldb init.")
    uri = f"{path.as_uri()}?mode={'rw' if write else 'ro'}"
    with (
        _speaking(path),
        contextlib.closing(
            sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)
        ) as connection,
    ):
        _recognise(connection, path)
        if not write:
            yield connection
            return
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
        except BaseException:
            if connection.in_transaction:  # a full disk has ended it already
                connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")


def _recognise(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse a database that is not ours, or is of a later release."""
    (mark,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if mark != APPLICATION_ID:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
        owner = "DRAGONS" if {"diskfile", "header"} <= tables else "another program"
        raise CalibrationStore(
            f"{path} is a database of {owner}, not of f2widgets; it is left as it is. "
            f"Name another file, such as {path.with_name(DATABASE_NAME)}."
        )
    if version > VERSION:
        raise CalibrationStore(
            f"{path} has layout {version}, this release of f2widgets knows {VERSION}: upgrade f2widgets."
        )


@contextlib.contextmanager
def _speaking(path: Path) -> Iterator[None]:
    """Turn what SQLite raises into plain words."""
    try:
        yield
    except sqlite3.Error as error:
        raise CalibrationStore(_in_words(path, error)) from error


def _in_words(path: Path, error: sqlite3.Error) -> str:
    """Say what SQLite found, and the remedy."""
    text = str(error)
    if "not a database" in text:
        return f"{path} is not a calibration database; it is left as it is. Name another file."
    if "locked" in text or "busy" in text:
        return f"The calibration database {path} is busy: another process is writing to it. Try again."
    if "readonly" in text or "unable to open" in text:
        return f"The calibration database {path} cannot be opened or written ({text}): check its permissions."
    if "full" in text:
        return f"The calibration database {path} was not changed: the disk is full."
    return f"The calibration database {path} is damaged ({text}): {_REBUILD}."


def to_json(facts: Facts) -> str:
    """Write facts as text.

    Parameters
    ----------
    facts : Facts
        What a frame is.

    Returns
    -------
    str
        JSON.
    """
    plain = asdict(facts)
    plain["tags"] = sorted(facts.tags)
    plain["ut_start"] = facts.ut_start.isoformat() if facts.ut_start else None
    return json.dumps(plain, default=lambda number: number.item())  # numpy's numbers


def from_json(text: str) -> Facts:
    """Read facts back; a fact of another release that this one does not know is left out.

    Parameters
    ----------
    text : str
        What `to_json` wrote.

    Returns
    -------
    Facts
        What the frame is.
    """
    known = {field.name for field in fields(Facts)}
    plain = {key: value for key, value in json.loads(text).items() if key in known}
    plain["tags"] = frozenset(plain.get("tags", ()))
    if plain.get("ut_start"):
        plain["ut_start"] = datetime.fromisoformat(plain["ut_start"])
    return Facts(**plain)
