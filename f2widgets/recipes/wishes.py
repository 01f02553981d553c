"""What a user asks for with ``-p step:parameter=value``: settings, files, steps to leave out or to keep."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from f2widgets.errors import ParameterError
from f2widgets.recipes.names import (
    MEANINGS,
    REPLACED,
    SKIP,
    TOGETHER,
    WRITE,
    Always,
    File,
    Gone,
    LeavesOut,
    Meaning,
    Means,
    all_names,
    our_step,
    their_verb,
)
from f2widgets.recipes.own import own_steps
from f2widgets.recipes.parameters import near
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.steps import STEPS, Step


@dataclass
class Wishes:
    """All that a user asks of a recipe, in our names.

    Parameters
    ----------
    settings : dict
        Values by step and parameter, checked.
    files : dict
        File of a calibration by its kind.
    without : dict
        Steps to leave out, as keys.
    keep : dict
        Steps after which to keep the frames, as keys.
    """

    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    without: dict[str, None] = field(default_factory=dict)
    keep: dict[str, None] = field(default_factory=dict)


def understood(
    asked: Mapping[str, Any],
    recipe: Recipe,
    without: Collection[str] = (),
    keep: Collection[str] = (),
    *,
    lenient: bool = False,
) -> Wishes:
    """Understand what a user asks for, by our names or the reference's.

    Parameters
    ----------
    asked : mapping of str to object
        ``{"step:parameter": value}``, or ``{"parameter": value}`` for all steps of the recipe that have it;
        or ``{"step": {"parameter": value}}``. Values may be text.
    recipe : Recipe
        What it is asked of.
    without, keep : collection of str, optional
        Steps to leave out, or to keep the frames after.
    lenient : bool, optional
        Pass over what is asked of steps that the recipe does not have: it is meant for another one.

    Returns
    -------
    Wishes
        Checked, in our names.

    Raises
    ------
    ParameterError
        If a step, parameter or value is unknown, with near names; if one is known but replaced, with what
        replaces it; if the recipe has no such step.
    """
    if lenient:
        asked = {key: value for key, value in asked.items() if _has_step(recipe, key.partition(":")[0])}
        without, keep = ([name for name in some if _has_step(recipe, name)] for some in (without, keep))
    wishes = Wishes()
    for name in without:
        _leave_out(wishes, recipe, name)
    for name in keep:
        wishes.keep[in_recipe(name, recipe).name] = None
    for key, value in asked.items():
        step, colon, parameter = key.partition(":")
        if isinstance(value, Mapping):
            for name, one in value.items():
                _one(wishes, recipe, key.strip(), name, one)
        elif colon:
            _one(wishes, recipe, step.strip(), parameter.strip(), value)
        else:
            _everywhere(wishes, recipe, key.strip(), value)
    for name in recipe.indispensable & wishes.without.keys():
        raise ParameterError(
            f"{name} cannot be left out of the recipe {recipe.name}: what comes after it needs what it makes."
        )
    return wishes


def assignment(text: str) -> tuple[str, str]:
    """Take ``step:parameter=value`` apart.

    Parameters
    ----------
    text : str
        One word behind ``-p``.

    Returns
    -------
    key, value : str
        Quotes around the value are taken off.

    Raises
    ------
    ParameterError
        If there is no ``=``.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip(": "):
        raise ParameterError(f"{text!r} is not step:parameter=value, such as addDQ:user_bpm=FILE.")
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        value = value[1:-1]
    return key.strip(), value


def _one(wishes: Wishes, recipe: Recipe, name: str, parameter: str, value: Any) -> None:
    """Understand one value for one step."""
    mine = own_steps(recipe).get(name)
    verb = mine.verb if mine else their_verb(name)
    if verb is None:
        raise ParameterError(f"There is no step {name!r}{near(name, all_names())}")
    if parameter in (SKIP, WRITE):
        _common(wishes, recipe, name, parameter, value)
        return
    ours = our_step(name)
    own = mine or next((step for step in STEPS if step.name == ours), None)
    theirs = MEANINGS.get(verb, {})
    if (
        parameter in theirs and name.lower() != ours and mine is None
    ):  # a verb of theirs: their words for values come first
        _meant(wishes, recipe, name, parameter, theirs[parameter], value)
        return
    if own is not None and any(param.name == parameter for param in own.params):
        _set(wishes, in_recipe(name, recipe), parameter, value)
        return
    if parameter in theirs:
        _meant(wishes, recipe, name, parameter, theirs[parameter], value)
        return
    if own is not None and any(need.kind == parameter for need in own.needs):
        wishes.files[parameter] = str(value)
        return
    if own is None and not theirs:
        raise ParameterError(f"{name} is no step here. {REPLACED[verb]}")
    known = list(dict.fromkeys([*(param.name for param in (own.params if own else ())), *theirs]))
    has = f"It has: {', '.join(known)}." if known else "It has none."
    raise ParameterError(f"{name} has no parameter {parameter!r}{near(parameter, known)} {has}")


def _everywhere(wishes: Wishes, recipe: Recipe, parameter: str, value: Any) -> None:
    """Understand one value for all steps of the recipe that have the parameter."""
    having = [step for step in recipe.steps if any(param.name == parameter for param in step.params)]
    for step in having:
        meaning = MEANINGS.get(step.verb, {}).get(parameter)
        words = meaning.words if isinstance(meaning, Means) else {}
        _set(wishes, step, parameter, words.get(str(value), value))
    if having:
        return
    theirs = [step for step in recipe.steps if parameter in MEANINGS.get(step.verb, {})]
    names = [step.name for step in theirs] or [verb for verb in ("prepare",) if parameter in MEANINGS[verb]]
    for name in names:
        _one(wishes, recipe, name, parameter, value)
    if not names:
        known = {param.name for step in recipe.steps for param in step.params}
        known |= {name for step in recipe.steps for name in MEANINGS.get(step.verb, {})}
        raise ParameterError(
            f"No step of the recipe {recipe.name} has a parameter {parameter!r}{near(parameter, known)}"
        )


def _meant(wishes: Wishes, recipe: Recipe, step: str, parameter: str, meaning: Meaning, value: Any) -> None:
    """Do what a parameter of the reference means."""
    where, text = f"{step}:{parameter}", str(value)
    match meaning:
        case Gone(why):
            raise ParameterError(f"{where} is not used here. {why}")
        case Always(wanted, why):
            if text != wanted:
                raise ParameterError(f"{where} can only be {wanted}. {why}")
        case LeavesOut(word, others):
            if text == word:
                _leave_out(wishes, recipe, step)
            elif text not in others:
                raise ParameterError(f"{where} must be {word} or {' or '.join(others)}, not {value!r}.")
        case File(kind, words):
            if text not in words:
                wishes.files[kind] = text
        case Means(targets, words, refused, every):
            if text in refused:
                raise ParameterError(f"{where}={text} is not offered. {refused[text]}")
            here = {one.name: one for one in recipe.steps}
            found = [target.split(":") for target in targets if target.partition(":")[0] in here]
            if not found:
                in_recipe(targets[0].partition(":")[0], recipe)
            for name, own in found if every else found[:1]:
                _set(wishes, here[name], own, words.get(text, value))


def _common(wishes: Wishes, recipe: Recipe, name: str, parameter: str, value: Any) -> None:
    """Understand the parameters that all steps have."""
    step = in_recipe(name, recipe)
    if str(value) not in ("True", "False"):
        raise ParameterError(f"{name}:{parameter} must be True or False, not {value!r}.")
    if str(value) == "True" and parameter == SKIP:
        _leave_out(wishes, recipe, name)
    elif str(value) == "True":
        wishes.keep[step.name] = None


def _leave_out(wishes: Wishes, recipe: Recipe, name: str) -> None:
    """Leave out the step that a name means, and what belongs to it."""
    step = in_recipe(name, recipe)
    for one in TOGETHER.get(step.verb, ()) if name != step.name else ():
        wishes.without[one] = None
    wishes.without[step.name] = None


def _set(wishes: Wishes, step: Step, parameter: str, value: Any) -> None:
    """Set a parameter of ours, checked."""
    param = next(param for param in step.params if param.name == parameter)
    wishes.settings.setdefault(step.name, {})[parameter] = param.check(value, step.name)


def kinds_of(recipe: Recipe, wishes: Wishes, named: Collection[str] = ()) -> dict[str, bool]:
    """Return the kinds of calibration that are looked for to the frames of a recipe.

    Parameters
    ----------
    recipe : Recipe
        What is done.
    wishes : Wishes
        What the user set: steps left out need nothing.
    named : collection of str, optional
        Kinds of which the user named a file for all frames.

    Returns
    -------
    dict of str to bool
        'dark', 'flat', 'bpm': whether the recipe does without it where there is none.

    Raises
    ------
    ParameterError
        If the user named a file of a kind for which no step asks.
    """
    optional: dict[str, bool] = {}
    for step in recipe.steps:
        for need in () if step.name in wishes.without else step.needs:
            optional[need.kind] = need.optional and optional.get(need.kind, True)
    spare = wishes.files.keys() - optional.keys()
    if spare:
        raise ParameterError(f"The recipe {recipe.name} uses no {' and no '.join(sorted(spare))} here.")
    looked_for = {*recipe.finds, *named, *wishes.files}
    return {kind: may_lack for kind, may_lack in optional.items() if kind in looked_for}


def _has_step(recipe: Recipe, name: str) -> bool:
    """Tell whether a recipe has a step, by our name of it or the reference's."""
    return our_step(name) in {step.name for step in recipe.steps}


def in_recipe(name: str, recipe: Recipe) -> Step:
    """Return the step of a recipe that a name means.

    Parameters
    ----------
    name : str
        Ours or the reference's.
    recipe : Recipe
        Where it is looked for.

    Returns
    -------
    Step
        The step.

    Raises
    ------
    ParameterError
        If there is no such step, or the recipe has none.
    """
    ours = our_step(name)
    for step in recipe.steps:
        if step.name in (ours, name):
            return step
    if ours is None:
        verb = their_verb(name)
        if verb in REPLACED:
            raise ParameterError(f"{name} is no step here. {REPLACED[verb]}")
        raise ParameterError(f"There is no step {name!r}{near(name, all_names())}")
    steps = ", ".join(step.name for step in recipe.steps)
    raise ParameterError(
        f"The recipe {recipe.name} has no step {ours}, so nothing can be asked of it. Its steps: {steps}."
    )
