"""Regions on an image: box, circle, annulus, point and line, in pixels."""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, hypot, radians, sin

import numpy as np
from numpy.typing import NDArray

Inside = NDArray[np.bool_]


@dataclass(frozen=True)
class Point:
    """A place, 0-based pixels: (0, 0) is the middle of the first pixel."""

    x: float
    y: float
    label: str = ""


@dataclass(frozen=True)
class Line:
    """A straight line between two places."""

    x: float
    y: float
    x2: float
    y2: float
    label: str = ""

    @property
    def length(self) -> float:
        """Length in pixels."""
        return hypot(self.x2 - self.x, self.y2 - self.y)


@dataclass(frozen=True)
class Box:
    """A rectangle about its centre; `angle` turns it from +x to +y, degrees."""

    x: float
    y: float
    width: float
    height: float
    angle: float = 0.0
    label: str = ""

    def reach(self) -> tuple[float, float]:
        """Return how far it reaches from its centre along x and y."""
        c, s = abs(cos(radians(self.angle))), abs(sin(radians(self.angle)))
        w, h = abs(self.width) / 2, abs(self.height) / 2
        return w * c + h * s, w * s + h * c

    def inside(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Inside:
        """Tell which places lie inside."""
        c, s = cos(radians(self.angle)), sin(radians(self.angle))
        dx, dy = x - self.x, y - self.y
        along, across = dx * c + dy * s, dy * c - dx * s
        return np.asarray((np.abs(along) <= abs(self.width) / 2) & (np.abs(across) <= abs(self.height) / 2))


@dataclass(frozen=True)
class Circle:
    """A circle about its centre."""

    x: float
    y: float
    radius: float
    label: str = ""

    def reach(self) -> tuple[float, float]:
        """Return how far it reaches from its centre along x and y."""
        return abs(self.radius), abs(self.radius)

    def inside(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Inside:
        """Tell which places lie inside."""
        return np.asarray((x - self.x) ** 2 + (y - self.y) ** 2 <= self.radius**2)


@dataclass(frozen=True)
class Annulus:
    """What lies between two circles."""

    x: float
    y: float
    inner: float
    outer: float
    label: str = ""

    def reach(self) -> tuple[float, float]:
        """Return how far it reaches from its centre along x and y."""
        return abs(self.outer), abs(self.outer)

    def inside(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> Inside:
        """Tell which places lie inside."""
        square = (x - self.x) ** 2 + (y - self.y) ** 2
        return np.asarray((square <= self.outer**2) & (square > self.inner**2))


Area = Box | Circle | Annulus
Region = Area | Point | Line


def pixels_of(region: Area, shape: tuple[int, int]) -> tuple[tuple[slice, slice], Inside]:
    """Return which pixels of an image have their middle in a region.

    Parameters
    ----------
    region : Box, Circle or Annulus
        The region; it may reach beyond the image, or lie outside.
    shape : tuple of int
        Rows and columns of the image.

    Returns
    -------
    window : tuple of slice
        Rows and columns around the region, within the image; empty outside.
    inside : ndarray of bool, shape of the window
        Which of them belong to it.
    """
    window = []
    for centre, reach, size in zip((region.y, region.x), region.reach()[::-1], shape, strict=True):
        low = int(np.clip(np.ceil(centre - reach), 0, size))
        high = int(np.clip(np.floor(centre + reach) + 1, low, size))
        window.append(slice(low, high))
    rows, columns = window
    y = np.arange(rows.start, rows.stop, dtype=float)[:, None]
    x = np.arange(columns.start, columns.stop, dtype=float)[None, :]
    return (rows, columns), region.inside(x, y)
