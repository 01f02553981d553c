"""The sky of a target that leaves no room for it: from frames of fields beside."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.align import align
from f2widgets.core.annotations import Tick, Within, ignore
from f2widgets.core.background import Surface, surface_of
from f2widgets.core.blocks import each_block
from f2widgets.core.fields import BESIDE
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.levels import variance_of
from f2widgets.core.notes import note
from f2widgets.core.objects import flag_objects, sky_peak
from f2widgets.core.outliers import flag_outliers
from f2widgets.core.probe import flag_probe
from f2widgets.core.sky import NOT_SKY, sky_level, subtract_sky
from f2widgets.errors import WrongInputs

#: Values further from the others' median than so many sigma of their noise are left out.
_CLIP = 3.0
#: Degree of the surface by which the sky of one frame differs from that of the others.
_ORDER = 2
#: Relative difference between the level in a target's frame and in the sky fields that is told.
_STRANGE = 0.1
#: Every so many pixels in both axes suffice for a level; odd, so that odd and even columns both count.
_STRIDE = 5


def subtract_offset_sky(
    frames: Iterable[Frame],
    *,
    level: Literal["field", "time"] = "field",
    group: Annotated[int, Within(1, 40)] = 18,
    tick: Tick = ignore,
) -> list[Frame]:
    """Subtract, from frames of the target, the sky that the fields beside show.

    Parameters
    ----------
    frames : iterable of Frame
        After `separate_sky`, flat-fielded, with variance, each (ny, nx).
    level : {'field', 'time'}
        Bring the sky to the level of each frame of the target by the usual pixel of that frame, or by the
        levels of the sky frames before and after it: for a target that fills the field.
    group : int
        So many sky frames at most, the nearest in time, make the sky of a frame.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        The frames of the target, around zero beside it; `measured` has sky and sky_scale.

    Raises
    ------
    WrongInputs
        If there is no frame of the sky or none of the target, or they do not belong together.

    Notes
    -----
    *Method*: the sky frames lose their median, then their sources are found and masked, as in dithers on a
    target. The mean of what is left, clipped, is added to the median: the sky's pattern. What is smooth and
    changes from sky frame to sky frame is followed in time, between the sky frames before and after. No
    surface is fitted to the target.
    *Assumes* a sky that changes smoothly, over the field and in time.
    *Source*: ``skyCorrect`` of the reference with sky frames of their own, there a scaled median.
    """
    members = list(frames)
    skies = [frame for frame in members if frame.measured.get(BESIDE)]
    targets = [frame for frame in members if not frame.measured.get(BESIDE)]
    del members
    if not skies or not targets:
        raise WrongInputs(
            f"{len(targets)} frames of the target and {len(skies)} of the sky: both are needed. "
            "Say which is which with -p separate_sky:ref_obj=NAME,... separate_sky:ref_sky=NAME,..."
        )
    beside = _cleaned(skies)
    skies.clear()
    out = []
    for k in range(len(targets)):
        frame, targets[k] = targets[k], targets[0].bare()
        out.append(beside.taken_from(frame, level, group))
        tick(k + 1, len(targets))
    return out


@dataclass
class _Beside:
    """The sky frames without the median of their group, sources flagged, and what varies smoothly in them."""

    middle: Plane
    frames: list[Frame]
    surfaces: list[Surface]
    level: float

    def __post_init__(self) -> None:
        """Begin without any sum."""
        self._known: tuple[tuple[int, ...], tuple[Plane, Plane]] | None = None

    def taken_from(self, frame: Frame, how: str, group: int) -> Frame:
        """Subtract the sky from one frame of the target."""
        away = np.array([_seconds(frame, sky) for sky in self.frames])
        near = tuple(sorted(int(j) for j in np.argsort(np.abs(away), kind="stable")[:group]))
        pattern, noise = self._pattern(near)
        shares = _between(away)
        scale = self._scale(frame, shares, pattern, how)
        data, variance = np.empty(frame.shape, np.float32), np.empty(frame.shape, np.float32)
        own = variance_of(frame)

        def work(a: int, b: int) -> None:
            """Subtract within a block of rows."""
            sky = pattern[a:b] + self._smooth(shares, a, b)
            np.subtract(frame.data[a:b], scale * sky, out=data[a:b])
            np.add(own[a:b], scale * scale * noise[a:b], out=variance[a:b])

        each_block(work, frame.shape[0], rows=64)
        measured = {"sky": float(scale) * self.level, "sky_scale": float(scale)}
        return frame.with_(data=data, variance=variance, measured={**frame.measured, **measured})

    def _smooth(self, shares: NDArray[np.float64], a: int, b: int) -> Plane:
        """Return rows of the smooth part at a time between the sky frames."""
        parts = [
            np.float32(shares[j] / _scale_of(self.frames[j])) * self.surfaces[j].rows(a, b)
            for j in np.flatnonzero(shares)
        ]
        return np.asarray(sum(parts), np.float32)

    def _scale(self, frame: Frame, shares: NDArray[np.float64], pattern: Plane, how: str) -> np.float32:
        """Return the factor from the mean sky to that of a frame."""
        in_time = float(shares @ [_scale_of(sky) for sky in self.frames])
        good = (frame.mask[::_STRIDE, ::_STRIDE] & NOT_SKY) == 0
        first = sky_level(frame) / self.level
        if how == "time" or not good.any() or not first > 0:
            return np.float32(in_time)
        sky = pattern + self._smooth(shares, 0, frame.shape[0])
        left = frame.data[::_STRIDE, ::_STRIDE] - np.float32(first) * sky[::_STRIDE, ::_STRIDE]
        scale = first + sky_peak(left, good) / self.level
        if abs(scale / in_time - 1) > _STRANGE:
            note(
                f"has a sky {100 * (scale / in_time - 1):+.0f} % of that in the fields beside. If the target "
                "fills the field, use -p subtract_offset_sky:level=time and --without flatten_background",
                frame.name,
            )
        return np.float32(scale)

    def _pattern(self, near: tuple[int, ...]) -> tuple[Plane, Plane]:
        """Return the mean sky of some frames at the mean level, and its variance."""
        if self._known is None or self._known[0] != near:
            self._known = near, self._averaged([(self.frames[j], self.surfaces[j]) for j in near])
        return self._known[1]

    def _averaged(self, some: Sequence[tuple[Frame, Surface]]) -> tuple[Plane, Plane]:
        """Average what sky frames have left, without sources and what varies smoothly."""
        pattern, noise = self.middle.copy(), np.empty_like(self.middle)

        def work(a: int, b: int) -> None:
            """Average a block of rows."""
            total, spread, count = (np.zeros_like(pattern[a:b]) for _ in range(3))
            for frame, surface in some:
                s = np.float32(1 / _scale_of(frame))
                value = s * (frame.data[a:b] - surface.rows(a, b))
                variance = s * s * variance_of(frame)[a:b]
                good = (frame.mask[a:b] & NOT_SKY) == 0
                good &= value * value <= np.float32(_CLIP**2) * variance
                total += value * good
                spread += variance * good
                count += good
            np.maximum(count, 1, out=count)
            pattern[a:b] += total / count
            np.divide(spread, count * count, out=noise[a:b])

        each_block(work, len(pattern), rows=64)
        return pattern, noise


def _cleaned(skies: list[Frame]) -> _Beside:
    """Take the median from sky frames, and flag the sources in them."""
    first = skies[0]
    rough = subtract_sky(skies)
    levels = [frame.measured["sky"] / _scale_of(frame) for frame in rough]
    # Once more without the sources: where several frames have one in a place, the first median has it too.
    clean = subtract_sky(flag_objects(flag_probe(align(rough))))
    middle = (first.data - clean[0].data) * np.float32(1 / _scale_of(clean[0]))
    flagged = flag_outliers(clean)
    surfaces = [surface_of(frame, order=_ORDER) for frame in flagged]
    return _Beside(middle, flagged, surfaces, float(np.mean(levels)))


def _scale_of(frame: Frame) -> float:
    """Return the factor by which the mean sky was brought to a frame's level."""
    return float(frame.measured["sky_scale"])


def _seconds(frame: Frame, sky: Frame) -> float:
    """Return the seconds from a frame to a sky frame; 0 where one has no time."""
    one, other = frame.facts.ut_start, sky.facts.ut_start
    return 0.0 if one is None or other is None else (other - one).total_seconds()


def _between(away: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shares of sky frames so many seconds away: of the last before, and of the first after."""
    shares = np.zeros(len(away))
    before, after = away <= 0, away > 0
    ends = [
        int(np.flatnonzero(side)[np.argmin(np.abs(away[side]))]) for side in (before, after) if side.any()
    ]
    if len(ends) == 1:
        shares[ends[0]] = 1.0
    else:
        span = away[ends[1]] - away[ends[0]]
        shares[ends[0]], shares[ends[1]] = away[ends[1]] / span, -away[ends[0]] / span
    return shares
