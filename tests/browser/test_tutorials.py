"""The tutorials in the browser: JupyterLab opens each, runs all its cells, and no cell fails."""

import shutil
from pathlib import Path

import pytest

from tests.browser.lab import CELLS, RUN_ALL, page, server

pytestmark = pytest.mark.browser
TUTORIALS = Path(__file__).parents[2] / "tutorials"


@pytest.mark.parametrize("notebook", sorted(path.name for path in TUTORIALS.glob("*.ipynb")))
def test_all_cells_run(notebook, chromium, tmp_path):
    folder, home = tmp_path / "tutorials", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    shutil.copy(TUTORIALS / notebook, folder)
    with (
        server(folder, home) as (address, token),
        page(chromium, address, token, notebook) as (opened, errors),
    ):
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
