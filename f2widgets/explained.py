"""What the package would do with a file, and what was done: recipes, parameters of steps, provenance."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from f2widgets.errors import NotF2Data, ParameterError, WrongInputs
from f2widgets.io.provenance import history_rows, provenance_rows
from f2widgets.io.read import open_frame
from f2widgets.io.records import Record, records
from f2widgets.recipes.names import all_names, our_step
from f2widgets.recipes.parameters import near
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.recipes import RECIPES, recipe_named
from f2widgets.recipes.roles import Role, role_of
from f2widgets.recipes.settings import Value, values_of

if TYPE_CHECKING:
    from astropy.table import Table

#: Columns of the two tables of provenance, where a product has none.
_INPUTS, _STEPS = (
    ("timestamp", "filename", "md5", "provenance_added_by"),
    ("primitive", "args", "timestamp_start", "timestamp_stop", "step"),
)


def recipes_for(file: str | os.PathLike[str]) -> tuple[Recipe, ...]:
    """Return the recipes that take frames like a file: what ``f2 showrecipes`` shows.

    Parameters
    ----------
    file : path-like
        A raw frame; it may be packed.

    Returns
    -------
    tuple of Recipe
        The default first. Some take frames of other kinds as well: see `Recipe.takes`.

    Raises
    ------
    NotF2Data
        If the file cannot be read, or is no frame of Flamingos-2.
    WrongInputs
        If no recipe takes such frames.

    Examples
    --------
    >>> [recipe.name for recipe in recipes_for("S20131120S0115.fits")]   # doctest: +SKIP
    ['dark', 'flat', 'bpm']
    """
    record = described(file)
    role = role_of(record.tags)
    in_k = bool(record.headers and record.facts.in_k)
    # A dark has no filter that would count: it goes with flats of any.
    found = [one for one in RECIPES if role in one.takes and (in_k or not one.only_k or role is Role.DARK)]
    if not found:
        raise WrongInputs(f"{file} is a {role}: no recipe takes it. f2 typewalk shows what each file is.")
    return tuple(sorted(found, key=lambda one: len(one.takes)))


def parameters_for(
    file: str | os.PathLike[str], step: str, *, recipe: str | None = None
) -> tuple[Recipe, tuple[Value, ...]]:
    """Return the parameters of a step with the values it would have: what ``f2 showpars`` shows.

    Parameters
    ----------
    file : path-like
        A raw frame.
    step : str
        Our name of the step or the reference's.
    recipe : str, optional
        The recipe in which it is looked up, by either name; by default the first for such files that has it.

    Returns
    -------
    recipe : Recipe
        The recipe that sets the values.
    values : tuple of Value
        In order of the signature, each with its origin: 'default' or 'recipe'.

    Raises
    ------
    NotF2Data, WrongInputs
        As `recipes_for`.
    ParameterError
        If there is no such step or recipe, or no recipe for such files has the step.
    """
    ours = our_step(step) or step
    offered = recipes_for(file)
    if recipe is not None:
        wanted = recipe_named(recipe)
        offered = (wanted,) if wanted.source else tuple(one for one in offered if one.name == wanted.name)
    for one in offered:
        for use in one.uses:
            if use.step.name == ours:
                return one, values_of(use, {})
    if our_step(step) is None:
        raise ParameterError(f"There is no step {step!r}{near(step, all_names())}")
    having = dict.fromkeys(one.name for one in RECIPES if ours in {step.name for step in one.steps})
    raise ParameterError(
        f"{ours} is no step of what is done with {file}"
        f"{f' by the recipe {recipe}' if recipe else ''}; it is one of: {', '.join(having)}."
    )


def provenance(file: str | os.PathLike[str]) -> tuple[Table, Table]:
    """Return where a product comes from: what ``f2 provenance`` shows.

    Parameters
    ----------
    file : path-like
        A product, ours or the reference's.

    Returns
    -------
    inputs : `~astropy.table.Table`
        A row for each file that went in: ``timestamp``, ``filename``, ``md5`` and ``provenance_added_by``.
    history : `~astropy.table.Table`
        A row for each step: ``primitive`` (the reference's name), ``args`` (JSON), ``timestamp_start``,
        ``timestamp_stop`` and ``step`` (ours). Both have no rows for a raw frame.

    Raises
    ------
    NotF2Data
        If the file cannot be read.
    """
    from astropy.table import Table

    found = open_frame(file)
    rows = (provenance_rows(found.provenance), history_rows(found.history))
    inputs, steps = (
        Table(rows=some, names=names) if some else Table(names=names, dtype=[str] * len(names))
        for some, names in zip(rows, (_INPUTS, _STEPS), strict=True)
    )
    return inputs, steps


def described(file: str | os.PathLike[str]) -> Record:
    """Return what is known of one file from its headers; the error of one that cannot be read."""
    (record,) = records([Path(file)])
    if record.problem:
        raise NotF2Data(record.problem)
    return record
