"""Exercises about the sky."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.detector import GAIN
from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.simulate import light
from f2widgets.simulate.render import objects
from f2widgets.simulate.sequence import conditions
from f2widgets.simulate.truth import settings_of
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, truth_of
from f2widgets.teaching.questions import Choice, Number, Product, Verdict, right, wrong

#: The right answer to what becomes of a star in its own sky.
_NINTH = "It loses a ninth of its light, and holes appear where it is in the other frames."


def _rate(frame: Any) -> float:
    """Return the sky in electrons per second and pixel."""
    one = frame_of(frame, "a science frame after dark and flat")
    if one.unit != "electron" or not one.facts.exposure_time:
        raise WrongInputs(
            "Give a science frame after the flat, as reduce keeps it with keep=['divide_flat']."
        )
    good = (one.mask & (flags.UNUSABLE | flags.PROBE)) == 0
    return float(np.median(one.data[good])) / one.facts.exposure_time


def _check_own_sky(sky: Any, frame: Any, raw: Any) -> Verdict:
    """Hold a learner's own sky for a frame against the true one."""
    one, truth = frame_of(frame, "the frame that the sky is for"), truth_of(raw)
    if not isinstance(sky, np.ndarray) or sky.shape != one.shape:
        kind = f"an array of shape {sky.shape}" if isinstance(sky, np.ndarray) else f"a {type(sky).__name__}"
        raise WrongInputs(f"Give the sky as an array of {one.shape[0]} x {one.shape[1]} pixels, not {kind}.")
    true, stars = _true_light(one, raw)
    good = truth.lit & (truth.bad == 0) & ((one.mask & (flags.UNUSABLE | flags.PROBE)) == 0)
    off = (sky - true) / true
    level = float(np.median(off[good]))
    if abs(level) > 0.5:
        return wrong(
            "Its level is of another order than the sky: is it per second, or in raw counts?", level=level
        )
    if abs(level) > 0.003:
        return wrong(
            f"Its level is off by {100 * level:+.1f} %. The sky changes from frame to frame: bring the "
            f"others to the level "
            "of this one first.",
            level=level,
        )
    bright = good & (stars > 0.05 * true)
    eaten = float(np.median(((sky - true) / np.maximum(stars, 1))[bright])) if bright.any() else 0.0
    if eaten > 0.05:
        return wrong(
            f"The stars of this frame are in its own sky: {100 * eaten:.0f} % of their light would be "
            f"subtracted. Leave "
            "the frame itself out.",
            eaten=eaten,
        )
    tail = float(np.percentile(off[good], 99.5))
    if tail > 0.05:
        return wrong(
            "There are stars in it, from the other frames: take the median, not the mean.", tail=tail
        )
    return right(
        f"A good sky: right to {100 * abs(level):.2f} %, and no star of this frame is in it.", level=level
    )


def _true_light(frame: Frame, raw: Any) -> tuple[Any, Any]:
    """Return the true sky and the true light of the objects in a frame, electrons."""
    settings = settings_of(Path(raw))
    assert settings is not None
    found = [now for now in conditions(settings) if frame.name.startswith(now.exposure.name)]
    if not found:
        raise WrongInputs(f"{frame.name} is none of the science frames of this night.")
    now, night = found[0], light.draw(settings)
    seconds = now.exposure.seconds
    stars = objects(night.catalogue, now.pointing, now.fwhm, settings.size) * now.transparency
    return light.sky(settings, now) * seconds, stars * seconds


EXERCISES = [
    Exercise(
        "05.rate",
        "how bright is the sky?",
        "How many electrons does the sky give in each pixel every second, in the first frame after dark "
        "and flat?",
        Number(
            _rate,
            "electron / s",
            0.03,
            [
                (lambda rate: 120 * rate, "This is for the whole exposure of 120 s."),
                (
                    lambda rate: rate / GAIN,
                    "This is in ADU per second. After the flat the frames are in electrons.",
                ),
                (lambda rate: 120 * rate / GAIN, "This is in ADU, for the whole exposure."),
            ],
        ),
        (
            "Most pixels show nothing but sky.",
            "Take the median of the good pixels, and the exposure time from the facts of the frame.",
            "np.median(frame.data[frame.mask == 0]) / frame.facts.exposure_time, in electron / s.",
        ),
    ),
    Exercise(
        "05.own_sky",
        "your own sky",
        "Make the sky of the first frame from the others, and hold it against the true one.",
        Product(_check_own_sky),
        (
            "Each frame sees the sky beside the stars, at a level that changes with time.",
            "Bring the other frames to the level of this one by their medians, then combine them so that "
            "stars drop out.",
            "np.median([f.data * (level(first) / level(f)) for f in others], axis=0), where level is the "
            "median of the good "
            "pixels.",
        ),
    ),
    Exercise(
        "05.self",
        "what if a frame is in its own sky?",
        "The sky of a frame is the mean of all nine frames, itself included. What happens to a star when "
        "it is subtracted?",
        Choice(
            {
                "Nothing: a star is in another place in each frame.": "It is in one of the nine: the "
                "frame itself.",
                _NINTH: "Yes. The star is in the mean with a ninth of its light. A median keeps most of this "
                "away, but not all: the frame itself is best left out, or its stars masked.",
                "It disappears.": "Only if it were in the same place in all frames.",
                "It gets brighter.": "What is subtracted makes nothing brighter.",
            },
            _NINTH,
        ),
        (
            "Follow one pixel in which this frame has a star, and the other eight have sky.",
            "Write the mean of eight times s and once s + f.",
            "It is s + f / 9. Subtract it from s + f.",
        ),
    ),
    Exercise(
        "05.dither",
        "how far must one dither?",
        "By how much must the telescope move between frames, at least, for the sky to be made from them?",
        Choice(
            {
                "by less than a pixel": "Then each star stays where it is, and is taken for sky.",
                "by more than the size of what one looks at": "Yes: only then each pixel sees the sky in "
                "most of the "
                "frames. For a galaxy that fills the field no dither is enough; one needs frames of a "
                "field beside it.",
                "by half the field": "This would do, but most of the field would be seen by few frames.",
                "it does not matter": "Look again at what a median does with a star that stays on its pixel.",
            },
            "by more than the size of what one looks at",
        ),
        (
            "In how many frames may a star cover the same pixel before the median is a star?",
            "In fewer than half. So where must it be in the others?",
            "Elsewhere, with all of its light: the step must be larger than the star, wings included.",
        ),
    ),
]
