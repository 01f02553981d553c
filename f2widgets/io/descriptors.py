"""Questions about a file, by the names the observatory uses: ``exposure_time``, ``filter_name`` and more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from difflib import get_close_matches
from types import MappingProxyType
from typing import Any

from f2widgets.errors import ParameterError
from f2widgets.io import optics, pointing, times
from f2widgets.io.exposure import (
    array_facts,
    coadds,
    exposure_time,
    is_in_adu,
    pretty_section,
    read_mode,
    section,
)
from f2widgets.io.keywords import Headers
from f2widgets.io.repairs import repairs_of
from f2widgets.io.tags import tags_of

#: What a descriptor may answer; None where the file does not tell.
Value = Any
Question = Callable[[Headers], Value]
WAVEFRONT_SENSORS = {
    "AOWFS": "AOWFS_ST",
    "GEMS": "GWFS1CFG",
    "OIWFS": "OIWFS_ST",
    "PWFS1": "PWFS1_ST",
    "PWFS2": "PWFS2_ST",
}


@dataclass(frozen=True)
class Descriptor:
    """One question about a file.

    Parameters
    ----------
    name : str
        Its name.
    ask : callable
        Takes `Headers`, returns the value as it stands, or None.
    kind : type
        ``str``, ``float``, ``int``, ``bool``, ``date``, ``time``, ``datetime`` or ``tuple``.
    unit : str
        Unit of a number, as astropy writes it; empty for none.
    pretty : callable or None
        Returns the value as an observer says it, where that differs.
    """

    name: str
    ask: Question
    kind: type
    unit: str = ""
    pretty: Question | None = None

    def __call__(self, headers: Headers, *, pretty: bool = False) -> Value:
        """Return the value for a file.

        Parameters
        ----------
        headers : Headers
            Headers of the file.
        pretty : bool, optional
            Ask for the plain form where there is one.

        Returns
        -------
        object
            A value of `kind`, or None.
        """
        return self.pretty(headers) if pretty and self.pretty else self.ask(headers)


def gcal_lamp(headers: Headers) -> str | None:
    """Return the calibration lamp that shone; ``Off`` behind a closed shutter; None where none is named."""
    if headers.raw("GCALLAMP") is None:
        return None
    lamp = headers.text("GCALLAMP")
    closed = headers.text("GCALSHUT") == "CLOSED"
    return "Off" if lamp is None or (closed and lamp in ("IRhigh", "IRlow")) else lamp


def wavefront_sensor(headers: Headers) -> str | None:
    """Return the sensors that guide, joined by ``&``; a frozen one does not."""
    guiding = [name for name, key in WAVEFRONT_SENSORS.items() if headers.text(key) == "guiding"]
    return "&".join(guiding) or None


def is_ao(headers: Headers) -> bool:
    """Tell whether the adaptive optics fed the camera; only ``IN`` means so."""
    return headers.text("AOFOLD") == "IN"


def qa_state(headers: Headers) -> str | None:
    """Return the observatory's verdict: Pass, Usable, Fail, CHECK or Undefined."""
    met, quality = headers.text("RAWPIREQ") or "UNKNOWN", headers.text("RAWGEMQA") or "UNKNOWN"
    for word, state in (("BAD", "Fail"), ("CHECK", "CHECK"), ("UNKNOWN", "Undefined")):
        if word in (met, quality):
            return state
    return {("YES", "USABLE"): "Pass", ("NO", "USABLE"): "Usable"}.get((met, quality), "Undefined")


def _percentile(key: str) -> Question:
    """Ask for a condition's percentile; ``Any`` is 100."""

    def ask(headers: Headers) -> int | None:
        """Return the percentile, or None."""
        text = headers.text(key) or ""
        if text == "Any":
            return 100
        number = text.removesuffix("-percentile")
        return int(number) if number != text and number.isdecimal() else None

    return ask


def group_id(headers: Headers) -> str | None:
    """Return a text that is the same for frames that belong together."""
    tags = tags_of(headers.phu)
    name, camera = optics.filter_name(headers), _camera(headers)
    if "DARK" in tags:
        parts: list[Value] = [exposure_time(headers), coadds(headers)]
    elif "TWILIGHT" in tags:
        parts = [name, camera, "F2_IMAGE_TWILIGHT"]
    else:
        parts = [headers.text("OBSID"), name, camera, exposure_time(headers), read_mode(headers)]
        parts += [pretty_section(headers), *(["F2_IMAGE_FLAT"] if {"IMAGE", "FLAT"} <= tags else [])]
    return "_".join(str(part) for part in parts)


def _camera(headers: Headers) -> str | None:
    """Return the camera."""
    return optics.camera(headers, pointing.pixel_scale(headers))


def instrument(headers: Headers) -> str | None:
    """Return the instrument; commissioning data call Flamingos-2 ``FLAM``."""
    name = headers.text("INSTRUME")
    return "F2" if (name or "").upper() in ("F2", "FLAM") else name


def _array(name: str) -> Question:
    """Ask the array table."""
    return lambda headers: getattr(array_facts(headers), name, None)


def _keyword(*keys: str) -> Question:
    """Ask for the text of a keyword."""
    return lambda headers: headers.text(*keys)


def _number(key: str) -> Question:
    """Ask for the number of a keyword."""
    return lambda headers: headers.number(key)


def _stripped(ask: Question) -> Question:
    """Ask for a component's name without its number."""

    def pretty(headers: Headers) -> str | None:
        """Return the plain name."""
        name = ask(headers)
        return None if name is None else optics.strip_id(name)

    return pretty


def _nth(ask: Question, n: int) -> Question:
    """Ask for one of several values."""
    return lambda headers: ask(headers)[n]


def _wcs(n: int) -> Question:
    """Ask for one of the coordinates of the projection centre."""
    return lambda headers: (pointing.projection_centre(headers.image) or (None, None))[n]


def _part_of_date(part: str) -> Question:
    """Ask for the day or the time of the observation."""

    def ask(headers: Headers) -> Value:
        """Return the part, or None."""
        when = times.ut_datetime(headers)
        return None if when is None else getattr(when, part)()

    return ask


def _always(value: Value) -> Question:
    """Answer the same for every file: the array has no binning and one region."""
    return lambda _: value


_TEXTS = {
    "instrument": instrument,
    "telescope": _keyword("TELESCOP"),
    "object": _keyword("OBJECT"),
    "program_id": _keyword("GEMPRGID"),
    "observation_id": _keyword("OBSID"),
    "data_label": _keyword("DATALAB"),
    "observation_class": _keyword("OBSCLASS"),
    "observation_type": _keyword("OBSTYPE"),
    "detector_name": _keyword("DETID"),
    "decker": optics.decker,
    "focal_plane_mask": optics.focal_plane_mask,
    "wavelength_band": optics.wavelength_band,
    "read_mode": read_mode,
    "gcal_lamp": gcal_lamp,
    "wavefront_sensor": wavefront_sensor,
    "pwfs2_state": _keyword("PWFS2_ST"),
    "qa_state": qa_state,
    "group_id": group_id,
    "detector_roi_setting": _always("Fixed"),
}
_NUMBERS: dict[str, tuple[Question, str]] = {
    "exposure_time": (exposure_time, "s"),
    "gain": (_array("gain"), "electron"),
    "read_noise": (_array("read_noise"), "electron"),
    "saturation_level": (_array("saturation_level"), ""),
    "non_linear_level": (_array("non_linear_level"), ""),
    "effective_wavelength": (optics.effective_wavelength, "m"),
    "central_wavelength": (optics.central_wavelength, "m"),
    "pixel_scale": (pointing.pixel_scale, "arcsec"),
    "position_angle": (pointing.position_angle, "deg"),
    "detector_x_offset": (pointing.detector_x_offset, "pix"),
    "detector_y_offset": (pointing.detector_y_offset, "pix"),
    "telescope_x_offset": (pointing.telescope_x_offset, "arcsec"),
    "telescope_y_offset": (pointing.telescope_y_offset, "arcsec"),
    "ra": (_nth(pointing.sky_position, 0), "deg"),
    "dec": (_nth(pointing.sky_position, 1), "deg"),
    "wcs_ra": (_wcs(0), "deg"),
    "wcs_dec": (_wcs(1), "deg"),
    "target_ra": (_nth(pointing.target_position, 0), "deg"),
    "target_dec": (_nth(pointing.target_position, 1), "deg"),
    "guide_ra": (_nth(pointing.guide_star, 0), "deg"),
    "guide_dec": (_nth(pointing.guide_star, 1), "deg"),
    "airmass": (pointing.airmass, ""),
    "elevation": (_number("ELEVATIO"), "deg"),
    "azimuth": (_number("AZIMUTH"), "deg"),
    "cass_rotator_pa": (pointing.rotator_angle, "deg"),
    "nominal_photometric_zeropoint": (optics.zero_point, "mag"),
}
_COUNTS = {
    "coadds": coadds,
    "detector_x_bin": _always(1),
    "detector_y_bin": _always(1),
    **{f"raw_{what}": _percentile(f"RAW{what.upper()}") for what in ("iq", "cc", "bg", "wv")},
    **{f"requested_{what}": _percentile(f"REQ{what.upper()}") for what in ("iq", "cc", "bg", "wv")},
}
_SWITCHES = {"is_ao": is_ao, "is_in_adu": is_in_adu, "is_coadds_summed": _always(True)}
_PRETTY: dict[str, tuple[Question, Question]] = {
    "filter_name": (optics.filter_id, optics.filter_name),
    "disperser": (optics.disperser, _stripped(optics.disperser)),
    "lyot_stop": (optics.lyot_stop, _stripped(optics.lyot_stop)),
    "camera": (_camera, _stripped(_camera)),
}
_MOMENTS: dict[str, tuple[Question, type]] = {
    "ut_datetime": (times.ut_datetime, datetime),
    "ut_date": (_part_of_date("date"), date),
    "ut_time": (_part_of_date("time"), time),
    "ut_start": (times.ut_start, datetime),
    "ut_end": (lambda headers: times.ut_end(headers, exposure_time(headers)), datetime),
    "local_time": (times.local_time, time),
    "night": (times.night, date),
}
_LISTS: dict[str, Question] = {
    "tags": lambda headers: " ".join(sorted(tags_of(headers.phu))),
    "repairs": lambda headers: " ".join(repairs_of(headers)) or None,
}
_SECTIONS = ("array_section", "data_section", "detector_section")

_ALL = (
    *(Descriptor(name, ask, str) for name, ask in (_TEXTS | _LISTS).items()),
    *(Descriptor(name, ask, float, unit) for name, (ask, unit) in _NUMBERS.items()),
    *(Descriptor(name, ask, int) for name, ask in _COUNTS.items()),
    *(Descriptor(name, ask, bool) for name, ask in _SWITCHES.items()),
    *(Descriptor(name, ask, str, pretty=pretty) for name, (ask, pretty) in _PRETTY.items()),
    *(Descriptor(name, ask, kind) for name, (ask, kind) in _MOMENTS.items()),
    *(Descriptor(name, section, tuple, pretty=pretty_section) for name in _SECTIONS),
)
#: Every descriptor by its name.
DESCRIPTORS: Mapping[str, Descriptor] = MappingProxyType({one.name: one for one in _ALL})


def descriptor(name: str) -> Descriptor:
    """Return a descriptor by its name.

    Parameters
    ----------
    name : str
        Its name.

    Returns
    -------
    Descriptor
        The descriptor.

    Raises
    ------
    ParameterError
        If there is none of that name; the message holds the near names.
    """
    if name not in DESCRIPTORS:
        raise ParameterError(f"There is no descriptor {name!r}{near_names(name, DESCRIPTORS)}.")
    return DESCRIPTORS[name]


def near_names(name: str, names: Iterable[str]) -> str:
    """Return ``; near it are a, b`` for a misspelt name, empty if nothing is near.

    Parameters
    ----------
    name : str
        What was written.
    names : iterable of str
        What it may have meant.

    Returns
    -------
    str
        The end of a sentence, without its full stop.
    """
    near = get_close_matches(name, list(names), n=3, cutoff=0.5)
    return f"; near it are {', '.join(near)}" if near else ""
