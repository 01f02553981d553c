"""Small frames made by hand: light of stars, noise, coordinates, dithers."""

import numpy as np
from astropy.wcs import WCS

from f2widgets.core.frame import Frame

#: Arcsec per pixel.
SCALE = 0.18


def frame(data, *, variance=1.0, mask=0, name="a", unit="electron", **changes):
    """Return a frame of given pixels; variance and mask may be numbers, facts are named."""
    data = np.array(data, np.float32)
    flags = np.full(data.shape, mask, np.uint16)
    noise = None if variance is None else np.full(data.shape, variance, np.float32)
    return Frame(name, data, noise, flags, unit).with_(**changes)


def constant(value, side=8, **changes):
    """Return a square frame of one value."""
    return frame(np.full((side, side), value), **changes)


def moffat(shape, x, y, flux, fwhm=3.5, beta=3.0):
    """Return the light of stars, sampled at the middles of pixels."""
    rows, columns = np.indices(shape, dtype=float)
    alpha = fwhm / (2 * np.sqrt(2 ** (1 / beta) - 1))
    total = np.zeros(shape)
    for u, v, f in zip(*np.broadcast_arrays(np.atleast_1d(x), y, flux), strict=True):
        r2 = (columns - u) ** 2 + (rows - v) ** 2
        total += f * (beta - 1) / (np.pi * alpha**2) * (1 + r2 / alpha**2) ** -beta
    return total


def coordinates(crpix, angle=0.0, crval=(125.0, -30.0)):
    """Return coordinates with swapped axes and negative determinant, as the camera has them."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.crval = crval
    wcs.wcs.crpix = crpix
    c, s = np.cos(angle), np.sin(angle)
    step = SCALE / 3600
    wcs.wcs.cd = np.array([[0, step], [step, 0]]) @ np.array([[c, -s], [s, c]]).T
    wcs.wcs.set()
    return wcs


def scattered(rng, number, side, margin=20.0, apart=12.0):
    """Return places (x, y) over a square, none near another."""
    places = []
    while len(places) < number:
        x, y = rng.uniform(margin, side - margin, 2)
        if all(np.hypot(x - u, y - v) > apart for u, v in places):
            places.append((x, y))
    return np.array(places).T


class Field:
    """Stars that dithered frames share.

    Parameters
    ----------
    number : int
        How many stars.
    side : int
        Side of the frames.
    sigma : float
        Noise of a pixel.
    """

    def __init__(self, number=40, side=192, sigma=10.0, seed=5, faintest=3e3, brightest=1e5, margin=45.0):
        self.rng = np.random.default_rng(seed)
        self.side, self.sigma = side, sigma
        self.centre = np.full(2, (side - 1) / 2)
        self.x, self.y = scattered(self.rng, number, side, margin) if number else np.zeros((2, 0))
        self.flux = np.geomspace(brightest, faintest, max(number, 1))[:number]

    def places(self, dx=0.0, dy=0.0, angle=0.0):
        """Return where the stars fall, (n, 2), turned about the centre and then shifted."""
        c, s = np.cos(angle), np.sin(angle)
        stars = np.stack([self.x, self.y], axis=1) - self.centre
        return self.centre + stars @ np.array([[c, -s], [s, c]]).T + (dx, dy)

    def frame(self, dx=0.0, dy=0.0, angle=0.0, *, told=None, light=1.0, fwhm=3.5, name="a", **changes):
        """Return a frame shifted by (dx, dy), whose header tells the same or something else."""
        x, y = self.places(dx, dy, angle).T
        seen = light * moffat((self.side, self.side), x, y, self.flux, fwhm)
        # Each pixel has the noise of the sky and of the starlight itself.
        variance = self.sigma**2 + seen
        data = seen + self.rng.normal(0, np.sqrt(variance))
        header = coordinates(self.centre + 1 + np.array((dx, dy) if told is None else told), angle)
        changes = {"measured": {"sky": 20_000.0}, "exposure_time": 120.0, **changes}
        return frame(data, variance=variance, name=name, wcs=header, **changes)


#: Shifts of a small dither against its first frame, pixels.
DITHER = ((0.0, 0.0), (24.3, -7.8), (-18.6, 21.45), (9.25, 25.5), (-25.7, -19.9))
