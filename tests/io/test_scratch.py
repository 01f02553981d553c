"""Parked frames: equal, read-only, gone at the end, and cleared when a run has died."""

import subprocess
import sys

import numpy as np
import pytest

from f2widgets.errors import NotWritten
from f2widgets.io import scratch as module
from f2widgets.io.scratch import Scratch, clear
from tests.io.pixel_files import product


def test_parked_frame_is_equal_and_read_only(tmp_path):
    frame = product(tmp_path, ny=47, nx=61)  # sizes that do not align by themselves
    with Scratch(tmp_path / "run") as scratch:
        parked = scratch.park(frame)
        pairs = [(getattr(frame, name), getattr(parked, name)) for name in ("data", "variance", "mask")]
        pairs += [(plane, parked.planes[name]) for name, plane in frame.planes.items()]
        for ours, theirs in pairs:
            assert type(theirs) is np.ndarray
            assert theirs.dtype == ours.dtype
            assert theirs.flags.aligned
            np.testing.assert_array_equal(ours, theirs)
            with pytest.raises(ValueError, match="read-only"):
                theirs[0, 0] = 1
        assert parked.facts == frame.facts
        assert parked.history == frame.history


def test_frame_without_variance_and_a_band_of_one(tmp_path):
    frame = product(tmp_path, variance=None).rows(3, 9)
    with Scratch(tmp_path / "run") as scratch:
        parked = scratch.park(frame)
        assert parked.variance is None
        np.testing.assert_array_equal(parked.data, frame.data)


def test_two_frames_of_one_name_do_not_meet(tmp_path):
    frame = product(tmp_path)
    with Scratch(tmp_path / "run") as scratch:
        first = scratch.park(frame)
        second = scratch.park(frame.with_(data=frame.data + 1))
        np.testing.assert_array_equal(second.data - first.data > 0.5, True)


def test_nothing_is_left_and_planes_still_live(tmp_path):
    frame = product(tmp_path)
    with Scratch(tmp_path / "run") as scratch:
        parked = scratch.park(frame)
        assert len(list(scratch.folder.iterdir())) == 1
    assert list((tmp_path / "run").iterdir()) == []
    np.testing.assert_array_equal(parked.data, frame.data)


def test_full_disk_leaves_no_part(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    with Scratch(tmp_path / "run") as scratch:
        monkeypatch.setattr(module.os, "replace", refuse)
        with pytest.raises(NotWritten, match="disk is full"):
            scratch.park(product(tmp_path))
        assert list(scratch.folder.iterdir()) == []


def test_folder_cannot_be_made(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(NotWritten), Scratch(tmp_path / "run"):
        pass


def test_only_leftovers_of_dead_processes_are_cleared(tmp_path):
    code = "import sys; from f2widgets.io.scratch import Scratch; s = Scratch(sys.argv[1]).__enter__()"
    code += "; print(s.folder)"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True
    )
    dead = tmp_path / done.stdout.strip().rsplit("/", 1)[1]
    assert dead.exists()
    elsewhere = tmp_path / "parked-othercomputer-1-abc"
    elsewhere.mkdir()
    with Scratch(tmp_path) as scratch:
        assert clear(tmp_path) == [dead]
        assert scratch.folder.exists()
    assert not dead.exists()
    assert elsewhere.exists()
    assert clear(tmp_path / "never made") == []
