"""Settings in a file: written and read back, and every slip told with the file's name."""

import pytest

from f2widgets.errors import ParameterError
from f2widgets.recipes.recipe import Use, use
from f2widgets.recipes.settings import read_settings, save_settings, values_of
from tests.recipes.fake import SCALE


def test_what_is_saved_is_read_back(tmp_path):
    path = save_settings(
        tmp_path / "mine.toml",
        recipe="makeProcessedDark",
        settings={
            "combine_darks:method": "median",
            "combine_darks:low": 2,
            "flag_bad_pixels": {"unlit": "no"},
        },
        user_cals={"bpm": tmp_path / 'a "quoted" \\ name é.fits'},
        without=["correct_nonlinearity"],
        keep=["to_electrons"],
    )
    assert read_settings(path) == {
        "recipe": "dark",
        "settings": {"combine_darks": {"method": "median", "low": 2.0}, "flag_bad_pixels": {"unlit": False}},
        "user_cals": {"bpm": str(tmp_path / 'a "quoted" \\ name é.fits')},
        "without": ["correct_nonlinearity"],
        "keep": ["to_electrons"],
    }
    assert path.read_text().splitlines()[1:3] == ["version = 1", 'recipe = "dark"']


def test_nothing_asked_for_is_a_file_too(tmp_path):
    assert read_settings(save_settings(tmp_path / "none.toml")) == {"settings": {}}


def test_names_of_the_reference_are_left_to_the_recipe(tmp_path):
    (tmp_path / "theirs.toml").write_text("version = 1\n[settings.stackDarks]\noperation = 'median'\n")
    assert read_settings(tmp_path / "theirs.toml")["settings"] == {"stackDarks": {"operation": "median"}}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "has no version: version = 1 is needed"),
        ("version = 2", "is of version 2"),
        ("version = [", "is no TOML file: "),
        ("version = 1\nrecipes = 'x'", "nothing called 'recipes'; did you mean 'recipe'"),
        ("version = 1\nrecipe = 'darks'", "did you mean 'dark'"),
        ("version = 1\nwithout = 'align'", "without must be a list, not 'align'"),
        ("version = 1\n[settings.alin]\nmethod = 'header'", "no step 'alin'; did you mean 'align'"),
        ("version = 1\n[settings]\nmethod = 'header'", r"method needs its step: \[settings.STEP\]"),
        (
            "version = 1\n[settings.align]\ntolerance = -1",
            "align:tolerance must be a number, 0.2 to 60 arcsec",
        ),
    ],
)
def test_slips_in_a_file_are_told(tmp_path, text, told):
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises(ParameterError, match=told):
        read_settings(path)


def test_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ParameterError, match=r"nowhere\.toml cannot be read: No such file"):
        read_settings(tmp_path / "nowhere.toml")


def test_unknown_value_is_not_saved(tmp_path):
    with pytest.raises(ParameterError, match="combine_darks:method must be"):
        save_settings(tmp_path / "mine.toml", settings={"combine_darks:method": "mode"})
    assert not list(tmp_path.iterdir())


def test_each_value_says_who_set_it():
    (factor,) = values_of(Use(SCALE), {})
    assert (factor.value, factor.origin) == (2.0, "default")
    assert str(factor) == "factor=2.0  (a number, 0 to 100 percent)"
    (factor,) = values_of(Use(SCALE, {"factor": 3.0}), {})
    assert (factor.value, factor.origin) == (3.0, "recipe")
    (factor,) = values_of(Use(SCALE, {"factor": 3.0}), {"scale": {"factor": 2.0}})
    assert (factor.value, factor.origin) == (2.0, "you")
    assert str(factor).endswith("set by you)")
    assert [value.param.name for value in values_of(use("align"), {})][:2] == ["method", "bad_wcs"]
