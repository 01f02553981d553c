"""What was done is written as Python, as a line for the shell, as a script and as a notebook."""

import ast
import json
import shlex
from pathlib import Path

from f2widgets.widgets.deeds import Deed, Name, notebook, script

CHOSEN = Deed("select", ("my raw",), {"expression": 'filter_name=="Y"', "tags": ["FLAT"]}, "flats", "Flats")
MADE = Deed(
    "reduce",
    (Name("flats"),),
    {
        "recipe": None,
        "settings": {"combine_lamps:low": 2.5},
        "user_cals": {"bpm": Path("a b.fits")},
        "without": ("threshold_flat",),
        "out": Path("out"),
        "overwrite": True,
    },
    "flat",
)


def test_python_is_what_one_would_type():
    assert CHOSEN.python == "flats = f2.select('my raw', expression='filter_name==\"Y\"', tags=['FLAT'])"
    call = ast.parse(MADE.python).body[0].value
    assert [word.arg for word in call.keywords] == ["settings", "user_cals", "without", "out", "overwrite"]
    assert call.args[0].id == "flats"


def test_the_shell_line_can_be_pasted():
    words = shlex.split(CHOSEN.shell)
    assert words[:3] == ["f2", "dataselect", "my raw"]
    assert words[3:] == ["--tags", "FLAT", '--expr=filter_name=="Y"', "-o", "flats.list"]
    words = shlex.split(MADE.shell)
    assert words[:5] == ["f2", "reduce", "@flats.list", "-p", "combine_lamps:low=2.5"]
    assert words[5:9] == ["--user_cal", "bpm:a b.fits", "--without", "threshold_flat"]
    assert words[9:] == ["--out", "out", "--overwrite"]


def test_what_the_shell_cannot_do_has_no_line():
    assert Deed("show", ("a.fits",)).shell == ""


def test_a_long_call_is_broken_into_lines_and_still_parses():
    deed = Deed("reduce", ([f"S20131121S{k:04d}.fits" for k in range(30)],), {"recipe": "image"}, "stack")
    assert max(map(len, deed.python.splitlines())) < 50
    (files,) = ast.parse(deed.python).body[0].value.args
    assert len(ast.literal_eval(files)) == 30


def test_script_and_notebook_hold_all_in_order():
    text = script([CHOSEN, MADE])
    assert [type(node).__name__ for node in ast.parse(text).body] == ["Expr", "Import", "Assign", "Assign"]
    assert "# Flats" in text
    cells = json.loads(notebook([CHOSEN, MADE]))["cells"]
    assert [cell["cell_type"] for cell in cells] == ["code", "markdown", "code", "markdown", "code"]
    assert "".join(cells[1]["source"]).startswith("## Flats\n\n```\nf2 dataselect")
