from typing import Annotated, Literal

import pytest

from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.errors import ParameterError
from f2widgets.recipes.parameters import Param, checked, parameters_of


def step(
    frames,
    dark=None,
    *,
    flag: bool = True,
    count: int = 3,
    radius: Annotated[float, Within(0, 60), Unit("arcsec")] = 2.0,
    nearest: Annotated[int, Within(2)] | None = None,
    rows: Annotated[int | None, Within(1, 9)] = 4,
    method: Literal["median", "mean"] = "median",
    order: Literal[1, 2] = 1,
    name: str = "x",
    tick: Tick = ignore,
):
    """Do something.

    Parameters
    ----------
    frames : list of Frame
        Frames.
    flag, count : bool and int
        Shared help.
    radius : float, optional
        How far,
        in two lines.

    Returns
    -------
    radius : not this
        Nothing.
    """


PARAMS = {param.name: param for param in parameters_of(step)}


def test_only_keyword_arguments_but_tick():
    assert list(PARAMS) == ["flag", "count", "radius", "nearest", "rows", "method", "order", "name"]


def test_signature_and_docstring_tell_all():
    radius = Param("radius", float, 2.0, Within(0, 60), (), False, "arcsec", "How far, in two lines.")
    assert PARAMS["radius"] == radius
    assert PARAMS["count"].help == "Shared help."
    assert PARAMS["method"].choices == ("median", "mean")
    assert (PARAMS["nearest"].optional, PARAMS["nearest"].limits) == (True, Within(2))
    assert (PARAMS["rows"].optional, PARAMS["rows"].limits) == (True, Within(1, 9))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("flag", "False", False),
        ("flag", "yes", True),
        ("count", "7", 7),
        ("count", "7.0", 7),
        ("radius", "6e1", 60.0),
        ("radius", 3, 3.0),
        ("nearest", "None", None),
        ("nearest", None, None),
        ("method", "mean", "mean"),
        ("order", "2", 2),
        ("name", "None of these", "None of these"),
    ],
)
def test_values_are_converted(name, text, value):
    found = PARAMS[name].check(text)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("flag", "2", "step:flag must be True or False, not '2'"),
        ("count", "7.5", "a whole number, not '7.5'"),
        ("count", True, "a whole number, not True"),
        ("radius", "60.1", "a number, 0 to 60 arcsec, not '60.1'"),
        ("radius", "nan", "a number"),
        ("radius", "wide", "a number"),
        ("radius", None, "not None"),
        ("nearest", "1", "a whole number at least 2 or None, not '1'"),
        ("method", "mode", "'median' or 'mean', not 'mode'"),
        ("name", 3, "text, not 3"),
    ],
)
def test_wrong_values_are_refused_in_words(name, text, words):
    with pytest.raises(ParameterError, match=words.replace("(", r"\(")):
        PARAMS[name].check(text, "step")


def test_unknown_name_suggests_the_near_one():
    with pytest.raises(ParameterError, match=r"step has no parameter 'radios'; did you mean 'radius'"):
        checked("step", PARAMS.values(), {"radios": 1})


def test_argument_without_default_is_a_mistake_of_the_author():
    def wrong(frame, *, size: int):
        """Do."""

    with pytest.raises(TypeError, match="size needs a default"):
        parameters_of(wrong)


def test_type_outside_the_grammar_is_a_mistake_of_the_author():
    def wrong(frame, *, size: list = ()):
        """Do."""

    with pytest.raises(TypeError, match="is not one of"):
        parameters_of(wrong)
