"""What a recipe is: the frames that it takes, its steps with the values that it sets, and its product."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from f2widgets.errors import ParameterError
from f2widgets.recipes.parameters import near
from f2widgets.recipes.roles import Role, plural
from f2widgets.recipes.steps import Step, step_named

Kind = Literal["dark", "bpm", "flat", "image"]


@dataclass(frozen=True)
class Use:
    """A step in a recipe, with the values that the recipe sets."""

    step: Step
    values: Mapping[str, Any] = field(default_factory=dict)


def use(name: str | Callable[..., Any], **values: Any) -> Use:
    """Put a step into a recipe.

    Parameters
    ----------
    name : str or callable
        Our name of a step of the table; or a function of your own that follows the grammar of steps, see
        `Step`.
    **values
        Parameters that this recipe sets otherwise than by default; the user's own go before them.

    Returns
    -------
    Use
        The step with its values.

    Raises
    ------
    ParameterError
        If there is no such step.
    """
    return Use(step_named(name) if isinstance(name, str) else Step(name), values)


@dataclass(frozen=True)
class Recipe:
    """A list of steps for frames of certain roles.

    Parameters
    ----------
    name : str
        Our name.
    verb : str
        The reference pipeline's name.
    summary : str
        What it makes, in a few words.
    uses : tuple of Use
        The steps in order.
    takes : frozenset of Role
        The roles that must all be among its inputs, and no others.
    main : Role
        Its earliest frame gives the product its name.
    product : {'dark', 'bpm', 'flat', 'image'} or None
        Kind of the product, also its suffix; None if it writes none.
    finds : frozenset of str, optional
        Kinds of calibration that are looked for in the databases; others are used only when the user names
        them. Without this a dark made again after the first bad-pixel mask would differ from the first one,
        although a dark's bad pixels are flagged in whatever it is subtracted from.
    indispensable : frozenset of str, optional
        Steps that a user cannot leave out, because without them there would be no such product.
    ending : str, optional
        Ending of the product's name, where it is not its kind.
    only_k : bool, optional
        Whether it is for the K filters alone. Recipes of one name make the same of different inputs.
    source : `~pathlib.Path`, optional
        The file that it comes from; None for those of this package.
    leaves : str, optional
        Step after which it always keeps the frames: a part, with which another recipe goes on.
    goes_on : str, optional
        Name of the recipe whose frames it goes on with.
    """

    name: str
    verb: str
    summary: str
    uses: tuple[Use, ...]
    takes: frozenset[Role]
    main: Role
    product: Kind | None
    finds: frozenset[str] = frozenset()
    indispensable: frozenset[str] = frozenset()
    ending: str = ""
    only_k: bool = False
    source: Path | None = None
    leaves: str = ""
    goes_on: str = ""

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its steps in order."""
        return tuple(entry.step for entry in self.uses)

    @property
    def inputs(self) -> str:
        """The frames that it takes, in words."""
        return " and ".join(plural(role) for role in Role if role in self.takes)

    def changed(
        self,
        summary: str = "",
        *,
        without: Collection[str] = (),
        instead: Sequence[Use] = (),
        after: Mapping[str, Sequence[Use]] = MappingProxyType({}),
    ) -> Recipe:
        """Return a recipe that differs from this one in some steps.

        Parameters
        ----------
        summary : str, optional
            What it makes, in a few words.
        without : collection of str, optional
            Steps that it does not have, by our names.
        instead : sequence of Use, optional
            Steps with other values: each takes the place of the step of its name.
        after : mapping of str to sequence of Use, optional
            Further steps behind the last one of a name.

        Returns
        -------
        Recipe
            The new one.

        Raises
        ------
        ParameterError
            If there is no such step in this recipe, with the near names.

        Examples
        --------
        >>> from f2widgets.recipes.recipes import IMAGE
        >>> plain = IMAGE.changed("a plain stack", instead=[use("resample", interpolant="linear")])
        """
        names = [step.name for step in self.steps]
        for name in (*without, *(one.step.name for one in instead), *after):
            if name not in names:
                raise ParameterError(f"The recipe {self.name} has no step {name!r}{near(name, names)}")
        other = {one.step.name: one for one in instead}
        uses: list[Use] = []
        for place, one in enumerate(self.uses):
            name = one.step.name
            uses += [] if name in without else [other.get(name, one)]
            uses += after.get(name, ()) if name not in names[place + 1 :] else ()
        return replace(self, summary=summary or self.summary, uses=tuple(uses))
