"""The desk from the shell: `f2 desk` serves all panels, offline, and they work together."""

import os
import re
import signal
import subprocess
import sys
import threading

import pytest
from playwright.sync_api import expect

from tests.browser.lab import PLACES, browsing, violations

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def desk(example1_folder, tmp_path_factory):
    """Start `f2 desk` in an empty folder; gives its address and the folder of products."""
    home, out = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("desk")
    places = {name: str(home / name.lower()) for name in PLACES}
    environment = {**os.environ, **places, "XDG_CACHE_HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    words = [
        sys.executable,
        "-m",
        "f2widgets",
        "desk",
        str(example1_folder),
        "--out",
        str(out),
        "--no-browser",
    ]
    running = subprocess.Popen(
        words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=out
    )
    address, reader = None, threading.Thread()
    try:
        for line in running.stdout:
            found = re.search(r"http://127\.0\.0\.1:\d+", line) or re.search(r"http://localhost:\d+", line)
            if found:
                address = found.group().replace("localhost", "127.0.0.1")
                break
        assert address, "the desk did not say where it is"
        # what it says further must be taken, or it would wait for a reader
        reader = threading.Thread(target=running.stdout.read)
        reader.start()
        yield address, out
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(timeout=30)
        if reader.is_alive():
            reader.join()
        running.stdout.close()


@pytest.fixture(scope="module")
def opened(desk, chromium):
    address, _ = desk
    with browsing(chromium, address, size=(1400, 1000)) as (tab, errors):
        tab.goto(f"{address}/")
        tab.locator(".f2-panel").first.wait_for(timeout=120_000)
        yield tab, errors


def test_all_panels_are_there(opened):
    tab, _ = opened
    tabs = [one.inner_text() for one in tab.get_by_role("tab").all()]
    assert tabs == ["Files", "Table", "Calibrations", "Reduce", "All", "Look"]
    expect(tab.locator("section[aria-label=Session]")).to_be_visible()


def test_each_panel_shows_and_nothing_serious_stands_in_the_way(opened):
    tab, _ = opened
    for name in ("Files", "Table", "Calibrations", "Reduce", "All", "Look"):
        tab.get_by_role("tab", name=name).click()
        panel = tab.locator("section.f2-panel:visible").nth(1)
        panel.wait_for()
        assert violations(tab, "section.f2-panel") == [], name


def test_a_file_that_is_picked_is_looked_at_and_another_beside_it(opened):
    tab, _ = opened
    tab.get_by_role("tab", name="Files").click()
    files, look = (tab.locator(f"section[aria-label='{name}']") for name in ("Files", "Image inspector"))
    files.locator("tr[data-id]", has_text="S20131121S0075.fits").click()
    files.get_by_role("button", name="Look at the picked files").click()
    expect(tab.get_by_role("tab", name="Look")).to_have_attribute("aria-selected", "true")
    expect(look.locator(".f2-told")).to_contain_text("S20131121S0075.fits")
    expect(look.locator(".f2-base")).to_have_attribute("data-layers", "1")
    look.get_by_label("File", exact=True).fill("S20131121S0076.fits")
    look.get_by_role("button", name="Add the file to those shown").click()
    expect(look.locator(".f2-told")).to_contain_text("S20131121S0076.fits")
    expect(look.get_by_label("Image", exact=True).locator("option")).to_have_count(2)


def test_nothing_else_was_asked_for_and_no_error_was_made(opened):
    _, errors = opened
    assert errors == []
