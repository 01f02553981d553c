"""The files that a product was made from: looked for by name, checked by their MD5 sums."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from f2widgets.core.blocks import each
from f2widgets.core.frame import Origin
from f2widgets.errors import NotF2Data
from f2widgets.io.read import FrameFile, open_frame

#: Folders beside a product in which its calibrations may lie.
_STORES = ("calibrations/processed_dark", "calibrations/processed_flat", "calibrations/processed_bpm")
#: Checksums by path, time and size: a pixel after the other is asked for, and files seldom change.
_known: dict[tuple[str, int, int], str] = {}


def find_originals(
    origins: Sequence[Origin], folders: Iterable[str | os.PathLike[str]]
) -> tuple[dict[str, FrameFile], list[str]]:
    """Open the files that a product was made from.

    Parameters
    ----------
    origins : sequence of Origin
        The product's provenance.
    folders : iterable of path-like
        Where to look, the first first; where calibrations are kept in them as well.

    Returns
    -------
    files : dict of str to FrameFile
        Open files by name, those whose checksum agrees.
    problems : list of str
        A sentence for each file that is missing, cannot be read, or is another one.
    """
    places = list(dict.fromkeys(_places(folders)))
    files: dict[str, FrameFile] = {}
    problems: list[str] = []
    for origin in {origin.filename: origin for origin in origins}.values():
        there = [place / origin.filename for place in places if (place / origin.filename).is_file()]
        if not there:
            where = ", ".join(map(str, places[:4])) + (", …" if len(places) > 4 else "")
            problems.append(
                f"{origin.filename} is not there. Looked in {where}. Say where it is with search=[folder]."
            )
            continue
        try:
            files[origin.filename] = open_frame(there[0])
        except NotF2Data as error:
            problems.append(str(error))
    sums = _sums(list(files.values()))
    for origin in origins:
        file = files.get(origin.filename)
        if file is not None and origin.md5 and sums[origin.filename] != origin.md5:
            problems.append(f"{file.path} is not the file that was used: its MD5 sum differs.")
            del files[origin.filename]
    return files, problems


def _places(folders: Iterable[str | os.PathLike[str]]) -> Iterator[Path]:
    """Give the folders, and behind each where calibrations are kept in it."""
    for folder in folders:
        yield Path(folder)
        for store in _STORES:
            if (Path(folder) / store).is_dir():
                yield Path(folder) / store


def _sums(files: Sequence[FrameFile]) -> dict[str, str]:
    """Return the MD5 sums of files by name, several at a time; one that vanishes has none."""
    found: dict[str, str] = {}

    def work(file: FrameFile) -> None:
        """Take one file's sum."""
        try:
            state = file.path.stat()
            key = os.fspath(file.path.absolute()), state.st_mtime_ns, state.st_size
            if key not in _known:
                _known[key] = file.md5
            found[file.path.name] = _known[key]
        except (OSError, NotF2Data):
            found[file.path.name] = ""

    each([lambda file=file: work(file) for file in files])  # type: ignore[misc]
    return found
