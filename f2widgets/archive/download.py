"""One file from the archive: fetched or continued, held against its record, and only then given its name.

What has arrived lies under a hidden name, ``.S20131121S0075.fits.bz2.d41d8cd9.part``, until its checksum is
that of the record; the next attempt goes on from there, if the server can, or begins again.
"""

from __future__ import annotations

import bz2
import fcntl
import hashlib
import http.client
import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event
from typing import IO, Any, Literal
from urllib.parse import quote

from f2widgets.archive.records import Archived
from f2widgets.archive.service import LIMITED, Archive, Forbidden, Passing, Unknown
from f2widgets.errors import Cancelled, F2Error, NotFetched
from f2widgets.io.atomic import not_written, written_whole

#: ``fetched`` now; ``there`` before; ``left out`` of a programme as of no use; ``proprietary``; ``failed``.
State = Literal["fetched", "there", "left out", "proprietary", "failed"]
#: Bytes read at a time; small enough that progress is seen and a stop is heard.
BLOCK = 1 << 16
#: First bytes of a FITS file that is not packed.
PLAIN = b"SIMPLE  ="


@dataclass(frozen=True)
class Outcome:
    """How it went with one file.

    Parameters
    ----------
    file : Archived
        The file.
    state : {'fetched', 'there', 'left out', 'proprietary', 'failed'}
        Whether it is there.
    path : `~pathlib.Path` or None
        Where it is.
    why : str
        Why it is not, or what else there is to say.
    """

    file: Archived
    state: State
    path: Path | None = None
    why: str = ""

    @property
    def is_there(self) -> bool:
        """Whether the file is there, whole and checked."""
        return self.state in ("fetched", "there")


@dataclass
class Task:
    """What a download needs to know of the world.

    Parameters
    ----------
    archive : Archive
        Where from.
    folder : `~pathlib.Path`
        Where to.
    unpack : bool, optional
        Leave plain FITS files.
    overwrite : bool, optional
        Replace files of the same name that differ from the archive's.
    stop : `~threading.Event`, optional
        Ends it.
    tell : callable, optional
        Called with a file and the bytes of it that are here, each time that some arrive.
    """

    archive: Archive
    folder: Path
    unpack: bool = False
    overwrite: bool = False
    stop: Event = field(default_factory=Event)
    tell: Callable[[Archived, int], None] = lambda file, have: None
    answers: set[Any] = field(default_factory=set, repr=False)

    def halt(self) -> None:
        """End all downloads: those that wait for bytes wake up."""
        self.stop.set()
        for answer in list(self.answers):
            # An answer that has ended meanwhile has no line any more.
            with suppress(OSError, ValueError, AttributeError):
                with socket.socket(fileno=os.dup(answer.fileno())) as line:
                    line.shutdown(socket.SHUT_RDWR)


def download(file: Archived, task: Task) -> Outcome:
    """Bring one file.

    Parameters
    ----------
    file : Archived
        The file.
    task : Task
        Where from, where to, and how.

    Returns
    -------
    Outcome
        How it went; what fails with this file is told there.

    Raises
    ------
    Cancelled
        If it was stopped; what has arrived is kept for the next time.
    """
    try:
        return _download(file, task)
    except Cancelled:
        raise
    except F2Error as error:
        return Outcome(file, "failed", why=str(error))
    except OSError as error:
        return Outcome(file, "failed", why=str(not_written(task.folder / file.name, error)))


def _download(file: Archived, task: Task) -> Outcome:
    """Bring one file; what goes wrong is raised."""
    if not (file.md5 or file.data_md5):
        raise NotFetched(f"{file.name}: the archive's record has no checksum, so nothing could be trusted.")
    if (there := _there(file, task)) is not None:
        return there
    if file.is_proprietary() and not task.archive.knows_us:
        return _proprietary(file)
    task.folder.mkdir(parents=True, exist_ok=True)
    part = part_of(file, task.folder)
    with _held(part) as stream:
        for last in (False, True):
            try:
                task.archive.patiently(lambda: _receive(file, task, stream), task.stop)
            except Forbidden:
                part.unlink(missing_ok=True)
                return _proprietary(file)
            except Unknown:
                raise NotFetched(f"{file.name}: the archive has a record of it, but not the file.") from None
            if _agrees(stream, file):
                return Outcome(file, "fetched", _named(stream, part, file, task))
            stream.truncate(0)
            if last:
                part.unlink(missing_ok=True)
    raise NotFetched(
        f"{file.name}: what arrives has not the checksum of the archive's record. Try again later."
    )


def part_of(file: Archived, folder: Path) -> Path:
    """Return where a file lies until it is whole; another version of it lies elsewhere.

    Parameters
    ----------
    file : Archived
        The file.
    folder : `~pathlib.Path`
        Where it goes.

    Returns
    -------
    `~pathlib.Path`
        A hidden name.
    """
    return folder / f".{file.filename}.{(file.md5 or file.data_md5 or '')[:8]}.part"


def _proprietary(file: Archived) -> Outcome:
    """Say from when on a file is public."""
    if file.is_proprietary():
        return Outcome(file, "proprietary", why=f"proprietary until {file.release}")
    return Outcome(file, "proprietary", why=f"the archive refuses it. {LIMITED}")


def _there(file: Archived, task: Task) -> Outcome | None:
    """Look whether the file is there already, in the form that is wanted or to be unpacked."""
    packed, plain = task.folder / file.filename, task.folder / file.name
    for path in dict.fromkeys([plain, packed]):
        if not path.is_file():
            continue
        with open(path, "rb") as stream:
            same = _agrees(stream, file)
        if same and (path == plain or not task.unpack):
            return Outcome(file, "there", path)
        if same:
            _unpack(path, plain, file)
            return Outcome(file, "there", plain, "unpacked from the packed file beside it")
        if not task.overwrite:
            raise NotFetched(
                f"{path} is there and differs from the archive's file, or is cut short. "
                "Move it away, or have it replaced with --overwrite."
            )
    return None


@contextmanager
def _held(part: Path) -> Iterator[IO[bytes]]:
    """Open what has arrived so far, for this download alone."""
    with open(part, "a+b") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            ours = part.exists() and os.path.samestat(os.fstat(stream.fileno()), part.stat())
        except BlockingIOError:
            ours = False
        if not ours:
            raise NotFetched(f"{part.parent}: another program is fetching this file just now. Wait for it.")
        try:
            yield stream
        finally:
            if part.exists() and stream.seek(0, os.SEEK_END) == 0:
                part.unlink(missing_ok=True)


def _receive(file: Archived, task: Task, stream: IO[bytes]) -> None:
    """Receive what is missing; raise `Passing` where it breaks off."""
    have = stream.seek(0, os.SEEK_END)
    if have > _expected(stream, file):
        have = stream.truncate(0)
    elif have == _expected(stream, file):
        return  # all arrived the last time, but was not looked at
    try:
        answer = task.archive.open(f"file/{quote(file.filename)}", have)
    except Passing as trouble:
        if trouble.restart:
            stream.truncate(0)
        raise
    with answer:
        task.answers.add(answer)
        try:
            if _continued_from(answer) != have:
                stream.truncate(0)
            have = stream.seek(0, os.SEEK_END)
            for block in _blocks(answer, task):
                have += stream.write(block)
                task.tell(file, have)
                if have > max(file.size, file.data_size):
                    return  # no such file: its checksum will say so
        finally:
            task.answers.discard(answer)
    if have < (expected := _expected(stream, file)):
        raise Passing(f"it sent {have} of {expected} bytes of {file.name}")


def _blocks(answer: Any, task: Task) -> Iterator[bytes]:
    """Give what arrives, as it arrives."""
    while not task.stop.is_set():
        trouble: Exception | None = None
        try:
            block = answer.read1(BLOCK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            trouble = error
        if task.stop.is_set():
            break
        if trouble is not None:
            raise Passing("it broke off") from trouble
        if not block:
            return
        yield block
    raise Cancelled("The download was stopped.")


def _continued_from(answer: Any) -> int:
    """Return the byte from which an answer goes on; 0 where the server sends all."""
    found = re.match(r"bytes (\d+)-", answer.headers.get("Content-Range", ""))
    return int(found[1]) if answer.status == http.client.PARTIAL_CONTENT and found else 0


def _expected(stream: IO[bytes], file: Archived) -> int:
    """Return how many bytes will be there: servers may send a packed file unpacked."""
    return file.data_size if file.is_packed and _is_plain(stream) else file.size


def _is_plain(stream: IO[bytes]) -> bool:
    """Tell whether what has arrived is an unpacked FITS file."""
    stream.seek(0)
    return stream.read(len(PLAIN)) == PLAIN


def _agrees(stream: IO[bytes], file: Archived) -> bool:
    """Tell whether a file's bytes are those of the record: packed or plain, whichever they are."""
    plain = _is_plain(stream)
    told = (file.data_md5 or (None if file.is_packed else file.md5)) if plain else file.md5
    stream.seek(0)
    if told is not None:
        return _sum(stream) == told
    if plain or file.data_md5 is None:
        return False
    try:
        with bz2.open(stream) as unpacked:
            return _sum(unpacked) == file.data_md5
    except (OSError, EOFError):
        return False


def _sum(stream: IO[bytes] | bz2.BZ2File) -> str:
    """Return the MD5 sum of what is left of a stream."""
    digest = _md5()
    while block := stream.read(1 << 20):
        digest.update(block)
    return str(digest.hexdigest())


def _md5() -> Any:
    """Begin an MD5 sum: one that guards against accidents."""
    return hashlib.md5(usedforsecurity=False)


def _named(stream: IO[bytes], part: Path, file: Archived, task: Task) -> Path:
    """Give a file that is whole its name, unpacked if that is wanted."""
    stream.flush()
    plain = task.folder / file.name
    if task.unpack and file.is_packed and not _is_plain(stream):
        _unpack(part, plain, file)
        part.unlink()
        return plain
    target = plain if _is_plain(stream) else task.folder / file.filename
    os.fsync(stream.fileno())
    os.replace(part, target)
    return target


def _unpack(packed: Path, plain: Path, file: Archived) -> None:
    """Unpack a file that is whole, and look at what comes out of it."""
    digest = _md5()
    with written_whole(plain) as target, bz2.open(packed) as source:
        while block := source.read(1 << 20):
            target.write(block)
            digest.update(block)
        if file.data_md5 is not None and digest.hexdigest() != file.data_md5:
            raise NotFetched(
                f"{file.name}: its unpacked bytes have not the checksum of the archive's record."
            )
