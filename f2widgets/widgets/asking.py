"""What a reduction is asked for: recipe, parameters, steps left out or kept; by hand, or by a file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from f2widgets.recipes.own import own_steps
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.recipes import IMAGE, recipe_named
from f2widgets.recipes.settings import read_settings, settings_text
from f2widgets.recipes.steps import STEPS, Step, step_named
from f2widgets.recipes.wishes import understood
from f2widgets.widgets.panel import Panel, from_page

#: The file in the folder of products that settings are kept in when no other is named.
SETTINGS = "f2_settings.toml"


class Asking(Panel):
    """The part of the panel of a reduction that sets what a workspace asks for."""

    @from_page
    def choose_recipe(self, name: str | None) -> None:
        """Ask for a recipe; None for the one that fits."""
        self.workspace.recipe = recipe_named(name).name if name else None

    @from_page
    def set_parameter(self, step: str, parameter: str, value: Any) -> None:
        """Set a parameter of a step, for all jobs that have it.

        Raises
        ------
        ParameterError
            If there is no such parameter, or the value does not fit.
        """
        values = self._step(step).settled({parameter: value})
        self.workspace.settings = {**self.workspace.settings, f"{step}:{parameter}": values[parameter]}

    @from_page
    def reset_parameter(self, step: str, parameter: str) -> None:
        """Take back what was set."""
        gone = f"{step}:{parameter}"
        self.workspace.settings = {key: x for key, x in self.workspace.settings.items() if key != gone}

    @from_page
    def leave_out(self, step: str, out: bool = True) -> None:
        """Leave a step out, or take it in again."""
        self.workspace.without = _with(self.workspace.without, self._step(step).name, out)

    @from_page
    def keep_after(self, step: str, keep: bool = True) -> None:
        """Keep the frames after a step, or not."""
        self.workspace.keep = _with(self.workspace.keep, self._step(step).name, keep)

    @from_page
    def save_settings(self, path: str = "", overwrite: bool = False) -> str:
        """Write what is asked for into a file for ``f2 reduce --settings``.

        Parameters
        ----------
        path : str, optional
            The file; by default f2_settings.toml in the folder of products.
        overwrite : bool, optional
            Replace a file that is there.

        Returns
        -------
        str
            The file.

        Raises
        ------
        NotWritten
            If a file is in the way, or the system refuses.
        """
        here = self.workspace
        text = settings_text(
            recipe=here.recipe,
            settings=here.settings,
            user_cals=here.user_cals,
            without=here.without,
            keep=here.keep,
        )
        return os.fspath(self.write_out(path, SETTINGS, text.encode(), overwrite))

    @from_page
    def load_settings(self, path: str = "") -> None:
        """Ask for what a file asks for, and for nothing else; frames are kept as before unless it names any.

        Parameters
        ----------
        path : str, optional
            The file; by default f2_settings.toml in the folder of products.

        Raises
        ------
        ParameterError
            If it cannot be read, or a name or a value in it is unknown.
        """
        here, source = self.workspace, self.workspace.place(path, SETTINGS)
        asked = _in_our_names(read_settings(source), self._recipe())
        with here.hold_trait_notifications():
            for name, value in asked.items():
                setattr(here, name, value)
        self.tell(f"Read: {source}")

    def _step(self, name: str) -> Step:
        """Return a step of the table, or one of the user's own."""
        return own_steps(self._recipe()).get(name) or step_named(name)

    def _recipe(self) -> Recipe:
        """Return the recipe by which names of the reference are understood, if none is named."""
        return recipe_named(self.workspace.recipe) if self.workspace.recipe else IMAGE


def _in_our_names(found: Mapping[str, Any], usual: Recipe) -> dict[str, Any]:
    """Return what a file of settings asks for as a workspace has it."""
    recipe = recipe_named(found["recipe"]) if found.get("recipe") else usual
    without, keep = found.get("without", []), found.get("keep", [])
    wishes = understood(found["settings"], recipe, without, keep, lenient=True)
    # What is meant for the jobs before it, such as the dark's, stands in our names already.
    others = {step.name for step in STEPS} - {step.name for step in recipe.steps}
    by_step = {step: values for step, values in found["settings"].items() if step in others}
    asked: dict[str, Any] = {
        "recipe": recipe.name if found.get("recipe") else None,
        "settings": {
            f"{step}:{name}": value
            for step, values in {**by_step, **wishes.settings}.items()
            for name, value in values.items()
        },
        "user_cals": {k: Path(x) for k, x in {**found.get("user_cals", {}), **wishes.files}.items()},
        "without": (*wishes.without, *(name for name in without if name in others)),
    }
    kept = (*wishes.keep, *(name for name in keep if name in others))
    return {**asked, "keep": kept} if kept else asked


def _with(names: tuple[str, ...], name: str, there: bool) -> tuple[str, ...]:
    """Return names with one more, or one fewer."""
    return tuple(dict.fromkeys([*(one for one in names if one != name), *([name] if there else [])]))
