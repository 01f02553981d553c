"""Exercises about files, headers and choosing among them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.errors import WrongInputs
from f2widgets.files import select, table
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.questions import Choice, Number, Product, Verdict, right, wrong


def _check_darks(files: Any, raw: Any) -> Verdict:
    """Hold a choice of files against the darks that fit the science frames."""
    names = [files] if isinstance(files, str | os.PathLike) else files
    if not isinstance(names, Iterable) or isinstance(names, dict):
        raise WrongInputs(f"Give the list that f2.select returns, not a {type(files).__name__}.")
    listed = list(names)
    if not all(isinstance(name, str | os.PathLike) for name in listed):
        raise WrongInputs("Give a list of files: what f2.select returns.")
    chosen = {Path(name).name for name in listed}
    seconds = {float(t) for t in table(select(raw, expression=_SCIENCE), ["exposure_time"])["exposure_time"]}
    wanted = {p.name for t in seconds for p in select(raw, tags="DARK", expression=f"exposure_time=={t:g}")}
    others = {p.name for p in select(raw, tags="DARK")} - wanted
    if chosen == wanted:
        return right(f"These {len(wanted)} are the darks that the science frames need.")
    if chosen == wanted | others:
        return wrong("These are all darks. Which of them have the exposure time of the science frames?")
    if chosen - wanted - others:
        return wrong(f"{sorted(chosen - wanted - others)[0]} is no dark.")
    if chosen & others:
        return wrong(f"{sorted(chosen & others)[0]} is a dark of another exposure time.")
    return wrong(
        f"{len(wanted - chosen)} of the darks that fit are missing, {sorted(wanted - chosen)[0]} among them."
    )


#: What the science frames are, as one selects them.
_SCIENCE = 'observation_class=="science"'


def _lamp_seconds(raw: Any) -> float:
    """Return how long the lamp has shone into all flats together."""
    if not isinstance(raw, str | os.PathLike):
        raise WrongInputs(f"Give the folder of the raw frames, not a {type(raw).__name__}.")
    lit = select(raw, tags=["FLAT", "LAMPON"])
    return float(np.sum(table(lit, ["exposure_time"])["exposure_time"]))


EXERCISES = [
    Exercise(
        "02.filter",
        "a filter in the dark",
        "The darks of 2 s say that the filter H was in the light path, and the science frames were taken "
        "in Y. "
        "Can these darks be used?",
        Choice(
            {
                "No, they are of the wrong filter.": "No light passes a filter on the way to a dark. What "
                "would it "
                "change?",
                "Yes: no light reaches the detector, whatever filter is in front of it.": "Yes. The "
                "wheels stay as "
                "they were after the last exposure. For a dark only the array counts: how long and how it "
                "was read.",
                "Only after a correction for the colour.": "There is no light whose colour could be "
                "corrected.",
            },
            "Yes: no light reaches the detector, whatever filter is in front of it.",
        ),
        (
            "What does a dark measure?",
            "Which parts of the camera lie before the detector, and does a dark depend on them?",
            "With the shutter closed, or a mask in the light path, nothing before it matters.",
        ),
    ),
    Exercise(
        "02.darks",
        "choose the darks",
        "Choose the darks that fit the science frames, and no other file.",
        Product(_check_darks),
        (
            "A dark must have the exposure time of what it is subtracted from.",
            "Ask for the tag DARK, and for the exposure time by an expression.",
            'f2.select(raw, tags="DARK", expression="exposure_time==120")',
        ),
    ),
    Exercise(
        "02.lamp",
        "how long did the lamp shine?",
        "How long has the lamp shone into the flats, all of them together?",
        Number(
            _lamp_seconds,
            "s",
            0.01,
            [
                (lambda lit: lit / 4, "This is one flat. How many are there with the lamp on?"),
                (lambda lit: 2.5 * lit, "This counts the flats with the lamp off as well."),
            ],
        ),
        (
            "The tags tell flats with the lamp on from those with the lamp off.",
            'Select tags=["FLAT", "LAMPON"], and look at their exposure times.',
            'Sum the column exposure_time of f2.table(f2.select(raw, tags=["FLAT", "LAMPON"]), '
            '["exposure_time"]).',
        ),
    ),
]
