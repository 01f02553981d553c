"""Exercises about aligning, resampling and stacking."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.io.read import read_frame
from f2widgets.quality import quality_table
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, must_be, spread, truth_of
from f2widgets.teaching.questions import Choice, Number, Point, Product, Verdict, right, wrong

#: Pixels by which a shift may be off to be right, and to be taken for another one that one gets by a mistake.
_RIGHT, _SAME = 0.1, 1.0
#: Pixels around a place in which a ghost is looked for, and in which a star may lie that explains it.
_AROUND, _STAR = 2, 4
#: Sigma of a pixel by which a source stands out.
_STANDS_OUT = 6.0

#: The right answers to the choices.
_WIDER = "It widens the stars, and the noise only moves into what neighbours share."
_HALF = "half as much as the others"


def _check_shift(shift: Any, frame: Any, raw: Any) -> Verdict:
    """Hold a frame's shift against the first one of the night against the true one."""
    mine, one, truth = _pair(shift), frame_of(frame, "a science frame without its sky"), truth_of(raw)
    files = [Path(raw) / str(name) for name in truth.frames["filename"]]
    row = next((k for k, file in enumerate(files) if one.name.startswith(file.stem)), None)
    if row is None:
        raise WrongInputs(f"{one.name} is none of the science frames of this night.")
    true = np.array([truth.frames["dx"][row], truth.frames["dy"][row]])
    off = float(np.hypot(*(mine - true)))
    if off < _RIGHT:
        return right(f"Right to {off:.2f} pixels.", off=off)
    if np.hypot(*(mine - _header_shift(files[0], files[row]))) < _RIGHT:
        return wrong(
            f"This is what the headers say. The telescope was {off:.2f} pixels away from it: ask the stars.",
            off=off,
        )
    if off < _SAME:
        return wrong(
            f"Close, and off by {off:.2f} pixels: take the median of the pairs in the clump, not the middle "
            "of a cell.",
            off=off,
        )
    if np.hypot(*(mine + true)) < _SAME:
        return wrong(
            "This is the first frame against the second. Where is a star of the first found in the second?",
            off=off,
        )
    if np.hypot(*(mine[::-1] - true)) < _SAME:
        return wrong("x and y are exchanged: an array has its rows, y, first.", off=off)
    return wrong(f"Off by {off:.0f} pixels: no clump of pairs lies there.", off=off)


def _pair(shift: Any) -> Any:
    """Return what a learner gives as a shift."""
    try:
        pair = np.asarray(shift, float)
    except (TypeError, ValueError):
        raise WrongInputs(f"Give the shift as two numbers, (dx, dy), not a {type(shift).__name__}.") from None
    if pair.shape != (2,) or not np.isfinite(pair).all():
        raise WrongInputs("Give the shift as two numbers in pixels: (dx, dy).")
    return pair


def _header_shift(first: Path, other: Path) -> Any:
    """Return the shift by the headers of two raw frames, at their middle."""
    one, two = read_frame(first), read_frame(other)
    if one.wcs is None or two.wcs is None:
        return np.full(2, np.inf)
    middle = [[one.shape[1] / 2, one.shape[0] / 2]]
    return (two.wcs.all_world2pix(one.wcs.all_pix2world(middle, 0), 0) - middle)[0]


def _stack(stack: Any) -> Frame:
    """Return a stack."""
    frame = frame_of(stack, "your stack")
    must_be(frame, "PROCESSED_SCIENCE")
    return frame


def _linear_noise(stack: Any) -> float:
    """Return the part of a pixel's sigma that linear interpolation leaves in the second frame."""
    table = quality_table(_stack(stack))
    if len(table) < 2:
        raise WrongInputs("This stack has one frame only. Give the stack of all.")
    part = np.array([table["dx"][1] % 1, table["dy"][1] % 1])
    return float(np.sqrt(np.prod(part**2 + (1 - part) ** 2)))


def _farthest(stack: Any) -> float:
    """Return how many of their own sigma one of the values of a pixel can lie from their mean."""
    return float(np.sqrt(len(quality_table(_stack(stack))) - 1))


def _ghost(x: float, y: float, ghosts: Any, mended: Any) -> Verdict:
    """Say whether a place shows something that the mended stack does not have there."""
    seen, other = _stack(ghosts), _stack(mended)
    if seen.wcs is None or other.wcs is None:
        raise WrongInputs("These stacks have no coordinates. Give what f2.reduce returned.")
    here = _height(seen, x, y, _AROUND)
    if here < _STANDS_OUT:
        return wrong("Nothing stands out of the noise here.", height=here)
    there = other.wcs.all_world2pix(seen.wcs.all_pix2world([[x, y]], 0), 0)[0]
    if _height(other, float(there[0]), float(there[1]), _STAR) > 0.5 * here:
        return wrong("The mended stack has a source here as well: this one is real.", height=here)
    return right("Yes: nothing is at this place of the sky. It is the light of one frame only.", height=here)


def _height(frame: Frame, x: float, y: float, reach: int) -> float:
    """Return the highest pixel around a place over the noise; where nothing was seen it is 0."""
    ny, nx = frame.shape
    rows, columns = (slice(max(round(v) - reach, 0), max(round(v) + reach + 1, 0)) for v in (y, x))
    part = frame.data[rows, columns]
    sky = (frame.mask & (flags.UNUSABLE | flags.PROBE)) == 0
    if not part.size or not sky.any() or not (0 <= round(x) < nx and 0 <= round(y) < ny):
        return 0.0
    return float(part.max() - np.median(frame.data[sky])) / spread(frame.data[sky])


EXERCISES = [
    Exercise(
        "06.shift",
        "by how much has the telescope moved?",
        "Give the shift of the second frame against the first, (dx, dy) in pixels.",
        Product(_check_shift),
        (
            "All pairs that belong together have the same difference.",
            "Take differences second minus first, find the fullest cell, and the median of the pairs in it.",
            "shift = clump(dx, dy), with dx and dy as they were drawn.",
        ),
    ),
    Exercise(
        "06.linear",
        "what linear interpolation leaves",
        "The second frame is interpolated linearly by the parts of a pixel of its own dx and dy, as the "
        "quality table has them. Which part of the sigma of a pixel is left?",
        Number(
            _linear_noise,
            "",
            0.03,
            [
                (lambda part: part**2, "This is what is left of the variance. Take its root."),
                (lambda part: 1.0, "All of it would be left for a shift by whole pixels."),
            ],
        ),
        (
            "Only the parts of a pixel count: dx % 1 and dy % 1.",
            "The weights along x are 1 - p and p. The variance is multiplied by the sum of their squares, "
            "along x and along y.",
            "np.sqrt((px**2 + (1 - px)**2) * (py**2 + (1 - py)**2)), with px = quality['dx'][1] % 1.",
        ),
    ),
    Exercise(
        "06.interpolant",
        "why not always the smoothest?",
        "A stack made with linear interpolation has the lowest noise in each pixel. Why is it not the "
        "best one?",
        Choice(
            {
                _WIDER: "Yes. A sum over the pixels of a star is as noisy as before, and the star reaches "
                "over more of them.",
                "It is the best one: less noise is always better.": "Look at sigma of the sum over 7 x 7 "
                "pixels.",
                "It needs more time.": "It needs the least but for the nearest pixel.",
                "It loses the light of stars.": "Its weights add up to 1, like those of the others: light "
                "is moved, and not lost.",
            },
            _WIDER,
        ),
        (
            "Compare three numbers of the what-if: noise, sum, width.",
            "Which of them stays the same whatever the kernel?",
            "The sum does. So what has become lower with the noise of a pixel must have gone elsewhere.",
        ),
    ),
    Exercise(
        "06.clip",
        "how far can one value lie?",
        "By how many sigma can one value lie from the mean of as many as your stack has frames, at most, if "
        "sigma is that of these values themselves (np.std)?",
        Number(
            _farthest,
            "",
            0.02,
            [
                (lambda far: far**2, "This is its square."),
                (lambda far: (far**2 + 1) / far, "This is the distance from the median of the others."),
                (
                    lambda far: far**2 / np.sqrt(far**2 + 1),
                    "This is for a sigma that divides by n - 1 (ddof=1).",
                ),
            ],
        ),
        (
            "A value that is far out makes the sigma large itself.",
            "Make the cosmic ray brighter and brighter, and look at the largest of the nine numbers.",
            "It goes to the root of n - 1. So a limit of three sigma is never reached by one of nine values.",
        ),
    ),
    Exercise(
        "06.weight",
        "twice the sky",
        "The sky of one frame is twice as bright as that of the others. How much should it count?",
        Choice(
            {
                "as much as the others": "Its noise is higher: look where the dotted line goes.",
                _HALF: "Yes: its variance is twice that of the others, and the weight is one over it.",
                "0.71 as much as the others": "This is one over sigma. Weights go with one over its square.",
                "not at all": "It has seen the same stars. What it adds is less than the others' share, but "
                "more than nothing.",
            },
            _HALF,
        ),
        (
            "The noise of a frame is that of its sky.",
            "Twice the sky has twice the variance.",
            "The weight that makes the noise of the mean lowest is one over the variance.",
        ),
    ),
    Exercise(
        "06.ghost",
        "find a ghost",
        "Point at something in the stack with the wrong header that is not there on the sky.",
        Point(_ghost, lambda ghosts, mended: _stack(ghosts)),
        (
            "One frame of nine lies in the wrong place, with all of its stars.",
            "Each bright star has a faint copy, all of them in the same direction and at the same distance.",
            "The distance is the step from the third to the fourth frame: compare dx and dy in the quality "
            "table.",
        ),
    ),
]
