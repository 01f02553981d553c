"""Reduced images, of which larger stacks are made: what they must have, and what their files are called."""

from __future__ import annotations

from collections.abc import Sequence

from f2widgets.errors import WrongInputs
from f2widgets.io.read import FrameFile

#: Steps that take the sky away, by our names and the reference's.
_WITHOUT_SKY = frozenset(
    {"subtract_sky", "refine_sky", "subtract_offset_sky", "skyCorrect", "subtractSky", "stackFrames"}
)


def require_stackable(files: Sequence[FrameFile]) -> None:
    """Refuse reduced images that cannot be stacked.

    Parameters
    ----------
    files : sequence of FrameFile
        Products, or frames kept between steps.

    Raises
    ------
    WrongInputs
        If there is only one, one still has its sky, or lacks a variance.
    """
    if len(files) == 1:
        raise WrongInputs(f"{files[0].path} is the only image: give at least two to be stacked.")
    for file in files:
        done = {name for entry in file.history for name in (entry.step, entry.verb)}
        if done and not done & _WITHOUT_SKY:
            raise WrongInputs(
                f"{file.path} still has its sky: give stacks, or frames that were kept after refine_sky."
            )
        if not file.has_variance:
            raise WrongInputs(
                f"{file.path} has no variance (VAR), by which it would be weighted. Leave it out."
            )


def root_name(name: str) -> str:
    """Return the name of the raw frame that a reduced image is named after."""
    return name.partition("_")[0]
