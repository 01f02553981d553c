"""Planted mistakes: each does what it says, leaves the healthy night alone, and shows."""

import shutil
from itertools import pairwise

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.core.detector import GAIN, WELL
from f2widgets.errors import WrongInputs
from f2widgets.files import table
from f2widgets.simulate import example1, load
from f2widgets.teaching import checkpoint
from f2widgets.teaching.cases import Case, clinic
from f2widgets.teaching.exercise import exercise_named
from f2widgets.teaching.faults import FAULTS, planted
from f2widgets.teaching.night import Night

BY_NAME = {fault.name: fault for fault in FAULTS}
DARK, SCIENCE = "S20131120S0115.fits", "S20131121S0080.fits"
ON, OFF = "S20131129S0320.fits", "S20131126S1111.fits"


@pytest.fixture(scope="module")
def healthy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    example1(folder, size=128, seed=2)
    return folder


def counts(folder, name):
    return fits.getdata(folder / name, 1)[0].astype(float)


def differ(one, two):
    """Return the names of the frames whose bytes differ, or that are missing."""
    names = sorted(path.name for path in one.glob("*.fits"))
    return [n for n in names if not (two / n).exists() or (one / n).read_bytes() != (two / n).read_bytes()]


@pytest.fixture
def sick(healthy, tmp_path):
    before = {path.name: path.read_bytes() for path in healthy.glob("*.fits")}

    def make(name):
        return planted(BY_NAME[name], healthy, tmp_path / name)

    yield make
    assert {path.name: path.read_bytes() for path in healthy.glob("*.fits")} == before


def test_wrong_dark_has_a_sixth_of_the_current_and_the_same_header(healthy, sick):
    folder = sick("wrong_dark")
    assert len(differ(healthy, folder)) == 10
    assert fits.getheader(folder / DARK)["EXPTIME"] == 120
    truth = load(healthy)
    hot = truth.dark > 40
    collected = [GAIN * np.median((counts(place, DARK) - truth.pedestal)[hot]) for place in (folder, healthy)]
    assert collected[0] / collected[1] == pytest.approx(20 / 120, rel=0.1)


def test_swapped_lamps_exchange_headers_and_keep_pixels(healthy, sick):
    folder = sick("swapped_lamps")
    assert fits.getheader(folder / ON)["GCALSHUT"] == "CLOSED"
    assert fits.getheader(folder / OFF)["GCALSHUT"] == "OPEN"
    np.testing.assert_array_equal(counts(folder, ON), counts(healthy, ON))
    assert len(differ(healthy, folder)) == 10


def test_no_bad_pixels_lacks_the_short_darks_only(healthy, sick):
    gone = differ(healthy, sick("no_bad_pixels"))
    assert gone == [f"S20131121S{number:04d}.fits" for number in range(369, 376)]


def test_wrong_wcs_is_that_of_the_frame_before(healthy, sick):
    folder = sick("wrong_wcs")
    assert differ(healthy, folder) == [SCIENCE]
    stale, own = (fits.getheader(folder / name, 1) for name in ("S20131121S0079.fits", SCIENCE))
    assert (own["CRVAL1"], own["CRVAL2"]) == (stale["CRVAL1"], stale["CRVAL2"])
    np.testing.assert_array_equal(counts(folder, SCIENCE), counts(healthy, SCIENCE))


def test_undithered_frames_show_the_same_place(healthy, sick):
    folder = sick("undithered")
    truth = load(healthy)
    good = truth.lit & (truth.bad == 0)

    def moved(place):
        apart = (counts(place, "S20131121S0075.fits") - counts(place, "S20131121S0079.fits"))[good]
        return np.percentile(np.abs(apart - np.median(apart)), 99.9)

    assert moved(folder) < 0.5 * moved(healthy)
    assert len({fits.getheader(folder / f"S20131121S00{k}.fits", 1)["CRVAL1"] for k in range(75, 84)}) == 1


def test_saturated_star_reaches_the_full_well(healthy, sick):
    folder = sick("saturated_star")
    more = counts(folder, SCIENCE) - counts(healthy, SCIENCE)
    assert more.max() > 0.5 * WELL / 4.44
    assert np.count_nonzero(counts(folder, SCIENCE) > 0.98 * WELL / 4.44) > np.count_nonzero(
        counts(healthy, SCIENCE) > 0.98 * WELL / 4.44
    )


def test_twilight_fades_and_leans_to_one_side(healthy, sick):
    folder = sick("twilight_flats")
    names = [f"S20131129S{number:04d}.fits" for number in range(320, 324)]
    assert differ(healthy, folder) == names
    more = [counts(folder, name) - counts(healthy, name) for name in names]
    assert all(np.median(a) > 1.3 * np.median(b) for a, b in pairwise(more))
    assert np.median(more[0][:, 80:]) > 1.5 * np.median(more[0][:, :48])


def test_headers_of_each_copy_can_be_read(sick):
    for fault in FAULTS:
        found = table(sick(fault.name), ["tags"])
        assert len(found) == (29 if fault.name == "no_bad_pixels" else 36)


def test_folder_without_a_simulated_night_is_refused(tmp_path):
    with pytest.raises(WrongInputs, match="no simulated night"):
        clinic(tmp_path / "clinic", tmp_path)
    with pytest.raises(WrongInputs, match="no simulated night"):
        planted(FAULTS[0], tmp_path, tmp_path / "copy")


def test_clinic_has_a_case_of_each_and_says_none(healthy, tmp_path, keep):
    cases = clinic(tmp_path / "clinic", healthy)
    assert [case.number for case in cases] == list(range(1, len(FAULTS) + 1))
    text = "".join(path.read_text() for path in (tmp_path / "clinic").rglob("*.json"))
    assert not any(fault.name in text or fault.diagnosis in text for fault in FAULTS)
    found = []
    for case in cases:
        made = checkpoint(f"09.case_{case.number}", case, keep=keep)
        for fault in FAULTS:
            if made.exercise.judge(fault.diagnosis, case).right:
                found.append(fault.name)
                assert made.answer(fault.diagnosis).endswith(fault.shows)
            else:
                assert made.exercise.judge(fault.diagnosis, case).text == fault.look
    assert sorted(found) == sorted(BY_NAME)
    assert len(cases[0].darks) == 10


def test_order_of_cases_follows_from_the_seed(healthy, tmp_path):
    example1(tmp_path / "other", size=128, seed=5)
    orders = []
    for name, source in (("a", healthy), ("b", healthy), ("c", tmp_path / "other")):
        cases = clinic(tmp_path / name, source)
        judge = [exercise_named(f"09.case_{case.number}").judge for case in cases]
        orders.append(
            [
                next(f.name for f in FAULTS if j(f.diagnosis, c).right)
                for j, c in zip(judge, cases, strict=True)
            ]
        )
    assert orders[0] == orders[1] != orders[2]


def test_case_that_is_gone_is_told(healthy, tmp_path, keep):
    case = clinic(tmp_path / "clinic", healthy)[0]
    shutil.rmtree(case.out.parent)
    again = Case(case.raw, case.out, 1)
    assert "run the cell that makes them again" in checkpoint("09.case_1", again, keep=keep).answer(
        FAULTS[0].diagnosis
    )


@pytest.mark.slow
def test_case_takes_healthy_masters_only_where_their_frames_are_the_same(tmp_path):
    night = Night(tmp_path / "raw", tmp_path / "out")
    example1(night.raw, size=256, seed=2)
    healthy = night.calibrate()
    shared = {}
    for case in clinic(tmp_path / "clinic", night):
        name = next(f.name for f in FAULTS if exercise_named("09.case_1").judge(f.diagnosis, case).right)
        if name != "swapped_lamps":  # which stops
            made = case.calibrate()
            shared[name] = {kind for kind, path in made.items() if path.samefile(healthy[kind])}
    everything = {"dark", "bpm", "flat"}
    assert shared == {
        "wrong_dark": {"bpm", "flat"},
        "no_bad_pixels": {"dark"},
        "wrong_wcs": everything,
        "undithered": everything,
        "saturated_star": everything,
        "twilight_flats": {"dark"},
    }
