"""The verb ``f2 tutorial``: from nothing to the stack, by the commands that the tutorial teaches."""

from __future__ import annotations

import contextlib
import shlex
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import click

from f2widgets.errors import F2Error

if TYPE_CHECKING:
    from f2widgets.tutorial import Places

#: Where the tutorial goes unless told.
FOLDER = "f2tutorial"
SIZES = ("512", "1024", "2048")


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", default=FOLDER, metavar="[DIR]", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--size",
    type=click.Choice(SIZES),
    default="2048",
    show_default=True,
    help="Side of the detector in pixels.",
)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="Another night.")
@click.option("--overwrite", is_flag=True, help="Replace products that were made in another way.")
def tutorial(folder: Path, size: str, seed: int, overwrite: bool) -> None:
    """Make the example's raw frames and reduce them to the stack.

    Everything goes to DIR, by default f2tutorial in this folder: 36 raw frames to DIR/playdata/example1,
    products to DIR/playground. Each command is shown before it runs, so that you can run it again with
    changes. A second call keeps the raw frames.
    """
    from f2widgets.tutorial import IMAGE, has_frames, lay_out, lines, look_at, needs, require_room

    disk, seconds = needs(int(size))
    click.echo(f"The tutorial takes {_bytes(disk)} on disk in {folder} and {_duration(seconds)}.")
    places = lay_out(folder)
    there = has_frames(places, int(size), seed)
    require_room(places, int(size))
    took: list[tuple[str, float]] = []
    with contextlib.chdir(places.folder):
        if there:
            click.echo("The 36 raw frames are there already; they are kept.")
        else:
            words = ("simulate", "example1", "playdata/example1", "--size", size, "--seed", str(seed))
            took.append(_run(words, "raw frames, as from the telescope"))
    with contextlib.chdir(places.playground):
        click.echo(f"\ncd {shlex.quote(str(places.playground))}")
        for line in lines():
            again = ("--overwrite",) if overwrite and line.words[0] == "reduce" else ()
            took.append(_run((*line.words, *again), line.what))
    begin = perf_counter()
    picture, summary = look_at(places.playground / IMAGE)
    took.append(("picture and summary", perf_counter() - begin))
    _close(places, picture, summary, took)


def _run(words: tuple[str, ...], what: str) -> tuple[str, float]:
    """Show a command line, carry it out, and return what it was for and its seconds."""
    from f2widgets.cli.main import f2
    from f2widgets.tutorial import typed

    click.echo(f"\n# {what}\n$ {typed(words)}")
    begin = perf_counter()
    status = f2.main(args=list(words), prog_name="f2", standalone_mode=False)
    if status:
        raise F2Error(f"The command above ended with status {status}; the tutorial stops here.")
    return what, perf_counter() - begin


def _close(places: Places, picture: Path, summary: Path, took: list[tuple[str, float]]) -> None:
    """Say how it went, where things are, and what to do next."""
    from f2widgets.tutorial import IMAGE

    click.echo(f"\n{summary.read_text()}")
    for what, seconds in took:
        click.echo(f"  {seconds:6.2f} s  {what}")
    click.echo(f"  {sum(seconds for _, seconds in took):6.2f} s  in all")
    click.echo(
        f"\nStack     {places.playground / IMAGE}"
        f"\nPicture   {picture}"
        f"\nQuality   {summary}"
        "\n\nNext: open the picture. Then reduce again yourself, with what you would like to change:"
        f"\n  cd {shlex.quote(str(places.playground))}"
        "\n  f2 reduce @sci_images.list --plan"
        "\n  f2 reduce @sci_images.list --without flatten_background --suffix _plain"
        "\nThe notebook tutorials/01_dither_on_target.ipynb walks through the same steps in Python."
    )


def _bytes(number: int) -> str:
    """Write bytes as MB or GB."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.0f} MB"


def _duration(seconds: float) -> str:
    """Write a rough time."""
    return f"about {seconds:.0f} seconds" if seconds < 50 else f"about {max(1, round(seconds / 60))} min"
