"""How an image is looked at: what can be set, within which bounds, and what it begins with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.display import STRETCHES
from f2widgets.errors import ParameterError
from f2widgets.widgets.colours import COLOURS, DEFAULT
from f2widgets.widgets.looked_at import METHODS

#: What a view begins with. Brightness is bias, the part of the range that is half bright.
VIEW: Mapping[str, Any] = {
    "image": 0,
    "plane": "SCI",
    "stretch": "asinh",
    "method": "sky",
    "low": None,
    "high": None,
    "contrast": 1.0,
    "bias": 0.5,
    "colours": DEFAULT,
    "reverse": False,
    "north": False,
    "zoom": None,
    "centre": None,
    "overlay": 0,
    "other": None,
    "link": "wcs",
    "blink": False,
    "wipe": None,
}
#: Ways in which images are laid over each other.
_LINKS = ("wcs", "pixel")
_CHOICES = {"stretch": STRETCHES, "method": tuple(METHODS), "colours": COLOURS, "link": _LINKS}
#: Numbers with their bounds; those of the second line may be None.
_NUMBERS = {"contrast": (0.1, 20.0), "bias": (-0.5, 1.5)}
_OR_NONE = {"zoom": (0.02, 96.0), "wipe": (0.0, 1.0), "other": (0, 1000)}


def checked(view: Mapping[str, Any]) -> dict[str, Any]:
    """Refuse a view that cannot be shown, whatever the images.

    Parameters
    ----------
    view : mapping
        With the entries of `VIEW`.

    Returns
    -------
    dict
        The view.

    Raises
    ------
    ParameterError
        If a name or a value is unknown, or out of bounds.
    """
    for name in view.keys() - VIEW.keys():
        raise ParameterError(f"A view has no {name!r}: it has {', '.join(VIEW)}.")
    for name, allowed in _CHOICES.items():
        if view[name] not in allowed:
            raise ParameterError(f"{name} is one of {', '.join(allowed)}, not {view[name]!r}.")
    for name, (low, high) in (_NUMBERS | _OR_NONE).items():
        value = view[name]
        if value is None and name in _OR_NONE:
            continue
        if not _is_number(value) or not low <= value <= high:
            raise ParameterError(f"{name} is a number from {low:g} to {high:g}, not {value!r}.")
    dark, bright = view["low"], view["high"]
    if (dark is None) != (bright is None) or (dark is not None and not dark < bright):
        raise ParameterError(f"The limits rise from black to white: {dark} to {bright} do not.")
    centre = view["centre"]
    if centre is not None and not (len(centre) == 2 and all(_is_number(x) for x in centre)):
        raise ParameterError(f"The centre is a place, (x, y), not {centre!r}.")
    return {**view, "centre": None if centre is None else [float(x) for x in centre]}


def _is_number(value: Any) -> bool:
    """Tell whether a value is a finite number."""
    return isinstance(value, int | float | np.number) and math.isfinite(value)


def bent(light: NDArray[np.floating], view: Mapping[str, Any]) -> NDArray[np.floating]:
    """Return brightness after contrast and bias, 0 to 1; NaN stays NaN."""
    return np.asarray(np.clip((light - view["bias"]) * view["contrast"] + 0.5, 0, 1))
