import pytest
from astropy.wcs import WCS

from f2widgets.io import pointing
from f2widgets.io.keywords import Headers, degrees_of
from tests.raw_files import raw_headers


def headers(**keywords):
    return Headers(*raw_headers(**keywords))


def test_angles_as_numbers_and_sexagesimal():
    assert degrees_of(-30.5) == -30.5
    assert degrees_of("-00:30:00") == -0.5
    assert degrees_of("10:00:00", hours=True) == 150.0
    assert degrees_of("147.0", hours=True) == 147.0
    assert degrees_of("north") is None


def test_position_angle_is_a_quarter_turn_from_pa():
    assert pointing.position_angle(headers(PA=340.0)) == 70.0
    assert pointing.position_angle(headers(PA=-9999.0)) is None


def test_telescope_offsets_are_swapped_and_negated():
    found = headers(XOFFSET=-5.0, YOFFSET=10.0)
    assert pointing.telescope_x_offset(found) == -10.0
    assert pointing.telescope_y_offset(found) == 5.0


def test_the_upward_port_mirrors_y_only():
    side, up = headers(), headers(INPORT=1)
    assert pointing.detector_x_offset(side) == pointing.detector_x_offset(up)
    assert pointing.detector_y_offset(side) == -pointing.detector_y_offset(up)


def test_no_offset_is_zero_without_a_sign():
    found = headers(POFFSET=0.0, QOFFSET=0.0)
    assert str(pointing.detector_x_offset(found)) == str(pointing.detector_y_offset(found)) == "0.0"


def test_sentinels_give_no_offset():
    assert pointing.detector_x_offset(headers(QOFFSET=-9999.0)) is None
    assert pointing.telescope_x_offset(headers(YOFFSET=-9999.0)) is None


def test_scale_from_the_matrix_and_only_then_from_its_keyword():
    assert pointing.pixel_scale(headers()) == pytest.approx(0.17964, abs=1e-5)
    assert pointing.pixel_scale(headers(CD1_1=None, CD1_2=None, CD2_1=None, CD2_2=None)) == 0.18124


def test_scale_from_steps_and_turns():
    phu, image = raw_headers(CD1_1=None, CD1_2=None, CD2_1=None, CD2_2=None)
    image.update(CDELT1=-5e-5, CDELT2=5e-5)
    assert pointing.pixel_scale(Headers(phu, image)) == pytest.approx(0.18)


def test_parked_telescopes_have_no_position():
    assert pointing.sky_position(headers(FRAME="AZEL_TOPO")) == (None, None)
    assert pointing.target_position(headers(RA=-9999.0, DEC=-9999.0)) == (None, None)


def test_position_is_that_of_the_projection_or_of_the_target():
    assert pointing.sky_position(headers()) == (125.003, -30.001)
    assert pointing.sky_position(headers(CRVAL1=None)) == (125.0, -30.0)


def test_position_on_the_full_array_is_that_of_the_rotator_centre():
    found = headers(CRVAL2=-83.989)
    found.image.update(NAXIS=2, NAXIS1=2048, NAXIS2=2048)
    expected = WCS(pointing.repaired_wcs_header(found.image)).pixel_to_world_values(1034.0, 1054.0)
    assert pointing.sky_position(found) == (pytest.approx(expected[0], abs=1e-9), pytest.approx(expected[1]))
    assert abs(found.image["CRVAL2"] - expected[1]) * 3600 > 5


def test_proper_motion_in_seconds_of_time_and_arcsec():
    # 13.89 years from J2000: 0.1 s a year are 1.5 arcsec in right ascension.
    ra, dec = pointing.target_position(headers(PMRA=0.1, PMDEC=-1.0))
    years = (13 * 365.25 + 324.6) / 365.25
    assert (ra - 125.0) * 3600 == pytest.approx(1.5 * years, rel=1e-3)
    assert (dec + 30.0) * 3600 == pytest.approx(-years, rel=1e-3)


def test_impossible_values_are_none():
    assert pointing.airmass(headers(AIRMASS=0.0)) is None
    assert pointing.rotator_angle(headers(CRPA=-9999.0)) is None
