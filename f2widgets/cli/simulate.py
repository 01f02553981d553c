"""``f2 simulate``: make raw frames whose truth is known."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from f2widgets.cli.counted import counted
from f2widgets.cli.groups import Group
from f2widgets.simulate import disk_needed, perfect, simulated
from f2widgets.simulate.programmes import PROGRAMMES, Programme
from f2widgets.simulate.settings import Settings, choices


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def simulate() -> None:
    """Make raw frames whose truth is known."""


def _verb(programme: Programme) -> None:
    """Add the verb that makes a data set."""

    def make(folder: Path, threads: int | None, quiet: bool, with_perfect: bool = False, **more: Any) -> None:
        _make(programme, folder, with_perfect, threads, quiet, more)

    make.__doc__ = f"""Make {programme.summary}, in FOLDER.

    The truth goes to FOLDER/truth. The same seed makes the same frames, byte for byte, however many
    threads make them.
    """
    options = [*_settings(programme)]
    if programme.fading == 1:
        text = "Also make the perfect stack of the same field."
        options.append(click.option("--perfect", "with_perfect", is_flag=True, help=text))
    threads = click.IntRange(1, 64)
    options.append(click.option("--threads", type=threads, help="Frames made at a time; one per processor."))
    options.append(click.option("-q", "--quiet", is_flag=True, help="Say nothing."))
    command: Callable[..., None] = make
    for option in reversed(options):
        command = option(command)
    folder = click.Path(path_type=Path, file_okay=False)
    simulate.command(programme.name)(click.argument("folder", type=folder)(command))


def _settings(programme: Programme) -> Iterator[Callable[..., Any]]:
    """Give an option for each setting of a data set."""
    for choice in choices(programme.name):
        flag = f"--{choice.name.replace('_', '-')}"
        text = f"{choice.help} ({choice.within})"
        shown = choice.default is not None
        yield click.option(flag, type=choice.kind, default=choice.default, show_default=shown, help=text)


def _make(
    programme: Programme,
    folder: Path,
    with_perfect: bool,
    threads: int | None,
    quiet: bool,
    options: dict[str, Any],
) -> None:
    """Make a data set and say what was made."""
    settings = Settings.of(programme.name, **options)
    begin = time.perf_counter()
    if not quiet:
        need = disk_needed(settings, perfect=with_perfect) / 1e6
        what = f"{programme.title[:1].upper()}{programme.title[1:]}"
        click.echo(f"{what} at {settings.size} x {settings.size}, seed {settings.seed}: {need:.0f} MB.")
    with counted("raw frames", quiet=quiet) as tick:
        made = simulated(programme.name, folder, threads=threads, on_progress=tick, **options)
    if with_perfect:
        with counted("perfect stack", quiet=quiet) as tick:
            perfect(folder, threads=threads, on_progress=tick)
    if not quiet:
        click.echo(f"{len(made)} raw frames in {folder}, their truth in {folder / 'truth'}.")
        if with_perfect:
            click.echo(f"The perfect stack is {folder / 'truth' / 'perfect.npz'}.")
        click.echo(f"It took {time.perf_counter() - begin:.1f} s.")


for _programme in PROGRAMMES.values():
    _verb(_programme)
