"""The configuration: which databases are searched, and which take new calibrations.

    [calibs]
    databases = ~/nights/f2_calibrations.db get store
                "/archive/all darks" get

One database a line, quoted as in a shell, then ``get``, ``store`` or both; without a word it is ``get``.
A folder means ``f2_calibrations.db`` inside. Relative paths start at the working folder.
"""

from __future__ import annotations

import configparser
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from f2widgets.calibrations.schema import DATABASE_NAME
from f2widgets.errors import ParameterError

#: Environment variable that names a configuration file.
VARIABLE = "F2WIDGETSRC"
_WORDS = ("get", "store")


@dataclass(frozen=True)
class Database:
    """One database of the configuration: searched if `get`, added to if `store`."""

    path: Path
    get: bool = True
    store: bool = False


@dataclass(frozen=True)
class Config:
    """What is configured.

    Parameters
    ----------
    databases : tuple of Database
        In the order of search.
    source : `~pathlib.Path` or None
        The file it was read from; None for the built-in default.
    notes : tuple of str
        What was left out, and why.
    """

    databases: tuple[Database, ...]
    source: Path | None = None
    notes: tuple[str, ...] = ()


def standard_file(environment: Mapping[str, str] = os.environ) -> Path:
    """Return where the configuration lies if nothing else is said: it need not exist.

    Parameters
    ----------
    environment : mapping of str to str, optional
        Environment variables; ``XDG_CONFIG_HOME`` counts.

    Returns
    -------
    `~pathlib.Path`
        ``~/.config/f2widgets/config.ini``.
    """
    base = environment.get("XDG_CONFIG_HOME") or "~/.config"
    return Path(base).expanduser() / "f2widgets" / "config.ini"


def find_config(
    given: str | os.PathLike[str] | None = None, environment: Mapping[str, str] = os.environ
) -> Path | None:
    """Return the configuration file that counts.

    Parameters
    ----------
    given : str or path, optional
        A file named by the user (``-c``); it may be one of the reference pipeline.
    environment : mapping of str to str, optional
        Environment variables.

    Returns
    -------
    `~pathlib.Path` or None
        The given file, else that of ``F2WIDGETSRC``, else the standard file if there is one.

    Raises
    ------
    ParameterError
        If a file that was named does not exist.
    """
    for who, name in (("", given), (f" (named by {VARIABLE})", environment.get(VARIABLE))):
        if name:
            path = Path(name).expanduser()
            if not os.path.isfile(path):
                raise ParameterError(f"There is no configuration file {path}{who}.")
            return path
    standard = standard_file(environment)
    # os.path, unlike pathlib, takes a home folder that may not be looked into for one without the file
    return standard if os.path.isfile(standard) else None


def read_config(
    given: str | os.PathLike[str] | None = None,
    *,
    folder: str | os.PathLike[str] = ".",
    environment: Mapping[str, str] = os.environ,
) -> Config:
    """Read the configuration, or return the default: one database in the working folder, get and store.

    Parameters
    ----------
    given : str or path, optional
        A file named by the user.
    folder : str or path, optional
        The working folder.
    environment : mapping of str to str, optional
        Environment variables.

    Returns
    -------
    Config
        Databases in the order of search.

    Raises
    ------
    ParameterError
        If the file cannot be read or a line of it cannot be understood.
    """
    base = Path(folder).resolve()
    default = (Database(base / DATABASE_NAME, get=True, store=True),)
    source = find_config(given, environment)
    if source is None:
        return Config(default)
    section = _section(source)
    lines, notes = _lines(section)
    databases = []
    for line in lines:
        database, note = parse_line(line, base, source)
        notes += [note] if note else []
        databases += [database] if database else []
    if not databases:
        notes.append(f"{source} names no database; the one in the working folder is used")
    return Config(tuple(databases) or default, source, tuple(notes))


def _section(source: Path) -> Mapping[str, str]:
    """Return the section about calibrations, empty if there is none."""
    parser = configparser.ConfigParser(interpolation=None)
    try:
        parser.read_string(source.read_text(encoding="utf-8"), source=str(source))
    except (configparser.Error, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ParameterError(f"The configuration file {source} cannot be understood: {reason}.") from error
    except OSError as error:
        raise ParameterError(f"Cannot read the configuration file {source}: {error.strerror}.") from error
    return parser["calibs"] if parser.has_section("calibs") else {}


def _lines(section: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return the lines that name databases, and notes on old keys."""
    lines = [line for line in section.get("databases", "").splitlines() if line.strip()]
    if not lines and section.get("database_dir"):
        lines = [f"{shlex.quote(section['database_dir'])} get store"]
        return lines, ["database_dir is an old name; write databases = FOLDER get store"]
    return lines, []


def parse_line(line: str, base: Path, source: Path | str = "-") -> tuple[Database | None, str | None]:
    """Read one line that names a database.

    Parameters
    ----------
    line : str
        ``PATH [get] [store]``.
    base : `~pathlib.Path`
        Where relative paths start.
    source : str or path, optional
        The file it comes from, for messages.

    Returns
    -------
    database : Database or None
        None for a comment and for a server.
    note : str or None
        Why a line is left out.

    Raises
    ------
    ParameterError
        If the quotes do not close or a word is not known.
    """
    try:
        words = shlex.split(line, comments=True)
    except ValueError as error:
        raise ParameterError(f"{source}: cannot read the line {line.strip()!r}: {error}.") from error
    if not words:
        return None, None
    name, *flags = words
    for flag in flags:
        if flag not in _WORDS:
            raise ParameterError(
                f"{source}: {flag!r} in the line {line.strip()!r} is not known; "
                f"after the database come get, store or both (put a path with blanks in quotes)."
            )
    if "//" in name and not os.path.exists(name):
        return None, f"{name} is a server; f2widgets searches databases on disk only, and leaves it out"
    return Database(_location(name, base), get=not flags or "get" in flags, store="store" in flags), None


def _location(name: str, base: Path) -> Path:
    """Return the database that a name means: inside, where it is a folder."""
    path = base / Path(name).expanduser()
    inside = os.path.isdir(path) or name.endswith(("/", os.sep))
    path = path / DATABASE_NAME if inside else path
    return path.parent.resolve() / path.name
