"""Many frames: parked on disk between steps, with the same pixels and memory that does not grow."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from f2widgets import estimate as estimating
from f2widgets.errors import NotWritten
from f2widgets.io import scratch
from f2widgets.io.read import read_frame
from f2widgets.reduction import carry_out, planned


@pytest.fixture(scope="module")
def work(example1_calibrated, no_configuration, tmp_path_factory):
    """Return a folder with the calibrations, and be there."""
    folder = tmp_path_factory.mktemp("deep") / "work"
    shutil.copytree(example1_calibrated, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        yield folder


def asked(work, lists, **options):
    return planned(lists["science"], user_cals={"bpm": next(work.glob("*_bpm.fits"))}, **options)


def test_parked_frames_give_the_same_pixels(work, example1_lists, monkeypatch):
    in_memory = read_frame(carry_out(asked(work, example1_lists, suffix="_held")).path)
    monkeypatch.setattr(estimating, "IN_MEMORY", 5.0)
    made = carry_out(asked(work, example1_lists, suffix="_parked"))
    assert any("of disk in" in note for note in made.notes)
    parked = read_frame(made.path)
    for plane in ("data", "variance", "mask"):
        np.testing.assert_array_equal(getattr(parked, plane), getattr(in_memory, plane))


def test_disk_is_stated_and_looked_at_before_anything_runs(work, example1_lists, monkeypatch):
    what = asked(work, example1_lists, suffix="_never")
    assert "disk" not in str(estimating.estimate(what))
    monkeypatch.setattr(estimating, "IN_MEMORY", 5.0)
    expected = estimating.estimate(what)
    assert 20 < expected.disk < 60  # nine frames of 512 x 512 pixels, 10 bytes each
    assert "GB of disk on the way" in str(expected)
    events = []
    monkeypatch.setattr(scratch.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e6))
    with pytest.raises(NotWritten, match=r"of disk left, and .* needed .* reduce fewer frames"):
        carry_out(what, on_event=events.append)
    assert not any(event.__class__.__name__ == "Started" for event in events)
    assert not what.product.exists()


def test_memory_expected_does_not_grow_with_frames_that_are_parked(work, example1_lists, monkeypatch):
    what = asked(work, example1_lists)
    monkeypatch.setattr(estimating, "IN_MEMORY", 5.0)
    twice = SimpleNamespace(files=2 * what.files, recipe=what.recipe, wishes=what.wishes, product=None)
    few, many = (estimating.estimate(one, at_pace=1.0) for one in (what, twice))
    assert many.memory == few.memory
    assert many.disk == 2 * few.disk
