"""Choosing files: folders, patterns, facets, groups, what cannot be read, and reading in the background."""

import bz2
import gzip
import json
import shutil

import pytest

import f2widgets as f2
from f2widgets.io import index
from f2widgets.widgets import FileSelector, Workspace
from f2widgets.widgets.recent import kept_at, looks
from tests.raw_files import write_raw

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(autouse=True)
def own_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "raw [1]"
    (made / "inside").mkdir(parents=True)
    write_raw(made / "S20131121S0001.fits", OBJECT=MARKUP)
    write_raw(made / "S20131121S0002.fits", EXPTIME=20.0)
    write_raw(made / "S20131121S0003.fits", "dark")
    (made / "text.fits").write_text("text")
    (made / "notes.txt").write_text("no FITS file, by its name")
    write_raw(made / "inside" / "S20131122S0001.fits", DATE_OBS="2013-11-22", OBJECT="both \" and '")
    return made


@pytest.fixture
def workspace(folder, tmp_path):
    return Workspace(folder, out=tmp_path / "out")


@pytest.fixture
def at(workspace, page):
    return page(FileSelector(workspace))


def names(files):
    return [file.name for file in files]


def test_the_files_of_the_folder_count_at_once_and_those_that_cannot_be_read_have_a_reason(at, workspace):
    assert names(workspace.files) == [f"S20131121S000{k}.fits" for k in (1, 2, 3)]
    at.open()
    rows = at.last("rows")
    assert [row[0] for row in rows["rows"]] == [*names(workspace.files), "text.fits"]
    assert rows["rows"][0][1:5] == [MARKUP, "Y", 120.0, "2013-11-20"]
    assert rows["reasons"]["3"].startswith("is no FITS file")
    left = at.last("left")
    assert (left["count"], left["total"], left["unreadable"], left["shown"]) == (3, 4, 1, None)
    assert left["facets"]["exposure_time"] == [["20", 1], ["120", 2]]
    assert ["DARK", 1] in left["facets"]["tags"]
    assert at.last("place")["folder"] == str(workspace.folder)


def test_packed_files_count_too(folder, workspace, page):
    plain = folder / "S20131121S0001.fits"
    (folder / "a.fits.bz2").write_bytes(bz2.compress(plain.read_bytes()))
    (folder / "b.fits.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert names(FileSelector(workspace).value)[-2:] == ["a.fits.bz2", "b.fits.gz"]


def test_folders_inside_and_a_pattern(at, workspace):
    at.call("begin", folder=str(workspace.folder), recurse=True, pattern="S*S0001*")
    at.panel.wait(20)
    assert names(workspace.files) == ["S20131121S0001.fits", "S20131122S0001.fits"]
    assert [row[0] for row in at.last("rows")["rows"]][1] == "inside/S20131122S0001.fits"
    assert names(at.panel.look(recurse=False, pattern="*0002.fits")) == ["S20131121S0002.fits"]


def test_picked_values_narrow_and_other_values_of_the_same_facet_keep_their_counts(at, workspace):
    left = at.call("pick_values", picks={"exposure_time": ["120"]})
    assert left["shown"] == [0, 2]
    assert left["facets"]["exposure_time"] == [["20", 1], ["120", 2]]
    assert ["field", 1] not in left["facets"]["object"]
    left = at.call("pick_values", picks={"exposure_time": ["120"], "tags": ["DARK"]})
    assert names(workspace.files) == ["S20131121S0003.fits"]
    assert "There is no facet 'colour'" in at.error("pick_values", picks={"colour": ["red"]})
    at.call("pick_values", picks={})
    assert len(workspace.files) == 3


def test_groups_with_their_rows(at):
    left = at.call("group", by=["exposure_time"])
    assert [(one["values"], one["rows"]) for one in left["groups"]] == [(["120"], [0, 2]), (["20"], [1])]
    assert "Files are not grouped by 'airmass'" in at.error("group", by=["airmass"])
    assert at.call("group", by=[])["groups"] == []


def test_ticks_and_picks(at, workspace):
    assert at.call("include", rows=[0], on=False) == 2
    assert names(workspace.files) == ["S20131121S0002.fits", "S20131121S0003.fits"]
    at.call("pick", rows=[2])
    assert names(workspace.selection) == ["S20131121S0003.fits"]
    assert "The table has changed" in at.error("pick", rows=[99])


@pytest.mark.parametrize(
    ("picks", "out"),
    [
        ({}, ()),
        ({"tags": ["DARK"]}, ()),
        ({"exposure_time": ["20", "120"], "object": [MARKUP]}, ()),
        ({"night": ["2013-11-20"], "filter_name": ["Y"]}, ()),
        ({"object": ["both \" and '"]}, ()),
        ({}, (1,)),
    ],
)
def test_the_code_gives_the_same_files(workspace, page, picks, out):
    at = page(FileSelector(workspace, recurse=True, picks=picks))
    at.call("include", rows=list(out), on=False)
    assert at.call("take") == len(workspace.selection) > 0
    found = {}
    exec(f"import f2widgets as f2\n{at.panel.code()[0].python}", found)
    assert found["chosen"] == list(workspace.selection) == list(workspace.files)
    assert workspace.chosen_by == at.panel.code()[0] == workspace.deeds[-1]
    assert f2.select is found["f2"].select


def test_values_are_written_as_a_condition(at):
    at.call("pick_values", picks={"exposure_time": ["120"], "tags": ["DARK"]})
    lines = at.call("show_code")["python"]
    assert "raw [[]1]/*.fits'],\n    tags=['DARK'],\n    expression='exposure_time == 120',\n)" in lines
    assert "f2 dataselect" in at.call("show_code")["shell"]


def test_an_unreadable_folder_is_told_and_nothing_changes(at, workspace, folder):
    before = workspace.files
    assert "is no folder" in at.error("begin", folder=str(folder / "nowhere"))
    assert workspace.folder == folder
    assert workspace.files == before


def test_a_folder_set_elsewhere_is_looked_into(at, workspace, folder):
    workspace.folder = folder / "inside"
    assert names(workspace.files) == ["S20131122S0001.fits"]
    assert at.last("left")["total"] == 1


def test_a_folder_that_vanishes_is_told(at, workspace, folder):
    shutil.rmtree(folder)
    assert "is no folder" in at.error("begin", folder=str(folder))
    workspace.folder = folder.parent
    assert at.panel.value == ()


def test_it_remembers_how_a_folder_was_looked_at(at, workspace, page, folder):
    at.panel.look(recurse=True, pattern="S*")
    again = page(FileSelector(Workspace(folder)))
    assert (again.panel.recurse, again.panel.pattern) == (True, "S*")
    again.open()
    assert again.last("place")["recent"] == [str(folder)]
    assert json.loads(kept_at().read_text())[0]["pattern"] == "S*"
    kept_at().write_text("damaged")
    assert looks() == []
    assert len(FileSelector(Workspace(folder)).value) == 3


def test_folders_complete_what_is_typed(at, folder):
    assert at.call("complete", text=str(folder.parent / "ra")) == [str(folder)]
    assert at.call("complete", text="in") == ["inside"]
    assert at.call("complete", text=str(folder / "nowhere" / "x")) == []


def test_many_files_are_read_in_the_background_with_progress_and_cancel(workspace, page, folder, monkeypatch):
    monkeypatch.setattr(index, "STEP", 10)
    for number in range(60):
        shutil.copy(folder / "S20131121S0001.fits", folder / f"copy{number:03d}.fits")
    at = page(FileSelector(workspace, pattern="S*"))
    at.call("begin", folder=str(folder), pattern="*")
    at.panel.wait(60)
    told = [content for content, _ in at.sent if content.get("kind") == "going"]
    assert (told[0]["total"], told[0]["doing"]) == (0, "reading files")
    assert told[-1]["done"] is None
    assert any(one["total"] == 64 for one in told[1:-1])
    assert len(workspace.files) == 63
    at.call("begin", folder=str(folder), pattern="*")
    at.call("cancel")
    at.panel.wait(60)
    assert len(workspace.files) == 63


def test_the_poster_shows_values_as_text(at):
    text = at.panel.poster()["text/html"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<img" not in text


def test_of_many_files_the_first_rows_come_alone_and_the_rest_when_asked_for(workspace, page, monkeypatch):
    monkeypatch.setattr("f2widgets.widgets.file_panel.AHEAD", 2)
    at = page(FileSelector(workspace))
    assert [content["kind"] for content, _ in at.open()] == ["place", "rows"]
    first = at.last("rows")
    assert (len(first["rows"]), first["more"]) == (2, True)
    at.call("rest")
    whole = at.last("rows")
    assert (len(whole["rows"]), whole["more"], whole["ticked"]) == (4, False, [0, 1, 2, 3])
    assert at.last("left")["total"] == 4
