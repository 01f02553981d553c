"""What all panels are built on: calls from the page, errors in words, posters, code."""

import json
from pathlib import Path

import pytest

import f2widgets.widgets
from f2widgets.errors import WrongInputs
from f2widgets.widgets import Workspace
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.panel import Panel, Reply, from_page, table_html

SCRIPTS = sorted(Path(f2widgets.widgets.__file__).parent.glob("*.js"))


class Counter(Panel):
    title = "Counter"
    scripts = ("table.js",)

    def __init__(self, workspace=None):
        self.count = 0
        super().__init__(workspace)

    def arrived(self):
        self.send({"kind": "count", "count": self.count})

    @from_page
    def add(self, number=1):
        if number < 0:
            raise WrongInputs("Only upwards: give a number above 0.")
        self.count += number
        return self.count

    @from_page
    def bytes(self):
        return Reply({"length": 3}, [b"abc"])

    @from_page
    def slip(self):
        return 1 / 0

    @from_page
    def vanished(self):
        return Path("/nowhere/at_all.fits").read_bytes()

    def hidden(self):
        return "not for the page"

    def code(self):
        return (Deed("select", ("raw",), {"tags": "DARK"}, "darks"),)

    def poster(self):
        return {"text/html": "<p>count</p>", "image/png": b"\x89PNG"}


def test_a_click_calls_a_method_and_is_answered(page):
    at = page(Counter())
    assert at.call("add", number=3) == 3
    assert at.panel.count == 3


def test_a_page_that_opens_is_sent_everything(page):
    at = page(Counter())
    at.call("add")
    assert at.open() == [({"kind": "count", "count": 1}, [])]


def test_an_error_is_told_in_its_own_words_and_goes_with_the_next_deed(page):
    at = page(Counter())
    assert at.error("add", number=-1) == "Only upwards: give a number above 0."
    assert at.panel.message == {"kind": "error", "text": "Only upwards: give a number above 0."}
    at.call("add")
    assert at.panel.message == {}


def test_a_slip_of_ours_is_told_too_and_the_panel_goes_on(page, caplog):
    at = page(Counter())
    assert "ZeroDivisionError" in at.error("slip")
    assert "slip" in caplog.text
    assert at.call("add") == 1


def test_a_file_that_vanished_is_named(page):
    assert "/nowhere/at_all.fits: No such file" in page(Counter()).error("vanished")


def test_a_wrong_argument_does_not_stop_the_panel(page, caplog):
    at = page(Counter())
    assert "TypeError" in at.error("add", sum=1)
    assert at.call("add") == 1


@pytest.mark.parametrize("name", ["hidden", "send", "__init__", "nothing"])
def test_the_page_calls_only_what_is_meant_for_it(name, page, caplog):
    assert f"no such action: {name}" in page(Counter()).error(name)


@pytest.mark.parametrize("content", [None, {}, {"call": 3}, {"call": "add"}, {"ready": False}, [1]])
def test_a_message_that_makes_no_sense_is_left_alone(content, page):
    at = page(Counter())
    at.panel._handle_custom_msg(content, [])
    assert at.sent == []


def test_bytes_travel_beside_the_answer(page):
    at = page(Counter())
    assert at.call("bytes") == {"length": 3}
    assert at.sent[-1][1] == [b"abc"]


def test_the_code_is_shown(page):
    shown = page(Counter()).call("show_code")
    assert shown["python"].splitlines()[-1] == "darks = f2.select('raw', tags='DARK')"
    assert shown["shell"] == "f2 dataselect raw --tags DARK -o darks.list"


def test_a_poster_stands_beside_the_live_view():
    bundle, _ = Counter()._repr_mimebundle_()
    assert bundle["text/html"] == "<p>count</p>"
    assert bundle["image/png"] == "iVBORw=="
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_values_in_a_poster_are_text():
    text = table_html(["<b>"], [["<img src=x onerror=alert(1)>"], [None]], "a & b", most=1)
    assert "<img" not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<b>" not in text
    assert "a &amp; b" in text
    assert "1 more" in text


def test_panels_share_a_workspace():
    shared = Workspace("raw")
    assert Counter(shared).workspace is Counter(shared).workspace


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_fetch_nothing_and_make_no_markup(path):
    text = path.read_text()
    for word in (
        "http",
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "import ",
    ):
        assert word not in text, word


def test_a_module_is_whole():
    assert Counter()._esm.count("export default") == 1
    assert "function tableOf" in Counter()._esm


def test_a_saved_panel_is_small():
    state = {key: value for key, value in Counter().get_state().items() if key not in ("_esm", "_css")}
    assert len(json.dumps(state, default=str)) < 1000
