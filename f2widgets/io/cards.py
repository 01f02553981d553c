"""Header cards of products: what the reference writes, so that its tools know our files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from astropy.io.fits import Card, Header

from f2widgets import __version__
from f2widgets.core.frame import Frame
from f2widgets.io.headers import repaired_wcs_header
from f2widgets.io.provenance import time_text

Kind = Literal["dark", "bpm", "flat", "image", "frame"]

#: Keyword that says what a product is, stamped with the time it was made.
KIND_STAMPS: Mapping[Kind, tuple[str, ...]] = {
    "dark": ("PROCDARK",),
    "bpm": ("BPMASK", "PROCBPM"),
    "flat": ("PROCFLAT",),
    "image": ("PROCSCI",),
    "frame": (),
}
#: Stamped on every product: its layout and headers are those of a prepared file.
PREPARED = ("SDZSTRUC", "SDZHDRSG", "SDZHDRSI", "PREPARE")
#: Cards that say how an image is stored; each header gets its own.
_STRUCTURE = (
    r"SIMPLE|XTENSION|BITPIX|NAXIS\d*|EXTEND|PCOUNT|GCOUNT|GROUPS|BSCALE|BZERO|BLANK|BUNIT|EXTNAME|EXTVER"
    r"|EXTLEVEL|INHERIT|CHECKSUM|DATASUM|DATAMIN|DATAMAX|NEXTEND|AXISLAB\d|END"
)
#: Cards of coordinates, those of a third axis and of older spellings included.
_COORDINATES = (
    r"WCSAXES|WCSNAME|C(TYPE|RVAL|RPIX|DELT|UNIT|ROTA|RDER|SYER|NAME)\d|(CD|PC|PV|PS)\d_\d+|CD00[1-3]00[1-3]"
    r"|RADECSYS|RADESYS|LONPOLE|LATPOLE|EQUINOX"
)
#: Keywords that a prepared file keeps with its image and no longer in the primary header.
_OF_IMAGE = r"GAIN|RDNOISE|NONLINEA|SATLEVEL|ARRAYSEC|DATASEC|DETSEC"
_NOT_PRIMARY = re.compile(f"{_STRUCTURE}|{_OF_IMAGE}")
_NOT_IMAGE = re.compile(f"{_STRUCTURE}|{_OF_IMAGE}|{_COORDINATES}|PIXSCALE")
_CELESTIAL = re.compile(_COORDINATES)
#: Cards of astropy's coordinates that would contradict the ones carried along.
_NOT_COORDINATES = re.compile(r"DATE.*|MJD.*|PC\d_\d|CDELT\d|CD\d_\d|CRPIX\d|CRVAL\d")


def primary_header(
    frame: Frame,
    kind: Kind,
    *,
    stamps: Mapping[str, tuple[str, ...]],
    combined: Iterable[str],
    extensions: int,
    keywords: Mapping[str, Any],
) -> Header:
    """Return the primary header of a product.

    Parameters
    ----------
    frame : Frame
        The product.
    kind : {'dark', 'bpm', 'flat', 'image', 'frame'}
        What it is.
    stamps : mapping of str to tuple of str
        Keywords that a step stamps, by our name of the step or the reference's.
    combined : iterable of str
        Names of the frames that were averaged; fewer than two are not mentioned.
    extensions : int
        Number of extensions that follow.
    keywords : mapping
        Cards that have the last word: value, or value and comment.

    Returns
    -------
    `~astropy.io.fits.Header`
        Complete.
    """
    start = [("SIMPLE", True, "conforms to FITS standard"), ("BITPIX", 8), ("NAXIS", 0), ("EXTEND", True)]
    header = Header(start)
    header.extend(_kept(frame.header, _NOT_PRIMARY), strip=False)
    if "ORIGNAME" not in header:
        header["ORIGNAME"] = (f"{frame.name}.fits", "Name of the first raw file")
    header["NEXTEND"] = (extensions, "Number of extensions")
    for key, value in (("FILTER", frame.facts.filter_name), ("PIXSCALE", frame.facts.pixel_scale)):
        if value is not None:
            header[key] = value
    if kind == "bpm":
        header["OBJECT"] = "BPM"
    _stamp(header, frame, kind, stamps)
    names = list(combined)
    if len(names) > 1:
        header["NCOMBINE"] = (len(names), "Number of frames combined")
        for i, name in enumerate(names, 1):
            header[f"IMCMB{i:03d}"] = name
    header["PROCSOFT"] = ("f2widgets", "Software that made this file")
    header["PROCSVER"] = (__version__, "Version of the software")
    header["PROCMODE"] = ("sq", "Science quality")
    header.update(keywords)
    return header


def image_header(frame: Frame, kind: Kind, keywords: Mapping[str, Any]) -> Header:
    """Return the cards of the SCI extension apart from those of structure.

    Parameters
    ----------
    frame : Frame
        The product.
    kind : {'dark', 'bpm', 'flat', 'image', 'frame'}
        What it is.
    keywords : mapping
        Cards that have the last word: value, or value and comment.

    Returns
    -------
    `~astropy.io.fits.Header`
        For `extension_header`.
    """
    header = Header()
    header.extend(_kept(frame.image_header, _NOT_IMAGE), strip=False)
    facts = frame.facts
    if kind != "bpm":
        header["BUNIT"] = (frame.unit, "Unit of the pixels")
    numbers = {
        "GAIN": (facts.gain, "Electrons per unit of the pixels"),
        "RDNOISE": (facts.read_noise, "Read noise in electrons"),
        "NONLINEA": (facts.non_linear_level, "Start of the non-linear range"),
        "SATLEVEL": (facts.saturation_level, "Saturation level"),
        "PIXSCALE": (facts.pixel_scale, "Arcsec per pixel"),
    }
    header.update({key: pair for key, pair in numbers.items() if pair[0] is not None})
    ny, nx = frame.shape
    of_detector = ("DATASEC",) if kind == "image" else ("ARRAYSEC", "DATASEC", "DETSEC")
    header.update({key: f"[1:{nx},1:{ny}]" for key in of_detector})
    header.update(wcs_cards(frame))
    header.update(keywords)
    return header


def wcs_cards(frame: Frame) -> Header:
    """Return the coordinates of a frame as two-dimensional cards with a CD matrix.

    Parameters
    ----------
    frame : Frame
        Its `wcs` is written; a calibration without one keeps the keywords it came with.

    Returns
    -------
    `~astropy.io.fits.Header`
        Empty where there are no coordinates.

    Notes
    -----
    A CD matrix, and not astropy's PC and CDELT, because the pixel scale of Flamingos-2 is read from
    it, here and in the reference. Numbers are written in full: astropy's own cards round them.
    """
    if frame.wcs is None:
        found = repaired_wcs_header(frame.image_header) or Header()
        return Header([card for card in found.cards if _CELESTIAL.fullmatch(card.keyword)])
    wcs = frame.wcs.celestial
    matrix = wcs.pixel_scale_matrix
    cards = [card for card in wcs.to_header().cards if not _NOT_COORDINATES.fullmatch(card.keyword)]
    header = Header(cards)
    for i in (0, 1):
        header[f"CRPIX{i + 1}"] = float(wcs.wcs.crpix[i])
        header[f"CRVAL{i + 1}"] = float(wcs.wcs.crval[i])
        for j in (0, 1):
            header[f"CD{i + 1}_{j + 1}"] = float(matrix[i, j])
    return header


def extension_header(name: str, shape: tuple[int, int], bits: int, cards: Header, unsigned: bool) -> Header:
    """Return the header of an image extension.

    Parameters
    ----------
    name : str
        EXTNAME; EXTVER is 1.
    shape : tuple of int
        Rows and columns.
    bits : int
        BITPIX.
    cards : `~astropy.io.fits.Header`
        The further cards.
    unsigned : bool
        Whether the pixels are unsigned integers of 16 or 32 bits.

    Returns
    -------
    `~astropy.io.fits.Header`
        Complete.
    """
    ny, nx = shape
    header = Header([("XTENSION", "IMAGE", "Image extension"), ("BITPIX", bits), ("NAXIS", 2)])
    header.extend([("NAXIS1", nx), ("NAXIS2", ny), ("PCOUNT", 0), ("GCOUNT", 1)], strip=False)
    if unsigned:
        header.extend([("BSCALE", 1), ("BZERO", 1 << (bits - 1))], strip=False)
    header.extend([("EXTNAME", name), ("EXTVER", 1)], strip=False)
    header.extend(cards.cards, strip=False)
    return header


def _stamp(header: Header, frame: Frame, kind: Kind, stamps: Mapping[str, tuple[str, ...]]) -> None:
    """Write the time of each step that was carried out, and of the writing."""
    now = time_text(datetime.now(UTC).replace(microsecond=0))
    for entry in frame.history:
        for keyword in stamps.get(entry.step, stamps.get(entry.verb, ())):
            header[keyword] = (time_text(entry.stopped)[:19], f"UT time stamp for {entry.verb or entry.step}")
    for keyword in (*PREPARED, *KIND_STAMPS[kind]):
        header.setdefault(keyword, now)
    header["GEM-TLM"] = (now, "UT last modification with GEMINI")


def _kept(header: Header | None, dropped: re.Pattern[str]) -> list[Card]:
    """Return the cards to carry along."""
    return (
        [card for card in header.cards if not dropped.fullmatch(card.keyword)] if header is not None else []
    )
