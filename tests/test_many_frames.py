"""Forty frames: more than a median takes at once, in memory that does not grow with them."""

import json
import subprocess
import sys

import numpy as np
import pytest

from f2widgets.io.read import read_frame
from f2widgets.reduction import reduce
from f2widgets.simulate import load, simulated
from f2widgets.teaching.night import Night

pytestmark = pytest.mark.slow

MANY, FEW = 40, 10
#: Reduces some frames with all of them parked, in a process of its own; tells its most memory in MB.
CHILD = """
import json, resource, sys
from f2widgets import estimate
from f2widgets.reduction import reduce
estimate.IN_MEMORY = 2.0
files, cals, out = json.loads(sys.argv[1])
reduce(files, recipe="ultradeep", user_cals=cals, out=out)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000)
"""


@pytest.fixture(scope="module")
def night(tmp_path_factory, no_configuration):
    folder = tmp_path_factory.mktemp("many")
    simulated("kred", folder / "raw", size=256, seed=6, nsci=MANY)
    return Night(folder / "raw", folder / "out", data_set="kred")


@pytest.fixture(scope="module")
def masters(night, no_configuration):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        return {kind: str(path) for kind, path in night.calibrate().items()}


def reduced_alone(night, masters, number):
    """Return the stack of some frames, and the memory it took."""
    out = night.out / f"of_{number}"
    words = json.dumps([[str(path) for path in night.science[:number]], masters, str(out)])
    done = subprocess.run([sys.executable, "-c", CHILD, words], capture_output=True, text=True, check=True)
    (stack,) = out.glob("*_image.fits")
    return read_frame(stack), float(done.stdout.splitlines()[-1])


def test_memory_does_not_grow_with_the_number_of_frames(night, masters):
    few, small = reduced_alone(night, masters, FEW)
    many, large = reduced_alone(night, masters, MANY)
    planes = 10 * 256**2 / 1e6  # MB of a frame
    assert large - small < 0.3 * (MANY - FEW) * planes
    truth = load(night.raw)
    sky = float(np.mean(truth.frames["sky"])) * 5
    for stack, number in ((few, FEW), (many, MANY)):
        assert len(stack.tables["QUALITY"]) == number
        assert np.max(stack.planes["EXPMAP"]) == pytest.approx(5 * number)
        deep = (stack.planes["EXPMAP"] == 5 * number) & (stack.mask == 0) & (stack.planes["OBJMASK"] == 0)
        # the sky of each frame is that of the other places of its group
        assert np.median(stack.variance[deep]) == pytest.approx(sky / number, rel=0.25)
        left = stack.data[deep] - np.median(stack.data[deep])
        spread = 1.4826 * np.median(np.abs(left)) / np.sqrt(np.median(stack.variance[deep]))
        assert spread == pytest.approx(1, abs=0.15)


def test_two_frames_are_the_fewest_that_make_a_sky(night, masters, tmp_path):
    made = reduce(night.science[:2], recipe="ultradeep", user_cals=masters, out=tmp_path)
    assert np.max(read_frame(made.path).planes["EXPMAP"]) == 10
    alone = reduce(night.science[:1], recipe="ultradeep", user_cals=masters, out=tmp_path / "alone")
    assert any("no other frame to take the sky from: only its level is subtracted" in n for n in alone.notes)
