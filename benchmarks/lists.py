"""How quick the lists of files are: 1,000 rows sorted and filtered, 10,000 files listed."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np
from pages import Row, opened, printed, spread

from tests.raw_files import write_raw

#: Clicks on the heads of a table in turn; gives the milliseconds from each click to the rows painted.
SORT = """async (times) => {
  const box = document.querySelector("section[aria-label=Headers] .f2-scroll"), waits = [];
  for (let k = 0; k < times; k++) {
    await new Promise((done) => setTimeout(done, 40 + 7 * (k % 5)));
    const heads = box.querySelectorAll(".f2-sort"), body = box.querySelector("tbody");
    const seen = new Promise((done) => {
      const eye = new MutationObserver(() => { eye.disconnect(); done(); });
      eye.observe(body, { childList: true });
    });
    const began = performance.now();
    heads[1 + k % (heads.length - 1)].click();
    await seen;
    waits.push(performance.now() - began);
  }
  return waits;
}"""
#: Types one condition after the other; gives the milliseconds until the rows that meet it are painted.
FILTER = """async (conditions) => {
  const here = document.querySelector("section[aria-label=Headers]"), waits = [];
  const body = here.querySelector(".f2-table tbody"), input = here.querySelector("input.f2-wide");
  for (const condition of conditions) {
    await new Promise((done) => setTimeout(done, 300));
    const seen = new Promise((done) => {
      const eye = new MutationObserver(() => { eye.disconnect(); done(); });
      eye.observe(body, { childList: true });
    });
    const began = performance.now();
    input.value = condition;
    input.dispatchEvent(new Event("input"));
    await seen;
    waits.push(performance.now() - began);
  }
  return waits;
}"""
#: Notes, in the page, when the first row of a list of files is there.
FIRST_ROW = """() => {
  window.f2row = null;
  new MutationObserver(() => {
    if (window.f2row === null && document.querySelector(".f2-root tr[data-id]")) window.f2row = Date.now();
  }).observe(document.body, { subtree: true, childList: true });
}"""


def many_files(folder: Path, count: int) -> Path:
    """Write raw files of 1 x 8 x 8 pixels with headers like those of a night, which differ in four cards."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = write_raw(folder / "first.fits", pixels=np.zeros((8, 8))).read_bytes()
    (folder / "first.fits").unlink()
    for number in range(count):
        clock = f"{number // 3600 % 10:02d}:{number // 60 % 60:02d}:{number % 60:02d}.0"
        changed = {
            "UT      = '05:31:00.0'": f"UT      = '{clock}'",
            "DATE-OBS= '2013-11-21'": f"DATE-OBS= '2013-11-{1 + number // 400 % 28:02d}'",
            "OBJECT  = 'field   '": f"OBJECT  = 'field{number % 17:3d}'",
            "EXPTIME =                120.0": f"EXPTIME = {(2.0, 20.0, 120.0)[number % 3]:20.1f}",
        }
        text = whole
        for old, new in changed.items():
            text = text.replace(old.encode(), new.encode())
        (folder / f"S20131101S{number:05d}.fits").write_bytes(text)
    return folder


def tables(chromium: Any, folder: Path, address: str, token: str, _: Path) -> list[Row]:
    """Measure the table of 1,000 files: sorting, and filtering by a condition."""
    place = many_files(folder / "thousand", 1000)
    start = (
        "from f2widgets.widgets import DescriptorTable, FileSelector, Workspace\n"
        f"w = Workspace({str(place)!r})\ns = FileSelector(w)\nDescriptorTable(w)"
    )
    asked = ["exposure_time > 60s", "airmass < 2 and not DARK", 'object ~ "1" and night == "2013-11-01"', ""]
    with opened(chromium, folder, address, token, start, watch=FIRST_ROW) as tab:
        tab.locator("tr[data-id]").first.wait_for()
        sort, narrow = spread(tab.evaluate(SORT, 25)), spread(tab.evaluate(FILTER, asked * 5))
    return [
        Row("1,000 rows: from a click on a head to the rows sorted", sort, "at most 100 ms"),
        Row("1,000 rows: from a condition to the rows that meet it", narrow, "at most 100 ms"),
    ]


def files(chromium: Any, folder: Path, address: str, token: str, _: Path) -> list[Row]:
    """Measure the list of 10,000 files, at the first visit and at later ones."""
    place = many_files(folder / "many", 10_000)
    start = "import time\nfrom f2widgets.widgets import FileSelector, Workspace"
    cells = (start, f"began = time.time()\nprint(began)\ns = FileSelector(Workspace({str(place)!r}))\ns")
    times = []
    for _ in range(6):
        with opened(chromium, folder, address, token, *cells, watch=FIRST_ROW) as tab:
            tab.wait_for_function("() => window.f2row !== null", timeout=300_000)
            times.append(tab.evaluate("() => window.f2row") / 1000 - printed(tab, 1))
    return [
        Row("10,000 files, first visit: first rows", f"{times[0]:.1f} s", ""),
        Row("10,000 files, later visits: first rows", f"{statistics.median(times[1:]):.2f} s", "at most 1 s"),
    ]
