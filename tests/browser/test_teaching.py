"""Checkpoints, progress and what-if in a real JupyterLab: answers by mouse and by keys, for everybody."""

import json
import textwrap

import pytest
from playwright.sync_api import expect

from tests.browser.lab import RUN_ALL, failed_cells, page, violations, write_notebook

pytestmark = pytest.mark.browser

CELLS = """
import numpy as np
from IPython.display import display
from f2widgets.core.frame import Facts, Frame
from f2widgets.teaching import Choice, Exercise, Number, Point, Product, Progress, ProgressPanel, WhatIf
from f2widgets.teaching import checkpoint, right, wrong

rng = np.random.default_rng(1)

def frame(name, star=0):
    data = (100 + 5 * rng.standard_normal((64, 64))).astype("f4")
    data[40, 20] += star
    variance, mask = np.full_like(data, 25), np.zeros((64, 64), "u2")
    return Frame(name, data, variance, mask, "electron", Facts(exposure_time=1.0))

def at_star(x, y, sky):
    return right("The star.") if abs(x - 20) < 2 and abs(y - 40) < 2 else wrong("Nothing here.")

hints = ("<b>First</b>", "Second", "Third")
sky = frame("sky", 4000)
keep = Progress("progress.json")
colours = Choice({"red": "No.", "blue": "Yes."}, "blue")
four = Product(lambda n: right("4.") if n == 4 else wrong("No."))
ask = Exercise("x.choice", "a choice", "Which <b>one</b>?", colours, hints)
number = Exercise("x.number", "a number", "How much?", Number(10.0, "electron"), hints)
place = Exercise("x.point", "a place", "Where is the star?", Point(at_star, lambda sky: sky), hints)
mine = Exercise("x.mine", "a product", "Make four.", four, hints)
display(checkpoint(ask, keep=keep), checkpoint(number, keep=keep), checkpoint(place, sky, keep=keep))
display(checkpoint(mine, 3, keep=keep), ProgressPanel(keep=keep))
WhatIf("combine", [frame("a"), frame("b", 4000), frame("c")], side=64)
"""


@pytest.fixture(scope="module")
def opened(lab, chromium):
    folder, address, token = lab
    write_notebook(folder / "teaching.ipynb", textwrap.dedent(CELLS), "keep.student")
    with page(chromium, address, token, f"{folder.name}/teaching.ipynb") as (tab, errors):
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        tab.locator(".f2-pair canvas").first.wait_for()
        yield tab, errors, folder


def panel(tab, title):
    return tab.get_by_role("region", name=title, exact=True)


def until_star(tab, canvas, is_what):
    """Wait until the pixel of the star is so bright."""
    pixel = "c.getContext('2d').getImageData(20, 64 - 1 - 40, 1, 1).data[0]"
    tab.wait_for_function(f"(c) => {pixel} {is_what}", arg=canvas.element_handle())


def test_choice_is_judged_and_markup_stays_text(opened):
    tab, _, _ = opened
    ask = panel(tab, "Checkpoint: a choice")
    expect(ask.locator(".f2-task")).to_have_text("Which <b>one</b>?")
    ask.get_by_role("radio", name="red").check()
    ask.locator(".f2-wrong", has_text="Not yet. No.").wait_for()
    ask.get_by_role("radio", name="blue").check()
    ask.locator(".f2-right", has_text="Solved. Yes.").wait_for()
    expect(ask.locator(".f2-tries")).to_have_text("2 tries")


def test_number_is_typed_and_sent_by_enter(opened):
    tab, _, _ = opened
    ask = panel(tab, "Checkpoint: a number")
    box = ask.get_by_label("Number and unit")
    box.fill("10")
    box.press("Enter")
    ask.locator(".f2-verdict", has_text="Not tested. Give the unit as well").wait_for()
    box.fill("10 electron")
    ask.get_by_role("button", name="Answer").click()
    ask.locator(".f2-right", has_text="Solved.").wait_for()


def test_hints_come_one_by_one(opened):
    tab, _, _ = opened
    ask = panel(tab, "Checkpoint: a number")
    expect(ask.get_by_role("listitem")).to_have_count(0)
    ask.get_by_role("button", name="Hint 1 of 3").click()
    ask.get_by_role("listitem").filter(has_text="<b>First</b>").wait_for()
    for name in ("Hint 2 of 3", "Hint 3 of 3"):
        ask.get_by_role("button", name=name).click()
    ask.get_by_role("button", name="No more hints").wait_for()
    expect(ask.get_by_role("button", name="No more hints")).to_be_disabled()


def test_star_is_pointed_at_by_mouse_and_by_keys(opened):
    tab, _, _ = opened
    ask = panel(tab, "Checkpoint: a place")
    image = ask.get_by_role("application")
    box = image.bounding_box()
    until_star(tab, ask.locator("canvas"), "=== 255")
    image.click(position={"x": box["width"] * 50.5 / 64, "y": box["height"] / 2})
    ask.locator(".f2-wrong", has_text="Nothing here.").wait_for()
    assert abs(float(ask.get_by_label("x", exact=True).input_value()) - 50) <= 1
    image.focus()
    for key in ("Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowLeft", "Shift+ArrowUp"):
        image.press(key)
    for _ in range(12):
        if float(ask.get_by_label("y", exact=True).input_value()) == 40:
            break
        image.press("ArrowDown")
    image.press("Enter")
    ask.locator(".f2-right", has_text="The star.").wait_for()


def test_progress_counts_and_is_taken_away_and_brought_back(opened):
    tab, _, folder = opened
    mine = panel(tab, "Your progress")
    mine.get_by_label("Your name").fill("Ada")
    mine.get_by_label("Your name").press("Tab")
    with tab.expect_download() as download:
        mine.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "f2_progress_Ada.json"
    kept = json.loads(download.value.path().read_text())
    assert (kept["student"], kept["exercises"]["x.choice"]["right"]) == ("Ada", True)
    assert json.loads((folder / "progress.json").read_text())["exercises"].keys() == kept["exercises"].keys()
    kept["exercises"]["x.mine"]["right"] = True
    (folder / "back.json").write_text(json.dumps(kept))
    with tab.expect_file_chooser() as chooser:
        mine.get_by_role("button", name="Bring back a file …").click()
    chooser.value.set_files(folder / "back.json")
    mine.get_by_role("status").filter(has_text="Brought back: 4 solved.").wait_for()


def test_what_if_changes_picture_and_numbers(opened):
    tab, _, _ = opened
    what = panel(tab, "What if: combine")
    before, after = what.locator(".f2-pair canvas").nth(0), what.locator(".f2-pair canvas").nth(1)
    until_star(tab, before, "=== 255")
    until_star(tab, after, "=== 255")
    what.get_by_label("method").select_option("median")
    until_star(tab, after, "< 255")
    until_star(tab, before, "=== 255")
    expect(what.locator("tbody tr[data-id]").first.locator("strong")).to_have_count(2)
    slider = what.get_by_label("Before on the left, after on the right")
    slider.fill("80")
    tab.wait_for_function("(c) => c.style.clipPath.includes('80%')", arg=after.element_handle())
    what.get_by_role("button", name="Reset").click()
    until_star(tab, after, "=== 255")


def test_nothing_serious_stands_in_the_way_of_anybody(opened):
    tab, _, _ = opened
    assert violations(tab) == []


def test_nothing_else_was_asked_for_and_no_error_made(opened):
    _, errors, _ = opened
    assert errors == []
