"""Bring aligned frames onto one grid of pixels, with variance, flags and the noise's correlation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.blocks import each_block, spans
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.grid import Grid, common_grid
from f2widgets.core.noise import CORRELATION, correlation_table, kernel_correlation

Interpolant = Literal["cubic", "lanczos3", "linear", "nearest"]
Weights = NDArray[np.float64]

#: Within a tile the sub-pixel shift may change by so many pixels; a tenth of the centroid noise of a star.
_DRIFT = 0.01
#: Rows of a tile.
_ROWS = 32
#: A bad pixel spoils the output if the kernel gives it more than this weight along both axes.
_SPOILS = 0.15


def resample(
    frames: Iterable[Frame], *, interpolant: Interpolant = "cubic", tick: Tick = ignore
) -> Iterator[Frame]:
    """Interpolate frames onto the first one's pixels, extended to hold all.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted and aligned, with variance, each (ny, nx).
    interpolant : {'cubic', 'lanczos3', 'linear', 'nearest'}
        Four-point Lagrange polynomial, Lanczos kernel of six points, linear, or the nearest pixel.
    tick : callable, optional
        Progress.

    Yields
    ------
    Frame
        One after another, on the common grid; flag `no_data` outside the frame. The table NOISECOR has the
        correlation of the noise.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates or lies far from the first.

    Notes
    -----
    *Method*: separable kernel with the sub-pixel shift of each tile, tiles as small as the rotation asks. The
    variance is interpolated with the squared weights. Bad pixels are filled from their neighbours first,
    and spoil an output pixel only where they would carry more than 0.15 of the weight along both axes.
    *Assumes* frames that differ by shift and small rotation.
    *Source*: ``resampleToCommonFrame`` of the reference, whose variance ignores the kernel.
    """
    members = list(frames)
    grid = common_grid(members)
    total = len(members)
    for k in range(total):
        frame, members[k] = members[k], members[0].rows(0, 0)  # let go of each frame when it is done
        yield _onto(frame, grid, k, interpolant)
        tick(k + 1, total)


def kernel(interpolant: Interpolant, fraction: float) -> tuple[int, Weights]:
    """Return the place of the first point, relative to the pixel below, and the weights.

    Parameters
    ----------
    interpolant : str
        Name of the kernel.
    fraction : float
        Where between two pixels to interpolate, 0 to 1.

    Returns
    -------
    first : int
        Offset of the first weight.
    weights : ndarray
        Their sum is 1.
    """
    p = fraction
    if interpolant == "nearest":
        return 0, np.array([1.0, 0.0] if p < 0.5 else [0.0, 1.0])
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
    at = np.arange(-2, 4) - p
    weights = np.sinc(at) * np.sinc(at / 3)
    return -2, weights / weights.sum()


def _onto(frame: Frame, grid: Grid, k: int, interpolant: Interpolant) -> Frame:
    """Interpolate one frame onto the grid."""
    data, variance = _filled(frame)
    out = np.zeros(grid.shape, np.float32)
    noise = np.zeros(grid.shape, np.float32)
    mask = np.full(grid.shape, flags.NO_DATA, np.uint16)
    matrix = grid.matrices[k]
    turn = float(np.abs(matrix[:, :2] - np.eye(2)).max())
    width = grid.shape[1] if turn * grid.shape[1] < 2 * _DRIFT else max(int(2 * _DRIFT / turn), 16)
    ny, nx = grid.shape
    tiles = [(a, b, c, d) for a, b in spans(ny, min(_ROWS, width)) for c, d in spans(nx, width)]
    scale = np.float32(abs(np.linalg.det(matrix[:, :2])))

    def work(first: int, last: int) -> None:
        """Interpolate some tiles."""
        for a, b, c, d in tiles[first:last]:
            (y0, ky), (x0, kx) = _phase(matrix, (a, b, c, d), interpolant)
            part = (slice(a, b), slice(c, d))
            window = (slice(a + y0, b + y0 + len(ky) - 1), slice(c + x0, d + x0 + len(kx) - 1))
            inner = _overlap(window, frame.shape)
            if inner is None:
                continue
            out[part] = scale * _weighted(_cut(data, window, inner, 0), ky, kx)
            noise[part] = scale * scale * _weighted(_cut(variance, window, inner, 0), ky**2, kx**2)
            flagged = _cut(frame.mask, window, inner, flags.NO_DATA)
            mask[part] = _joined(flagged, ky, kx)

    each_block(work, len(tiles), rows=max(1, len(tiles) // 64))
    mask &= np.uint16(0xFFFF ^ flags.OBJECT)
    table = correlation_table(_correlation(matrix, tiles, interpolant))
    return frame.with_(
        data=out,
        variance=noise,
        mask=mask,
        wcs=grid.wcs,
        planes={},
        tables={**frame.tables, CORRELATION: table},
    )


def _phase(
    matrix: NDArray[np.float64], tile: tuple[int, int, int, int], interpolant: Interpolant
) -> tuple[tuple[int, Weights], tuple[int, Weights]]:
    """Return, for y and x, the shift to the first point and the weights in the middle of a tile."""
    a, b, c, d = tile
    middle = np.array([(c + d - 1) / 2, (a + b - 1) / 2])
    x, y = matrix[:, :2] @ middle + matrix[:, 2] - middle
    phases = []
    for shift in (y, x):
        whole = int(np.floor(shift + 1e-4))  # a shift of a hair below a whole pixel is that pixel
        fraction = max(shift - whole, 0.0)
        first, weights = kernel(interpolant, 0.0 if fraction < 1e-4 else fraction)
        phases.append((whole + first, weights))
    return phases[0], phases[1]


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
    """Apply the kernel along y, then along x."""
    ny, nx = values.shape[0] - len(ky) + 1, values.shape[1] - len(kx) + 1
    along: Plane | None = None
    for t, weight in enumerate(ky):
        if weight:
            term = values[t : t + ny] * np.float32(weight)
            along = term if along is None else np.add(along, term, out=along)
    result: Plane | None = None
    assert along is not None
    for t, weight in enumerate(kx):
        if weight:
            term = along[:, t : t + nx] * np.float32(weight)
            result = term if result is None else np.add(result, term, out=result)
    assert result is not None
    return result


def _joined(mask: Mask, ky: Weights, kx: Weights) -> Mask:
    """Join the flags of the points that carry weight along both axes."""
    ny, nx = mask.shape[0] - len(ky) + 1, mask.shape[1] - len(kx) + 1
    rows = [mask[t : t + ny] for t in np.flatnonzero(np.abs(ky) > _SPOILS)]
    along = rows[0] if len(rows) == 1 else np.bitwise_or.reduce(rows)
    columns = [along[:, t : t + nx] for t in np.flatnonzero(np.abs(kx) > _SPOILS)]
    return columns[0] if len(columns) == 1 else np.asarray(np.bitwise_or.reduce(columns))


def _correlation(
    matrix: NDArray[np.float64], tiles: list[tuple[int, int, int, int]], interpolant: Interpolant
) -> NDArray[np.float64]:
    """Return the correlation of the noise over all tiles."""
    some = tiles[:: max(1, len(tiles) // 200)]
    phases = [_phase(matrix, tile, interpolant) for tile in some]
    kernels = [(kx, ky) for (_, ky), (_, kx) in phases]
    return kernel_correlation(kernels, [1.0] * len(kernels))


def _filled(frame: Frame) -> tuple[Plane, Plane]:
    """Return data and variance with unusable pixels replaced by the mean of their good neighbours."""
    ny, nx = frame.shape
    data = frame.data.copy()
    variance = np.zeros(frame.shape, np.float32) if frame.variance is None else frame.variance.copy()
    unusable = (frame.mask & flags.UNUSABLE) != 0
    y, x = np.nonzero(unusable)
    total, spread, count = np.zeros(len(y)), np.zeros(len(y)), np.zeros(len(y))
    lone = np.zeros(len(y))
    for j in (-1, 0, 1):
        for i in (-1, 0, 1):
            if i == j == 0:
                continue
            rows, columns = np.clip(y + j, 0, ny - 1), np.clip(x + i, 0, nx - 1)
            good = ~unusable[rows, columns]
            total += np.where(good, frame.data[rows, columns], lone)
            spread += np.where(good, variance[rows, columns], lone)
            count += good
    np.maximum(count, 1, out=count)
    data[y, x], variance[y, x] = total / count, spread / count
    return data, variance
