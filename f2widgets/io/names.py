"""File names as people give them: patterns, lists after an ``@``, and lines of text."""

from __future__ import annotations

import glob
import os
import shlex
from collections.abc import Iterable, Iterator
from pathlib import Path

from f2widgets.errors import NotF2Data, WrongInputs
from f2widgets.io.layout import unreadable


def expand_names(arguments: Iterable[str]) -> list[Path]:
    """Return the files that arguments name.

    Parameters
    ----------
    arguments : iterable of str
        Files, patterns (``"raw/*.fits"``) and lists (``@darks.list``). Names in a list are relative to
        the current folder.

    Returns
    -------
    list of `~pathlib.Path`
        In the order given, a pattern's files sorted; each once.

    Raises
    ------
    WrongInputs
        If a name or a pattern matches nothing.
    NotF2Data
        If a list cannot be read.
    """
    found: list[Path] = []
    for argument in arguments:
        if argument.startswith("@") and not os.path.exists(argument):
            names = read_list(argument[1:])
            if not names:
                raise WrongInputs(f"The list {argument[1:]} names no files. Give a list with at least one.")
            for name in names:
                found += _matches(name, f", named in the list {argument[1:]}")
        else:
            found += _matches(argument)
    return list(dict.fromkeys(found))


def read_list(path: str | os.PathLike[str]) -> list[str]:
    """Return the names in a list file.

    Parameters
    ----------
    path : path-like
        Text with one or several names a line, blank lines, and comments after ``#``.

    Returns
    -------
    list of str
        Names as written; a name with blanks stands alone on its line, or in quotes.

    Raises
    ------
    NotF2Data
        If the list cannot be read, or is no text.
    """
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise NotF2Data(str(unreadable(Path(path), error))) from error
    except UnicodeDecodeError as error:
        raise NotF2Data(
            f"{path} is no list of files: it is not text. Leave the @ away to name it."
        ) from error
    return names_in(text.splitlines())


def names_in(lines: Iterable[str]) -> list[str]:
    """Return the names in lines of text, by the rules of `read_list`."""
    return [name for line in lines for name in _names_in_line(line.strip())]


def _names_in_line(line: str) -> Iterator[str]:
    """Take a line apart, unless all of it is the name of a file."""
    if not line or line.startswith("#"):
        return
    if os.path.exists(line):
        yield line
        return
    lexer = shlex.shlex(line, posix=True)
    lexer.whitespace_split = True
    lexer.commenters = "#"
    lexer.escape = ""  # a backslash is part of a name
    try:
        yield from list(lexer)
    except ValueError:  # a lone quote is part of a name as well
        yield from line.split()


def _matches(name: str, where: str = "") -> list[Path]:
    """Return the file of a name, or those of a pattern."""
    if os.path.exists(name):
        return [Path(name)]
    found = sorted(glob.glob(os.path.expanduser(name)))
    if found:
        return [Path(one) for one in found]
    kind = "matches the pattern" if glob.has_magic(name) else "is named"
    raise WrongInputs(
        f"No file {kind} {name}{where}. Names are looked up"
        f" from the folder {Path.cwd()}: check the name, or change the folder."
    )
