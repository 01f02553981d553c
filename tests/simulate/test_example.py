import hashlib

import pytest
from astropy.io import fits

from f2widgets.errors import Cancelled, NotWritten
from f2widgets.simulate import disk_needed, example1
from f2widgets.simulate.truth import settings_of


def digest(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_the_same_seed_makes_the_same_bytes_with_any_number_of_threads(tmp_path):
    one, two, other = (tmp_path / name for name in ("one", "two", "other"))
    example1(one, size=128, seed=7, threads=1)
    example1(two, size=128, seed=7, threads=2)
    example1(other, size=128, seed=8, threads=2)
    assert digest(one) == digest(two)
    different = {name for name, value in digest(other).items() if digest(one)[name] != value}
    assert different == set(digest(one))


def test_frames_truth_and_room_needed(night):
    raw = sorted(night.glob("*.fits"))
    assert len(raw) == 36
    names = {path.name for path in (night / "truth").iterdir()}
    assert names == {
        "catalogue.ecsv",
        "frames.ecsv",
        "detector.npz",
        "probe.npz",
        "settings.json",
        "perfect.npz",
    }
    taken = sum(path.stat().st_size for path in night.rglob("*") if path.is_file())
    assert 0.7 * taken < disk_needed(256, perfect=True) - 500_000 < 1.5 * taken
    assert settings_of(night).seed == 3


def test_bad_wcs_changes_one_header_and_no_pixel(tmp_path):
    plain, bad = tmp_path / "plain", tmp_path / "bad"
    example1(plain, size=128)
    example1(bad, size=128, bad_wcs=5)
    before, now = digest(plain), digest(bad)
    assert {name for name in before if before[name] != now[name]} == {"S20131121S0079.fits", "settings.json"}
    names = ("S20131121S0078.fits", "S20131121S0079.fits")
    assert fits.getheader(bad / names[1], 1)["CRVAL1"] == fits.getheader(bad / names[0], 1)["CRVAL1"]
    assert (fits.getdata(bad / names[1]) == fits.getdata(plain / names[1])).all()


def test_frames_that_were_not_simulated_are_left_alone(tmp_path):
    precious = tmp_path / "S20131121S0075.fits"
    precious.write_text("a real night")
    with pytest.raises(NotWritten, match="which was not simulated"):
        example1(tmp_path, size=128)
    assert precious.read_text() == "a real night"
    assert list(tmp_path.iterdir()) == [precious]


def test_a_stopped_run_leaves_whole_files_only(tmp_path):
    def stop(done, total):
        if done == 3:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        example1(tmp_path, size=128, threads=2, on_progress=stop)
    assert not list(tmp_path.glob(".part*"))
    assert 3 <= len(list(tmp_path.glob("*.fits"))) < 36


def test_too_little_room_is_said_before_anything_is_written(tmp_path, monkeypatch):
    class Usage:
        free = 1000

    monkeypatch.setattr("shutil.disk_usage", lambda path: Usage)
    with pytest.raises(NotWritten, match="room for 0 MB, and the frames need"):
        example1(tmp_path / "new", size=128)
    assert not list((tmp_path / "new").iterdir())
