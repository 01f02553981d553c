"""Parked frames: equal, read-only, in the place of those that are gone, and nothing is left of them."""

import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from f2widgets.errors import NotWritten
from f2widgets.io import scratch as module
from f2widgets.io.scratch import Scratch
from tests.io.pixel_files import product


def test_parked_frame_is_equal_and_read_only(tmp_path):
    frame = product(tmp_path, ny=47, nx=61)  # sizes that do not align by themselves
    with Scratch(tmp_path / "run") as scratch:
        parked = scratch.park(frame)
        pairs = [(getattr(frame, name), getattr(parked, name)) for name in ("data", "variance", "mask")]
        pairs += [(plane, parked.planes[name]) for name, plane in frame.planes.items()]
        scratch.let_go()
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


def test_planes_that_are_parked_stay_where_they_are(tmp_path):
    with Scratch(tmp_path) as scratch:
        first = scratch.park(product(tmp_path))
        again = scratch.park(first.with_(mask=first.mask | 1))
        assert again.data is first.data
        assert again.variance is first.variance
        assert again.mask is not first.mask


def test_room_of_frames_that_are_gone_is_used_again(tmp_path, monkeypatch):
    frame = product(tmp_path)
    monkeypatch.setattr(module, "_SEGMENT", 1)  # a file for each plane
    with Scratch(tmp_path / "run") as scratch:
        kept, files = scratch.park(frame), []
        for k in range(20):
            passing = scratch.park(frame.with_(data=frame.data + k))
            view = passing.data[2:]  # holds the plane, also when the frame is gone
            del passing
            np.testing.assert_array_equal(view, frame.data[2:] + k)
            files.append(len(scratch._segments))
        assert files[2] == files[-1]
        np.testing.assert_array_equal(kept.data, frame.data)


def test_nothing_is_left_and_planes_still_live(tmp_path):
    frame = product(tmp_path)
    with Scratch(tmp_path / "run") as scratch:
        parked = scratch.park(frame)
        assert list((tmp_path / "run").iterdir()) == []
    np.testing.assert_array_equal(parked.data, frame.data)


def test_nothing_is_left_of_a_process_that_was_killed(tmp_path):
    code = (
        "import os, sys; from tests.io.pixel_files import product; from pathlib import Path;"
        "from f2widgets.io.scratch import Scratch; s = Scratch(sys.argv[1]).__enter__();"
        "s.park(product(Path(sys.argv[2]))); os.kill(os.getpid(), 9)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path / "run"), str(tmp_path)], check=False)
    assert done.returncode == -9
    assert list((tmp_path / "run").iterdir()) == []


def test_disk_that_is_too_small_is_named_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: SimpleNamespace(free=2.2e9))
    with Scratch(tmp_path, 2.0e9):
        pass
    with pytest.raises(NotWritten, match=r"has 2\.2 GB of disk left, and 3\.0 GB are needed .* with --out"):
        Scratch(tmp_path, 3.0e9).__enter__()


def test_disk_that_fills_up_on_the_way(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    with Scratch(tmp_path / "run") as scratch:
        monkeypatch.setattr(module.os, "pwrite", refuse)
        with pytest.raises(NotWritten, match="disk is full"):
            scratch.park(product(tmp_path))


def test_parts_are_written_until_all_is_there(tmp_path, monkeypatch):
    frame, write = product(tmp_path), os.pwrite
    monkeypatch.setattr(module.os, "pwrite", lambda n, part, at: write(n, part[:1000], at))
    with Scratch(tmp_path / "run") as scratch:
        np.testing.assert_array_equal(scratch.park(frame).data, frame.data)


def test_folder_cannot_be_made(tmp_path):
    (tmp_path / "run").write_text("a file")
    with pytest.raises(NotWritten), Scratch(tmp_path / "run"):
        pass
