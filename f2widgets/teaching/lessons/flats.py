"""Exercises about flats."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, must_be
from f2widgets.teaching.lessons.dither import check_flat
from f2widgets.teaching.questions import Choice, Number, Point, Product, Verdict, right, wrong

#: Response below which a pixel is called deaf at first sight.
_DEAF = 0.8


def _image(flat: Any) -> Frame:
    """Return the flat to point at."""
    frame = frame_of(flat, "your master flat")
    must_be(frame, "FLAT")
    return frame


def _deaf(x: float, y: float, flat: Any) -> Verdict:
    """Say whether a place is on a pixel that responds little, or beside one."""
    frame = _image(flat)
    row, column = round(y), round(x)
    if frame.mask[row, column] & 64:
        return wrong(
            "This lies outside the lit circle: no light comes here, so nobody knows how it responds."
        )
    near = frame.data[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
    lowest = float(near.min())
    if lowest < _DEAF:
        return right(
            f"Yes: it gives {100 * lowest:.0f} % of what others give for the same light.", response=lowest
        )
    return wrong(f"Here every pixel gives at least {100 * lowest:.0f} %.", response=lowest)


def _electrons(on: Any, off: Any) -> float:
    """Return the light of the lamp in a pixel, percent accuracy that its photons allow."""
    one, other = frame_of(on, "a flat with the lamp on"), frame_of(off, "a flat with the lamp off")
    if one.unit != "adu" or other.unit != "adu":
        raise WrongInputs("Give two raw flats, one with the lamp on and one with the lamp off.")
    gain = one.facts.gain or 1.0
    light = gain * float(np.median(one.data) - np.median(other.data))
    if light <= 0:
        raise WrongInputs(
            "The first of these is not brighter than the second: give lamp on first, then lamp off."
        )
    return 100 / float(np.sqrt(light))


EXERCISES = [
    Exercise(
        "04.noise",
        "how good is one flat?",
        "From the photons alone: to how many percent does one flat with the lamp on tell the response of "
        "a pixel?",
        Number(
            _electrons,
            "percent",
            0.1,
            [
                (lambda p: p * 4.44**0.5, "This counts ADU as if they were electrons: mind the gain."),
                (lambda p: p / 2, "This is for four flats. The question is about one."),
            ],
        ),
        (
            "Of n electrons the root of n is noise.",
            "The relative noise is one over the root of the number of electrons that the lamp gives.",
            "100 / np.sqrt(4.44 * (np.median(on.data) - np.median(off.data))), in percent.",
        ),
    ),
    Exercise(
        "04.flat",
        "your master flat",
        "The flat is compared with the true response of each pixel.",
        Product(check_flat),
        (
            "It needs lamp on and lamp off.",
            "All ten flats in Y go in together; the headers tell which is which.",
            "flat = f2.reduce(night.flats)",
        ),
    ),
    Exercise(
        "04.deaf",
        "find a deaf pixel",
        "Point at a pixel in the master flat that gives less than 80 % of what others give.",
        Point(_deaf, _image),
        (
            "A deaf pixel is a dark dot; some stand in a row or in a cluster.",
            "Look at where the flat is lowest within the circle.",
            "np.argwhere((flat.data < 0.8) & (flat.mask & 64 == 0)) lists row and column, which are y and x.",
        ),
    ),
    Exercise(
        "04.add",
        "what does a flat mend?",
        "Which of these does dividing by the flat put right?",
        Choice(
            {
                "the zero levels of the amplifiers": "They are added. What is added must be subtracted, "
                "before.",
                "that each pixel responds differently": "Yes: what multiplies is divided out: the pixels' "
                "response, "
                "dust on the way, and the darkening towards the edge.",
                "the light of the sky": "It is added, too, and it is light as good as that of stars. It "
                "is divided "
                "like theirs, and still there.",
                "the shadow of the guide probe": "The probe does not stand in the lamp's light when the "
                "flats are "
                "taken, and it moves.",
            },
            "that each pixel responds differently",
        ),
        (
            "Does it add something, or multiply?",
            "The flat is a response: a ratio.",
            "What does not depend on how much light comes is not mended by a division.",
        ),
    ),
]
