import pytest

from f2widgets.io import optics
from f2widgets.io.keywords import Headers
from tests.raw_files import raw_headers


def headers(**keywords):
    return Headers(*raw_headers(**keywords))


@pytest.mark.parametrize(
    ("first", "second", "lyot", "raw", "plain"),
    [
        ("Open", "Y_G0811", "f/16_G5830", "Open&Y_G0811", "Y"),
        ("H_G0803", "Open", "f/16_G5830", "H_G0803&Open", "H"),
        ("Open", "HK_G0806_good", "f/16_G5830", "Open&HK_G0806_good", "HK"),
        ("Open", "Open", "YJH_G0818", "Open&Open&YJH_G0818", "YJH"),
        ("Open", "Open", "GEMS_G5835", "Open&Open", "open"),
        ("Open", "Open", "Hart1_G5833", "Open&Open", "open"),
        ("Open", "Y_G0811", "Undefined", "Open&Y_G0811", "Y"),
        ("Open", "DK_G0807", "f/16_G5830", "Open&DK_G0807", "dark"),
        ("Block", "DK_G0807", "f/16_G5830", "Block&DK_G0807", "dark"),
        ("Block", "Open", "f/16_G5830", "Block&Open", "blank"),
        ("J_G0802", "H_G0803", "f/16_G5830", "J_G0802&H_G0803", "J&H"),
    ],
)
def test_filter_names(first, second, lyot, raw, plain):
    found = headers(FILTER1=first, FILTER2=second, LYOT=lyot)
    assert optics.filter_id(found) == raw
    assert optics.filter_name(found) == plain


@pytest.mark.parametrize(
    ("first", "second", "effective", "raw"),
    [
        ("Get Timed Out?", "Open", "H_G0803", "H_G0803&Open"),
        ("Open", "Get Timed Out?", "H_G0803", "Open&H_G0803"),
        ("Get Timed Out?", "H_G0803", "H_G0803", "Open&H_G0803"),
        ("Get Timed Out?", "Get Timed Out?", "H_G0803", "H_G0803"),
        ("Get Timed Out?", "Open", "No Value", None),
        (None, None, None, None),
    ],
)
def test_a_wheel_that_timed_out_is_filled_in_from_the_effective_filter(first, second, effective, raw):
    assert optics.filter_id(headers(FILTER1=first, FILTER2=second, FILTER=effective)) == raw


def test_filter_by_its_old_keywords():
    old = {"FILTER1": None, "FILTER2": None, "FILT1POS": "Open", "FILT2POS": "J_G0802"}
    assert optics.filter_name(headers(**old)) == "J"


@pytest.mark.parametrize(
    ("name", "written", "microns"),
    [
        ("J_G0802", 12500.0, 1.25),
        ("K-long_G0812", 20000.0, 2.2),
        ("JH_G0816", 13900.0, 1.3385),
        ("HK_G0817", 18710.0, 1.9),
        ("J_G0802", -9999.0, None),
    ],
)
def test_central_wavelength(name, written, microns):
    found = optics.central_wavelength(headers(FILTER2=name, WAVELENG=written))
    assert found == (None if microns is None else pytest.approx(microns * 1e-6))


def test_central_wavelength_of_a_spectrum_without_one():
    found = headers(FILTER2="K-blue_G0814", WAVELENG=-9999.0, GRISM="R3K_G5803")
    assert optics.central_wavelength(found) == pytest.approx(2.2e-6)


@pytest.mark.parametrize(
    ("name", "band", "microns"),
    [("Y_G0811", "Y", 1.02), ("J-lo_G0801", "J", 1.122), ("Jlow", "J", 1.122), ("YJH_G0818", None, None)],
)
def test_band_and_effective_wavelength(name, band, microns):
    found = headers(FILTER2=name)
    assert optics.wavelength_band(found) == band
    expected = None if microns is None else pytest.approx(microns * 1e-6)
    assert optics.effective_wavelength(found) == expected


def test_camera_by_stop_focus_or_scale():
    assert optics.camera(headers(), None) == "f/16_G5830"
    assert optics.camera(headers(LYOT="YJH_G0818", FOCUS="f/16"), None) == "f/16"
    assert optics.camera(headers(LYOT="YJH_G0818"), 0.09) == "f/32"
    assert optics.camera(headers(LYOT="YJH_G0818"), 0.18) == "f/16"


def test_mask_in_the_focal_plane():
    assert optics.focal_plane_mask(headers()) == "Open"
    assert optics.focal_plane_mask(headers(MOSPOS="mos3", MASKNAME="GS2011-02")) == "GS2011-02"
