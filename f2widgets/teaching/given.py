"""What learners give to checkpoints: products, files, frames, arrays, folders; told apart in plain words."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.io.read import read_frame
from f2widgets.products import Products
from f2widgets.simulate.truth import Truth, load

#: What a frame calls itself, by its tags; the first that applies.
_KINDS = {"BPM": "a mask of bad pixels", "DARK": "a dark", "FLAT": "a flat", "PROCESSED_SCIENCE": "a stack"}


def must_be(frame: Frame, kind: str) -> None:
    """Refuse a frame that says of itself that it is something else.

    Parameters
    ----------
    frame : Frame
        What was given; an array says nothing.
    kind : {'BPM', 'DARK', 'FLAT', 'PROCESSED_SCIENCE'}
        What it must be.

    Raises
    ------
    WrongInputs
        If it is another of these.
    """
    tags = frame.facts.tags
    found = next((name for name in _KINDS if name in tags), None)
    if tags and found != kind:
        is_now = _KINDS[found] if found else "a science frame"
        raise WrongInputs(f"{frame.name} is {is_now}, and {_KINDS[kind]} is asked for here.")


def frame_of(given: Any, what: str) -> Frame:
    """Return the frame behind what a learner gives.

    Parameters
    ----------
    given : Products, path-like, Frame or ndarray
        What was made. An array is taken as it is, in electrons and with no flags.
    what : str
        What is wanted, for the message: ``"your master dark"``.

    Returns
    -------
    Frame
        The frame.

    Raises
    ------
    WrongInputs
        If it is something else.
    NotF2Data
        If the file cannot be read.
    """
    if isinstance(given, Frame):
        return given
    if isinstance(given, Products):
        if len(given.paths) != 1:
            raise WrongInputs(
                f"This reduction wrote {len(given.paths)} files, and {what} is one: combine the frames."
            )
        return read_frame(given.path)
    if isinstance(given, str | os.PathLike):
        return read_frame(given)
    if isinstance(given, np.ndarray) and given.ndim == 2 and given.dtype.kind in "fiu":
        data = np.ascontiguousarray(given, np.float32)
        return Frame("your array", data, None, np.zeros(data.shape, np.uint16), "electron")
    if isinstance(given, list | tuple):
        raise WrongInputs(f"This is a list of {len(given)} things. Give {what} alone.")
    kind = "an array of another shape" if isinstance(given, np.ndarray) else f"of type {type(given).__name__}"
    raise WrongInputs(f"This is {kind}. Give {what}: what f2.reduce returned, its file, or a Frame.")


def truth_of(raw: Any) -> Truth:
    """Return the truth beside raw frames.

    Parameters
    ----------
    raw : path-like
        Folder of simulated raw frames.

    Returns
    -------
    Truth
        What is true of them.

    Raises
    ------
    WrongInputs
        If there is none.
    """
    if not isinstance(raw, str | os.PathLike):
        raise WrongInputs(f"Give the folder of the raw frames, not a {type(raw).__name__}.")
    return load(Path(raw))


def same_array(frame: Frame, truth: Truth) -> None:
    """Refuse a frame that is not of the size of the raw ones."""
    if frame.shape != truth.flat.shape:
        ny, nx = frame.shape
        side = truth.flat.shape[0]
        raise WrongInputs(
            f"{frame.name} has {nx} x {ny} pixels, the raw frames {side} x {side}: is it of another night?"
        )


def spread(values: NDArray[np.floating]) -> float:
    """Return the sigma of values, a few far ones aside: 1.4826 times the median absolute deviation."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
