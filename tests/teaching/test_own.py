"""Exercises about one's own data: what is missing, broken or doubtful is named."""

import shutil

import numpy as np
import pytest

from f2widgets.files import select
from f2widgets.io.read import read_frame
from f2widgets.teaching.exercise import exercise_named


@pytest.fixture
def complete(tmp_path, monkeypatch):
    """Return what judges raw frames, away from any database of calibrations."""
    monkeypatch.chdir(tmp_path)
    return lambda files: exercise_named("08.complete").judge(None, files)


@pytest.mark.parametrize(
    ("kinds", "good", "said"),
    [
        (("science", "darks_120s", "flats", "darks_2s"), True, "All is there for 9 science frames."),
        (("science", "darks_120s", "flats"), True, "All is there"),
        (("science",), False, "no dark can be made: there are no raw darks like that; no flat"),
        (("science", "flats", "darks_2s"), False, "no dark can be made"),
        (
            ("science", "darks_120s", "lamp_on"),
            False,
            "no flat can be made: there are no flats with the lamp off",
        ),
        (("darks_120s", "flats"), False, "There are no science frames among these 20 files."),
    ],
)
def test_what_is_missing_is_named(complete, example1_lists, kinds, good, said):
    verdict = complete([path for kind in kinds for path in example1_lists[kind]])
    assert (verdict.right, verdict.counts) == (good, True)
    assert said in verdict.text


def test_folder_serves_as_well_as_a_list(complete, example1_folder):
    assert complete(example1_folder).right
    assert complete(str(example1_folder)).right
    assert "matches no file" in complete("nowhere").text or "nowhere" in complete("nowhere").text


def test_files_that_cannot_be_used_are_told_from_those_that_can(example1_lists, tmp_path):
    names = example1_lists["darks_2s"][:2]
    for path in names:
        shutil.copy(path, tmp_path)
    half = tmp_path / "S20131121S0399.fits"
    half.write_bytes(names[0].read_bytes()[:9000])
    judge = exercise_named("08.broken").judge
    assert judge(None, [half], tmp_path).right
    assert "can be used" in judge(None, [half, tmp_path / names[0].name], tmp_path).text
    assert "1 of the files cannot be used, and is not named" in judge(None, [], tmp_path).text
    half.unlink()
    assert judge(None, [], tmp_path).right


def test_stack_is_trusted_until_a_number_stands_out(reduced):
    judge = exercise_named("08.quality").judge
    assert judge(None, reduced).right
    frame = read_frame(reduced.path)
    for column, value, said in (
        ("matches", 2, "S20131121S0078 shares fewer than 5 stars"),
        ("rms", 0.9, "scatter by more than 0.3 pixels"),
        ("header_error", 10, "off by more than 3 arcsec"),
        ("transparency", 0.4, "through clouds"),
        ("flagged", 0.3, "more than 10 % of its pixels"),
    ):
        table = frame.tables["QUALITY"].copy()
        table[column] = np.asarray(table[column], float)
        table[column][3] = value
        verdict = judge(None, frame.with_(tables={**frame.tables, "QUALITY": table}))
        assert not verdict.right
        assert verdict.counts
        assert said in verdict.text
        assert verdict.measured == {"doubts": 1.0}
    left = frame.with_(data=frame.data + np.float32(100))
    assert "left of the sky" in judge(None, left).text


def test_one_kind_of_product_is_not_taken_for_another(example1_calibrated):
    (dark,) = select(example1_calibrated, tags=["DARK", "PROCESSED"])[:1]
    assert "is a dark, and a stack is asked for" in exercise_named("08.quality").judge(None, dark).text
