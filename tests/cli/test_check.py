from tests.raw_files import write_raw
from tests.shell import f2, refuses

MENDED = {"DATE_OBS": "2017-11-21", "UTEND": "05:33:10.0"}


def test_reports_in_plain_text_with_a_count(tmp_path):
    (tmp_path / "raw").mkdir()
    write_raw(tmp_path / "raw" / "a.fits", **MENDED)
    write_raw(tmp_path / "raw" / "b.fits", **MENDED | {"CTYPE2": "?3", "DATALAB": "b"})
    done = f2("check", "raw", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [
        "a.fits: image, Y, 120 s: in order",
        "b.fits: image, Y, 120 s: usable",
        "    repaired: The coordinate types are corrupt (CTYPE2='?3'); read as a tangential projection.",
        "2 files: 1 in order, 1 usable with remarks.",
    ]
    assert f2("check", "raw", "--brief", folder=tmp_path).out.startswith("b.fits")


def test_status_tells_of_files_that_cannot_be_used(tmp_path):
    write_raw(tmp_path / "a.fits")
    (tmp_path / "b.fits").write_text("no FITS")
    assert f2("check", ".", folder=tmp_path).status == 3
    done = f2("check", "b.fits", folder=tmp_path)
    assert done.status == 1
    assert "b.fits: not usable\n    is no FITS file" in done.out


def test_refusals(tmp_path):
    refuses(f2("check", "gone.fits", folder=tmp_path), "gone.fits")
    assert f2("check", folder=tmp_path).status == 2
