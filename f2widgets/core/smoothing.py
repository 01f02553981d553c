"""Smooth, bin and grow planes, by blocks of rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Plane


def gaussian(sigma: float) -> NDArray[np.float32]:
    """Return the weights of a Gaussian out to three sigma, with a sum of squares of 1.

    So weighted, white noise keeps its sigma when smoothed along one axis.
    """
    reach = max(int(np.ceil(3 * sigma)), 1)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    return np.asarray(weights / np.sqrt(np.sum(weights**2)), np.float32)


def smoothed(plane: Plane, sigma: float) -> Plane:
    """Smooth with a Gaussian that leaves the sigma of white noise as it is.

    Parameters
    ----------
    plane : ndarray, shape (ny, nx), float32
        In units of its noise.
    sigma : float
        Of the Gaussian, in pixels.

    Returns
    -------
    ndarray, shape (ny, nx), float32
        In units of its noise; beyond the border everything counts as zero.
    """
    weights = gaussian(sigma)
    reach = len(weights) // 2
    ny, nx = plane.shape
    out = np.empty_like(plane)

    def work(a: int, b: int) -> None:
        """Smooth a block of rows along both axes."""
        across = np.zeros((b - a, nx + 2 * reach), np.float32)
        inner = across[:, reach : reach + nx]
        for step, weight in enumerate(weights, -reach):
            low, high = max(a + step, 0), min(b + step, ny)
            if low < high:
                inner[low - a - step : high - a - step] += weight * plane[low:high]
        result = out[a:b]
        np.multiply(across[:, :nx], weights[0], out=result)
        for step, weight in enumerate(weights[1:], 1):
            result += weight * across[:, step : step + nx]

    each_block(work, ny, rows=64)
    return out


def binned(plane: Plane, size: int) -> Plane:
    """Add up boxes of `size` x `size` pixels and divide by `size`: white noise keeps its sigma."""
    ny, nx = (-(-n // size) for n in plane.shape)
    if plane.shape != (ny * size, nx * size):
        padded = np.zeros((ny * size, nx * size), np.float32)
        padded[: plane.shape[0], : plane.shape[1]] = plane
        plane = padded
    out = np.empty((ny, nx), np.float32)

    def work(a: int, b: int) -> None:
        """Add up some rows of boxes: rows first, which lie together in memory."""
        rows = plane[a * size : b * size].reshape(b - a, size, nx * size)
        along = rows[:, 0].copy()
        for k in range(1, size):
            along += rows[:, k]
        total = along[:, ::size].copy()
        for k in range(1, size):
            total += along[:, k::size]
        np.multiply(total, np.float32(1 / size), out=out[a:b])

    each_block(work, ny, rows=max(64 // size, 1))
    return out


def unbinned(boxes: NDArray[Any], size: int, shape: tuple[int, ...]) -> NDArray[Any]:
    """Return the values of boxes of `size` x `size` pixels for each pixel of an array of `shape`."""
    return np.repeat(np.repeat(boxes, size, axis=0), size, axis=1)[: shape[0], : shape[1]]


def grown(area: NDArray[np.bool_], pixels: int) -> NDArray[np.bool_]:
    """Widen an area by so many pixels on each side, corners cut by turns."""
    for turn in range(pixels):
        wider = area.copy()
        wider[1:] |= area[:-1]
        wider[:-1] |= area[1:]
        base = wider if turn % 2 else area  # a square and a cross in turn: nearly a disc
        extra = base.copy()
        extra[:, 1:] |= base[:, :-1]
        extra[:, :-1] |= base[:, 1:]
        area = wider | extra
    return area
