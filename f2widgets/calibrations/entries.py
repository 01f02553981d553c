"""Calibration files as the store knows them: what they are, and whether they are still the same."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from f2widgets.calibrations.match import Candidate, Kind
from f2widgets.calibrations.rules import kind_of
from f2widgets.core.frame import Facts
from f2widgets.errors import NotF2Data

#: Endings of the files that a folder is searched for.
ENDINGS = (".fits", ".fits.gz", ".fits.bz2", ".fits.fz")


@dataclass(frozen=True)
class Outcome:
    """What became of a file that was offered to the store."""

    path: Path
    done: Literal["added", "updated", "unchanged", "refused"]
    kind: Kind | None = None
    reason: str = ""


@dataclass(frozen=True)
class Entry:
    """One calibration as the store knows it."""

    id: int
    path: Path
    name: str
    kind: Kind
    md5: str
    size: int
    mtime_ns: int
    shape: tuple[int, int] | None
    facts: Facts

    def trouble(self, *, thorough: bool = False) -> str | None:
        """Say what is wrong with the file, compared with the day it was added.

        Parameters
        ----------
        thorough : bool, optional
            Compare checksums even where size and time of change are as they were.

        Returns
        -------
        str or None
            None when it is the same file.
        """
        try:
            now = self.path.stat()
            if not thorough and (now.st_size, now.st_mtime_ns) == (self.size, self.mtime_ns):
                return None
            found = _md5_now(self.path)
        except FileNotFoundError:
            return "the file is missing"
        except OSError as error:
            return f"the file cannot be read ({error.strerror})"
        if found == self.md5:
            return None
        return f"the file has changed since it was added (md5 {found[:8]}, was {self.md5[:8]})"


def _md5_now(path: Path) -> str:
    """Return the checksum of the bytes that are on disk now, whatever was computed before."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def absolute(path: str | os.PathLike[str]) -> Path:
    """Return an absolute path; links among the folders are followed, the file keeps its own name.

    Parameters
    ----------
    path : str or path
        A file, which need not exist; ``~`` is the home folder.

    Returns
    -------
    `~pathlib.Path`
        Its one spelling.
    """
    given = Path(path).expanduser()
    return given.parent.resolve() / given.name


def files_in(paths: Iterable[str | os.PathLike[str]], walk: bool = False) -> list[Path]:
    """Return the files named, and the visible FITS files of the folders named, each once.

    Parameters
    ----------
    paths : iterable of str or path
        Files, which need not exist, and folders.
    walk : bool, optional
        Look into folders below as well.

    Returns
    -------
    list of `~pathlib.Path`
        Absolute paths, those of a folder sorted.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if os.path.isdir(Path(path).expanduser()):
            inside = Path(path).expanduser().resolve().glob("**/*" if walk else "*")
            fits = (file for file in inside if file.name.endswith(ENDINGS) and file.is_file())
            found |= dict.fromkeys(sorted(file for file in fits if not file.name.startswith(".")))
        else:
            found[absolute(path)] = None
    return list(found)


def read_candidate(path: Path, origin: str = "") -> tuple[Candidate, Kind | None]:
    """Read from its headers what a file is.

    Parameters
    ----------
    path : `~pathlib.Path`
        A FITS file.
    origin : str, optional
        Where it was found.

    Returns
    -------
    candidate : Candidate
        The file with its facts and the size of its image.
    kind : {'dark', 'flat', 'bpm'} or None
        None if it is no processed calibration.

    Raises
    ------
    NotF2Data
        If it is no FITS file, is cut short, holds no image, or one of another instrument.
    """
    from f2widgets.io.read import open_frame, require_imaging

    file = require_imaging(open_frame(path))
    return Candidate(path, file.facts, origin, file.shape), kind_of(file.facts.tags)


def look(path: Path) -> Entry | Outcome:
    """Return what a file is, or the refusal of one that is no processed calibration.

    Parameters
    ----------
    path : `~pathlib.Path`
        A file, which need not exist.

    Returns
    -------
    Entry or Outcome
        An entry that is not yet in a database (its `id` is 0), or a refusal with the reason.
    """
    from f2widgets.io.identity import md5_of

    try:
        before = path.stat()
        candidate, kind = read_candidate(path)
        if kind is None:
            what = " ".join(sorted(candidate.facts.tags)) or "none"
            needs = "needs PROCESSED with DARK, FLAT or BPM"
            return Outcome(path, "refused", reason=f"no processed calibration: {needs}, its tags are {what}")
        md5 = md5_of(path)
    except FileNotFoundError:
        return Outcome(path, "refused", reason="there is no such file")
    except OSError as error:
        return Outcome(path, "refused", reason=f"cannot be read ({error.strerror or error})")
    except NotF2Data as error:
        return Outcome(path, "refused", reason=str(error).removeprefix(f"{path} "))
    size, changed = before.st_size, before.st_mtime_ns
    return Entry(0, path, path.name, kind, md5, size, changed, candidate.shape, candidate.facts)
