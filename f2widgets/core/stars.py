"""Find point sources in a sky-subtracted frame, and measure where they are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Frame
from f2widgets.core.levels import usual_variance

Values = NDArray[np.float64]

#: Radius in pixels within which light is added up.
_APERTURE = 4.0
#: S/N within the aperture that a star must have.
_FAINTEST = 4.0
#: Half the side of the stamp cut out around a star.
HALF = 8
#: Radius in pixels beyond which the stamp shows what surrounds the star.
_RING = 6.5
#: Softened by `_softened`, the peak of a star keeps this part at least; a hot pixel or a cosmic ray keeps
#: a quarter, a Moffat profile of FWHM 2.5 px two thirds.
_SHARPEST = 0.4
#: Sigma of white noise after `_softened`, over that before: the root of the sum of squared weights.
_SOFTENED = 0.375


@dataclass(frozen=True)
class Stars:
    """Positions (0-based pixels), fluxes within four pixels and widths, brightest first."""

    x: Values
    y: Values
    flux: Values
    noise: Values  #: of the flux
    fwhm: float  #: pixels, of the brighter stars together; NaN without stars
    beta: float  #: of their Moffat profile

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.x)


def find_stars(frame: Frame, *, threshold: float = 4.5, most: int = 400) -> Stars:
    """Find the stars of a frame.

    Parameters
    ----------
    frame : Frame
        Sky-subtracted, with variance, shape (ny, nx).
    threshold : float, optional
        Sigma of the softened sky noise that the peak must reach.
    most : int, optional
        How many of the brightest to keep.

    Returns
    -------
    Stars
        Without those that touch saturated or unusable pixels in their core.

    Notes
    -----
    *Method*: peaks of 3 x 3 pixels after softening by (1, 2, 1) / 4 along both axes; positions are
    Gaussian-windowed centroids, iterated with a window as wide as the stars (E. Bertin's XWIN), accurate to a
    few hundredths of a pixel at S/N 50.
    """
    sigma = float(np.sqrt(usual_variance(frame)))
    y, x = _peaks(frame, threshold * _SOFTENED * sigma)
    stamps, clean = _stamps(frame, y, x)
    y, x, stamps = y[clean], x[clean], stamps[clean]
    if not len(x):
        nothing = np.zeros(0)
        return Stars(nothing, nothing, nothing, nothing, float("nan"), 3.0)
    dx, dy = _centroids(stamps)
    stays = np.hypot(dx, dy) < 1.5
    inner = _disc(_APERTURE)
    flux = np.where(inner, stamps, 0).sum(axis=(1, 2))
    noise = np.sqrt(inner.sum() * sigma**2 + np.maximum(flux, 0))
    stays &= flux > _FAINTEST * noise
    order = np.flatnonzero(stays)[np.argsort(-flux[stays], kind="stable")]
    some = order[:60]
    fwhm, beta = _profile(stamps[some], dx[some], dy[some]) if len(some) else (float("nan"), 3.0)
    order = order[:most]
    return Stars((x + dx)[order], (y + dy)[order], flux[order], noise[order], fwhm, beta)


def measure_star(frame: Frame, row: int, column: int) -> Stars:
    """Measure one star whose brightest pixel is known.

    Parameters
    ----------
    frame : Frame
        Around zero near the star, shape (ny, nx); the pixel lies at least `HALF` from its border.
    row, column : int
        The brightest pixel.

    Returns
    -------
    Stars
        One, its noise not known; also where saturated or unusable pixels touch its core.
    """
    stamp, _ = _stamps(frame, np.array([row]), np.array([column]))
    dx, dy = _centroids(stamp)
    flux = np.where(_disc(_APERTURE), stamp, 0).sum(axis=(1, 2))
    return Stars(column + dx, row + dy, flux, np.full(1, np.nan), *_profile(stamp, dx, dy))


def _peaks(frame: Frame, limit: float) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return rows and columns of usable local maxima above a limit."""
    ny = frame.shape[0]
    found: dict[int, tuple[NDArray[np.int_], NDArray[np.int_]]] = {}

    def work(a: int, b: int) -> None:
        """Look in a block of rows."""
        a, b = max(a, HALF), min(b, ny - HALF)
        if a >= b:
            return
        data, mask = frame.data[a - 2 : b + 2], frame.mask[a - 2 : b + 2]
        soft = _softened(((mask & flags.UNUSABLE) == 0).astype(np.float32) * data)
        inner = soft[1:-1, HALF - 1 : 1 - HALF]
        y, x = np.divmod(np.flatnonzero(inner > np.float32(limit)), inner.shape[1])
        y, x = y + 1, x + HALF - 1  # in `soft`, which lacks a pixel on each side of `data`
        here = soft[y, x]
        real = (mask[y + 1, x + 1] & (flags.UNUSABLE | flags.SATURATED)) == 0
        real &= here > _SHARPEST * data[y + 1, x + 1]
        for j, i in ((-1, -1), (-1, 0), (-1, 1), (0, -1)):
            real &= here >= soft[y + j, x + i]
            real &= here > soft[y - j, x - i]
        found[a] = (y[real] + a - 1, x[real] + 1)

    each_block(work, ny, rows=32)
    rows, columns = zip(*(found[a] for a in sorted(found)), strict=True) if found else ((), ())
    nothing = [np.zeros(0, int)]
    return np.concatenate([*rows, *nothing]), np.concatenate([*columns, *nothing])


def _softened(data: NDArray[np.float32]) -> NDArray[np.float32]:
    """Smooth by (1, 2, 1) / 4 along both axes; the result lacks a pixel on each side."""
    rows = data[:-2] + data[2:]
    rows += 2 * data[1:-1]
    out = rows[:, :-2] + rows[:, 2:]
    out += 2 * rows[:, 1:-1]
    out *= np.float32(1 / 16)
    return out


def _stamps(frame: Frame, y: NDArray[np.int_], x: NDArray[np.int_]) -> tuple[Values, NDArray[np.bool_]]:
    """Cut out stamps less what surrounds them, unusable pixels zero, and say which have a clean core."""
    step = np.arange(-HALF, HALF + 1)
    rows, columns = y[:, None, None] + step[:, None], x[:, None, None] + step
    masks = frame.mask[rows, columns]
    usable = (masks & flags.UNUSABLE) == 0
    values = np.where(usable, frame.data[rows, columns], np.float32(0))
    around = np.median(values[:, ~_disc(_RING)], axis=1) if len(x) else np.zeros(0, np.float32)
    values = np.where(usable, values - around[:, None, None], 0).astype(float)
    core = (masks & (flags.UNUSABLE | flags.SATURATED)) != 0
    return values, ~(core & _disc(3.2)).any(axis=(1, 2))


def _disc(radius: float) -> NDArray[np.bool_]:
    """Return the pixels of a stamp within a radius of its middle."""
    step = np.arange(-HALF, HALF + 1)
    return np.asarray(step[:, None] ** 2 + step**2 <= radius**2)


def _centroids(stamps: Values) -> tuple[Values, Values]:
    """Return windowed centroids of stamps relative to their middle."""
    step = np.arange(-HALF, HALF + 1, dtype=float)
    n = len(stamps)
    dx, dy, sigma = np.zeros(n), np.zeros(n), 1.6
    bright = np.argsort(-stamps[:, HALF, HALF], kind="stable")[: max(20, n // 4)]
    for turn in range(8):
        wx = np.exp(-0.5 * ((step - dx[:, None]) / sigma) ** 2)
        wy = np.exp(-0.5 * ((step - dy[:, None]) / sigma) ** 2)
        along_x = np.einsum("nji,nj->ni", stamps, wy) * wx
        along_y = np.einsum("nji,ni->nj", stamps, wx) * wy
        total = np.maximum(along_x.sum(axis=1), 1e-30)
        ox, oy = step - dx[:, None], step - dy[:, None]
        mx, my = (along_x * ox).sum(axis=1) / total, (along_y * oy).sum(axis=1) / total
        spread = 0.5 * ((along_x * ox**2).sum(axis=1) + (along_y * oy**2).sum(axis=1)) / total
        spread -= 0.5 * (mx**2 + my**2)
        dx, dy = np.clip(dx + 2 * mx, -3, 3), np.clip(dy + 2 * my, -3, 3)
        if turn < 5:  # a Gaussian seen through a window of its own width has half its variance
            sigma = float(np.clip(np.sqrt(max(2 * float(np.median(spread[bright])), 0.3)), 0.9, 3.2))
    return dx, dy


def _profile(stamps: Values, dx: Values, dy: Values) -> tuple[float, float]:
    """Return FWHM and beta of the Moffat profile that fits some bright stars together.

    The best of a grid in both, the amplitude by least squares: FWHM to two per cent, which is enough to
    compare frames.
    """
    step = np.arange(-HALF, HALF + 1)
    radius = np.hypot(step[None, :, None] - dy[:, None, None], step[None, None, :] - dx[:, None, None])
    light = stamps / np.maximum(np.where(radius < 3, stamps, 0).sum(axis=(1, 2)), 1e-30)[:, None, None]
    bins = np.minimum((radius * 3).astype(int), 21)  # thirds of a pixel, out to seven
    values = np.array([np.median(light[bins == b]) if np.any(bins == b) else 0.0 for b in range(21)])
    counts = np.bincount(bins.ravel(), minlength=22)[:21]
    r = np.array([np.mean(radius[bins == b]) if counts[b] else 0.0 for b in range(21)])
    fwhm, beta = np.meshgrid(np.geomspace(1.5, 12, 140), [2.0, 2.5, 3.0, 3.5, 4.5, 6.0, 10.0], indexing="ij")
    scale = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    models = (1 + (r / scale[..., None]) ** 2) ** -beta[..., None]
    # The stamps lack the median of the ring around them: the profile at the ring's median radius.
    around = np.median(np.hypot(step[:, None], step)[~_disc(_RING)])
    models -= ((1 + (around / scale) ** 2) ** -beta)[..., None]
    amplitude = (models * values * counts).sum(-1) / np.maximum((models**2 * counts).sum(-1), 1e-30)
    chi = (counts * (values - amplitude[..., None] * models) ** 2).sum(-1)
    best = np.unravel_index(np.argmin(chi), chi.shape)
    return float(fwhm[best]), float(beta[best])
