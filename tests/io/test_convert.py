"""To CCDData and back: numbers stay, reasons stay in the flags, what is lost is known."""

import numpy as np
import pytest
from astropy.nddata import CCDData, StdDevUncertainty

from f2widgets.errors import NotF2Data
from f2widgets.io.convert import from_ccddata, to_ccddata
from tests.io.pixel_files import product


def test_there_and_back(tmp_path):
    frame = product(tmp_path)
    ccd = to_ccddata(frame)
    assert ccd.unit == "electron"
    assert ccd.mask.dtype == bool
    np.testing.assert_array_equal(ccd.mask, (frame.mask & 65) != 0)
    np.testing.assert_array_equal(ccd.uncertainty.array, frame.variance)
    again = from_ccddata(ccd)
    for name in ("data", "variance", "mask"):
        np.testing.assert_array_equal(getattr(frame, name), getattr(again, name))
    assert again.name == frame.name
    assert again.wcs is frame.wcs
    facts = {"gain", "read_noise", "saturation_level", "exposure_time", "filter_name", "pixel_scale"}
    for fact in facts:
        assert getattr(again.facts, fact) == getattr(frame.facts, fact)


def test_copy_can_be_changed_without_touching_the_frame(tmp_path):
    frame = product(tmp_path)
    ccd = to_ccddata(frame)
    ccd.data[0, 0] = -1
    assert frame.data[0, 0] != -1


def test_without_flags_the_mask_says_bad():
    mask = np.array([[True, False], [False, False]])
    deviation = StdDevUncertainty(np.full((2, 2), 3.0))
    frame = from_ccddata(CCDData(np.ones((2, 2)), unit="adu", mask=mask, uncertainty=deviation), name="mine")
    np.testing.assert_array_equal(frame.mask, [[1, 0], [0, 0]])
    np.testing.assert_array_equal(frame.variance, np.full((2, 2), 9.0))
    assert frame.name == "mine"
    assert frame.unit == "adu"


def test_mask_added_by_others_is_joined_to_the_flags(tmp_path):
    frame = product(tmp_path)
    ccd = to_ccddata(frame)
    y, x = np.argwhere(frame.mask == 2)[0]
    ccd.mask[y, x] = True
    assert from_ccddata(ccd).mask[y, x] == 3


def test_ratio_without_variance(tmp_path):
    frame = product(tmp_path, unit="", variance=None)
    again = from_ccddata(to_ccddata(frame))
    assert again.unit == ""
    assert again.variance is None


@pytest.mark.parametrize(("data", "unit"), [(np.ones((2, 2)), "Jy"), (np.ones(3), "adu")])
def test_other_units_and_shapes_are_refused(data, unit):
    with pytest.raises(NotF2Data, match="two dimensions in adu, electron or no unit"):
        from_ccddata(CCDData(data, unit=unit))
