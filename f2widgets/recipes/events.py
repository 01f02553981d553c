"""What a run reports meanwhile: small records that never change, sent to one callback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import perf_counter

from f2widgets.core.thumbnail import Thumbnail


@dataclass(frozen=True)
class Started:
    """A step begins: its name, the reference's verb, its place in the recipe and the number of frames."""

    step: str
    verb: str
    index: int
    total: int
    frames: int


@dataclass(frozen=True)
class Advanced:
    """A step has done so many parts of its work."""

    step: str
    done: int
    total: int


@dataclass(frozen=True)
class Working:
    """A step is still at work: sent some ten times a second, so that a listener can stop it at any moment."""

    step: str


@dataclass(frozen=True)
class Note:
    """Something the reader should know, though the result is right; `frame` is empty for the set."""

    step: str
    text: str
    frame: str = ""


@dataclass(frozen=True)
class Measured:
    """What the steps measured of a frame by the time it was combined with others."""

    step: str
    frame: str
    values: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Pictured:
    """A frame after a step, small enough to show; only sent where pictures are asked for."""

    step: str
    index: int
    frame: str
    picture: Thumbnail


@dataclass(frozen=True)
class Kept:
    """All frames after a step, by its place in the recipe, have been handed on for keeping."""

    step: str
    index: int


@dataclass(frozen=True)
class Finished:
    """A step is done; the seconds are its own, without those of the steps that fed it."""

    step: str
    seconds: float


@dataclass(frozen=True)
class Failed:
    """A step stopped with an error, which is raised after this."""

    step: str
    error: BaseException


Event = Started | Advanced | Working | Note | Measured | Pictured | Kept | Finished | Failed

#: Called with each event, in the thread that called `run`; it may raise `Cancelled` to stop the run.
Listener = Callable[[Event], None]


#: Seconds between two events that only say that work goes on.
_WORKING = 0.05


def working(listener: Listener, now: Callable[[], str]) -> Callable[[], None]:
    """Return a function that tells, not too often, that a step is still at work.

    Parameters
    ----------
    listener : callable
        Told so.
    now : callable
        Names the step at work.

    Returns
    -------
    callable
        For `f2widgets.core.beat.beating`.
    """
    told = 0.0

    def tell() -> None:
        nonlocal told
        moment = perf_counter()
        if moment - told >= _WORKING:
            told = moment
            listener(Working(now()))

    return tell


def ignore(event: Event, /) -> None:
    """Listen to nothing."""
