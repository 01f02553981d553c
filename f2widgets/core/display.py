"""From pixels to what is shown: limits, stretches, overviews, and 16-bit codes that travel to a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.blocks import each_block
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame
from f2widgets.errors import ParameterError

Image = NDArray[np.floating]
Stretch = Literal["linear", "sqrt", "log", "asinh", "histogram"]
STRETCHES: tuple[Stretch, ...] = get_args(Stretch)

#: Where the stretches bend, as parts of the range shown; the log is that of common viewers (1000 x + 1).
LOG, ASINH = 1000.0, 0.1
#: Name of the plane of sources.
OBJECTS = "OBJMASK"
#: Largest code; 0 says that there is no value.
TOP = 65_535
#: A normal distribution's sigma over its median absolute deviation.
_SIGMA = 1.4826
#: The sky is shown from so many sigma below its median, to at least and at most so many above: where stars
#: cover much of the field, faint sources would vanish otherwise.
_BELOW, _ABOVE, _FAR = 3.0, 8.0, 40.0
#: Pixels looked at for limits and levels.
_SAMPLE = 60_000
#: Codes are spaced evenly up to so many sigma from the sky, and by ratio beyond. Measured with a sky of sigma
#: 25: 0.03 units at the sky, 5e-5 of the value on stars.
_SOFT = 2.0
#: A value further out than so many sigma is shown, but cannot be told from one at that distance.
_FURTHEST = 1e8


def has_objects(frame: Frame) -> bool:
    """Tell whether the light of sources is flagged in a frame."""
    return bool(int(np.bitwise_or.reduce(frame.mask, axis=None)) & flags.OBJECT)


def plane_values(frame: Frame, plane: str, hidden: int = flags.NO_DATA) -> Image:
    """Return a plane as numbers to show, NaN where there are none.

    Parameters
    ----------
    frame : Frame
        Any frame, shape (ny, nx).
    plane : str
        ``data``; ``noise``, the root of the variance; ``variance``; ``OBJMASK``, 1 on sources; or a further
        plane, such as ``EXPMAP``.
    hidden : int, optional
        Flags of pixels that are not shown.

    Returns
    -------
    ndarray, shape (ny, nx), float32
        The frame's own data, if nothing is hidden.

    Raises
    ------
    ParameterError
        If the frame has no such plane.
    """
    if plane == "data":
        values: Image = frame.data
    elif plane in ("noise", "variance") and frame.variance is not None:
        values = np.sqrt(np.maximum(frame.variance, 0)) if plane == "noise" else frame.variance
    elif plane in frame.planes:
        values = frame.planes[plane]
    elif plane == OBJECTS and has_objects(frame):
        values = ((frame.mask & np.uint16(flags.OBJECT)) != 0).astype(np.float32)
    else:
        there = [
            "data",
            "mask",
            *(["noise", "variance"] if frame.variance is not None else []),
            *frame.planes,
            *([OBJECTS] if has_objects(frame) else []),
        ]
        raise ParameterError(f"{frame.name} has no plane {plane!r}. It has {', '.join(there)}.")
    missing = (frame.mask & np.uint16(hidden)) != 0
    if not missing.any():
        return values.astype(np.float32, copy=False)
    return np.where(missing, np.float32(np.nan), values).astype(np.float32, copy=False)


def sampled(values: Image) -> Image:
    """Return some of the known values, evenly over the image; an empty array if there is none."""
    step = max(int(np.sqrt(values.size / _SAMPLE)), 1)
    some = values[::step, ::step] if values.ndim == 2 else values[::step]
    some = some[np.isfinite(some)]
    return some if some.size else values[np.isfinite(values)]


def limits(values: Image, method: str | float = "zscale") -> tuple[float, float]:
    """Return the values to show as black and as white.

    Parameters
    ----------
    values : ndarray
        The image; NaN does not count.
    method : {'sky', 'zscale', 'minmax'} or float, optional
        From a little below the sky to where the 3 in 1000 brightest pixels begin; the algorithm of IRAF's
        display; the whole range; or the percentage of pixels to lie between.

    Returns
    -------
    tuple of float
        The second is larger than the first, also for a constant image and for one without values.

    Raises
    ------
    ParameterError
        If the method is none of these.
    """
    if not (method in ("sky", "zscale", "minmax") or (not isinstance(method, str) and 0 < method <= 100)):
        raise ParameterError(f"Limits are sky, zscale, minmax or a percentage up to 100, not {method!r}.")
    known = values[np.isfinite(values)] if method == "minmax" else sampled(values)
    if not known.size:
        return 0.0, 1.0
    if method == "zscale":
        from astropy.visualization import ZScaleInterval

        low, high = ZScaleInterval().get_limits(known)
    elif method == "minmax":
        low, high = known.min(), known.max()
    elif method == "sky":
        middle = float(np.median(known))
        sigma = _SIGMA * float(np.median(np.abs(known - middle)))
        bright = float(np.percentile(known, 99.7))
        low, high = middle - _BELOW * sigma, max(bright, middle + _ABOVE * sigma)
        high = min(high, middle + _FAR * sigma) if sigma > 0 else high
    else:
        rest = (100 - float(method)) / 2
        low, high = np.percentile(known, (rest, 100 - rest))
    return _apart(float(low), float(high))


def _apart(low: float, high: float) -> tuple[float, float]:
    """Return limits that differ, in double and in single precision."""
    least = max(abs(low), abs(high)) * 1e-6 or 1.0
    return (low, high) if high - low > least else (low - least / 2, low + least / 2)


def stretched(values: Image, low: float, high: float, stretch: Stretch) -> NDArray[np.float64]:
    """Return the brightness of values, 0 to 1.

    Parameters
    ----------
    values : ndarray
        The image; NaN stays NaN.
    low, high : float
        Shown as black and as white.
    stretch : {'linear', 'sqrt', 'log', 'asinh', 'histogram'}
        With t the part of the range: t; its root; log(1000 t + 1) / log(1001); asinh(10 t) / asinh(10); or
        the part of the pixels within the range that are darker.

    Returns
    -------
    ndarray, float64
        The brightness.

    Raises
    ------
    ParameterError
        If there is no such stretch.
    """
    if stretch not in STRETCHES:
        raise ParameterError(f"There is no stretch {stretch!r}: there are {', '.join(STRETCHES)}.")
    t = np.clip((values.astype(float) - low) / (high - low), 0, 1)
    if stretch == "sqrt":
        return np.sqrt(t)
    if stretch == "log":
        return np.asarray(np.log1p(LOG * t) / np.log1p(LOG))
    if stretch == "asinh":
        return np.asarray(np.arcsinh(t / ASINH) / np.arcsinh(1 / ASINH))
    if stretch == "histogram":
        within = np.sort(t[(t > 0) & (t < 1)])
        part = np.searchsorted(within, np.nan_to_num(t), side="right") / max(within.size, 1)
        return np.where(np.isnan(t), np.nan, np.where(t >= 1, 1.0, np.where(t <= 0, 0.0, part)))
    return t


@dataclass(frozen=True)
class Codes:
    """An image as 16-bit codes: 0 no value, else evenly spaced in asinh((value - middle) / soft)."""

    pixels: Mask  #: uint16, shape of the image
    middle: float
    soft: float
    low: float  #: asinh at code 1
    high: float  #: asinh at code 65535

    def value(self, code: NDArray[np.integer]) -> NDArray[np.float64]:
        """Return the values of codes, NaN for 0."""
        at = self.low + (np.asarray(code, float) - 1) * ((self.high - self.low) / (TOP - 1))
        return np.where(np.asarray(code) == 0, np.nan, self.middle + self.soft * np.sinh(at))


def coded(values: Image) -> Codes:
    """Turn an image into 16-bit codes that keep faint and bright alike.

    Parameters
    ----------
    values : ndarray, shape (ny, nx)
        The image; what is not finite has no value.

    Returns
    -------
    Codes
        With what is needed to get values back.
    """
    some = sampled(values).astype(float)
    middle = float(np.median(some)) if some.size else 0.0
    sigma = _SIGMA * float(np.median(np.abs(some - middle))) if some.size else 0.0
    if not sigma > 0:  # half the image has one value: take what the rest differs by
        off = np.abs(some - middle)
        off = off[off > 0]
        sigma = float(np.median(off)) / 10 if off.size else max(abs(middle) * 1e-6, 1e-30)
    soft = _SOFT * sigma
    low, high = (
        float(np.arcsinh(np.clip((x - middle) / soft, -_FURTHEST, _FURTHEST))) for x in _range(values, middle)
    )
    high = high if high > low else low + 1e-6
    pixels = np.empty(values.shape, np.uint16)
    factor = (TOP - 1) / (high - low)

    def work(a: int, b: int) -> None:
        """Code a block of rows."""
        block = values[a:b].astype(np.float64)
        missing = ~np.isfinite(block)
        block[missing] = middle
        block -= middle
        block /= soft
        np.arcsinh(block, out=block)
        block -= low
        block *= factor
        np.clip(block, 0, TOP - 1, out=block)
        block += 1.5
        block[missing] = 0
        pixels[a:b] = block

    each_block(work, len(values), rows=64)
    return Codes(pixels, middle, soft, low, high)


def _range(values: Image, middle: float) -> tuple[float, float]:
    """Return the lowest and highest finite value; the middle twice if there is none."""
    found = []

    def work(a: int, b: int) -> None:
        """Look through a block of rows."""
        block = values[a:b]
        low, high = float(block.min()), float(block.max())
        if not (np.isfinite(low) and np.isfinite(high)):
            block = block[np.isfinite(block)]
            if not block.size:
                return
            low, high = float(block.min()), float(block.max())
        found.append((low, high))

    with np.errstate(invalid="ignore"):
        each_block(work, len(values), rows=64)
    if not found:
        return middle, middle
    return min(low for low, _ in found), max(high for _, high in found)


def binning(shape: tuple[int, ...], most: int) -> int:
    """Return by how much to bin so that neither side is longer than `most`."""
    return max(1, -(-max(shape) // most))


def binned_known(values: Image, n: int) -> Image:
    """Average by squares of n x n pixels, leaving NaN out.

    Parameters
    ----------
    values : ndarray, shape (ny, nx)
        The image.
    n : int
        Side of the squares; what is left over at the upper and right border is dropped.

    Returns
    -------
    ndarray, shape (ny // n, nx // n)
        The averages, NaN where a square holds no value; the image itself if n is 1.
    """
    if n == 1:
        return values
    ny, nx = (size // n for size in values.shape)
    out = np.empty((ny, nx), values.dtype)

    def work(a: int, b: int) -> None:
        """Average a block of rows."""
        parts = [values[a * n + j : b * n : n, i : nx * n : n] for j in range(n) for i in range(n)]
        known = [np.isfinite(part) for part in parts]
        count = np.sum(known, axis=0)
        total = np.sum([np.where(k, part, 0) for k, part in zip(known, parts, strict=True)], axis=0)
        out[a:b] = np.where(count > 0, total / np.maximum(count, 1), np.nan)

    each_block(work, ny, rows=32)
    return out


def binned_flags(mask: Mask, n: int) -> Mask:
    """Join the flags of squares of n x n pixels: lone bad pixels must not vanish."""
    if n == 1:
        return mask
    ny, nx = (size // n for size in mask.shape)
    rows = np.bitwise_or.reduce(mask[: ny * n].reshape(ny, n, mask.shape[1]), axis=1)
    return np.asarray(np.bitwise_or.reduce(rows[:, : nx * n].reshape(ny, nx, n), axis=2))
