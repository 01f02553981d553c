"""The estimate follows frames, pixels, steps and the pace of the machine."""

import json

import pytest

from f2widgets.core.memory import BINDER, claim
from f2widgets.estimate import Estimate, estimate, in_memory_at_most, learn, pace
from f2widgets.reduction import carry_out, planned


@pytest.fixture
def cache(tmp_path):
    return {"XDG_CACHE_HOME": str(tmp_path)}


@pytest.fixture
def dark(raw, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return planned(raw["darks"])


def test_time_and_memory_grow_with_frames(raw, dark):
    few = estimate(planned(raw["darks"][:2]), at_pace=1.0)
    many = estimate(dark, at_pace=1.0)
    assert many.seconds > few.seconds
    # 1.05 MB for each megapixel of each of six more frames
    assert many.memory - few.memory == pytest.approx(6 * 0.25 * 1.05)
    assert estimate(dark, at_pace=3.0).seconds == pytest.approx(3 * many.seconds)


def test_steps_left_out_or_done_before_cost_nothing(raw, dark):
    whole = estimate(dark, at_pace=1.0)
    assert list(whole.steps) == ["read", *(step.name for step in dark.recipe.steps), "write"]
    without = estimate(planned(raw["darks"], without=["correct_nonlinearity"]), at_pace=1.0)
    assert "correct_nonlinearity" not in without.steps
    assert list(estimate(dark, first=4, at_pace=1.0).steps) == ["read", "combine_darks", "write"]
    kept = estimate(planned(raw["darks"], keep=["to_electrons"]), at_pace=1.0)
    assert kept.seconds > whole.seconds


def test_pace_is_that_of_the_latest_reductions(cache, monkeypatch):
    monkeypatch.setenv("F2WIDGETS_THREADS", "2")
    assert pace(cache) == pytest.approx(0.6)
    expected = Estimate(100, {"read": 1.0, "combine": 1.0})
    learn(expected, 8.0, cache)
    assert pace(cache) == pytest.approx(4.0)
    learn(expected, 2.0, cache)
    assert pace(cache) == pytest.approx(2.0)  # the root of 4 x 1


def test_what_is_learned_beside_other_jobs_holds_with_all_threads(cache, monkeypatch):
    monkeypatch.setenv("F2WIDGETS_THREADS", "1")
    learn(Estimate(100, {"read": 2.0}), 4.0, cache)
    assert pace(cache) == pytest.approx(2.0)
    monkeypatch.setenv("F2WIDGETS_THREADS", "2")
    assert pace(cache) == pytest.approx(1.2)


def test_short_reductions_teach_nothing(cache):
    before = pace(cache)
    learn(Estimate(100, {"read": 0.01}), 8.0, cache)
    assert pace(cache) == before


@pytest.mark.parametrize("text", ["", "[]", '{"factor": "fast"}', "{}"])
def test_damaged_memory_of_the_pace_is_passed_over(cache, tmp_path, text):
    before = pace(cache)
    (tmp_path / "f2widgets").mkdir()
    (tmp_path / "f2widgets" / "pace.json").write_text(text)
    assert pace(cache) == before


def test_cache_that_cannot_be_written_is_no_offence(tmp_path):
    (tmp_path / "f2widgets").write_text("in the way")
    learn(Estimate(100, {"read": 1.0}), 8.0, {"XDG_CACHE_HOME": str(tmp_path)})


def test_reduction_is_remembered(dark, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("f2widgets.estimate._WORTH", 0.0)
    carry_out(dark)
    kept = json.loads((tmp_path / "cache" / "f2widgets" / "pace.json").read_text())
    assert kept.keys() == {"factor"}


def test_estimate_is_told_in_round_numbers():
    assert str(Estimate(768.4, {"read": 12.34})) == "about 770 MB of memory and 12 s"
    assert str(Estimate(1234.0, {"read": 0.123})) == "about 1200 MB of memory and 0.12 s"


def test_a_hub_that_allows_little_memory_gets_frames_parked_on_disk(monkeypatch):
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    usual = in_memory_at_most()
    monkeypatch.setenv("MEM_LIMIT", str(2 * 2**30))
    assert in_memory_at_most() == pytest.approx(268, abs=1)
    monkeypatch.setenv("MEM_LIMIT", str(64 * 2**30))
    assert in_memory_at_most() == usual


@pytest.mark.parametrize("hub", [None, 64 * 2**30])
def test_a_process_may_make_do_with_less_than_there_is(monkeypatch, hub):
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    if hub is not None:
        monkeypatch.setenv("MEM_LIMIT", str(hub))
    usual = in_memory_at_most()
    claim(BINDER)
    try:
        assert in_memory_at_most() == pytest.approx(268, abs=1)
    finally:
        claim(None)
    assert in_memory_at_most() == usual
