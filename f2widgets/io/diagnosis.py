"""Why a selection leaves what it leaves: how many files each condition of an expression removes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from f2widgets.io.expressions import terms
from f2widgets.io.records import Record
from f2widgets.io.select import Selection, select


@dataclass(frozen=True)
class Removal:
    """What one condition does to some files.

    Parameters
    ----------
    text : str
        The condition.
    column : int
        Where it stands in the expression, counted from 0.
    alone : int
        Files that it removes from all that can be read.
    in_order : int
        Files that it removes from those that the conditions before it leave.
    undecided : int
        Among those of `alone`, files that lack the value it asks for.
    left : int
        Files that are left after it, the conditions before it included.
    """

    text: str
    column: int
    alone: int
    in_order: int
    undecided: int
    left: int


@dataclass(frozen=True)
class Diagnosis:
    """A selection, and what each of its conditions removed."""

    selection: Selection
    removals: tuple[Removal, ...] = ()


def diagnose(records: Iterable[Record], expression: str, strict: bool = False) -> Diagnosis:
    """Choose files by an expression, and tell what each of its conditions removes.

    Parameters
    ----------
    records : iterable of Record
        Files.
    expression : str
        Condition; blank for none.
    strict : bool, optional
        As for `f2widgets.io.select.select`.

    Returns
    -------
    Diagnosis
        The selection, and one removal for each condition that ``and`` joins.

    Raises
    ------
    ExpressionError
        If the expression cannot be read: its `column` is where, its `reason` why.
    """
    rows = list(records)
    if not expression.strip():
        return Diagnosis(select(rows))
    readable = [row for row in rows if not row.problem]
    left, removals = readable, []
    for term in terms(expression):
        answers = {id(row): term.condition.test(row, strict) for row in readable}
        after = [row for row in left if answers[id(row)]]
        alone = sum(not answer for answer in answers.values())
        undecided = sum(answer is None for answer in answers.values())
        removals.append(Removal(term.text, term.column, alone, len(left) - len(after), undecided, len(after)))
        left = after
    return Diagnosis(select(rows, expression=expression, strict=strict), tuple(removals))
