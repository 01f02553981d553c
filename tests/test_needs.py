from pathlib import Path

import pytest

from f2widgets.calibrations.config import read_config
from f2widgets.calibrations.service import Calibrations
from f2widgets.calibrations.store import Store
from f2widgets.io.records import records
from f2widgets.needs import makings, needs_of
from tests.calibrations.processed import write_processed
from tests.raw_files import write_raw


@pytest.fixture
def night(tmp_path):
    """Return raw frames: two dithers, darks of two times, flats with the lamp on and off in two filters."""
    folder = tmp_path / "raw"
    folder.mkdir()

    def made(number, kind="science", **keywords):
        return write_raw(folder / f"S20131121S{number:04d}.fits", kind, **keywords)

    made(1)
    made(2)
    made(11, "dark", EXPTIME=120.0)
    made(12, "dark", EXPTIME=120.0, LNRS=4)
    made(13, "dark", EXPTIME=2.0)
    made(14, "dark", EXPTIME=120.0, DATE_OBS="2014-11-21")
    made(21, "lamp_on")
    made(22, "lamp_off")
    made(23, "lamp_on", FILTER="J_G0802", FILTER2="J_G0802", WAVELENG=12500.0)
    return folder


def files(night, *numbers):
    return records(night / f"S20131121S{number:04d}.fits" for number in numbers)


def everything(night):
    return records(sorted(night.iterdir()))


@pytest.fixture
def service(tmp_path):
    return lambda **options: Calibrations(read_config(folder=tmp_path), **options)


def test_only_what_the_recipes_look_for_is_needed(night, service):
    found = needs_of(everything(night), service())
    kinds = [(need.record.name[9:14], need.kind, need.optional) for need in found]
    science = [(name, *what) for name in ("S0001", "S0002") for what in
               (("dark", False), ("flat", False), ("bpm", True))]  # fmt: skip
    assert kinds == science + [(f"S00{number}", "bpm", True) for number in (21, 22, 23)]
    assert all(need.missing for need in found)


def test_what_is_missing_is_made_of_the_raw_frames_at_hand(night, service):
    found = makings(needs_of(files(night, 1, 2), service()), everything(night))
    assert [(one.kind, one.recipe.name, [path.name[10:14] for path in one.files]) for one in found] == [
        ("dark", "dark", ["0011"]),
        ("flat", "flat", ["0021", "0022"]),
        ("bpm", "bpm", ["0021", "0022", "0013"]),
    ]
    assert found[0].frames == ("S20131121S0001.fits", "S20131121S0002.fits")
    assert str(found[0]) == (
        "A dark with exposure time 120 s, read mode 1, coadds 1 for 2 frames: "
        "the recipe dark (makeProcessedDark) makes it of 1 raw frame."
    )


@pytest.mark.parametrize(
    ("there", "lacking"),
    [
        ((12, 13, 22), ["there are no raw darks like that",
                        "there are no flats with the lamp on to those with it off",
                        "there are no flats with the lamp on to those with it off"]),
        ((11, 14, 23), ["", "there are no raw flats like that",
                        "there are no flats with the lamp off to those with it on"]),
        ((21, 22), ["there are no raw darks like that", "", "there are no raw darks"]),
        ((), ["there are no raw darks like that", "there are no raw flats like that",
              "there are no raw flats of one kind"]),
    ],
)  # fmt: skip
def test_raw_frames_that_are_not_there_are_named(night, service, there, lacking):
    found = makings(needs_of(files(night, 1), service()), files(night, *there))
    assert [one.lacking for one in found] == lacking
    assert [bool(one.files) for one in found] == [not words for words in lacking]


def test_a_calibration_that_is_there_tells_why(night, service, tmp_path):
    dark = write_processed(tmp_path / "D_dark.fits", "dark", shape=(64, 64))
    near = write_processed(tmp_path / "N_dark.fits", "dark", exposure=60.0, shape=(64, 64))
    store = Store(tmp_path)
    store.init()
    store.add(dark, near)
    need = needs_of(files(night, 1), service())[0]
    assert need.match.path == dark
    assert "exposure time 120 s, read mode 1, coadds 1 agree" in str(need)
    (miss,) = need.match.misses
    assert [failure.key for failure in miss.failures] == ["exposure time"]
    assert [one.kind for one in makings(needs_of(files(night, 1), service()), [])] == ["flat", "bpm"]


def test_a_pinned_file_that_does_not_fit_is_said_and_nothing_is_planned_for_it(night, service, tmp_path):
    dark = write_processed(tmp_path / "D_dark.fits", "dark", exposure=60.0, shape=(64, 64))
    need = needs_of(files(night, 1), service(user=[f"dark:{dark}"]))[0]
    assert need.missing
    assert need.match is None
    assert "exposure time is 60 s, needed 120 s" in str(need)
    assert [one.kind for one in makings([need], everything(night))] == []


def test_files_that_cannot_be_used_need_nothing(service, tmp_path):
    (tmp_path / "text.fits").write_text("text")
    assert needs_of(records([Path(tmp_path / "text.fits")]), service()) == []


def test_in_k_flats_need_a_dark_and_no_lamp(tmp_path, service):
    red = {"FILTER1": "K-red_G0815", "FILTER2": "Open", "FILTER": "K-red_G0815", "WAVELENG": 23100.0}
    science = write_raw(tmp_path / "S20131121S0001.fits", EXPTIME=5.0, **red)
    flat = write_raw(tmp_path / "S20131121S0021.fits", "lamp_off", EXPTIME=2.0, **red)
    dark = write_raw(tmp_path / "S20131121S0011.fits", "dark", EXPTIME=2.0)
    long = write_raw(tmp_path / "S20131121S0012.fits", "dark", EXPTIME=5.0)
    found = needs_of(records([flat]), service())
    assert [(need.kind, need.optional) for need in found] == [("dark", False), ("bpm", True)]
    raws = records([science, flat, dark, long])
    made = makings(needs_of(raws[:1], service()), raws)
    assert [(one.kind, [path.name[10:14] for path in one.files]) for one in made] == [
        ("dark", ["0012"]),
        ("flat", ["0021", "0011"]),
        ("bpm", ["0021", "0011"]),
    ]
    made = makings(needs_of(raws[:1], service()), [raws[1], raws[3]])
    assert made[1].files == (flat,)
    assert made[2].lacking == "there are no raw darks as long as the flats"
