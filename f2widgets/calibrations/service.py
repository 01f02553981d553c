"""The calibration service: asks the user's word first, then each database in its order."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from f2widgets.calibrations.config import Config, Database, read_config
from f2widgets.calibrations.match import Candidate, Kind, Match
from f2widgets.calibrations.overrides import UserCal, as_kind, by_kind, check, user_file
from f2widgets.calibrations.rules import MAX_AGE, match
from f2widgets.calibrations.store import PATIENCE, Store
from f2widgets.core.frame import Facts
from f2widgets.errors import CalibrationStore


class Calibrations:
    """Finds the calibrations that frames need, and stores new ones.

    Parameters
    ----------
    config : Config, optional
        The databases; the default is what `read_config` finds.
    user : iterable of UserCal or str, optional
        Files the user named for every frame: ``"processed_dark:D.fits"``.
    skip : collection of {'dark', 'flat', 'bpm'}, optional
        Kinds to do without.
    max_age : float, optional
        Days between frame and calibration, strictly.
    patience : float, optional
        Seconds to wait for another process that is writing.

    Raises
    ------
    ParameterError
        If a value of `user` cannot be understood or its file does not exist.

    Examples
    --------
    >>> calibrations = Calibrations(user=["processed_dark:D.fits"])   # doctest: +SKIP
    >>> match = calibrations.find("flat", frame.facts, name=frame.name, shape=frame.shape)   # doctest: +SKIP
    >>> print(match.explain())   # doctest: +SKIP
    """

    def __init__(
        self,
        config: Config | None = None,
        *,
        user: Iterable[UserCal | str] = (),
        skip: Collection[Kind] = (),
        max_age: float = MAX_AGE,
        patience: float = PATIENCE,
    ) -> None:
        self.config = read_config() if config is None else config
        self.user = by_kind(user)
        self.skip = frozenset(skip)
        self.max_age = max_age
        self.patience = patience
        self._known: dict[tuple[object, ...], list[Candidate]] = {}
        self._named_files: dict[tuple[object, ...], Candidate] = {}

    def find(
        self,
        kind: Kind,
        facts: Facts,
        *,
        name: str = "the frame",
        shape: tuple[int, int] | None = None,
        file: UserCal | str | os.PathLike[str] | None = None,
        skip: bool = False,
        planned: Sequence[Candidate] = (),
    ) -> Match:
        """Find the calibration of a kind for a frame.

        Parameters
        ----------
        kind : {'dark', 'flat', 'bpm'}
            What is asked for.
        facts : Facts
            What the frame is.
        name : str, optional
            Name of the frame, for the explanation.
        shape : tuple of int, optional
            Rows and columns of the frame.
        file : UserCal, str or path, optional
            The file named for this step (``-p darkCorrect:dark=D.fits``); it wins over everything.
        skip : bool, optional
            Do without, for this step.
        planned : sequence of Candidate, optional
            Products of earlier jobs of this run, of that kind; they need not exist yet, and stand in
            line with the first database as the latest added.

        Returns
        -------
        Match
            What to use and why, or why nothing fits; `Match.require` raises then.

        Raises
        ------
        WrongCalibration
            If a file that the user named is of another kind or does not agree.
        CalibrationStore
            If a database cannot be asked: that is never "no calibration".
        """
        if skip or kind in self.skip:
            return Match(kind, name, skipped=True, notes=("left out, as asked for",))
        named = self._named(kind, file)
        if named:
            return check(named, self._read(named), facts, name=name, shape=shape)
        misses: list[Match] = []
        pools = [(str(d.path), self._candidates(d, kind)) for d in self.config.databases if d.get]
        for origin, pool in self._with_planned(pools, planned):
            found = self._best(kind, facts, pool, name=name, shape=shape)
            misses.append(replace(found, searched=(origin,)))
            if found.chosen:
                break
        return _joined(kind, name, misses)

    def store(self, path: str | os.PathLike[str]) -> tuple[Path, ...]:
        """Add a product to every database that takes new calibrations; one that is missing is made.

        Parameters
        ----------
        path : str or `~pathlib.Path`
            A processed dark, flat or bad pixel mask.

        Returns
        -------
        tuple of `~pathlib.Path`
            The databases it is in now: empty if none has the word ``store``.

        Raises
        ------
        CalibrationStore
            If the file is no processed calibration, or a database cannot be written.
        """
        targets = [Store(d.path, patience=self.patience) for d in self.config.databases if d.store]
        for target in targets:
            target.init()
            (outcome,) = target.add(path)
            if outcome.done == "refused":
                raise CalibrationStore(f"{Path(path).name} was not stored: {outcome.reason}.")
        return tuple(target.path for target in targets)

    def _named(self, kind: Kind, file: UserCal | str | os.PathLike[str] | None) -> UserCal | None:
        """Return the user's word: that for the step, else that for all frames."""
        if file is None or isinstance(file, UserCal):
            return file or self.user.get(kind)
        return user_file(kind, file)

    def _read(self, cal: UserCal) -> Candidate:
        """Return what the user's file is; it serves many frames, and is read again only when changed."""
        stat = cal.path.stat()
        state = (cal, stat.st_size, stat.st_mtime_ns)
        if state not in self._named_files:
            self._named_files[state] = as_kind(cal)
        return self._named_files[state]

    def _candidates(self, database: Database, kind: Kind) -> list[Candidate]:
        """Return what a database holds of a kind; it is asked again only when it has changed."""
        store = Store(database.path, patience=self.patience)
        if database.store and not store.exists:
            return []  # it is made when the first calibration is stored; until then it is empty
        state = (database.path, kind, store.changed)
        if state not in self._known:
            self._known[state] = store.candidates(kind)
        return self._known[state]

    def _with_planned(
        self, pools: list[tuple[str, list[Candidate]]], planned: Sequence[Candidate]
    ) -> list[tuple[str, list[Candidate]]]:
        """Put the products of earlier jobs in line with the first database."""
        if not planned:
            return pools
        latest = [replace(candidate, order=float("inf")) for candidate in planned]
        (origin, first), *rest = pools or [(planned[0].origin or "this run", [])]
        return [(origin, [*first, *latest]), *rest]

    def _best(
        self,
        kind: Kind,
        facts: Facts,
        pool: Sequence[Candidate],
        *,
        name: str,
        shape: tuple[int, int] | None,
    ) -> Match:
        """Choose from one database; a file that is not as it was added is refused, and the next is tried."""
        left = list(pool)
        while True:
            found = match(kind, facts, left, name=name, shape=shape, max_age=self.max_age)
            reason = self._trouble(found.chosen) if found.chosen else None
            if reason is None:
                return found
            left = [replace(c, refused=reason) if c is found.chosen else c for c in left]

    def _trouble(self, candidate: Candidate) -> str | None:
        """Say what is wrong with the file of a candidate; a planned one need not exist."""
        if candidate.order == float("inf"):
            return None
        return Store(candidate.origin, patience=self.patience).trouble(candidate)


def _joined(kind: Kind, name: str, found: Sequence[Match]) -> Match:
    """Return the last answer together with the misses of the databases asked before it."""
    if not found:
        return Match(kind, name)
    misses = tuple(miss for one in found for miss in one.misses)
    searched = tuple(where for one in found for where in one.searched)
    return replace(found[-1], misses=misses, searched=searched)
