import math
import re
from datetime import date, datetime, time

import pytest

from f2widgets.errors import ParameterError
from f2widgets.io.descriptors import DESCRIPTORS, descriptor
from f2widgets.io.keywords import Headers
from tests import real_headers
from tests.raw_files import raw_headers


def ask(name, kind="science", *, pretty=False, **keywords):
    return DESCRIPTORS[name](Headers(*raw_headers(kind, **keywords)), pretty=pretty)


def test_every_descriptor_answers_for_an_empty_header():
    phu, image = raw_headers()
    phu.clear()
    image.clear()
    for one in DESCRIPTORS.values():
        for headers in (Headers(phu), Headers(phu, image)):
            one(headers)
            one(headers, pretty=True)


def test_answers_have_the_kind_they_announce():
    headers = Headers(*raw_headers())
    for one in DESCRIPTORS.values():
        value = one(headers)
        assert value is None or type(value) is one.kind, one.name


def test_coadds_count_in_raw_frames_and_in_products():
    assert ask("exposure_time", EXPTIME=30.0, COADDS=4) == 120.0
    assert ask("exposure_time", EXPTIME=30.0, COADDS=4, PREPARE="2024-01-01") == 120.0
    assert ask("exposure_time", EXPTIME=-1.0) is None


@pytest.mark.parametrize(
    ("lnrs", "gain", "noise", "saturation", "non_linear"),
    [(1, 4.44, 11.7, 35000, 25200), (4, 1.11, 6.0, 140000, 100800), (8, 0.555, 5.0, 280000, 201600)],
)
def test_array_table_by_read_pairs(lnrs, gain, noise, saturation, non_linear):
    assert ask("gain", LNRS=lnrs) == pytest.approx(gain)
    assert ask("read_noise", LNRS=lnrs) == noise
    assert ask("saturation_level", LNRS=lnrs) == saturation
    assert ask("non_linear_level", LNRS=lnrs) == non_linear


def test_an_unknown_read_mode_has_no_gain():
    assert ask("gain", LNRS=3) is None


def test_products_tell_their_own_levels():
    phu, image = raw_headers(PREPARE="2024-01-01")
    image.update(BUNIT="electron", GAIN=1.0, RDNOISE=3.7, SATLEVEL=158140.24, NONLINEA=112755.758)
    headers = Headers(phu, image)
    assert DESCRIPTORS["gain"](headers) == 1.0
    assert DESCRIPTORS["read_noise"](headers) == 3.7
    assert DESCRIPTORS["saturation_level"](headers) == 158140.24
    assert DESCRIPTORS["is_in_adu"](headers) is False


def test_a_product_in_electrons_without_levels_has_them_from_the_table():
    phu, image = raw_headers(PREPARE="2024-01-01", LNRS=4)
    image["BUNIT"] = "electron"
    assert DESCRIPTORS["gain"](Headers(phu, image)) == 1.0
    assert DESCRIPTORS["saturation_level"](Headers(phu, image)) == pytest.approx(140000 * 1.11)


def test_lamp():
    assert ask("gcal_lamp") is None
    assert ask("gcal_lamp", "lamp_on") == "IRhigh"
    assert ask("gcal_lamp", "lamp_off") == "Off"
    assert ask("gcal_lamp", "lamp_on", GCALLAMP="No Value") == "Off"


def test_only_guiding_sensors_count():
    assert ask("wavefront_sensor") == "PWFS2"
    assert ask("wavefront_sensor", OIWFS_ST="guiding") == "OIWFS&PWFS2"
    assert ask("wavefront_sensor", PWFS2_ST="frozen") is None


@pytest.mark.parametrize(
    ("met", "quality", "state"),
    [
        ("YES", "USABLE", "Pass"),
        ("NO", "USABLE", "Usable"),
        ("YES", "BAD", "Fail"),
        ("YES", "CHECK", "CHECK"),
        ("UNKNOWN", "UNKNOWN", "Undefined"),
    ],
)
def test_verdict(met, quality, state):
    assert ask("qa_state", RAWPIREQ=met, RAWGEMQA=quality) == state


def test_conditions():
    assert ask("raw_iq") == 70
    assert ask("raw_bg") == 100
    assert ask("raw_cc") is None


def test_moments():
    assert ask("ut_datetime") == datetime(2013, 11, 21, 5, 31)
    assert ask("ut_date") == date(2013, 11, 21)
    assert ask("ut_time") == time(5, 31)
    assert ask("ut_start") == datetime(2013, 11, 21, 5, 31, 6, 500000)


def test_pretty_forms():
    assert ask("filter_name") == "Open&Y_G0811"
    assert ask("filter_name", pretty=True) == "Y"
    assert ask("camera") == "f/16_G5830"
    assert ask("camera", pretty=True) == "f/16"


def test_groups_leave_out_what_differs_within_them():
    assert ask("group_id") == ask("group_id", POFFSET=20.0, AIRMASS=1.3)
    assert ask("group_id") != ask("group_id", FILTER2="J_G0802")
    assert ask("group_id", "dark") == ask("group_id", "dark", FILTER2="J_G0802")


def test_a_misspelt_name_gets_the_near_one():
    with pytest.raises(ParameterError, match=r"'exposuretime'; near it are .*exposure_time"):
        descriptor("exposuretime")


#: What the archive's record states, by the key there and the descriptor here. Those of the file itself
#: (sizes, sums, dates of release) and of the programme are no descriptors.
STATED = {
    name: name
    for name in (
        "airmass azimuth camera cass_rotator_pa central_wavelength data_label dec detector_roi_setting"
        " disperser elevation exposure_time filter_name focal_plane_mask gcal_lamp instrument local_time"
        " object observation_class observation_id observation_type program_id qa_state ra raw_bg raw_cc"
        " raw_iq raw_wv requested_bg requested_cc requested_iq requested_wv telescope ut_datetime"
        " wavefront_sensor wavelength_band"
    ).split()
} | {"detector_readmode_setting": "read_mode", "adaptive_optics": "is_ao"}
#: Where we differ on purpose: file, descriptor, our value, and the oddity of real headers it comes from.
DIFFERENT = {
    ("S20150622S0011", "ra"): (
        266.42115,
        "6: CRVAL is a readback, here of apparent coordinates (FRAME=APPT)",
    ),
    ("S20150622S0011", "dec"): (-28.92489, "6: the same"),
    # The one row without an oddity of the header: older software gave the wheel's position.
    ("S20150622S0011", "focal_plane_mask"): ("GS2011SQ600-02", "none: the mask has a name of its own"),
    ("S20170905S0318", "wavelength_band"): ("K", "12: the wavelength of K-long changed; the table had none"),
    ("S20171123S0166", "central_wavelength"): (1.39e-6, "12: WAVELENG of JH; the archive took the grism's"),
    ("S20191214S0301", "wavelength_band"): ("H", "16: a dark keeps science optics in its header"),
    ("S20220912S0299", "camera"): ("f/16", "8: corrupt CTYPE cost the archive the camera"),
    ("S20221020S0034", "camera"): ("f/16", "9: the timed-out wheel cost it the camera"),
    ("S20221020S0034", "filter_name"): ("H", "9: FILTER1 timed out, FILTER tells"),
    ("S20221020S0034", "wavelength_band"): ("H", "9: the same"),
    ("S20230301S0170", "ra"): (149.71482, "8: corrupt CTYPE made the archive take the target"),
    ("S20230301S0170", "dec"): (2.17845, "8: the same"),
}
#: Records older than 2021 counted the pixel they give the position of from 1: its diagonal, in degrees.
ONE_PIXEL = 0.26 / 3600


def of_the_archive(listed, key):
    """Return a value of a record in the units of our descriptor."""
    value = listed[key]
    return value * 1e-6 if key == "central_wavelength" and value is not None else value


@pytest.mark.real
@real_headers.each
def test_real_headers_have_the_values_of_the_archive(name):
    headers, listed = real_headers.headers(name), real_headers.archive(name)
    assert not (DESCRIPTORS.keys() & listed.keys()) - STATED.keys(), "the archive states more"
    for key, asked in STATED.items():
        if key == "central_wavelength" and not listed["spectroscopy"]:
            assert listed[key] is None  # which the archive states for spectra only
            continue
        ours, _ = DIFFERENT.get((name, asked), (of_the_archive(listed, key), ""))
        value = DESCRIPTORS[asked](headers, pretty=True)
        if isinstance(value, (datetime, time)):
            value = str(value)
        if asked in ("ra", "dec") and ours is not None:
            stretch = 1 / math.cos(math.radians(listed["dec"])) if asked == "ra" else 1
            ours = pytest.approx(ours, abs=ONE_PIXEL * stretch)
        elif isinstance(value, float):
            ours = pytest.approx(ours, rel=1e-6)
        assert value == ours, asked


@pytest.mark.real
@real_headers.each
def test_differences_from_the_archive_are_differences(name):
    listed = real_headers.archive(name)
    for (file, asked), (ours, oddity) in DIFFERENT.items():
        if file == name:
            theirs = of_the_archive(listed, asked)
            assert theirs != (pytest.approx(ours, abs=ONE_PIXEL) if asked in ("ra", "dec") else ours)
            assert re.match(r"(\d+|none): ", oddity)


@pytest.mark.real
def test_real_frames_are_grouped_by_what_they_are_and_not_by_where_they_point():
    found = {}
    for name in real_headers.NAMES:
        headers = real_headers.headers(name)
        group = DESCRIPTORS["group_id"](headers)
        for key in ("POFFSET", "QOFFSET", "XOFFSET", "YOFFSET", "RAOFFSET", "DECOFFSE", "AIRMASS", "PA"):
            headers.phu[key] = 7.5
        headers.image["CRVAL1"] = 1.0
        changed = Headers(headers.phu, headers.image, headers.filename)
        assert DESCRIPTORS["group_id"](changed) == group, name
        found[name] = group
    if not found:
        pytest.skip(f"no real headers in {real_headers.FOLDER.resolve()}")
    assert len(set(found.values())) == len(found)  # twelve programmes and exposures


def test_guide_star_of_the_probe_and_its_state():
    keys = {"PWFS2_ST": "guiding", "P2ARA": 33.2, "P2ADEC": -4.6}
    names = ("pwfs2_state", "guide_ra", "guide_dec")
    assert [ask(name, **keys) for name in names] == ["guiding", 33.2, -4.6]
    assert ask("guide_ra", **keys | {"P2ARA": -9999.0}) is None
    assert ask("guide_dec", **keys | {"P2ADEC": "none"}) is None
