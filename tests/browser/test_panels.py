"""The ground of all panels in a real JupyterLab: calls, errors, keys, people without a mouse, posters."""

import json
import textwrap
from contextlib import contextmanager

import pytest
from playwright.sync_api import expect

from tests.browser.lab import RUN_ALL, browsing, failed_cells, page, violations, write_notebook

pytestmark = pytest.mark.browser

#: A small panel, made in the notebook as anybody could.
COUNTER = '''
from f2widgets.errors import WrongInputs
from f2widgets.widgets.panel import Panel, from_page, script, table_html

BUILD = """
function build(page) {
  const content = framed(page, [["+", "count"]]);
  const count = make("output", { cls: "count" });
  const table = tableOf({ label: "Rows", several: true, ticks: true, height: 120,
    select: (ids) => page.ask("pick", { ids }), tick: (id, on) => {} });
  table.columns([{ key: "name", title: "Name" }, { key: "size", title: "Size", numeric: true }]);
  content.append(make("div", { cls: "f2-row" }, button("Count", () => page.ask("add", { number: 1 })),
    button("Fail", () => page.ask("add", { number: -1 })), count,
    field("Words", make("input", { type: "text", cls: "words" }))), table.element);
  page.on("count", (content) => fill(count, String(content.count)));
  page.on("rows", (content) => table.rows(content.rows));
}
"""

class Counter(Panel):
    title = "Counter"
    _esm = script("parts.js", "table.js") + BUILD + script("render.js")
    _css = script("panel.css")
    count, picked = 0, ()

    def arrived(self):
        self.send({"kind": "count", "count": self.count})
        rows = [{"id": f"f{k}", "cells": {"name": f"<b>{k}</b>", "size": k % 7}} for k in range(1000)]
        self.send({"kind": "rows", "rows": rows})

    @from_page
    def add(self, number):
        if number < 0:
            raise WrongInputs("Only upwards: give a number above 0.")
        self.count += number
        self.arrived()

    @from_page
    def pick(self, ids):
        self.picked = tuple(ids)

    def poster(self):
        return {"text/html": table_html(["count"], [[self.count]], "A counter without a kernel")}

counter = Counter()
'''


@pytest.fixture(scope="module")
def opened(lab, chromium):
    folder, address, token = lab
    write_notebook(folder / "counter.ipynb", textwrap.dedent(COUNTER), "counter", "counter.picked")
    with page(chromium, address, token, f"{folder.name}/counter.ipynb") as (tab, errors):
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        tab.locator(".f2-root .count").wait_for()
        yield tab, errors


@contextmanager
def page_without_kernel(chromium, address, token, notebook):
    """Open a notebook and give it no kernel."""
    with browsing(chromium, address) as (tab, _):
        tab.goto(f"{address}/lab/tree/{notebook}?token={token}&reset")
        tab.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.sessionContext")
        yield tab


def cells_in(tab):
    return tab.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length")


def test_a_click_reaches_python_and_comes_back(opened):
    tab, _ = opened
    expect(tab.locator(".count")).to_have_text("0")
    tab.get_by_role("button", name="Count", exact=True).click()
    tab.wait_for_function("() => document.querySelector('.count').textContent === '1'")


def test_an_error_is_read_out_and_can_be_dismissed(opened):
    tab, _ = opened
    expect(tab.get_by_role("alert")).to_have_count(0)
    tab.get_by_role("button", name="Fail").click()
    tab.get_by_role("alert").filter(has_text="Only upwards").wait_for()
    tab.get_by_role("button", name="Dismiss the message").click()
    tab.wait_for_function("() => !document.querySelector('.f2-root [role=alert]')")


def test_keys_typed_into_a_panel_never_reach_the_notebook(opened):
    tab, _ = opened
    before = cells_in(tab)
    tab.locator(".f2-root .words").click()
    tab.keyboard.type("abdd x")
    assert tab.locator(".f2-root .words").input_value() == "abdd x"
    tab.get_by_role("button", name="Count", exact=True).focus()
    for key in ("a", "b", "m", "x", "d", "d"):
        tab.keyboard.press(key)
    tab.locator(".f2-root .f2-scroll").focus()
    for key in ("a", "b", "d", "d"):
        tab.keyboard.press(key)
    assert cells_in(tab) == before


def test_rows_are_text_sorted_and_picked_by_keys(opened):
    tab, _ = opened
    rows = tab.locator(".f2-root tbody tr[data-id]")
    expect(rows.first.locator("td").nth(1)).to_have_text("<b>0</b>")
    assert rows.count() < 60  # of a thousand only those in sight are made
    size = tab.get_by_role("columnheader", name="Size")
    assert size.get_attribute("aria-sort") == "none"
    size.get_by_role("button").click()
    expect(tab.get_by_role("columnheader", name="Size")).to_have_attribute("aria-sort", "ascending")
    expect(rows.nth(1)).to_have_attribute("data-id", "f7")
    tab.locator(".f2-root .f2-scroll").focus()
    tab.keyboard.press("Home")
    tab.keyboard.press("ArrowDown")
    tab.keyboard.press("Enter")
    tab.wait_for_function(
        "() => document.querySelector('tr[data-id=f7]').getAttribute('aria-selected') === 'true'"
    )
    tab.keyboard.press("Shift+ArrowDown")
    tab.wait_for_function("() => document.querySelectorAll('tr.f2-picked').length === 2")


def test_nothing_serious_stands_in_the_way_of_anybody(opened):
    tab, _ = opened
    tab.get_by_role("button", name="Show the code").click()
    tab.locator(".f2-code p").first.wait_for()
    tab.get_by_role("button", name="Keys").click()
    assert violations(tab) == []


def test_the_page_asked_for_nothing_else_and_made_no_error(opened):
    _, errors = opened
    assert errors == []


def test_without_a_kernel_the_poster_stands(lab, chromium):
    folder, address, token = lab
    write_notebook(folder / "kept.ipynb", textwrap.dedent(COUNTER), "counter")
    with page(chromium, address, token, f"{folder.name}/kept.ipynb") as (tab, _):
        tab.evaluate(RUN_ALL)
        tab.locator(".f2-root .count").wait_for()
        tab.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
        kernel = "window.jupyterapp.shell.currentWidget.sessionContext.session.kernel"
        tab.evaluate(f"async () => {{ await {kernel}.restart(); }}")
        expect(tab.locator(".f2-waits")).to_contain_text("run the cell again")
        tab.evaluate(RUN_ALL)
        expect(tab.locator(".f2-waits")).to_have_text("")
        tab.evaluate("async () => { await window.jupyterapp.shell.currentWidget.sessionContext.shutdown(); }")
    kept = json.loads((folder / "kept.ipynb").read_text())
    assert "A counter without a kernel" in json.dumps(kept["cells"][1]["outputs"])
    kept["metadata"]["kernelspec"] = {"name": "", "display_name": "none"}
    (folder / "kept.ipynb").write_text(json.dumps(kept))
    with page_without_kernel(chromium, address, token, f"{folder.name}/kept.ipynb") as tab:
        tab.locator("caption", has_text="A counter without a kernel").wait_for(timeout=20_000)


def test_with_a_new_kernel_the_poster_stands_until_the_cell_runs(lab, chromium):
    folder, address, token = lab
    kept = json.loads((folder / "kept.ipynb").read_text())
    kept["metadata"]["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    (folder / "again.ipynb").write_text(json.dumps(kept))
    with page(chromium, address, token, f"{folder.name}/again.ipynb") as (tab, _):
        tab.wait_for_timeout(2000)  # time for a live view to take its place, if there were one
        tab.locator("caption", has_text="A counter without a kernel").wait_for(timeout=20_000)
