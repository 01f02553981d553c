import gc
import time
import weakref

import numpy as np
import pytest

from f2widgets.core.blocks import each_block
from f2widgets.core.frame import Frame
from f2widgets.core.notes import note
from f2widgets.errors import Cancelled, NoCalibration, ParameterError, WrongInputs
from f2widgets.io.scratch import Scratch
from f2widgets.recipes.events import (
    Advanced,
    Failed,
    Finished,
    Measured,
    Note,
    Pictured,
    Started,
    Working,
)
from f2widgets.recipes.recipe import Use
from f2widgets.recipes.run import run
from f2widgets.recipes.steps import Step
from tests.recipes.fake import (
    AVERAGE,
    LEVEL,
    PICK,
    SCALE,
    SHAPE,
    STACK,
    SUBTRACT,
    File,
    frame,
    series,
)

ALL = [Use(SCALE), Use(SUBTRACT), Use(LEVEL), Use(PICK), Use(STACK)]


def of(events, kind):
    return [event for event in events if isinstance(event, kind)]


def test_bands_give_what_the_whole_frames_give():
    frames, dark = series(3), frame("dark", 0.5, 9)
    [made] = run([Use(SCALE), Use(SUBTRACT, {"twice": True}), Use(AVERAGE)], frames, {"dark": dark})
    by_hand = np.mean([f.data * np.float32(2) - dark.data * 2 for f in frames], axis=0)
    np.testing.assert_array_equal(made.data, by_hand.astype(np.float32))
    assert made.shape == SHAPE
    assert made.name == "S20131121S0075"
    assert (made.variance == 1).all()


def test_steps_on_whole_frames_follow():
    frames, dark = series(3), frame("dark", 0.5, 9)
    [made] = run(ALL, frames, {"dark": dark})
    by_hand = sum((d := f.data * 2 - dark.data) / d.mean() for f in frames)
    np.testing.assert_allclose(made.data, by_hand, rtol=1e-6)


@pytest.mark.parametrize("threads", ["1", "2", "3"])
def test_any_number_of_threads_gives_the_same_bits(threads, monkeypatch):
    monkeypatch.setenv("F2WIDGETS_THREADS", threads)
    [made] = run(ALL, series(3), {"dark": frame("dark", 0.5, 9)})
    monkeypatch.setenv("F2WIDGETS_THREADS", "1")
    [alone] = run(ALL, series(3), {"dark": frame("dark", 0.5, 9)})
    np.testing.assert_array_equal(made.data, alone.data)
    assert made.variance is not None


def test_files_are_read_by_bands_and_only_once():
    files = [File(one) for one in series(2)]
    run([Use(SCALE), Use(AVERAGE)], files)
    assert [sorted(file.bands) for file in files] == [[(0, 128), (128, 256), (256, 300)]] * 2


def test_calibrations_differ_by_frame():
    frames = series(2)
    darks = {"S20131121S0075": frame("d1", 1, 5), "S20131121S0076": frame("d2", 2, 6)}
    made = run([Use(SUBTRACT)], frames, {"dark": darks})
    for one, before, dark in zip(made, frames, darks.values(), strict=True):
        np.testing.assert_array_equal(one.data, before.data - dark.data)
        assert dict(one.history[0].arguments) == {"dark": dark.name, "bpm": None, "twice": False}


def test_optional_calibration_is_used():
    bpm = frame("bpm").with_(mask=np.full(SHAPE, 64, np.uint16))
    [made] = run([Use(SUBTRACT)], [frame()], {"dark": frame("dark"), "bpm": bpm})
    assert (made.mask == 64).all()


def test_missing_calibration_is_named():
    with pytest.raises(NoCalibration, match=r"subtract needs a dark for S20131121S0075.*--without subtract"):
        run([Use(SUBTRACT)], [frame()])


def test_history_tells_each_step_with_all_its_values():
    [made] = run(ALL, series(3), {"dark": frame("dark")}, settings={"scale": {"factor": "3"}})
    assert [entry.step for entry in made.history] == ["scale", "subtract", "level", "pick", "stack"]
    assert [entry.verb for entry in made.history][:2] == ["multiply", "darkCorrect"]
    assert made.history[0].arguments == {"factor": 3.0}
    assert made.history[2].arguments == {"name": "x", "nearest": None}
    assert all(entry.started <= entry.stopped for entry in made.history)


def test_provenance_joins_inputs_and_calibrations_once():
    files, dark = [File(one) for one in series(3)], File(frame("D_dark"))
    [made] = run(ALL, files, {"dark": dark})
    assert [(o.filename, o.added_by) for o in made.provenance] == [
        ("S20131121S0075.fits", "prepare"),
        ("D_dark.fits", "darkCorrect"),
        ("S20131121S0076.fits", "prepare"),
        ("S20131121S0077.fits", "prepare"),
    ]
    assert made.provenance[0].md5 == "md5 of S20131121S0075"


def test_a_frame_knows_only_its_own_origin_until_combined():
    made = run([Use(SCALE), Use(LEVEL)], [File(one) for one in series(2)])
    assert [[o.filename for o in one.provenance] for one in made] == [
        ["S20131121S0075.fits"],
        ["S20131121S0076.fits"],
    ]


def test_provenance_of_row_wise_combination():
    [made] = run([Use(SCALE), Use(AVERAGE), Use(LEVEL)], [File(one) for one in series(2)])
    assert [o.filename for o in made.provenance] == ["S20131121S0075.fits", "S20131121S0076.fits"]
    assert [entry.step for entry in made.history] == ["scale", "average", "level"]


def test_events_tell_the_recipe_in_order():
    events = []
    run(ALL, series(3), {"dark": frame("dark")}, on_event=events.append)
    assert [e.step for e in of(events, Started)] == ["read", "scale", "subtract", "level", "pick", "stack"]
    assert [e.index for e in of(events, Started)] == [-1, 0, 1, 2, 3, 4]
    assert {e.step for e in of(events, Finished)} == {e.step for e in of(events, Started)}
    assert all(e.seconds >= 0 for e in of(events, Finished))
    assert [e for e in of(events, Advanced) if e.step == "pick"] == [
        Advanced("pick", i, 3) for i in (1, 2, 3)
    ]
    for step in ("scale", "subtract", "level"):
        last = [e for e in of(events, Advanced) if e.step == step][-1]
        assert last.done == last.total
    assert of(events, Measured)[0].values["level"] == pytest.approx(1.0)


def test_time_goes_to_the_step_that_works():
    import time

    def slow(frame: Frame) -> Frame:
        """Sleep."""
        time.sleep(0.05)
        return frame

    events = []
    run([Use(Step(slow, "slow")), Use(STACK)], series(2), on_event=events.append)
    seconds = {e.step: e.seconds for e in of(events, Finished)}
    assert seconds["slow"] >= 0.1
    assert seconds["stack"] < 0.05


def test_step_used_twice_is_timed_twice():
    import time

    def slow(frames) -> list[Frame]:
        """Sleep."""
        time.sleep(0.02)
        return list(frames)

    events = []
    run([Use(Step(slow, "slow"))] * 2, series(1), on_event=events.append)
    seconds = [e.seconds for e in of(events, Finished) if e.step == "slow"]
    assert len(seconds) == 2
    assert all(s >= 0.02 for s in seconds)
    assert seconds[1] < seconds[0] + 0.02  # not both together


def test_notes_of_bands_are_told_once_with_their_step():
    events = []
    run([Use(SCALE), Use(LEVEL)], series(2), on_event=events.append)
    assert of(events, Note) == [
        Note("scale", "scaled", "S20131121S0075"),
        Note("scale", "scaled", "S20131121S0076"),
    ]


def test_notes_of_whole_frames_are_told():
    def speak(frames) -> list[Frame]:
        """Say something."""
        note("few stars")
        return list(frames)

    events = []
    run([Use(Step(speak, "speak"))], series(1), on_event=events.append)
    assert of(events, Note) == [Note("speak", "few stars", "")]


def test_left_out_step_changes_nothing_and_is_remembered():
    frames, events = series(2), []
    made = run(ALL[:3], frames, without=["subtract", "level"], on_event=events.append)
    np.testing.assert_array_equal(made[1].data, frames[1].data * 2)
    assert [dict(entry.arguments) for entry in made[0].history][1:] == [{"left_out": True}] * 2
    assert [e.step for e in of(events, Note)][:2] == ["subtract", "level"]


def test_left_out_combination_leaves_the_frames():
    made = run([Use(SCALE), Use(AVERAGE)], series(3), without=["average"])
    assert [one.name for one in made] == ["S20131121S0075", "S20131121S0076", "S20131121S0077"]


def test_kept_frames_are_handed_out_after_their_step():
    kept = []
    run(
        [Use(SCALE), Use(SUBTRACT), Use(AVERAGE)],
        series(2),
        {"dark": frame("dark")},
        keep=["scale"],
        save=lambda index, step, one: kept.append((step, one.name, one.history[-1].step)) or one,
    )
    assert kept == [("scale", "S20131121S0075", "scale"), ("scale", "S20131121S0076", "scale")]


@pytest.mark.parametrize("kind", [Started, Advanced, Finished])
def test_callback_can_stop_at_any_event(kind):
    def stop(event):
        if isinstance(event, kind):
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run(ALL, series(3), {"dark": frame("dark")}, on_event=stop)


@pytest.mark.parametrize("rowwise", [True, False])
def test_failure_names_the_step(rowwise):
    def fail(frame: Frame) -> Frame:
        """Fail."""
        raise WrongInputs("this frame is odd")

    events = []
    with pytest.raises(WrongInputs, match="odd"):
        run([Use(SCALE), Use(Step(fail, "fail", rowwise=rowwise))], series(1), on_event=events.append)
    [failed] = of(events, Failed)
    assert failed.step == "fail"


def test_no_frames_is_an_error():
    with pytest.raises(WrongInputs, match="at least one"):
        run(ALL, [])


def test_step_that_leaves_nothing_is_an_error():
    def lose(frames) -> list[Frame]:
        """Lose all."""
        return []

    with pytest.raises(WrongInputs, match="lose left no frame"):
        run([Use(Step(lose, "lose"))], series(1))


def test_unknown_setting_is_refused_before_anything_runs():
    events = []
    with pytest.raises(ParameterError, match="did you mean 'factor'"):
        run(ALL, series(1), settings={"scale": {"facter": 1}}, on_event=events.append)
    assert not events


def test_run_keeps_no_frame_that_the_next_step_has_dropped():
    alive = []

    def watch(frames) -> list[Frame]:
        """Count how many earlier frames are still alive when the next one comes."""
        seen = []
        last = None
        for one in frames:
            gc.collect()
            alive.append(sum(ref() is not None for ref in seen))
            seen.append(weakref.ref(one.data.base if one.data.base is not None else one.data))
            last = one.with_(data=one.data[:1].copy(), variance=None, mask=one.mask[:1])
            del one
        return [last]

    run([Use(SCALE), Use(LEVEL), Use(PICK), Use(Step(watch, "watch"))], series(5))
    assert alive == [0] * 5


def pictures(uses, **options):
    """Return the pictures of a run by step and frame."""
    events = []
    run(uses, series(3), {"dark": frame("D", 1.0), "bpm": None}, on_event=events.append, **options)
    return {(event.index, event.step, event.frame): event.picture for event in of(events, Pictured)}


@pytest.mark.parametrize("threads", ["1", "3"])
def test_pictures_come_after_each_step_also_where_steps_are_done_together(threads, monkeypatch):
    monkeypatch.setenv("F2WIDGETS_THREADS", threads)
    shown = pictures(ALL, pictures=True)
    names = [one.name for one in series(3)]
    steps = [(k, use.step.name, name) for k, use in enumerate(ALL[:-1]) for name in names]
    assert sorted(shown) == sorted([*steps, (4, "stack", names[0])])
    # kept frames part the steps: each is seen whole, and looks as it did in passing
    apart = pictures(ALL, pictures=True, keep=("scale", "subtract"), save=lambda index, step, one: one)
    assert apart.keys() == shown.keys()
    for key, picture in shown.items():
        np.testing.assert_array_equal(picture.pixels, apart[key].pixels)
        assert (picture.low, picture.high) == (apart[key].low, apart[key].high)
    assert len({picture.low for (_, _, name), picture in shown.items() if name == names[0]}) == 4
    assert not pictures(ALL)


def test_of_a_large_set_in_bands_pictures_are_of_the_first_frames_only(monkeypatch):
    monkeypatch.setattr("f2widgets.recipes.bands.PICTURED", 2)
    shown = pictures([Use(SCALE), Use(SUBTRACT), Use(AVERAGE)], pictures=True, without=("subtract",))
    first, second = (one.name for one in series(2))
    assert sorted(shown) == [(0, "scale", first), (0, "scale", second), (2, "average", first)]


def test_run_can_be_stopped_inside_a_step_that_does_not_tick():
    def idle(frame: Frame) -> Frame:
        """Work in blocks, without a word."""
        each_block(lambda a, b: time.sleep(0.02), 40, rows=1)
        return frame

    def stop(event):
        if isinstance(event, Working):
            raise Cancelled("enough")

    began = time.perf_counter()
    with pytest.raises(Cancelled):
        run([Use(Step(idle))], series(1), on_event=stop)
    assert time.perf_counter() - began < 0.3


def test_run_can_begin_in_the_middle():
    whole = run([Use(SCALE), Use(LEVEL), Use(SCALE, {"factor": 3})], series(2))
    events, kept = [], []
    run(
        [Use(SCALE), Use(LEVEL), Use(SCALE, {"factor": 3})],
        series(2),
        keep=["level"],
        save=lambda index, step, one: kept.append((index, one)) or one,
    )
    assert [index for index, _ in kept] == [1, 1]
    rest = run(
        [Use(SCALE), Use(LEVEL), Use(SCALE, {"factor": 3})],
        [one for _, one in kept],
        start=2,
        on_event=events.append,
    )
    for one, other in zip(whole, rest, strict=True):
        np.testing.assert_array_equal(one.data, other.data)
        assert [e.step for e in one.history] == [e.step for e in other.history]
    assert [(e.step, e.index, e.total) for e in of(events, Started)] == [("read", -1, 3), ("scale", 2, 3)]


def test_big_set_is_cut_into_lower_bands(monkeypatch):
    monkeypatch.setattr("f2widgets.recipes.bands.SET_BYTES", 8 * 10 * 3 * 20)
    files = [File(one) for one in series(3)]
    run([Use(SCALE), Use(AVERAGE)], files)
    assert sorted(files[0].bands)[:2] == [(0, 20), (20, 40)]


def test_frames_are_parked_before_steps_that_hold_them_all(tmp_path):
    def hold(frames) -> list[Frame]:
        """Take them all."""
        held.extend(frames)
        return [one.with_(data=one.data + 1) for one in held]

    held, passed = [], []

    def one_by_one(frames) -> list[Frame]:
        """Take one after another."""
        passed.extend(frames)
        return passed[:1]

    steps = [Use(SCALE), Use(Step(hold)), Use(Step(one_by_one, one_by_one=True))]
    plain = run(steps, series(3))
    for some in (held, passed):
        assert not any(mapped(one.data) for one in some)
        some.clear()
    with Scratch(tmp_path) as scratch:
        made = run(steps, series(3), scratch=scratch)
        assert all(mapped(one.data) and mapped(one.mask) and mapped(one.variance) for one in held)
        assert not any(mapped(one.data) for one in passed)
    np.testing.assert_array_equal(made[0].data, plain[0].data)


def mapped(plane):
    """Tell whether a plane lies in a file."""
    while isinstance(plane.base, np.ndarray):
        plane = plane.base
    return isinstance(plane.base, memoryview)
