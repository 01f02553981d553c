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

import lazy_loader

#: The public names are those of the stub beside; each is imported when it is first used.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
