"""The session: folders, what was done as script or notebook, saving and restoring, the kernel's memory."""

from __future__ import annotations

import json
import os
import resource
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from f2widgets.core.memory import allowed
from f2widgets.errors import NotWritten, ParameterError
from f2widgets.io.atomic import written_whole
from f2widgets.widgets.deeds import Deed, notebook, script
from f2widgets.widgets.panel import Panel, asked_by_page, from_page, table_html
from f2widgets.widgets.workspace import Workspace

#: The file in the folder of products that is kept up to date, so that a crash loses nothing.
KEPT = "f2_session.json"
#: What a session is written out as: the file's usual name, and who writes it.
_FORMS = {"script": ("f2_session.py", script), "notebook": ("f2_session.ipynb", notebook)}
#: Traits whose change is worth keeping at once.
_WORTH = ("deeds", "selection", "recipe", "settings", "user_cals", "without", "keep")


class SessionPanel(Panel):
    """Folders and deeds of a session.

    Parameters
    ----------
    workspace : Workspace, optional
        What panels share.
    autosave : bool, optional
        Keep the state in the folder of products whenever something was done.
    """

    title = "Session"
    scripts = ("session_panel.js",)

    def __init__(self, workspace: Workspace | None = None, *, autosave: bool = True) -> None:
        super().__init__(workspace)
        self._autosave = autosave
        self.workspace.observe(self._changed, [*_WORTH, "folder", "out", "running"])

    def arrived(self) -> None:
        """Send folders, deeds, and whether an earlier session could be restored."""
        here = self.workspace
        self.send(
            {
                "kind": "session",
                "folder": os.fspath(here.folder),
                "out": os.fspath(here.out),
                "deeds": [deed.title or deed.function for deed in here.deeds],
                "running": here.running,
                "kept": not here.deeds and (here.out / KEPT).exists(),
            }
        )

    def code(self) -> tuple[Deed, ...]:
        """Return all that was done."""
        return tuple(self.workspace.deeds)

    def poster(self) -> Mapping[str, Any]:
        """Return what was done, as a table."""
        rows = [[deed.title or deed.function, deed.python] for deed in self.workspace.deeds]
        return {"text/html": table_html(["done", "in Python"], rows, "Session")}

    @from_page
    def set_folder(self, folder: str) -> None:
        """Look for raw frames in another folder.

        Raises
        ------
        ParameterError
            If there is no such folder.
        """
        self.workspace.folder = _folder(folder)

    @from_page
    def set_out(self, folder: str) -> None:
        """Write products to another folder; it is made when the first is written."""
        if not folder.strip():
            raise ParameterError("Name the folder for the products.")
        self.workspace.out = Path(folder).expanduser().absolute()

    @from_page
    def save(self, path: str = "") -> str:
        """Write the state of the session as JSON.

        Parameters
        ----------
        path : str, optional
            The file; by default f2_session.json in the folder of products.

        Returns
        -------
        str
            The file.
        """
        target = self.workspace.place(path, KEPT)
        text = json.dumps(self.workspace.state(), indent=1)
        with written_whole(target) as stream:
            stream.write(text.encode())
        return os.fspath(target)

    @from_page
    def restore(self, path: str = "") -> None:
        """Take up a session that was saved.

        Parameters
        ----------
        path : str, optional
            The file; by default f2_session.json in the folder of products.

        Raises
        ------
        ParameterError
            If the file is no saved session.
        """
        source = self.workspace.place(path, KEPT)
        try:
            state = json.loads(source.read_text("utf-8"))
        except FileNotFoundError as error:
            raise ParameterError(f"There is no saved session {source}.") from error
        except (ValueError, UnicodeDecodeError) as error:
            raise ParameterError(f"{source} is no saved session: {error}.") from error
        self.workspace.restore(state)
        self.tell(f"Restored {source}.")

    @from_page
    def export(self, form: str, path: str = "", overwrite: bool = False) -> str:
        """Write what was done as a script or as a notebook.

        Parameters
        ----------
        form : {'script', 'notebook'}
            Which.
        path : str, optional
            The file; by default f2_session.py or .ipynb in the folder of products.
        overwrite : bool, optional
            Replace a file that is there.

        Returns
        -------
        str
            The file.

        Raises
        ------
        ParameterError
            If nothing was done yet, or there is no such form.
        NotWritten
            If a file is in the way, or the system refuses.
        """
        if form not in _FORMS:
            raise ParameterError(f"A session is written as {' or '.join(_FORMS)}, not as {form!r}.")
        if not self.workspace.deeds:
            raise ParameterError("Nothing was done yet that could be written: choose files, and reduce them.")
        name, write = _FORMS[form]
        return os.fspath(self.write_out(path, name, write(self.workspace.deeds).encode(), overwrite))

    @asked_by_page
    def memory(self) -> dict[str, int | None]:
        """Return the bytes this kernel holds, and how many it may where that is known, as on Binder."""
        return {"held": held(), "limit": allowed()}

    def _changed(self, _: Any) -> None:
        """Keep the state when something was done, and show it."""
        if self._autosave and self.workspace.deeds:
            try:
                self.save()
            except NotWritten as error:
                self._autosave = False  # said once
                self.tell(f"The session is not kept: {error}", "error")
        self.arrived()


def _folder(text: str) -> Path:
    """Return a folder that exists."""
    path = Path(text.strip()).expanduser().absolute()
    if not text.strip() or not path.is_dir():
        raise ParameterError(f"There is no folder {path}: check its name.")
    return path


def held() -> int:
    """Return the bytes of memory that this process holds now, or held at most where that is not told."""
    try:
        with open("/proc/self/statm") as stream:
            return int(stream.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
