"""Raw frames of a folder put into groups, each for one reduction; what is in none, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from f2widgets.calibrations.rules import filter_parts
from f2widgets.io.facets import groups as agreeing, shown
from f2widgets.io.identity import root_of
from f2widgets.io.records import Record
from f2widgets.needs import POINTED, compared_facts, in_k, shape_of
from f2widgets.recipes.roles import Role, plural, role_of
from f2widgets.verdicts import exposure_of, refused

#: Days from the first to the last frame of a master. Those of the observatory's tutorials were taken within
#: three (Example 1) and five (Example 2).
SPAN = 7.0

_ARRAY = ("exposure_time", "coadds", "read_mode")
_OPTICS = ("filter_name", "disperser", "lyot_stop", "focal_plane_mask")
#: What frames of a group have in common, by what they are.
_ALIKE: dict[Role, tuple[str, ...]] = {
    Role.DARK: _ARRAY,
    Role.LAMP_ON: (*_OPTICS, *_ARRAY),
    Role.TWILIGHT: (*_OPTICS, *_ARRAY),
    Role.SCIENCE: ("object", "program_id", "night", *_OPTICS, *_ARRAY),
}
#: Everything that is asked of a file, so that the index can answer.
ASKED = (
    *("tags", *_ALIKE[Role.SCIENCE], "instrument", "wavelength_band", "ut_start", "qa_state", "data_label"),
    *("is_ao", "gain", *POINTED.values()),
)


@dataclass(frozen=True)
class Group:
    """Raw frames that one reduction takes together.

    Parameters
    ----------
    role : Role
        What they are; lamps on and off are together, as ``LAMP_ON``.
    records : tuple of Record
        The frames, earliest first.
    """

    role: Role
    records: tuple[Record, ...]

    def of(self, *roles: Role) -> list[Record]:
        """Return the frames that are one of several things."""
        return [row for row in self.records if role_of(row.tags) in roles]

    @property
    def roles(self) -> dict[Role, list[str]]:
        """Names of the frames by what they are."""
        found: dict[Role, list[str]] = {}
        for row in self.records:
            found.setdefault(role_of(row.tags), []).append(row.name)
        return found

    @property
    def in_k(self) -> bool:
        """Whether all were taken through a K filter."""
        return all(in_k(row) for row in self.records)

    @property
    def title(self) -> str:
        """What they are, in few words: ``dark 120 s``."""
        first = self.records[0]
        seconds, band = (
            f"{first.descriptor('exposure_time') or 0:g} s",
            shown(first.descriptor("filter_name")),
        )
        if self.role is Role.DARK:
            told = f"dark {seconds}"
        elif self.role is Role.SCIENCE:
            told = f"{shown(first.descriptor('object'))} {band} {seconds}"
        else:
            told = f"{'twilight ' if self.role is Role.TWILIGHT else ''}flat {band} {seconds}"
        usual = {"coadds": 1, "read_mode": "1"}
        odd = {name: first.descriptor(name) for name in usual}
        words = {"coadds": "coadds", "read_mode": "LNRS"}
        return " ".join([told, *(f"{words[n]} {v}" for n, v in odd.items() if v not in (usual[n], None))])


@dataclass(frozen=True)
class Aside:
    """A file that goes into no reduction.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    reason : str
        Why, and what to do.
    usual : bool
        Whether such files are in many folders and nothing is amiss: products, acquisition images.
    """

    path: Path
    reason: str
    usual: bool = False


def sort_out(records: Iterable[Record]) -> tuple[list[Group], list[Aside]]:
    """Put raw frames together that one reduction takes.

    Parameters
    ----------
    records : iterable of Record
        Files.

    Returns
    -------
    groups : list of Group
        Darks, flats, twilights and targets, each by time of its first frame.
    aside : list of Aside
        All other files.
    """
    rows, aside = list(records), []
    usable: list[Record] = []
    for row in rows:
        left = _unusable(row)
        usable += [] if left else [row]
        aside += [left] if left else []
    usable, copies = _once(usable)
    by_role: dict[Role, list[Record]] = {role: [] for role in _ALIKE}
    for row in usable:
        role = role_of(row.tags)
        by_role[Role.LAMP_ON if role is Role.LAMP_OFF else role].append(row)
    found = [Group(role, tuple(some)) for role, rows in by_role.items() for some in _alike(role, rows)]
    order = list(_ALIKE)
    found.sort(key=lambda group: (order.index(group.role), _moment(group.records[0])))
    return found, [*aside, *copies]


def in_time(rows: Iterable[Record]) -> list[Record]:
    """Return frames in the order in which a reduction takes them."""
    return sorted(rows, key=_moment)


def _moment(row: Record) -> tuple[str, str]:
    """Return by what frames are ordered: time, then name."""
    return str(row.descriptor("ut_start") or ""), root_of(row.path)


def _unusable(row: Record) -> Aside | None:
    """Say why a file goes into no reduction, whatever else there is."""
    if row.problem:
        return Aside(row.path, row.short_problem or row.problem)
    role = role_of(row.tags)
    if role in (Role.PRODUCT, Role.STACK) or "PREPARED" in row.tags:
        return Aside(row.path, "is a reduced frame; only raw ones are reduced here.", usual=True)
    reason = refused(row)
    if reason:
        return Aside(row.path, reason)
    if role is Role.ACQUISITION:
        return Aside(row.path, "is an acquisition image; these are not stacked.", usual=True)
    if role not in (*_ALIKE, Role.LAMP_OFF):
        return Aside(row.path, "is no dark, flat or image of the sky. f2 typewalk shows its tags.")
    if not (row.descriptor("exposure_time") or 0.0) > 0 or row.descriptor("gain") is None:
        return Aside(row.path, "tells no exposure time or no known read mode. f2 check says what is odd.")
    if row.descriptor("qa_state") == "Fail":
        return Aside(row.path, "was failed by the observatory. Name it to f2 reduce if you want it.")
    return None


def _once(rows: Iterable[Record]) -> tuple[list[Record], list[Aside]]:
    """Keep one file of each exposure and of each name, a plain one before a packed one."""
    kept: list[Record] = []
    aside: list[Aside] = []
    exposures: dict[Any, Record] = {}
    names: dict[str, Record] = {}
    for row in sorted(rows, key=lambda row: (not _plain(row.path), len(row.path.parts), str(row.path))):
        key, name = exposure_of(row), root_of(row.path)
        first = exposures.get(key) if key else None
        if first is not None:
            aside.append(Aside(row.path, f"is the same exposure as {first.path}. Delete one of them."))
        elif name in names:
            reason = f"has the name of another exposure, {names[name].path}. Rename one of them."
            aside.append(Aside(row.path, reason))
        else:
            kept.append(row)
            exposures[key] = names[name] = row
    return kept, aside


def _plain(path: Path) -> bool:
    """Tell whether a file is not packed."""
    return path.suffix.lower() in (".fits", ".fit")


def _alike(role: Role, rows: Sequence[Record]) -> list[list[Record]]:
    """Put frames together that agree, and that were taken within some days of each other."""
    found: list[list[Record]] = []
    for _, some in agreeing(rows, _ALIKE[role]):
        finer: dict[Any, list[Record]] = {}
        for row in some:
            parts = {} if role is Role.DARK else filter_parts(compared_facts(row))
            finer.setdefault((shape_of(row), frozenset(parts.items())), []).append(row)
        found += [part for few in finer.values() for part in _within_days(in_time(few))]
    return found


def _within_days(rows: Sequence[Record]) -> list[list[Record]]:
    """Cut a sequence in time so that no part is longer than a master may span."""
    found: list[list[Record]] = []
    begin: datetime | None = None
    for row in rows:
        start = row.descriptor("ut_start")
        if not found or (begin and start and start - begin > timedelta(days=SPAN)):
            found.append([])
            begin = start
        found[-1].append(row)
        begin = begin or start
    return found


def counts(groups: Iterable[Group]) -> str:
    """Return how many frames of each role groups hold, in words."""
    total: dict[Role, int] = {}
    for group in groups:
        for role, names in group.roles.items():
            total[role] = total.get(role, 0) + len(names)
    return ", ".join(f"{n} {plural(role) if n > 1 else role.value}" for role, n in total.items())
