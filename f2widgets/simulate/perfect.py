"""The perfect stack: the same field dithered by whole pixels, every nuisance known and nothing resampled.

It is the yardstick of a reduction: no reduction of the raw frames can be expected to do better.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from f2widgets import __version__
from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.detector import GAIN, linearity_slope, linearized
from f2widgets.core.frame import Plane
from f2widgets.errors import WrongInputs
from f2widgets.simulate import files, light, truth
from f2widgets.simulate.example import in_order
from f2widgets.simulate.pointing import Pointing
from f2widgets.simulate.readout import jitter, read_out
from f2widgets.simulate.sequence import Conditions, conditions
from f2widgets.simulate.settings import Settings

#: What is put before a frame's name so that its noise is another one than the raw frame's.
NAME = "perfect-"


@dataclass(frozen=True)
class Stack:
    """The perfect stack, on the grid that holds every frame.

    Parameters
    ----------
    data : ndarray, shape (ny, nx), float32
        Electrons of one exposure at the mean transparency; 0 where there is none.
    variance : ndarray, shape (ny, nx), float32
        Its variance.
    coverage : ndarray, shape (ny, nx), float32
        Number of frames that went in.
    pointing : Pointing
        The projection of the grid.
    offsets : list of tuple of int
        Whole-pixel offset (dx, dy) of each frame against the first.
    origin : tuple of int
        Pixel (x, y) of the first frame that is the grid's first pixel (negative or 0).
    """

    data: Plane
    variance: Plane
    coverage: Plane
    pointing: Pointing
    offsets: list[tuple[int, int]]
    origin: tuple[int, int]


def perfect(folder: str | Path, *, threads: int | None = None, on_progress: Tick = ignore) -> Path:
    """Make the perfect stack of a simulated data set and write it to its truth.

    Parameters
    ----------
    folder : str or Path
        Folder of the raw frames.
    threads : int, optional
        Frames made at the same time; by default one per processor.
    on_progress : callable, optional
        Called with the number of frames done and of all.

    Returns
    -------
    Path
        The file, ``truth/perfect.npz``: data, variance and coverage as `Stack` has them, ``wcs`` (a
        JSON text of header keywords), ``offsets``, ``origin``, ``about`` (a JSON text).

    Raises
    ------
    WrongInputs
        If the folder holds no simulated data set.
    NotWritten
        If the file cannot be written.
    """
    where = Path(folder)
    settings = truth.settings_of(where)
    if settings is None:
        raise WrongInputs(
            f"{folder} holds no simulated data set: make one with f2 simulate example1 {folder}."
        )
    if settings.programme.fading != 1:
        raise WrongInputs(f"{folder} holds {settings.programme.title} frames, which are no images to stack.")
    stack = stacked(settings, threads=threads, on_progress=on_progress)
    wcs = {**dict(stack.pointing.cards()), "CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "RADESYS": "FK5"}
    about = {"unit": "electron per exposure at the mean transparency of the frames", "version": __version__}
    path = where / truth.FOLDER / "perfect.npz"
    with files.whole(path) as part:
        np.savez(
            part,
            data=stack.data,
            variance=stack.variance,
            coverage=stack.coverage,
            offsets=np.array(stack.offsets),
            origin=np.array(stack.origin),
            wcs=np.array(json.dumps(wcs)),
            about=np.array(json.dumps(about)),
        )
    return path


def stacked(settings: Settings, *, threads: int | None = None, on_progress: Tick = ignore) -> Stack:
    """Return the perfect stack of a night.

    Each frame is simulated with its own sky, seeing, transparency, probe and noise, at the whole
    pixel nearest to its true offset. Pedestal, non-linearity, dark current, response and sky are
    taken out with their true values, and bad pixels, unlit ones and the probe's region left out.
    Frames are scaled to the mean transparency and averaged with weights transparency²/sky; there is
    no clipping, so cosmic rays stay in.

    Parameters
    ----------
    settings : Settings
        What the user chose.
    threads : int, optional
        Frames made at the same time.
    on_progress : callable, optional
        Called with the number of frames done and of all.

    Returns
    -------
    Stack
        The stack.
    """
    night = light.draw(settings)
    frames = [now for now in conditions(settings) if now.exposure.kind != "sky"]
    mean = float(np.mean([now.transparency for now in frames]))
    offsets = [_whole(truth.offset(settings, frames[0], now)) for now in frames]
    shifted = [
        replace(now, pointing=frames[0].pointing.moved(*offset))
        for now, offset in zip(frames, offsets, strict=True)
    ]
    columns, rows = zip(*offsets, strict=True)
    origin = -max(columns), -max(rows)
    ny = settings.size + max(rows) - min(rows)
    nx = settings.size + max(columns) - min(columns)
    total, spread, weights, coverage = (np.zeros((ny, nx), np.float32) for _ in range(4))
    # A corrected frame is 50 MB at full size: more than two threads would cost more memory than time.
    results = in_order(lambda now: _corrected(night, now, mean), shifted, min(threads or 2, 2))
    for number, (data, variance, good) in enumerate(results):
        y, x = max(rows) - rows[number], max(columns) - columns[number]
        here = np.s_[y : y + settings.size, x : x + settings.size]
        weight = np.float32(frames[number].transparency ** 2 / frames[number].sky) * good
        total[here] += weight * data
        spread[here] += weight * weight * variance
        weights[here] += weight
        coverage[here] += good
        on_progress(number + 1, len(frames))
    seen = weights > 0
    np.divide(total, weights, out=total, where=seen)
    np.divide(spread, weights * weights, out=spread, where=seen)
    pointing = frames[0].pointing.moved(-origin[0], -origin[1])
    return Stack(total, spread, coverage, pointing, offsets, origin)


def _whole(offset: tuple[float, float]) -> tuple[int, int]:
    """Return an offset in whole pixels."""
    return round(offset[0]), round(offset[1])


def _corrected(night: light.Night, now: Conditions, transparency: float) -> tuple[Plane, Plane, Plane]:
    """Return a frame of nothing but objects, its variance, and which pixels count (1 or 0)."""
    settings, array = night.settings, night.detector
    name, coadds = NAME + now.exposure.name, np.float32(settings.coadds)
    seconds = np.float32(now.exposure.seconds) * coadds
    raw = read_out(settings, array, name, light.science(night, now), now.exposure.seconds)
    zero = (array.pedestal + jitter(settings, name)) * np.float32(settings.lnrs * settings.coadds)
    counts = (raw - zero) * np.float32(GAIN / (settings.lnrs * settings.coadds))
    good = array.lit & (array.bad == 0) & ~night.probe.region(now.probe_pointing, settings.size)
    response = np.where(good, array.flat, 1) / np.float32(transparency / now.transparency)
    held = coadds * linearized(counts)
    noise = array.noise * linearity_slope(counts)
    variance = (np.maximum(held, 0) + coadds * noise * noise) / response**2
    data = (held - array.dark * seconds) / response
    data -= light.sky(settings, now) * seconds * np.float32(transparency / now.transparency)
    return data * good, variance * good, good.astype(np.float32)
