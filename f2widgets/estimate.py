"""How much memory and time a reduction will take, from its frames, pixels and steps."""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from f2widgets.core.blocks import threads
from f2widgets.core.memory import claimed
from f2widgets.errors import NotWritten
from f2widgets.io.atomic import written_whole
from f2widgets.plan import Plan
from f2widgets.recipes.bands import READ
from f2widgets.recipes.history import WRITE
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.wishes import Wishes

#: Seconds of processor time that each step takes: once, for each megapixel, and for each megapixel of each
#: frame. Fitted to 26 runs of 512 to 2048 pixels a side and 2 to 18 frames by `benchmarks/estimate.py`, whose
#: sums they give to 20 per cent. Those of sky fields and twilight are from single runs, and rougher.
_STEPS: Mapping[str, tuple[float, float, float]] = {
    READ: (0.02, 0.02, 0.0075),
    "flag_bad_pixels": (0.004, 0.0, 0.004),
    "to_electrons": (0.0, 0.0, 0.0015),
    "add_variance": (0.001, 0.001, 0.0025),
    "correct_nonlinearity": (0.004, 0.0, 0.015),
    "combine_darks": (0.0, 0.014, 0.011),
    "subtract_dark": (0.0, 0.0, 0.004),
    "combine_lamps": (0.01, 0.0, 0.014),
    "normalize_flat": (0.0, 0.036, 0.0),
    "threshold_flat": (0.003, 0.01, 0.0),
    "divide_flat": (0.0, 0.0, 0.0095),
    "make_bpm": (0.0, 0.2, 0.004),
    "check_wcs": (0.01, 0.0, 0.0),
    "separate_sky": (0.001, 0.0, 0.0),
    "subtract_offset_sky": (0.1, 0.1, 0.2),
    "combine_twilights": (0.02, 0.1, 0.2),
    "subtract_sky": (0.001, 0.005, 0.017),
    "align": (0.05, 0.015, 0.032),
    "flag_probe": (0.01, 0.0, 0.0155),
    "flag_objects": (0.04, 0.04, 0.0165),
    "flag_outliers": (0.02, 0.11, 0.021),
    "flag_faint_objects": (0.05, 0.1, 0.02),
    "refine_sky": (0.01, 0.0, 0.0145),
    "flatten_background": (0.013, 0.0, 0.006),
    "match_counts": (0.0135, 0.003, 0.004),
    "resample": (0.0, 0.0, 0.07),
    "combine": (0.0, 0.014, 0.015),
    "detect_sources": (0.06, 0.06, 0.007),
    WRITE: (0.05, 0.04, 0.002),
}
#: Seconds for each megapixel of each frame that is kept after a step.
_KEEPING = 0.026
#: Seconds to import what a process has not needed before, by the step that does.
_IMPORTS = {"align": ("astropy.wcs", 0.35), "flag_probe": ("scipy.ndimage", 0.32)}
_IMPORTS["make_bpm"] = _IMPORTS["flag_probe"]
#: Megabytes that a process takes at most: once, for each megapixel, and for each megapixel of each frame.
#: From the same runs, to 15 per cent.
_MEMORY: Mapping[str | None, tuple[float, float, float]] = {
    "dark": (69, 10, 1.05),
    "bpm": (95, 0, 5.7),
    "flat": (78, 0, 2.35),
    "image": (122, 59, 11.5),
    None: (95, 0, 8),
}
#: Megabytes of frames that steps hold in memory at most; more are parked on disk. Twelve of the full array.
IN_MEMORY = 520.0
#: And at most this part of what a hub such as Binder allows, or a process makes do with.
_OF_CLAIMED = 0.125
#: Megabytes that frames between steps take for each megapixel of each frame: data, variance and flags.
_PLANES = 10 * 2**20 / 1e6
#: So many frames, as it were, are in memory while the others are parked: eighteen of the full array take 450
#: to 500 MB in all, and 175 take 500 to 710.
_AT_A_TIME = 5
#: Frames that share a sky: while it is taken from them, theirs are on disk twice.
_TWICE = 18
#: How much larger a frame is on the common grid, where a median holds all.
_ON_GRID = 1.6
#: Part of a reduction that more threads do not make shorter.
_SERIAL = 0.2
#: Shorter reductions, seconds, tell nothing of the pace.
_WORTH = 0.3


@dataclass(frozen=True)
class Estimate:
    """What a reduction is expected to take.

    Parameters
    ----------
    memory : float
        Most memory of a process that does nothing else, MB.
    steps : mapping of str to float
        Seconds by step.
    disk : float
        Most room that frames between steps take on disk, MB; 0 where all are held in memory.
    stays : float
        What frames that are kept take on disk, MB.
    """

    memory: float
    steps: Mapping[str, float] = field(default_factory=dict)
    disk: float = 0.0
    stays: float = 0.0

    @property
    def seconds(self) -> float:
        """Seconds in all."""
        return sum(self.steps.values())

    def __str__(self) -> str:
        """Say it in round numbers: it is right within a factor of 1.5."""
        told = f"about {_round(self.memory)} MB of memory and {_round(self.seconds)} s"
        told += f", with up to {_round(self.disk / 1000)} GB of disk on the way" if self.disk else ""
        return f"{told}, and {_round(self.stays / 1000)} GB of frames that are kept" if self.stays else told


def estimate(what: Plan, *, first: int = 0, at_pace: float | None = None) -> Estimate:
    """Estimate memory and time of a reduction.

    Parameters
    ----------
    what : Plan
        What would be done.
    first : int, optional
        Place of the first step that is done: where a run goes on from kept frames.
    at_pace : float, optional
        By default that of this machine, see `pace`.

    Returns
    -------
    Estimate
        Within a factor of 1.5 for 512 to 2048 pixels a side and 2 to 18 frames: the memory always, the time
        once a reduction on this machine, as loaded as it is now, has been timed.
    """
    shape, wishes = what.files[0].shape, what.wishes
    return expected(what.recipe, shape, len(what.files), wishes, first=first, at_pace=at_pace)


def expected(
    recipe: Recipe,
    shape: tuple[int, int],
    frames: int,
    wishes: Wishes,
    *,
    first: int = 0,
    at_pace: float | None = None,
) -> Estimate:
    """Estimate memory and time of a recipe, before any file is opened.

    Parameters
    ----------
    recipe : Recipe
        What would be done.
    shape : tuple of int
        Rows and columns of a frame.
    frames : int
        How many there are.
    wishes : Wishes
        Steps left out take nothing, frames kept take their time.
    first, at_pace
        As for `estimate`.

    Returns
    -------
    Estimate
        As `estimate` gives it.
    """
    factor = pace() if at_pace is None else at_pace
    mega = shape[0] * shape[1] / 2**20
    seconds: dict[str, float] = {READ: _of(_STEPS[READ], mega, frames)}
    keep = {*wishes.keep, recipe.leaves}
    for step in recipe.steps[first:]:
        if step.name in wishes.without:
            continue
        own = _of(_STEPS.get(step.name, (0.0, 0.0, 0.01)), mega, frames)
        module, importing = _IMPORTS.get(step.name, ("sys", 0.0))
        own += importing if module not in sys.modules else 0.0
        own += _KEEPING * mega * frames if step.name in keep else 0.0
        seconds[step.name] = seconds.get(step.name, 0.0) + own
    if recipe.product is not None:
        seconds[WRITE] = _of(_STEPS[WRITE], mega, frames)
    every = _PLANES * mega * frames
    held = every if _holds_all(recipe) else 0.0
    parks = held > in_memory_at_most()
    if recipe.leaves and not held:
        in_memory: float = 1  # one after another
    else:
        in_memory = _AT_A_TIME if parks else frames
    return Estimate(
        _of(_MEMORY["image" if recipe.leaves else recipe.product], mega, in_memory),
        {name: value * factor for name, value in seconds.items()},
        _on_disk(recipe, wishes, mega, frames) if parks else 0.0,
        every * len(keep & {step.name for step in recipe.steps}),
    )


def in_memory_at_most() -> float:
    """Return the megabytes of frames that steps hold in memory at most; more are parked on disk."""
    most = claimed()
    return IN_MEMORY if most is None else min(IN_MEMORY, _OF_CLAIMED * most / 1e6)


def _on_disk(recipe: Recipe, wishes: Wishes, mega: float, frames: int) -> float:
    """Return the megabytes that frames between steps take on disk at most; measured are 75 to 100 % of it."""
    number = 1.1 * frames + min(frames, _TWICE)
    for use in recipe.uses:
        values = {**use.values, **wishes.settings.get(use.step.name, {})}
        if use.step.one_by_one and values.get("method") == "median":
            number += (_ON_GRID - 1) * frames
    return _PLANES * mega * number


def _holds_all(recipe: Recipe) -> bool:
    """Tell whether a step holds all frames, before any makes one of them."""
    for step in recipe.steps:
        if step.on_set and not step.rowwise:
            return not step.one_by_one
        if step.combines:
            return False
    return False


def pace(environment: Mapping[str, str] = os.environ) -> float:
    """Return how long this machine takes for what took a second of processor time.

    Parameters
    ----------
    environment : mapping of str to str, optional
        Environment variables, for the cache folder.

    Returns
    -------
    float
        As the latest reductions on it took; before the first, as a machine like that of the measurement
        would with its number of threads.
    """
    try:
        told = json.loads(_remembered(environment).read_text())
        return min(max(float(told["factor"]), 0.01), 100.0) * _with_threads()
    except (OSError, ValueError, TypeError, KeyError):
        return _with_threads()


def _with_threads() -> float:
    """Return the part of the processor time that a reduction should last with the threads it has now."""
    return _SERIAL + (1 - _SERIAL) / threads()


def learn(expected: Estimate, seconds: float, environment: Mapping[str, str] = os.environ) -> None:
    """Remember how long a reduction took, so that the next one is estimated better.

    Parameters
    ----------
    expected : Estimate
        What had been expected at a pace of 1.
    seconds : float
        What it took.
    environment : mapping of str to str, optional
        Environment variables, for the cache folder. Where that cannot be written, nothing is remembered.
    """
    if min(expected.seconds, seconds) < _WORTH:
        return
    path, latest = _remembered(environment), seconds / expected.seconds
    mixed = latest if not path.exists() else math.sqrt(latest * pace(environment))
    factor = mixed / _with_threads()  # jobs beside others have fewer threads, and teach all the same
    with contextlib.suppress(NotWritten):
        with written_whole(path) as stream:
            stream.write(json.dumps({"factor": round(factor, 6)}).encode())


def _remembered(environment: Mapping[str, str]) -> Path:
    """Return the file in the user's cache folder that holds the pace."""
    base = environment.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "f2widgets" / "pace.json"


def _of(numbers: tuple[float, float, float], mega: float, frames: float) -> float:
    """Return what a step takes for so many megapixels and frames."""
    once, each, every = numbers
    return once + mega * (each + every * frames)


def _round(number: float) -> str:
    """Return a number with two digits that count."""
    return f"{float(f'{number:.2g}'):g}"
