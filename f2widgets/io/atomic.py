"""Files that appear whole or not at all: written under another name, then renamed."""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from f2widgets.errors import NotWritten

#: What to do about a failure to write, by the system's number of the error.
REMEDIES = {
    errno.ENOSPC: "the disk is full; make room or choose another folder with --out",
    errno.EDQUOT: "your disk quota is used up; make room or choose another folder with --out",
    errno.EFBIG: "files of this size are not allowed; raise the limit or choose another folder with --out",
    errno.EACCES: "you have no permission to write there; choose another folder with --out",
    errno.EPERM: "you have no permission to write there; choose another folder with --out",
    errno.EROFS: "the folder is on a read-only disk; choose another folder with --out",
    errno.ENOTDIR: "a part of the path is a file, not a folder; choose another folder with --out",
    errno.EEXIST: "a file is in the way where a folder is needed; choose another folder with --out",
    errno.EISDIR: "a folder of that name is in the way; choose another name",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}

#: End of a temporary name, with the number of the process that writes.
_PART = re.compile(r"\.(\d+)-[0-9a-f]{6}\.part$")


@contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """Open a file for writing that takes its name only when all went well.

    Parameters
    ----------
    path : `~pathlib.Path`
        Where the file shall be; its folder is made if needed.

    Yields
    ------
    file
        Open for writing bytes, under a temporary name in the same folder.

    Raises
    ------
    NotWritten
        If the system refuses; what was at `path` is as it was, and the temporary file is gone.
    """
    temporary = beside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with open(temporary, "xb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise not_written(path, error) from error


def link_or_copy(path: str | os.PathLike[str], target: str | os.PathLike[str]) -> Path:
    """Make a file appear in a second place: as a hard link, or as a copy where links are not possible.

    Parameters
    ----------
    path : path-like
        An existing file.
    target : path-like
        The second place; what is there is replaced at once, its folder is made if needed.

    Returns
    -------
    `~pathlib.Path`
        The target.

    Raises
    ------
    NotWritten
        If the system refuses; what was at `target` is as it was.
    """
    path, target = Path(path), Path(target)
    try:
        if target.exists() and path.samefile(target):
            return target
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary = beside(target)
        try:
            os.link(path, temporary)
            os.replace(temporary, target)
            return target
        except OSError:
            temporary.unlink(missing_ok=True)  # a disk without links, or another disk: copy
    except OSError as error:
        raise not_written(target, error) from error
    with written_whole(target) as stream, open(path, "rb", buffering=0) as source:
        shutil.copyfileobj(source, stream, 1 << 20)
    return target


def beside(path: Path) -> Path:
    """Return a temporary name in the same folder, which no other process uses.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file to come.

    Returns
    -------
    `~pathlib.Path`
        A hidden name with the number of this process in it.
    """
    return path.with_name(f".{path.name[:200]}.{os.getpid()}-{os.urandom(3).hex()}.part")


def sweep(folder: str | os.PathLike[str]) -> list[Path]:
    """Delete temporary files that processes which are no more have left in a folder and below.

    Parameters
    ----------
    folder : path-like
        Where products are written; it need not exist.

    Returns
    -------
    list of `~pathlib.Path`
        What was deleted.
    """
    left = []
    for path in Path(folder).rglob(".*.part"):
        found = _PART.search(path.name)
        if found and not _runs(int(found[1])):
            path.unlink(missing_ok=True)
            left.append(path)
    return left


def _runs(process: int) -> bool:
    """Tell whether a process of a number is at work on this computer: not where it ended and nobody asked."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, IndexError):  # it has just gone, or the system tells it otherwise
        return True
    return state not in "ZX"


def not_written(path: Path, error: OSError) -> NotWritten:
    """Return the error that says why a file was not written, and what to do.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    error : OSError
        What the system said.

    Returns
    -------
    NotWritten
        The error to raise.
    """
    reason = error.strerror or str(error)
    remedy = REMEDIES.get(error.errno or 0, f"{reason}; choose another folder with --out")
    return NotWritten(f"{path} was not written: {remedy}. What was there before is as it was.")
