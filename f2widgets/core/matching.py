"""Find by how much two lists of stars are shifted and turned against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.stars import Stars

Vector = NDArray[np.float64]

#: So many of the brightest stars vote for the shift.
_VOTERS = 200
#: Side of the cells, in pixels, in which votes are counted.
_CELL = 4.0
#: How often a shift may be found between frames that share no star.
_RARE = 1e-3
#: Stars needed before a rotation is fitted as well.
_FOR_ROTATION = 12
#: Pairs that belong together lie within this part of the radius of each other; chance fills all of it.
_CLOSE = 0.25
#: A shift further from what the headers say than so many radii is believed with so many pairs, or with this
#: part of the stars if these are few.
_FAR, _MANY, _MOST = 4.0, 5, 0.75
#: Accuracy in pixels of the best centroids; brighter stars count no more than this allows.
_FLOOR = 0.015


@dataclass(frozen=True)
class Shift:
    """Where the first frame's pixels fall in another frame: turned about the centre, then shifted."""

    dx: float
    dy: float
    angle: float  #: radians, from +x to +y
    matches: int
    rms: float  #: pixels, over both axes together, weighted as the fit

    @property
    def turn(self) -> Vector:
        """The rotation as a matrix."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        return np.array([[c, -s], [s, c]])


def find_shift(first: Stars, other: Stars, told: Shift, centre: Vector, radius: float) -> Shift | None:
    """Find the shift and rotation between two frames from their stars.

    Parameters
    ----------
    first, other : Stars
        Stars of the reference and of the frame.
    told : Shift
        What the headers say; its rotation is used where stars are few.
    centre : ndarray, shape (2,)
        Pixel (x, y) about which frames are turned.
    radius : float
        Pixels within which two detections are one star.

    Returns
    -------
    Shift or None
        None where the stars do not agree on a shift.

    Notes
    -----
    *Method*: each pair of bright stars votes for its difference, in overlapping cells; the cell with most
    votes wins if it has four, or two more than chance. Then the closest mutual pairs, weighted by their S/N,
    give shift and rotation by least squares, with three-sigma clipping. Pairs that lie as loosely as chance
    would have them, or a few that would move a frame far from its header, are not believed: where a frame has
    been subtracted from others at the same place, what is left of the stars looks like many sources.
    """
    if len(first) < 2 or len(other) < 2:
        return None
    a = np.stack([first.x, first.y], axis=1)
    b = np.stack([other.x, other.y], axis=1)
    turned = Shift(0, 0, told.angle, 0, 0.0)
    moved = centre + (a - centre) @ turned.turn.T
    start = _vote(moved[:_VOTERS], b[:_VOTERS])
    if start is None:
        return None
    shift = Shift(float(start[0]), float(start[1]), told.angle, 0, 0.0)
    for reach in (2 * _CELL, max(2 * radius, 2.0), radius, radius):
        i, j = _pairs(centre + (a - centre) @ shift.turn.T + (shift.dx, shift.dy), b, reach)
        if len(i) < 2:
            return None
        weights = _weights(first, other, i, j)
        shift = _fit(a[i] - centre, b[j] - centre, weights, told.angle)
    return shift if _believed(shift, told, radius, min(len(first), len(other))) else None


def _believed(shift: Shift, told: Shift, radius: float, stars: int) -> bool:
    """Tell whether pairs are more than chance: close to each other, and many where the header says no."""
    far = bool(np.hypot(shift.dx - told.dx, shift.dy - told.dy) > _FAR * radius)
    return shift.rms < _CLOSE * radius and (not far or shift.matches >= min(_MANY, _MOST * stars))


def _vote(a: Vector, b: Vector) -> Vector | None:
    """Return the difference b - a that most pairs agree on."""
    differences = (b[None, :, :] - a[:, None, :]).reshape(-1, 2)
    best, votes, runner = None, 0, 0
    for ox in (0.0, 0.5):
        for oy in (0.0, 0.5):
            cells = np.floor(differences / _CELL + (ox, oy)).astype(np.int64)
            keys, counts = np.unique(cells[:, 0] * 65_536 + cells[:, 1], return_counts=True)
            top = int(np.argmax(counts))
            if counts[top] > votes:
                inside = cells[:, 0] * 65_536 + cells[:, 1] == keys[top]
                best, votes = np.median(differences[inside], axis=0), int(counts[top])
            runner = max(runner, int(np.median(counts)))
    enough = votes >= max(4, _by_chance(a, b))
    enough |= votes >= 2 and votes >= runner + 1 and min(len(a), len(b)) <= 4
    return best if enough else None


def _by_chance(a: Vector, b: Vector) -> int:
    """Return the votes that two lists of unrelated places give some shift in one of a thousand cases.

    Poisson's distribution, at the density of differences that places spread evenly have where it is highest.
    """
    side = float(max(np.ptp(a, axis=0).max(), np.ptp(b, axis=0).max(), _CELL))
    mean = len(a) * len(b) * (_CELL / side) ** 2
    cells = 4 * (2 * side / _CELL) ** 2
    votes, part, beyond = 0, np.exp(-mean), 1.0
    while beyond * cells > _RARE:
        beyond -= part
        votes += 1
        part *= mean / votes
    return votes


def _pairs(a: Vector, b: Vector, reach: float) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return the mutual nearest pairs within reach."""
    distance = np.square(a[:, None, 0] - b[None, :, 0])
    distance += np.square(a[:, None, 1] - b[None, :, 1])
    to_b, to_a = distance.argmin(axis=1), distance.argmin(axis=0)
    i = np.arange(len(a))
    good = (to_a[to_b] == i) & (distance[i, to_b] <= reach**2)
    return i[good], to_b[good]


def _weights(first: Stars, other: Stars, i: NDArray[np.int_], j: NDArray[np.int_]) -> Vector:
    """Return weights of pairs: centroids are as good as FWHM / 2 over S/N, down to a floor."""
    width = np.nanmean([first.fwhm, other.fwhm])
    errors = [0.5 * width * s.noise[k] / s.flux[k] for s, k in ((first, i), (other, j))]
    return np.asarray(1 / (errors[0] ** 2 + errors[1] ** 2 + _FLOOR**2))


def _fit(a: Vector, b: Vector, weights: Vector, angle: float) -> Shift:
    """Fit shift and rotation about the centre to pairs, leaving out those beyond three sigma."""
    keep = np.ones(len(a), bool)
    for _ in range(4):
        if keep.sum() >= _FOR_ROTATION:
            angle = _rotation(a[keep], b[keep], weights[keep])
        c, s = np.cos(angle), np.sin(angle)
        residual = b - a @ np.array([[c, s], [-s, c]])
        dx, dy = np.average(residual[keep], axis=0, weights=weights[keep])
        chi = np.hypot(residual[:, 0] - dx, residual[:, 1] - dy) * np.sqrt(weights)
        limit = 3 * max(1.0, float(np.median(chi[keep])) / 1.18)  # 1.18: median of a Rayleigh distribution
        fresh = chi <= limit
        if fresh.sum() < 2 or (fresh == keep).all():
            break
        keep = fresh
    distance = np.hypot(residual[keep, 0] - dx, residual[keep, 1] - dy)
    rms = np.sqrt(np.average(distance**2, weights=weights[keep]))
    return Shift(float(dx), float(dy), float(angle), int(keep.sum()), float(rms))


def _rotation(a: Vector, b: Vector, weights: Vector) -> float:
    """Return the angle that turns a into b."""
    a = a - np.average(a, axis=0, weights=weights)
    b = b - np.average(b, axis=0, weights=weights)
    cross = np.sum(weights * (a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]))
    return float(np.arctan2(cross, np.sum(weights[:, None] * a * b)))
