"""What must be done to reduce some files: calibrations that are missing first, then the files themselves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from f2widgets.calibrations.config import Config
from f2widgets.calibrations.match import Kind
from f2widgets.calibrations.service import Calibrations
from f2widgets.io.index import indexed
from f2widgets.io.records import Record, records
from f2widgets.needs import makings, needs_of
from f2widgets.recipes.roles import Role, role_of

#: Calibrations in the order in which they are made: a flat takes over the flags of the mask.
_ORDER: tuple[Kind, ...] = ("dark", "bpm", "flat")
#: Descriptors that tell of which raw frames a calibration can be made.
_ASKED = ("tags", "exposure_time", "filter_name", "coadds", "read_mode", "ut_start", "qa_state")


@dataclass(frozen=True)
class Job:
    """One reduction.

    Parameters
    ----------
    files : tuple of `~pathlib.Path`
        Raw frames.
    recipe : str or None
        The recipe asked for, or the one that makes a missing calibration; None for the one that fits.
    makes : str
        The calibration that is made for the jobs after it: 'dark', 'bpm' or 'flat'; empty for the files
        that were asked for.
    """

    files: tuple[Path, ...]
    recipe: str | None = None
    makes: str = ""


def jobs_for(
    files: Iterable[str | os.PathLike[str]],
    *,
    recipe: str | None = None,
    others: Iterable[str | os.PathLike[str]] = (),
    config: Config | None = None,
    user_cals: Mapping[str, str | os.PathLike[str]] | None = None,
) -> tuple[Job, ...]:
    """Return the jobs that reduce some files, in the order in which they must be done.

    Parameters
    ----------
    files : iterable of path-like
        What shall be reduced. Where science frames are among darks and flats, these are taken for their
        calibrations.
    recipe : str, optional
        The recipe asked for: then all files are one job.
    others : iterable of path-like, optional
        Further raw frames at hand, of which missing calibrations may be made.
    config : Config, optional
        Where calibrations are found.
    user_cals : mapping, optional
        Calibrations pinned by the user, by kind.

    Returns
    -------
    tuple of Job
        The last is for the files themselves.

    Raises
    ------
    CalibrationStore
        If a database cannot be asked.
    """
    paths = [Path(file) for file in files]
    rows = [] if recipe else records(paths)
    science = [row for row in rows if not row.problem and role_of(row.tags) is Role.SCIENCE]
    if not science:
        return (Job(tuple(paths), recipe),)
    user = [f"{kind}:{os.fspath(file)}" for kind, file in (user_cals or {}).items()]
    needs = needs_of(science, Calibrations(config, user=user))
    missing = any(need.missing for need in needs)
    made = [one for one in makings(needs, [*rows, *_further(others, paths)]) if one.files] if missing else []
    made.sort(key=lambda one: _ORDER.index(one.kind))
    main = [row.path for row in rows if row in science or row.problem or not _of_calibration(row)]
    return (*(Job(one.files, one.recipe.name, one.kind) for one in made), Job(tuple(main)))


def _further(others: Iterable[str | os.PathLike[str]], known: list[Path]) -> list[Record]:
    """Look at files that are not among those known."""
    seen = {path.absolute() for path in known}
    return indexed([path for path in map(Path, others) if path.absolute() not in seen], _ASKED)


def _of_calibration(row: Record) -> bool:
    """Tell whether a frame is a raw dark or flat."""
    return role_of(row.tags) in (Role.DARK, Role.LAMP_ON, Role.LAMP_OFF)
