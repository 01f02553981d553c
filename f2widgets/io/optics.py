"""What the light went through: filters, stops, dispersers, and the wavelengths that follow."""

from __future__ import annotations

import re
from dataclasses import dataclass

from f2widgets.io.keywords import Headers

MICRON = 1e-6  # metres
ANGSTROM = 1e-10


@dataclass(frozen=True)
class Filter:
    """A filter: effective wavelength in microns, band, and zero point in magnitudes."""

    wavelength: float | None
    band: str | None
    zero_point: float | None = None


#: Filters by the name an observer uses. Wavelengths and zero points (magnitude of 1 electron/s at airmass
#: 1, f/16) are those of the Gemini instrument page; the observatory's own table calls J-lo "Jlow" and so
#: never finds it, and puts it in no band an observer would.
FILTERS = {
    "Y": Filter(1.020, "Y", 26.73),
    "J-lo": Filter(1.122, "J"),
    "J": Filter(1.250, "J", 26.51),
    "H": Filter(1.631, "H", 26.75),
    "Ks": Filter(2.157, "K", 26.12),
    "JH": Filter(1.390, "J"),
    "HK": Filter(1.871, "H"),
    "K-long": Filter(2.200, "K"),
    "K-blue": Filter(2.060, "K"),
    "K-red": Filter(2.310, "K"),
    "YJH": Filter(None, None),
}
ALIASES = {"Jlow": "J-lo", "Klong": "K-long"}

#: Centres of the photometric bands in microns; a wavelength belongs to the nearest.
BANDS = {
    "u": 0.350,
    "g": 0.475,
    "r": 0.630,
    "i": 0.780,
    "Z": 0.900,
    "Y": 1.020,
    "X": 1.100,
    "J": 1.200,
    "H": 1.650,
    "K": 2.200,
    "L": 3.400,
    "M": 4.800,
    "N": 11.7,
    "Q": 18.3,
}

#: Central wavelengths in microns where WAVELENG is wrong: it changed for K-long in 2016, and was not
#: updated when the new JH and HK filters came.
MENDED_WAVELENGTHS = {"K-long_G0812": 2.2, "JH_G0816": 1.3385, "HK_G0817": 1.9}
#: Central wavelengths in microns of the R3K grism, by the first letter of the filter.
R3K_WAVELENGTHS = {"J": 1.25, "H": 1.65, "K": 2.2}

#: The Lyot wheel holds stops and Hartmann masks, and since 2022 a filter; these begin the former.
STOPS = ("f", "GEMS", "Hart")
#: Between the scales of the f/16 and f/32 cameras, arcsec per pixel.
SCALE_OF_CAMERAS = 0.1


def strip_id(name: str) -> str:
    """Return a component's name without its number: ``J_G0802`` gives ``J``."""
    return re.sub(r"_G.*", "", name)


def keep_id(name: str) -> str:
    """Return a component's name with its number and nothing after: ``HK_G0806_good`` gives ``HK_G0806``."""
    match = re.match(r".*?_G\d{4}", name)
    return match.group() if match else name


def wheels(headers: Headers) -> tuple[str, ...] | None:
    """Return what stands in the beam in both filter wheels, and in the Lyot wheel if that is a filter.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    tuple of str or None
        Names with component numbers; None where the file does not tell.

    Notes
    -----
    *Method*: a wheel whose position could not be read is filled in from FILTER, the control system's
    own record of the effective filter, unless the other wheel already holds that filter.
    """
    first, second = headers.text("FILTER1", "FILT1POS"), headers.text("FILTER2", "FILT2POS")
    effective = headers.text("FILTER")
    if first is None and second is None:
        return (effective,) if effective else None
    known = first or second
    if first is None or second is None:
        if effective is None:
            return None
        missing = "Open" if effective == known else effective
        first, second = first or missing, second or missing
    lyot = headers.text("LYOT", "LYOTPOS")
    if lyot is None or lyot.startswith(STOPS):
        return first, second
    return first, second, lyot


def filter_id(headers: Headers) -> str | None:
    """Return both wheels joined: ``J_G0802&Open``; calibrations are matched by it."""
    names = wheels(headers)
    return "&".join(names) if names else None


def filter_with_id(headers: Headers) -> str | None:
    """Return the filter with its component number: ``J_G0802``."""
    names = wheels(headers)
    return _effective([keep_id(name) for name in names]) if names else None


def filter_name(headers: Headers) -> str | None:
    """Return the filter as an observer says it: ``J``; ``open``, ``dark`` or ``blank`` without one."""
    names = wheels(headers)
    return _effective([strip_id(name) for name in names]) if names else None


def _effective(names: list[str]) -> str:
    """Join what is not open; opaque positions win."""
    if any("DK" in name for name in names):
        return "dark"
    if any("Block" in name or "Dark" in name for name in names):
        return "blank"
    return "&".join(name for name in names if "open" not in name.lower()) or "open"


def filter_facts(headers: Headers) -> Filter:
    """Return the table's row for the filter; empty where the table does not know it."""
    name = filter_name(headers) or ""
    return FILTERS.get(ALIASES.get(name, name), Filter(None, None))


def effective_wavelength(headers: Headers) -> float | None:
    """Return the filter's effective wavelength in metres; None for spectra."""
    wavelength = filter_facts(headers).wavelength
    return None if wavelength is None or is_dispersed(headers) else wavelength * MICRON


def central_wavelength(headers: Headers) -> float | None:
    """Return the central wavelength in metres, mended where WAVELENG is known to be wrong."""
    name = filter_with_id(headers) or ""
    if name in MENDED_WAVELENGTHS:
        return MENDED_WAVELENGTHS[name] * MICRON
    value = headers.number("WAVELENG")
    if value is not None and value > 0:
        return value * ANGSTROM
    if (disperser(headers) or "").startswith("R3K") and name[:1] in R3K_WAVELENGTHS:
        return R3K_WAVELENGTHS[name[:1]] * MICRON
    return None


def wavelength_band(headers: Headers) -> str | None:
    """Return the photometric band of the filter, or of the central wavelength for spectra."""
    if not is_dispersed(headers):
        return filter_facts(headers).band
    wavelength = central_wavelength(headers)
    if wavelength is None:
        return None
    return min(BANDS, key=lambda band: abs(BANDS[band] - wavelength / MICRON))


def zero_point(headers: Headers) -> float | None:
    """Return the magnitude that gives 1 electron per second at airmass 1."""
    return filter_facts(headers).zero_point


def disperser(headers: Headers) -> str | None:
    """Return the grism wheel's position with its component number; ``Open`` in imaging."""
    return headers.text("GRISM", "GRISMPOS")


def is_dispersed(headers: Headers) -> bool:
    """Tell whether a grism stands in the beam."""
    return (disperser(headers) or "").startswith(("JH", "HK", "R3K"))


def lyot_stop(headers: Headers) -> str | None:
    """Return the Lyot wheel's position with its component number."""
    return headers.text("LYOT", "LYOTPOS")


def decker(headers: Headers) -> str | None:
    """Return the decker's position."""
    return headers.text("DECKER", "DCKERPOS")


def focal_plane_mask(headers: Headers) -> str | None:
    """Return the mask in the focal plane; ``Open`` in imaging."""
    return "Open" if headers.text("MOSPOS") == "Open" else headers.text("MASKNAME")


def camera(headers: Headers, scale: float | None) -> str | None:
    """Return the camera by its focal ratio.

    Parameters
    ----------
    headers : Headers
        Headers of a file.
    scale : float or None
        Arcsec per pixel: decides where no keyword tells.

    Returns
    -------
    str or None
        ``f/16_G5830``, or ``f/16`` where no component number is known.
    """
    stop = lyot_stop(headers) or ""
    if stop.startswith("f/"):
        return stop
    focus = headers.raw("FOCUS")
    if isinstance(focus, str) and re.match(r"f/\d+", focus):
        return focus.strip()
    if scale is None:
        return None
    return "f/16" if scale > SCALE_OF_CAMERAS else "f/32"
