"""Exercises about deep fields: a mask of the faint is told from one that leaves them in the sky."""

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.errors import WrongInputs
from f2widgets.io.read import read_frame
from f2widgets.simulate import load, simulated
from f2widgets.teaching.exercise import exercise_named
from f2widgets.teaching.lessons.many import faint_part


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    """Return the folder of a small night."""
    folder = tmp_path_factory.mktemp("deep")
    simulated("kred", folder, size=256, seed=4, nsci=3)
    return folder


@pytest.fixture(scope="module")
def frames(raw):
    return [read_frame(path) for path in sorted(raw.glob("S20200104S*.fits"))]


def masked(frames, part):
    """Return frames of which the left part is flagged."""
    width = int(part * 256)
    out = []
    for frame in frames:
        mask = np.zeros_like(frame.mask)
        mask[:, :width] = flags.OBJECT
        out.append(frame.with_(mask=mask))
    return out


def test_part_of_the_faint_stars_that_is_flagged(raw, frames):
    truth = load(raw)
    assert faint_part(masked(frames, 0), truth) == 0
    assert faint_part(masked(frames, 1), truth) == 1
    assert 0.1 < faint_part(masked(frames, 0.5), truth) < 0.9


def test_verdicts(raw, frames):
    judge = exercise_named("10.mask").judge
    assert judge(None, masked(frames, 1), raw).right
    poor = judge(None, masked(frames, 0), raw)
    assert not poor.right
    assert "the rest is taken for sky" in poor.text
    assert "Give the list of the frames" in judge(None, frames[0], raw).text
    assert "Give the list of the frames" in judge(None, [], raw).text


def test_frames_without_coordinates_are_refused(raw, frames):
    with pytest.raises(WrongInputs, match="has no coordinates"):
        faint_part([frames[0].with_(wcs=None)], load(raw))


def test_numbers_and_choices():
    deeper = exercise_named("10.deeper")
    assert deeper.judge("1.23 mag").right
    assert "root" in deeper.judge("2.47 mag").text
    for name in ("10.glow", "10.same"):
        question = exercise_named(name).question
        assert [exercise_named(name).judge(option).right for option in question.options].count(True) == 1
