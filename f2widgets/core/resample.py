"""Bring aligned frames onto one grid of pixels, with variance, flags and the noise's correlation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
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
from f2widgets.core.noise import CORRELATION, correlation_table, kernel_correlation
from f2widgets.core.trace import traced

Interpolant = Literal["cubic", "lanczos3", "linear", "nearest"]
Weights = NDArray[np.floating]

#: Most rows of a tile, for the cache, and pixels by which rotation may shift them against each other: the
#: error is half of it at most, a tenth of a good centroid's.
_ROWS, _DRIFT = 96, 0.03
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
    *Method*: separable kernel with the sub-pixel shift of each column, in blocks of so few rows that rotation
    does not matter along them. The variance is interpolated with the squared weights. Bad pixels are filled
    from their neighbours first, and spoil an output pixel only where they would carry more than 0.15 of the
    weight along both axes.
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
    """A piece of the grid: some rows, and columns whose points begin in one row of the frame."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    y: int  #: rows from the grid's to the first point's
    x: int
    along_y: Weights  #: (points, columns)
    along_x: Weights  #: (points,)

    def within(self, rows: slice, columns: slice, corner: tuple[int, int]) -> _Tile | None:
        """Return the piece within some rows and columns, for a frame of which only a cut-out is there."""
        a, b = max(self.rows[0], rows.start), min(self.rows[1], rows.stop)
        c, d = max(self.columns[0], columns.start), min(self.columns[1], columns.stop)
        if a >= b or c >= d:
            return None
        along_y = self.along_y[:, c - self.columns[0] : d - self.columns[0]]
        return _Tile((a, b), (c, d), self.y - corner[0], self.x - corner[1], along_y, self.along_x)


def _onto(frame: Frame, grid: Grid, k: int, interpolant: Interpolant) -> Frame:
    """Interpolate one frame onto the grid."""
    tiles = list(_all_tiles(grid, k, interpolant, (0, grid.shape[0])))
    out = _interpolated(frame, tiles, grid.shape, (0, 0), abs(float(np.linalg.det(grid.matrices[k][:, :2]))))
    tables = {**frame.tables, **traced(frame), CORRELATION: correlation_table(_correlation(tiles))}
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
    rows, wanted = part
    # Along y the last columns of a tile borrow their weights: go beyond, and cut off.
    columns = slice(wanted.start, min(wanted.stop + 6, grid.shape[1]))
    tiles = [
        cut
        for tile in _all_tiles(grid, k, interpolant, (rows.start, rows.stop))
        if (cut := tile.within(rows, columns, corner)) is not None
    ]
    shape = rows.stop - rows.start, columns.stop - columns.start
    scale = abs(float(np.linalg.det(grid.matrices[k][:, :2])))
    wide = _interpolated(frame, tiles, shape, (rows.start, columns.start), scale)
    width = wanted.stop - wanted.start
    data, variance, mask = (plane[:, :width] for plane in (wide.data, variance_of(wide), wide.mask))
    return wide.with_(data=data, variance=variance, mask=mask)


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
            window = (
                slice(a + tile.y, b + tile.y + len(ky) - 1),
                slice(c + tile.x, d + tile.x + len(kx) - 1),
            )
            inner = _overlap(window, frame.shape)
            if inner is None:
                continue
            part = (slice(a - top, b - top), slice(c - left, d - left))
            out[part] = _weighted(_cut(data, window, inner, 0), ky, kx)
            noise[part] = _weighted(_cut(variance, window, inner, 0), ky**2, kx**2)
            mask[part] = _joined(_cut(frame.mask, window, inner, flags.NO_DATA), ky, kx)

    each_block(work, len(tiles), rows=1)
    mask &= np.uint16(0xFFFF ^ flags.INTERNAL)
    return frame.with_(data=out, variance=noise, mask=mask, planes={})


def _all_tiles(grid: Grid, k: int, interpolant: Interpolant, rows: tuple[int, int]) -> Iterator[_Tile]:
    """Cut the blocks of rows that hold some rows of the grid into tiles, one frame's."""
    matrix = grid.matrices[k]
    height = int(np.clip(_DRIFT / max(abs(float(matrix[0, 1])), 1e-9), 4, _ROWS))
    for a, b in spans(grid.shape[0], height):
        if a < rows[1] and b > rows[0]:
            yield from _tiles(matrix, (a, b), grid.shape[1], interpolant)


def _tiles(matrix: Weights, rows: tuple[int, int], columns: int, interpolant: Interpolant) -> Iterator[_Tile]:
    """Cut some rows of the grid where, by rotation, the points begin to come from another row.

    Over so few rows the shift along x is constant; along y it changes with the column.
    """
    middle = (rows[0] + rows[1] - 1) / 2
    at = np.arange(columns)
    y = matrix[1, 0] * at + (matrix[1, 1] - 1) * middle + matrix[1, 2]
    x = matrix[0, 0] * at + matrix[0, 1] * middle + matrix[0, 2] - at
    below = np.floor(y + _HAIR).astype(int)
    cuts = [0, *(np.flatnonzero(np.diff(below)) + 1), columns]
    for c, d in pairwise(cuts):
        across = float(np.mean(x[c:d]))
        whole = int(np.floor(across + _HAIR))
        y0, along_y = kernel(interpolant, _fraction(y[c:d] - below[c]))
        x0, along_x = kernel(interpolant, _fraction(np.array([across - whole])))
        yield _Tile(rows, (c, d), int(below[c]) + y0, whole + x0, along_y, along_x[:, 0])


def _fraction(shift: Weights) -> Weights:
    """Take a shift of a hair for none, so that whole-pixel shifts copy."""
    return np.where(shift < _HAIR, 0.0, shift)


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


def _weighted(values: Plane, ky: Weights, kx: Weights) -> Plane:
    """Apply the kernel along y, a column's own, then along x."""
    ny, nx = values.shape[0] - len(ky) + 1, values.shape[1] - len(kx) + 1
    wide = np.pad(ky.astype(np.float32), ((0, 0), (0, len(kx) - 1)), mode="edge")
    rows = [values[t : t + ny] * weight for t, weight in enumerate(wide) if weight.any()]
    along = _added(rows)
    return _added([along[:, t : t + nx] * np.float32(weight) for t, weight in enumerate(kx) if weight])


def _added(terms: list[Plane]) -> Plane:
    """Add terms up in the first."""
    total = terms[0]
    for term in terms[1:]:
        total += term
    return total


def _joined(mask: Mask, ky: Weights, kx: Weights) -> Mask:
    """Join the flags of the points that carry weight along both axes."""
    ny, nx = mask.shape[0] - len(ky) + 1, mask.shape[1] - len(kx) + 1
    heavy = np.pad(np.abs(ky) > _SPOILS, ((0, 0), (0, len(kx) - 1)), mode="edge")
    along = np.zeros((ny, mask.shape[1]), np.uint16)
    for t, columns in enumerate(heavy):
        if columns.all():
            along |= mask[t : t + ny]
        elif columns.any():
            along |= mask[t : t + ny] * columns.astype(np.uint16)
    out = np.zeros((ny, nx), np.uint16)
    for t, weight in enumerate(kx):
        if abs(weight) > _SPOILS:
            out |= along[:, t : t + nx]
    return out


def _correlation(tiles: list[_Tile]) -> Weights:
    """Return the correlation of the noise over some of the tiles."""
    some = tiles[:: max(1, len(tiles) // 12)]
    kernels = [(tile.along_x, along_y) for tile in some for along_y in tile.along_y.T[::200]]
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
        unlit = (mask & _DARK) != 0
        for plane, out in planes:
            out[a:b] = plane[a:b]
            np.copyto(out[a:b], 0, where=unlit)
        found[a] = np.flatnonzero(((mask & flags.UNUSABLE) != 0) & ~unlit) + a * nx

    each_block(work, ny, rows=64)
    y, x = np.divmod(np.concatenate([found[a] for a in sorted(found)]), nx)
    sums, count = np.zeros((2, len(y))), np.zeros(len(y))
    for j, i in ((-1, -1), (-1, 0), (-1, 1), (0, -1), (0, 1), (1, -1), (1, 0), (1, 1)):
        rows, columns = np.clip(y + j, 0, ny - 1), np.clip(x + i, 0, nx - 1)
        good = (frame.mask[rows, columns] & flags.UNUSABLE) == 0
        count += good
        for total, (plane, _) in zip(sums, planes, strict=True):
            total += good * plane[rows, columns]
    data[y, x], variance[y, x] = sums / np.maximum(count, 1)
    return data, variance
