"""Headers of raw frames, with the habits and oddities that real ones of their time have.

What is imitated: axes swapped against the sky, CRVAL of six digits, single precision, X and Y offsets
on swapped and negated axes, a stale UTEND until 2015, UT a few seconds before UTSTART, day calibrations
parked at the zenith, short darks that keep the optics of another programme in their header.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from f2widgets.core.detector import GAIN
from f2widgets.simulate.pointing import Pointing, camera, on_sky
from f2widgets.simulate.programmes import Programme
from f2widgets.simulate.sequence import Conditions, Exposure
from f2widgets.simulate.settings import Settings

if TYPE_CHECKING:
    from astropy.io.fits import Header

Value = str | int | float | bool
Cards = list[tuple[str, Value]]

#: Latitude and longitude of Cerro Pachon, degrees.
SITE = (-30.24075, -70.73669)
#: Instrument alignment angle, degrees, and what headers say of the pixel scale.
ALIGNMENT, STATED_SCALE = 0.091, 0.18124
#: What headers call the read modes, by read pairs.
READ_MODES = {1: "Bright", 8: "Dark"}
#: UT is read this long before the exposure starts, and UTEND is left from before it, seconds.
UT_EARLY, END_STALE = 4.3, 12.7
#: From this day on UTEND is right.
END_MENDED = datetime(2015, 12, 1)
MODIFIED_JULIAN_0 = datetime(1858, 11, 17)


def primary(
    settings: Settings, exposure: Exposure, now: Conditions | None, guide_star: tuple[float, float]
) -> Header:
    """Return the primary header of a raw frame.

    Parameters
    ----------
    settings : Settings
        What the user chose.
    exposure : Exposure
        The frame.
    now : Conditions or None
        Telescope and sky, for a frame that sees the sky.
    guide_star : tuple of float
        Right ascension and declination of the guide star, degrees.

    Returns
    -------
    `~astropy.io.fits.Header`
        The header.
    """
    from astropy.io.fits import Header

    cards: Cards = [
        ("INSTRUME", "F2"),
        *_identity(settings.programme, exposure),
        ("OBSERVAT", "Gemini-South"),
        ("TELESCOP", "Gemini-South"),
        ("EQUINOX", 2000.0),
        *(_calibration_target(exposure) if now is None else _target(settings, exposure, now)),
        *_guiding(exposure, guide_star),
        *_times(exposure, settings.coadds),
        *_quality(),
        *_lamp(exposure),
        *_optics(settings.programme, exposure),
        *_array(settings, exposure),
    ]
    header = Header()
    for name, value in cards:
        header[name] = value
    return header


def image(exposure: Exposure, now: Conditions | None, size: int) -> Header:
    """Return the header of the image extension.

    Parameters
    ----------
    exposure : Exposure
        The frame.
    now : Conditions or None
        Telescope and sky, for a frame that sees the sky.
    size : int
        Side of the array in pixels.

    Returns
    -------
    `~astropy.io.fits.Header`
        The header, without the keywords that describe the pixels.
    """
    from astropy.io.fits import Header

    pointing = now.header_pointing if now is not None else _zenith(exposure, size)
    header = Header()
    cards: Cards = [*pointing.cards(), ("CD3_3", 1.0), ("MJD-OBS", _days(exposure.start))]
    cards += [("INHERIT", False), ("CTYPE1", "RA---TAN"), ("CTYPE2", "DEC--TAN"), ("RADECSYS", "FK5")]
    cards += [("FRMNAME", " 1 of 1 "), ("FRAMEID", "0"), ("DATATYP", "Intensity")]
    for name, value in cards:
        header[name] = value
    return header


def _identity(programme: Programme, exposure: Exposure) -> Cards:
    """Return what is observed, and for whom."""
    if exposure.kind in ("science", "sky", "twilight"):
        program, observation = programme.program, f"{programme.program}-{programme.observation}"
        what, kind, use = programme.label, "OBJECT", "science"
    else:
        program = f"GS-CAL{exposure.name[1:9]}"
        observation = f"{program}-{5 if exposure.kind == 'dark' else 2}"
        what, kind = ("Dark", "DARK") if exposure.kind == "dark" else ("GCALflat", "FLAT")
    if program.startswith("GS-CAL"):
        use = "dayCal"
    return [
        ("OBJECT", what),
        ("OBSTYPE", kind),
        ("OBSCLASS", use),
        ("GEMPRGID", program),
        ("OBSID", observation),
        ("DATALAB", f"{observation}-{exposure.number:03d}"),
        ("DHSLABEL", exposure.name),
    ]


def _target(settings: Settings, exposure: Exposure, now: Conditions) -> Cards:
    """Return target, offsets and airmass of a frame that sees the sky."""
    (p, q), programme = now.offset, settings.programme
    east, north = on_sky(now.offset, settings.pa)
    turn = np.radians(ALIGNMENT)
    altitude, hour = _altitude(exposure.start, *programme.target)
    end, _ = _altitude(exposure.start + timedelta(seconds=exposure.seconds), *programme.target)
    masses = [round(1 / np.sin(np.radians(angle)), 3) for angle in (altitude, end)]
    return [
        ("RA", programme.target[0]),
        ("DEC", programme.target[1]),
        ("PMRA", 0.0),
        ("PMDEC", 0.0),
        ("EPOCH", 2000.0),
        ("FRAME", "FK5"),
        ("TRKFRAME", "FK5"),
        ("RATRACK", 0.0),
        ("DECTRACK", 0.0),
        ("ELEVATIO", altitude),
        ("HA", _sexagesimal(hour)),
        ("POFFSET", p),
        ("QOFFSET", q),
        ("XOFFSET", float(-(p * np.cos(turn) + q * np.sin(turn)))),
        ("YOFFSET", float(p * np.sin(turn) - q * np.cos(turn))),
        ("RAOFFSET", east),
        ("DECOFFSE", north),
        ("PA", settings.pa),
        ("IAA", ALIGNMENT),
        ("AIRMASS", round(sum(masses) / 2, 3)),
        ("AMSTART", masses[0]),
        ("AMEND", masses[1]),
    ]


def _calibration_target(exposure: Exposure) -> Cards:
    """Return what is said of the telescope while it is parked at the zenith."""
    # Only an airmass of exactly 1 counts as at the zenith; the lamp-off flats of the data set do not.
    airmass = 1.0000004 if exposure.kind == "lamp off" else 1.0
    offsets: Cards = [(f"{axis}OFFSET", 0.0) for axis in "PQXY"]
    return [
        ("RA", 147.0),
        ("DEC", 89.9),
        ("PMRA", 0.0),
        ("PMDEC", 0.0),
        ("EPOCH", 2000.0),
        ("FRAME", "AZEL_TOPO"),
        ("TRKFRAME", "FK5"),
        ("RATRACK", 1.00242634836),
        ("DECTRACK", 0.018917928514),
        ("ELEVATIO", 90.0),
        ("HA", "+00:00:00.0"),
        *offsets,
        ("RAOFFSET", 0.0),
        ("DECOFFSE", 0.0),
        ("PA", 0.0),
        ("IAA", 0.0),
        ("AIRMASS", airmass),
        ("AMSTART", airmass),
        ("AMEND", airmass),
    ]


def _guiding(exposure: Exposure, star: tuple[float, float]) -> Cards:
    """Return the states of the guide probes, and the guide star where there is one."""
    states: Cards = [(f"{name}_ST", "parked") for name in ("PWFS1", "OIWFS", "AOWFS")]
    state = {"science": "guiding", "sky": "frozen"}.get(exposure.kind, "parked")
    states += [("PWFS2_ST", state), ("AOFOLD", "park-pos.")]
    if state != "parked":
        states += [("P2ARA", round(star[0], 8)), ("P2ADEC", round(star[1], 8)), ("P2AFRAME", "FK5")]
    return states


def _times(exposure: Exposure, coadds: int) -> Cards:
    """Return the times, with UT read before the start and, in the old days, UTEND left from before it."""
    start = exposure.start
    ut, end = start - timedelta(seconds=UT_EARLY), start + timedelta(seconds=coadds * exposure.seconds)
    if start < END_MENDED:
        end = start - timedelta(seconds=END_STALE)
    local = ut - timedelta(hours=3)
    return [
        ("DATE", f"{ut:%Y-%m-%d}"),
        ("DATE-OBS", f"{ut:%Y-%m-%d}"),
        ("UT", f"{ut:%H:%M:%S.%f}"[:10]),
        ("TIME-OBS", f"{ut:%H:%M:%S.%f}"[:10]),
        ("LT", f"{local:%H:%M:%S.%f}"[:10]),
        ("ST", _sexagesimal(_sidereal(ut) / 15).lstrip("+")),
        ("UTSTART", f"{start:%H:%M:%S.%f}"),
        ("UTEND", f"{end:%H:%M:%S.%f}"),
        ("TIMESYS", "UTC"),
        ("MJD-OBS", _days(ut)),
        ("RELEASE", f"{ut.replace(year=ut.year + 1):%Y-%m-%d}"),
    ]


def _quality() -> Cards:
    """Return what the observers said of the night."""
    return [
        ("RAWIQ", "70-percentile"),
        ("RAWCC", "50-percentile"),
        ("RAWWV", "Any"),
        ("RAWBG", "Any"),
        ("REQIQ", "70-percentile"),
        ("REQCC", "50-percentile"),
        ("REQWV", "Any"),
        ("REQBG", "Any"),
        ("RAWPIREQ", "YES"),
        ("RAWGEMQA", "USABLE"),
    ]


def _lamp(exposure: Exposure) -> Cards:
    """Return the state of the calibration unit, which only its own exposures have."""
    if not exposure.kind.startswith("lamp"):
        return []
    shutter = "OPEN" if exposure.kind == "lamp on" else "CLOSED"
    return [("GCALLAMP", "IRhigh"), ("GCALFILT", "ND2.0"), ("GCALDIFF", "IR"), ("GCALSHUT", shutter)]


def _optics(programme: Programme, exposure: Exposure) -> Cards:
    """Return the wheels. Darks keep the optics of whatever was observed before."""
    first, second, effective = programme.filter.wheel, "Open", programme.filter.wheel
    wavelength = programme.filter.wavelength
    grism, decker, mos, mask, window = "Open", "Open", "Open", "None", "Open"
    if exposure.kind == "dark":
        second, effective, window = "DK_G0807", "DK_G0807", "Closed"
    if exposure.kind == "dark" and exposure.seconds < 10:
        first, second, effective, wavelength = "H_G0803", "Open", "H_G0803", 16500.0
        grism, decker, mos, mask = "DK_G5804", "Long_slit", "2-pix_grid", "2-pix_grid"
    return [
        ("FILTER1", first),
        ("FILTER2", second),
        ("FILTER", effective),
        ("FILT1ID", "G0802"),
        ("FILT2ID", "null"),
        ("LYOT", "f/16_G5830"),
        ("GRISM", grism),
        ("DECKER", decker),
        ("MOSPOS", mos),
        ("MASKNAME", mask),
        ("WINDOW", window),
        ("FOCUS", "Undefined"),
        ("WAVELENG", wavelength),
        ("INPORT", 5),
    ]


def _array(settings: Settings, exposure: Exposure) -> Cards:
    """Return how the array was read."""
    return [
        ("EXPTIME", exposure.seconds),
        ("COADDS", settings.coadds),
        ("LNRS", settings.lnrs),
        ("NREADS", settings.lnrs),
        ("READMODE", READ_MODES.get(settings.lnrs, "Medium")),
        ("GAIN", float(np.float32(GAIN))),
        ("RDNOISE", 0.0),
        ("PIXSCALE", float(np.float32(STATED_SCALE))),
        ("DETID", "109"),
        ("DETTYPE", "Hawaii-2 2048"),
    ]


def _zenith(exposure: Exposure, size: int) -> Pointing:
    """Return the pointing of the parked telescope: sidereal time and latitude."""
    return camera(_sidereal(exposure.start), SITE[0], size).as_written()


def _days(when: datetime) -> float:
    """Return the modified Julian date, in the single precision that headers have."""
    return float(np.float32((when - MODIFIED_JULIAN_0) / timedelta(days=1)))


def _sidereal(when: datetime) -> float:
    """Return the local mean sidereal time in degrees (the Astronomical Almanac's linear formula)."""
    days = (when - datetime(2000, 1, 1, 12)) / timedelta(days=1)
    return (280.46061837 + 360.98564737 * days + SITE[1]) % 360


def _altitude(when: datetime, ra: float, dec: float) -> tuple[float, float]:
    """Return altitude in degrees and hour angle in hours."""
    hour = (_sidereal(when) - ra + 180) % 360 - 180
    latitude, declination, angle = (np.radians(v) for v in (SITE[0], dec, hour))
    sine = np.sin(latitude) * np.sin(declination) + np.cos(latitude) * np.cos(declination) * np.cos(angle)
    return float(np.degrees(np.arcsin(sine))), hour / 15


def _sexagesimal(hours: float) -> str:
    """Write hours as +HH:MM:SS.s."""
    tenths = round(abs(hours) * 36000)
    minutes, rest = divmod(tenths, 600)
    return f"{'-' if hours < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}:{rest // 10:02d}.{rest % 10}"
