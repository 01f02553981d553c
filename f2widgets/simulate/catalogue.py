"""The objects of the false field: stars and galaxies with their places, fluxes and shapes."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.detector import PIXEL_SCALE
from f2widgets.simulate.pointing import camera
from f2widgets.simulate.programmes import Filter
from f2widgets.simulate.sequence import CROWDING, field_beside, place, reach
from f2widgets.simulate.settings import Settings

#: Slopes of the counts by magnitude: 10^(slope x magnitude).
STAR_SLOPE, GALAXY_SLOPE = 0.17, 0.33
#: Galaxies on the full array.
GALAXIES = 700
#: Half-light radius in arcsec: limits, median five magnitudes below the brightest (magnitude 21 in Y), its
#: fall per magnitude (dex), scatter (dex).
RADIUS_RANGE, RADIUS_AT_21, RADIUS_FALL, RADIUS_SCATTER = (0.3, 3.0), 0.9, 0.05, 0.20
#: Spergel's profiles (2010, ApJS 191, 58) have a simple transform, (1 + (2 pi k r0)^2)^-(1 + nu):
#: nu = 0.5 is the exponential disc, nu = -0.6 follows a de Vaucouleurs bulge closely. By Sersic
#: index: nu, and the half-light radius over r0 (from his equation for the enclosed light).
SPERGEL = {1.0: (0.5, 1.6783470), 4.0: (-0.6, 0.5477139)}
#: The large galaxy: half-light radius in arcsec on the full array, brightness at its centre over the
#: sky's, axis ratio and direction.
LARGE_RADIUS, LARGE_BRIGHTNESS, LARGE_RATIO, LARGE_ANGLE = 15.0, 0.10, 0.7, 40.0

Column = NDArray[np.float64]


@dataclass(frozen=True)
class Catalogue:
    """True objects, one per element of each array.

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
        Objects on the array at any of the dithers, and somewhat beyond; where there is a field beside for
        the sky, a large galaxy at the target, and the objects of that field.
    """
    found = _field(settings, settings.programme.target, "")
    beside = field_beside(settings)
    if beside is None:
        return found
    sky = _field(settings, place(settings, beside), "beside ")
    return _joined(found, _large_galaxy(settings), sky)


def _field(settings: Settings, centre: tuple[float, float], where: str) -> Catalogue:
    """Draw the objects of a field around a place."""
    light = settings.programme.filter
    margin = reach(settings) + 30
    area = (1 + 2 * margin / settings.size) ** 2
    stars = round(settings.stars * settings.scale**CROWDING * area)
    galaxies = round(GALAXIES * settings.scale**2 * area)
    rng = settings.random(f"{where}stars")
    star = _fluxes(rng, stars, light.stars, STAR_SLOPE, light.zero_point)
    star_at = rng.uniform(-margin, settings.size + margin, (2, stars))
    rng = settings.random(f"{where}galaxies")
    galaxy = _fluxes(rng, galaxies, light.galaxies, GALAXY_SLOPE, light.zero_point)
    galaxy_at = rng.uniform(-margin, settings.size + margin, (2, galaxies))
    ra, dec = camera(*centre, settings.size, settings.pa).sky(*np.hstack([star_at, galaxy_at]))
    none = np.zeros(stars)
    return Catalogue(
        ra=ra,
        dec=dec,
        flux=np.hstack([star, galaxy]),
        re=np.hstack([none, _radii(rng, galaxy, light)]),
        axis_ratio=np.hstack([none + 1, rng.uniform(0.35, 1.0, galaxies)]),
        pa=np.hstack([none, rng.uniform(0, 180, galaxies)]),
        sersic=np.hstack([none, np.where(rng.random(galaxies) < 0.6, 1.0, 4.0)]),
    )


def _large_galaxy(settings: Settings) -> Catalogue:
    """Return the galaxy at the target: an exponential disc, whose centre has L / (2 pi r0^2)."""
    radius = LARGE_RADIUS * settings.scale
    r0 = radius / PIXEL_SCALE[0] / SPERGEL[1.0][1]
    flux = LARGE_BRIGHTNESS * settings.sky * 2 * np.pi * r0**2
    values = (*settings.programme.target, flux, radius, LARGE_RATIO, LARGE_ANGLE, 1.0)
    return Catalogue(*(np.array([value]) for value in values))


def _joined(*parts: Catalogue) -> Catalogue:
    """Put catalogues together."""
    names = [item.name for item in fields(Catalogue)]
    return Catalogue(**{name: np.hstack([getattr(part, name) for part in parts]) for name in names})


def _fluxes(
    rng: np.random.Generator, number: int, limits: tuple[float, float], slope: float, zero_point: float
) -> Column:
    """Draw fluxes whose counts rise as 10^(slope x magnitude) between two magnitudes."""
    low, high = (10 ** (slope * (limit - limits[1])) for limit in limits)
    magnitude = limits[1] + np.log10(rng.uniform(low, high, number)) / slope
    return np.asarray(10 ** (0.4 * (zero_point - magnitude)))


def _radii(rng: np.random.Generator, flux: Column, light: Filter) -> Column:
    """Draw half-light radii in arcsec; brighter galaxies are larger."""
    magnitude = light.zero_point - 2.5 * np.log10(flux)
    log = (
        np.log10(RADIUS_AT_21)
        - RADIUS_FALL * (magnitude - (light.galaxies[0] + 5))
        + RADIUS_SCATTER * rng.standard_normal(len(flux))
    )
    return np.asarray(np.clip(10**log, *RADIUS_RANGE))
