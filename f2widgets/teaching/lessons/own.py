"""Exercises about one's own data: they know no truth, and judge what anybody has."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.calibrations.service import Calibrations
from f2widgets.errors import WrongInputs
from f2widgets.files import paths_of
from f2widgets.io.records import records
from f2widgets.needs import makings, needs_of
from f2widgets.quality import quality_table
from f2widgets.recipes.roles import Role, role_of
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, must_be
from f2widgets.teaching.questions import Choice, Product, Verdict, right, wrong
from f2widgets.verdicts import check

#: Limits beyond which a stack is worth a second look: sky left over in sigma of a pixel, pixels of scatter of
#: the matched stars, arcsec of a header's error, transparency of a frame over the mean, part flagged.
_SKY, _RMS, _HEADER, _CLEAR, _FLAGGED = 0.2, 0.3, 3.0, 0.7, 0.1
#: Matched stars with which a frame is sure to be in its place.
_STARS = 5

#: The right answer about darks of another time.
_ASK = "ask the archive for darks of 60 s with the same read mode, from the weeks around"


def _listed(files: Any) -> list[Path]:
    """Return the paths behind a folder, a file or a list of them."""
    names = [files] if isinstance(files, str | os.PathLike) else files
    if not isinstance(names, Iterable) or isinstance(names, dict):
        raise WrongInputs(f"Give a folder or a list of files, not a {type(files).__name__}.")
    listed = list(names)
    if not all(isinstance(name, str | os.PathLike) for name in listed):
        raise WrongInputs("Give a folder or a list of files.")
    return [Path(path) for path in paths_of(listed)]


def _check_complete(folder: Any) -> Verdict:
    """Say whether raw frames are all that a reduction needs, and what is missing."""
    rows = records(_listed(folder))
    science = [row for row in rows if not row.problem and role_of(row.tags) is Role.SCIENCE]
    if not science:
        return wrong(f"There are no science frames among these {len(rows)} files.")
    needs = needs_of(science, Calibrations())
    optional = {need.kind for need in needs if need.optional}
    lacking = [one for one in makings(needs, rows) if not one.files]
    missing = [one for one in lacking if one.kind not in optional]
    if missing:
        told = "; ".join(f"no {one.kind} can be made: {one.lacking}" for one in missing)
        return wrong(f"{len(science)} science frames are there, but {told}.", missing=float(len(missing)))
    besides = [f"Without a mask of bad pixels, though: {one.lacking}." for one in lacking]
    return right(" ".join([f"All is there for {len(science)} science frames.", *besides]))


def _check_broken(files: Any, folder: Any) -> Verdict:
    """Hold the files that were called not usable against what is not usable in a folder."""
    names = {path.name for path in _listed(files)} if _is_any(files) else set()
    bad = {report.path.name for report in check(_listed(folder)) if report.verdict == "not usable"}
    if names == bad:
        return right(f"Right: {len(bad)} of the files cannot be used.")
    if names - bad:
        return wrong(f"{sorted(names - bad)[0]} can be used, whatever is remarked about it.")
    return wrong(f"{len(bad - names)} of the files cannot be used, and {'are' if names else 'is'} not named.")


def _is_any(files: Any) -> bool:
    """Tell whether something is named at all."""
    return not (isinstance(files, list | tuple) and not files)


def _check_quality(stack: Any) -> Verdict:
    """Say what in a stack's own numbers should be looked at."""
    frame = frame_of(stack, "your stack")
    must_be(frame, "PROCESSED_SCIENCE")
    table = quality_table(frame)
    found = [text for text in _doubts(table) if text]
    if found:
        return wrong(f"Look at these first: {'; '.join(found)}.", doubts=float(len(found)))
    return right(
        f"{len(table)} frames, {table.meta['total']:g} s, stars of {table.meta['fwhm']:.1f} pixels, and "
        "nothing in the numbers that would make one doubt it. Now look at the picture."
    )


def _doubts(table: Any) -> Iterable[str]:
    """Give what a careful observer would ask about a quality table."""
    names = np.asarray(table["frame"])

    def those(bad: Any, what: str) -> str:
        """Name the frames that are meant."""
        return f"{', '.join(names[bad])} {what}" if np.any(bad) else ""

    column = {name: np.asarray(table[name], float) for name in table.colnames if name != "frame"}
    yield those(column["matches"] < _STARS, f"shares fewer than {_STARS} stars with the first frame")
    yield those(column["rms"] > _RMS, f"has stars that scatter by more than {_RMS} pixels when matched")
    yield those(
        column["header_error"] > _HEADER, f"has coordinates that were off by more than {_HEADER:g} arcsec"
    )
    yield those(column["transparency"] < _CLEAR, "was taken through clouds")
    yield those(column["flagged"] > _FLAGGED, f"has more than {100 * _FLAGGED:.0f} % of its pixels flagged")
    left = abs(table.meta["background"]) / table.meta["noise"]
    yield f"{left:.1f} sigma of a pixel are left of the sky" if left > _SKY else ""


EXERCISES = [
    Exercise(
        "08.complete",
        "is everything there?",
        "Give a folder of raw frames: can its science frames be reduced with what lies there?",
        Product(_check_complete),
        (
            "Science frames need a dark of their exposure time and a flat of their filter.",
            "Fetch the calibrations as well. Away from the archive: which kind does the verdict name?",
            'f2.fetch("S20131121S0075-083", "raw", calibrations=True, archive=archive.url)',
        ),
    ),
    Exercise(
        "08.broken",
        "which files cannot be used?",
        "Give the list of the files in the folder that cannot be used.",
        Product(_check_broken),
        (
            "A remark is not a refusal.",
            "Each report of f2.check has a path and a verdict.",
            '[report.path for report in f2.check("raw") if report.verdict == "not usable"]',
        ),
    ),
    Exercise(
        "08.dark",
        "the dark that is not there",
        "Your science frames are of 60 s. In your folder are darks of 120 s. What do you do?",
        Choice(
            {
                "halve the darks of 120 s": "The zero level does not grow with time, so half of it is wrong: "
                "see 03_darks_and_bad_pixels.",
                "take the darks of 120 s as they are": "They have twice the dark current, and are refused.",
                _ASK: "Yes. Nearly every exposure time has its darks there, and --calibrations finds them. "
                "If there are none, reduce --without subtract_dark: the sky takes most of the dark current "
                "away, and the history of the product says what was left out.",
                "make a dark from the flats": "Flats with the lamp off see the light of the room, and have "
                "another exposure.",
            },
            _ASK,
        ),
        (
            "What does a dark have in common with the frame from which it is subtracted?",
            "Exposure time, read mode and coadds. Who keeps the darks of all nights?",
            "The observatory's archive: f2 fetch --calibrations.",
        ),
    ),
    Exercise(
        "08.quality",
        "can you trust it?",
        "No truth is known of your own data. Give your stack, and what its own numbers say is looked at.",
        Product(_check_quality),
        (
            "The quality table has a row for each frame.",
            "A frame that stands out can be left out of the list, or looked at in the inspector.",
            "Reduce again without the frames that are named, or with what the notes propose.",
        ),
    ),
]
