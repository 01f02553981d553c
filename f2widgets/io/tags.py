"""What a file is, in tags: DARK, FLAT, IMAGE, LAMPON, PROCESSED and so on.

The names and rules are those of the observatory's pipeline, so that selections written for it hold
here. Each rule adds tags, and may block others or depend on them; `tags_of` says how.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from f2widgets.io.keywords import raw_value

if TYPE_CHECKING:
    from astropy.io.fits import Header

#: Every tag that a rule here can give.
TAGS = frozenset(
    """ACQUISITION ARC AT_ZENITH AZEL_TARGET BPM CAL DARK F2 FLAT GCALFLAT GCAL_IR_OFF GCAL_IR_ON GEMINI
    IMAGE LAMPOFF LAMPON LS MASK MOS NON_SIDEREAL NORTH PREPARED PROCESSED PROCESSED_SCIENCE RAW SIDEREAL
    SOUTH SPECT STANDARD THRUSLIT TWILIGHT UNPREPARED""".split()
)
#: Marks of processed calibrations; those without a reduction of their own here are read, not written.
PROCESSED_MARKS = (
    "PROCDARK PROCFLAT GIFLAT PROCARC PROCBIAS GBIAS PROCFRNG GIFRINGE PROCPNHL PROCSTND PROCILLM".split()
)
#: What a bad-pixel mask is not, though it carries the header of a flat.
NOT_OF_A_MASK = frozenset(
    "IMAGE SPECT NON_SIDEREAL AZEL_TARGET GCALFLAT LAMPON GCAL_IR_ON GCAL_IR_OFF DARK".split()
)
GUIDED_FRAMES = ("FK5", "APPT")


@dataclass(frozen=True)
class _Rule:
    """Tags that hold together, with what they block and need."""

    adds: frozenset[str]
    blocks: frozenset[str] = frozenset()
    unless: frozenset[str] = frozenset()
    needs: frozenset[str] = frozenset()


def _rule(adds: str, blocks: str = "", unless: str = "", needs: str = "") -> _Rule:
    """Write a rule in blank-separated words."""
    return _Rule(*(frozenset(words.split()) for words in (adds, blocks, unless, needs)))


@dataclass(frozen=True)
class _Words:
    """Keywords as text, for conditions."""

    phu: Header

    def of(self, *keys: str) -> str:
        """Return the first keyword that is there, as text; empty if none is."""
        for key in keys:
            value = raw_value(self.phu, key)
            if value is not None:
                return str(value).strip()
        return ""

    def any(self, *keys: str) -> bool:
        """Tell whether any of the keywords is there."""
        return any(key in self.phu for key in keys)


def tags_of(phu: Header) -> frozenset[str]:
    """Return the tags of a file.

    Parameters
    ----------
    phu : `~astropy.io.fits.Header`
        Primary header.

    Returns
    -------
    frozenset of str
        Tags, from `TAGS`.

    Notes
    -----
    *Method*: rules that block are tried first (the most blocking before all), then plain ones, then
    those that do not hold beside another tag, last those that need another tag. A rule is left out as
    a whole if a tag it would add is blocked: a dark taken through a slit has neither LS nor SPECT.
    """
    words = _Words(phu)
    rules = [*_observatory(words), *_optics(words), *_kind(words), *_lamps(words), *_state(words)]
    rules.sort(key=lambda rule: (len(rule.needs), len(rule.unless), -len(rule.blocks)))
    tags: set[str] = set()
    blocked: set[str] = set()
    for rule in rules:
        if rule.adds & blocked or rule.unless & tags or not rule.needs <= tags:
            continue
        tags |= rule.adds
        blocked |= rule.blocks
    return frozenset(tags)


def _observatory(words: _Words) -> Iterator[_Rule]:
    """Where and how the telescope pointed."""
    sites = {words.of("OBSERVAT").lower(), words.of("TELESCOP").lower()}
    if sites & {"gemini-north", "gemini-south"}:
        yield _rule("GEMINI")
    if words.of("OBSERVAT").lower().startswith("gemini-"):
        yield _rule(words.of("OBSERVAT").upper().removeprefix("GEMINI-"))
    if words.of("INSTRUME").upper() in ("F2", "FLAM"):
        yield _rule("F2")
    if words.of("FRAME") == "AZEL_TOPO":
        # Exactly 1: since 2022 the day calibrations say 1.0000004, and are then not AT_ZENITH.
        yield _rule("AZEL_TARGET AT_ZENITH" if raw_value(words.phu, "AIRMASS") == 1 else "AZEL_TARGET")
    if words.of("TRKFRAME") in GUIDED_FRAMES or words.of("FRAME") in GUIDED_FRAMES:
        rates = [raw_value(words.phu, key) for key in ("RATRACK", "DECTRACK")]
        still = all(isinstance(rate, (int, float)) and rate == 0 for rate in rates)
        yield _rule("SIDEREAL" if still else "NON_SIDEREAL")


def _optics(words: _Words) -> Iterator[_Rule]:
    """Imaging or spectroscopy, through what."""
    grism = words.of("GRISM", "GRISMPOS")
    if grism == "Open":
        yield _rule("IMAGE")
    dispersed = grism.startswith(("JH", "HK", "R3K"))
    decker, mos = words.of("DECKER", "DCKERPOS"), words.of("MOSPOS")
    through = {
        "LS": decker == "Long_slit" or re.match(".?pix-slit", mos) is not None,
        "MOS": decker == "mos" or mos.startswith("mos"),
    }
    for mask in (mask for mask, holds in through.items() if holds):
        yield _rule(f"{mask} SPECT") if dispersed else _rule(f"{mask} THRUSLIT", needs="IMAGE")


def _kind(words: _Words) -> Iterator[_Rule]:
    """Tell what the observer meant the exposure to be."""
    kind = words.of("OBSTYPE")
    wheels = words.of("FILTER1", "FILT1POS"), words.of("FILTER2", "FILT2POS")
    if kind == "DARK" or any(wheel.startswith("DK") for wheel in wheels):
        yield _rule("DARK CAL", blocks="IMAGE SPECT")
    if kind in ("ARC", "FLAT"):
        yield _rule(f"{kind} CAL")
    if kind == "MASK":
        yield _rule("MASK")
    if words.of("OBJECT").lower() == "twilight":
        yield _rule("TWILIGHT CAL", blocks="" if words.of("GRISM", "GRISMPOS") == "Open" else "FLAT")
    if words.of("OBSCLASS") in ("acq", "acqCal"):
        yield _rule("ACQUISITION")


def _lamps(words: _Words) -> Iterator[_Rule]:
    """Read lamps and shutter of the calibration unit."""
    lamp, shutter = words.of("GCALLAMP"), words.of("GCALSHUT")
    if lamp == "IRhigh" or lamp.startswith("QH"):
        yield _rule("GCALFLAT FLAT CAL")
    flat_lamp = lamp in ("IRhigh", "IRlow") or lamp.startswith("QH")
    if flat_lamp and shutter == "OPEN":
        yield _rule("GCAL_IR_ON LAMPON", unless="PROCESSED")
    if shutter == "CLOSED" and (flat_lamp or lamp == "No Value"):
        yield _rule("GCAL_IR_OFF LAMPOFF", unless="PROCESSED")


def _state(words: _Words) -> Iterator[_Rule]:
    """How far the file has been reduced."""
    if not words.any("GEM-TLM"):
        yield _rule("RAW")
    yield _rule("PREPARED" if any("PREPAR" in key for key in words.phu) else "UNPREPARED")
    if words.any("BPMASK", "PROCBPM"):
        yield _Rule(frozenset({"BPM", "CAL", "PROCESSED"}), blocks=NOT_OF_A_MASK)
    if words.any(*PROCESSED_MARKS):
        yield _rule("PROCESSED")
    if words.any("PROCSTND"):
        yield _rule("STANDARD CAL")
    if words.of("OBSTYPE") == "OBJECT" and words.any("PROCSCI", "GMOSAIC"):
        yield _rule("PROCESSED_SCIENCE PROCESSED", blocks="RAW")
