"""The verb ``f2 reduce``: raw frames to a product, by the recipe that fits them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from itertools import groupby
from time import perf_counter
from typing import TYPE_CHECKING, Any

import click

from f2widgets.cli.everything import megabytes, reduce_everything

if TYPE_CHECKING:
    from f2widgets.plan import Plan
    from f2widgets.products import Products

#: From so many files on, only their number is told.
_MANY = 20
#: Status where the product is there, but not all that should come with it.
IN_PART = 3

#: Options that take one or more words, and what a further word looks like.
_SEVERAL: dict[str, Callable[[str], bool]] = {
    "-p": lambda word: re.match(r"[\w: ]+=", word) is not None,
    "--user_cal": lambda word: re.match(r"\w+:", word) is not None,
}
_SEVERAL["--param"] = _SEVERAL["-p"]
_SEVERAL["--user-cal"] = _SEVERAL["--user_cal"]


def spread(words: list[str]) -> list[str]:
    """Repeat an option before each of its words: ``-p a=1 b=2`` becomes ``-p a=1 -p b=2``.

    Parameters
    ----------
    words : list of str
        The command line.

    Returns
    -------
    list of str
        The same for a parser that takes one word for each option.
    """
    found: list[str] = []
    option, fresh = "", False
    for number, word in enumerate(words):
        if word == "--":
            return found + words[number:]
        if word in _SEVERAL:
            option, fresh = word, True
            continue
        if option and (fresh or _SEVERAL[option](word)):
            found += [option, word]
            fresh = False
            continue
        option = ""
        found.append(word)
    return [*found, option] if fresh else found


class SpreadCommand(click.Command):
    """A command with options that take several words."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the words of a command line."""
        return super().parse_args(ctx, spread(args))


@click.command(cls=SpreadCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, metavar="FILE|@LIST...")
@click.option(
    "-r",
    "--recipe",
    metavar="NAME",
    help="Recipe, or FILE.py:NAME for one of your own; by default it follows from all the files.",
)
@click.option(
    "-p",
    "--param",
    "params",
    multiple=True,
    metavar="K=V...",
    help="STEP:PARAMETER=VALUE, or PARAMETER=VALUE.",
)
@click.option(
    "--user_cal",
    "--user-cal",
    "user_cals",
    multiple=True,
    metavar="T:F...",
    help="Calibration to use, such as processed_dark:FILE.",
)
@click.option("--all", "everything", is_flag=True, help="Reduce all that lies in the folders: see f2 plan.")
@click.option("--memory", callback=megabytes, metavar="SIZE", help="Most memory of all jobs, such as 4GB.")
@click.option("--scheduler", metavar="ADDRESS|local:N", help="Do the jobs of --all on workers of Dask.")
@click.option("--ql", "quick", is_flag=True, help="A quick look: one sky, a median, no search for outliers.")
@click.option("--suffix", metavar="S", help="Ending of the product's name instead of its kind.")
@click.option("--out", "-o", default=".", metavar="DIR", help="Folder of the product.")
@click.option(
    "--plan",
    "only_plan",
    is_flag=True,
    help="Show what would be done, with which calibrations; with -v the parameters.",
)
@click.option("--without", multiple=True, metavar="STEP", help="Leave a step out; may be repeated.")
@click.option(
    "--settings", "wanted", metavar="FILE", help="What is asked for, from a TOML file; options win."
)
@click.option("--keep", multiple=True, metavar="STEP", help="Keep the frames after a step; may be repeated.")
@click.option("--from", "start", metavar="STEP", help="Begin with a step, with frames kept before it.")
@click.option("--overwrite", is_flag=True, help="Replace a product that was made from something else.")
@click.option("--clear", is_flag=True, help="Delete frames kept between steps by earlier runs.")
@click.option("-c", "--config", metavar="FILE", help="Configuration of the calibration databases.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but errors.")
@click.option("--logfile", metavar="F", help="Append what happens to a file.")
@click.option(
    "--threads", type=click.IntRange(min=1), metavar="N", help="Threads; by default one for each processor."
)
def reduce(
    files: tuple[str, ...],
    recipe: str | None,
    params: tuple[str, ...],
    user_cals: tuple[str, ...],
    everything: bool,
    memory: float | None,
    scheduler: str | None,
    quick: bool,
    suffix: str | None,
    out: str,
    only_plan: bool,
    without: tuple[str, ...],
    wanted: str | None,
    keep: tuple[str, ...],
    start: str | None,
    overwrite: bool,
    clear: bool,
    config: str | None,
    verbose: bool,
    quiet: bool,
    logfile: str | None,
    threads: int | None,
) -> int:
    """Reduce frames with the recipe that fits them.

    Darks, flats, or dithers on a target; flats with short darks give a bad-pixel mask. Names of recipes,
    steps and parameters may be ours or those of the reference pipeline.

    \b
    f2 reduce @darks_120s.list
    f2 reduce @flats_Y.list @darks_002s.list -r makeProcessedBPM
    f2 reduce @flats_Y.list -p addDQ:user_bpm=S20131129S0320_bpm.fits
    f2 reduce @sci_images.list --plan
    f2 reduce --all raw --out reduced

    Status: 0 done, 1 failed, 2 usage, 3 done in part, 130 interrupted.
    """  # noqa: D301 (the backslash keeps the lines of the examples apart)
    from f2widgets import reduction, runs
    from f2widgets.cli.progress import shown
    from f2widgets.estimate import estimate

    if threads is not None:
        os.environ["F2WIDGETS_THREADS"] = str(threads)
    if clear:
        gone = runs.clear(out)
        _say(quiet, f"Deleted {len(gone)} folders of kept frames." if gone else "There were no kept frames.")
        if not files:
            return 0
    if not files:
        raise click.UsageError("Name at least one FILE, or a list as @LIST.")
    if (memory or scheduler) and not everything:
        raise click.UsageError("--memory and --scheduler are for --all: add it, or leave them out.")
    if quick and recipe is not None:
        raise click.UsageError("--ql is a recipe of its own: leave out -r, or --ql.")
    asked = asked_for(wanted, "quick_look" if quick else recipe, params, user_cals, without, keep)
    if everything:
        told: dict[str, Any] = {"quiet": quiet, "verbose": verbose, "logfile": logfile}
        told |= {"out": out, "config": config, "overwrite": overwrite, "memory": memory}
        told["scheduler"] = scheduler
        _refuse_with_all(only_plan, start, suffix)
        return reduce_everything(files, asked, **told)
    began = perf_counter()
    what = reduction.planned(files, **asked, out=out, suffix=suffix, config=config)
    if only_plan:
        kept = runs.checkpoint_before(what, start) if start else runs.left_for(what)
        click.echo(f"{what}\nExpected: {estimate(what, first=kept.index + 1 if kept else 0)}")
        if kept:
            click.echo(f"{kept}.")
        if verbose:
            _parameters(what)
        return 0
    if verbose and not quiet:
        click.echo(f"{what}\n")
    with shown(quiet=quiet, verbose=verbose, logfile=logfile) as listener:
        made = reduction.carry_out(what, start=start, overwrite=overwrite, on_event=listener)
    if not quiet:
        _tell(made, perf_counter() - began)
    for problem in made.problems:
        click.echo(f"f2: {problem}", err=True)
    return IN_PART if made.problems else 0


def _refuse_with_all(only_plan: bool, start: str | None, suffix: str | None) -> None:
    """Refuse what a single reduction can be asked for, and not all together."""
    if only_plan:
        raise click.UsageError("f2 plan shows what --all would do.")
    if start or suffix:
        name = "--from" if start else "--suffix"
        raise click.UsageError(f"{name} is for one reduction: leave it out, or --all.")


def asked_for(
    file: str | None,
    recipe: str | None,
    params: tuple[str, ...],
    user_cals: tuple[str, ...],
    without: tuple[str, ...],
    keep: tuple[str, ...],
) -> dict[str, Any]:
    """Return what is asked for: by a file of settings, and by options, which go before it.

    Parameters
    ----------
    file : str or None
        The file of settings.
    recipe, params, user_cals, without, keep
        The options.

    Returns
    -------
    dict
        Arguments for `f2widgets.reduce`.
    """
    from f2widgets.recipes.settings import read_settings
    from f2widgets.recipes.wishes import assignment

    told = read_settings(file) if file else {}
    cals = [f"{kind}:{name}" for kind, name in told.get("user_cals", {}).items()]
    return {
        "recipe": recipe or told.get("recipe"),
        "settings": {**told.get("settings", {}), **dict(assignment(word) for word in params)},
        "user_cals": [*cals, *user_cals],
        "without": [*told.get("without", ()), *without],
        "keep": [*told.get("keep", ()), *keep],
    }


def _parameters(what: Plan) -> None:
    """Show every parameter of every step: its value, who set it, what it may be, and what it does."""
    from f2widgets.recipes.settings import values_of

    click.echo("\nParameters:")
    for use in {use.step.name: use for use in what.recipe.uses}.values():
        for value in values_of(use, what.wishes.settings):
            click.echo(f"  {use.step.name}:{value}\n      {value.param.help}")


#: What measured values are called where they are shown.
_TITLES = {"wcs_error": "off, arcsec", "wcs_wrong": "coordinates"}


def _tell(made: Products, seconds: float) -> None:
    """Say what was written and how long it took."""
    from f2widgets.cli.progress import timings

    for number, path in enumerate(made.paths):
        also = f", also as {made.stored[number]}" if number < len(made.stored) else ""
        click.echo(f"Wrote {path}{also}")
    for folder, some in groupby(made.kept, lambda path: path.parent):
        paths = list(some)
        click.echo(
            f"Kept {len(paths)} frames in {folder}"
            if len(paths) > _MANY
            else "\n".join(f"Kept {path}" for path in paths)
        )
    if not made.paths:
        for line in _measures(made):
            click.echo(line)
    click.echo(f"Took {seconds:.2f} s: {timings(made.timings)}")


def _measures(made: Products) -> list[str]:
    """Show what was measured of each frame, where a recipe writes no product."""
    frames = made.frames
    names = list(dict.fromkeys(name for frame in frames for name in frame.measured))
    rows = [["frame", *(_TITLES.get(name, name) for name in names)]] if names else []
    for frame in frames if names else ():
        rows.append([frame.name, *(_shown(name, frame.measured.get(name)) for name in names)])
    widths = [max(len(row[i]) for row in rows) for i in range(len(names) + 1)] if rows else []
    return ["  ".join(f"{x:>{w}}" for x, w in zip(row, widths, strict=True)) for row in rows]


def _shown(name: str, value: float | None) -> str:
    """Show a measured value; a verdict in a word."""
    if value is None:
        return "-"
    if name == "wcs_wrong":
        return "wrong" if value else "good"
    return f"{value:.2f}"


def _say(quiet: bool, text: str) -> None:
    """Tell, unless the user wants quiet."""
    if not quiet:
        click.echo(text)
