"""Exercises of the walk from raw frames to the stack: each product is held against the truth of its night."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.detector import GAIN
from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.io.read import open_frame
from f2widgets.quality import empty_sky
from f2widgets.simulate.sequence import conditions
from f2widgets.simulate.truth import Truth, settings_of
from f2widgets.teaching.exercise import Exercise
from f2widgets.teaching.given import frame_of, must_be, same_array, spread, truth_of
from f2widgets.teaching.questions import Choice, Point, Product, Verdict, right, wrong

#: Noise of one raw dark in electrons, read-out and amplifiers together; an average of n has this over root n.
_ONE_DARK = 13.3
#: Response by which a pixel is surely bad, and dark current, electrons per second, by which it is surely hot.
_DEAF, _KEEN, _HOT = 0.65, 1.35, 15.0
#: Stars to compare: the brightest so many, by magnitudes of this radius in pixels, this far from others that
#: have at least this part of their light.
_STARS, _RADIUS, _ALONE, _RIVAL = 15, 8.0, 24.0, 0.02


def check_dark(dark: Any, raw: Any) -> Verdict:
    """Hold a master dark against the true dark current and pedestals."""
    truth, frame = truth_of(raw), frame_of(dark, "your master dark")
    must_be(frame, "DARK")
    same_array(frame, truth)
    wanted = float(truth.frames["exptime"][0])
    seconds = frame.facts.exposure_time or wanted
    if seconds != wanted:
        return wrong(
            f"These darks are of {seconds:g} s. The science frames are of {wanted:g} s, and so must be "
            f"theirs."
        )
    expected = truth.pedestal * GAIN + truth.dark * wanted
    lit = truth.lit & (truth.bad == 0)
    off = (frame.data - expected)[lit]
    level, noise = float(np.median(off)), spread(off)
    if abs(np.median(frame.data[lit]) * GAIN - np.median(expected[lit])) < 10 and abs(level) > 50:
        return wrong("This is in raw counts (ADU). Multiply by the gain, or let the recipe do it.")
    if abs(level) > 10:
        return wrong(
            f"Its level is off by {level:+.0f} electrons. Are flats or science frames among the darks?",
            level=level,
        )
    frames = (_ONE_DARK / noise) ** 2
    if frames < 5:
        return wrong(
            f"It is right, but its noise of {noise:.1f} electrons is that of about {max(frames, 1):.0f} "
            f"frames. There "
            "are ten darks of 120 s: use all of them.",
            noise=noise,
        )
    return right(
        f"A good dark: true to {abs(level):.1f} electrons, with a noise of {noise:.1f}; a single one has "
        f"{_ONE_DARK:g}.",
        noise=noise,
    )


def check_bpm(bpm: Any, raw: Any) -> Verdict:
    """Hold a mask of bad pixels against the pixels that are truly bad."""
    truth, frame = truth_of(raw), frame_of(bpm, "your mask of bad pixels")
    must_be(frame, "BPM")
    same_array(frame, truth)
    found = (frame.mask & flags.BAD) != 0
    return judge_mask(found, truth)


def judge_mask(found: Any, truth: Truth) -> Verdict:
    """Judge which pixels are called bad: how many of the surely bad are, and how many of the good."""
    hot = (truth.dark > _HOT) & truth.lit
    odd = ((truth.bad & 6) != 0) & ((truth.flat < _DEAF) | (truth.flat > _KEEN)) & truth.lit
    good = (truth.bad == 0) & truth.lit
    kept = {
        "hot": float(found[hot].mean()),
        "odd": float(found[odd].mean()),
        "good": float(found[good].mean()),
    }
    if not found[truth.lit].any():
        return wrong(
            "No pixel is called bad. Is it the right frame, and made of flats and short darks?", **kept
        )
    if kept["good"] > 0.005:
        return wrong(
            f"{100 * kept['good']:.1f} % of the good pixels are called bad: the limits are too tight.", **kept
        )
    for kind, word, where in (("hot", "hot", "the darks"), ("odd", "deaf or too sensitive", "the flats")):
        if kept[kind] < 0.9:
            return wrong(
                f"Only {100 * kept[kind]:.0f} % of the {word} pixels are found. Look again at {where}.",
                **kept,
            )
    return right(
        f"A good mask: {100 * kept['hot']:.0f} % of the hot and {100 * kept['odd']:.0f} % of the deaf or too "
        f"sensitive pixels are in it, and {100 * kept['good']:.2f} % of the good ones.",
        **kept,
    )


def check_flat(flat: Any, raw: Any) -> Verdict:
    """Hold a master flat against the true response."""
    truth, frame = truth_of(raw), frame_of(flat, "your master flat")
    must_be(frame, "FLAT")
    same_array(frame, truth)
    good = truth.lit & (truth.bad == 0) & (truth.flat > 0.3)
    middle = float(np.median(frame.data[good]))
    if not 0.9 < middle < 1.1:
        return wrong(
            f"A flat is about 1 on the average, and the median of this is {middle:.4g}: divide by it."
        )
    ratio = frame.data[good] / truth.flat[good]
    ratio = ratio / np.median(ratio)
    noise = spread(ratio)
    across = np.where(good, frame.data / np.maximum(truth.flat, 0.3), np.nan)
    half = across.shape[1] // 2
    tilt = float(np.nanmedian(across[:, half:]) / np.nanmedian(across[:, :half]) - 1)
    if abs(tilt) > 0.02:
        return wrong(
            f"One half is {100 * abs(tilt):.0f} % brighter than the other: is other light in the flats?",
            tilt=tilt,
        )
    if noise > 0.01:
        return wrong(
            f"It differs from the true response by {100 * noise:.1f} % from pixel to pixel: too few frames?",
            noise=noise,
        )
    return right(
        f"A good flat: true to {100 * noise:.2f} % in each pixel, and not tilted.", noise=noise, tilt=tilt
    )


def check_stack(stack: Any, raw: Any) -> Verdict:
    """Hold a stack against the true stars: depth, sky, places and fluxes."""
    truth, frame = truth_of(raw), frame_of(stack, "your stack")
    must_be(frame, "PROCESSED_SCIENCE")
    if "EXPMAP" not in frame.planes or frame.wcs is None:
        raise WrongInputs(
            "This has no map of exposure times. Give the stack that f2.reduce made of the science frames."
        )
    total, wanted = float(frame.planes["EXPMAP"].max()), float(np.sum(truth.frames["exptime"]))
    if total < 0.99 * wanted:
        return wrong(
            f"{total:g} s went into it, and there are {wanted:g} s: some science frames are missing.",
            seconds=total,
        )
    sky = empty_sky(frame)
    level, noise = float(np.median(frame.data[sky])), spread(frame.data[sky])
    if abs(level) > noise:
        return wrong(
            f"The sky is still in it: {level:.0f} electrons with a noise of {noise:.0f}.", level=level
        )
    x, y, flux = _true_stars(frame, raw)
    sums, peaks = _apertures(frame, x, y)
    ratio = sums / flux
    middle, scatter = float(np.median(ratio)), spread(ratio)
    if not peaks or not 0.5 < middle < 1.5:
        return wrong(
            "There are no stars where the telescope pointed. Were they subtracted with the sky?", ratio=middle
        )
    if scatter > 0.05:
        return wrong(
            f"The fluxes of {len(ratio)} stars scatter by {100 * scatter:.0f} % about the truth: they are "
            f"smeared or not "
            "on top of each other. Look at align, and at the flat.",
            scatter=scatter,
        )
    return right(
        f"A good stack: {total:g} s, noise {noise:.0f} electrons, and {len(ratio)} stars have their true "
        f"fluxes "
        f"within {100 * scatter:.1f} %, with one factor of {middle:.3f} for air and aperture.",
        scatter=scatter,
        noise=noise,
    )


def _true_stars(stack: Frame, raw: Any) -> tuple[Any, Any, Any]:
    """Return places in the stack and electrons in one exposure of bright stars that stand alone."""
    from scipy.spatial import cKDTree

    folder = Path(raw)
    settings = settings_of(folder)
    assert settings is not None
    assert stack.wcs is not None
    first, catalogue = conditions(settings)[0], truth_of(raw).catalogue
    header = open_frame(folder / first.exposure.filename).wcs
    assert header is not None
    origin = stack.wcs.wcs.crpix - header.wcs.crpix
    x, y = first.pointing.pixels(catalogue["ra"], catalogue["dec"])
    x, y, flux = x + origin[0], y + origin[1], np.asarray(catalogue["flux"])
    alone = np.ones(len(flux), bool)
    pairs = cKDTree(np.column_stack([x, y])).query_pairs(_ALONE, output_type="ndarray")
    for one, other in (pairs.T, pairs.T[::-1]):
        alone[one[flux[other] > _RIVAL * flux[one]]] = False
    ny, nx = stack.shape
    edge = 3 * _RADIUS
    inside = (x > edge) & (x < nx - edge) & (y > edge) & (y < ny - edge)
    use = alone & inside & (np.asarray(catalogue["kind"]) == "star")
    xi, yi = np.rint(x).astype(int).clip(0, nx - 1), np.rint(y).astype(int).clip(0, ny - 1)
    forbidden = flags.UNUSABLE | flags.PROBE | flags.SATURATED
    use &= (stack.mask[yi, xi] & forbidden) == 0
    use &= stack.planes["EXPMAP"][yi, xi] > 0.99 * stack.planes["EXPMAP"].max()
    chosen = np.flatnonzero(use)
    chosen = chosen[np.argsort(-flux[chosen])][:_STARS]
    if len(chosen) < 3:
        raise WrongInputs(
            "Too few stars stand alone in this field to compare. Make a night with more stars or another "
            "seed."
        )
    return x[chosen], y[chosen], flux[chosen] * first.exposure.seconds


def _apertures(frame: Frame, x: Any, y: Any) -> tuple[Any, bool]:
    """Return sums around places without what is around them, and whether most of them stand out."""
    steps = np.arange(-20, 21)
    sums, high = [], []
    for px, py in zip(x, y, strict=True):
        away = np.hypot(steps - px % 1, (steps - py % 1)[:, None])
        values = frame.data[int(py) - 20 : int(py) + 21, int(px) - 20 : int(px) + 21]
        around = float(np.median(values[(away > 12) & (away < 20)]))
        inside = away < _RADIUS
        sums.append(float((values[inside] - around).sum()))
        high.append(float(values[away < 3].max() - around) > 5 * spread(values[away > 12]))
    return np.array(sums), bool(np.mean(high) > 0.5)


def _stack_image(stack: Any, raw: Any) -> Frame:
    """Return the stack to point at."""
    return frame_of(stack, "your stack")


def _point_at_probe(x: float, y: float, stack: Any, raw: Any) -> Verdict:
    """Say whether a place lies in the shadow of the guide probe."""
    frame = _stack_image(stack, raw)
    bits = int(frame.mask[round(y), round(x)])
    if bits & flags.PROBE:
        return right(
            "Yes: here the probe stood in the light of some or all frames. The flag probe (256) says so."
        )
    if bits & (flags.UNLIT | flags.NO_DATA):
        return wrong("Here no light falls at all: it lies outside the round field of the telescope.")
    if "OBJMASK" in frame.planes and frame.planes["OBJMASK"][round(y), round(x)]:
        return wrong("This is a star or a galaxy.")
    return wrong("The light is whole here.")


EXERCISES = [
    Exercise(
        "01.dark",
        "your master dark",
        "The master dark is compared with the true dark current and pedestals of your own night.",
        Product(check_dark),
        (
            "A dark must have the exposure time of what it is subtracted from.",
            'Choose with tags="DARK" and expression="exposure_time==120"; there are ten.',
            'dark = f2.reduce(f2.select(raw, tags="DARK", expression="exposure_time==120"))',
        ),
    ),
    Exercise(
        "01.bpm",
        "your bad pixel mask",
        "The mask is compared with the pixels that are truly hot, deaf or too sensitive.",
        Product(check_bpm),
        (
            "It needs two kinds of frames: some in the light, some in the dark.",
            'Give the flats and the darks of 2 s together, with recipe="bpm".',
            'bpm = f2.reduce([*flats, *short_darks], recipe="bpm")',
        ),
    ),
    Exercise(
        "01.flat",
        "your master flat",
        "The flat is compared with the true response of each pixel.",
        Product(check_flat),
        (
            "It needs lamp on and lamp off.",
            "All ten flats in Y go in together; the headers tell which is which.",
            'flat = f2.reduce(flats, user_cals={"bpm": bpm.path})',
        ),
    ),
    Exercise(
        "01.probe",
        "find the shadow of the guide probe",
        "Point at a place in the stack where the guide probe stood in the light.",
        Point(_point_at_probe, _stack_image),
        (
            "The probe is an arm that reaches into the field from outside, to its star.",
            "Look at the raw frames: in which corner is something that is no star?",
            'f2.show(stack.path, plane="mask") draws the flag probe in green.',
        ),
    ),
    Exercise(
        "01.stack",
        "your stack",
        "Depth, sky, and the fluxes of the stars are compared with the truth.",
        Product(check_stack),
        (
            "All nine science frames go in, with dark, flat and mask.",
            "The calibrations are found by themselves if they were reduced in this folder: print the plan.",
            'stack = f2.reduce(science, user_cals={"bpm": bpm.path})',
        ),
    ),
    Exercise(
        "01.without_dark",
        "what else takes out the dark?",
        "Without the dark the stack looks nearly the same. Which step has taken the dark current out?",
        Choice(
            {
                "the flat": "The flat divides. What was added by the detector stays, and is even made "
                "uneven.",
                "the sky": "Yes. The dark current is the same in each frame, like the sky of a short "
                "while, and so "
                "it is in the sky that is made from these frames. But hot pixels also bring noise, which no "
                "subtraction takes away, and the flat has acted on the dark current as if it were light.",
                "the alignment": "It moves the frames, and leaves their level as it is.",
                "the average": "An average of nine has the same level as each of the nine.",
            },
            "the sky",
        ),
        (
            "Dark current does not move when the telescope does.",
            "Which step makes a model of all that stays in place while the stars move?",
            "The sky is a median over the dithers: whatever is the same in each frame is in it.",
        ),
    ),
]
