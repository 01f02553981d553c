"""What a learner has solved, kept in a file that can be taken away, brought back and collected."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import traitlets as t

from f2widgets.errors import F2Error, NotWritten, ParameterError
from f2widgets.io.atomic import written_whole
from f2widgets.io.names import expand_names
from f2widgets.teaching.questions import Verdict

if TYPE_CHECKING:
    from astropy.table import Table

#: The file's usual name, what it says it is, and its version; a later one is refused.
FILE, FORMAT, VERSION = "f2_progress.json", "f2widgets progress", 1
#: Seeds that names lead to: 1 is everybody's, and six digits can be read out.
_FIRST, _LAST = 2, 999_999


class Progress(t.HasTraits):
    """What was tried and solved.

    Parameters
    ----------
    path : path-like, optional
        The file; by default f2_progress.json in the folder where the notebook lies.

    Attributes
    ----------
    student : str
        Name of whoever learns; empty if not told.
    solved : dict
        By name of the exercise: ``right``, ``tries``, ``hints`` looked at, times ``first`` and ``last`` (UTC,
        ISO 8601), what was said, and numbers that were measured.
    problem : str
        Why the file could not be read or written, in words; empty if all is well.
    """

    student = t.Unicode("")
    solved = t.Dict()
    problem = t.Unicode("")

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        super().__init__()
        self.path = Path(notebook_folder() / FILE if path is None else path).expanduser().absolute()
        self._foreign = False  # the file is not ours to write over
        try:
            self._take(self.path)
        except (F2Error, OSError, UnicodeDecodeError) as error:
            self._foreign = True
            self.problem = (
                f"{self.path.name} cannot be taken up: {error} It is left as it is, and progress is only "
                f"kept "
                "here: take it with Download, or move the file away and restart the kernel."
            )

    def of(self, name: str) -> Mapping[str, Any]:
        """Return what is known of an exercise."""
        return {"right": False, "tries": 0, "hints": 0, "said": ""} | dict(self.solved.get(name, {}))

    def note(self, name: str, verdict: Verdict) -> None:
        """Keep the verdict on a try; what is solved once stays solved."""
        if not verdict.counts:
            return
        before, now = self.of(name), _now()
        self._keep(
            name,
            {
                **before,
                "right": before["right"] or verdict.right,
                "tries": before["tries"] + (not before["right"]),
                "first": before.get("first", now),
                "last": now,
                **({} if before["right"] and not verdict.right else _said(verdict)),
            },
        )

    def hinted(self, name: str, level: int) -> None:
        """Keep how far the hints were looked at."""
        before = self.of(name)
        self._keep(name, {**before, "hints": max(level, before["hints"])})

    def call(self, student: str) -> None:
        """Keep the name of whoever learns."""
        self.student = " ".join(student.split())
        self.save()

    def text(self) -> str:
        """Return the content of the file."""
        content = {"format": FORMAT, "version": VERSION, "student": self.student}
        return (
            json.dumps(content | {"seed": seed_for(self.student), "exercises": self.solved}, indent=1) + "\n"
        )

    def save(self) -> None:
        """Write the file; where that fails `problem` says so, and nothing is lost from memory."""
        if self._foreign:
            return
        try:
            self._take(self.path)  # another notebook may have written to it
        except (F2Error, OSError, UnicodeDecodeError) as error:
            self.problem = f"{self.path.name} was changed by somebody else: {error}"
        else:
            self._write()

    def _write(self) -> None:
        """Write the file as it is to be."""
        try:
            with written_whole(self.path) as stream:
                stream.write(self.text().encode())
        except NotWritten as error:
            said = str(error).replace(" with --out", "").replace(" What was there before is as it was.", "")
            self.problem = f"{said} Your progress is still here: take it with Download."
        else:
            self.problem = ""

    def restore(self, text: str) -> None:
        """Take up what a file holds, beside what was solved here meanwhile, and keep both.

        Parameters
        ----------
        text : str
            Its content.

        Raises
        ------
        ParameterError
            If it is no such file, or of a later version.
        """
        self._join(*_read(text))
        if self._foreign:  # whoever brings a file back wants it in place of the one that cannot be read
            self._foreign = False
            self._write()
        else:
            self.save()

    def _take(self, path: Path) -> None:
        """Join what a file holds, if it is there."""
        if path.exists():
            self._join(*_read(path.read_text("utf-8")))

    def _join(self, student: str, kept: Mapping[str, Any]) -> None:
        """Take entries from elsewhere: of two of one exercise the solved, then the later."""
        joined = dict(kept)
        for name, here in self.solved.items():
            there = joined.get(name)
            if there is None or _rank(here) >= _rank(there):
                joined[name] = here
        self.student = self.student or student
        self.solved = joined

    def _keep(self, name: str, entry: dict[str, Any]) -> None:
        """Change the entry of an exercise and write the file."""
        self.solved = {**self.solved, name: entry}
        self.save()


def seed_for(student: str) -> int:
    """Return a seed for the simulator from a name, the same whatever its capitals and spaces.

    Parameters
    ----------
    student : str
        The name; none gives 1, the seed of the tutorials.

    Returns
    -------
    int
        2 to 999,999.

    Examples
    --------
    >>> seed_for("Ada Lovelace") == seed_for(" ada  lovelace")
    True
    """
    plain = " ".join(student.casefold().split())
    return _FIRST + zlib.crc32(plain.encode()) % (_LAST - _FIRST + 1) if plain else 1


def _said(verdict: Verdict) -> dict[str, Any]:
    """Return what was said to an answer, and the numbers behind it."""
    return {"said": verdict.text, "measured": {key: float(value) for key, value in verdict.measured.items()}}


def collect(files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> Table:
    """Return the progress of many students as one table.

    Parameters
    ----------
    files : path-like or iterable of path-like
        Progress files, or patterns: ``"handed_in/*.json"``.

    Returns
    -------
    `~astropy.table.Table`
        A row per file: ``student``, ``file``, ``seed``, ``solved``, ``tries``, ``hints``, and a column per
        exercise with ``solved``, ``tried`` or nothing, the number of tries behind it; ``problem`` says why a
        file could not be read. ``write("class.csv")`` writes it.
    """
    from astropy.table import Table

    names = [files] if isinstance(files, str | os.PathLike) else files
    rows = [_row(path) for path in expand_names(os.fspath(name) for name in names)]
    exercises = sorted({name for row in rows for name in row["exercises"]})
    heads = ("student", "file", "seed", "solved", "tries", "hints")
    columns: dict[str, list[Any]] = {head: [row[head] for row in rows] for head in heads}
    for name in exercises:
        columns[name] = [_word(row["exercises"].get(name)) for row in rows]
    return Table(columns | {"problem": [row["problem"] for row in rows]})


def _row(path: Path) -> dict[str, Any]:
    """Return what a file tells, or why it does not."""
    row: dict[str, Any] = {"file": path.name, "problem": "", "student": "", "exercises": {}}
    try:
        row["student"], row["exercises"] = _read(path.read_text("utf-8"))
    except (F2Error, OSError, UnicodeDecodeError) as error:
        row["problem"] = str(error)
    entries = row["exercises"].values()
    counts = {"solved": sum(bool(one["right"]) for one in entries)}
    counts |= {key: sum(one[key] for one in entries) for key in ("tries", "hints")}
    return row | counts | {"seed": seed_for(row["student"])}


def _word(entry: Mapping[str, Any] | None) -> str:
    """Say how an exercise went."""
    if entry is None or not entry["tries"]:
        return ""
    return f"{'solved' if entry['right'] else 'tried'} {entry['tries']}"


def _read(text: str) -> tuple[str, dict[str, Any]]:
    """Return the student and the exercises in a file."""
    try:
        content = json.loads(text)
        is_ours = content["format"] == FORMAT
        version = int(content["version"])
    except (ValueError, TypeError, KeyError):
        is_ours, version, content = False, 0, {}
    if not is_ours:
        raise ParameterError(f"This is no file of progress. Take one that was downloaded here, {FILE}.")
    if version > VERSION:
        raise ParameterError(
            f"The progress was kept by a later f2widgets (version {version}, known: {VERSION}). Update it."
        )
    try:
        kept = {str(name): _entry(one) for name, one in content["exercises"].items()}
        return str(content["student"]), kept
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ParameterError(f"The file of progress is damaged: {error}.") from None


def _rank(entry: Mapping[str, Any]) -> tuple[bool, str, int, int]:
    """Return what makes one entry of an exercise better than another."""
    return entry["right"], str(entry.get("last", "")), entry["tries"], entry["hints"]


def _entry(kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of one exercise, in the right types."""
    checked = {"right": bool(kept["right"]), "tries": int(kept["tries"]), "hints": int(kept["hints"])}
    return {**kept, **checked, "said": str(kept["said"])}


def _now() -> str:
    """Return the time."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def notebook_folder() -> Path:
    """Return the folder where the kernel was started, wherever a tutorial has gone since.

    Returns
    -------
    Path
        That of the notebook; without a notebook the working folder.
    """
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:
        return Path.cwd()
    shell: Any = get_ipython()  # type: ignore[no-untyped-call,unused-ignore]
    return Path.cwd() if shell is None else Path(shell.starting_dir)


_OPEN: dict[Path, Progress] = {}


def progress(path: str | os.PathLike[str] | None = None) -> Progress:
    """Return the progress kept in a file, the same one for all that ask for it in this kernel.

    Parameters
    ----------
    path : path-like, optional
        The file; by default f2_progress.json in the folder where the notebook lies.

    Returns
    -------
    Progress
        Watched by all panels.
    """
    place = Path(notebook_folder() / FILE if path is None else path).expanduser().absolute()
    if place not in _OPEN:
        _OPEN[place] = Progress(place)
    return _OPEN[place]
