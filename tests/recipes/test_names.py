import pytest

from f2widgets.errors import ParameterError
from f2widgets.recipes.names import (
    MEANINGS,
    REPLACED,
    REPLACED_RECIPES,
    Always,
    File,
    Gone,
    LeavesOut,
    Means,
    our_step,
    their_verb,
)
from f2widgets.recipes.recipes import IMAGE, RECIPES, recipe_named
from f2widgets.recipes.steps import STEPS
from f2widgets.recipes.wishes import understood

STACKING = (
    "operation reject hsigma lsigma mclip max_iters nlow nhigh scale zero apply_dq statsec separate_ext "
    "memory save_rejection_map"
)

#: Every step of the reference's imaging recipes and its parameters.
REFERENCE = {
    "prepare": "bad_wcs debug_consistency_limit debug_max_deadtime",
    "validateData": "require_wcs",
    "standardizeStructure": "",
    "standardizeHeaders": "",
    "standardizeObservatoryHeaders": "",
    "standardizeInstrumentHeaders": "",
    "standardizeWCS": "bad_wcs debug_consistency_limit debug_max_deadtime",
    "checkWCS": "",
    "addDQ": "static_bpm user_bpm add_illum_mask illum_mask latency time non_linear",
    "addIllumMaskToDQ": "illum_mask",
    "ADUToElectrons": "",
    "addVAR": "read_noise poisson_noise",
    "nonlinearityCorrect": "",
    "stackDarks": STACKING,
    "stackFlats": STACKING,
    "darkCorrect": "do_cal dark",
    "makeLampFlat": "",
    "normalizeFlat": "scale separate_ext",
    "thresholdFlatfield": "lower upper",
    "makeBPM": "dark_lo dark_hi flat_lo flat_hi keep_unilluminated override_thresh",
    "flatCorrect": "do_cal flat",
    "separateSky": "frac_FOV ref_obj ref_sky",
    "associateSky": "time distance min_skies max_skies use_all sky",
    "skyCorrect": """operation reject nlow nhigh scale zero mask_objects dilation scale_sky offset_sky
reset_sky save_sky statsec memory debug_threshold""",
    "stackSkyFrames": STACKING,
    "subtractSky": "scale_sky offset_sky reset_sky save_sky",
    "detectSources": """detect_minarea detect_thresh analysis_thresh deblend_mincont back_size back_filtersize
phot_min_radius set_saturation mask replace_flags""",
    "transferAttribute": "",
    "dilateObjectMask": "dilation repeat",
    "addObjectMaskToDQ": "",
    "transferObjectMask": "dilation",
    "adjustWCSToReference": """method fallback first_pass match_radius min_sources cull_sources rotate scale
debug_ignore_wcs""",
    "resampleToCommonFrame": "interpolant trim_data clean_data conserve force_affine reference dq_threshold",
    "stackFrames": STACKING,
    "scaleCountsToReference": "tolerance use_common radius",
    "scaleByIntensity": "scaling section",
    "storeProcessedDark": "force",
    "storeProcessedFlat": "force",
    "storeProcessedBPM": "force",
    "storeProcessedScience": "",
    "flushPixels": "",
    "writeOutputs": "",
    "measureBG": "",
    "measureIQ": "",
    "measureCC": "",
    "addReferenceCatalog": "radius",
    "determineAstrometricSolution": "initial final rotate scale",
}
RECIPE_NAMES = """makeProcessedDark makeProcessedFlat makeProcessedBPM reduce reduce_nostack ultradeep
ultradeep_part1 ultradeep_part2 ultradeep_part3 makeSkyFlat alignAndStack checkWCS"""

PAIRS = [(step, name) for step, names in REFERENCE.items() for name in names.split()]


@pytest.mark.parametrize("step", REFERENCE)
def test_every_step_is_ours_or_replaced(step):
    assert their_verb(step.upper()) == step
    if our_step(step) is None:
        assert REPLACED[step].endswith(".")
        with pytest.raises(ParameterError, match="is no step here"):
            understood({}, IMAGE, without=[step])


@pytest.mark.parametrize(("step", "name"), PAIRS)
def test_every_parameter_is_accepted_or_refused_with_what_replaces_it(step, name):
    ours = {one.name: {param.name: param for param in one.params} for one in STEPS}
    match MEANINGS.get(step, {}).get(name):
        case Means(targets, words, refused):
            for target in targets:
                own, _, param = target.partition(":")
                assert param in ours[own], f"{target} does not exist"
                for word in words.values():
                    ours[own][param].check(word)
            assert all(why.endswith(".") for why in refused.values())
        case Gone(why) | Always(_, why):
            assert why.endswith(".")
        case File() | LeavesOut():
            pass
        case None:
            # Not a step of its own here: the refusal of the step says what replaces it.
            assert step in REPLACED, f"{step}:{name} is neither accepted nor refused"
            with pytest.raises(ParameterError, match="is no step here"):
                understood({f"{step}:{name}": "1"}, IMAGE)


@pytest.mark.parametrize("name", RECIPE_NAMES.split())
def test_every_recipe_is_accepted_or_refused_with_what_replaces_it(name):
    if name in REPLACED_RECIPES:
        with pytest.raises(ParameterError, match="Use "):
            recipe_named(name)
    else:
        assert recipe_named(name).verb == name


PAIRS = [
    pytest.param(recipe, step, id=f"{recipe.name} {step.name}") for recipe in RECIPES for step in recipe.steps
]


@pytest.mark.parametrize(("recipe", "step"), PAIRS)
def test_every_step_can_be_left_out_and_kept_by_both_names(recipe, step):
    for name in (step.name, step.verb):
        assert list(understood({f"{name}:write_outputs": True}, recipe).keep) == [step.name]
        assert not understood({f"{name}:skip_primitive": "False"}, recipe).without
        if step.name not in recipe.indispensable:
            assert step.name in understood({f"{name}:skip_primitive": "True"}, recipe).without
            continue
        with pytest.raises(ParameterError, match=f"{step.name} cannot be left out"):
            understood({f"{name}:skip_primitive": "True"}, recipe)
