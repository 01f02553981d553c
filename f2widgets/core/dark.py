"""Combine darks; subtract one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import numpy as np

from f2widgets.core.annotations import Within
from f2widgets.core.arithmetic import must_fit
from f2widgets.core.frame import Frame
from f2widgets.core.stacking import Method, Reject, stack
from f2widgets.errors import WrongInputs

#: Seconds by which two exposure times may differ and still be called equal.
SAME_EXPOSURE = 0.01


def combine_darks(
    frames: Iterable[Frame],
    *,
    method: Method = "mean",
    reject: Reject = "variance",
    low: Annotated[float, Within(0, 100)] = 3.0,
    high: Annotated[float, Within(0, 100)] = 3.0,
) -> list[Frame]:
    """Combine darks of one exposure time into a master dark.

    Parameters
    ----------
    frames : iterable of Frame
        Darks with variance, each (ny, nx).
    method : {'mean', 'median'}
        The average of what is left.
    reject : {'variance', 'sigma', 'minmax', 'none'}
        How outliers are found: by their own variance, by the scatter of the values, or simply the
        lowest and highest.
    low : float
        Sigma below the median that a value may lie; with minmax, how many of the lowest to drop.
    high : float
        Sigma above the median that a value may lie; with minmax, how many of the highest to drop.

    Returns
    -------
    list of Frame
        One frame, named after the earliest input.

    Raises
    ------
    WrongInputs
        If there is none, or exposure times, coadds or read modes differ.

    Notes
    -----
    *Method*: mean of the values within three sigma of the median, sigma from each value's variance.
    *Assumes* that all darks were read in the same way.
    *Source*: ``stackDarks`` of the reference.
    """
    darks = list(frames)
    if not darks:
        raise WrongInputs("There is no dark to combine: give at least one frame tagged DARK.")
    first = darks[0]
    for dark in darks[1:]:
        _must_match(first, dark)
    stacked = stack(darks, method=method, reject=reject, low=low, high=high)
    earliest = min(darks, key=lambda dark: (str(dark.facts.ut_start or ""), dark.name))
    return [earliest.with_(data=stacked.data, variance=stacked.variance, mask=stacked.mask)]


def _must_match(first: Frame, dark: Frame) -> None:
    """Refuse a dark taken otherwise than the first."""
    a, b = first.facts, dark.facts
    exposures = abs(a.exposure_time - b.exposure_time) <= SAME_EXPOSURE
    if not exposures or (a.coadds, a.read_mode) != (b.coadds, b.read_mode) or first.shape != dark.shape:
        raise WrongInputs(
            f"{dark.name} does not belong with {first.name}: {_described(dark)} against {_described(first)}. "
            "Reduce darks of each kind on their own."
        )


def _described(dark: Frame) -> str:
    """Say how a dark was taken."""
    facts = dark.facts
    return f"{facts.exposure_time:g} s, {facts.coadds} coadds, LNRS {facts.read_mode}, {dark.shape}"


def subtract_dark(frame: Frame, dark: Frame, *, common_noise: bool = False) -> Frame:
    """Subtract the master dark.

    Parameters
    ----------
    frame : Frame
        Shape (ny, nx), with the dark's exposure time, coadds and read mode.
    dark : Frame
        Master dark in the same unit.
    common_noise : bool, optional
        Add the dark's own variance. It is the same error in every frame of a set and leaves with the
        sky, so it is left out unless a frame stands alone.

    Returns
    -------
    Frame
        Without dark current; the dark's flags are added.

    Raises
    ------
    WrongCalibration
        If shape, exposure time, coadds, read mode or unit differ.

    Notes
    -----
    *Method*: d - dark.
    *Assumes* that the dark was taken like the frame, which is checked here; the reference's
    ``darkCorrect`` leaves that to the association.
    *Source*: ``darkCorrect`` of the reference.
    """
    a, b = frame.facts, dark.facts
    exposures: tuple[object, object] = (a.exposure_time, b.exposure_time)
    if abs(a.exposure_time - b.exposure_time) <= SAME_EXPOSURE:
        exposures = (0, 0)
    must_fit(
        frame,
        dark,
        "dark",
        unit=(frame.unit, dark.unit),
        exposure_time=exposures,
        coadds=(a.coadds, b.coadds),
        read_mode=(a.read_mode, b.read_mode),
    )
    variance = frame.variance
    if common_noise and variance is not None and dark.variance is not None:
        variance = variance + dark.variance
    return frame.with_(
        data=np.subtract(frame.data, dark.data), variance=variance, mask=frame.mask | dark.mask
    )
