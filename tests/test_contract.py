"""What every step of the table promises; a new step is covered when it is in a recipe."""

import functools
import inspect
import re
from dataclasses import replace

import numpy as np
import pytest

from f2widgets.core.frame import Frame
from f2widgets.io.read import open_frame
from f2widgets.recipes.bands import full
from f2widgets.recipes.recipe import Use
from f2widgets.recipes.recipes import BPM, CHECK_WCS, DARK, FLAT, OFFSET, RECIPES, SKY_FLAT, ULTRADEEP
from f2widgets.recipes.run import run
from f2widgets.recipes.steps import STEPS

BAND = 48  # rows; no divisor of 256, so that the last band is short


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
class TestGrammar:
    def test_arguments(self, step):
        first, *rest = inspect.signature(step.function).parameters.values()
        assert first.name in ("frame", "frames")
        assert {need.kind for need in step.needs} <= {"dark", "flat", "bpm"}
        assert all(
            p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY) and p.annotation is not p.empty
            for p in (first, *rest)
        )
        assert not (step.on_set and step.needs), "a step on the set takes no calibrations"

    def test_parameters_are_documented_and_their_defaults_fit(self, step):
        for param in step.params:
            assert param.help, f"{param.name} is not in the docstring"
            assert param.check(param.default) == param.default
            if param.type in (int, float) and not param.choices:
                assert param.limits is not None, f"{param.name} has no limits"

    def test_docstring(self, step):
        text = inspect.cleandoc(step.function.__doc__)
        assert step.summary.endswith(".")
        for section in ("Parameters", "Returns", "Notes"):
            assert re.search(rf"^{section}\n-+$", text, re.M), f"no section {section}"
        for word in ("*Method*", "*Assumes*", "*Source*"):
            assert word in text, f"no {word} in the Notes"

    def test_it_is_in_a_recipe(self, step):
        assert any(step in recipe.steps for recipe in RECIPES)


def test_names_are_unique():
    assert len({step.name for step in STEPS}) == len({step.verb for step in STEPS}) == len(STEPS)


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
def test_values_set_by_recipes_fit(recipe):
    for one in recipe.uses:
        one.step.settled(one.values)


def planes(frame):
    return {"data": frame.data, "variance": frame.variance, "mask": frame.mask, **frame.planes}


def same(one, other):
    assert one.keys() == other.keys()
    for name, plane in one.items():
        np.testing.assert_array_equal(plane, other[name], err_msg=name)


def facts(frame):
    return frame.name, frame.unit, frame.facts, dict(frame.measured)


class Watched:
    """A step that is held against its promises whenever it is carried out."""

    def __init__(self, step):
        self.step, self.broken, self.times = step, [], 0

    def watched(self):
        function = self.step.function

        @functools.wraps(function)
        def call(first, *others, **values):
            frames = [first] if isinstance(first, Frame) else list(first)
            if isinstance(first, Frame):
                made = [function(first, *others, **values)]
            else:
                made = list(function(iter(frames), **values))
            self.times += 1
            try:
                self.check(function, frames, [x for x in others if x is not None], made, others, values)
            except AssertionError as error:
                self.broken.append(str(error))
            return made[0] if isinstance(first, Frame) else made

        return replace(self.step, source=call, rowwise=False)

    def check(self, function, frames, calibrations, made, others, values):
        for frame in made:
            assert frame.data.dtype == np.float32
            assert frame.mask.dtype == np.uint16
            assert np.isfinite(frame.data).all(), "data are not finite"
            if frame.variance is not None:
                assert frame.variance.dtype == np.float32
                assert (frame.variance >= 0).all(), "negative variance"
        if not self.step.on_set:
            assert made[0].shape == frames[0].shape
            assert not (frames[0].mask & ~made[0].mask).any(), "a flag was taken away"
        if self.step.rowwise:
            self.check_bands(function, frames, others, made, values)

    def check_bands(self, function, frames, others, made, values):
        ny = frames[0].shape[0]
        for start in range(0, ny, BAND):
            cut = (start, min(start + BAND, ny))
            parts = [frame.rows(*cut) for frame in frames]
            if self.step.on_set:
                bands = list(function(iter(parts), **values))
            else:
                cals = [None if x is None else x.rows(*cut) for x in others]
                bands = [function(parts[0], *cals, **values)]
            assert len(bands) == len(made)
            for band, whole in zip(bands, made, strict=True):
                same(planes(band), planes(whole.rows(*cut)))
                assert facts(band) == facts(whole), "what is no pixel depends on pixels"


@pytest.fixture(scope="module")
def watched(raw):
    """All steps, after each recipe has been carried out on a small night."""
    steps = {step.name: Watched(step) for step in STEPS}

    def reduced(recipe, names, calibrations=None, beside=()):
        frames = [full(open_frame(path)) for name in names for path in raw[name]]
        frames = [f.with_(y_offset=5000.0) if k in beside else f for k, f in enumerate(frames)]
        before = [{k: None if p is None else p.copy() for k, p in planes(frame).items()} for frame in frames]
        made = run([Use(steps[u.step.name].watched(), u.values) for u in recipe.uses], frames, calibrations)
        for frame, plane in zip(frames, before, strict=True):
            same(planes(frame), plane)
        return made[0]

    dark = reduced(DARK, ["darks"])
    bpm = reduced(BPM, ["on", "off", "short"])
    flat = reduced(FLAT, ["on", "off"], {"bpm": bpm})
    reduced(CHECK_WCS, ["science"])
    reduced(ULTRADEEP, ["science"], {"dark": dark, "flat": flat, "bpm": bpm})
    # and as twilight
    reduced(SKY_FLAT, ["science"], {"dark": dark, "bpm": bpm})
    # frames of the one field, said to lie elsewhere, serve as sky
    reduced(OFFSET, ["science"], {"dark": dark, "flat": flat, "bpm": bpm}, beside={1, 3, 5, 7})
    return steps


@pytest.mark.parametrize("name", [step.name for step in STEPS])
def test_step_keeps_its_promises(name, watched):
    assert watched[name].times, "it was never carried out"
    assert not watched[name].broken
