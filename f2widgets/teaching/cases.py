"""Nights with a mistake in each, in an order that nobody knows: to be diagnosed from the symptoms."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from f2widgets.errors import WrongInputs
from f2widgets.io.atomic import link_or_copy, written_whole
from f2widgets.simulate.truth import settings_of
from f2widgets.teaching.faults import FAULTS, Fault, planted
from f2widgets.teaching.night import Night
from f2widgets.teaching.questions import seal

#: Beside the raw frames of a case: what was done to them, sealed.
_NOTE = "case.json"


@dataclass(frozen=True)
class Case(Night):
    """A night with a mistake.

    Parameters
    ----------
    number : int
        Counted from 1.
    healthy : Night, optional
        The night without it: its masters serve where all of their raw frames are the same.
    """

    number: int
    healthy: Night | None = None

    @cached_property
    def sealed(self) -> str:
        """The diagnosis, in a form that only says whether another one is the same."""
        try:
            return str(json.loads((self.out.parent / _NOTE).read_text())["diagnosis"])
        except (OSError, ValueError, KeyError, TypeError):
            raise WrongInputs(
                f"{self.out.parent} holds no case of the clinic: run the cell that makes them again."
            ) from None

    def _made(self, kind: str, files: Sequence[Path], masked: Mapping[str, Path] | None = None) -> Path:
        """Make a master, or take that of the healthy night if it is there and no other would be made."""
        if self.healthy is not None and (kind != "flat" or masked):
            there = [self.healthy.raw / file.name for file in files]
            masters = list(self.healthy.out.glob(f"*_{kind}.fits"))
            if masters and all(a.exists() and a.samefile(b) for a, b in zip(there, files, strict=True)):
                return link_or_copy(masters[0], self.out / masters[0].name)
        return super()._made(kind, files, masked)


def clinic(folder: str | os.PathLike[str], night: Night | str | os.PathLike[str]) -> list[Case]:
    """Make a case of each mistake, in an order that follows from the night's seed.

    Parameters
    ----------
    folder : path-like
        Where the cases go; those that are there are made anew.
    night : Night or path-like
        A healthy night, or the folder of its raw frames, made by `f2widgets.simulate.example1`.

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
    source = night.raw if isinstance(night, Night) else Path(night)
    settings = settings_of(source)
    if settings is None:
        raise WrongInputs(f"{source} holds no simulated night: make one with f2 simulate example1 {source}.")
    order = settings.random("clinic").permutation(len(FAULTS))
    base = Path(folder).expanduser().absolute()
    healthy = night if isinstance(night, Night) else None
    return [_case(k, FAULTS[which], source, base, healthy) for k, which in enumerate(order, start=1)]


def _case(number: int, fault: Fault, source: Path, base: Path, healthy: Night | None) -> Case:
    """Make a case."""
    folder = base / f"case_{number}"
    case = Case(folder / "raw", folder / "products", number, healthy)
    planted(fault, source, case.raw)
    with written_whole(folder / _NOTE) as stream:
        stream.write(json.dumps({"diagnosis": seal(fault.diagnosis, f"case {number}")}).encode())
    return case
