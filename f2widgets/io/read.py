"""A raw frame or a product on disk, opened without its pixels and read whole or in bands of rows."""

from __future__ import annotations

import os
import threading
import weakref
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io.fits import Header
from numpy.typing import NDArray

from f2widgets.core.flags import NO_DATA, OBJECT
from f2widgets.core.frame import Entry, Facts, Frame, FrameUnit, Origin
from f2widgets.errors import NotF2Data
from f2widgets.io.headers import facts_of, problems_of, repaired_wcs_header
from f2widgets.io.identity import md5_of, root_of
from f2widgets.io.layout import Hdu, damaged, layout, unreadable
from f2widgets.io.planes import read_floats, read_pixels
from f2widgets.io.provenance import Rows, history_from, provenance_from, unpacked_rows
from f2widgets.io.unpack import unpacked, untiled

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.wcs import WCS

#: Extensions that are no plane and no table of a Frame, but parts of it by themselves.
OWN = frozenset({"SCI", "VAR", "DQ", "WCS", "PROVENANCE", "HISTORY"})

#: Held while coordinates are made: Python's list of warning filters is one for all threads.
_wcs_lock = threading.Lock()


class FrameFile:
    """A file with one image, its headers read, its pixels not yet.

    Made by `open_frame`. Reading is safe from several threads at once: nothing is shared but the
    headers.

    Attributes
    ----------
    path : `~pathlib.Path`
        The file.
    name : str
        Its name without folder and ending: ``S20131121S0075``, ``S20131120S0115_dark``.
    header, image_header : `~astropy.io.fits.Header`
        The primary header and that of the image.
    shape : tuple of int
        Rows and columns.
    """

    def __init__(self, path: Path, source: Path, parts: list[Hdu]) -> None:
        self.path = path
        self.name = root_of(path)
        self._source = source
        self._parts = parts
        self._image = _the_image(path, parts)
        self.header = parts[0].header
        self.image_header = self._image.header
        ny, nx = _checked_shape(path, self._image)
        self.shape = (ny, nx)
        if source != path:
            weakref.finalize(self, source.unlink, missing_ok=True)

    @cached_property
    def facts(self) -> Facts:
        """What code asks about the frame."""
        return facts_of(self.header, self.image_header, self.path.name)

    @cached_property
    def problems(self) -> tuple[str, ...]:
        """What had to be repaired in the headers, in sentences."""
        return tuple(problems_of(self.header, self.image_header, self.path.name))

    @cached_property
    def unit(self) -> FrameUnit:
        """Unit of the pixels: 'adu' unless the file says otherwise, '' for a flat or a mask."""
        if {"BPM", "PROCESSED"} <= self.facts.tags or "PROCFLAT" in self.header:
            return ""  # the reference leaves "electron" on flats
        unit = str(self.image_header.get("BUNIT", "adu")).strip().lower()
        return "electron" if unit in ("electron", "electrons", "e-") else "" if unit == "" else "adu"

    @cached_property
    def wcs(self) -> WCS | None:
        """Celestial coordinates of the full frame, one object for all; None without usable keywords."""
        with _wcs_lock:
            made = self.__dict__.get("wcs")  # by another thread, while this one waited
            return made if made is not None else _wcs_of(self.image_header)

    @cached_property
    def provenance(self) -> tuple[Origin, ...]:
        """Files that went in; empty for a raw frame."""
        return provenance_from(self._rows_of("PROVENANCE"))

    @cached_property
    def history(self) -> tuple[Entry, ...]:
        """Steps carried out; empty for a raw frame."""
        return history_from(self._rows_of("HISTORY"))

    @cached_property
    def tables(self) -> Mapping[str, Table]:
        """Tables other than provenance and history, by extension name."""
        return {hdu.name: _table(self._source, hdu) for hdu in self._tables() if hdu.name not in OWN}

    @property
    def has_variance(self) -> bool:
        """Whether it has a plane VAR."""
        return self._plane("VAR") is not None

    @property
    def md5(self) -> str:
        """MD5 sum of the file as it lies on disk, compressed or not; computed once."""
        return md5_of(self.path)

    def read(self) -> Frame:
        """Return the whole frame.

        Returns
        -------
        Frame
            In native float32, with flags; of a product also variance, planes, tables and history.

        Raises
        ------
        NotF2Data
            If the file has changed or cannot be read any more.
        """
        return self.rows(0, self.shape[0])

    def rows(self, start: int, stop: int, *, pixels_only: bool = False) -> Frame:
        """Return a band of rows, reading no more than these.

        Parameters
        ----------
        start, stop : int
            First row and the row after the last.
        pixels_only : bool, optional
            Leave coordinates and tables out: a first look need not wait for what reads them.

        Returns
        -------
        Frame
            As `read` gives it. Its `wcs` is that of the full frame; calibrations have none, as
            nobody asks where a dark points, and astropy.wcs takes time to import.

        Raises
        ------
        NotF2Data
            If the file has changed or cannot be read any more.
        """
        data, mask = self._data_and_mask(start, stop)
        variance = None
        if (hdu := self._plane("VAR")) is not None:
            variance, missing = read_floats(self._source, hdu, start, stop)
            _flag(mask, missing)
        planes = self._further_planes(start, stop)
        if "OBJMASK" in planes:
            mask |= np.where(planes["OBJMASK"] != 0, np.uint16(OBJECT), np.uint16(0))
        return Frame(
            name=self.name,
            data=data,
            variance=variance,
            mask=mask,
            unit=self.unit,
            facts=self.facts,
            wcs=None if pixels_only or "CAL" in self.facts.tags else self.wcs,
            header=self.header,
            image_header=self.image_header,
            history=self.history,
            provenance=self.provenance,
            planes=planes,
            tables={} if pixels_only else self.tables,
        )

    def __repr__(self) -> str:
        """Say what this is in one line."""
        ny, nx = self.shape
        return f"<FrameFile {self.path.name}: {nx} x {ny}>"

    def _data_and_mask(self, start: int, stop: int) -> tuple[NDArray[np.float32], NDArray[np.uint16]]:
        """Read the image and its flags; of a bad-pixel mask the image is the flags."""
        data, missing = read_floats(self._source, self._image, start, stop)
        if (hdu := self._plane("DQ")) is not None:
            mask = read_pixels(self._source, hdu, start, stop).astype(np.uint16, copy=False)
        elif {"BPM", "PROCESSED"} <= self.facts.tags:
            mask = data.astype(np.uint16)
        else:
            mask = np.zeros(data.shape, np.uint16)
        _flag(mask, missing)
        return data, mask

    def _further_planes(self, start: int, stop: int) -> dict[str, NDArray[Any]]:
        """Read the images of the same shape that are neither data, variance nor flags."""
        return {
            hdu.name: read_pixels(self._source, hdu, start, stop)
            for hdu in self._parts
            if hdu.is_image and hdu.name and hdu.name not in OWN and hdu.shape == self.shape
        }

    def _plane(self, name: str) -> Hdu | None:
        """Return the image extension of a name, if it belongs to the frame."""
        for hdu in self._parts:
            if hdu.is_image and hdu.name == name:
                if hdu.shape != self.shape:
                    raise damaged(self.path, f"has a {name} of shape {hdu.shape} for {self.shape}")
                return hdu
        return None

    def _tables(self) -> list[Hdu]:
        """Return the tables of the file that have a name."""
        return [hdu for hdu in self._parts[1:] if hdu.header["XTENSION"].strip() == "BINTABLE" and hdu.name]

    def _rows_of(self, name: str) -> Rows:
        """Read a table of text; the reference's older name of HISTORY is known."""
        names = (name, "PROVHISTORY") if name == "HISTORY" else (name,)
        for hdu in self._tables():
            if hdu.name in names:
                return unpacked_rows(hdu.header, _bytes(self._source, hdu))
        return []


def open_frame(path: str | os.PathLike[str]) -> FrameFile:
    """Open a raw frame or a product and read its headers.

    Parameters
    ----------
    path : path-like
        A FITS file, plain or packed by gzip, bzip2 or fpack.

    Returns
    -------
    FrameFile
        The file. It may be of another instrument or a spectrum: see `require_imaging`.

    Raises
    ------
    NotF2Data
        If the file is no FITS file, is cut short or damaged, or holds no image or several.
    """
    path = Path(path)
    source = unpacked(path) or path
    try:
        parts = layout(source)
        if any(hdu.is_tiled for hdu in parts):
            packed, source = source, untiled(source)
            _forget(packed, path)
            parts = layout(source)
        return FrameFile(path, source, parts)
    except NotF2Data as error:
        _forget(source, path)
        if source != path:  # the message names the temporary file, the user's is meant
            raise NotF2Data(str(error).replace(str(source), str(path))) from error
        raise
    except BaseException:
        _forget(source, path)
        raise


def read_frame(path: str | os.PathLike[str]) -> Frame:
    """Read a raw frame or a product.

    Parameters
    ----------
    path : path-like
        A FITS file, plain or packed by gzip, bzip2 or fpack.

    Returns
    -------
    Frame
        The whole frame.

    Raises
    ------
    NotF2Data
        As `open_frame`.
    """
    return open_frame(path).read()


def require_imaging(file: FrameFile) -> FrameFile:
    """Refuse what is no image of Flamingos-2.

    Parameters
    ----------
    file : FrameFile
        An open file.

    Returns
    -------
    FrameFile
        The same file.

    Raises
    ------
    NotF2Data
        If it comes from another instrument, is a spectroscopic frame, or was taken behind GeMS.
    """
    tags = file.facts.tags
    if "F2" not in tags:
        found = str(file.header.get("INSTRUME", "")).strip() or "no instrument"
        raise NotF2Data(
            f"{file.path} is not from Flamingos-2: its INSTRUME is {found!r}, F2 is needed. "
            "Leave it out of the list."
        )
    if "SPECT" in tags:
        through = file.facts.disperser or "a grism"
        raise NotF2Data(
            f"{file.path} is a spectroscopic frame ({through}); only imaging can be reduced. "
            "Leave it out of the list, for instance with --xtags SPECT."
        )
    if str(file.header.get("AOFOLD", "")).strip() == "IN":
        raise NotF2Data(
            f"{file.path} was taken behind the adaptive optics GeMS (AOFOLD is IN), whose field and scale "
            "are others; only frames without it can be reduced. Leave it out of the list."
        )
    return file


def _the_image(path: Path, parts: list[Hdu]) -> Hdu:
    """Return the one image: the only one there is, or the only one called SCI."""
    images = [hdu for hdu in parts if hdu.is_image]
    named = [hdu for hdu in images if hdu.name == "SCI"]
    chosen = named or [hdu for hdu in images if not hdu.name] or images
    if not chosen:
        raise damaged(path, "holds no image, only headers")
    if len(chosen) > 1:
        raise NotF2Data(
            f"{path} holds {len(chosen)} images where Flamingos-2 has one. "
            "It comes from another instrument or program; leave it out of the list."
        )
    return chosen[0]


def _checked_shape(path: Path, image: Hdu) -> tuple[int, ...]:
    """Return the shape of the image, if it has rows and columns and nothing more."""
    shape = image.shape
    if len(shape) != 2:
        sides = " x ".join(map(str, reversed(shape)))
        raise NotF2Data(
            f"{path} holds data of {sides} pixels where one image of nx x ny x 1 is needed. "
            "Leave it out of the list."
        )
    return shape


def _flag(mask: NDArray[np.uint16], missing: NDArray[Any] | None) -> None:
    """Flag pixels that the file holds no number for, in a mask that is still ours."""
    if missing is not None:
        mask[missing] |= np.uint16(NO_DATA)


def _wcs_of(image_header: Header) -> WCS | None:
    """Make the coordinates from repaired keywords."""
    repaired = repaired_wcs_header(image_header)
    if repaired is None:
        return None
    import warnings

    from astropy.wcs import WCS, FITSFixedWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)  # the dates are not ours to mend
        wcs = WCS(repaired)
    wcs.wcs.set()  # now, while one thread has it
    return wcs


def _table(source: Path, hdu: Hdu) -> Table:
    """Read a table with astropy."""
    from astropy.io import fits
    from astropy.table import Table

    whole = hdu.header.tostring().encode("ascii") + _bytes(source, hdu)
    return Table.read(fits.BinTableHDU.fromstring(whole, uint=True), character_as_bytes=False)


def _bytes(source: Path, hdu: Hdu) -> bytes:
    """Read the data of a part."""
    try:
        with open(source, "rb") as stream:
            stream.seek(hdu.offset)
            return stream.read(hdu.size)
    except OSError as error:
        raise unreadable(source, error) from error


def _forget(temporary: Path, path: Path) -> None:
    """Delete a temporary file, but never the user's."""
    if temporary != path:
        temporary.unlink(missing_ok=True)
