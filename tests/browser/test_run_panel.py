"""The reduction panel in a real JupyterLab: plan, run, cancel, change a parameter, begin in the middle."""

import os
import re
import shutil
import time

import pytest
from playwright.sync_api import expect

from tests.browser.lab import RUN_ALL, failed_cells, page, violations, write_notebook

pytestmark = pytest.mark.browser

#: How many grey values a picture has.
GREYS = "c => new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size"
PANEL = """
import os, sys
sys.path[:0] = {path!r}
os.chdir({folder!r})
from f2widgets.widgets import RunPanel, Workspace
workspace = Workspace({raw!r})
workspace.select({files!r})
panel = RunPanel(workspace)
"""


@pytest.fixture(scope="module")
def opened(lab, chromium, example1_calibrated, example1_lists, no_configuration):
    """A panel with the science frames of Example 1 picked, in a folder with their calibrations."""
    folder, address, token = lab
    shutil.copytree(example1_calibrated, folder / "night")
    files = [str(path) for path in example1_lists["science"]]
    cell = PANEL.format(
        path=[path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path],
        folder=str(folder / "night"),
        raw=str(example1_lists["science"][0].parent),
        files=files,
    )
    write_notebook(folder / "run.ipynb", cell, "panel")
    with page(chromium, address, token, f"{folder.name}/run.ipynb") as (tab, errors):
        tab.evaluate(RUN_ALL)
        tab.locator(".f2-root .f2-jobs").wait_for()
        yield tab, errors, folder / "night"
    assert errors == []


def pressed(tab, name, **options):
    tab.locator(".f2-root").get_by_role("button", name=name, exact=True, **options).click()


def step(tab, name):
    return tab.locator(f".f2-steps > li[data-step={name}]").first


def until_told(tab, words, timeout=120_000):
    tab.locator(".f2-message", has_text=words).wait_for(timeout=timeout)


def shot(tab, name):
    """Keep a picture of the panel where the person who runs the tests wants them."""
    if os.environ.get("F2WIDGETS_SHOTS"):
        tab.locator(".f2-root").screenshot(path=f"{os.environ['F2WIDGETS_SHOTS']}/{name}.png")


def test_plan_is_shown_before_anything_runs(opened):
    tab, _, folder = opened
    expect(tab.get_by_role("button", name="Cancel")).to_be_disabled()
    expect(tab.locator(".f2-jobs")).to_have_text("9 files are picked: press Plan.")
    pressed(tab, "Plan")
    job = tab.locator(".f2-job.f2-ready")
    job.wait_for()
    text = job.inner_text()
    assert "S20131121S0075_image.fits" in text
    assert "MB" in text
    assert "S20131129S0320_flat.fits" in text
    assert not (folder / "S20131121S0075_image.fits").exists()
    shot(tab, "run_plan")


def test_value_that_does_not_fit_is_refused_in_the_panel(opened):
    tab, _, _ = opened
    one = step(tab, "refine_sky")
    one.locator("summary").click()
    clip = one.get_by_label("clip")
    clip.fill("99")
    clip.press("Enter")
    tab.get_by_role("alert").filter(has_text="refine_sky:clip must be a number, 1 to 10").wait_for()
    expect(clip).to_have_attribute("aria-invalid", "true")
    clip.fill("2.5")
    clip.press("Enter")
    one.get_by_text("set by you", exact=True).wait_for()
    expect(tab.get_by_role("alert")).to_have_count(0)
    shot(tab, "run_form")
    reset = one.get_by_role("button", name="Reset refine_sky:clip")
    reset.click()
    expect(reset).to_have_count(0)
    expect(one.get_by_role("textbox", name="clip")).to_have_value("3")


def test_cancel_acts_within_a_second(opened):
    tab, _, folder = opened
    pressed(tab, "Run")
    tab.wait_for_function("() => document.querySelector('.f2-step[data-state=runs]')")
    began = time.monotonic()
    pressed(tab, "Cancel")
    until_told(tab, "Stopped, as asked for")
    assert time.monotonic() - began < 3  # a second for the run, the rest for a browser on a busy machine
    tab.locator(".f2-job.f2-stopped").wait_for()
    assert not (folder / "S20131121S0075_image.fits").exists()
    assert not list(folder.rglob("*.part"))


def test_run_is_followed_to_its_end(opened):
    tab, _, folder = opened
    pressed(tab, "Run")
    tab.wait_for_function("() => document.querySelector('.f2-step[data-state=runs]')")
    expect(tab.get_by_role("button", name="Plan")).to_have_attribute("title", "A reduction is going on.")
    until_told(tab, "Wrote S20131121S0075_image.fits")
    assert (folder / "S20131121S0075_image.fits").exists()
    expect(tab.locator(".f2-left")).to_contain_text("100 %")
    expect(tab.get_by_role("button", name="Look at S20131121S0075_image.fits")).to_be_visible()
    expect(step(tab, "divide_flat").locator(".f2-state")).to_contain_text("kept")
    tab.locator(".f2-quality summary").click()
    expect(tab.locator(".f2-quality tbody tr[data-id]")).to_have_count(9)
    for name in (
        "to_electrons",
        "subtract_dark",
        "divide_flat",
        "combine",
    ):  # the first three are done together
        thumb = step(tab, name).locator("canvas")
        expect(thumb).to_have_attribute("aria-label", re.compile(f"S20131121S0075 after {name}"))
        assert thumb.evaluate(GREYS) > 50
    shot(tab, "run_done")


def test_settings_are_saved_and_loaded(opened):
    tab, _, folder = opened
    one = step(tab, "combine")
    one.locator("summary").click()
    one.get_by_label("method").select_option("median")
    expect(one.get_by_text("set by you", exact=True)).to_have_count(1)
    tab.get_by_role("button", name="Save settings").click()
    until_told(tab, "Written:")
    assert 'method = "median"' in (folder / "f2_settings.toml").read_text()
    one.get_by_role("button", name="Reset combine:method").click()
    expect(one.get_by_text("set by you", exact=True)).to_have_count(0)
    tab.get_by_role("button", name="Load settings").click()
    expect(one.get_by_label("method", exact=True)).to_have_value("median")
    one.get_by_role("button", name="Reset combine:method").click()
    expect(one.get_by_text("set by you", exact=True)).to_have_count(0)
    one.locator("summary").click()


def test_changed_parameter_is_run_from_its_step(opened):
    tab, _, folder = opened
    before = (folder / "S20131121S0075_image.fits").stat().st_mtime_ns
    one = step(tab, "match_counts")
    one.locator("summary").click()
    one.get_by_label("method").select_option("exposure")
    one.get_by_text("set by you", exact=True).wait_for()
    expect(one.get_by_role("button", name="Run again from match_counts")).to_be_enabled()
    expect(tab.get_by_role("button", name="Run again from add_variance")).to_be_disabled()
    one.get_by_role("button", name="Run again from match_counts").click()
    tab.wait_for_function(
        "() => document.querySelector('.f2-step[data-step=divide_flat]').dataset.state === 'skipped'"
        " && document.querySelector('.f2-step[data-step=detect_sources]').dataset.state === 'done'"
    )
    until_told(tab, "Wrote S20131121S0075_image.fits")
    assert (folder / "S20131121S0075_image.fits").stat().st_mtime_ns > before
    shot(tab, "run_again")
    pressed(tab, "Show the code")
    tab.locator(".f2-code pre", has_text="--from match_counts").wait_for()


def test_all_of_it_is_within_reach_of_the_keyboard(opened):
    tab, _, _ = opened
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    before = tab.evaluate(cells)
    field = step(tab, "refine_sky").get_by_label("clip")
    field.focus()
    tab.keyboard.type("abdd")
    for name in ("Plan", "Run"):
        tab.get_by_role("button", name=name, exact=True).focus()
        tab.keyboard.press("b")
    assert tab.evaluate(cells) == before
    field.fill("3")
    field.press("Enter")
    step(tab, "align").locator("summary").focus()
    tab.keyboard.press("Enter")
    expect(step(tab, "align").locator("details")).to_have_attribute("open", "")
    tab.keyboard.press("Control+Enter")
    tab.wait_for_function("() => document.querySelector('.f2-step[data-state=runs]')")
    tab.keyboard.press("Escape")
    until_told(tab, "Stopped, as asked for")


def test_nothing_serious_stands_in_the_way_of_anybody(opened):
    tab, _, _ = opened
    tab.locator(".f2-logs summary").click()
    pressed(tab, "Keys")
    assert violations(tab) == []
    assert failed_cells(tab) == []
