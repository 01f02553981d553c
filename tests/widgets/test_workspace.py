"""What panels share is kept, restored, and refused where it makes no sense."""

import json
from pathlib import Path

import pytest

from f2widgets.errors import ParameterError
from f2widgets.widgets import Workspace
from f2widgets.widgets.deeds import Deed


def filled():
    workspace = Workspace("raw", out="products")
    workspace.files = (Path("raw/a.fits"), Path("raw/b.fits"))
    workspace.select(["raw/a.fits"], Deed("select", ("raw",), {"tags": "DARK"}))
    workspace.recipe = "dark"
    workspace.settings = {"combine_darks:low": 2.5}
    workspace.user_cals = {"bpm": Path("bpm.fits")}
    workspace.without, workspace.keep = ("align",), ("divide_flat",)
    workspace.looking_at = (Path("a_dark.fits"), object())
    return workspace


def test_a_state_comes_back_as_it_was():
    before = filled()
    after = Workspace()
    after.restore(json.loads(json.dumps(before.state())))
    for name in ("folder", "out", "config", "files", "selection", "recipe", "settings", "user_cals", "keep"):
        assert getattr(after, name) == getattr(before, name), name
    assert after.without == ("align",)
    assert after.looking_at == (Path("a_dark.fits"),)  # what is only in memory is not kept


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ({}, "no saved state"),
        ([], "no saved state"),
        ({"version": "1"}, "no saved state"),
        ({"version": 99}, "later f2widgets"),
        ({"version": 1}, "damaged"),
        ({**Workspace().state(), "files": 3}, "damaged"),
        ({**Workspace().state(), "recipe": 3}, "damaged"),
        ({**Workspace().state(), "panels": {"Files": 3}}, "damaged"),
    ],
)
def test_nonsense_is_refused_in_words(state, words):
    workspace = filled()
    with pytest.raises(ParameterError, match=words):
        workspace.restore(state)
    assert workspace.recipe == "dark"


def test_the_same_deed_twice_in_a_row_counts_once():
    workspace = Workspace()
    for deed in (Deed("select"), Deed("select"), Deed("reduce"), Deed("select")):
        workspace.did(deed)
    assert [deed.function for deed in workspace.deeds] == ["select", "reduce", "select"]


def test_watchers_hear_of_a_selection_once():
    workspace, heard = Workspace(), []
    workspace.observe(lambda change: heard.append(change.new), "selection")
    workspace.select(["a.fits", "b.fits"])
    assert heard == [(Path("a.fits"), Path("b.fits"))]
