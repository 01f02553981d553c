import re
from datetime import datetime

import numpy as np
import pytest
from astropy.wcs import WCS

from f2widgets.io.headers import Headers, facts_of, problems_of, repaired_wcs_header
from tests import real_headers
from tests.raw_files import raw_headers


def problems(kind="science", **keywords):
    # UTEND belongs to an earlier exposure in every frame before December 2015.
    return [text for text in problems_of(*raw_headers(kind, **keywords)) if "UTEND" not in text]


def test_facts_of_a_science_frame():
    facts = facts_of(*raw_headers(COADDS=2, EXPTIME=60.0))
    scale = 3600 * np.sqrt(4.99e-5**2 - 2.8e-8 * 6.8e-9)
    assert facts.exposure_time == 120.0
    assert facts.coadds == 2
    assert facts.saturation_level == 70000.0
    assert facts.filter_name == "Y"
    assert facts.filter_id == "Open&Y_G0811"
    assert facts.ut_start == datetime(2013, 11, 21, 5, 31, 6, 500000)
    assert facts.pixel_scale == pytest.approx(scale)
    assert facts.x_offset == pytest.approx(10.0 / scale)
    assert facts.y_offset == pytest.approx(-5.0 / scale)
    assert facts.position_angle == 90.0
    assert (facts.ra, facts.dec) == (125.0, -30.0)
    assert facts.guiding == "PWFS2"
    assert "IMAGE" in facts.tags


def test_facts_of_an_empty_header_are_unknown_and_no_error():
    phu, image = raw_headers()
    phu.clear()
    image.clear()
    facts = facts_of(phu, image)
    assert facts.gain is None
    assert facts.exposure_time == 0.0


def test_a_header_in_order_has_no_problems():
    assert problems() == []


@pytest.mark.parametrize(
    ("keywords", "words"),
    [
        ({"CTYPE1": "?"}, r"CTYPE1='\?'"),
        ({"CTYPE2": "?3"}, r"CTYPE2='\?3'"),
        ({"FILTER2": "Get Timed Out?"}, "by FILTER it is Y"),
        ({"FILTER2": "Get Timed Out?", "FILTER": "No Value"}, "does not tell the filter"),
        ({"FILTER2": "W_G0899"}, "filter W is in no table"),
        ({"FILTER2": "K-long_G0812", "WAVELENG": 20000.0}, "WAVELENG=20000 is wrong"),
        ({"PA": -9999.0, "AOFOLD": "No Value"}, "no value .*: PA, AOFOLD"),
        ({"LNRS": 3}, "LNRS=3 is no read mode"),
        ({"EXPTIME": None}, "EXPTIME=None"),
        ({"PWFS2_ST": "frozen"}, "PWFS2 was frozen"),
        ({"FRAME": "AZEL_TOPO"}, "did not follow the sky"),
        ({"CRVAL1": None}, "no celestial coordinates"),
        ({"DATE_OBS": None, "MJD_OBS": None}, "when it was taken"),
    ],
)
def test_each_oddity_is_reported(keywords, words):
    (sentence,) = problems(**keywords)
    assert re.search(words, sentence)


def test_stale_end_is_reported_before_december_2015_only():
    assert any("UTEND" in text for text in problems_of(*raw_headers()))
    later = {"DATE_OBS": "2017-11-21", "UTEND": "05:33:10.0"}
    assert problems_of(*raw_headers(**later)) == ()


def test_repaired_wcs_is_two_dimensional_and_puts_crval_at_crpix():
    image = raw_headers(CTYPE1="?", CTYPE2="?3")[1]
    image["NAXIS"], image["NAXIS1"], image["NAXIS2"], image["NAXIS3"] = 3, 64, 32, 1
    header = repaired_wcs_header(image)
    wcs = WCS(header)
    assert wcs.naxis == 2
    assert wcs.array_shape == (32, 64)
    assert wcs.wcs.radesys == "FK5"
    assert wcs.wcs_pix2world(1064.9, 1054.24, 1) == [pytest.approx(125.003), pytest.approx(-30.001)]
    assert image["CTYPE1"] == "?"


@pytest.mark.parametrize(
    "keywords", [{"CRVAL2": -9999.0}, {"CRVAL1": None}, {"CD1_2": 0.0, "CD2_1": 0.0, "CD2_2": 0.0}]
)
def test_no_wcs_from_nonsense(keywords):
    assert repaired_wcs_header(raw_headers(**keywords)[1]) is None


@pytest.mark.real
@real_headers.each
def test_real_headers_give_facts_and_a_sky_with_east_to_the_left(name):
    headers = real_headers.headers(name)
    facts = facts_of(headers.phu, headers.image)
    assert facts.gain == 4.44
    assert facts.ut_start is not None
    assert facts.filter_name in {"J", "H", "JH", "K-long", "K-red"}
    wcs = WCS(repaired_wcs_header(headers.image))
    assert np.linalg.det(wcs.wcs.cd) < 0
    assert 0.179 < facts.pixel_scale < 0.180


@pytest.mark.real
@real_headers.each
def test_real_offsets_in_both_systems_agree(name):
    # With an alignment angle near zero the telescope's offsets are those in P and Q (oddity 1).
    headers = real_headers.headers(name)
    p, q = headers.number("POFFSET"), headers.number("QOFFSET")
    if p is not None and abs(p) < 20 and abs(q) < 20:
        assert headers.number("XOFFSET") == pytest.approx(-p, abs=0.15)
        assert headers.number("YOFFSET") == pytest.approx(-q, abs=0.15)


@pytest.mark.real
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("S20220912S0299", "CTYPE1='?'"),
        ("S20230301S0170", "CTYPE2='?3'"),
        ("S20221020S0034", "by FILTER it is H"),
        ("S20150622S0011", "WAVELENG=20000 is wrong for K-long"),
    ],
)
def test_real_oddities_are_reported(name, words):
    if name not in real_headers.NAMES:
        pytest.skip(f"no real headers in {real_headers.FOLDER}")
    headers = real_headers.headers(name)
    assert any(words in text for text in problems_of(headers.phu, headers.image))


def test_headers_read_missing_values_as_none():
    headers = Headers(*raw_headers(PA=-9999.0, AOFOLD="No Value"))
    assert headers.number("PA") is None
    assert headers.text("AOFOLD") is None
    assert headers.raw("AOFOLD") == "No Value"
