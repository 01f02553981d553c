"""The verbs that explain: showrecipes, showpars and provenance."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING

import click

from f2widgets import explained
from f2widgets.plan import in_columns
from f2widgets.recipes.names import MEANINGS, SKIP, WRITE, meant
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.recipes import QUICK, recipe_named
from f2widgets.recipes.wishes import in_recipe

if TYPE_CHECKING:
    from astropy.table import Table

#: Columns of a terminal that take the arguments of a step.
_WIDTH = 72
_ALWAYS = {
    SKIP: "False                Leave the step out.",
    WRITE: "False                Keep the frames after it.",
}


@click.command()
@click.argument("file")
@click.option(
    "-m",
    "--mode",
    type=click.Choice(["sq", "ql"]),
    default="sq",
    help="sq, for science, or ql, a quick look; there is no qa here.",
)
@click.option(
    "-r", "--recipe", metavar="NAME", help="The recipe to show; by default what the mode would run."
)
@click.option("--all", "every", is_flag=True, help="List all recipes that take such a file.")
def showrecipes(file: str, mode: str, recipe: str | None, every: bool) -> None:
    """Show what would be done with a file: its recipe and the steps.

    \b
    f2 showrecipes S20131121S0075.fits
    f2 showrecipes S20131121S0075.fits --all
    """  # noqa: D301 (the backslash keeps the lines of the examples apart)
    offered = explained.recipes_for(file)
    tags = sorted(explained.described(file).tags)
    lines = [f"Input file: {Path(file).resolve()}", f"Input tags: {' '.join(tags)}"]
    if every:
        lines += ["Recipes available for the input file:"]
        lines += [f"   {one.name} ({one.verb}): {one.summary}, of {one.inputs}" for one in offered]
    else:
        shown = recipe_named(recipe) if recipe else QUICK if mode == "ql" and QUICK in offered else offered[0]
        lines += [f"Input mode: {mode}", *_recipe_lines(shown, asked=recipe is not None)]
        if shown.name not in {one.name for one in offered}:
            lines += ["", f"Note: it takes {shown.inputs}; this file is none of them."]
    click.echo("\n".join(lines))


def _recipe_lines(shown: Recipe, asked: bool) -> list[str]:
    """Write a recipe down, a line for each step with the values that the recipe sets."""
    lines = [f"Recipe: {shown.name} ({shown.verb}){'' if asked else ', the default'}"]
    lines += [f"   {shown.summary}, of {shown.inputs}", "Steps used:"]
    for use in shown.uses:
        values = ", ".join(f"{key}={value}" for key, value in use.values.items())
        lines.append(f"   {use.step.name:<22}{use.step.verb:<24}{values}".rstrip())
        lines.append(f"      {use.step.summary}")
    return lines


@click.command()
@click.argument("file")
@click.argument("step")
@click.option("-r", "--recipe", metavar="NAME", help="The recipe whose values are shown, if not the default.")
@click.option(
    "-a", "--all", "every", is_flag=True, help="Also what every step has, and the reference's names."
)
@click.option("-d", "--doc", is_flag=True, help="Also what the step does, and where its method comes from.")
def showpars(file: str, step: str, recipe: str | None, every: bool, doc: bool) -> None:
    """Show the parameters of a step, with the values it would have for a file.

    STEP is our name or the reference's: flag_bad_pixels or addDQ.

    \b
    f2 showpars S20131121S0075.fits skyCorrect
    f2 showpars S20131121S0075.fits resample --doc
    """  # noqa: D301 (the backslash keeps the lines of the examples apart)
    shown, values = explained.parameters_for(file, step, recipe=recipe)
    tags = ", ".join(repr(tag) for tag in sorted(explained.described(file).tags))
    own = in_recipe(step, shown)
    lines = [f"Dataset tagged as {{{tags}}}", ""]
    lines += [f"Settable parameters on '{own.name}' ({own.verb}), in the recipe {shown.name}:", "=" * 40]
    lines += [f"{'Name':<20} {'Current setting':<20} Description", ""]
    for one in values:
        by = "" if one.origin == "default" else f" (set by the {one.origin})"
        lines.append(f"{one.param.name:<20} {one.value!r:<20} {one.param.help}{by}")
        lines.append(f"{'':<41} {one.param.kind}")
    if not values:
        lines.append("It has none.")
    if every:
        lines += [f"{name:<20} {text}" for name, text in _ALWAYS.items()]
        theirs = MEANINGS.get(own.verb, {})
        lines += ["", f"Names of the reference on '{own.verb}':"] if theirs else []
        lines += [f"{name:<20} {meant(meaning)}" for name, meaning in theirs.items()]
    if doc:
        lines += ["", inspect.getdoc(own.function) or ""]
    click.echo("\n".join(lines))


@click.command()
@click.argument("files", nargs=-1, required=True)
def provenance(files: tuple[str, ...]) -> None:
    """Show which files went into products, and what was done to them.

    FILES are names, quoted patterns and @lists.
    """
    from f2widgets.io.names import expand_names

    for path in expand_names(files):
        inputs, history = explained.provenance(path)
        lines = [f"Reading Provenance for {path}", ""]
        lines += (
            [*_titled("Provenance", inputs), *_history(history)] if len(inputs) else ["No Provenance found"]
        )
        click.echo("\n".join([*lines, ""]))


def _titled(title: str, table: Table) -> list[str]:
    """Write a table below its title."""
    rows = [tuple(table.colnames), *(tuple(str(cell) for cell in row) for row in table)]
    return [title, "-" * len(title), *in_columns(rows), ""]


def _history(table: Table) -> list[str]:
    """Write the steps down: name, begin and end, and below them the arguments, wrapped."""
    lines: list[str] = ["History", "-------"]
    for row in table:
        name = row["primitive"] if row["primitive"] == row["step"] else f"{row['primitive']} ({row['step']})"
        lines.append(f"{name:<44} {row['timestamp_start']}   {row['timestamp_stop']}")
        lines += _arguments(str(row["args"]))
    return lines


def _arguments(text: str) -> Sequence[str]:
    """Wrap the arguments of a step."""
    return [f"   {line}" for line in wrap(text, _WIDTH)]
