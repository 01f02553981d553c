"""What a parameter may be: limits and units that sit on its annotation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Within:
    """Limits of a number, both included; None is no limit."""

    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        """Say the limits as a reader would."""
        if self.high is None:
            return f"at least {self.low:g}"
        if self.low is None:
            return f"at most {self.high:g}"
        return f"{self.low:g} to {self.high:g}"

    def admits(self, value: float) -> bool:
        """Tell whether a value lies within the limits."""
        return (self.low is None or value >= self.low) and (self.high is None or value <= self.high)


@dataclass(frozen=True)
class Unit:
    """The unit a number is given in."""

    name: str


class Tick(Protocol):
    """Progress of a loop inside a step: ``tick(done, total)``; it may raise to stop the loop."""

    def __call__(self, done: int, total: int, /) -> None:
        """Take note of the progress."""


def ignore(done: int, total: int, /) -> None:
    """Report progress to nobody."""
