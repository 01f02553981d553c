"""Exercises about aligning and stacking: usual mistakes are told apart, and the right answer is right."""

import numpy as np
import pytest
from astropy.wcs import WCS

from f2widgets.core.frame import Frame
from f2widgets.quality import quality_table
from f2widgets.simulate import load
from f2widgets.teaching.exercise import exercise_named
from f2widgets.teaching.lessons import stacking


@pytest.fixture
def shift(example1_folder):
    """Return what judges a shift of the third frame, and the true one."""
    frames = load(example1_folder).frames
    data = np.zeros((8, 8), np.float32)
    third = Frame("S20131121S0077_skySubtracted", data, None, data.astype("u2"), "electron")
    true = np.array([frames["dx"][2], frames["dy"][2]])
    return lambda given: exercise_named("06.shift").judge(None, given, third, example1_folder), true


def test_shift_by_the_stars_is_right_and_mistakes_are_told_apart(shift, example1_folder):
    judge, true = shift
    names = [example1_folder / f"S20131121S00{n}.fits" for n in (75, 77)]
    told = stacking._header_shift(*names)
    assert np.hypot(*(told - true)) > 0.1, "the header of this night is too good to be taken for a mistake"
    assert judge(true + 0.05).right
    assert judge(list(true)).right
    assert "first frame against the second" in judge(-true).text
    assert "exchanged" in judge((true[1] + 0.3, true[0])).text
    assert "what the headers say" in judge(told).text
    assert "Close, and off by 0.50 pixels" in judge((true[0] + 0.5, true[1])).text
    assert "no clump" in judge(true + 20).text


@pytest.mark.parametrize("thing", [(1, 2, 3), "far", (np.nan, 1), np.zeros((2, 2))], ids=str)
def test_shift_that_is_none_costs_no_try(shift, thing):
    verdict = shift[0](thing)
    assert not verdict.counts
    assert "two numbers" in verdict.text


def test_numbers_follow_from_the_stack(reduced):
    table = quality_table(reduced.path)
    px, py = table["dx"][1] % 1, table["dy"][1] % 1
    left = np.sqrt((px**2 + (1 - px) ** 2) * (py**2 + (1 - py) ** 2))
    assert exercise_named("06.linear").judge(f"{left:.4f}", reduced).right
    assert "Take its root" in exercise_named("06.linear").judge(f"{left**2:.4f}", reduced).text
    values = np.zeros(len(table))
    values[0] = 1e9
    farthest = (values[0] - values.mean()) / values.std()
    assert exercise_named("06.clip").judge(f"{farthest:.4f}", reduced).right
    for ddof, words in ((1, "ddof=1"), (0, "median")):
        middle = values.mean() if ddof else np.median(values)
        far = (values[0] - middle) / values.std(ddof=ddof)
        assert words in exercise_named("06.clip").judge(f"{far:.4f}", reduced).text


@pytest.fixture
def stacks():
    """Return a stack with a star and its ghost, and one with the star alone, on another grid."""
    wcs = WCS(naxis=2)
    wcs.wcs.ctype, wcs.wcs.cdelt = ["RA---TAN", "DEC--TAN"], [5e-5, 5e-5]
    moved = wcs.deepcopy()
    moved.wcs.crpix = [5, 3]
    made = []
    for one, places in ((wcs, ((20, 30), (20, 12))), (moved, ((25, 33),))):
        data = np.random.default_rng(1).normal(0, 1, (60, 60)).astype("f4")
        for x, y in places:
            data[y, x] = 100
        made.append(Frame("stack", data, None, np.zeros(data.shape, "u2"), "electron", wcs=one))
    return made


def test_ghost_is_what_the_mended_stack_does_not_have(stacks):
    judge = exercise_named("06.ghost").judge
    assert judge((20, 12), *stacks).right
    assert "real" in judge((20, 30), *stacks).text
    assert "Nothing stands out" in judge((45, 45), *stacks).text
    assert "Nothing stands out" in judge((0, 59), *stacks).text
