"""Reduce files: plan, run, write the product, and put a calibration where the next reduction finds it."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

from f2widgets.calibrations.config import read_config
from f2widgets.calibrations.service import Calibrations
from f2widgets.core.beat import beating
from f2widgets.core.frame import Frame, Origin
from f2widgets.errors import CalibrationStore, NotF2Data, NotWritten
from f2widgets.estimate import Estimate, estimate, learn
from f2widgets.io.identity import md5_of
from f2widgets.io.names import expand_names
from f2widgets.io.read import open_frame
from f2widgets.io.scratch import Scratch, require_room
from f2widgets.io.write import link_or_copy, made_from_identical, write_frame
from f2widgets.plan import Plan, plan
from f2widgets.products import Products
from f2widgets.recipes.events import Event, Finished, Kept, Listener, Measured, Note, Started, ignore, working
from f2widgets.recipes.history import WRITE, WRITE_VERB, with_origins
from f2widgets.recipes.run import run
from f2widgets.runs import Checkpoint, Keeper, checkpoint_before, left_for, stamps_of


def reduce(
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    recipe: str | None = None,
    settings: Mapping[str, Any] | None = None,
    user_cals: Mapping[str, str | os.PathLike[str]] | Iterable[str] = (),
    out: str | os.PathLike[str] = ".",
    suffix: str | None = None,
    without: Collection[str] = (),
    keep: Collection[str] = (),
    start: str | None = None,
    overwrite: bool = False,
    config: str | os.PathLike[str] | None = None,
    on_event: Listener = ignore,
) -> Products:
    """Reduce raw frames to a product.

    Parameters
    ----------
    files : str, path or iterable of these
        Raw frames, patterns, or lists as ``"@darks.list"``; their order does not matter.
    recipe : str, optional
        Our name of it or the reference's; by default it follows from what all the files are.
    settings : mapping, optional
        ``{"step:parameter": value}`` by our names or the reference's.
    user_cals : mapping of str to path, or iterable of str, optional
        Calibrations to use for all frames: ``{"dark": "D.fits"}`` or ``["processed_dark:D.fits"]``.
    out : path-like, optional
        Folder of the product; made if needed.
    suffix : str, optional
        Ending of the product's name, by default its kind: ``_dark``.
    without, keep : collection of str, optional
        Steps to leave out, or to keep the frames after.
    start : str, optional
        Begin with this step, with frames that an earlier run has kept somewhere before it.
    overwrite : bool, optional
        Replace a product that was made from something else.
    config : path-like, optional
        Configuration of the databases.
    on_event : callable, optional
        Called with each event; it may raise `Cancelled`.

    Returns
    -------
    Products
        Files, frames, timings, notes and what was measured.

    Raises
    ------
    F2Error
        See `f2widgets.plan.plan`; and `NotWritten` where a product is in the way or cannot be written,
        `Cancelled` if the callback asked to stop. Nothing is left half-written. `WrongInputs` if no kept
        frames fit a start with the step asked for.

    Examples
    --------
    >>> made = reduce("@darks_120s.list")   # doctest: +SKIP
    >>> made.path.name   # doctest: +SKIP
    'S20131120S0115_dark.fits'
    """
    what = planned(
        files,
        recipe=recipe,
        settings=settings,
        user_cals=user_cals,
        out=out,
        suffix=suffix,
        without=without,
        keep=keep,
        config=config,
    )
    return carry_out(what, start=start, overwrite=overwrite, on_event=on_event)


def planned(
    files: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    user_cals: Mapping[str, str | os.PathLike[str]] | Iterable[str] = (),
    config: str | os.PathLike[str] | None = None,
    **options: Any,
) -> Plan:
    """Return what `reduce` would do with the same arguments.

    Parameters
    ----------
    files, user_cals, config
        As for `reduce`.
    **options
        As for `f2widgets.plan.plan`.

    Returns
    -------
    Plan
        Shown as text by ``print``.
    """
    names = [files] if isinstance(files, str | os.PathLike) else list(files)
    paths = expand_names(os.fspath(name) for name in names)
    if isinstance(user_cals, Mapping):
        user_cals = [f"{kind}:{os.fspath(file)}" for kind, file in user_cals.items()]
    return plan(paths, calibrations=Calibrations(read_config(config), user=user_cals), **options)


def carry_out(
    what: Plan,
    *,
    start: str | None = None,
    overwrite: bool = False,
    pictures: bool = False,
    on_event: Listener = ignore,
) -> Products:
    """Carry out a plan: run its recipe, write the product and store it.

    Parameters
    ----------
    what : Plan
        Complete.
    start : str, optional
        Begin with this step, with frames that an earlier run has kept somewhere before it.
    overwrite : bool, optional
        Replace a product that was made from something else.
    pictures : bool, optional
        Send a small picture of each frame after each step that leaves it whole.
    on_event : callable, optional
        Called with each event.

    Returns
    -------
    Products
        What was made.

    Raises
    ------
    NotWritten
        If a product is in the way, or cannot be written.
    WrongInputs
        If no kept frames fit a start with the step asked for.
    """
    kept = left_for(what) if start is None else checkpoint_before(what, start)
    _must_be_free(what, overwrite, kept)
    store = Keeper(what)
    diary = _Diary(on_event, store)
    for note in (*what.notes, *([f"{kept}."] if kept else [])):
        diary(Note("plan", note))
    first, began = (kept.index + 1 if kept else 0), perf_counter()
    expected = estimate(what, first=first, at_pace=1.0)
    try:
        with _room(what, expected, diary) as scratch:
            frames = run(
                what.recipe,
                kept.frames if kept else what.files,
                what.calibrations,
                settings=what.wishes.settings,
                without=what.wishes.without,
                keep={*what.wishes.keep, what.recipe.leaves},
                save=store.save,
                start=first,
                scratch=scratch,
                pictures=pictures,
                on_event=diary,
            )
    except BaseException:
        store.drop_unsealed()
        raise
    if what.recipe.source is not None:
        file = what.recipe.source
        origin = Origin(file.name, md5_of(file), what.recipe.name, datetime.now(UTC))
        frames = [with_origins(frame, [origin]) for frame in frames]
    paths: list[Path] = []
    stored: list[Path] = []
    problems: list[str] = []
    if what.product is not None:
        total = len(what.recipe.uses)
        diary(Started(WRITE, WRITE_VERB, total, total, len(frames)))
        writing = perf_counter()
        with beating(working(diary, lambda: WRITE)):
            paths, stored, problems = _written(what, frames, overwrite)
        diary(Finished(WRITE, perf_counter() - writing))
    learn(expected, perf_counter() - began)
    return Products(
        what,
        tuple(paths),
        tuple(stored),
        tuple(store.paths),
        () if paths else tuple(frames),
        diary.timings,
        tuple(diary.notes),
        tuple(problems),
        {"frames": diary.measured, "product": dict(frames[0].measured) if what.product else {}},
    )


def _room(what: Plan, expected: Estimate, tell: Listener) -> AbstractContextManager[Scratch | None]:
    """Return room on disk for frames between steps, where they are too many for memory."""
    folder = what.out
    if expected.stays:
        require_room(folder, (expected.disk + expected.stays) * 1e6)
    if not expected.disk:
        return nullcontext()
    told = f"Frames between steps take up to {expected.disk / 1000:.1f} GB of disk in {folder.absolute()}"
    tell(Note("plan", f"{told}, and nothing of it stays."))
    return Scratch(folder, expected.disk * 1e6)


class _Diary:
    """Listens to a run, keeps what the result should tell, seals what is kept, and passes all on."""

    def __init__(self, listener: Listener, store: Keeper) -> None:
        self._listener, self._store = listener, store
        self.timings: dict[str, float] = {}
        self.notes: list[str] = []
        self.measured: dict[str, dict[str, float]] = {}

    def __call__(self, event: Event) -> None:
        """Take note of an event."""
        match event:
            case Finished(step, seconds):
                self.timings[step] = self.timings.get(step, 0.0) + seconds
            case Note(step, text, frame):
                self.notes.append(f"{frame}: {text}" if frame and frame not in text else text)
            case Measured(_, frame, values) if values:
                self.measured[frame] = dict(values)
            case Kept(step, index):
                self._store.seal(index, step)
        self._listener(event)


def _must_be_free(what: Plan, overwrite: bool, kept: Checkpoint | None) -> None:
    """Refuse, before anything runs, what could not be written at the end."""
    if what.product is None:
        return
    folder = what.product.parent
    there = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        raise NotWritten(
            f"{what.product} cannot be written: you have no permission to write in {there}. "
            "Choose another folder with --out."
        )
    if overwrite:
        return
    made_from = what.made_from.union(*(frame.made_from for frame in kept.frames) if kept else ())
    for path in (what.product, _place(what, what.product)):
        if path is None or not path.exists():
            continue
        try:
            same = {origin.filename for origin in open_frame(path).provenance} == made_from
        except NotF2Data:
            same = False
        if not same:
            raise NotWritten(
                f"{path} exists and was made from other files. "
                "Give --overwrite to replace it, or --out to write elsewhere."
            )


def _place(what: Plan, path: Path) -> Path | None:
    """Return where a calibration is kept besides the working folder."""
    kind = what.recipe.product
    return None if kind in (None, "image") else path.parent / "calibrations" / f"processed_{kind}" / path.name


def _written(
    what: Plan, frames: Sequence[Frame], overwrite: bool
) -> tuple[list[Path], list[Path], list[str]]:
    """Write the products, put calibrations in their place, and register them."""
    assert what.product is not None
    assert what.recipe.product is not None
    paths, stored, problems = [], [], []
    for frame in frames:
        # Several, where the user left the combination out: each under its own name.
        several = what.product.with_name(f"{frame.name}{what.ending}.fits")
        path = what.product if len(frames) == 1 else several
        place = _place(what, path)
        if place is not None and place.exists() and not (overwrite or made_from_identical(place, frame)):
            raise NotWritten(
                f"{place} exists and was made in another way. "
                "Give --overwrite to replace it, or --out to write elsewhere."
            )
        keywords = _keywords(what, frame)
        paths.append(
            write_frame(
                frame,
                path,
                kind=what.recipe.product,
                overwrite=overwrite,
                keywords=keywords,
                stamps=stamps_of(frame),
            )
        )
        if place is not None:
            problems += put_in_store(what, path)
            stored += [place] if place.exists() else []
    return paths, stored, problems


def put_in_store(what: Plan, path: Path) -> list[str]:
    """Put a calibration where it is found again, and register it.

    Parameters
    ----------
    what : Plan
        By which it was made.
    path : `~pathlib.Path`
        The product; nothing is done with one that is no calibration.

    Returns
    -------
    list of str
        What went wrong: the product itself is there.
    """
    place = _place(what, path)
    if place is None:
        return []
    try:
        link_or_copy(path, place)
        if what.service is not None and what.service.store(place):
            return []
    except (CalibrationStore, NotWritten) as error:
        return [f"{path.name} was written but not registered: {error}"]
    return [
        f"{path.name} was written but not registered: no database takes new calibrations. "
        "Add it with f2 caldb add, or name it with --user_cal."
    ]


def _keywords(what: Plan, frame: Frame) -> dict[str, Any]:
    """Return the keywords of a product that follow from all its inputs."""
    kind = what.recipe.product
    combined = any(step.combines and step.name not in what.wishes.without for step in what.recipe.steps)
    keywords: dict[str, Any] = {}
    if frame.facts.data_label:
        stack = "-STACK" if combined else ""
        raw = frame.facts.data_label.partition("-STACK")[0]
        keywords["DATALAB"] = f"{raw}{stack}-SQ-{str(kind).upper()}"
    if kind == "flat" and frame.facts.observation_type != "FLAT":
        keywords["OBSTYPE"] = ("FLAT", "made of twilight frames")
    seen = [file for file in what.files if file.name not in what.beside]
    airmasses = [file.facts.airmass for file in seen if file.facts.airmass is not None]
    if kind == "image" and combined and airmasses:
        keywords["AIRMASS"] = (sum(airmasses) / len(airmasses), "mean of the frames combined")
    return keywords
