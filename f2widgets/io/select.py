"""Choose files by their tags and by an expression, and say why the others were left."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from f2widgets.errors import ParameterError
from f2widgets.io.descriptors import near_names
from f2widgets.io.expressions import Expression, parse
from f2widgets.io.records import Record
from f2widgets.io.tags import TAGS

__all__ = ["Expression", "Selection", "asked", "known_tags", "parse", "select"]


@dataclass(frozen=True)
class Selection:
    """What was chosen and what was not.

    Parameters
    ----------
    matched : tuple of Record
        Files chosen, in the order given.
    undecided : tuple of Record
        Files that lack a value the expression asks for; they do not match.
    unreadable : tuple of Record
        Files with a problem.
    removed_by : mapping of str to tuple of Record
        Files left out, by what removed them: ``tags``, ``xtags`` or ``expression``.
    missing : mapping of str to int
        Descriptors without a value among the undecided, and in how many files.
    """

    matched: tuple[Record, ...]
    undecided: tuple[Record, ...] = ()
    unreadable: tuple[Record, ...] = ()
    removed_by: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)


def select(
    records: Iterable[Record],
    tags: Iterable[str] = (),
    xtags: Iterable[str] = (),
    expression: str | Expression | None = None,
    strict: bool = False,
) -> Selection:
    """Choose files.

    Parameters
    ----------
    records : iterable of Record
        Files to choose from.
    tags : iterable of str, optional
        Tags that a file must have, all of them.
    xtags : iterable of str, optional
        Tags that a file must not have, none of them.
    expression : str or Expression, optional
        Condition that a file must meet.
    strict : bool, optional
        Compare numbers without tolerance and texts as they stand in the header.

    Returns
    -------
    Selection
        The files that meet all three, and what became of the others.

    Raises
    ------
    ParameterError
        If there is no such tag.
    ExpressionError
        If the expression cannot be read.
    """
    wanted, unwanted = known_tags(tags), known_tags(xtags)
    condition = parse(expression) if isinstance(expression, str) else expression
    sorts: dict[str, list[Record]] = {
        sort: [] for sort in ("matched", "undecided", "unreadable", "tags", "xtags", "expression")
    }
    for record in records:
        sorts[_sort(record, wanted, unwanted, condition, strict)].append(record)
    asked = condition.names() if condition else ()
    undecided = sorts["undecided"]
    missing = {name: sum(record.descriptor(name) is None for record in undecided) for name in asked}
    return Selection(
        matched=tuple(sorts["matched"]),
        undecided=tuple(undecided),
        unreadable=tuple(sorts["unreadable"]),
        removed_by={sort: tuple(sorts[sort]) for sort in ("tags", "xtags", "expression")},
        missing={name: count for name, count in missing.items() if count},
    )


def asked(expression: str | None) -> tuple[str, ...]:
    """Return the descriptors that a selection asks for.

    Parameters
    ----------
    expression : str or None
        Condition.

    Returns
    -------
    tuple of str
        ``tags`` and those that the expression names.

    Raises
    ------
    ExpressionError
        If the expression cannot be read.
    """
    return ("tags", *(parse(expression).names() if expression is not None else ()))


def known_tags(names: Iterable[str]) -> frozenset[str]:
    """Return tags in capitals, or refuse one that does not exist.

    Parameters
    ----------
    names : iterable of str
        Tags, in any case.

    Returns
    -------
    frozenset of str
        The tags.

    Raises
    ------
    ParameterError
        If there is no such tag; the message holds the near ones.
    """
    found = [name.strip().upper() for name in names if name.strip()]
    for name in found:
        if name not in TAGS:
            raise ParameterError(
                f"There is no tag {name}{near_names(name, TAGS)}. The tags are {', '.join(sorted(TAGS))}."
            )
    return frozenset(found)


def _sort(
    record: Record,
    wanted: frozenset[str],
    unwanted: frozenset[str],
    condition: Expression | None,
    strict: bool,
) -> str:
    """Say what becomes of a file."""
    if record.problem:
        return "unreadable"
    if not wanted <= record.tags:
        return "tags"
    if unwanted & record.tags:
        return "xtags"
    answer = True if condition is None else condition.test(record, strict)
    return {True: "matched", False: "expression", None: "undecided"}[answer]
