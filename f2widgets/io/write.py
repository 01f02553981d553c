"""A Frame to a FITS product: SCI, VAR and DQ as the reference lays them out, whole or not at all."""

from __future__ import annotations

import io
import os
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from astropy.io.fits import Header
from numpy.typing import NDArray

from f2widgets import __version__
from f2widgets.core.flags import BAD, INTERNAL, OBJECT, UNLIT
from f2widgets.core.frame import Frame
from f2widgets.errors import NotF2Data, NotWritten
from f2widgets.io.atomic import link_or_copy, written_whole
from f2widgets.io.cards import Kind, extension_header, image_header, primary_header, wcs_cards
from f2widgets.io.identity import root_of
from f2widgets.io.layout import BLOCK
from f2widgets.io.planes import write_pixels
from f2widgets.io.provenance import STAMPS, arguments_text, history_rows, packed, provenance_rows
from f2widgets.io.read import OWN, FrameFile, open_frame

if TYPE_CHECKING:
    from astropy.table import Table

__all__ = ["Kind", "link_or_copy", "made_from_identical", "write_frame"]

#: BITPIX by type of pixel.
BITS = {"bool": 8, "uint8": 8, "int16": 16, "uint16": 16, "int32": 32, "uint32": 32, "int64": 64}
BITS |= {"float32": -32, "float64": -64}
#: Unit of further planes, by the name of their extension.
PLANE_UNITS = {"EXPMAP": "s"}
#: Endings of calibrations: they go into a product, but it is not their average.
CALIBRATIONS = ("_dark", "_flat", "_bpm")

#: The bits of a mask that a DQ plane may hold.
ON_DISK = np.uint16(0xFFFF ^ INTERNAL)

_NOTHING: Mapping[str, Any] = MappingProxyType({})


def write_frame(
    frame: Frame,
    path: str | os.PathLike[str],
    *,
    kind: Kind = "frame",
    overwrite: bool = False,
    keywords: Mapping[str, Any] = _NOTHING,
    image_keywords: Mapping[str, Any] = _NOTHING,
    stamps: Mapping[str, tuple[str, ...]] = STAMPS,
    combined: Sequence[str] | None = None,
) -> Path:
    """Write a product or an intermediate frame, whole or not at all.

    Parameters
    ----------
    frame : Frame
        What to write.
    path : path-like
        The file; its folder is made if needed.
    kind : {'dark', 'bpm', 'flat', 'image', 'frame'}, optional
        What it is: sets the keyword by which it is known. Of a 'bpm' only the flags for bad (1) and
        unlit (64) are written, as its image.
    overwrite : bool, optional
        Replace a file that was made from something else.
    keywords, image_keywords : mapping, optional
        Further cards of the primary header and of SCI: a value, or a pair of value and comment.
    stamps : mapping of str to tuple of str, optional
        Keywords stamped with the time of a step, by our name of the step or the reference's.
    combined : sequence of str, optional
        Names of the frames that were averaged; by default the files of the provenance that are no
        calibrations.

    Returns
    -------
    `~pathlib.Path`
        The file. One that holds the same pixels already, made from the same inputs in the same way
        by this version, is left as it is, so that its MD5 sum stays the same as well.

    Raises
    ------
    NotWritten
        If a file made from something else is there, or the system refuses; what was there is as it
        was.
    """
    path = Path(path)
    if path.exists() and not overwrite:
        if not made_from_identical(path, frame):
            raise NotWritten(
                f"{path} exists and was made from other inputs or in another way. "
                "Give --overwrite to replace it, or --out to write elsewhere."
            )
        if _holds(path, frame, kind, {**keywords, **image_keywords}):
            return path
    combined = _averaged(frame) if combined is None else combined
    parts = list(_bpm_part(frame, image_keywords) if kind == "bpm" else _parts(frame, kind, image_keywords))
    texts = [("PROVENANCE", provenance_rows(frame.provenance)), ("HISTORY", history_rows(frame.history))]
    tables = [_table_bytes(name, table) for name, table in frame.tables.items()]
    tables += [packed(name, rows) for name, rows in texts if rows]
    phu = primary_header(
        frame,
        kind,
        stamps=stamps,
        combined=combined,
        extensions=len(parts) + len(tables),
        keywords=keywords,
    )
    with written_whole(path) as stream:
        stream.write(_header_bytes(phu))
        for name, pixels, cards in parts:
            _write_image(stream, name, pixels, cards)
        for table in tables:
            stream.write(table)
    return path


def made_from_identical(path: str | os.PathLike[str], frame: Frame) -> bool:
    """Tell whether an existing product was made from the same inputs in the same way.

    Parameters
    ----------
    path : path-like
        An existing file.
    frame : Frame
        What would be written there.

    Returns
    -------
    bool
        True if provenance (names and MD5 sums) and history (steps and arguments) are the same, and
        there is some. False also for a file that cannot be read.
    """
    try:
        there = open_frame(path)
        known = _made_of(there)
    except NotF2Data:
        return False
    return bool(there.provenance) and known == _made_of(frame)


def _made_of(made: Frame | FrameFile) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return what defines a product: inputs in any order, and steps in theirs."""
    inputs = sorted((origin.filename, origin.md5) for origin in made.provenance)
    return inputs, [(entry.step, arguments_text(entry.arguments)) for entry in made.history]


def _holds(path: Path, frame: Frame, kind: Kind, keywords: Mapping[str, Any]) -> bool:
    """Tell whether a file holds these very pixels and keywords, written by this version."""
    there = open_frame(path)
    if there.shape != frame.shape or there.header.get("PROCSVER") != __version__:
        return False
    for key, value in keywords.items():
        value = value[0] if isinstance(value, tuple) else value
        if value != there.header.get(key, there.image_header.get(key)):
            return False
    step = max(1, (1 << 18) // frame.shape[1])
    starts = range(0, frame.shape[0], step)
    return all(_same(there.rows(i, min(i + step, frame.shape[0])), frame, i, kind) for i in starts)


def _same(band: Frame, frame: Frame, start: int, kind: Kind) -> bool:
    """Tell whether a band read from a file equals the rows of a frame."""
    wanted = frame.rows(start, start + band.shape[0])
    if kind == "bpm":
        return np.array_equal(band.mask, wanted.mask & (BAD | UNLIT))
    here: dict[str, Any] = {
        "SCI": band.data,
        "VAR": band.variance,
        "DQ": band.mask & ON_DISK,
        **band.planes,
    }
    there: dict[str, Any] = {
        "SCI": wanted.data,
        "VAR": wanted.variance,
        "DQ": wanted.mask & ON_DISK,
        **_planes(wanted),
    }
    return here.keys() == there.keys() and all(
        (pixels is None) == (there[name] is None) and (pixels is None or np.array_equal(pixels, there[name]))
        for name, pixels in here.items()
    )


def _averaged(frame: Frame) -> list[str]:
    """Return the roots of the files that went in and are no calibrations."""
    roots = dict.fromkeys(root_of(origin.filename) for origin in frame.provenance)
    return [root for root in roots if not root.endswith(CALIBRATIONS)]


def _bpm_part(frame: Frame, keywords: Mapping[str, Any]) -> Iterator[tuple[str, NDArray[Any], Header]]:
    """Give the one extension of a bad-pixel mask."""
    flags = (frame.mask & (BAD | UNLIT)).astype(np.int16)
    yield "SCI", flags, image_header(frame, "bpm", keywords)


def _parts(
    frame: Frame, kind: Kind, keywords: Mapping[str, Any]
) -> Iterator[tuple[str, NDArray[Any], Header]]:
    """Give the image extensions in the order of the reference."""
    coordinates = wcs_cards(frame)
    yield "SCI", frame.data, image_header(frame, kind, keywords)
    if frame.variance is not None:
        square = f"{frame.unit}**2" if frame.unit else ""
        yield "VAR", frame.variance, Header([("BUNIT", square), *coordinates.cards])
    yield "DQ", frame.mask, coordinates
    for name, plane in _planes(frame).items():
        unit = [("BUNIT", PLANE_UNITS[name])] if name in PLANE_UNITS else []
        yield name, plane, Header([*unit, *coordinates.cards])


def _planes(frame: Frame) -> dict[str, NDArray[Any]]:
    """Return the further planes; the flag for objects becomes a plane if none was made."""
    planes = {name.upper(): plane for name, plane in frame.planes.items()}
    taken = sorted(OWN & planes.keys())
    if taken:
        raise ValueError(f"{frame.name}: no further plane may be called {', '.join(taken)}")
    if "OBJMASK" in planes:
        planes["OBJMASK"] = planes["OBJMASK"].astype(np.uint8, copy=False)
    elif (frame.mask & OBJECT).any():
        planes["OBJMASK"] = (frame.mask & OBJECT != 0).view(np.uint8)
    return planes


def _write_image(stream: BinaryIO, name: str, pixels: NDArray[Any], cards: Header) -> None:
    """Write one image extension, padding included."""
    if pixels.dtype.name not in BITS:
        raise ValueError(f"{name}: FITS keeps no pixels of type {pixels.dtype}; use {', '.join(BITS)}")
    bits = BITS[pixels.dtype.name]
    ny, nx = pixels.shape
    header = extension_header(name, (ny, nx), bits, cards, unsigned=pixels.dtype.name in ("uint16", "uint32"))
    stream.write(_header_bytes(header))
    write_pixels(stream, pixels, bits, (lambda block: block & ON_DISK) if name == "DQ" else None)
    stream.write(bytes(-(pixels.size * abs(bits) // 8) % BLOCK))


def _header_bytes(header: Header) -> bytes:
    """Return a header as it stands in a file."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # astropy mends broken cards of the raw file, and tells each time
        return bytes(header.tostring().encode("ascii"))


def _table_bytes(name: str, table: Table) -> bytes:
    """Return a table extension as it stands in a file, padding included."""
    from astropy.io import fits

    hdu = fits.table_to_hdu(table)
    hdu.header["EXTNAME"] = name
    hdu.header["EXTVER"] = 1
    whole = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(whole)
    return whole.getvalue()[BLOCK:]  # an empty primary header is one block
