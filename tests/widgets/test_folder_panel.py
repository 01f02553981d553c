"""Everything in a folder, in a panel: plan, graph, run, what is missing, looking, stopping, code."""

import base64
import shutil
from xml.etree import ElementTree

import pytest
from astropy.io import fits

from f2widgets.widgets import FolderPanel, Workspace
from tests.campaign.conftest import calibrations, here, night  # noqa: F401


@pytest.fixture
def at(calibrations, here, page):  # noqa: F811
    return page(FolderPanel(Workspace(calibrations, out=here / "out")))


def planned(at):
    at.call("plan")
    at.panel.wait(60)
    return at.last("graph")


def done(at, **options):
    at.call("run", **options)
    at.panel.wait(120)
    return at.last("graph")


def drawing(sent):
    return base64.b64decode(sent["drawing"]).decode()


def test_a_folder_is_planned_and_drawn(at):
    at.open()
    assert at.last("graph")["rows"] == []
    sent = planned(at)
    assert [row[1] for row in sent["rows"]] == ["dark 120 s", "bpm of flat Y 20 s", "flat Y 20 s"]
    assert [row[3] for row in sent["rows"]] == ["", "", "bpm 2"]
    assert sent["found"].startswith("5 files: 2 darks")
    assert sent["can"] == 3
    assert "job 3 makes flat Y 20 s, takes bpm 2" in sent["alt"]
    assert ElementTree.fromstring(drawing(sent)).tag.endswith("svg")
    assert at.open()[-1][0]["rows"] == sent["rows"]


def test_all_jobs_are_done_with_their_state_drawn_on_the_way(at):
    workspace = at.panel.workspace
    planned(at)
    sent = done(at)
    assert [row[5] for row in sent["rows"]] == ["made"] * 3
    assert not workspace.running
    assert at.panel.message["kind"] == "note"
    assert "3 jobs: 3 made." in at.panel.message["text"]
    assert "f2_summary.html" in at.panel.message["text"]
    going = [content for content, _ in at.sent if content.get("kind") == "going"]
    assert (going[-1]["done"], going[-2]["done"], going[-2]["total"]) == (None, 3, 3)
    at.call("look", job=2)
    assert [path.name for path in workspace.looking_at] == ["S20131129S0320_flat.fits"]
    (deed,) = workspace.deeds
    assert deed.shell == f"f2 reduce --all {workspace.folder} --out {workspace.out}"
    namespace = {}
    exec(at.call("show_code")["python"].replace("f2.reduce_all", "again = f2.reduce_all"), namespace)
    assert {one.state for one in namespace["again"].outcomes.values()} == {"as it was"}
    assert [row[5] for row in done(at)["rows"]] == ["as it was"] * 3


def test_what_is_missing_is_told_with_what_helps(at, night):  # noqa: F811
    folder = at.panel.workspace.folder
    shutil.copy(night / "S20131121S0075.fits", folder)
    shutil.copy(night / "S20140312S0041.fits", folder)
    (folder / "notes.fits").write_text("nothing")
    sent = planned(at)
    assert [row[5] for row in sent["rows"]] == ["", "", "", "", "cannot be done"]
    told = "\n".join(sent["amiss"])
    assert "No dark fits S20140312S0041: it needs exposure time 60 s" in told
    assert "notes.fits" in told
    assert "not begun" in drawing(sent)


def test_a_header_cannot_do_anything_on_the_page(at, night):  # noqa: F811
    hostile = "<img src=x onerror=alert(1)>"
    path = shutil.copy(night / "S20131121S0075.fits", at.panel.workspace.folder)
    fits.setval(path, "OBJECT", value=hostile)
    sent = planned(at)
    assert hostile in str(sent["rows"])
    assert "<img" not in drawing(sent)
    assert "<img" not in at.panel.poster()["text/html"]
    assert "&lt;img src=x" in at.panel.poster()["text/html"]


def test_a_run_can_be_stopped_and_goes_on(at):
    planned(at)
    at.call("run")
    at.call("cancel")
    at.panel.wait(60)
    assert at.panel.message["text"].startswith("Stopped.")
    assert not at.panel.workspace.running
    assert "at work" not in str(at.last("graph")["rows"])
    assert {row[5] for row in done(at)["rows"]} <= {"made", "as it was"}


def test_slips_are_told_in_words(at, tmp_path):
    assert "plan the folder first" in at.error("run")
    assert "table has changed" in at.error("look", job=0)
    planned(at)
    assert "Job 1 has no product yet" in at.error("look", job=0)
    at.panel.workspace.running = True
    assert "A reduction is going on already" in at.error("run")
    at.panel.workspace.running = False
    at.panel.workspace.folder = tmp_path / "nowhere"
    at.call("plan")
    at.panel.wait(20)
    assert at.panel.message["kind"] == "error"
    assert "nowhere" in at.panel.message["text"]


def test_a_poster_for_notebooks_without_a_kernel(at):
    assert "nothing is planned yet" in at.panel.poster()["text/html"]
    planned(at)
    poster = at.panel.poster()["text/html"]
    assert poster.startswith("<svg")
    assert "S20131129S0320_flat.fits" in poster
