"""Folders that were looked into before, and how; kept for the user, never beside the data."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from f2widgets.errors import NotWritten
from f2widgets.io.atomic import written_whole

#: How many folders are remembered.
MOST = 12


@dataclass(frozen=True)
class Look:
    """A folder, whether those inside it count, and the pattern of names."""

    folder: str
    recurse: bool = False
    pattern: str = "*"


def kept_at(environment: Mapping[str, str] = os.environ) -> Path:
    """Return the file that remembers: ``~/.local/state/f2widgets/folders.json``."""
    base = environment.get("XDG_STATE_HOME") or "~/.local/state"
    return Path(base).expanduser() / "f2widgets" / "folders.json"


def looks() -> list[Look]:
    """Return what was looked at, latest first; nothing where the file is absent or damaged."""
    try:
        kept = json.loads(kept_at().read_text("utf-8"))
        found = [Look(str(one["folder"]), bool(one["recurse"]), str(one["pattern"])) for one in kept]
    except (OSError, ValueError, TypeError, KeyError):
        return []
    return found[:MOST]


def remember(look: Look) -> None:
    """Keep what is looked at; where that is not allowed it is forgotten, which costs nothing else."""
    known = looks()
    if known[:1] == [look]:
        return
    others = [one for one in known if one.folder != look.folder]
    try:
        with written_whole(kept_at()) as stream:
            stream.write(json.dumps([asdict(one) for one in (look, *others)][:MOST]).encode())
    except NotWritten:
        pass
