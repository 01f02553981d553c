"""Everything in a folder: how long its plan takes, and whether a night often broken off ends up the same.

``python benchmarks/night.py`` plans 1,000 files of which little more than the headers is there, looks at 36
packed ones, then makes a night of 120 files (two targets in three filters), reduces it in one go, and again
with the process killed at random moments, 20 times in all. It prints each figure with its limit. Nothing is
asserted: read the verdicts.
"""

from __future__ import annotations

import argparse
import bz2
import os
import random
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np

from f2widgets.core.detector import SIDE
from f2widgets.simulate import simulated
from f2widgets.simulate.programmes import EXAMPLE1, KRED, OFFSET, PROGRAMMES, Run
from tests.campaign.same import differences
from tests.raw_files import write_raw

F2 = [sys.executable, "-u", "-m", "f2widgets"]
#: Filters of the night: a data set that has it, seconds of targets and flats, flats with the lamp on and off.
FILTERS = {"Y": (EXAMPLE1, 120.0, 20.0, 4, 6), "J": (OFFSET, 60.0, 20.0, 4, 6), "K": (KRED, 5.0, 2.0, 0, 10)}
#: Darks: seconds and how many.
DARKS = ((120.0, 9), (60.0, 9), (5.0, 9), (2.0, 9))
#: Science frames of each target in each filter.
FRAMES = 9
TARGETS = {"NORTH-FIELD": (63.492250, -47.844250), "SOUTH-FIELD": (71.25, -32.5)}


def main() -> None:
    """Do what the command line asks for."""
    words = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    words.add_argument("--size", type=int, default=512, help="side of the array, pixels")
    words.add_argument("--kills", type=int, default=20, help="interruptions")
    words.add_argument("--seed", type=int, default=1, help="seed of the night and of the moments")
    words.add_argument("--data", type=Path, help="folder, kept for the next time")
    options = words.parse_args()
    data = options.data or Path(tempfile.gettempdir()) / "f2widgets-night"
    data.mkdir(parents=True, exist_ok=True)
    os.environ["XDG_CACHE_HOME"] = str(data / "cache")
    print(f"load at the beginning: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    plan(data)
    packed(data)
    whole_night(data, options.size, options.kills, options.seed)
    print(f"load at the end: {os.getloadavg()[0]:.1f}")


def plan(data: Path) -> None:
    """Time ``f2 plan`` on 1,000 files, new and known."""
    folder = data / "thousand"
    if not folder.exists():
        thousand(folder)
        time.sleep(2.5)  # younger files are not put into the index
    shutil.rmtree(data / "cache", ignore_errors=True)
    times = [timed([*F2, "plan", str(folder)], data)[0] for _ in range(6)]
    print(f"f2 plan, 1,000 files, first time: {times[0]:.2f} s")
    print(f"f2 plan, 1,000 files, again, median of five: {statistics.median(times[1:]):.2f} s (limit 2)")


def thousand(folder: Path) -> None:
    """Write 1,000 raw files of 1 x 8 x 8 pixels: 25 nights of darks, flats and five targets."""
    folder.mkdir(parents=True)
    pixels = np.full((8, 8), 100)
    for i in range(1000):
        kind = ("science", "dark", "lamp_on", "lamp_off")[i % 4]
        cards = {"DATE_OBS": f"2013-11-{1 + i // 40:02d}", "DATALAB": f"GS-2013B-Q-15-39-{i:04d}"}
        cards |= {"OBJECT": f"field {i // 4 % 5}"} if kind == "science" else {}
        write_raw(folder / f"S20131121S{i:04d}.fits", kind, pixels=pixels, **cards)


def packed(data: Path) -> None:
    """Time ``f2 typewalk`` on 36 files of the full array, packed as the archive packs them."""
    folder = data / "packed"
    if not folder.exists():
        folder.mkdir()
        pixels = np.random.default_rng(1).normal(5000, 70, (SIDE, SIDE)).astype(np.int32)
        written = write_raw(data / "whole.fits", "science", pixels=pixels)
        content = bz2.compress(written.read_bytes())
        for i in range(36):
            (folder / f"S20131121S{i:04d}.fits.bz2").write_bytes(content)
        written.unlink()
    times = [timed([*F2, "typewalk", "-d", str(folder)], data)[0] for _ in range(6)]
    told = f"{times[0]:.2f} s the first time, {statistics.median(times[1:]):.2f} s again"
    print(f"f2 typewalk, 36 files packed by bzip2: {told} (limit 3)")


def whole_night(data: Path, size: int, kills: int, seed: int) -> None:
    """Reduce a night without a break, and with many."""
    raw = data / f"raw_{size}_{seed}"
    if not raw.exists():
        make_night(raw, size, seed)
    count = len(list(raw.glob("S*.fits")))
    whole = fresh(data / "whole")
    seconds, done = timed([*F2, "reduce", "--all", str(raw)], whole)
    print(done.stdout, end="")
    products = len(list(whole.glob("S*.fits")))
    told = f"{products} products in {seconds:.1f} s, status {done.returncode}"
    print(f"a night of {count} files at {size} pixels: {told}")
    again, done = timed([*F2, "reduce", "--all", str(raw)], whole)
    print(f"the same again, all products as they were: {again:.1f} s")
    chance, left, rounds, different = random.Random(seed), kills, 0, []
    while left > 0:
        rounds += 1
        broken = fresh(data / "broken")
        while left > 0 and interrupted(raw, broken, chance.uniform(0.5, 0.45 * seconds)):
            left -= 1
        done = timed([*F2, "reduce", "--all", str(raw)], broken)[1]
        different += differences(broken, whole)
        different += [done.stderr] if done.returncode else []
        different += [str(path) for path in broken.rglob(".*.part")]
    said = "; ".join(different) or "identical but for moments"
    print(f"killed {kills} times at random moments, in {rounds} nights: products {said}")


def interrupted(raw: Path, out: Path, after: float) -> bool:
    """Begin to reduce, and kill the process after some time; False where it was done before."""
    with subprocess.Popen([*F2, "reduce", "--all", str(raw)], cwd=out, stdout=subprocess.DEVNULL) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait() != 0


def timed(words: list[str], folder: Path) -> tuple[float, subprocess.CompletedProcess[str]]:
    """Run a command, and return its seconds and what it said."""
    began = time.perf_counter()
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True)
    return time.perf_counter() - began, done


def fresh(folder: Path) -> Path:
    """Return an empty folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


def make_night(raw: Path, size: int, seed: int) -> None:
    """Simulate two targets in three filters, their darks and flats, all with the same detector."""
    raw.mkdir(parents=True)
    number = 1
    for k, (label, place) in enumerate(TARGETS.items()):
        for name, (of, seconds, flat, on, off) in FILTERS.items():
            wanted = [("science", FRAMES, seconds)]
            wanted += [("lamp on", on, flat), ("lamp off", off, flat)] if k == 0 else []
            wanted += [("dark", count, of_dark) for of_dark, count in DARKS] if (k, name) == (0, "Y") else []
            runs = []
            for kind, count, exposed in wanted:
                hour, minute = divmod(number * 3, 60)
                start = f"2013-11-21T{hour:02d}:{minute:02d}:12.3"
                if count:
                    runs.append(Run(f"S20131121S{number:04d}", count, kind, exposed, start, exposed + 10))
                number += count
            key = f"{label} {name}"
            PROGRAMMES[key] = replace(of, name=key, label=label, target=place, runs=tuple(runs), beside=None)
            part = raw.with_name(f"{raw.name}_part")
            for path in simulated(key, part, size=size, seed=seed):
                path.rename(raw / path.name)
            shutil.rmtree(part)


if __name__ == "__main__":
    main()
