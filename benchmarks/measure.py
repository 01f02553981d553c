"""How good a stack is: every figure measured against the truth of a simulated data set.

``python benchmarks/measure.py STACK FOLDER`` prints the figures of one stack beside those of the
perfect stack; STACK is a product (``*_image.fits``), FOLDER the simulated raw frames.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scene import CLEAR_LIGHT, Scene, least, lonely, moffats, scene_of, stamps_of
from table import show

from f2widgets.core import flags
from f2widgets.core.detector import PIXEL_SCALE
from f2widgets.core.frame import Frame
from f2widgets.core.noise import correlated_sum, correlation_of, correlation_table
from f2widgets.io.read import read_frame
from f2widgets.simulate import Truth, load, perfect

Values = NDArray[np.float64]
Mask = NDArray[np.bool_]

#: Radius in pixels of the apertures for stars, and those for the noise of sums.
RADIUS, SUMS = 4.0, (2, 4, 8)
#: S/N of the stars measured, and of those called bright.
STARS, BRIGHT = 50.0, 200.0
#: S/N of the galaxies measured, and their half-light radii in arcsec.
GALAXIES, GALAXY_RADII = 20.0, (0.5, 2.0)
#: Light of other sources in a galaxy's aperture, as a share of its own, above which it is left out.
ALONE = 0.1
#: Side of the boxes of the residual sky and of the local mean, pixels; a box counts when so much is sky.
BOX, FILLED = 64, 0.5
#: What is further out than this has a figure of its own, and does not enter the noise.
OUTLIER = 6.0


@dataclass(frozen=True)
class Stars:
    """The stars that are measured: number in the catalogue, place, electrons and S/N."""

    index: NDArray[np.int64]
    x: Values
    y: Values
    electrons: Values
    ratio: Values


def stars_of(scene: Scene) -> Stars:
    """Return all unsaturated stars of S/N above `STARS` without a neighbour within 3 arcsec.

    They are lit in every frame, and in one at least without the guide probe. The S/N is that of the
    truth, in `RADIUS`: noise of sky and star in the frames without the probe.
    """
    number, frames = len(scene.truth.frames), least(scene.clean, scene, 8)
    good = (least(scene.coverage, scene, 8) == number) & (frames > 0) & lonely(scene) & scene.unsaturated
    index = np.flatnonzero(good & np.asarray(scene.truth.catalogue["kind"] == "star"))
    x, y = (v[index] for v in scene.places)
    held = _apertures(x, y, RADIUS, 7)
    light = scene.electrons[index] * np.sum(held * scene.psf(x, y, 7), axis=(1, 2))
    noise = held.sum(axis=(1, 2)) * scene.noise**2 * number + light
    noise = np.sqrt(noise / frames[index])
    good = light > STARS * noise
    return Stars(index[good], x[good], y[good], scene.electrons[index[good]], (light / noise)[good])


def star_fluxes(frame: Frame, scene: Scene, stars: Stars) -> Values:
    """Return each star's measured over its true flux, less 1.

    The sum within `RADIUS`, the truth's light of all other sources left out, over the truth's own
    sum there: its aperture correction is that of the truth's seeing.
    """
    held = _apertures(stars.x, stars.y, RADIUS, 7)
    excess = np.sum(held * stamps_of(frame.data - scene.light, stars.x, stars.y, 7), axis=(1, 2))
    own = stars.electrons * np.sum(held * scene.psf(stars.x, stars.y, 7), axis=(1, 2))
    return np.asarray(excess / own)


def fit_stars(frame: Frame, scene: Scene, stars: Stars, half: int = 7) -> tuple[Values, Values, Values]:
    """Fit a Moffat profile to each star.

    Returns
    -------
    dx, dy, fwhm : ndarray
        Fitted less true place, and width, pixels. The truth's light of other sources is left out.
    """
    own = stars.electrons[:, None, None] * scene.psf(stars.x, stars.y, half)
    seen = stamps_of(frame.data - scene.light, stars.x, stars.y, half) + own
    variance = stamps_of(frame.variance, stars.x, stars.y, half)
    weight = np.where(variance > 0, 1 / np.where(variance > 0, variance, 1), 0)
    seeing = float(np.mean(scene.truth.frames["fwhm"]))
    x, y, fwhm, flux = stars.x.copy(), stars.y.copy(), np.full(len(own), seeing), stars.electrons.copy()
    e = 0.01
    for _ in range(6):
        model = _placed(stars, x, y, fwhm, half)
        slopes = np.stack(
            [
                model,
                flux[:, None, None] * (_placed(stars, x + e, y, fwhm, half) - model) / e,
                flux[:, None, None] * (_placed(stars, x, y + e, fwhm, half) - model) / e,
                flux[:, None, None] * (_placed(stars, x, y, fwhm + e, half) - model) / e,
            ],
            axis=1,
        )
        left = seen - flux[:, None, None] * model
        matrix = np.einsum("naij,nbij,nij->nab", slopes, slopes, weight, optimize=True)
        vector = np.einsum("naij,nij,nij->na", slopes, left, weight, optimize=True)
        step = np.linalg.solve(matrix, vector[:, :, None])[:, :, 0]
        flux, x, y = flux + step[:, 0], x + np.clip(step[:, 1], -0.5, 0.5), y + np.clip(step[:, 2], -0.5, 0.5)
        fwhm = np.clip(fwhm + step[:, 3], 1.5, 12)
    return x - stars.x, y - stars.y, fwhm


def galaxy_fluxes(frame: Frame, scene: Scene) -> Values:
    """Return measured over true flux, less 1, of galaxies by themselves, of S/N above `GALAXIES`.

    In apertures that hold somewhat more than half the light; the truth's light of other sources is
    left out, and the truth's own sum in the aperture is the measure.
    """
    table = scene.truth.catalogue
    low, high = GALAXY_RADII
    chosen = (table["kind"] == "galaxy") & (table["re"] >= low) & (table["re"] <= high)
    radius = np.hypot(1.5 * np.asarray(table["re"]) / PIXEL_SCALE[0], RADIUS)
    chosen &= scene.electrons / 2 > GALAXIES * scene.noise * np.sqrt(np.pi) * radius
    chosen &= least(scene.clean, scene, 24) > 0
    offsets = []
    for i in np.flatnonzero(chosen):
        x, y = (v[[i]] for v in scene.places)
        held, own = _apertures(x, y, radius[i], 24)[0], scene.alone(int(i), 24)
        light = float(np.sum(held * own))
        if np.sum(held * stamps_of(scene.light, x, y, 24)[0]) < (1 + ALONE) * light:
            offsets.append(np.sum(held * stamps_of(frame.data - scene.light, x, y, 24)[0]) / light)
    return np.asarray(offsets)


def noise_ratios(frame: Frame, scene: Scene) -> dict[str, float]:
    """Return rms over prediction for pixels and sums of pixels, and the rms of sums in `RADIUS`.

    The prediction is made of the variance and the correlation in the product alone. The mean of the
    sky in the 64 x 64 pixels around is taken away; apertures hold nothing but unflagged sky.
    """
    good = usable(frame, scene)
    level = local_mean(frame.data, good)
    left = np.where(good, frame.data - level, 0).astype(np.float32)
    variance = np.where(good, frame.variance, 0).astype(np.float32)
    found = {"noise_pixels": clipped_rms(left[good] / np.sqrt(variance[good]))}
    correlation = correlation_of(frame)
    for radius in SUMS:
        weights = _apertures(np.zeros(1), np.zeros(1), radius, radius)[0]
        whole = _summed(~good, weights > 0) < 0.5
        whole[: radius + 1] = whole[-radius - 1 :] = False
        whole[:, : radius + 1] = whole[:, -radius - 1 :] = False
        sums = _summed(left, weights)[whole]
        inflation = correlated_sum(weights, correlation) / np.sum(weights**2)
        predicted = np.sqrt(inflation * _summed(variance, weights**2)[whole])
        found[f"noise_{radius}"] = clipped_rms(sums / predicted)
        found[f"apertures_{radius}"] = float(whole.sum() / np.sum(weights))
        if radius == RADIUS:
            found["sum_rms"] = clipped_rms(sums)
    return found


def sky_figures(frame: Frame, scene: Scene, sigma: float) -> dict[str, float]:
    """Return residual sky, outliers and the flagged share of the sky's area.

    Parameters
    ----------
    frame : Frame
        The stack.
    scene : Scene
        The truth on its grid.
    sigma : float
        Noise of a pixel of the perfect stack.
    """
    good = usable(frame, scene)
    medians = box_medians(frame.data, good)
    pulls = frame.data[good] / np.sqrt(frame.variance[good])
    return {
        "residual_sky": float(np.sqrt(np.mean(medians**2)) / sigma),
        "outliers": float(np.mean(np.abs(pulls) > OUTLIER) * 1e6),
        "flagged": 100 * float(1 - good.sum() / scene.sky.sum()),
        "area": float(scene.sky.sum()),
        "level": float(np.mean(medians) / sigma),
    }


def probe_figures(frame: Frame, scene: Scene, sigma: float) -> dict[str, float]:
    """Return what the guide probe leaves in the sky that no flag leaves out.

    Parameters
    ----------
    frame : Frame
        The stack.
    scene : Scene
        The truth on its grid.
    sigma : float
        Noise of a pixel of the perfect stack.

    Returns
    -------
    dict of str to float
        Level of the quadrant that it shades most against the others, in sigma; where no frame has the probe
        in it, how many pixels are flagged all the same. Empty where too little sky is left to tell.
    """
    number = len(scene.truth.frames)
    shaded = (scene.coverage == number) & (scene.clean < number)
    if not shaded.any():
        return {"probe_false": float(np.count_nonzero(frame.mask & flags.PROBE))}
    ny, nx = (size // 2 for size in scene.shape)
    quadrants = [np.s_[:ny, :nx], np.s_[:ny, nx:], np.s_[ny:, :nx], np.s_[ny:, nx:]]
    dark = max(quadrants, key=lambda part: int(shaded[part].sum()))
    # Unlike the sky of the other figures this holds what the probe shades and nothing flags.
    clear = ~scene.near_source & (scene.light < CLEAR_LIGHT * scene.noise) & (scene.coverage == number)
    clear &= (frame.mask & ~np.uint16(flags.OBJECT)) == 0
    inside = np.zeros(scene.shape, bool)
    inside[dark] = True
    own, rest = (box_medians(frame.data, clear & part) for part in (inside, ~inside))
    return {"probe_quadrant": float(own.mean() - rest.mean()) / sigma} if len(own) and len(rest) else {}


def mask_figures(bad: Mask, truth: Truth) -> dict[str, float]:
    """Return what a bad-pixel mask finds of each kind, and flags of good pixels, in percent."""
    flat, dark, lit = truth.flat, truth.dark, truth.lit
    kinds = {
        "bpm_dead": flat < 0.1,
        "bpm_low": flat < 0.65,
        "bpm_high": flat > 1.35,
        "bpm_hot": dark > 15,
        "bpm_good": (flat > 0.9) & (flat < 1.1) & (dark < 5),
    }
    return {name: 100 * float(np.mean(bad[lit & kind])) for name, kind in kinds.items()}


def measure(frame: Frame, truth: Truth, sigma: float | None = None) -> dict[str, float]:
    """Return every figure of a stack.

    Parameters
    ----------
    frame : Frame
        The stack.
    truth : Truth
        Of its data set.
    sigma : float, optional
        Noise of a pixel of the perfect stack; this one's own if None.

    Returns
    -------
    dict of str to float
        By the names of `table.ROWS`, and some more.
    """
    scene = scene_of(frame, truth)
    stars = stars_of(scene)
    dx, dy, fwhm = fit_stars(frame, scene, stars)
    mas = 1000 * PIXEL_SCALE[0]
    fluxes, galaxies = star_fluxes(frame, scene, stars), galaxy_fluxes(frame, scene)
    own = float(np.sqrt(np.median(frame.variance[scene.sky & (frame.variance > 0)])))
    noise = noise_ratios(frame, scene)
    return {
        "astrometry": mas * float(np.sqrt(np.var(dx) + np.var(dy))),
        "flux_offset": 100 * float(np.median(fluxes)),
        "flux_scatter": 100 * robust_scatter(fluxes),
        "flux_rms": 100 * float(np.std(fluxes)),
        "bright_scatter": 100 * float(np.std(fluxes[stars.ratio > BRIGHT])),
        "stars": float(len(fluxes)),
        "bright": float(np.sum(stars.ratio > BRIGHT)),
        "galaxy_offset": 100 * float(np.median(galaxies)) if len(galaxies) else np.nan,
        "galaxy_error": 125 * robust_scatter(galaxies) / np.sqrt(max(len(galaxies), 1)),
        "galaxies": float(len(galaxies)),
        "fwhm": float(np.median(fwhm[stars.ratio > BRIGHT / 2])),
        **noise,
        **sky_figures(frame, scene, own if sigma is None else sigma),
        **probe_figures(frame, scene, own if sigma is None else sigma),
        "sigma": own,
        "faint_ratio": (1 + float(np.median(fluxes))) / noise["sum_rms"],
    }


def compare(ours: dict[str, float], best: dict[str, float]) -> dict[str, float]:
    """Return the figures of a stack with those that are told against the perfect stack's."""
    return {
        **ours,
        "fwhm_excess": 100 * (ours["fwhm"] / best["fwhm"] - 1),
        "depth": 2.5 * float(np.log10(best["faint_ratio"] / ours["faint_ratio"])),
    }


def usable(frame: Frame, scene: Scene) -> Mask:
    """Return the sky's pixels that no flag leaves out."""
    return np.asarray(scene.sky & ((frame.mask & ~np.uint16(flags.OBJECT)) == 0))


def local_mean(data: NDArray[np.floating], good: Mask) -> NDArray[np.float32]:
    """Return the mean of the good pixels in the box around each pixel."""
    from scipy.ndimage import uniform_filter

    total = uniform_filter(np.where(good, data, 0).astype(float), BOX + 1, mode="constant")
    share = uniform_filter(good.astype(float), BOX + 1, mode="constant")
    return np.asarray(total / np.maximum(share, 1e-6), np.float32)


def box_medians(data: NDArray[np.floating], good: Mask) -> Values:
    """Return the medians of the good pixels in boxes, of which at least `FILLED` is good."""
    ny, nx = (n // BOX for n in data.shape)
    cut = np.s_[: ny * BOX, : nx * BOX]
    boxes = np.where(good, data, np.nan)[cut].reshape(ny, BOX, nx, BOX).swapaxes(1, 2).reshape(-1, BOX**2)
    boxes = boxes[np.isfinite(boxes).mean(axis=1) >= FILLED]
    return np.asarray(np.nanmedian(boxes, axis=1), float)


def clipped_rms(values: NDArray[np.floating]) -> float:
    """Return the rms of values within `OUTLIER` times it."""
    near = values[np.abs(values) < OUTLIER * robust_scatter(values)]
    return float(np.sqrt(np.mean(near.astype(float) ** 2)))


def robust_scatter(values: Values) -> float:
    """Return the median distance from the median, as a Gaussian's sigma."""
    if not len(values):
        return np.nan
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))


def read_perfect(folder: Path) -> Frame:
    """Return the perfect stack of a data set as a Frame, making it if it is not there."""
    if not (folder / "truth" / "perfect.npz").exists():
        perfect(folder)
    found = load(folder).perfect()
    mask = np.where(found["coverage"] > 0, 0, flags.NO_DATA).astype(np.uint16)
    return Frame("perfect", found["data"], found["variance"], mask, "electron", wcs=_wcs(found["wcs"]))


def read_stack(path: Path) -> Frame:
    """Return a stack from a product, or from a file of arrays with its header beside it."""
    if path.suffix != ".npz":
        return read_frame(path)
    from astropy.io.fits import Header

    with np.load(path) as planes:
        frame = Frame(path.stem, planes["data"], planes["variance"], planes["mask"], "electron")
        tables = {"NOISECOR": correlation_table(planes["cor"])}
    return frame.with_(wcs=_wcs(Header.fromstring(Path(f"{path}.hdr").read_text())), tables=tables)


def read_mask(path: Path) -> Mask | None:
    """Return the bad pixels found for a stack: from the file of arrays, or the product beside it."""
    if path.suffix == ".npz":
        with np.load(path) as planes:
            return np.asarray(planes["bpm"] & flags.BAD) != 0
    found = sorted(path.parent.glob("*_bpm.fits"))
    return (read_frame(found[0]).mask & flags.BAD) != 0 if found else None


def _wcs(cards: object) -> object:
    """Return coordinates made of keywords."""
    from astropy.io.fits import Header
    from astropy.wcs import WCS

    return WCS(Header(cards))


def _placed(stars: Stars, x: Values, y: Values, fwhm: Values, half: int) -> Values:
    """Return stamps centred on the pixel nearest to the true place, of stars at other places."""
    return moffats(x, y, fwhm, half, about=(stars.x, stars.y))


def _apertures(x: Values, y: Values, radius: float, half: int) -> Values:
    """Return how much of each pixel of a stamp lies within a circle, to about a percent of a pixel."""
    fine = 11
    part = (np.arange(fine) + 0.5) / fine - 0.5
    steps = (np.arange(-half, half + 1)[:, None] + part).ravel()
    side = 2 * half + 1
    out = np.empty((len(x), side, side))
    for k, (u, v) in enumerate(zip(x - np.rint(x), y - np.rint(y), strict=True)):
        within = (steps - v)[:, None] ** 2 + (steps - u) ** 2 < radius**2
        out[k] = within.reshape(side, fine, side, fine).mean(axis=(1, 3))
    return out


def _summed(plane: NDArray[np.generic], weights: NDArray[np.generic]) -> NDArray[np.float32]:
    """Return the weighted sum around every pixel."""
    from scipy.signal import oaconvolve

    return np.asarray(oaconvolve(plane.astype(np.float32), weights.astype(np.float32), mode="same"))


def main(stack: str, folder: str) -> None:
    """Print the figures of a stack beside those of the perfect one."""
    truth = load(folder)
    best = measure(read_perfect(Path(folder)), truth)
    ours = measure(read_stack(Path(stack)), truth, best["sigma"])
    bad = read_mask(Path(stack))
    if bad is not None:
        ours |= mask_figures(bad, truth)
    print(show(compare(ours, best), compare(best, best)))


if __name__ == "__main__":
    main(*sys.argv[1:])
