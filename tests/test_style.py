"""Style and types: ruff and mypy have nothing to say, and notebooks keep no outputs but those compared."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.strip_notebooks import stripped

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "words", [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"]], ids=" ".join
)
def test_nothing_to_say(words):
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("notebook", sorted((ROOT / "tutorials").glob("*.ipynb")), ids=lambda path: path.stem)
def test_notebooks_are_stripped(notebook):
    assert notebook.read_text() == stripped(notebook.read_text())


def test_modules_and_functions_are_small():
    for path in (ROOT / "f2widgets").rglob("*.py"):
        text = path.read_text()
        assert text.count("\n") <= 400, path
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                body = node.body[1:] if ast.get_docstring(node) else node.body
                length = node.end_lineno - body[0].lineno + 1 if body else 0
                assert length <= 60, f"{path}: {node.name}"
