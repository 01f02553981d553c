"""Example 1 from raw frames to the stack: time, memory, and how true the stack is.

``python benchmarks/example1.py`` simulates data sets (kept in a folder for the next time), reduces
them as shell commands and in one Python process, and prints every figure with its limit. Nothing is
asserted: read the verdicts.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
from measure import compare, mask_figures, measure, read_mask, read_perfect
from table import BAD_WCS, line, show
from watch import Run, watched

from f2widgets.io.read import read_frame
from f2widgets.simulate import Settings, example1, load
from f2widgets.simulate.sequence import exposures

BPM = "S20131129S0320_bpm.fits"
IMAGE = "S20131121S0075_image.fits"
#: The science frame that gets the coordinates of the one before, for one row of the table.
BAD_FRAME = 5
#: The four commands of the tutorial.
COMMANDS = (
    ("reduce", "@darks_120s.list"),
    ("reduce", "@flats_Y.list", "@darks_002s.list", "-r", "makeProcessedBPM"),
    ("reduce", "@flats_Y.list", "-p", f"addDQ:user_bpm={BPM}"),
    ("reduce", "@sci_images.list", "-p", f"addDQ:user_bpm={BPM}"),
)
#: Seconds and MB that the speed may take: shell commands, one process, peak memory, help, typewalk.
SHELL, PROCESS, MEMORY, HELP, TYPEWALK = 15.0, 6.0, 1000.0, 0.5, 1.5


def main() -> None:
    """Do what the command line asks for."""
    options = _arguments()
    data = options.data or Path(tempfile.gettempdir()) / "f2widgets-example1"
    if options.reduce:
        for _ in range(options.repeat):
            reduce_here(options.reduce)
        return
    if options.only != "truth":
        print_speed(data_set(data, options.size, options.seeds[0], {}), options.repeat)
    if options.only != "speed":
        for text in ["", *options.settings]:
            for seed in options.seeds:
                print_truth(data, options.size, seed, parsed(text))


def data_set(data: Path, size: int, seed: int, settings: dict[str, float], **more: int) -> Path:
    """Return the folder of a simulated data set, making it if it is not there."""
    chosen = {**settings, **more}
    name = "_".join(
        [f"s{size}", f"seed{seed}", *(f"{key}{value:g}" for key, value in sorted(chosen.items()))]
    )
    folder = data / name
    if not (folder / "complete").exists():
        print(f"simulating {name} ...", file=sys.stderr, flush=True)
        example1(folder, size=size, seed=seed, **chosen)
        (folder / "complete").touch()
    return folder


def parsed(text: str) -> dict[str, float]:
    """Return settings from text such as ``seeing=5,sky=60``."""
    kinds = {name: type(value) for name, value in asdict(Settings()).items()}
    pairs = (pair.split("=") for pair in text.split(",") if pair)
    return {name.strip(): kinds[name.strip()](float(value)) for name, value in pairs}


def playground(raw: Path, work: Path) -> Path:
    """Make an empty folder with the lists of files that the commands take."""
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    every = exposures()
    lists = {
        "darks_120s": [e for e in every if e.kind == "dark" and e.seconds == 120],
        "darks_002s": [e for e in every if e.kind == "dark" and e.seconds == 2],
        "flats_Y": [e for e in every if e.kind.startswith("lamp")],
        "sci_images": [e for e in every if e.kind == "science"],
    }
    for name, members in lists.items():
        (work / f"{name}.list").write_text("".join(f"{raw.resolve() / e.filename}\n" for e in members))
    return work


def by_shell(raw: Path, work: Path) -> list[Run]:
    """Reduce a data set by shell commands, one after the other."""
    playground(raw, work)
    return [watched([_f2(), *command], work, _nobody(work)) for command in COMMANDS]


def by_python(raw: Path, work: Path, repeat: int = 1) -> Run:
    """Reduce a data set in one Python process, so many times."""
    playground(raw, work)
    words = [str(Path(__file__).resolve()), "--reduce", ".", "--repeat", str(repeat)]
    return watched([sys.executable, *words], work, _nobody(work))


def reduce_here(folder: Path) -> None:
    """Carry out the four reductions in this process and say how long they took.

    Products of an earlier time are deleted first, and the checksums of files are not remembered.
    """
    begin = time.perf_counter()
    from f2widgets.io import identity
    from f2widgets.reduction import reduce

    identity._digests.clear()
    for path in (*folder.glob("*.fits"), *folder.glob("*.db")):
        path.unlink()
    shutil.rmtree(folder / "calibrations", ignore_errors=True)
    bpm = {"addDQ:user_bpm": folder / BPM}
    reduce("@darks_120s.list", out=folder)
    reduce(["@flats_Y.list", "@darks_002s.list"], recipe="makeProcessedBPM", out=folder)
    reduce("@flats_Y.list", settings=bpm, out=folder)
    reduce("@sci_images.list", settings=bpm, out=folder)
    print("took", time.perf_counter() - begin, flush=True)


def floor(raw: Path, work: Path) -> float:
    """Return the seconds it takes to read all raw bytes as float32 and write as many as the products'."""
    sizes = [path.stat().st_size for path in sorted(work.glob("*.fits"))]
    begin = time.perf_counter()
    for path in sorted(raw.glob("*.fits")):
        plane = np.fromfile(path, ">i4").astype(np.float32)
    for number, size in enumerate(sizes):
        with (work / f"floor{number}").open("wb") as stream:
            stream.write(np.resize(plane, size // 4).tobytes())
    return time.perf_counter() - begin


def print_speed(raw: Path, repeat: int) -> None:
    """Print time and memory: the median of repeats after one warm-up."""
    work = Path(tempfile.mkdtemp(dir=raw.parent))
    shells = [by_shell(raw, work) for _ in range(repeat + 1)][1:]
    run = by_python(raw, work, repeat + 1)
    first, *times = [float(row.split()[1]) for row in run.output.splitlines() if row.startswith("took ")]
    floors = [floor(raw, work) for _ in range(repeat + 1)][1:]
    print(f"Speed and memory, {raw.name}: median of {repeat} after one warm-up")
    _say("four shell commands, s", [sum(run.wall for run in runs) for runs in shells], SHELL)
    for number, command in enumerate(COMMANDS):
        _say(f"  f2 {' '.join(command)[:44]}", [runs[number].wall for runs in shells])
    _say("  their processor time, s", [sum(run.cpu for run in runs) for runs in shells])
    _say("the four reductions in one Python process, s", times, PROCESS)
    _say("  the warm-up, imports included, s", [first])
    _say("  processor time of a reduction, s", [run.cpu / (repeat + 1)])
    _say("floor: raw bytes to float32, products' bytes written, s", floors)
    _say("peak memory of any command, MB", [max(run.peak for run in runs) for runs in shells], MEMORY)
    _say("peak memory of the one process, MB", [run.peak], MEMORY)
    for name, command, limit in (("--help", ["--help"], HELP), ("typewalk", ["typewalk", "-d"], TYPEWALK)):
        words = [_f2(), *command, *([str(raw)] if name == "typewalk" else [])]
        each = [watched(words, work, _nobody(work)).wall for _ in range(repeat + 1)][1:]
        _say(f"f2 {name}, s", each, limit)
    shutil.rmtree(work)


def print_truth(data: Path, size: int, seed: int, settings: dict[str, float]) -> None:
    """Print the table of figures of one data set."""
    raw = data_set(data, size, seed, settings)
    work = Path(tempfile.mkdtemp(dir=data))
    by_python(raw, work)
    truth, perfect = load(raw), read_perfect(raw)
    best = measure(perfect, truth)
    ours = compare(measure(read_frame(work / IMAGE), truth, best["sigma"]), best)
    bad = read_mask(work / IMAGE)
    if bad is not None:
        ours |= mask_figures(bad, truth)
    nominal = not settings and size == Settings().size
    print(f"\n{raw.name}" + ("" if nominal else " (limits grow with the perfect stack's figures)"))
    print(show(ours, compare(best, best), nominal))
    wrong = data_set(data, size, seed, settings, bad_wcs=BAD_FRAME)
    by_python(wrong, work)
    print(line(BAD_WCS, measure(read_frame(work / IMAGE), truth, best["sigma"]), best, nominal), flush=True)
    shutil.rmtree(work)


def _say(what: str, values: list[float], limit: float | None = None) -> None:
    """Print the median of some values, their range, and the verdict."""
    median = statistics.median(values)
    verdict = "" if limit is None else f"  limit {limit:g}: {'holds' if median <= limit else 'FAILS'}"
    print(f"{what:56}{median:9.2f}  ({min(values):.2f} to {max(values):.2f}){verdict}", flush=True)


def _f2() -> str:
    """Return the command beside this Python."""
    return str(Path(sys.executable).parent / "f2")


def _nobody(work: Path) -> dict[str, str]:
    """Return an environment without anybody's configuration."""
    return {"XDG_CONFIG_HOME": str(work / "no configuration")}


def _arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--size", type=int, default=2048)
    parser.add_argument(
        "--settings",
        nargs="*",
        default=["seeing=5", "sky=60,stars=2400"],
        help="further settings of f2 simulate, such as seeing=5,sky=60; each is run with every seed",
    )
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", choices=["truth", "speed"])
    parser.add_argument("--data", type=Path, help="where data sets are kept")
    parser.add_argument("--reduce", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
