"""Which frames show the target and which the sky beside it, told from where the telescope pointed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.annotations import Within
from f2widgets.core.frame import Facts, Frame
from f2widgets.errors import WrongInputs

if TYPE_CHECKING:
    from astropy.io.fits import Header

#: Under this name `separate_sky` leaves 1 in what was measured of a frame of the sky beside, else 0.
BESIDE = "beside"
#: Part of the field by which two pointings may differ and still overlap; the reference's value.
OVERLAP = 0.9
#: How to say which frame is what.
_REMEDY = "Say which is which with -p separate_sky:ref_obj=NAME,... separate_sky:ref_sky=NAME,..."

Part = Literal["target", "sky"]


@dataclass(frozen=True)
class View:
    """Where one frame looks.

    Parameters
    ----------
    name : str
        Of the frame.
    at : tuple of float or None
        Arcsec east and north of the first frame's target; None where the header does not tell.
    guided : bool
        Whether a guide probe followed its star.
    field : float
        Side of the field in arcsec.
    said : {'target', 'sky'} or None
        What its header says: the keywords OBJFRAME and SKYFRAME.
    """

    name: str
    at: tuple[float, float] | None
    guided: bool
    field: float
    said: Part | None = None


@dataclass(frozen=True)
class Parts:
    """The frames of the target and of the sky beside; without the latter the dithers are each other's sky."""

    target: tuple[str, ...]
    sky: tuple[str, ...]
    words: str


def views(
    frames: Iterable[tuple[str, Facts, tuple[int, int], Header | Mapping[str, Any] | None]],
) -> list[View]:
    """Return where frames look.

    Parameters
    ----------
    frames : iterable of tuple
        Name, facts, shape and primary header of each.

    Returns
    -------
    list of View
        In the same order.

    Notes
    -----
    *Method*: the target's place plus the telescope's offsets, turned by the position angle. The header's
    coordinates are not asked: they are at times those of the frame before.
    """
    found: list[View] = []
    zero: tuple[float, float] | None = None
    for name, facts, shape, header in frames:
        place = None if facts.ra is None or facts.dec is None else (facts.ra, facts.dec)
        zero = zero or place
        side = max(shape) * (facts.pixel_scale or 0.0)
        said: Part | None = None
        for keyword, part in (("OBJFRAME", "target"), ("SKYFRAME", "sky")):
            if header is not None and str(header.get(keyword, "")).strip().upper() in ("TRUE", "T"):
                said = "target" if part == "target" else "sky"
        found.append(View(name, _place(facts, zero), facts.guiding is not None, side, said))
    return found


def _place(facts: Facts, zero: tuple[float, float] | None) -> tuple[float, float] | None:
    """Return arcsec east and north of a place in degrees."""
    away = offset_of(facts)
    if zero is None or facts.ra is None or facts.dec is None or away is None:
        return None
    across = (facts.ra - zero[0] + 180) % 360 - 180
    return (
        away[0] + 3600 * across * float(np.cos(np.radians(zero[1]))),
        away[1] + 3600 * (facts.dec - zero[1]),
    )


def offset_of(facts: Facts) -> tuple[float, float] | None:
    """Return the telescope's offset from its target, arcsec east and north; None where it is not told.

    Parameters
    ----------
    facts : Facts
        Offsets on the detector, position angle of +y, and scale; +x lies 90 degrees before +y.

    Returns
    -------
    tuple of float or None
        East, north.
    """
    known = (facts.x_offset, facts.y_offset, facts.position_angle, facts.pixel_scale)
    if None in known:
        return None
    x, y, angle, scale = (float(value) for value in known if value is not None)
    turn = np.radians([angle, angle - 90])  # of +y and of +x
    east = float(-scale * (y * np.sin(turn[0]) + x * np.sin(turn[1])))
    return east, float(-scale * (y * np.cos(turn[0]) + x * np.cos(turn[1])))


def parted(
    seen: Sequence[View],
    *,
    ref_obj: str | None = None,
    ref_sky: str | None = None,
    frac_fov: float = OVERLAP,
    lenient: bool = False,
) -> Parts:
    """Tell frames of the target from those of the sky beside.

    Parameters
    ----------
    seen : sequence of View
        All frames.
    ref_obj, ref_sky : str, optional
        Parts of names, joined by commas: these frames show the target, or the sky.
    frac_fov : float, optional
        Part of the field's side within which two pointings belong to one field.
    lenient : bool, optional
        Pass over names of frames that are not among these: they are meant for another job.

    Returns
    -------
    Parts
        Names in the order given.

    Raises
    ------
    WrongInputs
        If it cannot be told, with how to say it.

    Notes
    -----
    *Method*: pointings nearer than a part of the field are chained into groups. What is said of a frame holds
    for its group. A frame that was not guided among guided ones is sky. Otherwise the group nearest to the
    target is the target, if it has at least half of the frames, and the others are sky.
    *Source*: ``separateSky`` of the reference; where that takes more groups until half of the frames are
    target, here the observer is asked.
    """
    if not seen:
        return Parts((), (), "")
    groups = _groups(seen, frac_fov)
    part = _said(seen, groups, ref_obj, ref_sky, lenient)
    if any(view.guided for view in seen):
        for k, view in enumerate(seen):
            part[k] = part[k] or (None if view.guided else "sky")
    if not any(part):
        part = _by_place(seen, groups)
    unknown = [view.name for view, one in zip(seen, part, strict=True) if one is None]
    if unknown and {"target", "sky"} <= set(part):
        raise WrongInputs(f"It cannot be told whether {_some(unknown)} shows target or sky. {_REMEDY}.")
    rest: Part = "sky" if "target" in part else "target"
    return _parts(seen, [one or rest for one in part])


def _parts(seen: Sequence[View], part: Sequence[Part]) -> Parts:
    """Put names together; where there is no sky, all frames are target."""
    target = tuple(view.name for view, one in zip(seen, part, strict=True) if one != "sky")
    sky = tuple(view.name for view, one in zip(seen, part, strict=True) if one == "sky")
    if not target:
        target, sky = sky, ()
    if not sky:
        return Parts(target, (), "")
    words = (
        f"offset to sky: {len(target)} frames of the target ({_some(target)}), "
        f"{len(sky)} of the sky beside ({_some(sky)}). If this is wrong: {_REMEDY[0].lower()}{_REMEDY[1:]}"
    )
    return Parts(target, sky, words)


def _groups(seen: Sequence[View], part: float) -> list[list[int]]:
    """Chain frames whose fields overlap; frames without a known place are with the first."""
    places = np.array([view.at or seen[0].at or (0.0, 0.0) for view in seen])
    reach = part * max(view.field for view in seen)
    left = set(range(len(seen)))
    groups = []
    while left:
        group, fresh = set(), {min(left)}
        while fresh:
            group |= fresh
            left -= fresh
            fresh = {k for k in left if np.min(np.hypot(*(places[sorted(group)] - places[k]).T)) < reach}
        groups.append(sorted(group))
    return groups


def _said(
    seen: Sequence[View],
    groups: Sequence[Sequence[int]],
    ref_obj: str | None,
    ref_sky: str | None,
    lenient: bool,
) -> list[Part | None]:
    """Return what headers and the observer say of each group's frames."""
    part: list[set[Part]] = [{view.said} if view.said else set() for view in seen]
    for words, what in ((ref_obj, "target"), (ref_sky, "sky")):
        for word in filter(None, ((words or "").replace(" ", "").split(","))):
            word = word.removesuffix(".fits")
            match = next((k for k, view in enumerate(seen) if word in view.name), None)
            if match is None and lenient:
                continue
            if match is None:
                raise WrongInputs(f"No frame's name contains {word!r}: name frames of the list.")
            part[match].add("target" if what == "target" else "sky")
    result: list[Part | None] = [None] * len(seen)
    for group in groups:
        said = set().union(*(part[k] for k in group))
        if len(said) > 1:
            names = [seen[k].name for k in group]
            raise WrongInputs(
                f"{_some(names)} overlap, and some are said to show the target, others the sky. {_REMEDY}; "
                "frames that overlap are taken for one field unless separate_sky:frac_fov is made smaller."
            )
        for k in group:
            result[k] = next(iter(said), None)
    return result


def _by_place(seen: Sequence[View], groups: Sequence[Sequence[int]]) -> list[Part | None]:
    """Take the group nearest to the target for the target, the others for sky."""
    part: list[Part | None] = ["target"] * len(seen)
    if len(groups) == 1:
        return part
    places = np.array([view.at or (0.0, 0.0) for view in seen])
    distance: NDArray[np.float64] = np.array([np.hypot(*places[group].mean(axis=0)) for group in groups])
    order = np.argsort(distance)
    nearest = groups[order[0]]
    apart = distance[order[1]] - distance[order[0]] > 0.25 * max(view.field for view in seen)
    if len(nearest) < len(seen) / 2 or not apart:
        told = "; ".join(
            f"{len(groups[g])} frames {distance[g]:.0f} arcsec from the target "
            f"({_some([seen[k].name for k in groups[g]])})"
            for g in order
        )
        raise WrongInputs(f"The frames show {len(groups)} fields: {told}. {_REMEDY}, or reduce one field.")
    for k in set(range(len(seen))) - set(nearest):
        part[k] = "sky"
    return part


def _some(names: Sequence[str]) -> str:
    """Name the first of some frames."""
    return names[0] if len(names) == 1 else f"{names[0]}, …"


def separate_sky(
    frames: Iterable[Frame],
    *,
    ref_obj: str | None = None,
    ref_sky: str | None = None,
    frac_fov: Annotated[float, Within(0.1, 1)] = OVERLAP,
) -> list[Frame]:
    """Tell frames of the target from those of the sky beside, by where the telescope pointed.

    Parameters
    ----------
    frames : iterable of Frame
        All frames of one sequence, each (ny, nx).
    ref_obj : str
        Frames that show the target: parts of their names, joined by commas; the rest of their field follows.
    ref_sky : str
        Frames that show the sky, likewise.
    frac_fov : float
        Part of the field's side within which two pointings belong to one field.

    Returns
    -------
    list of Frame
        As they came; `measured` has beside: 1 for the sky, 0 for the target.

    Raises
    ------
    WrongInputs
        If it cannot be told, with how to say it.

    Notes
    -----
    *Method*: that of `parted`, on the offsets in the headers and the state of the guide probes.
    *Assumes* that offsets are right.
    *Source*: ``separateSky`` of the reference.
    """
    members = list(frames)
    seen = views((frame.name, frame.facts, frame.shape, frame.header) for frame in members)
    sky = set(parted(seen, ref_obj=ref_obj, ref_sky=ref_sky, frac_fov=frac_fov).sky)
    return [frame.with_(measured={**frame.measured, BESIDE: float(frame.name in sky)}) for frame in members]
