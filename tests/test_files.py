from pathlib import Path

import pytest

import f2widgets as f2
from f2widgets.errors import ExpressionError, NotF2Data, ParameterError, WrongInputs
from f2widgets.files import paths_of


def names(paths):
    return [Path(path).stem for path in paths]


def test_folder_pattern_list_and_files_mean_the_same(example1_folder, tmp_path):
    every = sorted(example1_folder.glob("*.fits"))
    (tmp_path / "all.list").write_text("# a comment\n" + "".join(f"{path}\n" for path in every))
    for files in (example1_folder, f"{example1_folder}/*.fits", every, f"@{tmp_path / 'all.list'}"):
        assert paths_of(files) == every


def test_each_file_is_named_once(example1_folder):
    assert len(paths_of([example1_folder, f"{example1_folder}/*.fits"])) == 36


def test_table_tells_what_files_are(example1_folder):
    table = f2.table(example1_folder, ["tags", "exposure_time"])
    assert table.colnames == ["filename", "tags", "exposure_time"]
    assert len(table) == 36
    assert sorted(set(table["exposure_time"])) == [2, 20, 120]


def test_table_shows_long_values_on_request(example1_folder):
    frame = example1_folder / "S20131121S0075.fits"
    assert f2.table(frame, ["filter_name"])["filter_name"][0] == "Y"
    assert "Y_G0811" in f2.table(frame, ["filter_name"], long=True)["filter_name"][0]


def test_selections_of_the_tutorial(example1_folder):
    darks = f2.select(example1_folder, tags="DARK", expression="exposure_time==120")
    assert (len(darks), names(darks)[0]) == (10, "S20131120S0115")
    assert len(f2.select(example1_folder, tags=["DARK"], expression="exposure_time==2")) == 7
    flats = f2.select(example1_folder, tags="FLAT,LAMPON")
    assert names(flats) == [f"S20131129S0{n}" for n in (320, 321, 322, 323)]
    science = f2.select(example1_folder, xtags="CAL", expression='filter_name=="Y"')
    assert names(science) == [f"S20131121S00{n}" for n in range(75, 84)]


def test_slip_is_told_before_files_are_read(tmp_path):
    with pytest.raises(ExpressionError):
        f2.select(tmp_path / "nowhere", expression="exposure_time==")
    with pytest.raises(ParameterError, match="DARKS"):
        f2.select(tmp_path / "nowhere", tags="DARKS")


def test_names_that_match_nothing_are_refused(tmp_path):
    with pytest.raises(WrongInputs, match="No file"):
        f2.table(tmp_path / "none.fits")
    with pytest.raises(NotF2Data, match=r"none\.list"):
        f2.table(f"@{tmp_path / 'none.list'}")
