"""A recipe as a form: every step with its parameters, made from their signatures."""

from __future__ import annotations

from typing import Any

from f2widgets.plan import Plan
from f2widgets.recipes.settings import Value, values_of


def form(what: Plan) -> list[dict[str, Any]]:
    """Return the steps of a plan with all that can be set, as JSON can hold it.

    Parameters
    ----------
    what : Plan
        Recipe and wishes.

    Returns
    -------
    list of dict
        One for each place in the recipe; of a step that comes twice only the first has parameters.
    """
    seen: set[str] = set()
    steps = []
    for index, use in enumerate(what.recipe.uses):
        step, again = use.step, use.step.name in seen
        seen.add(step.name)
        steps.append(
            {
                "index": index,
                "step": step.name,
                "verb": step.verb,
                "summary": step.summary,
                "again": again,
                "left_out": step.name in what.wishes.without,
                "needed": step.name in what.recipe.indispensable,
                "keep": step.name in what.wishes.keep,
                "params": [] if again else [_control(one) for one in values_of(use, what.wishes.settings)],
            }
        )
    return steps


def _control(value: Value) -> dict[str, Any]:
    """Return one parameter."""
    param = value.param
    return {
        "name": param.name,
        "type": param.type.__name__,
        "kind": param.kind,
        "low": None if param.limits is None else param.limits.low,
        "high": None if param.limits is None else param.limits.high,
        "choices": list(param.choices),
        "optional": param.optional,
        "unit": param.unit,
        "help": param.help,
        "value": value.value,
        "default": param.default,
        "origin": value.origin,
    }
