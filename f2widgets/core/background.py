"""What is left of the sky in a single frame: a smooth surface, fitted between the sources."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Unit, Within
from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Frame, Plane
from f2widgets.core.notes import note
from f2widgets.core.sky import NOT_SKY
from f2widgets.core.trace import SURFACE, surface_table

#: A pixel with one of these bits does not guide; flagged sources do.
NO_GUIDE = np.uint16(flags.UNUSABLE | flags.SATURATED | flags.NONLINEAR | flags.PROBE)
#: A pixel with one of these bits may hold faint light.
_NOT_DARK = np.uint16(NOT_SKY | flags.NEAR_OBJECT)
#: Sigma of its own noise from which on a pixel is no sky.
_CLIP = 3.0
#: A box counts if this part of it shows sky.
_LEAST = 0.05
#: Bits of pixels that see no sky at all.
_DARK = np.uint16(flags.UNLIT | flags.NO_DATA)
#: A source that covers so many boxes in both directions is an extended target.
_EXTENDED = 3


def flatten_background(
    frame: Frame,
    *,
    order: Literal[0, 1, 2, 3] = 2,
    box: Annotated[int, Within(8, 512), Unit("pixel")] = 64,
    extended: Literal["auto", "yes", "no"] = "auto",
) -> Frame:
    """Subtract a smooth surface from what the sky left in this frame.

    Parameters
    ----------
    frame : Frame
        Sky-subtracted, sources flagged, shape (ny, nx).
    order : {0, 1, 2, 3}
        Degree of the polynomial in x and y; 0 subtracts a constant.
    box : int
        Side of the boxes whose means are fitted.
    extended : {'auto', 'yes', 'no'}
        Whether the target is extended: then nothing is subtracted, because its faint light would be
        taken for sky. 'auto' says yes when one source covers 3 x 3 boxes.

    Returns
    -------
    Frame
        Without the surface.

    Notes
    -----
    *Method*: means of the unflagged pixels of each box, weighted by their number, boxes beyond four
    robust sigma left out once, least squares.
    *Assumes* that changes of the sky between frames are smooth: airglow, twilight, moonlight.
    *Source*: has no counterpart in the reference, whose stacks keep this residual.
    """
    means, counts = _box_means(frame, box)
    if extended == "yes" or (extended == "auto" and _extended_source(frame, box)):
        note("has an extended source: no background surface is subtracted", frame.name)
        return frame
    coefficients = _fit(means, counts, order, box, frame.shape)
    surface = Surface(coefficients, frame.shape)
    out = np.empty(frame.shape, np.float32)

    def work(a: int, b: int) -> None:
        """Subtract within a block of rows."""
        np.subtract(frame.data[a:b], surface.rows(a, b), out=out[a:b])

    each_block(work, frame.shape[0], rows=64)
    return frame.with_(data=out, tables={**frame.tables, SURFACE: surface_table(coefficients)})


class Surface:
    """A polynomial in x and y over a frame, computed by bands of rows."""

    def __init__(self, coefficients: NDArray[np.float64], shape: tuple[int, int]) -> None:
        y, x = (_unit(np.arange(n), n) for n in shape)
        self._y = y.astype(np.float32)
        self._along_x = (coefficients @ np.vander(x, len(coefficients), increasing=True).T).astype(np.float32)

    def rows(self, a: int, b: int) -> Plane:
        """Return rows from a up to b."""
        # no product of matrices: its library would start threads of its own beside ours
        y, *terms = self._y[a:b, None], *reversed(self._along_x)
        out = np.repeat(terms[0][None], b - a, axis=0)
        for along_x in terms[1:]:
            out *= y
            out += along_x
        return out


def surface_of(frame: Frame, order: int = 1, box: int = 64) -> Surface:
    """Fit a surface to a sky-subtracted frame, sources and all: what is beyond three sigma is left out.

    One row in five is enough for what guides.

    Parameters
    ----------
    frame : Frame
        Shape (ny, nx).
    order : int, optional
        Degree of the polynomial.
    box : int, optional
        Side of the boxes whose means are fitted.

    Returns
    -------
    Surface
        The fit.
    """
    means = _box_means(frame, box, out=NO_GUIDE, every=5)
    return Surface(_fit(*means, order, box, frame.shape), frame.shape)


def _unit(at: NDArray[np.floating] | NDArray[np.integer], size: int) -> NDArray[np.float64]:
    """Bring pixel coordinates to -1 … 1, where polynomials are well behaved."""
    return np.asarray(2.0 * at / max(size - 1, 1) - 1.0)


def _box_means(
    frame: Frame, box: int, *, out: np.uint16 = _NOT_DARK, every: int = 1
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return mean and number of the pixels without a bit of `out` in each box, from one row in `every`."""
    ny, nx = frame.shape
    columns = np.arange(0, nx, box)
    totals = np.zeros((-(-ny // box), columns.size))
    counts = np.zeros_like(totals)

    def work(a: int, b: int) -> None:
        """Add up one row of boxes."""
        data = frame.data[a:b:every]
        good = (frame.mask[a:b:every] & out) == 0
        if frame.variance is not None:
            good &= np.square(data) <= np.float32(_CLIP**2) * frame.variance[a:b:every]
        # a column of a box has few pixels: single precision loses nothing there
        weight = good.astype(np.float32)
        counts[a // box] = np.add.reduceat(weight.sum(axis=0), columns, dtype=np.float64)
        weight *= data
        totals[a // box] = np.add.reduceat(weight.sum(axis=0), columns, dtype=np.float64)

    each_block(work, ny, rows=box)
    return totals / np.maximum(counts, 1), counts


def _extended_source(frame: Frame, box: int) -> bool:
    """Tell whether a source covers a square of boxes without reaching the edge of the field.

    What reaches in from the edge is the guide probe. One pixel in 16 tells as much as all.
    """
    from scipy.ndimage import binary_dilation, label, minimum_filter

    step = min(4, box)
    mask, box = frame.mask[::step, ::step], box // step
    full = _box_parts((mask & (NOT_SKY & ~_DARK)) == flags.OBJECT, box) > 0.9
    if not full.any():
        return False
    dark = np.pad(_box_parts((mask & _DARK) != 0, box) > 0.3, 1, constant_values=True)
    edge = binary_dilation(dark, np.ones((3, 3)))[1:-1, 1:-1]
    regions, _ = label(full, np.ones((3, 3)))
    blocks = minimum_filter(full, size=_EXTENDED, mode="constant")
    return bool(np.any(blocks & ~np.isin(regions, np.unique(regions[full & edge]))))


def _box_parts(area: NDArray[np.bool_], box: int) -> NDArray[np.float64]:
    """Return the part of each box that an area covers."""
    rows, columns = (np.arange(0, size, box) for size in area.shape)
    covered = np.add.reduceat(np.add.reduceat(area, rows, axis=0, dtype=np.int32), columns, axis=1)
    return np.asarray(covered / (box * box))


def _fit(
    means: NDArray[np.float64], counts: NDArray[np.float64], order: int, box: int, shape: tuple[int, int]
) -> NDArray[np.float64]:
    """Return the coefficients c[j, i] of y^j x^i, j + i up to `order`."""
    coefficients = np.zeros((order + 1, order + 1))
    full = float(np.max(counts, initial=0))
    at = np.nonzero(counts > _LEAST * max(full, 1))
    terms = [(j, i) for j in range(order + 1) for i in range(order + 1 - j)]
    if at[0].size < 2 * len(terms):
        return coefficients
    y, x = (_unit((k + 0.5) * box - 0.5, size) for k, size in zip(at, shape, strict=True))
    design = np.stack([y**j * x**i for j, i in terms], axis=1)
    values, weights = means[at], np.sqrt(counts[at])
    keep = np.ones(values.size, bool)
    for _ in range(2):
        solution, *_ = np.linalg.lstsq(
            design[keep] * weights[keep, None], values[keep] * weights[keep], rcond=None
        )
        residual = (values - design @ solution) * weights
        keep = np.abs(residual) < 4 * 1.4826 * np.median(np.abs(residual)) + 1e-12
    for (j, i), value in zip(terms, solution, strict=True):
        coefficients[j, i] = value
    return coefficients
