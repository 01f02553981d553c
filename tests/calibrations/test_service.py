"""Finding and storing: the user's word, the databases in their order, and files that are not as they were."""

from dataclasses import replace

import pytest

from f2widgets.calibrations.config import Config, Database
from f2widgets.calibrations.match import Candidate
from f2widgets.calibrations.overrides import by_kind, calibration_kind, parse_user_cal
from f2widgets.calibrations.service import Calibrations
from f2widgets.calibrations.store import Store
from f2widgets.core.frame import Facts
from f2widgets.errors import CalibrationStore, NoCalibration, ParameterError, WrongCalibration
from tests.calibrations.processed import NIGHT, write_processed

SCIENCE = Facts(
    tags=frozenset({"IMAGE"}),
    observation_type="OBJECT",
    ut_start=NIGHT,
    exposure_time=120.0,
    read_mode="1",
    filter_name="Y",
    filter_id="Y_G0811&Open",
    disperser="Open",
    lyot_stop="f/16_G5830",
    focal_plane_mask="Open",
)


def database(folder, *files, get=True, store=True):
    folder.mkdir(exist_ok=True)
    made = Store(folder)
    made.init()
    made.add(*files)
    return Database(made.path, get, store)


def service(*databases, **more):
    return Calibrations(Config(databases), patience=0.2, **more)


@pytest.fixture
def work(tmp_path):
    near = write_processed(tmp_path / "near.fits", days=1)
    far = write_processed(tmp_path / "far.fits", days=-3)
    return service(database(tmp_path, near, far))


def test_the_nearest_is_found_and_its_database_named(work, tmp_path):
    found = work.find("dark", SCIENCE, name="S1", shape=(8, 8))
    assert found.path == tmp_path / "near.fits"
    assert found.origin == str(tmp_path / "f2_calibrations.db")
    assert found.age == pytest.approx(1)
    assert [one.candidate.path.name for one in found.others] == ["far.fits"]


def test_every_kind_is_found_for_a_science_frame(tmp_path):
    files = [write_processed(tmp_path / f"x_{kind}.fits", kind, days=8) for kind in ("dark", "flat", "bpm")]
    work = service(database(tmp_path, *files))
    for kind in ("dark", "flat", "bpm"):
        found = work.find(kind, SCIENCE)
        assert found.path == tmp_path / f"x_{kind}.fits"
        assert bool(found.notes) == (kind == "bpm")


def test_a_changed_file_is_refused_with_the_reason_and_the_next_is_taken(work, tmp_path):
    write_processed(tmp_path / "near.fits", days=1, level=7)
    found = work.find("dark", SCIENCE)
    assert found.path == tmp_path / "far.fits"
    assert "near.fits: the file has changed since it was added" in str(found.misses[0])


def test_a_missing_file_is_refused_with_the_reason_and_the_next_is_taken(work, tmp_path):
    (tmp_path / "near.fits").unlink()
    found = work.find("dark", SCIENCE)
    assert found.path == tmp_path / "far.fits"
    assert str(found.misses[0]) == "near.fits: the file is missing"


def test_if_all_files_are_gone_the_reasons_are_told(work, tmp_path):
    for name in ("near.fits", "far.fits"):
        (tmp_path / name).unlink()
    with pytest.raises(NoCalibration, match=r"far\.fits: the file is missing"):
        work.find("dark", SCIENCE, name="S1").require()


def test_databases_are_asked_in_their_order(tmp_path):
    near = write_processed(tmp_path / "near.fits", days=0)
    far = write_processed(tmp_path / "far.fits", days=30)
    unfit = write_processed(tmp_path / "unfit.fits", exposure=2.0)
    one, two, three = (
        database(tmp_path / name, file) for name, file in (("1", unfit), ("2", far), ("3", near))
    )
    found = service(one, two, three).find("dark", SCIENCE)
    assert found.path == far
    assert [miss.candidate.path for miss in found.misses] == [unfit]
    assert found.searched == (str(one.path), str(two.path))


def test_a_database_without_get_is_not_asked(tmp_path):
    file = write_processed(tmp_path / "d.fits")
    assert service(database(tmp_path, file, get=False)).find("dark", SCIENCE).chosen is None


def test_no_database_yet_means_nothing_is_found_and_the_place_is_named(tmp_path):
    found = service(Database(tmp_path / "new.db", True, True)).find("dark", SCIENCE, name="S1")
    assert found.chosen is None
    assert f"looked in {tmp_path}/new.db, which holds no dark" in found.explain()
    assert not (tmp_path / "new.db").exists()


def test_a_configured_database_that_is_not_there_is_an_error(tmp_path):
    with pytest.raises(CalibrationStore, match="There is no calibration database"):
        service(Database(tmp_path / "none.db")).find("dark", SCIENCE)


def test_a_database_that_cannot_be_read_is_never_no_calibration(work, tmp_path):
    (tmp_path / "f2_calibrations.db").write_bytes(b"x" * 9000)
    with pytest.raises(CalibrationStore):
        work.find("dark", SCIENCE)


def test_a_calibration_stored_by_another_is_seen(work, tmp_path):
    assert work.find("dark", SCIENCE).path.name == "near.fits"
    Store(tmp_path).add(write_processed(tmp_path / "nearer.fits", days=0.1))
    assert work.find("dark", SCIENCE).path.name == "nearer.fits"


def test_stored_products_are_found_and_the_database_is_made(tmp_path):
    work = service(Database(tmp_path / "new.db", True, True))
    file = write_processed(tmp_path / "calibrations" / "processed_dark" / "d.fits")
    assert work.store(file) == (tmp_path / "new.db",)
    assert work.find("dark", SCIENCE).path == file


def test_without_a_database_to_store_to_nothing_is_stored(tmp_path):
    assert service(database(tmp_path, store=False)).store(write_processed(tmp_path / "d.fits")) == ()
    assert Store(tmp_path).entries() == []


def test_only_processed_calibrations_are_stored(work, tmp_path):
    with pytest.raises(CalibrationStore, match="was not stored"):
        work.store(write_processed(tmp_path / "raw.fits", None))


def test_products_of_earlier_jobs_stand_in_line_with_the_first_database(work, tmp_path):
    tomorrow = replace(SCIENCE, ut_start=NIGHT.replace(day=22))
    planned = Candidate(tmp_path / "not yet.fits", tomorrow, "this run")
    assert work.find("dark", SCIENCE, planned=[planned]).path.name == "not yet.fits"
    late = replace(planned, facts=replace(SCIENCE, ut_start=NIGHT.replace(day=23)))
    assert work.find("dark", SCIENCE, planned=[late]).path.name == "near.fits"
    assert service().find("dark", SCIENCE, planned=[late]).origin == "this run"


def test_what_the_user_names_wins(work, tmp_path):
    mine = write_processed(tmp_path / "mine.fits", days=-200)
    work.user.update(by_kind([f"processed_dark:{mine}"]))
    found = work.find("dark", SCIENCE)
    assert (found.path, found.origin) == (mine, "user")
    assert "200 days away" in found.notes[0]
    assert "named by the user" in found.explain()
    other = write_processed(tmp_path / "other.fits")
    assert work.find("dark", SCIENCE, file=other).path == other


def test_a_file_of_another_kind_is_refused_even_if_forced(work, tmp_path):
    flat = write_processed(tmp_path / "flat.fits", "flat")
    for text in (str(flat), f"{flat}:force"):
        with pytest.raises(WrongCalibration, match="needs the tags PROCESSED and DARK"):
            work.find("dark", SCIENCE, file=text)


def test_a_dark_of_another_exposure_is_refused_unless_forced(work, tmp_path):
    mine = write_processed(tmp_path / "mine.fits", exposure=60.0)
    with pytest.raises(WrongCalibration, match="exposure time is 60 s, needed 120 s") as caught:
        work.find("dark", SCIENCE, file=mine)
    assert "mine.fits:force" in str(caught.value)
    found = work.find("dark", SCIENCE, file=f"{mine}:force")
    assert found.notes == ("used although exposure time is 60 s, needed 120 s",)


def test_a_flat_of_another_filter_is_refused(work, tmp_path):
    flat = write_processed(tmp_path / "flat.fits", "flat", FILTER1="J_G0802")
    with pytest.raises(WrongCalibration, match="filter is J_G0802, needed Y_G0811"):
        work.find("flat", SCIENCE, file=flat)


def test_a_file_of_another_size_cannot_be_forced(work, tmp_path):
    bpm = write_processed(tmp_path / "bpm.fits", "bpm")
    with pytest.raises(WrongCalibration, match="size is 8 x 8, needed 9 x 10"):
        work.find("bpm", SCIENCE, shape=(10, 9), file=f"{bpm}:force")
    assert work.find("bpm", SCIENCE, shape=(8, 8), file=bpm).path == bpm


def test_doing_without_is_no_failure(work):
    assert work.find("dark", SCIENCE, skip=True).skipped
    found = service(*work.config.databases, skip={"dark"}).find("dark", SCIENCE, name="S1")
    assert found.skipped
    assert found.explain() == "S1: no dark is used, as asked for."


def test_names_of_kinds_are_understood_or_mended():
    assert [calibration_kind(name) for name in ("processed_dark", "bpm", "FLAT")] == ["dark", "bpm", "flat"]
    with pytest.raises(ParameterError, match=r"Did you mean processed_flat\?"):
        calibration_kind("processed_flt")
    with pytest.raises(ParameterError, match="uses no processed_arc"):
        calibration_kind("processed_arc")


@pytest.mark.parametrize("text", ["processed_dark", "processed_dark:", "processed_dark:none.fits"])
def test_a_user_cal_needs_a_type_and_a_file(text):
    with pytest.raises(ParameterError, match=r"no file|is not TYPE:FILE"):
        parse_user_cal(text)


def test_two_files_for_one_kind_are_an_error(tmp_path):
    one, two = (write_processed(tmp_path / name) for name in ("1.fits", "2.fits"))
    with pytest.raises(ParameterError, match=r"1\.fits and 2\.fits"):
        by_kind([f"dark:{one}", f"processed_dark:{two}"])
