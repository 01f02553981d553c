import bz2
import gzip
import shutil
from datetime import datetime

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.records import find_files, read_record, records, require_f2, table
from tests.raw_files import write_raw


@pytest.fixture
def raw(tmp_path):
    return write_raw(tmp_path / "S20131121S0075.fits")


def packed_by_fpack(raw, path):
    with fits.open(raw) as plain:
        tiled = fits.CompImageHDU(plain[1].data[0], plain[1].header)
        fits.HDUList([fits.PrimaryHDU(header=plain[0].header), tiled]).writeto(path)
    return path


def test_a_raw_file(raw):
    record = read_record(raw)
    assert record.problem is None
    assert record.name == "S20131121S0075.fits"
    assert "IMAGE" in record.tags
    assert record.facts.exposure_time == 120.0
    assert record.descriptor("filter_name") == "Y"
    assert record.descriptor("filter_name", pretty=False) == "Open&Y_G0811"
    assert require_f2(record) is record


def test_packed_files_tell_the_same(raw, tmp_path):
    packed = [packed_by_fpack(raw, tmp_path / "a.fits.fz")]
    for ending, opener in ((".gz", gzip.open), (".bz2", bz2.open)):
        packed.append(raw.with_name(raw.name + ending))
        with open(raw, "rb") as plain, opener(packed[-1], "wb") as target:
            shutil.copyfileobj(plain, target)
    expected = read_record(raw)
    for record in records(packed):
        assert record.problem is None
        assert record.facts == expected.facts
        assert record.descriptor("array_section") == "[1:64,1:64]"


@pytest.mark.parametrize("pack", [gzip.compress, lambda data: bz2.compress(data, 1)], ids=["gzip", "bzip2"])
def test_only_the_headers_of_a_packed_file_are_unpacked(raw, pack):
    # Cut in the middle of its pixels, a packed file still tells what it is.
    write_raw(raw, pixels=np.random.default_rng(1).integers(0, 30000, (512, 512)))
    packed = pack(raw.read_bytes())
    cut = raw.with_name("cut.fits.gz")
    cut.write_bytes(packed[: len(packed) // 2])
    assert read_record(cut).descriptor("filter_name") == "Y"


@pytest.mark.parametrize(
    ("name", "contents", "words"),
    [
        ("text.fits", b"a line of text\n", "is no FITS file"),
        ("empty.fits", b"", "is empty"),
        ("text.fits.gz", gzip.compress(b"a line of text\n", mtime=0), "holds no FITS file"),
        ("cut.fits.bz2", bz2.compress(b"x" * 10000)[:20], "is cut short"),
        ("noise.fits.gz", b"\x1f\x8b" + b"\x07" * 40, "cannot be unpacked"),
    ],
)
def test_what_is_no_fits_file_says_so(tmp_path, name, contents, words):
    path = tmp_path / name
    path.write_bytes(contents)
    record = read_record(path)
    assert words in record.problem
    assert str(path) in record.problem
    assert not record.short_problem.startswith(str(path))
    assert record.tags == frozenset()
    assert record.descriptor("gain") is None
    with pytest.raises(NotF2Data, match=words):
        require_f2(record)


def test_one_bad_file_never_stops_the_others(raw, tmp_path):
    cut = tmp_path / "cut.fits"
    cut.write_bytes(raw.read_bytes()[:-4000])
    found = records([cut, raw, tmp_path / "gone.fits", tmp_path])
    assert [bool(record.problem) for record in found] == [True, False, True, True]
    assert "is cut short" in found[0].problem
    assert "cannot be read" in found[2].problem
    assert "is a folder" in found[3].problem


def test_other_instruments_and_files_without_image(tmp_path):
    other = write_raw(tmp_path / "gmos.fits", INSTRUME="GMOS-S")
    assert "INSTRUME is GMOS-S, F2 is needed" in read_record(other).problem
    with fits.open(write_raw(tmp_path / "bare.fits")) as whole:
        fits.PrimaryHDU(header=whole[0].header).writeto(tmp_path / "phu.fits")
    assert "holds no image" in read_record(tmp_path / "phu.fits").problem


def test_letters_outside_ascii_in_a_header_do_no_harm(raw):
    raw.write_bytes(raw.read_bytes().replace(b"'field", b"'f\xe9\xffld"))
    record = read_record(raw)
    assert record.problem is None
    assert record.descriptor("object").startswith("f")


def test_files_of_a_folder_sorted_with_those_inside(tmp_path):
    (tmp_path / "inside").mkdir()
    (tmp_path / ".hidden").mkdir()
    for name in ("b.fits", "a.fits.bz2", "c.FITS", "d.fz", "notes.txt", "inside/e.fits", ".hidden/f.fits"):
        (tmp_path / name).touch()
    found = [str(path.relative_to(tmp_path)) for path in find_files(tmp_path)]
    assert found == ["a.fits.bz2", "b.fits", "c.FITS", "d.fz", "inside/e.fits"]
    assert [path.name for path in find_files(tmp_path, recurse=False, mask="b.*")] == ["b.fits"]
    with pytest.raises(ParameterError, match="no regular expression"):
        find_files(tmp_path, mask="(")
    with pytest.raises(NotF2Data, match="is no folder"):
        find_files(tmp_path / "gone")


def test_a_table_masks_what_is_not_told(raw, tmp_path):
    other = write_raw(tmp_path / "b.fits", LNRS=3, COADDS=2)
    found = table(records([raw, other]), ["gain", "coadds", "exposure_time", "ut_datetime"])
    assert list(found["filename"]) == [str(raw), str(other)]
    assert found["gain"][0] == 4.44
    assert list(found["gain"].mask) == [False, True]
    assert list(found["coadds"]) == [1, 2]
    assert str(found["exposure_time"].unit) == "s"
    assert found["ut_datetime"][0] == datetime(2013, 11, 21, 5, 31)
    assert "problem" not in found.colnames


def test_a_table_has_a_column_for_problems_if_there_are_any(raw, tmp_path):
    (tmp_path / "text.fits").write_text("text")
    found = table(records([raw, tmp_path / "text.fits"]))
    assert "is no FITS file" in found["problem"][1]
    assert found["tags"].mask[1]
    with pytest.raises(ParameterError, match=r"no descriptor 'gian'; near it are .*gain"):
        table([], ["gian"])
