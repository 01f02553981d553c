"""Files as rows: what each one is, from its headers alone, and a word where it cannot be read."""

from __future__ import annotations

import bz2
import gzip
import os
import re
import warnings
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from f2widgets.core.frame import Facts
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.descriptors import Descriptor, descriptor
from f2widgets.io.headers import facts_of
from f2widgets.io.keywords import Headers
from f2widgets.io.layout import BLOCK, Hdu, damaged, layout, unreadable
from f2widgets.io.names import expand_names as expand_names
from f2widgets.io.repairs import repairs_of
from f2widgets.io.tags import tags_of

if TYPE_CHECKING:
    from astropy.io.fits import Header
    from astropy.table import Table

#: Names of FITS files, plain and packed, as the observatory and its archive write them.
FITS_NAME = re.compile(r".*\.(fits|fit)(\.(gz|bz2|fz))?$|.*\.fz$", re.IGNORECASE)
#: Columns of a table when none are asked for.
USUAL = ("tags", "object", "observation_class", "filter_name", "exposure_time", "ut_datetime")
#: Headers to look at in a packed file before giving up on an image.
MOST_HEADERS = 20


@dataclass(frozen=True)
class Record:
    """What is known of a file without its pixels.

    Parameters
    ----------
    path : `~pathlib.Path`
        The file, as it was named.
    headers : Headers or None, optional
        Its headers; None if it cannot be read.
    problem : str or None, optional
        Why it cannot be used: damaged, no FITS file, another instrument.
    """

    path: Path
    headers: Headers | None = None
    problem: str | None = None

    @property
    def name(self) -> str:
        """Name of the file without its folder."""
        return self.path.name

    @cached_property
    def tags(self) -> frozenset[str]:
        """What the file is; empty if it cannot be read."""
        return tags_of(self.headers.phu) if self.headers else frozenset()

    @cached_property
    def facts(self) -> Facts:
        """What code asks about it; all None if it cannot be read."""
        if self.headers is None:
            return Facts()
        return facts_of(self.headers.phu, self.headers.image, self.name)

    @cached_property
    def repairs(self) -> tuple[str, ...]:
        """What had to be mended in reading the headers, in sentences."""
        return repairs_of(self.headers) if self.headers else ()

    @property
    def short_problem(self) -> str | None:
        """The problem without the name of the file, for a line that begins with it."""
        return self.problem and self.problem.removeprefix(str(self.path)).strip()

    def descriptor(self, name: str, pretty: bool = True) -> Any:
        """Return the value of a descriptor.

        Parameters
        ----------
        name : str
            Its name, as in `f2widgets.io.descriptors.DESCRIPTORS`.
        pretty : bool, optional
            Ask for the plain form where there is one: ``J`` for ``J_G0802&Open``.

        Returns
        -------
        object
            The value; None where the file does not tell.

        Raises
        ------
        ParameterError
            If there is no such descriptor.
        """
        asked = descriptor(name)
        return asked(self.headers, pretty=pretty) if self.headers else None


def read_record(path: str | os.PathLike[str]) -> Record:
    """Read the headers of a file.

    Parameters
    ----------
    path : path-like
        A FITS file, plain or packed by gzip, bzip2 or fpack.

    Returns
    -------
    Record
        Never an error: a file that cannot be read, or that is of another instrument, has a `problem`.

    Notes
    -----
    A packed file is unpacked only as far as its headers reach.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is wrong with a header is said by `Record.repairs`
        return _read(Path(path))


def records(paths: Iterable[str | os.PathLike[str]]) -> list[Record]:
    """Read the headers of many files.

    Parameters
    ----------
    paths : iterable of path-like
        Files.

    Returns
    -------
    list of Record
        In the same order; no file stops the others.
    """
    named = [Path(path) for path in paths]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not any(path.suffix.lower() in (".bz2", ".gz") for path in named):
            return [_read(path) for path in named]
        # Unpacking takes most of the time and leaves the interpreter free.
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(max_workers=min(8, os.cpu_count() or 1)) as pool:
            return list(pool.map(_read, named))


def require_f2(record: Record) -> Record:
    """Refuse a file that cannot be used.

    Parameters
    ----------
    record : Record
        A file.

    Returns
    -------
    Record
        The same.

    Raises
    ------
    NotF2Data
        If it has a problem, in the words of that.
    """
    if record.problem:
        raise NotF2Data(record.problem)
    return record


def find_files(folder: str | os.PathLike[str], recurse: bool = True, mask: str | None = None) -> list[Path]:
    """Return the FITS files of a folder, sorted by folder and name.

    Parameters
    ----------
    folder : path-like
        Where to look.
    recurse : bool, optional
        Look in the folders inside as well; hidden ones are left out.
    mask : str, optional
        Regular expression for the beginning of the name, in place of the usual endings.

    Returns
    -------
    list of `~pathlib.Path`
        Files.

    Raises
    ------
    NotF2Data
        If the folder cannot be read.
    ParameterError
        If the mask is no regular expression.
    """
    try:
        wanted = re.compile(mask) if mask is not None else FITS_NAME
    except re.error as error:
        raise ParameterError(f"The mask {mask!r} is no regular expression: {error}.") from error
    folder = Path(folder)
    try:
        if not folder.is_dir():
            raise NotF2Data(f"{folder} is no folder. Check the name.")
        os.scandir(folder).close()
    except OSError as error:
        raise unreadable(folder, error) from error
    found: list[Path] = []
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if recurse and not name.startswith("."))
        found += [Path(parent, name) for name in sorted(names) if wanted.match(name)]
    return found


def table(rows: Sequence[Record], descriptors: Sequence[str] = USUAL, pretty: bool = True) -> Table:
    """Return descriptors of files as a table.

    Parameters
    ----------
    rows : sequence of Record
        Files.
    descriptors : sequence of str, optional
        Names of the columns.
    pretty : bool, optional
        Plain forms where there are any.

    Returns
    -------
    `~astropy.table.Table`
        One row per file: ``filename``, the descriptors, masked where a file does not tell, with units;
        and ``problem`` if a file has any.

    Raises
    ------
    ParameterError
        If there is no such descriptor.
    """
    from astropy.table import Column, Table

    new = Table()
    new["filename"] = Column([str(row.path) for row in rows], dtype=str)
    for name in descriptors:
        asked = descriptor(name)
        new[name] = _column(asked, [row.descriptor(name, pretty) for row in rows])
    if any(row.problem for row in rows):
        new["problem"] = Column([row.problem or "" for row in rows], dtype=str)
    return new


def _column(asked: Descriptor, values: list[Any]) -> Any:
    """Make a column that is masked where there is no value."""
    from astropy.table import MaskedColumn

    plain = asked.kind in (str, float, int, bool)
    dtype = asked.kind if plain else object
    filled = [asked.kind() if value is None and plain else value for value in values]
    if asked.kind is tuple:
        filled = [None if value is None else str(value) for value in values]
    column = MaskedColumn(filled, dtype=dtype, mask=[value is None for value in values])
    if asked.unit:
        column.unit = asked.unit
    return column


def _read(path: Path) -> Record:
    """Read a file's headers, or say why not."""
    try:
        phu, image = _headers(path)
    except NotF2Data as error:
        return Record(path, problem=str(error))
    headers = Headers(phu, image, path.name)
    return Record(path, headers, _other_than_f2(path, headers))


def _other_than_f2(path: Path, headers: Headers) -> str | None:
    """Say what keeps a whole FITS file from being one of Flamingos-2."""
    if "F2" not in tags_of(headers.phu):
        found = headers.text("INSTRUME")
        told = f"its INSTRUME is {found}, F2 is needed" if found else "it names no instrument"
        return f"{path} is not from Flamingos-2: {told}. Leave it out."
    return None if headers.image is not None else f"{path} holds no image. Leave it out."


def _headers(path: Path) -> tuple[Header, Header | None]:
    """Return the primary header and that of the first image."""
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
                    return _first_image(_streamed(packed))
    except EOFError as error:
        raise damaged(path, "is cut short") from error
    except (zlib.error, ValueError, KeyError, TypeError) as error:
        raise damaged(path, f"cannot be unpacked ({error})") from error
    except OSError as error:
        if error.errno is None:  # not the system, but the unpacking or the FITS reader
            raise damaged(path, f"cannot be unpacked ({error})") from error
        raise unreadable(path, error) from error
    return _first_image(layout(path))


def _first_image(parts: Iterable[Hdu]) -> tuple[Header, Header | None]:
    """Return the first header, and that of the first image, as if it had never been tiled."""
    phu: Header | None = None
    for hdu in parts:
        phu = hdu.header if phu is None else phu
        if hdu.is_image:
            return phu, hdu.header
        if hdu.is_tiled:
            return phu, _untiled(hdu.header)
    assert phu is not None, "a FITS file has a primary header"
    return phu, None


def _streamed(stream: gzip.GzipFile | bz2.BZ2File) -> Iterator[Hdu]:
    """Read header after header from a packed file, and no further than asked."""
    from astropy.io.fits import Header

    place = 0
    for _ in range(MOST_HEADERS):
        try:
            header = Header.fromfile(stream)
        except EOFError:
            if place == 0:
                raise
            return
        place = stream.tell()
        axes = [int(header[f"NAXIS{i + 1}"]) for i in range(int(header["NAXIS"]))]
        pixels = 1
        for axis in axes:
            pixels *= axis
        size = (pixels if axes else 0) * abs(int(header["BITPIX"])) // 8 + int(header.get("PCOUNT", 0))
        yield Hdu(header, place, size)
        stream.seek(place + -(-size // BLOCK) * BLOCK)


def _untiled(header: Header) -> Header:
    """Return the header of a tiled image as it was before fpack made a table of it."""
    plain = header.copy()
    for key in [key for key in header if re.fullmatch(r"NAXIS[12]|TTYPE\d|TFORM\d|TFIELDS", key)]:
        del plain[key]
    for key in ("BITPIX", "NAXIS", *(f"NAXIS{i}" for i in range(1, 4))):
        if f"Z{key}" in header:
            plain[key] = header[f"Z{key}"]
    if plain.get("EXTNAME") == "COMPRESSED_IMAGE":
        del plain["EXTNAME"]
    return plain
