"""Average frames pixel by pixel on one grid: rejection, average, variance, flags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.blocks import spans
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.sorting import median

Method = Literal["mean", "median"]
Reject = Literal["variance", "sigma", "minmax", "none"]

#: Rows taken at a time: the values of ten frames and their working space stay in the cache.
_ROWS = 16


class Stacked(NamedTuple):
    """Average of several planes, with what is known of it."""

    data: Plane
    variance: Plane
    mask: Mask


def stack(
    frames: Sequence[Frame],
    *,
    method: Method = "mean",
    reject: Reject = "variance",
    low: float = 3.0,
    high: float = 3.0,
    slack: float = 0.0,
) -> Stacked:
    """Average frames pixel by pixel, leaving outliers out.

    Parameters
    ----------
    frames : sequence of Frame, each (ny, nx)
        All with a variance, in one unit and on one grid.
    method : {'mean', 'median'}
        The average of what is left.
    reject : {'variance', 'sigma', 'minmax', 'none'}
        Outliers are values further from the median than so many sigma of their own variance, or of
        the scatter of the values (which cannot fire with seven frames or fewer); or simply the lowest
        and the highest.
    low, high : float
        Sigma below and above the median; for 'minmax' the number of values to leave out.
    slack : float
        Fraction of the median by which a value may differ beyond its noise, as lamps do.

    Returns
    -------
    Stacked
        Data and variance, float32, and mask, uint16, each (ny, nx).

    Notes
    -----
    *Method*: pixels with an unusable flag are left out where others are good; where all have one, all are
    used and the flags say so. Mean: V = sum(V_i)/n²; median: π/2 times that. Rejection starts from the
    median, which one outlier does not move, so a single pass serves.
    """
    ny, nx = frames[0].shape
    data, variance = np.empty((ny, nx), np.float32), np.empty((ny, nx), np.float32)
    mask = np.empty((ny, nx), np.uint16)
    for a, b in spans(ny, _ROWS):
        data[a:b], variance[a:b], mask[a:b] = _stack_block(
            [frame.data[a:b] for frame in frames],
            [_variance(frame)[a:b] for frame in frames],
            [frame.mask[a:b] for frame in frames],
            method,
            reject,
            (low, high, slack),
        )
    return Stacked(data, variance, mask)


def _variance(frame: Frame) -> Plane:
    """Return the variance, zero where none is known."""
    return np.zeros(frame.shape, np.float32) if frame.variance is None else frame.variance


def _stack_block(
    data: list[Plane],
    variance: list[Plane],
    masks: list[Mask],
    method: Method,
    reject: Reject,
    limits: tuple[float, float, float],
) -> tuple[Plane, Plane, Mask]:
    """Stack a block: quickly where all pixels are usable, with care where some are not."""
    joined = masks[0] | masks[1] if len(masks) > 1 else masks[0].copy()
    for one in masks[2:]:
        joined |= one
    out = _clipped(data, variance, None, method, reject, limits)
    rows, columns = np.nonzero(joined & np.uint16(flags.UNUSABLE))
    if not rows.size:
        return out[0], out[1], joined
    usable = np.array([(one[rows, columns] & flags.UNUSABLE) == 0 for one in masks])
    some = usable.any(axis=0)
    mixed = some & ~usable.all(axis=0)
    rows, columns, usable = rows[mixed], columns[mixed], usable[:, mixed]
    if rows.size:
        part = _clipped(
            [one[rows, columns] for one in data],
            [one[rows, columns] for one in variance],
            usable,
            method,
            reject,
            limits,
        )
        out[0][rows, columns], out[1][rows, columns] = part
        kept = np.where(usable, np.array([one[rows, columns] for one in masks]), 0)
        joined[rows, columns] = np.bitwise_or.reduce(kept, axis=0)
    return out[0], out[1], joined


def _clipped(
    data: list[Plane],
    variance: list[Plane],
    usable: NDArray[np.bool_] | None,
    method: Method,
    reject: Reject,
    limits: tuple[float, float, float],
) -> tuple[Plane, Plane]:
    """Return average and variance of the values left after rejection."""
    centre, residuals, keep = _judged(data, variance, usable, reject, limits)
    count = np.zeros_like(centre)
    total, spread = np.zeros_like(centre), np.zeros_like(centre)
    for residual, one, good in zip(residuals, variance, keep, strict=True):
        weight = good.astype(np.float32)
        count += weight
        residual *= weight
        total += residual
        weight *= one
        spread += weight
    np.maximum(count, 1, out=count)
    noise = spread / (count * count)
    if method == "median":
        return centre, noise * np.float32(np.pi / 2)
    return centre + total / count, noise


def kept(
    frames: Sequence[Frame],
    *,
    reject: Reject = "variance",
    low: float = 3.0,
    high: float = 3.0,
    slack: float = 0.0,
) -> NDArray[np.bool_]:
    """Tell which values `stack` averages, with the same arguments.

    Parameters
    ----------
    frames : sequence of Frame, each (ny, nx)
        All with a variance.
    reject, low, high, slack
        As for `stack`.

    Returns
    -------
    ndarray of bool, shape (frames, ny, nx)
        What goes into the mean.
    """
    data, variance = [frame.data for frame in frames], [_variance(frame) for frame in frames]
    usable = np.array([(frame.mask & flags.UNUSABLE) == 0 for frame in frames])
    usable |= ~usable.any(axis=0)  # where none is usable, all are used
    *_, some = _judged(data, variance, usable, reject, (low, high, slack))
    *_, whole = _judged(data, variance, None, reject, (low, high, slack))
    return np.where(usable.all(axis=0), np.array(whole), np.array(some) & usable)


def _judged(
    data: list[Plane],
    variance: list[Plane],
    usable: NDArray[np.bool_] | None,
    reject: Reject,
    limits: tuple[float, float, float],
) -> tuple[Plane, list[Plane], list[NDArray[np.bool_]]]:
    """Return the median, what each value differs from it, and which values stay."""
    n = len(data)
    centre = median(data) if usable is None else median_of_usable(np.array(data), usable)
    if n < 3 and reject != "none":
        reject = "none"
    residuals = [one - centre for one in data]
    allowed = variance
    if reject == "variance" and limits[2]:
        slack = np.square(np.float32(limits[2]) * centre)
        allowed = [one + slack for one in variance]
    return centre, residuals, _kept(residuals, allowed, usable, reject, limits[:2])


def _kept(
    residuals: list[Plane],
    variance: list[Plane],
    usable: NDArray[np.bool_] | None,
    reject: Reject,
    limits: tuple[float, float],
) -> list[NDArray[np.bool_]]:
    """Say which values stay."""
    low, high = (np.float32(limit) for limit in limits)
    good = (
        [np.True_ | np.zeros(residuals[0].shape, bool)] * len(residuals) if usable is None else list(usable)
    )
    if reject == "none":
        return good
    if reject == "minmax":
        values = np.where(good, residuals, np.inf)  # the unusable rank above all others
        order = np.argsort(np.argsort(values, axis=0, kind="stable"), axis=0)
        count = np.sum(good, axis=0)
        inside = (order >= int(low)) & (order < count - int(high))
        nothing = ~inside.any(axis=0)
        return [g & (i | nothing) for g, i in zip(good, inside, strict=True)]
    if reject == "sigma":
        count = np.sum(good, axis=0)
        scatter = sum(np.where(g, r * r, 0) for g, r in zip(good, residuals, strict=True)) / count
        variance = [scatter] * len(residuals)
    kept = []
    for residual, one, ok in zip(residuals, variance, good, strict=True):
        limit = np.where(residual < 0, low * low, high * high) if low != high else low * low
        inside = residual * residual <= limit * one
        kept.append(inside & ok if usable is not None else inside)
    some = kept[0].copy()
    for one_kept in kept[1:]:
        some |= one_kept
    return kept if some.all() else [k | (g & ~some) for k, g in zip(kept, good, strict=True)]


def median_of_usable(values: NDArray[np.floating], usable: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return the median along the first axis of the usable values; 0 where there is none."""
    count = usable.sum(axis=0)
    ordered = np.sort(np.where(usable, values, np.inf), axis=0)
    top = np.maximum(count - 1, 0)
    lower = np.take_along_axis(ordered, (top // 2)[None], axis=0)[0]
    upper = np.take_along_axis(ordered, ((top + 1) // 2)[None], axis=0)[0]
    return np.where(count > 0, 0.5 * (lower + upper), 0).astype(np.float32)
