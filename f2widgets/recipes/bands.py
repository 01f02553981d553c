"""Carry frames through a chain of row-wise steps, band by band, while the pixels are in the cache."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from time import perf_counter
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.blocks import each, spans
from f2widgets.core.frame import Facts, Frame
from f2widgets.core.notes import listening
from f2widgets.core.thumbnail import Gathered, Thumbnail
from f2widgets.errors import NoCalibration
from f2widgets.recipes.steps import Step

#: Rows of a band: data, variance and flags of 128 x 2048 pixels take 2.6 MB, which stays near a core from
#: step to step. Measured on two cores: nine science frames to the flat take 0.44 s with bands of 32 rows,
#: where the calls themselves count, 0.25 s with 128 and 0.24 s with 256.
BAND = 128
#: Bytes of all frames of a set in one band, for each thread. Measured: a dark of ten takes 0.38 s with 8 MB,
#: 0.27 s with 16 and 0.30 s with 64, which costs memory.
SET_BYTES = 16_000_000
#: Rows that a band of a large set has at least: 175 frames of 16 rows take 57 MB.
LEAST = 16
#: Bytes of a pixel: data, variance, flags.
_PIXEL = 10
#: Frames of a set of which pictures are gathered, after each step 0.7 MB each until the set is done.
PICTURED = 30
#: Name under which the time spent on reading is accounted.
READ = "read"


class Source(Protocol):
    """Anything that gives a frame by bands of rows: an open file, or a Frame."""

    @property
    def name(self) -> str:
        """Name of the frame."""

    @property
    def facts(self) -> Facts:
        """What code asks about."""

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""

    def rows(self, start: int, stop: int) -> Frame:
        """Return the band of rows from start up to stop."""


#: A calibration for every frame, or by the frame's name; None where there is none.
Calibrations = Mapping[str, Source | Mapping[str, Source | None] | None]


def full(source: Source) -> Frame:
    """Return the whole of a source as a Frame."""
    if isinstance(source, Frame):
        return source
    read: Callable[[], Frame] | None = getattr(source, "read", None)
    return source.rows(0, source.shape[0]) if read is None else read()


@dataclass(frozen=True)
class Call:
    """A step with all its values settled; one that the user left out changes nothing."""

    step: Step
    index: int
    values: Mapping[str, Any]
    calibrations: Calibrations
    left_out: bool = False

    @property
    def each_frame(self) -> bool:
        """Whether frames pass one at a time."""
        return self.left_out or not self.step.on_set

    @property
    def rowwise(self) -> bool:
        """Whether bands may pass alone."""
        return self.left_out or self.step.rowwise

    def sources(self, frame: str) -> dict[str, Source | None]:
        """Return the calibrations for a frame, by kind.

        Raises
        ------
        NoCalibration
            If one that cannot be done without is missing.
        """
        chosen: dict[str, Source | None] = {}
        for need in () if self.left_out else self.step.needs:
            given = self.calibrations.get(need.kind)
            chosen[need.kind] = given.get(frame) if isinstance(given, Mapping) else given
            if chosen[need.kind] is None and not need.optional:
                raise NoCalibration(
                    f"{self.step.name} needs a {need.kind} for {frame} and was given none. "
                    f"Give one, or leave the step out with --without {self.step.name}."
                )
        return chosen

    def on(self, frame: Frame, calibrations: Iterable[Frame | None], **more: Any) -> Frame:
        """Carry out the step on one frame."""
        if self.left_out:
            return frame
        result: Frame = self.step.function(frame, *calibrations, **self.values, **more)
        return result


#: Gives the frame behind a source of a calibration: a band of it, or all of it.
Fetch = Callable[[Source], Frame]


class _Planes:
    """Whole frames that bands are put into; the first band to come makes room."""

    def __init__(self, ny: int) -> None:
        self._ny = ny
        self._lock = threading.Lock()
        self._room: list[dict[str, NDArray[Any]]] = []
        self._first: list[Frame] = []

    def put(self, start: int, stop: int, bands: Sequence[Frame]) -> None:
        """Copy a band of every frame into its place."""
        parts = [_planes_of(band) for band in bands]
        with self._lock:
            if not self._room:
                self._room = [
                    {key: np.empty((self._ny, x.shape[1]), x.dtype) for key, x in part.items()}
                    for part in parts
                ]
        if start == 0:
            self._first = list(bands)
        for room, part in zip(self._room, parts, strict=True):
            for key, plane in part.items():
                room[key][start:stop] = plane

    def frames(self) -> list[Frame]:
        """Return the frames; what is no pixel comes from the first band."""
        made = []
        for first, room in zip(self._first, self._room, strict=True):
            data, variance, mask = room.pop(""), room.pop("variance", None), room.pop("mask")
            made.append(first.with_(data=data, variance=variance, mask=mask, planes=room))
        return made


def _planes_of(frame: Frame) -> dict[str, NDArray[Any]]:
    """Return all planes of a frame by name."""
    planes: dict[str, NDArray[Any]] = {"": frame.data, "mask": frame.mask, **frame.planes}
    return planes if frame.variance is None else {**planes, "variance": frame.variance}


@dataclass
class Fused:
    """A chain of row-wise steps, with the time each has taken and what each has noted.

    With `pictures`, small pictures of the frames are gathered after each step but the last, as bands pass.
    """

    calls: Sequence[Call]
    pictures: bool = False

    def __post_init__(self) -> None:
        """Begin with nothing spent, nothing said and nothing seen."""
        self._gathered: dict[tuple[int, int], tuple[str, Gathered]] = {}
        self.spent: dict[str, float] = defaultdict(float)
        self.notes: list[tuple[str, str, str]] = []
        self.failing = READ
        self._lock = threading.Lock()

    @property
    def each_frame(self) -> bool:
        """Whether frames pass one at a time."""
        return all(call.each_frame for call in self.calls)

    def carry_out(
        self,
        sources: Sequence[Source],
        fetch: Fetch | None = None,
        *,
        beside: Sequence[Callable[[], object]] = (),
        tick: Tick = ignore,
    ) -> list[Frame]:
        """Take all sources through the chain.

        Parameters
        ----------
        sources : sequence of Source
            Frames of one shape.
        fetch : callable, optional
            Gives the whole frame of a calibration; without it, each band is read as it is needed.
        beside : sequence of callable, optional
            Other work for the threads to do meanwhile.
        tick : callable, optional
            Told of each band done; what it raises stops the work.

        Returns
        -------
        list of Frame
            What the last step made.
        """
        if all(call.left_out for call in self.calls):
            return [full(source) for source in sources]
        ny, nx = sources[0].shape
        height = max(LEAST, min(BAND, SET_BYTES // (_PIXEL * nx * len(sources))))
        planes = _Planes(ny)

        def work(start: int, stop: int) -> None:
            planes.put(start, stop, self._band(sources, start, stop, fetch))

        jobs = [lambda a=a, b=b: work(a, b) for a, b in spans(ny, height)]
        each([*(lambda job=job: self._beside(job) for job in beside), *jobs], tick=tick)
        return planes.frames()

    def pictured(self) -> Iterator[tuple[Call, str, Thumbnail]]:
        """Give the pictures that were gathered, with step and name of the frame, and forget them."""
        for number, index in sorted(self._gathered):
            name, gathered = self._gathered.pop((number, index))
            yield next(call for call in self.calls if call.index == index), name, gathered.picture()

    def _see(self, start: int, ny: int, number: int, call: Call, band: Frame) -> None:
        """Take note of a band of a frame that has been through a step."""
        if not self.pictures or call.left_out or call is self.calls[-1] or number >= PICTURED:
            return
        with self._lock:
            if (number, call.index) not in self._gathered:
                self._gathered[number, call.index] = band.name, Gathered((ny, band.shape[1]))
            _, gathered = self._gathered[number, call.index]
        gathered.add(start, band)

    def _beside(self, job: Callable[[], object]) -> None:
        """Carry out other work; its time counts as reading."""
        began = perf_counter()
        job()
        self._spend({READ: perf_counter() - began})

    def _spend(self, seconds: Mapping[str, float]) -> None:
        """Add to the time that steps have taken in all threads."""
        with self._lock:
            for name, some in seconds.items():
                self.spent[name] += some

    def _band(self, sources: Sequence[Source], start: int, stop: int, fetch: Fetch | None) -> list[Frame]:
        """Take one band of all sources through the chain."""
        held: dict[int, Frame] = {}

        def part(source: Source) -> Frame:
            if id(source) not in held:
                held[id(source)] = (source if fetch is None else fetch(source)).rows(start, stop)
            return held[id(source)]

        watch = _Watch(self, heard=start == 0)
        try:
            with listening(watch.note):
                bands = self._through(sources, start, stop, part, watch)
        except BaseException:
            self.failing = watch.now
            raise
        self._spend(watch.spent)
        return bands

    def _through(
        self, sources: Sequence[Source], start: int, stop: int, part: Fetch, watch: _Watch
    ) -> list[Frame]:
        """Read a band of each source and apply every step."""
        see = partial(self._see, start, sources[0].shape[0])
        bands: Iterable[Frame] = (_read(source, start, stop, watch) for source in sources)
        for each_frame, calls in groupby(self.calls, key=lambda call: call.each_frame):
            # One frame goes through all its steps before the next: it stays in the cache.
            own = list(calls)
            if each_frame:
                bands = [_apply(own, band, part, watch, partial(see, k)) for k, band in enumerate(bands)]
                continue
            for call in own:
                bands = list(bands)
                watch.turn(call.step.name)
                bands = list(call.step.function(bands, **call.values))
                for k, band in enumerate(bands):
                    see(k, call, band)
        watch.turn(READ)
        return list(bands)


def _read(source: Source, start: int, stop: int, watch: _Watch) -> Frame:
    """Read one band of one frame."""
    watch.turn(READ)
    return source.rows(start, stop)


def _apply(
    calls: Iterable[Call], band: Frame, part: Fetch, watch: _Watch, see: Callable[[Call, Frame], None]
) -> Frame:
    """Take one band of one frame through steps for one frame."""
    for call in calls:
        watch.turn(READ)
        calibrations = [None if x is None else part(x) for x in call.sources(band.name).values()]
        watch.turn(call.step.name)
        band = call.on(band, calibrations)
        see(call, band)
    return band


class _Watch:
    """Notes the time each step takes in one thread, and passes on what it says in the first band."""

    def __init__(self, chain: Fused, *, heard: bool) -> None:
        self.spent: dict[str, float] = defaultdict(float)
        self._chain, self._heard = chain, heard
        self.now, self._since = READ, perf_counter()

    def turn(self, name: str) -> None:
        """Go over to another step."""
        now = perf_counter()
        self.spent[self.now] += now - self._since
        self.now, self._since = name, now

    def note(self, text: str, frame: str) -> None:
        """Keep what a step says, once for all bands."""
        if self._heard:
            self._chain.notes.append((self.now, text, frame))
