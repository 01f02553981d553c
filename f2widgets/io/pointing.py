"""Where the telescope and the detector pointed: scale, angles, offsets and the celestial coordinates."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING

from f2widgets.io.keywords import NO_NUMBER, Headers, degrees_of, raw_value
from f2widgets.io.times import ut_datetime

if TYPE_CHECKING:
    from astropy.io.fits import Header

#: Keywords of a two-dimensional FITS wcs; those of a third axis are left behind.
WCS_KEYWORD = re.compile(
    r"(CTYPE|CUNIT|CRPIX|CRVAL|CDELT|CROTA)[12]|(CD|PC)[12]_[12]|PV[12]_\d+|LONPOLE|LATPOLE|EQUINOX"
    r"|RADESYS|(A|B|AP|BP)_(ORDER|\d_\d)"
)
LONGITUDE, LATITUDE = re.compile(r"RA---[A-Z]{3}(-SIP)?"), re.compile(r"DEC--[A-Z]{3}(-SIP)?")
#: The port that looks up, without the fold mirror of the others: the field is mirrored against theirs.
UPWARD_PORT = 1
SECONDS_PER_YEAR = 365.25 * 86400.0
#: Pixel of the full array, counted from 0, on which the field turns, and for which the observatory's archive
#: gives the position of a frame: its records of 2021 and later agree with this to 0.01 arcsec, earlier
#: ones (which counted from 1) to one pixel.
ROTATOR_CENTRE = (1034.0, 1054.0)
FULL_ARRAY = (2048, 2048)


def cd_matrix(image: Header | None) -> tuple[float, float, float, float] | None:
    """Return the wcs matrix in degrees per pixel.

    Parameters
    ----------
    image : `~astropy.io.fits.Header` or None
        Header of the image; CD, or PC with CDELT.

    Returns
    -------
    tuple of float or None
        (1,1), (1,2), (2,1), (2,2); None where it is absent or singular.
    """
    keys = ("1_1", "1_2", "2_1", "2_2")
    values = [raw_value(image, f"CD{key}") for key in keys]
    if all(value is None for value in values):
        steps = [raw_value(image, f"CDELT{axis}") for axis in (1, 2)]
        if None in steps:
            return None
        turns = [raw_value(image, f"PC{key}") for key in keys]
        unturned = (1.0, 0.0, 0.0, 1.0)
        turns = [one if turn is None else turn for turn, one in zip(turns, unturned, strict=True)]
        values = [turn * steps[i // 2] for i, turn in enumerate(turns)]
    try:
        a, b, c, d = (float(value or 0.0) for value in values)
    except (TypeError, ValueError):
        return None
    return (a, b, c, d) if math.isfinite(a * d - b * c) and a * d != b * c else None


def projection_centre(image: Header | None) -> tuple[float, float] | None:
    """Return CRVAL as right ascension and declination in degrees, or None if it is no sky position."""
    values = [raw_value(image, key) for key in ("CRVAL1", "CRVAL2")]
    if not all(isinstance(value, (int, float)) for value in values):
        return None
    ra, dec = float(values[0]), float(values[1])
    return (ra, dec) if -360.0 <= ra <= 360.0 and -90.0 <= dec <= 90.0 else None


def ctype_problem(image: Header | None) -> str | None:
    """Say which axis types of the wcs are corrupt, or None."""
    wrong = [
        f"CTYPE{axis}={raw_value(image, f'CTYPE{axis}')!r}"
        for axis, right in ((1, LONGITUDE), (2, LATITUDE))
        if not right.fullmatch(str(raw_value(image, f"CTYPE{axis}")).strip())
    ]
    return " and ".join(wrong) or None


def repaired_wcs_header(image: Header | None) -> Header | None:
    """Return a two-dimensional celestial header that `astropy.wcs.WCS` takes.

    Parameters
    ----------
    image : `~astropy.io.fits.Header` or None
        Header of the image.

    Returns
    -------
    `~astropy.io.fits.Header` or None
        Size and wcs keywords alone; None if matrix or CRVAL are missing or no sky position.

    Notes
    -----
    The raw frames carry a third axis of length one, which is dropped, RADECSYS, which is renamed, and
    at times a CTYPE of ``?``, which is repaired: every F2 image is a tangential projection.
    """
    from astropy.io.fits import Header

    if image is None or cd_matrix(image) is None or projection_centre(image) is None:
        return None
    new = Header()
    new["NAXIS"] = 2
    for axis in (1, 2):
        new[f"NAXIS{axis}"] = raw_value(image, f"NAXIS{axis}") or 0
    new["WCSAXES"] = 2
    for key in image:
        if WCS_KEYWORD.fullmatch(key) and raw_value(image, key) is not None:
            new[key] = raw_value(image, key)
    for axis, right, name in ((1, LONGITUDE, "RA---TAN"), (2, LATITUDE, "DEC--TAN")):
        if not right.fullmatch(str(new.get(f"CTYPE{axis}", "")).strip()):
            new[f"CTYPE{axis}"] = name
        new.setdefault(f"CUNIT{axis}", "deg")
    new.setdefault("RADESYS", raw_value(image, "RADECSYS") or "FK5")
    return new


def pixel_scale(headers: Headers) -> float | None:
    """Return arcsec per pixel from the wcs; from PIXSCALE, which is 1 % off, only without one."""
    matrix = cd_matrix(headers.image)
    if matrix is None:
        return headers.number("PIXSCALE")
    a, b, c, d = matrix
    return 3600.0 * math.sqrt(abs(a * d - b * c))


def position_angle(headers: Headers) -> float | None:
    """Return the angle of +y, degrees east of north; PA is that of another axis, 90 degrees off."""
    angle = headers.number("PA")
    return None if angle is None else (angle + 90.0) % 360.0


def detector_x_offset(headers: Headers) -> float | None:
    """Return the offset along detector x in pixels."""
    offset, scale = headers.number("QOFFSET"), pixel_scale(headers)
    return None if offset is None or not scale else (0.0 - offset) / scale  # no negative zero


def detector_y_offset(headers: Headers) -> float | None:
    """Return the offset along detector y in pixels; mirrored on the upward-looking port."""
    offset, scale = headers.number("POFFSET"), pixel_scale(headers)
    if offset is None or not scale:
        return None
    return (offset if headers.number("INPORT") == UPWARD_PORT else 0.0 - offset) / scale


def telescope_x_offset(headers: Headers) -> float | None:
    """Return the telescope's x offset in arcsec; it stands, negated, in YOFFSET."""
    offset = headers.number("YOFFSET")
    return None if offset is None else 0.0 - offset


def telescope_y_offset(headers: Headers) -> float | None:
    """Return the telescope's y offset in arcsec; it stands, negated, in XOFFSET."""
    offset = headers.number("XOFFSET")
    return None if offset is None else 0.0 - offset


def is_on_sky(headers: Headers) -> bool:
    """Tell whether the position in the header means anything: not when parked at zenith."""
    return headers.raw("FRAME") is None or headers.text("FRAME") not in (None, "AZEL_TOPO")


def sky_position(headers: Headers) -> tuple[float | None, float | None]:
    """Return where the telescope pointed, as right ascension and declination in degrees.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    tuple of two float or None
        Position of `ROTATOR_CENTRE` on the full array; that of the projection centre on others, and that
        of the target where there is no wcs. None where the telescope did not follow the sky.

    Notes
    -----
    *Method*: tangential projection, Calabretta and Greisen (2002), A&A 395, 1077, equations 54 and 55.
    """
    if not is_on_sky(headers):
        return None, None
    matrix, centre = cd_matrix(headers.image), projection_centre(headers.image)
    if matrix is None or centre is None:
        return target_position(headers)
    sides = tuple(headers.number(key, image=True) for key in ("NAXIS1", "NAXIS2"))
    reference = [headers.number(key, image=True) for key in ("CRPIX1", "CRPIX2")]
    if sides != FULL_ARRAY or reference[0] is None or reference[1] is None:
        return centre
    x, y = ROTATOR_CENTRE[0] + 1 - reference[0], ROTATOR_CENTRE[1] + 1 - reference[1]
    a, b, c, d = matrix
    return _deprojected(centre, a * x + b * y, c * x + d * y)


def _deprojected(centre: tuple[float, float], xi: float, eta: float) -> tuple[float, float]:
    """Return the position of a point of the tangential plane; all in degrees."""
    xi, eta, dec = math.radians(xi), math.radians(eta), math.radians(centre[1])
    depth = math.cos(dec) - eta * math.sin(dec)
    ra = centre[0] + math.degrees(math.atan2(xi, depth))
    height = math.sin(dec) + eta * math.cos(dec)
    return ra % 360.0, math.degrees(math.atan2(height, math.hypot(xi, depth)))


def target_position(headers: Headers) -> tuple[float | None, float | None]:
    """Return the target's right ascension and declination in degrees, moved to the time of observation.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    tuple of two float or None
        None where the header has no position, or one that means nothing.
    """
    if not is_on_sky(headers) or None in (headers.text("RA"), headers.text("DEC")):
        return None, None
    if NO_NUMBER in (headers.raw("RA"), headers.raw("DEC")):
        return None, None
    ra, dec = degrees_of(headers.raw("RA"), hours=True), degrees_of(headers.raw("DEC"))
    if ra is None or dec is None:
        return None, None
    years = _years_since_epoch(headers)
    # PMRA is in seconds of time per year, so no cosine enters; PMDEC in arcsec per year.
    moved_ra = ra + years * 15.0 * (headers.number("PMRA") or 0.0) / 3600.0
    return moved_ra % 360.0, dec + years * (headers.number("PMDEC") or 0.0) / 3600.0


def guide_star(headers: Headers) -> tuple[float | None, float | None]:
    """Return right ascension and declination of the star of the guide probe PWFS2, in degrees.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    tuple of two float or None
        None where the header names no star.
    """
    ra, dec = degrees_of(headers.raw("P2ARA"), hours=True), degrees_of(headers.raw("P2ADEC"))
    if ra is None or dec is None or not (0 <= ra < 360 and -90 <= dec <= 90):
        return None, None
    return ra, dec


def _years_since_epoch(headers: Headers) -> float:
    """Return the time from the epoch of the coordinates to the observation in Julian years."""
    when, epoch = ut_datetime(headers), headers.number("EPOCH")
    if when is None or epoch is None:
        return 0.0
    return 2000.0 + (when - datetime(2000, 1, 1, 12)).total_seconds() / SECONDS_PER_YEAR - epoch


def airmass(headers: Headers) -> float | None:
    """Return the airmass, at least 1."""
    value = headers.number("AIRMASS")
    return value if value is not None and value >= 1.0 else None


def rotator_angle(headers: Headers) -> float | None:
    """Return the angle of the Cassegrain rotator in degrees."""
    angle = headers.number("CRPA")
    return angle if angle is not None and abs(angle) <= 360.0 else None
