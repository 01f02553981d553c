"""Fetching in a real JupyterLab: ask, tick, fetch with progress, cancel, slips; from a stand-in."""

import pytest

from tests.archive.conftest import night  # noqa: F401
from tests.archive.faulty import Faulty
from tests.browser.lab import RUN_ALL, failed_cells, page, violations, write_notebook

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def opened(lab, chromium, request):
    folder, address, token = lab
    with Faulty(request.getfixturevalue("night")) as server:
        code = f"""
            from f2widgets.widgets import FetchPanel, Workspace
            panel = FetchPanel(Workspace("raw"), archive="{server.url}")
        """
        write_notebook(folder / "fetch.ipynb", code, "panel")
        with page(chromium, address, token, f"{folder.name}/fetch.ipynb") as (tab, errors):
            tab.evaluate(RUN_ALL)
            assert failed_cells(tab) == []
            tab.get_by_role("button", name="Ask the archive").wait_for()
            yield tab, errors, server, folder


def rows(tab):
    return tab.locator(".f2-root tbody tr[data-id]")


def test_asking_lists_what_there_is(opened):
    tab, _, _, _ = opened
    tab.get_by_label("Frames").fill("S20171121S0075-077 S20171121S0092")
    tab.keyboard.press("Enter")
    tab.wait_for_function("() => document.querySelectorAll('.f2-root tbody tr[data-id]').length === 4")
    assert "OBJECT science" in rows(tab).first.inner_text()
    assert "proprietary until 2999-01-01" in rows(tab).last.inner_text()
    assert tab.locator(".f2-count").inner_text().startswith("3 of 4 files, ")


def test_ticks_by_keys_and_all_or_none(opened):
    tab, _, _, _ = opened
    count = tab.locator(".f2-count")
    tab.get_by_role("button", name="Tick no file").click()
    tab.wait_for_function("() => document.querySelector('.f2-count').textContent.startsWith('0 of 4')")
    assert tab.get_by_role("button", name="Fetch", exact=True).is_disabled()
    tab.get_by_role("button", name="Tick all files").click()
    tab.wait_for_function("() => document.querySelector('.f2-count').textContent.startsWith('3 of 4')")
    tab.locator(".f2-root .f2-scroll").focus()
    tab.keyboard.press("Home")
    tab.keyboard.press("Space")
    tab.wait_for_function("() => document.querySelector('.f2-count').textContent.startsWith('2 of 4')")
    assert "2 of 4 files" in count.inner_text()


def test_cancelled_with_progress_and_fetched_the_next_time(opened):
    tab, _, server, folder = opened
    server.pause = 0.1
    tab.get_by_role("button", name="Fetch", exact=True).click()
    tab.locator(".f2-root progress").wait_for()
    tab.wait_for_function("() => document.querySelector('.f2-root progress').value > 0")
    assert tab.get_by_role("button", name="Ask the archive").is_disabled()
    tab.get_by_role("button", name="Cancel").click()
    tab.get_by_text("Stopped. What has arrived is kept").wait_for()
    server.pause = 0.0
    tab.get_by_role("button", name="Fetch", exact=True).click()
    tab.get_by_text("2 files are in").wait_for()
    states = [row.locator("td").nth(2).inner_text() for row in rows(tab).all()[:3]]
    assert states == ["", "fetched", "fetched"]
    assert sorted(path.name for path in (folder / "raw").iterdir()) == [
        "S20171121S0076.fits.bz2",
        "S20171121S0077.fits.bz2",
    ]


def test_a_slip_is_told_and_nothing_went_wrong_on_the_page(opened):
    tab, errors, _, _ = opened
    tab.get_by_label("Frames").fill("example3")
    tab.get_by_role("button", name="Ask the archive").click()
    tab.get_by_role("alert").filter(has_text="neither a programme").wait_for()
    assert violations(tab) == []
    assert errors == []
