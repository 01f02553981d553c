"""What a user says about calibrations: this file for that kind, or none at all."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from f2widgets.calibrations.entries import absolute, read_candidate
from f2widgets.calibrations.match import USER, Candidate, Judged, Kind, Match
from f2widgets.calibrations.rules import KINDS, MAX_AGE, age_of, disagreements, notes, properties
from f2widgets.core.frame import Facts
from f2widgets.errors import ParameterError, WrongCalibration

#: Kinds that the reference pipeline knows and that imaging with Flamingos-2 has no use for.
FOREIGN = ("arc", "bias", "fringe", "pinhole", "slitillum", "standard", "telluric")
#: Behind the file: take it although it does not agree.
FORCE = ":force"


@dataclass(frozen=True)
class UserCal:
    """A calibration that the user named; `force` takes it even where it does not agree."""

    kind: Kind
    path: Path
    force: bool = False


def calibration_kind(name: str) -> Kind:
    """Return the kind that a name means.

    Parameters
    ----------
    name : str
        ``dark`` or ``processed_dark``, and so on.

    Returns
    -------
    {'dark', 'flat', 'bpm'}
        The kind.

    Raises
    ------
    ParameterError
        If it is no kind of calibration, or one without use in imaging.
    """
    short = name.strip().lower().removeprefix("processed_")
    for kind in KINDS:
        if short == kind:
            return kind
    if short in FOREIGN:
        raise ParameterError(f"Imaging with Flamingos-2 uses no {name}; only dark, flat and bpm.")
    near = difflib.get_close_matches(short, KINDS, 1)
    hint = f"Did you mean processed_{near[0]}?" if near else "Known are processed_dark, _flat and _bpm."
    raise ParameterError(f"{name!r} is no kind of calibration. {hint}")


def user_file(kind: Kind, text: str | os.PathLike[str]) -> UserCal:
    """Read the file that a user named for a step: ``D.fits`` or ``D.fits:force``.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        What the step needs.
    text : str or path
        The file, relative to the working folder.

    Returns
    -------
    UserCal
        With an absolute path.

    Raises
    ------
    ParameterError
        If there is no such file.
    """
    name = os.fspath(text)
    path = absolute(name.removesuffix(FORCE))
    if not os.path.isfile(path):
        raise ParameterError(f"There is no file {path} to use as {kind}: check its name and folder.")
    return UserCal(kind, path, name.endswith(FORCE))


def parse_user_cal(text: str) -> UserCal:
    """Read one value of ``--user_cal``.

    Parameters
    ----------
    text : str
        ``TYPE:FILE`` or ``TYPE:FILE:force``, type as in `calibration_kind`.

    Returns
    -------
    UserCal
        With an absolute path.

    Raises
    ------
    ParameterError
        If the form, the type or the file is wrong.
    """
    kind, colon, file = text.partition(":")
    if not colon or not file:
        raise ParameterError(f"{text!r} is not TYPE:FILE, such as processed_dark:S20131120S0115_dark.fits.")
    return user_file(calibration_kind(kind), file)


def by_kind(given: Iterable[UserCal | str]) -> dict[Kind, UserCal]:
    """Return what the user named, by kind.

    Parameters
    ----------
    given : iterable of UserCal or str
        Values of ``--user_cal``.

    Returns
    -------
    dict of str to UserCal
        At most one a kind.

    Raises
    ------
    ParameterError
        If one is wrong, or two are of the same kind.
    """
    found: dict[Kind, UserCal] = {}
    for one in given:
        cal = parse_user_cal(one) if isinstance(one, str) else one
        if found.setdefault(cal.kind, cal).path != cal.path:
            both = f"{found[cal.kind].path.name} and {cal.path.name}"
            raise ParameterError(f"Two files are named as {cal.kind}, {both}: name one.")
    return found


def check(
    cal: UserCal, candidate: Candidate, facts: Facts, *, name: str, shape: tuple[int, int] | None = None
) -> Match:
    """Hold a calibration that the user named against a frame; its age does not matter.

    Parameters
    ----------
    cal : UserCal
        The user's word.
    candidate : Candidate
        The file behind it, from `as_kind`.
    facts : Facts
        What the frame is.
    name : str
        Name of the frame.
    shape : tuple of int, optional
        Rows and columns of the frame.

    Returns
    -------
    Match
        With origin ``"user"``; what it differs in, where forced, is in the notes.

    Raises
    ------
    WrongCalibration
        If the file does not agree and is not forced. A wrong size cannot be forced.
    """
    failures = disagreements(cal.kind, facts, candidate, shape)
    if failures and (not cal.force or any(failure.key == "size" for failure in failures)):
        raise WrongCalibration(
            f"The {cal.kind} {cal.path.name} does not fit {name}: {'; '.join(map(str, failures))}. "
            + (
                "Name another file."
                if cal.force
                else f"Name another file, or insist with {cal.path.name}{FORCE}."
            )
        )
    judged = Judged(candidate, age_of(facts, candidate.facts), failures)
    return Match(
        kind=cal.kind,
        frame=name,
        chosen=candidate,
        age=judged.age,
        needs=properties(cal.kind, facts),
        notes=tuple(f"used although {failure}" for failure in failures)
        + _more_notes(cal.kind, facts, judged),
        searched=(USER,),
    )


def as_kind(cal: UserCal) -> Candidate:
    """Read the user's file, which must be of the kind it was named for.

    Parameters
    ----------
    cal : UserCal
        The user's word.

    Returns
    -------
    Candidate
        What the file is.

    Raises
    ------
    NotF2Data
        If it cannot be read.
    WrongCalibration
        If the file is no processed calibration of that kind.
    """
    candidate, kind = read_candidate(cal.path, USER)
    if kind != cal.kind:
        tags = " ".join(sorted(candidate.facts.tags))
        raise WrongCalibration(
            f"{cal.path.name} is no processed {cal.kind}: it needs the tags PROCESSED and "
            f"{cal.kind.upper()}, and has {tags or 'none'}. Name a product of f2 reduce."
        )
    return candidate


def _more_notes(kind: Kind, facts: Facts, judged: Judged) -> tuple[str, ...]:
    """Add what the rules would have held against a file, without keeping the user from it."""
    found = list(notes(kind, facts, judged)) if kind != "bpm" else []
    if judged.candidate.facts.qa_state == "Fail":
        found.append("its QA state is Fail")
    if kind != "bpm" and judged.age is not None and abs(judged.age) >= MAX_AGE:
        found.append(f"it is {abs(judged.age):.0f} days away, more than the rules allow")
    return tuple(found)
