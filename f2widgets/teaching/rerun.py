"""One step of a reduction done again on a cut-out, and what came of it in numbers."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.frame import Frame
from f2widgets.errors import NotF2Data, WrongInputs
from f2widgets.io.read import read_frame
from f2widgets.products import Products
from f2widgets.recipes.steps import Step, step_named

#: A normal distribution's sigma over its median absolute deviation.
_SIGMA = 1.4826
#: Flags that are counted, each with what its pixels are called; in the order of the pipeline.
_COUNTED = {"bad": "bad", "saturated": "saturated", "cosmic": "outlier", "probe": "probe", "object": "object"}

Source = Frame | str | os.PathLike[str]


def cut_out(frame: Frame, x: int, y: int, side: int) -> Frame:
    """Return a square piece of a frame.

    Parameters
    ----------
    frame : Frame
        Shape (ny, nx).
    x, y : int
        Its middle, pixels counted from 0; it is moved inwards where it would reach over an edge.
    side : int
        Its side in pixels, less where the frame is smaller.

    Returns
    -------
    Frame
        With pixels of its own, so that the whole one can go; its coordinates are those of the place. Tables
        are left behind.
    """
    ny, nx = frame.shape
    first = [int(np.clip(middle - side // 2, 0, max(n - side, 0))) for middle, n in ((y, ny), (x, nx))]
    part = tuple(slice(start, start + side) for start in first)
    return frame.with_(
        data=frame.data[part].copy(),
        variance=None if frame.variance is None else frame.variance[part].copy(),
        mask=frame.mask[part].copy(),
        planes={name: plane[part].copy() for name, plane in frame.planes.items()},
        wcs=None if frame.wcs is None else frame.wcs[part],
        tables={},
    )


@dataclass(frozen=True)
class Rerun:
    """Frames that have come as far as a step, cut out, and the steps to see what came of it.

    Parameters
    ----------
    step : Step
        The one whose parameters change.
    frames : tuple of Frame
        Cut out.
    calibrations : tuple of Frame or None
        What the step takes besides, cut out.
    then : tuple of Step
        Done afterwards as they are by default.
    """

    step: Step
    frames: tuple[Frame, ...]
    calibrations: tuple[Frame | None, ...] = ()
    then: tuple[Step, ...] = ()

    def __call__(self, values: Mapping[str, Any]) -> tuple[Frame, ...]:
        """Return what comes out with some parameters changed.

        Parameters
        ----------
        values : mapping of str to object
            Parameters of the step.

        Returns
        -------
        tuple of Frame
            As many as the last step leaves.

        Raises
        ------
        F2Error
            As the step does.
        """
        frames = applied(self.step, self.frames, values, self.calibrations)
        for step in self.then:
            frames = applied(step, frames, {})
        return frames


def applied(
    step: Step,
    frames: Sequence[Frame],
    values: Mapping[str, Any],
    calibrations: Sequence[Frame | None] = (),
) -> tuple[Frame, ...]:
    """Apply a step to frames; a set is given at once, single frames one after the other."""
    settled = step.settled(values)
    if not step.on_set:
        return tuple(step.function(frame, *calibrations, **settled) for frame in frames)
    made = step.function(list(frames), *calibrations, **settled)
    if isinstance(made, Frame):
        return (made,)
    # A set may come twice, while it is measured and when it is done: the last of each name counts.
    return tuple({frame.name: frame for frame in made}.values())


def prepared(
    step: str,
    frames: Products | Sequence[Source],
    *,
    at: tuple[int, int] | None = None,
    side: int = 256,
    then: Sequence[str] = (),
    calibrations: Mapping[str, Source] | None = None,
) -> Rerun:
    """Cut out what a step needs.

    Parameters
    ----------
    step : str
        Name of the step.
    frames : Products or sequence of Frame or path
        A reduction that kept frames before this step, or frames that have come that far.
    at : tuple of int, optional
        Middle x, y of the piece; by default that of the frame.
    side : int, optional
        Its side in pixels.
    then : sequence of str, optional
        Steps to do afterwards.
    calibrations : mapping, optional
        By kind, what the step takes besides.

    Returns
    -------
    Rerun
        To be called with parameters.

    Raises
    ------
    ParameterError
        If there is no such step.
    WrongInputs
        If there are no frames, or a calibration is missing.
    """
    wanted = step_named(step)
    before: list[Step] = []
    if isinstance(frames, Products):
        frames, before = _kept_before(frames, wanted)
    if isinstance(frames, Frame | str | os.PathLike):
        frames = [frames]
    if not frames:
        raise WrongInputs(f"There are no frames to try {step} on.")

    def cut(source: Source) -> Frame:
        frame = source if isinstance(source, Frame) else read_frame(source)
        ny, nx = frame.shape
        x, y = (nx // 2, ny // 2) if at is None else at
        return cut_out(frame, x, y, side)

    given = dict(calibrations or {})
    missing = [need.kind for need in wanted.needs if not need.optional and need.kind not in given]
    if missing:
        raise WrongInputs(f'{step} needs a {missing[0]}: give it as calibrations={{"{missing[0]}": ...}}.')
    pieces = tuple(cut(one) for one in frames)
    for earlier in before:
        pieces = applied(earlier, pieces, {})
    besides = tuple(cut(given[need.kind]) if need.kind in given else None for need in wanted.needs)
    return Rerun(wanted, pieces, besides, tuple(step_named(name) for name in then))


def _kept_before(made: Products, step: Step) -> tuple[list[Path], list[Step]]:
    """Return the latest frames that a reduction kept before a step, and the steps that lie between."""
    steps = made.plan.recipe.steps
    sets: dict[int, list[Path]] = {}
    for path in made.kept:
        sets.setdefault(int(path.parent.name.partition("_")[0]), []).append(path)
    for number in sorted(sets, reverse=True):  # the folders count steps from 1
        for place in range(number, len(steps)):
            if steps[place].name == step.name:
                if not all(path.exists() for path in sets[number]):
                    raise NotF2Data(f"{sets[number][0]} is gone. Reduce again, and keep the frames.")
                return sets[number], list(steps[number:place])
    names = [one.name for one in steps]
    earlier = names[names.index(step.name) - 1] if step.name in names[1:] else "divide_flat"
    raise WrongInputs(f'The reduction kept no frames before {step.name}: reduce with keep=["{earlier}"].')


def measures(frames: Sequence[Frame], shown: int = 0) -> dict[str, float]:
    """Return what can be counted of the frames that came out.

    Parameters
    ----------
    frames : sequence of Frame
        At least one.
    shown : int, optional
        The one that is looked at.

    Returns
    -------
    dict of str to float
        Median and noise of its good pixels, its lowest and highest value, its mean sigma by the variance; and
        over all frames the part of pixels, in percent, that bears each flag.
    """
    frame = frames[min(shown, len(frames) - 1)]
    unit = {"adu": "ADU", "electron": "electrons", "": "ratio"}[frame.unit]
    good = (frame.mask & (flags.UNUSABLE | flags.OBJECT)) == 0
    values = frame.data[good] if good.any() else np.full(1, np.nan)
    middle = float(np.median(values))
    found = {
        f"median, {unit}": middle,
        f"noise, {unit}": _SIGMA * float(np.median(np.abs(values - middle))),
        f"lowest, {unit}": float(values.min()),
        f"highest, {unit}": float(values.max()),
    }
    if frame.variance is not None and good.any():
        found[f"sigma by the variance, {unit}"] = float(np.sqrt(np.median(frame.variance[good])))
    total = sum(one.mask.size for one in frames)
    for name, word in _COUNTED.items():
        count = sum(int(np.count_nonzero(one.mask & flags.bits(name))) for one in frames)
        found[f"{word} pixels, %"] = 100 * count / total
    return found


Measure = Callable[[Sequence[Frame]], Mapping[str, float]]
