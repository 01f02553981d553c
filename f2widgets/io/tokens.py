"""A selection expression taken apart into words, numbers, quoted text and signs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from f2widgets.errors import ExpressionError


class Kind(Enum):
    """What a token is."""

    NUMBER = "a number"
    TEXT = "quoted text"
    WORD = "a word"
    SIGN = "a sign"
    END = "the end"


@dataclass(frozen=True)
class Token:
    """One word, number, text or sign, with its column counted from 0."""

    kind: Kind
    text: str
    column: int

    def __str__(self) -> str:
        """Say it in a message."""
        return self.kind.value if self.kind is Kind.END else self.text


_PATTERN = re.compile(
    r"""(?P<NUMBER>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<TEXT>"[^"]*"|'[^']*')
    |(?P<WORD>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<SIGN>==|!=|<=|>=|[<>~(),\[\]+-])""",
    re.VERBOSE | re.ASCII,
)
#: Signs that people write from habit, with what is meant here.
_HABITS = {
    "=": "Write == for equal to.",
    "&": "Write the word and.",
    "|": "Write the word or.",
    "!": "Write != for unequal, or the word not.",
    '"': "This quote is never closed.",
    "'": "This quote is never closed.",
    "\u201c": "Write plain quotes.",
    "\u201d": "Write plain quotes.",
    "\u2018": "Write plain quotes.",
    "\u2019": "Write plain quotes.",
    "\u00b5": "Write um for microns.",
    "\u03bc": "Write um for microns.",
}


def tokens_of(expression: str) -> list[Token]:
    """Take an expression apart.

    Parameters
    ----------
    expression : str
        What the user wrote.

    Returns
    -------
    list of Token
        In order; the last is of kind `Kind.END`.

    Raises
    ------
    ExpressionError
        At the first character that can begin nothing.
    """
    found: list[Token] = []
    column = 0
    while column < len(expression):
        if expression[column].isspace():
            column += 1
            continue
        match = _PATTERN.match(expression, column)
        if match is None:
            sign = expression[column]
            hint = _HABITS.get(sign, f"The sign {sign} has no meaning here; text needs quotes around it.")
            raise ExpressionError(hint, expression, column)
        assert match.lastgroup is not None
        found.append(Token(Kind[match.lastgroup], match.group(), column))
        column = match.end()
    return [*found, Token(Kind.END, "", len(expression))]
