"""Two frames in one operation, and what must agree before."""

from __future__ import annotations

from f2widgets.core.frame import Frame
from f2widgets.errors import WrongCalibration


def must_fit(frame: Frame, calibration: Frame, kind: str, **pairs: tuple[object, object]) -> None:
    """Refuse a calibration whose shape, or one of the named properties, differs.

    Parameters
    ----------
    frame, calibration : Frame
        The image and what is about to be applied to it.
    kind : str
        What the calibration is: "dark".
    **pairs
        What must be equal: name = (needed, found).

    Raises
    ------
    WrongCalibration
        Naming both files, what was needed and what was found.
    """
    pairs = {"shape": (frame.shape, calibration.shape), **pairs}
    for name, (needed, found) in pairs.items():
        if needed != found:
            raise WrongCalibration(
                f"{calibration.name} is no {kind} for {frame.name}: "
                f"{name.replace('_', ' ')} is {found}, needed {needed}. "
                f"Give a {kind} that fits, or leave the step out with --without."
            )
