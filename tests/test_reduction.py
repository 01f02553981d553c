import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from f2widgets.calibrations.store import Store
from f2widgets.errors import Cancelled, NotWritten, ParameterError, WrongInputs
from f2widgets.io.read import open_frame, read_frame
from f2widgets.recipes.events import Finished, Started
from f2widgets.reduction import planned, reduce
from f2widgets.runs import clear


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="module")
def calibrated(raw, tmp_path_factory):
    """A folder with dark, mask and flat, made in the order of the tutorial."""
    folder = tmp_path_factory.mktemp("calibrated")
    before = os.getcwd()
    os.chdir(folder)
    try:
        reduce(raw["darks"])
        bpm = reduce([*raw["short"], *raw["off"], *raw["on"]])
        reduce([*raw["off"], *raw["on"]], settings={"addDQ:user_bpm": str(bpm.path)})
    finally:
        os.chdir(before)
    return folder


def test_dark_is_written_stored_and_registered(raw, here):
    made = reduce(raw["darks"])
    assert made.path.name == "S20131120S0115_dark.fits"
    (stored,) = made.stored
    assert stored.as_posix() == "calibrations/processed_dark/S20131120S0115_dark.fits"
    assert stored.samefile(made.path)
    assert [entry.name for entry in Store(".").entries()] == [stored.name]
    assert not made.problems
    dark = read_frame(made.path)
    assert dark.unit == "electron"
    assert not made.held  # what is written need not be kept in memory
    np.testing.assert_array_equal(made.frames[0].data, dark.data)
    assert dark.header["DATALAB"].endswith("-STACK-SQ-DARK")
    assert [o.filename for o in dark.provenance] == [path.name for path in raw["darks"]]


def test_dark_is_the_mean_of_its_frames(raw, here):
    made = reduce(raw["darks"], settings={"combine_darks:reject": "none"}, without=["nonlinearityCorrect"])
    mean = np.mean([read_frame(path).data for path in raw["darks"]], axis=0) * 4.44
    np.testing.assert_allclose(made.frames[0].data, mean, rtol=2e-6)


def test_repeating_a_reduction_is_no_offence(raw, here):
    first = reduce(raw["darks"]).path.read_bytes()
    again = reduce(raw["darks"])
    assert again.path.read_bytes() == first


def test_dark_does_not_change_once_there_is_a_mask(raw, calibrated, monkeypatch):
    monkeypatch.chdir(calibrated)
    reduce(raw["darks"])


def test_product_made_in_another_way_is_not_replaced_unasked(raw, here):
    old = reduce(raw["darks"]).path.read_bytes()
    with pytest.raises(NotWritten, match="--overwrite"):
        reduce(raw["darks"], settings={"stackDarks:operation": "median"})
    assert (here / "S20131120S0115_dark.fits").read_bytes() == old
    made = reduce(raw["darks"], settings={"stackDarks:operation": "median"}, overwrite=True)
    assert made.path.read_bytes() != old
    assert made.stored[0].samefile(made.path)
    assert Store(".").trouble(Store(".").candidates("dark")[0]) is None


def test_product_of_other_files_is_refused_before_anything_runs(raw, here):
    reduce(raw["darks"])
    events = []
    with pytest.raises(NotWritten, match="made from other files"):
        reduce(raw["darks"][:-1], on_event=events.append)
    assert not events


def test_mask_and_flat_carry_what_they_are_made_of(calibrated):
    bpm, flat = (open_frame(calibrated / f"S20131129S0320_{kind}.fits") for kind in ("bpm", "flat"))
    assert {"BPM", "PROCESSED"} <= bpm.facts.tags
    assert {"FLAT", "PROCESSED"} <= flat.facts.tags
    assert len(bpm.provenance) == 17
    assert "S20131129S0320_bpm.fits" in {origin.filename for origin in flat.provenance}
    entry = flat.history[0]
    assert (entry.step, entry.arguments["bpm"]) == ("flag_bad_pixels", "S20131129S0320_bpm.fits")


def test_calibrations_are_found_for_science(raw, calibrated, monkeypatch):
    monkeypatch.chdir(calibrated)
    what = planned(raw["science"])
    assert {kind: len(files) for kind, files in what.calibrations.items()} == {"dark": 9, "flat": 9, "bpm": 9}
    assert any("8" in note for note in what.notes)  # the mask was made eight days after


def test_user_calibration_wins(raw, calibrated, here):
    dark = calibrated / "S20131120S0115_dark.fits"
    flat = calibrated / "S20131129S0320_flat.fits"
    what = planned(raw["science"], user_cals={"processed_dark": dark, "flat": flat})
    assert {match.origin for match in what.matches} == {"user"}


def test_frames_between_steps_are_kept_in_a_folder_that_can_be_cleared(raw, here):
    made = reduce(raw["darks"], settings={"ADUToElectrons:write_outputs": True})
    assert len(made.kept) == 8
    assert made.kept[0].name == "S20131120S0115_ADUToElectrons.fits"
    assert made.kept[0].parts[0] == "f2_runs"
    assert read_frame(made.kept[0]).unit == "electron"
    assert len(clear()) == 1
    assert not (here / "f2_runs").exists()
    assert clear() == []


def test_keeping_frames_before_they_are_combined_loses_no_provenance(raw, here):
    made = reduce(raw["darks"][:3], keep=["correct_nonlinearity"])
    assert [o.filename for o in read_frame(made.path).provenance] == [path.name for path in raw["darks"][:3]]


def test_what_was_made_stands_for_its_file(raw, here):
    made = reduce(raw["darks"][:2])
    assert os.fspath(made) == os.fspath(made.path)
    assert read_frame(made).name == read_frame(made.path).name
    several = replace(made, paths=(made.path, made.path))
    with pytest.raises(WrongInputs, match="The recipe dark has written 2 files: choose among its paths"):
        several.path  # noqa: B018
    with pytest.raises(WrongInputs, match="has written no file"):
        os.fspath(replace(made, paths=()))


def test_frames_kept_after_a_step_are_those_of_the_last_time(raw, here):
    made = reduce(raw["darks"][:2], keep=["to_electrons", "correct_nonlinearity"])
    for step in ("to_electrons", "correct_nonlinearity"):
        assert [path.parent.name.partition("_")[2] for path in made.kept_after(step)] == [step, step]
    twice = [Path(f"f2_runs/{folder}/a.fits") for folder in ("07_subtract_sky", "10_subtract_sky")]
    assert replace(made, kept=tuple(twice)).kept_after("subtract_sky") == (twice[1],)
    with pytest.raises(WrongInputs, match="reduce with keep="):
        made.kept_after("subtract_dark")
    with pytest.raises(ParameterError, match="There is no step 'to_electron'"):
        made.kept_after("to_electron")


def test_left_out_combination_writes_every_frame(raw, here):
    made = reduce(raw["darks"][:2], without=["stackDarks"])
    assert [path.name for path in made.paths] == ["S20131120S0115_dark.fits", "S20131120S0116_dark.fits"]
    assert "STACKFRM" not in read_frame(made.path if len(made.paths) == 1 else made.paths[0]).header


def test_timings_cover_every_step(raw, here):
    events = []
    made = reduce(raw["darks"], on_event=events.append)
    started = [event.step for event in events if isinstance(event, Started)]
    assert list(made.timings) == [event.step for event in events if isinstance(event, Finished)]
    assert set(made.timings) == set(started)
    assert started[0] == "read"
    assert started[-1] == "write"


def test_stopping_leaves_nothing_behind(raw, here):
    def stop(event):
        if isinstance(event, Finished) and event.step == "combine_darks":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        reduce(raw["darks"], on_event=stop)
    assert not list(here.iterdir())


def test_folder_without_permission_is_refused_before_anything_runs(raw, here, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(NotWritten, match="no permission to write"):
        reduce(raw["darks"])


def test_folder_that_is_a_file_is_refused(raw, here):
    (here / "taken").write_text("")
    with pytest.raises(NotWritten, match="--out"):
        reduce(raw["darks"], out="taken")


def test_lists_and_patterns_are_expanded(raw, here):
    (here / "my darks.list").write_text("# darks\n" + "\n".join(map(str, raw["darks"])))
    assert reduce("@my darks.list", out="to here").path.as_posix() == "to here/S20131120S0115_dark.fits"
    with pytest.raises(WrongInputs, match=r"nothing\.fits"):
        reduce("nothing.fits")


def test_product_that_no_database_takes_is_a_problem(raw, here):
    (here / "f2.ini").write_text("[calibs]\ndatabases = there.db get\n")
    made = reduce(raw["darks"], config="f2.ini")
    assert made.path.exists()
    assert "no database takes new calibrations" in made.problems[0]


def test_calibration_that_cannot_be_put_in_its_place_is_a_problem(raw, here):
    (here / "calibrations").write_text("in the way")
    made = reduce(raw["darks"])
    assert made.path.exists()
    assert made.stored == ()
    assert "was written but not registered" in made.problems[0]
