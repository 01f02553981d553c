"""The tutorials run from top to bottom, alone, and print the numbers they promise."""

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parents[1] / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
#: Cells with this tag keep their outputs, which are compared.
CHECKED = "nbval-check-output"
#: Seconds that a tutorial may take on simulated frames; doubled for a busy machine and the kernel's start.
LIMIT = 2 * 30

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind):
    found = json.loads(path.read_text())["cells"]
    return [cell for cell in found if cell["cell_type"] == kind]


def test_there_is_a_tutorial():
    assert [path.name for path in NOTEBOOKS][:1] == ["01_dither_on_target.ipynb"]


@pytest.mark.notebook
@each_notebook
def test_notebook_runs_alone_and_prints_what_it_promises(path, tmp_path):
    folder = tmp_path / "a folder"
    folder.mkdir()
    (folder / "pytest.ini").write_text("[pytest]\n")
    shutil.copy(path, folder)
    words = [
        "--nbval",
        "--nbval-current-env",
        "-p",
        "no:playwright",
        "-p",
        "no:cacheprovider",
        "-q",
        path.name,
    ]
    own = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    environment = {**os.environ, **{name: str(tmp_path / name.lower()) for name in own}}
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    assert time.perf_counter() - begin < LIMIT
    assert "skipped" not in done.stdout


@each_notebook
def test_only_checked_cells_keep_outputs(path):
    checked = 0
    for cell in cells(path, "code"):
        assert not cell["execution_count"]  # 0, not null, in a checked cell: nbval takes null for not run
        if CHECKED in cell["metadata"].get("tags", []):
            assert cell["execution_count"] == 0
            assert cell["outputs"], "a checked cell without outputs is not compared"
            assert all(output["name"] == "stdout" for output in cell["outputs"])
            checked += 1
        else:
            assert not cell["outputs"]
    assert checked >= 3


@each_notebook
def test_cells_are_short(path):
    for cell in cells(path, "code"):
        assert "".join(cell["source"]).count("\n") + 1 < 15, cell["source"]


@each_notebook
def test_notebook_begins_with_what_one_will_have_and_ends_with_something_to_try(path):
    texts = ["".join(cell["source"]) for cell in cells(path, "markdown")]
    assert texts[0].startswith(f"# {int(path.stem[:2])}. ")
    assert "At the end you will have" in texts[0]
    assert "## Something to try" in texts[-1]


@each_notebook
def test_every_verb_beside_a_step_exists(path):
    from f2widgets.cli.main import VERBS

    lines = [line for cell in cells(path, "markdown") for line in "".join(cell["source"]).splitlines()]
    verbs = {line.split()[1] for line in lines if line.startswith("f2 ")}
    assert verbs <= set(VERBS)
    assert "reduce" in verbs
