"""Reduce Gemini Flamingos-2 near-infrared imaging, and see how it is done.

``import f2widgets as f2``, then:

==================== ===========================================================================
``table``            what files are, from their headers
``fetch``            raw frames from the observatory's archive
``check``            what is odd about headers, and whether files can be used
``select``           choose files by tags and an expression
``calibrations_for`` which calibrations frames get and why; ``add_calibrations`` and
                     ``remove_calibrations`` change what the database holds
``reduce``           raw frames to a product; the recipe follows from the files
``planned``          what ``reduce`` would do, and with which calibrations
``read_frame``       a raw frame or a product as a ``Frame``
``write_frame``      a ``Frame`` as a file
``read_settings``    what ``reduce`` is asked for, from a TOML file; ``save_settings`` writes one
``clear``            delete the frames that ``reduce`` kept between steps
``show``             a picture of frames
``biography``        what became of a pixel, from the raw frames to the product
``quality_table``    what was measured of a stack and of its frames; ``quality_text`` writes it down
``sum_sigma``        sigma of a sum over pixels of a stack, their correlation included
``simulate``         raw frames whose truth is known
``Frame``            an image with variance, flags, facts and history
``F2Error``          the family of all errors raised on purpose
==================== ===========================================================================
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from f2widgets import simulate
    from f2widgets.archive import fetch
    from f2widgets.biographies import biography
    from f2widgets.calibrating import add_calibrations, calibrations_for, remove_calibrations
    from f2widgets.core.frame import Frame
    from f2widgets.core.noise import sum_sigma
    from f2widgets.errors import F2Error
    from f2widgets.files import select, table
    from f2widgets.io.read import read_frame
    from f2widgets.io.write import write_frame
    from f2widgets.pictures import show
    from f2widgets.quality import quality_table, quality_text
    from f2widgets.recipes.settings import read_settings, save_settings
    from f2widgets.reduction import planned, reduce
    from f2widgets.runs import clear
    from f2widgets.verdicts import check

__version__ = "0.1.0"

__all__ = [
    "F2Error",
    "Frame",
    "add_calibrations",
    "biography",
    "calibrations_for",
    "check",
    "clear",
    "fetch",
    "planned",
    "quality_table",
    "quality_text",
    "read_frame",
    "read_settings",
    "reduce",
    "remove_calibrations",
    "save_settings",
    "select",
    "show",
    "simulate",
    "sum_sigma",
    "table",
    "write_frame",
]

#: Module of each public name; it is imported when the name is first used, so that ``import f2widgets``
#: and the shell stay quick.
_HOMES = {
    "add_calibrations": "calibrating",
    "biography": "biographies",
    "calibrations_for": "calibrating",
    "remove_calibrations": "calibrating",
    "F2Error": "errors",
    "Frame": "core.frame",
    "check": "verdicts",
    "clear": "runs",
    "fetch": "archive.several",
    "planned": "reduction",
    "quality_table": "quality",
    "quality_text": "quality",
    "read_frame": "io.read",
    "read_settings": "recipes.settings",
    "reduce": "reduction",
    "save_settings": "recipes.settings",
    "select": "files",
    "show": "pictures",
    "sum_sigma": "core.noise",
    "table": "files",
    "write_frame": "io.write",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used."""
    if name == "simulate":
        return import_module("f2widgets.simulate")
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, used or not."""
    return sorted({*globals(), *__all__})
