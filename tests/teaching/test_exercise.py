"""Exercises: those of the course are complete, and no answer ends in a traceback."""

import json
import re
from pathlib import Path

import pytest

from f2widgets.errors import ParameterError
from f2widgets.teaching.exercise import Exercise, exercise_named, exercises
from f2widgets.teaching.questions import Choice, Number, Point, Product, right

HINTS = ("Look there.", "Do this.", "Do it so.")
COURSE = exercises()
TUTORIALS = Path(__file__).parents[2] / "tutorials"


def test_names_of_the_course_are_unique_and_begin_with_their_tutorial():
    names = [one.name for one in COURSE]
    assert len(set(names)) == len(names)
    tutorials = {path.stem.partition("_")[0] for path in TUTORIALS.glob("*.ipynb")}
    assert {name.partition(".")[0] for name in names} == tutorials
    assert {one.name for one in exercises("01")} == {name for name in names if name.startswith("01.")}


def test_exercises_stand_in_the_order_of_their_notebooks():
    """So does the list of one's progress."""
    for path in TUTORIALS.glob("*.ipynb"):
        number = path.stem.partition("_")[0]
        cells = [cell for cell in json.loads(path.read_text())["cells"] if cell["cell_type"] == "code"]
        source = "\n".join("".join(cell["source"]) for cell in cells)
        called = dict.fromkeys(re.findall(rf'checkpoint\("({number}\.\w+)"', source))
        assert [one.name for one in exercises(number)] == list(called)


@pytest.mark.parametrize("exercise", COURSE, ids=lambda one: one.name)
def test_exercise_of_the_course_is_complete(exercise):
    assert exercise.title
    assert exercise.task
    assert len({*exercise.hints}) == 3
    assert exercise_named(exercise.name) is exercise
    if isinstance(exercise.question, Choice):
        assert all(exercise.question.options.values())
        assert len(exercise.question.options) >= 3


@pytest.mark.parametrize("exercise", [one for one in COURSE if one.takes], ids=lambda one: one.name)
@pytest.mark.parametrize(
    "thing", [None, 3, "nothing.fits", [1, 2], object(), {"a": 1}], ids=lambda one: type(one).__name__
)
def test_wrong_kind_of_object_is_told_in_a_sentence(exercise, thing):
    unit = exercise.question.unit if isinstance(exercise.question, Number) else ""
    answer = (1, 1) if isinstance(exercise.question, Point) else f"1 {unit}"
    if isinstance(exercise.question, Choice):
        answer = next(iter(exercise.question.options))
    verdict = exercise.judge(answer, *[thing for _ in exercise.takes])
    assert (verdict.right, verdict.counts) == (False, False)
    assert verdict.text.endswith((".", "?"))
    assert "should not have happened" not in verdict.text


def test_number_of_arguments_is_told():
    verdict = exercise_named("01.dark").judge(None)
    assert verdict.text == 'This checkpoint is called as checkpoint("01.dark", dark, raw).'


def test_error_of_a_check_is_told_and_costs_no_try():
    def check(thing):
        return right(thing.no_such_thing)

    verdict = Exercise("x", "x", "x", Product(check), HINTS).judge(None, 3)
    assert not verdict.counts
    assert verdict.text.startswith("This could not be tested (AttributeError:")
    assert "It was given: int." in verdict.text


def test_unknown_exercise_is_met_by_the_near_ones():
    with pytest.raises(ParameterError, match=r"There is no exercise '01.drk'; did you mean '01.dark'"):
        exercise_named("01.drk")
    with pytest.raises(ParameterError, match="There is no exercise 'xx'"):
        exercise_named("xx")


def test_three_hints_are_asked_for():
    with pytest.raises(ParameterError, match="give 3 hints"):
        Exercise("x", "x", "x", Number(1.0), ("one", "two"))
    with pytest.raises(ParameterError, match="give 3 hints"):
        Exercise("x", "x", "x", Number(1.0), "abc")


def test_no_right_answer_stands_in_a_notebook():
    """Notebooks name exercises; what is right stands in none of them."""
    texts = [path.read_text() for path in TUTORIALS.glob("*.ipynb")]
    sources = ["".join(cell["source"]) for text in texts for cell in json.loads(text)["cells"]]
    for one in COURSE:
        if isinstance(one.question, Choice) and isinstance(one.question.right, str):
            feedback = one.question.options[one.question.right]
            assert not any(feedback in source for source in sources)
