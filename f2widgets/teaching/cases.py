"""Nights with a mistake in each, in an order that nobody knows: to be diagnosed from the symptoms."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from f2widgets.errors import WrongInputs
from f2widgets.files import select
from f2widgets.io.atomic import written_whole
from f2widgets.reduction import Products, reduce
from f2widgets.simulate.truth import settings_of
from f2widgets.teaching.faults import FAULTS, Fault, planted
from f2widgets.teaching.questions import seal

#: Beside the raw frames of a case: what was done to them, sealed.
_NOTE = "case.json"
#: What the frames of a night are, as one selects them.
_DARKS, _SHORT = ("DARK", "exposure_time==120"), ("DARK", "exposure_time==2")
_FLATS, _SCIENCE = ("FLAT", 'filter_name=="Y"'), ("", 'observation_class=="science"')


@dataclass(frozen=True)
class Case:
    """A night with a mistake.

    Parameters
    ----------
    number : int
        Counted from 1.
    folder : Path
        Of the case.
    """

    number: int
    folder: Path

    @property
    def raw(self) -> Path:
        """Folder of the raw frames."""
        return self.folder / "raw"

    @property
    def out(self) -> Path:
        """Folder of the products."""
        return self.folder / "products"

    @cached_property
    def sealed(self) -> str:
        """The diagnosis, in a form that only says whether another one is the same."""
        try:
            return str(json.loads((self.folder / _NOTE).read_text())["diagnosis"])
        except (OSError, ValueError, KeyError, TypeError):
            raise WrongInputs(
                f"{self.folder} holds no case of the clinic: run the cell that makes them again."
            ) from None

    def chosen(self, what: tuple[str, str]) -> list[Path]:
        """Return the raw frames of a kind; none if there are none."""
        tags, expression = what
        return list(select(self.raw, tags=tags or (), expression=expression))

    @property
    def science(self) -> list[Path]:
        """The raw science frames."""
        return self.chosen(_SCIENCE)

    @property
    def flats(self) -> list[Path]:
        """The raw flats, lamp on and off."""
        return self.chosen(_FLATS)

    @property
    def darks(self) -> list[Path]:
        """The raw long darks."""
        return self.chosen(_DARKS)

    def reduce(self, keep: Sequence[str] = ("divide_flat",)) -> Products:
        """Reduce the night from its raw frames to the stack, as anybody would.

        Parameters
        ----------
        keep : sequence of str, optional
            Steps to keep the frames after.

        Returns
        -------
        Products
            The stack.

        Raises
        ------
        F2Error
            Where a mistake stops a reduction: that is a symptom as well.
        """
        self.out.mkdir(parents=True, exist_ok=True)
        with contextlib.chdir(self.out):
            short, bpm = self.chosen(_SHORT), None
            reduce(self.darks, overwrite=True)
            if short:
                bpm = reduce([*self.flats, *short], overwrite=True).path
            reduce(self.flats, user_cals={"bpm": bpm} if bpm else {}, overwrite=True)
            made = reduce(
                self.science, user_cals={"bpm": bpm} if bpm else {}, keep=keep, overwrite=True, out=self.out
            )
        return made


def clinic(folder: str | os.PathLike[str], source: str | os.PathLike[str]) -> list[Case]:
    """Make a case of each mistake, in an order that follows from the night's seed.

    Parameters
    ----------
    folder : path-like
        Where the cases go; those that are there are made anew.
    source : path-like
        Folder of a healthy night made by `f2widgets.simulate.example1`.

    Returns
    -------
    list of Case
        As many as there are kinds of mistake.

    Raises
    ------
    WrongInputs
        If there is no simulated night.
    NotWritten
        If the cases cannot be written.
    """
    settings = settings_of(Path(source))
    if settings is None:
        raise WrongInputs(f"{source} holds no simulated night: make one with f2 simulate example1 {source}.")
    order = settings.random("clinic").permutation(len(FAULTS))
    base = Path(folder).expanduser().absolute()
    return [_case(number, FAULTS[which], Path(source), base) for number, which in enumerate(order, start=1)]


def _case(number: int, fault: Fault, source: Path, base: Path) -> Case:
    """Make a case."""
    case = Case(number, base / f"case_{number}")
    planted(fault, source, case.raw)
    with written_whole(case.folder / _NOTE) as stream:
        stream.write(json.dumps({"diagnosis": seal(fault.diagnosis, f"case {number}")}).encode())
    return case
