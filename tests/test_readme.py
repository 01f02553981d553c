"""The README holds: its lines run as they stand, and its tables name what there is."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from f2widgets.cli.main import VERBS
from f2widgets.recipes.recipes import RECIPES
from f2widgets.recipes.steps import STEPS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
BEGIN, TEST, SHELL = re.findall(r"^```shell\n(.*?)^```$", README, re.M | re.S)
PYTHON = "\n".join(re.findall(r"^```python\n(.*?)^```$", README, re.M | re.S))


def bash(text, folder, path=None):
    """Run lines in bash and return what they print; they stop at the first that fails."""
    path = path or f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", text],
        cwd=folder,
        env={**os.environ, "PATH": path, "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{text}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def make_environment(folder):
    """Make a virtual environment, also where Python comes without ensurepip, as Debian's does."""
    made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True)
    if made.returncode:
        subprocess.run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder], check=True)
        pip = [
            sys.executable,
            "-m",
            "pip",
            "--python",
            folder / "bin" / "python",
            "install",
            "--quiet",
            "pip",
        ]
        subprocess.run(pip, check=True, capture_output=True)


@pytest.mark.slow
def test_a_newcomers_first_command(tmp_path):
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "f2widgets", tmp_path / "f2widgets", ignore=shutil.ignore_patterns("__pycache__"))
    make, *lines = BEGIN.splitlines()
    assert make == "python3 -m venv venv"
    make_environment(tmp_path / "venv")
    told = bash("\n".join(lines) + " --size 512", tmp_path, os.environ["PATH"])
    playground = tmp_path / "f2tutorial" / "playground"
    for ending in (".fits", ".png", "_quality.txt"):
        path = playground / f"S20131121S0075_image{ending}"
        assert path.is_file()
        assert str(path) in told


def test_continuous_integration_runs_the_same_line():
    script = (ROOT / ".ci" / "run").read_text()
    pattern = re.search(r"grep -m 1 '(.*)' README\.md", script)[1]
    assert [line for line in README.splitlines() if pattern in line] == TEST.splitlines()
    assert 'eval "$line"' in script


def test_shell_and_python_examples_run(tmp_path):
    told = bash(SHELL, tmp_path)
    playground = tmp_path / "playground"
    listed = told.splitlines()[-3:]  # by f2 caldb list, the last line
    assert sorted(line.split()[0][-9:-5] for line in listed) == ["_bpm", "dark", "flat"]
    assert len(list(playground.glob("*.fits"))) == 5
    code = [sys.executable, "-W", "error", "-c", PYTHON]
    done = subprocess.run(code, cwd=playground, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert (playground / "S20131121S0075_plain.fits").is_file()
    assert (playground / "stack.png").read_bytes().startswith(b"\x89PNG")


def test_tables_name_every_verb_recipe_and_step():
    rows = [line for line in README.splitlines() if line.startswith("|")]
    for recipe in RECIPES:
        assert f"| recipe `{recipe.verb}` | `{recipe.name}` |" in rows
    steps = {ours: theirs for theirs, ours in re.findall(r"^\| (.*) \| `(\w+)` \| .* \|$", README, re.M)}
    assert steps.keys() == {step.name for step in STEPS}
    for step in STEPS:
        assert f"`{step.verb}`" in steps[step.name] or steps[step.name] == "none"
    for verb in VERBS:
        assert f"f2 {verb}" in README


def test_every_dependency_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    _, _, reasons = README.partition("## What it needs, and why")
    named = [
        *project["dependencies"],
        *(name for some in project["optional-dependencies"].values() for name in some),
    ]
    for need in named:
        name = re.match(r"[\w-]+", need)[0]
        assert name == "f2widgets" or re.search(rf"\b{name}\b", reasons), name


def test_links_and_pictures_are_there():
    for target in re.findall(r"\]\((?!https://)([^)#]+)\)", README):
        assert (ROOT / target).is_file(), target
    for picture in (ROOT / "docs").glob("*.png"):
        assert picture.stat().st_size < 300_000


def test_each_tutorial_is_listed_with_its_badge_and_the_address_stands_in_one_place():
    """`python binder/badges.py` writes them anew."""
    sys.path.insert(0, str(ROOT / "binder"))
    try:
        import badges
    finally:
        sys.path.remove(str(ROOT / "binder"))
    assert badges.with_badges(README) == README
    tutorials = sorted(path.name for path in (ROOT / "tutorials").glob("*.ipynb"))
    assert re.findall(r"^\| \[\w+\]\(tutorials/(\w+\.ipynb)\) .*mybinder", README, re.M) == tutorials
    repository = badges.address().removeprefix("https://")
    assert repository not in README
    for path in (ROOT / "tutorials").iterdir():
        assert path.is_dir() or repository not in path.read_text()


def test_the_start_page_has_every_tutorial_on_its_map():
    start = (ROOT / "tutorials" / "00_start_here.ipynb").read_text()
    named = re.findall(r'"\| \[(\w+)\]\(\1\.ipynb\) \|', start)
    there = sorted(path.stem for path in (ROOT / "tutorials").glob("*.ipynb"))
    assert named == [name for name in there if name != "00_start_here"]
