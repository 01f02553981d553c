"""Tutorials in the browser: JupyterLab opens them, runs all their cells, and no cell fails.

By default these are the first two, which everybody opens, and the one with most widgets; with
``--all-tutorials`` every one. What all of them print is compared by tests/test_notebooks.py.
"""

import shutil
from pathlib import Path

import pytest

from tests.browser.lab import CELLS, RUN_ALL, page, violations

pytestmark = pytest.mark.browser
TUTORIALS = Path(__file__).parents[2] / "tutorials"
USUAL = ("00", "01", "09")


#: Makes the notebook dark, and puts the list of files away.
DARK = """async () => {
    await window.jupyterapp.commands.execute("apputils:change-theme", {theme: "JupyterLab Dark"});
    window.jupyterapp.shell.collapseLeft();
}"""
#: Brings a cell to the top; gives what of it is wider than its place.
TOO_WIDE = """async (k) => {
    const content = window.jupyterapp.shell.currentWidget.content;
    await content.scrollToItem(k, "start", 0);
    const node = content.widgets[k].node, wide = (part) => part.scrollWidth > part.clientWidth + 1
        || part.getBoundingClientRect().right > window.innerWidth;
    return [...node.querySelectorAll(".f2-root, .jp-MarkdownOutput, .jp-OutputArea img")]
        .filter(wide).map((part) => part.outerHTML.slice(0, 200));
}"""
#: Tells whether a cell has a panel.
HAS_PANEL = """(k) => window.jupyterapp.shell.currentWidget.content.widgets[k].node
    .querySelector(".f2-root") !== null"""


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
        if notebook == "00_start_here.ipynb":
            reads_well_at_200_percent_in_the_dark(opened)
    for cell in cells:
        failed = [output for output in cell["outputs"] if output["output_type"] == "error"]
        assert not failed, f"{cell['source']}\n{failed}"
        assert cell["count"], f"did not run: {cell['source']}"
    assert errors == []
    shown = [str(output.get("data", {}).get("text/html", "")) for cell in cells for output in cell["outputs"]]
    assert any("data:image/png" in text for text in shown)
    assert not any("<img" in text and 'alt=""' in text for text in shown)


def reads_well_at_200_percent_in_the_dark(opened):
    """See that nothing is cut off in a window half as wide, and that everything can be told from the dark."""
    opened.evaluate(DARK)
    opened.set_viewport_size({"width": 650, "height": 450})
    panels = 0
    for k in range(opened.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")):
        assert opened.evaluate(TOO_WIDE, k) == []
        if opened.evaluate(HAS_PANEL, k):
            panels += 1
            assert violations(opened) == []
    assert panels > 5
