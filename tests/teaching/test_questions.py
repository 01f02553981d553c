"""Answers are judged in words, and what cannot be judged costs no try."""

import numpy as np
import pytest
from astropy import units as u

from f2widgets.core.frame import Frame
from f2widgets.errors import ParameterError
from f2widgets.teaching.questions import Choice, Number, Point, Product, right, seal, wrong


def frame(ny=8, nx=10):
    return Frame("f", np.zeros((ny, nx), np.float32), None, np.zeros((ny, nx), np.uint16), "electron")


NOISE = Number(10.0, "electron", 0.05, [(lambda x: 2 * x, "Half of it.")])


@pytest.mark.parametrize(
    "answer", ["10 electron", "10.4 e-", "9,6 electron", 10 * u.electron, "1e1 electron"]
)
def test_number_is_right_within_its_tolerance_in_any_spelling(answer):
    assert NOISE.judge(answer).right


def test_number_just_outside_its_tolerance_is_wrong():
    assert not NOISE.judge("10.6 electron").right
    assert NOISE.judge("10.6 electron").counts


def test_usual_mistake_has_its_own_answer():
    verdict = NOISE.judge("20 electron")
    assert (verdict.right, verdict.text) == (False, "Half of it.")


def test_units_are_converted():
    assert Number(120.0, "s", 0.001).judge("2 min").right


def test_comma_may_stand_for_the_point():
    assert NOISE.judge("10,0 electron").right


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("10", "Give the unit as well: 10 of what?"),
        ("", "Type a number and its unit"),
        (None, "Type a number"),
        ("ten electrons", "is no number"),
        ("1,080 electron", "without a comma"),
        ("12,345,678 electron", "without a comma"),
        ("nan electron", "Give one number."),
        (np.array([1, 2]) * u.electron, "Give one number."),
    ],
)
def test_number_that_cannot_be_judged_costs_no_try(answer, said):
    verdict = NOISE.judge(answer)
    assert said in verdict.text
    assert not verdict.counts


def test_number_of_another_kind_is_wrong():
    verdict = NOISE.judge("10 m")
    assert verdict.counts
    assert "another kind" in verdict.text


def test_number_without_unit_needs_none():
    assert Number(3.0).judge("3").right
    assert "has no unit" in Number(3.0).judge("3 m").text


def test_number_comes_from_what_the_learner_gives():
    assert Number(lambda data: float(np.median(data)), "electron").judge("7 electron", np.full(5, 7.0)).right


def test_number_tells_the_direction_but_not_the_answer():
    assert NOISE.judge("15 electron").text == "15 electron is too large."
    assert NOISE.judge("0.1 electron").text == "0.1 electron is far too small."
    assert NOISE.judge("15 electron").measured == {"given": 15.0}


def test_choice_says_something_to_each_answer():
    question = Choice({"a": "No, b.", "b": "Yes."}, right="b")
    assert (question.judge("a").right, question.judge("a").text) == (False, "No, b.")
    assert question.judge("b").right
    assert question.judge("c").text == "Choose one of these: 'a', 'b'."


def test_choice_without_a_right_answer_is_refused():
    with pytest.raises(ParameterError, match="None of the options is the right answer"):
        Choice({"a": "", "b": ""}, right="c")


def test_sealed_answer_is_not_readable_but_recognised():
    sealed = seal("the sky", "01: x")
    assert "sky" not in sealed
    question = Choice({"the sky": "Yes.", "the flat": "No."}, right=sealed)
    assert question.judge("the sky").right
    assert not question.judge("the flat").right
    assert seal("the sky", "another") != sealed


def test_choice_whose_answer_depends_on_the_case_praises_what_was_found():
    question = Choice({"a": "If it were a …", "b": "If it were b …"}, lambda case: case, {"a": "Yes, a."})
    assert question.judge("a", "a").text == "Yes, a."
    assert question.judge("b", "a").text == "If it were b …"
    assert question.judge("b", "b").text == "If it were b …"


def test_point_is_judged_where_it_is():
    question = Point(lambda x, y, f: right("here") if x > 5 else wrong("left"), lambda f: f)
    assert question.judge([7, 2], frame()).right
    assert not question.judge((1, 2), frame()).right


@pytest.mark.parametrize("place", [(10, 0), (0, 8), (-1, 0)])
def test_point_outside_costs_no_try(place):
    verdict = Point(lambda x, y, f: right("here"), lambda f: f).judge(place, frame())
    assert "lies outside the image, which has 10 x 8 pixels" in verdict.text
    assert not verdict.counts


@pytest.mark.parametrize("place", ["here", 3, (1,), (1, "b"), None])
def test_point_that_is_none_is_explained(place):
    assert "x and y in pixels" in Point(lambda x, y, f: right(""), lambda f: f).judge(place, frame()).text


def test_product_is_judged_by_its_check():
    assert Product(lambda n: right("4") if n == 4 else wrong("no")).judge(None, 4).right
