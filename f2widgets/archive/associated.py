"""Calibrations for frames, chosen among the archive's records by the rules of the reduction.

The archive has an association of its own, but it knows neither the short darks from which a mask of bad
pixels is made, nor the darks that flats need in K; so the rules here are those of
`f2widgets.calibrations.rules`, by which the reduction will choose as well. The records do not tell coadds,
Lyot stop and component numbers of filters: those are compared when the frames are reduced.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from f2widgets.archive.records import Archived
from f2widgets.archive.service import Archive
from f2widgets.calibrations.match import Candidate, Kind
from f2widgets.calibrations.rules import MAX_AGE, age_of, judge, needed

#: Frames of each sort at most, as the archive's association takes.
MOST = 10
#: Seconds: darks up to this make a mask of bad pixels; about 2 s is usual.
SHORT = 5.0


def associated(archive: Archive, frames: Sequence[Archived]) -> tuple[list[Archived], list[str]]:
    """Find the raw calibrations of frames.

    Parameters
    ----------
    archive : Archive
        Whom to ask.
    frames : sequence of Archived
        Science frames, and others, which count only if they need something.

    Returns
    -------
    files : list of Archived
        Darks of the frames' exposure times, flats in their filters with the lamp on and off, short darks,
        and darks for flats in K; up to ten of each, the nearest in time within 90 days.
    notes : list of str
        What is missing.

    Raises
    ------
    NotFetched
        If the archive cannot be reached.
    """
    search = _Search(archive)
    science = [frame for frame in frames if "flat" in needed(frame.facts)]
    for group in _grouped(science, lambda frame: (frame.facts.exposure_time, frame.facts.read_mode)):
        search.darks(group)
    flats: list[Archived] = []
    for group in _grouped(science, lambda frame: (frame.facts.filter_name, frame.facts.focal_plane_mask)):
        flats += search.flats(group)
    flats = list(dict.fromkeys(flats))
    need_darks = [flat for flat in flats if "dark" in needed(flat.facts)]
    for group in _grouped(need_darks, lambda flat: (flat.facts.exposure_time, flat.facts.read_mode)):
        search.darks(group)
    for group in _grouped(flats, lambda flat: flat.facts.read_mode):
        search.short_darks(group)
    return list(dict.fromkeys(search.found)), search.notes


class _Search:
    """What has been found so far, and what is missing."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.found: list[Archived] = []
        self.notes: list[str] = []

    def darks(self, frames: Sequence[Archived]) -> None:
        """Find the darks of frames with one exposure time."""
        seconds = frames[0].facts.exposure_time
        near = f"exposure_time={max(seconds - 0.05, 0):.2f}-{seconds + 0.05:.2f}"
        self._take(self._fitting("dark", frames, "DARK", near), f"dark of {seconds:g} s", frames)

    def flats(self, frames: Sequence[Archived]) -> list[Archived]:
        """Find the flats of frames in one filter, with the lamp on and off."""
        facts = frames[0].facts
        terms = ["imaging", *([f"filter={facts.filter_name}"] if facts.filter_name else [])]
        fitting = self._fitting("flat", frames, "FLAT", *terms)
        lamps = ("LAMPOFF",) if facts.in_k else ("LAMPON", "LAMPOFF")
        taken = []
        for lamp in lamps:
            those = [flat for flat in fitting if lamp in flat.facts.tags]
            light, name = lamp.removeprefix("LAMP").lower(), facts.filter_name or "an unknown filter"
            taken += self._take(those, f"flat in {name} with the lamp {light}", frames)
        return taken

    def short_darks(self, flats: Sequence[Archived]) -> None:
        """Find darks for a mask of bad pixels: those of the exposure time that was taken nearest."""
        mode = flats[0].facts.read_mode
        candidates = self._candidates(flats, "DARK", f"exposure_time=0-{SHORT:g}")
        near = [dark for dark in _nearest(candidates, flats) if dark.facts.read_mode == mode]
        same = [dark for dark in near if dark.facts.exposure_time == near[0].facts.exposure_time]
        self._take(same, f"short dark ({SHORT:g} s or less)", flats)

    def _fitting(self, kind: Kind, frames: Sequence[Archived], sort: str, *terms: str) -> list[Archived]:
        """Return the calibrations that fit, the nearest in time first."""
        return [
            one
            for one in _nearest(self._candidates(frames, sort, *terms), frames)
            # The frames of a group differ in time alone: it must fit the one that is nearest.
            if judge(kind, _nearest(frames, [one])[0].facts, Candidate(Path(one.name), one.facts)).fits
        ]

    def _candidates(self, frames: Sequence[Archived], sort: str, *terms: str) -> list[Archived]:
        """Ask for calibrations that might do, taken within the time that the rules allow."""
        moments = [frame.facts.ut_start for frame in frames if frame.facts.ut_start is not None]
        if not moments:
            return []
        span = timedelta(days=MAX_AGE)
        days = f"daterange={min(moments) - span:%Y%m%d}-{max(moments) + span:%Y%m%d}"
        asked = self._archive.records("inst=F2", f"observation_type={sort}", "NotFail", days, *terms)
        return [one for one in asked if one.facts.qa_state != "Fail"]

    def _take(self, fitting: Sequence[Archived], words: str, frames: Sequence[Archived]) -> list[Archived]:
        """Take the nearest, and say so where there are none."""
        taken = list(fitting[:MOST])
        self.found += taken
        if not taken:
            self.notes.append(
                f"The archive has no {words} within {MAX_AGE:g} days of {frames[0].name}"
                f"{f' and {len(frames) - 1} others' if len(frames) > 1 else ''}."
            )
        return taken


def _grouped(frames: Iterable[Archived], key: Callable[[Archived], Hashable]) -> list[list[Archived]]:
    """Put frames together that have the same key."""
    groups: defaultdict[Hashable, list[Archived]] = defaultdict(list)
    for frame in frames:
        groups[key(frame)].append(frame)
    return list(groups.values())


def _nearest(candidates: Iterable[Archived], frames: Sequence[Archived]) -> list[Archived]:
    """Order candidates by their distance in time from the nearest of some frames."""

    def distance(one: Archived) -> tuple[float, datetime]:
        ages = [age_of(frame.facts, one.facts) for frame in frames]
        known = [abs(age) for age in ages if age is not None]
        return min(known, default=float("inf")), one.facts.ut_start or datetime.max

    return sorted(candidates, key=distance)
