"""Exercises about deep fields: many short frames, and sources that only all of them show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.simulate.truth import Truth
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, truth_of
from f2widgets.teaching.questions import Choice, Number, Product, Verdict, right, wrong

#: Faint are stars of so many sigma in the stack of all frames: the lowest of them are just found there.
_FAINT = 5.0, 9.0
#: Pixels of the seeing disc of a star in which its noise is counted.
_DISC = 24.0
#: Part of the faint stars that a good mask holds at least.
_GOOD = 0.5

#: The right answers to the choices.
_WARM = "The telescope itself: it is warm, and glows in the infrared."
_SAME = "Their sources lie on the same pixels, and would be taken for sky."


def faint_part(frames: Sequence[Frame], truth: Truth) -> float:
    """Return which part of the faint stars is flagged as a source.

    Parameters
    ----------
    frames : sequence of Frame
        Aligned frames of a night.
    truth : Truth
        Of the night.

    Returns
    -------
    float
        0 to 1, of stars with 5 to 9 sigma in the stack of all frames of the night.

    Raises
    ------
    WrongInputs
        If no such star lies in the frames.
    """
    table = truth.catalogue[np.asarray(truth.catalogue["kind"] == "star")]
    seconds = float(truth.frames["exptime"][0])
    sigma = np.sqrt(_DISC * float(np.mean(truth.frames["sky"])) * seconds / len(truth.frames))
    ratio = np.asarray(table["flux"], float) * seconds / sigma
    table = table[(ratio > _FAINT[0]) & (ratio < _FAINT[1])]
    found, number = 0, 0
    for frame in frames:
        if frame.wcs is None:
            raise WrongInputs(f"{frame.name} has no coordinates: give frames that were kept after align.")
        x, y = (np.rint(v).astype(int) for v in frame.wcs.world_to_pixel_values(table["ra"], table["dec"]))
        ny, nx = frame.shape
        inside = (x >= 0) & (x < nx) & (y >= 0) & (y < ny)
        mask = frame.mask[y[inside], x[inside]]
        seen = (mask & np.uint16(flags.UNUSABLE)) == 0
        found += int(((mask & np.uint16(flags.OBJECT)) != 0)[seen].sum())
        number += int(seen.sum())
    if not number:
        raise WrongInputs("No faint star of this night lies in these frames.")
    return found / number


def _check_mask(frames: Any, raw: Any) -> Verdict:
    """Say whether a mask holds the faint stars."""
    if not isinstance(frames, list | tuple) or not frames:
        raise WrongInputs("Give the list of the frames that were kept after a step.")
    every = [frame_of(one, "a frame that was kept after a step") for one in frames]
    part = faint_part(every, truth_of(raw))
    told = f"{100 * part:.0f} % of the faint stars are flagged in these frames"
    if part < _GOOD:
        return wrong(f"{told}: the rest is taken for sky. Which step looks at the mean of all?", part=part)
    return right(f"{told}, so that they are not in the sky.", part=part)


EXERCISES = [
    Exercise(
        "10.glow",
        "what glows?",
        "In K-red the sky is nearly twenty times as bright as in Y. What gives most of this light?",
        Choice(
            {
                _WARM: "Yes. So the light is steady, and even the shutter glows: K flats need no lamp.",
                "The moon.": "It is bright in the visible; at two micrometres its light hardly matters.",
                "Street lights.": "Cerro Pachon is dark, and lamps give little at two micrometres.",
                "The detector.": "Its dark current is subtracted with the dark, and is far below this.",
            },
            _WARM,
        ),
        (
            "What is the temperature of a telescope, and at which wavelength does it shine?",
            "Bodies at 280 K shine most at ten micrometres; some of it comes through at 2.3.",
            "It is the telescope.",
        ),
    ),
    Exercise(
        "10.same",
        "two frames at one place",
        "The eighteen frames have nine places. Why is a frame not used for the sky of the other one at its "
        "place?",
        Choice(
            {
                _SAME: "Yes. A dither that comes back gives no new sky: its faint sources would be halved.",
                "They were taken at the same time.": "They are nine frames apart.",
                "Their sky is brighter.": "In K it is the same to a percent.",
            },
            _SAME,
        ),
        (
            "Where does a star fall in both frames?",
            "On the same pixel. And what does the sky of one hold there, if the other is in it?",
            "The star itself, which is then subtracted from itself.",
        ),
    ),
    Exercise(
        "10.mask",
        "a mask of the faint",
        "Give the frames whose flags hold most of the faint stars.",
        Product(_check_mask),
        (
            "Frames were kept after two steps that flag sources.",
            "One looks at the quick median of all frames, the other at their mean.",
            "kept_after('flag_faint_objects').",
        ),
    ),
    Exercise(
        "10.deeper",
        "ten times as many",
        "How many magnitudes deeper is a stack of 175 frames than one of 18?",
        Number(
            2.5 * np.log10(np.sqrt(175 / 18)),
            "mag",
            0.05,
            [
                (
                    lambda deeper: 2 * deeper,
                    "This would be so if the noise did not add up: it does, as a root.",
                ),
                (lambda deeper: 10 ** (0.4 * deeper), "This is the factor; ask for it in magnitudes."),
            ],
        ),
        (
            "The noise of a mean falls with the root of the number.",
            "Take the root of 175 / 18, and make magnitudes of it.",
            "2.5 * np.log10(np.sqrt(175 / 18)) in mag.",
        ),
    ),
]
