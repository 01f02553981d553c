"""Many frames: parked on disk between steps, with the same pixels and memory that does not grow."""

import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from f2widgets import estimate as estimating
from f2widgets.biographies import biography
from f2widgets.errors import NotWritten, WrongInputs
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
    taken, expected, close = [], [], scratch.Scratch.__exit__

    def watched(self, *words):
        taken.append(sum(one.size - one.left for one in self._segments))
        expected.append(self.need)
        close(self, *words)

    monkeypatch.setattr(scratch.Scratch, "__exit__", watched)
    made = carry_out(asked(work, example1_lists, suffix="_parked"))
    assert any("of disk in" in note for note in made.notes)
    assert 0.5 * expected[0] < taken[0] <= expected[0]
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
    assert 1.5 * few.disk < many.disk <= 2 * few.disk


PARTS = ("ultradeep_part1", "ultradeep_part2", "ultradeep_part3")


def carried_out(work, lists, recipe, **options):
    cals = {"bpm": next(work.glob("*_bpm.fits"))} if recipe in ("ultradeep", PARTS[0]) else {}
    return carry_out(planned(lists["science"], recipe=recipe, user_cals=cals, **options))


@pytest.fixture(scope="module")
def whole(work, example1_lists):
    """Return the stack that the whole recipe makes."""
    return carried_out(work, example1_lists, "ultradeep", suffix="_deep").path


@pytest.fixture(scope="module")
def parts(work, example1_lists, whole):
    """Return what the three parts make, one after another."""
    return [carried_out(work, example1_lists, recipe) for recipe in PARTS]


def test_three_parts_give_what_the_whole_recipe_gives(parts, whole):
    first, second, third = parts
    assert not first.paths
    assert not second.paths
    assert [path.name for path in first.kept][:1] == ["S20131121S0075_flatCorrected.fits"]
    assert [path.name for path in second.kept][-1:] == ["S20131121S0083_objmaskTransferred.fits"]
    assert not third.kept
    assert third.path.name == "S20131121S0075_image.fits"
    ours, theirs = read_frame(third.path), read_frame(whole)
    for plane in ("data", "variance", "mask"):
        np.testing.assert_array_equal(getattr(ours, plane), getattr(theirs, plane))
    assert [entry.step for entry in ours.history] == [entry.step for entry in theirs.history]
    assert {x.filename for x in ours.provenance} == {x.filename for x in theirs.provenance}


def test_frames_of_a_part_take_no_memory_once_they_are_kept(parts):
    assert all(frame.data.size == 0 for made in parts[:2] for frame in made.frames)


def test_a_part_is_done_again_with_other_settings(parts, work, example1_lists):
    before = len(list(work.glob("f2_runs/*")))
    asked = {"settings": {"combine:weight": "none"}, "suffix": "_even"}
    made = carried_out(work, example1_lists, PARTS[2], **asked)
    assert any("Goes on after flag_faint_objects" in note for note in made.notes)
    assert len(list(work.glob("f2_runs/*"))) == before
    # the same product again is no product in the way
    carried_out(work, example1_lists, PARTS[2], **asked)


@pytest.mark.parametrize(
    ("number", "frames", "words"),
    [
        (1, slice(0, 8), "goes on with the frames of ultradeep_part1, .* not of the same frames"),
        (2, slice(0, 9), "goes on with the frames of ultradeep_part2, and there are none in .*f2_runs"),
    ],
)
def test_a_part_says_what_it_lacks(work, example1_lists, tmp_path, monkeypatch, number, frames, words):
    monkeypatch.chdir(tmp_path)
    shutil.copytree(work, "work")
    shutil.rmtree("work/f2_runs", ignore_errors=True)
    monkeypatch.chdir("work")
    carried_out(tmp_path / "work", example1_lists, PARTS[0])
    what = planned(example1_lists["science"][frames], recipe=PARTS[number])
    with pytest.raises(WrongInputs, match=rf"{words}.* Carry out ultradeep_part{number} first"):
        carry_out(what)


def test_parts_keep_their_frames_beside_the_product(work, example1_lists, tmp_path):
    files = example1_lists["science"][:3]
    cals = {"bpm": next(work.glob("*_bpm.fits"))}
    for recipe in PARTS:
        made = carry_out(
            planned(files, recipe=recipe, user_cals=cals if recipe == PARTS[0] else {}, out=tmp_path / "o")
        )
    assert made.path == tmp_path / "o" / "S20131121S0075_image.fits"
    assert len(list(tmp_path.glob("o/f2_runs/*/*/*.fits"))) == 6


def test_pixels_of_the_deep_stack_can_be_followed(whole, example1_folder, work):
    for x, y in ((250, 250), (300, 200)):
        told = biography(whole, x, y, search=[example1_folder, work])
        assert told.agrees
