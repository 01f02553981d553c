"""What was done in the panels, as the calls that do it again: Python, the shell, a script, a notebook."""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

#: First lines of everything that is written out.
_IMPORT = "import f2widgets as f2"


class Name(str):
    """A variable: what an earlier deed made, written without quotes."""

    __slots__ = ()


@dataclass(frozen=True)
class Deed:
    """One call of a public function.

    Parameters
    ----------
    function : str
        Name of the function in `f2widgets`: ``"reduce"``.
    arguments : tuple
        Positional arguments.
    options : mapping of str to object
        Keyword arguments; those that are None or empty are not written.
    name : str, optional
        Variable that keeps the result.
    title : str, optional
        What it does, for the reader of a notebook.
    """

    function: str
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    title: str = ""

    @property
    def python(self) -> str:
        """The call in Python."""
        words = [written(value) for value in self.arguments]
        words += [f"{key}={written(value)}" for key, value in self.options.items() if _worth_writing(value)]
        call = f"f2.{self.function}({', '.join(words)})"
        if len(call) > 100:
            words = [_in_lines(value) for value in self.arguments] + words[len(self.arguments) :]
            call = f"f2.{self.function}(\n" + "".join(f"    {word},\n" for word in words) + ")"
        return f"{self.name} = {call}" if self.name else call

    @property
    def shell(self) -> str:
        """The same as a line for the shell; empty where the shell has no such verb."""
        write = _SHELL.get(self.function)
        return "" if write is None else shlex.join(write(self))


def plain(value: Any) -> Any:
    """Return a deed, or a value in one, as JSON can hold it; `deed_of` takes it back."""
    if isinstance(value, Deed):
        of = {"function": value.function, "name": value.name, "title": value.title}
        return of | {"arguments": plain(value.arguments), "options": plain(value.options)}
    if isinstance(value, Name):
        return {"variable": str(value)}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def deed_of(kept: Mapping[str, Any]) -> Deed:
    """Return the deed behind what `plain` made of it; KeyError or TypeError where it is damaged."""

    def back(value: Any) -> Any:
        match value:
            case {"variable": str(name), **rest} if not rest:
                return Name(name)
            case dict():
                return {key: back(one) for key, one in value.items()}
            case list():
                return [back(one) for one in value]
        return value

    texts = [kept[key] for key in ("function", "name", "title")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("a deed has texts for function, name and title")
    function, name, title = texts
    return Deed(function, tuple(back(kept["arguments"])), dict(back(kept["options"])), name, title)


def written(value: Any) -> str:
    """Return a value as Python source; paths as text, names as they are."""
    if isinstance(value, Name):
        return str(value)
    if isinstance(value, os.PathLike):
        return repr(os.fspath(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{written(k)}: {written(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(written(one) for one in value) + "]"
    return repr(value)


def _in_lines(value: Any) -> str:
    """Return an argument as Python source, a long list with a line for each of its members."""
    word = written(value)
    if len(word) <= 100 or not isinstance(value, list | tuple):
        return word
    return "[\n" + "".join(f"        {written(one)},\n" for one in value) + "    ]"


def _worth_writing(value: Any) -> bool:
    """Say whether an option differs from what is meant without it."""
    return isinstance(value, Name) or not (value is None or value is False or value in ((), [], {}, ""))


def script(deeds: Iterable[Deed]) -> str:
    """Return a Python script that does all again, in order.

    Parameters
    ----------
    deeds : iterable of Deed
        What was done.

    Returns
    -------
    str
        Source, with a comment above each call that has a title.
    """
    lines = ['"""Written by f2widgets: what was done in the panels, in order."""', "", _IMPORT, ""]
    for deed in deeds:
        lines += [f"# {deed.title}"] * bool(deed.title) + [deed.python]
    return "\n".join(lines) + "\n"


def notebook(deeds: Iterable[Deed]) -> str:
    """Return a notebook that does all again: a heading and a cell for each deed.

    Parameters
    ----------
    deeds : iterable of Deed
        What was done.

    Returns
    -------
    str
        JSON in nbformat 4.5, without outputs.
    """
    cells: list[dict[str, Any]] = [_cell("code", _IMPORT, 0)]
    for deed in deeds:
        text = deed.title or deed.function
        shell = f"\n\n```\n{deed.shell}\n```" if deed.shell else ""
        cells.append(_cell("markdown", f"## {text}{shell}", len(cells)))
        cells.append(_cell("code", deed.python, len(cells)))
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(whole, indent=1) + "\n"


def _cell(kind: str, source: str, number: int) -> dict[str, Any]:
    """Return one cell."""
    cell: dict[str, Any] = {"cell_type": kind, "id": f"cell-{number}", "metadata": {}}
    cell["source"] = source.splitlines(keepends=True)
    return cell | ({"execution_count": None, "outputs": []} if kind == "code" else {})


def _files(deed: Deed) -> list[str]:
    """Return the files of a deed as words: a variable becomes the list that dataselect wrote."""
    words: list[str] = []
    for value in deed.arguments:
        several = [value] if isinstance(value, str | PurePath) else list(value)
        words += [f"@{one}.list" if isinstance(one, Name) else os.fspath(one) for one in several]
    return words


def _reduce(deed: Deed) -> list[str]:
    """Write ``f2 reduce``."""
    options = deed.options
    words = ["f2", "reduce", *_files(deed)]
    words += ["-r", str(options["recipe"])] if options.get("recipe") else []
    settings = [f"{key}={value}" for key, value in (options.get("settings") or {}).items()]
    words += ["-p", *settings] if settings else []
    for kind, file in (options.get("user_cals") or {}).items():
        words += ["--user_cal", f"{kind}:{os.fspath(file)}"]
    for option in ("without", "keep"):
        for step in options.get(option) or ():
            words += [f"--{option}", step]
    words += ["--from", options["start"]] if options.get("start") else []
    for option in ("suffix", "out", "config"):
        words += [f"--{option}", os.fspath(options[option])] if options.get(option) else []
    return words + (["--overwrite"] if options.get("overwrite") else [])


def _reduce_all(deed: Deed) -> list[str]:
    """Write ``f2 reduce --all``."""
    first, second, *rest = _reduce(deed)
    return [first, second, "--all", *rest]


def _select(deed: Deed) -> list[str]:
    """Write ``f2 dataselect``."""
    words = ["f2", "dataselect", *_files(deed)]
    for option in ("tags", "xtags"):
        wanted = deed.options.get(option)
        words += [f"--{option}", wanted if isinstance(wanted, str) else ",".join(wanted)] if wanted else []
    words += [f"--expr={deed.options['expression']}"] if deed.options.get("expression") else []
    words += ["--strict"] if deed.options.get("strict") else []
    return words + (["-o", f"{deed.name}.list"] if deed.name else [])


def _table(deed: Deed) -> list[str]:
    """Write ``f2 showd``."""
    columns = deed.arguments[1] if len(deed.arguments) > 1 else deed.options.get("descriptors", ())
    files = Deed("table", deed.arguments[:1])
    return ["f2", "showd", *(["-d", ",".join(columns)] if columns else []), *_files(files)]


def _fetch(deed: Deed) -> list[str]:
    """Write ``f2 fetch``."""
    names, out = deed.arguments
    flags = [f"--{option}" for option in ("calibrations", "unpack") if deed.options.get(option)]
    server = ["--server", deed.options["archive"]] if deed.options.get("archive") else []
    return ["f2", "fetch", *names, "--out", os.fspath(out), *flags, *server]


def _caldb(verb: str) -> Callable[[Deed], list[str]]:
    """Write ``f2 caldb``; its verb ``match`` knows no calibrations named by the user."""

    def write(deed: Deed) -> list[str]:
        config = deed.options.get("config")
        return ["f2", "caldb", verb, *_files(deed), *(["-c", os.fspath(config)] if config else [])]

    return write


_SHELL = {
    "fetch": _fetch,
    "reduce": _reduce,
    "reduce_all": _reduce_all,
    "select": _select,
    "table": _table,
    "calibrations_for": _caldb("match"),
    "add_calibrations": _caldb("add"),
    "remove_calibrations": _caldb("remove"),
}
