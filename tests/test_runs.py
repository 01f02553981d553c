"""A reduction begun in the middle gives what a whole one gives; what does not fit is refused in words."""

import json
import shutil

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.errors import Cancelled, ParameterError, WrongInputs
from f2widgets.recipes.events import Finished, Kept, Started
from f2widgets.reduction import reduce
from f2widgets.runs import clear, supersede

#: Cards and columns that hold a time of making.
STAMPED = {"GEM-TLM", "PROCSCI", "PREPARE", "SDZSTRUC", "SDZHDRSG", "SDZHDRSI"}


@pytest.fixture
def here(example1_calibrated, tmp_path, monkeypatch):
    """A copy of a folder with dark, mask and flat, to work in."""
    folder = tmp_path / "night"
    shutil.copytree(example1_calibrated, folder)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(scope="module")
def science(example1_lists):
    """Enough dithers for every step."""
    return example1_lists["science"][:5]


def timeless(header):
    stamps = {"ADDDQ", "ADUTOELE", "ADDVAR", "LINCORR", "DARKCORR", "FLATCORR", "SUBSKY", "DETECSRC"}
    stamps |= {"DLOBJMSK", "CORRWCS", "ALIGN", "SCALEOBJ", "STACKFRM", "VALDATA", "SDZWCS"}
    return [(c.keyword, c.value) for c in header.cards if c.keyword not in STAMPED | stamps]


def assert_same_product(one, other):
    """Compare two files in all but the times at which they were made."""
    with fits.open(one) as a, fits.open(other) as b:
        assert [hdu.name for hdu in a] == [hdu.name for hdu in b]
        for left, right in zip(a, b, strict=True):
            assert timeless(left.header) == timeless(right.header), left.name
            if left.name in ("PROVENANCE", "HISTORY"):
                for name in left.columns.names:
                    if not name.startswith("timestamp"):
                        assert list(left.data[name]) == list(right.data[name])
            elif left.data is not None:
                assert left.data.tobytes() == right.data.tobytes(), left.name


EVERY = [
    "flag_bad_pixels",
    "correct_nonlinearity",
    "divide_flat",
    "subtract_sky",
    "align",
    "flag_probe",
    "flag_objects",
    "flag_outliers",
    "refine_sky",
    "flatten_background",
    "match_counts",
    "resample",
    "combine",
]


@pytest.mark.slow
def test_run_begun_anywhere_gives_what_a_whole_run_gives(here, science):
    whole = reduce(science, keep=EVERY, settings={"flag_probe:depth": 0.003}).path
    shutil.copy(whole, "whole.fits")
    record = json.loads(next(here.glob("f2_runs/*/run.json")).read_text())
    places = [one["index"] for one in record["checkpoints"]]
    assert sorted(places) == [i for i in range(17) if i not in (1, 2, 4)]
    steps = [one["step"] for one in record["steps"]]
    for step in dict.fromkeys(steps[1:]):
        events = []
        again = reduce(
            science,
            settings={"flag_probe:depth": 0.003},
            start=step,
            overwrite=True,
            on_event=events.append,
        )
        begun = [e.step for e in events if isinstance(e, Started)]
        assert begun[1] in (step, "to_electrons", "subtract_dark"), "the latest frames before the step"
        assert any("Goes on after" in note for note in again.notes)
        assert_same_product("whole.fits", again.path)


def test_changed_setting_gives_what_a_whole_run_with_it_gives(here, science):
    reduce(science, keep=["divide_flat", "refine_sky"])
    changed = {"flatten_background:order": 1, "combine:weight": "none"}
    again = reduce(science, start="match_counts", settings={"combine:weight": "none"}, overwrite=True)
    assert [e.step for e in again.frames[0].history].count("divide_flat") == 1
    shutil.copy(again.path, "again.fits")
    assert_same_product(
        reduce(science, settings={"combine:weight": "none"}, overwrite=True).path, "again.fits"
    )
    later = reduce(science, start="flatten_background", settings=changed, overwrite=True)
    assert "refine_sky" in later.notes[-1]
    shutil.copy(later.path, "later.fits")
    assert_same_product(reduce(science, settings=changed, overwrite=True).path, "later.fits")


def test_frames_kept_by_a_stopped_run_serve_and_unfinished_ones_are_gone(here, science):
    def stop(event):
        if isinstance(event, Started) and event.step == "refine_sky":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        reduce(science, keep=["divide_flat", "flag_outliers"], on_event=stop)
    assert {path.name for path in here.glob("f2_runs/*/*")} == {"06_divide_flat", "run.json"}
    assert reduce(science, start="subtract_sky").path.exists()


def test_stop_among_the_frames_of_a_step_leaves_none_of_them(here, science):
    saved = []

    def stop(event):
        if here.exists() and list(here.glob("f2_runs/*/06_divide_flat/*.fits")):
            saved.append(event)
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        reduce(science, keep=["divide_flat"], on_event=stop)
    assert saved
    assert not (here / "f2_runs").exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            {"settings": {"subtract_dark:common_noise": True}},
            "subtract_dark:common_noise was False, and is True now",
        ),
        ({"without": ["subtract_dark"]}, "subtract_dark was carried out, and is not now"),
        ({"user_cals": {"bpm": "other_bpm.fits"}}, "flag_bad_pixels used another bpm"),
    ],
)
def test_run_with_something_else_before_the_step_is_refused(here, science, change, told):
    shutil.copy("S20131129S0320_bpm.fits", "other_bpm.fits")
    reduce(science, keep=["divide_flat"])
    with pytest.raises(WrongInputs, match=told) as refused:
        reduce(science, start="align", **change, overwrite=True)
    assert "--keep divide_flat" in str(refused.value)


def test_frames_that_changed_are_not_gone_on_with(here, science, tmp_path):
    mine = [shutil.copy(path, tmp_path) for path in science]
    reduce(mine, keep=["divide_flat"])
    with pytest.raises(WrongInputs, match="not of the same frames"):
        reduce(mine[:-1], start="align", overwrite=True)
    kept = next(here.glob("f2_runs/*/06_divide_flat/*.fits"))
    with fits.open(kept, mode="update") as file:
        file["SCI"].data[0, 0] += 1
    with pytest.raises(WrongInputs, match=f"{kept.name} was changed after it was kept"):
        reduce(mine, start="align", overwrite=True)
    with fits.open(mine[0], mode="update") as file:
        file[1].data[0, 100, 100] += 1
    with pytest.raises(WrongInputs, match=r"S20131121S0075\.fits has changed since"):
        reduce(mine, start="align", overwrite=True)


def test_start_without_kept_frames_says_what_to_do(here, science):
    with pytest.raises(WrongInputs, match=r"there are none in f2_runs\. Reduce .* --keep refine_sky"):
        reduce(science, start="combine")
    with pytest.raises(ParameterError, match="did you mean 'refine_sky'"):
        reduce(science, start="refine_sk")
    reduce(science, keep=["divide_flat"])
    with pytest.raises(WrongInputs, match="No kept frames fit a start with flag_bad_pixels: there are none"):
        reduce(science, start="addDQ", overwrite=True)
    assert len(clear()) == 1


def test_damaged_record_is_passed_over(here, science):
    reduce(science, keep=["divide_flat"])
    newer = here / "f2_runs" / "99990101T000000-1-image"
    newer.mkdir()
    for text in ("{", "[]", '{"format": "f2widgets run", "version": 99, "checkpoints": 3}'):
        (newer / "run.json").write_text(text)
        assert reduce(science, start="align", overwrite=True).path.exists()


def test_kept_is_told_once_all_frames_are(here, science):
    events = []
    reduce(science, keep=["divide_flat", "subtract_sky"], on_event=events.append)
    kept = [(event.step, event.index) for event in events if isinstance(event, Kept)]
    assert kept == [("divide_flat", 5), ("subtract_sky", 6), ("subtract_sky", 9)]
    ended = [event.step for event in events if isinstance(event, Kept | Finished)]
    assert ended.index("divide_flat") < ended.index("subtract_sky")


def test_flags_that_no_product_holds_are_kept(here, science):
    made = reduce(science, keep=["flag_objects"])
    with fits.open(made.kept[0]) as file:
        own = file["OWNBITS"].data
    assert own.max() == 3
    assert np.count_nonzero(own & 1) == np.count_nonzero(fits.getdata(made.kept[0], "OBJMASK"))


def test_newer_run_takes_the_place_of_what_older_ones_kept(here, science):
    def places():
        return [sorted(path.name for path in run.iterdir()) for run in sorted(here.glob("f2_runs/*"))]

    reduce(science, keep=["divide_flat", "align"])
    reduce(science[:4], keep=["divide_flat"], overwrite=True)
    made = reduce(science, start="subtract_sky", keep=["align"], overwrite=True)
    supersede(made.kept[0].parents[1])
    assert places() == [
        ["06_divide_flat", "run.json"],
        ["06_divide_flat", "run.json"],
        ["08_align", "run.json"],
    ]
    notes = reduce(science, start="combine", overwrite=True).notes
    assert any(note.startswith("Goes on after align") for note in notes)
    made = reduce(science, keep=["divide_flat"], overwrite=True)
    supersede(made.kept[0].parents[1])
    assert places() == [
        ["06_divide_flat", "run.json"],
        ["08_align", "run.json"],
        ["06_divide_flat", "run.json"],
    ]
    supersede(here / "f2_runs" / "no such run")
    assert len(places()) == 3
