"""Files and words that are wrong: each gets one error in plain words, and nothing is left behind.

Places that are wrong (folders, disks, databases, interruptions) are in test_bad_places.
"""

import shutil

import pytest
from astropy.io import fits

import f2widgets.errors as errors
from f2widgets.reduction import reduce
from tests.raw_files import write_raw
from tests.shell import contents, f2, refuses


@pytest.fixture
def folder(tmp_path, example1_lists, monkeypatch):
    """Work in a new folder that holds three darks and three science frames."""
    for path in (*example1_lists["darks_120s"][:3], *example1_lists["science"][:3]):
        shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def calibrated(example1_calibrated, tmp_path, monkeypatch):
    """Work in a copy of the folder with all calibrations of the example."""
    folder = tmp_path / "calibrated"
    shutil.copytree(example1_calibrated, folder)
    monkeypatch.chdir(folder)
    return folder


DARKS = [f"S20131120S{number}.fits" for number in ("0115", "0116", "0117")]
SCIENCE = [f"S20131121S{number}.fits" for number in ("0075", "0076", "0077")]


def refused(folder, error, *words, naming=()):
    """Assert that shell and Python refuse some files alike, and leave the folder as it was."""
    before = contents(folder)
    refuses(f2("reduce", *words, folder=folder), *naming)
    with pytest.raises(error):
        reduce(words)
    assert contents(folder) == before


@pytest.mark.parametrize("length", [1000, 6000, 500_000], ids=["primary header", "header", "pixels"])
def test_truncated_file(folder, length):
    path = folder / DARKS[1]
    path.write_bytes(path.read_bytes()[:length])
    refused(folder, errors.NotF2Data, *DARKS, naming=[DARKS[1]])


def test_truncated_compressed_file(folder):
    import gzip

    path = folder / f"{DARKS[1]}.gz"
    path.write_bytes(gzip.compress((folder / DARKS[1]).read_bytes())[:5000])
    refused(folder, errors.NotF2Data, DARKS[0], path.name, naming=[path.name])


@pytest.mark.parametrize("text", ["", "not a picture\n" * 1000], ids=["empty", "text"])
def test_text_called_fits(folder, text):
    (folder / DARKS[1]).write_text(text)
    refused(folder, errors.NotF2Data, *DARKS, naming=[DARKS[1]])


def test_folder_called_fits(folder):
    (folder / "a.fits").mkdir()
    refused(folder, errors.NotF2Data, *DARKS, "a.fits", naming=["a.fits"])


def test_file_of_another_instrument(folder):
    fits.setval(folder / DARKS[1], "INSTRUME", value="NIRI")
    refused(folder, errors.NotF2Data, *DARKS, naming=[DARKS[1], "NIRI"])


def test_fits_without_an_image(folder):
    fits.PrimaryHDU().writeto(folder / "a.fits")
    refused(folder, errors.NotF2Data, *DARKS, "a.fits", naming=["a.fits"])


def test_spectroscopic_frame(folder):
    write_raw(folder / "spectrum.fits", "spectrum")
    refused(folder, errors.F2Error, "spectrum.fits", naming=["spectrum.fits", "imag"])


def test_frames_of_two_filters(folder):
    for keyword, value in (("FILTER", "J_G0802"), ("FILTER2", "J_G0802")):
        fits.setval(folder / SCIENCE[1], keyword, value=value)
    refused(folder, errors.WrongInputs, *SCIENCE, naming=["filter", SCIENCE[1], "J"])


def test_unknown_exposure_time(folder):
    fits.setval(folder / DARKS[1], "EXPTIME", value=0.0)
    refused(folder, errors.WrongInputs, *DARKS, naming=[DARKS[1], "EXPTIME"])


def test_unknown_read_mode(folder):
    fits.setval(folder / DARKS[1], "LNRS", value=3)
    refused(folder, errors.WrongInputs, *DARKS, naming=[DARKS[1], "LNRS"])


def test_flats_without_any_light(example1_lists, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for path in (*example1_lists["flats"], *example1_lists["darks_2s"][:3]):
        with fits.open(path) as raw:
            raw[1].data = raw[1].data * 0
            raw.writeto(path.name)
    names = [path.name for path in example1_lists["flats"]]
    refused(tmp_path, errors.WrongInputs, *names, naming=["light", "swapped"])
    darks = [path.name for path in example1_lists["darks_2s"][:3]]
    refused(tmp_path, errors.WrongInputs, *names, *darks, naming=["light", "swapped"])


def test_science_frame_without_coordinates(calibrated, example1_lists):
    names = []
    for path in example1_lists["science"]:
        with fits.open(path) as raw:
            for key in ("CRVAL1", "CRVAL2", "CD1_1", "CD1_2", "CD2_1", "CD2_2"):
                raw[1].header.remove(key)
            raw.writeto(path.name)
        names.append(path.name)
    refused(calibrated, errors.WrongInputs, *names, naming=["S20131121S0075", "coordinates"])


def test_one_frame_that_is_saturated_all_over(calibrated, example1_lists):
    names = [path.name for path in example1_lists["science"]]
    for path in example1_lists["science"]:
        shutil.copy(path, path.name)
    with fits.open(names[3]) as raw:
        raw[1].data = raw[1].data * 0 + 1_000_000
        raw.writeto(names[3], overwrite=True)
    done = f2("reduce", *names, folder=calibrated)
    assert (done.status, done.err) == (0, "")
    assert names[3].removesuffix(".fits") in done.out


def test_frames_of_two_sizes(folder):
    write_raw(folder / "small.fits", "dark")
    refused(folder, errors.WrongInputs, *DARKS, "small.fits", naming=["small.fits", "64 x 64"])


def test_darks_and_science_together(folder):
    refused(folder, errors.WrongInputs, *DARKS, *SCIENCE, naming=["darks", "science"])


def test_flats_without_lamp_off(folder, example1_lists):
    lamps = [str(path) for path in example1_lists["lamp_on"]]
    refused(folder, errors.WrongInputs, *lamps, naming=["lamp off"])


def test_no_such_file(folder):
    refused(folder, errors.WrongInputs, "nowhere.fits", naming=["nowhere.fits"])


def test_no_such_list(folder):
    refused(folder, errors.NotF2Data, "@nowhere.list", naming=["nowhere.list"])


@pytest.mark.parametrize("text", ["", "# only words\n"], ids=["empty", "comments"])
def test_list_that_names_nothing(folder, text):
    (folder / "a.list").write_text(text)
    refused(folder, errors.WrongInputs, "@a.list", naming=["a.list", "names no files"])


def test_list_that_is_a_picture(folder):
    refused(folder, errors.NotF2Data, f"@{DARKS[0]}", naming=[DARKS[0], "list"])


def test_no_files_at_all(folder):
    refuses(f2("reduce", folder=folder), "FILE", status=2)
    with pytest.raises(errors.WrongInputs, match="no files"):
        reduce([])


def test_missing_calibration(folder):
    refused(folder, errors.NoCalibration, *SCIENCE, naming=["dark", "S20131121S0075", "120 s"])


def test_missing_calibration_names_the_near_miss(folder, example1_lists):
    reduce(example1_lists["darks_2s"])
    refused(folder, errors.NoCalibration, *SCIENCE, naming=["S20131121S0369_dark.fits", "2 s"])


def test_dark_of_the_wrong_exposure(calibrated, example1_lists):
    dark = reduce(example1_lists["darks_2s"]).path
    science = [str(path) for path in example1_lists["science"]]
    before = contents(calibrated)
    done = f2("reduce", *science, "--user_cal", f"processed_dark:{dark}", folder=calibrated)
    refuses(done, dark.name, "2 s", "120 s")
    with pytest.raises(errors.WrongCalibration, match="120 s"):
        reduce(science, user_cals={"dark": dark})
    assert contents(calibrated) == before


def test_flat_in_place_of_a_dark(calibrated, example1_lists):
    flat = "processed_dark:S20131129S0320_flat.fits"
    before = contents(calibrated)
    done = f2("reduce", *example1_lists["science"], "--user_cal", flat, folder=calibrated)
    refuses(done, "S20131129S0320_flat.fits", "dark")
    assert contents(calibrated) == before


def test_calibration_that_is_not_there(calibrated, example1_lists):
    done = f2("reduce", *example1_lists["science"], "--user_cal", "dark:nowhere.fits", folder=calibrated)
    refuses(done, "nowhere.fits", status=2)
    with pytest.raises(errors.F2Error, match=r"nowhere\.fits"):
        reduce(example1_lists["science"], user_cals={"dark": "nowhere.fits"})


def test_damaged_calibration_named_by_the_user(calibrated, example1_lists):
    dark = calibrated / "S20131120S0115_dark.fits"
    dark.write_bytes(dark.read_bytes()[:1_000_000])
    before = contents(calibrated)
    done = f2("reduce", *example1_lists["science"], "--user_cal", f"dark:{dark}", folder=calibrated)
    refuses(done, dark.name)
    assert contents(calibrated) == before


def test_damaged_calibration_in_the_database(calibrated, example1_lists):
    dark = calibrated / "calibrations" / "processed_dark" / "S20131120S0115_dark.fits"
    dark.write_bytes(dark.read_bytes()[:1_000_000])
    before = contents(calibrated)
    done = f2("reduce", *example1_lists["science"], folder=calibrated)
    refuses(done, dark.name, "changed")
    assert contents(calibrated) == before


@pytest.mark.parametrize(
    ("words", "naming"),
    [
        (["-p", "combine_dark:method=mean"], ["combine_dark", "combine_darks"]),
        (["-p", "stackDark:operation=mean"], ["stackDark", "stackDarks"]),
        (["-p", "combine_darks:methd=mean"], ["methd", "method"]),
        (["-p", "methd=mean"], ["methd", "method"]),
        (["-p", "combine_darks:method=avarage"], ["avarage", "mean", "median"]),
        (["-p", "combine_darks:high=many"], ["many", "high"]),
        (["-p", "combine_darks:high=-7"], ["-7", "high"]),
        (["-p", "combine_darks"], ["step:parameter=value"]),
        (["-r", "makeProcessedDrak"], ["makeProcessedDrak", "makeProcessedDark"]),
        (["--without", "combine_dark"], ["combine_dark", "combine_darks"]),
        (["--without", "resample"], ["resample", "dark"]),
        (["--user_cal", "drak:a.fits"], ["drak", "dark"]),
        (["--overwrit"], ["--overwrit", "--overwrite"]),
        (["--threads", "many"], ["many"]),
        (["-c", "nowhere.ini"], ["nowhere.ini"]),
    ],
    ids=" ".join,
)
def test_unknown_word(folder, words, naming):
    before = contents(folder)
    refuses(f2("reduce", *DARKS, *words, folder=folder), *naming, status=2)
    assert contents(folder) == before


def test_unknown_names_in_python(folder):
    with pytest.raises(errors.ParameterError, match="combine_darks"):
        reduce(DARKS, settings={"combine_dark:method": "mean"})
    with pytest.raises(errors.ParameterError, match="makeProcessedDark"):
        reduce(DARKS, recipe="makeProcessedDrak")
    with pytest.raises(ValueError, match="median"):
        reduce(DARKS, settings={"combine_darks:method": "avarage"})


@pytest.mark.parametrize(
    ("words", "naming"),
    [
        (["redcue"], ["redcue", "reduce"]),
        (["--versoin"], ["--versoin", "--version"]),
        (["caldb", "lst"], ["lst", "list"]),
        (["caldb", "list", "--databse"], ["--databse", "--database"]),
        (["simulate", "example2", "x"], ["example2", "example1"]),
        (["simulate", "example1", "x", "--size", "100000"], ["100000"]),
        (["showd", DARKS[0]], ["descriptors"]),
        (["showd", DARKS[0], "-d", "exposuretime"], ["exposuretime", "exposure_time"]),
        (["dataselect", DARKS[0], "--tags", "DRAK"], ["DRAK", "DARK"]),
        (["dataselect", DARKS[0], "--expr", "exposuretime==1"], ["exposuretime", "exposure_time", "^"]),
        (["dataselect", DARKS[0], "--expr", "exposure_time==="], ["^"]),
        (["typewalk", "--tags", "DRAK"], ["DRAK", "DARK"]),
    ],
    ids=" ".join,
)
def test_unknown_word_of_other_verbs(folder, words, naming):
    before = contents(folder)
    refuses(f2(*words, folder=folder), *naming, status=2)
    assert contents(folder) == before


def test_one_bad_file_among_good_ones_is_done_in_part(folder):
    (folder / "bad.fits").write_text("no picture")
    listed = f2("showd", DARKS[0], "bad.fits", "-d", "exposure_time", folder=folder)
    assert (listed.status, "120.0" in listed.out, "bad.fits" in listed.out) == (3, True, True)
    selected = f2("dataselect", DARKS[0], "bad.fits", "--tags", "DARK", folder=folder)
    assert (selected.status, selected.out.split()) == (3, [DARKS[0]])
    assert "bad.fits" in selected.err
    walked = f2("typewalk", folder=folder)
    assert (walked.status, "! " in walked.out) == (0, True)


def test_typewalk_where_there_is_no_folder(folder):
    refuses(f2("typewalk", "-d", "nowhere", folder=folder), "nowhere")
