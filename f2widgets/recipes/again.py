"""Carry out the steps of a reduction once more, around one pixel, from the raw frames.

What a step takes from whole frames (the level of the sky, coordinates, surfaces, transparency, flags that
the set decided) is read from the tables TRACE and MARKS of the stack; all else is done by the steps
themselves on a window.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.background import Surface
from f2widgets.core.frame import Entry, Frame
from f2widgets.core.grid import Grid, common_grid
from f2widgets.core.sky import in_groups, subtract_middle
from f2widgets.core.trace import MARKS, TRACE, decided_flags, marks_of, refined_wcs
from f2widgets.errors import ParameterError
from f2widgets.recipes.bands import Source
from f2widgets.recipes.steps import Step, step_named

if TYPE_CHECKING:
    from astropy.table import Table
    from astropy.wcs import WCS

#: Steps after which a pixel is no longer a frame's own.
BEYOND = frozenset({"resample", "combine", "combine_darks", "combine_lamps"})
#: Flags that each of these steps decides by looking at the whole set.
_DECIDES = {"flag_probe": flags.PROBE, "flag_objects": flags.OBJECT, "flag_outliers": flags.COSMIC}
_DECIDES["flag_faint_objects"] = flags.OBJECT
#: Steps that change no pixel.
_NO_PIXELS = frozenset({"align", "check_wcs", "detect_sources"})


@dataclass(frozen=True)
class Stage:
    """A pixel after a step."""

    step: str  #: our name of it; ``read`` for the raw file
    value: float
    sigma: float  #: NaN where no variance is known
    flags: tuple[str, ...]
    unit: str
    note: str = ""


def stage_of(step: str, frame: Frame, row: int, column: int, note: str = "") -> Stage:
    """Return one pixel of a frame as it is after a step."""
    variance = float("nan") if frame.variance is None else float(frame.variance[row, column])
    sigma = float(np.sqrt(variance)) if variance >= 0 else float("nan")
    value, bits = float(frame.data[row, column]), int(frame.mask[row, column])
    return Stage(step, value, sigma, flags.names(bits), frame.unit, note)


@dataclass(frozen=True)
class Followed:
    """A pixel of one frame, followed as far as its own frame goes."""

    stages: tuple[Stage, ...]
    window: Frame  #: what surrounds it at the end
    corner: tuple[int, int]  #: row and column of the window's first pixel in the frame
    problem: str = ""  #: why it could not be followed further


@dataclass
class Replay:
    """The frames of a product, ready to be reduced again on windows.

    Parameters
    ----------
    history : sequence of Entry
        Of the product.
    sources : sequence of Source
        Its raw frames, in the order of TRACE if there is one.
    calibrations : mapping of str to Source
        By the file's name.
    tables : mapping of str to `~astropy.table.Table`
        Of the product.
    """

    history: Sequence[Entry]
    sources: Sequence[Source]
    calibrations: Mapping[str, Source]
    tables: Mapping[str, Table] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Take the numbers of whole frames out of the tables."""
        self._traced = TRACE in self.tables and MARKS in self.tables
        n = len(self.sources)
        self._marks = [marks_of(self.tables, k) for k in range(n)] if self._traced else []

    @cached_property
    def grid(self) -> Grid:
        """The grid of the stack, and the way from it to each frame."""
        frames = []
        for k, source in enumerate(self.sources):
            wcs = self.wcs(k)
            empty = np.broadcast_to(np.float32(0), source.shape), np.broadcast_to(np.uint16(0), source.shape)
            frames.append(Frame(source.name, empty[0], None, empty[1], wcs=wcs))
        return common_grid(frames)

    def wcs(self, k: int) -> WCS | None:
        """Return the refined coordinates of a frame."""
        own: WCS | None = getattr(self.sources[k], "wcs", None)
        return None if own is None else refined_wcs(self.tables, k, own)

    @cached_property
    def _since_read(self) -> Sequence[Entry]:
        """What was done to the sources; a stack of stacks begins where the earliest of these ends."""
        return self.history[len(getattr(self.sources[0], "history", ())) :]

    def number(self, name: str, k: int) -> Any:
        """Return what TRACE tells of a frame."""
        return self.tables[TRACE][name][k]

    def follow(self, k: int, row: int, column: int, margin: int = 0) -> Followed:
        """Follow a pixel of frame k through the steps that leave it in its frame.

        Parameters
        ----------
        k : int
            Number of the frame among the sources.
        row, column : int
            The pixel.
        margin : int, optional
            How many pixels around it to reduce as well.

        Returns
        -------
        Followed
            A stage for each step.

        Raises
        ------
        NotF2Data
            If a file cannot be read any more.
        """
        ny, nx = self.sources[k].shape
        rows = slice(max(row - margin, 0), min(row + margin + 1, ny))
        columns = slice(max(column - margin, 0), min(column + margin + 1, nx))
        work = _Around(self, k, rows, columns)
        at = row - rows.start, column - columns.start
        stages = [stage_of("read", work.frame, *at)]
        problem = ""
        for entry in self._since_read:
            if entry.step in BEYOND:
                break
            if entry.arguments.get("left_out"):
                stages.append(stage_of(entry.step, work.frame, *at, "left out"))
                continue
            try:
                told = work.carry_out(entry)
            except _CannotFollow as error:
                problem = str(error)
                break
            stages.append(stage_of(entry.step, work.frame, *at, told))
        return Followed(tuple(stages), work.frame, (rows.start, columns.start), problem)


class _CannotFollow(Exception):
    """A step that cannot be done again here, with the reason."""


class _Around:
    """A window of one frame; of the others as well, as soon as a step needs them."""

    def __init__(
        self, replay: Replay, k: int, rows: slice, columns: slice, held: dict[str, Frame] | None = None
    ) -> None:
        self._replay, self._rows, self._columns = replay, rows, columns
        self._held: dict[str, Frame] = {} if held is None else held  # calibrations, once for all frames
        self._done: list[Entry] = []
        self._frames = {k: self._read(replay.sources[k])}
        self._k = k

    @property
    def frame(self) -> Frame:
        """The window of the frame that is followed."""
        return self._frames[self._k]

    def _read(self, source: Source) -> Frame:
        """Read the window of a frame or a calibration."""
        band, columns = source.rows(self._rows.start, self._rows.stop), self._columns
        return band.with_(
            data=band.data[:, columns],
            variance=None if band.variance is None else band.variance[:, columns],
            mask=band.mask[:, columns],
            planes={},
        )

    def carry_out(self, entry: Entry) -> str:
        """Do a step again; return what is worth telling of it."""
        try:
            step = step_named(entry.step)
        except ParameterError:
            raise _CannotFollow(
                f"{entry.step} is no step of this program: it cannot be done again."
            ) from None
        if step.rowwise and not step.on_set:
            told = self._alone(step, entry)
        else:
            told = self._together(step, entry)
        self._done.append(entry)
        return told

    def _alone(self, step: Step, entry: Entry) -> str:
        """Carry out a step that looks at one frame."""
        names = [entry.arguments.get(need.kind) for need in step.needs]
        missing = [name for name in names if name and name not in self._replay.calibrations]
        if missing:
            raise _CannotFollow(f"{step.name} needs {missing[0]}, which is not there.")
        own = [None if not name else self._calibration(name) for name in names]
        values = {key: x for key, x in entry.arguments.items() if key in {p.name for p in step.params}}
        self._frames = {k: step.function(frame, *own, **values) for k, frame in self._frames.items()}
        return f"with {', '.join(str(name) for name in names if name)}" if any(names) else ""

    def _calibration(self, name: str) -> Frame:
        """Return the window of a calibration."""
        if name not in self._held:
            self._held[name] = self._read(self._replay.calibrations[name])
        return self._held[name]

    def _together(self, step: Step, entry: Entry) -> str:
        """Carry out a step that looks at the whole set, or at whole frames."""
        if step.name in _NO_PIXELS:
            return ""
        act: Callable[[Entry], str] | None = getattr(self, f"_{step.name}", None)
        if act is None and step.name not in _DECIDES:
            raise _CannotFollow(f"{step.name} looks at the whole image: only the product tells its result.")
        if not self._replay._traced:
            raise _CannotFollow(
                f"{step.name} takes all frames of the set together, of which this file does not tell. "
                "Look at a stack made with this version."
            )
        return self._decided(step.name) if act is None else act(entry)

    def _others(self, group: int) -> list[int]:
        """Bring in the frames that share the sky of this one, done up to here; return their numbers."""
        every = [
            Frame("", np.empty((0, 0), np.float32), None, np.empty((0, 0), np.uint16), facts=s.facts)
            for s in self._replay.sources
        ]
        (members,) = [some for some in in_groups(every, group) if self._k in some]
        for j in members:
            if j in self._frames:
                continue
            other = _Around(self._replay, j, self._rows, self._columns, self._held)
            for entry in self._done:
                other.carry_out(entry)
            self._frames[j] = other.frame
        return members

    def _decided(self, name: str) -> str:
        """Set the flags that the set decided."""
        bit = np.uint16(_DECIDES[name])
        for k, frame in self._frames.items():
            nx = self._replay.sources[k].shape[1]
            found = decided_flags(self._replay._marks[k], nx, self._rows, self._columns)
            self._frames[k] = frame.with_(mask=frame.mask | (found & bit))
        return ""

    def _subtract_sky(self, entry: Entry) -> str:
        """Subtract the median of the set, whose levels the stack tells."""
        members = self._others(int(entry.arguments.get("group", 18)))
        frames = [self._frames[j] for j in members]
        if "sky_scale" in self.frame.measured:
            made = step_named("subtract_sky").function(frames, **entry.arguments)
            told = "once more, without what was flagged meanwhile"
        else:
            levels, scales = (
                np.array([float(self._replay.number(name, j)) for j in members])
                for name in ("sky", "sky_scale")
            )
            made = subtract_middle(frames, levels, scales, levels - scales * levels.mean())
            told = f"level {self._replay.number('sky', self._k):.1f}"
        self._frames.update(zip(members, made, strict=True))
        return told

    def _refine_sky(self, entry: Entry) -> str:
        """Subtract the mean of what the others have left."""
        members = self._others(int(entry.arguments.get("group", 18)))
        # Frames in the same place are told by their coordinates.
        frames = [self._frames[j].with_(wcs=self._replay.wcs(j)) for j in members]
        made = step_named("refine_sky").function(frames, **entry.arguments)
        self._frames.update(zip(members, made, strict=True))
        return ""

    def _flatten_background(self, entry: Entry) -> str:
        """Subtract the surface whose coefficients the stack tells."""
        coefficients: NDArray[np.float64] = np.asarray(self._replay.number("surface", self._k), float)
        if not coefficients.any():
            return "no surface was subtracted"
        surface = Surface(coefficients, self._replay.sources[self._k].shape)
        part = surface.rows(self._rows.start, self._rows.stop)[:, self._columns]
        self._frames = {self._k: self.frame.with_(data=self.frame.data - part)}
        return ""

    def _match_counts(self, entry: Entry) -> str:
        """Scale to the mean transparency and the first frame's exposure time."""
        first, own = (self._replay.sources[j].facts.exposure_time for j in (0, self._k))
        clear = float(self._replay.number("transparency", self._k))
        factor = np.float32((first / own if own > 0 else 1.0) / clear)
        frame = self.frame
        variance = None if frame.variance is None else frame.variance * (factor * factor)
        self._frames = {self._k: frame.with_(data=frame.data * factor, variance=variance)}
        return f"times {factor:.5f}"
