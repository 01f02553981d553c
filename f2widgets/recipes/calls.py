"""A recipe with every value settled: what is carried out, and what a record of it holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from f2widgets.recipes.bands import Calibrations, Call
from f2widgets.recipes.recipe import Use

#: Values by step and parameter.
Settings = Mapping[str, Mapping[str, Any]]


def settled(
    uses: Iterable[Use], calibrations: Calibrations, settings: Settings, without: Collection[str]
) -> list[Call]:
    """Return the calls of a recipe with every value checked and settled.

    Parameters
    ----------
    uses : iterable of Use
        The steps with what the recipe sets.
    calibrations : mapping
        By kind.
    settings : mapping
        By step and parameter.
    without : collection of str
        Steps to leave out.

    Returns
    -------
    list of Call
        Ready to be carried out.

    Raises
    ------
    ParameterError
        If a setting does not fit its step.
    """
    calls = []
    for index, one in enumerate(uses):
        left_out = one.step.name in without
        wanted = {**one.values, **settings.get(one.step.name, {})}
        values = {} if left_out else one.step.settled(wanted)
        calls.append(Call(one.step, index, values, calibrations, left_out))
    return calls
