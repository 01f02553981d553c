"""How the records of two runs differ, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def difference(there: Mapping[str, Any], here: Mapping[str, Any], last: int) -> str | None:
    """Say what is different between two runs up to a step.

    Parameters
    ----------
    there : mapping
        Record of the earlier run.
    here : mapping
        What `f2widgets.runs.described` tells of the present one.
    last : int
        Place of the last step that is compared; -1 for none, where only frames and version count.

    Returns
    -------
    str or None
        The first difference in words; None where there is none.
    """
    if there["recipe"] != here["recipe"]:
        return f"by the recipe {there['recipe']}, not {here['recipe']}"
    if there["made_by"] != here["made_by"]:
        return f"by version {there['made_by']} of f2widgets, not {here['made_by']}"
    if there["inputs"].keys() != here["inputs"].keys():
        odd = sorted(there["inputs"].keys() ^ here["inputs"].keys())
        return f"not of the same frames ({', '.join(odd[:3])}{', …' if len(odd) > 3 else ''})"
    changed = [name for name, md5 in here["inputs"].items() if there["inputs"][name] != md5]
    if changed:
        return f"{changed[0]} has changed since"
    for old, new in zip(there["steps"][: last + 1], here["steps"], strict=False):
        different = _different_step(old, new)
        if different:
            return different
    return None


def _different_step(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    """Say what is different in one step."""
    name = new["step"]
    if old["step"] != name:
        return f"the recipe had {old['step']} where it has {name} now"
    if old["left_out"] != new["left_out"]:
        return f"{name} was {'left out' if old['left_out'] else 'carried out'}, and is not now"
    for key, value in new["values"].items():
        if old["values"].get(key) != value:
            return f"{name}:{key} was {old['values'].get(key)}, and is {value} now"
    for kind, files in new["calibrations"].items():
        for frame, file in files.items():
            before = old["calibrations"].get(kind, {}).get(frame)
            if before != file:
                told = before[0] if before else "none"
                same = ", changed since" if before and before[0] == file[0] else ""
                return f"{name} used another {kind} for {frame} ({told}{same})"
        if old["calibrations"].get(kind, {}).keys() - files.keys():
            return f"{name} used a {kind}, and has none now"
    return None
