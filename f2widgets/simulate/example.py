"""Make the raw frames of a data set, with their truth."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.annotations import Tick, ignore
from f2widgets.errors import NotWritten
from f2widgets.simulate import files, headers, light, truth
from f2widgets.simulate.programmes import EXAMPLE1
from f2widgets.simulate.readout import read_out
from f2widgets.simulate.sequence import Conditions, Exposure, conditions, exposures
from f2widgets.simulate.settings import Settings

#: Threads unless told otherwise, at most: each takes about 120 MB at full size.
MOST_THREADS = 4

In = TypeVar("In")
Out = TypeVar("Out")


def example1(
    folder: str | Path, *, threads: int | None = None, on_progress: Tick = ignore, **options: Any
) -> list[Path]:
    """Make the raw frames of Example 1, dither on target, and write down the truth beside them.

    The same as ``simulated("example1", ...)``, which see.
    """
    return simulated(EXAMPLE1.name, folder, threads=threads, on_progress=on_progress, **options)


def simulated(
    data_set: str,
    folder: str | Path,
    *,
    threads: int | None = None,
    on_progress: Tick = ignore,
    **options: Any,
) -> list[Path]:
    """Make the raw frames of a data set and write down the truth beside them.

    Parameters
    ----------
    data_set : str
        Its name: "example1", "kred", "offset" or "twilight".
    folder : str or Path
        Where the frames go; the truth goes to ``truth`` in it.
    threads : int, optional
        Frames made at the same time; by default one per processor. The frames do not depend on it.
    on_progress : callable, optional
        Called with the number of frames done and of all; it may raise to stop.
    **options
        As for `Settings`: size, seed, sky, drift, stars, seeing, transparency, pointing, hot, bad_wcs, nsci,
        coadds, lnrs.

    Returns
    -------
    list of Path
        The raw frames, in order of their names. Each is written as it is made, and none is held.

    Raises
    ------
    ParameterError
        If an option is outside its limits.
    NotWritten
        If the folder cannot be written, has too little room, or holds frames of the same names that
        were not made here.
    """
    settings = Settings.of(data_set, **options)
    where = Path(folder)
    _check(where, settings)
    truth.write_settings(where, settings)
    night, science = light.draw(settings), conditions(settings)
    truth.write(where, night, science)
    seen = {now.exposure.name: now for now in science}
    todo = exposures(settings)

    def make(exposure: Exposure) -> Path:
        return _make(where, night, exposure, seen.get(exposure.name))

    made = []
    for path in in_order(make, todo, threads):
        made.append(path)
        on_progress(len(made), len(todo))
    return made


def disk_needed(size: int | Settings, *, perfect: bool = False) -> int:
    """Return how many bytes a data set takes on disk, truth included.

    Parameters
    ----------
    size : int or Settings
        Side of the array in pixels for Example 1, or all settings.
    perfect : bool, optional
        With the perfect stack.

    Returns
    -------
    int
        Bytes, rounded up somewhat.
    """
    header = 20_000
    settings = size if isinstance(size, Settings) else Settings(size=size)
    size = settings.size
    frames = len(exposures(settings)) * (4 * size**2 + header)
    planes = (4 + 4 + 4 + 1 + 1) * size**2 + settings.number * size**2 // 8
    return frames + planes + (16 * size**2 if perfect else 0) + 500_000


def in_order(work: Callable[[In], Out], todo: Iterable[In], threads: int | None) -> Iterator[Out]:
    """Do pieces of work in several threads and give the results in order.

    No more results than threads wait to be taken; when the receiver stops early, what has not begun
    is left undone.

    Parameters
    ----------
    work : callable
        Makes a result of one item.
    todo : iterable
        The items.
    threads : int or None
        How many at a time; None is one per processor.

    Yields
    ------
    object
        The results.
    """
    number = threads or min(os.cpu_count() or 1, MOST_THREADS)
    pool = ThreadPoolExecutor(number)
    begun: deque[Future[Out]] = deque()
    try:
        for item in todo:
            begun.append(pool.submit(work, item))
            if len(begun) > number:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _check(folder: Path, settings: Settings) -> None:
    """Refuse a folder without room, or with frames that are not ours to overwrite."""
    files.folder(folder)
    present = [exposure.filename for exposure in exposures(settings) if (folder / exposure.filename).exists()]
    if present and truth.settings_of(folder) is None:
        raise NotWritten(
            f"{folder} already holds {present[0]}, which was not simulated. "
            "Choose another folder, or move it away."
        )
    need = disk_needed(settings)
    room = shutil.disk_usage(folder).free + sum((folder / name).stat().st_size for name in present)
    if room < need:
        raise NotWritten(
            f"{folder} has room for {room / 1e6:.0f} MB, and the frames need {need / 1e6:.0f} MB. "
            "Make room, choose another folder or a smaller size."
        )


def _make(folder: Path, night: light.Night, exposure: Exposure, now: Conditions | None) -> Path:
    """Make one raw frame and write it."""
    electrons = light.calibration(night, exposure) if now is None else light.science(night, now)
    raw = read_out(night.settings, night.detector, exposure.name, electrons, exposure.seconds)
    del electrons
    path = folder / exposure.filename
    _write(path, raw, night, exposure, now)
    return path


def _write(
    path: Path, raw: NDArray[np.int32], night: light.Night, exposure: Exposure, now: Conditions | None
) -> None:
    """Write a raw frame as the observatory does: three axes, in an extension without name."""
    from astropy.io import fits

    first = fits.PrimaryHDU(header=headers.primary(night.settings, exposure, now, night.probe.guide_star))
    second = fits.ImageHDU(raw[None], header=headers.image(exposure, now, len(raw)))
    with files.whole(path) as part:
        fits.HDUList([first, second]).writeto(part, overwrite=True)
