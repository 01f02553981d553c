"""What the panels share: folder, files, selection, what is asked for, products; nothing on a screen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import traitlets as t

from f2widgets.errors import ParameterError
from f2widgets.widgets.deeds import Deed, deed_of, plain

#: Version of the state that is written out; a later one is refused. The second has the state of panels.
VERSION = 2


class Workspace(t.HasTraits):
    """The state that panels watch and set; they do not know each other.

    Parameters
    ----------
    folder : path-like, optional
        Where the raw frames are.
    out : path-like, optional
        Where products go. The database of calibrations is where its configuration says, without one in the
        working folder, as for `f2widgets.reduce`.
    config : path-like, optional
        Configuration of the databases.

    Attributes
    ----------
    files : tuple of `~pathlib.Path`
        The files under consideration: what the file selector leaves.
    selection : tuple of `~pathlib.Path`
        Those that were picked for what comes next.
    chosen_by : Deed or None
        The call of ``select`` that gives the selection again; None if it was picked by hand.
    recipe : str or None
        The recipe asked for; None for the one that fits.
    settings : dict
        ``{"step:parameter": value}``.
    user_cals : dict
        Calibrations pinned by the user, by kind.
    without, keep : tuple of str
        Steps to leave out, or to keep the frames after.
    running : bool
        A reduction is going on.
    products : tuple of `f2widgets.reduction.Products`
        What was made, latest last.
    looking_at : tuple
        Paths or Frames that the image inspector shows.
    message : str
        The last thing worth telling, in words.
    deeds : tuple of Deed
        What was done, in order.
    restored : dict
        While a saved state is taken up: what each panel had of its own, by its name.
    """

    folder = t.Instance(Path)
    out = t.Instance(Path)
    config = t.Instance(Path, allow_none=True)
    files = t.Tuple()
    selection = t.Tuple()
    chosen_by = t.Instance(Deed, allow_none=True)
    recipe = t.Unicode(None, allow_none=True)
    settings = t.Dict()
    user_cals = t.Dict()
    without = t.Tuple()
    keep = t.Tuple()
    running = t.Bool(False)
    products = t.Tuple()
    looking_at = t.Tuple()
    message = t.Unicode("")
    deeds = t.Tuple()
    restored = t.Dict()

    def __init__(
        self,
        folder: str | os.PathLike[str] = ".",
        out: str | os.PathLike[str] = ".",
        config: str | os.PathLike[str] | None = None,
    ) -> None:
        super().__init__(
            folder=Path(folder).expanduser().absolute(),
            out=Path(out).expanduser().absolute(),
            config=None if config is None else Path(config).expanduser().absolute(),
            restored={},
        )
        self._own: dict[str, Callable[[], dict[str, Any]]] = {}

    def also_keeps(self, name: str, tell: Callable[[], dict[str, Any]]) -> None:
        """Keep something more with the state: of a panel, what it shares with no other.

        Parameters
        ----------
        name : str
            Name of the panel; of several of one name the last is kept.
        tell : callable
            Returns plain values for a JSON file; they come back in `restored`.
        """
        self._own[name] = tell

    def select(self, files: Iterable[str | os.PathLike[str]], chosen_by: Deed | None = None) -> None:
        """Pick files for what comes next.

        Parameters
        ----------
        files : iterable of path-like
            The files.
        chosen_by : Deed, optional
            The call of ``select`` that gives them again.
        """
        with self.hold_trait_notifications():
            self.chosen_by = chosen_by
            self.selection = tuple(Path(file) for file in files)

    def look_at(self, images: Iterable[Any]) -> None:
        """Have images shown; also told when they are shown already, so that the inspector comes forward."""
        before, self.looking_at = self.looking_at, tuple(images)
        if self.looking_at == before:
            self.notify_change(
                t.Bunch(name="looking_at", old=before, new=self.looking_at, owner=self, type="change")
            )

    def place(self, path: str, usual: str) -> Path:
        """Return where a file goes or is: from the folder of products on, the usual one if blank."""
        return Path(self.out, Path(path.strip()).expanduser() if path.strip() else usual)

    def did(self, deed: Deed) -> None:
        """Note what was done, so that it can be done again; the same call twice in a row counts once."""
        if not self.deeds or self.deeds[-1] != deed:
            self.deeds = (*self.deeds, deed)

    def state(self) -> dict[str, Any]:
        """Return what is worth keeping, as plain values for a JSON file."""
        texts = {name: os.fspath(getattr(self, name)) for name in ("folder", "out")}
        lists = {name: [os.fspath(x) for x in getattr(self, name)] for name in ("files", "selection")}
        looking = [os.fspath(x) for x in self.looking_at if isinstance(x, str | os.PathLike)]
        return {
            "version": VERSION,
            **texts,
            **lists,
            "config": None if self.config is None else os.fspath(self.config),
            "recipe": self.recipe,
            "settings": dict(self.settings),
            "user_cals": {kind: os.fspath(file) for kind, file in self.user_cals.items()},
            "without": list(self.without),
            "keep": list(self.keep),
            "looking_at": looking,
            "chosen_by": None if self.chosen_by is None else plain(self.chosen_by),
            "deeds": [plain(deed) for deed in self.deeds],
            "panels": {name: tell() for name, tell in self._own.items()},
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take up a state that was kept.

        Parameters
        ----------
        state : mapping
            From `state`.

        Raises
        ------
        ParameterError
            If it is no such state, or of a later version.
        """
        version = state.get("version") if isinstance(state, Mapping) else None
        if not isinstance(version, int) or version < 1:
            raise ParameterError("This is no saved state of f2widgets: it has no version.")
        if version > VERSION:
            raise ParameterError(
                f"The state was saved by a later f2widgets (version {version}, known: {VERSION}). Update it."
            )
        try:
            values = _values(state)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ParameterError(f"The saved state is damaged: {error}.") from error
        try:
            with self.hold_trait_notifications():  # panels hear of their own first, and then of the rest
                for name, value in values.items():
                    setattr(self, name, value)
        except t.TraitError as error:
            raise ParameterError(f"The saved state is damaged: {error}") from error
        finally:
            self.restored = {}


def _values(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return the traits behind a saved state."""
    paths = {name: tuple(Path(x) for x in state[name]) for name in ("files", "selection", "looking_at")}
    return {
        "restored": {name: dict(own) for name, own in state.get("panels", {}).items()},  # none in version 1
        **paths,
        "folder": Path(state["folder"]),
        "out": Path(state["out"]),
        "config": None if state["config"] is None else Path(state["config"]),
        "recipe": state["recipe"],
        "settings": dict(state["settings"]),
        "user_cals": {kind: Path(file) for kind, file in state["user_cals"].items()},
        "without": tuple(state["without"]),
        "keep": tuple(state["keep"]),
        "chosen_by": None if state["chosen_by"] is None else deed_of(state["chosen_by"]),
        "deeds": tuple(deed_of(one) for one in state["deeds"]),
    }
