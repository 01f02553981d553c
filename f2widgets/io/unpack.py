"""Compressed files (.gz, .bz2, .fz), unpacked once into a temporary file that is read like any other."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import shutil
import tempfile
import warnings
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import IO

from f2widgets.errors import NotF2Data, NotWritten
from f2widgets.io.layout import damaged, unreadable

#: First bytes of each kind of compressed file; the name is not trusted.
OPENERS: dict[bytes, type[gzip.GzipFile] | type[bz2.BZ2File]] = {
    b"\x1f\x8b": gzip.GzipFile,
    b"BZh": bz2.BZ2File,
}


def unpacked(path: Path) -> Path | None:
    """Unpack a file that gzip or bzip2 has packed.

    Parameters
    ----------
    path : `~pathlib.Path`
        Any file.

    Returns
    -------
    `~pathlib.Path` or None
        A temporary file, for the caller to delete; None if the file is not packed.

    Raises
    ------
    NotF2Data
        If the file cannot be read or is damaged.
    NotWritten
        If there is no room for the temporary file.
    """
    try:
        with open(path, "rb") as stream:
            start = stream.read(3)
    except OSError as error:
        raise unreadable(path, error) from error
    for magic, opener in OPENERS.items():
        if start.startswith(magic):
            return _temporary(path, partial(_stream, opener, path))
    return None


def untiled(path: Path) -> Path:
    """Unpack a file whose images fpack has compressed tile by tile.

    Parameters
    ----------
    path : `~pathlib.Path`
        A FITS file with at least one tiled image.

    Returns
    -------
    `~pathlib.Path`
        A temporary file with plain images, for the caller to delete.

    Raises
    ------
    NotF2Data
        If the file is damaged.
    NotWritten
        If there is no room for the temporary file.
    """
    return _temporary(path, partial(_untile, path))


def _stream(opener: type[gzip.GzipFile] | type[bz2.BZ2File], path: Path, target: IO[bytes]) -> None:
    """Unpack a stream into a file."""
    with opener(path) as source:
        while block := _block(source, path):
            target.write(block)


def _block(source: gzip.GzipFile | bz2.BZ2File, path: Path) -> bytes:
    """Read a block from a packed stream, telling damage from a full disk."""
    try:
        return source.read(1 << 20)
    except (EOFError, OSError, zlib.error) as error:
        raise damaged(path, f"cannot be unpacked ({error})") from error


def _untile(path: Path, target: IO[bytes]) -> None:
    """Write the images of a tiled file as plain ones, in physical values."""
    from astropy.io import fits

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about broken cards of the raw file, which others report
        try:
            with fits.open(path, memmap=False) as packed:
                plain = [
                    fits.ImageHDU(hdu.data, hdu.header) if isinstance(hdu, fits.CompImageHDU) else hdu
                    for hdu in packed
                ]
                whole = io.BytesIO()
                fits.HDUList(plain).writeto(whole, output_verify="ignore")
        except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
            raise damaged(path, f"cannot be unpacked ({error})") from error
    target.write(whole.getbuffer())


def _temporary(path: Path, fill: Callable[[IO[bytes]], None]) -> Path:
    """Make a temporary file and fill it; on any failure nothing stays behind."""
    try:
        handle, name = tempfile.mkstemp(prefix=f"f2widgets-{os.getpid()}-", suffix=".fits")
        temporary = Path(name)
        try:
            with open(handle, "wb") as target:
                fill(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    except NotF2Data:
        raise
    except OSError as error:
        folder = tempfile.gettempdir()
        free = shutil.disk_usage(folder).free // 1_000_000
        raise NotWritten(
            f"{path} cannot be unpacked into {folder}: {error.strerror or error} ({free} MB free). "
            "Make room there, or set TMPDIR to a folder with room."
        ) from error
    return temporary
