"""What a run tells becomes steps, time left, log, numbers and pictures."""

import numpy as np

from f2widgets.core.thumbnail import Thumbnail
from f2widgets.recipes.events import Advanced, Failed, Finished, Kept, Measured, Note, Pictured, Started
from f2widgets.widgets.progress import MOST_LINES, Progress, StepState


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def begun(*names, expected=None):
    clock = Clock()
    steps = [StepState(name, name) for name in ("read", *names, "write")]
    return Progress(steps, expected or {}, clock), clock


def test_steps_begin_advance_and_end():
    run, _ = begun("align", "combine")
    run.hear([Started("read", "prepare", -1, 2, 9), Finished("read", 0.5), Started("align", "x", 0, 2, 9)])
    run.hear([Advanced("align", 1, 3)])
    told = run.told()["steps"]
    assert [one["state"] for one in told] == ["done", "runs", "waits", "waits"]
    assert (told[1]["part"], told[1]["frame"], told[1]["frames"]) == (0.333, 3, 9)
    run.hear([Finished("align", 1.25), Started("write", "w", 2, 2, 1)])
    assert run.told()["steps"][1]["seconds"] == 1.25
    assert run.told()["steps"][3]["state"] == "runs"


def test_two_steps_of_one_name_are_two():
    run, _ = begun("subtract_sky", "align", "subtract_sky")
    run.hear([Started("subtract_sky", "x", 0, 3, 9), Finished("subtract_sky", 1.0)])
    run.hear([Started("subtract_sky", "x", 2, 3, 9), Advanced("subtract_sky", 1, 2)])
    assert [one.part for one in run.steps] == [0, 1, 0, 0.5, 0]


def test_time_left_follows_the_pace():
    run, clock = begun("a", "b", expected={"a": 4.0, "b": 4.0})
    assert run.left == 8
    clock.now = 1.0
    assert run.left == 7
    run.hear([Started("a", "a", 0, 2, 1), Advanced("a", 1, 2)])
    assert run.part == 0.25
    assert run.left == 3  # a quarter took one second
    run.hear([Finished("a", 1.0), Started("b", "b", 1, 2, 1), Finished("b", 1.0)])
    assert run.left == 0


def test_numbers_pictures_and_kept_frames_are_there():
    run, _ = begun("align")
    picture = Thumbnail(np.zeros((2, 2), np.uint8), 0.0, 1.0)
    run.hear(
        [Measured("combine", "S1", {"fwhm": 3.0}), Pictured("align", 0, "S1", picture), Kept("align", 0)]
    )
    run.hear([Measured("combine", "S2", {})])
    assert run.measured == {"S1": {"fwhm": 3.0}}
    assert run.pictures == {(0, "S1"): picture}
    assert run.told()["steps"][1]["kept"]


def test_log_tells_notes_and_failures_and_has_an_end():
    run, _ = begun("align")
    run.hear(
        [Started("align", "x", 0, 1, 1), Note("align", "is odd", "S1"), Failed("align", ValueError("no"))]
    )
    assert [line[10:] for line in run.log] == [
        "align (x) begins, 1 frame",
        "note: S1: is odd",
        "align failed: no",
    ]
    assert run.steps[1].state == "failed"
    for k in range(MOST_LINES + 5):
        run.note(str(k))
    assert len(run.log) == MOST_LINES
