import itertools

import pytest

from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.recipes.recipe import use
from f2widgets.recipes.recipes import (
    BPM,
    CHECK_WCS,
    DARK,
    FLAT,
    IMAGE,
    K_BPM,
    K_FLAT,
    K_FLAT_WITH_DARKS,
    RECIPES,
    SKY_FLAT,
    recipe_for,
    recipe_named,
)
from f2widgets.recipes.roles import Role, role_of

ON, OFF = Role.LAMP_ON, Role.LAMP_OFF


@pytest.mark.parametrize(
    ("tags", "role"),
    [
        ("F2 DARK CAL RAW", Role.DARK),
        ("F2 FLAT CAL GCALFLAT GCAL_IR_ON IMAGE LAMPON RAW", ON),
        ("F2 FLAT CAL GCALFLAT GCAL_IR_OFF IMAGE LAMPOFF RAW", OFF),
        ("F2 IMAGE SIDEREAL RAW", Role.SCIENCE),
        ("F2 IMAGE ACQUISITION RAW", Role.ACQUISITION),
        ("F2 LS SPECT RAW", Role.SPECTRUM),
        ("F2 IMAGE FLAT TWILIGHT CAL", Role.TWILIGHT),
        ("F2 DARK CAL PROCESSED", Role.PRODUCT),
        ("F2 ARC CAL IMAGE", Role.OTHER),
        ("", Role.OTHER),
    ],
)
def test_tags_tell_the_role(tags, role):
    assert role_of(tags.split()) == role


@pytest.mark.parametrize(
    ("roles", "recipe"),
    [
        ((Role.DARK,), DARK),
        ((ON, OFF), FLAT),
        ((Role.TWILIGHT,), SKY_FLAT),
        ((ON, OFF, Role.DARK), BPM),
        ((Role.SCIENCE,), IMAGE),
    ],
)
def test_recipe_follows_from_all_roles_in_any_order(roles, recipe):
    for order in itertools.permutations(roles):
        assert recipe_for({role: ["a.fits"] for role in order}) is recipe


def test_wanted_recipe_is_taken_if_it_fits():
    assert recipe_for({Role.SCIENCE: ["a"]}, CHECK_WCS) is CHECK_WCS


@pytest.mark.parametrize(
    ("roles", "wanted", "words"),
    [
        (
            [Role.DARK, Role.SCIENCE],
            None,
            r"2 darks \(a, …\), 2 science images \(a, …\)\. No recipe takes them",
        ),
        ([ON], None, "recipe flat .* add flats with the lamp off"),
        ([OFF, Role.DARK], None, "add flats with the lamp on"),
        (
            [ON, OFF],
            BPM,
            r"bpm \(makeProcessedBPM\) takes darks and flats with the lamp on and .*: add darks",
        ),
        ([Role.DARK, ON, OFF], FLAT, "leave out the darks"),
        ([Role.TWILIGHT], FLAT, r"No lamp shone in twilight frames: .*\(makeSkyFlat\)"),
        ([Role.PRODUCT], None, "Give raw frames"),
        ([Role.SPECTRUM, Role.SCIENCE], None, "Only imaging is reduced"),
    ],
)
def test_other_mixtures_are_refused_with_the_reason(roles, wanted, words):
    with pytest.raises(WrongInputs, match=words):
        recipe_for({role: ["a", "b"] for role in roles}, wanted)


@pytest.mark.parametrize(
    ("roles", "wanted", "recipe"),
    [
        ((OFF,), None, K_FLAT),
        ((OFF, Role.DARK), None, K_FLAT_WITH_DARKS),
        ((OFF, Role.DARK), FLAT, K_FLAT_WITH_DARKS),
        ((OFF, Role.DARK), BPM, K_BPM),
        ((ON, OFF), None, FLAT),
        ((ON, OFF, Role.DARK), None, BPM),
    ],
)
def test_in_k_flats_need_no_lamp(roles, wanted, recipe):
    assert recipe_for({role: ["a.fits"] for role in roles}, wanted, in_k=True) is recipe


@pytest.mark.parametrize("recipe", RECIPES)
def test_both_names_are_accepted(recipe):
    assert recipe_named(recipe.name).verb == recipe.verb
    assert recipe_named(recipe.verb.upper()).name == recipe.name


def test_unknown_recipe_suggests_the_near_one():
    with pytest.raises(ParameterError, match="did you mean 'makeProcessedDark'"):
        recipe_named("makeProcesedDark")


def test_unknown_step_in_a_recipe_suggests_the_near_one():
    with pytest.raises(ParameterError, match="did you mean 'subtract_dark'"):
        use("substract_dark")
