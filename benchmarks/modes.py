"""The other ways of observing, from raw frames to the stack: how true the stack is, its time and memory.

``python benchmarks/modes.py kred offset ultradeep`` simulates each data set (kept in a folder for the next
time), reduces it in one Python process, and prints every figure with its limit, which is the same multiple of
the perfect stack's own figure as for Example 1. Nothing is asserted: read the verdicts.

A data set in K has some sixty stars and ten galaxies that can be measured, and its perfect stack has noise of
its own: the scatter of their light is known to 15 %, the median of the galaxies to 1 %. So the figures of all
seeds are printed together at the end as well. ``ultradeep`` is the data of ``kred``; ``--frames 175`` makes
more of them, whose time and memory are those of the stack alone.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from measure import compare, mask_figures, measure, read_mask, read_perfect
from scene import scene_of, stamps_of
from table import Row, line, show
from watch import Run, watched

from f2widgets.core.detector import PIXEL_SCALE, SIDE
from f2widgets.core.frame import Frame
from f2widgets.io.read import read_frame
from f2widgets.simulate import Truth, load, simulated
from f2widgets.simulate.sequence import ON_SKY, Exposure, exposures
from f2widgets.simulate.truth import settings_of

#: The light of the large galaxy of the offset to sky, within so many arcsec on the full array.
LARGE, RADIUS = Row("large_galaxy", "large galaxy: flux within 30 arcsec, offset, %", 1), 30.0
#: The deep stack of so many frames; of more, time may grow in proportion, and memory is 1.2 GB at most.
FRAMES, TIME = 18, Row("seconds", "ultradeep: wall time, s", 30)
MEMORY = Row("memory", "ultradeep: most memory, MB", 1000)


def main() -> None:
    """Do what the command line asks for."""
    options = _arguments()
    if options.reduce:
        reduce_here(options.reduce, Path.cwd(), options.recipe, options.parts)
        return
    data = options.data or Path(tempfile.gettempdir()) / "f2widgets-modes"
    for mode in options.modes:
        found = []
        for seed in options.seeds:
            raw = data_set(data, "kred" if mode == "ultradeep" else mode, options.size, seed, options.frames)
            found.append(print_truth(raw, mode))
        if len(found) > 1:
            ours, best = (mean([one[k] for one in found]) for k in (0, 1))
            print(
                f"\n{mode}, {len(found)} seeds together (means)\n{show(ours, best, nominal=False)}",
                flush=True,
            )


def data_set(data: Path, programme: str, size: int, seed: int, frames: int | None) -> Path:
    """Return the folder of a simulated data set, making it if it is not there."""
    many = {"nsci": frames} if frames and programme == "kred" else {}
    folder = data / f"{programme}{frames if many else ''}_s{size}_seed{seed}"
    if not (folder / "complete").exists():
        print(f"simulating {folder.name} ...", file=sys.stderr, flush=True)
        simulated(programme, folder, size=size, seed=seed, **many)
        (folder / "complete").touch()
    return folder


def mean(figures: list[dict[str, float]]) -> dict[str, float]:
    """Return the means of figures, of those with a sign with it."""
    return {name: float(np.nanmean([one[name] for one in figures])) for name in figures[0]}


def reduce_here(raw: Path, work: Path, recipe: str | None = None, parts: str = "all") -> Path:
    """Reduce a data set in this process: dark, mask, flat, stack; return the stack.

    Parameters
    ----------
    raw, work : Path
        Frames and products.
    recipe : str, optional
        Of the stack.
    parts : {'all', 'calibrations', 'stack'}
        What to make; the rest is there.
    """
    from f2widgets.reduction import reduce

    settings = settings_of(raw)
    assert settings is not None
    every = exposures(settings)

    def files(some: Iterable[Exposure]) -> list[Path]:
        return [raw / exposure.filename for exposure in some]

    sky = [e for e in every if e.kind in ON_SKY]
    flats = [e for e in every if e.kind.startswith("lamp")]
    darks = [e for e in every if e.kind == "dark"]
    short = [e for e in darks if e.seconds == min(dark.seconds for dark in darks)]
    if parts != "stack":
        reduce(files(e for e in darks if e.seconds == sky[0].seconds), out=work)
        mask = reduce(files([*flats, *short]), recipe="makeProcessedBPM", out=work).path
        less = [] if any(e.kind == "lamp on" for e in flats) else short
        reduce(files([*flats, *less]), user_cals={"bpm": mask}, out=work)
        if parts == "calibrations":
            return mask
    (mask,) = work.glob("*_bpm.fits")
    made = reduce(files(sky), recipe=recipe, user_cals={"bpm": mask}, out=work)
    for note in made.notes:
        print("note:", note)
    return made.path


def by_python(raw: Path, work: Path, mode: str) -> Run:
    """Reduce a data set in a Python process of its own; of a deep one the stack in another one."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    words = [sys.executable, str(Path(__file__).resolve()), "--reduce", str(raw.resolve())]
    own = {**os.environ, "XDG_CONFIG_HOME": str(work.resolve())}
    if mode != "ultradeep":
        return watched(words, work, own)
    watched([*words, "--parts", "calibrations"], work, own)
    return watched([*words, "--parts", "stack", "--recipe", mode], work, own)


def print_truth(raw: Path, mode: str) -> tuple[dict[str, float], dict[str, float]]:
    """Print the table of figures of one data set; return them, and those of the perfect stack."""
    work = raw.with_name(f"{raw.name}_{mode}_work")
    run = by_python(raw, work, mode)
    truth, perfect = load(raw), read_perfect(raw)
    (image,) = work.glob("*_image.fits")
    best = measure(perfect, truth)
    ours = compare(measure(read_frame(image), truth, best["sigma"]), best)
    bad = read_mask(image)
    if bad is not None:
        ours |= mask_figures(bad, truth)
    print(f"\n{raw.name}: {run.wall:.1f} s, {run.cpu:.1f} s of processor time, {run.peak:.0f} MB")
    print(run.output, end="")
    if mode == "ultradeep":
        number = len(truth.frames)
        limits = {
            "seconds": TIME.limit * number / FRAMES,
            "memory": MEMORY.limit if number == FRAMES else 1200,
        }
        figures = {"seconds": run.wall, "memory": run.peak}
        for row in (TIME, MEMORY):
            print(line(replace(row, limit=limits[row.name]), figures, {}, nominal=True))
    print(show(ours, compare(best, best), nominal=False), flush=True)
    large = large_galaxy(read_frame(image), truth)
    if large is not None:
        known = {LARGE.name: large_galaxy(perfect, truth) or 0.0}
        print(line(LARGE, {LARGE.name: large}, known, nominal=False), flush=True)
    return ours, compare(best, best)


def large_galaxy(frame: Frame, truth: Truth) -> float | None:
    """Return measured over true light of the large galaxy, less 1, in %; None where there is none."""
    index = int(np.argmax(truth.catalogue["re"]))
    if truth.catalogue["re"][index] < RADIUS / 2 * frame_scale(truth):
        return None
    scene = scene_of(frame, truth)
    radius = RADIUS * frame_scale(truth) / PIXEL_SCALE[0]
    half = int(radius) + 2
    own = scene.alone(index, half)
    x, y = (v[[index]] for v in scene.places)
    seen = stamps_of(frame.data - scene.light, x, y, half)[0] + own
    steps = np.arange(-half, half + 1)
    held = np.hypot(steps - (x - np.rint(x)), (steps - (y - np.rint(y)))[:, None]) < radius
    return 100 * float(seen[held].sum() / own[held].sum() - 1)


def frame_scale(truth: Truth) -> float:
    """Return the side of the array over that of the full one."""
    return float(truth.settings["size"]) / SIDE


def _arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modes", nargs="*", default=["kred", "offset", "ultradeep"])
    parser.add_argument("--frames", type=int, help="of the field in K, by default 18")
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--data", type=Path, help="where data sets are kept")
    parser.add_argument("--reduce", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--recipe", help=argparse.SUPPRESS)
    parser.add_argument("--parts", default="all", help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
