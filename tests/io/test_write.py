"""Writing: what was written is read back bit by bit, or the old file is still there."""

import os
import subprocess
import sys

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import Table

from f2widgets.errors import NotWritten
from f2widgets.io import atomic, write
from f2widgets.io.read import open_frame, read_frame
from f2widgets.io.write import link_or_copy, made_from_identical, write_frame
from tests.io.pixel_files import entry, product, raw_file
from tests.shell import as_anybody


def parts(path):
    return sorted(p.name for p in path.iterdir() if p.name.endswith(".part"))


def test_unsigned_column_of_a_table_stays_one(tmp_path):
    marks = Table({"flags": np.array([8, 1024, 65535], np.uint16)})
    path = write_frame(product(tmp_path, tables={"MARKS": marks}), tmp_path / "S1_image.fits", kind="image")
    again = read_frame(path).tables["MARKS"]["flags"]
    assert again.dtype == np.uint16
    assert again.tolist() == [8, 1024, 65535]


def test_round_trip_is_exact(tmp_path):
    catalogue = Table({"NUMBER": np.arange(3, dtype=np.int32), "X_IMAGE": [1.5, 2.5, 3.25]})
    frame = product(tmp_path, tables={"OBJCAT": catalogue})
    path = write_frame(frame, tmp_path / "S20131121S0075_image.fits", kind="image")
    again = read_frame(path)
    for name in ("data", "variance", "mask"):
        ours, theirs = getattr(frame, name), getattr(again, name)
        assert ours.dtype == theirs.dtype
        np.testing.assert_array_equal(ours, theirs)
    for name in ("OBJMASK", "EXPMAP"):
        assert frame.planes[name].dtype == again.planes[name].dtype
        np.testing.assert_array_equal(frame.planes[name], again.planes[name])
    assert again.history == frame.history
    assert again.provenance == frame.provenance
    assert again.unit == "electron"
    assert again.name == "S20131121S0075_image"
    for name in ("gain", "read_noise", "saturation_level", "non_linear_level", "exposure_time", "filter_id"):
        assert getattr(again.facts, name) == getattr(frame.facts, name)
    assert again.tables["OBJCAT"].colnames == ["NUMBER", "X_IMAGE"]
    assert again.tables["OBJCAT"]["X_IMAGE"].tolist() == [1.5, 2.5, 3.25]
    assert {"PROCESSED_SCIENCE", "PROCESSED", "PREPARED"} <= again.facts.tags
    assert "RAW" not in again.facts.tags


def test_written_again_it_is_the_same(tmp_path):
    first = read_frame(write_frame(product(tmp_path), tmp_path / "a.fits", kind="image"))
    second = read_frame(write_frame(first, tmp_path / "b.fits", kind="image"))
    np.testing.assert_array_equal(first.mask, second.mask)
    for ours, theirs in ((first.header, second.header), (first.image_header, second.image_header)):
        times = {"GEM-TLM", "PREPARE", "PROCSCI", "SDZSTRUC", "SDZHDRSG", "SDZHDRSI"}
        difference = fits.HeaderDiff(ours, theirs, ignore_keywords=times)
        assert difference.identical, difference.report()


def test_layout_is_what_the_reference_writes(tmp_path):
    path = write_frame(product(tmp_path), tmp_path / "a.fits", kind="image")
    with fits.open(path) as hdus:
        hdus.verify("exception")
        names = [hdu.name for hdu in hdus]
        assert names == ["PRIMARY", "SCI", "VAR", "DQ", "OBJMASK", "EXPMAP", "PROVENANCE", "HISTORY"]
        assert [hdu.header["BITPIX"] for hdu in hdus[1:6]] == [-32, -32, 16, 8, -32]
        assert hdus["DQ"].data.dtype == np.uint16
        assert hdus[0].header["NEXTEND"] == 7
        assert [hdus[name].header["EXTVER"] for name in names[1:6]] == [1] * 5
        assert hdus["SCI"].header["BUNIT"] == "electron"
        assert hdus["VAR"].header["BUNIT"] == "electron**2"
        assert hdus["EXPMAP"].header["BUNIT"] == "s"
        assert hdus["PROVENANCE"].columns.names == ["timestamp", "filename", "md5", "provenance_added_by"]
        assert hdus["HISTORY"].data["args"][1] == '{"method": "mean", "sigma": 3.0}'
    assert path.stat().st_size % 2880 == 0


def test_object_bit_is_a_plane_and_never_in_dq(tmp_path):
    frame = product(tmp_path, planes={})
    with fits.open(write_frame(frame, tmp_path / "a.fits")) as hdus:
        assert not (hdus["DQ"].data & 1024).any()
        np.testing.assert_array_equal(hdus["DQ"].data, frame.mask & ~np.uint16(1024))
        np.testing.assert_array_equal(hdus["OBJMASK"].data, (frame.mask & 1024) >> 10)
        assert hdus["OBJMASK"].header["BITPIX"] == 8


def test_primary_header(tmp_path):
    path = write_frame(
        product(tmp_path), tmp_path / "a.fits", kind="image", keywords={"DATALAB": "X-SQ-IMAGE"}
    )
    header = fits.getheader(path)
    assert header["ORIGNAME"] == "S20131121S0075.fits"
    assert header["FILTER"] == "Y"
    assert header["FILTER1"] == "Y_G0811"
    assert (header["PROCSOFT"], header["PROCMODE"]) == ("f2widgets", "sq")
    assert header["DARKCORR"] == header["STACKFRM"] == "2024-05-01T12:00:03"
    assert header["NCOMBINE"] == 3
    assert [header[f"IMCMB00{n}"] for n in (1, 2, 3)] == [f"S20131121S00{n}" for n in (75, 76, 77)]
    assert header["DATALAB"] == "X-SQ-IMAGE"
    assert header["EXPTIME"] == 120.0
    assert "GEM-TLM" in header
    assert "GAIN" not in header


def test_coordinates_are_two_dimensional_and_full(tmp_path):
    frame = product(tmp_path)
    with fits.open(write_frame(frame, tmp_path / "a.fits")) as hdus:
        for name in ("SCI", "VAR", "DQ", "OBJMASK"):
            header = hdus[name].header
            for key in ("CRPIX1", "CRPIX2", "CRVAL1", "CRVAL2", "CD1_1", "CD1_2", "CD2_1", "CD2_2"):
                assert header[key] == frame.image_header[key]
            assert header["RADESYS"] == "FK5"
            assert not {"CD3_3", "RADECSYS", "NAXIS3", "PC1_1", "CDELT1"} & set(header)
    again = read_frame(tmp_path / "a.fits")
    ours, theirs = (f.wcs.pixel_to_world_values(10.0, 20.0) for f in (frame, again))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-12)


def test_moved_coordinates_are_the_ones_written(tmp_path):
    frame = product(tmp_path)
    wcs = frame.wcs.deepcopy()
    wcs.wcs.crpix += [3.125, -7.5]
    header = fits.getheader(write_frame(frame.with_(wcs=wcs), tmp_path / "a.fits"), "SCI")
    assert (header["CRPIX1"], header["CRPIX2"]) == (33.25 + 3.125, 24.5 - 7.5)


def test_calibration_keeps_its_own_coordinates(tmp_path):
    header = fits.getheader(write_frame(product(tmp_path, wcs=None), tmp_path / "a.fits"), "SCI")
    assert header["CTYPE1"] == "RA---TAN"
    assert header["CRVAL1"] == 117.126
    assert "CD3_3" not in header


def test_flat_has_no_unit_and_dark_is_known(tmp_path):
    flat = write_frame(product(tmp_path, unit="", planes={}), tmp_path / "a_flat.fits", kind="flat")
    assert fits.getheader(flat, "SCI")["BUNIT"] == ""
    assert read_frame(flat).unit == ""
    assert "PROCFLAT" in fits.getheader(flat)
    dark = write_frame(product(tmp_path, planes={}), tmp_path / "a_dark.fits", kind="dark")
    assert "PROCDARK" in fits.getheader(dark)
    assert fits.getheader(dark, "SCI")["ARRAYSEC"] == "[1:64,1:48]"


def test_bad_pixel_mask(tmp_path):
    frame = product(tmp_path)
    path = write_frame(frame, tmp_path / "a_bpm.fits", kind="bpm")
    with fits.open(path) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "SCI", "PROVENANCE", "HISTORY"]
        assert hdus["SCI"].header["BITPIX"] == 16
        assert "BZERO" not in hdus["SCI"].header
        assert hdus[0].header["OBJECT"] == "BPM"
        assert set(np.unique(hdus["SCI"].data)) == {0, 1, 64}
    again = read_frame(path)
    np.testing.assert_array_equal(again.mask, frame.mask & 65)
    assert "BPM" in again.facts.tags
    assert again.unit == ""


def test_frame_without_variance_or_headers(tmp_path):
    frame = product(tmp_path, variance=None, header=None, image_header=None, wcs=None, planes={})
    again = read_frame(write_frame(frame, tmp_path / "a.fits"))
    assert again.variance is None
    np.testing.assert_array_equal(again.data, frame.data)


def test_broken_cards_do_no_harm(tmp_path):
    raw = raw_file(tmp_path / "raw.fits")
    text = raw.read_bytes().replace(b"MASKNAME= 'None    '", b"MASKNAME= None && ' ")
    raw.write_bytes(text.replace(b"MOSPOS  =", b"mos&pos ="))
    header = fits.getheader(write_frame(read_frame(raw), tmp_path / "a.fits"))
    assert "None &&" in header["MASKNAME"]
    assert header["GRISM"] == "Open"


def test_wrong_name_of_a_plane(tmp_path):
    frame = product(tmp_path, planes={"dq": np.zeros((48, 64), np.uint8)})
    with pytest.raises(ValueError, match="no further plane may be called DQ"):
        write_frame(frame, tmp_path / "a.fits")


@pytest.mark.parametrize("kind", ["bool", ">i2", "u2", "<i4", "u4", "i8", ">f4", "f8"])
def test_further_planes_of_any_type(tmp_path, kind):
    plane = np.arange(48 * 64).reshape(48, 64).astype(kind)
    path = write_frame(product(tmp_path, planes={"NIMG": plane}), tmp_path / "a.fits")
    np.testing.assert_array_equal(fits.getdata(path, "NIMG"), plane)
    np.testing.assert_array_equal(read_frame(path).planes["NIMG"], plane)


def test_type_that_fits_does_not_know(tmp_path):
    with pytest.raises(ValueError, match="NIMG: FITS keeps no pixels of type complex64"):
        write_frame(product(tmp_path, planes={"NIMG": np.ones((48, 64), np.complex64)}), tmp_path / "a.fits")
    assert not (tmp_path / "a.fits").exists()
    assert parts(tmp_path) == []


def test_other_inputs_need_overwrite(tmp_path):
    path = tmp_path / "a.fits"
    frame = product(tmp_path)
    write_frame(frame, path)
    before = path.read_bytes()
    for other in (
        frame.with_(provenance=frame.provenance[:2]),
        frame.with_(history=(*frame.history, entry("scale", "scaleByIntensity"))),
        frame.with_(history=(entry(), entry("combine", "stackFrames", method="median", sigma=3.0))),
        frame.with_(provenance=(), history=()),
    ):
        assert not made_from_identical(path, other)
        with pytest.raises(NotWritten, match=r"a.fits exists and was made from other inputs.*\-\-overwrite"):
            write_frame(other, path)
    assert path.read_bytes() == before
    write_frame(frame.with_(provenance=frame.provenance[:2]), path, overwrite=True)
    assert len(read_frame(path).provenance) == 2


def test_identical_product_is_left_as_it_is(tmp_path):
    path = tmp_path / "a_image.fits"
    frame = product(tmp_path)
    write_frame(frame, path, kind="image", keywords={"AIRMASS": 1.25})
    before = path.stat()
    later = frame.with_(history=tuple(entry(e.step, e.verb, **e.arguments) for e in frame.history))
    assert made_from_identical(path, later)
    write_frame(later, path, kind="image", keywords={"AIRMASS": (1.25, "mean")})
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert path.stat().st_ino == before.st_ino


@pytest.mark.parametrize("part", ["data", "variance", "mask", "EXPMAP", "keyword", "version"])
def test_same_inputs_but_another_result_is_written(tmp_path, part, monkeypatch):
    path = tmp_path / "a_image.fits"
    frame = product(tmp_path)
    write_frame(frame, path, kind="image")
    before = path.stat().st_ino
    os.link(path, tmp_path / "kept")  # so that the number of the old file cannot come again
    keywords = {"AIRMASS": 1.5} if part == "keyword" else {}
    if part == "version":
        monkeypatch.setattr(write, "__version__", "99")
    elif part == "EXPMAP":
        plane = frame.planes["EXPMAP"].copy()
        plane[47, 63] = 1
        frame = frame.with_(planes={**frame.planes, "EXPMAP": plane})
    elif part != "keyword":
        plane = getattr(frame, part).copy()
        plane[47, 63] = 3
        frame = frame.with_(**{part: plane})
    write_frame(frame, path, kind="image", keywords=keywords)
    assert path.stat().st_ino != before
    np.testing.assert_array_equal(read_frame(path).data, frame.data)


def test_raw_file_is_never_taken_for_a_product(tmp_path):
    frame = product(tmp_path)
    with pytest.raises(NotWritten, match="exists"):
        write_frame(frame.with_(provenance=(), history=()), tmp_path / "S20131121S0075.fits")
    broken = tmp_path / "broken.fits"
    broken.write_text("no fits")
    assert not made_from_identical(broken, frame)
    with pytest.raises(NotWritten, match="--overwrite"):
        write_frame(frame, broken)


def test_crash_in_the_middle_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.fits"
    write_frame(product(tmp_path), path)
    before = path.read_bytes()
    real = write._write_image

    def crash(stream, name, pixels, cards):
        if name == "DQ":
            raise KeyboardInterrupt
        real(stream, name, pixels, cards)

    monkeypatch.setattr(write, "_write_image", crash)
    with pytest.raises(KeyboardInterrupt):
        write_frame(product(tmp_path), path, overwrite=True)
    assert path.read_bytes() == before
    assert parts(tmp_path) == []


@pytest.mark.parametrize(
    ("number", "words"), [(28, "disk is full"), (122, "quota"), (30, "read-only disk"), (13, "no permission")]
)
def test_system_refuses(tmp_path, monkeypatch, number, words):
    path = tmp_path / "a.fits"
    write_frame(product(tmp_path), path)
    before = path.read_bytes()

    def refuse(*_):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(atomic.os, "fsync", refuse)
    with pytest.raises(NotWritten, match=rf"a.fits was not written: .*{words}.*--out.*as it was"):
        write_frame(product(tmp_path), path, overwrite=True)
    assert path.read_bytes() == before
    assert parts(tmp_path) == []


FULL = """
import resource, signal, sys
from pathlib import Path
sys.path.insert(0, {root!r})
from f2widgets.errors import NotWritten
from f2widgets.io.write import write_frame
from f2widgets.io.read import read_frame
frame = read_frame({source!r})
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
try:
    write_frame(frame, {target!r}, overwrite=True)
except NotWritten as error:
    print(error)
"""


def test_no_room_in_a_real_file_system(tmp_path):
    target = write_frame(product(tmp_path), tmp_path / "new" / "a.fits")
    before = target.read_bytes()
    assert len(before) > 40_000
    code = FULL.format(root=os.getcwd(), source=str(target), target=str(target))
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "a.fits was not written: files of this size are not allowed" in done.stdout
    assert target.read_bytes() == before
    assert parts(target.parent) == []


LOCKED = """
from f2widgets.errors import NotWritten
from f2widgets.io.read import read_frame
from f2widgets.io.write import write_frame
try:
    write_frame(read_frame({source!r}), {target!r})
except NotWritten as error:
    print(error)
"""


def test_folder_without_permission(tmp_path):
    source = write_frame(product(tmp_path), tmp_path / "b.fits")
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    code = LOCKED.format(source=str(source), target=str(folder / "a.fits"))
    words = [sys.executable, "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, preexec_fn=as_anybody, check=True)
    assert "a.fits was not written: you have no permission to write there" in done.stdout
    assert parts(folder) == []


def test_file_where_a_folder_is_needed(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(NotWritten, match="a file is in the way"):
        write_frame(product(tmp_path), tmp_path / "out" / "a.fits")


def test_memory_while_writing_stays_small(tmp_path):
    code = (
        "import resource, numpy as np\n"
        "from f2widgets.core.frame import Frame\n"
        "from f2widgets.io.write import write_frame\n"
        "plane = np.ones((2000, 2000), np.float32)\n"
        "frame = Frame('a', plane, plane.copy(), np.ones(plane.shape, np.uint16))\n"
        "peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "before = peak()\n"
        f"write_frame(frame, {str(tmp_path / 'a.fits')!r})\n"
        "print((peak() - before) // 1024)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 20  # MB; one plane is 16 MB, and a copy of it would do no harm


def test_link_is_the_same_file_and_replaces(tmp_path):
    path = tmp_path / "a.fits"
    path.write_text("new")
    target = tmp_path / "calibrations" / "processed_dark" / "a.fits"
    assert link_or_copy(path, target) == target
    assert path.samefile(target)
    assert link_or_copy(path, target) == target
    other = tmp_path / "b.fits"
    other.write_text("newer")
    link_or_copy(other, target)
    assert target.read_text() == "newer"
    assert path.read_text() == "new"
    assert parts(target.parent) == []


def test_copy_where_links_are_not_possible(tmp_path, monkeypatch):
    def refuse(*_):
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(atomic.os, "link", refuse)
    path = tmp_path / "a.fits"
    path.write_text("new")
    target = link_or_copy(path, tmp_path / "far" / "a.fits")
    assert target.read_text() == "new"
    assert not path.samefile(target)
    assert parts(target.parent) == []


def test_missing_source_of_a_link(tmp_path):
    with pytest.raises(NotWritten):
        link_or_copy(tmp_path / "none.fits", tmp_path / "b.fits")
    assert list(tmp_path.iterdir()) == []


def test_umask_decides_who_may_read(tmp_path):
    old = os.umask(0o027)
    try:
        path = write_frame(product(tmp_path), tmp_path / "a.fits")
    finally:
        os.umask(old)
    assert path.stat().st_mode & 0o777 == 0o640


def test_open_frame_of_a_product_reads_bands_of_all_planes(tmp_path):
    frame = product(tmp_path)
    band = open_frame(write_frame(frame, tmp_path / "a.fits")).rows(10, 20)
    np.testing.assert_array_equal(band.variance, frame.variance[10:20])
    np.testing.assert_array_equal(band.mask, frame.mask[10:20])
    np.testing.assert_array_equal(band.planes["EXPMAP"], frame.planes["EXPMAP"][10:20])


def test_what_a_killed_process_left_is_swept_and_what_a_live_one_writes_is_not(tmp_path):
    zombie = subprocess.Popen([sys.executable, "-c", ""])
    zombie_file = tmp_path / "deep" / f".a.fits.{zombie.pid}-abcdef.part"
    zombie_file.parent.mkdir()
    zombie_file.write_text("half")
    own = atomic.beside(tmp_path / "b.fits")
    own.write_text("half")
    (tmp_path / ".c.part").write_text("not ours")
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    assert atomic.sweep(tmp_path) == [zombie_file]
    zombie.wait()
    assert own.exists()
    assert (tmp_path / ".c.part").exists()
    assert atomic.sweep(tmp_path / "nothing") == []
