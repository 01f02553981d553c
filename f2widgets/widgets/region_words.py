"""Regions as the page and a notebook's state hold them, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from f2widgets.core.regions import Annulus, Box, Circle, Line, Point, Region
from f2widgets.errors import ParameterError

_SHAPES: dict[str, type[Any]] = {one.__name__.lower(): one for one in (Box, Circle, Annulus, Line, Point)}


def region_words(region: Region) -> dict[str, Any]:
    """Return a region as plain values: its shape and its numbers."""
    return {"shape": type(region).__name__.lower(), **asdict(region)}


def region_from(words: Any) -> Region:
    """Return the region behind plain values.

    Parameters
    ----------
    words : mapping
        From `region_words`, or from the page.

    Returns
    -------
    Region
        The region.

    Raises
    ------
    ParameterError
        If it is none.
    """
    kind = _SHAPES.get(words.get("shape", "")) if isinstance(words, Mapping) else None
    if kind is None:
        raise ParameterError(f"This is no region: it needs a shape, one of {', '.join(_SHAPES)}.")
    label = str(words.get("label", ""))
    try:
        numbers = {name: float(value) for name, value in words.items() if name not in ("shape", "label")}
        region: Region = kind(**numbers, label=label)
    except (TypeError, ValueError) as error:
        raise ParameterError(f"This is no {words['shape']}: {error}.") from error
    if not np.isfinite(list(numbers.values())).all():
        raise ParameterError(f"A {words['shape']} has finite numbers.")
    return region
