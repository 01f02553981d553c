"""The table of files: filter with its reasons, ticks, picks, headers, CSV, and the code behind it."""

import csv

import pytest

import f2widgets as f2
from f2widgets.errors import ExpressionError
from f2widgets.widgets import DescriptorTable, Workspace
from tests.raw_files import write_raw

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture
def files(tmp_path):
    folder = tmp_path / "raw"
    folder.mkdir()
    made = [
        write_raw(folder / "S20131121S0001.fits", OBJECT=MARKUP),
        write_raw(folder / "S20131121S0002.fits", EXPTIME=20.0),
        write_raw(folder / "S20131121S0003.fits", "dark"),
    ]
    (folder / "text.fits").write_text("text")
    return [*made, folder / "text.fits"]


@pytest.fixture
def workspace(files, tmp_path):
    made = Workspace(files[0].parent, out=tmp_path / "out")
    made.files = tuple(files)
    return made


@pytest.fixture
def at(workspace, page):
    return page(DescriptorTable(workspace, ["object", "exposure_time"]))


def names(files):
    return [file.name for file in files]


def test_a_page_that_opens_gets_rows_columns_and_reasons(at):
    at.open()
    rows = at.last("rows")
    assert [one["title"] for one in rows["columns"]] == ["file", "object", "exposure_time [s]"]
    assert rows["rows"][0] == ["S20131121S0001.fits", MARKUP, 120.0]
    assert rows["rows"][3] == ["text.fits", None, None]
    assert rows["reasons"] == {"3": "is no FITS file: it begins with 'text'. Copy or download it again."}
    assert at.last("filtered")["shown"] == [0, 1, 2, 3]
    assert {"name": "airmass", "unit": ""} in at.last("offered")["descriptors"]


def test_the_condition_counts_live_and_says_what_removed_how_many(at):
    found = at.call("try_filter", expression="not DARK and exposure_time > 60")
    assert (found["shown"], found["matched"], found["total"], found["error"]) == ([0], 1, 4, None)
    assert found["removals"] == [("not DARK", 0, 1, 1, 0, 2), ("exposure_time > 60", 13, 1, 1, 0, 1)]
    assert names(at.panel.value) == ["S20131121S0001.fits"]


def test_a_slip_in_the_condition_has_its_column_and_changes_nothing(at):
    at.call("try_filter", expression="DARK")
    found = at.call("try_filter", expression="DARK and exposure > 1")
    assert found["error"]["column"] == 9
    assert "exposure_time" in found["error"]["reason"]
    assert at.panel.message == {}
    assert names(at.panel.value) == ["S20131121S0003.fits"]
    with pytest.raises(ExpressionError):
        at.panel.filter("exposure >")


def test_files_that_lack_the_value_asked_for_are_counted(workspace, page):
    write_raw(workspace.files[1], AIRMASS=-9999.0)
    found = page(DescriptorTable(workspace)).call("try_filter", expression="airmass < 2")
    assert found["undecided"] == {"airmass": 1}
    assert found["shown"] == [0, 2]


def test_ticks_and_picks_come_back_to_python(at, workspace):
    assert at.call("include", rows=[1], on=False) == 2
    assert names(at.panel.value) == ["S20131121S0001.fits", "S20131121S0003.fits"]
    at.call("pick", rows=[2, 1])
    assert names(workspace.selection) == ["S20131121S0003.fits", "S20131121S0002.fits"]
    assert workspace.chosen_by is None
    workspace.select(workspace.files[:1])
    assert at.last("picked")["rows"] == [0]
    assert at.call("include", rows=[1]) == 3


def test_taking_the_files_is_noted_and_can_be_done_again(at, workspace):
    at.call("try_filter", expression="exposure_time > 60s")
    assert at.call("take") == 2
    assert names(workspace.selection) == ["S20131121S0001.fits", "S20131121S0003.fits"]
    (deed,) = workspace.deeds
    found = {}
    exec(f"import f2widgets as f2\n{deed.python}", found)
    assert found["chosen"] == list(workspace.selection)
    assert deed.shell.startswith("f2 dataselect ")
    at.call("include", rows=[2], on=False)
    at.call("take")
    exec(f"import f2widgets as f2\n{workspace.deeds[-1].python}", found)
    assert names(found["chosen"]) == ["S20131121S0001.fits"]


def test_with_nothing_left_there_is_nothing_to_take(at):
    at.call("try_filter", expression="exposure_time > 1000")
    assert "No file is left to take" in at.error("take")


def test_the_code_makes_the_same_table(at):
    at.call("try_filter", expression="not DARK")
    lines = at.call("show_code")
    assert lines["python"].endswith("f2.table(chosen, ['object', 'exposure_time'])")
    assert "f2 showd -d object,exposure_time @chosen.list" in lines["shell"]
    assert f2.table(at.panel.value, at.panel.columns)["object"][0] == MARKUP


def test_other_columns_and_an_unknown_one(at):
    at.call("set_columns", names=["airmass", "night"])
    assert at.last("rows")["rows"][0][1:] == [1.2, "2013-11-20"]
    assert "near it are airmass" in at.error("set_columns", names=["airmas"])
    assert at.panel.columns == ("airmass", "night")


def test_header_and_difference(at):
    found = at.call("header", row=0)
    assert found["name"] == "S20131121S0001.fits"
    assert ("PRIMARY", "OBJECT", MARKUP, "") in [tuple(row) for row in found["rows"]]
    found = at.call("difference", one=0, other=1)
    assert found["names"] == ["S20131121S0001.fits", "S20131121S0002.fits"]
    assert [tuple(row[:3]) for row in found["rows"]] == [
        ("PRIMARY", "OBJECT", "changed"),
        ("PRIMARY", "EXPTIME", "changed"),
    ]
    assert "no FITS file" in at.error("header", row=3)


def test_a_file_that_vanishes_is_told_and_the_table_stays(at, workspace):
    workspace.files[0].unlink()
    assert "S20131121S0001.fits cannot be read" in at.error("header", row=0)
    assert at.call("header", row=1)["rows"]
    assert "The table has changed" in at.error("header", row=17)


def test_csv_is_that_of_showd(at, workspace, capsys):
    from f2widgets.cli.main import main

    at.call("try_filter", expression="not DARK")
    path = at.call("write_csv")
    with pytest.raises(SystemExit):
        main(["showd", "--csv", "-d", "object,exposure_time", *map(str, at.panel.value)])
    text = (workspace.out / "f2_table.csv").read_text()
    assert path == str(workspace.out / "f2_table.csv")
    assert capsys.readouterr().out == text
    assert list(csv.reader(text.splitlines()))[1][1] == MARKUP
    at.call("try_filter", expression="")
    assert "f2_table.csv exists" in at.error("write_csv")
    at.call("write_csv", overwrite=True)
    assert "problem" in (workspace.out / "f2_table.csv").read_text()


def test_other_files_of_the_workspace_are_shown(at, workspace):
    at.call("try_filter", expression="DARK")
    workspace.files = workspace.files[:2]
    assert len(at.last("rows")["rows"]) == 2
    assert at.last("filtered")["matched"] == 0


def test_the_poster_shows_values_as_text(at):
    text = at.panel.poster()["text/html"]
    assert "&lt;img src=x onerror=alert(1)&gt;" in text
    assert "<img" not in text
    assert "4 files" in text
