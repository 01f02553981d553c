"""An exercise: what is asked, three hints, and how an answer is judged; the course's own by their names."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from f2widgets.errors import F2Error, ParameterError
from f2widgets.recipes.parameters import near
from f2widgets.teaching.questions import Choice, Number, Point, Product, Question, Verdict, unclear

log = logging.getLogger("f2widgets")
#: Levels of hint: where to look, what to do, how to do it.
LEVELS = 3
#: Module of this package with the exercises of each tutorial, by the number that their names begin with.
_LESSONS = {
    "00": "start",
    "01": "dither",
    "02": "files",
    "03": "darks",
    "04": "flats",
    "05": "skies",
    "06": "stacking",
    "07": "noise",
    "08": "own",
    "09": "clinic",
    "10": "many",
    "11": "beside",
    "tips": "tips",
}


@dataclass(frozen=True)
class Exercise:
    """Something to find out or to make.

    Parameters
    ----------
    name : str
        Under which progress is kept: ``"03.read_noise"``.
    title : str
        In a few words.
    task : str
        What is asked, in a sentence or two.
    question : Product, Choice, Number or Point
        What kind of answer is asked for, and how it is judged.
    hints : sequence of str
        Three: where to look, what to do, and how to do it.

    Raises
    ------
    ParameterError
        If there are not three hints.
    """

    name: str
    title: str
    task: str
    question: Question
    hints: Sequence[str]

    def __post_init__(self) -> None:
        """Ask for all three hints."""
        if isinstance(self.hints, str) or len(self.hints) != LEVELS:
            raise ParameterError(f"{self.name}: give {LEVELS} hints, from where to look to how to do it.")

    @property
    def takes(self) -> tuple[str, ...]:
        """Names of what the learner gives to the checkpoint besides the exercise."""
        match self.question:
            case Product(check):
                return _arguments(check)
            case Point(_, image):
                return _arguments(image)
            case Number(found) | Choice(_, found) if callable(found):
                return _arguments(found)
        return ()

    def judge(self, answer: Any, *about: Any) -> Verdict:
        """Judge an answer; whatever goes wrong is said in words, and no try is counted for it.

        Parameters
        ----------
        answer : object
            What was chosen, typed or pointed at.
        *about
            What the learner gives.

        Returns
        -------
        Verdict
            Never an exception.
        """
        if len(about) != len(self.takes):
            names = "".join(f", {name}" for name in self.takes)
            return unclear(f'This checkpoint is called as checkpoint("{self.name}"{names}).')
        try:
            return self.question.judge(answer, *about)
        except F2Error as error:
            return unclear(str(error))
        except OSError as error:
            return unclear(
                f"{error.filename or 'A file'} cannot be read: {error.strerror}. Run the cells above."
            )
        except Exception as error:
            log.exception("%s could not be judged", self.name)
            given = ", ".join(type(one).__name__ for one in about) or "nothing"
            return unclear(
                f"This could not be tested ({type(error).__name__}: {error}). It was given: {given}. "
                "Look whether these are what the text above asks for."
            )


def _arguments(function: Any) -> tuple[str, ...]:
    """Return the names of a function's arguments."""
    return tuple(inspect.signature(function).parameters)


def exercise_named(name: str) -> Exercise:
    """Return an exercise of the course.

    Parameters
    ----------
    name : str
        Number of the tutorial and a word: ``"01.dark"``.

    Returns
    -------
    Exercise
        The exercise.

    Raises
    ------
    ParameterError
        If there is none of this name, with the near ones.
    """
    known = {one.name: one for one in exercises(str(name).partition(".")[0])}
    if name in known:
        return known[name]
    everything = known or {one.name: one for one in exercises()}
    raise ParameterError(f"There is no exercise {name!r}{near(str(name), everything)}")


def exercises(lesson: str | None = None) -> list[Exercise]:
    """Return the exercises of the course in order.

    Parameters
    ----------
    lesson : str, optional
        Those of one tutorial, by its number: ``"01"``.

    Returns
    -------
    list of Exercise
        Empty if there are none.
    """
    homes = [home for number, home in _LESSONS.items() if lesson in (None, number)]
    found: list[Exercise] = []
    for home in homes:
        found += import_module(f"{__package__}.lessons.{home}").EXERCISES
    return found
