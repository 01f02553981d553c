"""Exercises of the first notebook: what a checkpoint is, and how to answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2widgets.core.frame import Frame
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, truth_of
from f2widgets.teaching.lessons.dither import check_stack
from f2widgets.teaching.questions import Choice, Number, Point, Product, Verdict, right, wrong

#: Pixels by which one may miss when pointing at something.
_NEAR = 6.0


def _stack(stack: Any) -> Frame:
    """Return the image to point at."""
    return frame_of(stack, "your stack")


def _brightest(x: float, y: float, stack: Any) -> Verdict:
    """Say whether a place is that of the brightest source in the catalogue."""
    table = _stack(stack).tables["OBJCAT"]
    place = np.hypot(table["X_IMAGE"] - 1 - x, table["Y_IMAGE"] - 1 - y)
    rank = np.argsort(np.argsort(-np.asarray(table["FLUX_AUTO"])))
    nearest = int(np.argmin(place))
    if place[nearest] > _NEAR:
        return wrong("There is no source of the catalogue at this place.")
    if rank[nearest] == 0:
        return right("Yes, this is the brightest one.")
    return wrong(f"This one is number {rank[nearest] + 1} by brightness.")


def _seconds(raw: Any) -> float:
    """Return the exposure time of all science frames together."""
    return float(np.sum(truth_of(raw).frames["exptime"]))


EXERCISES = [
    Exercise(
        "00.raw",
        "what is in a raw frame?",
        "Most of the light in a raw science frame in the near infrared comes from",
        Choice(
            {
                "the stars and galaxies": "Read the scale beside the picture: a faint star "
                "stands out by some hundred ADU, and the level between the stars is above 5,000.",
                "the sky": "Yes. The air glows in the infrared, far brighter than most of what one looks "
                "for. This "
                "is why sky subtraction is the heart of such a reduction.",
                "the detector itself": "The dark current is below one electron per second in most pixels.",
                "the telescope's mirror": "Its warmth counts beyond 2 micrometres, in K; in Y and J it is "
                "small.",
            },
            "the sky",
        ),
        (
            "Look at the value between the stars.",
            "Compare the level of a dark of 120 s with that of a science frame of 120 s.",
            "The dark has some 50 ADU, the science frame above 5,000, and it is the same wherever there "
            "is no star: it comes from the foreground, which glows.",
        ),
    ),
    Exercise(
        "00.brightest",
        "find the brightest star",
        "Point at the brightest star in the stack.",
        Point(_brightest, _stack),
        (
            "The brightest is not always the largest: galaxies are large.",
            "Compare the heights of their peaks with the image inspector.",
            'Look into the catalogue: f2.read_frame(stack.path).tables["OBJCAT"], sorted by FLUX_AUTO. '
            "Its pixels "
            "are counted from 1.",
        ),
    ),
    Exercise(
        "00.seconds",
        "how long did the telescope look?",
        "How long was the target exposed in all, over the nine science frames?",
        Number(
            _seconds,
            "s",
            0.01,
            [
                (lambda all_of_them: all_of_them / 9, "This is one frame. There are nine."),
                (
                    lambda all_of_them: 4 * all_of_them,
                    "This counts all 36 raw frames; nine of them show the target.",
                ),
            ],
        ),
        (
            "The quality table has a line per science frame, and its first line sums up.",
            "Multiply the exposure time of a frame by the number of frames.",
            "Nine times 120 s. Minutes and hours are taken as well: 0.3 h.",
        ),
    ),
    Exercise(
        "00.stack",
        "is your stack right?",
        "Depth, sky, and the fluxes of the stars are compared with the truth of this night.",
        Product(check_stack),
        (
            "Did all nine science frames go in?",
            "Dark, mask and flat come first: run the cell with the four reductions from its top.",
            'stack = f2.reduce(night.science, user_cals={"bpm": bpm.path})',
        ),
    ),
]
