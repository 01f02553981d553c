"""How long the tutorials take and how much memory, each in a JupyterLab and a kernel of its own.

``python benchmarks/tutorials.py`` runs all of them from top to bottom in headless Chromium, and the dither
on target on the full array as well; words name some of them: ``01 06``. The frames that a tutorial begins
with are made before. Printed are the seconds of Run All and those until the first picture is painted, and
the most memory of server and kernel together (shared pages by share), with the limits. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

sys.path.append(str(Path(__file__).parents[1]))

from playwright.sync_api import sync_playwright
from watch import Sampler, tree

from tests.browser.lab import FLAGS, RUN_ALL, failed_cells, page, server
from tests.run import browser

TUTORIALS = Path(__file__).parents[1] / "tutorials"
#: Side of the real array, and the tutorial that is run on it as well.
FULL, ON_FULL = 2048, "01_dither_on_target"
#: Seconds of Run All on a small and on the full array, of the first picture; MB that mybinder guarantees.
LIMITS = (30, 60, 5, 1000)
#: Seconds between two looks at the memory.
EVERY = 0.1
#: Notes, in the page, when the first picture has come and is painted.
WATCH = """() => {
  window.f2began = performance.now(); window.f2first = null;
  new MutationObserver(() => {
    const picture = document.querySelector(".jp-OutputArea-output img");
    if (window.f2first !== null || !picture) return;
    window.f2first = 0;
    picture.decode().then(() => requestAnimationFrame(() => { window.f2first = performance.now(); }));
  }).observe(document.body, { subtree: true, childList: true });
}"""


class Took(NamedTuple):
    """What a tutorial took: seconds of Run All and until the first picture, MB, cells that failed."""

    seconds: float
    first: float
    memory: float
    failed: int


def prepared(notebook: Path, folder: Path, size: int | None) -> str:
    """Copy a tutorial into a folder, for a size if one is given, and make its frames; returns its name."""
    text = notebook.read_text()
    call = re.search(r"begin\(\\?\"[^)]*\)", text)
    assert call is not None
    begin = call[0].replace("\\", "")
    if size is not None:
        text = text.replace(call[0], call[0][:-1] + f", size={size})")
        begin = begin[:-1] + f", size={size})"
    (folder / notebook.name).write_text(text)
    code = f"from f2widgets.teaching import begin; {begin}"
    subprocess.run([sys.executable, "-c", code], cwd=folder, check=True)
    return notebook.name


def run(chromium: Any, notebook: Path, size: int | None = None) -> Took:
    """Run a tutorial in a JupyterLab of its own."""
    with tempfile.TemporaryDirectory() as place:
        folder, home = Path(place) / "tutorials", Path(place) / "home"
        folder.mkdir()
        home.mkdir()
        name = prepared(notebook, folder, size)
        with server(folder, home) as (address, token):
            (pid,) = (one for one in tree(os.getpid()) if _is_server(one))
            seen = Sampler(pid, EVERY)
            with page(chromium, address, token, name) as (tab, _):
                tab.set_default_timeout(300_000)
                tab.evaluate(WATCH)
                tab.evaluate(RUN_ALL)
                seconds, first = tab.evaluate(
                    "() => [performance.now(), window.f2first].map((t) => (t - window.f2began) / 1000)"
                )
                failed = len(failed_cells(tab))
            return Took(seconds, first, seen.stop() / 1e6, failed)


def _is_server(pid: int) -> bool:
    """Tell whether a process is the JupyterLab that we have started."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"jupyterlab" in words and b"--no-browser" in words


def main() -> None:
    """Run the tutorials that are named, or all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help="Beginnings of their names; all by default.")
    names = parser.parse_args().names
    every = [(path, None) for path in sorted(TUTORIALS.glob("*.ipynb"))]
    every.append((TUTORIALS / f"{ON_FULL}.ipynb", FULL))
    small, full, first, memory = LIMITS
    print(f"limits: Run All {small} s, {full} s on {FULL}; first picture {first} s; memory {memory} MB")
    print(f"{'tutorial':<32}{'Run All, s':>12}{'first, s':>10}{'memory, MB':>12}")
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=browser(), args=FLAGS, headless=True)
        for path, size in every:
            if names and not any(path.name.startswith(name) for name in names):
                continue
            took = run(chromium, path, size)
            title = path.stem + (f", {size}" if size else "")
            print(f"{title:<32}{took.seconds:>12.1f}{took.first:>10.1f}{took.memory:>12.0f}", end="")
            print(f"  {took.failed} cells failed" if took.failed else "", flush=True)
        chromium.close()


if __name__ == "__main__":
    main()
