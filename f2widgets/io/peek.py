"""Headers of a file, plain or packed, read no further than they are wanted."""

from __future__ import annotations

import bz2
import gzip
import re
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from f2widgets.errors import NotF2Data
from f2widgets.io.layout import BLOCK, Hdu, damaged, hdu_at, layout, unreadable

if TYPE_CHECKING:
    from astropy.io.fits import Header

Taken = TypeVar("Taken")
#: Headers to look at in a packed file before giving up on an image.
MOST_HEADERS = 20


def peek(path: Path, take: Callable[[Iterable[Hdu]], Taken]) -> Taken:
    """Read the headers of a file, one after the other, as far as they are wanted.

    Parameters
    ----------
    path : `~pathlib.Path`
        A FITS file, plain or packed by gzip, bzip2 or fpack.
    take : callable
        Takes the parts of the file and returns what is wanted of them, such as `first_image`. A packed
        file is unpacked only as far as it asks.

    Returns
    -------
    object
        What `take` returns.

    Raises
    ------
    NotF2Data
        If the file cannot be read, is no FITS file, is damaged or cut short.
    """
    if path.is_dir():
        raise NotF2Data(f"{path} is a folder. Name the files in it: {path}/*.fits.")
    try:
        with open(path, "rb") as stream:
            start = stream.read(3)
        for magic, opener in ((b"\x1f\x8b", gzip.open), (b"BZh", bz2.open)):
            if start.startswith(magic):
                with opener(path, "rb") as packed:
                    if not packed.peek(9).startswith(b"SIMPLE  ="):
                        raise damaged(path, "holds no FITS file")
                    return take(_streamed(packed, path))
    except EOFError as error:
        raise damaged(path, "is cut short") from error
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"cannot be unpacked ({error})") from error
    except OSError as error:
        if error.errno is None:  # not the system, but the unpacking or the FITS reader
            raise damaged(path, f"cannot be unpacked ({error})") from error
        raise unreadable(path, error) from error
    return take(layout(path))


def first_image(parts: Iterable[Hdu]) -> tuple[Hdu, Hdu | None]:
    """Return the first part of a file, and the first that is an image.

    Parameters
    ----------
    parts : iterable of Hdu
        Parts of a file.

    Returns
    -------
    primary : Hdu
        With the primary header.
    image : Hdu or None
        None if there is no image; it may be a tiled one.
    """
    primary: Hdu | None = None
    for hdu in parts:
        primary = hdu if primary is None else primary
        if hdu.is_image or hdu.is_tiled:
            return primary, hdu
    assert primary is not None, "a FITS file has a primary header"
    return primary, None


def _streamed(stream: gzip.GzipFile | bz2.BZ2File, path: Path) -> Iterator[Hdu]:
    """Read header after header from a packed file, and no further than asked."""
    place = 0
    for _ in range(MOST_HEADERS):
        if place and not stream.peek(8).startswith(b"XTENSION"):
            return
        hdu = hdu_at(stream, path, place)
        yield hdu
        place = hdu.offset + -(-hdu.size // BLOCK) * BLOCK
        stream.seek(place)


def image_header(header: Header) -> Header:
    """Return the header of an image; that of a tiled one as it was before fpack made a table of it.

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        Header of an image, or of the table that holds a tiled one.

    Returns
    -------
    `~astropy.io.fits.Header`
        The same, or a copy without the cards of the table.
    """
    if not header.get("ZIMAGE", False):
        return header
    plain = header.copy()
    for key in [key for key in header if re.fullmatch(r"NAXIS[12]|TTYPE\d|TFORM\d|TFIELDS", key)]:
        del plain[key]
    for key in ("BITPIX", "NAXIS", *(f"NAXIS{i}" for i in range(1, 4))):
        if f"Z{key}" in header:
            plain[key] = header[f"Z{key}"]
    if plain.get("EXTNAME") == "COMPRESSED_IMAGE":
        del plain["EXTNAME"]
    return plain
