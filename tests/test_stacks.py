"""Stacks of the same field become one, as deep as the stack of all their frames."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from f2widgets.biographies import biography
from f2widgets.errors import WrongInputs
from f2widgets.io.read import read_frame
from f2widgets.reduction import planned, reduce
from f2widgets.simulate import load

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from measure import measure, read_perfect


@pytest.fixture(scope="module")
def work(example1_calibrated, no_configuration, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stacks") / "work"
    shutil.copytree(example1_calibrated, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        yield folder


@pytest.fixture(scope="module")
def stacks(work, example1_lists):
    """Return the stacks of the first four frames and of the other five."""
    mask = {"bpm": next(work.glob("*_bpm.fits"))}
    parts = (example1_lists["science"][:4], example1_lists["science"][4:])
    return [reduce(files, user_cals=mask, keep=["divide_flat"]).path for files in parts]


@pytest.fixture(scope="module")
def made(stacks):
    return reduce(stacks[::-1])


def test_name_and_origins(made, stacks):
    assert made.plan.recipe.verb == "alignAndStack"
    assert made.path.name == "S20131121S0075_stack.fits"
    stack = read_frame(made.path)
    names = {origin.filename for origin in stack.provenance}
    assert {path.name for path in stacks} <= names
    assert {f"S20131121S00{number}.fits" for number in range(75, 84)} <= names
    assert stack.header["DATALAB"].count("STACK") == 1


def test_seconds_are_those_of_all_frames(made):
    stack = read_frame(made.path)
    assert np.max(stack.planes["EXPMAP"]) == pytest.approx(9 * 120)
    assert stack.facts.exposure_time == 120


def test_it_is_as_true_as_a_stack_of_frames(made, example1_folder):
    truth, stack = load(example1_folder), read_frame(made.path)
    ours, best = measure(stack, truth), measure(read_perfect(example1_folder), truth)
    assert ours["stars"] == best["stars"]
    assert abs(ours["flux_offset"]) < 1
    assert ours["astrometry"] < 15
    assert ours["noise_pixels"] == pytest.approx(1, abs=0.06)
    assert ours["noise_2"] == pytest.approx(1, abs=0.08)
    # what one interpolation more does to noise is known, so that the variance of both is that of all frames
    assert ours["sigma"] == pytest.approx(best["sigma"], rel=0.25)


def test_the_same_product_may_be_made_again(made, stacks):
    again = reduce(stacks)
    np.testing.assert_array_equal(read_frame(again.path).data, read_frame(made.path).data)


def test_one_stack_alone_is_refused(stacks):
    with pytest.raises(WrongInputs, match=r"is the only image: give at least two"):
        planned(stacks[:1])


def test_frames_that_have_their_sky_are_refused(work, stacks):
    flat = sorted(work.glob("f2_runs/*/*/*_flatCorrected.fits"))[:2]
    with pytest.raises(WrongInputs, match=r"_flatCorrected\.fits still has its sky: give stacks, or frames"):
        planned(flat, recipe="alignAndStack")


def test_raw_frames_are_refused(stacks, example1_lists):
    with pytest.raises(WrongInputs, match="leave out the science images"):
        planned([*stacks, *example1_lists["science"][:2]], recipe="alignAndStack")


def test_the_biography_of_a_pixel_ends_at_the_stacks(made, stacks, example1_folder):
    for x, y in ((250, 250), (300, 180)):
        told = biography(made.path, x, y, search=[example1_folder, Path(".")])
        assert told.agrees
        assert [share.frame for share in told.shares] == [path.stem for path in stacks]
        assert sum(share.weight for share in told.shares) == pytest.approx(1)
