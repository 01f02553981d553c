"""The reference pipeline's names of steps and parameters, and what each means here.

Every name is either accepted with its meaning, or refused in a sentence that names what replaces it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from f2widgets.recipes.steps import STEPS

#: Parameters that every step has in the reference.
SKIP, WRITE = "skip_primitive", "write_outputs"


@dataclass(frozen=True)
class Means:
    """Accepted: the first of our parameters whose step is in the recipe, or all, with words for values.

    Parameters
    ----------
    targets : tuple of str
        ``"step:parameter"`` by our names.
    words : mapping of str to str, optional
        The reference's values that are called otherwise here.
    refused : mapping of str to str, optional
        Values that are not accepted, with the reason.
    every : bool, optional
        All of our parameters whose step is in the recipe.
    """

    targets: tuple[str, ...]
    words: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    every: bool = False


@dataclass(frozen=True)
class File:
    """Accepted: the value is the file of a calibration; these words name none."""

    kind: Literal["dark", "flat", "bpm"]
    words: frozenset[str] = frozenset({"default", "None"})


@dataclass(frozen=True)
class LeavesOut:
    """Accepted: one word leaves the step out, the others say what is done anyway."""

    word: str
    others: tuple[str, ...]


@dataclass(frozen=True)
class Always:
    """Accepted with one value, which is what is done anyway; any other is refused with the reason."""

    value: str
    why: str


@dataclass(frozen=True)
class Gone:
    """Refused: what replaces it, as a sentence."""

    why: str


Meaning = Means | File | LeavesOut | Always | Gone

_REJECT = {"sigclip": "sigma", "varclip": "variance"}
_MEMORY = Gone("Memory needs no setting: frames are worked on in bands of rows.")
_DQ = Always("True", "Flagged pixels are always left out.")
_ONE = Gone("Flamingos-2 has one image a file, so there is nothing to keep apart.")
_BAND = Gone("The statistics use all good pixels; there is no section to choose.")
_CALIBRATION = LeavesOut("skip", ("procmode", "force"))


def _stacking(*steps: str) -> dict[str, Meaning]:
    """Return the parameters of the reference's stacking, for steps of ours that stack darks or lamps."""

    def at(name: str) -> tuple[str, ...]:
        return tuple(f"{step}:{name}" for step in steps)

    odd = "The average is mean or median."
    reject = Means(at("reject"), _REJECT)
    return {
        "operation": Means(at("method"), refused={"wtmean": odd, "lmedian": odd}),
        "reject": reject,
        "reject_method": reject,
        "hsigma": Means(at("high")),
        "lsigma": Means(at("low")),
        "nlow": Means(at("low")),
        "nhigh": Means(at("high")),
        "mclip": Always("True", "Values are always clipped about their median."),
        "max_iters": Gone("Clipping goes on until nothing changes."),
        "scale": Always("False", "Counts are brought to one level by match_counts, before the stack."),
        "zero": Always("False", "Levels are brought to one zero by subtract_sky and flatten_background."),
        "apply_dq": _DQ,
        "statsec": _BAND,
        "separate_ext": _ONE,
        "memory": _MEMORY,
        "save_rejection_map": Gone(
            "Rejected pixels are flagged 8 (cosmic); write_outputs=True keeps the frames."
        ),
    }


#: Where the reference clips the science stack, outliers are sought before resampling.
_STACK = ("flag_outliers:sigma", "combine_darks:high", "combine_lamps:high")

#: Where frames share a sky.
_SKIES = ("subtract_sky:group", "refine_sky:group", "subtract_offset_sky:group")

#: By the reference's verb and parameter.
MEANINGS: dict[str, dict[str, Meaning]] = {
    "prepare": {
        "bad_wcs": Means(("align:bad_wcs",)),
        "require_wcs": Gone("A science frame without coordinates is always refused by align."),
        "debug_consistency_limit": Means(("align:tolerance", "check_wcs:tolerance")),
        "debug_max_deadtime": Gone("Frames need no grouping in time: all are matched by their stars."),
    },
    "addDQ": {
        "static_bpm": File("bpm"),
        "user_bpm": File("bpm"),
        "add_illum_mask": Means(("flag_bad_pixels:unlit",)),
        "illum_mask": Gone(
            "The unlit field comes with the bad-pixel mask: give user_bpm, made by makeProcessedBPM."
        ),
        "latency": Gone("Afterglow is not flagged; flag_outliers finds it in the dithers."),
        "time": Gone("Afterglow is not flagged; flag_outliers finds it in the dithers."),
        "non_linear": Gone("Afterglow is not flagged; flag_outliers finds it in the dithers."),
    },
    "addVAR": {
        "read_noise": Means(("add_variance:read_noise",)),
        "poisson_noise": Means(("add_variance:poisson",)),
    },
    "stackDarks": _stacking("combine_darks"),
    "stackFlats": _stacking("combine_lamps"),
    "makeLampFlat": _stacking("combine_lamps"),
    "darkCorrect": {"dark": File("dark"), "do_cal": _CALIBRATION},
    "flatCorrect": {"flat": File("flat"), "do_cal": _CALIBRATION},
    "normalizeFlat": {"scale": Means(("normalize_flat:scale",)), "separate_ext": _ONE},
    "thresholdFlatfield": {
        "lower": Means(("threshold_flat:lower",)),
        "upper": Means(("threshold_flat:upper",)),
    },
    "makeBPM": {
        "dark_lo": Gone("Low pixels are found by their noise, not by a fixed level: see make_bpm:noisy."),
        "dark_hi": Gone("Hot pixels are judged in electron/s, whatever the exposure: set make_bpm:hot."),
        "flat_lo": Means(("make_bpm:lowest",)),
        "flat_hi": Means(("make_bpm:highest",)),
        "keep_unilluminated": Always("True", "Unlit pixels are always kept as 64, never called bad."),
        "override_thresh": Gone("It has no effect in the reference either; set make_bpm:low, high and hot."),
    },
    "separateSky": {
        "frac_FOV": Means(("separate_sky:frac_fov",)),
        "ref_obj": Means(("separate_sky:ref_obj",)),
        "ref_sky": Means(("separate_sky:ref_sky",)),
    },
    "associateSky": {
        "time": Gone("Sky frames are the nearest in time: set subtract_sky:group to how many."),
        "distance": Means(("refine_sky:distance",)),
        "min_skies": Gone("Sky frames are the nearest in time: set subtract_sky:group to how many."),
        "max_skies": Means(_SKIES, every=True),
        "use_all": Gone("Set subtract_sky:group to the number of frames to use all."),
        "sky": Gone("Put the sky frames into the list, and name them with separate_sky:ref_sky."),
    },
    "skyCorrect": {
        "operation": Always(
            "median", "The first sky is a median, the second a clipped mean: see subtract_sky."
        ),
        "reject": Gone("Objects and outliers are masked before the sky is averaged: see flag_objects."),
        "nlow": Gone("Objects and outliers are masked before the sky is averaged: see flag_objects."),
        "nhigh": Gone("Objects and outliers are masked before the sky is averaged: see flag_objects."),
        "scale": Means(("subtract_sky:scale",), {"True": "level", "False": "offset"}),
        "zero": Means(("subtract_sky:scale",), {"True": "offset", "False": "auto"}),
        "mask_objects": Always("True", "Objects are always masked; leave flag_objects out to keep them in."),
        "dilation": Means(("flag_objects:grow",)),
        "scale_sky": Means(("subtract_sky:scale",), {"True": "level", "False": "offset"}),
        "offset_sky": Means(("subtract_sky:scale",), {"True": "offset", "False": "auto"}),
        "reset_sky": Gone("A run always begins with fresh sky frames."),
        "save_sky": Gone(
            "The sky is not written; skyCorrect:write_outputs=True keeps the frames without it."
        ),
        "statsec": _BAND,
        "memory": _MEMORY,
        "debug_threshold": Gone("The level is found in one pass, without a threshold to stop at."),
    },
    "detectSources": {
        "detect_minarea": Means(("detect_sources:min_area",)),
        "detect_thresh": Means(("detect_sources:threshold",)),
        "analysis_thresh": Gone("One threshold serves finding and measuring: set detect_sources:threshold."),
        "deblend_mincont": Means(("detect_sources:deblend_contrast",)),
        "back_size": Gone("The sky is already subtracted; detect_sources uses the variance for the noise."),
        "back_filtersize": Gone(
            "The sky is already subtracted; detect_sources uses the variance for the noise."
        ),
        "phot_min_radius": Gone("Apertures are fixed and written in the catalogue: see detect_sources."),
        "set_saturation": Gone("Saturated pixels are flagged, and sources that hold some are marked."),
        "mask": Always("True", "Flagged pixels are always left out."),
        "replace_flags": _DQ,
    },
    "dilateObjectMask": {
        "dilation": Means(("flag_objects:grow",)),
        "repeat": Gone("The mask is grown once, by flag_objects:grow."),
    },
    "transferObjectMask": {"dilation": Means(("flag_faint_objects:grow",))},
    "adjustWCSToReference": {
        "method": Means(("align:method",), {"offsets": "header"}),
        "fallback": Always(
            "offsets", "A frame whose stars do not match keeps its header's place, and is named."
        ),
        "first_pass": Gone("Stars are matched anywhere in the frame, so no first radius is needed."),
        "match_radius": Means(("align:match_radius",)),
        "min_sources": Means(("align:min_sources",)),
        "cull_sources": Gone("Only stars well above the noise are matched, weighted by their brightness."),
        "rotate": Gone("A small rotation is always fitted."),
        "scale": Always("False", "Frames of one instrument have one scale."),
        "debug_ignore_wcs": Gone("Use bad_wcs=fix: the stars decide where a header is wrong."),
    },
    "resampleToCommonFrame": {
        "interpolant": Means(
            ("resample:interpolant",),
            {"poly3": "cubic"},
            {
                name: "Use poly3, the reference's own choice, or one of resample:interpolant."
                for name in ("poly5", "spline3", "spline5")
            },
        ),
        "trim_data": Gone("The product covers all frames; cut it afterwards."),
        "clean_data": Always(
            "False", "Flagged pixels are left out or filled from the other frames: see resample."
        ),
        "conserve": Always("True", "Flux is always conserved."),
        "force_affine": Always("True", "Frames are always mapped by an affine transformation."),
        "reference": Gone("The first frame is the reference, but the grid covers all frames."),
        "dq_threshold": Gone("A flag spreads as far as its pixel counts in the kernel: see resample."),
    },
    "scaleCountsToReference": {
        "tolerance": Gone(
            "Frames are scaled by the stars they share whenever these agree: see match_counts."
        ),
        "use_common": Always("True", "Only stars common to the frames are compared."),
        "radius": Gone("Stars are matched by align; no second radius is needed."),
    },
    "stackFrames": {
        **_stacking("combine_darks", "combine_lamps"),
        "hsigma": Means(_STACK),
        "operation": Means(
            ("combine:method", "combine_darks:method", "combine_lamps:method"),
            refused={
                "wtmean": "Frames are weighted by combine:weight.",
                "lmedian": "The average is mean or median.",
            },
        ),
    },
    "subtractSky": {
        "scale_sky": Means(("subtract_sky:scale",), {"True": "level", "False": "offset"}),
        "offset_sky": Means(("subtract_sky:scale",), {"True": "offset", "False": "auto"}),
        "reset_sky": Gone("A run always begins with fresh sky frames."),
        "save_sky": Gone(
            "The sky is not written; skyCorrect:write_outputs=True keeps the frames without it."
        ),
    },
}

_WHOLE = "It is a part of reading a file here."
_STORED = "Products are stored by themselves; see f2 caldb."
_FIRST = "Give the frames of each kind in a list of their own."
_QUALITY = "What was measured is told at the end of the run and in the product's catalogue."

#: Steps of the reference that are no step here, with what replaces them.
REPLACED = {
    "prepare": "Reading a file prepares it; it cannot be left out.",
    "validateData": _WHOLE,
    "standardizeStructure": _WHOLE,
    "standardizeHeaders": _WHOLE,
    "standardizeObservatoryHeaders": _WHOLE,
    "standardizeInstrumentHeaders": _WHOLE,
    "standardizeWCS": "A wrong WCS is mended by align: set align:bad_wcs.",
    "addIllumMaskToDQ": "The unlit field is flagged by flag_bad_pixels: set flag_bad_pixels:unlit.",
    "stackFlats": "It is a part of combine_lamps.",
    "associateSky": "It is a part of subtract_sky.",
    "stackSkyFrames": "It is a part of subtract_sky.",
    "transferAttribute": "There are no side streams: flag_objects leaves its mask in the frames.",
    "addObjectMaskToDQ": "Objects have a flag of their own, which never reaches DQ: see flag_objects.",
    "scaleByIntensity": "It is a part of combine_twilights.",
    "storeProcessedDark": _STORED,
    "storeProcessedFlat": _STORED,
    "storeProcessedBPM": _STORED,
    "storeProcessedScience": _STORED,
    "flushPixels": "Memory needs no flushing: frames are worked on in bands of rows.",
    "writeOutputs": "Use STEP:write_outputs=True.",
    "selectFromInputs": _FIRST,
    "measureBG": _QUALITY,
    "measureIQ": _QUALITY,
    "measureCC": _QUALITY,
    "addReferenceCatalog": "The stack is not tied to a catalogue yet.",
    "determineAstrometricSolution": "The stack is not tied to a catalogue yet.",
}

#: Verbs of the reference that are several steps here: left out, they are left out together.
TOGETHER = {"skyCorrect": ("subtract_sky", "refine_sky")}

#: Recipes of the reference that are no recipe here, with what replaces them.
REPLACED_RECIPES = {
    "reduce_nostack": "Use reduce with --without stackFrames.",
    "makeIRAFCompatible": "Products are plain FITS files with one image, its variance and its flags.",
}

_OURS = {step.name.lower(): step.name for step in STEPS}
_BY_VERB = {step.verb.lower(): step.name for step in STEPS if step.verb not in REPLACED}
_VERBS = {verb.lower(): verb for verb in (*MEANINGS, *REPLACED, *(step.verb for step in STEPS))}


def meant(meaning: Meaning) -> str:
    """Say what a parameter of the reference means here.

    Parameters
    ----------
    meaning : Means, File, LeavesOut, Always or Gone
        A value of `MEANINGS`.

    Returns
    -------
    str
        In one line.
    """
    match meaning:
        case Gone(why):
            return why
        case Always(value, why):
            return f"Always {value}. {why}"
        case LeavesOut(word, _):
            return f"{word} leaves the step out."
        case File(kind, _):
            return f"The file of the {kind}."
        case Means(targets, words, _, every):
            told = ", ".join(f"{theirs} is {ours}" for theirs, ours in words.items())
            return f"Here {(' and ' if every else ' or ').join(targets)}{f' ({told})' if told else ''}."


def our_step(name: str) -> str | None:
    """Return our name of a step, given ours or the reference's; capitals do not matter.

    Parameters
    ----------
    name : str
        As typed.

    Returns
    -------
    str or None
        None if it is no step here.
    """
    return _OURS.get(name.lower()) or _BY_VERB.get(name.lower())


def their_verb(name: str) -> str | None:
    """Return the reference's verb for a step, given either name; None if neither knows it."""
    ours = _OURS.get(name.lower())
    if ours:
        return next(step.verb for step in STEPS if step.name == ours)
    return _VERBS.get(name.lower())


def all_names() -> list[str]:
    """Return every name of a step that is understood, ours first."""
    return [*_OURS.values(), *_VERBS.values()]
