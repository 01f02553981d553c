"""What a reduction is asked for, as a small file; and where the value of each parameter comes from."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from f2widgets.errors import ParameterError
from f2widgets.io.atomic import written_whole
from f2widgets.recipes.names import all_names, our_step, their_verb
from f2widgets.recipes.own import own_steps
from f2widgets.recipes.parameters import Param, checked, near
from f2widgets.recipes.recipe import Recipe, Use
from f2widgets.recipes.recipes import recipe_named
from f2widgets.recipes.steps import step_named

#: Version of the file that is written; a later one is refused.
VERSION = 1
#: What a file may hold, with the type of each.
_KINDS = {"recipe": "a text", "without": "a list", "keep": "a list", "user_cals": "a table"}
_KINDS |= {"settings": "a table"}
_TYPES = {"a text": str, "a list": list, "a table": dict}


@dataclass(frozen=True)
class Value:
    """The value of a parameter in a reduction, and who set it.

    Parameters
    ----------
    param : Param
        Name, type, limits, unit and help.
    value : object
        What the step is called with.
    origin : {'default', 'recipe', 'you'}
        Who set it.
    """

    param: Param
    value: Any
    origin: Literal["default", "recipe", "you"]

    def __str__(self) -> str:
        """Show it as one would type it, with what it may be."""
        mine = "" if self.origin == "default" else f", set by {self.origin}"
        return f"{self.param.name}={self.value}  ({self.param.kind}{mine})"


def values_of(use: Use, settings: Mapping[str, Mapping[str, Any]]) -> tuple[Value, ...]:
    """Return the values with which a step of a recipe is called.

    Parameters
    ----------
    use : Use
        The step in its recipe.
    settings : mapping of str to mapping
        What the user set, by step and parameter, as in `Wishes.settings`.

    Returns
    -------
    tuple of Value
        In order of the signature.
    """
    mine = settings.get(use.step.name, {})
    found = []
    for param in use.step.params:
        if param.name in mine:
            found.append(Value(param, mine[param.name], "you"))
        elif param.name in use.values:
            found.append(Value(param, use.values[param.name], "recipe"))
        else:
            found.append(Value(param, param.default, "default"))
    return tuple(found)


def save_settings(
    path: str | os.PathLike[str],
    *,
    recipe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    user_cals: Mapping[str, str | os.PathLike[str]] | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
) -> Path:
    """Write what a reduction is asked for into a small TOML file.

    Parameters
    ----------
    path : path-like
        The file; replaced if it is there.
    recipe, settings, user_cals, without, keep
        As for `f2widgets.reduce`.

    Returns
    -------
    `~pathlib.Path`
        The file.

    Raises
    ------
    ParameterError
        If a name or a value is unknown.
    NotWritten
        If the system refuses.
    """
    asked = settings_text(recipe=recipe, settings=settings, user_cals=user_cals, without=without, keep=keep)
    with written_whole(Path(path)) as stream:
        stream.write(asked.encode())
    return Path(path)


def settings_text(
    *,
    recipe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    user_cals: Mapping[str, str | os.PathLike[str]] | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
) -> str:
    """Return what a reduction is asked for as TOML, as `save_settings` writes it and raises for it."""
    chosen = recipe_named(recipe) if recipe else None
    by_step = _by_step(settings or {}, "The settings", chosen)
    lines = [
        "# What a reduction with f2widgets is asked for: f2 reduce --settings FILE",
        f"version = {VERSION}",
    ]
    lines += [f"recipe = {_text(chosen.name)}"] if chosen else []
    lines += [
        f"{key} = {_text(list(names))}" for key, names in (("without", without), ("keep", keep)) if names
    ]
    if user_cals:
        lines += ["", "[user_cals]", *(f"{kind} = {_text(os.fspath(x))}" for kind, x in user_cals.items())]
    for step, values in by_step.items():
        lines += ["", f"[settings.{step}]", *(f"{name} = {_text(value)}" for name, value in values.items())]
    return "\n".join(lines) + "\n"


def read_settings(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read what a reduction is asked for from a file that `save_settings` wrote, or a person.

    Parameters
    ----------
    path : path-like
        TOML with ``version = 1`` and any of ``recipe``, ``without``, ``keep``, ``[user_cals]`` and
        ``[settings.STEP]``; names may be ours or the reference's.

    Returns
    -------
    dict
        Arguments for `f2widgets.reduce`: ``f2.reduce(files, **f2.read_settings(path))``.

    Raises
    ------
    ParameterError
        If it cannot be read, is of a later version, or a name or value in it is unknown; with near names.
    """
    name = os.fspath(path)
    try:
        found = tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ParameterError(f"{name} cannot be read: {error.strerror or error}. Check its name.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ParameterError(f"{name} is no TOML file: {error}. Mend that place, or save it anew.") from error
    version = found.pop("version", None)
    if version != VERSION:
        told = "has no version" if version is None else f"is of version {version}"
        raise ParameterError(f"{name} {told}: version = {VERSION} is needed.")
    for key, value in found.items():
        if key not in _KINDS:
            raise ParameterError(f"{name}: there is nothing called {key!r}{near(key, _KINDS)}")
        if not isinstance(value, _TYPES[_KINDS[key]]):
            raise ParameterError(f"{name}: {key} must be {_KINDS[key]}, not {value!r}.")
    recipe = None
    if "recipe" in found:
        recipe = recipe_named(found["recipe"])
        found["recipe"] = recipe.name
    return {**found, "settings": _by_step(found.get("settings", {}), name, recipe)}


def _by_step(settings: Mapping[str, Any], where: str, recipe: Recipe | None) -> dict[str, dict[str, Any]]:
    """Return settings by step and parameter, their names and, for our own names, their values checked."""
    by_step: dict[str, dict[str, Any]] = {}
    for key, value in settings.items():
        step, colon, parameter = key.partition(":")
        if colon:
            by_step.setdefault(step, {})[parameter] = value
        elif isinstance(value, Mapping):
            by_step.setdefault(step, {}).update(value)
        else:
            raise ParameterError(f"{where}: {key} needs its step: [settings.STEP] above {key} = {value!r}.")
    for step, values in by_step.items():
        if recipe is not None and step in own_steps(recipe):
            continue
        if their_verb(step) is None:
            raise ParameterError(f"{where}: there is no step {step!r}{near(step, all_names())}")
        if our_step(step) == step:  # the reference's words are understood once the recipe is known
            own = step_named(step)
            names = {param.name for param in own.params}
            by_step[step] = values | checked(
                step, own.params, {k: v for k, v in values.items() if k in names}
            )
    return by_step


def _text(value: Any) -> str:
    """Write a value as TOML does; what it has no word for, as text."""
    if isinstance(value, list):
        return "[" + ", ".join(_text(one) for one in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
