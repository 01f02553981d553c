"""What must agree for a calibration to fit a frame, which frames need which, and the judging of candidates.

The keys are those of the observatory's association rules for Flamingos-2 imaging, mended: darks agree in
coadds too, exposure times within a hundredth of a second, filters by name and component number in
whichever wheel they sit; a bad pixel mask made soon after a frame serves where none was made before.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from f2widgets.calibrations.match import Candidate, Failure, Judged, Kind, Match
from f2widgets.core.frame import Facts

#: Kinds of calibration, in the order in which they are made.
KINDS: tuple[Kind, ...] = ("dark", "flat", "bpm")
#: Days, on either side; the observatory's rule, strictly less. It does not bound a mask made before.
MAX_AGE = 90.0
#: Seconds by which exposure times may differ: headers round to milliseconds.
EXPOSURE_TOLERANCE = 0.01
#: Days; in K the lamp-off signal is thermal and drifts, so flats of the same night are better.
SAME_NIGHT = 1.0

_SECONDS_A_DAY = 86_400.0
#: Name, component number and what may trail behind it: ``HK_G0806_good``.
_COMPONENT = re.compile(r"(?P<name>.+?)_G(?P<number>\d{4})(?!\d)")


def filter_parts(facts: Facts) -> dict[str, str | None]:
    """Return the filters in the beam, whichever wheel they sit in.

    Parameters
    ----------
    facts : Facts
        Its `filter_id` is used, or its `filter_name` where the file does not tell the wheels.

    Returns
    -------
    dict of str to (str or None)
        Component number ("0802") by name ("J"), None where it is not known.
    """
    parts: dict[str, str | None] = {}
    for word in (facts.filter_id or facts.filter_name or "").split("&"):
        if word.strip() and not word.strip().lower().startswith("open"):
            known = _COMPONENT.match(word.strip())
            parts[known["name"] if known else word.strip()] = known["number"] if known else None
    return parts


def _same_filters(one: Facts, other: Facts) -> bool:
    """Tell whether two frames have the same filters: by name, and by number where both tell it."""
    a, b = filter_parts(one), filter_parts(other)
    return a.keys() == b.keys() and all(None in (a[name], b[name]) or a[name] == b[name] for name in a)


def _filter_words(facts: Facts) -> str:
    """Say which filters are in the beam."""
    parts = filter_parts(facts)
    return "&".join(f"{name}_G{number}" if number else name for name, number in parts.items()) or "open"


@dataclass(frozen=True)
class Key:
    """One property that a calibration shares with its frame."""

    name: str
    shown: Callable[[Facts], str]
    agrees: Callable[[Facts, Facts], bool]


def _equal(name: str, fact: str) -> Key:
    """Return the key that one fact must be equal."""

    def shown(facts: Facts) -> str:
        value = getattr(facts, fact)
        return "unknown" if value is None else str(value)

    return Key(name, shown, lambda one, other: bool(getattr(one, fact) == getattr(other, fact)))


_EXPOSURE = Key(
    "exposure time",
    lambda facts: f"{facts.exposure_time:g} s",
    lambda one, other: abs(one.exposure_time - other.exposure_time) <= EXPOSURE_TOLERANCE,
)
_FILTER = Key("filter", _filter_words, _same_filters)

#: What must agree, by kind. Darks keep the optics of the night in their headers: never compare those.
#: Flats are ratios: neither exposure time nor read mode matters.
KEYS: dict[Kind, tuple[Key, ...]] = {
    "dark": (_EXPOSURE, _equal("read mode", "read_mode"), _equal("coadds", "coadds")),
    "flat": (
        _FILTER,
        _equal("disperser", "disperser"),
        _equal("Lyot stop", "lyot_stop"),
        _equal("focal plane mask", "focal_plane_mask"),
    ),
    "bpm": (_equal("instrument", "instrument"),),
}


def kind_of(tags: Iterable[str]) -> Kind | None:
    """Return which kind of processed calibration a file is.

    Parameters
    ----------
    tags : iterable of str
        Its tags.

    Returns
    -------
    {'dark', 'flat', 'bpm'} or None
        None for anything but a processed dark, flat or bad pixel mask.
    """
    have = set(tags)
    # A mask is made from flats and may keep their tag, so it is asked for first.
    return next((kind for kind in ("bpm", "dark", "flat") if {"PROCESSED", kind.upper()} <= have), None)


def needed(facts: Facts) -> tuple[Kind, ...]:
    """Return the kinds of calibration that a frame needs.

    Parameters
    ----------
    facts : Facts
        What the frame is.

    Returns
    -------
    tuple of {'dark', 'flat', 'bpm'}
        Empty for products and for spectroscopy.

    Notes
    -----
    Lamp flats are made from lamp on minus lamp off, which needs no dark; in K there are no lamp-off
    frames, and a dark of the flats' exposure time takes their place. Twilight flats need one too.
    """
    tags = facts.tags
    if tags & {"PROCESSED", "SPECT", "BPM"}:
        return ()
    if "DARK" in tags or facts.observation_type == "DARK":
        return ("bpm",)
    if "TWILIGHT" in tags:
        return ("dark", "bpm")
    if "FLAT" in tags or facts.observation_type == "FLAT":
        return ("dark", "bpm") if facts.in_k else ("bpm",)
    if "IMAGE" not in tags or facts.observation_type != "OBJECT":
        return ()
    return ("bpm",) if "ACQUISITION" in tags else KINDS


def age_of(facts: Facts, calibration: Facts) -> float | None:
    """Return the days from a frame to a calibration, negative when that was taken before."""
    return days_between(facts.ut_start, calibration.ut_start)


def days_between(one: datetime | None, other: datetime | None) -> float | None:
    """Return the days from one moment to another, negative when that is earlier; None if one is not known."""
    return None if one is None or other is None else (other - one).total_seconds() / _SECONDS_A_DAY


def properties(kind: Kind, facts: Facts) -> tuple[str, ...]:
    """Return the properties in which a calibration must agree with its frame.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        What it is.
    facts : Facts
        Of the calibration, or of the frame.

    Returns
    -------
    tuple of str
        ``"exposure time 120 s"``, ``"read mode 1"`` and so on.
    """
    return tuple(f"{key.name} {key.shown(facts)}" for key in KEYS[kind])


def disagreements(
    kind: Kind, facts: Facts, candidate: Candidate, shape: tuple[int, int] | None = None
) -> tuple[Failure, ...]:
    """Return every property in which a calibration differs from what a frame needs.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        Which keys to compare.
    facts : Facts
        What the frame is.
    candidate : Candidate
        The calibration.
    shape : tuple of int, optional
        Rows and columns of the frame; compared where both are known.

    Returns
    -------
    tuple of Failure
        Empty if it agrees. Time and quality are not considered.
    """
    found = [
        Failure(key.name, key.shown(candidate.facts), key.shown(facts))
        for key in KEYS[kind]
        if not key.agrees(facts, candidate.facts)
    ]
    if shape and candidate.shape and tuple(shape) != tuple(candidate.shape):
        found.append(Failure("size", _size(candidate.shape), _size(shape)))
    return tuple(found)


def _size(shape: tuple[int, int]) -> str:
    """Say a shape as columns by rows."""
    return f"{shape[1]} x {shape[0]}"


def _time_failures(kind: Kind, age: float | None, max_age: float) -> tuple[Failure, ...]:
    """Tell what the distance in time says against a calibration."""
    if age is None:
        return (Failure("time", "unknown", "a date to compare"),)
    if abs(age) < max_age or (kind == "bpm" and age <= 0):
        return ()
    side = "before" if age < 0 else "after"
    return (Failure("age", f"{abs(age):.1f} days {side}", f"less than {max_age:g} days"),)


def judge(
    kind: Kind,
    facts: Facts,
    candidate: Candidate,
    *,
    shape: tuple[int, int] | None = None,
    max_age: float = MAX_AGE,
) -> Judged:
    """Hold one calibration against a frame.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        What is asked for.
    facts : Facts
        What the frame is.
    candidate : Candidate
        The calibration.
    shape : tuple of int, optional
        Rows and columns of the frame.
    max_age : float, optional
        Days on either side, strictly.

    Returns
    -------
    Judged
        The candidate with its age and all that speaks against it.
    """
    age = age_of(facts, candidate.facts)
    failures = [Failure("file", candidate.refused)] if candidate.refused else []
    failures += disagreements(kind, facts, candidate, shape)
    if candidate.facts.qa_state == "Fail":
        failures.append(Failure("QA state", "Fail", "anything but Fail"))
    failures += _time_failures(kind, age, max_age)
    return Judged(candidate, age, tuple(failures))


def match(
    kind: Kind,
    facts: Facts,
    candidates: Iterable[Candidate],
    *,
    name: str = "the frame",
    shape: tuple[int, int] | None = None,
    max_age: float = MAX_AGE,
) -> Match:
    """Choose the calibration that fits a frame best.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        What is asked for.
    facts : Facts
        What the frame is.
    candidates : iterable of Candidate
        Processed calibrations of that kind.
    name : str, optional
        Name of the frame, for the explanation.
    shape : tuple of int, optional
        Rows and columns of the frame; a calibration of another size does not fit.
    max_age : float, optional
        Days on either side, strictly.

    Returns
    -------
    Match
        The one nearest in time among those that fit, the latest added of equals; and every other
        candidate with what spoke against it.

    Notes
    -----
    *Method*: bad pixels only accumulate, so the mask nearest before the frame is taken, however old;
    if there is none, the nearest after it within `max_age`, with a note.
    *Source*: association rules of the Gemini archive for Flamingos-2.
    """
    judged = [judge(kind, facts, c, shape=shape, max_age=max_age) for c in candidates]
    fitting = sorted((one for one in judged if one.fits), key=lambda one: _preference(kind, one))
    misses = sorted((one for one in judged if not one.fits), key=_nearness)
    best = fitting[0] if fitting else None
    return Match(
        kind=kind,
        frame=name,
        chosen=best.candidate if best else None,
        age=best.age if best else None,
        needs=properties(kind, facts),
        notes=(*notes(kind, facts, best), *_newer_mask(kind, fitting)) if best else (),
        others=tuple(fitting[1:]),
        misses=tuple(misses),
        searched=tuple(dict.fromkeys(one.candidate.origin for one in judged if one.candidate.origin)),
    )


def _preference(kind: Kind, one: Judged) -> tuple[bool, float, float]:
    """Order calibrations that fit: masks made before first, then by distance in time, later added first."""
    assert one.age is not None
    return kind == "bpm" and one.age > 0, abs(one.age), -one.candidate.order


def _newer_mask(kind: Kind, fitting: Sequence[Judged]) -> tuple[str, ...]:
    """Tell of a mask made soon after the frame where the one that is taken is old.

    Old is older than calibrations of other kinds may be: the detector may have changed since.
    """
    first, *rest = fitting
    after = next((one for one in rest if one.age is not None and one.age > 0), None)
    if kind != "bpm" or first.age is None or first.age > -MAX_AGE or after is None:
        return ()
    return (
        f"this mask is {-first.age:.0f} days older than the frame; {after.candidate.path.name}, made "
        f"{after.age:.1f} days after it, fits as well: name that with --user_cal if the detector has changed",
    )


def _nearness(one: Judged) -> tuple[int, float]:
    """Order misses: fewest failures first, then by distance in time."""
    return len(one.failures), math.inf if one.age is None else abs(one.age)


def notes(kind: Kind, facts: Facts, chosen: Judged) -> tuple[str, ...]:
    """Return what a careful observer would want to know about a calibration that is used.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        What it is.
    facts : Facts
        What the frame is.
    chosen : Judged
        The calibration.

    Returns
    -------
    tuple of str
        Sentences without a full stop.
    """
    found = []
    age, theirs = chosen.age, chosen.candidate.facts
    if kind == "bpm" and age is not None and age > 0:
        found.append(f"no bad pixel mask was made before the frame, this one was {age:.1f} days later")
    if kind == "flat" and facts.in_k and age is not None and abs(age) > SAME_NIGHT:
        found.append("in K a flat of the same night is better: the thermal signal drifts")
    numbers = [*chain(filter_parts(facts).values(), filter_parts(theirs).values())]
    if kind == "flat" and None in numbers:
        found.append("filters are compared by name alone, as a component number is not known")
    return tuple(found)
