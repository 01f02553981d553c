"""Exercises about noise and quality."""

from __future__ import annotations

from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.detector import READ_NOISE
from f2widgets.core.frame import Frame
from f2widgets.core.noise import sum_sigma
from f2widgets.errors import WrongInputs
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of
from f2widgets.teaching.questions import Choice, Number

#: Side of the box whose noise is asked for, pixels.
_BOX = 7


def _flat_fielded(frame: Any) -> Frame:
    """Return a frame that still has its sky."""
    one = frame_of(frame, "a science frame after dark and flat")
    if one.unit != "electron":
        raise WrongInputs("Give a science frame in electrons, after the flat.")
    return one


def _expected(frame: Any) -> float:
    """Return the noise of a pixel by Poisson and the read-out, electrons."""
    one = _flat_fielded(frame)
    good = (one.mask & (flags.UNUSABLE | flags.PROBE)) == 0
    return float(np.sqrt(np.median(one.data[good]) + READ_NOISE["1"] ** 2))


def _gained(stack: Any) -> float:
    """Return by how much a stack is less noisy than a frame: the root of their number."""
    frame = frame_of(stack, "your stack")
    if "EXPMAP" not in frame.planes:
        raise WrongInputs("Give the stack that f2.reduce made of the science frames.")
    return float(np.sqrt(frame.planes["EXPMAP"].max() / frame.facts.exposure_time))


def _of_box(stack: Any) -> float:
    """Return sigma of a sum over a box in the middle of a stack, correlation included."""
    frame = frame_of(stack, "your stack")
    ny, nx = frame.shape
    return float(sum_sigma(frame, np.ones((_BOX, _BOX)), x=nx // 2, y=ny // 2))


def _naive(stack_sigma: float) -> float:
    """Return a number that stands for squares forgotten: too large by the root of the number of pixels."""
    return stack_sigma * _BOX


EXERCISES = [
    Exercise(
        "07.expected",
        "how noisy must a pixel be?",
        "From the level of the sky and the read noise of 11.7 electrons alone: what is the sigma of a "
        "pixel of this frame?",
        Number(
            _expected,
            "electron",
            0.03,
            [
                (lambda sigma: sigma**2, "This is the variance. Take its root."),
                (
                    lambda sigma: sigma**2 - READ_NOISE["1"] ** 2,
                    "This is the level. Its root is the noise of the photons.",
                ),
            ],
        ),
        (
            "Photons come one by one: of n that are expected, the root of n is the sigma.",
            "Add the squares of both noises, and take the root.",
            "np.sqrt(np.median(frame.data[frame.mask == 0]) + 11.7**2), in electron.",
        ),
    ),
    Exercise(
        "07.gain",
        "what is gained by nine frames?",
        "By what factor is the noise of the mean of nine frames smaller than that of one?",
        Number(
            _gained,
            "",
            0.05,
            [
                (
                    lambda root: root**2,
                    "The signal adds up so many times. The noise of the mean goes with the root.",
                ),
                (lambda root: root**4, "You have squared twice."),
            ],
        ),
        (
            "Variances add up.",
            "The sum of n frames has n times the variance; divide by n to have the mean.",
            "sigma / sqrt(n), so the factor is the root of nine.",
        ),
    ),
    Exercise(
        "07.box",
        "the noise of a sum",
        "What is sigma of the sum over a box of 7 x 7 pixels in the middle of your stack? Mind that its "
        "pixels are correlated.",
        Number(
            _of_box,
            "electron",
            0.03,
            [
                (
                    _naive,
                    "The sum of 49 pixels has 49 times the variance, not 49 times sigma squared of the "
                    "whole.",
                ),
                (lambda sigma: sigma / _BOX, "This is about the noise of one pixel."),
            ],
        ),
        (
            "To shift the frames by parts of a pixel, each new pixel was made of several old ones.",
            "So neighbours share their noise, and the sum has more of it than 7 times that of a pixel. "
            "The package knows how "
            "much.",
            "f2.sum_sigma(stack, np.ones((7, 7)), x=nx // 2, y=ny // 2)",
        ),
    ),
    Exercise(
        "07.correlated",
        "why is a pixel of the stack less noisy than it should be?",
        "Resampling makes single pixels of a stack less noisy than the photons allow. Where has the noise "
        "gone?",
        Choice(
            {
                "It was removed: resampling is a kind of denoising.": "No information was gained: a sum "
                "over many pixels "
                "is as noisy as before.",
                "Into the correlation: neighbours now share their noise.": "Yes. Averaging neighbours "
                "makes each smoother, "
                "and alike. Over a large aperture the sum has the noise it always had, so sigma of a "
                "pixel alone "
                "would promise too much.",
                "Into the sky that was subtracted.": "The sky is nearly without noise, and it was "
                "subtracted before.",
                "Into the flagged pixels.": "Flags take no noise away from the others.",
            },
            "Into the correlation: neighbours now share their noise.",
        ),
        (
            "Compare the noise of single pixels with that of sums over boxes.",
            "Sums over 49 independent pixels have 7 times the sigma of one. Measure it in an empty part "
            "of the stack.",
            "It is more than 7 times: neighbours fluctuate together.",
        ),
    ),
]
