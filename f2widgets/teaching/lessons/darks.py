"""Exercises about darks and bad pixels."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2widgets.core.detector import AMPLIFIERS, GAIN
from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, spread, truth_of
from f2widgets.teaching.lessons.dither import judge_mask
from f2widgets.teaching.questions import Choice, Number, Point, Product, Verdict, right, wrong

#: Electrons per second by which a pixel stands out of a dark of 120 s at first sight.
_HOT = 10.0


def _difference(first: Any, second: Any) -> float:
    """Return the read noise in electrons from two short darks, amplifier by amplifier."""
    one, two = frame_of(first, "a short dark"), frame_of(second, "another short dark")
    if np.array_equal(one.data, two.data):
        raise WrongInputs(
            "These are the same frame twice, and their difference is zero. Give two different darks."
        )
    gain = GAIN if one.unit == "adu" else 1.0
    strips = np.split((one.data - two.data) * gain, AMPLIFIERS, axis=1)
    return float(np.median([spread(strip) for strip in strips])) / float(np.sqrt(2))


def _dark_image(dark: Any) -> Frame:
    """Return the dark to point at."""
    return frame_of(dark, "a dark")


def _point_at_hot(x: float, y: float, dark: Any) -> Verdict:
    """Say whether a place is on a hot pixel, or beside one."""
    frame = _dark_image(dark)
    row, column = round(y), round(x)
    around = frame.data[max(row - 15, 0) : row + 16, max(column - 15, 0) : column + 16]
    near = frame.data[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    seconds = max(frame.facts.exposure_time, 1.0)
    above = float(near.max() - np.median(around)) * (GAIN if frame.unit == "adu" else 1.0) / seconds
    if above > _HOT:
        return right(
            f"Yes: it collects {above:.0f} electrons a second more than its neighbours.", above=above
        )
    return wrong(
        f"Here no pixel stands out by more than {max(above, 0):.1f} electrons a second.", above=above
    )


def _check_own_mask(mask: Any, raw: Any) -> Verdict:
    """Hold a learner's own mask, True for bad, against the pixels that are truly bad."""
    truth = truth_of(raw)
    if not isinstance(mask, np.ndarray):
        raise WrongInputs(f"Give a mask as an array of True and False, not a {type(mask).__name__}.")
    if mask.dtype != bool:
        raise WrongInputs(
            f"The mask must be of True and False, not {mask.dtype}: compare with a limit, as in data > 20."
        )
    if mask.shape != truth.flat.shape:
        raise WrongInputs(f"The mask has the shape {mask.shape}, the detector {truth.flat.shape}.")
    hot = (truth.dark > 15) & truth.lit
    good = (truth.bad == 0) & truth.lit
    found, false = float(mask[hot].mean()), float(mask[good].mean())
    if found < 0.9:
        return wrong(
            f"{100 * found:.0f} % of the hot pixels are in it. The limit is too high.",
            found=found,
            false=false,
        )
    if false > 0.001:
        return wrong(
            f"{100 * found:.0f} % of the hot pixels are in it, and {100 * false:.1f} % of the good ones: "
            f"the limit is too "
            "low, or the level of the amplifiers was left in.",
            found=found,
            false=false,
        )
    verdict = judge_mask(mask, truth)
    more = " It finds the deaf pixels as well!" if verdict.right else " Deaf pixels need a flat."
    return right(
        f"{100 * found:.0f} % of the hot pixels, and {100 * false:.3f} % of the good ones.{more}",
        found=found,
        false=false,
    )


EXERCISES = [
    Exercise(
        "03.scaling",
        "can a short dark stand in for a long one?",
        "The darks of 2 s, times 60, would be darks of 120 s. Why does one not do this?",
        Choice(
            {
                "Nothing speaks against it.": "Try it: multiply the master of 2 s by 60 and compare with "
                "the one of 120 s.",
                "The zero level and the read noise would be multiplied as well.": "Yes. A dark is level "
                "plus current "
                "times time. Only the current grows; the level, some 160 electrons here, would become "
                "9,600, and the "
                "read noise sixty times what it is.",
                "The dark current depends on the temperature.": "It does, but the array is kept at one "
                "temperature, "
                "and long darks of another night would suffer as much.",
                "Hot pixels saturate.": "A few might, in long darks. It is not what forbids to scale the "
                "short ones.",
            },
            "The zero level and the read noise would be multiplied as well.",
        ),
        (
            "What does a dark of 0 s show?",
            "Plot the median of a dark against its exposure time, with the two times that there are.",
            "level + rate * 2 s and level + rate * 120 s: solve for both, and multiply the first by 60.",
        ),
    ),
    Exercise(
        "03.read_noise",
        "the read noise",
        "Take two darks of 2 s. What is the read noise of one of them, in electrons?",
        Number(
            _difference,
            "electron",
            0.2,
            [
                (lambda e: e / GAIN, "This is in ADU, though you say electrons: multiply by the gain, 4.44."),
                (
                    lambda e: e * float(np.sqrt(2)),
                    "This is the noise of the difference. Two frames have gone into it: divide by the "
                    "root of two.",
                ),
                (
                    lambda e: e * float(np.sqrt(2)) / GAIN,
                    "Mind the gain, and that a difference has the noise of two.",
                ),
                (lambda e: e * e, "This is the variance. The noise is its root."),
            ],
        ),
        (
            "What is the same in two darks goes away in their difference; what is left is noise.",
            "Take the spread of the difference without its outliers, and think of how noise adds up.",
            "f2widgets.teaching.given.spread(a.data - b.data) / 2**0.5 * 4.44, best within one amplifier.",
        ),
    ),
    Exercise(
        "03.hot",
        "find a hot pixel",
        "Point at a hot pixel in this dark.",
        Point(_point_at_hot, _dark_image),
        (
            "A hot pixel is a single bright dot.",
            "Zoom in with the browser, or move the cross with the arrows.",
            "np.unravel_index(np.argmax(dark.data), dark.shape) gives row and column, which are y and x.",
        ),
    ),
    Exercise(
        "03.mask",
        "your own mask of hot pixels",
        "Make an array that is True where a pixel is hot, above 15 electrons a second, from darks.",
        Product(_check_own_mask),
        (
            "Hot pixels stand far out of a dark; amplifiers differ in level by some.",
            "Subtract the short master dark from the long one, so that the levels go away; what is left "
            "is current.",
            "(long.data - short.data) / 118 > 12",
        ),
    ),
]
