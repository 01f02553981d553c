"""``f2 simulate``: make raw frames whose truth is known."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from f2widgets.cli.groups import Group
from f2widgets.core.annotations import Tick, ignore
from f2widgets.simulate import disk_needed, example1, perfect
from f2widgets.simulate.settings import Settings, choices


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def simulate() -> None:
    """Make raw frames whose truth is known."""


def _options(command: Callable[..., None]) -> Callable[..., None]:
    """Add an option for each setting of the simulator."""
    for choice in reversed(list(choices())):
        flag = f"--{choice.name.replace('_', '-')}"
        text = f"{choice.help} ({choice.within})"
        command = click.option(
            flag, type=choice.kind, default=choice.default, show_default=choice.default is not None, help=text
        )(command)
    return command


@simulate.command("example1")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@_options
@click.option(
    "--perfect", "with_perfect", is_flag=True, help="Also make the perfect stack of the same field."
)
@click.option("--threads", type=click.IntRange(1, 64), help="Frames made at a time; one per processor.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing.")
def _example1(folder: Path, with_perfect: bool, threads: int | None, quiet: bool, **options: Any) -> None:
    """Make the 36 raw frames of Example 1, dither on target, in FOLDER.

    The truth goes to FOLDER/truth. The same seed makes the same frames, byte for byte, however many
    threads make them.
    """
    settings = Settings(**options)
    begin = time.perf_counter()
    if not quiet:
        need = disk_needed(settings.size, perfect=with_perfect) / 1e6
        click.echo(f"Example 1 at {settings.size} x {settings.size}, seed {settings.seed}: {need:.0f} MB.")
    with _Progress("raw frames", quiet) as tick:
        made = example1(folder, threads=threads, on_progress=tick, **options)
    if with_perfect:
        with _Progress("perfect stack", quiet) as tick:
            perfect(folder, threads=threads, on_progress=tick)
    if not quiet:
        click.echo(f"{len(made)} raw frames in {folder}, their truth in {folder / 'truth'}.")
        if with_perfect:
            click.echo(f"The perfect stack is {folder / 'truth' / 'perfect.npz'}.")
        click.echo(f"It took {time.perf_counter() - begin:.1f} s.")


class _Progress:
    """A bar on a terminal, nothing elsewhere."""

    def __init__(self, what: str, quiet: bool) -> None:
        self._what, self._bar = what, None if quiet or not sys.stderr.isatty() else _bar()

    def __enter__(self) -> Tick:
        if self._bar is None:
            return ignore
        bar = self._bar
        bar.start()
        task = bar.add_task(self._what, total=None)

        def tick(done: int, total: int, /) -> None:
            bar.update(task, completed=done, total=total)

        return tick

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.stop()


def _bar() -> Any:
    """Return a progress bar that draws on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    return Progress(console=Console(stderr=True))
