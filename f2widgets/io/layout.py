"""Where the parts of a FITS file lie: headers, offsets and sizes, with a clear word for damaged files.

The headers are read block by block here, and not with `astropy.io.fits.open`, because three things
are wanted that it does not give together: the place of each plane, so that bands of rows can be read
by several threads at once; a file that is cut short told from one that is no FITS file; and speed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from io import BufferedIOBase, BufferedReader, FileIO
from pathlib import Path

from astropy.io.fits import Header
from astropy.io.fits.verify import VerifyError

from f2widgets.errors import NotF2Data

#: Bytes of a FITS block, and of a card in a header (FITS standard 4.0, sections 3.1 and 3.3.1).
BLOCK, CARD = 2880, 80
#: A header longer than this many blocks (36,000 cards) is taken for one that has lost its end.
LONGEST_HEADER = 1000
#: Characters that may stand in a header; anything else is shown as "?" (a zero byte as a blank).
_PRINTABLE = bytes(32 if i == 0 else i if 32 <= i < 127 else ord("?") for i in range(256))


@dataclass(frozen=True)
class Hdu:
    """One header with its data unit.

    Parameters
    ----------
    header : `~astropy.io.fits.Header`
        The header, as it stands in the file.
    offset : int
        First byte of the data.
    size : int
        Bytes of data without the padding; 0 where there are none.
    text : str, optional
        The header as it stands in the file.
    """

    header: Header
    offset: int
    size: int
    text: str = field(default="", repr=False, compare=False)

    # Kept, for a header takes 20 µs to answer, and every band of rows asks.

    @cached_property
    def name(self) -> str:
        """Name of the extension in capitals, or '' where it has none."""
        name = str(self.header.get("EXTNAME", "")).strip().upper()
        return "" if name == "COMPRESSED_IMAGE" else name  # fpack's word for "no name"

    @cached_property
    def is_image(self) -> bool:
        """Whether this holds an image with pixels in it."""
        kind = str(self.header.get("XTENSION", "IMAGE")).strip()
        return self.size > 0 and kind == "IMAGE"

    @property
    def is_tiled(self) -> bool:
        """Whether this is an image that fpack keeps inside a table."""
        return bool(self.header.get("ZIMAGE", False))

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Shape of an image as numpy counts it, rows before columns, without leading axes of length 1."""
        shape = [int(self.header[f"NAXIS{i}"]) for i in range(int(self.header["NAXIS"]), 0, -1)]
        while len(shape) > 2 and shape[0] == 1:
            del shape[0]
        return tuple(shape)

    @cached_property
    def bits(self) -> int:
        """BITPIX: how pixels are stored."""
        return int(self.header["BITPIX"])

    @cached_property
    def scaling(self) -> tuple[float, float]:
        """BSCALE and BZERO, exact for any that is a power of two or a whole number."""
        return float(self.header.get("BSCALE", 1)), float(self.header.get("BZERO", 0))

    @cached_property
    def blank(self) -> int | None:
        """BLANK: what an image of integers has where there is no number."""
        return self.header.get("BLANK") if self.bits > 0 else None


def layout(path: Path) -> list[Hdu]:
    """Return the parts of a FITS file that is not compressed.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.

    Returns
    -------
    list of Hdu
        The primary header first.

    Raises
    ------
    NotF2Data
        If the file cannot be opened, is no FITS file, is damaged or cut short.
    """
    try:
        with BufferedReader(FileIO(path), 8 * BLOCK) as stream:
            return _parts(stream, path, path.stat().st_size)
    except OSError as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: OSError) -> NotF2Data:
    """Return the error that says why the system would not open or read a file.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    error : OSError
        What the system said.

    Returns
    -------
    NotF2Data
        The error to raise.
    """
    reason = error.strerror or str(error)
    return NotF2Data(f"{path} cannot be read: {reason}. Check the name and the permissions.")


def damaged(path: Path, found: str) -> NotF2Data:
    """Return the error for a file whose contents are broken.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    found : str
        What is wrong with it, to follow "is" or "has".

    Returns
    -------
    NotF2Data
        The error to raise.
    """
    return NotF2Data(f"{path} {found}. Copy or download it again.")


def _parts(stream: BufferedReader[FileIO], path: Path, length: int) -> list[Hdu]:
    """Walk through the file from header to header."""
    start = stream.read(CARD)
    if not start.startswith(b"SIMPLE  ="):
        what = "is empty" if not start else f"is no FITS file: it begins with {_quoted(start)}"
        raise damaged(path, what)
    found: list[Hdu] = []
    place = 0
    while place < length or not found:
        stream.seek(place)
        if found and not stream.peek(8).startswith(b"XTENSION"):
            break  # after the last extension anything may follow; the standard says to ignore it
        hdu = hdu_at(stream, path, place)
        if hdu.offset + hdu.size > length:
            promised = hdu.offset + hdu.size
            raise damaged(path, f"is cut short: its headers promise {promised} bytes, there are {length}")
        found.append(hdu)
        place = hdu.offset + math.ceil(hdu.size / BLOCK) * BLOCK
    return found


def hdu_at(stream: BufferedIOBase, path: Path, place: int) -> Hdu:
    """Read the header that starts where a stream stands.

    Parameters
    ----------
    stream : file
        Open for reading bytes.
    path : `~pathlib.Path`
        The file, for messages.
    place : int
        Where the stream stands.

    Returns
    -------
    Hdu
        The header and where its data lie.

    Raises
    ------
    NotF2Data
        If there is no whole header.
    """
    blocks = []
    for _ in range(LONGEST_HEADER):
        block = stream.read(BLOCK)
        if len(block) < BLOCK:
            raise damaged(path, "is cut short in the middle of a header")
        blocks.append(block.translate(_PRINTABLE))
        if any(block[i : i + 8].rstrip() == b"END" for i in range(0, BLOCK, CARD)):
            break
    else:
        raise damaged(path, "has a header without an end")
    try:
        text = b"".join(blocks).decode("ascii")
        header = Header.fromstring(text)
        return Hdu(header, place + BLOCK * len(blocks), _data_size(header), text)
    except (KeyError, ValueError, TypeError, VerifyError) as error:
        raise damaged(path, f"has a damaged header ({error})") from error


def _data_size(header: Header) -> int:
    """Return the bytes of data that a header announces (FITS standard 4.0, equations 1 and 2)."""
    axes = [int(header[f"NAXIS{i}"]) for i in range(1, int(header["NAXIS"]) + 1)]
    if not axes:
        return 0
    groups, parameters = int(header.get("GCOUNT", 1)), int(header.get("PCOUNT", 0))
    return abs(int(header["BITPIX"])) // 8 * groups * (parameters + math.prod(axes))


def _quoted(start: bytes) -> str:
    """Return the first characters of a file, fit for a message."""
    return repr(start[:20].translate(_PRINTABLE).decode("ascii").strip())
