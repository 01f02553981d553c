import bz2

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.errors import NotF2Data
from f2widgets.io.header_rows import Difference, Row, differences, found_in, header_rows
from tests.raw_files import write_raw


@pytest.fixture
def raw(tmp_path):
    return write_raw(tmp_path / "a.fits", OBJECT="<img src=x onerror=alert(1)>")


def test_every_card_of_every_extension_is_a_row(raw):
    rows = header_rows(raw)
    with fits.open(raw) as file:
        assert len(rows) == len(file[0].header) + len(file[1].header)
    assert {row.extension for row in rows} == {"PRIMARY", "1"}
    assert Row("PRIMARY", "OBJECT", "<img src=x onerror=alert(1)>") in rows
    assert Row("PRIMARY", "SIMPLE", "T", "conforms to FITS standard") in rows
    assert Row("1", "CTYPE1", "RA---TAN") in rows


def test_packed_files_show_the_same(raw, tmp_path):
    packed = tmp_path / "a.fits.bz2"
    packed.write_bytes(bz2.compress(raw.read_bytes()))
    assert header_rows(packed) == header_rows(raw)


def test_extensions_have_name_and_version(tmp_path):
    parts = [fits.PrimaryHDU(), *(fits.ImageHDU(np.zeros((2, 2)), name="SCI", ver=k) for k in (1, 2))]
    fits.HDUList(parts).writeto(tmp_path / "b.fits")
    assert list(dict.fromkeys(row.extension for row in header_rows(tmp_path / "b.fits"))) == [
        "PRIMARY", "SCI,1", "SCI,2",
    ]  # fmt: skip


def test_a_card_that_breaks_the_rules_shows_as_it_stands(raw):
    broken = b"OBJECT  = 'never closed".ljust(80)
    raw.write_bytes(raw.read_bytes().replace(b"OBJECT  = '<img src=x onerror=alert(1)>'".ljust(80), broken))
    (row,) = [row for row in header_rows(raw) if row.keyword == "OBJECT"]
    assert "never closed" in row.value


def test_a_file_that_is_no_fits_file_is_refused(tmp_path):
    (tmp_path / "c.fits").write_text("text")
    with pytest.raises(NotF2Data, match="is no FITS file"):
        header_rows(tmp_path / "c.fits")


def test_search_wants_all_words_wherever_they_stand():
    rows = [
        Row("1", "EXPTIME", "120.0", "Exposure time"),
        Row("1", "COADDS", "1", "exposures"),
        Row("1", "A", ""),
    ]
    assert found_in(rows, "EXPO") == rows[:2]
    assert found_in(rows, "expo 120") == rows[:1]
    assert found_in(rows, " ") == rows
    assert found_in(rows, "nothing") == []


def test_difference_of_two_headers():
    one = [
        Row("P", "A", "1", "comment"),
        Row("P", "B", "2"),
        Row("P", "COMMENT", "x"),
        Row("P", "COMMENT", "y"),
    ]
    other = [Row("P", "A", "1"), Row("P", "COMMENT", "x"), Row("P", "COMMENT", "z"), Row("1", "B", "2")]
    assert differences(one, other) == [
        Difference("P", "B", "removed", "2", None),
        Difference("P", "COMMENT", "changed", "y", "z"),
        Difference("1", "B", "added", None, "2"),
    ]
    assert differences(one, one) == []
