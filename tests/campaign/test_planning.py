"""A folder becomes jobs in order, each with its calibrations; what cannot be done is told with its remedy."""

import shutil

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.campaign.planning import plan_all
from f2widgets.errors import NotF2Data, ParameterError, WrongInputs
from tests.calibrations.processed import write_processed

J = {"FILTER": "J_G0802", "FILTER2": "J_G0802", "WAVELENG": 12500.0}
K = {"FILTER": "Ks_G0804", "FILTER2": "Ks_G0804", "WAVELENG": 21500.0}


def told(graph):
    """Return what each task makes, of how many frames, and what it takes."""
    return [
        (task.title, len(task.job.files), "lacking" if task.lacking else graph.takes(task))
        for task in graph.tasks
    ]


def reasons(graph):
    return {one.path.name: one.reason for one in graph.aside}


def test_a_night_becomes_jobs_in_order(usual_night):
    graph = plan_all(usual_night.folder)
    assert told(graph) == [
        ("dark 120 s", 2, ""),
        ("dark 2 s", 2, ""),
        ("bpm of flat Y 20 s", 5, ""),
        ("flat Y 20 s", 3, "bpm 3"),
        ("field Y 120 s", 3, "bpm 3, dark 1, flat 4"),
    ]
    assert graph.complete
    assert [task.product.name for task in graph.tasks] == [
        "S20131121S0011_dark.fits",
        "S20131121S0013_dark.fits",
        "S20131121S0021_bpm.fits",
        "S20131121S0021_flat.fits",
        "S20131121S0001_image.fits",
    ]
    assert [task.job.recipe for task in graph.tasks] == ["dark", "dark", "bpm", "flat", None]
    assert "10 files: 4 darks, 2 flats with the lamp on, 1 flat with the lamp off, 3 science" in str(graph)


def test_targets_are_told_apart(usual_night):
    usual_night(31, OBJECT="other")
    usual_night(32, EXPTIME=2.0)
    usual_night(33, DATE_OBS="2013-11-23")
    usual_night(34, GEMPRGID="GS-2013B-Q-99")
    usual_night(35, LNRS=4)
    graph = plan_all(usual_night.folder)
    targets = [(len(task.job.files), graph.takes(task)) for task in graph.tasks if task.kind == "image"]
    assert sorted(targets) == sorted(
        [(3, "bpm 3, dark 1, flat 4")] + 3 * [(1, "bpm 3, dark 1, flat 4")]
        + [(1, "bpm 3, dark 2, flat 4"), (1, "bpm 3, flat 4")]
    )  # fmt: skip


def test_a_filter_without_flats_is_told_and_the_rest_is_planned(usual_night, verb):
    usual_night(31, OBJECT="other", **J)
    usual_night(32, "lamp_on", **J)
    graph = plan_all(usual_night.folder)
    flat, image = (task for task in graph.tasks if task.lacking)
    assert "add flats with the lamp off" in flat.lacking
    assert "No flat fits S20131121S0031: it needs filter J_G0802" in image.lacking
    assert "filter is Y_G0811, needed J_G0802" in image.lacking
    assert "--without divide_flat" in image.lacking
    assert "bring raw flats like that into the folder" in image.lacking
    assert len(graph.ready) == 5
    assert not graph.complete
    status, out, err = verb("plan", usual_night.folder)
    assert (status, err) == (3, "")
    assert "cannot be done, see below" in out
    assert "job 5, flat J 20 s" in out


def test_a_step_left_out_needs_no_calibration(raw_night, verb):
    raw_night(1)
    assert verb("plan", raw_night.folder)[0] == 1
    assert verb("plan", raw_night.folder, "--without", "subtract_dark", "--without", "flatCorrect")[0] == 0


def test_files_of_all_sorts_are_left_out_with_a_reason(usual_night):
    folder = usual_night.folder
    usual_night(51, INSTRUME="NIRI")
    usual_night(52, "spectrum")
    usual_night(53, RAWGEMQA="BAD", RAWPIREQ="NO")
    usual_night(54, LNRS=5)
    write_processed(folder / "old_dark.fits", "dark")
    (folder / "S20131121S0055.fits").write_bytes((folder / "S20131121S0001.fits").read_bytes()[:15_000])
    (folder / "notes.fits").write_text("nothing")
    found = reasons(plan_all(folder))
    assert {name: reason[:24] for name, reason in found.items()} == {
        "S20131121S0051.fits": "is not from Flamingos-2:",
        "S20131121S0052.fits": "is a spectrum; only imag",
        "S20131121S0053.fits": "was failed by the observ",
        "S20131121S0054.fits": "tells no exposure time o",
        "old_dark.fits": "is a reduced frame; only",
        "S20131121S0055.fits": found["S20131121S0055.fits"][:24],
        "notes.fits": found["notes.fits"][:24],
    }
    assert "cut short" in found["S20131121S0055.fits"]
    graph = plan_all(folder)
    assert len(graph.ready) == len(graph.tasks) == 5
    assert not graph.complete


def test_products_beside_raw_frames_are_nothing_amiss(usual_night):
    write_processed(usual_night.folder / "old_dark.fits", "dark")
    assert plan_all(usual_night.folder).complete


def test_a_frame_that_comes_twice_is_used_once(usual_night):
    folder = usual_night.folder
    (folder / "copies").mkdir()
    shutil.copy(folder / "S20131121S0001.fits", folder / "copies" / "S20131121S0001.fits")
    shutil.copy(folder / "S20131121S0002.fits", folder / "renamed.fits")
    other = folder / "copies" / "S20131121S0003.fits"
    shutil.copy(folder / "S20131121S0003.fits", other)
    fits.setval(other, "DATALAB", value="GS-2013B-Q-15-39-777")
    graph = plan_all(folder)
    assert told(graph)[-1] == ("field Y 120 s", 3, "bpm 3, dark 1, flat 4")
    assert all(folder == path.parent for path in graph.tasks[-1].job.files)
    found = reasons(graph)
    assert (
        found["S20131121S0001.fits"]
        == f"is the same exposure as {folder}/S20131121S0001.fits. Delete one of them."
    )
    assert "renamed.fits" in found or "S20131121S0002.fits" in found
    assert "has the name of another exposure" in found["S20131121S0003.fits"]


def test_masters_are_made_week_by_week_and_the_nearest_is_taken(usual_night):
    for number, night in ((61, 11), (62, 11), (63, 21)):
        usual_night(number, "dark", name=f"S201312{night}S{number:04d}", DATE_OBS=f"2013-12-{night}")
    usual_night(64, name="S20131220S0064", DATE_OBS="2013-12-20")
    graph = plan_all(usual_night.folder)
    assert [told(graph)[i][:2] for i in range(4)] == [
        ("dark 120 s", 2),
        ("dark 2 s", 2),
        ("dark 120 s", 2),
        ("dark 120 s", 1),
    ]
    assert told(graph)[-1] == ("field Y 120 s", 1, "bpm 5, dark 4, flat 6")


def test_in_k_flats_take_a_dark_and_the_mask_is_of_another_filter(usual_night):
    usual_night(71, OBJECT="red", **K)
    usual_night(72, "lamp_off", **K)
    usual_night(73, "dark", EXPTIME=20.0)
    graph = plan_all(usual_night.folder)
    assert told(graph)[3:] == [
        ("bpm of flat Y 20 s", 5, ""),
        ("flat Y 20 s", 3, "bpm 4"),
        ("flat Ks 20 s", 1, "bpm 4, dark 3"),
        ("field Y 120 s", 3, "bpm 4, dark 1, flat 5"),
        ("red Ks 120 s", 1, "bpm 4, dark 1, flat 6"),
    ]


def test_a_calibration_that_is_there_is_taken(usual_night, tmp_path):
    dark = write_processed(tmp_path / "D_dark.fits", "dark", shape=(64, 64))
    graph = plan_all(usual_night.folder, user_cals={"dark": dark})
    assert graph.takes(graph.tasks[-1]) == "bpm 3, dark D_dark.fits, flat 4"
    wrong = write_processed(tmp_path / "W_dark.fits", "dark", exposure=60.0, shape=(64, 64))
    graph = plan_all(usual_night.folder, user_cals={"dark": wrong})
    assert "exposure time is 60 s, needed 120 s" in graph.tasks[-1].lacking


def test_frames_without_a_time_are_grouped_all_the_same(raw_night):
    clock = dict.fromkeys(("DATE_OBS", "UT", "TIME-OBS", "UTSTART", "UTEND", "LT", "MJD_OBS"))
    raw_night(1, "dark", **clock)
    raw_night(2, "dark", **clock)
    assert told(plan_all(raw_night.folder)) == [("dark 120 s", 2, "")]


def test_names_that_mean_nothing_are_refused(usual_night, verb):
    for slip, words in (
        ({"settings": {"combine_drks:method": "mean"}}, "combine_drks"),
        ({"settings": {"method": "mean"}}, "needs its step"),
        ({"without": ["divide_flt"]}, "divide_flt"),
        ({"settings": {"combine_darks:method": "nonsense"}}, "nonsense"),
    ):
        with pytest.raises(ParameterError, match=words):
            plan_all(usual_night.folder, **slip)
    with pytest.raises(WrongInputs):
        plan_all(usual_night.folder / "nothing")
    assert verb("plan", usual_night.folder / "nothing")[0] == 1
    assert verb("plan", usual_night.folder, "--without", "divide_flt")[0] == 2


def fields(raw_night, first, name, **said):
    """Write frames of one target in three fields far from each other; `said` are headers of the first."""
    for k in range(3):
        pixels, more = np.zeros((128, 128)), said if k == 0 else {}
        raw_night(first + k, OBJECT=name, POFFSET=60.0 * k, QOFFSET=0.0, pixels=pixels, **more)


#: What images of another size than the calibrations can do without.
ALONE = ["subtract_dark", "divide_flat", "flag_bad_pixels"]


def images(raw_night, **options):
    """Return the tasks of the targets by their names."""
    tasks = plan_all(raw_night.folder, without=ALONE, **options).tasks
    return {task.title.partition(" ")[0]: task for task in tasks if task.kind == "image"}


def test_fields_that_cannot_be_told_apart_are_asked_for_before_anything_runs(usual_night, verb):
    fields(usual_night, 31, "strange")
    fields(usual_night, 41, "stranger")
    found = images(usual_night)
    assert {name: bool(task.lacking) for name, task in found.items()} == {
        "field": False,
        "strange": True,
        "stranger": True,
    }
    assert "show 3 fields" in found["strange"].lacking
    assert "separate_sky:ref_obj=NAME" in found["strange"].lacking
    status, out, _ = verb("plan", usual_night.folder)
    assert status == 3
    assert "show 3 fields" in out
    # What is said of one target is nothing to another.
    found = images(usual_night, settings={"separate_sky:ref_obj": "S20131121S0032"})
    assert (found["strange"].lacking, bool(found["stranger"].lacking)) == ("", True)
    told = " ".join(found["strange"].notes)
    assert "offset to sky: 1 frames of the target (S20131121S0032)" in told


def test_frames_that_say_what_they_show_are_believed(usual_night):
    fields(usual_night, 31, "strange", OBJFRAME="TRUE")
    task = images(usual_night)["strange"]
    assert not task.lacking
    assert "offset to sky: 1 frames of the target (S20131121S0031)" in " ".join(task.notes)


def test_an_empty_folder_is_told(raw_night, verb):
    graph = plan_all(raw_night.folder)
    assert not graph.tasks
    assert "There are no raw frames" in str(graph)
    assert verb("plan", raw_night.folder)[0] == 1


def test_the_tutorial_nights_are_planned_whole(example1_folder):
    graph = plan_all(example1_folder)
    assert [title for title, _, _ in told(graph)][:4] == [
        "dark 120 s",
        "dark 2 s",
        "bpm of flat Y 20 s",
        "flat Y 20 s",
    ]
    assert [count for _, count, _ in told(graph)] == [10, 7, 17, 10, 9]
    assert graph.complete


def test_a_folder_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "a.fits").write_text("x")
    with pytest.raises((NotF2Data, WrongInputs)):
        plan_all(tmp_path / "a.fit")
