"""Which frames show the sky beside the target, as far as the user's settings for that step say it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from f2widgets.core.fields import Parts, View, parted
from f2widgets.recipes.names import our_step
from f2widgets.recipes.recipes import OFFSET
from f2widgets.recipes.wishes import understood


def fields_of(
    seen: Sequence[View], settings: Mapping[str, Any], *, lenient: bool = False
) -> tuple[Mapping[str, Any], Parts]:
    """Tell the target's frames from those of the sky beside.

    Parameters
    ----------
    seen : sequence of View
        Where the frames look.
    settings : mapping
        ``{"step:parameter": value}``.
    lenient : bool, optional
        As for `f2widgets.core.fields.parted`.

    Returns
    -------
    settings : mapping
        Without any sky those about it are used up.
    parts : Parts
        Names of the frames of each.

    Raises
    ------
    WrongInputs
        If it cannot be told, with how to say it.
    """
    own = {key: value for key, value in settings.items() if our_step(key.partition(":")[0]) == "separate_sky"}
    values = understood(own, OFFSET).settings.get("separate_sky", {})
    parts = parted(seen, **values, lenient=lenient)
    return {key: value for key, value in settings.items() if parts.sky or key not in own}, parts
