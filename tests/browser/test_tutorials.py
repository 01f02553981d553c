"""Tutorials in the browser: JupyterLab opens them, runs all their cells, and no cell fails.

By default these are the first two, which everybody opens, and the one with most widgets; with
``--all-tutorials`` every one. What all of them print is compared by tests/test_notebooks.py.
"""

import shutil
from pathlib import Path

import pytest

from tests.browser.lab import CELLS, RUN_ALL, page

pytestmark = pytest.mark.browser
TUTORIALS = Path(__file__).parents[2] / "tutorials"
USUAL = ("00", "01", "09")


def pytest_generate_tests(metafunc):
    if "notebook" in metafunc.fixturenames:
        every = sorted(path.name for path in TUTORIALS.glob("*.ipynb"))
        all_of_them = metafunc.config.getoption("--all-tutorials")
        metafunc.parametrize("notebook", [name for name in every if all_of_them or name[:2] in USUAL])


def test_all_cells_run(notebook, chromium, lab, tmp_path):
    folder, address, token = lab
    shutil.copy(TUTORIALS / notebook, folder)
    with page(chromium, address, token, f"{folder.name}/{notebook}") as (opened, errors):
        before = opened.evaluate(CELLS)
        assert not any(cell["count"] for cell in before)
        opened.evaluate(RUN_ALL)
        cells = opened.evaluate(CELLS)
        opened.screenshot(path=tmp_path / "after.png")
        assert opened.locator(".jp-OutputArea-output img").count() > 0
    for cell in cells:
        failed = [output for output in cell["outputs"] if output["output_type"] == "error"]
        assert not failed, f"{cell['source']}\n{failed}"
        assert cell["count"], f"did not run: {cell['source']}"
    assert errors == []
    shown = [str(output.get("data", {}).get("text/html", "")) for cell in cells for output in cell["outputs"]]
    assert any("data:image/png" in text for text in shown)
    assert not any("<img" in text and 'alt=""' in text for text in shown)
