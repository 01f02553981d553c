"""The panels in Notebook 7 and in an older JupyterLab: they show, answer, and fetch nothing."""

import subprocess
import sys
import textwrap

import pytest

from tests.browser.lab import RUN_ALL, failed_cells, page, server, write_notebook
from tests.browser.test_panels import COUNTER

pytestmark = pytest.mark.browser
#: The oldest JupyterLab that we promise to work in.
OLDER = "jupyterlab==4.4.*"


@pytest.fixture(scope="module")
def older_lab(tmp_path_factory):
    """Install the older JupyterLab beside the one there is, and serve an empty folder with it."""
    place = tmp_path_factory.mktemp("older")
    words = ["install", "--quiet", "--disable-pip-version-check", "--target", str(place), OLDER]
    done = subprocess.run([sys.executable, "-m", "pip", *words], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"{OLDER} could not be installed here: {done.stderr.strip().splitlines()[-1]}")
    folder, home = tmp_path_factory.mktemp("served"), tmp_path_factory.mktemp("home")
    with server(folder, home, older=place) as (address, token):
        yield folder, address, token


def counts(tab):
    """Run the notebook and press the button."""
    tab.evaluate(RUN_ALL)
    assert failed_cells(tab) == []
    tab.locator(".f2-root .count").wait_for()
    tab.get_by_role("button", name="Count", exact=True).click()
    tab.wait_for_function("() => document.querySelector('.count').textContent === '1'")


def test_notebook_7(lab, chromium):
    folder, address, token = lab
    write_notebook(folder / "seven.ipynb", textwrap.dedent(COUNTER), "counter")
    with page(chromium, address, token, "seven.ipynb", place="notebooks") as (tab, errors):
        assert tab.evaluate("() => window.jupyterapp.name") == "Jupyter Notebook"
        errors.clear()  # Notebook 7.6 makes one of its own while it opens
        counts(tab)
        assert errors == []


def test_jupyterlab_4_4(older_lab, chromium):
    folder, address, token = older_lab
    write_notebook(folder / "older.ipynb", textwrap.dedent(COUNTER), "counter")
    with page(chromium, address, token, "older.ipynb") as (tab, errors):
        assert tab.evaluate("() => window.jupyterapp.version").startswith("4.4.")
        errors.clear()  # extensions beside it are made for a later JupyterLab, and say so
        counts(tab)
        assert errors == []
