"""The desk: all panels together, for a whole reduction."""

from __future__ import annotations

import os
from typing import Any

import ipywidgets

from f2widgets.widgets.calibration_panel import CalibrationPanel
from f2widgets.widgets.descriptor_table import DescriptorTable
from f2widgets.widgets.file_selector import FileSelector
from f2widgets.widgets.folder_panel import FolderPanel
from f2widgets.widgets.inspector import ImageInspector
from f2widgets.widgets.panel import Panel
from f2widgets.widgets.run_panel import RunPanel
from f2widgets.widgets.session_panel import SessionPanel
from f2widgets.widgets.workspace import Workspace

#: The tabs in the order of a reduction.
TABS: tuple[tuple[str, type[Panel]], ...] = (
    ("Files", FileSelector),
    ("Table", DescriptorTable),
    ("Calibrations", CalibrationPanel),
    ("Reduce", RunPanel),
    ("All", FolderPanel),
    ("Look", ImageInspector),
)


class Desk(ipywidgets.VBox):
    """All panels over one workspace.

    Parameters
    ----------
    folder : path-like, optional
        Where the raw frames are.
    out : path-like, optional
        Where products go.
    config : path-like, optional
        Configuration of the databases of calibrations.
    workspace : Workspace, optional
        Take this one instead.

    Attributes
    ----------
    workspace : Workspace
        What the panels share.
    panels : dict of str to Panel
        The panels by the name of their tab.
    session : SessionPanel
        Folders, export, saving.

    Examples
    --------
    >>> Desk("playdata/example1", out="playground")   # doctest: +SKIP
    """

    def __init__(
        self,
        folder: str | os.PathLike[str] = ".",
        out: str | os.PathLike[str] = ".",
        config: str | os.PathLike[str] | None = None,
        *,
        workspace: Workspace | None = None,
    ) -> None:
        self.workspace = Workspace(folder, out, config) if workspace is None else workspace
        self.session = SessionPanel(self.workspace)
        self.panels = {name: kind(self.workspace) for name, kind in TABS}
        self.tabs = ipywidgets.Tab(list(self.panels.values()), titles=list(self.panels))
        super().__init__([self.session, self.tabs])
        self.workspace.observe(lambda _: self.bring("Look"), "looking_at")

    def bring(self, name: str) -> None:
        """Bring a tab forward.

        Parameters
        ----------
        name : str
            Its name, such as ``"Look"``.
        """
        self.tabs.selected_index = list(self.panels).index(name)

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, Any]:
        """Return the live view, and beside it the posters of all panels."""
        bundle: dict[str, Any] = super()._repr_mimebundle_(**kwargs)
        posters = [panel._repr_mimebundle_()[0] for panel in (self.session, *self.panels.values())]
        return bundle | {"text/html": "\n".join(one.get("text/html", "") for one in posters)}
