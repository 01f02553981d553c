"""Make the pictures of the panels that the README shows: ``python docs/screenshots.py``.

Makes the example's frames at 512 pixels, reduces them in a real JupyterLab in headless Chromium by the
panels themselves, and takes a picture of each.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.browser.lab import FLAGS, RUN_ALL, failed_cells, page, server, write_notebook  # noqa: E402
from tests.run import browser  # noqa: E402

#: What the notebook does before the pictures are taken; each panel in a cell of its own.
CELLS = (
    """
    import f2widgets as f2
    from f2widgets.widgets import (
        CalibrationPanel, DescriptorTable, Desk, FileSelector, FolderPanel, ImageInspector, RunPanel,
        Workspace,
    )

    f2.simulate.example1("raw", size=512)
    darks = f2.select("raw", tags="DARK", expression="exposure_time==120")
    short = f2.select("raw", tags="DARK", expression="exposure_time==2")
    flats = f2.select("raw", tags="FLAT")
    science = f2.select("raw", expression='observation_class=="science"')
    f2.reduce(darks, out="out")
    bpm = f2.reduce([*flats, *short], recipe="bpm", out="out")
    f2.reduce(flats, user_cals={"bpm": bpm.path}, out="out")
    here = Workspace("raw", out="out")
    """,
    "FileSelector(here)",
    "DescriptorTable(here)",
    "here.select(science)\nCalibrationPanel(here)",
    "run = RunPanel(here)\nrun",
    "run.run()\nrun.worker.wait()",
    """
    every = FolderPanel(Workspace("raw", out="all"))
    every.plan()
    every.wait()
    every.run()
    every.wait()
    every
    """,
    "look = ImageInspector(here.products[-1].path)\nlook",
    "desk = Desk(workspace=here)\ndesk.bring('Reduce')\ndesk.panels['Reduce'].plan()\ndesk",
)
#: Panels by where they are, and the file of their picture.
PICTURES = {
    **{
        f"section.f2-panel[aria-label='{title}']": name
        for title, name in (
            ("Files", "files.png"),
            ("Headers", "headers.png"),
            ("Calibrations", "calibrations.png"),
            ("Reduction", "reduction.png"),
            ("Image inspector", "image.png"),
            ("Whole folder", "folder.png"),
        )
    },
    ".widget-vbox:has(section[aria-label=Session])": "desk.png",
}


def main() -> None:
    """Take the pictures."""
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place) / "served", Path(place) / "home"
        folder.mkdir()
        home.mkdir()
        write_notebook(folder / "panels.ipynb", *CELLS)
        with server(folder, home) as (address, token), sync_playwright() as play:
            chromium = play.chromium.launch(executable_path=browser(), args=FLAGS, headless=True)
            with page(chromium, address, token, "panels.ipynb") as (tab, errors):
                tab.set_viewport_size({"width": 1280, "height": 1800})
                tab.evaluate("() => window.jupyterapp.commands.execute('application:toggle-left-area')")
                tab.evaluate(RUN_ALL)
                if failed_cells(tab):
                    raise SystemExit(failed_cells(tab))
                for place_of, name in PICTURES.items():
                    panel = tab.locator(place_of).first
                    panel.scroll_into_view_if_needed()
                    tab.wait_for_timeout(1500)
                    panel.screenshot(path=ROOT / "docs" / name)
                    with Image.open(ROOT / "docs" / name) as whole:
                        small = whole.convert("RGB").quantize(128, dither=Image.Dither.NONE)
                    small.save(ROOT / "docs" / name, optimize=True)
                    print(ROOT / "docs" / name)
                if errors:
                    raise SystemExit("\n".join(errors))
            chromium.close()


if __name__ == "__main__":
    main()
