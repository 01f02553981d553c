"""The verb ``f2 desk``: all panels in the browser, for those who want no notebook."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import click

from f2widgets.errors import F2Error

#: Where the page of the desk is kept; Jupyter looks there for templates.
_PAGES = Path(__file__).parents[1] / "widgets"


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("folder", default=".", metavar="[DIR]", type=click.Path(path_type=Path))
@click.option(
    "--out", default=".", show_default=True, type=click.Path(path_type=Path), help="For the products."
)
@click.option("-c", "--config", type=click.Path(path_type=Path), help="Configuration of the databases.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port of the page; 0 finds a free one."
)
@click.option("--no-browser", is_flag=True, help="Only print the address.")
def desk(folder: Path, out: Path, config: Path | None, port: int, no_browser: bool) -> int:
    """Open all panels in the browser: choose files, match, reduce, look.

    DIR is the folder of the raw frames. The page is served on this computer only, until you press Ctrl-C.
    """
    if importlib.util.find_spec("voila") is None:
        raise F2Error('The desk needs Voila: pip install "f2widgets[lab]".')
    if not folder.is_dir():
        raise F2Error(f"There is no folder {folder}: name the one with the raw frames.")
    with tempfile.TemporaryDirectory(prefix="f2desk") as place:
        notebook = Path(place) / "desk.ipynb"
        notebook.write_text(_notebook(folder, out, config))
        paths = [str(_PAGES), *filter(None, [os.environ.get("JUPYTER_PATH")])]
        environment = {**os.environ, "JUPYTER_PATH": os.pathsep.join(paths)}
        try:
            return subprocess.run(
                _command(notebook, port, no_browser), env=environment, check=False
            ).returncode
        except KeyboardInterrupt:
            return 0


def _command(notebook: Path, port: int, no_browser: bool) -> list[str]:
    """Return the line that serves a notebook without its code."""
    words = [sys.executable, "-m", "voila", str(notebook), "--template=f2desk", "--Voila.ip=127.0.0.1"]
    # Extensions of the notebook's own page, which fail on any other.
    strange = ("@jupyter-notebook/lab-extension", "@voila-dashboards/jupyterlab-preview")
    words += [f"--VoilaConfiguration.extension_denylist={name}" for name in strange]
    words += [f"--port={port}"] if port else []
    return words + (["--no-browser"] if no_browser else [])


def _notebook(folder: Path, out: Path, config: Path | None) -> str:
    """Return a notebook whose one cell is the desk."""
    places = [repr(str(path.expanduser().absolute())) for path in (folder, out)]
    places += [repr(str(config.expanduser().absolute()))] if config else []
    # As in the shell, the folder of the products is the one worked in: the database of calibrations is there.
    begin = f"import os\n\nos.makedirs({places[1]}, exist_ok=True)\nos.chdir({places[1]})"
    source = f"{begin}\nfrom f2widgets.widgets import Desk\n\nDesk({', '.join(places)})"
    cell: dict[str, object] = {
        "cell_type": "code",
        "id": "desk",
        "metadata": {},
        "execution_count": None,
        "outputs": [],
    }
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    title = {"title": "f2widgets", "kernelspec": kernel}
    return json.dumps(
        {"cells": [cell | {"source": source}], "metadata": title, "nbformat": 4, "nbformat_minor": 5}
    )
