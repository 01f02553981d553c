"""The variance must be there, and its usual value is that of usable pixels."""

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.frame import Frame
from f2widgets.core.levels import usual_variance, variance_of
from f2widgets.errors import WrongInputs


def frame(variance, mask=0):
    shape = (28, 28)
    plane = None if variance is None else np.full(shape, variance, np.float32)
    return Frame("S1", np.zeros(shape, np.float32), plane, np.full(shape, mask, np.uint16))


def test_missing_variance_is_named():
    with pytest.raises(WrongInputs, match="S1 has no variance"):
        variance_of(frame(None))


def test_usual_variance_leaves_unusable_pixels_out():
    one = frame(4.0)
    variance, mask = one.variance.copy(), one.mask.copy()
    variance[:, :21], mask[:, :21] = 1000.0, flags.BAD
    assert usual_variance(one.with_(variance=variance, mask=mask)) == 4.0


def test_nothing_usable_has_no_usual_variance():
    assert usual_variance(frame(4.0, flags.UNLIT)) == 0.0
