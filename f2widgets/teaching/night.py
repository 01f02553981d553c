"""A simulated night at hand: raw frames by what they are, and their reduction to where a lesson begins."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from f2widgets.files import select
from f2widgets.products import Products
from f2widgets.reduction import reduce
from f2widgets.simulate import simulated
from f2widgets.simulate.files import folder as made_folder
from f2widgets.simulate.programmes import EXAMPLE1, Programme, programme
from f2widgets.simulate.sequence import ON_SKY
from f2widgets.simulate.truth import settings_of
from f2widgets.teaching.gentle import frugally, gently
from f2widgets.teaching.record import notebook_folder


@dataclass(frozen=True)
class Night:
    """A simulated data set in a folder.

    Parameters
    ----------
    raw : Path
        Folder of the raw frames.
    out : Path
        Folder of the products, and of the database of calibrations.
    data_set : str, optional
        Which one, as `f2widgets.simulate.simulated` names it.
    """

    raw: Path
    out: Path
    data_set: str = field(default=EXAMPLE1.name, kw_only=True)

    def __post_init__(self) -> None:
        """Make the folders absolute: lessons change the working folder."""
        for name in ("raw", "out"):
            object.__setattr__(self, name, Path(getattr(self, name)).expanduser().absolute())

    @property
    def darks(self) -> list[Path]:
        """The darks that are exposed as long as the frames of the target."""
        seconds = next(run.seconds for run in self._programme.runs if run.kind in ON_SKY)
        return self._chosen("DARK", f"exposure_time=={seconds:g}")

    @property
    def short_darks(self) -> list[Path]:
        """The darks of 2 s; none if there are none."""
        return self._chosen("DARK", "exposure_time==2")

    @property
    def flats(self) -> list[Path]:
        """The flats, lamp on and off."""
        return self._chosen("FLAT")

    @property
    def science(self) -> list[Path]:
        """The frames of the target."""
        return self._chosen((), 'observation_class=="science"')

    def calibrate(self) -> dict[str, Path]:
        """Make dark, mask of bad pixels and flat; without short darks there is no mask.

        Returns
        -------
        dict of str to Path
            Products by kind: ``dark``, ``flat`` and ``bpm``.

        Raises
        ------
        F2Error
            As `f2widgets.reduction.reduce` does.
        """
        made = {"dark": self._made("dark", self.darks)}
        if self.short_darks:
            made["bpm"] = self._made("bpm", [*self.flats, *self.short_darks])
        masked = {"bpm": made["bpm"]} if "bpm" in made else {}
        # In K the lamp is the warm shutter: nothing but darks tells what is not its light.
        lit = any(run.kind == "lamp on" for run in self._programme.runs)
        flats = [*self.flats, *([] if lit else self.short_darks)]
        return made | {"flat": self._made("flat", flats, masked)}

    @property
    def _programme(self) -> Programme:
        """What the data set is made of."""
        return programme(self.data_set)

    def _made(self, kind: str, files: Sequence[Path], masked: Mapping[str, Path] | None = None) -> Path:
        """Make a master."""
        with self._here():
            return self.out / reduce(files, recipe=kind, user_cals=masked or {}, overwrite=True).path

    def reduce(self, calibrations: Mapping[str, Path] | None = None, **options: Any) -> Products:
        """Reduce the night to the stack.

        Parameters
        ----------
        calibrations : mapping, optional
            From `calibrate`, which is called if they are not given.
        **options
            As for `f2widgets.reduction.reduce`.

        Returns
        -------
        Products
            The stack.

        Raises
        ------
        F2Error
            As `f2widgets.reduction.reduce` does.
        """
        made = self.calibrate() if calibrations is None else calibrations
        with self._here():
            return reduce(self.science, user_cals=made, out=self.out, overwrite=True, **options)

    def _chosen(self, tags: str | Sequence[str], expression: str | None = None) -> list[Path]:
        """Return the raw frames of a kind."""
        return list(select(self.raw, tags=tags, expression=expression))

    @contextlib.contextmanager
    def _here(self) -> Any:
        """Work in the folder of the products, where the database is."""
        with contextlib.chdir(made_folder(self.out)):
            yield


def begin(
    lesson: str,
    *,
    size: int = 512,
    seed: int = 1,
    folder: str | os.PathLike[str] | None = None,
    data_set: str = EXAMPLE1.name,
) -> Night:
    """Begin a lesson: its folder, its raw frames, and errors that speak in sentences.

    Parameters
    ----------
    lesson : str
        Name of its folder for products: ``"03"``.
    size, seed : int, optional
        Side of the array in pixels, and seed of the night; `seed_for` makes one of a name.
    folder : path-like, optional
        Where the frames go; by default beside the notebook. Frames that are there are kept, and all lessons
        share them.
    data_set : str, optional
        Which frames: "example1", "kred" or "offset".

    Returns
    -------
    Night
        The working folder is that of its products afterwards.

    Raises
    ------
    NotWritten
        If there is no room.
    """
    gently()
    frugally()
    name = f"f2tutorial_{size}" + (f"_seed{seed}" if seed != 1 else "")
    base = Path(folder if folder is not None else notebook_folder() / name).expanduser().absolute()
    night = Night(base / "playdata" / data_set, base / f"playground_{lesson}", data_set=data_set)
    there = settings_of(night.raw) if night.raw.exists() else None
    whole = sum(run.number for run in programme(data_set).runs)
    if there is None or (there.size, there.seed) != (size, seed) or len([*night.raw.glob("S*.fits")]) < whole:
        simulated(data_set, night.raw, size=size, seed=seed)
    os.chdir(made_folder(night.out))
    return night
