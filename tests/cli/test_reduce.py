import json
import subprocess
import sys

import pytest
from click.testing import CliRunner

from f2widgets.cli.main import main
from f2widgets.cli.reduce import spread


@pytest.fixture
def f2(tmp_path, monkeypatch, capfd):
    """Call ``f2 reduce`` in an empty folder; returns status, output, errors."""
    monkeypatch.chdir(tmp_path)

    def call(*words):
        with pytest.raises(SystemExit) as left:
            main(["reduce", *map(str, words)])
        out, err = capfd.readouterr()
        return left.value.code, out, err

    return call


@pytest.mark.parametrize(
    ("words", "spread_out"),
    [
        ("@a.list -p a:b=1 c=2 -r x", "@a.list -p a:b=1 -p c=2 -r x"),
        ("-p a:b=1 @a.list f.fits", "-p a:b=1 @a.list f.fits"),
        ("--param a=1 b=2 --user_cal dark:D.fits flat:F.fits x.fits", None),
        ("-p oops", "-p oops"),
        ("-p", "-p"),
        ("-p a=1 -- b=2", "-p a=1 -- b=2"),
    ],
)
def test_options_with_several_words(words, spread_out):
    if spread_out is None:
        spread_out = "--param a=1 --param b=2 --user_cal dark:D.fits --user_cal flat:F.fits x.fits"
    assert spread(words.split()) == spread_out.split()


def test_dark_from_the_shell(raw, f2, tmp_path):
    (tmp_path / "darks.list").write_text("\n".join(map(str, raw["darks"])))
    status, out, err = f2("@darks.list")
    assert (status, err) == (0, "")
    assert "combine_darks" in out
    assert "Wrote S20131120S0115_dark.fits, also as calibrations/processed_dark/" in out
    assert "Took " in out.splitlines()[-1]


def test_tutorial_order_of_flats(raw, f2, tmp_path):
    (tmp_path / "flats.list").write_text("\n".join(map(str, [*raw["on"], *raw["off"]])))
    (tmp_path / "short.list").write_text("\n".join(map(str, raw["short"])))
    assert f2("@flats.list", "@short.list", "-r", "makeProcessedBPM", "-q") == (0, "", "")
    status, out, _ = f2("@flats.list", "-p", 'addDQ:user_bpm="S20131129S0320_bpm.fits"')
    assert status == 0
    assert "Wrote S20131129S0320_flat.fits" in out


def test_plan_writes_nothing(raw, f2, tmp_path):
    status, out, _ = f2(*raw["darks"], "--plan")
    assert status == 0
    assert "Product: S20131120S0115_dark.fits" in out
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name at least one FILE"),
        (["{dark}", "-r", "dark", "--ql"], "--ql is a recipe of its own"),
        (["{dark}", "-r", "makeProcesedDark"], "did you mean 'makeProcessedDark'"),
        (["{dark}", "-p", "stackDark:operation=mean"], "did you mean 'stackDarks'"),
        (["{dark}", "-p", "stackDarks:operatio=mean"], "did you mean 'operation'"),
        (["{dark}", "-p", "stackDarks"], "is not step:parameter=value"),
        (["{dark}", "--user_cal", "processed_drak:a.fits"], "Did you mean processed_dark"),
        (["{dark}", "--without", "everything"], "There is no step 'everything'"),
        (["{dark}", "--no-such-option"], "No such option"),
    ],
)
def test_wrong_usage_ends_with_two(raw, f2, words, said):
    status, _, err = f2(*(str(word).format(dark=raw["darks"][0]) for word in words))
    assert status == 2
    assert said in err


def test_failure_ends_with_one_and_one_sentence(raw, f2):
    status, out, err = f2(*raw["darks"], *raw["science"])
    assert (status, out) == (1, "")
    assert err.startswith("f2: The inputs are 8 darks")
    assert "Traceback" not in err


def test_missing_calibration_names_the_remedy(raw, f2):
    status, _, err = f2(*raw["science"])
    assert status == 1
    assert "--without subtract_dark" in err


@pytest.mark.parametrize("text", ["no fits at all", ""])
def test_text_called_fits_is_named(f2, tmp_path, text):
    (tmp_path / "notes.fits").write_text(text)
    status, _, err = f2("notes.fits")
    assert status == 1
    assert "notes.fits" in err
    assert "Traceback" not in err


def test_done_in_part_ends_with_three(raw, f2, tmp_path):
    (tmp_path / "f2.ini").write_text("[calibs]\ndatabases = there.db get\n")
    status, _, err = f2(*raw["darks"], "-c", "f2.ini")
    assert status == 3
    assert "not registered" in err


def test_log_is_appended(raw, f2, tmp_path):
    f2(*raw["darks"], "-q", "--logfile", "run.log")
    f2(*raw["darks"], "-q", "--logfile", "run.log")
    lines = (tmp_path / "run.log").read_text().splitlines()
    assert sum("combine_darks done" in line for line in lines) == 2


def test_log_that_cannot_be_written_is_named(raw, f2):
    status, _, err = f2(*raw["darks"], "--logfile", "no/such/folder.log")
    assert status == 1
    assert "no/such/folder.log" in err


def test_clear_deletes_kept_frames(raw, f2, tmp_path):
    status, out, _ = f2(*raw["darks"], "-p", "addVAR:write_outputs=True")
    assert status == 0
    assert "Kept f2_runs/" in out
    assert f2("--clear")[:2] == (0, "Deleted 1 folders of kept frames.\n")
    assert not (tmp_path / "f2_runs").exists()


def test_help_is_quick_and_imports_no_recipe():
    code = (
        "import sys, json; from f2widgets.cli.main import main\n"
        "try: main(['reduce', '--help'])\n"
        "except SystemExit: pass\n"
        "heavy = ('numpy', 'astropy', 'f2widgets.recipes')\n"
        "print(json.dumps([name for name in sys.modules if name.startswith(heavy)]))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert json.loads(out.splitlines()[-1]) == []


def test_bars_on_a_terminal(raw, tmp_path, monkeypatch):
    """With a terminal each step has a bar; rich writes what it would draw."""
    from f2widgets.cli import progress
    from f2widgets.recipes.events import Advanced, Finished, Note, Started

    monkeypatch.setattr(progress.sys.stdout, "isatty", lambda: True, raising=False)
    runner = CliRunner()
    with runner.isolation() as streams:
        bars = progress._Bars(verbose=True)
        for event in (
            Started("align", "adjustWCSToReference", 0, 1, 9),
            Advanced("align", 3, 9),
            Note("align", "the header was wrong [by 3 arcsec]", "S1"),
            Finished("align", 0.5),
        ):
            bars(event)
        bars.close()
        text = streams[0].getvalue().decode()
    assert "align (adjustWCSToReference)" in text
    assert "S1: the header was wrong [by 3 arcsec]" in text


def test_settings_from_a_file_and_options_before_them(raw, f2, tmp_path):
    (tmp_path / "mine.toml").write_text(
        "version = 1\nkeep = ['to_electrons']\n[settings.combine_darks]\nmethod = 'median'\nlow = 2\n"
    )
    status, out, _ = f2(*raw["darks"], "--settings", "mine.toml", "-p", "combine_darks:low=4", "--plan", "-v")
    assert status == 0
    assert "combine_darks:method=median  ('mean' or 'median', set by you)" in out
    assert "combine_darks:low=4.0" in out
    assert "combine_darks:high=3.0  (a number, 0 to 100)\n      Sigma above" in out
    status, out, _ = f2(*raw["darks"], "--settings", "mine.toml", "--keep", "add_variance")
    assert status == 0
    assert out.count("Kept f2_runs") == 2 * len(raw["darks"])
    (tmp_path / "mine.toml").write_text("version = 1\n[settings.combine_drks]\nmethod = 'median'\n")
    status, _, err = f2(*raw["darks"], "--settings", "mine.toml")
    assert status == 2
    assert "mine.toml: there is no step 'combine_drks'; did you mean 'combine_darks'" in err


def test_reduction_begun_in_the_middle(raw, f2, tmp_path):
    status, _, err = f2(*raw["darks"], "--from", "combine_darks")
    assert status == 1
    assert "No kept frames fit a start with combine_darks: there are none in f2_runs." in err
    assert f2(*raw["darks"], "--keep", "correct_nonlinearity", "-q")[0] == 0
    words = [*raw["darks"], "--from", "stackDarks", "-p", "combine_darks:method=median", "--overwrite"]
    status, out, _ = f2(*words, "--plan")
    assert "Goes on after correct_nonlinearity, with the frames kept in f2_runs/" in out
    status, out, _ = f2(*words)
    assert status == 0
    assert "to_electrons" not in out
    assert "Wrote S20131120S0115_dark.fits" in out
