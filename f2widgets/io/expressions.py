"""Selection expressions: ``filter_name == "Y" and exposure_time > 60s and not DARK``.

The grammar, loosest first::

    either     := both { "or" both }
    both       := negation { "and" negation }
    negation   := "not" negation | atom
    atom       := "(" either ")" | TAG | "True" | "False" | comparison
    comparison := descriptor sign value | value sign descriptor | descriptor ["not"] "in" "(" value, ... ")"
                | descriptor ["not"] "between" value "and" value | descriptor "~" text
    value      := [+-] number [unit] | text | "True" | "False" | "None"
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from f2widgets.errors import ExpressionError
from f2widgets.io.conditions import Always, Compare, Expression, HasTag, Joined, Not
from f2widgets.io.descriptors import DESCRIPTORS, Descriptor, near_names
from f2widgets.io.tags import TAGS
from f2widgets.io.times import parse_date, parse_time
from f2widgets.io.tokens import Kind, Token, tokens_of

__all__ = ["Expression", "Term", "parse", "terms"]

#: Units of numbers: what they measure, and how many of the first of their sort they hold.
UNITS = {
    "s": ("time", 1.0),
    "sec": ("time", 1.0),
    "ms": ("time", 1e-3),
    "min": ("time", 60.0),
    "h": ("time", 3600.0),
    "m": ("length", 1.0),
    "mm": ("length", 1e-3),
    "um": ("length", 1e-6),
    "micron": ("length", 1e-6),
    "microns": ("length", 1e-6),
    "nm": ("length", 1e-9),
    "A": ("length", 1e-10),
    "Angstrom": ("length", 1e-10),
    "angstrom": ("length", 1e-10),
    "deg": ("angle", 1.0),
    "arcmin": ("angle", 1 / 60),
    "arcsec": ("angle", 1 / 3600),
    "pix": ("pixels", 1.0),
    "px": ("pixels", 1.0),
    "mag": ("magnitudes", 1.0),
    "electron": ("electrons", 1.0),
    "electrons": ("electrons", 1.0),
}
#: Brackets and "not" may be nested so deep; more is taken for a slip.
DEEPEST = 50
_SIGNS = ("==", "!=", "<", "<=", ">", ">=", "~")
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_WORDS = ("and", "or", "not", "in", "between")
_LITERALS = {"True": True, "False": False, "None": None}


def parse(text: str) -> Expression:
    """Read a selection expression.

    Parameters
    ----------
    text : str
        The expression; nothing in it is ever carried out as code.

    Returns
    -------
    Expression
        The condition, ready to test files.

    Raises
    ------
    ExpressionError
        If it cannot be read; the message points at the column and says what was expected.

    Examples
    --------
    >>> parse("exposure_time == 120s and not DARK").names()
    ('exposure_time',)
    """
    return _Parser(re.sub(r"[^\S ]", " ", text)).whole()


@dataclass(frozen=True)
class Term:
    """One of the conditions joined by ``and``: its text, its column counted from 0, and what it asks."""

    text: str
    column: int
    condition: Expression


def terms(text: str) -> tuple[Term, ...]:
    """Take an expression apart into the conditions that all must hold.

    Parameters
    ----------
    text : str
        The expression; brackets around all of it do not count.

    Returns
    -------
    tuple of Term
        In order; a single one where the expression is not joined by ``and``.

    Raises
    ------
    ExpressionError
        If it cannot be read.
    """
    parse(text)
    found = _Parser(re.sub(r"[^\S ]", " ", text)).terms()
    if len(found) > 1 or not found[0].text.startswith("("):
        return found
    column = found[0].column + 1
    inside = terms(found[0].text[1:-1])
    return tuple(Term(one.text, one.column + column, one.condition) for one in inside)


class _Parser:
    """Reads tokens from left to right, one method per line of the grammar."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens_of(text)
        self.place = 0
        self.depth = 0

    @property
    def next(self) -> Token:
        """The token to read next."""
        return self.tokens[self.place]

    def fail(self, message: str, token: Token | None = None) -> ExpressionError:
        """Make an error that points at a token, the next one unless told."""
        return ExpressionError(message, self.text, (token or self.next).column)

    def take(self) -> Token:
        """Read a token, whatever it is."""
        token = self.next
        self.place += token.kind is not Kind.END
        return token

    def takes(self, *texts: str) -> Token | None:
        """Read a token if it is one of these words or signs."""
        token = self.next
        plain = token.text.lower() if token.text.lower() in _WORDS else token.text
        return self.take() if token.kind in (Kind.WORD, Kind.SIGN) and plain in texts else None

    def need(self, *texts: str) -> Token:
        """Read one of these, or fail."""
        token = self.takes(*texts)
        if token is None:
            raise self.fail(f"Expected {' or '.join(texts)}, found {self.next}.")
        return token

    def whole(self) -> Expression:
        """Read all there is."""
        if not self.text.strip():
            raise self.fail('The expression is empty. Write a condition, such as filter_name == "Y".')
        expression = self.either()
        if self.next.kind is not Kind.END:
            raise self.fail(f"Expected and, or, or the end, found {self.next}.")
        return expression

    def either(self) -> Expression:
        """Read conditions joined by ``or``."""
        parts = [self.both()]
        while self.takes("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), decisive=True)

    def both(self) -> Expression:
        """Read conditions joined by ``and``."""
        parts = [self.negation()]
        while self.takes("and"):
            parts.append(self.negation())
        return parts[0] if len(parts) == 1 else Joined(tuple(parts), decisive=False)

    def terms(self) -> tuple[Term, ...]:
        """Read the whole as conditions joined by ``and``, with the text of each."""
        found: list[Term] = []
        while not found or self.takes("and"):
            first = self.next.column
            condition = self.negation()
            last = self.tokens[self.place - 1]
            found.append(Term(self.text[first : last.column + len(last.text)], first, condition))
        if self.next.kind is Kind.END:
            return tuple(found)
        self.place = 0
        start = self.next.column
        return (Term(self.text[start:].rstrip(), start, self.either()),)

    def negation(self) -> Expression:
        """Read a condition with any number of ``not`` before it."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.fail(f"More than {DEEPEST} brackets or nots inside each other are not read.")
        part = Not(self.negation()) if self.takes("not") else self.atom()
        self.depth -= 1
        return part

    def atom(self) -> Expression:
        """Read what holds by itself."""
        if self.takes("("):
            inside = self.either()
            self.need(")")
            return inside
        token = self.next
        if token.kind is Kind.WORD and token.text in TAGS:
            return HasTag(self.take().text)
        if token.text in ("True", "False") and self.tokens[self.place + 1].text not in _SIGNS:
            return Always(self.take().text == "True")
        if token.kind is Kind.WORD and token.text not in _LITERALS:
            return self.comparison(self.descriptor())
        return self.mirrored()

    def descriptor(self) -> Descriptor:
        """Read the name of a descriptor."""
        token = self.take()
        if token.kind is not Kind.WORD or token.text.lower() in _WORDS:
            raise self.fail(f"Expected a descriptor or a tag, found {token}.", token)
        if token.text in DESCRIPTORS:
            return DESCRIPTORS[token.text]
        if token.text.isupper():
            hint = near_names(token.text, TAGS)
            raise self.fail(f"There is no tag {token}{hint}; text needs quotes.", token)
        if token.text.upper() in TAGS:
            raise self.fail(f"There is no descriptor {token}; the tag is {token.text.upper()}.", token)
        raise self.fail(f"There is no descriptor {token}{near_names(token.text, DESCRIPTORS)}.", token)

    def comparison(self, asked: Descriptor) -> Expression:
        """Read what a descriptor is held against."""
        opposite = self.takes("not") is not None
        if self.takes("in"):
            found: Expression = Compare(asked, "in", self.list_for(asked))
        elif self.takes("between"):
            low = self.value_for(asked)
            self.need("and")
            found = Compare(asked, "between", (low, self.value_for(asked)))
        elif opposite:
            raise self.fail(f"Expected in or between after not, found {self.next}.")
        elif sign := self.takes(*_SIGNS):
            value = self.pattern() if sign.text == "~" else self.value_for(asked, sign.text)
            return Compare(asked, sign.text, (value,))
        elif asked.kind is bool:
            return Compare(asked, "==", (True,))
        else:
            raise self.fail(f"Expected a comparison after {asked.name}, such as ==, found {self.next}.")
        return Not(found) if opposite else found

    def mirrored(self) -> Expression:
        """Read a value, a sign and a descriptor: ``120 == exposure_time``."""
        start = self.place
        if self.take().kind is Kind.END or (self.tokens[start].text in ")],"):
            raise self.fail(
                f"Expected a descriptor or a tag, found {self.tokens[start]}.", self.tokens[start]
            )
        while self.next.kind is not Kind.END and self.next.text not in _SIGNS:
            self.take()
        if self.next.kind is Kind.END or self.next.text == "~":
            raise self.fail("Expected a descriptor or a tag, found a value.", self.tokens[start])
        sign = self.take().text
        asked = self.descriptor()
        after, self.place = self.place, start
        value = self.value_for(asked, sign)
        if self.next.text != sign:
            raise self.fail(f"Expected {sign}, found {self.next}.")
        self.place = after
        if self.next.text in _SIGNS:
            raise self.fail(f"For a range write: {asked.name} between 1 and 2.")
        return Compare(asked, _MIRRORED.get(sign, sign), (value,))

    def list_for(self, asked: Descriptor) -> tuple[Any, ...]:
        """Read values in brackets."""
        closing = ")" if self.need("(", "[").text == "(" else "]"
        values = [self.value_for(asked)]
        while self.takes(","):
            if self.next.text == closing:
                break
            values.append(self.value_for(asked))
        self.need(closing, ",")
        return tuple(values)

    def pattern(self) -> Any:
        """Read a regular expression."""
        token = self.take()
        if token.kind is not Kind.TEXT:
            raise self.fail(f"Expected a regular expression in quotes after ~, found {token}.", token)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return re.compile(token.text[1:-1])
        except (re.error, RecursionError, OverflowError) as error:
            raise self.fail(f"This is no regular expression: {error}.", token) from error

    def value_for(self, asked: Descriptor, sign: str = "between") -> Any:
        """Read a value that fits a descriptor."""
        token = self.next
        if token.text in _LITERALS and token.kind is Kind.WORD:
            return self.literal(asked, sign)
        if token.text in ("+", "-") or token.kind is Kind.NUMBER:
            return self.number_for(asked)
        if token.kind is not Kind.TEXT:
            hint = "; text needs quotes" if token.kind is Kind.WORD else ""
            raise self.fail(f"Expected a value for {asked.name}, found {token}{hint}.")
        return self.text_for(asked)

    def literal(self, asked: Descriptor, sign: str) -> bool | None:
        """Read True, False or None."""
        token = self.take()
        value = _LITERALS[token.text]
        if value is None and sign not in ("==", "!="):
            raise self.fail("None can only be asked for with == or !=.", token)
        if value is not None and asked.kind is not bool:
            raise self.fail(f"{asked.name} is {_said(asked)}, not {token}.", token)
        return value

    def number_for(self, asked: Descriptor) -> float | str:
        """Read a number, with its sign and unit, in the unit of the descriptor."""
        sign = self.takes("+", "-")
        token = self.take()
        if token.kind is not Kind.NUMBER:
            raise self.fail(f"Expected a number after {sign}, found {token}.", token)
        if asked.kind in (str, tuple) and sign is None:
            return token.text  # a name made of digits, such as the read mode
        if asked.kind not in (int, float):
            raise self.fail(f"{asked.name} is {_said(asked)}, not a number.", token)
        value = float(token.text) * (-1.0 if sign and sign.text == "-" else 1.0)
        after = self.next
        if after.kind is not Kind.WORD or after.text.lower() in _WORDS or after.text in TAGS:
            return value
        if after.text not in UNITS:
            raise self.fail(f"There is no unit {after}{near_names(after.text, UNITS)}.")
        if not asked.unit or UNITS[after.text][0] != UNITS[asked.unit][0]:
            raise self.fail(f"{asked.name} is {_said(asked)}, which {after} does not measure.")
        self.take()
        return value * UNITS[after.text][1] / UNITS[asked.unit][1]

    def text_for(self, asked: Descriptor) -> Any:
        """Read quoted text, or the date or time in it."""
        token = self.take()
        text = token.text[1:-1]
        if asked.kind in (str, tuple):
            return text
        value = _moment(asked.kind, text)
        if value is None:
            raise self.fail(f"{asked.name} is {_said(asked)}, not the text {token}.", token)
        return value


def _moment(kind: type, text: str) -> date | time | datetime | None:
    """Return the date or time in a text, or None."""
    day = parse_date(text)
    if kind is date:
        return day if day and len(text.strip()) <= len("2013-11-21") else None
    if kind is time:
        return parse_time(text)
    if kind is not datetime or day is None:
        return None
    clock_text = re.split(r"[T\s]+", text.strip(), maxsplit=1)[1:]
    clock = parse_time(clock_text[0]) if clock_text else time()
    return datetime.combine(day, clock) if clock else None


def _said(asked: Descriptor) -> str:
    """Say what a descriptor's values look like."""
    if asked.kind in (int, float):
        return f"a number in {asked.unit}" if asked.unit else "a number without unit"
    return {
        str: "text in quotes",
        tuple: "text in quotes",
        bool: "True or False",
        date: 'a date, "YYYY-MM-DD"',
        time: 'a time, "HH:MM:SS"',
        datetime: 'a date and time, "YYYY-MM-DD HH:MM:SS"',
    }[asked.kind]
