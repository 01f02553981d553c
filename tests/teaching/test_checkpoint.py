"""Checkpoints and the panel of progress, by the calls that clicks make."""

import json

import numpy as np
import pytest

from f2widgets.core.frame import Frame
from f2widgets.errors import ParameterError
from f2widgets.teaching import (
    Choice,
    Exercise,
    Number,
    Point,
    Product,
    ProgressPanel,
    checkpoint,
    right,
    seal,
    wrong,
)

HINTS = ("Look there.", "Do this.", "Do it so.")
LIMIT = Exercise(
    "x.limit", "a limit", "Make it 4.", Product(lambda n: right("4.") if n == 4 else wrong("No.")), HINTS
)
COLOUR = Exercise(
    "x.colour", "a colour", "Which?", Choice({"red": "No.", "blue": "Yes."}, seal("blue")), HINTS
)
NOISE = Exercise("x.noise", "a number", "How much?", Number(10.0, "electron"), HINTS)


def star(x, y, frame):
    return right("There.") if frame.data[round(y), round(x)] > 5 else wrong("Dark.")


PLACE = Exercise("x.place", "a place", "Where?", Point(star, lambda frame: frame), HINTS)


@pytest.fixture
def sky():
    data = np.zeros((40, 60), np.float32)
    data[30, 50] = 10
    return Frame("sky", data, None, np.zeros(data.shape, np.uint16), "electron")


def test_product_is_tested_at_once_and_kept(keep):
    made = checkpoint(LIMIT, 4, keep=keep)
    assert made.verdict.right
    assert made.solved
    assert keep.of("x.limit")["tries"] == 1
    assert repr(made) == "<Checkpoint x.limit: solved>"


@pytest.mark.parametrize("thing", [None, 3, ["01.dark"]])
def test_checkpoint_without_the_name_of_an_exercise_says_what_to_write(thing):
    with pytest.raises(ParameterError, match=r'Name the exercise first: checkpoint\("01.dark"'):
        checkpoint(thing)


def test_page_learns_the_task_and_never_the_answer(keep, page):
    for exercise, about in ((COLOUR, ()), (NOISE, ()), (LIMIT, (3,))):
        made = checkpoint(exercise, *about, keep=keep)
        sent = json.dumps([content for content, _ in page(made).open()])
        assert exercise.task in sent
        assert "Do it so." not in sent
        assert "sealed" not in sent
        assert "Yes." not in sent
        assert "10.0" not in sent


def test_answers_by_clicks(keep, page):
    made = checkpoint(COLOUR, keep=keep)
    there = page(made)
    there.open()
    assert there.call("answer", value="red") == "No."
    assert (there.last("task")["right"], there.last("task")["tries"]) == (False, 1)
    assert there.call("answer", value="blue") == "Yes."
    assert there.last("task")["right"]


def test_number_without_unit_is_asked_for_it_and_costs_no_try(keep, page):
    there = page(checkpoint(NOISE, keep=keep))
    assert "Give the unit" in there.call("answer", value="10")
    assert there.last("task")["counts"] is False
    assert there.last("task")["tries"] == 0
    assert there.call("answer", value="10 electron").startswith("Yes.")


def test_hints_come_one_by_one_and_are_kept(keep, page):
    there = page(checkpoint(NOISE, keep=keep))
    assert [there.call("hint") for _ in range(4)] == [*HINTS, HINTS[2]]
    assert there.last("task")["hints"] == list(HINTS)
    again = page(checkpoint(NOISE, keep=keep))
    again.open()
    assert again.last("task")["hints"] == list(HINTS)
    assert keep.of("x.noise")["hints"] == 3


def test_pointing_shows_the_image_and_judges_the_place(keep, page, sky):
    made = checkpoint(PLACE, sky, keep=keep)
    picture = made.picture()
    assert picture.value == {"nx": 60, "ny": 40, "width": 60, "height": 40}
    grey = np.frombuffer(picture.buffers[0], np.uint8).reshape(40, 60)
    assert grey[30, 50] == 255
    assert np.count_nonzero(grey == 255) == 1
    there = page(made)
    assert there.call("answer", value=[50, 30]) == "There."
    assert there.call("answer", value=[5, 3]) == "Dark."
    assert made.solved  # solved once stays solved


def test_picture_where_none_is_asked_for_is_refused(keep, page):
    assert "asks for no place" in page(checkpoint(NOISE, keep=keep)).error("picture")


def test_solved_before_is_told_after_a_restart(keep, page):
    checkpoint(COLOUR, keep=keep).answer("blue")
    there = page(checkpoint(COLOUR, keep=keep))
    there.open()
    assert (there.last("task")["right"], there.last("task")["said"]) == (True, "Yes.")


def test_code_and_poster_tell_no_answer(keep, page):
    made = checkpoint(COLOUR, keep=keep)
    assert 'checkpoint("x.colour").answer("…")' in page(made).call("show_code")["python"]
    poster = made.poster()["text/html"]
    assert "Which?" in poster
    assert "not answered yet" in poster
    assert "blue" not in poster


def test_markup_in_an_answer_stays_text(keep):
    made = checkpoint(NOISE, keep=keep)
    made.answer("<img src=x onerror=alert(1)>")
    assert "<img" not in made.poster()["text/html"]


def test_progress_panel_lists_and_takes_away_and_brings_back(keep, page, tmp_path):
    there = page(ProgressPanel("01", keep=keep))
    there.open()
    assert there.last("progress")["solved"] == 0
    assert there.last("progress")["total"] >= 5
    assert there.call("call_me", student="Zoë Q") == there.last("progress")["seed"]
    keep.note("01.dark", right("yes"))
    assert there.last("progress")["solved"] == 1
    file = there.call("file")
    assert file["name"] == "f2_progress_Zoë_Q.json"
    from f2widgets.teaching import Progress

    other = page(ProgressPanel("01", keep=Progress(tmp_path / "other.json")))
    assert "no file of progress" in other.error("restore", text="rubbish")
    other.call("restore", text=file["text"])
    assert other.last("progress")["solved"] == 1
    assert other.last("progress")["student"] == "Zoë Q"
    assert "01.dark" in other.panel.poster()["text/html"]


def test_progress_panel_without_lesson_lists_own_exercises_too(keep, page):
    checkpoint(LIMIT, 3, keep=keep)
    there = page(ProgressPanel(keep=keep))
    there.open()
    assert {"x.limit", "01.dark"} <= {row["id"] for row in there.last("progress")["rows"]}
