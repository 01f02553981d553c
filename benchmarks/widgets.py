"""How quick the panels are, in a real JupyterLab and headless Chromium.

``python benchmarks/widgets.py`` prints every figure with its limit. Nothing is asserted. Each panel has a
function in `PANELS` that gives rows: what was measured, its value, the limit.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from lists import files, tables
from pages import Row, opened, printed, spread
from playwright.sync_api import Page, sync_playwright

from f2widgets.files import select
from f2widgets.reduction import reduce
from f2widgets.simulate import example1
from f2widgets.widgets import ImageInspector
from tests.browser.lab import FLAGS, server
from tests.run import browser

#: Notes, in the page, when a canvas is first painted with pixels.
WATCH = """() => {
  window.f2first = null;
  new MutationObserver((all) => { for (const one of all)
    if (window.f2first === null && one.target.dataset.layers > 0) window.f2first = Date.now(); })
    .observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-took"] });
}"""
#: Does something many times; gives the milliseconds from the deed to the canvas painted.
REPEATED = """async ([what, times]) => {
  const base = document.querySelector(".f2-base"), over = document.querySelector(".f2-over");
  const selects = [...document.querySelectorAll(".f2-root select")];
  const labelled = (text) => selects.find((one) => one.labels.length && one.labels[0].textContent === text);
  const set = (select, k) => {
    select.selectedIndex = k % select.options.length;
    select.dispatchEvent(new Event("change"));
  };
  const stretch = labelled("Stretch"), limits = labelled("Limits"), box = over.getBoundingClientRect();
  const common = { bubbles: true, cancelable: true };
  const middle = { clientX: box.left + box.width / 2, clientY: box.top + box.height / 2 };
  const wheel = (k) => {
    const deltaY = k % 8 < 4 ? -60 : 60;
    over.dispatchEvent(new WheelEvent("wheel", { deltaY, ...middle, ...common }));
  };
  const key = (name, more = {}) => {
    over.dispatchEvent(new KeyboardEvent("keydown", { key: name, ...common, ...more }));
  };
  const deeds = {
    stretch: (k) => set(stretch, k + 1), limits: (k) => set(limits, k + 1), zoom: wheel,
    blink: () => key("."),
    pan: (k) => key(k % 8 < 4 ? "ArrowLeft" : "ArrowRight", { ctrlKey: true }) };
  const painted = () => new Promise((done) => {
    const eye = new MutationObserver(() => { eye.disconnect(); done(); });
    eye.observe(base, { attributes: true, attributeFilter: ["data-took"] });
  });
  const waits = [], works = [];
  for (let k = 0; k < times; k++) {
    await new Promise((done) => setTimeout(done, 40 + 7 * (k % 5))); // not in step with the screen
    const began = performance.now(), seen = painted();
    deeds[what](k);
    await seen;
    waits.push(performance.now() - began);
    works.push(Number(base.dataset.took));
  }
  return { waits, works };
}"""
#: Drags for contrast, a move for every picture of the screen; gives the milliseconds between pictures.
DRAG = """async (pictures) => {
  const over = document.querySelector(".f2-over"), box = over.getBoundingClientRect(), times = [], works = [];
  const base = document.querySelector(".f2-base");
  const common = { pointerId: 1, button: 2, bubbles: true, cancelable: true };
  const at = (type, clientX, clientY) => {
    over.dispatchEvent(new PointerEvent(type, { ...common, clientX, clientY }));
  };
  over.setPointerCapture = () => {};
  let x = box.left + box.width / 2, y = box.top + box.height / 2, last = null;
  at("pointerdown", x, y);
  for (let k = 0; k < pictures; k++) {
    const now = await new Promise(requestAnimationFrame);
    if (last !== null) times.push(now - last);
    last = now;
    works.push(Number(base.dataset.took));
    at("pointermove", (x += k % 40 < 20 ? 4 : -4), (y += k % 30 < 15 ? 1 : -1));
  }
  at("pointerup", x, y);
  return { times, works };
}"""
#: Makes the image 800 pixels wide and high; shows the next image; runs the third cell.
WIDE = """() => {
  const { style } = document.querySelector(".f2-stage");
  style.width = style.height = "800px";
}"""
NEXT = "() => document.querySelector('.f2-over').dispatchEvent(new KeyboardEvent('keydown', {key: '.'}))"
THIRD = """async () => {
  window.jupyterapp.shell.currentWidget.content.activeCellIndex = 2;
  await window.jupyterapp.commands.execute("notebook:run-cell");
}"""
#: In a kernel: resident memory in MB.
RESIDENT = 'int(open("/proc/self/statm").read().split()[1]) * 4096 / 1e6'


def main() -> None:
    """Print the figures of the panels asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("panels", nargs="*", default=[], help=f"of {', '.join(PANELS)}; by default all")
    parser.add_argument("--data", type=Path, help="folder of 2048 x 2048 frames of example 1")
    options = parser.parse_args()
    found = browser()
    if found is None:
        raise SystemExit("Chromium was not found: python tests/run.py installs it.")
    with tempfile.TemporaryDirectory() as place, sync_playwright() as play:
        data = options.data or Path(place) / "data"
        if options.data is None:
            example1(data, size=2048, seed=1)
        chromium = play.chromium.launch(executable_path=found, args=FLAGS, headless=True)
        folder, home = Path(place) / "served", Path(place) / "home"
        folder.mkdir()
        home.mkdir()
        os.environ |= {"XDG_CACHE_HOME": str(home / "cache"), "XDG_STATE_HOME": str(home / "state")}
        with server(folder, home) as (address, token):
            for name in options.panels or PANELS:
                print(f"\n{name}")
                rows = PANELS[name](chromium, folder, address, token, data)
                width = max(len(row.what) for row in rows)
                for row in rows:
                    print(f"  {row.what:<{width}}  {row.value:>24}  {row.limit}")
        chromium.close()


def inspector(chromium: Any, folder: Path, address: str, token: str, data: Path) -> list[Row]:
    """Measure the image inspector."""
    science = sorted(data.glob("S20131121S00[78]*.fits"))[:2]
    first, second = (str(path) for path in science)
    start = "import time\nfrom f2widgets.widgets import ImageInspector\nprint(time.time())"
    cells = (start, f"began = time.time()\nprint(began)\nw = ImageInspector({first!r}, {second!r})\nw")
    rows = []
    with opened(chromium, folder, address, token, *cells, watch=WATCH) as tab:
        tab.wait_for_function("() => window.f2first !== null")
        seconds = tab.evaluate("() => window.f2first") / 1000 - printed(tab, 1)
        rows.append(Row("first picture after ImageInspector(path)", f"{seconds:.2f} s", "at most 1.0 s"))
        _whole(tab)
        for what, told, limit in (
            ("stretch", "click on stretch to painted", "median at most 30 ms"),
            ("limits", "click on limits to painted", "median at most 30 ms"),
            ("zoom", "zoom step to painted", "see below"),
            ("pan", "pan step to painted", "see below"),
        ):
            found = tab.evaluate(REPEATED, [what, 40])
            rows.append(Row(told, spread(found["waits"]), limit))
            if what in ("zoom", "pan"):
                rows.append(Row(f"  work of a {what} step", spread(found["works"]), "at most 16 ms"))
        tab.evaluate(NEXT)
        _whole(tab)
        found = tab.evaluate(REPEATED, ["blink", 20])
        rows.append(Row("blink between two loaded frames", spread(found["waits"]), "at most 30 ms"))
        tab.evaluate(WIDE)
        tab.wait_for_timeout(500)
        found = tab.evaluate(DRAG, 200)
        quick = 100 * sum(one <= 20 for one in found["times"]) / len(found["times"])
        rows.append(Row("contrast drag, 800 px view: within 20 ms", f"{quick:.0f} %", "at least 95 %"))
        rows.append(Row("  work of a step of contrast", spread(found["works"]), ""))
        rows.append(Row("bytes sent for a stretch", f"{_bytes_sent(tab)}", "under 4 kB"))
    rows.append(_memory(chromium, folder, address, token, first))
    rows.append(_saved(chromium, folder, address, token, first))
    return rows


def _whole(tab: Page) -> None:
    """Wait until the whole frame has come after its overview."""
    tab.wait_for_timeout(4000)


def _bytes_sent(tab: Page) -> int:
    """Return the bytes that go to the kernel for one change of the stretch."""
    tab.wait_for_timeout(1000)  # what was done before is told once the hand rests
    session = tab.context.new_cdp_session(tab)
    sent: list[int] = []
    session.on("Network.webSocketFrameSent", lambda event: sent.append(len(event["response"]["payloadData"])))
    session.send("Network.enable")
    tab.evaluate(REPEATED, ["stretch", 1])
    tab.wait_for_timeout(1500)
    return sum(sent)


def _memory(chromium: Any, folder: Path, address: str, token: str, path: str) -> Row:
    """Measure the kernel's memory above the image itself."""
    before = (
        "import gc\nfrom f2widgets import read_frame\nfrom f2widgets.widgets import ImageInspector\n"
        f"warm = ImageInspector(read_frame({path!r}).rows(0, 200))\nwarm.arrived()\n"
        f"frame = read_frame({path!r})\ngc.collect()\nprint({RESIDENT})"
    )
    cells = (before, "w = ImageInspector(frame)\nw", f"import time\ntime.sleep(8)\nprint({RESIDENT})")
    with opened(chromium, folder, address, token, *cells, watch=WATCH) as tab:
        _whole(tab)
        tab.evaluate(THIRD)
        more = printed(tab, 2) - printed(tab, 0)
    return Row("kernel memory above the data", f"{more:.0f} MB", "at most 60 MB")


def _saved(chromium: Any, folder: Path, address: str, token: str, path: str) -> Row:
    """Measure a saved notebook with five inspectors."""
    one = f"ImageInspector({path!r})"
    start = f"from f2widgets.widgets import ImageInspector\n{one}"
    with opened(chromium, folder, address, token, start, *[one] * 4, watch=WATCH) as tab:
        _whole(tab)
        tab.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
        tab.wait_for_timeout(1000)
    size = (folder / "panel.ipynb").stat().st_size
    images = (folder / "panel.ipynb").read_text().count('"image/png"')
    return Row(f"saved notebook, five inspectors, {images} posters", f"{size / 1e6:.2f} MB", "under 2 MB")


def alone(chromium: Any, folder: Path, address: str, token: str, data: Path) -> list[Row]:
    """Measure what needs no page: the import in a new process, and the biography of a pixel of a stack."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "from f2widgets.widgets import Desk"], check=True)
        times.append(time.perf_counter() - began)
    found = f"{statistics.median(times):.2f} s"
    rows = [Row("import of all panels, start of Python included", found, "at most 1.2 s")]
    stack = _stack(data, folder / "reduced")
    told = ImageInspector(stack, search=[data, stack.parent])
    waits = []
    for k in range(12):
        began = time.perf_counter()
        told.biography(0, 400 + 100 * k, 1500 - 90 * k)
        waits.append(1000 * (time.perf_counter() - began))
    rows.append(Row("biography of a pixel: the first one", f"{waits[0]:.0f} ms", "under 1 s"))
    return [*rows, Row("biography of a pixel: others", spread(waits[1:]), "under 1 s")]


def _stack(data: Path, out: Path) -> Path:
    """Reduce the example with its calibrations; returns the stack."""
    out.mkdir()
    with contextlib.chdir(out):
        reduce(select([data], tags="DARK", expression="exposure_time==120"))
        flats = select([data], tags="FLAT")
        mask = reduce([*flats, *select([data], tags="DARK", expression="exposure_time==2")]).path
        reduce(flats, user_cals={"bpm": str(mask)})
        made = reduce(select([data], expression='observation_class=="science"')).path
        return Path(made).absolute()


PANELS: dict[str, Callable[..., list[Row]]] = {
    "inspector": inspector,
    "tables": tables,
    "files": files,
    "alone": alone,
}

if __name__ == "__main__":
    main()
