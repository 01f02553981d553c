"""One task carried out where it is sent, in this process or another; what becomes of it, as plain values."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter
from typing import Literal

from f2widgets.calibrations.overrides import UserCal, calibration_kind
from f2widgets.calibrations.service import Calibrations
from f2widgets.campaign.done import fingerprint, read_record, write_record
from f2widgets.campaign.graph import Options
from f2widgets.campaign.looks import look_at
from f2widgets.errors import Cancelled, F2Error, NotF2Data, WrongInputs
from f2widgets.estimate import estimate
from f2widgets.io.read import open_frame, require_imaging
from f2widgets.plan import Plan, plan
from f2widgets.products import Products
from f2widgets.reduction import carry_out, put_in_store
from f2widgets.runs import CHECKPOINTS, checkpoint_before, forget

#: Seconds from which on a job keeps frames on the way, to go on with them after a crash. Keeping nine full
#: frames twice takes some 2 s.
WORTH_KEEPING = 60.0

#: What becomes of a task: made now, found as it was made before, failed, or not begun as something lacks.
State = Literal["made", "as it was", "failed", "not begun"]


@dataclass(frozen=True)
class Errand:
    """A task as it is sent to a process.

    Parameters
    ----------
    key : str
        Of the task.
    files : tuple of `~pathlib.Path`
        Raw frames, absolute.
    recipe : str or None
        The recipe; None for the one that fits.
    calibrations : mapping of str to `~pathlib.Path`
        File by kind.
    options : Options
        What is asked of all.
    overwrite : bool
        Replace a product that was made from something else.
    memory : float
        Most memory that it is expected to take, MB.
    """

    key: str
    files: tuple[Path, ...]
    recipe: str | None
    calibrations: Mapping[str, Path]
    options: Options
    overwrite: bool = False
    memory: float = 0.0


@dataclass(frozen=True)
class Outcome:
    """What became of a task.

    Parameters
    ----------
    key : str
        Of the task.
    state : {'made', 'as it was', 'failed', 'not begun'}
        In a word.
    product : `~pathlib.Path` or None
        The file that is there.
    seconds : float
        How long it took.
    reason : str
        Why it is not there, and what to do.
    notes, problems : tuple of str
        What a careful observer would want to know, and what could not be done although the product is there.
    unused : tuple of (str, str)
        Files that could not be read, each with the reason.
    """

    key: str
    state: State
    product: Path | None = None
    seconds: float = 0.0
    reason: str = ""
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    unused: tuple[tuple[str, str], ...] = ()

    @property
    def whole(self) -> bool:
        """Whether the product is there, and nothing is amiss with it."""
        return self.product is not None and not self.problems and not self.unused


def carry_out_errand(errand: Errand) -> Outcome:
    """Make the product of a task, unless the same is there already.

    Parameters
    ----------
    errand : Errand
        The task.

    Returns
    -------
    Outcome
        Never an error: what goes wrong is told in it, so that other tasks go on.

    Raises
    ------
    Cancelled
        If the user stopped.
    """
    began = perf_counter()
    try:
        with contextlib.chdir(errand.options.here):
            return _done(errand, began)
    except Cancelled:
        raise
    except (F2Error, OSError, MemoryError) as error:
        reason = str(error) or "There is not enough memory. Give less of it to all jobs with --memory."
    except Exception:
        reason = f"This is an error of the program; please report it.\n{traceback.format_exc()}"
    return Outcome(errand.key, "failed", seconds=perf_counter() - began, reason=reason)


def _done(errand: Errand, began: float) -> Outcome:
    """Plan with what can be read; find the product, or make it."""
    what, unused = _planned(errand)
    out, now = errand.options.out, fingerprint(what)
    known = read_record(out, errand.key)
    if known and known["fingerprint"] == now:
        state: State = "as it was"
        product, notes = out / known["product"], tuple(known["notes"])
        problems = put_in_store(what, product)
    else:
        made = _made(what, errand, replaces=errand.overwrite or known is not None)
        state, product, problems = "made", made.path, list(made.problems)
        notes = (*what.repairs, *made.notes)
        look, picture = look_at(product, what.recipe.product)
        record = {"fingerprint": now, "notes": notes, **look.as_record()}
        write_record(out, errand.key, product, record, picture)
    seconds = perf_counter() - began
    return Outcome(errand.key, state, product, seconds, "", notes, tuple(problems), tuple(unused))


def _planned(errand: Errand) -> tuple[Plan, list[tuple[str, str]]]:
    """Plan the task; without the files that turn out to be damaged, if there are any."""
    try:
        return _plan(errand, errand.files), []
    except NotF2Data:
        sound, unused = _sound(errand.files)
        if not sound:
            raise WrongInputs(f"None of the {len(unused)} frames can be read. {unused[0][1]}") from None
        if not unused:
            raise
        return _plan(errand, sound), unused


def _sound(files: Sequence[Path]) -> tuple[list[Path], list[tuple[str, str]]]:
    """Tell the files that can be read to their end from the others, with the reason."""
    sound: list[Path] = []
    unused: list[tuple[str, str]] = []
    for path in files:
        try:
            require_imaging(open_frame(path))
            sound.append(path)
        except NotF2Data as error:
            unused.append((str(path), str(error)))
    return sound, unused


def _plan(errand: Errand, files: Sequence[Path]) -> Plan:
    """Plan a task with its calibrations, whatever else the databases hold."""
    options = errand.options
    named = {cal.kind for cal in options.user_cals}
    own = [
        UserCal(calibration_kind(kind), path)
        for kind, path in errand.calibrations.items()
        if kind not in named
    ]
    return plan(
        files,
        recipe=errand.recipe,
        settings=options.settings,
        without=options.without,
        keep=options.keep,
        calibrations=Calibrations(options.config, user=[*options.user_cals, *own]),
        out=options.out,
        lenient=True,
    )


def _made(what: Plan, errand: Errand, *, replaces: bool) -> Products:
    """Carry a plan out, from kept frames if a run before was broken off."""
    long = estimate(what).seconds > WORTH_KEEPING and not errand.options.keep
    if long:
        has = {step.name for step in what.recipe.steps}
        keep = dict.fromkeys(name for name in CHECKPOINTS if name in has)
        what = replace(what, wishes=replace(what.wishes, keep=keep))
    start: str | None = what.recipe.steps[-1].name
    try:
        checkpoint_before(what, str(start))
    except WrongInputs:
        start = None
    made = carry_out(what, start=start, overwrite=replaces)
    if long:
        forget(what)
    return made
