"""What the user may set in a step, read from its signature and docstring; checked and converted here."""

from __future__ import annotations

import difflib
import inspect
import math
import re
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from f2widgets.core.annotations import Unit, Within
from f2widgets.errors import ParameterError

#: The types a parameter may have, with the word a reader knows them by.
TYPES: dict[type, str] = {bool: "True or False", int: "a whole number", float: "a number", str: "text"}
#: Words for the two truth values, besides those of Python.
_TRUTH = {
    "true": True,
    "yes": True,
    "on": True,
    "1": True,
    "false": False,
    "no": False,
    "off": False,
    "0": False,
}
#: The optional last argument that reports progress; it is not the user's.
TICK = "tick"


@dataclass(frozen=True)
class Param:
    """A parameter of a step: everything that a face needs to ask for it.

    Parameters
    ----------
    name : str
        Name in the signature.
    type : type
        bool, int, float or str; with `choices` the type of these.
    default : object
        The value without the user.
    limits : Within or None
        Limits of a number, both included.
    choices : tuple
        The values it may have; empty if any.
    optional : bool
        Whether None is allowed.
    unit : str
        Unit of a number, or empty.
    help : str
        What it does, from the docstring.
    """

    name: str
    type: type
    default: Any
    limits: Within | None = None
    choices: tuple[Any, ...] = ()
    optional: bool = False
    unit: str = ""
    help: str = ""

    @property
    def kind(self) -> str:
        """What a value must be, in words."""
        words = " or ".join(repr(x) for x in self.choices) if self.choices else TYPES[self.type]
        if self.limits is not None:
            words += (
                f" {self.limits}"
                if self.limits.low is None or self.limits.high is None
                else f", {self.limits}"
            )
        return f"{words}{f' {self.unit}' if self.unit else ''}{' or None' if self.optional else ''}"

    def check(self, value: Any, step: str = "") -> Any:
        """Return a value in the right type, or say what it must be.

        Parameters
        ----------
        value : object
            From Python, or the text a user typed.
        step : str, optional
            Name of the step, for the message.

        Returns
        -------
        object
            The value: bool, int, float, str or None.

        Raises
        ------
        ParameterError
            If it is of another kind or out of bounds.
        """
        try:
            checked = self._converted(value)
        except (ValueError, TypeError):
            checked = _Wrong
        if checked is _Wrong:
            where = f"{step}:{self.name}" if step else self.name
            raise ParameterError(f"{where} must be {self.kind}, not {value!r}.")
        return checked

    def _converted(self, value: Any) -> Any:
        """Convert, or return or raise a sign that it does not fit."""
        if value is None or (isinstance(value, str) and value == "None"):
            return None if self.optional else _Wrong
        if self.choices:
            return next((choice for choice in self.choices if str(choice) == str(value)), _Wrong)
        if self.type is bool:
            return (
                value
                if isinstance(value, bool)
                else _TRUTH[value.lower()]
                if value.lower() in _TRUTH
                else _Wrong
            )
        if self.type is str:
            return value if isinstance(value, str) else _Wrong
        number = _number(value, self.type)
        return number if self.limits is None or self.limits.admits(number) else _Wrong


class _Wrong:
    """Sign of a value that does not fit."""


def _number(value: Any, kind: type) -> int | float:
    """Return a finite number of a kind; ValueError or TypeError otherwise."""
    if isinstance(value, bool):
        raise TypeError("a truth value is no number")
    number = float(value)
    if not math.isfinite(number) or (kind is int and number != int(number)):
        raise ValueError(value)
    return int(number) if kind is int else number


def parameters_of(function: Callable[..., Any]) -> tuple[Param, ...]:
    """Return the parameters of a step: its keyword-only arguments.

    Parameters
    ----------
    function : callable
        Follows the grammar of a step, with a numpydoc docstring.

    Returns
    -------
    tuple of Param
        In order of the signature.

    Raises
    ------
    TypeError
        If an annotation is of no type that a parameter may have, or a default is missing.
    """
    own = [
        argument
        for argument in inspect.signature(function).parameters.values()
        if argument.kind is argument.KEYWORD_ONLY and argument.name != TICK
    ]
    # Only these annotations are looked up: others may name types that are imported for the checker alone.
    holder = types.SimpleNamespace(__annotations__={a.name: a.annotation for a in own})
    space = getattr(inspect.unwrap(function), "__globals__", {})
    hints = typing.get_type_hints(holder, globalns=space, include_extras=True)
    texts = described(function.__doc__ or "")
    return tuple(_param(argument, hints[argument.name], texts.get(argument.name, "")) for argument in own)


def _param(argument: inspect.Parameter, hint: Any, text: str) -> Param:
    """Make one Param from an argument and its evaluated annotation."""
    if argument.default is argument.empty:
        raise TypeError(f"{argument.name} needs a default")
    hint, limits, unit = _stripped(hint)
    optional = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        rest = [option for option in typing.get_args(hint) if option is not type(None)]
        optional = len(rest) < len(typing.get_args(hint))
        if len(rest) != 1:
            raise TypeError(f"{argument.name}: one type, or one with None, not {hint}")
        hint, inner_limits, inner_unit = _stripped(rest[0])
        limits, unit = limits or inner_limits, unit or inner_unit
    choices = typing.get_args(hint) if typing.get_origin(hint) is Literal else ()
    kind = type(choices[0]) if choices else hint
    if kind not in TYPES:
        raise TypeError(f"{argument.name}: {hint} is not one of bool, int, float, str, Literal")
    return Param(argument.name, kind, argument.default, limits, choices, optional, unit, text)


def _stripped(hint: Any) -> tuple[Any, Within | None, str]:
    """Take limits and unit off an annotation."""
    if typing.get_origin(hint) is not typing.Annotated:
        return hint, None, ""
    bare, *extras = typing.get_args(hint)
    limits = next((extra for extra in extras if isinstance(extra, Within)), None)
    unit = next((extra.name for extra in extras if isinstance(extra, Unit)), "")
    return bare, limits, unit


def described(doc: str) -> dict[str, str]:
    """Return what a numpydoc docstring says of each parameter.

    Parameters
    ----------
    doc : str
        The docstring.

    Returns
    -------
    dict of str to str
        Name to its text in one line.
    """
    section = re.search(
        r"^Parameters\n-{3,}\n(.*?)(?=^\S[^\n]*\n-{3,}$|\Z)", inspect.cleandoc(doc), re.M | re.S
    )
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in section.group(1).splitlines() if section else ():
        if line and not line.startswith(" "):
            names = [name.strip() for name in line.split(" : ")[0].split(",")]
        elif line.strip():
            texts |= {name: f"{texts.get(name, '')} {line.strip()}".strip() for name in names}
    return texts


def checked(step: str, params: Iterable[Param], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values in their types, each name and value checked.

    Parameters
    ----------
    step : str
        Name of the step, for messages.
    params : iterable of Param
        What it knows.
    values : mapping of str to object
        What is to be set.

    Returns
    -------
    dict
        The same names with values of the right types.

    Raises
    ------
    ParameterError
        If a name is unknown, with the near ones, or a value does not fit.
    """
    known = {param.name: param for param in params}
    for name in values:
        if name not in known:
            has = f"It has: {', '.join(known)}." if known else "It has none."
            raise ParameterError(f"{step} has no parameter {name!r}{near(name, known)} {has}")
    return {name: known[name].check(value, step) for name, value in values.items()}


def near(name: str, known: Iterable[str]) -> str:
    """Return the end of a sentence about an unknown name: a question with the near names, or a stop.

    Parameters
    ----------
    name : str
        What was typed.
    known : iterable of str
        What there is.

    Returns
    -------
    str
        ``"; did you mean 'x'?"`` or ``"."``.
    """
    by_lower = {word.lower(): word for word in known}
    close = difflib.get_close_matches(name.lower(), list(by_lower), n=3, cutoff=0.6)
    return f"; did you mean {' or '.join(repr(by_lower[word]) for word in close)}?" if close else "."
