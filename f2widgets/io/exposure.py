"""How the detector was used: exposure time, coadds, read mode, and the levels that follow."""

from __future__ import annotations

from f2widgets.core.detector import ReadMode, read_mode as array_table
from f2widgets.io.keywords import Headers


def exposure_time(headers: Headers) -> float | None:
    """Return the exposure time in seconds, all coadds together.

    Notes
    -----
    EXPTIME holds the time of one coadd, in raw files and in products alike. The reference forgets the
    coadds once a file is prepared.
    """
    seconds = headers.number("EXPTIME")
    return None if seconds is None or seconds < 0 else seconds * coadds(headers)


def coadds(headers: Headers) -> int:
    """Return the number of exposures summed in the image."""
    return max(int(headers.number("COADDS") or 1), 1)


def read_mode(headers: Headers) -> str | None:
    """Return the number of read pairs (LNRS) as text."""
    pairs = headers.number("LNRS")
    return None if pairs is None else f"{pairs:g}"


def array_facts(headers: Headers) -> ReadMode | None:
    """Return gain, read noise and levels for the image as it stands.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    ReadMode or None
        From the table for raw frames, and from the image header of products; None for a read mode
        that the table does not know, and for an image without unit (a flat, a mask).
    """
    raw = array_table(read_mode(headers) or "", coadds(headers))
    if not headers.is_prepared:
        return raw
    unit = (headers.text("BUNIT", image=True) or "").lower()
    keys = ("GAIN", "RDNOISE", "SATLEVEL", "NONLINEA")
    told = [headers.number(key, image=True) for key in keys]
    if raw is not None:
        per_unit = raw.gain if unit == "electron" else 1.0
        levels = (raw.saturation_level * per_unit, raw.non_linear_level * per_unit)
        computed = (raw.gain / per_unit, raw.read_noise, *levels)
        told = [own if value is None else value for value, own in zip(told, computed, strict=True)]
    gain, noise, saturation, non_linear = told
    if gain is None or noise is None or saturation is None or non_linear is None:
        return None
    return ReadMode(gain, noise, saturation, non_linear)


def is_in_adu(headers: Headers) -> bool:
    """Tell whether the image is in ADU; raw files have no unit and are."""
    return (headers.text("BUNIT", image=True) or "adu").lower() == "adu"


def section(headers: Headers) -> tuple[int, int, int, int] | None:
    """Return the image's section of the array, (x1, x2, y1, y2), 0-based and half-open."""
    sides = [headers.number(key, image=True) for key in ("NAXIS1", "NAXIS2")]
    return None if sides[0] is None or sides[1] is None else (0, int(sides[0]), 0, int(sides[1]))


def pretty_section(headers: Headers) -> str | None:
    """Write the section as FITS does."""
    ends = section(headers)
    return None if ends is None else f"[1:{ends[1]},1:{ends[3]}]"
