"""Which calibrations frames need, which they get and why, and what would make those that are missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from f2widgets.calibrations.match import Candidate, Kind, Match
from f2widgets.calibrations.rules import KINDS, MAX_AGE, days_between, disagreements, properties
from f2widgets.calibrations.service import Calibrations
from f2widgets.core.frame import Facts
from f2widgets.errors import WrongCalibration
from f2widgets.io.headers import RENAMED
from f2widgets.io.records import Record
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.recipes import BPM, DARK, FLAT, RECIPES
from f2widgets.recipes.roles import Role, role_of

#: The recipe that makes each kind.
MAKERS: dict[Kind, Recipe] = {"dark": DARK, "flat": FLAT, "bpm": BPM}
#: Facts that the rules compare, but for the filter: asking for all of many files would take long.
_COMPARED = (
    *("instrument", "exposure_time", "read_mode", "coadds", "disperser", "lyot_stop", "focal_plane_mask"),
    *("wavelength_band", "ut_start", "qa_state"),
)
_WHERE = ("ra", "dec", "x_offset", "y_offset", "position_angle", "pixel_scale", "guiding")
#: Facts that tell where a frame looks, with their descriptors.
POINTED = {fact: RENAMED.get(fact, fact) for fact in _WHERE}


@dataclass(frozen=True)
class Need:
    """One kind of calibration that a frame needs, and what was found.

    Parameters
    ----------
    record : Record
        The frame.
    kind : {'dark', 'flat', 'bpm'}
        What it needs.
    match : Match or None
        The answer; None where a file that the user pinned does not fit.
    optional : bool
        The reduction goes on without it.
    refusal : str
        What is wrong with the pinned file.
    """

    record: Record
    kind: Kind
    match: Match | None
    optional: bool = False
    refusal: str = ""

    @property
    def missing(self) -> bool:
        """Whether nothing was found."""
        return self.match is None or (self.match.chosen is None and not self.match.skipped)

    def __str__(self) -> str:
        """Say which file and why, or why none."""
        return self.refusal if self.match is None else self.match.explain()


@dataclass(frozen=True)
class Making:
    """How a missing calibration would be made.

    Parameters
    ----------
    kind : {'dark', 'flat', 'bpm'}
        What is missing.
    needs : tuple of str
        What it must have, in words.
    frames : tuple of str
        Names of the frames that lack it.
    recipe : Recipe
        What makes it.
    files : tuple of `~pathlib.Path`
        Raw frames that it would be made of; empty if they are not there.
    lacking : str
        Which raw frames are not there.
    """

    kind: Kind
    needs: tuple[str, ...]
    frames: tuple[str, ...]
    recipe: Recipe
    files: tuple[Path, ...] = ()
    lacking: str = ""

    def __str__(self) -> str:
        """Say it in a sentence."""
        what = f"A {self.kind} with {', '.join(self.needs)} for {_counted(len(self.frames), 'frame')}"
        by = f"the recipe {self.recipe.name} ({self.recipe.verb})"
        if self.files:
            return f"{what}: {by} makes it of {_counted(len(self.files), 'raw frame')}."
        return f"{what}: {by} would make it, but {self.lacking}."


def needs_of(records: Iterable[Record], calibrations: Calibrations) -> list[Need]:
    """Find the calibrations that a reduction of frames would look for.

    Parameters
    ----------
    records : iterable of Record
        Frames; products, spectra and files that cannot be used need none.
    calibrations : Calibrations
        Where is looked, with what the user pinned.

    Returns
    -------
    list of Need
        One for each frame and kind, in the order of the frames.

    Raises
    ------
    CalibrationStore
        If a database cannot be asked: that is never "no calibration".
    """
    return [
        _need(record, kind, optional, calibrations)
        for record in records
        if not record.problem
        for kind, optional in kinds_for(record).items()
    ]


def kinds_for(record: Record) -> dict[Kind, bool]:
    """Return the kinds of calibration that the recipes look for to a frame, and whether each is optional."""
    role = role_of(record.tags)
    found: dict[Kind, bool] = {}
    for recipe in RECIPES:
        # Of what is made in K alone, darks among the inputs need nothing.
        fits = role is recipe.main and in_k(record) if recipe.only_k else role in recipe.takes
        for step in recipe.steps if fits and recipe.product else ():
            for need in step.needs:
                for kind in KINDS:
                    if kind == need.kind and kind in recipe.finds:
                        found[kind] = need.optional and found.get(kind, True)
    return {kind: found[kind] for kind in KINDS if kind in found}


def in_k(record: Record) -> bool:
    """Return whether a file was taken through one of the K filters."""
    names = {name: record.descriptor(name) for name in ("filter_name", "wavelength_band")}
    return Facts(**names).in_k


def _need(record: Record, kind: Kind, optional: bool, calibrations: Calibrations) -> Need:
    """Ask for one calibration of one frame."""
    name = record.name.split(".fits")[0]
    try:
        match = calibrations.find(kind, record.facts, name=name, shape=shape_of(record))
    except WrongCalibration as error:
        return Need(record, kind, None, optional, str(error))
    return Need(record, kind, match, optional)


def shape_of(record: Record) -> tuple[int, int] | None:
    """Return rows and columns of the image of a file, None if its header does not tell."""
    sides = [record.headers.raw(key, image=True) for key in ("NAXIS2", "NAXIS1")] if record.headers else []
    rows, columns = sides if len(sides) == 2 else (None, None)
    return (rows, columns) if isinstance(rows, int) and isinstance(columns, int) else None


def makings(needs: Iterable[Need], raws: Iterable[Record]) -> list[Making]:
    """Find out how the missing calibrations of frames would be made.

    Parameters
    ----------
    needs : iterable of Need
        From `needs_of`.
    raws : iterable of Record
        Files at hand; raw frames among them are used.

    Returns
    -------
    list of Making
        One for each different calibration that is missing, in the order in which they are made.
    """
    lacking: dict[tuple[Any, ...], list[Need]] = defaultdict(list)
    for need in needs:
        if need.missing and need.match is not None:
            key = KINDS.index(need.kind), properties(need.kind, need.record.facts), shape_of(need.record)
            lacking[key].append(need)
    usable = [row for row in raws if not row.problem and "RAW" in row.tags]
    return [_making(some, usable) for _, some in sorted(lacking.items(), key=lambda item: item[0][0])]


def _making(needs: Sequence[Need], raws: Sequence[Record]) -> Making:
    """Find the raw frames for one calibration."""
    first = needs[0]
    frames = tuple(dict.fromkeys(need.record.name for need in needs))
    find = {"dark": _darks, "flat": _flats, "bpm": _flats_and_darks}[first.kind]
    files, lacking = find(first.record, raws)
    wanted = properties(first.kind, first.record.facts)
    return Making(first.kind, wanted, frames, MAKERS[first.kind], tuple(row.path for row in files), lacking)


def _darks(frame: Record, raws: Sequence[Record]) -> tuple[list[Record], str]:
    """Return raw darks for a frame."""
    found = _near(frame, _of(raws, Role.DARK), "dark")
    return found, "" if found else "there are no raw darks like that"


def _flats(frame: Record, raws: Sequence[Record]) -> tuple[list[Record], str]:
    """Return raw flats, lamp on and off, for a frame."""
    found = _near(frame, [*_of(raws, Role.LAMP_ON), *_of(raws, Role.LAMP_OFF)], "flat")
    flats, lacking = _pairs(frame, found, "like that")
    # Where there is no raw dark as long as flats in K, a reduced one is looked for when they are reduced.
    return [*flats, *(_near(flats[0], _of(raws, Role.DARK), "dark") if _unlit(flats) else ())], lacking


def _unlit(flats: Sequence[Record]) -> bool:
    """Tell whether flats are those of K, for which no lamp shone."""
    return bool(flats) and all(role_of(row.tags) is Role.LAMP_OFF for row in flats)


def _flats_and_darks(frame: Record, raws: Sequence[Record]) -> tuple[list[Record], str]:
    """Return flats and short darks for a mask."""
    lamps = [*_of(raws, Role.LAMP_ON), *_of(raws, Role.LAMP_OFF)]
    flats, lacking = _pairs(frame, _near(frame, lamps), "of one kind")
    if lacking:
        return [], lacking
    darks = _alike(_near(frame, _of(raws, Role.DARK)), without_filter=True)
    if _unlit(flats):
        darks = [some for some in darks if _near(flats[0], some, "dark")]
    if not darks and _unlit(flats):
        return [], "there are no raw darks as long as the flats"
    if not darks:
        return [], "there are no raw darks"
    # A mask is made from the shortest darks: hot pixels show, and little else.
    return [*flats, *min(darks, key=lambda some: some[0].descriptor("exposure_time") or 0.0)], ""


def _pairs(frame: Record, lamps: Sequence[Record], like: str) -> tuple[list[Record], str]:
    """Return the flats nearest in time of one kind that have the lamp both on and off; in K off."""
    both = []
    for some in _alike(lamps):
        roles = {role_of(row.tags) for row in some}
        enough = {Role.LAMP_OFF} if in_k(some[0]) else {Role.LAMP_ON, Role.LAMP_OFF}
        both += [some] if enough <= roles else []
    if both:
        return min(both, key=lambda some: min(days_apart(frame, row) for row in some)), ""
    if not lamps:
        return [], f"there are no raw flats {like}"
    lit = any(role_of(row.tags) is Role.LAMP_ON for row in lamps)
    there, absent = ("on", "off") if lit else ("off", "on")
    return [], f"there are no flats with the lamp {absent} to those with it {there}"


def _of(raws: Sequence[Record], role: Role) -> list[Record]:
    """Return the raw frames of a role that the observatory has not failed."""
    return [row for row in raws if role_of(row.tags) is role and row.descriptor("qa_state") != "Fail"]


def _near(frame: Record, rows: Iterable[Record], kind: Kind | None = None) -> list[Record]:
    """Return frames of the same size taken not too long before or after; of a kind, those that would fit."""
    shape = shape_of(frame)
    close = [row for row in rows if days_apart(frame, row) < MAX_AGE]
    if kind is not None:
        facts = frame.facts
        close = [
            row for row in close if not disagreements(kind, facts, Candidate(row.path, compared_facts(row)))
        ]
    return [row for row in close if shape_of(row) == shape]


def compared_facts(record: Record) -> Facts:
    """Return the facts of a file that the rules compare, for which not all of its headers need be read."""
    known = {name: record.descriptor(name, pretty=False) for name in _COMPARED}
    known["exposure_time"] = known["exposure_time"] or 0.0
    names = {"filter_name": record.descriptor("filter_name")}
    return Facts(filter_id=record.descriptor("filter_name", pretty=False), **names, **known)


def pointed_facts(record: Record) -> Facts:
    """Return the facts of a file that tell where it looks, for which not all of its headers need be read."""
    return Facts(**{fact: record.descriptor(name, pretty=False) for fact, name in POINTED.items()})


def _alike(rows: Iterable[Record], *, without_filter: bool = False) -> list[list[Record]]:
    """Put frames together that one call can reduce."""
    found: dict[tuple[Any, ...], list[Record]] = defaultdict(list)
    ask: tuple[str, ...] = ("exposure_time", "coadds", "read_mode")
    for row in rows:
        key = tuple(row.descriptor(name) for name in ask)
        found[(*key, None if without_filter else row.descriptor("filter_name"))].append(row)
    return list(found.values())


def days_apart(frame: Record, row: Record) -> float:
    """Return the days between two frames, either way, without end where a time is not known."""
    days = days_between(frame.descriptor("ut_start"), row.descriptor("ut_start"))
    return float("inf") if days is None else abs(days)


def _counted(count: int, what: str) -> str:
    """Count something in words."""
    return f"{count} {what}{'' if count == 1 else 's'}"
