"""What is installed: the wheel, its command, its version, and what each part of the house says of it."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

import f2widgets

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_one_version_everywhere():
    version = f2widgets.__version__
    assert re.search(r"^version: (.*)$", (ROOT / "CITATION.cff").read_text(), re.M)[1] == version
    assert re.search(r"^## ([\d.]+)", (ROOT / "CHANGELOG.md").read_text(), re.M)[1] == version


def test_command_and_module_say_the_same(tmp_path):
    said = []
    for command in (["f2"], [sys.executable, "-m", "f2widgets"]):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        for word in ("--version", "--help"):
            done = subprocess.run(
                [*command, word],
                cwd=tmp_path,
                env={**os.environ, "PATH": path},
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            said.append(done.stdout)
    assert said[:2] == said[2:]
    assert f2widgets.__version__ in said[0]


def test_help_imports_nothing_heavy(tmp_path):
    code = "import sys; from f2widgets.cli.main import f2; f2.main(['--help'], standalone_mode=False); "
    code += "print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    modules = set(done.stdout.splitlines()[-1].split())
    assert not modules & {"numpy", "scipy", "astropy", "matplotlib", "sep", "rich", "sqlite3"}


@pytest.mark.slow
def test_wheel_holds_everything_and_runs(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "tutorials", source / "tutorials", ignore=shutil.ignore_patterns("f2tutorial*"))
    shutil.copytree(ROOT / "f2widgets", source / "f2widgets", ignore=shutil.ignore_patterns("__pycache__"))
    wheel = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", str(tmp_path), str(source)]
    subprocess.run(wheel, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (built,) = tmp_path.glob("f2widgets-*.whl")
    with zipfile.ZipFile(built) as archive:
        held = {name for name in archive.namelist() if name.startswith("f2widgets/")}
        brought = {Path(name).name for name in archive.namelist() if "share/f2widgets/tutorials/" in name}
        archive.extractall(tmp_path / "site")
    assert brought == {p.name for p in (ROOT / "tutorials").iterdir() if p.suffix in (".ipynb", ".md")}
    there = {path.relative_to(ROOT).as_posix() for path in (ROOT / "f2widgets").rglob("*") if path.is_file()}
    assert held == {name for name in there if "__pycache__" not in name}
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    code = "import f2widgets; print(f2widgets.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert Path(done.stdout.strip()) == tmp_path / "site" / "f2widgets" / "__init__.py"


def test_extras_are_those_promised():
    extras = PROJECT["optional-dependencies"]
    assert {"test", "lab", "archive", "dask"} <= extras.keys()


def test_binder_installs_the_base_dependencies():
    lines = (ROOT / "binder" / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == PROJECT["dependencies"]
    assert os.access(ROOT / "binder" / "postBuild", os.X_OK)
    assert (ROOT / "binder" / "runtime.txt").read_text() == "python-3.12\n"


def test_binder_starts_kernels_whose_errors_speak_in_sentences():
    start = ROOT / "binder" / "start"
    assert os.access(start, os.X_OK)
    assert start.read_text().endswith('exec "$@"\n')
    done = subprocess.run(
        [start, "sh", "-c", "echo $PYTHONSTARTUP"],
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()) == ROOT / "f2widgets" / "teaching" / "startup.py"


def test_licence_is_bsd():
    assert PROJECT["license"] == "BSD-3-Clause"
    assert (ROOT / "LICENSE").read_text().startswith("BSD 3-Clause License")
