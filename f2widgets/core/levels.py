"""The noise of a frame: its variance, which must be there, and its usual value."""

from __future__ import annotations

import numpy as np

from f2widgets.core import flags
from f2widgets.core.frame import Frame, Plane
from f2widgets.errors import WrongInputs

#: Every so many pixels in both axes suffice for a level; odd, so that odd and even columns both count.
_STRIDE = 7


def variance_of(frame: Frame) -> Plane:
    """Return the variance of a frame.

    Parameters
    ----------
    frame : Frame
        Any frame.

    Returns
    -------
    ndarray, shape (ny, nx), float32
        The variance, in the frame's unit squared.

    Raises
    ------
    WrongInputs
        If the frame has none.
    """
    if frame.variance is None:
        raise WrongInputs(f"{frame.name} has no variance: give it one with add_variance, before the dark.")
    return frame.variance


def usual_variance(frame: Frame) -> float:
    """Return the median variance of the usable pixels, from one pixel in 49; 0 where none is usable."""
    good = (frame.mask[::_STRIDE, ::_STRIDE] & flags.UNUSABLE) == 0
    values = variance_of(frame)[::_STRIDE, ::_STRIDE][good]
    return float(np.median(values)) if values.size else 0.0
