"""A lesson begins with its frames at hand, and begins again without making them anew."""

import os

import pytest

import f2widgets as f2
from f2widgets.errors import WrongInputs
from f2widgets.simulate.truth import settings_of
from f2widgets.teaching.night import Night, begin


def test_lesson_begins_with_frames_and_keeps_them(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    night = begin("03", size=128, folder=tmp_path / "data")
    assert os.getcwd() == str(night.out) == str(tmp_path / "data" / "playground_03")
    assert [len(x) for x in (night.darks, night.short_darks, night.flats, night.science)] == [10, 7, 10, 9]
    before = night.darks[0].stat().st_mtime_ns
    assert begin("05", size=128, folder=tmp_path / "data").darks[0].stat().st_mtime_ns == before
    night.darks[0].unlink()
    assert len(begin("05", size=128, folder=tmp_path / "data").darks) == 10


def test_other_seed_has_a_folder_of_its_own_beside_the_notebook(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    night = begin("03", size=128, seed=7)
    assert night.raw == tmp_path / "f2tutorial_128_seed7" / "playdata" / "example1"
    assert settings_of(night.raw).seed == 7


@pytest.mark.slow
def test_night_reduces_from_raw_frames_and_leaves_the_working_folder(example1_folder, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    night = Night(example1_folder, tmp_path / "out")
    made = night.calibrate()
    assert set(made) == {"dark", "bpm", "flat"}
    assert all(path.exists() for path in made.values())
    stack = night.reduce(made, keep=["divide_flat"])
    assert stack.path.parent == tmp_path / "out"
    assert len(stack.kept) == 9
    assert all(path.exists() for path in stack.kept)
    assert os.getcwd() == str(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(("data_set", "seconds"), [("offset", 60), ("kred", 5)])
def test_other_nights_are_calibrated_too(tmp_path, monkeypatch, data_set, seconds):
    monkeypatch.chdir(tmp_path)
    night = begin("11", size=128, folder=tmp_path, data_set=data_set)
    assert {record["exposure_time"] for record in f2.table(night.darks, ["exposure_time"])} == {seconds}
    assert set(night.calibrate()) == {"dark", "bpm", "flat"}


def test_night_without_frames_says_so(tmp_path):
    (tmp_path / "raw").mkdir()
    with pytest.raises(WrongInputs):
        Night(tmp_path / "raw", tmp_path / "out").calibrate()
