"""Measure what each recipe takes by size and number of frames, and fit the numbers of `f2widgets.estimate`.

    python benchmarks/estimate.py [FOLDER]

Makes its own frames in FOLDER (a temporary one by default), runs every reduction in a process of its own, and
prints seconds of processor time by step and megabytes by recipe: once, for each megapixel, and for each
megapixel of each frame. A step that a recipe has twice counts both times together.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

from f2widgets.files import select
from f2widgets.simulate import example1

SIZES = (512, 1024, 2048)
FRAMES = (2, 4, 9, 18)
#: One reduction in a process of its own; it tells processor time, peak memory and time by step.
CHILD = """
import json, resource, sys, time
from f2widgets.reduction import carry_out, planned
asked = json.loads(sys.argv[1])
what, began = planned(asked["files"], user_cals=asked["cals"]), time.process_time()
made = carry_out(what, overwrite=True)
took, peak = time.process_time() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
print(json.dumps({"cpu": took, "peak": peak, "steps": dict(made.timings)}))
"""


def measured(folder: Path, files: list[Path], cals: dict[str, str] | None = None) -> dict[str, Any]:
    """Reduce files in a process of its own."""
    words = json.dumps({"files": [str(file) for file in files], "cals": cals or {}})
    done = subprocess.run(
        [sys.executable, "-c", CHILD, words], cwd=folder, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def runs(folder: Path) -> Iterator[tuple[str, float, int, dict[str, Any]]]:
    """Give recipe, megapixels, frames and measurement of every run."""
    for size in SIZES:
        here, raw = folder / f"work{size}", folder / f"raw{size}"
        here.mkdir()
        example1(raw, size=size, seed=1)
        mega = size * size / 2**20
        darks = select(raw, tags="DARK", expression="exposure_time==120")
        short = select(raw, tags="DARK", expression="exposure_time==2")
        flats, science = select(raw, tags="FLAT"), select(raw, expression='observation_class=="science"')
        for path in list(science):  # the same frames under other names, for larger sets
            science.append(Path(shutil.copy(path, raw / path.name.replace("21S00", "21S02"))))
        yield "dark", mega, 3, measured(here, darks[:3])
        (here / f"{darks[0].stem}_dark.fits").unlink()
        shutil.rmtree(here / "calibrations")
        yield "dark", mega, len(darks), measured(here, darks)
        yield "bpm", mega, len(flats) + len(short), measured(here, [*flats, *short])
        mask = str(next(here.glob("*_bpm.fits")))
        yield "flat", mega, len(flats), measured(here, flats, {"bpm": mask})
        for number in FRAMES:
            yield "image", mega, number, measured(here, science[:number])


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        every = list(runs(Path(name)))
    for recipe in dict.fromkeys(run[0] for run in every):
        some = [run[1:] for run in every if run[0] == recipe]
        model = np.array([(1, mega, mega * frames) for mega, frames, _ in some])
        cpu = np.array([found["cpu"] for *_, found in some])
        peak = np.array([found["peak"] for *_, found in some])
        for what, values, weights in (("peak, MB", peak, peak), ("processor, s", cpu, cpu)):
            numbers, _ = nnls(model / weights[:, None], values / weights)
            fits = ", ".join(f"{ratio:.2f}" for ratio in model @ numbers / values)
            print(f"{recipe:<6}{what:<22}{_shown(numbers)}  model over measurement: {fits}")
        for step in dict.fromkeys(name for *_, found in some for name in found["steps"]):
            shares = np.array([f["steps"].get(step, 0.0) / sum(f["steps"].values()) for *_, f in some])
            numbers, _ = nnls(model / cpu[:, None], shares)
            print(f"      {step:<22}{_shown(numbers)}")


def _shown(numbers: Any) -> str:
    """Show three numbers in columns."""
    return "".join(f"{number:>9.4f}" for number in numbers)


if __name__ == "__main__":
    main()
