"""The answer to "which calibration fits?": the file and why, or why none does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

from f2widgets.core.frame import Facts
from f2widgets.errors import NoCalibration

Kind = Literal["dark", "flat", "bpm"]

#: `Candidate.origin` of a file that the user named.
USER = "user"
#: How many near misses are told; the others are counted.
TOLD = 3

#: The step that applies each kind, and how to make one, for the remedy in an error.
_REMEDY = {
    "dark": ("subtract_dark", "make one from raw darks like it with f2 reduce"),
    "flat": ("divide_flat", "make one from raw flats like it with f2 reduce"),
    "bpm": ("flag_bad_pixels", "make one from flats and short darks with f2 reduce -r makeProcessedBPM"),
}


@dataclass(frozen=True)
class Candidate:
    """A processed calibration that might fit.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file; it need not exist yet where it is the product of an earlier job.
    facts : Facts
        What it is.
    origin : str, optional
        Where it was found: the path of a database, ``"user"``, or the words of the caller.
    shape : tuple of int or None, optional
        Rows and columns of its image.
    order : float, optional
        Rises with each file added to a database: of two at the same distance in time the later wins.
    refused : str or None, optional
        Why the file itself is of no use, whatever it is: missing, or changed since it was added.
    """

    path: Path
    facts: Facts
    origin: str = ""
    shape: tuple[int, int] | None = None
    order: float = 0
    refused: str | None = None


@dataclass(frozen=True)
class Failure:
    """One property that does not agree; `needed` is empty where the file itself is at fault."""

    key: str
    found: str
    needed: str = ""

    def __str__(self) -> str:
        """Say it as part of a sentence."""
        return f"{self.key} is {self.found}, needed {self.needed}" if self.needed else self.found


@dataclass(frozen=True)
class Judged:
    """A candidate with its verdict: it fits when there are no failures.

    `age` is in days, negative when the calibration was taken before the frame; None if either has no time.
    """

    candidate: Candidate
    age: float | None
    failures: tuple[Failure, ...] = ()

    @property
    def fits(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.failures

    def __str__(self) -> str:
        """Name the file and all that does not agree."""
        why = "; ".join(str(failure) for failure in self.failures) or in_time(self.age)
        return f"{self.candidate.path.name}: {why}"


@dataclass(frozen=True)
class Match:
    """Which calibration fits a frame and why, or why none does.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        What was asked for.
    frame : str
        Name of the frame that asks.
    chosen : Candidate or None
        The calibration to use.
    age : float or None
        Days from the frame to the calibration, negative when it was taken before.
    needs : tuple of str
        What a calibration must have, in words: ``"exposure time 120 s"``.
    notes : tuple of str
        What a careful observer would want to know about the choice.
    others : tuple of Judged
        Calibrations that would fit as well, nearest first.
    misses : tuple of Judged
        Those that do not fit, with every failing key, nearest miss first.
    searched : tuple of str
        Where was looked.
    skipped : bool
        The user asked to do without; `chosen` is then None, and nothing is missing.
    """

    kind: Kind
    frame: str = "the frame"
    chosen: Candidate | None = None
    age: float | None = None
    needs: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    others: tuple[Judged, ...] = ()
    misses: tuple[Judged, ...] = ()
    searched: tuple[str, ...] = ()
    skipped: bool = False

    @property
    def path(self) -> Path | None:
        """The chosen file."""
        return self.chosen.path if self.chosen else None

    @property
    def origin(self) -> str | None:
        """Where the chosen file was found; ``"user"`` if the user named it."""
        return self.chosen.origin if self.chosen else None

    def explain(self) -> str:
        """Say in plain words which file and why, or what spoke against each near miss.

        Returns
        -------
        str
            One or more sentences, near misses on lines of their own.
        """
        if self.skipped:
            return f"{self.frame}: no {self.kind} is used, as asked for."
        return self._why() if self.chosen else self._why_not()

    def require(self) -> Candidate:
        """Return the chosen calibration.

        Returns
        -------
        Candidate
            The calibration to use.

        Raises
        ------
        NoCalibration
            If none fits; the message names the near misses and the ways out.
        """
        if self.chosen is None:
            step, make = _REMEDY[self.kind]
            raise NoCalibration(
                f"{self.explain()}\nWays out: {make}; add it to the database with f2 caldb add FILE; "
                f"name it with --user_cal processed_{self.kind}:FILE; "
                f"or leave the step out with --without {step}."
            )
        return self.chosen

    def _why(self) -> str:
        """Say which file was chosen, from where, and what agrees."""
        assert self.chosen is not None
        source = "named by the user" if self.chosen.origin == USER else f"from {self.chosen.origin}"
        agree = f"{', '.join(self.needs)} agree; " if self.needs and self.chosen.origin != USER else ""
        notes = "".join(f" Note: {note}." for note in self.notes)
        what = f"{self.frame}: {self.kind} {self.chosen.path.name} ({source})"
        return f"{what}: {agree}{in_time(self.age)}.{notes}"

    def _why_not(self) -> str:
        """Say what was needed, where was looked, and the near misses."""
        needs = ", ".join(self.needs) or "one"
        where = ", ".join(self.searched) or "no database"
        head = f"No {self.kind} fits {self.frame}: it needs {needs}; looked in {where}"
        if not self.misses:
            return f"{head}, which holds no {self.kind}."
        told = "".join(f"\n  {miss}" for miss in self.misses[:TOLD])
        more = len(self.misses) - TOLD
        return f"{head}. Nearest:{told}" + (f"\n  and {more} more" if more > 0 else "")


def in_time(age: float | None) -> str:
    """Say how long before or after the frame a calibration was taken.

    Parameters
    ----------
    age : float or None
        Days, negative before.

    Returns
    -------
    str
        ``"taken 1.2 days before"``; hours below one day.
    """
    if age is None:
        return "taken at an unknown time"
    length, unit = (abs(age), "days") if abs(age) >= 1 else (abs(age) * 24, "hours")
    return f"taken {length:.1f} {unit} {'before' if age <= 0 else 'after'}"


def match_rows(matches: Sequence[Match]) -> Iterator[tuple[str, str, str, str, str]]:
    """Show matches as rows, one for each run of frames that one calibration serves.

    Parameters
    ----------
    matches : sequence of Match
        In the order of the frames.

    Yields
    ------
    tuple of str
        Frames, kind, file, age (that of the first frame) and where it was found.
    """
    for _, run in groupby(matches, key=lambda match: (match.kind, match.path, match.origin)):
        members = list(run)
        first = members[0]
        last = f" ... {members[-1].frame} ({len(members)})" if len(members) > 1 else ""
        name = first.path.name if first.path else "-"
        yield f"{first.frame}{last}", first.kind, name, in_time(first.age), first.origin or ""
