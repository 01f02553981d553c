"""The database: what goes in comes out, nothing foreign is touched, nobody's entries are lost."""

import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from f2widgets.calibrations.schema import APPLICATION_ID, from_json, to_json
from f2widgets.calibrations.store import Store
from f2widgets.core.frame import Facts
from f2widgets.errors import CalibrationStore, ParameterError
from tests.calibrations.processed import NIGHT, write_processed


@pytest.fixture
def store(tmp_path):
    (tmp_path / "work").mkdir()
    made = Store(tmp_path / "work", patience=0.2)
    made.init()
    return made


def names(store):
    return [entry.name for entry in store.entries()]


def test_a_folder_means_the_database_of_our_name(tmp_path):
    assert Store(tmp_path).path == tmp_path / "f2_calibrations.db"
    assert Store(tmp_path / "x.db").path == tmp_path / "x.db"


def test_an_added_dark_comes_back_with_its_facts(store):
    file = write_processed(store.path.parent / "calibrations" / "d_dark.fits", exposure=60.0, shape=(6, 4))
    (outcome,) = store.add(file)
    assert (outcome.done, outcome.kind) == ("added", "dark")
    (one,) = store.candidates("dark")
    assert one.path == file
    assert one.origin == str(store.path)
    assert one.shape == (6, 4)
    assert (one.facts.exposure_time, one.facts.read_mode, one.facts.ut_start) == (60.0, "1", NIGHT)
    assert store.candidates("flat") == []


def test_facts_survive_the_database_whole():
    facts = Facts(tags=frozenset({"A", "B"}), ut_start=NIGHT, exposure_time=1.5, filter_id="J_G0802&Open")
    assert from_json(to_json(facts)) == facts
    assert from_json('{"exposure_time": 2.0, "of_a_later_release": 1}') == Facts(exposure_time=2.0)


def test_each_kind_is_known_by_its_tags(store):
    folder = store.path.parent
    for kind in ("dark", "flat", "bpm"):
        store.add(write_processed(folder / f"x_{kind}.fits", kind))
    assert [entry.kind for entry in store.entries()] == ["dark", "flat", "bpm"]


def test_what_is_no_processed_calibration_is_refused_with_the_reason(store):
    folder = store.path.parent
    raw = write_processed(folder / "raw.fits", None)
    prepared = write_processed(folder / "prepared.fits", None, OBSTYPE="DARK", PREPARE="2013")
    text = folder / "text.fits"
    text.write_text("no stars here")
    other = write_processed(folder / "other.fits", INSTRUME="NIRI")
    outcomes = store.add(raw, prepared, text, folder / "none.fits", other)
    assert [outcome.done for outcome in outcomes] == ["refused"] * 5
    assert "needs PROCESSED with DARK, FLAT or BPM" in outcomes[0].reason
    assert "DARK" in outcomes[1].reason
    assert "FITS" in outcomes[2].reason
    assert outcomes[3].reason == "there is no such file"
    assert "NIRI" in outcomes[4].reason
    assert store.entries() == []


def test_folders_are_looked_into_only_as_far_as_asked(store):
    folder = store.path.parent / "calibrations"
    write_processed(folder / "top.fits")
    write_processed(folder / "below" / "deep.fits")
    write_processed(folder / ".hidden.fits")
    assert [outcome.path.name for outcome in store.add(folder)] == ["top.fits"]
    assert [outcome.path.name for outcome in store.add(folder, walk=True)] == ["deep.fits", "top.fits"]
    assert names(store) == ["top.fits", "deep.fits"]


def test_adding_again_changes_nothing_but_a_changed_file_takes_the_old_ones_place(store):
    file = write_processed(store.path.parent / "d.fits", level=1)
    store.add(file)
    (before,) = store.entries()
    assert store.add(file)[0].done == "unchanged"
    assert store.entries() == [before]
    write_processed(file, level=2, exposure=10.0)
    assert store.add(file)[0].done == "updated"
    (after,) = store.entries()
    assert after.id > before.id
    assert after.facts.exposure_time == 10.0


def test_a_touched_file_is_still_the_same_file(store):
    file = write_processed(store.path.parent / "d.fits")
    store.add(file)
    os.utime(file, (1, 1))
    assert store.verify()[0][1] is None
    (candidate,) = store.candidates("dark")
    assert store.trouble(candidate) is None


def test_a_changed_or_missing_file_is_noticed(store):
    file = write_processed(store.path.parent / "d.fits", level=1)
    store.add(file)
    (candidate,) = store.candidates("dark")
    write_processed(file, level=2)
    assert "has changed since it was added" in store.trouble(candidate)
    file.unlink()
    assert store.trouble(candidate) == "the file is missing"
    assert store.verify()[0][1] == "the file is missing"


def test_verify_compares_checksums_even_if_size_and_time_are_as_before(store):
    file = write_processed(store.path.parent / "d.fits", level=1)
    store.add(file)
    time = file.stat().st_mtime_ns
    write_processed(file, level=2)
    os.utime(file, ns=(time, time))
    assert "has changed" in store.verify()[0][1]


def test_removed_and_added_again_is_found_again(store):
    file = write_processed(store.path.parent / "S1_dark.fits")
    store.add(file)
    assert [entry.name for entry in store.remove("S1_dark")] == ["S1_dark.fits"]
    assert store.candidates("dark") == []
    assert file.exists()
    store.add(file)
    assert names(store) == ["S1_dark.fits"]


def test_a_name_forgets_all_entries_of_it_and_a_path_only_one(store):
    folder = store.path.parent
    for place in ("a", "b", "c"):
        store.add(write_processed(folder / place / "d.fits"))
    store.remove(str(folder / "b" / "d.fits"))
    assert [entry.path.parent.name for entry in store.entries()] == ["a", "c"]
    assert len(store.remove("d.fits")) == 2


def test_an_unknown_name_is_an_error_and_nothing_is_forgotten(store):
    store.add(write_processed(store.path.parent / "S1_dark.fits"))
    with pytest.raises(ParameterError, match=r"Did you mean S1_dark\.fits\?"):
        store.remove("S1_dark.fits", "S1_drak.fits")
    assert names(store) == ["S1_dark.fits"]


def test_a_project_can_be_moved_as_a_whole(store, tmp_path):
    store.add(write_processed(store.path.parent / "calibrations" / "d.fits"))
    shutil.move(tmp_path / "work", tmp_path / "new place")
    moved = Store(tmp_path / "new place")
    assert moved.entries()[0].path == tmp_path / "new place" / "calibrations" / "d.fits"
    assert moved.verify()[0][1] is None


def test_init_keeps_what_is_there_and_wipes_only_when_asked(store):
    store.add(write_processed(store.path.parent / "d.fits"))
    assert store.init() == "kept"
    assert names(store) == ["d.fits"]
    assert store.init(wipe=True) == "wiped"
    assert store.entries() == []
    assert [file.name for file in store.path.parent.iterdir() if file.name.startswith(".")] == []


def foreign(path, *tables):
    connection = sqlite3.connect(path)
    for table in tables:
        connection.execute(f"CREATE TABLE {table} (x)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("tables", "owner"), [(("diskfile", "header"), "DRAGONS"), (("photos",), "another program")]
)
def test_a_database_of_others_is_never_written_or_wiped(tmp_path, tables, owner):
    path = tmp_path / "cal_manager.db"
    foreign(path, *tables)
    before = path.read_bytes()
    dark = write_processed(tmp_path / "d.fits")
    for act in (
        lambda s: s.init(),
        lambda s: s.init(wipe=True),
        lambda s: s.add(dark),
        lambda s: s.entries(),
        lambda s: s.remove("d"),
    ):
        with pytest.raises(CalibrationStore, match=f"database of {owner}"):
            act(Store(path))
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"", b"a letter to my aunt, and not a short one\n" * 9])
def test_a_file_that_is_no_database_is_never_written(tmp_path, content):
    path = tmp_path / "letter.db"
    path.write_bytes(content)
    with pytest.raises(CalibrationStore):
        Store(path).init(wipe=True)
    assert path.read_bytes() == content


def test_there_must_be_a_database(tmp_path):
    with pytest.raises(CalibrationStore, match="f2 caldb init"):
        Store(tmp_path).entries()
    with pytest.raises(CalibrationStore):
        Store(tmp_path / "no" / "where.db").init()


def test_a_damaged_database_is_an_error_and_not_empty(store):
    store.add(write_processed(store.path.parent / "d.fits"))
    whole = store.path.read_bytes()
    store.path.write_bytes(whole[:4096])
    with pytest.raises(CalibrationStore, match="damaged"):
        store.candidates("dark")


def test_damaged_facts_are_an_error(store):
    store.add(write_processed(store.path.parent / "d.fits"))
    connection = sqlite3.connect(store.path)
    connection.execute("UPDATE calibration SET facts = '{'")
    connection.commit()
    connection.close()
    with pytest.raises(CalibrationStore, match=r"damaged at d\.fits"):
        store.candidates("dark")


def test_a_busy_database_is_an_error_and_not_empty(store):
    connection = sqlite3.connect(store.path, isolation_level=None)
    connection.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(CalibrationStore, match="busy"):
            store.candidates("dark")
    finally:
        connection.close()


def test_a_database_of_a_later_release_is_left_alone(store):
    connection = sqlite3.connect(store.path)
    assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(CalibrationStore, match="upgrade"):
        store.init(wipe=True)


ADD = """
import sys
from pathlib import Path
from f2widgets.calibrations.store import Store
folder, letter = Path(sys.argv[1]), sys.argv[2]
store = Store(folder)
if not store.exists:
    store.init()
for file in sorted(folder.glob(f"{letter}*.fits")):
    (outcome,) = store.add(file)
    assert outcome.done == "added", outcome
"""


def test_two_processes_that_add_a_hundred_files_each_lose_none(tmp_path):
    template = write_processed(tmp_path / "a000.fits")
    for letter in "ab":
        for n in range(100):
            if (letter, n) != ("a", 0):
                shutil.copy(template, tmp_path / f"{letter}{n:03d}.fits")
    root = Path(__file__).parents[2]
    both = [
        subprocess.Popen([sys.executable, "-c", ADD, str(tmp_path), letter], cwd=root, stderr=subprocess.PIPE)
        for letter in "ab"
    ]
    for process in both:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    assert sorted(names(Store(tmp_path))) == sorted(file.name for file in tmp_path.glob("*.fits"))
    assert len(Store(tmp_path).entries()) == 200


def test_a_folder_that_may_not_be_looked_into_is_not_one_without_a_database(tmp_path, monkeypatch):
    def refuse(self, **more):
        raise PermissionError(13, "Permission denied", str(self))

    store = Store(tmp_path / "x.db")
    monkeypatch.setattr(Path, "stat", refuse)
    with pytest.raises(CalibrationStore, match="cannot be reached"):
        store.exists  # noqa: B018
