"""The biography of a pixel: its value, sigma and flags after every step, and what each frame gave to it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core.frame import Frame
from f2widgets.core.trace import TRACE
from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.io.identity import root_of
from f2widgets.io.originals import find_originals
from f2widgets.io.read import FrameFile, open_frame
from f2widgets.recipes.again import Replay, Stage, stage_of
from f2widgets.recipes.history import READ_VERB
from f2widgets.recipes.shares import Share, calibration_pixel, stack_pixel

#: A recomputed value agrees with the product's if they differ by no more than rounding: single precision
#: keeps 2^-24 of the sky's level, which each of a handful of operations may lose.
_ROUNDING = 2e-6


@dataclass(frozen=True)
class Biography:
    """What became of a pixel.

    Attributes
    ----------
    name : str
        The product, or the frame.
    x, y : int
        The pixel, 0-based.
    stages : tuple of Stage
        After every step that was followed, the product's own last.
    shares : tuple of Share
        What each frame gave, if several were combined.
    product : Stage
        The pixel as it stands in the file.
    agrees : bool
        Whether the last stage equals that, but for rounding.
    problems : tuple of str
        What is missing, and what to do about it.
    """

    name: str
    x: int
    y: int
    stages: tuple[Stage, ...]
    shares: tuple[Share, ...]
    product: Stage
    agrees: bool
    problems: tuple[str, ...]

    def __str__(self) -> str:
        """Write it as text to read."""
        lines = [f"{self.name}, pixel x={self.x}, y={self.y}"]
        lines += [_line(stage) for stage in self.stages]
        for share in self.shares:
            told = f"weight {share.weight:.1%}" if share.used else f"left out: {share.why}"
            lines += [f"{share.frame} at x={share.x:.2f}, y={share.y:.2f}: {share.value:.2f}, {told}"]
            lines += [f"  {_line(stage)}" for stage in share.stages]
        return "\n".join([*lines, *self.problems])


def _line(stage: Stage) -> str:
    """Write one stage."""
    sigma = f" +/- {stage.sigma:.2f}" if np.isfinite(stage.sigma) else ""
    rest = "; ".join(text for text in (", ".join(stage.flags), stage.note) if text)
    return f"  {stage.step:<20}{stage.value:>14.4f}{sigma} {stage.unit}  {rest}".rstrip()


def biography(
    product: Frame | str | os.PathLike[str],
    x: int,
    y: int,
    *,
    frame: str | None = None,
    search: Iterable[str | os.PathLike[str]] = (),
) -> Biography:
    """Tell what became of a pixel, from the raw frames to the product.

    Parameters
    ----------
    product : Frame or path-like
        A stack, dark, flat or mask made by ``f2 reduce``, a frame kept between steps, or a raw frame.
    x, y : int
        The pixel, 0-based; with `frame`, in that frame.
    frame : str, optional
        Follow this one of the frames that went into the stack, not the stack.
    search : iterable of path-like, optional
        Folders in which the raw frames are looked for; the product's own and the present one come after.

    Returns
    -------
    Biography
        ``print`` shows it.

    Raises
    ------
    NotF2Data
        If the product cannot be read.
    ParameterError
        If the pixel lies outside, or there is no such frame.

    Notes
    -----
    *Method*: a window around the pixel goes through the steps once more. What they take from whole images
    (the level of the sky, coordinates, transparency, flags decided by the set) is read from the product.
    Raw files and calibrations must be there, unchanged; what is missing is told.
    """
    return Biographer(product, search).tell(x, y, frame)


class Biographer:
    """Keeps the files of a product open, for one pixel after the other.

    Parameters
    ----------
    product, search
        As for `biography`.
    """

    def __init__(
        self, product: Frame | str | os.PathLike[str], search: Iterable[str | os.PathLike[str]] = ()
    ) -> None:
        self._product: Frame | FrameFile = product if isinstance(product, Frame) else open_frame(product)
        self._folders: list[str | os.PathLike[str]] = list(search)
        if isinstance(self._product, FrameFile):
            folder = self._product.path.absolute().parent
            self._folders += [folder, *list(folder.parents)[:3]]  # frames kept between steps lie three deeper
        self._folders.append(Path.cwd())

    @cached_property
    def _found(self) -> tuple[dict[str, FrameFile], list[str]]:
        return find_originals(self._product.provenance, self._folders)

    @cached_property
    def _names(self) -> list[str]:
        """Names of the raw files, in the order of the table TRACE if there is one."""
        raw = [o.filename for o in self._product.provenance if o.added_by == READ_VERB]
        raw = list(dict.fromkeys(raw))
        if TRACE not in self._product.tables:
            return raw
        # Frames that only lent their sky are not in the stack.
        roots = {root_of(Path(name)): name for name in raw}
        order = [str(name) for name in self._product.tables[TRACE]["frame"]]
        return [roots.get(name, name) for name in order]

    @cached_property
    def _replay(self) -> Replay | None:
        """The frames ready to be reduced again; None if some are missing."""
        files, _ = self._found
        if not self._names or any(name not in files for name in self._names):
            return None
        raw = [files[name] for name in self._names]
        rest = {name: file for name, file in files.items() if name not in self._names}
        return Replay(self._product.history, raw, rest, self._product.tables)

    def tell(self, x: int, y: int, frame: str | None = None) -> Biography:
        """Tell the biography of a pixel; see `biography`."""
        if frame is not None:
            return self._of_frame(x, y, frame)
        own, now = self._product, self._own_stage(x, y)
        problems = list(self._found[1])
        stages: Sequence[Stage] = [now]
        shares: Sequence[Share] = []
        if not own.history:
            problems.append(f"{own.name} tells of no steps: it is a raw frame, or of another program.")
        elif self._replay is not None:
            stages, shares, more = self._retold(x, y)
            problems += more
        last = stages[-1]
        return Biography(
            own.name, x, y, tuple(stages), tuple(shares), now, _agree(last, now), tuple(problems)
        )

    def _retold(self, x: int, y: int) -> tuple[Sequence[Stage], Sequence[Share], list[str]]:
        """Choose how a product is retold, by the step that combined its frames."""
        assert self._replay is not None
        done = {entry.step: entry for entry in self._product.history if not entry.arguments.get("left_out")}
        if "combine" in done:
            if TRACE not in self._product.tables:
                return [self._own_stage(x, y)], [], [_UNTRACED.format(name=self._product.name)]
            return stack_pixel(self._replay, done, x, y, self._own_stage(x, y))
        if "combine_darks" in done or "combine_lamps" in done:
            return calibration_pixel(self._replay, self._product, x, y)
        followed = self._replay.follow(0, y, x)
        return followed.stages, [], [followed.problem] if followed.problem else []

    def _of_frame(self, x: int, y: int, name: str) -> Biography:
        """Follow a pixel of one of the frames."""
        roots = [root_of(Path(one)) for one in self._names]
        if name not in roots and name not in self._names:
            raise ParameterError(
                f"{name} did not go into {self._product.name}: it was made of {', '.join(roots)}."
            )
        if self._replay is None:
            raise WrongInputs(" ".join(self._found[1]))
        k = self._names.index(name) if name in self._names else roots.index(name)
        _must_be_inside(self._replay.sources[k], x, y)
        followed = self._replay.follow(k, y, x)
        problems = [*self._found[1], *([followed.problem] if followed.problem else [])]
        last = followed.stages[-1]
        return Biography(roots[k], x, y, followed.stages, (), last, True, tuple(problems))

    def _own_stage(self, x: int, y: int) -> Stage:
        """Return the pixel as it stands in the product."""
        _must_be_inside(self._product, x, y)
        band = self._product.rows(y, y + 1)
        return stage_of("in the file", band, 0, x)


#: What is told of stacks that keep no trace.
_UNTRACED = "{name} was made by an earlier version, which did not keep what is needed. Reduce it again."


def _must_be_inside(image: Any, x: int, y: int) -> None:
    """Refuse a pixel off the image."""
    ny, nx = image.shape
    if not (0 <= x < nx and 0 <= y < ny):
        raise ParameterError(
            f"x={x}, y={y} is no pixel of {image.name}: x goes from 0 to {nx - 1}, y from 0 to {ny - 1}."
        )


def _agree(one: Stage, other: Stage) -> bool:
    """Tell whether two stages are the same but for rounding."""
    close = abs(one.value - other.value) <= 1e-4 * max(
        other.sigma if other.sigma > 0 else 0, 1e-3 * abs(other.value)
    )
    return bool(close or abs(one.value - other.value) <= _ROUNDING * abs(other.value))
