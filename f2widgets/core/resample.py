"""Bring aligned frames onto one grid of pixels, with variance, flags and the noise's correlation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.blocks import each_block, spans
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import Grid, common_grid
from f2widgets.core.levels import variance_of
from f2widgets.core.measures import EXPOSURE
from f2widgets.core.noise import (
    CORRELATION,
    correlation_of,
    correlation_table,
    kernel_correlation,
    passed_on,
)
from f2widgets.core.trace import traced

Interpolant = Literal["cubic", "lanczos3", "linear", "nearest"]
Weights = NDArray[np.floating]

#: Most rows and columns of a tile, for the cache, and pixels by which rotation may shift its ends against
#: each other: the error is half of it at most, a tenth of a good centroid's.
_ROWS, _COLUMNS, _DRIFT = 96, 512, 0.02
#: Bits of pixels that see no light.
_DARK = np.uint16(flags.UNLIT | flags.NO_DATA)
#: Pixels of shift that count as none.
_HAIR = 1e-4
#: A bad pixel spoils the output if the kernel gives it more than this weight along both axes.
_SPOILS = 0.15


def resample(
    frames: Iterable[Frame], *, interpolant: Interpolant = "lanczos3", tick: Tick = ignore
) -> Iterator[Frame]:
    """Interpolate frames onto the first one's pixels, extended to hold all.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted and aligned, with variance, each (ny, nx).
    interpolant : {'cubic', 'lanczos3', 'linear', 'nearest'}
        Four-point Lagrange polynomial, Lanczos kernel of six points, linear, or the nearest pixel. Lanczos
        keeps stars as sharp as they are and noise nearly white; the polynomial is a third faster and widens
        stars by half a per cent, which takes 0.2 % of their light from an aperture of four pixels.
    tick : callable, optional
        Progress.

    Returns
    -------
    iterator of Frame
        One after another, on the common grid; flag `no_data` outside the frame. The table NOISECOR has the
        correlation of the noise.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates or lies far from the first.

    Notes
    -----
    *Method*: separable kernel, in tiles so small that rotation does not matter within them. The variance is
    interpolated with the squared weights. Bad pixels are filled from their neighbours first, and spoil an
    output pixel only where they would carry more than 0.15 of the weight along both axes.
    *Assumes* frames that differ by shift and small rotation.
    *Source*: ``resampleToCommonFrame`` of the reference, whose variance ignores the kernel.
    """
    members = list(frames)
    grid = common_grid(members)
    total = len(members)
    for k in range(total):
        frame, members[k] = members[k], members[0].bare()  # let go of each frame when it is done
        yield _onto(frame, grid, k, interpolant)
        tick(k + 1, total)


def kernel(interpolant: Interpolant, fraction: Weights) -> tuple[int, Weights]:
    """Return the place of the first point, relative to the pixel below, and the weights.

    Parameters
    ----------
    interpolant : str
        Name of the kernel.
    fraction : ndarray, shape (n,)
        Where between two pixels to interpolate, 0 to 1.

    Returns
    -------
    first : int
        Offset of the first weight.
    weights : ndarray, shape (points, n)
        Their sum over points is 1.
    """
    p = np.asarray(fraction, float)
    if interpolant == "nearest":
        return 0, np.array([p < 0.5, p >= 0.5], float)
    if interpolant == "linear":
        return 0, np.array([1 - p, p])
    if interpolant == "cubic":
        return -1, np.array(
            [
                -p * (p - 1) * (p - 2) / 6,
                (p + 1) * (p - 1) * (p - 2) / 2,
                -(p + 1) * p * (p - 2) / 2,
                (p + 1) * p * (p - 1) / 6,
            ]
        )
    at = np.arange(-2, 4)[:, None] - p
    weights = np.sinc(at) * np.sinc(at / 3)
    return -2, weights / weights.sum(axis=0)


@dataclass(frozen=True)
class _Tile:
    """A piece of the grid, small enough to have one shift."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    y: int  #: rows from the grid's to the first point's
    x: int
    along_y: Weights  #: (points,)
    along_x: Weights
    squares_y: Weights  #: for the variance
    squares_x: Weights

    def within(self, rows: slice, columns: slice, corner: tuple[int, int]) -> _Tile | None:
        """Return the piece within some rows and columns, for a frame of which only a cut-out is there."""
        a, b = max(self.rows[0], rows.start), min(self.rows[1], rows.stop)
        c, d = max(self.columns[0], columns.start), min(self.columns[1], columns.stop)
        if a >= b or c >= d:
            return None
        return replace(self, rows=(a, b), columns=(c, d), y=self.y - corner[0], x=self.x - corner[1])

    def window(self) -> tuple[slice, slice]:
        """Return the pixels of the frame that are needed."""
        (a, b), (c, d) = self.rows, self.columns
        return (
            slice(a + self.y, b + self.y + len(self.along_y) - 1),
            slice(c + self.x, d + self.x + len(self.along_x) - 1),
        )


def _onto(frame: Frame, grid: Grid, k: int, interpolant: Interpolant) -> Frame:
    """Interpolate one frame onto the grid; of a stack, also how long each of its pixels was exposed."""
    tiles = list(_tiles(grid, k, interpolant))
    scale = abs(float(np.linalg.det(grid.matrices[k][:, :2])))
    correlation, factor = passed_on(_correlation(tiles), correlation_of(frame))
    out = _noisier(_interpolated(frame, tiles, grid.shape, (0, 0), scale), factor)
    if EXPOSURE in frame.planes:
        seconds = np.asarray(frame.planes[EXPOSURE], np.float32)
        near = list(_tiles(grid, k, "nearest"))
        told = _interpolated(frame.with_(data=seconds, variance=seconds), near, grid.shape, (0, 0), 1.0)
        out = out.with_(planes={EXPOSURE: told.data})
    tables = {**frame.tables, **traced(frame), CORRELATION: correlation_table(correlation)}
    return out.with_(wcs=grid.wcs, tables=tables)


def resample_part(
    frame: Frame,
    corner: tuple[int, int],
    grid: Grid,
    k: int,
    part: tuple[slice, slice],
    interpolant: Interpolant,
) -> Frame:
    """Interpolate a cut-out of a frame onto a part of the grid, as `resample` does it with whole frames.

    Parameters
    ----------
    frame : Frame
        The cut-out, wide enough for the kernel: ten pixels more than the part on each side.
    corner : tuple of int
        Row and column of its first pixel in the whole frame.
    grid : Grid
        The whole grid.
    k : int
        Number of the frame in the grid.
    part : tuple of slice
        Rows and columns of the grid.
    interpolant : {'cubic', 'lanczos3', 'linear', 'nearest'}
        As for `resample`.

    Returns
    -------
    Frame
        Shape of the part.
    """
    rows, columns = part
    every = list(_tiles(grid, k, interpolant))
    tiles = [cut for tile in every if (cut := tile.within(rows, columns, corner)) is not None]
    shape = rows.stop - rows.start, columns.stop - columns.start
    scale = abs(float(np.linalg.det(grid.matrices[k][:, :2])))
    _, factor = passed_on(_correlation(every), correlation_of(frame))
    return _noisier(_interpolated(frame, tiles, shape, (rows.start, columns.start), scale), factor)


def _noisier(frame: Frame, factor: float) -> Frame:
    """Multiply the variance by what the noise was correlated before; white noise stays as it is."""
    if factor == 1:
        return frame
    return frame.with_(variance=variance_of(frame) * np.float32(factor))


def _interpolated(
    frame: Frame, tiles: list[_Tile], shape: tuple[int, int], origin: tuple[int, int], scale: float
) -> Frame:
    """Interpolate tiles from a frame into an array whose first pixel is `origin` in the grid."""
    data, variance = _filled(frame)
    out = np.zeros(shape, np.float32)
    noise = np.zeros(shape, np.float32)
    mask = np.full(shape, flags.NO_DATA, np.uint16)
    top, left = origin

    def work(first: int, last: int) -> None:
        """Interpolate some tiles."""
        for tile in tiles[first:last]:
            (a, b), (c, d) = tile.rows, tile.columns
            ky, kx = scale * tile.along_y, tile.along_x
            inner = _overlap(tile.window(), frame.shape)
            if inner is None:
                continue
            part = (slice(a - top, b - top), slice(c - left, d - left))
            _weigh(_cut(data, tile.window(), inner, 0), ky, kx, out[part])
            squares = scale**2 * tile.squares_y, tile.squares_x
            _weigh(_cut(variance, tile.window(), inner, 0), *squares, noise[part])
            mask[part] = _joined(_cut(frame.mask, tile.window(), inner, flags.NO_DATA), ky, kx)

    each_block(work, len(tiles), rows=1)
    return frame.with_(data=out, variance=noise, mask=mask, planes={})


def _tiles(grid: Grid, k: int, interpolant: Interpolant) -> Iterator[_Tile]:
    """Cut the grid into tiles within which rotation does not matter."""
    matrix = grid.matrices[k]
    height, width = (
        int(np.clip(_DRIFT / max(abs(turn), 1e-9), 4, most))
        for turn, most in ((float(matrix[0, 1]), _ROWS), (float(matrix[1, 0]), _COLUMNS))
    )
    places = [
        (rows, columns) for rows in spans(grid.shape[0], height) for columns in spans(grid.shape[1], width)
    ]
    middle = np.array([(sum(columns) - 1, sum(rows) - 1) for rows, columns in places]).T / 2
    shift = matrix[:, :2] @ middle + matrix[:, 2:] - middle
    whole = np.floor(shift + _HAIR).astype(int)
    fraction = np.where(shift - whole < _HAIR, 0.0, shift - whole)  # so that whole-pixel shifts copy
    (x, along_x), (y, along_y) = (kernel(interpolant, part) for part in fraction)
    weights = (along_y, along_x, _squared(along_y), _squared(along_x))
    for i, (rows, columns) in enumerate(places):
        first_x, first_y = whole[:, i] + (x, y)
        yield _Tile(rows, columns, int(first_y), int(first_x), *(one[:, i] for one in weights))


def _overlap(window: tuple[slice, slice], shape: tuple[int, int]) -> tuple[slice, slice] | None:
    """Return the part of a window that lies within an array of `shape`."""
    parts = []
    for part, size in zip(window, shape, strict=True):
        low, high = max(part.start, 0), min(part.stop, size)
        if low >= high:
            return None
        parts.append(slice(low, high))
    return parts[0], parts[1]


def _cut(
    plane: NDArray[Any], window: tuple[slice, slice], inner: tuple[slice, slice], fill: float
) -> NDArray[Any]:
    """Return a window of a plane, filled where it reaches beyond."""
    if window == inner:
        return plane[window]
    out = np.full([part.stop - part.start for part in window], fill, plane.dtype)
    place = tuple(slice(i.start - w.start, i.stop - w.start) for i, w in zip(inner, window, strict=True))
    out[place] = plane[inner]
    return out


def _weigh(values: Plane, ky: Weights, kx: Weights, out: Plane) -> None:
    """Apply the kernel along y, then along x.

    Rows are taken end to end: numpy needs twice the time for a plane that it must walk through row by row.
    What comes of a row's end and the next one's start is cut off.
    """
    (ny, nx), width = out.shape, values.shape[1]
    along = _added(np.ascontiguousarray(values).ravel(), ky, width, ny * width)
    across = _added(along, kx, 1, ny * width - (width - nx))
    out[:-1] = across[: (ny - 1) * width].reshape(ny - 1, width)[:, :nx]
    out[-1] = across[-nx:]


def _added(values: Plane, weights: Weights, step: int, size: int) -> Plane:
    """Add up values that lie `step` apart, by their weights."""
    (first, weight), *rest = ((t * step, np.float32(w)) for t, w in enumerate(weights) if w)
    total = values[first : first + size] * weight
    term = np.empty_like(total)
    for first, weight in rest:
        total += np.multiply(values[first : first + size], weight, out=term)
    return total


def _squared(weights: Weights) -> Weights:
    """Return the weights of variances, (points, n); those below 0.2 % of all are spread over the others."""
    squares = weights**2
    whole = squares.sum(axis=0)
    kept = np.where(squares < 0.002 * whole, 0.0, squares)
    return np.asarray(kept * (whole / kept.sum(axis=0)))


def _joined(mask: Mask, ky: Weights, kx: Weights) -> Mask:
    """Join the flags of the points that carry weight along both axes; internal ones are dropped."""
    for axis, weights in ((0, ky), (1, kx)):
        size = mask.shape[axis] - len(weights) + 1
        heavy = [slice(t, t + size) for t, weight in enumerate(weights) if abs(weight) > _SPOILS]
        parts = [mask[part] if axis == 0 else mask[:, part] for part in heavy]
        mask = parts[0] & np.uint16(0xFFFF ^ flags.INTERNAL)
        for part in parts[1:]:
            mask |= part
    return mask & np.uint16(0xFFFF ^ flags.INTERNAL)


def _correlation(tiles: list[_Tile]) -> Weights:
    """Return the correlation of the noise over some of the tiles."""
    kernels = [(tile.along_x, tile.along_y) for tile in tiles[:: max(1, len(tiles) // 60)]]
    return kernel_correlation(kernels, [1.0] * len(kernels))


def _filled(frame: Frame) -> tuple[Plane, Plane]:
    """Return data and variance with unusable pixels replaced by the mean of their good neighbours.

    Where no light falls there is nothing to fill: zero.
    """
    ny, nx = frame.shape
    data, variance = np.empty(frame.shape, np.float32), np.empty(frame.shape, np.float32)
    planes = ((frame.data, data), (variance_of(frame), variance))
    found: dict[int, NDArray[np.int_]] = {}

    def work(a: int, b: int) -> None:
        """Copy a block of rows, and note what to fill."""
        mask = frame.mask[a:b]
        lit = (mask & _DARK) == 0
        for plane, out in planes:
            np.multiply(plane[a:b], lit.astype(np.float32), out=out[a:b])
        found[a] = np.flatnonzero(lit & ((mask & np.uint16(flags.UNUSABLE)) != 0)) + a * nx

    each_block(work, ny, rows=32)
    y, x = np.divmod(np.concatenate([found[a] for a in sorted(found)]), nx)
    sums, count = np.zeros((2, len(y))), np.zeros(len(y))
    for j, i in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
        near = np.clip(y + j, 0, ny - 1) * nx + np.clip(x + i, 0, nx - 1)
        good = (frame.mask.take(near) & np.uint16(flags.UNUSABLE)) == 0
        count += good
        for total, (plane, _) in zip(sums, planes, strict=True):
            total += good * plane.take(near)
    data[y, x], variance[y, x] = sums / np.maximum(count, 1)
    return data, variance
