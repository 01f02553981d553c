"""What the databases hold, as rows: kind, properties, age, and whether each file is as it was added."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from f2widgets.calibrations.config import Config
from f2widgets.calibrations.entries import Entry
from f2widgets.calibrations.rules import days_between, properties
from f2widgets.calibrations.store import Store
from f2widgets.errors import ParameterError


@dataclass(frozen=True)
class Held:
    """One calibration in a database.

    Parameters
    ----------
    entry : Entry
        What the database knows.
    database : `~pathlib.Path`
        The database.
    trouble : str or None
        What is wrong with the file, None when it is as it was added.
    """

    entry: Entry
    database: Path
    trouble: str | None = None

    @property
    def state(self) -> Literal["present", "missing", "changed"]:
        """How the file is found: as it was added, not at all, or otherwise."""
        if self.trouble is None:
            return "present"
        return "changed" if self.entry.path.exists() else "missing"

    @property
    def properties(self) -> str:
        """What must agree with a frame, in words."""
        return ", ".join(properties(self.entry.kind, self.entry.facts))

    def age(self, moment: datetime | None) -> float | None:
        """Return the days from a moment to the calibration, negative when it was taken before."""
        return days_between(moment, self.entry.facts.ut_start)


def store_of(config: Config) -> Store:
    """Return the database to work on: the only one, or the only one that takes new calibrations.

    Parameters
    ----------
    config : Config
        The databases.

    Returns
    -------
    Store
        It need not exist.

    Raises
    ------
    ParameterError
        If there are several.
    """
    known = config.databases
    chosen = known if len(known) == 1 else [one for one in known if one.store]
    if len(chosen) != 1:
        names = ", ".join(str(one.path) for one in known)
        raise ParameterError(f"Several databases are configured ({names}): name one with -d FILE.")
    return Store(chosen[0].path)


def held(config: Config, *, thorough: bool = False) -> list[Held]:
    """Return what the databases of a configuration hold.

    Parameters
    ----------
    config : Config
        The databases. One that takes new calibrations and does not exist yet holds nothing.
    thorough : bool, optional
        Compare the checksum of every file, also where size and time of change are as they were.

    Returns
    -------
    list of Held
        By database, in the order of adding.

    Raises
    ------
    CalibrationStore
        If a database cannot be asked.
    """
    found: list[Held] = []
    for database in config.databases:
        store = Store(database.path)
        if store.exists or not database.store:
            found += _held(store.path, store.entries(), thorough)
    return found


def _held(database: Path, entries: Iterable[Entry], thorough: bool) -> list[Held]:
    """Look at the files of some entries."""
    return [Held(entry, database, entry.trouble(thorough=thorough)) for entry in entries]
