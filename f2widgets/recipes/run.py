"""Carry out a recipe: frames flow through its steps, and each remembers what was done to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import chain, count

from f2widgets.core.annotations import Tick
from f2widgets.core.blocks import each
from f2widgets.core.frame import Entry, Frame, Origin
from f2widgets.core.memory import keep_memory
from f2widgets.core.notes import listening
from f2widgets.core.parking import parked
from f2widgets.core.thumbnail import thumbnail
from f2widgets.errors import Cancelled, WrongInputs
from f2widgets.io.scratch import Scratch
from f2widgets.recipes.bands import READ, Calibrations, Call, Fetch, Fused, Source, full
from f2widgets.recipes.calls import Settings, settled
from f2widgets.recipes.clock import Clock
from f2widgets.recipes.events import (
    Advanced,
    Failed,
    Finished,
    Kept,
    Listener,
    Measured,
    Note,
    Pictured,
    Started,
    ignore,
    working,
)
from f2widgets.recipes.history import READ_VERB, Chosen, entry, joined, origins, used, with_origins
from f2widgets.recipes.recipe import Recipe, Use
from f2widgets.recipes.room import in_room

#: Called with a step's place in the recipe, its name, and a frame that has just been through it; returns the
#: frame to go on with.
Save = Callable[[int, str, Frame], Frame]


def run(
    recipe: Recipe | Sequence[Use],
    frames: Sequence[Source],
    calibrations: Calibrations | None = None,
    *,
    settings: Settings | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
    save: Save | None = None,
    start: int = 0,
    scratch: Scratch | None = None,
    pictures: bool = False,
    on_event: Listener = ignore,
) -> list[Frame]:
    """Carry out a recipe.

    Parameters
    ----------
    recipe : Recipe or sequence of Use
        The steps in order.
    frames : sequence of Source
        Open files or Frames, all of one shape; files are read band by band where the steps allow it.
    calibrations : mapping, optional
        By kind: one for all frames, or a mapping by the frame's name.
    settings : mapping of str to mapping, optional
        Values by step and parameter; they go before those of the recipe.
    without : collection of str, optional
        Steps to leave out; the frames' history says so.
    keep : collection of str, optional
        Steps after which each frame is handed to `save`.
    save : callable, optional
        Called with the step's place in the recipe, its name and the frame; what it returns goes on.
    start : int, optional
        Place of the first step to carry out: the frames have been through those before it.
    scratch : Scratch, optional
        Room on disk for the frames that steps hold, open; without it they are held in memory.
    pictures : bool, optional
        Send a small picture of each frame after each step; where the frames of a set pass several steps
        together, of the first 30.
    on_event : callable, optional
        Called with each event, in this thread. It may raise `Cancelled` to stop.

    Returns
    -------
    list of Frame
        What the last step left, with history and provenance.

    Raises
    ------
    ParameterError
        If a setting does not fit its step.
    WrongInputs
        If there are no frames, or a step leaves none.
    NoCalibration
        If a step lacks a calibration.
    Cancelled
        If the callback asked to stop.

    Notes
    -----
    Row-wise steps that follow each other are done together, one band of rows at a time. Other steps get
    their frames as an iterable and may drop each as they go; nothing is computed before it is asked for,
    and nothing twice. Any number of threads gives the same bits.
    """
    if not frames:
        raise WrongInputs("There are no frames to reduce: give at least one file.")
    uses = recipe.uses if isinstance(recipe, Recipe) else tuple(recipe)
    calls = settled(uses, calibrations or {}, settings or {}, without)
    return _Run(calls, start, keep if save else (), save, scratch, pictures, on_event).carry_out(list(frames))


class _Run:
    """One run of a recipe."""

    def __init__(
        self,
        calls: list[Call],
        start: int,
        keep: Collection[str],
        save: Save | None,
        scratch: Scratch | None,
        pictures: bool,
        tell: Listener,
    ) -> None:
        self._calls, self._total = calls[start:], len(calls)
        self._keep, self._save, self._pictures, self._tell = keep, save, pictures, tell
        self._scratch = scratch
        self._clock = Clock()
        self._open: dict[str, None] = {}
        self._started: dict[str, datetime] = {}
        self._count = 0
        self._began = datetime.now(UTC)

    def carry_out(self, sources: list[Source]) -> list[Frame]:
        """Send the sources through all steps."""
        keep_memory()
        try:
            with listening(lambda text, frame: self._tell(Note(self._clock.now, text, frame))):
                with in_room(self._scratch, working(self._tell, lambda: self._clock.now)):
                    return self._carried_out(sources)
        except (Cancelled, KeyboardInterrupt):
            raise
        except BaseException as error:
            self._tell(Failed(getattr(error, "step", self._clock.failed or READ), error))
            raise

    def _carried_out(self, sources: list[Source]) -> list[Frame]:
        self._count = len(sources)
        self._start(READ, READ_VERB, -1)
        stream: Iterable[Source] = sources
        groups = self._groups()
        if not groups or not isinstance(groups[0], Fused):
            stream = self._whole(sources)
        for group in groups:
            stream = self._fused(group, stream) if isinstance(group, Fused) else self._step(group, stream)
        frames = [full(source) for source in stream]
        for name in list(self._open):
            self._finish(name)
        return frames

    def _groups(self) -> list[Fused | Call]:
        """Join row-wise steps that follow each other, up to one whose frames are kept."""
        groups: list[Fused | Call] = []
        chained: list[Call] = []
        for call in self._calls:
            if not call.rowwise:
                groups.append(call)
                chained = []
                continue
            if not chained:
                groups.append(Fused(chained, self._pictures))
            chained.append(call)
            if call.step.name in self._keep:
                chained = []
        return groups

    # What a run tells.

    def _start(self, name: str, verb: str, index: int) -> None:
        self._open[name] = None
        self._started[name] = datetime.now(UTC)
        self._tell(Started(name, verb, index, self._total, self._count))

    def _finish(self, name: str) -> None:
        if name in self._open:
            del self._open[name]
            self._tell(Finished(name, self._clock.seconds.pop(name, 0.0)))

    def _advance(self, calls: Iterable[Call], done: int, total: int) -> None:
        for call in calls:
            if not call.left_out:
                self._tell(Advanced(call.step.name, done, total))

    # Frames that pass. They go through `map` and never by a variable of a generator, so that nothing here
    # keeps a frame that the next step has let go.

    def _whole(self, sources: list[Source]) -> Iterator[Frame]:
        """Read whole frames."""
        each([lambda source=source: getattr(source, "md5", "") for source in sources])  # type: ignore[misc]
        return chain(map(self._read, sources), self._ending([READ]))

    def _read(self, source: Source) -> Frame:
        """Read one whole frame."""
        with self._clock.during(READ):
            return with_origins(full(source), origins([(source, READ_VERB)], self._began))

    def _step(self, call: Call, stream: Iterable[Source]) -> Iterable[Frame]:
        """Carry out a step that is not row-wise."""
        name = call.step.name
        self._start(name, call.step.verb, call.index)
        if call.each_frame:
            return chain(map(self._alone(call), count(1), stream), self._ending([name], call))
        seen: list[Origin] = []
        with self._clock.during(name):
            made = call.step.function(map(self._fed(call, seen), stream), **call.values, **self._tick(call))
        if isinstance(made, Sequence):
            self._count = len(made)
            self._finish(name)
            if not made:
                raise WrongInputs(f"{name} left no frame: nothing more can be done.")
        return chain(
            map(self._remembered(call, seen), self._timed(name, _let_go(made))), self._ending([name], call)
        )

    def _tick(self, call: Call) -> dict[str, Tick]:
        """Return the callback for a step that reports progress."""
        return {"tick": lambda done, total: self._advance([call], done, total)} if call.step.ticks else {}

    def _timed(self, name: str, frames: Iterator[Frame]) -> Iterator[Frame]:
        """Charge what an iterator does for each frame to a step."""

        def following() -> Frame | None:
            with self._clock.during(name):
                return next(frames, None)

        return _until_none(following)

    def _fed(self, call: Call, seen: list[Origin]) -> Callable[[Source], Frame]:
        """Return a function that takes note of a frame on its way into a step."""

        def fed(source: Source) -> Frame:
            frame = full(source) if call.step.one_by_one else parked(full(source))
            if call.step.combines:
                seen.extend(frame.provenance)
                self._tell(Measured(call.step.name, frame.name, dict(frame.measured)))
            return frame

        return fed

    def _remembered(self, call: Call, seen: list[Origin]) -> Callable[[Frame], Frame]:
        """Return a function that writes into a frame what was done to it."""

        def remembered(frame: Frame) -> Frame:
            frame = frame.with_(history=(*frame.history, self._entry(call, {})))
            if call.step.combines:
                frame = frame.with_(provenance=joined(seen, frame.provenance))
            return self._passed(call, frame)

        return remembered

    def _alone(self, call: Call) -> Callable[[int, Source], Frame]:
        """Return a function that carries out a step on one whole frame."""

        def alone(number: int, source: Source) -> Frame:
            chosen = call.sources(source.name)
            with self._clock.during(call.step.name):
                calibrations = [None if x is None else full(x) for x in chosen.values()]
                frame = call.on(full(source), calibrations, **self._tick(call))
            self._advance([call], number, self._count)
            frame = frame.with_(history=(*frame.history, self._entry(call, chosen)))
            return self._passed(call, with_origins(frame, origins(used(call, chosen), self._began)))

        return alone

    def _fused(self, fused: Fused, stream: Iterable[Source]) -> Iterable[Frame]:
        """Carry out row-wise steps together."""
        for call in fused.calls:
            if call.left_out:
                self._tell(Note(call.step.name, f"{call.step.name} is left out, as asked for"))
            else:
                self._start(call.step.name, call.step.verb, call.index)
        names = [READ, *(call.step.name for call in fused.calls)]
        if fused.each_frame:
            frames = map(self._one_by_one(fused), count(), stream)
            return chain(frames, self._ending(names, fused.calls[-1]))
        made = self._banded(fused, list(stream), None, (0, 1))
        self._count = len(made)
        return chain(_let_go(made), self._ending(names, fused.calls[-1]))

    def _one_by_one(self, fused: Fused) -> Callable[[int, Source], Frame]:
        """Return a function that takes a frame through row-wise steps, the calibrations held in memory."""
        held: dict[int, Frame] = {}

        def one(done: int, source: Source) -> Frame:
            wanted = {id(x): x for call in fused.calls for x in call.sources(source.name).values() if x}
            for key in held.keys() - wanted.keys():
                del held[key]
            with self._clock.during(READ):
                held.update({key: full(wanted[key]) for key in wanted.keys() - held.keys()})
            return self._banded(fused, [source], lambda x: held[id(x)], (done, self._count))[0]

        return one

    def _banded(
        self, fused: Fused, sources: list[Source], fetch: Fetch | None, part: tuple[int, int]
    ) -> list[Frame]:
        """Take sources through row-wise steps, and write down what was done."""
        chosen = [[call.sources(source.name) for call in fused.calls] for source in sources]
        pairs = {
            source.name: [
                (source, READ_VERB),
                *(pair for its in zip(fused.calls, one, strict=True) for pair in used(*its)),
            ]
            for source, one in zip(sources, chosen, strict=True)
        }
        files = {id(x): x for some in pairs.values() for x, _ in some if hasattr(x, "md5")}
        done, frames = part

        def tick(bands: int, total: int) -> None:
            self._advance(fused.calls, done * total + bands, frames * total)

        hashing = [lambda x=x: x.md5 for x in files.values()]
        before = self._clock.seconds.get(READ, 0.0)
        try:
            with self._clock.during(READ):
                made = fused.carry_out(sources, fetch, beside=hashing, tick=tick)
        except BaseException as error:
            error.step = fused.failing  # type: ignore[attr-defined]
            raise
        self._clock.spread(READ, before, fused.spent)
        fused.spent.clear()
        while fused.notes:
            self._tell(Note(*fused.notes.pop(0)))
        for call, name, picture in fused.pictured():
            self._tell(Pictured(call.step.name, call.index, name, picture))
        # A Frame, whole before these steps because it was kept, brings along where it comes from.
        own = {source.name: getattr(source, "provenance", ()) for source in sources}
        whence = {name: joined(own[name], origins(some, self._began)) for name, some in pairs.items()}
        return [self._marked(fused, frame, chosen[0], whence) for frame in made]

    def _marked(
        self, fused: Fused, frame: Frame, chosen: Sequence[Chosen], whence: Mapping[str, tuple[Origin, ...]]
    ) -> Frame:
        """Add history and provenance to a frame that came out of row-wise steps."""
        entries = [self._entry(call, its) for call, its in zip(fused.calls, chosen, strict=True)]
        combined = any(call.step.combines and not call.left_out for call in fused.calls)
        # A frame that a combining step only passes on gets the origins of all: it is on its way to the
        # next combining step, which joins them anyway.
        every = whence.values() if combined else [whence[frame.name]]
        marked = with_origins(frame, joined(*every)).with_(history=(*frame.history, *entries))
        return self._passed(fused.calls[-1], marked)

    def _ending(self, names: Iterable[str], last: Call | None = None) -> Iterator[Frame]:
        """Say that steps are done once their last frame has been taken; give none."""
        if last is not None and self._keeps(last):
            self._tell(Kept(last.step.name, last.index))
        for name in names:
            self._finish(name)
        yield from ()

    def _entry(self, call: Call, chosen: Chosen) -> Entry:
        """Return the line of history for a call."""
        return entry(call, chosen, self._started.get(call.step.name, self._began))

    def _keeps(self, call: Call) -> bool:
        """Tell whether frames are kept after a step."""
        return self._save is not None and call.step.name in self._keep

    def _passed(self, call: Call, frame: Frame) -> Frame:
        """Hand on, for keeping and showing, a frame that has been through a step."""
        name = call.step.name
        if self._pictures and not call.left_out:
            self._tell(Pictured(name, call.index, frame.name, thumbnail(frame)))
        if self._save is not None and self._keeps(call):
            return self._save(call.index, name, frame)
        return frame


def _until_none(following: Callable[[], Frame | None]) -> Iterator[Frame]:
    """Iterate over what a function returns, up to the first None."""
    return iter(following, None)


def _let_go(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Give the frames of a list one by one, keeping none that was given."""
    if not isinstance(frames, Sequence):
        return iter(frames)
    waiting = deque(frames)
    return _until_none(lambda: waiting.popleft() if waiting else None)
