"""What is wrong with a header and how it was read all the same, in sentences."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from f2widgets.core.detector import READ_NOISE
from f2widgets.io import optics, pointing, times
from f2widgets.io.exposure import exposure_time, read_mode
from f2widgets.io.keywords import NO_NUMBER, Headers
from f2widgets.io.tags import GUIDED_FRAMES

#: Keywords that code here asks about and that day calibrations since 2022 leave without a value.
MAY_BE_EMPTY = (
    "RA DEC EPOCH FRAME TRKFRAME RATRACK DECTRACK PMRA PMDEC PA WAVELENG AIRMASS"
    " POFFSET QOFFSET XOFFSET YOFFSET RAOFFSET DECOFFSE AOFOLD GCALLAMP"
).split()
#: WAVELENG may differ from the mended value by this fraction before it is worth a word.
SAME_WAVELENGTH = 1e-3
#: Arcsec between CRVAL and target plus offset; the farthest of 26 real headers that track a star is 3.15.
FAR_FROM_TARGET = 10.0
#: What is taken with the telescope parked, so that its position means nothing to begin with.
CALIBRATIONS = ("DARK", "FLAT", "ARC")

#: ``repaired``: a wrong value was mended; ``assumed``: a missing one is done without, or comes from
#: elsewhere; ``odd``: nothing was changed, but the frame may not be what it seems.
Sort = Literal["repaired", "assumed", "odd"]


@dataclass(frozen=True)
class Remark:
    """One thing about a header that an observer should know, in a sentence."""

    sort: Sort
    text: str


def remarks_of(headers: Headers) -> tuple[Remark, ...]:
    """Return what is odd about a file's headers, and what was repaired or assumed in reading them.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    tuple of Remark
        Empty for a header in order.
    """
    questions = (_instrument, _coordinates, _filters, _empty, _readout, _clock, _guiding)
    return tuple(remark for question in questions for remark in question(headers))


def repairs_of(headers: Headers) -> tuple[str, ...]:
    """Return what had to be mended or left out in reading a file's headers.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    tuple of str
        The sentences of `remarks_of`.
    """
    return tuple(remark.text for remark in remarks_of(headers))


def _instrument(headers: Headers) -> Iterator[Remark]:
    """Commissioning data."""
    if (headers.text("INSTRUME") or "").upper() == "FLAM":
        yield Remark("assumed", f"INSTRUME={headers.raw('INSTRUME')!r} is read as F2.")


def _coordinates(headers: Headers) -> Iterator[Remark]:
    """Corrupt axis types, no wcs, a place that is not the target's, no sky."""
    image = headers.image
    if image is not None and pointing.repaired_wcs_header(image) is None:
        yield Remark("odd", "The image header holds no celestial coordinates.")
    elif image is not None and (wrong := pointing.ctype_problem(image)):
        text = f"The coordinate types are corrupt ({wrong}); read as a tangential projection."
        yield Remark("repaired", text)
    if not pointing.is_on_sky(headers):
        if headers.text("OBSTYPE") not in CALIBRATIONS:
            text = "The telescope did not follow the sky, so the position in the header means nothing."
            yield Remark("odd", text)
    elif (distance := _from_target(headers)) is not None and distance > FAR_FROM_TARGET:
        text = f"CRVAL is {distance:.0f} arcsec from target plus offset; f2 reduce -r check_wcs looks closer."
        yield Remark("odd", text)


def _from_target(headers: Headers) -> float | None:
    """Return arcsec from the target, moved by the offset, to the projection centre; None if not known."""
    centre, target = pointing.projection_centre(headers.image), pointing.target_position(headers)
    offset = headers.number("RAOFFSET"), headers.number("DECOFFSE")
    frame = headers.text("TRKFRAME"), headers.text("FRAME")
    if centre is None or None in target or None in offset or frame != (GUIDED_FRAMES[0],) * 2:
        return None
    assert target[0] is not None
    assert target[1] is not None
    assert offset[0] is not None
    assert offset[1] is not None
    east = ((centre[0] - target[0] + 180.0) % 360.0 - 180.0) * math.cos(math.radians(centre[1]))
    return math.hypot(3600.0 * east - offset[0], 3600.0 * (centre[1] - target[1]) - offset[1])


def _filters(headers: Headers) -> Iterator[Remark]:
    """Wheels that could not be read, filters that no table knows, wrong wavelengths."""
    keys = ("FILTER1", "FILTER2", "FILT1POS", "FILT2POS")
    unread = [
        f"{key}={headers.raw(key)!r}"
        for key in keys
        if headers.raw(key) is not None and headers.text(key) is None
    ]
    name = optics.filter_name(headers)
    if name is None:
        yield Remark("odd", "The header does not tell the filter.")
        return
    if unread:
        text = f"A filter wheel could not be read ({', '.join(unread)}); by FILTER it is {name}."
        yield Remark("repaired", text)
    for key in keys:
        written = headers.text(key)
        if written is not None and optics.keep_id(written) != written:
            yield Remark("repaired", f"{key}={written!r} is read as {optics.keep_id(written)}.")
    if optics.ALIASES.get(name, name) not in {*optics.FILTERS, "open", "dark", "blank"}:
        text = f"The filter {name} is in no table: its wavelength and zero point are unknown."
        yield Remark("odd", text)
    told, used = headers.number("WAVELENG"), optics.central_wavelength(headers)
    if told and used and abs(told * optics.ANGSTROM / used - 1) > SAME_WAVELENGTH:
        text = f"WAVELENG={told:g} is wrong for {name}; read as {used / optics.ANGSTROM:g} Angstrom."
        yield Remark("repaired", text)


def _empty(headers: Headers) -> Iterator[Remark]:
    """Keywords without a value."""
    empty = [
        key
        for key in MAY_BE_EMPTY
        if headers.raw(key) == NO_NUMBER or (headers.raw(key) is not None and headers.text(key) is None)
    ]
    if empty:
        text = f"These keywords have no value (-9999 or 'No Value'): {', '.join(empty)}."
        yield Remark("assumed", text)


def _readout(headers: Headers) -> Iterator[Remark]:
    """Read modes that the array table does not know, and no exposure time."""
    if read_mode(headers) not in READ_NOISE:
        text = (
            f"LNRS={headers.raw('LNRS')!r} is no read mode that is known ({', '.join(READ_NOISE)}):"
            " gain, read noise, saturation and linearity are unknown."
        )
        yield Remark("odd", text)
    if exposure_time(headers) is None:
        yield Remark("odd", f"EXPTIME={headers.raw('EXPTIME')!r} is no exposure time.")


def _clock(headers: Headers) -> Iterator[Remark]:
    """Find times that belong to another exposure, or that only the name of the file tells."""
    if times.ut_datetime(headers) is None:
        yield Remark("odd", "Neither header nor file name tell when it was taken.")
    elif times.utend_is_stale(headers):
        text = (
            f"UTEND={headers.text('UTEND')} is of an earlier exposure; the end is start plus exposure time."
        )
        yield Remark("repaired", text)
    elif times.ut_datetime(Headers(headers.phu, headers.image)) is None:
        yield Remark("assumed", "No keyword tells when it was taken; its day is that of the file's name.")


def _guiding(headers: Headers) -> Iterator[Remark]:
    """Sensors that look like guiding and are not."""
    for sensor in ("PWFS1", "PWFS2", "OIWFS", "AOWFS"):
        if headers.text(f"{sensor}_ST") == "frozen":
            yield Remark("odd", f"{sensor} was frozen: it counts as not guiding.")
