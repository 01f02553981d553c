"""Plan everything in a folder: which group of frames needs the product of which other."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from f2widgets.calibrations.config import read_config
from f2widgets.calibrations.match import Candidate, Kind, Match
from f2widgets.calibrations.overrides import by_kind, calibration_kind
from f2widgets.calibrations.rules import MAX_AGE
from f2widgets.calibrations.service import Calibrations
from f2widgets.campaign.done import is_made
from f2widgets.campaign.graph import Graph, Options, Task
from f2widgets.campaign.groups import ASKED, SPAN, Aside, Group, counts, in_time, sort_out
from f2widgets.core.annotations import Tick, ignore
from f2widgets.core.fields import View, views
from f2widgets.errors import NoCalibration, ParameterError, WrongCalibration, WrongInputs
from f2widgets.estimate import expected
from f2widgets.files import Names, paths_of
from f2widgets.io.identity import root_of
from f2widgets.io.index import indexed
from f2widgets.io.records import Record
from f2widgets.jobs import Job
from f2widgets.needs import compared_facts, days_apart, pointed_facts, shape_of
from f2widgets.recipes.beside import fields_of
from f2widgets.recipes.names import our_step
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.recipes import BPM, RECIPES, recipe_for
from f2widgets.recipes.roles import Role
from f2widgets.recipes.wishes import kinds_of, understood

#: What each kind of group makes.
_MAKES: dict[Role, Kind | None] = {
    Role.DARK: "dark",
    Role.LAMP_ON: "flat",
    Role.TWILIGHT: "flat",
    Role.SCIENCE: None,
}


def plan_all(
    files: Names,
    *,
    settings: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
    user_cals: Mapping[str, str | os.PathLike[str]] | Iterable[str] = (),
    out: str | os.PathLike[str] = ".",
    config: str | os.PathLike[str] | None = None,
    tick: Tick = ignore,
) -> Graph:
    """Find out how everything in a folder would be reduced, as ``f2 plan`` does.

    Parameters
    ----------
    files : str, path or iterable of these
        A folder, with those below; or files and patterns.
    settings, without, keep, user_cals, out, config
        As for `f2widgets.reduce`. Steps may be those of any recipe: each job takes what concerns it.
    tick : callable, optional
        Called with how many headers are read, and of how many; it may raise `Cancelled`.

    Returns
    -------
    Graph
        ``print`` shows its jobs with their calibrations, what lacks, and what is left out.

    Raises
    ------
    NotF2Data
        If a folder cannot be read.
    WrongInputs
        If a name matches no file.
    ParameterError
        If a step, parameter or value is unknown.
    CalibrationStore
        If a database cannot be asked.

    Notes
    -----
    *Method*: only headers are read. Darks and flats that agree and were taken within a week make a master;
    frames of a target, filter, exposure and night make a stack. A mask of bad pixels is made once a week, of
    flats in a filter other than K where there are any, and of the shortest darks.

    Examples
    --------
    >>> print(plan_all("../playdata/example1"))   # doctest: +SKIP
    """
    if isinstance(user_cals, Mapping):
        user_cals = [f"{kind}:{os.fspath(file)}" for kind, file in user_cals.items()]
    where = Path(out).expanduser().absolute()
    known = read_config(config)
    wanted = tuple(without), tuple(keep), tuple(by_kind(user_cals).values())
    options = Options(settings or {}, *wanted, where, known, Path.cwd())
    groups, aside = sort_out(indexed(paths_of(files), ASKED, tick=tick))
    _must_be_known(options)
    tasks = [replace(task, there=is_made(where, task.key)) for task in _Linker(groups, options).tasks()]
    return Graph(tuple(tasks), tuple(aside), options, _found(groups, aside))


def _found(groups: Sequence[Group], aside: Sequence[Aside]) -> str:
    """Say how many frames of each kind there are."""
    total = sum(len(group.records) for group in groups) + len(aside)
    told = counts(groups)
    left = f"{'; ' if told else ''}{len(aside)} left out" if aside else ""
    return f"{total} file{'' if total == 1 else 's'}: {told}{left}." if total else ""


class _Linker:
    """Makes tasks one after the other, and knows what the earlier ones make."""

    def __init__(self, groups: Sequence[Group], options: Options) -> None:
        self._groups, self._options = groups, options
        self._service = Calibrations(options.config, user=options.user_cals)
        self._made: dict[Kind, list[Candidate]] = {"dark": [], "bpm": [], "flat": []}
        self._makers: dict[Path, str] = {}

    def tasks(self) -> list[Task]:
        """Return all tasks."""
        darks = [self._task(group, "dark") for group in self._of(Role.DARK)]
        masks = [] if "bpm" in self._service.user else [self._task(group, "bpm") for group in self._masks()]
        flats = [self._task(group, "flat") for group in self._of(Role.LAMP_ON, Role.TWILIGHT)]
        return [*darks, *masks, *flats, *(self._task(group, None) for group in self._of(Role.SCIENCE))]

    def _of(self, *roles: Role) -> list[Group]:
        """Return the groups of some roles."""
        return [group for group in self._groups if group.role in roles]

    def _masks(self) -> Iterator[Group]:
        """Give flats and darks together for one mask of bad pixels in a week."""
        done: list[Record] = []
        for group in sorted(self._of(Role.LAMP_ON), key=lambda group: group.in_k):
            first = group.records[0]
            darks = _darks_for(group, self._of(Role.DARK))
            if darks is not None and not any(_near(one, first, SPAN) for one in done):
                both = Group(Role.LAMP_ON, (*group.records, *darks.records))
                if isinstance(_recipe(both, "bpm"), Recipe):
                    done.append(first)
                    yield both

    def _task(self, group: Group, makes: Kind | None) -> Task:
        """Return the task of a group, with its calibrations; what it makes is there for those after it."""
        files = tuple(row.path for row in group.records)
        recipe, first = _recipe(group, makes), group.records[0]
        if isinstance(recipe, str):
            product = self._options.out / f"{root_of(first.path)}_{makes or 'image'}.fits"
            return Task(Job(files, makes=makes or ""), group.title, product, lacking=recipe)
        asked = self._options
        wishes = understood(asked.settings, recipe, asked.without, asked.keep, lenient=True)
        first = in_time(group.of(recipe.main))[0]
        product = self._options.out / f"{root_of(first.path)}_{recipe.ending or recipe.product}.fits"
        title = f"bpm of {group.title}" if makes == "bpm" else group.title
        job = Job(files, recipe.name if makes else None, makes or "")
        size = shape_of(first) or (0, 0)
        task = Task(job, title, product, recipe, expected=expected(recipe, size, len(files), wishes))
        if group.role is Role.SCIENCE:
            task = _with_fields(task, group, asked.settings)
        kinds = kinds_of(recipe, wishes, self._service.user)
        task = replace(task, optional=frozenset(name for name, may_lack in kinds.items() if may_lack))
        for name in kinds:
            task = self._with(task, calibration_kind(name), first, wishes.files.get(name))
        if makes and not task.lacking:
            facts = compared_facts(first)
            self._made[makes].append(Candidate(product, facts, "this folder", shape_of(first)))
            self._makers[product] = task.key
        return task

    def _with(self, task: Task, kind: Kind, first: Record, named: str | None) -> Task:
        """Add the calibration of a kind to a task, or what is lacking."""
        try:
            found = self._found(kind, first, named)
            if found.chosen is None and not found.skipped and kind not in task.optional:
                found.require()
        except (NoCalibration, WrongCalibration) as error:
            told = [task.lacking] if task.lacking else []
            told.append(str(error))
            if isinstance(error, NoCalibration):
                told.append(
                    f"Or bring raw {kind}s like that into the folder: f2 fetch --calibrations has them."
                )
            return replace(task, lacking="\n".join(told))
        if found.path is None:
            notes = [] if found.skipped else [f"no {kind} is used: none was found, and none can be made"]
            return replace(task, notes=(*task.notes, *notes))
        maker = self._makers.get(found.path)
        return replace(
            task,
            calibrations={**task.calibrations, kind: found.path},
            after=(*task.after, *([maker] if maker else [])),
            notes=(*task.notes, *(f"{kind} {found.path.name}: {note}" for note in found.notes)),
        )

    def _found(self, kind: Kind, first: Record, named: str | None) -> Match:
        """Ask for a calibration of the first frame of a group."""
        return self._service.find(
            kind,
            compared_facts(first),
            name=root_of(first.path),
            shape=shape_of(first),
            file=named,
            planned=self._made[kind],
        )


def _with_fields(task: Task, group: Group, settings: Mapping[str, Any]) -> Task:
    """Add to the task of a target what is known of its sky beside, or that it cannot be told."""
    try:
        try:
            parts = fields_of(_seen(group), settings, lenient=True)[1]
        except WrongInputs:  # the frames may say it themselves
            parts = fields_of(_seen(group, whole=True), settings, lenient=True)[1]
    except WrongInputs as error:
        return replace(task, lacking=str(error))
    return replace(task, notes=(*task.notes, parts.words)) if parts.sky else task


def _seen(group: Group, *, whole: bool = False) -> list[View]:
    """Return where the frames of a group look, by whole headers only if need be."""
    return views(
        (root_of(one.path), pointed_facts(one), shape_of(one) or (0, 0), one.headers.phu if whole else None)
        for one in group.records
        if one.headers is not None
    )


def _recipe(group: Group, makes: Kind | None) -> Recipe | str:
    """Return the recipe of a group, or why there is none."""
    wanted = BPM if makes == "bpm" else None
    try:
        return recipe_for(group.roles, wanted, in_k=group.role is Role.LAMP_ON and _lamps_in_k(group))
    except WrongInputs as error:
        return str(error)


def _lamps_in_k(group: Group) -> bool:
    """Tell whether the flats of a group, darks aside, are in K."""
    return Group(group.role, tuple(group.of(Role.LAMP_ON, Role.LAMP_OFF))).in_k


def _darks_for(flats: Group, darks: Sequence[Group]) -> Group | None:
    """Return the darks of which, with flats, a mask is made: the shortest, the nearest of these."""
    first = flats.records[0]
    near = [one for one in darks if _near(one.records[0], first, MAX_AGE)]
    if flats.in_k:
        same = ("exposure_time", "coadds", "read_mode")
        near = [one for one in near if all(_value(one, name) == _value(flats, name) for name in same)]
    # Hot pixels show in the shortest, and little else.
    by = [(_value(one, "exposure_time") or 0.0, days_apart(one.records[0], first)) for one in near]
    return near[by.index(min(by))] if near else None


def _near(one: Record, other: Record, days: float) -> bool:
    """Tell whether two frames are of one size, and were taken within some days."""
    return shape_of(one) == shape_of(other) and days_apart(one, other) < days


def _value(group: Group, name: str) -> object:
    """Return what all frames of a group have in common."""
    return group.records[0].descriptor(name)


def _must_be_known(options: Options) -> None:
    """Refuse steps that no recipe has: those of one recipe are passed over by the others."""
    steps = {step.name for recipe in RECIPES for step in recipe.steps}
    for key, value in options.settings.items():
        step, colon, _ = key.partition(":")
        if not colon and not isinstance(value, dict):
            raise ParameterError(f"{key} needs its step, as several recipes are used: STEP:{key}={value}.")
        if our_step(step) not in steps:
            understood({key: value}, RECIPES[-1])
    combining = {step.name for recipe in RECIPES for step in recipe.steps if step.combines}
    for name in options.without:
        if our_step(name) in combining:
            raise ParameterError(f"Each job gives one product here: {name} cannot be left out.")
    for name in (*options.without, *options.keep):
        if our_step(name) not in steps:
            understood({}, RECIPES[-1], without=[name])
