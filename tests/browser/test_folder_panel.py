"""The whole folder in a real JupyterLab: plan, the drawing, all jobs done, a product looked at."""

import pytest

from tests.browser.lab import RUN_ALL, failed_cells, page, violations, write_notebook
from tests.campaign.conftest import night  # noqa: F401

pytestmark = pytest.mark.browser

NOTEBOOK = """
import shutil
from pathlib import Path
from f2widgets.widgets import FolderPanel, Workspace

few = Path("few")
few.mkdir()
for name in ("20131120S0115", "20131126S1111", "20131129S0320"):
    shutil.copy(Path({night!r}) / f"S{{name}}.fits", few)
panel = FolderPanel(Workspace(few, out="made"))
"""


def test_a_folder_planned_drawn_and_done(lab, chromium, night):  # noqa: F811
    folder, address, token = lab
    look = "print([path.name for path in panel.workspace.looking_at])"
    write_notebook(folder / "folder.ipynb", NOTEBOOK.format(night=str(night)), "panel", look)
    with page(chromium, address, token, f"{folder.name}/folder.ipynb") as (tab, errors):
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        panel = tab.locator("section[aria-label='Whole folder']")
        run = panel.get_by_role("button", name="Do all jobs")
        assert run.is_disabled()
        panel.get_by_role("button", name="Plan").click()
        picture = panel.get_by_role("img", name="job 1 makes dark 120 s")
        picture.wait_for()
        assert picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
        run.click()
        panel.get_by_text("3 jobs: 3 made.").wait_for()
        panel.get_by_text("S20131129S0320_flat.fits").click()
        panel.get_by_role("button", name="Look at the product").click()
        assert violations(tab) == []
        assert errors == []
