"""The common grid of dithered frames: pixels of the first, wide enough for all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs

if TYPE_CHECKING:
    from astropy.wcs import WCS

#: A grid larger than the frames by more than this means that a frame lies somewhere else.
_LARGEST = 3.0
#: So many frames of other places at least make a sky.
_LEFT = 3


@dataclass(frozen=True)
class Grid:
    """A grid of pixels on the sky, and how to get from it to each frame."""

    shape: tuple[int, int]
    wcs: WCS
    matrices: tuple[NDArray[np.float64], ...]  #: 2 x 3: frame pixel (x, y) = matrix @ (x, y, 1) of the grid
    origins: tuple[tuple[float, float], ...]  #: grid pixel (y, x) where each frame begins, rotation apart


def common_grid(frames: Sequence[Frame]) -> Grid:
    """Return the first frame's pixels, extended to hold all frames.

    Parameters
    ----------
    frames : sequence of Frame
        Aligned: their `wcs` share one tangent point, as `align` leaves them.

    Returns
    -------
    Grid
        With the affine map to each frame.

    Raises
    ------
    WrongInputs
        If a frame has no coordinates, or lies far from the first.
    """
    first = frames[0]
    maps = [_affine(first, frame) for frame in frames]
    corners = []
    for frame, matrix in zip(frames, maps, strict=True):
        ny, nx = frame.shape
        ends = np.array([(0, 0), (nx - 1, 0), (0, ny - 1), (nx - 1, ny - 1)], float)
        corners.append(np.linalg.solve(matrix[:, :2], (ends - matrix[:, 2]).T).T)
    low = np.floor(np.min(np.concatenate(corners), axis=0) + 1e-6)
    high = np.ceil(np.max(np.concatenate(corners), axis=0) - 1e-6)
    shape = (int(high[1] - low[1]) + 1, int(high[0] - low[0]) + 1)
    if max(shape[0] / first.shape[0], shape[1] / first.shape[1]) > _LARGEST:
        raise WrongInputs(
            f"The frames from {first.name} on lie too far apart for one image: it would have "
            f"{shape[1]} x {shape[0]} pixels. Reduce each field on its own."
        )
    assert first.wcs is not None
    wcs = first.wcs.deepcopy()
    wcs.wcs.crpix = wcs.wcs.crpix - low
    shifted = []
    origins = []
    for matrix in maps:
        matrix = matrix.copy()
        matrix[:, 2] += matrix[:, :2] @ low
        shifted.append(matrix)
        middle = np.array([(first.shape[1] - 1) / 2, (first.shape[0] - 1) / 2])
        at = np.linalg.solve(matrix[:, :2], middle - matrix[:, 2]) - middle
        origins.append((float(at[1]), float(at[0])))
    return Grid(shape, wcs, tuple(shifted), tuple(origins))


def _affine(first: Frame, frame: Frame) -> NDArray[np.float64]:
    """Return the 2 x 3 matrix from pixels of the first frame to pixels of another."""
    if first.wcs is None or frame.wcs is None:
        raise WrongInputs(
            f"{frame.name} or {first.name} has no celestial coordinates: align the frames first."
        )
    if np.array_equal(first.wcs.wcs.crval, frame.wcs.wcs.crval):
        linear = np.linalg.solve(frame.wcs.pixel_scale_matrix, first.wcs.pixel_scale_matrix)
        offset = frame.wcs.wcs.crpix - 1 - linear @ (first.wcs.wcs.crpix - 1)
        return np.column_stack([linear, offset])
    ny, nx = first.shape
    points = np.array([(x, y) for y in np.linspace(0, ny - 1, 5) for x in np.linspace(0, nx - 1, 5)])
    there = frame.wcs.all_world2pix(first.wcs.all_pix2world(points, 0), 0)
    solution, *_ = np.linalg.lstsq(np.column_stack([points, np.ones(len(points))]), there, rcond=None)
    return np.asarray(solution.T)


def apart(frames: Sequence[Frame], distance: float) -> list[list[int]]:
    """Put frames together that point to the same place, so that the others can make their sky.

    Parameters
    ----------
    frames : sequence of Frame
        Aligned: their `wcs` share one tangent point, as `align` leaves them.
    distance : float
        Arcsec within which a frame is in the place of another.

    Returns
    -------
    list of list of int
        Numbers of the frames of each place; every frame alone where fewer than three others would be left,
        or one has no coordinates.
    """
    alone = [[k] for k in range(len(frames))]
    if any(frame.wcs is None for frame in frames):
        return alone
    places = np.array([frame.wcs.wcs.crpix for frame in frames if frame.wcs is not None])
    scale = 3600 * np.sqrt(abs(np.linalg.det(frames[0].wcs.pixel_scale_matrix)))  # type: ignore[union-attr]
    left = list(range(len(frames)))
    found = []
    while left:
        off = scale * np.hypot(*(places[left] - places[left[0]]).T)
        found.append([k for k, away in zip(left, off, strict=True) if away < distance or k == left[0]])
        left = [k for k in left if k not in found[-1]]
    return found if len(frames) - max(map(len, found)) >= _LEFT else alone
