"""Light too faint for the median of all frames is found in their mean."""

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.deep import flag_faint_objects
from f2widgets.core.objects import flag_objects
from f2widgets.core.sky import subtract_sky
from tests.core.images import Field, moffat

SIDE, FRAMES = 256, 9


def dithered(field, seed):
    """Return frames as they are before the faint sources are sought, and their shifts."""
    shifts = np.random.default_rng(seed).uniform(-27, 27, (FRAMES, 2))
    frames = [field.frame(*shift, name=f"S{k}") for k, shift in enumerate(shifts)]
    rough = subtract_sky([one.with_(data=one.data + np.float32(500)) for one in frames])
    return flag_objects(rough), shifts


def flagged(frame):
    return (frame.mask & flags.OBJECT) != 0


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_sources_are_flagged_that_only_the_mean_shows(seed):
    # 3 sigma of an aperture in one frame, 6 to 9 in all
    field = Field(number=40, side=SIDE, margin=30.0, faintest=120, brightest=120, seed=seed)
    frames, shifts = dithered(field, seed)
    deeper = flag_faint_objects(iter(frames))
    for shift, one, other in zip(shifts, frames, deeper, strict=True):
        x, y = field.places(*shift).T
        inside = (np.minimum(x, y) > 1) & (np.maximum(x, y) < SIDE - 2)
        at = np.rint(y[inside]).astype(int), np.rint(x[inside]).astype(int)
        assert flagged(one)[at].mean() < 0.3
        assert flagged(other)[at].mean() > 0.5
        dark = moffat((SIDE, SIDE), x, y, field.flux) < 0.005 * field.sigma
        assert flagged(other)[dark].mean() < 0.05
        assert not (one.mask & ~other.mask).any(), "a flag was taken away"
        assert other.data is one.data
        assert other.variance is one.variance


def test_nothing_is_found_where_there_is_nothing():
    frames, _ = dithered(Field(number=0, side=SIDE), 5)
    assert max(flagged(frame).mean() for frame in flag_faint_objects(frames)) < 0.01


def test_one_frame_goes_on():
    frames, _ = dithered(Field(number=10, side=SIDE, margin=40.0, faintest=2e3), 5)
    (made,) = flag_faint_objects(frames[:1])
    assert made.name == frames[0].name
