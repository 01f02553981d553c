import numpy as np
import pytest

from f2widgets.calibrations.service import Calibrations
from f2widgets.errors import NoCalibration, NotF2Data, ParameterError, WrongInputs
from f2widgets.plan import plan
from f2widgets.recipes.recipes import (
    BPM,
    CHECK_WCS,
    DARK,
    FLAT,
    IMAGE,
    K_BPM,
    K_FLAT_WITH_DARKS,
    OFFSET,
    QUICK,
)
from f2widgets.recipes.roles import Role
from tests.raw_files import write_raw

FAR = {"DATE_OBS": "2013-11-20"}


@pytest.fixture
def night(tmp_path, monkeypatch):
    """A working folder with a few small raw files of each kind."""
    monkeypatch.chdir(tmp_path)
    made = {}
    for kind, exposure in (("science", 120.0), ("dark", 120.0), ("lamp_on", 20.0), ("lamp_off", 20.0)):
        made[kind] = [
            write_raw(
                tmp_path / f"S20131121S{100 * len(made) + i:04d}.fits",
                kind,
                EXPTIME=exposure,
                UTSTART=f"05:{10 * len(made) + i:02d}:00",
                UT=f"05:{10 * len(made) + i:02d}:00",
            )
            for i in range(3)
        ]
    return made


def test_recipe_follows_from_all_files_in_any_order(night):
    assert plan(night["dark"][::-1]).recipe is DARK
    assert plan([*night["lamp_off"], *night["lamp_on"]]).recipe is FLAT
    assert plan([*night["dark"], *night["lamp_off"], *night["lamp_on"]]).recipe is BPM
    assert plan(night["science"], without=["subtract_dark", "divide_flat"]).recipe is IMAGE


def test_product_is_named_after_the_earliest_frame_of_the_main_kind(night):
    assert plan(night["dark"][::-1]).product.name == "S20131121S0100_dark.fits"
    flats = [*night["lamp_off"], *night["lamp_on"][::-1]]
    assert plan(flats, out="there").product.as_posix() == "there/S20131121S0200_flat.fits"
    assert plan(flats, suffix="_x").product.name == "S20131121S0200_x.fits"


def test_files_are_taken_in_the_order_of_their_time(night):
    assert [file.name for file in plan(night["dark"][::-1]).files] == [
        "S20131121S0100",
        "S20131121S0101",
        "S20131121S0102",
    ]


@pytest.mark.parametrize(
    ("kind", "keywords", "words"),
    [
        (
            "dark",
            {"EXPTIME": 60.0},
            r"darks are not of one exposure time: 120 s \(3: .*; 60 s \(1: odd.fits\)",
        ),
        ("dark", {"COADDS": 2, "EXPTIME": 60.0}, r"not of one number of coadds"),
        ("dark", {"LNRS": 8}, r"not of one read mode: LNRS 1 .*; LNRS 8 \(1: odd.fits\)"),
        ("science", {"FILTER1": "J_G0802", "FILTER2": "Open"}, r"not of one filter: Y .*; J \(1: odd.fits\)"),
        ("lamp_on", {"EXPTIME": 10.0}, r"flats are not of one exposure time"),
    ],
)
def test_frames_that_do_not_belong_together_are_named(night, kind, keywords, words):
    odd = write_raw("odd.fits", kind, **{"EXPTIME": 20.0 if kind == "lamp_on" else 120.0, **keywords})
    with pytest.raises(WrongInputs, match=words):
        plan([*night[kind], odd, *(night["lamp_off"] if kind == "lamp_on" else ())])


def test_frames_of_two_sizes_are_refused(night):
    odd = write_raw("odd.fits", "dark", EXPTIME=120.0, pixels=np.zeros((32, 64)))
    with pytest.raises(WrongInputs, match=r"not of one size: 64 x 64 pixels .*; 64 x 32 pixels"):
        plan([*night["dark"], odd])


def test_unknown_read_mode_is_refused_before_anything_runs(night):
    odd = write_raw("odd.fits", "dark", LNRS=3)
    with pytest.raises(WrongInputs, match=r"odd.fits: gain and read noise are not known for LNRS=3"):
        plan([odd])


def test_spectrum_is_refused(night):
    with pytest.raises(NotF2Data, match="spectroscopic"):
        plan([*night["science"], write_raw("odd.fits", "spectrum")])


def test_two_files_of_one_name_are_refused(night, tmp_path):
    (tmp_path / "more").mkdir()
    again = write_raw(tmp_path / "more" / night["dark"][0].name, "dark", EXPTIME=120.0)
    with pytest.raises(WrongInputs, match="same name"):
        plan([*night["dark"], again])


def test_no_files_are_refused():
    with pytest.raises(WrongInputs, match="no files to reduce"):
        plan([])


def test_missing_calibration_is_told_once_with_the_ways_out(night):
    with pytest.raises(NoCalibration, match=r"No dark fits S20131121S0000") as caught:
        plan(night["science"])
    assert "--without subtract_dark" in str(caught.value)
    assert "same holds for 2 more frames" in str(caught.value)


def test_missing_mask_is_a_note(night):
    made = plan(night["science"], without=["darkCorrect", "flatCorrect"])
    assert made.notes == ("No bpm is used for 3 frames (S20131121S0000, …): none was found.",)
    assert not plan(night["dark"]).notes


def test_calibration_for_a_recipe_without_use_for_it_is_refused(night):
    with pytest.raises(ParameterError, match="recipe dark uses no flat"):
        plan(night["dark"], settings={"flatCorrect:flat": "F.fits"})


def test_plan_as_text(night):
    made = plan(night["dark"], settings={"stackDarks:hsigma": "4"}, without=["correct_nonlinearity"])
    text = str(made)
    assert "Recipe dark (makeProcessedDark): a master dark" in text
    assert "S20131121S0100.fits  dark" in text
    assert "combine_darks         stackDarks                high=4.0" in text
    assert "correct_nonlinearity  nonlinearityCorrect       left out" in text
    assert "Product: S20131121S0100_dark.fits" in text


def test_repairs_of_headers_are_told_once(night):
    repairs = plan(night["dark"]).repairs
    assert len(repairs) == len({r.partition(":")[2][:20] for r in repairs})
    assert any("The same in 2 more files." in repair for repair in repairs)


def test_without_a_given_service_the_configuration_counts(night):
    assert isinstance(plan(night["dark"]).service, Calibrations)


def k_flats(*days, **keywords):
    red = {"FILTER1": "K-red_G0815", "FILTER2": "Open", "FILTER": "K-red_G0815", "WAVELENG": 23100.0}
    return [
        write_raw(
            f"S202001{day:02d}S0010.fits", "lamp_off", DATE_OBS=f"2020-01-{day:02d}", **{**red, **keywords}
        )
        for day in days
    ]


def test_k_flats_with_darks_as_long(night):
    darks = [write_raw(f"dark{i}.fits", "dark", EXPTIME=20.0) for i in range(2)]
    flats = k_flats(8)
    made = plan([*darks, *flats])
    assert made.recipe is K_FLAT_WITH_DARKS
    assert made.product.name == "S20200108S0010_flat.fits"
    assert plan([*darks, *flats], recipe="makeProcessedBPM").recipe is K_BPM


@pytest.mark.parametrize(
    ("keywords", "words"),
    [({"EXPTIME": 5.0}, "same exposure time: .* has 20 s, dark.fits 5 s"), ({"LNRS": 8}, "same read mode")],
)
def test_k_flats_with_darks_of_another_kind_are_refused(night, keywords, words):
    dark = write_raw("dark.fits", "dark", **{"EXPTIME": 20.0, **keywords})
    with pytest.raises(WrongInputs, match=words):
        plan([dark, *k_flats(8)])


def test_k_flat_looks_for_a_dark_as_long(night):
    with pytest.raises(NoCalibration, match="No dark fits S20200108S0010"):
        plan(k_flats(8))


def test_k_flats_of_several_days_get_a_word_of_advice(night):
    dark = write_raw("dark.fits", "dark", EXPTIME=20.0)
    assert not any("of one day" in note for note in plan([dark, *k_flats(8)]).notes)
    assert any("over 2.0 days" in note for note in plan([dark, *k_flats(8, 10)]).notes)


def test_outside_k_flats_without_lamp_are_refused(night):
    with pytest.raises(WrongInputs, match="add flats with the lamp on"):
        plan([*night["lamp_off"], write_raw("dark.fits", "dark", EXPTIME=20.0)])


@pytest.fixture
def offsets(night):
    """Six frames: target, sky, sky, target, target, sky, the first of which is not the target."""
    return [
        write_raw(
            f"S20131122S{k:04d}.fits",
            DATE_OBS="2013-11-22",
            UTSTART=f"05:{k:02d}:00",
            POFFSET=p,
            QOFFSET=0.0,
            pixels=np.zeros((128, 128)),
        )
        for k, p in enumerate((40.0, 0.0, 2.0, 41.0, 43.0, 1.0))
    ]


WITHOUT = ["darkCorrect", "flatCorrect"]


def test_fields_beside_are_recognised_and_told(offsets):
    made = plan(offsets[::-1], without=WITHOUT)
    assert made.recipe is OFFSET
    assert made.product.name == "S20131122S0001_image.fits"
    assert [made.role(file) for file in made.files].count(Role.SKY) == 3
    text = str(made)
    assert "S20131122S0000.fits  image of the sky beside" in text
    assert "offset to sky: 3 frames of the target (S20131122S0001, …)" in text
    assert "separate_sky          separateSky" in text


def test_the_observer_says_what_is_sky(offsets):
    made = plan(offsets, without=WITHOUT, settings={"separateSky:ref_obj": "S0003"})
    assert made.product.name == "S20131122S0000_image.fits"
    made = plan(offsets, without=WITHOUT, settings={"separateSky:ref_sky": "S0001.fits"})
    assert made.product.name == "S20131122S0000_image.fits"


def test_what_is_said_of_fields_is_no_offence_where_there_is_one(night):
    made = plan(night["science"], without=WITHOUT, settings={"separate_sky:frac_fov": 0.8})
    assert made.recipe is IMAGE


def test_fields_that_cannot_be_told_apart_are_asked_for(offsets):
    far = write_raw("far.fits", POFFSET=-60.0, QOFFSET=0.0, pixels=np.zeros((128, 128)))
    with pytest.raises(WrongInputs, match=r"show 3 fields: .*separate_sky:ref_obj=NAME"):
        plan([*offsets, far], without=WITHOUT)


def test_check_of_coordinates_takes_all_frames_alike(offsets):
    assert plan(offsets, recipe="checkWCS").recipe is CHECK_WCS


def test_what_is_meant_for_another_recipe_is_passed_over_when_told_to(night):
    asked = {
        "settings": {"align:tolerance": 5, "stackDarks:operation": "median"},
        "without": ["flatten_background", "correct_nonlinearity"],
        "keep": ["divide_flat", "to_electrons"],
    }
    with pytest.raises(ParameterError, match="has no step"):
        plan(night["dark"], **asked)
    wishes = plan(night["dark"], **asked, lenient=True).wishes
    assert wishes.settings == {"combine_darks": {"method": "median"}}
    assert list(wishes.without) == ["correct_nonlinearity"]
    assert list(wishes.keep) == ["to_electrons"]
    with pytest.raises(ParameterError, match="tolerance"):
        plan(night["dark"], settings={"combine_darks:tolerance": 5}, lenient=True)


def test_quick_look_has_a_name_of_its_own(night):
    made = plan(night["science"], recipe="quick_look", without=WITHOUT)
    assert made.recipe is QUICK
    assert made.product.name == "S20131121S0000_ql_image.fits"


def test_quick_look_at_fields_beside_is_refused(offsets):
    with pytest.raises(WrongInputs, match=r"quick_look \(ql\) takes dithers on the target, and here is"):
        plan(offsets, recipe="quick_look", without=WITHOUT)
