"""Conditions on a file, and whether it meets them: yes, no, or not to be decided."""

from __future__ import annotations

import math
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time
from typing import Any

from f2widgets.io.descriptors import Descriptor
from f2widgets.io.records import Record

#: Numbers that are equal but for rounding, in units converted or not.
ROUNDING = 1e-9
#: Relative differences that still count as equal, unless strict: as in the reference pipeline.
TOLERANCES = {"exposure_time": 0.01, "central_wavelength": 1e-5, "effective_wavelength": 1e-5}
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Expression(ABC):
    """A condition on a file."""

    @abstractmethod
    def test(self, record: Record, strict: bool = False) -> bool | None:
        """Tell whether a file meets the condition.

        Parameters
        ----------
        record : Record
            The file.
        strict : bool, optional
            Numbers must be equal but for rounding, and texts as they stand in the header.

        Returns
        -------
        bool or None
            None if the file lacks the value that would decide.
        """

    @abstractmethod
    def names(self) -> tuple[str, ...]:
        """Return the descriptors that the condition asks for."""


@dataclass(frozen=True)
class Always(Expression):
    """``True`` or ``False``."""

    value: bool

    def test(self, record: Record, strict: bool = False) -> bool | None:
        """Return the value."""
        return self.value

    def names(self) -> tuple[str, ...]:
        """Return no names."""
        return ()


@dataclass(frozen=True)
class HasTag(Expression):
    """A tag that the file must have."""

    tag: str

    def test(self, record: Record, strict: bool = False) -> bool | None:
        """Tell whether the file has the tag; None if it cannot be read."""
        return None if record.headers is None else self.tag in record.tags

    def names(self) -> tuple[str, ...]:
        """Return no names."""
        return ()


@dataclass(frozen=True)
class Not(Expression):
    """The opposite of a condition; what cannot be decided stays so."""

    part: Expression

    def test(self, record: Record, strict: bool = False) -> bool | None:
        """Tell whether the file does not meet the condition."""
        answer = self.part.test(record, strict)
        return None if answer is None else not answer

    def names(self) -> tuple[str, ...]:
        """Return the names in the condition."""
        return self.part.names()


@dataclass(frozen=True)
class Joined(Expression):
    """Conditions joined by ``and`` (`decisive` is False) or by ``or`` (True)."""

    parts: tuple[Expression, ...]
    decisive: bool

    def test(self, record: Record, strict: bool = False) -> bool | None:
        """Decide by the first part that settles it; None if an undecided one might have."""
        answers = [part.test(record, strict) for part in self.parts]
        if self.decisive in answers:
            return self.decisive
        return None if None in answers else not self.decisive

    def names(self) -> tuple[str, ...]:
        """Return the names in all parts."""
        return tuple(dict.fromkeys(name for part in self.parts for name in part.names()))


@dataclass(frozen=True)
class Compare(Expression):
    """A descriptor held against one or several values.

    Parameters
    ----------
    asked : Descriptor
        What to ask the file.
    relation : str
        ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``~`` (a regular expression is found in the text),
        ``in``, or ``between`` (both ends included).
    values : tuple
        One value; two for ``between``; any number for ``in``. None stands for "not told".
    """

    asked: Descriptor
    relation: str
    values: tuple[Any, ...]

    def test(self, record: Record, strict: bool = False) -> bool | None:
        """Tell whether the file's value holds against the others."""
        if self.relation == "!=":
            return Not(Compare(self.asked, "==", self.values)).test(record, strict)
        if record.headers is None:
            return None
        forms = self._forms(record, strict)
        if forms[0] is None:
            return True if None in self.values else None
        if self.relation in ("==", "in"):
            return any(self._equal(form, value, strict) for form in forms for value in self.values)
        if self.relation == "~":
            return any(re.search(self.values[0], str(form)) is not None for form in forms)
        if self.relation == "between":
            low, high = self.values
            return _in_order(">=", forms[0], low) and _in_order("<=", forms[0], high)
        return _in_order(self.relation, forms[0], self.values[0])

    def names(self) -> tuple[str, ...]:
        """Return the descriptor's name."""
        return (self.asked.name,)

    def _forms(self, record: Record, strict: bool) -> tuple[Any, ...]:
        """Return the value, in its plain form first unless strict, and as it stands in the header."""
        raw = record.descriptor(self.asked.name, pretty=False)
        if raw is None:
            return (None,)
        if self.asked.kind is tuple:
            return (record.descriptor(self.asked.name), str(raw))
        if strict or self.asked.pretty is None:
            return (raw,)
        return (record.descriptor(self.asked.name), raw)

    def _equal(self, mine: Any, value: Any, strict: bool) -> bool:
        """Tell whether two values are equal, within the tolerance of the descriptor."""
        if value is None or mine is None:
            return mine is value
        if isinstance(mine, float):
            tolerance = ROUNDING if strict else TOLERANCES.get(self.asked.name, ROUNDING)
            return math.isclose(mine, value, rel_tol=tolerance)
        if isinstance(mine, (time, datetime)) and not strict and value.microsecond == 0:
            return bool(mine.replace(microsecond=0) == value)  # to the second, as it is written
        return bool(mine == value)


def _in_order(relation: str, mine: Any, value: Any) -> bool:
    """Tell whether two values stand in an order; what differs by rounding is equal."""
    if isinstance(mine, float) and math.isclose(mine, value, rel_tol=ROUNDING):
        return "=" in relation
    return _ORDERS[relation](mine, value)
