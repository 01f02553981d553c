"""Progress survives kernels, travels in a file, and many files make one table."""

import errno
import json
import os

import pytest

from f2widgets.errors import ParameterError
from f2widgets.teaching.questions import right, unclear, wrong
from f2widgets.teaching.record import FILE, Progress, collect, progress, seed_for


def test_tries_are_counted_until_it_is_right_and_it_stays_right(keep):
    keep.note("a", wrong("no"))
    keep.note("a", unclear("what?"))
    keep.note("a", right("yes", level=2.0))
    keep.note("a", wrong("no again"))
    known = keep.of("a")
    assert (known["right"], known["tries"]) == (True, 2)
    assert (known["said"], known["measured"]) == ("yes", {"level": 2.0})
    assert keep.of("b")["tries"] == 0


def test_progress_is_there_after_a_restart(keep):
    keep.call("  Ada   Lovelace ")
    keep.note("a", right("yes", level=2.0))
    keep.hinted("b", 2)
    keep.hinted("b", 1)
    again = Progress(keep.path)
    assert again.student == "Ada Lovelace"
    assert again.of("a")["right"]
    assert again.of("a")["measured"] == {"level": 2.0}
    assert again.of("b")["hints"] == 2
    assert json.loads(keep.path.read_text())["seed"] == seed_for("ada lovelace")


def test_two_notebooks_write_to_one_file_without_losing_anything(tmp_path):
    one, two = Progress(tmp_path / FILE), Progress(tmp_path / FILE)
    one.note("a", right("yes"))
    two.note("b", right("yes"))
    one.note("c", wrong("no"))
    assert set(Progress(tmp_path / FILE).solved) == {"a", "b", "c"}


def test_file_brought_back_is_joined_with_what_was_solved_meanwhile(tmp_path, keep):
    keep.note("a", right("yes"))
    keep.note("b", wrong("no"))
    text = keep.text()
    later = Progress(tmp_path / "later.json")
    later.note("a", wrong("no"))
    later.note("c", right("yes"))
    later.restore(text)
    assert [later.of(name)["right"] for name in "abc"] == [True, False, True]


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"format": "else", "version": 1}', "3"])
def test_foreign_file_is_refused(keep, text):
    with pytest.raises(ParameterError, match="no file of progress"):
        keep.restore(text)


def test_later_version_is_refused(keep):
    text = json.dumps(json.loads(keep.text()) | {"version": 2})
    with pytest.raises(ParameterError, match="later f2widgets"):
        keep.restore(text)


def test_damaged_file_is_refused(keep):
    content = json.loads(keep.text()) | {"exercises": {"a": {"right": True}}}
    with pytest.raises(ParameterError, match="damaged"):
        keep.restore(json.dumps(content))


def test_damaged_file_is_left_as_it_is_and_told(tmp_path):
    place = tmp_path / FILE
    place.write_text("{half")
    kept = Progress(place)
    assert "left as it is" in kept.problem
    kept.note("a", right("yes"))
    assert place.read_text() == "{half"
    assert kept.of("a")["right"]
    kept.restore(kept.text())
    assert Progress(place).of("a")["right"]
    assert kept.problem == ""


def test_full_disk_is_told_and_nothing_is_lost(keep, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    keep.note("a", right("yes"))
    assert "the disk is full" in keep.problem
    assert "--out" not in keep.problem
    assert keep.of("a")["right"]
    monkeypatch.undo()
    keep.note("b", right("yes"))
    assert keep.problem == ""
    assert set(Progress(keep.path).solved) == {"a", "b"}


def test_one_kernel_has_one_progress_for_a_file(tmp_path):
    assert progress(tmp_path / FILE) is progress(tmp_path / "." / FILE)


def test_seed_follows_from_the_name_alone():
    assert seed_for("Ada Lovelace") == seed_for(" ada  LOVELACE")
    assert seed_for("Ada Lovelace") != seed_for("Charles Babbage")
    assert seed_for("") == 1
    assert all(2 <= seed_for(str(k)) <= 999_999 for k in range(50))


def test_class_becomes_a_table(tmp_path):
    for name, tries in (("Ada", 1), ("Bo", 3)):
        one = Progress(tmp_path / f"{name}.json")
        one.call(name)
        for _ in range(tries - 1):
            one.note("01.dark", wrong("no"))
        one.note("01.dark", right("yes"))
    (tmp_path / "zoo.json").write_text("an animal")
    Progress(tmp_path / "Ada.json").note("03.hot", wrong("no"))
    table = collect(f"{tmp_path}/*.json")
    assert list(table["student"]) == ["Ada", "Bo", ""]
    assert list(table["01.dark"]) == ["solved 1", "solved 3", ""]
    assert list(table["03.hot"]) == ["tried 1", "", ""]
    assert list(table["solved"]) == [1, 1, 0]
    assert list(table["tries"]) == [2, 3, 0]
    assert table["seed"][0] == seed_for("Ada")
    assert "no file of progress" in table["problem"][2]
    table.write(tmp_path / "class.csv")
    assert "Ada" in (tmp_path / "class.csv").read_text()
