"""The index of headers: the same records with it and without, and never a reason to fail."""

import bz2
import os
import sqlite3
import subprocess
import sys
import time

import pytest

from f2widgets.io import index
from f2widgets.io.descriptors import DESCRIPTORS
from f2widgets.io.index import Index, StoredHeaders, index_path, indexed
from f2widgets.io.records import USUAL, records, table
from tests.raw_files import write_raw


@pytest.fixture
def night(tmp_path):
    """Return files of every sort: raw, packed, of another instrument, and broken ones."""
    folder = tmp_path / "night"
    folder.mkdir()
    for number, kind in enumerate(("science", "dark", "lamp_on", "lamp_off", "spectrum")):
        write_raw(folder / f"S20131121S{number:04d}.fits", kind)
    write_raw(folder / "gmos.fits", INSTRUME="GMOS-S")
    (folder / "packed.fits.bz2").write_bytes(bz2.compress((folder / "S20131121S0000.fits").read_bytes()))
    (folder / "text.fits").write_text("no FITS file")
    return sorted(folder.iterdir())


@pytest.fixture
def said():
    return []


@pytest.fixture
def ours(tmp_path, said):
    """Return the way to open an index that does not wait for files to settle."""
    return lambda: Index(tmp_path / "cache" / "index.db", say=said.append, settled=0, fewest=0)


def alike(one, other):
    assert [(row.path, row.problem, row.tags, row.facts, row.repairs) for row in one] == [
        (row.path, row.problem, row.tags, row.facts, row.repairs) for row in other
    ]
    for name in DESCRIPTORS:
        for pretty in (True, False):
            values = [row.descriptor(name, pretty) for row in one]
            assert values == [row.descriptor(name, pretty) for row in other]
            assert [str(value) for value in values] == [str(row.descriptor(name, pretty)) for row in other]


def from_index(rows):
    return [row.name for row in rows if isinstance(row.headers, StoredHeaders)]


@pytest.mark.parametrize("names", [USUAL, tuple(DESCRIPTORS)])
def test_records_from_the_index_are_those_of_the_files(night, ours, said, names):
    assert from_index(ours().records(night, names)) == []
    again = ours().records(night, names)
    readable = [path.name for path in night if path.name != "text.fits"]
    assert from_index(again) == readable
    alike(again, records(night))
    assert str(table(again)) == str(table(records(night)))
    assert said == []


def test_paths_stay_as_they_were_named(night, ours, monkeypatch):
    ours().records(night)
    monkeypatch.chdir(night[0].parent)
    named = [path.relative_to(night[0].parent) for path in night]
    alike(ours().records(named), records(named))


def test_a_file_is_not_read_again_until_it_changes(night, ours, monkeypatch):
    ours().records(night)
    read = []
    plain = index.records_and_texts
    monkeypatch.setattr(index, "records_and_texts", lambda paths: plain([read.append(p) or p for p in paths]))
    ours().records(night)
    assert [path.name for path in read] == ["text.fits"]
    write_raw(night[0], "dark")
    row = ours().records(night)[0]
    assert [path.name for path in read[1:]] == [night[0].name, "text.fits"]
    assert "DARK" in row.tags


def test_a_change_that_leaves_size_and_time_is_seen(night, ours):
    before = night[0].stat()
    ours().records(night)
    time.sleep(0.02)
    write_raw(night[0], "dark")
    os.utime(night[0], ns=(before.st_atime_ns, before.st_mtime_ns))
    after = night[0].stat()
    assert (after.st_size, after.st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert "DARK" in ours().records(night)[0].tags


def test_a_file_that_may_still_change_does_not_go_in(night, tmp_path):
    hasty = Index(tmp_path / "index.db", settled=3600, fewest=0)
    hasty.records(night)
    assert from_index(hasty.records(night)) == []


def test_vanished_files_are_dropped(night, ours):
    ours().records(night)
    night[0].unlink()
    ours().records(night[1:])
    with sqlite3.connect(ours().path) as connection:
        names = [name for (name,) in connection.execute("SELECT name FROM file")]
    connection.close()
    assert night[0].name not in names
    assert night[1].name in names
    assert ours().records(night)[0].problem.startswith(f"{night[0]} cannot be read")


def test_new_answers_are_learned(night, ours):
    ours().records(night, ("tags",))
    assert "airmass" not in ours().records(night, ("tags",))[0].answers
    ours().records(night, ("airmass",))
    known = ours().records(night, ("tags",))[0]
    assert known.answers["airmass"] == 1.2
    assert "phu" not in vars(known.headers)  # its header was not taken apart


def test_answers_of_another_release_are_not_believed(night, ours, monkeypatch):
    ours().records(night)
    with sqlite3.connect(ours().path) as connection:
        connection.execute("SELECT 1")
    connection.close()
    monkeypatch.setattr(index, "stamp", lambda: "another release")
    row = index.Index(ours().path, settled=0, fewest=0)._known(night, [index._state(path) for path in night])[
        0
    ]
    assert row.answers == {}
    assert row.descriptor("object") == "field"


def test_the_oldest_entries_are_dropped_beyond_the_limit(night, ours, monkeypatch):
    monkeypatch.setattr(index, "MOST", 3)
    ours().records(night)
    assert len(from_index(ours().records(night))) == 3


@pytest.mark.parametrize("contents", [b"no database at all" * 100, b"SQLite format 3\0" + bytes(5000)])
def test_a_damaged_index_is_not_used_and_said_once(night, ours, said, contents):
    ours().path.parent.mkdir()
    ours().path.write_bytes(contents)
    alike(ours().records(night), records(night))
    assert len(said) == 1
    assert str(ours().path) in said[0]
    assert "delete it" in said[0]
    assert ours().path.read_bytes() == contents


def test_a_row_that_has_been_altered_is_noticed(night, ours, said):
    ours().records(night)
    connection = sqlite3.connect(ours().path)
    with connection:
        connection.execute("UPDATE file SET answers = replace(answers, '\"field\"', '\"other\"')")
    connection.close()
    alike(ours().records(night), records(night))
    assert len(said) == 1


def test_a_cache_that_cannot_be_written_is_not_used_and_said_once(night, tmp_path, said):
    (tmp_path / "file").write_text("in the way of the folder")
    index = Index(tmp_path / "file" / "index.db", say=said.append, fewest=0)
    alike(index.records(night), records(night))
    assert index.records(night)[0].tags == records(night)[0].tags
    assert len(said) == 1
    assert "XDG_CACHE_HOME" in said[0]


def test_few_files_are_read_without_it(night, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    alike(indexed(night), records(night))
    assert not (tmp_path / "own").exists()
    Index(settled=0, fewest=len(night)).records(night)
    assert index_path() == tmp_path / "own" / "f2widgets" / "headers-1.db"
    assert index_path().exists()


def test_stopping_keeps_what_was_read(night, ours, monkeypatch):
    monkeypatch.setattr(index, "STEP", 2)

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ours().records(night, tick=stop)
    assert len(from_index(ours().records(night))) == 2


@pytest.mark.slow
def test_processes_at_once_share_it(night, ours, tmp_path):
    program = (
        "import sys; from pathlib import Path; from f2widgets.io.index import Index\n"
        "files = sorted(Path(sys.argv[2]).iterdir())\n"
        "for turn in range(20):\n"
        "    names = ('tags',) if turn % 2 else ('airmass',)\n"
        "    Index(sys.argv[1], say=sys.exit, settled=0, fewest=0).records(files, names)\n"
        "    files[0].touch()\n"
    )
    words = [sys.executable, "-c", program, str(ours().path), str(night[0].parent)]
    running = [subprocess.Popen(words, stderr=subprocess.PIPE) for _ in range(3)]
    assert [one.communicate()[1] for one in running] == [b""] * 3
    assert [one.returncode for one in running] == [0] * 3
    alike(ours().records(night), records(night))
