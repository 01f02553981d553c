"""Where the sky falls on the array: a tangent projection per frame, turned as in the real camera."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from f2widgets.core.detector import PIXEL_SCALE, SIDE

#: Reference pixel (1-based) of headers from 2014 to 2016.
REFERENCE_PIXEL = (1064.90, 1054.24)
#: Tilt of the array against north, degrees; the CD matrices of real headers show about this much.
TILT = 0.085

Positions = NDArray[np.float64]


@dataclass(frozen=True)
class Pointing:
    """A tangent projection in the terms of a FITS header.

    Parameters
    ----------
    crval : tuple of float
        Right ascension and declination of the reference point, degrees.
    crpix : tuple of float
        Its pixel (x, y), counted from 1.
    cd : tuple of float
        CD1_1, CD1_2, CD2_1, CD2_2 in degrees per pixel.
    """

    crval: tuple[float, float]
    crpix: tuple[float, float]
    cd: tuple[float, float, float, float]

    def pixels(self, ra: ArrayLike, dec: ArrayLike) -> tuple[Positions, Positions]:
        """Return the 0-based pixels (x, y) of sky positions in degrees."""
        x, y = self._wcs().wcs_world2pix(np.atleast_1d(ra), np.atleast_1d(dec), 0)
        return x, y

    def sky(self, x: ArrayLike, y: ArrayLike) -> tuple[Positions, Positions]:
        """Return right ascension and declination in degrees of 0-based pixels."""
        ra, dec = self._wcs().wcs_pix2world(np.atleast_1d(x), np.atleast_1d(y), 0)
        return ra, dec

    def moved(self, dx: float, dy: float) -> Pointing:
        """Return the pointing under which every source falls (dx, dy) pixels further, without rotation."""
        return replace(self, crpix=(self.crpix[0] + dx, self.crpix[1] + dy))

    def direction(self, angle: float) -> float:
        """Return an angle east of north (degrees) as a direction on the array, radians from +x to +y."""
        east, north = np.sin(np.radians(angle)), np.cos(np.radians(angle))
        x, y = np.linalg.solve(np.reshape(self.cd, (2, 2)), [east, north])
        return float(np.arctan2(y, x))

    def cards(self) -> list[tuple[str, float]]:
        """Return the header keywords of the projection with their values."""
        names = ("CD1_1", "CD1_2", "CD2_1", "CD2_2", "CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2")
        return list(zip(names, (*self.cd, *self.crpix, *self.crval), strict=True))

    def as_written(self) -> Pointing:
        """Return what the control system writes: single precision, CRVAL to six significant digits."""
        return Pointing(
            crval=_pair(_single(float(f"{value:.6g}")) for value in self.crval),
            crpix=_pair(_single(value) for value in self.crpix),
            cd=(_single(self.cd[0]), _single(self.cd[1]), _single(self.cd[2]), _single(self.cd[3])),
        )

    def _wcs(self) -> Any:
        """Return the projection as astropy knows it."""
        from astropy.wcs import WCS

        wcs = WCS(naxis=2)
        wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
        wcs.wcs.crval = self.crval
        wcs.wcs.crpix = self.crpix
        wcs.wcs.cd = np.reshape(self.cd, (2, 2))
        return wcs


def camera(ra: float, dec: float, size: int, angle: float = 0.0) -> Pointing:
    """Return the pointing of the camera at a sky position.

    At position angle 0 +x is north and +y east, and the determinant of the CD matrix is always negative.

    Parameters
    ----------
    ra, dec : float
        Sky position at the reference pixel, degrees.
    size : int
        Side of the array in pixels.
    angle : float, optional
        Position angle as the header's PA gives it: of +x, degrees east of north.

    Returns
    -------
    Pointing
        The projection.
    """
    step = PIXEL_SCALE[0] / 3600
    across, along = step * np.sin(np.radians(angle + TILT)), step * np.cos(np.radians(angle + TILT))
    x, y = ((p - 0.5) * size / SIDE + 0.5 for p in REFERENCE_PIXEL)
    return Pointing((ra, dec), (x, y), (float(across), float(along), float(along), float(-across)))


def on_sky(offset: tuple[float, float], angle: float) -> tuple[float, float]:
    """Return the offset (east, north) that is (p, q) along the axes of the camera, in the same unit.

    Parameters
    ----------
    offset : tuple of float
        As POFFSET and QOFFSET have it.
    angle : float
        Position angle, degrees.
    """
    (p, q), turn = offset, np.radians(angle)
    return float(p * np.cos(turn) + q * np.sin(turn)), float(q * np.cos(turn) - p * np.sin(turn))


def _single(value: float) -> float:
    """Return a number as single precision holds it."""
    return float(np.float32(value))


def _pair(values: Iterable[float]) -> tuple[float, float]:
    """Return two values as a tuple of known length."""
    first, second = values
    return first, second
