"""Region files of SAOImage DS9: read into regions in pixels, and written, as image or sky coordinates.

The format is that of the DS9 reference manual, chapter "Regions". Circle, box, annulus, point and line are
known; any other shape or system is reported with its line, and the rest is read.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from f2widgets.core.regions import Annulus, Box, Circle, Line, Point, Region
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.atomic import written_whole

if TYPE_CHECKING:
    from astropy.wcs import WCS

System = Literal["image", "fk5"]

#: Words of DS9 for the systems that can be read; physical pixels are those of the image in our files.
_SYSTEMS: dict[str, System] = {
    "image": "image",
    "physical": "image",
    "fk5": "fk5",
    "j2000": "fk5",
    "icrs": "fk5",  # differs from fk5 by 0.02 arcsec at most
}
#: Systems of DS9 that are told from shapes, but not read.
_OTHER = {"fk4", "b1950", "galactic", "ecliptic", "linear", "amplifier", "detector", "wcs"}
#: Arcsec in a unit of size.
_SIZES = {'"': 1.0, "'": 60.0, "d": 3600.0, "r": 206264.80624709636}
#: Numbers of each shape: places count as two.
_COUNTS = {"circle": (3,), "box": (4, 5), "annulus": (4,), "point": (2,), "line": (4,)}

_SHAPE = re.compile(r"\s*([+-]?)\s*([a-zA-Z]+)\s*[( ]\s*([^()#]*?)\s*\)?\s*(?:#(.*))?$")
_TEXT = re.compile(r"text\s*=\s*(?:\{([^}]*)\}|\"([^\"]*)\"|'([^']*)')")
#: A larger file is none that anybody drew.
_LONGEST = 20_000_000


@dataclass(frozen=True)
class RegionFile:
    """What a region file holds."""

    regions: tuple[Region, ...]
    problems: tuple[str, ...]  #: what was not read, a sentence for each line


def read_regions(path: str | os.PathLike[str], wcs: WCS | None = None) -> RegionFile:
    """Read a region file.

    Parameters
    ----------
    path : path-like
        Text as DS9 saves it.
    wcs : `~astropy.wcs.WCS`, optional
        Of the image, for regions in sky coordinates.

    Returns
    -------
    RegionFile
        Regions in 0-based pixels, and what could not be read.

    Raises
    ------
    NotF2Data
        If the file cannot be read, or is no text.
    """
    try:
        with open(path, "rb") as stream:
            raw = stream.read(_LONGEST + 1)
        text = raw.decode("utf-8")
    except OSError as error:
        raise NotF2Data(f"{path} cannot be read: {error.strerror or error}. Check the name.") from error
    except UnicodeDecodeError as error:
        raise NotF2Data(f"{path} is no text, and so no region file of DS9.") from error
    if len(raw) > _LONGEST:
        raise NotF2Data(f"{path} is larger than {_LONGEST // 1_000_000} MB, which no region file is.")
    return regions_from(text, wcs)


def regions_from(text: str, wcs: WCS | None = None) -> RegionFile:
    """Read regions from the text of a region file.

    Parameters
    ----------
    text : str
        As DS9 saves it.
    wcs : `~astropy.wcs.WCS`, optional
        Of the image, for regions in sky coordinates.

    Returns
    -------
    RegionFile
        As `read_regions`.
    """
    found: list[Region] = []
    problems: list[str] = []
    system = "physical"  # what DS9 takes where nothing is said
    for number, line in enumerate(text.splitlines(), start=1):
        for piece in _pieces(line):
            word = piece.strip().lower()
            if word in _SYSTEMS or word in _OTHER:
                system = word
                continue
            if not word or word.startswith(("#", "global")):
                continue
            try:
                found.append(_region(piece, system, wcs))
            except ParameterError as error:
                problems.append(f"Line {number}, {piece.strip()[:60]!r}: {error}")
    return RegionFile(tuple(found), tuple(problems))


def _pieces(line: str) -> list[str]:
    """Split a line at semicolons, but not in a comment."""
    before, mark, comment = line.partition("#")
    pieces = before.split(";")
    pieces[-1] += mark + comment
    return pieces


def _region(piece: str, system: str, wcs: WCS | None) -> Region:
    """Read one region."""
    found = _SHAPE.match(piece)
    shape = found[2].lower() if found else ""
    if found is None or shape not in _COUNTS:
        raise ParameterError(f"{shape or 'this'} is no shape that is read here ({', '.join(_COUNTS)}).")
    if system not in _SYSTEMS:
        raise ParameterError(f"the system {system} is not read here (image, physical, fk5, icrs).")
    words = [word for word in re.split(r"[\s,]+", found[3]) if word]
    if len(words) not in _COUNTS[shape]:
        raise ParameterError(f"{shape} has {len(words)} numbers, needed {_COUNTS[shape][0]}.")
    label = _label(found[4] or "")
    places = _Places(_SYSTEMS[system], wcs)
    x, y = places.pixel(words[0], words[1])
    if shape == "point":
        return Point(x, y, label)
    if shape == "line":
        return Line(x, y, *places.pixel(words[2], words[3]), label)
    sizes = [places.size(word) for word in words[2:4]]
    if shape == "circle":
        return Circle(x, y, sizes[0], label)
    if shape == "annulus":
        return Annulus(x, y, min(sizes), max(sizes), label)
    angle = places.angle(_number(words[4])) if len(words) > 4 else places.angle(0.0)
    return Box(x, y, sizes[0], sizes[1], angle, label)


def _label(comment: str) -> str:
    """Return the text that goes with a region."""
    found = _TEXT.search(comment)
    return next((part for part in found.groups() if part is not None), "") if found else ""


def _number(word: str) -> float:
    """Read a finite number."""
    try:
        value = float(word)
    except ValueError:
        raise ParameterError(f"{word!r} is no number.") from None
    if not np.isfinite(value):
        raise ParameterError(f"{word!r} is no number.")
    return value


class _Places:
    """Turns what is written in one system into pixels."""

    def __init__(self, system: System, wcs: WCS | None) -> None:
        self._wcs = wcs if system == "fk5" else None
        if system == "fk5" and wcs is None:
            raise ParameterError("it is in sky coordinates, and the image has none.")

    def pixel(self, first: str, second: str) -> tuple[float, float]:
        """Return the 0-based pixel of a place."""
        if self._wcs is None:
            return _number(first.rstrip("ip")) - 1, _number(second.rstrip("ip")) - 1
        x, y = self._wcs.wcs_world2pix([[_degrees(first, 15), _degrees(second, 1)]], 0)[0]
        if not (np.isfinite(x) and np.isfinite(y)):
            raise ParameterError("it lies on the other side of the sky.")
        return float(x), float(y)

    def size(self, word: str) -> float:
        """Return a size in pixels."""
        if self._wcs is None or word[-1:] in ("i", "p"):
            return _number(word.rstrip("ip"))
        unit = word[-1] if word[-1] in _SIZES else "d"
        return _number(word.rstrip("\"'dr")) * _SIZES[unit] / _scale(self._wcs)

    def angle(self, degrees: float) -> float:
        """Return an angle from +x to +y, from one that is counted as DS9 does in this system."""
        return degrees if self._wcs is None else degrees + _north_angle(self._wcs)


def _degrees(word: str, hours: float) -> float:
    """Read an angle: degrees, or hours or degrees with minutes and seconds."""
    parts = [part for part in re.split(r"[:hdms°'\"]", word) if part]
    if len(parts) == 1:
        return _number(parts[0])
    if len(parts) > 3:
        raise ParameterError(f"{word!r} is no coordinate.")
    total = sum(abs(_number(part)) / 60**k for k, part in enumerate(parts))
    return float(hours * total * (-1 if word.startswith("-") else 1))


def _scale(wcs: WCS) -> float:
    """Return arcsec per pixel."""
    return float(3600 * np.sqrt(abs(np.linalg.det(wcs.pixel_scale_matrix))))


def _north_angle(wcs: WCS) -> float:
    """Return the angle from +x to +y, degrees, at which a box that DS9 calls upright on the sky stands."""
    north = np.linalg.solve(wcs.pixel_scale_matrix, (0.0, 1.0))
    return float(np.degrees(np.arctan2(north[1], north[0])) - 90)


def regions_text(regions: Iterable[Region], wcs: WCS | None = None, system: System = "image") -> str:
    """Return regions as the text of a region file.

    Parameters
    ----------
    regions : iterable of Region
        In 0-based pixels.
    wcs : `~astropy.wcs.WCS`, optional
        Of the image; needed for sky coordinates.
    system : {'image', 'fk5'}, optional
        How places are written.

    Returns
    -------
    str
        As DS9 reads it.

    Raises
    ------
    ParameterError
        If sky coordinates are asked for, and there are none.
    """
    if system == "fk5" and wcs is None:
        raise ParameterError(
            "The image has no sky coordinates: write the regions in pixels (system='image')."
        )
    lines = ["# Region file format: DS9 version 4.1", system]
    return "\n".join(
        [*lines, *(_written(region, wcs if system == "fk5" else None) for region in regions), ""]
    )


def _written(region: Region, wcs: WCS | None) -> str:
    """Write one region."""

    def place(x: float, y: float) -> str:
        if wcs is None:
            return f"{x + 1:.4f},{y + 1:.4f}"
        ra, dec = wcs.wcs_pix2world([[x, y]], 0)[0]
        return f"{ra:.8f},{dec:+.8f}"

    def size(value: float) -> str:
        return f"{value:.4f}" if wcs is None else f'{value * _scale(wcs):.5f}"'

    at = place(region.x, region.y)
    match region:
        case Point():
            text = f"point({at})"
        case Line():
            text = f"line({at},{place(region.x2, region.y2)})"
        case Circle():
            text = f"circle({at},{size(region.radius)})"
        case Annulus():
            text = f"annulus({at},{size(region.inner)},{size(region.outer)})"
        case Box():
            angle = region.angle - (0 if wcs is None else _north_angle(wcs))
            text = f"box({at},{size(region.width)},{size(region.height)},{angle:.4f})"
    label = re.sub(r"[{}\r\n]", " ", region.label)
    return f"{text} # text={{{label}}}" if label else text


def write_regions(
    path: str | os.PathLike[str], regions: Iterable[Region], wcs: WCS | None = None, system: System = "image"
) -> Path:
    """Write a region file, whole or not at all.

    Parameters
    ----------
    path : path-like
        The file; one that is there is replaced.
    regions, wcs, system
        As for `regions_text`.

    Returns
    -------
    `~pathlib.Path`
        The file.

    Raises
    ------
    ParameterError
        As `regions_text`.
    NotWritten
        If the system refuses.
    """
    text = regions_text(regions, wcs, system)
    with written_whole(Path(path)) as stream:
        stream.write(text.encode("utf-8"))
    return Path(path)
