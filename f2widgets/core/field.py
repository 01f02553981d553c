"""The illuminated field: its circle, found from the light; smooth surfaces over it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.beat import beat
from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Plane
from f2widgets.core.sorting import median
from f2widgets.core.stacking import median_of_usable


@dataclass(frozen=True)
class Circle:
    """The lit field in pixels, 0-based; a radius of infinity where light fills the array."""

    x: float
    y: float
    radius: float

    def outside(self, shape: tuple[int, int], shrink: float = 0.0) -> NDArray[np.bool_]:
        """Return which pixels of an array of `shape` lie outside, the radius less `shrink`."""
        if not np.isfinite(self.radius):
            return np.zeros(shape, bool)
        y = np.arange(shape[0], dtype=np.float32)[:, None] - np.float32(self.y)
        x = np.arange(shape[1], dtype=np.float32)[None, :] - np.float32(self.x)
        return np.asarray(x * x + y * y > np.float32(max(self.radius - shrink, 0.0) ** 2))


def fit_circle(light: Plane) -> Circle:
    """Fit a circle to where the light of a lamp falls to half.

    Parameters
    ----------
    light : ndarray, shape (ny, nx), float32
        Light of a lamp: high inside, near zero outside.

    Returns
    -------
    Circle
        With radius infinity where fewer than a tenth of the border rows and columns show an edge.

    Notes
    -----
    *Method*: medians of 3 x 3 pixels mute bad pixels; the first and last crossing of half the local level
    in each row and column, to a fraction of a pixel, give edge points; an algebraic least-squares circle
    (Kåsa 1976), repeated without points more than 3 px away and five times the median deviation.
    """
    smooth = _median3(light)
    beat()
    level = float(np.percentile(smooth[::4, ::4], 75))  # at least a quarter of the array is well lit
    points = np.concatenate([_edges(smooth, level), _edges(smooth.T, level)[:, ::-1]])
    if len(points) < 0.1 * sum(light.shape):
        return Circle(light.shape[1] / 2, light.shape[0] / 2, float("inf"))
    keep = np.ones(len(points), bool)
    for _ in range(6):
        x, y, radius = _least_squares(points[keep])
        off = np.abs(np.hypot(points[:, 0] - x, points[:, 1] - y) - radius)
        keep = off <= max(3.0, 5 * float(np.median(off[keep])))
    return Circle(float(x), float(y), float(radius))


def well_lit(response: Plane, circle: Circle, part: float) -> Circle:
    """Draw a circle in to where the light is still some part of that further in.

    Parameters
    ----------
    response : ndarray, shape (ny, nx), float32
        Light over its median.
    circle : Circle
        Where the light falls to half.
    part : float
        Of the light some fifteen pixels further in.

    Returns
    -------
    Circle
        The same centre, a smaller radius.
    """
    if not np.isfinite(circle.radius):
        return circle
    rim = np.nonzero(circle.outside(response.shape, shrink=24) & ~circle.outside(response.shape, shrink=-1))
    depth = circle.radius - np.hypot(rim[1] - circle.x, rim[0] - circle.y)
    values = response[rim]
    inner = float(np.median(values[depth > 14]))
    steps = np.arange(0, 12, 0.25)
    levels = [np.median(values[np.abs(depth - step) < 0.5]) for step in steps]
    below = np.flatnonzero(np.array(levels) < part * inner)
    return replace(circle, radius=circle.radius - (steps[below[-1]] if below.size else 0.0))


def _least_squares(points: NDArray[np.float64]) -> tuple[float, float, float]:
    """Fit a circle through points (x, y)."""
    x, y = points.T
    (a, b, c), *_ = np.linalg.lstsq(np.stack([x, y, np.ones_like(x)], 1), x * x + y * y, rcond=None)
    return a / 2, b / 2, float(np.sqrt(c + a * a / 4 + b * b / 4))


def _edges(light: Plane, level: float) -> NDArray[np.float64]:
    """Return points (x, y) where rows first rise to and last fall from half their local level."""
    found = []
    for y in range(4, light.shape[0] - 4, max(light.shape[0] // 400, 1)):
        row = light[y]
        lit = np.flatnonzero(row > np.float32(0.5 * level))
        if lit.size < 64:
            continue
        for x, side in (
            (_crossing(row, int(lit[0])), 1.0),
            (_crossing(row[::-1], row.size - 1 - int(lit[-1])), -1.0),
        ):
            if x is not None:
                found.append((x if side > 0 else row.size - 1 - x, y))
    return np.array(found, float).reshape(-1, 2)


def _crossing(row: Plane, at: int) -> float | None:
    """Return where a row, dark at its start and lit from about `at` on, passes half its local level."""
    if not 4 <= at < row.size - 56:
        return None  # light up to the border of the array: no edge of the field
    half = 0.5 * float(np.median(row[at + 24 : at + 56]))
    while at >= 4 and row[at] > half:
        at -= 1
    while at < row.size - 1 and row[at + 1] <= half:
        at += 1
    below, above = float(row[at]), float(row[at + 1])
    return at + (half - below) / (above - below) if above > below else float(at)


def _median3(image: Plane) -> Plane:
    """Return the median of three rows, then of three columns; the border as it is."""
    out = image.copy()
    out[1:-1] = median([image[:-2], image[1:-1], image[2:]])
    out[:, 1:-1] = median([out[:, :-2], out[:, 1:-1], out[:, 2:]])
    return out


def box_medians(image: Plane, good: NDArray[np.bool_], size: int, least: float = 0.1) -> NDArray[np.float64]:
    """Return the median of the good pixels in each box of `size` x `size`; NaN where too few are good.

    Parameters
    ----------
    image : ndarray, shape (ny, nx)
        Values.
    good : ndarray of bool, shape (ny, nx)
        Which count.
    size : int
        Side of a box; those at the upper and right border may be smaller.
    least : float, optional
        Part of a box that must be good.

    Returns
    -------
    ndarray, shape (ceil(ny / size), ceil(nx / size)), float64
        The medians.
    """
    ny, nx = image.shape
    out = np.empty((-(-ny // size), -(-nx // size)))
    whole = nx // size * size

    def work(a: int, b: int) -> None:
        """Take the medians of one row of boxes, the narrower one at its end by itself."""
        for first, last, width in ((0, whole, size), (whole, nx, nx - whole)):
            if first < last:
                values, usable = (
                    _columns(image[a:b, first:last], width),
                    _columns(good[a:b, first:last], width),
                )
                enough = usable.sum(axis=0) > least * len(usable)
                boxes = out[a // size, first // size : -(-last // size)]
                boxes[:] = np.where(enough, median_of_usable(values, usable), np.nan)

    each_block(work, ny, rows=size)
    return out


def _columns(rows: NDArray[Any], width: int) -> NDArray[Any]:
    """Return the pixels of each box in a row of boxes as a column."""
    return rows.reshape(len(rows), -1, width).swapaxes(0, 1).reshape(-1, len(rows) * width).T


def spread(boxes: NDArray[np.float64], size: int, shape: tuple[int, int]) -> Plane:
    """Interpolate box values linearly to pixels; boxes without a value take their neighbours'.

    Parameters
    ----------
    boxes : ndarray, shape (by, bx)
        A value per box, NaN where there is none.
    size : int
        Side of a box in pixels.
    shape : tuple of int
        Rows and columns wanted.

    Returns
    -------
    ndarray, shape `shape`, float32
        A smooth surface.
    """
    filled = _filled(boxes)
    ny, nx = shape
    y, x = _weights(ny, boxes.shape[0], size), _weights(nx, boxes.shape[1], size)
    return (y @ filled.astype(np.float32)) @ x.T


def _weights(pixels: int, boxes: int, size: int) -> NDArray[np.float32]:
    """Return the matrix that interpolates the values of boxes to pixels."""
    at = np.clip((np.arange(pixels) + 0.5) / size - 0.5, 0, boxes - 1)
    low = np.minimum(at.astype(int), max(boxes - 2, 0))
    out = np.zeros((pixels, boxes), np.float32)
    out[np.arange(pixels), low] = 1 - (at - low)
    if boxes > 1:
        out[np.arange(pixels), low + 1] = at - low
    return out


def _filled(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Fill empty boxes with the value of the nearest full one."""
    empty = np.isnan(boxes)
    if not empty.any():
        return boxes
    if empty.all():
        return np.zeros_like(boxes)
    from scipy.ndimage import distance_transform_edt

    nearest = distance_transform_edt(empty, return_distances=False, return_indices=True)
    return np.asarray(boxes[tuple(nearest)])
