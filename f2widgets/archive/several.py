"""Many files from the archive, at most four at a time, with progress, and stopped at once when asked."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from queue import Empty, Queue
from shutil import disk_usage
from threading import Thread
from time import monotonic

from f2widgets.archive.download import Outcome, Task, download
from f2widgets.archive.records import Archived
from f2widgets.archive.service import Archive
from f2widgets.archive.wanted import wanted
from f2widgets.core.annotations import Tick, ignore
from f2widgets.errors import Cancelled, NotWritten, ParameterError

#: Downloads at a time: more would not be polite.
AT_ONCE = 4
#: Seconds between two looks at whether someone wants to stop.
LOOK = 0.1
#: Seconds that downloads get to come to rest when they are stopped.
PATIENCE = 1.0


def fetch(
    names: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    out: str | os.PathLike[str] = ".",
    *,
    calibrations: bool = False,
    unpack: bool = False,
    overwrite: bool = False,
    everything: bool = False,
    at_once: int = AT_ONCE,
    archive: Archive | str | None = None,
    on_progress: Tick = ignore,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Fetch raw frames from the Gemini Observatory Archive.

    Parameters
    ----------
    names : str, path or iterable of these
        ``"example1"`` or ``"example2"``, programmes, observations or data labels (``"GS-2013B-Q-15"``), files
        (``"S20131121S0075"``), ranges of files (``"S20131121S0075-083"``), lists (``"@files.list"``). A file
        that lies on this disk stands for the frame of its name, and is not fetched again.
    out : path-like, optional
        Folder for the files; it is made if needed.
    calibrations : bool, optional
        Fetch darks, flats and short darks for the science frames as well.
    unpack : bool, optional
        Leave plain FITS files, in place of those packed by bzip2.
    overwrite : bool, optional
        Replace files that are there and differ from the archive's.
    everything : bool, optional
        Of programmes, also what cannot be reduced here: spectra, and frames that failed the observatory's
        quality control.
    at_once : int, optional
        Downloads at a time, 1 to 4.
    archive : Archive or str, optional
        Another archive, or its address.
    on_progress : callable, optional
        Called with the bytes that are here and the bytes in all. What it raises stops the download.
    on_outcome : callable, optional
        Called with each file's outcome as it is known.

    Returns
    -------
    list of Outcome
        One for each file, those that were left out included. Call again for those that failed: what is
        there is not fetched again.

    Raises
    ------
    NotFetched
        If the archive cannot be reached.
    NotWritten
        If there is not enough room in the folder.
    ParameterError
        If a name is none of the above.

    Examples
    --------
    >>> fetch("example1", "playdata/example1")   # doctest: +SKIP
    """
    service = archive if isinstance(archive, Archive) else Archive(archive) if archive else Archive()
    several = [names] if isinstance(names, str | os.PathLike) else names
    asked = wanted(service, [os.fspath(name) for name in several], calibrations, everything)
    for outcome in asked.left_out:
        on_outcome(outcome)
    task = Task(service, Path(out), unpack, overwrite)
    brought = fetch_files(asked.files, task, at_once, on_progress, on_outcome)
    return [*brought, *asked.left_out]


def fetch_files(
    files: Sequence[Archived],
    task: Task,
    at_once: int = AT_ONCE,
    on_progress: Tick = ignore,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Fetch files whose records are known.

    Parameters
    ----------
    files : sequence of Archived
        The files.
    task : Task
        Where from, where to, and how.
    at_once : int, optional
        Downloads at a time, 1 to 4.
    on_progress : callable, optional
        Called with the bytes that are here and the bytes in all; always from the calling thread.
    on_outcome : callable, optional
        Called with each file's outcome as it is known; from the calling thread as well.

    Returns
    -------
    list of Outcome
        In the order of `files`.

    Raises
    ------
    ParameterError
        If `at_once` is out of its limits.
    NotWritten
        If there is not enough room for what is not there yet.
    """
    if not 1 <= at_once <= AT_ONCE:
        raise ParameterError(
            f"at_once={at_once!r} must be 1 to {AT_ONCE}: more downloads at a time are impolite."
        )
    _require_room(files, task)
    todo: Queue[Archived] = Queue()
    for file in files:
        todo.put(file)
    news: Queue[Outcome | tuple[Archived, int] | BaseException] = Queue()
    task.tell = lambda file, have: news.put((file, have))
    # Daemons: a program that is interrupted does not wait for a server that is silent.
    workers = [Thread(target=_work, args=(todo, task, news), daemon=True) for _ in range(at_once)]
    for worker in workers:
        worker.start()
    try:
        return _watch(files, task, news, on_progress, on_outcome)
    finally:
        task.halt()
        until = monotonic() + PATIENCE
        for worker in workers:
            worker.join(timeout=max(0.0, until - monotonic()))


def _require_room(files: Sequence[Archived], task: Task) -> None:
    """Refuse to fill a disk."""
    there = next(
        folder for folder in (task.folder.absolute(), *task.folder.absolute().parents) if folder.exists()
    )
    new = [file for file in files if not any((task.folder / n).exists() for n in (file.name, file.filename))]
    need = sum(file.data_size if task.unpack else file.size for file in new)
    if (free := disk_usage(there).free) < need:
        raise NotWritten(
            f"{task.folder} has not enough room: {need / 1e6:.0f} MB are needed, {free / 1e6:.0f} MB are"
            " free. Make room, choose another folder with --out, or ask for less."
        )


def _work(
    todo: Queue[Archived], task: Task, news: Queue[Outcome | tuple[Archived, int] | BaseException]
) -> None:
    """Fetch one file after the other."""
    while not task.stop.is_set():
        try:
            file = todo.get_nowait()
        except Empty:
            return
        try:
            news.put(download(file, task))
        except Cancelled:
            return
        except BaseException as error:  # a fault of ours: the caller raises it
            news.put(error)
            return


def _watch(
    files: Sequence[Archived],
    task: Task,
    news: Queue[Outcome | tuple[Archived, int] | BaseException],
    on_progress: Tick,
    on_outcome: Callable[[Outcome], None],
) -> list[Outcome]:
    """Pass on what the downloads tell, until all are done."""
    outcomes: dict[str, Outcome] = {}
    have: Counter[str] = Counter()
    total = sum(file.size for file in files)
    while len(outcomes) < len(files):
        try:
            told = news.get(timeout=LOOK)
        except Empty:
            on_progress(sum(have.values()), total)
            continue
        if isinstance(told, BaseException):
            raise told
        if isinstance(told, Outcome):
            outcomes[told.file.name] = told
            have[told.file.name] = told.file.size
            on_outcome(told)
        else:
            have[told[0].name] = min(told[1], told[0].size)
        on_progress(sum(have.values()), total)
    return [outcomes[file.name] for file in files]
