"""Recipes of the user's own: from a file, with steps of their own; slips are told with file and line."""

import re

import numpy as np
import pytest

from f2widgets.errors import ParameterError, StepFailed, WrongInputs
from f2widgets.io.read import open_frame, read_frame
from f2widgets.recipes.recipe import use
from f2widgets.recipes.recipes import IMAGE, recipe_named
from f2widgets.recipes.settings import read_settings, save_settings
from f2widgets.reduction import planned, reduce
from tests.shell import f2, refuses

OWN = """
from typing import Annotated

from f2widgets.core.annotations import Unit, Within
from f2widgets.recipes.recipe import use
from f2widgets.recipes.recipes import DARK


def lift(frame, *, level: Annotated[float, Within(0, 100), Unit("electron")] = 7.0):
    \"\"\"Add a constant.

    Parameters
    ----------
    level : float
        How much.
    \"\"\"
    return frame.with_(data=frame.data + level)


def broken(frame):
    \"\"\"Divide by zero.\"\"\"
    return 1 / 0


lifted = DARK.changed("a dark that is lifted", after={"combine_darks": [use(lift)]})
fails = DARK.changed(after={"combine_darks": [use(broken)]})
wrong = DARK.changed(after={"combine_darks": [use(lift, level=1000)]})
number = 3
"""


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where the database of calibrations is made
    path = tmp_path / "my recipes.py"
    path.write_text(OWN)
    return path


def test_a_recipe_is_changed_and_the_first_stays_as_it_was():
    before = IMAGE.steps
    other = IMAGE.changed("plain", without=["flag_outliers"], instead=[use("resample", interpolant="linear")])
    names = [step.name for step in other.steps]
    assert names == [step.name for step in before if step.name != "flag_outliers"]
    assert next(one for one in other.uses if one.step.name == "resample").values == {"interpolant": "linear"}
    assert (other.summary, IMAGE.steps) == ("plain", before)


def test_a_step_goes_behind_the_last_of_a_name():
    other = IMAGE.changed(after={"subtract_sky": [use("threshold_flat")]})
    names = [step.name for step in other.steps]
    assert names.index("threshold_flat") == len(names) - 1 - names[::-1].index("subtract_sky") + 1


def test_a_slip_in_a_change_names_what_is_near():
    with pytest.raises(ParameterError, match="did you mean 'flag_outliers'"):
        IMAGE.changed(without=["flag_outlier"])


def test_own_step_is_carried_out_and_written_down(own, example1_lists, tmp_path):
    darks, name = example1_lists["darks_2s"][:3], f"{own}:lifted"
    plain = read_frame(reduce(darks, out=tmp_path / "plain").path)
    made = reduce(darks, recipe=name, settings={"lift:level": "5"}, out=tmp_path / "own")
    lifted = read_frame(made.path)
    assert np.allclose(lifted.data, plain.data + 5)
    assert lifted.history[-1].step == "lift"
    assert lifted.history[-1].arguments == {"level": 5.0}
    assert own.name in {origin.filename for origin in open_frame(made.path).provenance}
    assert "lift" in str(planned(darks, recipe=name))


def test_a_product_is_known_again_until_the_file_changes(own, example1_lists, tmp_path):
    darks, name = example1_lists["darks_2s"][:3], f"{own}:lifted"
    first = reduce(darks, recipe=name, out=tmp_path).path
    assert reduce(darks, recipe=name, out=tmp_path).path == first
    own.write_text(OWN.replace("7.0", "8.0"))
    with pytest.raises(Exception, match="--overwrite"):
        reduce(darks, recipe=name, out=tmp_path)
    reduce(darks, recipe=name, out=tmp_path, overwrite=True)


def test_frames_kept_by_an_own_recipe_serve_until_the_file_changes(own, example1_lists, tmp_path):
    darks, asked = example1_lists["darks_2s"][:3], {"recipe": f"{own}:lifted", "out": tmp_path}
    whole = reduce(darks, keep=["add_variance"], **asked)
    again = reduce(darks, start="combine_darks", overwrite=True, **asked)
    assert np.array_equal(read_frame(whole.path).data, read_frame(again.path).data)
    own.write_text(OWN + "# another line")
    with pytest.raises(WrongInputs, match="by the recipe"):
        reduce(darks, start="combine_darks", overwrite=True, **asked)


def test_settings_of_own_steps_are_kept_in_a_file(own, tmp_path):
    path = save_settings(tmp_path / "s.toml", recipe=f"{own}:lifted", settings={"lift:level": 4.0})
    assert read_settings(path) == {"recipe": f"{own}:lifted", "settings": {"lift": {"level": 4.0}}}
    with pytest.raises(ParameterError, match="no step 'lift'"):
        save_settings(tmp_path / "t.toml", settings={"lift:level": 4.0})


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("lifed", "no recipe 'lifed'; did you mean 'lifted'"),
        ("number", "no recipe 'number'"),
        ("wrong", "lift:level must be a number, 0 to 100 electron, not 1000"),
    ],
)
def test_slips_in_a_recipe(own, name, told):
    with pytest.raises(ParameterError, match=re.escape(told)):
        recipe_named(f"{own}:{name}")


def test_slips_in_the_file(own, tmp_path):
    own.write_text("lifted = (\n")
    with pytest.raises(ParameterError, match=r"my recipes\.py is no Python: line 1"):
        recipe_named(f"{own}:lifted")
    own.write_text("a = 1\nb = a / 0\n")
    with pytest.raises(ParameterError, match=r"fails in line 2: ZeroDivisionError"):
        recipe_named(f"{own}:lifted")
    with pytest.raises(ParameterError, match=r"gone\.py cannot be read"):
        recipe_named(f"{tmp_path / 'gone.py'}:lifted")


def test_what_fails_in_an_own_step_is_told_with_its_line(own, example1_lists, tmp_path):
    line = OWN.splitlines().index("    return 1 / 0") + 1
    darks = example1_lists["darks_2s"][:3]
    with pytest.raises(StepFailed, match=rf"broken of .* fails in line {line}: ZeroDivisionError"):
        reduce(darks, recipe=f"{own}:fails", out=tmp_path)
    assert not list(tmp_path.glob("*.fits"))
    refuses(f2("reduce", *darks, "-r", f"{own}:fails", folder=tmp_path), f"line {line}")


def test_the_verbs_that_explain_know_own_recipes(own, example1_lists, tmp_path):
    dark = example1_lists["darks_2s"][0]
    told = f2("showrecipes", dark, "-r", f"{own}:lifted", folder=tmp_path).out
    assert "a dark that is lifted" in told
    told = f2("showpars", dark, "lift", "-r", f"{own}:lifted", folder=tmp_path).out
    assert "How much." in told
