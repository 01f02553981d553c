"""Reading: what comes out is what lies in the file, and what cannot be read is refused in words."""

import bz2
import gzip
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.errors import NotF2Data, NotWritten
from f2widgets.io import unpack
from f2widgets.io.read import open_frame, read_frame, require_imaging
from f2widgets.io.write import write_frame
from tests.io.pixel_files import IMAGE, PRIMARY, counts, product, raw_file


@pytest.fixture
def raw(tmp_path):
    return raw_file(tmp_path / "S20131121S0075.fits")


def test_raw_frame_is_native_float_without_flags(raw):
    frame = read_frame(raw)
    assert frame.name == "S20131121S0075"
    assert frame.data.dtype == np.float32
    assert frame.data.dtype.isnative
    np.testing.assert_array_equal(frame.data, counts())
    assert frame.mask.dtype == np.uint16
    assert not frame.mask.any()
    assert frame.variance is None
    assert frame.unit == "adu"
    assert (frame.facts.filter_name, frame.facts.exposure_time) == ("Y", 120.0)
    assert frame.history == frame.provenance == ()


def test_bands_equal_the_whole(raw):
    file = open_frame(raw)
    whole = file.read().data
    for start, stop in [(0, 1), (7, 23), (40, 48), (5, 5)]:
        np.testing.assert_array_equal(file.rows(start, stop).data, whole[start:stop])
    with pytest.raises(IndexError, match="rows 0 to 48, not 40 to 49"):
        file.rows(40, 49)


def test_large_frame_is_read_over_several_blocks(tmp_path):
    data = counts(600, 500)
    np.testing.assert_array_equal(read_frame(raw_file(tmp_path / "big.fits", data)).data, data)


def test_two_threads_read_bands_of_one_file(tmp_path):
    data = counts(512, 512)
    file = open_frame(raw_file(tmp_path / "big.fits", data))
    with ThreadPoolExecutor(4) as pool:
        bands = list(pool.map(lambda row: file.rows(row, row + 8).data, range(0, 512, 8)))
    np.testing.assert_array_equal(np.concatenate(bands), data)


def test_coordinates_are_shared_by_bands_and_left_out_for_calibrations(tmp_path, raw):
    file = open_frame(raw)
    assert file.rows(0, 4).wcs is file.rows(8, 12).wcs is file.wcs
    assert file.wcs.wcs.crval.tolist() == [IMAGE["CRVAL1"], IMAGE["CRVAL2"]]
    assert file.wcs.naxis == 2
    dark = open_frame(raw_file(tmp_path / "dark.fits", OBSTYPE="DARK"))
    assert dark.rows(0, 4).wcs is None
    assert dark.wcs is not None


@pytest.mark.parametrize("kind", [np.int16, np.uint8, np.float32, np.float64])
def test_other_types_of_pixel(tmp_path, kind):
    data = np.random.default_rng(3).integers(0, 200, (48, 64)).astype(kind)
    np.testing.assert_array_equal(read_frame(raw_file(tmp_path / "a.fits", data)).data, data)


def test_scale_zero_and_blank_are_applied(tmp_path):
    stored = np.arange(12, dtype=np.int32).reshape(1, 3, 4)
    path = tmp_path / "scaled.fits"
    primary = fits.PrimaryHDU(header=fits.Header(PRIMARY)).header.tostring().encode()
    path.write_bytes(primary + _image_bytes(stored, BSCALE=0.5, BZERO=100.0, BLANK=7))
    frame = read_frame(path)
    wanted = 100 + 0.5 * stored[0].astype(np.float32)
    wanted[1, 3] = 0
    np.testing.assert_array_equal(frame.data, wanted)
    assert np.argwhere(frame.mask).tolist() == [[1, 3]]
    assert frame.mask[1, 3] == 16


def test_unsigned_32_bits_keep_every_count(tmp_path):
    data = np.array([[0, 1, 2**24 - 1, 40_001]], np.uint32)
    path = tmp_path / "u.fits"
    fits.HDUList([fits.PrimaryHDU(header=fits.Header(PRIMARY)), fits.ImageHDU(data)]).writeto(path)
    np.testing.assert_array_equal(read_frame(path).data, data)


def test_not_a_number_becomes_a_flag(tmp_path):
    data = np.ones((48, 64), np.float32)
    data[3, 5], data[40, 1] = np.nan, np.inf
    frame = read_frame(raw_file(tmp_path / "nan.fits", data))
    assert np.isfinite(frame.data).all()
    assert np.argwhere(frame.mask == 16).tolist() == [[3, 5], [40, 1]]


@pytest.mark.parametrize("packing", ["gz", "bz2", "fz"])
def test_packed_files_are_the_same(tmp_path, raw, packing):
    path = tmp_path / f"S20131121S0075.fits.{packing}"
    if packing == "fz":
        with fits.open(raw) as plain:
            packed = fits.CompImageHDU(plain[1].data[0], plain[1].header, compression_type="RICE_1")
            fits.HDUList([plain[0], packed]).writeto(path)
    else:
        path.write_bytes({"gz": gzip, "bz2": bz2}[packing].compress(raw.read_bytes()))
    file = open_frame(path)
    np.testing.assert_array_equal(file.read().data, counts())
    np.testing.assert_array_equal(file.rows(10, 20).data, counts()[10:20])
    assert file.name == "S20131121S0075"
    assert file.facts == open_frame(raw).facts
    temporary = file._source
    assert temporary.exists()
    del file
    assert not temporary.exists()


def test_packed_product_is_the_same(tmp_path):
    frame = product(tmp_path)
    plain = write_frame(frame, tmp_path / "a_image.fits", kind="image")
    path = tmp_path / "a_image.fits.gz"
    path.write_bytes(gzip.compress(plain.read_bytes()))
    again = read_frame(path)
    np.testing.assert_array_equal(again.variance, frame.variance)
    assert again.provenance == frame.provenance


def test_product_packed_tile_by_tile_is_the_same(tmp_path):
    frame = product(tmp_path)
    path = tmp_path / "a_image.fits.fz"
    with fits.open(write_frame(frame, tmp_path / "a_image.fits", kind="image")) as plain:
        lossless = {"compression_type": "GZIP_2", "quantize_level": 0}
        packed = [fits.CompImageHDU(hdu.data, hdu.header, **lossless) for hdu in plain[1:6]]
        fits.HDUList([plain[0], *packed, *plain[6:]]).writeto(path)
    again = read_frame(path)
    for name in ("data", "variance", "mask"):
        np.testing.assert_array_equal(getattr(again, name), getattr(frame, name))
    assert again.history == frame.history
    assert again.name == "a_image"


def test_md5_is_that_of_the_file_and_follows_a_change(tmp_path, raw):
    import hashlib

    assert open_frame(raw).md5 == hashlib.md5(raw.read_bytes()).hexdigest()
    raw_file(raw, counts(40, 64))
    assert open_frame(raw).md5 == hashlib.md5(raw.read_bytes()).hexdigest()


def test_reference_flat_has_no_unit(tmp_path):
    path = raw_file(tmp_path / "flat.fits", PROCFLAT="2024-01-01", image={"BUNIT": "electron"})
    assert read_frame(path).unit == ""


def test_reference_bad_pixel_mask(tmp_path):
    flags = np.zeros((48, 64), np.int16)
    flags[2, 3], flags[4, 5] = 1, 64
    path = raw_file(tmp_path / "x_bpm.fits", flags, extname="SCI", BPMASK="2024-01-01", OBJECT="BPM")
    frame = read_frame(path)
    np.testing.assert_array_equal(frame.mask, flags)
    np.testing.assert_array_equal(frame.data, flags)
    assert frame.unit == ""


def test_truncated_anywhere(tmp_path, raw):
    whole = raw.read_bytes()
    path = tmp_path / "cut.fits"
    headers = len(whole) - 5 * 2880  # 48 x 64 x 4 bytes take five blocks
    for length, words in [
        (len(whole) - 4000, "cut short: its headers promise"),
        (headers - 100, "cut short in the middle of a header"),
        (2880, "no image"),
        (1000, "cut short in the middle of a header"),
        (40, "cut short"),
        (0, "is empty"),
    ]:
        path.write_bytes(whole[:length])
        with pytest.raises(NotF2Data, match=words) as caught:
            open_frame(path)
        assert "cut.fits" in str(caught.value)
        assert "Copy or download it again" in str(caught.value)


def test_missing_padding_does_no_harm(tmp_path, raw):
    pixels = 48 * 64 * 4
    path = tmp_path / "unpadded.fits"
    path.write_bytes(raw.read_bytes()[: -(-pixels % 2880)])
    np.testing.assert_array_equal(read_frame(path).data, counts())


def test_file_that_shrinks_while_open(raw):
    file = open_frame(raw)
    raw.write_bytes(raw.read_bytes()[:-9000])
    with pytest.raises(NotF2Data, match="became shorter"):
        file.read()


def test_damaged_tiles(tmp_path, raw):
    path = tmp_path / "S20131121S0075.fits.fz"
    with fits.open(raw) as plain:
        packed = fits.CompImageHDU(plain[1].data[0], plain[1].header, compression_type="GZIP_1")
        fits.HDUList([plain[0], packed]).writeto(path)
    whole = bytearray(path.read_bytes())
    whole[-5 * 2880 :] = bytes(5 * 2880)
    path.write_bytes(whole)
    with pytest.raises(NotF2Data, match=r"S20131121S0075.fits.fz cannot be unpacked"):
        open_frame(path)


@pytest.mark.parametrize("packing", ["gz", "bz2"])
def test_truncated_packed_file_leaves_nothing_behind(tmp_path, raw, packing, monkeypatch):
    monkeypatch.setattr(unpack.tempfile, "tempdir", str(tmp_path / "t"))
    (tmp_path / "t").mkdir()
    path = tmp_path / f"cut.fits.{packing}"
    path.write_bytes({"gz": gzip, "bz2": bz2}[packing].compress(raw.read_bytes())[:-50])
    with pytest.raises(NotF2Data, match=f"cut.fits.{packing} cannot be unpacked"):
        open_frame(path)
    path.write_bytes({"gz": gzip, "bz2": bz2}[packing].compress(raw.read_bytes()[:-9000]))
    with pytest.raises(NotF2Data, match=f"cut.fits.{packing} is cut short"):
        open_frame(path)
    assert not list((tmp_path / "t").iterdir())


def test_no_room_to_unpack(tmp_path, raw, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    path = tmp_path / "a.fits.gz"
    path.write_bytes(gzip.compress(raw.read_bytes()))
    monkeypatch.setattr(unpack, "_stream", full)
    with pytest.raises(NotWritten, match=r"No space left on device.*set TMPDIR"):
        open_frame(path)


def test_text_is_no_fits_file(tmp_path):
    path = tmp_path / "notes.fits"
    path.write_text("Dear observer,\nthe night was cloudy.\n" * 200)
    with pytest.raises(NotF2Data, match=r"notes.fits is no FITS file: it begins with 'Dear observer"):
        open_frame(path)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(NotF2Data, match="No such file"):
        open_frame(tmp_path / "none.fits")
    with pytest.raises(NotF2Data, match="Is a directory"):
        open_frame(tmp_path)


def test_damaged_header(tmp_path, raw):
    path = tmp_path / "bad.fits"
    path.write_bytes(
        raw.read_bytes().replace(b"NAXIS2  =                   48", b"NAXIS2  = 'forty-eight'       ")
    )
    with pytest.raises(NotF2Data, match="damaged header"):
        open_frame(path)
    path.write_bytes(b"SIMPLE  =                    T".ljust(2880 * 1200))
    with pytest.raises(NotF2Data, match="without an end"):
        open_frame(path)


def test_stray_bytes_in_a_header_do_no_harm(tmp_path, raw):
    path = tmp_path / "stray.fits"
    path.write_bytes(raw.read_bytes().replace(b"'field   '", b"'fi\xe9ld   '"))
    assert open_frame(path).facts.object == "fi?ld"


def test_no_image_several_images_cube(tmp_path):
    path = tmp_path / "a.fits"
    phu = fits.PrimaryHDU(header=fits.Header(PRIMARY))
    phu.writeto(path)
    with pytest.raises(NotF2Data, match="holds no image"):
        open_frame(path)
    images = [fits.ImageHDU(counts(), name="SCI", ver=ver) for ver in (1, 2)]
    fits.HDUList([phu, *images]).writeto(path, overwrite=True)
    with pytest.raises(NotF2Data, match="2 images where Flamingos-2 has one"):
        open_frame(path)
    fits.HDUList([phu, fits.ImageHDU(np.zeros((3, 4, 5), np.int32))]).writeto(path, overwrite=True)
    with pytest.raises(NotF2Data, match="data of 5 x 4 x 3 pixels"):
        open_frame(path)
    fits.HDUList([phu, fits.ImageHDU(np.zeros(5, np.int32))]).writeto(path, overwrite=True)
    with pytest.raises(NotF2Data, match="data of 5 pixels"):
        open_frame(path)


def test_other_instruments_and_spectra_can_be_looked_at_but_not_reduced(tmp_path, raw):
    gsaoi = open_frame(raw_file(tmp_path / "g.fits", INSTRUME="GSAOI"))
    with pytest.raises(NotF2Data, match=r"g.fits is not from Flamingos-2: its INSTRUME is 'GSAOI'"):
        require_imaging(gsaoi)
    spectrum = open_frame(raw_file(tmp_path / "s.fits", GRISM="JH_G5801", MOSPOS="2pix-slit"))
    with pytest.raises(NotF2Data, match=r"s.fits is a spectroscopic frame \(JH.*--xtags SPECT"):
        require_imaging(spectrum)
    gems = open_frame(raw_file(tmp_path / "ao.fits", AOFOLD="IN"))
    with pytest.raises(NotF2Data, match=r"ao.fits was taken behind the adaptive optics GeMS"):
        require_imaging(gems)
    file = open_frame(raw)
    assert require_imaging(file) is file


def test_blanks_in_the_path_and_a_read_only_folder(tmp_path):
    folder = tmp_path / "raw data"
    folder.mkdir()
    path = raw_file(folder / "my frame.fits")
    folder.chmod(0o500)
    try:
        assert read_frame(str(path)).name == "my frame"
    finally:
        folder.chmod(0o700)


def _image_bytes(stored, **cards) -> bytes:
    names = {"XTENSION": "IMAGE", "BITPIX": 32, "NAXIS": stored.ndim}
    names |= {f"NAXIS{i + 1}": n for i, n in enumerate(reversed(stored.shape))}
    head = "".join(fits.Card(k, v).image for k, v in {**names, "PCOUNT": 0, "GCOUNT": 1, **cards}.items())
    data = stored.astype(">i4").tobytes()
    return (head + "END").encode().ljust(2880) + data.ljust(-(-len(data) // 2880) * 2880, b"\0")
