"""The desk in Notebook 7 and in an older JupyterLab: all panels show, answer, and fetch nothing."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.browser.lab import CELLS, RUN_ALL, failed_cells, page, server, write_notebook

pytestmark = pytest.mark.browser
#: The oldest JupyterLab that we promise to work in.
OLDER = "jupyterlab==4.4.*"
TUTORIALS = Path(__file__).parents[2] / "tutorials"
#: The tutorial that is tried in it by default; with ``--all-tutorials`` every one is.
USUAL = "01_dither_on_target.ipynb"


@pytest.fixture(scope="module")
def older_lab(tmp_path_factory):
    """Install the older JupyterLab beside the one there is, and serve an empty folder with it."""
    place = tmp_path_factory.mktemp("older")
    # What it needs is there already, for the later one; only its own 14 MB are fetched.
    words = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--target", str(place), OLDER]
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{OLDER} could not be installed here: {done.stderr.strip().splitlines()[-1]}")
    folder, home = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("home")
    with server(folder, home, older=place) as (address, token):
        yield folder, address, token


#: The desk over the example's frames, and a call of a panel behind its button.
DESK = """
from f2widgets.widgets import Desk

desk = Desk({folder!r})
desk
"""
TABS = ("Files", "Table", "Calibrations", "Reduce", "All", "Look")


def works(tab):
    """Run the notebook, bring each tab forward, and let a panel answer."""
    tab.evaluate(RUN_ALL)
    assert failed_cells(tab) == []
    tab.locator("section[aria-label=Session]").wait_for()
    for name in TABS:
        tab.get_by_role("tab", name=name, exact=True).click()
        tab.locator("section.f2-panel:visible").nth(1).wait_for()
    tab.get_by_role("tab", name="Files", exact=True).click()
    panel = tab.locator("section[aria-label=Files]")
    panel.get_by_text("36 of 36 files").wait_for()
    panel.get_by_role("button", name="Show the code").click()
    panel.locator(".f2-code").wait_for()


def test_notebook_7(lab, chromium, example1_folder):
    folder, address, token = lab
    write_notebook(folder / "seven.ipynb", DESK.format(folder=str(example1_folder)))
    with page(chromium, address, token, f"{folder.name}/seven.ipynb", place="notebooks") as (tab, errors):
        assert tab.evaluate("() => window.jupyterapp.name") == "Jupyter Notebook"
        errors.clear()  # Notebook 7.6 makes one of its own while it opens
        works(tab)
        assert errors == []


def test_jupyterlab_4_4(older_lab, chromium, example1_folder):
    folder, address, token = older_lab
    write_notebook(folder / "older.ipynb", DESK.format(folder=str(example1_folder)))
    with page(chromium, address, token, "older.ipynb") as (tab, errors):
        assert tab.evaluate("() => window.jupyterapp.version").startswith("4.4.")
        errors.clear()  # extensions beside it are made for a later JupyterLab, and say so
        works(tab)
        assert errors == []


def pytest_generate_tests(metafunc):
    if "tutorial" in metafunc.fixturenames:
        every = sorted(path.name for path in TUTORIALS.glob("*.ipynb"))
        all_of_them = metafunc.config.getoption("--all-tutorials")
        metafunc.parametrize("tutorial", every if all_of_them else [USUAL])


def test_a_tutorial_runs_in_jupyterlab_4_4(tutorial, older_lab, chromium):
    folder, address, token = older_lab
    shutil.copy(TUTORIALS / tutorial, folder)
    with page(chromium, address, token, tutorial) as (tab, errors):
        assert tab.evaluate("() => window.jupyterapp.version").startswith("4.4.")
        errors.clear()  # as above
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        assert all(cell["count"] for cell in tab.evaluate(CELLS))
        assert errors == []
