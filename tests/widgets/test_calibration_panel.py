"""Calibrations: what frames get and why, pins, what is missing and its plan, the database and its checks."""

import pytest

from f2widgets.calibrations.schema import DATABASE_NAME
from f2widgets.widgets import CalibrationPanel, Workspace
from tests.calibrations.processed import write_processed
from tests.raw_files import write_raw

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return the working folder, with raw frames in it and processed calibrations in another."""
    work = tmp_path / "work"
    (work / "raw").mkdir(parents=True)
    monkeypatch.chdir(work)
    kinds = {1: "science", 2: "science", 11: "dark", 21: "lamp_on", 22: "lamp_off"}
    for number, kind in kinds.items():
        write_raw(work / "raw" / f"S20131121S{number:04d}.fits", kind)
    for name, kind, keywords in (
        ("D_dark", "dark", {}),
        ("N_dark", "dark", {"exposure": 60.0}),
        ("E_dark", "dark", {"days": -3.0}),
        ("F_flat", "flat", {}),
    ):
        write_processed(work / "made" / f"{name}.fits", kind, shape=(64, 64), **keywords)
    return work


@pytest.fixture
def workspace(folder):
    made = Workspace(folder / "raw", out=folder)
    made.files = tuple(sorted((folder / "raw").iterdir()))
    return made


@pytest.fixture
def at(workspace, page):
    return page(CalibrationPanel(workspace))


def science(workspace):
    workspace.select(workspace.files[:2])


def test_without_a_database_everything_is_missing_and_has_a_recipe(at, workspace):
    science(workspace)
    rows = at.last("matches")["rows"]
    assert [row[1] + ": " + row[5] for row in rows[:3]] == [
        "dark: missing", "flat: missing", "bpm: none, optional",
    ]  # fmt: skip
    assert at.last("held")["rows"] == []
    assert [(one["kind"], one["can"]) for one in at.last("missing")["rows"]] == [
        ("dark", True), ("flat", True), ("bpm", True),
    ]  # fmt: skip


def test_one_click_plans_what_is_missing(at, workspace):
    science(workspace)
    at.call("plan", row=1)
    assert workspace.recipe == "flat"
    assert [path.name for path in workspace.selection] == ["S20131121S0021.fits", "S20131121S0022.fits"]
    found = {}
    exec(f"import f2widgets as f2\n{workspace.chosen_by.python}", found)
    assert found["chosen"] == list(workspace.selection)
    assert "The table has changed" in at.error("plan", row=5)


def test_what_cannot_be_planned_says_why(at, workspace, folder):
    science(workspace)
    (folder / "raw" / "S20131121S0011.fits").unlink()
    workspace.files = workspace.files[:2]
    at.call("refresh")
    assert not at.last("missing")["rows"][0]["can"]
    assert "there are no raw darks like that" in at.error("plan", row=0)


def test_add_match_and_why_with_near_misses(at, workspace, folder):
    science(workspace)
    assert at.call("add", file=str(folder / "made")) == 4
    assert (folder / DATABASE_NAME).exists()
    assert workspace.deeds[-1].function == "add_calibrations"
    row = at.last("matches")["rows"][0]
    assert row == ["S20131121S0001.fits", "dark", "D_dark.fits", "2.5 hours before", DATABASE_NAME, "fits"]
    why = at.call("why", row=0)
    assert "exposure time 120 s, read mode 1, coadds 1 agree" in why["text"]
    assert [one["file"] for one in why["others"]] == ["E_dark.fits"]
    assert [(one["file"], one["failures"]) for one in why["misses"]] == [
        ("N_dark.fits", [["exposure time", "60 s", "120 s"]])
    ]
    held = at.last("held")["rows"]
    assert held[0][:3] == ["D_dark.fits", "dark", "exposure time 120 s, read mode 1, coadds 1"]
    assert held[0][4:6] == ["2.5 hours before", "present"]
    assert [one["kind"] for one in at.last("missing")["rows"]] == ["bpm"]


def test_what_is_no_calibration_is_refused(at, folder):
    assert "Nothing was added: S20131121S0001.fits" in at.error("add", file=str(folder / "raw"))
    assert "Name a processed calibration" in at.error("add", file=" ")
    assert "there is no such file" in at.error("add", file="nowhere.fits")


def test_a_pin_wins_and_is_kept_in_the_workspace(at, workspace, folder):
    science(workspace)
    at.call("add", file=str(folder / "made"))
    at.call("pin", kind="dark", file=str(folder / "made" / "E_dark.fits"))
    assert workspace.user_cals == {"dark": folder / "made" / "E_dark.fits"}
    assert at.last("matches")["rows"][0][2:6] == ["E_dark.fits", "3.1 days before", "user", "pinned"]
    assert at.last("place")["pins"] == {"dark": str(folder / "made" / "E_dark.fits")}
    assert "user_cals={'dark': " in at.call("show_code")["python"]
    at.call("unpin", kind="dark")
    assert workspace.user_cals == {}
    assert at.last("matches")["rows"][0][2] == "D_dark.fits"


def test_a_pin_that_does_not_fit_is_refused_unless_forced(at, workspace, folder):
    science(workspace)
    near = str(folder / "made" / "N_dark.fits")
    assert "exposure time is 60 s, needed 120 s" in at.error("pin", kind="dark", file=near)
    assert workspace.user_cals == {}
    at.call("pin", kind="dark", file=near, force=True)
    assert at.last("matches")["rows"][0][5] == "pinned"
    assert "is no processed flat" in at.error("pin", kind="flat", file=near)
    assert "There is no file" in at.error("pin", kind="flat", file="nowhere.fits")
    assert "is no kind of calibration" in at.error("pin", kind="sky", file=near)


def test_checksums_are_compared_on_request(at, workspace, folder):
    at.call("add", file=str(folder / "made"))
    assert at.call("verify") == "All 4 files are as they were added."
    write_processed(folder / "made" / "D_dark.fits", "dark", shape=(64, 64), level=2.0)
    (folder / "made" / "E_dark.fits").unlink()
    text = at.call("verify")
    assert "D_dark.fits: the file has changed since it was added" in text
    assert "E_dark.fits: the file is missing" in text
    assert {row[0]: row[5] for row in at.last("held")["rows"]} == {
        "D_dark.fits": "changed",
        "E_dark.fits": "missing",
        "F_flat.fits": "present",
        "N_dark.fits": "present",
    }
    assert at.panel.message["kind"] == "error"


def test_removed_calibrations_stay_on_disk(at, workspace, folder):
    at.call("add", file=str(folder / "made"))
    names = [row[0] for row in at.last("held")["rows"]]
    assert at.call("remove", rows=[0, 1]) == 2
    assert [row[0] for row in at.last("held")["rows"]] == names[2:]
    assert all((folder / "made" / name).exists() for name in names)
    assert [deed.function for deed in workspace.deeds[-2:]] == ["remove_calibrations"] * 2


def test_a_damaged_database_is_told_and_the_panel_lives(at, workspace, folder):
    (folder / DATABASE_NAME).write_text("no database")
    assert "is not a calibration database" in at.error("refresh")
    (folder / DATABASE_NAME).unlink()
    at.call("refresh")
    assert at.last("held")["rows"] == []


def test_too_many_frames_are_not_matched(at, workspace, monkeypatch):
    monkeypatch.setattr("f2widgets.widgets.calibration_panel.MOST", 3)
    at.call("refresh")
    assert at.last("matches")["rows"] == []
    assert at.last("matches")["spared"] == "5 files: select at most 3."
    science(workspace)
    assert len(at.last("matches")["rows"]) == 6


def test_the_code_tells_the_same_matches(at, workspace, folder):
    at.call("add", file=str(folder / "made"))
    science(workspace)
    found = {}
    exec(at.call("show_code")["python"], found)
    assert [str(need) for need in found["needs"]] == [str(need) for need in at.panel.needs]
    assert at.call("show_code")["shell"].startswith("f2 caldb match ")


def test_the_poster_shows_values_as_text(workspace, folder, page):
    write_processed(folder / "made" / "F_flat.fits", "flat", shape=(64, 64), LYOT=MARKUP)
    at = page(CalibrationPanel(workspace))
    at.call("add", file=str(folder / "made"))
    text = at.panel.poster()["text/html"]
    assert "&lt;img src=x" in text
    assert "<img" not in text
