import numpy as np
import pytest

from f2widgets.core.frame import Facts, Frame
from tests.core.images import constant, frame


def test_planes_cannot_be_written():
    one = constant(1.0, planes={"OBJMASK": np.zeros((8, 8), np.uint8)})
    for plane in (one.data, one.variance, one.mask, one.planes["OBJMASK"]):
        with pytest.raises(ValueError, match="read-only"):
            plane[0, 0] = 5
    with pytest.raises(TypeError):
        one.planes["OBJMASK"] = np.zeros((8, 8))
    with pytest.raises(AttributeError):
        one.name = "other"


def test_the_array_given_stays_its_owners():
    data = np.zeros((4, 4), np.float32)
    Frame("a", data, None, np.zeros((4, 4), np.uint16))
    data[0, 0] = 1


def test_unchanged_planes_are_shared():
    one = constant(1.0)
    two = one.with_(data=np.full((8, 8), 2, np.float32))
    assert np.shares_memory(two.variance, one.variance)
    assert np.shares_memory(two.mask, one.mask)
    assert one.data[0, 0] == 1
    assert two.data[0, 0] == 2


def test_facts_are_changed_by_their_names():
    one = constant(0.0, gain=4.44, coadds=2)
    two = one.with_(gain=1.0, name="b")
    assert (two.name, two.facts.gain, two.facts.coadds) == ("b", 1.0, 2)
    assert one.facts.gain == 4.44
    three = one.with_(facts=Facts(coadds=7), gain=3.0)
    assert (three.facts.coadds, three.facts.gain) == (7, 3.0)


def test_unknown_part_is_refused():
    with pytest.raises(TypeError, match="no 'dta'"):
        constant(0.0).with_(dta=1)


@pytest.mark.parametrize("what", ["variance", "mask"])
def test_shapes_must_agree(what):
    with pytest.raises(ValueError, match=rf"S1: {what} has shape \(3, 4\), data \(8, 8\)"):
        constant(0.0, name="S1").with_(**{what: np.zeros((3, 4))})
    with pytest.raises(ValueError, match="two-dimensional"):
        frame(np.zeros((1, 8, 8)))


def test_band_of_rows_shares_all_planes():
    rows = np.arange(64, dtype=np.float32).reshape(8, 8)
    one = frame(rows, variance=rows + 1, planes={"EXPMAP": rows})
    band = one.rows(2, 5)
    assert band.shape == (3, 8)
    assert band.data[0, 0] == 16
    assert band.variance[0, 0] == 17
    assert band.planes["EXPMAP"][-1, -1] == 39
    assert np.shares_memory(band.data, one.data)
    assert constant(0.0, variance=None).rows(0, 2).variance is None


def test_one_line_says_what_it_is():
    one = constant(0.0, name="S1", observation_type="DARK", exposure_time=2.0)
    assert repr(one) == "<Frame S1: 8 x 8 electron, DARK, 2 s>"
    assert "ratio" in repr(one.with_(unit=""))
