"""The recipes: which frames each takes, what it does to them in which order, and what comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.recipes.names import REPLACED_RECIPES
from f2widgets.recipes.own import is_own, own_recipe
from f2widgets.recipes.parameters import near
from f2widgets.recipes.recipe import Recipe, use
from f2widgets.recipes.roles import Role, counted, plural

_TO_ELECTRONS = (use("flag_bad_pixels"), use("to_electrons"), use("add_variance"))

DARK = Recipe(
    "dark",
    "makeProcessedDark",
    "a master dark",
    (*_TO_ELECTRONS, use("correct_nonlinearity"), use("combine_darks")),
    frozenset({Role.DARK}),
    Role.DARK,
    "dark",
)
FLAT = Recipe(
    "flat",
    "makeProcessedFlat",
    "a master flat from lamp on minus lamp off",
    (
        *_TO_ELECTRONS,
        use("correct_nonlinearity"),
        use("combine_lamps"),
        use("normalize_flat"),
        use("threshold_flat"),
    ),
    frozenset({Role.LAMP_ON, Role.LAMP_OFF}),
    Role.LAMP_ON,
    "flat",
    finds=frozenset({"bpm"}),
    indispensable=frozenset({"combine_lamps"}),
)
K_FLAT = Recipe(
    "flat",
    "makeProcessedFlat",
    "a master flat for K from the warm shutter minus a master dark",
    (
        *_TO_ELECTRONS,
        use("correct_nonlinearity"),
        use("subtract_dark", common_noise=True),
        use("combine_lamps"),
        use("normalize_flat"),
        use("threshold_flat"),
    ),
    frozenset({Role.LAMP_OFF}),
    Role.LAMP_OFF,
    "flat",
    finds=frozenset({"dark", "bpm"}),
    indispensable=frozenset({"combine_lamps"}),
    only_k=True,
)
K_FLAT_WITH_DARKS = Recipe(
    "flat",
    "makeProcessedFlat",
    "a master flat for K from the warm shutter minus darks",
    (
        *_TO_ELECTRONS,
        use("correct_nonlinearity"),
        use("combine_lamps", hand_on=False),
        use("normalize_flat"),
        use("threshold_flat"),
    ),
    frozenset({Role.LAMP_OFF, Role.DARK}),
    Role.LAMP_OFF,
    "flat",
    finds=frozenset({"bpm"}),
    indispensable=frozenset({"combine_lamps"}),
    only_k=True,
)
SKY_FLAT = Recipe(
    "sky_flat",
    "makeSkyFlat",
    "a master flat from the twilight sky",
    (
        *_TO_ELECTRONS,
        use("correct_nonlinearity"),
        use("subtract_dark"),
        use("combine_twilights"),
        use("normalize_flat"),
        use("threshold_flat"),
    ),
    frozenset({Role.TWILIGHT}),
    Role.TWILIGHT,
    "flat",
    finds=frozenset({"dark", "bpm"}),
    indispensable=frozenset({"add_variance", "combine_twilights"}),
)
BPM = Recipe(
    "bpm",
    "makeProcessedBPM",
    "a bad pixel mask from flats and short darks",
    (*_TO_ELECTRONS, use("combine_lamps"), use("make_bpm")),
    frozenset({Role.LAMP_ON, Role.LAMP_OFF, Role.DARK}),
    Role.LAMP_ON,
    "bpm",
    indispensable=frozenset({"combine_lamps", "make_bpm"}),
)
K_BPM = Recipe(
    "bpm",
    "makeProcessedBPM",
    "a bad pixel mask for K from flats and short darks",
    BPM.uses,
    frozenset({Role.LAMP_OFF, Role.DARK}),
    Role.LAMP_OFF,
    "bpm",
    indispensable=BPM.indispensable,
    only_k=True,
)
IMAGE = Recipe(
    "image",
    "reduce",
    "a stack of dithers on the target",
    (
        *_TO_ELECTRONS,
        use("correct_nonlinearity"),
        use("subtract_dark"),
        use("divide_flat"),
        use("subtract_sky"),
        use("align"),
        use("flag_probe"),
        use("subtract_sky"),
        use("flag_objects"),
        use("flag_outliers"),
        use("refine_sky"),
        use("flatten_background"),
        use("match_counts"),
        use("resample"),
        use("combine"),
        use("detect_sources"),
    ),
    frozenset({Role.SCIENCE}),
    Role.SCIENCE,
    "image",
    finds=frozenset({"dark", "flat", "bpm"}),
    indispensable=frozenset({"add_variance"}),
)
ULTRADEEP = replace(
    IMAGE.changed(
        "a stack of many dithers, its sky without what only all of them show",
        after={"flag_outliers": [use("flag_faint_objects")]},
    ),
    name="ultradeep",
    verb="ultradeep",
)


def _parts(whole: Recipe, ends: Mapping[str, str]) -> tuple[Recipe, ...]:
    """Cut a recipe after steps: each part leaves its frames on disk, the next goes on with them."""
    names, parts, first = [step.name for step in whole.steps], list[Recipe](), 0
    for number, (end, summary) in enumerate(ends.items(), 1):
        last = len(names) - names[::-1].index(end)
        ends_here = last == len(names)
        parts.append(
            replace(
                whole,
                name=f"{whole.name}_part{number}",
                verb=f"{whole.verb}_part{number}",
                summary=summary,
                uses=whole.uses[first:last],
                product=whole.product if ends_here else None,
                finds=whole.finds if number == 1 else frozenset(),
                indispensable=whole.indispensable if number == 1 else frozenset(),
                leaves="" if ends_here else end,
                goes_on=parts[-1].name if parts else "",
            )
        )
        first = last
    return tuple(parts)


ULTRADEEP_PARTS = _parts(
    ULTRADEEP,
    {
        "divide_flat": "flat-fielded frames, kept for ultradeep_part2",
        "flag_faint_objects": "frames with all their sources flagged, kept for ultradeep_part3",
        "detect_sources": "the stack of what ultradeep_part2 has kept",
    },
)
QUICK = Recipe(
    "quick_look",
    "ql",
    "a quick look at dithers on the target: one sky, a median",
    (
        *_TO_ELECTRONS,
        use("correct_nonlinearity"),
        use("subtract_dark"),
        use("divide_flat"),
        use("subtract_sky"),
        use("align"),
        use("resample", interpolant="linear"),
        use("combine", method="median"),
    ),
    frozenset({Role.SCIENCE}),
    Role.SCIENCE,
    "image",
    finds=frozenset({"dark", "flat", "bpm"}),
    indispensable=frozenset({"add_variance"}),
    ending="ql_image",
)
OFFSET = Recipe(
    "image",
    "reduce",
    "a stack of the target, its sky from fields beside",
    (
        *_TO_ELECTRONS,
        use("correct_nonlinearity"),
        use("subtract_dark"),
        use("divide_flat"),
        use("separate_sky"),
        use("subtract_offset_sky"),
        use("align"),
        use("flag_probe"),
        use("flag_objects"),
        use("flag_outliers"),
        use("flatten_background", order=0, extended="no"),
        use("match_counts"),
        use("resample"),
        use("combine"),
        use("detect_sources"),
    ),
    frozenset({Role.SCIENCE, Role.SKY}),
    Role.SCIENCE,
    "image",
    finds=frozenset({"dark", "flat", "bpm"}),
    indispensable=frozenset({"add_variance", "separate_sky", "subtract_offset_sky"}),
)
STACKS = Recipe(
    "align_and_stack",
    "alignAndStack",
    "a stack of stacks, or of frames whose sky is subtracted",
    (use("align"), use("match_counts"), use("resample"), use("combine"), use("detect_sources")),
    frozenset({Role.STACK}),
    Role.STACK,
    "image",
    ending="stack",
)
CHECK_WCS = Recipe(
    "check_wcs",
    "checkWCS",
    "a check of the coordinates of raw frames",
    (use("check_wcs"),),
    frozenset({Role.SCIENCE}),
    Role.SCIENCE,
    None,
)

#: In the order in which they are offered: for given roles the first that takes them is the default.
RECIPES = (
    DARK,
    FLAT,
    K_FLAT,
    K_FLAT_WITH_DARKS,
    SKY_FLAT,
    BPM,
    K_BPM,
    IMAGE,
    OFFSET,
    QUICK,
    ULTRADEEP,
    *ULTRADEEP_PARTS,
    STACKS,
    CHECK_WCS,
)
#: Recipes for dithers on the target; the first knows what to do where the sky was taken beside.
ON_TARGET = (IMAGE, QUICK, ULTRADEEP, *ULTRADEEP_PARTS)

#: What to do with frames that no recipe takes.
_REMEDIES = {
    Role.PRODUCT: "Give raw frames; reduced calibrations are found by themselves or named with --user_cal.",
    Role.SPECTRUM: "Only imaging is reduced here; leave the spectroscopic frames out.",
    Role.ACQUISITION: "Leave the acquisition images out.",
    Role.TWILIGHT: "No lamp shone in twilight frames: give them alone, for sky_flat (makeSkyFlat).",
    Role.OTHER: "Leave them out; f2 typewalk shows what each file is.",
}


def recipe_named(name: str) -> Recipe:
    """Return a recipe by our name or the reference's.

    Parameters
    ----------
    name : str
        As typed; capitals do not matter. Or ``file.py:name`` for one of the user's own.

    Returns
    -------
    Recipe
        The recipe; of several with the name the one for lamps.

    Raises
    ------
    ParameterError
        If there is none, with the near names.
    """
    if is_own(name):
        return own_recipe(name)
    instead = {old.lower(): why for old, why in REPLACED_RECIPES.items()}.get(name.lower())
    if instead:
        raise ParameterError(f"{name} is no recipe here. {instead}")
    known = {word.lower(): recipe for recipe in reversed(RECIPES) for word in (recipe.name, recipe.verb)}
    if name.lower() not in known:
        ours = ", ".join(dict.fromkeys(f"{recipe.name} ({recipe.verb})" for recipe in RECIPES))
        words = [word for recipe in RECIPES for word in (recipe.name, recipe.verb)]
        raise ParameterError(f"There is no recipe {name!r}{near(name, words)} The recipes are: {ours}.")
    return known[name.lower()]


def recipe_for(
    found: Mapping[Role, list[str]], wanted: Recipe | None = None, *, in_k: bool = False
) -> Recipe:
    """Choose the recipe for all inputs together; their order does not matter.

    Parameters
    ----------
    found : mapping of Role to list of str
        Names of the input files by what they are.
    wanted : Recipe or None, optional
        The one that the user asks for; another of its name does as well.
    in_k : bool, optional
        Whether the flats are all in K.

    Returns
    -------
    Recipe
        One that takes exactly these roles.

    Raises
    ------
    WrongInputs
        If there is none, or the wanted one does not take them; with the reason and what to do.
    """
    roles = frozenset(found)
    for recipe in RECIPES if wanted is None else (wanted, *(r for r in RECIPES if r.name == wanted.name)):
        if recipe.takes == roles and (in_k or not recipe.only_k):
            return recipe
    what = "The inputs are " + ", ".join(counted(role, found[role]) for role in Role if role in roles) + "."
    strange = roles & _REMEDIES.keys()
    if strange:
        return _refuse(what, _REMEDIES[next(role for role in Role if role in strange)])
    if wanted is not None:
        return _refuse(what, _missing(wanted, roles))
    if roles < BPM.takes:
        return _refuse(what, _missing(FLAT, roles))
    return _refuse(what, "No recipe takes them together: reduce each kind with a call of its own.")


def _missing(recipe: Recipe, roles: frozenset[Role]) -> str:
    """Say what a recipe lacks and what it cannot use."""
    lacks = [plural(role) for role in Role if role in recipe.takes - roles]
    spare = [plural(role) for role in Role if role in roles - recipe.takes]
    words = [f"The recipe {recipe.name} ({recipe.verb}) takes {recipe.inputs}"]
    words += [f"add {' and '.join(lacks)}"] if lacks else []
    words += [f"leave out the {' and '.join(spare)}"] if spare else []
    return f"{words[0]}: {', and '.join(words[1:])}."


def _refuse(what: str, remedy: str) -> Recipe:
    """Raise the error of inputs that do not belong together."""
    raise WrongInputs(f"{what} {remedy}")
