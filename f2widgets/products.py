"""What a reduction made: the product, frames kept between steps, and what there is to tell of it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs
from f2widgets.io.read import read_frame
from f2widgets.plan import Plan
from f2widgets.recipes.steps import step_named


@dataclass(frozen=True)
class Products:
    """What a reduction made.

    Parameters
    ----------
    plan : Plan
        What was asked for and found.
    paths : tuple of `~pathlib.Path`
        The files in the working folder; usually one.
    stored : tuple of `~pathlib.Path`
        The same files where calibrations are kept.
    kept : tuple of `~pathlib.Path`
        Frames kept between steps.
    held : tuple of Frame
        What the last step left, where nothing was written.
    timings : mapping of str to float
        Seconds by step.
    notes : tuple of str
        What a careful observer would want to know.
    problems : tuple of str
        What could not be done although the product is there.
    quality : mapping
        What the steps measured: by frame under ``"frames"``, of the product under ``"product"``.
    """

    plan: Plan
    paths: tuple[Path, ...] = ()
    stored: tuple[Path, ...] = ()
    kept: tuple[Path, ...] = ()
    held: tuple[Frame, ...] = ()
    timings: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    quality: Mapping[str, Any] = field(default_factory=dict)

    @property
    def path(self) -> Path:
        """The product, where there is one; `WrongInputs` if none was written, or several."""
        if len(self.paths) != 1:
            some = f"{len(self.paths)} files: choose among its paths" if self.paths else "no file"
            raise WrongInputs(f"The recipe {self.plan.recipe.name} has written {some}.")
        return self.paths[0]

    @property
    def frames(self) -> tuple[Frame, ...]:
        """What was made. Files are read anew each time: what was written is held by nothing here."""
        return self.held or tuple(read_frame(path) for path in self.paths)

    def __fspath__(self) -> str:
        """Stand for the product wherever a file is asked for."""
        return os.fspath(self.path)

    def kept_after(self, step: str) -> tuple[Path, ...]:
        """Return the frames kept after a step; where it is done twice, those after the second time.

        Parameters
        ----------
        step : str
            Its name here.

        Returns
        -------
        tuple of `~pathlib.Path`
            One per frame, in order.

        Raises
        ------
        ParameterError, WrongInputs
            If there is no such step, or none were kept after it.
        """
        name = step_named(step).name
        folders = {path.parent for path in self.kept if path.parent.name.partition("_")[2] == name}
        if not folders:
            raise WrongInputs(f'No frames were kept after {name}: reduce with keep=["{name}"].')
        last = max(folders, key=lambda folder: folder.name)  # they begin with the number of the step
        return tuple(path for path in self.kept if path.parent == last)
