"""``f2 caldb`` as it is typed: what it prints, where, and with which status."""

import pytest

from f2widgets.cli.main import main
from tests.calibrations.processed import write_processed
from tests.raw_files import write_raw


@pytest.fixture
def f2(tmp_path, monkeypatch, capsys):
    """Run the command in a folder of its own; gives status, standard output and error."""
    (tmp_path / "play ground").mkdir()
    monkeypatch.chdir(tmp_path / "play ground")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.delenv("F2WIDGETSRC", raising=False)

    def run(*arguments):
        with pytest.raises(SystemExit) as caught:
            main(["caldb", *arguments])
        printed = capsys.readouterr()
        return caught.value.code, printed.out, printed.err

    run.folder = tmp_path / "play ground"
    return run


def test_without_a_subcommand_help_and_usage_status(f2):
    status, out, _ = f2()
    assert status == 2
    assert "remove" in out


def test_init_is_silent_and_verbose_on_standard_error(f2):
    assert f2("init") == (0, "", "")
    status, out, err = f2("init", "-v", "-w")
    assert (status, out) == (0, "")
    assert err.startswith("Wiped")


def test_init_of_one_that_exists_keeps_it_says_so_and_succeeds(f2):
    f2("init")
    f2("add", str(write_processed(f2.folder / "d.fits")))
    status, out, err = f2("init")
    assert (status, err) == (0, "")
    assert "keeps its contents, entries: 1" in out


def test_add_list_remove(f2):
    f2("init")
    file = write_processed(f2.folder / "calibrations" / "processed_dark" / "S1_dark.fits")
    assert f2("list")[1].splitlines()[1] == "There are no files in the database"
    assert f2("add", "calibrations/processed_dark/S1_dark.fits") == (0, "", "")
    status, out, _ = f2("list")
    assert out.splitlines() == [
        f"Database: {f2.folder / 'f2_calibrations.db'}",
        f"{'S1_dark.fits':<30} {file.parent}",
    ]
    assert f2("remove", "-v", "S1_dark.fits") == (0, "", f"Removed {file}\n")
    status, out, err = f2("remove", "S1_dark.fits")
    assert (status, out) == (2, "")
    assert err.startswith("f2: S1_dark.fits is not in the calibration database")


def test_add_looks_below_only_with_k(f2):
    f2("init")
    write_processed(f2.folder / "cals" / "below" / "d.fits")
    assert f2("add", "cals") == (0, "", "No FITS files there; -k looks into the folders below.\n")
    status, _, err = f2("add", "-k", "-v", "cals")
    assert status == 0
    assert "Added" in err


def test_a_refused_file_fails_and_in_part_where_another_was_added(f2):
    f2("init")
    write_processed(f2.folder / "raw.fits", None)
    write_processed(f2.folder / "d.fits")
    status, _, err = f2("add", "raw.fits")
    assert status == 1
    assert "Not added:" in err
    assert f2("add", "raw.fits", "d.fits")[0] == 3
    status, _, err = f2("add", ".")
    assert (status, err) == (0, "Files in folders that are no processed calibrations: 1 (-v names them).\n")


def test_without_a_database_the_remedy_is_told(f2):
    for arguments in (("list",), ("add", "x.fits"), ("remove", "x"), ("verify",)):
        status, _, err = f2(*arguments)
        assert status == 1
        assert "f2 caldb init" in err


def test_verify_names_the_changed_file_and_fails(f2):
    f2("init")
    f2("add", str(write_processed(f2.folder / "d.fits", level=1)))
    assert f2("verify") == (0, "1 of 1 files are as they were added.\n", "")
    write_processed(f2.folder / "d.fits", level=2)
    status, out, _ = f2("verify")
    assert status == 1
    assert "d.fits: the file has changed" in out


def test_config_tells_files_databases_and_their_use(f2):
    status, out, _ = f2("config")
    assert status == 0
    assert "built-in default" in out
    assert "f2_calibrations.db" in out
    assert "it is made when the first calibration is stored" in out
    (f2.folder / "my.ini").write_text("[calibs]\ndatabases = a.db store\n  https://archive.gemini.edu get\n")
    _, out, _ = f2("config", "-c", "my.ini")
    assert f"Database: {f2.folder / 'a.db'}\n  Type:  local\n  Get:   False\n  Store: True" in out
    assert "Note: https://archive.gemini.edu is a server" in out


def test_the_database_follows_from_options_and_configuration(f2):
    assert f2("init", "-d", "mine.db")[0] == 0
    assert (f2.folder / "mine.db").exists()
    (f2.folder / "my.ini").write_text("[calibs]\ndatabases = a.db get\n  b.db get store\n")
    f2("init", "-c", "my.ini")
    assert (f2.folder / "b.db").exists()
    (f2.folder / "my.ini").write_text("[calibs]\ndatabases = a.db get\n  b.db get\n")
    status, _, err = f2("list", "-c", "my.ini")
    assert status == 2
    assert "name one with -d FILE" in err


def test_a_foreign_database_is_refused_in_one_line(f2):
    (f2.folder / "letter.db").write_text("dear aunt, " * 99)
    status, _, err = f2("init", "-w", "-d", "letter.db")
    assert status == 1
    assert err.count("\n") == 1
    assert "Traceback" not in err


def test_match_tells_which_and_why_and_what_would_make_the_others(f2):
    f2("init")
    for number, kind in enumerate(("science", "lamp_on", "lamp_off")):
        write_raw(f2.folder / f"S20131121S{number:04d}.fits", kind)
    f2("add", str(write_processed(f2.folder / "calibrations" / "d_dark.fits", shape=(64, 64))))
    status, out, err = f2("match", "S*.fits")
    assert (status, err) == (1, "")  # there is no flat
    assert "S20131121S0000: dark d_dark.fits (from " in out
    assert "No flat fits S20131121S0000: it needs filter Y_G0811" in out
    assert "the recipe flat (makeProcessedFlat) makes it of 2 raw frames." in out
    f2("add", str(write_processed(f2.folder / "calibrations" / "f_flat.fits", "flat", shape=(64, 64))))
    status, out, _ = f2("match", "S*.fits")
    assert status == 0  # a mask may be missing
    assert "there are no raw darks." in out
