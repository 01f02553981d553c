"""Files as rows: what each one is, from its headers alone, and a word where it cannot be read."""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.frame import Facts
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.descriptors import Descriptor, descriptor
from f2widgets.io.headers import facts_of
from f2widgets.io.keywords import Headers
from f2widgets.io.layout import unreadable
from f2widgets.io.names import expand_names as expand_names
from f2widgets.io.peek import first_image, image_header, peek
from f2widgets.io.repairs import Remark, remarks_of
from f2widgets.io.tags import tags_of

if TYPE_CHECKING:
    from astropy.table import Table

#: Names of FITS files, plain and packed, as the observatory and its archive write them.
FITS_NAME = re.compile(r".*\.(fits|fit)(\.(gz|bz2|fz))?$|.*\.fz$", re.IGNORECASE)
#: Text of a primary header, and of that of the image if there is one.
HeaderTexts = tuple[str, str | None]
#: Columns of a table when none are asked for.
USUAL = ("tags", "object", "observation_class", "filter_name", "exposure_time", "ut_datetime")


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
    answers : dict, optional
        Values of descriptors that are known already; those that are asked for are added.
    """

    path: Path
    headers: Headers | None = None
    problem: str | None = None
    answers: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Name of the file without its folder."""
        return self.path.name

    @cached_property
    def tags(self) -> frozenset[str]:
        """What the file is; empty if it cannot be read."""
        return frozenset((self.descriptor("tags") or "").split())

    @cached_property
    def facts(self) -> Facts:
        """What code asks about it; all None if it cannot be read."""
        if self.headers is None:
            return Facts()
        return facts_of(self.headers.phu, self.headers.image, self.name)

    @cached_property
    def remarks(self) -> tuple[Remark, ...]:
        """What is odd about the headers, and what was repaired or assumed in reading them."""
        return remarks_of(self.headers) if self.headers else ()

    @property
    def repairs(self) -> tuple[str, ...]:
        """The same in sentences alone."""
        return tuple(remark.text for remark in self.remarks)

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
        if self.headers is None:
            return None
        key = answer_key(asked, pretty)
        if key not in self.answers:
            self.answers[key] = asked(self.headers, pretty=pretty)
        return self.answers[key]


def answer_key(asked: Descriptor, pretty: bool) -> str:
    """Return where the answer of a descriptor is kept in a `Record`, by its form.

    Parameters
    ----------
    asked : Descriptor
        What is asked.
    pretty : bool
        Whether the plain form is wanted; it is told apart only where there is one.

    Returns
    -------
    str
        The key in `Record.answers`.
    """
    return f"pretty {asked.name}" if pretty and asked.pretty else asked.name


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
        return _read(Path(path))[0]


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
    return [record for record, _ in records_and_texts(paths)]


def records_and_texts(
    paths: Iterable[str | os.PathLike[str]],
) -> list[tuple[Record, HeaderTexts | None]]:
    """Read the headers of many files, and keep their text as well.

    Parameters
    ----------
    paths : iterable of path-like
        Files.

    Returns
    -------
    list of (Record, (str, str or None) or None)
        Each with the text of its primary header and of that of its image; None for a file that cannot
        be read.
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


def find_files(
    folder: str | os.PathLike[str], recurse: bool = True, mask: str | None = None, *, tick: Tick = ignore
) -> list[Path]:
    """Return the FITS files of a folder, sorted by folder and name.

    Parameters
    ----------
    folder : path-like
        Where to look.
    recurse : bool, optional
        Look in the folders inside as well; hidden ones are left out.
    mask : str, optional
        Regular expression for the beginning of the name, in place of the usual endings.
    tick : callable, optional
        Called for each folder with how many files are found so far, and 0; it may raise to stop.

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
        tick(len(found), 0)
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


def _read(path: Path) -> tuple[Record, HeaderTexts | None]:
    """Read a file's headers, or say why not."""
    try:
        primary, image = peek(path, first_image)
        headers = Headers(primary.header, image and image_header(image.header), path.name)
    except NotF2Data as error:
        return Record(path, problem=str(error)), None
    texts = primary.text, image.text if image else None
    return Record(path, headers, _other_than_f2(path, headers)), texts


def _other_than_f2(path: Path, headers: Headers) -> str | None:
    """Say what keeps a whole FITS file from being one of Flamingos-2."""
    if "F2" not in tags_of(headers.phu):
        found = headers.text("INSTRUME")
        told = f"its INSTRUME is {found}, F2 is needed" if found else "it names no instrument"
        return f"{path} is not from Flamingos-2: {told}. Leave it out."
    return None if headers.image is not None else f"{path} holds no image. Leave it out."
