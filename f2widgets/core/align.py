"""Match the stars of dithered frames, and refine each frame's coordinates by them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.blocks import mapped
from f2widgets.core.fields import offset_of
from f2widgets.core.frame import Frame
from f2widgets.core.matching import Shift, find_shift
from f2widgets.core.notes import note
from f2widgets.core.stars import Stars, find_stars
from f2widgets.errors import WrongInputs

if TYPE_CHECKING:
    from astropy.wcs import WCS

Vector = NDArray[np.float64]

#: Fewer matches than this part of the usual number, and the reader is told.
_FEW = 0.4


def align(
    frames: Iterable[Frame],
    *,
    method: Literal["sources", "header"] = "sources",
    bad_wcs: Literal["fix", "exit", "new", "ignore"] = "fix",
    tolerance: Annotated[float, Within(0.2, 60), Unit("arcsec")] = 3.0,
    match_radius: Annotated[float, Within(0.1, 5), Unit("arcsec")] = 0.35,
    min_sources: Annotated[int, Within(1, None)] = 3,
    tick: Tick = ignore,
) -> list[Frame]:
    """Bring all frames to one system of coordinates by the stars they share.

    Parameters
    ----------
    frames : iterable of Frame
        Sky-subtracted dithers with coordinates, each (ny, nx). The first is the reference.
    method : {'sources', 'header'}
        Match stars, or trust the headers.
    bad_wcs : {'fix', 'exit', 'new', 'ignore'}
        What to do with a frame whose header is wrong: take its place from the stars and say so, stop,
        make the coordinates of all frames anew from target and offsets, or leave it where its header says.
    tolerance : float
        A header further off than this, or by half the dither, is wrong.
    match_radius : float
        Distance within which two detections are one star, once the shift is known.
    min_sources : int
        With fewer matches the header is used.
    tick : callable, optional
        Progress.

    Returns
    -------
    list of Frame
        With refined `wcs`; `measured` has matches, dx, dy (pixels against the first frame), rms (pixels),
        fwhm (pixels) and beta of the stars' Moffat profile, header_error (arcsec).

    Raises
    ------
    WrongInputs
        If a frame has no coordinates, ``bad_wcs='exit'`` and a header is wrong, or ``bad_wcs='new'`` and a
        header does not tell target and offsets.

    Notes
    -----
    *Method*: the shift that most pairs of stars agree on, anywhere in the frame, so that a wrong header
    does not matter; then weighted least squares for shift and rotation over matched pairs. The zero point
    is the median of what the headers say. Frames are matched with the first, or if that shows far fewer stars
    than usual, with the one that shows most.
    *Assumes* that frames differ by shift and a small rotation.
    *Source*: ``adjustWCSToReference`` of the reference, which looks within 5 arcsec and weights all alike.
    """
    members = list(frames)
    for frame in members:
        if frame.wcs is None:
            raise WrongInputs(
                f"{frame.name} has no celestial coordinates, so it cannot be aligned. Leave it out."
            )
    if bad_wcs == "new":
        members = [_anew(frame) for frame in members]
    stars = mapped(find_stars, members, tick=tick)
    hub = _hub(stars) if method == "sources" else 0
    order = [hub, *(k for k in range(len(members)) if k != hub)]
    members, stars = [members[k] for k in order], [stars[k] for k in order]
    centre = np.array([(members[0].shape[1] - 1) / 2, (members[0].shape[0] - 1) / 2])
    headers = [_header_shift(members[0], frame, centre) for frame in members]
    radius = match_radius / scale_of(members[0])

    def shift(k: int) -> Shift:
        """Return the shift of a frame by its stars, or else by its header."""
        found = find_shift(stars[0], stars[k], headers[k], centre, radius) if method == "sources" else None
        return found if found and found.matches >= min_sources else headers[k]

    shifts = [headers[0], *mapped(shift, range(1, len(members)))]
    placed = _placed(members, stars, headers, shifts, centre, _Policy(method, bad_wcs, tolerance))
    return _against_the_first([placed[order.index(k)] for k in range(len(order))]) if hub else placed


def _hub(stars: Sequence[Stars]) -> int:
    """Return the frame that the others are matched with: the first, unless it shows far fewer stars."""
    numbers = [len(one) for one in stars]
    return 0 if numbers[0] >= _FEW * np.median(numbers) else int(np.argmax(numbers))


def _against_the_first(frames: Sequence[Frame]) -> list[Frame]:
    """Tell shifts against the first frame, where they were measured against another."""
    dx, dy = (frames[0].measured[name] for name in ("dx", "dy"))
    return [
        one.with_(measured={**one.measured, "dx": one.measured["dx"] - dx, "dy": one.measured["dy"] - dy})
        for one in frames
    ]


def _anew(frame: Frame) -> Frame:
    """Make the coordinates of a frame from its target, the telescope's offset, the angle and the scale."""
    facts, away = frame.facts, offset_of(frame.facts)
    if away is None or facts.ra is None or facts.dec is None or frame.wcs is None:
        raise WrongInputs(
            f"{frame.name} does not tell its target, offsets, angle and scale, so that its coordinates "
            "cannot be made anew. Use -p align:bad_wcs=fix, or leave it out."
        )
    assert facts.position_angle is not None
    assert facts.pixel_scale is not None
    wcs, turn = frame.wcs.deepcopy(), np.radians([facts.position_angle - 90, facts.position_angle])
    dec = facts.dec + away[1] / 3600
    wcs.wcs.crval = (facts.ra + away[0] / 3600 / np.cos(np.radians(dec))) % 360, dec
    wcs.wcs.cd = facts.pixel_scale / 3600 * np.array([np.sin(turn), np.cos(turn)])
    wcs.wcs.set()
    return frame.with_(wcs=wcs)


@dataclass(frozen=True)
class _Policy:
    """What the user wants done."""

    method: str
    bad_wcs: str
    tolerance: float


def scale_of(frame: Frame) -> float:
    """Return arcsec per pixel from the coordinates."""
    assert frame.wcs is not None
    return float(3600 * np.sqrt(abs(np.linalg.det(frame.wcs.pixel_scale_matrix))))


def _header_shift(first: Frame, frame: Frame, centre: Vector) -> Shift:
    """Return the shift and rotation from the first frame that the headers tell."""
    assert first.wcs is not None
    assert frame.wcs is not None
    if frame is first:
        return Shift(0.0, 0.0, 0.0, 0, 0.0)
    sky = first.wcs.all_pix2world([centre, np.add(centre, (200.0, 0.0))], 0)
    a, b = frame.wcs.all_world2pix(sky, 0)
    return Shift(float(a[0] - centre[0]), float(a[1] - centre[1]), float((b - a)[1] / 200.0), 0, 0.0)


def _offset_shift(first: Frame, frame: Frame) -> Shift:
    """Return the shift from the first frame that the telescope's offsets tell."""
    a, b = first.facts, frame.facts
    return Shift((b.x_offset or 0) - (a.x_offset or 0), (b.y_offset or 0) - (a.y_offset or 0), 0, 0, 0)


def _placed(
    frames: list[Frame],
    stars: list[Stars],
    headers: list[Shift],
    shifts: list[Shift],
    centre: Vector,
    policy: _Policy,
) -> list[Frame]:
    """Judge the headers, and give each frame its coordinates."""
    scale = scale_of(frames[0])
    errors = np.array([(h.dx - s.dx, h.dy - s.dy) for h, s in zip(headers, shifts, strict=True)])
    zero = np.median(errors, axis=0)
    off = scale * np.hypot(*(errors - zero).T)
    usual = float(np.median([s.matches for s in shifts[1:]])) if len(shifts) > 1 else 0.0
    wrong = [k for k in range(len(frames)) if off[k] > _limit(k, shifts, scale, policy.tolerance)]
    _report(frames, shifts, wrong, off, usual, policy)
    if policy.bad_wcs == "ignore":
        shifts = [headers[k] if k in wrong else s for k, s in enumerate(shifts)]
    base = frames[0].wcs
    assert base is not None
    base = base.deepcopy()
    base.wcs.crpix = base.wcs.crpix + zero
    return [
        frame.with_(
            wcs=_moved(base, shift, centre),
            measured={
                **frame.measured,
                "matches": float(shift.matches if k else len(stars[0])),
                "dx": shift.dx,
                "dy": shift.dy,
                "rms": shift.rms,
                "fwhm": found.fwhm,
                "beta": found.beta,
                "header_error": float(off[k]),
            },
        )
        for k, (frame, shift, found) in enumerate(zip(frames, shifts, stars, strict=True))
    ]


def _limit(k: int, shifts: Sequence[Shift], scale: float, tolerance: float) -> float:
    """Return the arcsec by which a header may be off: the tolerance, or half a smaller dither."""
    others = [np.hypot(shifts[k].dx - s.dx, shifts[k].dy - s.dy) for j, s in enumerate(shifts) if j != k]
    if not others:
        return tolerance
    return float(min(tolerance, max(1.2, 0.5 * scale * min(others))))


def _report(
    frames: list[Frame],
    shifts: list[Shift],
    wrong: list[int],
    off: Vector,
    usual: float,
    policy: _Policy,
) -> None:
    """Name the frames whose header is wrong or whose stars hardly match."""
    if wrong and policy.bad_wcs == "exit":
        named = ", ".join(f"{frames[k].name} (by {off[k]:.1f} arcsec)" for k in wrong)
        raise WrongInputs(
            f"The coordinates in the header are wrong in {named}. Leave the frame out of the list, "
            "or use -p align:bad_wcs=fix to take its place from the stars."
        )
    for k in wrong:
        done = "left as they are" if policy.bad_wcs == "ignore" else "mended from the matched stars"
        note(f"has wrong coordinates in its header, by {off[k]:.1f} arcsec: {done}", frames[k].name)
    if policy.method != "sources":
        return
    first = "the first frame" if frames[0].name == min(frame.name for frame in frames) else frames[0].name
    for k in range(1, len(frames)):
        if not shifts[k].matches:
            note(f"shares too few stars with {first}: placed by its header", frames[k].name)
        elif shifts[k].matches < _FEW * usual:
            note(f"matches only {shifts[k].matches} stars, the others about {usual:.0f}", frames[k].name)


def _moved(base: WCS, shift: Shift, centre: Vector) -> WCS:
    """Return the coordinates of a frame shifted and rotated against the base."""
    wcs = base.deepcopy()
    turn = shift.turn
    origin = base.wcs.crpix - 1 - centre
    wcs.wcs.crpix = centre + (shift.dx, shift.dy) + turn @ origin + 1
    wcs.wcs.cd = base.pixel_scale_matrix @ turn.T
    wcs.wcs.set()
    return wcs


def check_wcs(
    frames: Iterable[Frame],
    *,
    tolerance: Annotated[float, Within(0.2, 60), Unit("arcsec")] = 3.0,
) -> list[Frame]:
    """Compare the coordinates in the headers with the offsets of the telescope.

    Parameters
    ----------
    frames : iterable of Frame
        Frames of one sequence; only their headers are looked at.
    tolerance : float
        A frame further off than this, or by half the dither, has wrong coordinates.

    Returns
    -------
    list of Frame
        As they came; `measured` has wcs_error (arcsec) and wcs_wrong (1 or 0).

    Raises
    ------
    WrongInputs
        If a frame has no coordinates.

    Notes
    -----
    *Method*: the motion of the field over the detector between frames by the headers' coordinates, against
    the motion by the telescope's offsets; the median difference is the pointing they share.
    *Assumes* that most frames are right.
    *Source*: ``checkWCS`` of the reference, which reports only frames off by 30 arcsec or half a throw.
    """
    members = list(frames)
    for frame in members:
        if frame.wcs is None:
            raise WrongInputs(f"{frame.name} has no celestial coordinates to check. Leave it out.")
    if not members:
        return members
    first = members[0]
    centre = np.array([(first.shape[1] - 1) / 2, (first.shape[0] - 1) / 2])
    told = [_header_shift(first, frame, centre) for frame in members]
    moved = [_offset_shift(first, frame) for frame in members]
    errors = np.array([(t.dx - m.dx, t.dy - m.dy) for t, m in zip(told, moved, strict=True)])
    scale = scale_of(first)
    off = scale * np.hypot(*(errors - np.median(errors, axis=0)).T)
    out = []
    for k, frame in enumerate(members):
        wrong = off[k] > _limit(k, moved, scale, tolerance)
        if wrong:
            text = f"has wrong coordinates: {off[k]:.1f} arcsec off the telescope's offsets"
            note(text, frame.name)
        measured = {**frame.measured, "wcs_error": float(off[k]), "wcs_wrong": float(wrong)}
        out.append(frame.with_(measured=measured))
    return out
