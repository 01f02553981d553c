"""The panels for files, headers and calibrations in JupyterLab: clicks, keys, and markup that stays text."""

import json
import os
import re

import pytest
from playwright.sync_api import expect

from tests.browser.lab import RUN_ALL, failed_cells, page, violations, write_notebook
from tests.calibrations.processed import write_processed
from tests.raw_files import write_raw

pytestmark = pytest.mark.browser

MARKUP = "<img src=x onerror=alert(1)>"
CELLS = [
    """
    import os
    os.environ["XDG_STATE_HOME"] = os.path.abspath("state")
    from f2widgets.widgets import CalibrationPanel, DescriptorTable, FileSelector, Workspace
    workspace = Workspace("raw")
    selector = FileSelector(workspace)
    """,
    "selector",
    "DescriptorTable(workspace, ['object', 'exposure_time', 'airmass'])",
    "CalibrationPanel(workspace)",
    "print([file.name for file in workspace.selection], workspace.recipe, sorted(workspace.user_cals))",
]
#: Runs the last cell, and returns what it prints.
ASK = """async () => {
    const notebook = window.jupyterapp.shell.currentWidget.content;
    const last = notebook.widgets.length - 1;
    notebook.activeCellIndex = last;
    notebook.deselectAll();
    await window.jupyterapp.commands.execute('notebook:run-cell');
    return notebook.widgets[last].model.outputs.toJSON().map(output => output.text).join('');
}"""


@pytest.fixture(scope="module")
def opened(lab, chromium):
    folder, address, token = lab
    raw = folder / "raw"
    (raw / "other night").mkdir(parents=True)
    kinds = ["science"] * 3 + ["dark"] * 2 + ["lamp_on", "lamp_off"]
    for number, kind in enumerate(kinds, 1):
        keywords = {"OBJECT": MARKUP} if number == 1 else {"EXPTIME": 20.0} if number == 3 else {}
        write_raw(raw / f"S20131121S{number:04d}.fits", kind, **keywords)
    (raw / "text.fits").write_text(MARKUP)
    write_raw(raw / "other night" / "S20131122S0001.fits")
    for name, exposure in (("D_dark", 120.0), ("N_dark", 60.0)):
        write_processed(folder / "made" / f"{name}.fits", "dark", exposure=exposure, shape=(64, 64))
    write_notebook(folder / "files.ipynb", *CELLS)
    with page(chromium, address, token, f"{folder.name}/files.ipynb") as (tab, errors):
        tab.on("dialog", lambda dialog: (errors.append(dialog.message), dialog.dismiss()))
        tab.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
        tab.set_viewport_size({"width": 1300, "height": 2600})  # all panels in sight at once
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        panel(tab, "Calibrations").locator("tr[data-id]").first.wait_for()
        yield tab, errors


def panel(tab, name):
    return tab.locator(f"section.f2-panel[aria-label={name}]")


def rows(where, label="Files"):
    return where.get_by_role("grid", name=label, exact=True).locator("tbody tr[data-id]")


def says(where, text):
    where.locator("output.f2-count", has_text=re.compile(f"^{re.escape(text)}")).wait_for()


def picked(where, number):
    """Wait until so many rows of the list of files are picked."""
    found = where.get_by_role("grid", name="Files", exact=True).locator("tr.f2-picked")
    found.nth(number - 1).wait_for()
    expect(found).to_have_count(number)


def test_files_are_listed_with_reasons_and_markup_stays_text(opened):
    tab, _ = opened
    files = panel(tab, "Files")
    says(files, "7 of 8 files, 1 cannot be used")
    expect(rows(files)).to_have_count(8)
    expect(rows(files).first.locator("td").nth(2)).to_have_text(MARKUP)
    expect(rows(files).last).to_contain_text("is no FITS file")
    expect(files.get_by_role("checkbox", name=MARKUP)).to_have_count(1)
    expect(tab.locator("img[src=x]")).to_have_count(0)


def test_a_facet_narrows_by_click_and_by_key_and_the_headers_follow(opened):
    tab, _ = opened
    files, headers = panel(tab, "Files"), panel(tab, "Headers")
    says(headers, "7 of 7 files")
    files.get_by_role("checkbox", name="DARK 2", exact=True).click()
    says(files, "2 of 8 files")
    says(headers, "2 of 2 files")
    expect(rows(files)).to_have_count(2)
    tab.keyboard.press("Space")  # the box kept the focus
    says(files, "7 of 8 files")
    files.get_by_role("checkbox", name="20 3", exact=True).click()
    says(files, "3 of 8 files")
    files.get_by_role("button", name="Clear all picked values").click()
    says(files, "7 of 8 files")


def test_groups_pick_their_files(opened):
    tab, _ = opened
    files = panel(tab, "Files")
    files.get_by_label("Group by").select_option("tags")
    group = rows(files, "Groups").filter(has_text="DARK")
    expect(group.locator("td").last).to_have_text("2")
    group.click()
    picked(files, 2)
    assert tab.evaluate(ASK).startswith("['S20131121S0004.fits', 'S20131121S0005.fits']")
    files.get_by_label("Group by").select_option("")


def test_a_folder_is_typed_with_completion_and_an_unreadable_one_told(opened):
    tab, _ = opened
    files = panel(tab, "Files")
    folder = files.get_by_label("Folder", exact=True)
    before = folder.input_value()
    folder.fill(f"{before}/oth")
    tab.wait_for_function(
        "() => [...document.querySelectorAll('datalist option')].some(o => o.value.endsWith('other night'))"
    )
    folder.fill(f"{before}/other night")
    folder.press("Enter")
    says(files, "1 of 1 files")
    folder.fill("/nowhere")
    folder.press("Enter")
    files.get_by_role("alert").filter(has_text="/nowhere is no folder").wait_for()
    folder.fill(before)
    folder.press("Enter")
    says(files, "7 of 8 files")


def test_rows_are_reached_picked_and_left_out_by_keys_alone(opened):
    tab, _ = opened
    files = panel(tab, "Files")
    before = tab.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")
    files.get_by_role("group", name="Files, rows").focus()
    for key in ("Home", "ArrowDown", "Enter", "ArrowDown", "Control+Space"):
        tab.keyboard.press(key)
    picked(files, 2)
    active = files.get_by_role("group", name="Files, rows").get_attribute("aria-activedescendant")
    assert "S20131121S0003.fits" in tab.locator(f"#{active}").inner_text()
    tab.keyboard.press("Space")
    says(files, "6 of 8 files")
    tab.keyboard.press("Space")
    says(files, "7 of 8 files")
    for key in ("a", "b", "x", "d", "d", "Delete"):
        tab.keyboard.press(key)
    assert tab.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == before
    assert tab.evaluate(ASK).startswith("['S20131121S0002.fits', 'S20131121S0003.fits']")


def test_the_condition_counts_explains_and_points_at_a_slip(opened):
    tab, _ = opened
    headers = panel(tab, "Headers")
    condition = headers.get_by_label("Condition")
    condition.click()
    tab.keyboard.type("not DARK and exposure_time > 60s")
    says(headers, "2 of 7 files")
    expect(rows(headers)).to_have_count(2)
    removed = headers.get_by_role("table", name=re.compile("What each condition removes"))
    assert [cell.inner_text() for cell in removed.locator("tbody tr").nth(1).locator("th, td").all()] == [
        "exposure_time > 60s", "3", "3", "0", "2",
    ]  # fmt: skip
    condition.fill("DARK and exposure > 1")
    wrong = headers.locator(".f2-caret")
    wrong.filter(has_text="There is no descriptor exposure").wait_for()
    written, pointed = wrong.inner_text().splitlines()
    assert written[pointed.index("^") :].startswith("exposure")
    assert condition.get_attribute("aria-invalid") == "true"
    expect(rows(headers)).to_have_count(2)  # as it was
    condition.fill("")
    says(headers, "7 of 7 files")


def test_headers_are_searched_and_compared(opened):
    tab, _ = opened
    headers = panel(tab, "Headers")
    headers.get_by_role("group", name="Files, rows").focus()
    tab.keyboard.press("Home")
    tab.keyboard.press("Enter")
    search = headers.get_by_role("searchbox", name="Search the header")
    search.fill("onerror")
    tab.wait_for_function(
        "() => document.querySelectorAll('[aria-label=Cards] tbody tr[data-id]').length === 1"
    )
    expect(rows(headers, "Cards").first).to_contain_text(MARKUP)
    tab.keyboard.press("Escape")
    search.wait_for(state="hidden")
    rows(headers).nth(0).click()
    rows(headers).nth(1).click(modifiers=["Control"])
    headers.get_by_role("button", name="Difference").click()
    headers.get_by_text("1 cards differ").wait_for()
    assert [cell.inner_text() for cell in rows(headers, "Cards").first.locator("td").all()] == [
        "PRIMARY", "OBJECT", "changed", MARKUP, "field",
    ]  # fmt: skip
    headers.get_by_role("button", name="Close").click()


def test_columns_are_chosen_sorted_and_the_table_written(opened, lab):
    tab, _ = opened
    headers = panel(tab, "Headers")
    headers.get_by_text("Columns", exact=True).click()
    headers.get_by_role("searchbox", name="Find a descriptor").fill("nig")
    headers.get_by_role("checkbox", name="night").click()
    headers.get_by_role("columnheader", name="night").wait_for()
    headers.get_by_role("columnheader", name="exposure_time").get_by_role("button").click()
    sorted_by = headers.get_by_role("columnheader", name="exposure_time")
    expect(sorted_by).to_have_attribute("aria-sort", "ascending")
    expect(rows(headers).first.locator("td").nth(1)).to_have_text("S20131121S0003.fits")
    headers.get_by_text("Columns", exact=True).click()
    headers.get_by_role("button", name="Write").click()
    headers.get_by_role("status").filter(has_text="Written:").wait_for()
    text = (lab[0] / "f2_table.csv").read_text()
    assert text.startswith("filename,object,exposure_time,airmass,night\n")


def test_calibrations_are_added_explained_pinned_and_planned(opened, lab):
    tab, _ = opened
    headers, calibrations = panel(tab, "Headers"), panel(tab, "Calibrations")
    headers.get_by_label("Condition").fill("exposure_time > 60s and IMAGE")
    says(headers, "2 of 7 files")
    headers.get_by_role("button", name="Take these files").click()
    matches = rows(calibrations, "Calibrations of the frames")
    matches.filter(has_text="missing").first.wait_for()
    calibrations.get_by_label("File", exact=True).fill(os.fspath(lab[0] / "made"))
    calibrations.get_by_role("button", name="Add", exact=True).click()
    matches.filter(has_text="D_dark.fits").first.wait_for()
    matches.filter(has_text="D_dark.fits").first.click()
    why = calibrations.get_by_role("region", name="Why")
    why.get_by_text("exposure time is 60 s, needed 120 s").wait_for()
    pin = why.get_by_role("button", name="Use N_dark.fits as dark")
    pin.click()
    calibrations.get_by_role("alert").filter(has_text="does not fit").wait_for()
    why.get_by_label("although it does not agree").check()
    pin.click()
    matches.filter(has_text="pinned").first.wait_for()
    assert tab.evaluate(ASK).endswith("['dark']\n")
    calibrations.get_by_role("button", name="Unpin the dark").click()
    matches.filter(has_text="D_dark.fits").first.wait_for()
    calibrations.get_by_role("button", name="Verify checksums").click()
    calibrations.get_by_text("All 2 files are as they were added.").wait_for()
    calibrations.get_by_role("button", name="Plan the flat").click()
    calibrations.get_by_text("selected for the recipe flat").wait_for()
    assert tab.evaluate(ASK).startswith("['S20131121S0006.fits', 'S20131121S0007.fits'] flat")


@pytest.mark.parametrize("name", ["Files", "Headers", "Calibrations"])
def test_nothing_serious_stands_in_the_way_of_anybody(opened, name):
    tab, _ = opened
    here = panel(tab, name)
    here.get_by_role("button", name="Show the code").click()
    here.locator(".f2-code pre").first.wait_for()
    assert "f2." in here.locator(".f2-code pre").first.inner_text()
    here.get_by_role("button", name="Keys").click()
    assert violations(tab, f"section.f2-panel[aria-label={name}]") == []


def test_a_saved_notebook_keeps_posters_and_little_else(opened, lab):
    tab, _ = opened
    tab.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    kept = json.loads((lab[0] / "files.ipynb").read_text())
    text = json.dumps(kept["cells"])
    for words in ("8 files in ", "7 files", "In the database"):
        assert words in text
    assert MARKUP not in text
    assert len(text) < 60_000


def test_nothing_else_was_asked_for_and_nothing_ran(opened):
    _, errors = opened
    assert errors == []
