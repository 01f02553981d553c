"""What the benchmarks of panels share: a notebook run in JupyterLab, and figures as rows."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import Page

from tests.browser.lab import RUN_ALL, failed_cells, page, write_notebook

OUTPUTS = "(k) => window.jupyterapp.shell.currentWidget.content.model.sharedModel.cells[k].toJSON().outputs"


class Row(NamedTuple):
    """One figure: what, its value as text, the limit as text."""

    what: str
    value: str
    limit: str


@contextmanager
def opened(chromium: Any, folder: Path, address: str, token: str, *cells: str, watch: str) -> Iterator[Page]:
    """Run a notebook in JupyterLab and give its page; `watch` is carried out in it before."""
    write_notebook(folder / "panel.ipynb", *cells)
    with page(chromium, address, token, "panel.ipynb") as (tab, _):
        tab.evaluate(watch)
        tab.evaluate(RUN_ALL)
        wrong = failed_cells(tab)
        if wrong:
            raise SystemExit(f"A cell failed: {wrong}")
        yield tab


def printed(tab: Page, cell: int) -> float:
    """Return the number that a cell has printed."""
    outputs = tab.evaluate(OUTPUTS, cell)
    return float("".join("".join(one["text"]) for one in outputs if "text" in one))


def spread(values: list[float]) -> str:
    """Return median and 95th percentile in ms."""
    ordered = sorted(values)
    return f"{statistics.median(values):.1f} ms, 95 %: {ordered[int(0.95 * (len(ordered) - 1))]:.1f}"
