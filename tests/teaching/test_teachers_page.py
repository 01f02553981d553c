"""The teacher's page: its exercise works as it stands, and its calls exist."""

import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from f2widgets import teaching
from f2widgets.core.frame import Frame
from f2widgets.io.write import write_frame

PAGE = (Path(__file__).parents[2] / "tutorials" / "TEACHING.md").read_text()
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, re.S)


def test_exercise_in_ten_lines_judges_the_dark_that_a_student_has_made(tmp_path, monkeypatch):
    (source,) = [block for block in BLOCKS if "Exercise(" in block]
    lines = [line for line in source.splitlines() if line]
    assert len(lines) <= 10
    data = np.full((8, 8), 12.0, np.float32)
    data[3, 3] = 2400
    dark = Frame("d", data, None, np.zeros((8, 8), np.uint16), "electron")
    path = tmp_path / "d_dark.fits"
    write_frame(dark, path)
    space = {"dark": SimpleNamespace(path=path)}
    made = []
    monkeypatch.setattr(teaching, "checkpoint", lambda *given: made.append(given))
    exec(source, space)
    ((exercise, given),) = made
    assert exercise.judge("20 electron / s", given).right
    assert exercise.judge("2400 electron / s", given).text == "This is for the whole exposure."


def test_what_the_page_imports_exists():
    for names in re.findall(r"from f2widgets\.teaching import (.*)", PAGE):
        for name in names.split(", "):
            assert hasattr(teaching, name), name


def test_notebooks_in_the_page_exist():
    named = set(re.findall(r"^\| `(\w+)` \|.*\| \d+ \|$", PAGE, re.M))
    there = {path.stem for path in (Path(__file__).parents[2] / "tutorials").glob("*.ipynb")}
    assert named == there


def test_results_of_a_class_can_be_collected_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "handed_in").mkdir()
    for name in ("Ada", "Grace", "Vera"):
        record = teaching.Progress(tmp_path / "handed_in" / f"{name}.json")
        record.call(name)
        record.note("00.raw", teaching.right("Yes."))
    (source,) = [block for block in BLOCKS if "collect(" in block]
    for _ in range(2):
        exec(source, {})
    lines = (tmp_path / "class.csv").read_text().splitlines()
    assert [line.partition(",")[0] for line in lines] == ["student", "Ada", "Grace", "Vera"]
