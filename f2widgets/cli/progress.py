"""Show a run on the screen: a bar for each step on a terminal, a line for each elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from f2widgets.cli.diary import logged
from f2widgets.recipes.events import Advanced, Event, Failed, Finished, Listener, Note, Started

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


@contextmanager
def shown(*, quiet: bool = False, verbose: bool = False, logfile: str | None = None) -> Iterator[Listener]:
    """Show the events of a run while it lasts.

    Parameters
    ----------
    quiet : bool, optional
        Show nothing; errors are not an event and appear all the same.
    verbose : bool, optional
        Show when steps begin as well.
    logfile : str, optional
        File to which every event but the progress is appended.

    Yields
    ------
    callable
        To be called with each event.

    Raises
    ------
    click.FileError
        If the log cannot be opened.
    NotWritten
        If there is no more room for it.
    """
    bars = _Bars(verbose) if not quiet and sys.stdout.isatty() else None
    screen: Listener | None = bars or (None if quiet else _Lines(verbose))

    with logged(logfile) as write:

        def tell(event: Event) -> None:
            text = _line(event) if write is not None else ""
            if write is not None and text:
                write(text)
            if screen is not None:
                screen(event)

        try:
            yield tell
        finally:
            if bars is not None:
                bars.close()


class _Lines:
    """Writes a line when a step is done."""

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose

    def __call__(self, event: Event) -> None:
        """Write, if there is something to say."""
        match event:
            case Started(step, verb, _, _, frames) if self._verbose:
                click.echo(f"{step} ({verb}), {frames} frames")
            case Finished(step, seconds):
                click.echo(f"  {step:<22}{seconds:8.2f} s")
            case Note():
                click.echo(f"  note: {_noted(event)}")


class _Bars:
    """Moves a bar for each step, with the help of rich."""

    def __init__(self, verbose: bool) -> None:
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

        self._verbose = verbose
        self._tasks: dict[str, TaskID] = {}
        self._progress: Progress = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[own]}"),
        )
        self._progress.start()

    def __call__(self, event: Event) -> None:
        """Move a bar."""
        match event:
            case Started(step, verb, _, _, _):
                name = f"{step} ({verb})" if self._verbose else step
                self._tasks[step] = self._progress.add_task(name, total=None, own="")
            case Advanced(step, done, total) if step in self._tasks:
                self._progress.update(self._tasks[step], completed=done, total=total)
            case Finished(step, seconds) if step in self._tasks:
                task = self._tasks[step]
                self._progress.update(task, total=1, completed=1, own=f"{seconds:.2f} s of its own")
                self._progress.stop_task(task)
            case Note():
                self._progress.console.print(f"note: {_noted(event)}", markup=False, highlight=False)
            case Failed(step, _) if step in self._tasks:
                self._progress.update(self._tasks[step], own="failed")

    def close(self) -> None:
        """Leave the bars as they stand."""
        self._progress.stop()


def _line(event: Event) -> str:
    """Return what a log says of an event; nothing of progress."""
    match event:
        case Started(step, verb, _, _, frames):
            return f"{step} ({verb}) begins, {frames} frames"
        case Finished(step, seconds):
            return f"{step} done, {seconds:.2f} s"
        case Note():
            return f"note: {_noted(event)}"
        case Failed(step, error):
            return f"{step} failed: {error}"
    return ""


def _noted(note: Note) -> str:
    """Return a note with its frame, if it does not name it itself."""
    return f"{note.frame}: {note.text}" if note.frame and note.frame not in note.text else note.text


def timings(seconds: Mapping[str, float]) -> str:
    """Return how long each step took, in one line.

    Parameters
    ----------
    seconds : mapping of str to float
        By step.

    Returns
    -------
    str
        The longest first; below a hundredth they are left away.
    """
    told = sorted(((s, name) for name, s in seconds.items() if s >= 0.005), reverse=True)
    return ", ".join(f"{name} {s:.2f} s" for s, name in told)
