"""The session is kept when something was done, comes back, and is written as script and notebook."""

import ast
import json
from pathlib import Path

import pytest

from f2widgets.core.memory import give_back
from f2widgets.widgets import Workspace
from f2widgets.widgets.deeds import Deed, Name
from f2widgets.widgets.session_panel import KEPT, SessionPanel, held

CHOSEN = Deed("select", ("raw",), {"tags": "DARK"}, "darks", "Darks")
MADE = Deed("reduce", (Name("darks"),), {"settings": {"combine_darks:low": 2.5}}, "dark")


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path, out=tmp_path / "out")


def test_what_was_done_is_kept_at_once_and_comes_back(workspace, page):
    page(SessionPanel(workspace))
    workspace.did(CHOSEN)
    workspace.did(MADE)
    after = page(SessionPanel(Workspace(workspace.folder, out=workspace.out)))
    assert after.open()[0][0]["kept"]
    after.call("restore")
    assert after.panel.workspace.deeds == (CHOSEN, MADE)
    assert after.panel.workspace.deeds[1].python == MADE.python
    assert not after.open()[0][0]["kept"]


def test_nothing_is_written_before_something_was_done(workspace, page):
    page(SessionPanel(workspace)).open()
    assert not workspace.out.exists()


def test_a_folder_that_cannot_be_written_is_told_once_and_work_goes_on(tmp_path, page):
    (tmp_path / "file").write_text("")
    workspace = Workspace(tmp_path, out=tmp_path / "file")
    at = page(SessionPanel(workspace))
    workspace.did(CHOSEN)
    assert "not kept" in at.panel.message["text"]
    at.call("dismiss")
    workspace.did(MADE)
    assert at.panel.message == {}
    assert len(workspace.deeds) == 2


@pytest.mark.parametrize("text", ["", "{", "[]", '{"version": 99}', '{"version": 1}', "\x00"])
def test_a_file_that_is_no_session_is_refused_in_words(text, workspace, page):
    workspace.out.mkdir()
    (workspace.out / KEPT).write_text(text)
    workspace.recipe = "dark"
    words = page(SessionPanel(workspace, autosave=False)).error("restore")
    assert any(word in words for word in ("no saved", "later", "damaged")), words
    assert workspace.recipe == "dark"


def test_a_missing_file_and_folder_are_named(workspace, page):
    at = page(SessionPanel(workspace))
    assert "no saved session" in at.error("restore", path="other.json")
    assert "There is no folder" in at.error("set_folder", folder="/nowhere/at/all")
    assert "Name the folder" in at.error("set_out", folder=" ")


def test_script_and_notebook_are_written_and_not_over_others(workspace, page):
    at = page(SessionPanel(workspace))
    assert "Nothing was done" in at.error("export", form="script")
    workspace.did(CHOSEN)
    path = Path(at.call("export", form="script"))
    ast.parse(path.read_text())
    assert at.call("export", form="script") == str(path)  # the same again is no harm
    workspace.did(MADE)
    assert "exists" in at.error("export", form="script")
    assert "f2.reduce(darks" not in path.read_text()
    at.call("export", form="script", overwrite=True)
    assert "f2.reduce(darks" in path.read_text()
    cells = json.loads(Path(at.call("export", form="notebook")).read_text())["cells"]
    assert len(cells) == 5
    assert "not as 'pdf'" in at.error("export", form="pdf")


def test_the_memory_of_the_kernel_is_told(workspace, page, monkeypatch):
    at = page(SessionPanel(workspace))
    monkeypatch.delenv("MEM_LIMIT", raising=False)
    assert at.call("memory")["limit"] is None
    monkeypatch.setenv("MEM_LIMIT", "1000000000")
    assert at.call("memory")["limit"] == 10**9
    give_back()  # or the block takes the place of what tests before this one have let go
    before = held()
    block = bytearray(80_000_000)
    block[::4096] = b"x" * len(block[::4096])
    assert 60_000_000 < held() - before < 120_000_000


def test_a_question_leaves_the_error_that_is_shown(workspace, page):
    at = page(SessionPanel(workspace))
    at.error("set_folder", folder="/nowhere/at/all")
    at.call("memory")
    assert at.panel.message["kind"] == "error"
    at.call("set_folder", folder=str(workspace.folder))
    assert at.panel.message == {}
