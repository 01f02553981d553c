from datetime import datetime

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.dark import combine_darks, subtract_dark
from f2widgets.errors import WrongCalibration, WrongInputs
from tests.core.images import constant

FACTS = {"exposure_time": 120.0, "coadds": 1, "read_mode": "1"}


def dark(value, **changes):
    return constant(value, **{**FACTS, **changes})


def test_mean_without_the_outlier():
    out = combine_darks(iter([dark(v, variance=4.0) for v in (10, 11, 12, 90)]))
    assert len(out) == 1
    assert (out[0].data == 11).all()
    np.testing.assert_allclose(out[0].variance, 3 * 4 / 9)


def test_parameters_reach_the_average():
    darks = [dark(v, variance=4.0) for v in (10, 11, 12, 90)]
    (plain,) = combine_darks(darks, reject="none")
    assert (plain.data == 30.75).all()
    (middle,) = combine_darks(darks, reject="none", method="median")
    assert (middle.data == 11.5).all()
    (wide,) = combine_darks(darks, high=100.0)
    assert (wide.data == 30.75).all()


def test_product_is_named_after_the_earliest():
    times = [datetime(2013, 11, day) for day in (22, 20, 21)]
    darks = [dark(1.0, name=f"S{t.day}", ut_start=t) for t in times]
    assert combine_darks(darks)[0].name == "S20"


def test_one_dark_will_do():
    (out,) = combine_darks([dark(3.0)])
    assert (out.data == 3).all()


def test_no_dark_is_refused():
    with pytest.raises(WrongInputs, match="tagged DARK"):
        combine_darks([])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exposure_time": 60.0}, "60 s, 1 coadds, LNRS 1"),
        ({"coadds": 2}, "2 coadds"),
        ({"read_mode": "8"}, "LNRS 8"),
    ],
)
def test_other_kinds_are_refused(changes, words):
    with pytest.raises(WrongInputs, match=f"B does not belong with A: .*{words}"):
        combine_darks([dark(1.0, name="A"), dark(1.0, name="B", **changes)])


def test_hundredth_of_a_second_is_the_same_exposure():
    assert len(combine_darks([dark(1.0), dark(1.0, exposure_time=120.009)])) == 1


def test_subtraction():
    frame = dark(100.0, variance=50.0, mask=flags.SATURATED)
    out = subtract_dark(frame, dark(36.0, variance=2.0, mask=flags.BAD))
    assert (out.data == 64).all()
    assert (out.mask == flags.SATURATED | flags.BAD).all()
    assert (out.variance == 50).all()
    alone = subtract_dark(frame, dark(36.0, variance=2.0), common_noise=True)
    assert (alone.variance == 52).all()


def test_variance_that_is_not_known_is_not_made_up():
    out = subtract_dark(dark(1.0, variance=None), dark(1.0), common_noise=True)
    assert out.variance is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"exposure_time": 60.0}, "exposure time is 60.0, needed 120.0"),
        ({"coadds": 2}, "coadds is 2, needed 1"),
        ({"read_mode": "8"}, "read mode is 8, needed 1"),
        ({"unit": "adu"}, "unit is adu, needed electron"),
    ],
)
def test_wrong_dark_is_refused(changes, words):
    with pytest.raises(WrongCalibration, match=f"D is no dark for S: {words}"):
        subtract_dark(dark(1.0, name="S"), dark(1.0, name="D", **changes))
