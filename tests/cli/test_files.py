import io
import os
import subprocess
import sys

import pytest

from f2widgets.cli.main import main
from tests.raw_files import write_raw


@pytest.fixture
def night(tmp_path, monkeypatch):
    """Lay out a folder as the tutorial does, and stand in its playground."""
    raw = tmp_path / "play data"
    raw.mkdir()
    write_raw(raw / "S20131120S0115.fits", "dark")
    write_raw(raw / "S20131121S0075.fits")
    write_raw(raw / "S20131121S0369.fits", "dark", EXPTIME=2.0)
    write_raw(raw / "S20131126S1111.fits", "lamp_off")
    write_raw(raw / "S20131129S0320.fits", "lamp_on")
    (tmp_path / "playground").mkdir()
    monkeypatch.chdir(tmp_path / "playground")
    return tmp_path


@pytest.fixture
def f2(capsys):
    def run(*words):
        with pytest.raises(SystemExit) as left:
            main(list(words))
        told = capsys.readouterr()
        return left.value.code, told.out, told.err

    return run


RAW = "../play data/*.fits"


def test_typewalk(night, f2):
    status, out, _ = f2("typewalk", "-d", "../play data")
    lines = out.splitlines()
    assert status == 0
    assert lines[:2] == ["", f"directory:  {night}/play data"]
    assert lines[3] == (
        "     S20131121S0075.fits ............... (F2) (GEMINI) (IMAGE) (RAW) (SIDEREAL) (SOUTH) (UNPREPARED)"
    )
    assert len(lines) == 7


def test_typewalk_by_tags_in_one_option_and_into_a_list(night, f2):
    options = ["--tags", "DARK", "CAL", "--xtags=LAMPON", "LAMPOFF", "-o", "darks.list"]
    status, out, _ = f2("typewalk", "-d", "..", *options)
    assert status == 0
    assert out.count("(DARK)") == 2
    assert "LAMP" not in out
    lines = (night / "playground/darks.list").read_text().splitlines()
    assert "# Qualifying types: CAL DARK" in lines
    assert "# Qualifying logic: AND" in lines
    names = [line for line in lines if not line.startswith("#")]
    assert names == [f"{night}/play data/S20131120S0115.fits", f"{night}/play data/S20131121S0369.fits"]


def test_typewalk_with_either_tag(night, f2):
    assert f2("typewalk", "-d", "..", "--tags", "LAMPON", "DARK", "--or")[1].count("(CAL)") == 3


def test_typewalk_gives_long_names_a_line_of_their_own(night, f2):
    name = "S20131121S0075_a_name_of_34_chars.fits"
    write_raw(night / name)
    lines = f2("typewalk", "-d", "..", "--norecurse")[1].splitlines()
    assert lines[2] == f"     {name}"
    assert lines[3].startswith("     ................................... (F2)")


def test_typewalk_goes_on_past_bad_files(night, f2):
    (night / "play data/A.fits").write_text("text")
    status, out, _ = f2("typewalk", "-d", "..", "-f", r"[AS].*\.fits")
    assert status == 0
    assert "     A.fits ............................ ! is no FITS file" in out
    assert out.count("(F2)") == 5


def test_typewalk_of_nothing(night, f2):
    status, out, err = f2("typewalk", "-o", "all.list")
    assert (status, out) == (0, "")
    assert "No such files" in err
    assert not (night / "playground/all.list").exists()
    assert f2("typewalk", "-d", "nowhere")[0] == 1


def test_typewalk_tells_what_was_mended_if_asked(night, f2):
    write_raw(night / "a.fits", CTYPE1="?")
    assert "The coordinate types are corrupt" in f2("typewalk", "-d", "..", "-n", "--repairs")[1]


def test_dataselect_writes_the_tutorials_list(night, f2):
    status, out, _ = f2(
        "dataselect", RAW, "--tags", "DARK", "--expr=exposure_time==120", "-o", "darks_120s.list"
    )
    assert (status, out) == (0, "")
    assert (night / "playground/darks_120s.list").read_text() == (
        "# Includes tags: ['DARK']\n# Excludes tags: []\n# Descriptor expression: exposure_time==120\n"
        "../play data/S20131120S0115.fits\n"
    )


def test_dataselect_prints_names(night, f2):
    assert f2("dataselect", RAW, "--xtags", "DARK,FLAT")[1] == "../play data/S20131121S0075.fits\n"
    expression = '--expr=(observation_class=="science" and filter_name=="Y")'
    assert f2("dataselect", RAW, expression)[1] == "../play data/S20131121S0075.fits\n"


def test_dataselect_of_nothing_still_writes_the_list(night, f2):
    status, _, err = f2("dataselect", RAW, "--tags", "DARK", "--expr", "exposure_time==7", "-o", "none.list")
    assert status == 0
    assert "no files selected" in err
    assert len((night / "playground/none.list").read_text().splitlines()) == 3


def test_dataselect_goes_on_past_bad_files_and_says_so(night, f2):
    (night / "play data/A.fits").write_text("text")
    status, out, err = f2("dataselect", RAW, "--tags", "DARK")
    assert status == 3
    assert len(out.splitlines()) == 2
    assert "A.fits is no FITS file" in err


def test_dataselect_counts_the_undecided(night, f2):
    write_raw(night / "play data/S20131121S0076.fits", AIRMASS=-9999.0)
    status, out, err = f2("dataselect", RAW, "--expr", "airmass > 1.1", "-v")
    assert status == 0
    assert len(out.splitlines()) == 1
    assert "1 file left out undecided, without airmass (1)" in err
    assert "4 files left out that fail the expression" in err


def test_dataselect_tells_what_each_condition_leaves_out(night, f2):
    _, out, err = f2("dataselect", RAW, "--expr", "exposure_time == 120 and not DARK", "-v")
    assert len(out.splitlines()) == 1
    assert "exposure_time == 120: leaves out 3 here, 3 alone" in err
    assert "not DARK: leaves out 1 here, 2 alone" in err
    assert "leaves out" not in f2("dataselect", RAW, "--expr", "DARK", "-v")[2]


@pytest.mark.parametrize(
    ("words", "status", "told"),
    [
        (["dataselect", RAW, "--expr", "exposure_tim==1"], 2, "near it are exposure_time"),
        (["dataselect", RAW, "--tags", "DRAK"], 2, "There is no tag DRAK"),
        (["dataselect", "none*.fits", "--tags", "DARK"], 1, "matches the pattern none*.fits"),
        (["dataselect", RAW, "-o", "/dev/null/a.list"], 1, "/dev/null/a.list"),
        (["dataselect", "--tags", "DARK"], 2, "Missing argument"),
        (["dataselect", RAW, "--colour"], 2, "--colour"),
        (["showd", RAW, "-d", "objekt"], 2, "near it are object"),
        (["showd", RAW], 2, "--descriptors"),
    ],
)
def test_slips_are_told_in_words(night, f2, words, status, told):
    found, out, err = f2(*words)
    assert (found, out) == (status, "")
    assert told in err
    assert "Traceback" not in err


def test_showd_table(night, f2):
    (night / "sci.list").write_text("# Includes tags: []\n\n../play data/S20131121S0075.fits\n")
    status, out, _ = f2("showd", "@../sci.list", "-d", "object,exposure_time")
    assert status == 0
    assert out.splitlines() == [
        "-" * (32 + 3 + 6 + 3 + 13),
        "filename                           object   exposure_time",
        "-" * (32 + 3 + 6 + 3 + 13),
        "../play data/S20131121S0075.fits    field           120.0",
    ]


def test_showd_csv_quotes_what_needs_it(night, f2):
    write_raw(night / "a,b.fits", OBJECT='a "bright" star')
    out = f2("showd", "../a,b.fits", "-d", "object,gain", "--csv")[1]
    assert out == 'filename,object,gain\n"../a,b.fits","a ""bright"" star",4.44\n'


def test_showd_long(night, f2):
    assert "Open&Y_G0811" in f2("showd", RAW, "-d", "filter_name", "--long")[1]


def test_showd_gives_bad_files_a_row_with_their_problem(night, f2):
    (night / "A.fits").write_text("text")
    status, out, _ = f2("showd", "../A.fits", RAW, "-d", "gain", "--csv")
    assert status == 3
    assert out.splitlines()[0] == "filename,gain,problem"
    assert out.splitlines()[1].startswith("../A.fits,None,is no FITS file")
    assert len(out.splitlines()) == 7


def test_showd_reads_names_from_a_pipe_only_if_none_are_given(night, f2, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("# a comment\n../play data/S20131121S0075.fits\n"))
    assert "120.0" in f2("showd", "-d", "exposure_time")[1]
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert f2("showd", "-d", "exposure_time")[0] == 2
    monkeypatch.setattr(sys, "stdin", None)
    assert f2("showd", RAW, "-d", "exposure_time")[0] == 0


def test_pipes_in_a_real_shell(night):
    command = f"{sys.executable} -m f2widgets"
    select = f'{command} dataselect "{RAW}" --tags DARK'
    shown = subprocess.run(
        f"{select} | {command} showd -d exposure_time --csv",
        shell=True,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout.splitlines()[1:] == [
        "../play data/S20131120S0115.fits,120.0",
        "../play data/S20131121S0369.fits,2.0",
    ]


def test_a_pipe_closed_early_is_no_news(night):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        command = [sys.executable, "-m", "f2widgets", "typewalk", "-d", ".."]
        found = subprocess.run(command, stdout=closed, stderr=subprocess.PIPE, text=True)
    assert found.stderr == ""


@pytest.mark.parametrize("verb", ["typewalk", "dataselect", "showd"])
def test_each_verb_explains_itself(f2, verb):
    status, out, _ = f2(verb, "-h")
    assert status == 0
    assert out.startswith(f"Usage: f2 {verb}")
    assert "\\b" not in out
    if verb == "dataselect":
        assert '  exposure_time == 120s and filter_name in ("J", "H")\n' in out
