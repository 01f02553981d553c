import bz2

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.errors import WrongInputs
from f2widgets.io.headers import problems_of
from f2widgets.io.repairs import Remark
from f2widgets.verdicts import check, summary
from tests import real_headers
from tests.raw_files import write_raw

#: From 2016 on nothing is wrong with the end of an exposure, so that only what a test plants is told.
MENDED = {"DATE_OBS": "2017-11-21", "UTEND": "05:33:10.0"}


def test_a_file_in_order(tmp_path):
    (report,) = check(write_raw(tmp_path / "S20171121S0075.fits", **MENDED))
    assert (report.verdict, report.remarks, report.problem) == ("in order", (), None)
    assert str(report) == "S20171121S0075.fits: image, Y, 120 s: in order"


def test_remarks_say_what_was_repaired_assumed_or_is_odd(tmp_path):
    keywords = MENDED | {"CTYPE1": "?", "PA": -9999.0, "PWFS2_ST": "frozen", "FILTER2": "Y_G0811_good"}
    (report,) = check(write_raw(tmp_path / "a.fits", **keywords))
    assert report.verdict == "usable"
    assert [remark.sort for remark in report.remarks] == ["repaired", "repaired", "assumed", "odd"]
    assert str(report).splitlines()[1:] == [
        "    repaired: The coordinate types are corrupt (CTYPE1='?'); read as a tangential projection.",
        "    repaired: FILTER2='Y_G0811_good' is read as Y_G0811.",
        "    assumed: These keywords have no value (-9999 or 'No Value'): PA.",
        "    odd: PWFS2 was frozen: it counts as not guiding.",
    ]


@pytest.mark.parametrize(
    ("kind", "keywords", "what"),
    [
        ("dark", {"EXPTIME": 30.0, "COADDS": 2}, "dark, 60 s"),
        ("lamp_on", {}, "flat, lamp on, Y, 20 s"),
        ("lamp_off", {}, "flat, lamp off, Y, 20 s"),
        ("science", {"OBSCLASS": "acq"}, "acquisition, Y, 120 s"),
        (
            "science",
            {"FILTER1": "No Value", "FILTER2": "No Value", "FILTER": "No Value"},
            "image, filter unknown",
        ),
        ("dark", {"PROCDARK": "2024-01-01", "PREPARE": "2024-01-01"}, "processed, dark, 120 s"),
    ],
)
def test_what_a_file_is(tmp_path, kind, keywords, what):
    (report,) = check(write_raw(tmp_path / "a.fits", kind, **keywords))
    assert report.what.startswith(what)
    assert report.verdict != "not usable"


@pytest.mark.parametrize(
    ("kind", "keywords", "reason"),
    [
        ("spectrum", {}, "is a spectrum; only images are reduced"),
        ("science", {"AOFOLD": "IN"}, "through the adaptive optics"),
        ("science", {"INSTRUME": "GMOS-S"}, "is not from Flamingos-2: its INSTRUME is GMOS-S"),
    ],
)
def test_what_a_reduction_would_refuse_is_not_usable(tmp_path, kind, keywords, reason):
    (report,) = check(write_raw(tmp_path / "a.fits", kind, **keywords))
    assert report.verdict == "not usable"
    assert reason in report.problem
    assert reason in str(report)


def test_folders_packed_and_damaged_files(tmp_path):
    whole = write_raw(tmp_path / "a.fits", **MENDED)
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "b.fits.bz2").write_bytes(bz2.compress(whole.read_bytes())[:50])
    (tmp_path / "c.fits").write_bytes(whole.read_bytes()[:-3000])
    reports = check(tmp_path)
    assert [report.verdict for report in reports] == ["in order", "not usable", "not usable"]
    assert summary(reports) == "3 files: 1 in order, 2 not usable."
    with pytest.raises(WrongInputs):
        check(tmp_path / "gone.fits")


@pytest.mark.parametrize("cut", ["packed", "before"])
def test_a_packed_file_that_is_cut_short_is_found_when_asked_for(tmp_path, cut):
    pixels = np.random.default_rng(1).integers(0, 30000, (256, 256))
    whole = write_raw(tmp_path / "a.fits", pixels=pixels, **MENDED).read_bytes()
    packed = bz2.compress(whole, 1)
    path = tmp_path / "b.fits.bz2"
    path.write_bytes(packed[:-20] if cut == "packed" else bz2.compress(whole[:-9000], 1))
    (tmp_path / "c.fits.bz2").write_bytes(packed)
    assert check(path)[0].verdict == "in order"  # so far as its beginning tells
    reports = check(tmp_path, whole=True)
    assert [report.verdict for report in reports] == ["usable", "not usable", "usable"]  # two are copies
    assert reports[1].problem.startswith(str(path))
    assert "cut short" in reports[1].problem or "cannot be unpacked" in reports[1].problem


def test_an_exposure_that_comes_twice_is_told_of_each(tmp_path):
    one = write_raw(tmp_path / "a.fits", **MENDED)
    other = tmp_path / "a.fits.bz2"
    other.write_bytes(bz2.compress(one.read_bytes()))
    next_one = write_raw(tmp_path / "b.fits", **MENDED | {"DATALAB": "GS-2013B-Q-15-39-002"})
    first, second, third = check([one, other, next_one])
    assert first.remarks == (Remark("odd", f"It is the same exposure as {other}; leave one out."),)
    assert str(one) in second.remarks[0].text
    assert third.remarks == ()


def test_a_place_far_from_the_target_is_odd(tmp_path):
    there = {
        "RAOFFSET": 5.0,
        "DECOFFSE": -3.0,
        "CRVAL1": 125.0 + 5 / 3600 / 0.8660254,
        "CRVAL2": -30 - 3 / 3600,
    }
    away = there | {"CRVAL2": -30 - 33 / 3600}
    near, far = (check(write_raw(tmp_path / "a.fits", **MENDED | place))[0] for place in (there, away))
    assert near.remarks == ()
    assert [remark.text[:55] for remark in far.remarks] == [
        "CRVAL is 30 arcsec from target plus offset; f2 reduce -"
    ]


@pytest.mark.real
@real_headers.each
def test_every_repair_of_real_headers_is_reported(name, tmp_path):
    headers = real_headers.headers(name)
    path = tmp_path / f"{name}.fits"
    image = headers.image.copy()
    for key in ("XTENSION", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "NAXIS3", "PCOUNT", "GCOUNT"):
        image.remove(key, ignore_missing=True)
    hdus = [fits.PrimaryHDU(header=headers.phu), fits.ImageHDU(np.zeros((1, 2, 2), np.int32), image)]
    fits.HDUList(hdus).writeto(path, output_verify="ignore")
    (report,) = check(path)
    assert tuple(remark.text for remark in report.remarks) == problems_of(headers.phu, headers.image, name)
    oddities = ODDITIES.get(name, {})
    assert {remark.sort for remark in report.remarks} == set(oddities)
    for sort, words in oddities.items():
        told = " ".join(remark.text for remark in report.remarks if remark.sort == sort)
        assert all(word in told for word in words), told


#: What the headers are known for, by what becomes of it: read off the headers themselves.
ODDITIES = {
    "S20150101S0261": {"repaired": ["UTEND"]},
    "S20150103S0144": {"repaired": ["UTEND"]},
    "S20150113S0186": {"repaired": ["UTEND"]},
    "S20150622S0011": {"repaired": ["WAVELENG=20000", "UTEND"], "odd": ["PWFS2 was frozen"]},
    "S20220912S0299": {"repaired": ["CTYPE1='?'"], "assumed": ["RA, DEC", "PA", "POFFSET", "AOFOLD"]},
    "S20221020S0034": {"repaired": ["FILTER1='Get Timed Out?'", "it is H"]},
    "S20230301S0170": {"repaired": ["CTYPE2='?3'"]},
}
