"""How far a run is: its steps, the time left, what was measured and noted; made from its events."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, isfinite
from typing import Any, Literal

from f2widgets.core.measures import COLUMNS
from f2widgets.core.thumbnail import Thumbnail
from f2widgets.recipes.events import (
    Advanced,
    Event,
    Failed,
    Finished,
    Kept,
    Measured,
    Note,
    Pictured,
    Started,
)

#: Lines of the log that are kept.
MOST_LINES = 1000
#: Part of the expected time after which the pace so far says more than the estimate.
_PACE = 0.1


@dataclass
class StepState:
    """One step: what it is, and how far."""

    step: str
    verb: str
    state: Literal["waits", "runs", "done", "failed", "stopped", "skipped"] = "waits"
    part: float = 0.0
    frames: int = 0
    seconds: float = 0.0
    kept: bool = False

    @property
    def frame(self) -> int:
        """Number of the frame at work, counted from 1."""
        return min(self.frames, ceil(self.part * self.frames) or 1)


@dataclass
class Progress:
    """Listens to a run.

    Parameters
    ----------
    steps : list of StepState
        Reading, the steps of the recipe in order, and writing.
    expected : mapping of str to float
        Expected seconds by step.
    clock : callable, optional
        Seconds.
    """

    steps: list[StepState]
    expected: Mapping[str, float] = field(default_factory=dict)
    clock: Callable[[], float] = time.perf_counter

    def __post_init__(self) -> None:
        """Begin."""
        self.log: list[str] = []
        self.measured: dict[str, dict[str, float]] = {}
        self.pictures: dict[tuple[int, str], Thumbnail] = {}
        self._began = self.clock()
        self._at: dict[str, int] = {}

    def hear(self, events: Iterable[Event]) -> None:
        """Take note of events."""
        for event in events:
            self._hear(event)

    def note(self, text: str) -> None:
        """Write a line into the log."""
        self.log.append(f"{time.strftime('%H:%M:%S')}  {text}")
        del self.log[:-MOST_LINES]

    def _hear(self, event: Event) -> None:
        """Take note of one event."""
        match event:
            case Started(step, verb, index, _, frames):
                self._at[step] = index + 1
                one = self._of(step)
                one.state, one.frames = "runs", frames
                self.note(f"{step} ({verb}) begins, {frames} frame{'s' if frames != 1 else ''}")
            case Advanced(step, done, total) if total:
                one = self._of(step)
                one.part = max(one.part, done / total)
            case Finished(step, seconds):
                one = self._of(step)
                one.state, one.part, one.seconds = "done", 1.0, one.seconds + seconds
                self.note(f"{step} done, {seconds:.2f} s")
            case Failed(step, error):
                self._of(step).state = "failed"
                self.note(f"{step} failed: {error}")
            case Note(step, text, frame):
                self.note(f"note: {frame}: {text}" if frame and frame not in text else f"note: {text}")
            case Measured(_, frame, values) if values:
                self.measured[frame] = dict(values)
            case Pictured(_, index, frame, picture):
                self.pictures[index, frame] = picture
            case Kept(step, index):
                self.steps[index + 1].kept = True
                self.note(f"frames after {step} are kept")

    def _of(self, step: str) -> StepState:
        """Return the step that an event is about: of several of one name, the one begun last."""
        return self.steps[min(self._at.get(step, 0), len(self.steps) - 1)]

    @property
    def part(self) -> float:
        """Which part of the expected time is done."""
        whole = sum(self.expected.get(one.step, 0.0) for one in self.steps)
        done = sum(self.expected.get(one.step, 0.0) * one.part for one in self.steps)
        return min(1.0, done / whole) if whole else 0.0

    @property
    def left(self) -> float:
        """Seconds that are left, by the pace so far; at the beginning by what was expected."""
        part, gone = self.part, self.clock() - self._began
        if part > _PACE:
            return gone / part - gone
        return max(0.0, sum(self.expected.get(one.step, 0.0) for one in self.steps) - gone)

    def told(self) -> dict[str, Any]:
        """Return how far the run is, as JSON can hold it."""
        return {
            "steps": [
                {
                    "step": one.step,
                    "verb": one.verb,
                    "state": one.state,
                    "part": round(one.part, 3),
                    "frame": one.frame if one.state == "runs" else 0,
                    "frames": one.frames,
                    "seconds": round(one.seconds, 2),
                    "kept": one.kept,
                }
                for one in self.steps
            ],
            "part": round(self.part, 3),
            "left": round(self.left, 1),
            "seconds": round(self.clock() - self._began, 1),
        }


def quality(
    measured: Mapping[str, Mapping[str, float]],
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what was measured of each frame as a table.

    Parameters
    ----------
    measured : mapping of str to mapping
        By frame.

    Returns
    -------
    columns : list of dict
        Key, title, help, and whether it holds numbers.
    rows : list of dict
        Values by key, with the decimals worth showing; None for what is not known.
    """
    columns: list[dict[str, Any]] = [{"key": "frame", "title": "frame", "numeric": False, "help": ""}]
    for name, (unit, _, text) in COLUMNS.items():
        if any(name in values for values in measured.values()):
            title = f"{name}, {unit}" if unit else name
            columns.append({"key": name, "title": title, "numeric": True, "help": text})
    return columns, [{"frame": frame, **_rounded(values)} for frame, values in measured.items()]


def _rounded(values: Mapping[str, float]) -> dict[str, float | None]:
    """Return measured values with the decimals worth showing; what is no number is not known."""
    known = {name: values[name] for name in COLUMNS if name in values}
    return {name: round(x, COLUMNS[name][1]) if isfinite(x) else None for name, x in known.items()}
