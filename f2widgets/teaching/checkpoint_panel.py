"""A checkpoint: the learner's own product or answer is tested, with hints, and what is solved is kept."""

from __future__ import annotations

import html
from collections.abc import Mapping
from functools import cached_property
from importlib.resources import files as resources
from typing import Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.display import binned_known, binning, limits, plane_values, stretched
from f2widgets.core.frame import Frame
from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.teaching.exercise import LEVELS, Exercise, exercise_named
from f2widgets.teaching.questions import Choice, Number, Point, Product, Verdict
from f2widgets.teaching.record import Progress, progress
from f2widgets.widgets.panel import Panel, Reply, asked_by_page, from_page, script

#: Pixels of a picture to point at, along the longer side; what is shown as black and white, percent.
_SHOWN, _LIMITS = 480, 99.0


def own_script(*names: str) -> str:
    """Join the shared parts of panels and scripts of this package into one module."""
    own = (resources(__package__).joinpath(name).read_text("utf-8") for name in names)
    return "\n".join([script("parts.js", "table.js"), *own, script("render.js")])


def own_style() -> str:
    """Return the style sheet of panels, and this package's."""
    return script("panel.css") + resources(__package__).joinpath("teaching.css").read_text("utf-8")


class Checkpoint(Panel):
    """A test of what the learner has made or found out.

    Parameters
    ----------
    exercise : Exercise
        What is asked.
    *about
        What the learner gives: products, files, frames.
    keep : Progress, optional
        Where what is solved is kept; by default the file beside the notebook.

    Attributes
    ----------
    verdict : Verdict or None
        The last one.
    """

    title = "Checkpoint"
    _esm = own_script("pictures.js", "checkpoint.js")
    _css = own_style()

    def __init__(self, exercise: Exercise, *about: Any, keep: Progress | None = None) -> None:
        self.exercise, self.about = exercise, about
        self.progress = progress() if keep is None else keep
        self.verdict: Verdict | None = None
        self._hints = int(self.progress.of(exercise.name)["hints"])
        super().__init__()
        self._title = f"Checkpoint: {exercise.title}"
        if isinstance(exercise.question, Product):
            self.test()

    @property
    def solved(self) -> bool:
        """Whether a right answer was given, now or before."""
        return bool(self.progress.of(self.exercise.name)["right"])

    def arrived(self) -> None:
        """Send the task, the last verdict and the hints looked at so far."""
        question, known = self.exercise.question, self.progress.of(self.exercise.name)
        said = self.verdict
        self.send(
            {
                "kind": "task",
                "task": self.exercise.task,
                "kind_of_answer": type(question).__name__.lower(),
                "options": list(question.options) if isinstance(question, Choice) else [],
                "unit": question.unit if isinstance(question, Number) else "",
                "right": said.right if said else self.solved,
                "counts": said.counts if said else True,
                "said": said.text if said else known["said"],
                "hints": list(self.exercise.hints[: self._hints]),
                "levels": LEVELS,
                "tries": known["tries"],
            }
        )

    @from_page
    def answer(self, value: Any) -> str:
        """Give an answer.

        Parameters
        ----------
        value : object
            The option's text; a number with its unit, as text or quantity; or a place (x, y).

        Returns
        -------
        str
            The verdict in words; see also `solved`.
        """
        self.verdict = self.exercise.judge(value, *self.about)
        self.progress.note(self.exercise.name, self.verdict)
        if self.progress.problem:
            self.tell(self.progress.problem, "error")
        self.arrived()
        return self.verdict.text

    @from_page
    def test(self) -> str:
        """Test the product that was given; returns the verdict in words."""
        return self.answer(None)

    @from_page
    def hint(self) -> str:
        """Show the next hint, and return it; the third is the last."""
        self._hints = min(self._hints + 1, LEVELS)
        self.progress.hinted(self.exercise.name, self._hints)
        self.arrived()
        return self.exercise.hints[self._hints - 1]

    @asked_by_page
    def picture(self) -> Reply:
        """Return the image to point at: its sides, and grey values as bytes."""
        frame = self._image
        ny, nx = frame.shape
        small = binned_known(
            plane_values(frame, "data", flags.NO_DATA | flags.UNLIT), binning(frame.shape, _SHOWN)
        )
        grey = np.nan_to_num(stretched(small, *limits(small, _LIMITS), "linear")) * 255
        size = {"nx": nx, "ny": ny, "width": small.shape[1], "height": small.shape[0]}
        return Reply(size, [np.ascontiguousarray(grey.astype(np.uint8)).tobytes()])

    @cached_property
    def _image(self) -> Frame:
        """The image to point at."""
        question = self.exercise.question
        if not isinstance(question, Point):
            raise WrongInputs(f"{self.exercise.title} asks for no place in an image.")
        return question.image(*self.about)

    @asked_by_page
    def show_code(self) -> dict[str, str]:
        """Return the call that does what a click does."""
        given = "".join(f", {name}" for name in self.exercise.takes)
        call = f'checkpoint("{self.exercise.name}"{given})'
        answers = {Product: "test()", Point: "answer((x, y))"}
        how = answers.get(type(self.exercise.question), 'answer("…")')
        return {"python": f"from f2widgets.teaching import checkpoint\n\n{call}.{how}", "shell": ""}

    def poster(self) -> Mapping[str, Any]:
        """Return task and verdict as they stand."""
        said = html.escape(self.verdict.text if self.verdict else "not answered yet")
        head, task = html.escape(self._title), html.escape(self.exercise.task)
        return {"text/html": f"<p><b>{head}</b><br>{task}</p><p>{said}</p>"}

    def __repr__(self) -> str:
        """Say how it stands in one line."""
        return f"<Checkpoint {self.exercise.name}: {'solved' if self.solved else 'open'}>"


def checkpoint(exercise: str | Exercise, *about: Any, keep: Progress | None = None) -> Checkpoint:
    """Test what was made or found out.

    Parameters
    ----------
    exercise : str or Exercise
        One of the course by its name, or an own one.
    *about
        What the exercise asks for: a product, a file, a frame, the folder of raw frames.
    keep : Progress, optional
        Where what is solved is kept; by default the file beside the notebook.

    Returns
    -------
    Checkpoint
        A panel; a product is tested at once, the others are answered in it or by ``.answer(…)``.

    Raises
    ------
    ParameterError
        If the course has no exercise of this name, or none is named.
    """
    known = exercise_named(exercise) if isinstance(exercise, str) else exercise
    if not isinstance(known, Exercise):
        raise ParameterError(
            f'Name the exercise first: checkpoint("01.dark", dark, raw). This is a {type(exercise).__name__}.'
        )
    return Checkpoint(known, *about, keep=keep)
