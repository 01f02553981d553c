"""Exercises beside the tips: what was kept and what was left out is seen in the learner's own product."""

from dataclasses import replace

from f2widgets.io.read import read_frame
from f2widgets.teaching.exercise import exercise_named


def test_frames_kept_are_counted_and_missed(reduced, tmp_path):
    judge = exercise_named("tips.kept").judge
    verdict = judge(None, reduced)
    assert verdict.right
    assert "18 frames" in verdict.text
    assert "divide_flat and flag_objects" in verdict.text
    assert "Say after which steps" in judge(None, replace(reduced, kept=())).text
    gone = replace(reduced, kept=(tmp_path / "gone.fits",))
    assert judge(None, gone).text == "gone.fits was kept, and is gone by now. Reduce again."
    assert not judge(None, reduced.path).counts


def test_what_was_left_out_is_read_from_the_history(reduced):
    judge = exercise_named("tips.without").judge
    frame = read_frame(reduced.path)

    def without(*steps):
        left_out = {"left_out": True}
        history = [replace(e, arguments=left_out) if e.step in steps else e for e in frame.history]
        return frame.with_(history=tuple(history))

    assert "flatten_background was done" in judge(None, frame).text
    assert judge(None, without("flatten_background")).right
    assert "lacks align as well" in judge(None, without("flatten_background", "align")).text


def test_memory_of_a_frame_in_either_megabyte():
    judge = exercise_named("tips.memory").judge
    assert judge("42 Mbyte").right
    assert judge("40 Mbyte").right
    assert "one plane alone" in judge("16.8 Mbyte").text
    assert "bits" in judge("336 Mbyte").text
