"""The verb ``f2 lab``: the tutorials in JupyterLab, as copies that the reader may change."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import click

from f2widgets.errors import F2Error

#: Where the copies go unless told.
FOLDER = "f2_tutorials"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("tutorial", required=False)
@click.option(
    "--folder",
    default=FOLDER,
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where your copies of the tutorials go.",
)
@click.option("--copy-only", is_flag=True, help="Copy the tutorials and start nothing.")
@click.option("--no-browser", is_flag=True, help="Start JupyterLab and say its address, but open no browser.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port of JupyterLab, where its own will not do.")
def lab(tutorial: str | None, folder: Path, copy_only: bool, no_browser: bool, port: int | None) -> int:
    """Open the tutorials in JupyterLab.

    TUTORIAL is a number or the beginning of a name; without it the first one opens. The notebooks are copied
    to a folder of yours, where you may change them: a copy that you have changed is never written over.
    """
    from f2widgets.notebooks import FIRST, copy_tutorials, tutorial_named

    name = tutorial_named(tutorial) if tutorial else FIRST
    if not copy_only:
        _require_lab()
    fresh, kept = copy_tutorials(folder)
    click.echo(f"{len(fresh) + len(kept)} files in {folder}.")
    for file in kept:
        click.echo(f"  {file} is left as you have changed it; name another --folder for a fresh copy.")
    if copy_only:
        return 0
    words = [sys.executable, "-m", "jupyterlab", name]
    words += ["--no-browser"] * no_browser + ([f"--port={port}"] if port else [])
    click.echo("JupyterLab starts; end it here with Ctrl-C.")
    try:
        return subprocess.run(words, cwd=folder, env=_environment()).returncode
    except KeyboardInterrupt:
        return 0


def _require_lab() -> None:
    """Say what to install where there is no JupyterLab."""
    if importlib.util.find_spec("jupyterlab") is None:
        raise F2Error(
            'JupyterLab is not installed. Install it with: pip install "f2widgets[lab]" '
            '(in a checkout: pip install ".[lab]"). The tutorials alone are copied by: f2 lab --copy-only.'
        )


def _environment() -> dict[str, str]:
    """Return the environment with which kernels let errors speak in sentences from their start."""
    start = Path(__file__).parents[1] / "teaching" / "startup.py"
    return {"PYTHONSTARTUP": str(start), **os.environ}
