"""Bring frames to one transparency, and average them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.blocks import each_block, mapped
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.levels import usual_variance, variance_of
from f2widgets.core.measures import EXPOSURE, QUALITY, flagged_part, quality_rows
from f2widgets.core.noise import CORRELATION, correlation_of, correlation_table
from f2widgets.core.notes import note
from f2widgets.core.parking import parked
from f2widgets.core.photometry import same_light
from f2widgets.core.stacking import stack
from f2widgets.core.stars import Stars, find_stars
from f2widgets.core.trace import TRACE, stack_tables, traced
from f2widgets.errors import WrongInputs

Values = NDArray[np.float64]

#: Stars fainter than this S/N say little of the transparency.
_BRIGHT = 40.0
#: A frame with less than this part of the usual light shows nothing worth stacking.
_DIM = 0.1
#: At most so many stars are measured.
_MOST = 200


def match_counts(
    frames: Iterable[Frame],
    *,
    method: Literal["stars", "exposure"] = "stars",
    radius: Annotated[float, Within(2, 40), Unit("pixel")] = 9.0,
    min_stars: Annotated[int, Within(3, None)] = 5,
    tick: Tick = ignore,
) -> list[Frame]:
    """Scale frames to the mean transparency and to the first one's exposure time.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted and aligned, each (ny, nx).
    method : {'stars', 'exposure'}
        Measure the transparency on common stars, or scale by exposure time alone.
    radius : float
        Of the apertures; wide, so that the seeing hardly matters.
    min_stars : int
        With fewer stars only the exposure time counts.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        Scaled; `measured` has transparency, relative to the mean.

    Raises
    ------
    WrongInputs
        If there is no frame.

    Notes
    -----
    *Method*: the light of each star in each frame over its mean over frames; the median over stars is the
    transparency. What falls outside the aperture is allowed for by the width of the stars.
    *Assumes* that the stars do not vary.
    *Source*: ``scaleCountsToReference`` of the reference, which by default scales by exposure time alone.
    """
    members = list(frames)
    if not members:
        raise WrongInputs("There is no frame to scale.")
    exposures = np.array([frame.facts.exposure_time for frame in members])
    ratio = np.where(exposures > 0, exposures[0] / np.where(exposures > 0, exposures, 1), 1.0)
    clear = np.ones(len(members))
    if method == "stars" and len(members) > 1:
        clear, dim = _transparency(members, ratio, radius, min_stars)
        for k in sorted(dim, reverse=True):
            note(
                "hardly shows the stars that the others share (clouds?): left out of the stack",
                members[k].name,
            )
            del members[k]
        ratio, clear = np.delete(ratio, dim), np.delete(clear, dim)
    out = []
    for k in range(len(clear)):
        frame = members.pop(0)  # let go of each frame when it is scaled
        factor = np.float32(ratio[k] / clear[k])
        variance = None if frame.variance is None else _times(frame.variance, factor * factor)
        measured = {**frame.measured, "transparency": float(clear[k])}
        scaled = frame.with_(data=_times(frame.data, factor), variance=variance, measured=measured)
        out.append(parked(scaled))
        tick(k + 1, len(clear))
    return out


def _times(plane: Plane, factor: np.float32) -> Plane:
    """Multiply a plane, on all threads."""
    out = np.empty_like(plane)

    def work(a: int, b: int) -> None:
        np.multiply(plane[a:b], factor, out=out[a:b])

    each_block(work, len(plane), rows=64)
    return out


def _transparency(
    frames: Sequence[Frame], ratio: Values, radius: float, least: int
) -> tuple[Values, list[int]]:
    """Return the transparency of each frame over the mean, and which frames have hardly any."""
    none = np.ones(len(frames)), list[int]()
    first, stars = _with_bright_stars(frames, least)
    x, y = stars.x[:_MOST], stars.y[:_MOST]
    places = [_places(frames[first], frame, x, y) for frame in frames]
    light = same_light(frames, places, radius) * ratio[:, None] if len(x) else np.zeros((len(frames), 0))
    dim = _dim(light, least)
    kept = [k for k in range(len(frames)) if k not in dim]
    light = light[kept]
    light[~(light > 0)] = np.nan
    light = light[:, np.isfinite(light).sum(axis=0) > 0.6 * len(kept)]
    seen = int(np.isfinite(light).sum(axis=1).min()) if light.size else 0
    if seen < least:
        note(f"only {seen} stars to measure the transparency by: scaled by exposure time alone")
        return none
    some = [frames[k] for k in kept]
    light *= _growth(some, stars, radius)[:, None]
    weights = _light_weights(frames[first], light, radius)
    clear = np.ones(len(kept))
    for _ in range(8):
        each = light / clear[:, None]
        each /= np.nanmean(each, axis=0)
        off = np.abs(each - np.nanmedian(each, axis=1)[:, None]) * np.sqrt(weights)
        use = np.where(
            off < 3 * np.maximum(1, np.nanmedian(off) / 0.67), weights, 0
        )  # 0.67: of a normal distribution
        clear *= (use * np.nan_to_num(each)).sum(axis=1) / np.maximum(use.sum(axis=1), 1e-30)
    every = np.ones(len(frames))
    every[kept] = clear / clear.mean()
    return every, dim


def _with_bright_stars(frames: Sequence[Frame], least: int) -> tuple[int, Stars]:
    """Return the first frame and its bright stars; if they are too few, the frame that has most."""

    def bright(frame: Frame) -> Stars:
        stars = find_stars(frame, threshold=20)
        use = stars.flux > _BRIGHT * stars.noise
        return replace(stars, **{name: getattr(stars, name)[use] for name in ("x", "y", "flux", "noise")})

    own = bright(frames[0])
    if len(own) >= least:
        return 0, own
    every = [own, *mapped(bright, frames[1:])]
    most = max(range(len(every)), key=lambda k: len(every[k]))
    return most, every[most]


def _dim(light: Values, least: int) -> list[int]:
    """Return the frames that show less than a tenth of the usual light of stars which they should show."""
    light = light[:, np.isfinite(light).sum(axis=0) > 0.5 * len(light)]
    usual = np.nanmedian(light, axis=0)
    found = []
    for k, own in enumerate(light):
        shares = (own / usual)[np.isfinite(own) & (usual > 0)]
        if len(shares) >= least and np.median(shares) < _DIM:
            found.append(k)
    return found


def _light_weights(frame: Frame, light: Values, radius: float) -> Values:
    """Return the weight of each star: one over its relative variance, at best half a per cent."""
    sky = usual_variance(frame) * np.pi * radius**2
    mean = np.nanmean(light, axis=0)
    return np.asarray(1 / ((sky + mean) / mean**2 + 0.005**2))


def _places(first: Frame, frame: Frame, x: Values, y: Values) -> Values:
    """Return where stars of the first frame fall in another."""
    if frame is first or first.wcs is None or frame.wcs is None:
        return np.stack([x, y], axis=1)
    sky = first.wcs.all_pix2world(np.stack([x, y], axis=1), 0)
    return np.asarray(frame.wcs.all_world2pix(sky, 0))


def _growth(frames: Sequence[Frame], stars: Stars, radius: float) -> Values:
    """Return the factor from light within the radius to all light, by the frames' Moffat profiles.

    Outside r lies the part (1 + (r / a)²)^(1 - beta); beta is taken the same in all frames.
    """
    width = np.array([frame.measured.get("fwhm", stars.fwhm) for frame in frames])
    width = np.where(np.isfinite(width), width, stars.fwhm)
    beta = float(np.median([frame.measured.get("beta", stars.beta) for frame in frames]))
    scale = width / (2 * np.sqrt(2 ** (1 / beta) - 1))
    return np.asarray(1 / (1 - (1 + (radius / scale) ** 2) ** (1 - beta)))


def combine(
    frames: Iterable[Frame],
    *,
    method: Literal["mean", "median"] = "mean",
    weight: Literal["sky", "none"] = "sky",
    tick: Tick = ignore,
) -> list[Frame]:
    """Average frames on one grid into the stack.

    Parameters
    ----------
    frames : iterable of Frame
        Resampled and scaled, with variance, each (ny, nx); outliers flagged.
    method : {'mean', 'median'}
        A mean takes one frame at a time, a median holds all.
    weight : {'sky', 'none'}
        Weight frames by the inverse of their sky's variance, or all alike.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        The stack, named after the earliest frame, with the plane EXPMAP (seconds) and the tables
        NOISECOR, QUALITY, TRACE and MARKS.

    Raises
    ------
    WrongInputs
        If there is no frame, or they differ in shape or lack a variance.

    Notes
    -----
    *Method*: sum w d / sum w, V = sum w² V / (sum w)², over the frames whose pixel is usable; one weight per
    frame, so that stars are not biased. Nothing is rejected here: `flag_outliers` did it.
    *Assumes* frames of one brightness.
    *Source*: ``stackFrames`` of the reference.
    """
    sums: _Sums | None = None
    held: list[Frame] = []
    for k, frame in enumerate(frames):
        if sums is None:
            sums = _Sums(frame.shape)
        if frame.shape != sums.total.shape:
            raise WrongInputs(f"{frame.name} is on another grid than the frames before: resample them first.")
        sums.add(frame, weight)
        if method == "median":
            held.append(parked(frame))
        tick(k + 1, k + 1)
    if sums is None:
        raise WrongInputs("There is no frame to combine.")
    return [sums.result(held)]


class _Sums:
    """Running sums over frames, one at a time."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self.total, self.spread, self.weight, self.exposure = (np.zeros(shape, np.float32) for _ in range(4))
        self.used, self.unused = np.zeros(shape, np.uint16), np.full(shape, 0xFFFF, np.uint16)
        self.members: list[Frame] = []
        self.shares: list[float] = []
        self.weights: list[float] = []
        self.flagged: list[float] = []
        self.correlations: list[NDArray[np.floating]] = []

    def add(self, frame: Frame, weight: str) -> None:
        """Add a frame."""
        variance, noise = variance_of(frame), usual_variance(frame) or 1.0
        w = np.float32(1 / noise if weight == "sky" and noise > 0 else 1.0)
        self.weights.append(float(w))
        self.shares.append(float(w) ** 2 * noise)
        self.flagged.append(flagged_part(frame))
        self.correlations.append(correlation_of(frame))
        seconds, stacked = np.float32(frame.facts.exposure_time), frame.planes.get(EXPOSURE)

        def work(a: int, b: int) -> None:
            """Add a block of rows."""
            mask = frame.mask[a:b]
            good = (mask & np.uint16(flags.UNUSABLE)) == 0
            # numpy multiplies ten times faster than it chooses by `where`
            use = good.astype(np.float32)
            self.exposure[a:b] += (seconds if stacked is None else stacked[a:b]) * use
            use *= w
            self.weight[a:b] += use
            self.total[a:b] += use * frame.data[a:b]
            use *= use
            use *= variance[a:b]
            self.spread[a:b] += use
            keep = good * np.uint16(0xFFFF)
            self.used[a:b] |= mask & keep
            self.unused[a:b] &= mask | keep

        each_block(work, frame.shape[0], rows=32)
        if TRACE not in frame.tables:  # it was not resampled
            frame = frame.with_(tables={**frame.tables, **traced(frame)})
        self.members.append(frame.bare())

    def result(self, held: list[Frame]) -> Frame:
        """Return the average."""
        weight = self.weight
        empty = weight == 0
        np.copyto(weight, 1, where=empty)
        self.total /= weight
        self.spread /= weight
        self.spread /= weight
        data, variance = self.total, self.spread
        if held:
            stacked = stack(held, method="median", reject="none")
            data, variance = np.where(empty, np.float32(0), stacked.data), stacked.variance
        # One frame may end where another is unlit: no flag is in all of them, and yet nothing was seen.
        self.used[empty] = np.where(self.unused[empty] == 0, np.uint16(flags.NO_DATA), self.unused[empty])
        first = min(self.members, key=lambda frame: (str(frame.facts.ut_start or ""), frame.name))
        shares = np.array(self.shares) / sum(self.shares)
        size = max(len(one) for one in self.correlations)
        correlation = sum(s * _padded(c, size) for s, c in zip(shares, self.correlations, strict=True))
        return first.with_(
            data=data,
            variance=variance,
            mask=self.used,
            planes={EXPOSURE: self.exposure},
            tables={
                CORRELATION: correlation_table(np.asarray(correlation)),
                QUALITY: quality_rows(self.members, self.flagged),
                **stack_tables(self.members, self.weights),
            },
            measured=_averages(self.members),
        )


def _padded(correlation: NDArray[np.floating], size: int) -> NDArray[np.floating]:
    """Return a correlation out to a larger distance."""
    return np.pad(correlation, (size - len(correlation)) // 2)


def _averages(frames: Sequence[Frame]) -> dict[str, float]:
    """Return the means over frames of what was measured in all of them."""
    names = set.intersection(*(set(frame.measured) for frame in frames)) - {"dx", "dy", "sky_scale"}
    return {name: float(np.mean([frame.measured[name] for frame in frames])) for name in sorted(names)}
