"""Panels for notebooks, over the same functions as the shell.

Each panel is a view of a `Workspace`; given the same one they work together. How a panel is made:

- One module, one class derived from `Panel`, the `Workspace` its first argument; beside it one script with
  ``function build(page)``, put together from ``make``, ``button``, ``field``, ``framed``, ``tableOf`` (see
  ``parts.js`` and ``table.js``) and named in `Panel.scripts`.
- Every click calls a public method marked by `from_page`, or by `asked_by_page` where it only asks:
  ``page.call("select", {files: [...]})``. What it raises is shown in the panel. It takes and returns what
  JSON can hold; bytes go in a `Reply`.
- Rows and pixels are sent by messages in `Panel.arrived`, when a page says that it is ready, and again when
  the workspace changes; they are no traits, so that a saved notebook stays small.
- What was done is noted as a `Deed` in the workspace, from which scripts and notebooks are written.
- Long work goes through `Worker`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from f2widgets.widgets.calibration_panel import CalibrationPanel
    from f2widgets.widgets.descriptor_table import DescriptorTable
    from f2widgets.widgets.desk import Desk
    from f2widgets.widgets.fetch_panel import FetchPanel
    from f2widgets.widgets.file_selector import FileSelector
    from f2widgets.widgets.inspector import ImageInspector
    from f2widgets.widgets.run_panel import RunPanel
    from f2widgets.widgets.session_panel import SessionPanel
    from f2widgets.widgets.workspace import Workspace

__all__ = [
    "CalibrationPanel",
    "DescriptorTable",
    "Desk",
    "FetchPanel",
    "FileSelector",
    "ImageInspector",
    "RunPanel",
    "SessionPanel",
    "Workspace",
]

_HOMES = {
    "CalibrationPanel": "calibration_panel",
    "DescriptorTable": "descriptor_table",
    "Desk": "desk",
    "FetchPanel": "fetch_panel",
    "FileSelector": "file_selector",
    "ImageInspector": "inspector",
    "RunPanel": "run_panel",
    "SessionPanel": "session_panel",
    "Workspace": "workspace",
}


def __getattr__(name: str) -> Any:
    """Import a panel when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, used or not."""
    return sorted({*globals(), *__all__})
