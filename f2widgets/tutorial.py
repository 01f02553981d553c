"""Example 1 as a tutorial: its folders, its command lines, and what is left at the end to look at."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from f2widgets.errors import NotWritten
from f2widgets.io.atomic import written_whole
from f2widgets.io.read import read_frame
from f2widgets.pictures import show
from f2widgets.quality import quality_table, quality_text
from f2widgets.simulate.example import disk_needed
from f2widgets.simulate.files import folder as made_folder
from f2widgets.simulate.sequence import exposures
from f2widgets.simulate.settings import Settings
from f2widgets.simulate.truth import settings_of

#: Raw frames as they are named from the playground.
RAW = "../playdata/example1/*.fits"
#: What the reduction leaves there.
DARK, BPM = "S20131120S0115_dark.fits", "S20131129S0320_bpm.fits"
FLAT, IMAGE = "S20131129S0320_flat.fits", "S20131121S0075_image.fits"

#: Bytes on disk for each pixel of the array: dark and flat of 10, mask of 2, and a stack that is wider.
_PRODUCTS = 46
#: Seconds for imports and headers, and for the pixels of the full array: 36 s in all on two busy cores.
_SECONDS = (6.0, 40.0)


@dataclass(frozen=True)
class Places:
    """The folders of a tutorial: its own, the one of the raw frames, and the one to work in."""

    folder: Path
    raw: Path
    playground: Path


@dataclass(frozen=True)
class Line:
    """A command line of the tutorial, run in the playground, and what it is for."""

    words: tuple[str, ...]
    what: str

    def __str__(self) -> str:
        """Write it as one would type it."""
        return typed(self.words)


def typed(words: Iterable[str]) -> str:
    """Return a command as one would type it into a shell.

    Parameters
    ----------
    words : iterable of str
        The verb and what follows.

    Returns
    -------
    str
        With ``f2`` before, and quotes where the shell needs them.
    """
    quoted = []
    for word in words:
        option, equals, value = word.partition("=") if word.startswith("--") else ("", "", word)
        quoted.append(f"{option}{equals}{shlex.quote(value) if value else ''}")
    return " ".join(["f2", *quoted])


def lines() -> tuple[Line, ...]:
    """Return the command lines that reduce Example 1, in their order.

    Returns
    -------
    tuple of Line
        Calibration service, lists, dark, bad pixel mask, flat, check of the coordinates, science.
    """
    user_bpm = ("-p", f"addDQ:user_bpm={BPM}")
    return (
        Line(("caldb", "init"), "a database for the calibrations to come"),
        _chosen("darks_120s.list", "darks as long as the science frames", "exposure_time==120", "DARK"),
        _chosen("darks_002s.list", "short darks, for the bad pixels", "exposure_time==2", "DARK"),
        _chosen("flats_Y.list", "flats, lamp on and lamp off", 'filter_name=="Y"', "FLAT"),
        _chosen(
            "sci_images.list", "frames of the target", '(observation_class=="science" and filter_name=="Y")'
        ),
        Line(("reduce", "@darks_120s.list"), "the master dark"),
        Line(("reduce", "@flats_Y.list", "@darks_002s.list", "-r", "makeProcessedBPM"), "the bad pixel mask"),
        Line(("reduce", "@flats_Y.list", *user_bpm), "the master flat"),
        Line(("reduce", "@sci_images.list", "-r", "checkWCS"), "a check of the headers' coordinates"),
        Line(("reduce", "@sci_images.list", *user_bpm), "the stack"),
    )


def _chosen(name: str, what: str, expression: str, tags: str = "") -> Line:
    """Return the line that writes a list of files."""
    tagged = ("--tags", tags) if tags else ()
    return Line(("dataselect", RAW, *tagged, f"--expr={expression}", "-o", name), what)


def lay_out(folder: str | os.PathLike[str]) -> Places:
    """Make the folders of the tutorial; those that are there are kept.

    Parameters
    ----------
    folder : path-like
        Where they go.

    Returns
    -------
    Places
        Absolute paths.

    Raises
    ------
    NotWritten
        If they cannot be made.
    """
    base = Path(folder).expanduser().absolute()
    places = Places(base, base / "playdata" / "example1", base / "playground")
    for place in (places.raw, places.playground):
        made_folder(place)
    return places


def has_frames(places: Places, size: int, seed: int) -> bool:
    """Tell whether the raw frames asked for are there already.

    Parameters
    ----------
    places : Places
        The folders.
    size : int
        Side of the array in pixels.
    seed : int
        Seed of the random numbers.

    Returns
    -------
    bool
        True if all are; False if some are missing.

    Raises
    ------
    NotWritten
        If frames of another size or seed are in the way.
    """
    there, wanted = settings_of(places.raw), Settings(size=size, seed=seed)
    if there is not None and there != wanted:
        raise NotWritten(
            f"{places.folder} holds another example: {_difference(there, wanted)}. "
            "Name another folder, or delete this one."
        )
    names = [exposure.filename for exposure in exposures()]
    return there is not None and all((places.raw / name).exists() for name in names)


def _difference(there: Settings, wanted: Settings) -> str:
    """Say in which settings two examples differ."""
    before, now = asdict(there), asdict(wanted)
    return ", ".join(f"{key} {before[key]}, not {now[key]}" for key in now if before[key] != now[key])


def needs(size: int) -> tuple[int, float]:
    """Return what the tutorial takes.

    Parameters
    ----------
    size : int
        Side of the array in pixels.

    Returns
    -------
    disk : int
        Bytes, frames and products together.
    time : float
        Seconds, roughly, on a computer with two cores.
    """
    fixed, full = _SECONDS
    return disk_needed(size) + _PRODUCTS * size**2, fixed + full * (size / 2048) ** 2


def require_room(places: Places, size: int) -> None:
    """Refuse a disk that is too full.

    Parameters
    ----------
    places : Places
        The folders; what lies in them already counts as room.
    size : int
        Side of the array in pixels.

    Raises
    ------
    NotWritten
        If there is too little room.
    """
    need, _ = needs(size)
    present = sum(path.stat().st_size for path in places.folder.rglob("*.fits"))
    room = shutil.disk_usage(places.folder).free + present
    if room < need:
        raise NotWritten(
            f"{places.folder} has room for {room / 1e6:.0f} MB, and the tutorial needs {need / 1e6:.0f} MB. "
            "Make room, name another folder, or take a smaller --size."
        )


def look_at(product: str | os.PathLike[str]) -> Iterator[Path]:
    """Write a picture of the stack and a summary of its quality beside it.

    Parameters
    ----------
    product : path-like
        The stack.

    Yields
    ------
    `~pathlib.Path`
        The picture, then the summary.

    Raises
    ------
    NotF2Data
        If the product cannot be read.
    NotWritten
        If the system refuses.
    """
    path = Path(product)
    frame = read_frame(path)
    yield show(frame, size=8).save(path.with_suffix(".png"))
    text = path.with_name(f"{path.stem}_quality.txt")
    with written_whole(text) as stream:
        stream.write(f"{quality_text(quality_table(frame))}\n".encode())
    yield text
