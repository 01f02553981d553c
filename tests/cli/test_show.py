"""showrecipes, showpars and provenance: what would be done with a file, and what was done."""

import json

import pytest

import f2widgets as f2w
from f2widgets.errors import NotF2Data, ParameterError, WrongInputs
from f2widgets.recipes.names import MEANINGS, meant
from tests.raw_files import write_raw
from tests.shell import f2, refuses


@pytest.fixture(scope="module")
def science(example1_lists):
    return example1_lists["science"][0]


def test_the_default_recipe_with_its_steps_in_order(science, tmp_path):
    told = f2("showrecipes", science, folder=tmp_path).out
    assert "Recipe: image (reduce), the default" in told
    places = [
        told.index(verb) for verb in ("addDQ", "darkCorrect", "flatCorrect", "skyCorrect", "stackFrames")
    ]
    assert places == sorted(places)
    assert "Recipe: quick_look (ql)" in f2("showrecipes", science, "-m", "ql", folder=tmp_path).out


def test_all_recipes_of_a_file_and_a_remark_where_one_does_not_take_it(science, tmp_path):
    told = f2("showrecipes", science, "--all", folder=tmp_path).out
    assert "   check_wcs (checkWCS): " in told
    assert "makeProcessedDark" not in told
    other = f2("showrecipes", science, "-r", "makeProcessedDark", folder=tmp_path)
    assert "it takes darks; this file is none of them" in other.out


def test_recipes_follow_from_what_the_file_is(example1_lists):
    first = {kind: f2w.recipes_for(files[0])[0].name for kind, files in example1_lists.items()}
    assert first["science"] == "image"
    assert first["darks_120s"] == "dark"
    assert first["lamp_on"] == "flat"


def test_parameters_by_either_name(science, tmp_path):
    ours, theirs = (
        f2("showpars", science, name, folder=tmp_path) for name in ("resample", "resampleToCommonFrame")
    )
    assert ours.out == theirs.out
    assert "'lanczos3'" in ours.out
    assert "skip_primitive" not in ours.out
    every = f2("showpars", science, "resample", "-a", "-d", folder=tmp_path).out
    assert "skip_primitive" in every
    assert "trim_data" in every
    assert "Parameters\n----------" in every


def test_values_that_the_recipe_sets_are_told_apart(science):
    _, values = f2w.parameters_for(science, "combine", recipe="ql")
    assert {one.param.name: one.origin for one in values}["method"] == "recipe"
    _, values = f2w.parameters_for(science, "combine")
    assert {one.origin for one in values} == {"default"}


def test_every_name_of_the_reference_has_a_meaning_in_words():
    for parameters in MEANINGS.values():
        for meaning in parameters.values():
            assert meant(meaning).endswith(".")


def test_refusals(science, example1_lists, tmp_path):
    refuses(f2("showpars", science, "makeBPM", folder=tmp_path), "make_bpm is no step", status=2)
    refuses(f2("showpars", science, "resampl", folder=tmp_path), "did you mean 'resample'", status=2)
    refuses(f2("showrecipes", "gone.fits", folder=tmp_path), "gone.fits")
    (tmp_path / "text.fits").write_text("no FITS")
    for ask in (f2w.recipes_for, f2w.provenance):
        with pytest.raises(NotF2Data, match=r"text\.fits"):
            ask(tmp_path / "text.fits")
    with pytest.raises(ParameterError, match="by the recipe dark"):
        f2w.parameters_for(science, "resample", recipe="dark")
    write_raw(tmp_path / "spectrum.fits", GRISM="JH_G5801")
    with pytest.raises(WrongInputs, match="no recipe takes it"):
        f2w.recipes_for(tmp_path / "spectrum.fits")


def test_provenance_names_inputs_and_steps(example1_calibrated, example1_lists, tmp_path):
    (dark,) = example1_calibrated.glob("*_dark.fits")
    inputs, history = f2w.provenance(dark)
    assert set(inputs["filename"]) == {path.name for path in example1_lists["darks_120s"]}
    assert list(history["step"])[-1] == "combine_darks"
    assert all(json.loads(args) is not None for args in history["args"])
    told = f2("provenance", dark, folder=tmp_path).out
    assert f"Reading Provenance for {dark}" in told
    for word in ("stackDarks (combine_darks)", str(inputs["md5"][0]), "History\n-------"):
        assert word in told


def test_a_raw_frame_has_no_provenance(science, tmp_path):
    inputs, history = f2w.provenance(science)
    assert (len(inputs), len(history)) == (0, 0)
    assert "No Provenance found" in f2("provenance", science, folder=tmp_path).out
