"""The reduction from a panel: planned, set, run, stopped, begun in the middle; no browser is needed."""

import shutil
import time

import numpy as np
import pytest
from astropy.io import fits

import f2widgets as f2
from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.widgets import RunPanel, Workspace
from f2widgets.widgets.deeds import Deed, script


@pytest.fixture
def here(example1_calibrated, tmp_path, monkeypatch):
    """A copy of a folder with dark, mask and flat, to work in."""
    folder = tmp_path / "night"
    shutil.copytree(example1_calibrated, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def science(example1_lists):
    return tuple(example1_lists["science"][:3])


@pytest.fixture
def panel(here, science):
    made = RunPanel(Workspace(out=here))
    made.workspace.select(science)
    return made


def finished(at, **options):
    """Run as a click would, and wait for the end."""
    at.call("run", **options)
    at.panel.worker.wait(120)
    return at


def param(at, step, name):
    told = at.last("plan")
    one = next(one for one in told["form"] if one["step"] == step)
    return next(one for one in one["params"] if one["name"] == name)


def test_plan_is_shown_before_anything_runs(panel, page, here):
    at = page(panel)
    at.call("plan")
    told = at.last("plan")
    (job,) = told["jobs"]
    assert (job["recipe"], job["files"], job["product"]) == ("image", 3, "S20131121S0075_image.fits")
    assert {row[1] for row in job["calibrations"]} == {"dark", "flat", "bpm"}
    assert job["memory"] > 100
    assert job["seconds"] > 0
    assert [one["step"] for one in told["form"]][:2] == ["flag_bad_pixels", "to_electrons"]
    assert [one["again"] for one in told["form"] if one["step"] == "subtract_sky"] == [False, True]
    assert not (here / "S20131121S0075_image.fits").exists()


def test_without_files_the_plan_says_what_to_do(page, here):
    at = page(RunPanel(Workspace(out=here)))
    assert "No files are picked" in at.error("plan")
    assert "No files are picked" in at.error("run")
    at.open()
    assert at.last("plan")["jobs"] == []


def test_form_is_made_from_the_signatures(panel, page):
    at = page(panel)
    at.call("plan")
    clip = param(at, "refine_sky", "clip")
    assert (clip["type"], clip["low"], clip["high"], clip["value"], clip["origin"]) == (
        "float",
        1,
        10,
        3.0,
        "default",
    )
    assert "Leave out values further" in clip["help"]
    at.call("set_parameter", step="refine_sky", parameter="clip", value="2.5")
    clip = param(at, "refine_sky", "clip")
    assert (clip["value"], clip["default"], clip["origin"]) == (2.5, 3.0, "you")
    assert "clip must be a number, 1 to 10, not '99'" in at.error(
        "set_parameter", step="refine_sky", parameter="clip", value="99"
    )
    assert panel.workspace.settings == {"refine_sky:clip": 2.5}
    at.call("reset_parameter", step="refine_sky", parameter="clip")
    assert param(at, "refine_sky", "clip")["origin"] == "default"
    assert param(at, "align", "method")["choices"] == ["sources", "header"]


OWN = """
from typing import Annotated

from f2widgets.core.annotations import Within
from f2widgets.recipes.recipe import use
from f2widgets.recipes.recipes import IMAGE


def lift(frame, *, level: Annotated[float, Within(0, 9)] = 1.0):
    return frame.with_(data=frame.data + level)


lifted = IMAGE.changed("a lifted stack", after={"divide_flat": [use(lift)]})
"""


def test_recipe_of_ones_own_is_in_the_menu_and_its_step_in_the_form(panel, page, here):
    (here / "own.py").write_text(OWN)
    at = page(panel)
    at.call("plan")
    names = [name for name, _ in at.last("plan")["recipes"]]
    assert len(names) == len(set(names))
    panel.workspace.recipe = "own.py:lifted"
    at.call("plan")
    assert ["own.py:lifted", "a lifted stack"] in at.last("plan")["recipes"]
    at.call("set_parameter", step="lift", parameter="level", value="2")
    assert param(at, "lift", "level")["value"] == 2.0
    assert "lift:level must be" in at.error("set_parameter", step="lift", parameter="level", value="10")
    at.call("leave_out", step="lift")
    with pytest.raises(ParameterError, match=r"gone\.py cannot be read"):
        panel.choose_recipe("gone.py:lifted")


def test_step_left_out_needs_no_calibration(panel, page, here):
    at = page(panel)
    at.call("plan")
    at.call("leave_out", step="subtract_dark")
    told = at.last("plan")
    assert {row[1] for row in told["jobs"][0]["calibrations"]} == {"flat", "bpm"}
    assert next(one for one in told["form"] if one["step"] == "subtract_dark")["left_out"]
    at.call("leave_out", step="subtract_dark", out=False)
    assert len(at.last("plan")["jobs"][0]["calibrations"]) >= 3


def test_run_tells_progress_numbers_and_pictures(panel, page, here):
    at = finished(page(panel))
    assert at.last("plan")["jobs"][0]["made"] == ["S20131121S0075_image.fits"]
    at.call("inspect", number=0)
    assert panel.workspace.looking_at == (here / "S20131121S0075_image.fits",)
    told = at.last("progress")
    assert not told["running"]
    assert told["part"] == 1
    assert {one["state"] for one in told["steps"]} == {"done"}
    assert [one["kept"] for one in told["steps"] if one["step"] in ("divide_flat", "refine_sky")] == [
        True,
        True,
    ]
    quality = at.last("quality")
    assert [row["frame"] for row in quality["rows"]] == ["S20131121S0075", "S20131121S0076", "S20131121S0077"]
    assert {"matches", "dx", "dy", "rms, pixel", "fwhm, pixel", "sky", "transparency"} <= {
        one["key"] if one["key"] in ("dx", "dy") else one["title"] for one in quality["columns"]
    }
    shown = [(content, buffers) for content, buffers in at.sent if content.get("kind") == "picture"]
    assert {content["frame"] for content, _ in shown} == {"S20131121S0075"}
    assert {content["index"] for content, _ in shown} >= {5, 6, 7, 12, 15, 16}
    content, (pixels,) = shown[-1]
    assert len(pixels) == content["width"] * content["height"]
    assert panel.message["text"].startswith("Wrote ")
    (product,) = panel.workspace.products
    assert product.path.exists()
    assert product.held == ()
    at.call("show_frame", frame="S20131121S0076")
    assert at.last("picture")["frame"] == "S20131121S0076"
    assert "combine (stackFrames) begins" in at.call("full_log")


def test_shown_code_gives_the_same_product(panel, page, here, tmp_path, monkeypatch, example1_calibrated):
    at = page(panel)
    panel.workspace.select(
        panel.workspace.selection,
        Deed("select", ([str(x) for x in panel.workspace.selection],), {}, "science", "Pick the frames"),
    )
    at.call("set_parameter", step="combine", parameter="weight", value="none")
    finished(at)
    code = at.call("show_code")
    assert "made = f2.reduce(" in code["python"]
    assert "f2 reduce @science.list -p combine:weight=none --keep divide_flat" in code["shell"]
    assert [deed.function for deed in panel.workspace.deeds] == ["select", "reduce"]
    other = tmp_path / "other"
    shutil.copytree(example1_calibrated, other)
    monkeypatch.chdir(other)
    space = {}
    exec(compile(script(panel.workspace.deeds), "session", "exec"), space)
    clicked, again = (f2.read_frame(path / "S20131121S0075_image.fits") for path in (here, other))
    for name in ("data", "variance", "mask"):
        np.testing.assert_array_equal(getattr(clicked, name), getattr(again, name))


def test_changed_parameter_is_run_from_its_step(panel, page, here):
    at = finished(page(panel))
    first = f2.read_frame("S20131121S0075_image.fits")
    at.call("set_parameter", step="match_counts", parameter="method", value="exposure")
    told = at.last("plan")
    assert told["starts"]["match_counts"] == ""
    assert "there are none" in told["starts"]["flag_bad_pixels"]
    assert "not there" not in at.call("show_code")["python"]
    assert len(list(here.glob("f2_runs/*"))) == 1
    finished(at, start="match_counts", overwrite=True)
    steps = {one["step"]: one["state"] for one in at.last("progress")["steps"]}
    assert (steps["divide_flat"], steps["refine_sky"]) == ("skipped", "skipped")
    assert (steps["match_counts"], steps["combine"]) == ("done", "done")
    again = f2.read_frame("S20131121S0075_image.fits")
    assert (first.data != again.data).any()
    assert "--from match_counts" in at.call("show_code")["shell"]
    assert panel.workspace.deeds[-1].options["start"] == "match_counts"
    at.call("set_parameter", step="subtract_dark", parameter="common_noise", value=True)
    assert "common_noise was False" in at.error("run", start="match_counts", overwrite=True)


def test_product_in_the_way_is_told_and_overwritten_when_asked(panel, page, here):
    at = finished(page(panel))
    at.call("set_parameter", step="combine", parameter="weight", value="none")
    finished(at)
    assert panel.message["kind"] == "error"
    assert "overwrite" in panel.message["text"]
    assert at.last("plan")["jobs"][0]["state"] == "failed"
    finished(at, overwrite=True)
    assert panel.message["kind"] == "note"


def test_heap_of_a_night_is_done_in_order(page, example1_lists, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    at = page(RunPanel(Workspace(out=tmp_path)))
    at.panel.workspace.select([path for some in example1_lists.values() for path in some])
    at.call("plan")
    jobs = at.last("plan")["jobs"]
    assert [(one["recipe"], one["state"]) for one in jobs] == [
        ("dark", "ready"),
        ("bpm", "ready"),
        ("flat", "ready"),
        ("image", "waits"),
    ]
    finished(at)
    assert [one["state"] for one in at.last("plan")["jobs"]] == ["done"] * 4
    assert len(at.panel.workspace.products) == 4
    assert [deed.name for deed in at.panel.workspace.deeds] == ["dark", "bpm", "flat", "made"]
    used = {row[1] for row in at.last("plan")["jobs"][3]["calibrations"]}
    assert used == {"dark", "flat", "bpm"}


def stopped_at(at, step):
    """Run until a step has begun, then cancel; returns the seconds from the click to the end."""
    at.call("run")
    events, thread, deadline = at.panel.worker._events, at.panel.worker._thread, time.monotonic() + 60
    while not any(getattr(event, "step", "") == step for event in list(events)):
        assert thread.is_alive(), f"{step} was not reached"
        assert time.monotonic() < deadline
        time.sleep(0.005)
    clicked = time.monotonic()
    at.call("cancel")
    at.panel.worker.wait(60)
    return time.monotonic() - clicked


@pytest.mark.parametrize(
    "step", ["read", "align", "flag_objects", "refine_sky", "resample", "detect_sources"]
)
def test_cancel_leaves_nothing_half_written(panel, page, here, step):
    at = page(panel)
    before = {path for path in here.rglob("*")}
    stopped_at(at, step)
    assert panel.message == {"kind": "note", "text": "Stopped, as asked for. Nothing is half-written."}
    assert not panel.workspace.running
    assert at.last("plan")["jobs"][0]["state"] == "stopped"
    left = {path.relative_to(here).parts[0] for path in set(here.rglob("*")) - before}
    assert left <= {"f2_runs"}
    assert not list(here.rglob("*.part"))
    for run in here.glob("f2_runs/*"):  # what was kept is whole, and in the record
        assert (run / "run.json").exists()
    finished(at)
    assert (here / "S20131121S0075_image.fits").exists()


def test_second_run_is_refused_in_words(panel, page, here):
    at = page(panel)
    at.call("run")
    assert panel.workspace.running
    try:
        for name in ("run", "plan", "clear_kept"):
            assert "going on already" in at.error(name)
        at.call("set_parameter", step="combine", parameter="weight", value="none")  # for the next run
    finally:
        at.call("cancel")
        panel.worker.wait(60)
    other = RunPanel(panel.workspace)
    panel.workspace.running = True
    with pytest.raises(WrongInputs, match="going on already"):
        other.run()


def test_error_of_a_step_is_told_with_its_remedy(panel, page, here, tmp_path):
    mine = [shutil.copy(path, tmp_path) for path in panel.workspace.selection]
    with fits.open(mine[1], mode="update") as file:
        file[1].header["CRVAL1"] += 30 / 3600
    panel.workspace.select(mine)
    at = page(panel)
    at.call("set_parameter", step="align", parameter="bad_wcs", value="exit")
    finished(at)
    assert panel.message["kind"] == "error"
    assert "wrong in S20131121S0076" in panel.message["text"]
    assert "Leave the frame out" in panel.message["text"]
    assert [one["state"] for one in at.last("progress")["steps"] if one["step"] == "align"] == ["failed"]
    assert at.last("plan")["jobs"][0]["state"] == "failed"
    assert not (here / "S20131121S0075_image.fits").exists()


def test_step_that_cannot_be_left_out_is_told(panel, page, here):
    at = page(panel)
    at.call("plan")
    at.call("leave_out", step="add_variance")
    assert "add_variance cannot be left out" in panel.message["text"]
    assert "add_variance cannot be left out" in at.error("run")
    at.call("leave_out", step="add_variance", out=False)
    at.call("plan")
    assert at.last("plan")["jobs"][0]["state"] == "ready"


def test_file_that_vanished_after_the_plan_is_told(panel, page, here, tmp_path):
    mine = [shutil.copy(path, tmp_path) for path in panel.workspace.selection]
    panel.workspace.select(mine)
    at = page(panel)
    at.call("plan")
    (tmp_path / "S20131121S0076.fits").unlink()
    finished(at)
    assert panel.message["kind"] == "error"
    assert "S20131121S0076.fits" in panel.message["text"]
    assert not panel.workspace.running


def test_missing_calibration_is_told_with_what_would_make_it(page, science, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    at = page(RunPanel(Workspace(out=tmp_path)))
    at.panel.workspace.select(science)
    assert "dark" in at.error("run")
    assert at.panel.message["kind"] == "error"


def test_kept_frames_can_be_cleared(panel, page, here):
    at = finished(page(panel))
    assert (here / "f2_runs").exists()
    at.call("clear_kept")
    assert not (here / "f2_runs").exists()
    assert at.last("plan")["starts"]["combine"] != ""


def test_poster_shows_jobs_and_numbers_as_text(panel, page):
    at = finished(page(panel))
    at.panel.progress.measured["<img src=x onerror=alert(1)>"] = {"fwhm": 3.0, "sky": float("nan")}
    text = panel.poster()["text/html"]
    assert "S20131121S0075_image.fits" in text
    assert "<img" not in text
    assert "S20131121S0077" in text


def test_page_that_opens_later_is_sent_everything(panel, page):
    at = finished(page(panel))
    kinds = {content["kind"] for content, _ in at.open()}
    assert kinds == {"plan", "progress", "quality", "picture"}


def test_settings_are_saved_for_the_shell_and_loaded_again(panel, page, here):
    at = page(panel)
    at.call("set_parameter", step="refine_sky", parameter="clip", value=2.5)
    at.call("set_parameter", step="combine_darks", parameter="low", value=2.0)
    at.call("leave_out", step="flatten_background")
    at.call("keep_after", step="align")
    asked = {name: getattr(panel.workspace, name) for name in ("settings", "without", "keep", "user_cals")}
    written = at.call("save_settings")
    assert written == str(here / "f2_settings.toml")
    assert f2.read_settings(written)["settings"]["refine_sky"] == {"clip": 2.5}
    at.call("reset_parameter", step="refine_sky", parameter="clip")
    at.call("leave_out", step="align")
    assert "tick overwrite" in at.error("save_settings")
    at.call("load_settings")
    assert {name: getattr(panel.workspace, name) for name in asked} == asked
    assert param(at, "refine_sky", "clip")["origin"] == "you" if panel.planning.jobs else True
    at.call("leave_out", step="align")
    at.call("save_settings", overwrite=True)
    assert "align" in f2.read_settings(written)["without"]


def test_settings_in_the_words_of_the_reference_are_understood(panel, page, here):
    text = "version = 1\nwithout = ['stackFrames']\n[settings.skyCorrect]\nwrite_outputs = true\n"
    text += "[settings.addDQ]\nuser_bpm = 'S20131129S0320_bpm.fits'\n[settings.combine_darks]\nlow = 2.0\n"
    (here / "theirs.toml").write_text(text)
    at = page(panel)
    at.call("plan")
    at.call("load_settings", path="theirs.toml")
    assert panel.workspace.without == ("combine",)
    assert "refine_sky" in panel.workspace.keep
    assert panel.workspace.settings == {"combine_darks:low": 2.0}
    assert {kind: path.name for kind, path in panel.workspace.user_cals.items()} == {
        "bpm": "S20131129S0320_bpm.fits"
    }
    (here / "wrong.toml").write_text("version = 1\n[settings.refine_sky]\nclipp = 1\n")
    assert "clip" in at.error("load_settings", path="wrong.toml")
    assert "cannot be read" in at.error("load_settings", path="none.toml")
    assert panel.workspace.settings == {"combine_darks:low": 2.0}
