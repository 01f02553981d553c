"""The tutorial notebooks: where they are, and copies of them that a reader may change.

They lie in ``tutorials/`` of a checkout, where they are read on the web and where Binder opens them. An
installed package brings them as data, under ``share/f2widgets/tutorials`` of the environment: beside the
package, not in it, as they are no code of it, and as other Jupyter packages do with what they bring.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
from pathlib import Path

from f2widgets.errors import NotWritten, ParameterError, WrongInputs
from f2widgets.io.atomic import not_written, written_whole

#: The first tutorial, by which the folder is recognised; and what readers get besides notebooks.
FIRST, BESIDES = "00_start_here.ipynb", ("GLOSSARY.md", "TEACHING.md")
#: In the folder of copies: what was copied, so that only files that nobody has changed are renewed.
_RECORD = ".f2_lab.json"


def tutorials_folder() -> Path:
    """Return the folder of the tutorials as they came.

    Returns
    -------
    Path
        Of the checkout, or of the installed package.

    Raises
    ------
    WrongInputs
        If the package was installed without them.
    """
    checkout = Path(__file__).resolve().parents[1]
    if (checkout / "pyproject.toml").exists() and (checkout / "tutorials" / FIRST).exists():
        return checkout / "tutorials"
    try:
        files = importlib.metadata.files("f2widgets") or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == FIRST:
            return Path(os.fspath(file.locate())).resolve().parent
    raise WrongInputs(
        "The tutorials are not here: this f2widgets was installed without them. "
        "Install it again with pip, or take the folder tutorials of its repository."
    )


def tutorial_named(word: str) -> str:
    """Return the file of a tutorial.

    Parameters
    ----------
    word : str
        Its number, the beginning of its name, or its name: ``"3"``, ``"03"``, ``"03_darks"``.

    Returns
    -------
    str
        Name of the notebook.

    Raises
    ------
    ParameterError
        If there is none, or more than one.
    """
    names = sorted(path.name for path in tutorials_folder().glob("*.ipynb"))
    plain = word.removesuffix(".ipynb")
    wanted = f"{int(plain):02d}_" if plain.isdecimal() else plain
    found = [name for name in names if name.startswith(wanted)] or [
        n for n in names if plain.lower() in n.lower()
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(name.removesuffix(".ipynb") for name in found or names)
    many = "fits several" if found else "is none"
    raise ParameterError(f"There is no such tutorial: {word!r} {many}. They are: {known}.")


def copy_tutorials(folder: str | os.PathLike[str]) -> tuple[list[str], list[str]]:
    """Copy the tutorials to a folder, and never over a file that was changed there.

    Parameters
    ----------
    folder : path-like
        Where they go; made if needed.

    Returns
    -------
    fresh : list of str
        Files that are now as they came.
    kept : list of str
        Files that differ from what came, and were left as they are.

    Raises
    ------
    WrongInputs
        If the tutorials are not installed.
    NotWritten
        If the system refuses.
    """
    source, target = tutorials_folder(), Path(folder)
    if target.exists() and target.resolve() == source.resolve():
        raise NotWritten(f"{folder} is where the tutorials come from: choose another folder for your copies.")
    record = _recorded(target)
    fresh, kept = [], []
    for path in sorted([*source.glob("*.ipynb"), *(source / name for name in BESIDES)]):
        content, place = path.read_bytes(), target / path.name
        there = _hash(_content(place)) if place.exists() else None
        if there not in (None, record.get(path.name), _hash(content)):
            kept.append(path.name)
            continue
        if there != _hash(content):
            with written_whole(place) as stream:
                stream.write(content)
        record[path.name] = _hash(content)
        fresh.append(path.name)
    with written_whole(target / _RECORD) as stream:
        stream.write(json.dumps(record, indent=1).encode())
    return fresh, kept


def _content(place: Path) -> bytes:
    """Return what a file holds."""
    try:
        return place.read_bytes()
    except OSError as error:
        raise not_written(place, error) from error


def _recorded(target: Path) -> dict[str, str]:
    """Return what was copied before, by name; nothing where that is not known."""
    try:
        found = json.loads((target / _RECORD).read_text())
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}


def _hash(content: bytes) -> str:
    """Return the sum of a file's content."""
    return hashlib.sha256(content).hexdigest()
