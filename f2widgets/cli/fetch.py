"""The verb ``f2 fetch``: raw frames from the observatory's archive."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from f2widgets.cli.files import IN_PART
from f2widgets.core.annotations import Tick, ignore

if TYPE_CHECKING:
    from f2widgets.archive.download import Outcome
    from f2widgets.archive.records import Archived

EPILOG = """\b
NAME is one of
  example1, example2           the observatory's two tutorials on imaging
  GS-2013B-Q-15                a programme; also an observation or a data label
  S20131121S0075, ...075-083   a file, or a range of files
  raw/S20131121S0075.fits      a file here: its calibrations, with --calibrations
  @files.list                  a list of these

Proprietary files are left out, unless GEMINI_ARCHIVE_SESSION holds the session cookie
that the archive shows after the login. F2_ARCHIVE may name another server.
"""


@click.command(epilog=EPILOG)
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@click.option(
    "-o",
    "--out",
    metavar="DIR",
    default=".",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; this one unless told.",
)
@click.option("--calibrations", is_flag=True, help="Also darks, flats and short darks of the science frames.")
@click.option("--unpack", is_flag=True, help="Leave plain FITS files, not packed by bzip2.")
@click.option("--overwrite", is_flag=True, help="Replace files that differ from the archive's.")
@click.option("--all", "everything", is_flag=True, help="Of programmes also spectra and rejected frames.")
@click.option("--list", "only_list", is_flag=True, help="Show what would be fetched, and fetch nothing.")
@click.option(
    "--at-once", type=click.IntRange(1, 4), default=4, show_default=True, help="Downloads at a time."
)
@click.option("--server", metavar="URL", help="Another archive.")
@click.option("-q", "--quiet", is_flag=True, help="Say only what is missing.")
def fetch(
    names: tuple[str, ...],
    out: Path,
    calibrations: bool,
    unpack: bool,
    overwrite: bool,
    everything: bool,
    only_list: bool,
    at_once: int,
    server: str | None,
    quiet: bool,
) -> None:
    """Fetch raw frames from the Gemini Observatory Archive.

    Each file is checked against the archive's checksum before it takes its name. What is there already is
    not fetched again, and what broke off goes on where it stopped; so call again until all is there.
    """
    from f2widgets.archive.download import Task
    from f2widgets.archive.service import Archive
    from f2widgets.archive.several import fetch_files
    from f2widgets.archive.wanted import wanted

    archive = Archive(server) if server else Archive()
    found = wanted(archive, names, calibrations, everything)
    for note in found.notes:
        click.echo(f"f2: note: {note}", err=True)
    if only_list:
        _show(found.files, found.left_out)
        return
    for outcome in found.left_out:
        _tell(outcome, quiet)
    if not quiet:
        size = sum(file.size for file in found.files) / 1e6
        click.echo(f"{len(found.files)} files, {size:.0f} MB, from {archive.server} to {out}.")
    with _bar(quiet) as (tick, above):
        told = fetch_files(
            found.files,
            Task(archive, out, unpack, overwrite),
            at_once,
            tick,
            lambda outcome: above(outcome, quiet),
        )
    outcomes = [*told, *found.left_out]
    if not quiet:
        click.echo(_summary(outcomes))
    _leave(outcomes, bool(found.notes))


def _leave(outcomes: Sequence[Outcome], lacking: bool) -> None:
    """Leave with the status that says whether all is there; `lacking` tells that some calibration is not."""
    missing = [one for one in outcomes if one.state in ("failed", "proprietary")]
    if missing or lacking or not outcomes:
        click.get_current_context().exit(IN_PART if any(one.is_there for one in outcomes) else 1)


def _tell(outcome: Outcome, quiet: bool) -> None:
    """Say how it went with one file; trouble goes to standard error."""
    name = outcome.path.name if outcome.path else outcome.file.name
    if outcome.state in ("failed", "proprietary"):
        why = outcome.why.removeprefix(f"{outcome.file.name}: ")
        click.echo(f"f2: {name}: {why}", err=True)
    elif not quiet:
        words = {"fetched": "fetched", "there": "there already", "left out": "left out"}[outcome.state]
        click.echo(f"  {name}: {words}{f': {outcome.why}' if outcome.why else ''}")


def _summary(outcomes: Sequence[Outcome]) -> str:
    """Count outcomes."""
    words = {
        "fetched": "fetched",
        "there": "there already",
        "left out": "left out",
        "proprietary": "proprietary",
        "failed": "failed",
    }
    counted = Counter(words[outcome.state] for outcome in outcomes)
    told = ", ".join(f"{counted[word]} {word}" for word in words.values() if counted[word])
    return f"{told or 'Nothing to fetch'}."


def _show(files: Sequence[Archived], left_out: Sequence[Outcome]) -> None:
    """List files with what they are."""
    for file in files:
        facts = file.facts
        what = f"{facts.observation_type or '?':<7}{facts.filter_name or '':<8}{facts.exposure_time:6g} s"
        when = f"proprietary until {file.release}" if file.is_proprietary() else ""
        line = f"{file.name:<22} {what}  {file.size / 1e6:5.1f} MB  {facts.object or '':<20} {when}"
        click.echo(line.rstrip())
    for outcome in left_out:
        click.echo(f"{outcome.file.name:<22} {outcome.why}")
    click.echo(f"{len(files)} files, {sum(file.size for file in files) / 1e6:.0f} MB.")


@contextmanager
def _bar(quiet: bool) -> Iterator[tuple[Tick, Callable[[Outcome, bool], None]]]:
    """Give a progress bar on a terminal, and lines elsewhere; and what writes a line above it."""
    if quiet or not sys.stderr.isatty():
        yield ignore, _tell
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = (BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True)) as progress:
        bar = progress.add_task("fetch", total=None)

        def tick(done: int, total: int, /) -> None:
            progress.update(bar, completed=done, total=total)

        def above(outcome: Outcome, quiet: bool) -> None:
            if outcome.state in ("failed", "proprietary"):
                _tell(outcome, quiet)

        yield tick, above
