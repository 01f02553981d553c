"""Folders, disks and databases that are wrong, and runs that are stopped: nothing is left half-written."""

import errno
import os
import shutil
import signal
import sqlite3
import subprocess
import sys

import pytest

import f2widgets.errors as errors
from f2widgets.reduction import planned, reduce
from tests.shell import as_anybody, contents, f2, no_big_files, refuses

DATABASE = "f2_calibrations.db"
DARK = "S20131120S0115_dark.fits"


@pytest.fixture
def darks(example1_lists, tmp_path, monkeypatch):
    """Work in an empty folder; gives five darks, as names."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return [str(path) for path in example1_lists["darks_120s"][:5]]


@pytest.fixture
def calibrated(example1_calibrated, tmp_path, monkeypatch):
    """Work in a copy of the folder with all calibrations of the example."""
    folder = tmp_path / "calibrated"
    shutil.copytree(example1_calibrated, folder)
    monkeypatch.chdir(folder)
    return folder


def test_blanks_in_every_path(example1_folder, tmp_path):
    data, folder = tmp_path / "raw data", tmp_path / "play ground"
    shutil.copytree(example1_folder, data, ignore=shutil.ignore_patterns("truth"))
    folder.mkdir()
    listed = f2(
        "dataselect", *sorted(data.glob("S20131120*")), "--tags", "DARK", "-o", "my darks.list", folder=folder
    )
    assert listed.status == 0, listed.err
    done = f2("reduce", "@my darks.list", "--out", "my products", folder=folder)
    assert done.status == 0, done.err
    assert {f"my products/{DARK}", f"my products/calibrations/processed_dark/{DARK}"} <= contents(
        folder
    ).keys()


def test_read_only_data_folder(example1_folder, tmp_path):
    data, folder = tmp_path / "data", tmp_path / "work"
    shutil.copytree(example1_folder, data, ignore=shutil.ignore_patterns("truth"))
    folder.mkdir()
    for path in data.glob("*.fits"):
        path.chmod(0o444)
    data.chmod(0o555)
    before = contents(data)
    try:
        for words in (["typewalk", "-d", data], ["reduce", *sorted(data.glob("S20131120*"))]):
            done = f2(*words, folder=folder, within=as_anybody)
            assert done.status == 0, done.err
        assert contents(data) == before
    finally:
        data.chmod(0o755)
    assert DARK in contents(folder)


def test_folder_without_write_permission(darks, tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o555)
    refuses(f2("reduce", *darks, "--out", folder, folder=tmp_path, within=as_anybody), str(folder), "--out")
    refuses(f2("reduce", *darks, folder=folder, within=as_anybody), DARK, "permission", "--out")
    lists = f2("dataselect", *darks, "-o", folder / "a.list", folder=tmp_path, within=as_anybody)
    refuses(lists, "a.list", "permission")
    refuses(f2("caldb", "init", folder=folder, within=as_anybody), DATABASE)
    made = f2("simulate", "example1", folder / "new", "--size", 512, folder=tmp_path, within=as_anybody)
    refuses(made, str(folder), "Permission denied")
    assert contents(folder) == {}


def test_file_in_place_of_the_folder(darks, tmp_path):
    (tmp_path / "taken").write_text("a file")
    before = contents(tmp_path)
    for out in ("taken", "taken/inside"):
        refuses(f2("reduce", *darks, "--out", out, folder=tmp_path), "taken", "--out")
    refuses(f2("simulate", "example1", "taken/inside", "--size", 512, folder=tmp_path), "taken")
    with pytest.raises(errors.NotWritten, match="taken"):
        reduce(darks, out=tmp_path / "taken")
    assert contents(tmp_path) == before


def test_file_in_place_of_the_calibrations(darks, tmp_path):
    (tmp_path / "calibrations").write_text("a file")
    done = f2("reduce", *darks, folder=tmp_path)
    refuses(done, "calibrations", "was written but not", "--out", status=3)
    assert contents(tmp_path).keys() == {"calibrations", DARK, "work"}


def test_files_that_may_not_grow(darks, tmp_path):
    refuses(f2("reduce", *darks, folder=".", within=no_big_files), DARK, "--out")
    assert contents(".") == {}
    made = f2("simulate", "example1", "new", "--size", 512, folder=".", within=no_big_files)
    refuses(made, "new")
    assert not [name for name in contents(".") if name.endswith((".fits", ".part"))]


def test_full_disk(darks, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(errors.NotWritten, match=rf"{DARK} was not written: the disk is full"):
        reduce(darks)
    assert contents(".") == {}


def test_full_disk_leaves_the_old_product(darks, monkeypatch):
    reduce(darks)
    before = contents(".")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(errors.NotWritten, match="disk is full"):
        reduce(darks[:3], overwrite=True)
    assert contents(".") == before


def test_database_that_may_not_grow(darks, tmp_path):
    done = f2("caldb", "init", folder=".", within=lambda: no_big_files(512))
    refuses(done, DATABASE)
    assert contents(".") == {}


def test_product_of_other_inputs_is_not_replaced(darks):
    assert f2("reduce", *darks, folder=".").status == 0
    before = contents(".")
    refuses(f2("reduce", *darks[:3], folder="."), DARK, "other files", "--overwrite")
    refuses(f2("reduce", *darks, "-p", "combine_darks:method=median", folder="."), DARK, "--overwrite")
    assert contents(".") == before
    assert f2("reduce", *darks, folder=".").status == 0
    assert contents(".").keys() == before.keys()
    assert f2("reduce", *darks[:3], "--overwrite", folder=".").status == 0
    assert contents(".")[DARK] != before[DARK]


@pytest.mark.parametrize("status", ["asked", "again", "interrupt"])
def test_interrupted_in_python(calibrated, example1_lists, status):
    science = example1_lists["science"]
    before = contents(calibrated)
    steps = planned(science).recipe.steps
    for stop in ("read", "subtract_dark", "resample", "combine", "write"):
        assert stop in ("read", "write", *(step.name for step in steps))

        def listen(event, stop=stop):
            if getattr(event, "step", None) == stop:
                raise KeyboardInterrupt if status == "interrupt" else errors.Cancelled("enough")

        with pytest.raises(KeyboardInterrupt if status == "interrupt" else errors.Cancelled):
            reduce(science, on_event=listen)
        assert contents(calibrated) == before


def interrupted(*words, folder, at):
    """Run ``f2``, send it the signal of Ctrl-C when a word appears, and return status, output and errors."""
    words = [sys.executable, "-u", "-m", "f2widgets", *map(str, words)]
    with subprocess.Popen(
        words, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as running:
        seen = []
        for line in running.stdout:
            seen.append(line)
            if at in line:
                running.send_signal(signal.SIGINT)
                break
        out, err = running.communicate(timeout=60)
    return running.returncode, "".join(seen) + out, err


@pytest.mark.parametrize("at", ["read", "align", "resample"])
def test_interrupted_in_the_shell(calibrated, example1_lists, at):
    before = contents(calibrated)
    status, out, err = interrupted(
        "reduce", *example1_lists["science"], "-v", folder=calibrated, at=f"{at} ("
    )
    assert (status, "Traceback" in err) == (130, False), (out, err)
    assert "interrupted" in err
    assert contents(calibrated) == before


def test_interrupted_while_replacing_an_old_product(calibrated, example1_lists):
    science = example1_lists["science"]
    assert f2("reduce", *science[:3], "--without", "detect_sources", folder=calibrated).status == 0
    before = contents(calibrated)
    status, _, err = interrupted("reduce", *science, "--overwrite", "-v", folder=calibrated, at="combine (")
    assert (status, "Traceback" in err) == (130, False), err
    assert contents(calibrated) == before


def test_interrupted_simulation_leaves_whole_files(tmp_path):
    status, _, err = interrupted(
        "simulate", "example1", "new", "--size", 1024, folder=tmp_path, at="Example 1"
    )
    assert (status, "Traceback" in err) == (130, False), err
    assert not [name for name in contents(tmp_path) if "part" in name]
    for path in (tmp_path / "new").glob("*.fits"):
        assert f2("showd", path, "-d", "exposure_time", folder=tmp_path).status == 0


def somebodys_database(path):
    """Write a database of another program."""
    with sqlite3.connect(path) as base:
        base.execute("CREATE TABLE diskfiles (id INTEGER)")
    base.close()


@pytest.mark.parametrize("kind", ["another program's", "text"])
def test_database_that_is_not_ours(darks, kind):
    if kind == "text":
        with open(DATABASE, "w") as stream:
            stream.write("shopping list\n" * 300)
    else:
        somebodys_database(DATABASE)
    before = contents(".")
    for words in (["init"], ["init", "--wipe"], ["add", darks[0]], ["list"], ["remove", DARK]):
        refuses(f2("caldb", *words, folder="."), DATABASE)
        assert contents(".") == before


def test_product_is_kept_where_the_database_is_not_ours(darks):
    somebodys_database(DATABASE)
    before = contents(".")
    done = f2("reduce", *darks, folder=".")
    refuses(done, DATABASE, status=3)
    after = contents(".")
    assert after[DATABASE] == before[DATABASE]
    assert after[DARK] == after[f"calibrations/processed_dark/{DARK}"]


def test_configuration_of_the_reference_is_only_read_when_given(darks, tmp_path):
    theirs = tmp_path / "cal_manager.db"
    somebodys_database(theirs)
    (tmp_path / "dragonsrc").write_text(f"[calibs]\ndatabases = {theirs} get store\n")
    before = contents(tmp_path)[theirs.name]
    done = f2("reduce", *darks, "-c", tmp_path / "dragonsrc", folder=".")
    refuses(done, theirs.name, status=3)
    assert contents(tmp_path)[theirs.name] == before


def test_log_that_cannot_be_written(darks, tmp_path):
    for log in (tmp_path / "no" / "log", "/dev/full"):
        refuses(f2("reduce", *darks, "--logfile", log, folder="."), str(log))
        assert contents(".") == {}


@pytest.mark.parametrize("words", [["showd", "-d", "object"], ["reduce"]], ids=" ".join)
def test_output_that_cannot_be_written(darks, words):
    with open("/dev/full", "w") as full:
        command = [sys.executable, "-m", "f2widgets", *words, *darks]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
    assert "could not be written" in done.stderr
    assert contents(".") == {}


def test_tutorial_in_bad_places(tmp_path):
    (tmp_path / "taken").write_text("a file")
    before = contents(tmp_path)
    refuses(f2("tutorial", "taken", "--size", 512, folder=tmp_path), "taken", status=2)
    refuses(f2("tutorial", "taken/inside", "--size", 512, folder=tmp_path), "taken")
    refuses(f2("tutorial", "new", "--size", 100, folder=tmp_path), "512", status=2)
    assert contents(tmp_path) == before
    status, _, err = interrupted("tutorial", "new", "--size", 512, folder=tmp_path, at="_dark.fits")
    assert (status, "Traceback" in err) == (130, False), err
    assert not [name for name in contents(tmp_path) if "part" in name]
    refuses(f2("tutorial", "new", "--size", 512, "--seed", 2, folder=tmp_path), "new", "seed")
    assert f2("tutorial", "new", "--size", 512, folder=tmp_path).status == 0
