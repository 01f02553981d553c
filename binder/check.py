"""Check Binder's folder without docker: ``python binder/check.py``.

Each part is said to be done, failed or not run, and why: repo2docker's plan of the image; the requirements,
resolved in a clean environment of the Python that the image will have, and postBuild run there, on a copy;
and every tutorial run from top to bottom by the JupyterLab that Binder has, in a browser.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BINDER = ROOT / "binder"
#: What the plan of the image must speak of.
PLANNED = ("python=3.12", "binder/requirements.txt", "binder/postBuild", "binder/start")


def run(*words, **options):
    """Run a program; returns its status and what it said."""
    done = subprocess.run(
        [str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options
    )
    return done.returncode, done.stdout


def plan():
    """Ask repo2docker what it would build; nothing is built."""
    tool = shutil.which("jupyter-repo2docker") or shutil.which("repo2docker")
    if tool is None:
        return None, "repo2docker is not installed: pip install jupyter-repo2docker"
    with tempfile.TemporaryDirectory() as folder:
        copy = copied(Path(folder))
        status, said = run(tool, "--no-build", "--debug", copy)
    missing = [word for word in PLANNED if word not in said]
    if status or missing:
        return False, f"the plan lacks {', '.join(missing)}" if missing else said[-2000:]
    return True, "the image's plan has Python 3.12, the requirements, postBuild and start"


def wanted_python():
    """Return the Python that the image will have, and where it is found here, or None."""
    version = (BINDER / "runtime.txt").read_text().strip().removeprefix("python-")
    roots = [Path.home() / ".pyenv" / "versions", Path("/opt/python"), Path.home() / ".local/share/uv/python"]
    places = [path for root in roots for path in sorted(root.glob(f"*{version}*/bin/python{version}"))]
    for place in (sys.executable, shutil.which(f"python{version}"), *places):
        says = "import sys; print('{}.{}'.format(*sys.version_info))"
        if place is not None and run(place, "-c", says) == (0, f"{version}\n"):  # a shim may lead nowhere
            return version, str(place)
    return version, None


def resolve_and_build():
    """Resolve the requirements in a clean environment, then run postBuild there."""
    version, python = wanted_python()
    if python is None:
        return None, f"no Python {version} was found here"
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        status, said = run(python, "-m", "venv", here / "venv")
        if status:
            return None, f"Python {version} makes no environment here: install its venv"
        pip, requirements = here / "venv" / "bin" / "pip", BINDER / "requirements.txt"
        status, said = run(pip, "install", "--dry-run", "--quiet", "--ignore-installed", "-r", requirements)
        if status:
            return False, f"the requirements do not resolve: {said[-2000:]}"
        # The image brings these; JupyterLab itself is not needed to make the data.
        status, said = run(pip, "install", "--quiet", "-r", requirements, "setuptools", "wheel")
        if status:
            return False, f"the requirements do not install: {said[-2000:]}"
        path = f"{here / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")}
        copy = copied(here)
        status, said = run(copy / "binder" / "postBuild", cwd=copy, env={**own, "PATH": path})
        made = list(copy.glob("tutorials/*/playdata/example1/S*.fits"))
    if status or len(made) != 36:
        return False, f"postBuild made {len(made)} frames: {said[-2000:]}"
    return (
        True,
        f"in a clean Python {version} the requirements resolve, and postBuild makes {len(made)} frames",
    )


def tutorials():
    """Run every tutorial in JupyterLab 4.4, which Binder's images have, in a browser: some minutes."""
    if any(find_spec(name) is None for name in ("pytest", "playwright", "jupyterlab")):
        return None, 'the tests are not installed: pip install -e ".[test,lab]"'
    chosen = [str(ROOT / "tests/browser/test_elsewhere.py"), "-k", "tutorial", "--all-tutorials", "-q"]
    status, said = run(sys.executable, ROOT / "tests/run.py", *chosen, env={**os.environ, "CI": "true"})
    last = said.strip().splitlines()[-1] if said.strip() else "nothing"
    if " skipped" in last and " passed" not in last:
        return None, f"JupyterLab 4.4 cannot be had here: {last}"
    return status == 0, f"the tutorials in JupyterLab 4.4: {last if status == 0 else said[-2000:]}"


def copied(folder):
    """Return a copy of what is under version control, as Binder gets it."""
    copy = folder / "repository"
    status, said = run("git", "-C", ROOT, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if status:
        raise SystemExit(f"The files cannot be listed: {said}")
    for name in filter(None, said.split("\0")):
        if (ROOT / name).is_file():
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
    return copy


def main():
    """Run the parts and leave with 1 if one failed."""
    failed = False
    for part in (plan, resolve_and_build, tutorials):
        good, said = part()
        print(f"{'not run' if good is None else 'done' if good else 'FAILED'}: {said}", flush=True)
        failed |= good is False
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
