"""An index of headers in the user's cache folder: a folder seen before is listed without reading its files.

A file counts as the one in the index while its size and its times of change are what they were; any
other is read again. The index lies in the cache folder alone, never beside the data, and nothing depends
on it: where it cannot be written or is damaged, files are read as if there were none.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from f2widgets.core.annotations import Tick, ignore
from f2widgets.io.answers import from_json, stamp, to_json
from f2widgets.io.descriptors import DESCRIPTORS
from f2widgets.io.keywords import Headers
from f2widgets.io.peek import image_header
from f2widgets.io.records import USUAL, HeaderTexts, Record, answer_key, records, records_and_texts

if TYPE_CHECKING:
    from astropy.io.fits import Header

#: Layout of the table; it is part of the name, so that releases with another one do not meet.
VERSION = 1
#: Fewer files than this are read: their headers take less time than the index (2 ms a file).
FEWEST = 50
#: Files in the index; beyond, those that were put in first are dropped. One takes some 3 kB.
MOST = 50_000
#: Seconds that a file must have lain still before it goes in: two changes within the step of a file
#: system's clock (2 s on FAT) cannot be told apart.
SETTLED = 2.0
#: Seconds to wait for another process that is writing.
PATIENCE = 5.0
#: Files written to the index in one go, and files read between two looks at whether the user has stopped.
CHUNK, STEP = 200, 16

_TABLE = """CREATE TABLE IF NOT EXISTS file (
    id INTEGER PRIMARY KEY, folder TEXT NOT NULL, name TEXT NOT NULL,
    size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL, ctime_ns INTEGER NOT NULL,
    problem TEXT, phu BLOB NOT NULL, image BLOB, stamp TEXT NOT NULL, answers TEXT NOT NULL,
    sum INTEGER NOT NULL, UNIQUE (folder, name))"""
_COLUMNS = "folder, name, size, mtime_ns, ctime_ns, problem, phu, image, stamp, answers, sum"

#: Is told why the index was not used.
Say = Callable[[str], object]
#: Size and times of change of a file. The time of its inode tells of a changed permission, too.
State = tuple[int, int, int]


def _silent(text: str, /) -> None:
    """Tell nobody."""


class StoredHeaders(Headers):
    """Headers that are taken apart when they are first asked: a table seldom needs them."""

    def __init__(self, row: Sequence[Any], filename: str) -> None:
        self.__dict__.update(row=row, filename=filename, _values={})

    @cached_property
    def phu(self) -> Header:
        """The primary header."""
        return _header(self.__dict__["row"][6])

    @cached_property
    def image(self) -> Header | None:
        """The header of the image."""
        packed = self.__dict__["row"][7]
        return None if packed is None else image_header(_header(packed))


def _header(packed: bytes) -> Header:
    """Make a header from its text."""
    from astropy.io.fits import Header

    return Header.fromstring(zlib.decompress(packed).decode("ascii"))


def index_path(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the index lies.

    Parameters
    ----------
    environment : mapping of str to str, optional
        Environment variables; ``XDG_CACHE_HOME`` counts.

    Returns
    -------
    `~pathlib.Path`
        ``~/.cache/f2widgets/headers-1.db``.
    """
    base = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "f2widgets" / f"headers-{VERSION}.db"


def indexed(
    paths: Iterable[str | os.PathLike[str]],
    names: Sequence[str] = USUAL,
    *,
    say: Say = _silent,
    tick: Tick = ignore,
) -> list[Record]:
    """Read the headers of many files, from the index those that have not changed.

    Parameters
    ----------
    paths : iterable of path-like
        Files.
    names : sequence of str, optional
        Descriptors that will be asked; their answers are kept as well.
    say : callable, optional
        Is told, at most once, why the index was not used.
    tick : callable, optional
        Called as files are read; what it raises stops the reading, and what was read stays in the index.

    Returns
    -------
    list of Record
        As `records` returns them, in the same order.

    Notes
    -----
    Few files are read without it: that is as quick, and leaves no traces.
    """
    named = [path if isinstance(path, Path) else Path(path) for path in paths]
    return Index(say=say).records(named, names, tick=tick)


class Index:
    """The index of headers.

    Parameters
    ----------
    path : path-like, optional
        The database, by default that of the user.
    say : callable, optional
        Is told why the index is not used, once.
    settled : float, optional
        Seconds that a file must have lain still.
    fewest : int, optional
        Fewer files are read without the index: that is as quick, and leaves no traces.
    """

    def __init__(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        say: Say = _silent,
        settled: float = SETTLED,
        fewest: int = FEWEST,
    ) -> None:
        self.path = index_path() if path is None else Path(path)
        self._say = say
        self._settled, self._fewest = settled, fewest
        self._stamp = stamp()
        #: Why the index is not used; None while it is.
        self.trouble: str | None = None

    def records(
        self, paths: Sequence[Path], names: Sequence[str] = USUAL, *, tick: Tick = ignore
    ) -> list[Record]:
        """Return what files are, reading those that are new or have changed.

        Parameters
        ----------
        paths : sequence of `~pathlib.Path`
            Files.
        names : sequence of str, optional
            Descriptors whose answers are kept.
        tick : callable, optional
            Called with how many files are known, and how many there are.

        Returns
        -------
        list of Record
            In the same order.
        """
        if len(paths) < self._fewest:
            return records(paths)
        states = [_state(path) for path in paths]
        found = self._known(paths, states)
        new = [i for i, record in enumerate(found) if record is None]
        for start in range(0, len(new), CHUNK):
            self._read(new[start : start + CHUNK], paths, states, found, names, len(new) - start, tick)
        whole = [record for record in found if record is not None]
        self._learn(whole, names, tick)
        if new:
            self._drop(paths)
        return whole

    def _read(
        self,
        places: Sequence[int],
        paths: Sequence[Path],
        states: Sequence[State | None],
        found: list[Record | None],
        names: Sequence[str],
        ahead: int,
        tick: Tick,
    ) -> None:
        """Read some files and put them in; what was read stays read when `tick` raises."""
        read: list[tuple[Record, HeaderTexts | None]] = []
        try:
            for start in range(0, len(places), STEP):
                read += records_and_texts(paths[i] for i in places[start : start + STEP])
                for i, (record, _) in zip(places[start:], read[start:], strict=False):
                    found[i] = record
                    _answer(record, names)
                tick(len(paths) - ahead + len(read), len(paths))
        finally:
            self._put(places[: len(read)], read, states)

    def _known(self, paths: Sequence[Path], states: Sequence[State | None]) -> list[Record | None]:
        """Return the records of files that are as they were, None for the others."""
        by_folder: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        last = None
        for i, path in enumerate(paths):
            folder, name = os.path.split(path)
            if folder != last:  # files of a folder come together: it is looked for once
                last, wanted = folder, by_folder[os.path.abspath(folder)]
            wanted[name].append(i)
        found: list[Record | None] = [None] * len(paths)
        with self._opened() as connection:
            for folder, wanted in by_folder.items():
                query = f"SELECT {_COLUMNS} FROM file WHERE folder = ?"
                for row in connection.execute(query, (folder,)):
                    for i in wanted.get(row[1], ()):
                        if states[i] == row[2:5]:
                            found[i] = self._record(paths[i], row[:-1], row[-1])
        return found

    def _record(self, path: Path, row: Sequence[Any], total: int) -> Record:
        """Make a record from a row; answers of another release are not believed."""
        problem, (made, answers) = row[5], row[8:]
        if _sum(row) != total:
            raise ValueError("its contents are damaged")
        told = None if problem is None else f"{path}{problem}"
        known = from_json(answers) if made == self._stamp else {}
        return Record(path, StoredHeaders(row[:8], path.name), told, known)

    def _put(
        self,
        places: Sequence[int],
        read: Sequence[tuple[Record, HeaderTexts | None]],
        states: Sequence[State | None],
    ) -> None:
        """Put files into the index that could be read and have lain still."""
        rows = []
        now = time.time_ns()
        for i, (record, texts) in zip(places, read, strict=True):
            state = states[i]
            if texts is None or state is None or now - max(state[1:]) < self._settled * 1e9:
                continue
            phu, image = (None if text is None else zlib.compress(text.encode("ascii")) for text in texts)
            problem = record.problem and record.problem.removeprefix(str(record.path))
            answers = to_json(record.answers)
            row = (*_key(record.path), *state, problem, phu, image, self._stamp, answers)
            rows.append((*row, _sum(row)))
        self._write(rows)

    def _write(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Write rows in the place of those of the same files."""
        marks = ", ".join("?" for _ in _COLUMNS.split(", "))
        if rows:
            with self._opened() as connection:
                connection.executemany(f"INSERT OR REPLACE INTO file ({_COLUMNS}) VALUES ({marks})", rows)

    def _learn(self, found: Sequence[Record], names: Sequence[str], tick: Tick) -> None:
        """Ask files from the index what they have not been asked before, and keep the answers."""
        rows: list[tuple[Any, ...]] = []
        wanted = _keys(names)
        for done, record in enumerate(found, 1):
            if isinstance(record.headers, StoredHeaders) and not wanted <= record.answers.keys():
                _answer(record, names)
                row = (*record.headers.__dict__["row"], self._stamp, to_json(record.answers))
                rows.append((*row, _sum(row)))
            if len(rows) == CHUNK:
                self._write(rows)
                rows = []
                tick(done, len(found))
        self._write(rows)

    def _drop(self, paths: Sequence[Path]) -> None:
        """Drop what is no longer in the folders of some files, and the oldest where it is too much."""
        with self._opened() as connection:
            for folder in {_key(path)[0] for path in paths}:
                with contextlib.suppress(OSError):
                    there = set(os.listdir(folder))
                    names = connection.execute("SELECT name FROM file WHERE folder = ?", (folder,))
                    gone = [(folder, name) for (name,) in names if name not in there]
                    connection.executemany("DELETE FROM file WHERE folder = ? AND name = ?", gone)
            oldest = "SELECT id FROM file ORDER BY id DESC LIMIT -1 OFFSET ?"
            connection.execute(f"DELETE FROM file WHERE id IN ({oldest})", (MOST,))

    @contextlib.contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """Open the database; on any trouble what was begun is left, and it is not asked again."""
        with contextlib.closing(self._connected()) as connection:
            try:
                with connection:
                    yield connection
            except (sqlite3.Error, ValueError) as error:
                self._give_up(error)

    def _connected(self) -> sqlite3.Connection:
        """Connect to the database, or to an empty one in its stead."""
        for path in (self.path, ":memory:") if self.trouble is None else (":memory:",):
            try:
                if path == self.path:
                    self.path.parent.mkdir(parents=True, exist_ok=True)
                connection = sqlite3.connect(path, timeout=PATIENCE)
                try:
                    connection.execute(_TABLE)
                except sqlite3.Error:
                    connection.close()
                    raise
                return connection
            except (sqlite3.Error, OSError) as error:
                self._give_up(error)
        raise MemoryError("not even an empty database can be made")

    def _give_up(self, error: Exception) -> None:
        """Say once why the index is not used."""
        self.trouble = f"The index of headers {self.path} is not used ({error}); {_remedy(error)}."
        self._say(self.trouble)


def _sum(row: Sequence[Any]) -> int:
    """Return the checksum of a row, which tells a damaged one."""
    *rest, phu, image, made, answers = row
    return zlib.crc32(repr((rest, made, answers)).encode() + phu + (image or b""))


def _remedy(error: Exception) -> str:
    """Say what helps."""
    if "locked" in str(error):
        return "another process is writing to it"
    if isinstance(error, OSError) or "readonly" in str(error) or "unable to open" in str(error):
        return "set XDG_CACHE_HOME to a folder that can be written"
    return "delete it, and it is made anew"


def _key(path: Path) -> tuple[str, str]:
    """Return folder and name of a file as the index has them."""
    folder, name = os.path.split(path)
    return os.path.abspath(folder), name


def _state(path: Path) -> State | None:
    """Return size and times of change of a file, None if it cannot be asked."""
    try:
        now = os.stat(path)
    except OSError:
        return None
    return now.st_size, now.st_mtime_ns, now.st_ctime_ns


def _answer(record: Record, names: Iterable[str]) -> None:
    """Ask a record, so that it knows the answers."""
    for name in names if record.headers is not None else ():
        for pretty in (False, True) if DESCRIPTORS[name].pretty else (False,):
            record.descriptor(name, pretty)


def _keys(names: Iterable[str]) -> frozenset[str]:
    """Return the keys of all answers to some questions; tuples are not kept."""
    asked = [DESCRIPTORS[name] for name in names if DESCRIPTORS[name].kind is not tuple]
    return frozenset(answer_key(one, pretty) for one in asked for pretty in (False, True))
