"""Example 1: the 36 raw frames of a dither-on-target night, with their truth."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.annotations import Tick, ignore
from f2widgets.errors import NotWritten
from f2widgets.simulate import files, headers, light, truth
from f2widgets.simulate.readout import read_out
from f2widgets.simulate.sequence import Conditions, Exposure, conditions, exposures
from f2widgets.simulate.settings import Settings

#: Threads unless told otherwise, at most: each takes about 120 MB at full size.
MOST_THREADS = 4

In = TypeVar("In")
Out = TypeVar("Out")


def example1(
    folder: str | Path,
    *,
    size: int = 2048,
    seed: int = 1,
    sky: float = 190.0,
    drift: float = 0.02,
    stars: int = 1200,
    seeing: float = 3.5,
    transparency: float = 0.025,
    pointing: float = 0.15,
    hot: int = 9000,
    bad_wcs: int | None = None,
    threads: int | None = None,
    on_progress: Tick = ignore,
) -> list[Path]:
    """Make the raw frames of Example 1 and write down the truth beside them.

    Parameters
    ----------
    folder : str or Path
        Where the frames go; the truth goes to ``truth`` in it.
    size, seed, sky, drift, stars, seeing, transparency, pointing, hot, bad_wcs
        As for `Settings`.
    threads : int, optional
        Frames made at the same time; by default one per processor. The frames do not depend on it.
    on_progress : callable, optional
        Called with the number of frames done and of all; it may raise to stop.

    Returns
    -------
    list of Path
        The raw frames, in order of their names.

    Raises
    ------
    ParameterError
        If an option is outside its limits.
    NotWritten
        If the folder cannot be written, has too little room, or holds frames of the same names that
        were not made here.
    """
    settings = Settings(
        size=size,
        seed=seed,
        sky=sky,
        drift=drift,
        stars=stars,
        seeing=seeing,
        transparency=transparency,
        pointing=pointing,
        hot=hot,
        bad_wcs=bad_wcs,
    )
    where = Path(folder)
    _check(where, settings)
    truth.write_settings(where, settings)
    night, science = light.draw(settings), conditions(settings)
    truth.write(where, night, science)
    seen = {now.exposure.name: now for now in science}
    todo = exposures()

    def make(exposure: Exposure) -> Path:
        return _make(where, night, exposure, seen.get(exposure.name))

    made = []
    for path in in_order(make, todo, threads):
        made.append(path)
        on_progress(len(made), len(todo))
    return made


def disk_needed(size: int, *, perfect: bool = False) -> int:
    """Return how many bytes Example 1 takes on disk, truth included.

    Parameters
    ----------
    size : int
        Side of the array in pixels.
    perfect : bool, optional
        With the perfect stack.

    Returns
    -------
    int
        Bytes, rounded up somewhat.
    """
    header = 20_000
    frames = len(exposures()) * (4 * size**2 + header)
    planes = (4 + 4 + 4 + 1 + 1) * size**2 + 9 * size**2 // 8
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
    present = [exposure.filename for exposure in exposures() if (folder / exposure.filename).exists()]
    if present and truth.settings_of(folder) is None:
        raise NotWritten(
            f"{folder} already holds {present[0]}, which was not simulated. "
            "Choose another folder, or move it away."
        )
    need = disk_needed(settings.size)
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
    _write(path, raw, exposure, now, night.probe.guide_star)
    return path


def _write(
    path: Path,
    raw: NDArray[np.int32],
    exposure: Exposure,
    now: Conditions | None,
    guide_star: tuple[float, float],
) -> None:
    """Write a raw frame as the observatory does: three axes, in an extension without name."""
    from astropy.io import fits

    first = fits.PrimaryHDU(header=headers.primary(exposure, now, guide_star))
    second = fits.ImageHDU(raw[None], header=headers.image(exposure, now, len(raw)))
    with files.whole(path) as part:
        fits.HDUList([first, second]).writeto(part, overwrite=True)
