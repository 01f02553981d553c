"""The noise of a stack: how pixels are correlated, and the sigma of a sum over an aperture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.frame import Frame

if TYPE_CHECKING:
    from astropy.table import Table

#: Name of the table in a product.
CORRELATION = "NOISECOR"

Weights = NDArray[np.floating]


def kernel_correlation(kernels: Sequence[tuple[Weights, Weights]], shares: Sequence[float]) -> Weights:
    """Return the correlation of noise that interpolation leaves between pixels.

    Parameters
    ----------
    kernels : sequence of (along x, along y)
        Weights of the interpolation, of equal length.
    shares : sequence of float
        Part of the pixels that each pair serves.

    Returns
    -------
    ndarray, shape (2n - 1, 2n - 1)
        Correlation of two pixels by their distance, rows y, columns x, 1 in the middle.
    """
    total = np.zeros((2 * len(kernels[0][1]) - 1, 2 * len(kernels[0][0]) - 1))
    for (along_x, along_y), share in zip(kernels, shares, strict=True):
        total += share * np.outer(
            np.correlate(along_y, along_y, mode="full"), np.correlate(along_x, along_x, mode="full")
        )
    return np.asarray(total / total.max())


def passed_on(kernel: Weights, own: Weights) -> tuple[Weights, float]:
    """Return the correlation of noise that was correlated before it was interpolated.

    Parameters
    ----------
    kernel : ndarray, shape (n, n)
        What interpolation makes of white noise, from `kernel_correlation`.
    own : ndarray, shape (m, m)
        Correlation before; 1 alone for white noise.

    Returns
    -------
    correlation : ndarray, shape (n + m - 1, n + m - 1)
        After it.
    factor : float
        By which the variance is larger than for white noise.

    Notes
    -----
    *Method*: the covariance after is that before, convolved with the kernel's own.
    """
    (ny, nx), (my, mx) = kernel.shape, own.shape
    both = np.zeros((ny + my - 1, nx + mx - 1))
    for y in range(my):
        for x in range(mx):
            both[y : y + ny, x : x + nx] += own[y, x] * kernel
    factor = float(both[both.shape[0] // 2, both.shape[1] // 2])
    return both / factor, factor


def correlation_table(correlation: Weights) -> Table:
    """Return a correlation as the table that goes into a product: dx, dy, correlation."""
    from astropy.table import Table

    ny, nx = correlation.shape
    y, x = np.mgrid[:ny, :nx]
    return Table(
        {
            "dx": (x - nx // 2).ravel().astype(np.int16),
            "dy": (y - ny // 2).ravel().astype(np.int16),
            "correlation": correlation.ravel(),
        }
    )


def correlation_of(frame: Frame) -> Weights:
    """Return the correlation of a frame's noise; for one without a table, that of white noise.

    Parameters
    ----------
    frame : Frame
        A stack, or any frame.

    Returns
    -------
    ndarray, shape (n, n), n odd
        Correlation of two pixels by their distance, 1 in the middle.
    """
    table = frame.tables.get(CORRELATION)
    if table is None:
        return np.ones((1, 1))
    dx, dy = np.asarray(table["dx"], int), np.asarray(table["dy"], int)
    out = np.zeros((2 * dy.max() + 1, 2 * dx.max() + 1))
    out[dy + dy.max(), dx + dx.max()] = table["correlation"]
    return out


def sum_sigma(frame: Frame, weights: NDArray[np.floating], x: float, y: float) -> float:
    """Return the sigma of a weighted sum of pixels around a place, correlation included.

    Parameters
    ----------
    frame : Frame
        With variance, and with the table ``NOISECOR`` if its pixels are correlated.
    weights : ndarray, shape (h, w), both odd
        Weight of each pixel: 1 inside an aperture, 0 outside.
    x, y : float
        Middle of the aperture, 0-based pixels; rounded.

    Returns
    -------
    float
        Sigma, in the frame's unit.

    Raises
    ------
    ValueError
        If the aperture does not lie within the frame, or the frame has no variance.

    Notes
    -----
    *Method*: variance = sum over pairs of pixels of w_p w_q rho(p - q) sigma_p sigma_q.

    Examples
    --------
    >>> frame = Frame("white", np.zeros((9, 9), "f4"), np.ones((9, 9), "f4"), np.zeros((9, 9), "u2"))
    >>> sum_sigma(frame, np.ones((3, 3)), 4, 4)
    3.0
    """
    if frame.variance is None:
        raise ValueError(f"{frame.name} has no variance")
    h, w = (size // 2 for size in weights.shape)
    row, column = round(y), round(x)
    part = frame.variance[max(row - h, 0) : row + h + 1, max(column - w, 0) : column + w + 1]
    if part.shape != weights.shape:
        raise ValueError(f"the aperture at x={x:g}, y={y:g} does not lie within {frame.name}")
    amplitude = weights * np.sqrt(part, dtype=float)
    return float(np.sqrt(max(correlated_sum(amplitude, correlation_of(frame)), 0.0)))


def correlated_sum(amplitude: Weights, correlation: Weights) -> float:
    """Return sum over p, q of a_p a_q rho(p - q)."""
    ny, nx = amplitude.shape
    cy, cx = correlation.shape[0] // 2, correlation.shape[1] // 2
    total = 0.0
    for dy in range(-min(cy, ny - 1), min(cy, ny - 1) + 1):
        for dx in range(-min(cx, nx - 1), min(cx, nx - 1) + 1):
            a = amplitude[max(dy, 0) : ny + min(dy, 0), max(dx, 0) : nx + min(dx, 0)]
            b = amplitude[max(-dy, 0) : ny + min(-dy, 0), max(-dx, 0) : nx + min(-dx, 0)]
            total += correlation[dy + cy, dx + cx] * float(np.sum(a * b))
    return total
