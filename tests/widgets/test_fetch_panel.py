"""Fetching in a panel: what the archive has, ticks, download with progress, cancelling, errors, code."""

import pytest

from f2widgets.archive.service import SERVER_VARIABLE
from f2widgets.widgets import FetchPanel, Workspace
from tests.archive.conftest import _nobodys_archive, archive, night, server  # noqa: F401

FRAMES = "S20171121S0075-077"


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "raw", out=tmp_path / "out")


@pytest.fixture
def at(workspace, archive, page):  # noqa: F811
    return page(FetchPanel(workspace, archive=archive))


def asked(at, query, **options):
    at.call("ask", query=query, **options)
    at.panel.wait(20)
    return at.last("rows")


def fetched(at, **options):
    at.call("fetch", **options)
    at.panel.wait(20)


def test_what_the_archive_has_is_listed_with_what_it_is(at):
    at.open()
    assert at.last("rows")["rows"] == []
    sent = asked(at, "GS-2017B-Q-1")
    titles = [column["title"] for column in sent["columns"]]
    rows = [dict(zip(titles, row, strict=True)) for row in sent["rows"]]
    assert len(rows) == 11
    (row,) = [row for row in rows if row["file"] == "S20171121S0075.fits"]
    assert (row["what"], row["filter"], row["exposure [s]"]) == ("OBJECT science", "Y", 120.0)
    assert (row["UT"], row["public from"], row["state"]) == ("2017-11-21 05:31:00", "2018-06-01", None)
    assert list(sent["reasons"].values()) == ["proprietary until 2999-01-01"]
    assert [row["state"] for row in rows if row["public from"] > "2900"] == ["proprietary until 2999-01-01"]
    assert len(sent["ticked"]) == 10
    assert sent["count"]["files"] == 10  # the proprietary one cannot be fetched
    assert "S20171121S0090.fits: is a spectrum" in at.panel.message["text"]


def test_ticked_files_are_fetched_with_progress_and_their_state(at, workspace):
    asked(at, FRAMES)
    left = at.call("tick", rows=[1], on=False)
    assert (left["files"], left["of"]) == (2, 3)
    fetched(at)
    names = [f"S20171121S00{n}.fits.bz2" for n in (75, 77)]
    assert sorted(path.name for path in workspace.folder.iterdir()) == names
    states = {}
    for content, _ in at.sent:
        states |= content.get("states", {}) if content.get("kind") == "states" else {}
    assert states == {"0": "fetched", "2": "fetched"}
    going = [content for content, _ in at.sent if content.get("kind") == "going"]
    assert (going[-1]["done"], going[-2]["doing"]) == (None, "fetching")
    assert going[-2]["done"] == going[-2]["total"] == left["bytes"]
    assert at.panel.message == {"kind": "note", "text": f"2 files are in {workspace.folder}."}
    fetched(at)
    assert at.last("states")["states"].keys() <= {"0", "2"}
    assert "there already" in at.last("states")["states"].values()


def test_calibrations_unpacked_into_another_folder_which_the_other_panels_then_show(at, workspace, tmp_path):
    asked(at, "S20171121S0075", calibrations=True)
    fetched(at, out=str(tmp_path / "other"), unpack=True)
    assert len(list((tmp_path / "other").glob("*.fits"))) == 5
    at.call("use")
    assert workspace.folder == tmp_path / "other"


def test_what_was_done_can_be_done_again_from_the_same_archive(at, workspace, archive, monkeypatch):  # noqa: F811
    asked(at, f"{FRAMES} S20171120S0115")
    fetched(at, unpack=True)
    (deed,) = workspace.deeds
    names = ["S20171121S0075-077", "S20171120S0115"]
    line = f"f2 fetch {' '.join(names)} --out {workspace.folder} --unpack"
    assert deed.shell == f"{line} --server {archive.server}"
    done = {}
    exec(at.call("show_code")["python"].replace("f2.fetch", "again = f2.fetch"), done)
    assert [outcome.state for outcome in done["again"]] == ["there"] * 4
    at.call("tick", rows=[0], on=False)
    assert "S20171121S0076" in at.panel.code()[0].python
    assert "S20171121S0075-077" not in at.panel.code()[0].python
    monkeypatch.setenv(SERVER_VARIABLE, archive.server)
    assert "archive=" not in at.panel.code()[0].python, "it is the usual one now"


def test_failures_are_told_and_the_others_are_there(at, server, workspace):  # noqa: F811
    server.faults["S20171121S0076"] = ["503"] * 3
    asked(at, FRAMES)
    fetched(at)
    assert at.panel.message["kind"] == "error"
    assert at.panel.message["text"].startswith("2 files are there, 1 are not.\nS20171121S0076.fits: ")
    assert at.panel.outcomes["S20171121S0076.fits"].state == "failed"


def test_cancelling_keeps_what_has_arrived(at, server, workspace):  # noqa: F811
    asked(at, FRAMES)
    server.pause = 0.1
    at.call("fetch")
    at.call("cancel")
    at.panel.wait(20)
    assert at.panel.message["text"].startswith("Stopped.")
    server.pause = 0.0
    fetched(at)
    assert all(outcome.is_there for outcome in at.panel.outcomes.values())
    assert len(at.panel.outcomes) == 3


def test_two_things_at_once_are_refused(at, server):  # noqa: F811
    asked(at, FRAMES)
    server.pause = 0.05
    at.call("fetch")
    assert "Fetching is going on already" in at.error("fetch")
    assert "Fetching is going on already" in at.error("ask", query=FRAMES)
    at.call("cancel")
    at.panel.wait(20)


def test_slips_are_told_in_words(at):
    assert "Ask for something" in at.error("ask", query="  ")
    assert "No file is ticked" in at.error("fetch")
    assert "table has changed" in at.error("tick", rows=[99])
    assert "not there yet" in at.error("use")
    at.call("ask", query="example3 'half")
    at.panel.wait(20)
    assert "neither a programme" in at.panel.message["text"]


def test_without_a_network_the_simulator_is_offered(workspace, page):
    at = page(FetchPanel(workspace, archive="http://127.0.0.1:9"))
    at.call("ask", query="example1")
    at.panel.wait(20)
    assert "f2 simulate example1" in at.panel.message["text"]
    assert at.panel.message["kind"] == "error"


def test_a_poster_for_notebooks_without_a_kernel(workspace, archive):  # noqa: F811
    panel = FetchPanel(workspace, query="S20171121S0075", archive=archive)
    panel.wait(20)
    assert "S20171121S0075.fits" in panel.poster()["text/html"]
