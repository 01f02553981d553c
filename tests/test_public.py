"""The public names are listed here; each is documented, and none costs time before it is used."""

import inspect
import re
import subprocess
import sys
import types

import pytest

import f2widgets

NAMES = [
    "F2Error",
    "Frame",
    "add_calibrations",
    "biography",
    "calibrations_for",
    "check",
    "clear",
    "fetch",
    "parameters_for",
    "plan_all",
    "planned",
    "provenance",
    "quality_table",
    "quality_text",
    "read_frame",
    "read_settings",
    "recipes_for",
    "reduce",
    "reduce_all",
    "remove_calibrations",
    "save_settings",
    "select",
    "show",
    "simulate",
    "sum_sigma",
    "table",
    "write_frame",
]


def test_public_names_are_those_listed_here():
    assert f2widgets.__all__ == NAMES
    assert set(NAMES) <= set(dir(f2widgets))


@pytest.mark.parametrize("name", NAMES)
def test_public_name_is_what_it_says_and_documented(name):
    found = getattr(f2widgets, name)
    assert found.__name__.rpartition(".")[2] == name
    assert inspect.getdoc(found)
    assert f"``{name}``" in f2widgets.__doc__


@pytest.mark.parametrize("name", NAMES)
def test_public_function_documents_its_parameters(name):
    found = getattr(f2widgets, name)
    if not isinstance(found, types.FunctionType):
        return
    doc = inspect.getdoc(found)
    told = re.findall(r"^([\w*, ]+)(?: : .+)?$", doc, flags=re.MULTILINE)
    known = {word.strip("* ") for line in told for word in line.split(",")}
    assert set(inspect.signature(found).parameters) <= known


def test_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="attribute redcue"):
        f2widgets.redcue  # noqa: B018


def test_star_import_works():
    code = "from f2widgets import *; assert callable(reduce) and callable(simulate.example1)"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_import_loads_nothing_heavy():
    code = (
        "import sys, f2widgets\n"
        "heavy = {'numpy', 'astropy', 'scipy', 'matplotlib', 'sep', 'click', 'rich'} & sys.modules.keys()\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
