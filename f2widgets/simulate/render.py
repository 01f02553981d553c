"""Light of the objects on the array: stars integrated over pixels, galaxies blurred by the same seeing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.detector import PIXEL_SCALE
from f2widgets.core.frame import Plane
from f2widgets.simulate.catalogue import RADIUS_RANGE, SPERGEL, Catalogue
from f2widgets.simulate.pointing import Pointing

#: Exponent of the Moffat profile; about 3 is usual at good sites.
BETA = 3.0
#: Stamps end where an object is fainter than this, electrons per second and pixel: 0.05 electrons
#: in 120 s, against 150 of noise.
FLOOR = 0.05 / 120
#: Sides of galaxy stamps, pixels; transforms of these sizes are fast.
STAMPS = (32, 48, 64, 96, 128, 192, 256, 384, 512)
#: Those of a target larger than the galaxies of the field; what the wings of the latter have beyond
#: their stamps is far below the noise.
LARGE_STAMPS = (*STAMPS, 768, 1024, 1536, 2048, 3072)

# Gauss-Legendre points across a pixel: for a Moffat of 2.5 px exact to 1e-5.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(3)


def objects(catalogue: Catalogue, pointing: Pointing, fwhm: float, size: int) -> Plane:
    """Return the light of all objects on the array.

    Parameters
    ----------
    catalogue : Catalogue
        The true objects.
    pointing : Pointing
        Where the telescope points.
    fwhm : float
        Width of the Moffat profile in pixels.
    size : int
        Side of the array in pixels.

    Returns
    -------
    ndarray, shape (size, size), float32
        Electrons per second at transparency 1 and response 1.
    """
    image = np.zeros((size, size), np.float32)
    x, y = pointing.pixels(catalogue.ra, catalogue.dec)
    alpha = scale_radius(fwhm)
    for i in np.flatnonzero(catalogue.is_star):
        _add_star(image, float(x[i]), float(y[i]), float(catalogue.flux[i]), alpha)
    seeing = _Seeing(alpha)
    for i in np.flatnonzero(~catalogue.is_star):
        nu, ratio = SPERGEL[float(catalogue.sersic[i])]
        _add_galaxy(
            image,
            float(x[i]),
            float(y[i]),
            float(catalogue.flux[i]),
            radius=float(catalogue.re[i]) / PIXEL_SCALE[0] / ratio,
            axis_ratio=float(catalogue.axis_ratio[i]),
            angle=pointing.direction(float(catalogue.pa[i])),
            nu=nu,
            seeing=seeing,
            sides=LARGE_STAMPS if catalogue.re[i] > RADIUS_RANGE[1] else STAMPS,
        )
    return image


def scale_radius(fwhm: float) -> float:
    """Return the Moffat profile's alpha for a width in pixels."""
    return fwhm / (2 * float(np.sqrt(2 ** (1 / BETA) - 1)))


def moffat(size: int, x: float, y: float, fwhm: float) -> Plane:
    """Return the share of a point source's light in each pixel of a small image.

    Parameters
    ----------
    size : int
        Side of the image in pixels.
    x, y : float
        Place of the source, 0-based pixels.
    fwhm : float
        Width of the Moffat profile in pixels.

    Returns
    -------
    ndarray, shape (size, size), float32
        Shares; their sum falls short of 1 by the light outside the image.
    """
    pixels = np.arange(size, dtype=np.float64)
    return _star(pixels - x, pixels - y, scale_radius(fwhm)).astype(np.float32)


def _star(dx: NDArray[np.float64], dy: NDArray[np.float64], alpha: float) -> NDArray[np.float64]:
    """Return a Moffat of unit flux integrated over pixels, whose centres are dx, dy from the source."""
    across = ((dx[:, None] + _POINTS / 2).ravel() / alpha) ** 2
    along = ((dy[:, None] + _POINTS / 2).ravel() / alpha) ** 2
    profile = (1 + along[:, None] + across) ** -BETA
    weights = np.outer(_WEIGHTS, _WEIGHTS) / 4 * (BETA - 1) / (np.pi * alpha**2)
    boxes = profile.reshape(len(dy), 3, len(dx), 3)
    return np.asarray(np.einsum("yixj,ij->yx", boxes, weights))


def _extent(flux: float, alpha: float) -> int:
    """Return how far from a star's centre it is brighter than the floor, pixels."""
    peak = flux * (BETA - 1) / (np.pi * alpha**2)
    return int(np.ceil(alpha * max(peak / FLOOR, 1) ** (0.5 / BETA))) + 1


def _add_star(image: Plane, x: float, y: float, flux: float, alpha: float) -> None:
    """Add a star to the image."""
    far = _extent(flux, alpha)
    (y0, y1), (x0, x1) = _span(y, far, len(image)), _span(x, far, len(image))
    if y0 < y1 and x0 < x1:
        stamp = flux * _star(np.arange(x0, x1, dtype=float) - x, np.arange(y0, y1, dtype=float) - y, alpha)
        image[y0:y1, x0:x1] += stamp.astype(np.float32)


def _span(centre: float, far: int, size: int) -> tuple[int, int]:
    """Return the range of pixels within `far` of a centre that lie on the array."""
    middle = round(centre)
    return max(middle - far, 0), min(middle + far + 1, size)


class _Seeing:
    """Transform of the seeing and of the pixel's square, by size of stamp."""

    def __init__(self, alpha: float) -> None:
        self.alpha = alpha
        self._known: dict[int, NDArray[np.float64]] = {}

    def __call__(self, side: int) -> NDArray[np.float64]:
        """Return the transform for stamps of a given side, shape (side, side // 2 + 1)."""
        if side not in self._known:
            kx, ky = np.fft.rfftfreq(side), np.fft.fftfreq(side)[:, None]
            square = np.sinc(kx) * np.sinc(ky)
            self._known[side] = square * self._moffat(np.hypot(kx, ky))
        return self._known[side]

    def _moffat(self, k: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the Moffat profile's transform at frequencies k, cycles per pixel."""
        from scipy.special import gamma, kv

        order = BETA - 1
        z = np.maximum(2 * np.pi * self.alpha * k, 1e-6)
        return np.asarray(2 * (z / 2) ** order * kv(order, z) / gamma(order))


def _add_galaxy(
    image: Plane,
    x: float,
    y: float,
    flux: float,
    *,
    radius: float,
    axis_ratio: float,
    angle: float,
    nu: float,
    seeing: _Seeing,
    sides: tuple[int, ...],
) -> None:
    """Add a galaxy to the image; `radius` is Spergel's r0 in pixels, the geometric mean of both axes."""
    major, minor = radius / np.sqrt(axis_ratio), radius * np.sqrt(axis_ratio)
    reach = (
        major * np.log(max(flux / (2 * np.pi * radius**2) / FLOOR, np.e)) + _extent(flux, seeing.alpha) / 2
    )
    side = next((s for s in sides if s >= 2 * reach), sides[-1])
    left, bottom = round(x) - side // 2, round(y) - side // 2
    size = len(image)
    if left >= size or bottom >= size or left + side <= 0 or bottom + side <= 0:
        return
    stamp = flux * _galaxy(side, x - left, y - bottom, major, minor, angle, nu, seeing)
    x0, x1, y0, y1 = max(left, 0), min(left + side, size), max(bottom, 0), min(bottom + side, size)
    image[y0:y1, x0:x1] += stamp[y0 - bottom : y1 - bottom, x0 - left : x1 - left].astype(np.float32)


def _galaxy(
    side: int, x: float, y: float, major: float, minor: float, angle: float, nu: float, seeing: _Seeing
) -> NDArray[np.float64]:
    """Return a galaxy of unit flux centred on pixel (x, y) of a stamp."""
    kx, ky = np.fft.rfftfreq(side), np.fft.fftfreq(side)[:, None]
    along = kx * np.cos(angle) + ky * np.sin(angle)
    across = ky * np.cos(angle) - kx * np.sin(angle)
    squared = (2 * np.pi) ** 2 * ((major * along) ** 2 + (minor * across) ** 2)
    place = np.exp(-2j * np.pi * kx * x) * np.exp(-2j * np.pi * ky * y)
    return np.fft.irfft2((1 + squared) ** -(1 + nu) * seeing(side) * place, s=(side, side))
