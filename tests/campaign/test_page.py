"""The page of a run: one file that asks for nothing else, in which text from headers is only text."""

from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from f2widgets.campaign.drawing import drawn
from f2widgets.campaign.page import page
from f2widgets.campaign.planning import plan_all
from f2widgets.campaign.work import Outcome

HOSTILE = "<img src=x onerror=alert(1)>"


class Reader(HTMLParser):
    """Takes down tags with their attributes, and text."""

    def __init__(self):
        super().__init__()
        self.tags, self.text = [], ""

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def hostile(usual_night):
    """Return a graph in which an object, a file and a filter bear names that mean something to a browser."""
    usual_night(31, OBJECT=HOSTILE)
    usual_night(32, "lamp_on", FILTER="J_G0802", FILTER2="J_G0802", WAVELENG=12500.0)
    (usual_night.folder / "a<b>&'\".fits").write_text("nothing")
    return plan_all(usual_night.folder)


@pytest.fixture
def outcomes(hostile):
    found = {}
    for task in hostile.tasks:
        made = not task.lacking
        found[task.key] = Outcome(
            task.key,
            "made" if made else "not begun",
            task.product if made else None,
            reason=task.lacking,
            notes=(f"note {HOSTILE}",),
            problems=(f"problem {HOSTILE}",),
            unused=((f"{HOSTILE}.fits", f"{HOSTILE}.fits is cut short"),),
        )
    return found


def test_text_from_headers_is_shown_as_typed(hostile, outcomes):
    text = page(hostile, outcomes, f"said {HOSTILE}")
    reader = Reader()
    reader.feed(text)
    assert reader.text.count(HOSTILE) >= 2 + 3 * len(outcomes)
    assert not [attrs for tag, attrs in reader.tags if tag == "img" and not attrs["src"].startswith("data:")]
    assert not [attrs for _, attrs in reader.tags if any(name.startswith("on") for name in attrs)]
    assert {"script", "iframe", "link", "object", "a"}.isdisjoint(tag for tag, _ in reader.tags)
    assert "a<b>&'\".fits" in reader.text


def test_nothing_is_fetched(hostile, outcomes):
    text = page(hostile, outcomes, "said").replace("http://www.w3.org/2000/svg", "")
    assert "http" not in text.replace("http-equiv", "")
    assert "default-src 'none'" in text
    assert "url(" not in text


def test_what_could_not_be_done_is_on_the_page_with_its_remedy(hostile, outcomes):
    reader = Reader()
    reader.feed(page(hostile, outcomes, "said"))
    assert "add flats with the lamp off" in reader.text
    assert "Left out" in reader.text


def test_the_drawing_has_a_box_for_each_job_and_a_line_for_each_product_taken(hostile):
    states = {task.key: "made" for task in hostile.tasks[:2]}
    root = ElementTree.fromstring(drawn(hostile, states))
    name = "{http://www.w3.org/2000/svg}"
    assert len(root.findall(f"{name}g")) == len(hostile.tasks)
    assert len(root.findall(f"{name}path")) == sum(len(task.after) for task in hostile.tasks)
    said = root.get("aria-label")
    assert "job 1 makes dark 120 s, made" in said
    assert f"makes {HOSTILE} Y 120 s, takes bpm 3, dark 1, flat" in said
    assert "cannot be done" in said
    places = [(float(box[1].get("x")), float(box[1].get("y"))) for box in root.findall(f"{name}g")]
    assert len(set(places)) == len(places)


def test_an_empty_graph_is_drawn(hostile):
    nothing = replace(hostile, tasks=())
    assert ElementTree.fromstring(drawn(nothing)).get("aria-label") == "nothing to reduce"
