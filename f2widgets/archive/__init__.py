"""Raw frames from the Gemini Observatory Archive, over its documented HTTP interface.

`fetch` does all; what it is made of:

- `records` reads the archive's records of files, `service` asks for them and for the files.
- `wanted` turns names, programmes and examples into files, `associated` finds their calibrations.
- `download` brings one file and checks it, `several` brings many at a time.
- `stand_in` is a server that behaves like the archive and offers the frames of a folder: for classes, for
  places without a network, and for tests.

The standard library does it: the interface is a few addresses that answer in JSON, and the client of
astroquery neither checks sums, nor continues where it stopped, nor asks for records of calibrations other
than by reading the archive's pages.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from f2widgets.archive.download import Outcome
    from f2widgets.archive.records import Archived
    from f2widgets.archive.service import Archive
    from f2widgets.archive.several import fetch
    from f2widgets.archive.stand_in import StandIn

__all__ = ["Archive", "Archived", "Outcome", "StandIn", "fetch"]

_HOMES = {
    "Archive": "service",
    "Archived": "records",
    "Outcome": "download",
    "StandIn": "stand_in",
    "fetch": "several",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, used or not."""
    return sorted({*globals(), *__all__})
