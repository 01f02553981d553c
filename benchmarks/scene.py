"""What the truth says should be on a stack's grid: light, places of sources, and source-free sky."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.detector import PIXEL_SCALE, WELL
from f2widgets.core.frame import Frame
from f2widgets.simulate import Truth
from f2widgets.simulate.catalogue import Catalogue
from f2widgets.simulate.pointing import Pointing
from f2widgets.simulate.render import BETA, objects, scale_radius

#: How far a header's coordinates may be off, pixels: pointing errors and six-digit CRVAL.
SEARCH = 60
#: Peaks above so many sigma are compared with the brightest sources to find the common shift.
PEAKS = 20.0
#: Sky is free of sources so many FWHM from any of them, and where their light is below this share
#: of a pixel's noise: bright wings reach further, from outside the lit field too.
CLEAR_FWHM, CLEAR_LIGHT = 3.0, 0.1
#: Response a bright star may meet above the typical one when asking whether it saturates.
HIGHEST_RESPONSE = 1.12

Plane = NDArray[np.float32]
Mask = NDArray[np.bool_]
Values = NDArray[np.float64]

# Gauss-Legendre points across a pixel, as exact as the simulator's own.
_POINTS, _WEIGHTS = np.polynomial.legendre.leggauss(3)


@dataclass(frozen=True)
class Scene:
    """The truth as a stack of given coordinates and shape should show it.

    Parameters
    ----------
    truth : Truth
        Of the simulated data set.
    pointing : Pointing
        The stack's coordinates after the common shift.
    shape : tuple of int
        Rows and columns of the stack.
    """

    truth: Truth
    pointing: Pointing
    shape: tuple[int, int]

    @cached_property
    def places(self) -> tuple[Values, Values]:
        """Pixel (x, y) of every source."""
        table = self.truth.catalogue
        return self.pointing.pixels(np.asarray(table["ra"]), np.asarray(table["dec"]))

    @cached_property
    def shares(self) -> Values:
        """Weight of each frame in the stack: transparency²/sky, together 1."""
        frames = self.truth.frames
        weight = np.asarray(frames["transparency"]) ** 2 / np.asarray(frames["sky"])
        return np.asarray(weight / weight.sum())

    @cached_property
    def electrons(self) -> Values:
        """Electrons of every source in one exposure at the mean transparency."""
        frames = self.truth.frames
        scale = float(np.mean(frames["transparency"])) * float(frames["exptime"][0])
        return np.asarray(self.truth.catalogue["flux"]) * scale

    @cached_property
    def light(self) -> Plane:
        """Light of all sources in each pixel, electrons."""
        ny, nx = self.shape
        return self._rendered(np.arange(len(self.electrons)), self.pointing, max(ny, nx))[:ny, :nx]

    @cached_property
    def noise(self) -> float:
        """Sigma that a pixel of sky has in a stack without any loss, electrons."""
        frames = self.truth.frames
        seconds, clear = np.asarray(frames["exptime"]), np.asarray(frames["transparency"])
        one = np.asarray(frames["sky"]) * seconds * (clear.mean() / clear) ** 2
        return float(np.sqrt(np.sum(self.shares**2 * one)))

    @cached_property
    def coverage(self) -> NDArray[np.uint8]:
        """Number of frames in which each pixel is lit."""
        count = np.zeros(self.shape, np.uint8)
        for offset in self._offsets:
            count += _moved(self.truth.lit, offset, self.shape)
        return count

    @cached_property
    def clean(self) -> NDArray[np.uint8]:
        """Number of frames in which each pixel is lit and the guide probe leaves it alone."""
        count = np.zeros(self.shape, np.uint8)
        for row, offset in zip(self.truth.frames, self._offsets, strict=True):
            probed = self.truth.probe(row["filename"].removesuffix(".fits"))
            count += _moved(self.truth.lit & ~probed, offset, self.shape)
        return count

    @cached_property
    def near_source(self) -> Mask:
        """Pixels within `CLEAR_FWHM` of any source."""
        found = np.zeros(self.shape, bool)
        reach = CLEAR_FWHM * float(np.mean(self.truth.frames["fwhm"]))
        for x, y in zip(*self.places, strict=True):
            y0, y1 = max(int(y - reach), 0), max(int(y + reach) + 2, 0)
            x0, x1 = max(int(x - reach), 0), max(int(x + reach) + 2, 0)
            part = found[y0:y1, x0:x1]
            rows, columns = np.ogrid[y0 : y0 + part.shape[0], x0 : x0 + part.shape[1]]
            part |= (columns - x) ** 2 + (rows - y) ** 2 < reach**2
        return found

    @cached_property
    def sky(self) -> Mask:
        """Lit in all frames, outside the probe, and free of sources."""
        clear = ~self.near_source & (self.light < CLEAR_LIGHT * self.noise)
        return (self.clean == len(self.truth.frames)) & clear

    @cached_property
    def unsaturated(self) -> Mask:
        """Which sources stay below the full well in every frame, were their peak on a pixel's centre."""
        frames = self.truth.frames
        safe = np.ones(len(self.truth.catalogue), bool)
        for row in frames:
            peak = float(moffats(np.zeros(1), np.zeros(1), float(row["fwhm"]), 0)[0, 0, 0])
            rate = np.asarray(self.truth.catalogue["flux"]) * row["transparency"] * peak + row["sky"]
            safe &= rate * row["exptime"] * HIGHEST_RESPONSE < WELL
        return safe

    def psf(self, x: Values, y: Values, half: int) -> Values:
        """Return the truth's stamps of point sources of unit flux, as `moffats` does, of the mean seeing."""
        fwhm = self.truth.frames["fwhm"]
        return sum(s * moffats(x, y, float(f), half) for s, f in zip(self.shares, fwhm, strict=True))

    def alone(self, index: int, half: int) -> Plane:
        """Return the light of one source in a stamp around the pixel nearest to it."""
        x, y = (round(float(v[index])) - half for v in self.places)
        return self._rendered(np.array([index]), self.pointing.moved(-x, -y), 2 * half + 1)

    def _rendered(self, index: NDArray[np.int64], pointing: Pointing, size: int) -> Plane:
        """Return the light of some sources in a square of pixels: stars in each frame's seeing.

        Galaxies are rendered once, in the mean seeing: they feel its spread in the second order only.
        """
        star = np.asarray(self.truth.catalogue["kind"] == "star")[index]
        frames = self.truth.frames["fwhm"]
        total = objects(self._sources(index[~star]), pointing, float(self.shares @ frames), size)
        stars = self._sources(index[star])
        for share, fwhm in zip(self.shares, frames, strict=True):
            total += np.float32(share) * objects(stars, pointing, float(fwhm), size)
        return total

    def _sources(self, index: NDArray[np.int64]) -> Catalogue:
        """Return some sources as the renderer wants them, their light in electrons."""
        names = ("ra", "dec", "re", "axis_ratio", "pa", "sersic")
        columns = {name: np.asarray(self.truth.catalogue[name], float)[index] for name in names}
        return Catalogue(flux=self.electrons[index], **columns)

    @cached_property
    def _offsets(self) -> list[tuple[float, float]]:
        """Pixel (x, y) of the stack at which each frame's first pixel lies."""
        frames = self.truth.frames
        first = frames[0]
        there = Pointing(
            (first["crval1"], first["crval2"]),
            (first["crpix1"], first["crpix2"]),
            (first["cd1_1"], first["cd1_2"], first["cd2_1"], first["cd2_2"]),
        )
        ra, dec = there.sky(*self.truth.settings["centre"])
        (x,), (y,) = self.pointing.pixels(ra, dec)
        cx, cy = self.truth.settings["centre"]
        return [(x - cx - row["dx"], y - cy - row["dy"]) for row in frames]


def scene_of(frame: Frame, truth: Truth) -> Scene:
    """Return the truth on a stack's grid, with one common shift against its header.

    Parameters
    ----------
    frame : Frame
        The stack.
    truth : Truth
        Of the simulated data set.

    Returns
    -------
    Scene
        With the shift to about a hundredth of a pixel.
    """
    wcs = frame.wcs.wcs
    (a, b), (c, d) = frame.wcs.pixel_scale_matrix
    pointing = Pointing(tuple(wcs.crval), tuple(wcs.crpix), (a, b, c, d))
    scene = Scene(truth, pointing, frame.shape)
    scene = replace(scene, pointing=pointing.moved(*_vote(frame, scene)))
    for _ in range(2):
        scene = replace(scene, pointing=scene.pointing.moved(*_refine(frame, scene)))
    return scene


def moffats(
    x: Values, y: Values, fwhm: float | Values, half: int, about: tuple[Values, Values] | None = None
) -> Values:
    """Return stamps of point sources of unit flux, integrated over pixels.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Places.
    fwhm : float or ndarray, shape (n,)
        Width in pixels.
    half : int
        Half the side of a stamp, without its middle.
    about : tuple of ndarray, optional
        Places whose nearest pixels are the middles of the stamps; by default the sources' own.

    Returns
    -------
    ndarray, shape (n, 2 half + 1, 2 half + 1)
        Shares of the light.
    """
    middle_x, middle_y = (np.rint(v)[:, None] for v in about or (x, y))
    steps = (np.arange(-half, half + 1)[:, None] + _POINTS / 2).ravel()
    alpha = np.broadcast_to(scale_radius(1.0) * np.asarray(fwhm), x.shape)[:, None]
    across = ((steps + middle_x - x[:, None]) / alpha) ** 2
    along = ((steps + middle_y - y[:, None]) / alpha) ** 2
    profile = (1 + along[:, :, None] + across[:, None, :]) ** -BETA
    side = 2 * half + 1
    boxes = profile.reshape(len(x), side, 3, side, 3)
    stamps = np.einsum("nyixj,i,j->nyx", boxes, _WEIGHTS, _WEIGHTS) / 4
    return np.asarray(stamps * (BETA - 1) / (np.pi * alpha[:, :, None] ** 2))


def stamps_of(plane: NDArray[np.floating], x: Values, y: Values, half: int) -> Values:
    """Return the parts of a plane around places that lie at least `half` from its edge, (n, side, side)."""
    steps = np.arange(-half, half + 1)
    rows, columns = (np.rint(v).astype(int)[:, None] + steps for v in (y, x))
    return np.asarray(plane[rows[:, :, None], columns[:, None, :]], float)


def least(plane: NDArray[np.uint8], scene: Scene, half: int) -> NDArray[np.uint8]:
    """Return a plane's least value in the stamp around each source; 0 where that leaves the plane."""
    from scipy.ndimage import minimum_filter

    smallest = minimum_filter(plane, 2 * half + 1, mode="constant")
    x, y = (np.rint(v).astype(int) for v in scene.places)
    on = (x >= 0) & (y >= 0) & (x < scene.shape[1]) & (y < scene.shape[0])
    found = np.zeros(len(x), np.uint8)
    found[on] = smallest[y[on], x[on]]
    return found


def lonely(scene: Scene, distance: float = 3.0) -> Mask:
    """Say which sources have no other within a distance in arcsec."""
    from scipy.spatial import cKDTree

    tree = cKDTree(np.column_stack(scene.places))
    near = tree.query_ball_point(tree.data, distance / PIXEL_SCALE[0], return_length=True)
    return np.asarray(near == 1)


def _moved(plane: Mask, offset: tuple[float, float], shape: tuple[int, int]) -> Mask:
    """Return a frame's plane on the stack's grid, to the nearest pixel; False outside."""
    x, y = round(offset[0]), round(offset[1])
    ny, nx = plane.shape
    out = np.zeros(shape, bool)
    y0, y1, x0, x1 = max(y, 0), min(y + ny, shape[0]), max(x, 0), min(x + nx, shape[1])
    if y0 < y1 and x0 < x1:
        out[y0:y1, x0:x1] = plane[y0 - y : y1 - y, x0 - x : x1 - x]
    return out


def _vote(frame: Frame, scene: Scene) -> tuple[float, float]:
    """Return the whole-pixel shift on which most pairs of a peak and a bright source agree."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    smooth = gaussian_filter(frame.data, 1.5)
    peaks = (smooth == maximum_filter(smooth, 9)) & (smooth > PEAKS * scene.noise)
    rows, columns = np.nonzero(peaks)
    brightest = np.argsort(smooth[rows, columns])[::-1][:300]
    chosen = np.argsort(scene.electrons)[::-1][:600]
    x, y = (v[chosen] for v in scene.places)
    dx = (columns[brightest][:, None] - x).ravel()
    dy = (rows[brightest][:, None] - y).ravel()
    edges = np.arange(-SEARCH, SEARCH + 1.5) - 0.5
    votes, *_ = np.histogram2d(dx, dy, bins=[edges, edges])
    # A shift between two pixels shares its votes: count them in squares of three.
    i, j = np.unravel_index(np.argmax(gaussian_filter(votes, 0.8)), votes.shape)
    return float(i - SEARCH), float(j - SEARCH)


def _refine(frame: Frame, scene: Scene) -> tuple[float, float]:
    """Return the shift that is left, from the centroids of bright lonely stars."""
    star = np.asarray(scene.truth.catalogue["kind"] == "star")
    good = star & (least(scene.clean, scene, 8) > 0) & lonely(scene) & scene.unsaturated
    good &= scene.electrons > 300 * scene.noise
    x, y = (v[good] for v in scene.places)
    stamps = stamps_of(frame.data, x, y, 8)
    steps = np.arange(-8, 9)
    moved = []
    for axis, place in ((1, x), (2, y)):
        # Weighting by a Gaussian narrows the moment to half of the true shift.
        weight = np.exp(-(steps[:, None] ** 2 + steps**2) / (2 * 1.5**2))
        profile = (stamps * weight).sum(axis=axis)
        narrow = _gauss_share(float(np.mean(scene.truth.frames["fwhm"])))
        centre = (profile * steps).sum(axis=1) / profile.sum(axis=1) / narrow
        moved.append(float(np.median(centre - (place - np.rint(place)))))
    return moved[0], moved[1]


def _gauss_share(fwhm: float) -> float:
    """Return by how much a Gaussian window of sigma 1.5 px reduces a small shift of a star's centroid."""
    return float(1.5**2 / (1.5**2 + (fwhm / 2.355) ** 2))
