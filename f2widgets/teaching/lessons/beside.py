"""Exercises about a target that fills the field, and the sky beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.detector import PIXEL_SCALE
from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.io.records import records
from f2widgets.simulate.catalogue import SPERGEL
from f2widgets.simulate.truth import Truth
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, must_be, truth_of
from f2widgets.teaching.questions import Choice, Number, Product, Verdict, right, wrong

#: The ring in which the faint light of the galaxy is measured, in half-light radii: bright enough to be
#: measured, and so far out that a wrong sky takes a large part of it.
_RING = 1.8, 3.0
#: Pixels around another source that are left out, and how much of the galaxy's light may be missing.
_AROUND, _MISSING = 7.0, 0.2

#: The right answers to the choices.
_SAME_PIXELS = "Its light falls on the same pixels in all of them, so the median takes it for sky."
_TWENTIETH = "By a twentieth, the root of 1 + 1/9."


def _apart(files: Any) -> float:
    """Return how far the field of the sky is from the target, arcsec, by the headers."""
    if isinstance(files, str | Path) or not all(isinstance(one, str | Path) for one in files):
        raise WrongInputs("Give the list of the frames, night.science.")
    found = [(row.descriptor("ra"), row.descriptor("dec")) for row in records(files)]
    places = np.radians([place for place in found if None not in place])
    if len(places) < 2:
        raise WrongInputs("These frames have no coordinates. Give night.science.")
    first, others = places[0], places[1:]
    north = others[:, 1] - first[1]
    east = (others[:, 0] - first[0]) * np.cos(first[1])
    away = np.degrees(np.hypot(north, east)) * 3600
    return float(np.median(away[away > away.max() / 2]))


def faint_light(frame: Frame, truth: Truth) -> float:
    """Return the measured over the true light of the large galaxy in a ring far out.

    Parameters
    ----------
    frame : Frame
        A stack of the night.
    truth : Truth
        Of the night.

    Returns
    -------
    float
        1 for a stack that has all of it. The ring goes from 1.8 to 3 half-light radii; other sources are
        left out.

    Raises
    ------
    WrongInputs
        If the night has no such galaxy, or the stack no coordinates.
    """
    catalogue = truth.catalogue
    index = int(np.argmax(catalogue["re"]))
    radius = float(catalogue["re"][index]) / PIXEL_SCALE[0]
    if frame.wcs is None or radius < _AROUND:
        raise WrongInputs("Give a stack of the night with the large galaxy, and its folder of raw frames.")
    x, y = frame.wcs.world_to_pixel_values(catalogue["ra"], catalogue["dec"])
    rows, columns = np.indices(frame.shape)
    away = np.hypot(columns - x[index], rows - y[index]) / radius
    ring = (away > _RING[0]) & (away < _RING[1]) & ((frame.mask & (flags.UNUSABLE | flags.PROBE)) == 0)
    for k in np.flatnonzero(np.hypot(x - x[index], y - y[index]) < (_RING[1] + 1) * radius):
        if k != index:
            ring &= np.hypot(columns - x[k], rows - y[k]) > _AROUND
    if not ring.any():
        raise WrongInputs("Nothing is left of the ring around the galaxy: is this the stack of the night?")
    disc = _disc(frame, truth, index, radius, ring)
    # The median is not moved by the wings of the sources beside.
    return 1 + float(np.median(frame.data[ring] - disc)) / float(disc.mean())


def _disc(frame: Frame, truth: Truth, index: int, radius: float, where: Any) -> Any:
    """Return the true light of an exponential disc in some pixels of a stack, electrons."""
    assert frame.wcs is not None
    row = truth.catalogue[index]
    scale = radius / SPERGEL[float(row["sersic"])][1]
    x, y = (float(v) for v in frame.wcs.world_to_pixel_values(row["ra"], row["dec"]))
    rows, columns = np.nonzero(where)
    # The long axis, from north towards east, as it lies on the pixels.
    north = np.array([np.cos(np.radians(row["pa"])), np.sin(np.radians(row["pa"]))])
    along = np.linalg.inv(frame.wcs.pixel_scale_matrix) @ north[::-1]
    along /= np.hypot(*along)
    long = (columns - x) * along[0] + (rows - y) * along[1]
    across = (rows - y) * along[0] - (columns - x) * along[1]
    ratio = float(row["axis_ratio"])
    ellipse = np.hypot(long * np.sqrt(ratio), across / np.sqrt(ratio))
    frames = truth.frames
    flux = float(row["flux"]) * float(frames["exptime"][0]) * float(np.mean(frames["transparency"]))
    return flux / (2 * np.pi * scale**2) * np.exp(-ellipse / scale)


def _check_light(stack: Any, raw: Any) -> Verdict:
    """Say whether the galaxy has kept its faint light."""
    frame = frame_of(stack, "your stack")
    must_be(frame, "PROCESSED_SCIENCE")
    part = faint_light(frame, truth_of(raw))
    if part < 1 - _MISSING:
        return wrong(
            f"Far out the galaxy has {100 * part:.0f} % of its light: the rest went with the sky. Which "
            "frames was that sky made from, and was a surface fitted below the galaxy?",
            part=part,
        )
    if part > 1 + _MISSING:
        return wrong(
            f"Far out the galaxy has {100 * part:.0f} % of its light: there is sky left in the stack.",
            part=part,
        )
    return right(f"Far out the galaxy has {100 * part:.0f} % of its light, within the noise all.", part=part)


EXERCISES = [
    Exercise(
        "11.apart",
        "how far beside?",
        "How far from the target is the field in which the sky is seen?",
        Number(
            _apart,
            "arcsec",
            0.2,
            [(lambda apart: apart / PIXEL_SCALE[0], "This is in pixels: multiply by their size.")],
        ),
        (
            "The table of ra and dec has two groups of places.",
            "Take differences from the first frame; degrees to the east shrink with "
            "the cosine of the declination, and a degree has 3600 arcsec.",
            "3600 * np.hypot((ra - ra[0]) * np.cos(np.radians(dec[0])), dec - dec[0]), the larger group.",
        ),
    ),
    Exercise(
        "11.why",
        "why not its own sky?",
        "Why can the nine frames of the galaxy not be their own sky, as those of Example 1 are?",
        Choice(
            {
                _SAME_PIXELS: "Yes. A dither of some arcsec moves a star off its place, but not a galaxy.",
                "It is too bright for the detector.": "Its centre has a tenth of the light of the sky.",
                "The sky changes too much between them.": "It changes here as it does in Example 1.",
                "A galaxy has no sharp edge to align by.": "Frames are aligned by stars.",
            },
            _SAME_PIXELS,
        ),
        (
            "In Example 1, what did a pixel show in most of the nine frames?",
            "Compare the size of the galaxy with the steps of the dither.",
            "The galaxy is wider than the dither: at its middle no frame shows sky.",
        ),
    ),
    Exercise(
        "11.light",
        "has the galaxy kept its light?",
        "Give a stack in which the faint outskirts of the galaxy have all of their light.",
        Product(_check_light),
        (
            "Compare the two pictures: which one has a dark ring around the galaxy?",
            "The sky must come from frames in which there is no galaxy.",
            "night.reduce(calibrations) of all frames does it; so does no fit of a surface below the galaxy.",
        ),
    ),
    Exercise(
        "11.noise",
        "the noise of the sky beside",
        "The sky that is subtracted from each frame is the mean of nine frames beside, the same for all. "
        "Nine dithered frames of the target are averaged. By how much does the noise of the stack grow over "
        "that with a sky without noise?",
        Choice(
            {
                _TWENTIETH: "Yes. The dither brings the noise of nine places of the sky to each place of the "
                "stack: it averages away as that of the target does.",
                "By the root of two.": "So it would be without a dither: the noise of the sky would lie at "
                "the same place in all nine frames. What does the dither do to it?",
                "Not at all: nine frames of sky average it away.": "They leave a third of the noise of a "
                "frame, and variances add.",
                "It doubles.": "Variances add, not sigmas.",
            },
            _TWENTIETH,
        ),
        (
            "Variances add. What is subtracted from one frame has a ninth of its variance.",
            "The sky is the same on the detector, not on the sky: by the dither it comes to nine places.",
            "For each frame and so for their average: the root of 1 + 1/9.",
        ),
    ),
]
