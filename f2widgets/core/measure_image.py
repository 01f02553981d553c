"""Measure on an image: statistics of a region, a cut along a line, a histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame
from f2widgets.core.noise import correlated_sum, correlation_of
from f2widgets.core.regions import Area, Line, pixels_of
from f2widgets.errors import ParameterError

Values = NDArray[np.float64]

#: A normal distribution's sigma over its median absolute deviation.
_SIGMA = 1.4826
#: Up to so many pixels the correlation of the noise is taken pair by pair, 0.2 s; in larger regions the
#: border hardly counts, and each pixel is taken to have all its neighbours.
_PAIRS = 400_000
_NAN = float("nan")
_NOTHING = _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN, _NAN
#: A cut of a line has at most so many points.
_MOST_POINTS = 20_000


@dataclass(frozen=True)
class Statistics:
    """What a region holds; values in the frame's unit, NaN where nothing can be said."""

    n: int  #: good pixels
    mean: float
    median: float
    sigma: float  #: standard deviation of the pixels
    robust_sigma: float  #: 1.4826 times the median absolute deviation
    minimum: float
    maximum: float
    sum: float
    sum_error: float  #: sigma of the sum, the correlation of the noise included; NaN without variance
    flagged: float  #: part of the region's pixels that was left out, 0 to 1


def usable(data: NDArray[np.floating], mask: Mask) -> NDArray[np.bool_]:
    """Tell which pixels count: finite, and without a flag that makes them unusable."""
    return np.asarray(np.isfinite(data) & ((mask & np.uint16(flags.UNUSABLE)) == 0))


def region_statistics(frame: Frame, region: Area) -> Statistics:
    """Measure the pixels in a region.

    Parameters
    ----------
    frame : Frame
        Any frame, shape (ny, nx).
    region : Box, Circle or Annulus
        A pixel belongs to it if its middle does.

    Returns
    -------
    Statistics
        Of the pixels that can be used.

    Raises
    ------
    ParameterError
        If no pixel of the frame lies in the region.

    Notes
    -----
    *Method*: as `sum_sigma` for the error of the sum; what lies beyond the frame is not there.
    """
    window, inside = pixels_of(region, frame.shape)
    total = int(inside.sum())
    if not total:
        ny, nx = frame.shape
        raise ParameterError(
            f"No pixel of {frame.name} lies in that region around x={region.x:g}, y={region.y:g}: the image "
            f"has x from 0 to {nx - 1} and y from 0 to {ny - 1}. Move it, or make it larger."
        )
    data = frame.data[window]
    good = inside & usable(data, frame.mask[window])
    values = data[good].astype(float)
    flagged = 1 - values.size / total
    if not values.size:
        return Statistics(0, *_NOTHING, flagged)
    middle = float(np.median(values))
    return Statistics(
        n=values.size,
        mean=float(values.mean()),
        median=middle,
        sigma=float(values.std(ddof=1)) if values.size > 1 else float("nan"),
        robust_sigma=_SIGMA * float(np.median(np.abs(values - middle))),
        minimum=float(values.min()),
        maximum=float(values.max()),
        sum=float(values.sum()),
        sum_error=_sum_error(frame, window, good),
        flagged=flagged,
    )


def _sum_error(frame: Frame, window: tuple[slice, slice], good: NDArray[np.bool_]) -> float:
    """Return the sigma of the sum of some pixels."""
    if frame.variance is None:
        return float("nan")
    variance = np.where(good, frame.variance[window], 0).astype(float)
    correlation = correlation_of(frame)
    if good.size > _PAIRS:
        return float(np.sqrt(max(variance.sum() * correlation.sum(), 0.0)))
    return float(np.sqrt(max(correlated_sum(np.sqrt(np.maximum(variance, 0)), correlation), 0.0)))


@dataclass(frozen=True)
class Cut:
    """Values along a line, NaN where there are none."""

    distance: Values  #: pixels from the beginning
    x: Values
    y: Values
    value: Values
    sigma: Values


def line_cut(frame: Frame, line: Line) -> Cut:
    """Return the values along a line, a pixel apart.

    Parameters
    ----------
    frame : Frame
        Any frame, shape (ny, nx).
    line : Line
        From where to where; what lies beyond the frame is NaN.

    Returns
    -------
    Cut
        The line's ends included.

    Raises
    ------
    ParameterError
        If the line has no length, or lies wholly outside the frame.

    Notes
    -----
    *Method*: linear between the four nearest pixels, with those that cannot be used left out; sigma is that
    of such an average of independent pixels.
    """
    if not 0 < line.length < _MOST_POINTS:
        raise ParameterError(
            f"A cut needs two different places on the image, not a line of {line.length:g} pixels."
        )
    n = int(np.ceil(line.length)) + 1
    part = np.linspace(0, 1, n)
    x, y = line.x + part * (line.x2 - line.x), line.y + part * (line.y2 - line.y)
    value, sigma = _between(frame, x, y)
    ny, nx = frame.shape
    if not np.any((x > -0.5) & (x < nx - 0.5) & (y > -0.5) & (y < ny - 0.5)):
        raise ParameterError(f"The line does not cross {frame.name}, which has {nx} x {ny} pixels.")
    return Cut(part * line.length, x, y, value, sigma)


def _between(frame: Frame, x: Values, y: Values) -> tuple[Values, Values]:
    """Return value and sigma between pixels."""
    ny, nx = frame.shape
    left, low = np.floor(x).astype(int), np.floor(y).astype(int)
    total, spread, share = np.zeros(len(x)), np.zeros(len(x)), np.zeros(len(x))
    for j in (0, 1):
        for i in (0, 1):
            rows, columns = low + j, left + i
            there = (rows >= 0) & (rows < ny) & (columns >= 0) & (columns < nx)
            rows, columns = np.where(there, rows, 0), np.where(there, columns, 0)
            data = frame.data[rows, columns].astype(float)
            there &= usable(data, frame.mask[rows, columns])
            weight = there * (1 - np.abs(x - left - i)) * (1 - np.abs(y - low - j))
            total += weight * np.where(there, data, 0)
            share += weight
            if frame.variance is not None:
                spread += weight**2 * np.where(there, frame.variance[rows, columns], 0)
    nothing = share < 1e-9
    share[nothing] = 1
    value = np.where(nothing, np.nan, total / share)
    known = frame.variance is not None
    return value, np.where(nothing, np.nan, np.sqrt(spread) / share) if known else np.full(len(x), np.nan)


@dataclass(frozen=True)
class Histogram:
    """How many pixels have which value."""

    edges: Values  #: one more than counts
    counts: NDArray[np.int_]
    below: int  #: pixels below the first edge
    above: int


def histogram(
    frame: Frame,
    region: Area | None = None,
    *,
    bins: int = 128,
    limits: tuple[float, float] | None = None,
) -> Histogram:
    """Count pixels by value.

    Parameters
    ----------
    frame : Frame
        Any frame.
    region : Box, Circle or Annulus, optional
        Count there only; by default everywhere.
    bins : int, optional
        How many steps, 1 to 10,000.
    limits : tuple of float, optional
        First and last edge; by default the 0.5 and 99.5 percentiles, widened by a tenth.

    Returns
    -------
    Histogram
        Of the pixels that can be used; all zero if there are none.

    Raises
    ------
    ParameterError
        If the number of bins or the limits make no sense.
    """
    if not 1 <= bins <= 10_000:
        raise ParameterError(f"A histogram has 1 to 10,000 bins, not {bins}.")
    if limits is not None and not limits[0] < limits[1]:
        raise ParameterError(f"The limits of a histogram rise: {limits[0]:g} to {limits[1]:g} do not.")
    if region is None:
        values = frame.data[usable(frame.data, frame.mask)]
    else:
        window, inside = pixels_of(region, frame.shape)
        values = frame.data[window][inside & usable(frame.data[window], frame.mask[window])]
    low, high = limits or _usual_range(values)
    counts, edges = np.histogram(values, bins, (low, high))
    return Histogram(edges, counts, int((values < low).sum()), int((values > high).sum()))


def _usual_range(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return where most values lie, never an empty range."""
    if not values.size:
        return 0.0, 1.0
    low, high = (float(x) for x in np.percentile(values, (0.5, 99.5)))
    margin = 0.1 * (high - low) or max(1.0, abs(low) * 1e-3)
    return low - margin, high + margin
