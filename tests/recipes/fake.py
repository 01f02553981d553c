"""Small steps and frames for tests of the machinery; no astronomy."""

from datetime import datetime, timedelta
from typing import Annotated, Literal

import numpy as np

from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.frame import Facts, Frame
from f2widgets.core.notes import note
from f2widgets.recipes.steps import Step

SHAPE = (300, 8)  # three bands, the last one short


def frame(name="S20131121S0075", level=1.0, seed=1, **facts):
    rng = np.random.default_rng(seed)
    data = (level + rng.random(SHAPE)).astype(np.float32)
    return Frame(name, data, None, np.zeros(SHAPE, np.uint16), facts=Facts(**facts))


def series(number, **facts):
    start = datetime(2013, 11, 21, 3)
    return [
        frame(f"S20131121S{75 + i:04d}", 10.0, i, ut_start=start + timedelta(minutes=i), **facts)
        for i in range(number)
    ]


class File:
    """A frame that is read by bands and counts how often."""

    def __init__(self, frame, folder="raw"):
        from pathlib import Path

        self.frame, self.path = frame, Path(folder) / f"{frame.name}.fits"
        self.name, self.facts, self.shape = frame.name, frame.facts, frame.shape
        self.md5 = f"md5 of {frame.name}"
        self.bands = []

    def rows(self, start, stop):
        self.bands.append((start, stop))
        return self.frame.rows(start, stop)


def scale(frame: Frame, *, factor: Annotated[float, Within(0, 100), Unit("percent")] = 2.0) -> Frame:
    """Multiply.

    Parameters
    ----------
    frame : Frame
        A frame.
    factor : float
        By how much
        to multiply.
    """
    note("scaled", frame.name)
    return frame.with_(data=frame.data * np.float32(factor), variance=np.ones_like(frame.data))


def subtract(frame: Frame, dark: Frame, bpm: Frame | None = None, *, twice: bool = False) -> Frame:
    """Subtract."""
    mask = frame.mask if bpm is None else frame.mask | bpm.mask
    return frame.with_(data=frame.data - dark.data * (2 if twice else 1), mask=mask)


def average(frames, *, method: Literal["mean", "median"] = "mean"):
    """Average in bands."""
    every = list(frames)
    data = getattr(np, method)([f.data for f in every], axis=0).astype(np.float32)
    return [every[0].with_(data=data)]


def pick(frames, *, tick: Tick = ignore):
    """Take frames as they come, lazily."""
    for number, one in enumerate(frames):
        tick(number + 1, 3)
        yield one.with_(measured={"level": float(one.data.mean())})


def level(frame: Frame, *, name: str = "x", nearest: Annotated[int | None, Within(2, 30)] = None) -> Frame:
    """Divide by the mean of the whole frame."""
    return frame.with_(data=frame.data / frame.data.mean(), unit="")


def stack(frames, *, tick: Tick = ignore) -> list[Frame]:
    """Add up whole frames."""
    total, first = 0, None
    for one in frames:
        first = one if first is None else first
        total = total + one.data
    return [first.with_(data=total)]


SCALE = Step(scale, "multiply", rowwise=True)
SUBTRACT = Step(subtract, "darkCorrect", rowwise=True)
AVERAGE = Step(average, "stackDarks", rowwise=True, combines=True)
PICK = Step(pick, "pickOut")
LEVEL = Step(level, "normalize")
STACK = Step(stack, "stackFrames", combines=True)
