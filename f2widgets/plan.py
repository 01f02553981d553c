"""What would be done with some files, before it runs: recipe, calibrations of each frame, product."""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from f2widgets.calibrations.match import Match, match_rows
from f2widgets.calibrations.overrides import calibration_kind
from f2widgets.calibrations.rules import SAME_NIGHT
from f2widgets.calibrations.service import Calibrations
from f2widgets.core.fields import views
from f2widgets.errors import NoCalibration, WrongInputs
from f2widgets.io.read import FrameFile, open_frame, require_imaging
from f2widgets.recipes.beside import fields_of
from f2widgets.recipes.recipe import Recipe
from f2widgets.recipes.recipes import IMAGE, OFFSET, ON_TARGET, recipe_for, recipe_named
from f2widgets.recipes.reduced import require_stackable, root_name
from f2widgets.recipes.roles import Role, plural, role_of
from f2widgets.recipes.wishes import Wishes, kinds_of, understood

#: Seconds to which exposure times are compared.
_EXPOSURE = 0.01
#: How many files a message names.
_TOLD = 3

#: What frames of one kind must have in common, as a reader says it, and how it is asked.
_SAME: dict[str, Callable[[FrameFile], Any]] = {
    "size": lambda file: f"{file.shape[1]} x {file.shape[0]} pixels",
    "filter": lambda file: file.facts.filter_name,
    "exposure time": lambda file: f"{round(file.facts.exposure_time / _EXPOSURE) * _EXPOSURE:g} s",
    "number of coadds": lambda file: file.facts.coadds,
    "read mode": lambda file: f"LNRS {file.facts.read_mode}",
}


@dataclass(frozen=True)
class Plan:
    """Everything that a reduction needs, found and checked.

    Parameters
    ----------
    recipe : Recipe
        What is done.
    files : tuple of FrameFile
        The inputs, earliest first.
    wishes : Wishes
        What the user set.
    matches : tuple of Match
        The calibration of each kind for each frame, where one was asked for.
    product : `~pathlib.Path` or None
        The file to be written.
    ending : str
        What its name has behind that of the frame: ``_dark``.
    notes : tuple of str
        What a careful observer would want to know.
    service : Calibrations or None
        Takes the product if it is a calibration.
    beside : frozenset of str
        Names of the frames that show the sky beside the target.
    out : `~pathlib.Path`
        Folder of the product, and of frames that are kept.
    """

    recipe: Recipe
    files: tuple[FrameFile, ...]
    wishes: Wishes
    matches: tuple[Match, ...] = ()
    product: Path | None = None
    ending: str = ""
    notes: tuple[str, ...] = ()
    service: Calibrations | None = field(default=None, repr=False, compare=False)
    beside: frozenset[str] = frozenset()
    out: Path = Path(".")
    _opened: dict[Path, FrameFile] = field(default_factory=dict, repr=False, compare=False)

    @cached_property
    def calibrations(self) -> dict[str, dict[str, FrameFile]]:
        """The open calibrations by kind and frame."""
        chosen: dict[str, dict[str, FrameFile]] = defaultdict(dict)
        for match in self.matches:
            if match.path is not None:
                if match.path not in self._opened:
                    self._opened[match.path] = open_frame(match.path)
                chosen[match.kind][match.frame] = self._opened[match.path]
        return dict(chosen)

    @property
    def calibration_rows(self) -> tuple[tuple[str, ...], ...]:
        """Frames, kind, file, age and origin of the calibrations, a row for frames that share one."""
        return tuple(match_rows(self.matches))

    @property
    def repairs(self) -> tuple[str, ...]:
        """Faults of the headers that are known and mended."""
        return _repairs(self.files)

    def role(self, file: FrameFile) -> Role:
        """Return what an input is."""
        return Role.SKY if file.name in self.beside else role_of(file.facts.tags)

    @property
    def made_from(self) -> frozenset[str]:
        """Names of all files that will go into the product."""
        own = {self.recipe.source.name} if self.recipe.source else set()
        own |= {origin.filename for file in self.files for origin in file.provenance}  # of reduced ones
        return frozenset(
            own | {file.path.name for file in self.files} | {m.path.name for m in self.matches if m.path}
        )

    def __str__(self) -> str:
        """Show the plan as text."""
        recipe = self.recipe
        lines = [f"Recipe {recipe.name} ({recipe.verb}): {recipe.summary}", ""]
        lines += ["Inputs, earliest first:"] + [f"  {file.path}  {self.role(file)}" for file in self.files]
        lines += ["", "Steps:"]
        for step in recipe.steps:
            state = (
                "left out"
                if step.name in self.wishes.without
                else _settings(self.wishes.settings.get(step.name))
            )
            lines.append(f"  {step.name:<22}{step.verb:<26}{state}".rstrip())
        if self.matches:
            rows = [("frames", "needs", "file", "age", "from"), *self.calibration_rows]
            lines += ["", "Calibrations:", *in_columns(rows)]
        lines += ["", f"Product: {self.product or 'none'}"]
        lines += [f"Repaired: {repair}" for repair in self.repairs]
        return "\n".join(lines + [f"Note: {note}" for note in self.notes])


def plan(
    paths: Iterable[str | os.PathLike[str]],
    *,
    recipe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
    calibrations: Calibrations | None = None,
    out: str | os.PathLike[str] = ".",
    suffix: str | None = None,
    lenient: bool = False,
) -> Plan:
    """Find out what would be done with some files, and with which calibrations.

    Parameters
    ----------
    paths : iterable of path-like
        Raw frames; their order does not matter.
    recipe : str, optional
        Our name of it or the reference's; by default it follows from what all the files are.
    settings : mapping, optional
        ``{"step:parameter": value}`` by our names or the reference's.
    without, keep : collection of str, optional
        Steps to leave out, or to keep the frames after.
    calibrations : Calibrations, optional
        Where calibrations are found; by default as configured.
    out : path-like, optional
        Folder of the product.
    suffix : str, optional
        Ending of the product's name, by default its kind: ``_dark``.
    lenient : bool, optional
        Pass over what is asked of steps that the recipe does not have: it is meant for another job.

    Returns
    -------
    Plan
        Complete: nothing is missing when it runs.

    Raises
    ------
    NotF2Data
        If a file cannot be read, or is no image of Flamingos-2.
    WrongInputs
        If the files do not belong together.
    ParameterError
        If recipe, step, parameter or value are unknown.
    NoCalibration
        If a frame lacks a calibration.
    WrongCalibration
        If a calibration that the user named does not fit.
    """
    files = _opened(paths)
    groups: dict[Role, list[FrameFile]] = defaultdict(list)
    for file in files:
        groups[role_of(file.facts.tags)].append(file)
    wanted = None if recipe is None else recipe_named(recipe)
    lamps = [*groups.get(Role.LAMP_ON, ()), *groups.get(Role.LAMP_OFF, ())]
    in_k = bool(lamps) and all(file.facts.in_k for file in lamps)
    named = {role: [file.path.name for file in some] for role, some in groups.items()}
    chosen = recipe_for(named, wanted, in_k=in_k)
    _must_agree(chosen, groups)
    settings, parts = settings or {}, None
    if chosen in ON_TARGET:
        seen = views((f.name, f.facts, f.shape, f.header) for f in files)
        settings, parts = fields_of(seen, settings, lenient=lenient)
    if parts is not None and parts.sky:
        if chosen is not IMAGE:
            raise WrongInputs(
                f"{chosen.name} ({chosen.verb}) takes dithers on the target, and here is an {parts.words}."
            )
        chosen = OFFSET
        groups[Role.SCIENCE] = [file for file in files if file.name in parts.target]
        groups[Role.SKY] = [file for file in files if file.name in parts.sky]
    wishes = understood(settings, chosen, without, keep, lenient=lenient)
    service = Calibrations() if calibrations is None else calibrations
    matches, notes = _matched(chosen, files, wishes, service)
    product, ending = None, f"_{chosen.ending or chosen.product}" if suffix is None else suffix
    if chosen.product is not None:
        name = groups[chosen.main][0].name
        product = Path(out) / f"{root_name(name) if chosen.main is Role.STACK else name}{ending}.fits"
    advice = [*_advice(chosen, lamps), *([parts.words] if parts is not None and parts.sky else ())]
    notes = (*service.config.notes, *advice, *notes)
    beside = frozenset(file.name for file in groups.get(Role.SKY, ()))
    return Plan(chosen, files, wishes, matches, product, ending, notes, service, beside, Path(out))


def _opened(paths: Iterable[str | os.PathLike[str]]) -> tuple[FrameFile, ...]:
    """Open the files, earliest first, each once."""
    unique = dict.fromkeys(Path(path) for path in paths)
    if not unique:
        raise WrongInputs("There are no files to reduce: name at least one, or give a list as @LIST.")
    files = [require_imaging(open_frame(path)) for path in unique]
    by_name: dict[str, FrameFile] = {}
    for file in files:
        first = by_name.setdefault(file.name, file)
        if first is not file:
            raise WrongInputs(
                f"{first.path} and {file.path} have the same name; a product could not tell them apart. "
                "Leave one out."
            )
    return tuple(sorted(files, key=lambda file: (str(file.facts.ut_start or ""), file.name)))


def _must_agree(recipe: Recipe, groups: Mapping[Role, list[FrameFile]]) -> None:
    """Refuse frames that differ in what must be one."""
    every = [file for some in groups.values() for file in some]
    if stacks := groups.get(Role.STACK, []):
        _one(stacks, "filter", plural(Role.STACK))
        require_stackable(stacks)
    else:
        _one(every, "size", "frames")
    for file in every if recipe.product or recipe.leaves else ():
        if not file.facts.exposure_time > 0:
            raise WrongInputs(
                f"{file.path}: the exposure time is not known (EXPTIME is missing, or not above 0). "
                "Leave the frame out, or correct EXPTIME in a copy of the file."
            )
        if file.facts.gain is None and not stacks:
            raise WrongInputs(
                f"{file.path}: gain and read noise are not known for LNRS={file.facts.read_mode} "
                "(known: 1, 4, 6, 8). Leave the frame out, or correct LNRS in a copy of the file."
            )
    lamps = [*groups.get(Role.LAMP_ON, ()), *groups.get(Role.LAMP_OFF, ())]
    for files, name, keys in (
        (lamps, "flats", ("filter", "exposure time", "number of coadds", "read mode")),
        (groups.get(Role.TWILIGHT, ()), plural(Role.TWILIGHT), ("filter", "read mode")),
        (groups.get(Role.DARK, ()), plural(Role.DARK), ("exposure time", "number of coadds", "read mode")),
        (
            groups.get(Role.SCIENCE, ()) if recipe.product or recipe.leaves else (),
            plural(Role.SCIENCE),
            ("filter", "exposure time", "number of coadds", "read mode"),
        ),
    ):
        for key in keys:
            _one(files, key, name)
    if recipe.only_k and Role.DARK in groups:
        _as_long(lamps[0], groups[Role.DARK][0])


def _as_long(flat: FrameFile, dark: FrameFile) -> None:
    """Refuse darks that were not exposed and read like the K flats they are subtracted from."""
    for key in ("exposure time", "number of coadds", "read mode"):
        needed, found = _SAME[key](flat), _SAME[key](dark)
        if needed != found:
            raise WrongInputs(
                f"In K darks are subtracted from the flats, which must have the same {key}: {flat.path.name} "
                f"has {needed}, {dark.path.name} {found}. Give darks of the flats' {key}, or the flats alone "
                "if such a dark was reduced before."
            )


def _advice(recipe: Recipe, lamps: Sequence[FrameFile]) -> tuple[str, ...]:
    """Return what experience says of the inputs."""
    starts = [file.facts.ut_start for file in lamps if file.facts.ut_start is not None]
    if recipe.only_k and starts and (max(starts) - min(starts)).total_seconds() > SAME_NIGHT * 86_400:
        span = (max(starts) - min(starts)).total_seconds() / 86_400
        return (
            f"The K flats were taken over {span:.1f} days. Better take those of one day: "
            "their light is that of the warm telescope, which changes.",
        )
    return ()


def _one(files: Sequence[FrameFile], key: str, name: str) -> None:
    """Refuse files with several values of a property, naming them."""
    by_value: dict[Any, list[str]] = defaultdict(list)
    for file in files:
        by_value[_SAME[key](file)].append(file.path.name)
    if len(by_value) < 2:
        return
    parts = []
    for value, names in sorted(by_value.items(), key=lambda item: -len(item[1])):
        told = ", ".join(names[:_TOLD]) + (", …" if len(names) > _TOLD else "")
        parts.append(f"{value or 'unknown'} ({len(names)}: {told})")
    raise WrongInputs(
        f"The {name} are not of one {key}: {'; '.join(parts)}. Reduce each kind with a call of its own."
    )


def _matched(
    recipe: Recipe, files: Sequence[FrameFile], wishes: Wishes, service: Calibrations
) -> tuple[tuple[Match, ...], tuple[str, ...]]:
    """Find the calibrations of all frames, or say what is missing."""
    matches: list[Match] = []
    notes: dict[str, None] = {}
    for wanted, may_lack in kinds_of(recipe, wishes, service.user).items():
        kind = calibration_kind(wanted)
        named = wishes.files.get(kind)
        found = [
            service.find(kind, file.facts, name=file.name, shape=file.shape, file=named) for file in files
        ]
        lacking = [match for match in found if match.chosen is None and not match.skipped]
        if lacking and may_lack:
            notes[f"No {kind} is used for {_frames(lacking)}: none was found."] = None
        elif lacking:
            _refuse(lacking)
        for match in found:
            matches += [match] if match.chosen else []
            notes.update(
                {f"{kind} {match.path.name}: {note}" if match.path else note: None for note in match.notes}
            )
    return tuple(matches), tuple(notes)


def _refuse(lacking: Sequence[Match]) -> None:
    """Raise the error of a missing calibration, once for all frames that lack it."""
    try:
        lacking[0].require()
    except NoCalibration as error:
        more = f"\nThe same holds for {len(lacking) - 1} more frames." if len(lacking) > 1 else ""
        raise NoCalibration(f"{error}{more}") from None


def _frames(matches: Sequence[Match]) -> str:
    """Name the frames of matches in few words."""
    return matches[0].frame if len(matches) == 1 else f"{len(matches)} frames ({matches[0].frame}, …)"


def _repairs(files: Sequence[FrameFile]) -> tuple[str, ...]:
    """Tell each kind of repair once, with the first file and how many more have it."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for file in files:
        for problem in file.problems:
            kinds[re.sub(r"[\d:.]+", "", problem)].append(f"{file.path.name}: {problem}")
    return tuple(
        some[0] if len(some) == 1 else f"{some[0]} The same in {len(some) - 1} more files."
        for some in kinds.values()
    )


def _settings(values: Mapping[str, Any] | None) -> str:
    """Show what the user set."""
    return ", ".join(f"{name}={value}" for name, value in (values or {}).items())


def in_columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Set rows in columns, each line two blanks in."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return ["  " + "  ".join(f"{x:<{w}}" for x, w in zip(row, widths, strict=True)).rstrip() for row in rows]
