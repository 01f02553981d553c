"""Pixels of one plane on their way between a file and an array, a block of rows at a time.

Each call opens the file for itself, so any number of threads can read bands of one file. A block is
small enough to stay in the processor's cache, and is converted by assignment: swapping the bytes
first would take twice as long.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.beat import beat
from f2widgets.io.layout import Hdu, damaged, unreadable

#: Pixels converted at a time: 512 kB of 4-byte pixels.
BLOCK_PIXELS = 1 << 17
#: How pixels are stored, by BITPIX (FITS standard 4.0, table 8).
STORED = {8: ">u1", 16: ">i2", 32: ">i4", 64: ">i8", -32: ">f4", -64: ">f8"}
#: BZERO with which FITS keeps unsigned integers, by BITPIX.
UNSIGNED = {16: 1 << 15, 32: 1 << 31}

Pixels = NDArray[Any]


def read_floats(path: Path, hdu: Hdu, start: int, stop: int) -> tuple[NDArray[np.float32], Pixels | None]:
    """Read a band of rows as physical values.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    hdu : Hdu
        The image in it.
    start, stop : int
        First row and the row after the last.

    Returns
    -------
    values : ndarray, shape (stop - start, nx), float32
        ``BZERO + BSCALE x stored``; 0 where the file holds no number.
    missing : ndarray of bool of the same shape, or None
        Where the file holds no number: BLANK, NaN or infinity. None if nowhere.
    """
    scale, zero = hdu.scaling
    values = np.empty((stop - start, hdu.shape[1]), np.float32)
    missing: Pixels | None = None
    for rows, stored in _blocks(path, hdu, start, stop):
        part = values[rows]
        if (scale, zero) == (1.0, 0.0):
            np.copyto(part, stored, casting="same_kind")
        else:
            part[...] = stored * scale + zero  # float64 on the way: a 32-bit zero point needs it
        gone = stored == hdu.blank if hdu.blank is not None else None
        if hdu.bits < 0:
            gone = ~np.isfinite(part)
        if gone is not None and gone.any():
            missing = np.zeros(values.shape, bool) if missing is None else missing
            missing[rows] = gone
            part[gone] = 0
    return values, missing


def read_pixels(path: Path, hdu: Hdu, start: int, stop: int) -> Pixels:
    """Read a band of rows in the type that the file keeps it in.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file.
    hdu : Hdu
        The image in it; a scaled one other than unsigned integers comes as float32.
    start, stop : int
        First row and the row after the last.

    Returns
    -------
    ndarray, shape (stop - start, nx)
        In native byte order.
    """
    bits, (scale, zero) = hdu.bits, hdu.scaling
    unsigned = zero != 0 and zero == UNSIGNED.get(bits)
    if scale != 1 or (zero != 0 and not unsigned):
        return read_floats(path, hdu, start, stop)[0]
    kind = np.dtype(f"u{bits // 8}") if unsigned else np.dtype(STORED[bits]).newbyteorder("=")
    pixels = np.empty((stop - start, hdu.shape[1]), kind)
    for rows, stored in _blocks(path, hdu, start, stop):
        part = pixels[rows]
        np.copyto(part, stored.view(f">u{bits // 8}") if unsigned else stored)
        if unsigned:
            part ^= kind.type(UNSIGNED[bits])  # adding half the range is turning its top bit
    return pixels


def write_pixels(
    stream: BinaryIO, pixels: Pixels, bits: int, change: Callable[[Pixels], Pixels] | None = None
) -> None:
    """Write an image in the byte order of FITS, without a copy of the whole.

    Parameters
    ----------
    stream : file
        Open for writing, at the place where the pixels go; padding is the caller's.
    pixels : ndarray, shape (ny, nx)
        The image; it is not changed.
    bits : int
        BITPIX to write, with the values of `pixels` as they are.
    change : callable, optional
        Applied to each block of rows before it is converted.
    """
    ny, nx = pixels.shape
    step = max(1, BLOCK_PIXELS // max(nx, 1))
    unsigned = pixels.dtype.kind == "u" and bits in UNSIGNED
    buffer = np.empty((step, nx), f">u{bits // 8}" if unsigned else STORED[bits])
    for row in range(0, ny, step):
        beat()
        block = pixels[row : row + step]
        if change is not None:
            block = change(block)
        if unsigned:
            block = block ^ block.dtype.type(UNSIGNED[bits])
        part = buffer[: len(block)]
        np.copyto(part, block, casting="same_kind" if bits < 0 else "unsafe")
        stream.write(memoryview(part).cast("B"))


def _blocks(path: Path, hdu: Hdu, start: int, stop: int) -> Iterator[tuple[slice, Pixels]]:
    """Give the stored pixels block by block, with the rows they are counted from `start`."""
    ny, nx = hdu.shape
    if not 0 <= start <= stop <= ny:
        raise IndexError(f"{path.name} has rows 0 to {ny}, not {start} to {stop}")
    step = max(1, BLOCK_PIXELS // max(nx, 1))
    buffer = np.empty((min(step, stop - start), nx), STORED[hdu.bits])
    with _opened(path) as stream:
        stream.seek(hdu.offset + start * nx * buffer.itemsize)
        for row in range(0, stop - start, step):
            part = buffer[: min(step, stop - start - row)]
            if stream.readinto(memoryview(part).cast("B")) != part.nbytes:
                raise damaged(path, "became shorter while it was read")
            yield slice(row, row + len(part)), part


@contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """Open a file for reading."""
    try:
        with open(path, "rb") as stream:
            yield stream
    except OSError as error:
        raise unreadable(path, error) from error
