"""The profile of one star: where it is, how wide, how bright, and how its light falls off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.frame import Frame
from f2widgets.core.measure_image import usable
from f2widgets.core.stars import HALF, measure_star
from f2widgets.errors import ParameterError

Values = NDArray[np.float64]

#: Pixels around the click within which the star is sought.
_REACH = 5
#: Sigma of its surroundings by which a star's peak stands out at least.
_LEAST = 5.0
#: A normal distribution's sigma over its median absolute deviation.
_SIGMA = 1.4826


@dataclass(frozen=True)
class Profile:
    """A star and its light by distance from its centre; values in the frame's unit."""

    x: float  #: 0-based pixels
    y: float
    fwhm: float  #: pixels, of the Moffat profile
    beta: float
    peak: float  #: of the model, above the background
    background: float
    flux: float  #: of the model, all light
    saturated: bool
    radius: Values  #: of each pixel
    value: Values
    model_radius: Values
    model: Values


def radial_profile(frame: Frame, x: float, y: float, *, reach: float = 15.0) -> Profile:
    """Measure the star at a place.

    Parameters
    ----------
    frame : Frame
        Any frame, shape (ny, nx).
    x, y : float
        Near the star, 0-based pixels; the brightest place within five pixels is taken.
    reach : float, optional
        Pixels from the centre up to which the profile goes.

    Returns
    -------
    Profile
        Centre, width, background, all good pixels and the model.

    Raises
    ------
    ParameterError
        If the place lies outside the frame, or no star stands out there.

    Notes
    -----
    *Method*: windowed centroid and the best Moffat profile of a grid in FWHM and beta, as for all stars
    (`f2widgets.core.stars`); peak and background by least squares over the good pixels.
    """
    ny, nx = frame.shape
    if not (-0.5 <= x < nx - 0.5 and -0.5 <= y < ny - 0.5):
        raise ParameterError(f"x={x:g}, y={y:g} lies outside {frame.name}, which has {nx} x {ny} pixels.")
    half = max(int(np.ceil(reach)), HALF) + 3 + _REACH
    cut, corner = _cut_out(frame, round(y), round(x), half)
    good = usable(cut.data, cut.mask)
    level, noise = _surroundings(cut.data[good])
    row, column = _brightest(cut, good, half, level)
    if not cut.data[row, column] - level > _LEAST * noise:
        raise ParameterError(
            f"No star stands out within {_REACH} pixels of x={x:g}, y={y:g} in {frame.name}. "
            "Click nearer to one, or on a brighter one."
        )
    star = measure_star(cut.with_(data=cut.data - np.float32(level)), row, column)
    x0, y0 = float(star.x[0]), float(star.y[0])
    rows, columns = np.indices(cut.shape)
    distance = np.hypot(rows - y0, columns - x0)
    use = good & (distance <= reach)
    radius, value = distance[use], cut.data[use].astype(float)
    shape = _moffat(radius, star.fwhm, star.beta)
    (peak, background), *_ = np.linalg.lstsq(np.stack([shape, np.ones_like(shape)], 1), value, rcond=None)
    at = np.linspace(0, reach, 121)
    alpha = star.fwhm / (2 * np.sqrt(2 ** (1 / star.beta) - 1))
    core = (distance < star.fwhm) & ((cut.mask & np.uint16(flags.SATURATED)) != 0)
    order = np.argsort(radius, kind="stable")
    return Profile(
        x=x0 + corner[1],
        y=y0 + corner[0],
        fwhm=star.fwhm,
        beta=star.beta,
        peak=float(peak),
        background=float(background),
        flux=float(peak * np.pi * alpha**2 / (star.beta - 1)),
        saturated=bool(core.any()),
        radius=radius[order],
        value=value[order],
        model_radius=at,
        model=peak * _moffat(at, star.fwhm, star.beta) + background,
    )


def _moffat(radius: Values, fwhm: float, beta: float) -> Values:
    """Return a Moffat profile of peak 1."""
    alpha = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    return np.asarray((1 + (radius / alpha) ** 2) ** -beta)


def _cut_out(frame: Frame, row: int, column: int, half: int) -> tuple[Frame, tuple[int, int]]:
    """Return a square around a pixel, without data beyond the frame, and its first pixel's place."""
    size, corner = 2 * half + 1, (row - half, column - half)
    data, mask = np.zeros((size, size), np.float32), np.full((size, size), flags.NO_DATA, np.uint16)
    here, there = [], []
    for low, length in zip(corner, frame.shape, strict=True):
        a, b = max(low, 0), min(low + size, length)
        there.append(slice(a, b))
        here.append(slice(a - low, b - low))
    values = frame.data[tuple(there)]
    known = np.isfinite(values)
    data[tuple(here)] = np.where(known, values, 0)
    mask[tuple(here)] = np.where(known, frame.mask[tuple(there)], flags.NO_DATA)
    variance = np.ones_like(data)
    return Frame(frame.name, data, variance, mask, frame.unit), corner


def _surroundings(values: NDArray[np.floating]) -> tuple[float, float]:
    """Return median and robust sigma; a sigma of nothing where all are alike."""
    if not values.size:
        return 0.0, float("inf")
    level = float(np.median(values))
    return level, max(_SIGMA * float(np.median(np.abs(values - level))), 1e-6 * abs(level), 1e-12)


def _brightest(cut: Frame, good: NDArray[np.bool_], half: int, level: float) -> tuple[int, int]:
    """Return the brightest pixel near the middle, smoothed over 3 x 3."""
    light = np.where(good, cut.data - np.float32(level), np.float32(0))
    soft = sum(np.roll(light, (j, i), (0, 1)) for j in (-1, 0, 1) for i in (-1, 0, 1))
    near = slice(half - _REACH, half + _REACH + 1)
    row, column = np.unravel_index(int(np.argmax(np.asarray(soft)[near, near])), (2 * _REACH + 1,) * 2)
    return int(row) + near.start, int(column) + near.start
