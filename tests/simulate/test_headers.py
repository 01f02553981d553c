import numpy as np
import pytest
from astropy.io import fits

from f2widgets.io.tags import tags_of
from f2widgets.simulate import simulated

PARKED = {"CAL", "AZEL_TARGET", "NON_SIDEREAL"}
COMMON = {"F2", "GEMINI", "SOUTH", "RAW", "UNPREPARED"}
TAGS = {
    "S20131121S0075": {"IMAGE", "SIDEREAL"},
    "S20131120S0115": {"DARK", "AT_ZENITH"} | PARKED,
    "S20131121S0369": {"DARK", "AT_ZENITH"} | PARKED,
    "S20131129S0320": {"FLAT", "GCALFLAT", "GCAL_IR_ON", "LAMPON", "IMAGE", "AT_ZENITH"} | PARKED,
    "S20131126S1111": {"FLAT", "GCALFLAT", "GCAL_IR_OFF", "LAMPOFF", "IMAGE"} | PARKED,
}


@pytest.mark.parametrize("name", TAGS)
def test_tags_are_those_of_the_tutorial(night, name):
    header = fits.getheader(night / f"{name}.fits")
    assert set(tags_of(header)) == TAGS[name] | COMMON


def test_layout_is_that_of_raw_frames(night):
    with fits.open(night / "S20131121S0075.fits") as hdus:
        assert len(hdus) == 2
        assert hdus[0].data is None
        assert hdus[1].data.shape == (1, 256, 256)
        assert hdus[1].header["BITPIX"] == 32
        assert "EXTNAME" not in hdus[1].header
        assert "BUNIT" not in hdus[1].header
        assert hdus[1].header["CD3_3"] == 1


def test_the_crval_of_a_header_is_the_target_plus_its_offset(night):
    for number in range(75, 84):
        path = night / f"S20131121S{number:04d}.fits"
        first, image = fits.getheader(path), fits.getheader(path, 1)
        dec = first["DEC"] + first["DECOFFSE"] / 3600
        assert image["CRVAL2"] == pytest.approx(dec, abs=6e-5)
        ra = first["RA"] + first["RAOFFSET"] / 3600 / np.cos(np.radians(dec))
        assert image["CRVAL1"] == pytest.approx(ra, abs=6e-5)
        # Both axes are swapped and negated, but for the small alignment angle.
        assert first["XOFFSET"] + first["POFFSET"] == pytest.approx(0, abs=0.15)
        assert first["YOFFSET"] + first["QOFFSET"] == pytest.approx(0, abs=0.15)


def test_times_are_as_odd_as_real_ones(night):
    header = fits.getheader(night / "S20131121S0075.fits")
    assert header["UT"] < header["UTSTART"]
    assert header["UTEND"] < header["UTSTART"]
    assert header["DATE-OBS"] == "2013-11-21"
    # A dark of the afternoon bears the name of the day after.
    assert fits.getheader(night / "S20131121S0010.fits")["DATE-OBS"] == "2013-11-20"
    assert 1.0 <= header["AIRMASS"] < 1.2


def test_array_keywords(night):
    header = fits.getheader(night / "S20131121S0075.fits")
    assert (header["LNRS"], header["COADDS"], header["READMODE"]) == (1, 1, "Bright")
    assert header["GAIN"] == pytest.approx(4.44)
    assert header["RDNOISE"] == 0
    assert (header["PWFS2_ST"], header["INPORT"]) == ("guiding", 5)
    assert header["DATALAB"] == "GS-2013B-Q-15-39-001"


@pytest.mark.parametrize("angle", [0.0, 31.4, 180.0, 340.0])
def test_a_turned_camera_has_the_matrix_and_offsets_of_real_ones(tmp_path, angle):
    simulated("offset", tmp_path, size=128, seed=2, stars=50, pa=angle)
    for path in sorted(tmp_path.glob("S*.fits")):
        first, image = fits.getheader(path), fits.getheader(path, 1)
        if first["OBSTYPE"] != "OBJECT":
            continue
        assert first["PA"] == angle
        turn = np.radians(angle)
        # Measured on real headers: +x lies PA east of north, and P and Q turn with the camera.
        assert np.degrees(np.arctan2(image["CD1_1"], image["CD2_1"])) % 360 == pytest.approx(angle, abs=0.2)
        assert first["RAOFFSET"] == pytest.approx(
            first["POFFSET"] * np.cos(turn) + first["QOFFSET"] * np.sin(turn), abs=1e-6
        )
        assert np.hypot(first["RAOFFSET"], first["DECOFFSE"]) == pytest.approx(
            np.hypot(first["POFFSET"], first["QOFFSET"])
        )
        dec = first["DEC"] + first["DECOFFSE"] / 3600
        assert image["CRVAL2"] == pytest.approx(dec, abs=6e-5)
        ra = first["RA"] + first["RAOFFSET"] / 3600 / np.cos(np.radians(dec))
        assert image["CRVAL1"] == pytest.approx(ra, abs=6e-4)  # six digits above 100 degrees
