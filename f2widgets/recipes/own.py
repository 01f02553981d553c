"""Recipes of the user's own, in Python files: ``f2 reduce -r my_recipes.py:striped``.

Such a file makes recipes from ours, and may have steps of its own. A step is a function of one ``frame``, or
of all ``frames``, which it returns changed; its keyword-only arguments are what a user may set::

    from typing import Annotated

    import numpy as np

    from f2widgets.core.annotations import Within
    from f2widgets.recipes.recipe import use
    from f2widgets.recipes.recipes import IMAGE


    def destripe(frame, *, strength: Annotated[float, Within(0, 1)] = 1.0):
        '''Subtract the median of each row.'''
        return frame.with_(data=frame.data - strength * np.median(frame.data, axis=1, keepdims=True))


    striped = IMAGE.changed("a stack without stripes", after={"refine_sky": [use(destripe)]})
"""

from __future__ import annotations

import runpy
import traceback
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

from f2widgets.errors import F2Error, ParameterError, StepFailed
from f2widgets.recipes.parameters import near
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.steps import Step

#: What stands between the file and the name of a recipe in it.
BETWEEN = ".py:"


def is_own(name: str) -> bool:
    """Tell whether the name of a recipe is a Python file with a name in it."""
    return BETWEEN in name


def own_recipe(name: str) -> Recipe:
    """Return a recipe from a Python file, which is run for it.

    Parameters
    ----------
    name : str
        ``file.py:name``: a `Recipe` called so in that file. It is most easily made from one of ours with
        `Recipe.changed`.

    Returns
    -------
    Recipe
        Under the name given, with the file as its source.

    Raises
    ------
    ParameterError
        If the file cannot be run, has no such recipe, or one of its steps is none.
    """
    file, _, attribute = name.rpartition(":")
    recipes = {key: one for key, one in _run(file).items() if isinstance(one, Recipe)}
    if attribute not in recipes:
        raise ParameterError(
            f"{file} has no recipe {attribute!r}{near(attribute, recipes)} "
            "It must be a Recipe, such as IMAGE.changed(...) from f2widgets.recipes.recipes."
        )
    found = recipes[attribute]
    uses = []
    for one in found.uses:
        step = one.step
        if callable(step.source):
            step = replace(step, source=_guarded(step.source, file))
        try:
            step.settled(one.values)
        except (TypeError, ParameterError) as error:
            raise ParameterError(
                f"{file}: the step {step.name} of {attribute} cannot be used: {error}"
            ) from error
        uses.append(replace(one, step=step))
    return replace(found, name=name, uses=tuple(uses), source=Path(file))


def own_steps(recipe: Recipe) -> dict[str, Step]:
    """Return the steps of a recipe that are functions of the user's, by name."""
    return {step.name: step for step in recipe.steps if callable(step.source)}


def _run(file: str) -> dict[str, Any]:
    """Run a Python file and return what it defines."""
    try:
        return runpy.run_path(file)
    except OSError as error:
        reason = error.strerror or error
        raise ParameterError(f"{file} cannot be read: {reason}. Check the name before the colon.") from error
    except SyntaxError as error:
        raise ParameterError(f"{file} is no Python: line {error.lineno}: {error.msg}.") from error
    except Exception as error:
        raise ParameterError(f"{file} fails{_line(error, file)}: {_said(error)}. Mend it there.") from error


def _guarded(function: Callable[..., Any], file: str) -> Callable[..., Any]:
    """Let what goes wrong in a step of the user's be told with its file and line."""

    @wraps(function)
    def guarded(*frames: Any, **values: Any) -> Any:
        try:
            return function(*frames, **values)
        except F2Error:
            raise
        except Exception as error:
            where = f"The step {function.__name__} of {file} fails{_line(error, file)}"
            raise StepFailed(f"{where}: {_said(error)}. Mend it there.") from error

    return guarded


def _line(error: Exception, file: str) -> str:
    """Say in which line of a file something went wrong, where it did in that file."""
    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    return f" in line {own[-1]}" if own else ""


def _said(error: Exception) -> str:
    """Return what an error says, with its type."""
    return f"{type(error).__name__}: {error}".rstrip(": .")
