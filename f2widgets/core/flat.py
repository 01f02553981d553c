"""Lamp on minus lamp off, or in K the warm shutter minus darks, normalised: the response; dividing by it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

import numpy as np

from f2widgets.core import flags
from f2widgets.core.annotations import Within
from f2widgets.core.arithmetic import must_fit
from f2widgets.core.dark import SAME_EXPOSURE
from f2widgets.core.frame import Frame
from f2widgets.core.stacking import Method, Reject, Stacked, stack
from f2widgets.errors import WrongCalibration, WrongInputs

#: Relative change of a lamp from one exposure to the next that is no outlier.
_LAMP_DRIFT = 0.01


def combine_lamps(
    frames: Iterable[Frame],
    *,
    method: Method = "mean",
    reject: Reject = "variance",
    low: Annotated[float, Within(0, 100)] = 3.0,
    high: Annotated[float, Within(0, 100)] = 3.0,
    hand_on: bool = True,
) -> list[Frame]:
    """Combine flats with the lamp on and off, and subtract: the light of the lamp alone.

    Parameters
    ----------
    frames : iterable of Frame
        Flats tagged LAMPON and LAMPOFF, with variance, each (ny, nx); darks may be among them. In K flats
        with the lamp off alone: then the darks are subtracted, or were before.
    method : {'mean', 'median'}
        The average of what is left.
    reject : {'variance', 'sigma', 'minmax', 'none'}
        How outliers are found: by their own variance, by the scatter of the values, or simply the
        lowest and highest.
    low : float
        Sigma below the median that a value may lie; with minmax, how many of the lowest to drop.
    high : float
        Sigma above the median that a value may lie; with minmax, how many of the highest to drop.
    hand_on : bool
        Give the darks as well, behind the light.

    Returns
    -------
    list of Frame
        The difference, named after the earliest lamp-on frame, in K after the earliest flat; behind it the
        darks, without the variance that nobody asks for.

    Raises
    ------
    WrongInputs
        If lamp-on or lamp-off frames are missing, or differ in filter or exposure time; in K if the darks
        have another exposure time.

    Notes
    -----
    *Method*: on - off, V = V_on + V_off. The lamps drift between exposures, so a value may differ from
    the median by one per cent more than its noise before it counts as an outlier.
    In K the warm shutter in front of the lamp is light enough: flat - dark, both of one exposure time.
    *Assumes*, outside K, that the lamp outshines the warm telescope.
    *Source*: ``makeLampFlat`` of the reference, which returns nothing, with a warning, where lamps
    are missing.
    """
    everything = list(frames)
    on = [frame for frame in everything if "LAMPON" in frame.facts.tags]
    off = [frame for frame in everything if "LAMPOFF" in frame.facts.tags]
    darks = [frame for frame in everything if "DARK" in frame.facts.tags]
    warm = not on and bool(off) and off[0].facts.in_k
    for what, found in (("lamp on", on), ("lamp off", off)):
        if not found and not warm:
            raise WrongInputs(
                f"No flat with the {what} among {', '.join(f.name for f in everything) or 'the inputs'}: "
                "a flat needs both. Add them to the list."
            )
    _must_match(on + off)
    lit, unlit = (on, off) if not warm else (off, _as_long(darks, off[0]))
    first = min(lit, key=lambda frame: (str(frame.facts.ut_start or ""), frame.name))
    light, less = (
        stack(some, method=method, reject=reject, low=low, high=high, slack=_LAMP_DRIFT) if some else None
        for some in (lit, unlit)
    )
    assert light is not None
    rest = [frame.with_(variance=None) for frame in darks] if hand_on else []
    return [_difference(first, light, less), *rest]


def _as_long(darks: list[Frame], flat: Frame) -> list[Frame]:
    """Return the darks, which must be exposed as long as a flat and read like it."""
    needed = flat.facts
    for dark in darks:
        found = dark.facts
        same = abs(found.exposure_time - needed.exposure_time) <= SAME_EXPOSURE
        if not same or (found.coadds, found.read_mode) != (needed.coadds, needed.read_mode):
            raise WrongInputs(
                f"In K darks as long as the flats are subtracted: {flat.name} has "
                f"{needed.exposure_time:g} s, {needed.coadds} coadds, LNRS {needed.read_mode}; {dark.name} "
                f"{found.exposure_time:g} s, {found.coadds} coadds, LNRS {found.read_mode}. "
                "Give darks of the flats' kind."
            )
    return darks


def _difference(first: Frame, lit: Stacked, unlit: Stacked | None) -> Frame:
    """Return the light less what is there without it, under the name of the first lit frame."""
    if unlit is None:
        return first.with_(data=lit.data, variance=lit.variance, mask=lit.mask)
    return first.with_(
        data=lit.data - unlit.data, variance=lit.variance + unlit.variance, mask=lit.mask | unlit.mask
    )


def _must_match(lamps: list[Frame]) -> None:
    """Refuse flats of several filters, exposure times or shapes."""
    first = lamps[0]
    for lamp in lamps[1:]:
        a, b = first.facts, lamp.facts
        for what, needed, found in (
            ("filter", a.filter_name, b.filter_name),
            ("exposure time", a.exposure_time, b.exposure_time),
            ("shape", first.shape, lamp.shape),
        ):
            if needed != found:
                raise WrongInputs(
                    f"Flats must agree in {what}: {first.name} has {needed}, {lamp.name} {found}. "
                    "Reduce them in separate lists."
                )


def normalize_flat(frame: Frame, *, scale: Literal["median", "mean"] = "median") -> Frame:
    """Divide by the average of the good pixels: a response around 1.

    Parameters
    ----------
    frame : Frame
        Lamp light, shape (ny, nx).
    scale : {'median', 'mean'}
        Which average.

    Returns
    -------
    Frame
        Dimensionless.

    Raises
    ------
    WrongInputs
        If no pixel is good, or the light is not positive.

    Notes
    -----
    *Method*: d / m, V / m², m over pixels without an unusable flag that got at least a tenth of the
    brightest light, so that unlit corners do not count.
    *Assumes* that most of the array is lit.
    *Source*: ``normalizeFlat`` of the reference, which divides by NaN where no pixel is good.
    """
    good = frame.data[(frame.mask & flags.UNUSABLE) == 0]
    if good.size:
        good = good[good > 0.1 * np.percentile(good[:: max(1, good.size // 100_000)], 98)]
    level = float(getattr(np, scale)(good)) if good.size else 0.0
    if not level > 0:
        raise WrongInputs(f"{frame.name}: no light to normalise by. Are lamp-on and lamp-off swapped?")
    factor = np.float32(1 / level)
    return frame.with_(
        data=frame.data * factor,
        variance=None if frame.variance is None else frame.variance * (factor * factor),
        unit="",
    )


def threshold_flat(
    frame: Frame,
    *,
    lower: Annotated[float, Within(None, 1)] = 0.01,
    upper: Annotated[float, Within(1, None)] = 10.0,
) -> Frame:
    """Flag pixels with hardly any or far too much response as unlit, and fill them with 1.

    Parameters
    ----------
    frame : Frame
        A normalised flat, shape (ny, nx).
    lower : float
        Below this response a pixel is unlit.
    upper : float
        Above this response a pixel cannot be right.

    Returns
    -------
    Frame
        With the flag `unlit` outside the limits, and there data 1 and variance 0.

    Notes
    -----
    *Method*: flag 64 where the response is outside and the pixel is not bad already.
    *Assumes* a flat around 1.
    *Source*: ``thresholdFlatfield`` of the reference, which keeps the variance of what it fills.
    """
    outside = (frame.data < np.float32(lower)) | (frame.data > np.float32(upper))
    unlit = outside & ((frame.mask & flags.BAD) == 0)
    mask = frame.mask | np.where(unlit, np.uint16(flags.UNLIT), np.uint16(0))
    fill = outside | ((mask & flags.UNLIT) != 0)
    variance = None if frame.variance is None else np.where(fill, np.float32(0), frame.variance)
    return frame.with_(data=np.where(fill, np.float32(1), frame.data), variance=variance, mask=mask)


def divide_flat(frame: Frame, flat: Frame, *, common_noise: bool = False) -> Frame:
    """Divide by the response of each pixel.

    Parameters
    ----------
    frame : Frame
        Dark-subtracted, shape (ny, nx).
    flat : Frame
        Normalised flat of the same filter.
    common_noise : bool, optional
        Add the flat's own variance. It is the same error in every frame of a set: it leaves with the sky,
        and what stays is below 0.1 % of a star's light; so it is left out unless a frame stands alone.

    Returns
    -------
    Frame
        Flat-fielded; the flat's flags are added.

    Raises
    ------
    WrongCalibration
        If shape or filter differ, or the flat is not dimensionless.

    Notes
    -----
    *Method*: d / f, V / f².
    *Assumes* that the flat shows the response alone.
    *Source*: ``flatCorrect`` of the reference.
    """
    if flat.unit != "":
        raise WrongCalibration(f"{flat.name} is in {flat.unit}: a flat must be normalised. Reduce it first.")
    must_fit(frame, flat, "flat", filter=(frame.facts.filter_name, flat.facts.filter_name))
    inverse = np.reciprocal(flat.data)
    data = frame.data * inverse
    variance = frame.variance
    if variance is not None:
        variance = variance * inverse
        variance *= inverse
        if common_noise and flat.variance is not None:
            variance += flat.variance * np.square(data * inverse)
    return frame.with_(data=data, variance=variance, mask=frame.mask | flat.mask)
