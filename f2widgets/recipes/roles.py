"""What a frame can be in a recipe, and how a reader would say it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum


class Role(StrEnum):
    """What a frame can be in a recipe; the value is how a reader would say it.

    All but the sky beside, which the pointings of a sequence tell, follow from a frame's tags.
    """

    DARK = "dark"
    LAMP_ON = "flat with the lamp on"
    LAMP_OFF = "flat with the lamp off"
    SCIENCE = "science image"
    SKY = "image of the sky beside"
    TWILIGHT = "twilight flat"
    ACQUISITION = "acquisition image"
    SPECTRUM = "spectroscopic frame"
    STACK = "reduced image"
    PRODUCT = "reduced product"
    OTHER = "frame of another kind"


def role_of(tags: Iterable[str]) -> Role:
    """Tell what a frame is to the recipes.

    Parameters
    ----------
    tags : iterable of str
        Its tags.

    Returns
    -------
    Role
        The first that applies.
    """
    have = set(tags)
    if {"IMAGE", "PREPARED"} <= have and not have & {"RAW", "CAL"}:
        return Role.STACK
    for role, wanted in (
        (Role.PRODUCT, {"PROCESSED"}),
        (Role.DARK, {"DARK"}),
        (Role.SPECTRUM, {"SPECT"}),
        (Role.TWILIGHT, {"TWILIGHT"}),
        (Role.LAMP_ON, {"LAMPON"}),
        (Role.LAMP_OFF, {"LAMPOFF"}),
        (Role.ACQUISITION, {"ACQUISITION"}),
    ):
        if wanted <= have:
            return role
    return Role.SCIENCE if "IMAGE" in have and "CAL" not in have else Role.OTHER


def plural(role: Role) -> str:
    """Return the words for several frames of a role."""
    head, *rest = role.value.split(" with ") if " with " in role else role.value.split(" of ")
    joint = " with " if " with " in role else " of "
    return joint.join([f"{head}s", *rest])


def counted(role: Role, names: list[str]) -> str:
    """Return how many frames of a role there are, with the name of the first."""
    if len(names) == 1:
        return f"1 {role.value} ({names[0]})"
    return f"{len(names)} {plural(role)} ({names[0]}, …)"
