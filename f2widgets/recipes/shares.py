"""What each frame gave to a pixel of a product: of a stack, or of a dark, a flat or a mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.frame import Entry, Frame
from f2widgets.core.resample import resample_part
from f2widgets.core.stacking import kept, stack
from f2widgets.core.trace import TRACE
from f2widgets.recipes.again import Replay, Stage, stage_of
from f2widgets.recipes.bands import Source
from f2widgets.recipes.steps import step_named

#: Pixels around the one that is followed: what the widest kernel reaches, and its borders.
_MARGIN = 14
#: Stages of the product's pixel, what each frame gave, and what could not be followed.
Told = tuple[Sequence[Stage], Sequence["Share"], list[str]]


@dataclass(frozen=True)
class Share:
    """What one frame gave to a pixel of a product."""

    frame: str
    x: float  #: where the pixel lies in that frame, 0-based
    y: float
    weight: float  #: part of the weight of all frames used, 0 to 1; NaN for what is not averaged
    value: float  #: as it went into the average; NaN outside the frame
    sigma: float
    flags: tuple[str, ...]
    used: bool
    why: str  #: why it was not used, in words; empty if it was
    stages: tuple[Stage, ...]  #: how it came about, in that frame


def stack_pixel(replay: Replay, done: Mapping[str, Entry], x: int, y: int, own: Stage) -> Told:
    """Put a pixel of a stack together again from its frames.

    Parameters
    ----------
    replay : Replay
        The stack's frames; its tables hold TRACE.
    done : mapping of str to Entry
        The steps that were carried out, by name.
    x, y : int
        The pixel of the stack, 0-based.
    own : Stage
        The pixel as it stands in the file.

    Returns
    -------
    tuple
        See `Told`.
    """
    return _StackPixel(replay, done).told(x, y, own)


def calibration_pixel(replay: Replay, product: Source, x: int, y: int) -> Told:
    """Average a pixel of a dark, a flat or a mask again.

    Parameters
    ----------
    replay : Replay
        The product's frames.
    product : Source
        The product.
    x, y : int
        The pixel, 0-based.

    Returns
    -------
    tuple
        See `Told`.
    """
    return _Calibration(replay, product).told(x, y)


class _Calibration:
    """A pixel of a dark, a flat or a mask."""

    def __init__(self, replay: Replay, product: Source) -> None:
        self._replay, self._product = replay, product

    def told(self, x: int, y: int) -> Told:
        """Retell which frames were averaged, and the steps after."""
        history = self._replay.history
        last = max(i for i, e in enumerate(history) if e.step in ("combine_darks", "combine_lamps"))
        entry = history[last]
        followed = [self._replay.follow(k, y, x, 1) for k in range(len(self._replay.sources))]
        problems = list(dict.fromkeys(one.problem for one in followed if one.problem))
        if problems:
            return [self._own(x, y)], [], problems
        windows = [one.window for one in followed]
        at = y - followed[0].corner[0], x - followed[0].corner[1]
        parts = _parted(windows, entry.step)
        shares: dict[int, Share] = {}
        slack = {"slack": 0.01} if entry.step == "combine_lamps" else {}
        options = {key: entry.arguments[key] for key in ("reject", "low", "high")} | slack
        for group in parts:
            use = kept([windows[k] for k in group], **options)[:, at[0], at[1]]
            weight = 1 / max(int(use.sum()), 1)
            for k, used in zip(group, use, strict=True):
                shares[k] = _averaged(followed[k].stages, windows[k], (x, y), weight if used else 0.0)
        for k in set(range(len(windows))) - shares.keys():  # darks beside the lamps: each is judged by itself
            shares[k] = _averaged(followed[k].stages, windows[k], (x, y), float("nan"))
        made = step_named(entry.step).function(windows, **entry.arguments)
        stages = [stage_of(entry.step, made[0], *at)]
        stages += self._after(made[0], history[last + 1 :], at, (x, y))
        return stages, [shares[k] for k in sorted(shares)], []

    def _own(self, x: int, y: int) -> Stage:
        """Return the pixel as it stands in the file."""
        return stage_of("in the file", self._product.rows(y, y + 1), 0, x)

    def _after(
        self, window: Frame, entries: Sequence[Entry], at: tuple[int, int], place: tuple[int, int]
    ) -> list[Stage]:
        """Carry a combined calibration through the steps behind."""
        stages: list[Stage] = []
        for entry in entries:
            if entry.arguments.get("left_out"):
                stages.append(stage_of(entry.step, window, *at, "left out"))
            elif entry.step == "normalize_flat":
                level = self._level(window, at, place)
                window = window.with_(
                    data=window.data / level, variance=_divided(window.variance, level), unit=""
                )
                told = f"divided by the level of the field, {level:.1f}, as the product tells it"
                stages.append(stage_of(entry.step, window, *at, told))
            elif entry.step == "make_bpm":
                own = self._own(*place)
                told = "judged against the whole field and the darks; as it stands in the file"
                stages.append(Stage(entry.step, own.value, own.sigma, own.flags, own.unit, told))
            else:
                window = step_named(entry.step).function(window, **entry.arguments)
                stages.append(stage_of(entry.step, window, *at))
        return stages

    def _level(self, window: Frame, at: tuple[int, int], place: tuple[int, int]) -> np.float32:
        """Return by what the lamp light was divided, from the pixels that the product left as they came."""
        top = place[1] - at[0]
        band = self._product.rows(top, top + window.shape[0])
        left = place[0] - at[1]
        data = band.data[:, left : left + window.shape[1]]
        good = (data != 1) & (data != 0)
        return np.float32(np.median(window.data[good] / data[good]) if good.any() else 1)


def _divided(variance: NDArray[np.float32] | None, level: np.float32) -> NDArray[np.float32] | None:
    """Divide a variance that may not be known by the square of a level."""
    return None if variance is None else variance / (level * level)


def _parted(windows: Sequence[Frame], step: str) -> list[list[int]]:
    """Return the numbers of the frames that were averaged with each other."""
    if step == "combine_darks":
        return [list(range(len(windows)))]
    tags = [window.facts.tags for window in windows]
    return [[k for k, own in enumerate(tags) if tag in own] for tag in ("LAMPON", "LAMPOFF")]


def _averaged(stages: tuple[Stage, ...], window: Frame, place: tuple[int, int], weight: float) -> Share:
    """Return what one frame gave to the average of a calibration."""
    last = stages[-1]
    bad = set(last.flags) & set(flags.names(flags.UNUSABLE))
    why = "" if weight else ", ".join(sorted(bad)) or "differs from the median of the others"
    return Share(window.name, *place, weight, last.value, last.sigma, last.flags, not why, why, stages)


class _StackPixel:
    """A pixel of a stack, put together again from its frames."""

    def __init__(self, replay: Replay, done: Mapping[str, Entry]) -> None:
        self._replay, self._done = replay, done
        self._weights = np.asarray(replay.tables[TRACE]["weight"], np.float32)

    def told(self, x: int, y: int, own: Stage) -> Told:
        """Return the stages of the stack, the frames' shares, and what could not be followed."""
        parts = [self._part(k, x, y) for k in range(len(self._replay.sources))]
        problems = list(dict.fromkeys(problem for *_, problem in parts if problem))
        if problems:
            return [own], [], problems
        pixels = [pixel for pixel, *_ in parts]
        usable = [(int(p.mask[0, 0]) & flags.UNUSABLE) == 0 for p in pixels]
        total = float(sum(w for w, use in zip(self._weights, usable, strict=True) if use)) or 1.0
        shares = [
            _share(pixel, place, stages, float(w) / total if use else 0.0)
            for (pixel, place, stages, _), w, use in zip(parts, self._weights, usable, strict=True)
        ]
        one = _average(pixels, self._weights, usable, str(self._done["combine"].arguments.get("method")))
        one = one.with_(mask=one.mask & np.uint16(0xFFFF ^ flags.INTERNAL))  # which no file holds
        stages = [stage_of("combine", one, 0, 0, f"{sum(usable)} of {len(usable)} frames")]
        if "detect_sources" in self._done:
            mask = one.mask | np.uint16(flags.OBJECT if "object" in own.flags else 0)
            stages.append(stage_of("detect_sources", one.with_(mask=mask), 0, 0))
        return stages, shares, []

    def _part(self, k: int, x: int, y: int) -> tuple[Frame, tuple[float, float], tuple[Stage, ...], str]:
        """Return the pixel as frame k gives it, where it lies there, how it came about, and what is amiss."""
        source, place = self._replay.sources[k], (float(x), float(y))
        if "resample" in self._done:
            place = tuple(float(v) for v in self._replay.grid.matrices[k] @ (x, y, 1.0))  # type: ignore[assignment]
        column, row = round(place[0]), round(place[1])
        ny, nx = source.shape
        inside = 0 <= row < ny and 0 <= column < nx
        if not (-_MARGIN < row < ny + _MARGIN and -_MARGIN < column < nx + _MARGIN):
            return _nothing(source.name), place, (), ""
        near = int(np.clip(row, 0, ny - 1)), int(np.clip(column, 0, nx - 1))
        found = self._replay.follow(k, *near, _MARGIN)
        if found.problem:
            return _nothing(source.name), place, found.stages, found.problem
        if "resample" not in self._done:
            at = near[0] - found.corner[0], near[1] - found.corner[1]
            return _cut(found.window, *at), place, found.stages, ""
        part = slice(y, y + 1), slice(x, x + 1)
        kernel = self._done["resample"].arguments["interpolant"]
        pixel = resample_part(found.window, found.corner, self._replay.grid, k, part, kernel)
        stages = (*(found.stages if inside else ()), stage_of("resample", pixel, 0, 0))
        return pixel, place, stages, ""


def _cut(frame: Frame, row: int, column: int) -> Frame:
    """Return one pixel as a Frame."""
    at = slice(row, row + 1), slice(column, column + 1)
    variance = None if frame.variance is None else frame.variance[at]
    return frame.with_(data=frame.data[at], variance=variance, mask=frame.mask[at])


def _nothing(name: str) -> Frame:
    """Return a pixel that a frame does not have."""
    zero = np.zeros((1, 1), np.float32)
    return Frame(name, zero, zero, np.full((1, 1), flags.NO_DATA, np.uint16), "electron")


def _average(
    pixels: Sequence[Frame], weights: NDArray[np.float32], usable: Sequence[bool], method: str
) -> Frame:
    """Average one pixel of all frames as `combine` does, in the same order and precision."""
    total = spread = weight = np.float32(0)
    used, unused = 0, 0xFFFF
    for pixel, w, use in zip(pixels, weights, usable, strict=True):
        bits = int(pixel.mask[0, 0])
        if not use:
            unused &= bits
            continue
        assert pixel.variance is not None
        weight += w
        total += w * pixel.data[0, 0]
        spread += w * w * pixel.variance[0, 0]
        used |= bits
    mask = used if weight else unused or flags.NO_DATA
    data, variance = (total / weight, spread / weight / weight) if weight else (np.float32(0), np.float32(0))
    if method == "median" and weight:
        middle = stack(list(pixels), method="median", reject="none")
        data, variance = middle.data[0, 0], middle.variance[0, 0]
    return pixels[0].with_(
        data=np.full((1, 1), data, np.float32),
        variance=np.full((1, 1), variance, np.float32),
        mask=np.full((1, 1), mask, np.uint16),
    )


def _share(pixel: Frame, place: tuple[float, float], stages: tuple[Stage, ...], weight: float) -> Share:
    """Return what a frame gave to a pixel of the stack."""
    now = stage_of("", pixel, 0, 0)
    known = {flag.name: flag.meaning for flag in flags.FLAGS if flag.bit & flags.UNUSABLE}
    why = "; ".join(known[name] for name in now.flags if name in known)
    missing = "no_data" in now.flags
    value, sigma = (float("nan"), float("nan")) if missing else (now.value, now.sigma)
    return Share(pixel.name, *place, weight, value, sigma, now.flags, not why, why, stages)
