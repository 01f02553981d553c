"""The table of steps: one line each, with the reference's verb and whether bands of rows may go alone."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from f2widgets.errors import ParameterError
from f2widgets.recipes.parameters import TICK, Param, checked, near, parameters_of


@dataclass(frozen=True)
class Need:
    """A calibration that a step takes; an optional one may be missing."""

    kind: str
    optional: bool


@dataclass(frozen=True)
class Step:
    """A function of the package's core as a recipe sees it.

    Its signature is its definition: a first argument ``frame`` or ``frames`` says whether it works on one
    frame or on the set, further positional arguments are calibrations by kind, keyword-only ones are the
    user's.

    Parameters
    ----------
    source : str or callable
        ``"sky.subtract_sky"``, a function of `f2widgets.core` imported at its first use, so that reducing
        darks does not import what stars need; or the function itself.
    verb : str, optional
        The reference pipeline's name of the step; ours again where it has none.
    ending : str, optional
        What the reference appends to the names of frames that have been through it.
    rowwise : bool, optional
        A band of rows comes out as it does from the whole frame, and nothing but pixels depends on pixels.
    combines : bool, optional
        Makes new frames of all it is given; what went into those went into the new.
    one_by_one : bool, optional
        Works on the set, and yet lets go of each frame before it takes the next.
    """

    source: str | Callable[..., Any]
    verb: str = ""
    ending: str = ""
    rowwise: bool = field(default=False, kw_only=True)
    combines: bool = field(default=False, kw_only=True)
    one_by_one: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        """Call a step that the reference does not know by our name."""
        object.__setattr__(self, "verb", self.verb or self.name)

    @property
    def name(self) -> str:
        """Name of the function."""
        return self.source.rpartition(".")[2] if isinstance(self.source, str) else self.source.__name__

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The function itself."""
        if not isinstance(self.source, str):
            return self.source
        module, _, name = self.source.rpartition(".")
        function: Callable[..., Any] = getattr(importlib.import_module(f"f2widgets.core.{module}"), name)
        return function

    @cached_property
    def params(self) -> tuple[Param, ...]:
        """What the user may set."""
        return parameters_of(self.function)

    @cached_property
    def on_set(self) -> bool:
        """Whether it takes all frames at once."""
        first = next(iter(inspect.signature(self.function).parameters), "")
        if first not in ("frame", "frames"):
            raise TypeError(f"{self.name}: the first argument must be frame or frames, not {first!r}")
        return first == "frames"

    @cached_property
    def needs(self) -> tuple[Need, ...]:
        """The calibrations it takes."""
        positional = [
            argument
            for argument in inspect.signature(self.function).parameters.values()
            if argument.kind is argument.POSITIONAL_OR_KEYWORD
        ]
        return tuple(Need(argument.name, argument.default is None) for argument in positional[1:])

    @cached_property
    def ticks(self) -> bool:
        """Whether it reports progress."""
        return TICK in inspect.signature(self.function).parameters

    @property
    def summary(self) -> str:
        """What it does, in one line."""
        return (self.function.__doc__ or "").strip().partition("\n")[0]

    def settled(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the value of every parameter: those given, checked, and the defaults.

        Parameters
        ----------
        values : mapping of str to object
            What is set by the recipe or the user.

        Returns
        -------
        dict
            A value for every parameter.

        Raises
        ------
        ParameterError
            If a name is unknown or a value does not fit.
        """
        given = checked(self.name, self.params, values)
        return {param.name: given.get(param.name, param.default) for param in self.params}


STEPS = (
    Step("badpixels.flag_bad_pixels", "addDQ", "dqAdded", rowwise=True),
    Step("counts.to_electrons", "ADUToElectrons", "ADUToElectrons", rowwise=True),
    Step("counts.add_variance", "addVAR", "varAdded", rowwise=True),
    Step("counts.correct_nonlinearity", "nonlinearityCorrect", "nonlinearityCorrected", rowwise=True),
    Step("dark.combine_darks", "stackDarks", "stack", rowwise=True, combines=True),
    Step("dark.subtract_dark", "darkCorrect", "darkCorrected", rowwise=True),
    Step("flat.combine_lamps", "makeLampFlat", "lampstack", rowwise=True, combines=True),
    Step("twilight.combine_twilights", combines=True),
    Step("flat.normalize_flat", "normalizeFlat", "normalized"),
    Step("flat.threshold_flat", "thresholdFlatfield", "thresholdFlatfielded", rowwise=True),
    Step("flat.divide_flat", "flatCorrect", "flatCorrected", rowwise=True),
    Step("badpixels.make_bpm", "makeBPM", "bpm", combines=True),
    Step("align.check_wcs", "checkWCS"),
    Step("fields.separate_sky", "separateSky", "skySeparated"),
    Step("offset.subtract_offset_sky", combines=True),
    Step("sky.subtract_sky", "subtractSky", "skySubtracted"),
    Step("align.align", "adjustWCSToReference", "wcsCorrected"),
    Step("probe.flag_probe", "flagGuideProbe"),
    Step("objects.flag_objects", "dilateObjectMask", "objmaskDilated"),
    Step("outliers.flag_outliers"),
    Step("deep.flag_faint_objects", "transferObjectMask", "objmaskTransferred"),
    Step("sky.refine_sky", "skyCorrect", "skyCorrected"),
    Step("background.flatten_background"),
    Step("combine.match_counts", "scaleCountsToReference", "countsScaled"),
    Step("resample.resample", "resampleToCommonFrame", "align"),
    Step("combine.combine", "stackFrames", "stack", combines=True, one_by_one=True),
    Step("sources.detect_sources", "detectSources", "sourcesDetected"),
)

_BY_NAME = {step.name: step for step in STEPS}


def step_named(name: str) -> Step:
    """Return a step of the table.

    Parameters
    ----------
    name : str
        Our name of it.

    Returns
    -------
    Step
        The step.

    Raises
    ------
    ParameterError
        If there is none, with the near names.
    """
    if name not in _BY_NAME:
        raise ParameterError(f"There is no step {name!r}{near(name, _BY_NAME)}")
    return _BY_NAME[name]
