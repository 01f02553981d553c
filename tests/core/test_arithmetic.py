import pytest

from f2widgets.core.arithmetic import must_fit
from f2widgets.errors import WrongCalibration
from tests.core.images import constant


def test_what_agrees_passes():
    must_fit(constant(1.0), constant(2.0), "dark", coadds=(1, 1))


def test_shape_is_always_compared():
    with pytest.raises(WrongCalibration, match=r"D is no dark for S: shape is \(4, 4\), needed \(8, 8\)\."):
        must_fit(constant(1.0, name="S"), constant(1.0, 4, name="D"), "dark")


def test_difference_is_named_with_the_remedy():
    with pytest.raises(WrongCalibration, match=r"read mode is 8, needed 1\..*--without"):
        must_fit(constant(1.0), constant(1.0), "dark", coadds=(1, 1), read_mode=("1", "8"))
