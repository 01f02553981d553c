import pytest

from f2widgets.errors import ParameterError
from f2widgets.recipes.recipes import BPM, DARK, FLAT, IMAGE, OFFSET
from f2widgets.recipes.wishes import assignment, understood


def asked(recipe, *words):
    return understood(dict(assignment(word) for word in words), recipe)


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("addDQ:user_bpm=a.fits", "addDQ:user_bpm", "a.fits"),
        ('addDQ:user_bpm="my file.fits"', "addDQ:user_bpm", "my file.fits"),
        ("scale = mean", "scale", "mean"),
        ("a:b=x=y", "a:b", "x=y"),
    ],
)
def test_assignments(text, key, value):
    assert assignment(text) == (key, value)


@pytest.mark.parametrize("text", ["scale", "=3", ":=3"])
def test_words_that_assign_nothing(text):
    with pytest.raises(ParameterError, match="is not step:parameter=value"):
        assignment(text)


@pytest.mark.parametrize(
    "name", ["normalizeFlat:scale", "normalize_flat:scale", "normalizeflat:scale", "scale"]
)
def test_both_names_mean_the_same(name):
    assert understood({name: "mean"}, FLAT).settings == {"normalize_flat": {"scale": "mean"}}


@pytest.mark.parametrize("name", ["addDQ:user_bpm", "flag_bad_pixels:bpm", "user_bpm"])
def test_mask_is_named_for_its_step(name):
    assert understood({name: "m.fits"}, IMAGE).files == {"bpm": "m.fits"}


def test_files_of_darks_and_flats():
    wishes = asked(IMAGE, "darkCorrect:dark=D.fits", "flatCorrect:flat=F.fits", "darkCorrect:do_cal=force")
    assert wishes.files == {"dark": "D.fits", "flat": "F.fits"}
    assert not wishes.without


def test_calibration_is_skipped_as_the_reference_says_it():
    assert list(asked(IMAGE, "darkCorrect:do_cal=skip").without) == ["subtract_dark"]


def test_words_are_translated():
    assert asked(DARK, "stackDarks:reject=varclip").settings == {"combine_darks": {"reject": "variance"}}
    assert asked(IMAGE, "prepare:bad_wcs=ignore").settings == {"align": {"bad_wcs": "ignore"}}


def test_number_of_skies_counts_wherever_frames_share_one():
    found = asked(IMAGE, "associateSky:max_skies=6").settings
    assert found == {"subtract_sky": {"group": 6}, "refine_sky": {"group": 6}}
    found = asked(OFFSET, "associateSky:max_skies=6").settings
    assert found == {"subtract_offset_sky": {"group": 6}}


def test_stacking_means_the_step_of_the_recipe():
    for name in ("stackFrames:hsigma", "hsigma"):
        assert understood({name: "4"}, DARK).settings == {"combine_darks": {"high": 4.0}}
        assert understood({name: "4"}, BPM).settings == {"combine_lamps": {"high": 4.0}}


@pytest.mark.parametrize(
    ("recipe", "word", "words"),
    [
        (FLAT, "normalizeFlat:scal=mean", "normalizeFlat has no parameter 'scal'; did you mean 'scale'"),
        (FLAT, "normaliseFlat:scale=mean", "There is no step 'normaliseFlat'; did you mean 'normalizeFlat'"),
        (FLAT, "normalizeFlat:scale=mode", "must be 'median' or 'mean', not 'mode'"),
        (FLAT, "scal=mean", "No step of the recipe flat has a parameter 'scal'; did you mean 'scale'"),
        (DARK, "skyCorrect:skip_primitive=True", "recipe dark has no step refine_sky"),
        (IMAGE, "skyCorrect:write_outputs=maybe", "must be True or False, not 'maybe'"),
        (IMAGE, "stackFrames:memory=2", "stackFrames:memory is not used here. Memory needs no setting"),
        (IMAGE, "prepare:bad_wcs=old", "align:bad_wcs must be 'fix' or 'exit' or 'new' or 'ignore'"),
        (IMAGE, "skyCorrect:mask_objects=False", "can only be True. Objects are always masked"),
        (IMAGE, "darkCorrect:do_cal=maybe", "must be skip or procmode or force"),
        (IMAGE, "associateSky:skip_primitive=True", "associateSky is no step here. It is a part of"),
        (IMAGE, "measureBG:x=1", "measureBG is no step here. What was measured"),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(recipe, word, words):
    with pytest.raises(ParameterError, match=words):
        asked(recipe, word)


def test_words_are_translated_without_a_step_as_well():
    assert asked(DARK, "reject=sigclip").settings == {"combine_darks": {"reject": "sigma"}}


def test_sky_is_left_out_in_one():
    assert list(asked(IMAGE, "skyCorrect:skip_primitive=True").without) == ["subtract_sky", "refine_sky"]


def test_steps_are_left_out_by_either_name():
    assert list(understood({}, IMAGE, without=["darkCorrect", "combine"]).without) == [
        "subtract_dark",
        "combine",
    ]


def test_settings_may_be_nested_by_step():
    assert understood({"normalizeFlat": {"scale": "mean"}}, FLAT).settings == {
        "normalize_flat": {"scale": "mean"}
    }
