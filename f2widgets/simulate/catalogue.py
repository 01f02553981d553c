"""The objects of the false field: stars and galaxies with their places, fluxes and shapes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.simulate.pointing import camera
from f2widgets.simulate.sequence import CROWDING, TARGET, reach
from f2widgets.simulate.settings import Settings

#: Magnitude of one electron per second in Y: zero point of the instrument page.
ZERO_POINT = 26.73
#: Brightest and faintest magnitude, and the slope of the counts: 10^(slope x magnitude). At 120 s
#: a star of magnitude 16 saturates, and one of 24 is at the limit of nine frames.
STAR_RANGE, STAR_SLOPE = (14.5, 25.0), 0.17
GALAXY_RANGE, GALAXY_SLOPE = (16.0, 24.5), 0.33
#: Galaxies on the full array.
GALAXIES = 700
#: Half-light radius in arcsec: limits, median at magnitude 21, its fall per magnitude (dex), scatter (dex).
RADIUS_RANGE, RADIUS_AT_21, RADIUS_FALL, RADIUS_SCATTER = (0.3, 3.0), 0.9, 0.05, 0.20

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Catalogue:
    """True objects, one per element of each array; stars first.

    Parameters
    ----------
    ra, dec : ndarray
        Position in degrees.
    flux : ndarray
        Electrons per second in all, at transparency 1.
    re : ndarray
        Half-light radius in arcsec, the geometric mean of both axes; 0 for stars.
    axis_ratio : ndarray
        Minor over major axis.
    pa : ndarray
        Direction of the major axis, degrees east of north.
    sersic : ndarray
        1 for an exponential disc, 4 for a de Vaucouleurs-like bulge, 0 for stars.
    """

    ra: Column
    dec: Column
    flux: Column
    re: Column
    axis_ratio: Column
    pa: Column
    sersic: Column

    @property
    def is_star(self) -> NDArray[np.bool_]:
        """Which objects are stars."""
        return np.asarray(self.re == 0)


def draw(settings: Settings) -> Catalogue:
    """Draw the objects of the field.

    Parameters
    ----------
    settings : Settings
        What the user chose.

    Returns
    -------
    Catalogue
        Objects on the array at any of the dithers, and somewhat beyond.
    """
    margin = reach(settings) + 30
    area = (1 + 2 * margin / settings.size) ** 2
    stars = round(settings.stars * settings.scale**CROWDING * area)
    galaxies = round(GALAXIES * settings.scale**2 * area)
    rng = settings.random("stars")
    star = _fluxes(rng, stars, STAR_RANGE, STAR_SLOPE)
    star_at = rng.uniform(-margin, settings.size + margin, (2, stars))
    rng = settings.random("galaxies")
    galaxy = _fluxes(rng, galaxies, GALAXY_RANGE, GALAXY_SLOPE)
    galaxy_at = rng.uniform(-margin, settings.size + margin, (2, galaxies))
    ra, dec = camera(*TARGET, settings.size).sky(*np.hstack([star_at, galaxy_at]))
    none = np.zeros(stars)
    return Catalogue(
        ra=ra,
        dec=dec,
        flux=np.hstack([star, galaxy]),
        re=np.hstack([none, _radii(rng, galaxy)]),
        axis_ratio=np.hstack([none + 1, rng.uniform(0.35, 1.0, galaxies)]),
        pa=np.hstack([none, rng.uniform(0, 180, galaxies)]),
        sersic=np.hstack([none, np.where(rng.random(galaxies) < 0.6, 1.0, 4.0)]),
    )


def _fluxes(rng: np.random.Generator, number: int, limits: tuple[float, float], slope: float) -> Column:
    """Draw fluxes whose counts rise as 10^(slope x magnitude) between two magnitudes."""
    low, high = (10 ** (slope * (limit - limits[1])) for limit in limits)
    magnitude = limits[1] + np.log10(rng.uniform(low, high, number)) / slope
    return np.asarray(10 ** (0.4 * (ZERO_POINT - magnitude)))


def _radii(rng: np.random.Generator, flux: Column) -> Column:
    """Draw half-light radii in arcsec; brighter galaxies are larger."""
    magnitude = ZERO_POINT - 2.5 * np.log10(flux)
    log = (
        np.log10(RADIUS_AT_21)
        - RADIUS_FALL * (magnitude - 21)
        + RADIUS_SCATTER * rng.standard_normal(len(flux))
    )
    return np.asarray(np.clip(10**log, *RADIUS_RANGE))
