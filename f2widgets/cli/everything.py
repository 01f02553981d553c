"""What ``f2 reduce --all`` shows: each job as it ends, what could not be done, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from f2widgets.cli.counted import reading_headers
from f2widgets.cli.diary import Write, logged

if TYPE_CHECKING:
    from f2widgets.campaign.engine import News, Run

#: Megabytes of each unit.
_UNITS = {"": 1.0, "mb": 1.0, "gb": 1000.0, "m": 1.0, "g": 1000.0}


def megabytes(ctx: click.Context, param: click.Parameter, value: str | None) -> float | None:
    """Return a size of memory as typed, such as 4GB or 800MB, in MB.

    Parameters
    ----------
    ctx, param
        Of the command line.
    value : str or None
        As typed.

    Returns
    -------
    float or None
        None where nothing was.

    Raises
    ------
    click.BadParameter
        If it is no size.
    """
    if value is None:
        return None
    found = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([a-z]*)\s*", value.lower())
    if found is None or found[2] not in _UNITS or not float(found[1]) > 0:
        raise click.BadParameter(f"{value!r} is no size: give one such as 4GB or 800MB.", ctx, param)
    return float(found[1]) * _UNITS[found[2]]


def reduce_everything(
    files: tuple[str, ...],
    asked: dict[str, Any],
    *,
    quiet: bool,
    verbose: bool,
    logfile: str | None,
    **options: Any,
) -> int:
    """Reduce everything in a folder and show how it goes.

    Parameters
    ----------
    files : tuple of str
        Folders.
    asked : dict
        What is asked of the reductions, as `f2widgets.cli.reduce.asked_for` returns it.
    quiet, verbose : bool
        Show nothing but what is amiss, or the plan as well.
    logfile : str or None
        File to which the same lines are appended.
    **options
        As for `f2widgets.campaign.engine.carry_out_all`, with `out` and `config`.

    Returns
    -------
    int
        The status: 0 all done, 1 nothing, 3 a part.
    """
    from f2widgets.campaign.engine import carry_out_all
    from f2widgets.campaign.planning import plan_all

    if asked.pop("recipe"):
        raise click.UsageError("Each group of frames has a recipe of its own with --all: leave -r out.")
    began = perf_counter()
    places = {name: options.pop(name) for name in ("out", "config")}
    with reading_headers(quiet=quiet) as tick:
        graph = plan_all(files, **asked, **places, tick=tick)
    with logged(logfile) as write:
        tell = _Teller(len(graph.tasks), quiet, write)
        tell.say(f"{graph}\n" if verbose else graph.found or "There are no raw frames.")
        run = carry_out_all(graph, **options, on_news=tell)
        for line in _amiss(run):
            tell.say(line, amiss=True)
        shown = f" {run.page} shows them." if run.page else ""
        tell.say(f"{run}{shown} Took {perf_counter() - began:.1f} s.")
    return 1 if not run.products else 0 if run.complete else 3


class _Teller:
    """Writes a line when a job ends."""

    def __init__(self, total: int, quiet: bool, write: Write | None) -> None:
        self._total, self._quiet, self._write = total, quiet, write
        self._done = 0

    def __call__(self, news: News) -> None:
        """Write, if there is something to say."""
        from f2widgets.campaign.engine import Ended

        if isinstance(news, Ended):
            self._done += 1
            one = news.outcome
            what = f"{one.state:<9}  {one.product.name if one.product else ''}".rstrip()
            self.say(f"[{self._done}/{self._total}] {news.task.title:<36}{one.seconds:7.1f} s  {what}")

    def say(self, text: str, *, amiss: bool = False) -> None:
        """Write a line: what is amiss in any case."""
        if amiss or not self._quiet:
            click.echo(text, err=amiss)
        if self._write is not None:
            self._write(text)


def _amiss(run: Run) -> Iterator[str]:
    """Give what could not be done, each with its reason and what helps."""
    from f2widgets.campaign.graph import left_out

    for number, task in enumerate(run.graph.tasks, 1):
        one = run.outcomes[task.key]
        told = [one.reason] if one.product is None else []
        told += [*one.problems, *(f"left out of it: {reason}" for _, reason in one.unused)]
        for reason in told:
            further = reason.replace("\n", "\n    ")
            yield f"f2: job {number}, {task.title}: {further}"
    if run.problem:
        yield f"f2: {run.problem}"
    amiss = [one for one in run.graph.aside if not one.usual]
    if amiss:
        yield "\n".join(["f2: left out:", *left_out(amiss)])
