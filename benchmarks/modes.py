"""The other ways of observing, from raw frames to the stack: how true the stack is, its time and memory.

``python benchmarks/modes.py kred offset`` simulates each data set (kept in a folder for the next time),
reduces it in one Python process, and prints every figure with its limit, which is the same multiple of
the perfect stack's own figure as for Example 1. Nothing is asserted: read the verdicts.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from measure import compare, mask_figures, measure, read_mask, read_perfect
from scene import scene_of, stamps_of
from table import Row, line, show
from watch import Run, watched

from f2widgets.core.detector import PIXEL_SCALE, SIDE
from f2widgets.core.frame import Frame
from f2widgets.io.read import read_frame
from f2widgets.simulate import Settings, Truth, load, simulated
from f2widgets.simulate.sequence import ON_SKY, Exposure, exposures

#: The light of the large galaxy of the offset to sky, within so many arcsec on the full array.
LARGE, RADIUS = Row("large_galaxy", "large galaxy: flux within 30 arcsec, offset, %", 1), 30.0


def main() -> None:
    """Do what the command line asks for."""
    options = _arguments()
    if options.reduce:
        reduce_here(options.reduce, Path.cwd())
        return
    data = options.data or Path(tempfile.gettempdir()) / "f2widgets-modes"
    for mode in options.modes:
        for seed in options.seeds:
            print_truth(data_set(data, mode, options.size, seed))


def data_set(data: Path, mode: str, size: int, seed: int) -> Path:
    """Return the folder of a simulated data set, making it if it is not there."""
    folder = data / f"{mode}_s{size}_seed{seed}"
    if not (folder / "complete").exists():
        print(f"simulating {folder.name} ...", file=sys.stderr, flush=True)
        simulated(mode, folder, size=size, seed=seed)
        (folder / "complete").touch()
    return folder


def reduce_here(raw: Path, work: Path) -> Path:
    """Reduce a data set in this process: dark, mask, flat, stack; return the stack."""
    from f2widgets.reduction import reduce

    settings = load(raw).settings
    every = exposures(Settings(**{name: settings[name] for name in Settings.__dataclass_fields__}))

    def files(some: Iterable[Exposure]) -> list[Path]:
        return [raw / exposure.filename for exposure in some]

    sky = [e for e in every if e.kind in ON_SKY]
    flats = [e for e in every if e.kind.startswith("lamp")]
    darks = [e for e in every if e.kind == "dark"]
    short = [e for e in darks if e.seconds == min(dark.seconds for dark in darks)]
    reduce(files(e for e in darks if e.seconds == sky[0].seconds), out=work)
    mask = reduce(files([*flats, *short]), recipe="makeProcessedBPM", out=work).path
    less = [] if any(e.kind == "lamp on" for e in flats) else short
    reduce(files([*flats, *less]), user_cals={"bpm": mask}, out=work)
    made = reduce(files(sky), user_cals={"bpm": mask}, out=work)
    for note in made.notes:
        print("note:", note)
    return made.path


def by_python(raw: Path, work: Path) -> Run:
    """Reduce a data set in a Python process of its own."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    words = [sys.executable, str(Path(__file__).resolve()), "--reduce", str(raw.resolve())]
    return watched(words, work, {**os.environ, "XDG_CONFIG_HOME": str(work)})


def print_truth(raw: Path) -> None:
    """Print the table of figures of one data set."""
    work = raw.with_name(f"{raw.name}_work")
    run = by_python(raw, work)
    truth, perfect = load(raw), read_perfect(raw)
    (image,) = work.glob("*_image.fits")
    best = measure(perfect, truth)
    ours = compare(measure(read_frame(image), truth, best["sigma"]), best)
    bad = read_mask(image)
    if bad is not None:
        ours |= mask_figures(bad, truth)
    print(f"\n{raw.name}: {run.wall:.1f} s, {run.cpu:.1f} s of processor time, {run.peak:.0f} MB")
    print(run.output, end="")
    print(show(ours, compare(best, best), nominal=False), flush=True)
    large = large_galaxy(read_frame(image), truth)
    if large is not None:
        known = {LARGE.name: large_galaxy(perfect, truth) or 0.0}
        print(line(LARGE, {LARGE.name: large}, known, nominal=False), flush=True)


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
    parser.add_argument("modes", nargs="*", default=["kred", "offset"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument("--data", type=Path, help="where data sets are kept")
    parser.add_argument("--reduce", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
