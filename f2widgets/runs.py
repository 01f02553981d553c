"""Runs on disk: frames kept between steps, and a record by which a reduction goes on from there."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from f2widgets import __version__
from f2widgets.core.frame import Frame
from f2widgets.differences import difference
from f2widgets.errors import NotF2Data, NotWritten, WrongInputs
from f2widgets.io.atomic import written_whole
from f2widgets.io.identity import md5_of
from f2widgets.io.kept import KeptFrame, keep_frame, require_unchanged
from f2widgets.io.provenance import STAMPS
from f2widgets.plan import Plan
from f2widgets.recipes.calls import settled
from f2widgets.recipes.steps import STEPS
from f2widgets.recipes.wishes import in_recipe

#: Folder for frames kept between steps, one folder in it for each run.
RUNS = "f2_runs"
#: Name of the record in the folder of a run, and what it says it is.
RECORD, FORMAT, VERSION = "run.json", "f2widgets run", 1
#: Steps after which frames are worth keeping: what comes before takes longest, or is set most rarely.
CHECKPOINTS = ("divide_flat", "refine_sky")


def stamps_of(frame: Frame) -> dict[str, tuple[str, ...]]:
    """Return the keywords to stamp: not those of steps that were left out."""
    missing = {entry.verb for entry in frame.history if entry.arguments.get("left_out")}
    return {verb: keys for verb, keys in STAMPS.items() if verb not in missing}


class Keeper:
    """Keeps frames of a run between steps, in a folder of its own that is made at the first.

    Parameters
    ----------
    what : Plan
        What is carried out.

    Attributes
    ----------
    paths : list of `~pathlib.Path`
        The files kept so far.
    """

    def __init__(self, what: Plan) -> None:
        self._what = what
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")[:-3]
        self._folder = _base(what) / f"{now}-{os.getpid()}-{what.recipe.name.rpartition(':')[2]}"
        self._endings = {step.name: step.ending or step.name for step in STEPS}
        self._checkpoints: list[dict[str, Any]] = []
        self._open: dict[int, list[dict[str, Any]]] = {}
        self.paths: list[Path] = []

    def save(self, index: int, step: str, frame: Frame) -> Frame:
        """Write one frame after a step; return it, or what is left to go on with."""
        folder = self._folder / f"{index + 1:02d}_{step}"
        path = folder / f"{frame.name}_{self._endings.get(step, step)}.fits"
        self._open.setdefault(index, []).append(keep_frame(frame, path, stamps=stamps_of(frame)))
        self.paths.append(path)
        return frame.bare() if step == self._what.recipe.leaves else frame

    def seal(self, index: int, step: str) -> None:
        """Put into the record that all frames after a step are kept."""
        frames = self._open.pop(index)
        folder = f"{index + 1:02d}_{step}"
        self._checkpoints.append({"step": step, "index": index, "folder": folder, "frames": frames})
        _write_record(self._folder, {**described(self._what), "checkpoints": self._checkpoints})

    def drop_unsealed(self) -> None:
        """Delete the frames of a step that not all frames have been through."""
        for index in self._open:
            for folder in self._folder.glob(f"{index + 1:02d}_*"):
                shutil.rmtree(folder, ignore_errors=True)
        for folder in (self._folder, self._folder.parent):
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()


@dataclass(frozen=True)
class Checkpoint:
    """Frames kept after a step, that a reduction can go on with.

    Parameters
    ----------
    step : str
        The step they have been through.
    index : int
        Its place in the recipe.
    folder : `~pathlib.Path`
        Of the run.
    frames : tuple of KeptFrame
        In the order of the run.
    """

    step: str
    index: int
    folder: Path
    frames: tuple[KeptFrame, ...]

    def __str__(self) -> str:
        """Say where the frames come from."""
        return f"Goes on after {self.step}, with the frames kept in {self.folder}"


def checkpoint_before(what: Plan, start: str) -> Checkpoint:
    """Return the latest kept frames from which a plan can be carried out beginning with a step.

    Parameters
    ----------
    what : Plan
        With the settings wanted now.
    start : str
        The first step that must be done anew, by our name or the reference's.

    Returns
    -------
    Checkpoint
        Of the newest run that was made from the same files with the same calibrations and the same settings
        up to there.

    Raises
    ------
    ParameterError
        If the recipe has no such step.
    WrongInputs
        If there is none; with what differs, and what to do.
    """
    name = in_recipe(start, what.recipe).name
    found = _fitting(what, name, list(_records(_base(what))), described(what))
    if isinstance(found, str):
        raise WrongInputs(found)
    return _checkpoint(what, *found)


def _checkpoint(what: Plan, folder: Path, told: Mapping[str, Any]) -> Checkpoint:
    """Return the frames that a record tells of."""
    raw = {file.name: file for file in what.files}
    frames = [KeptFrame(folder / told["folder"], one, raw[one["name"]]) for one in told["frames"]]
    return Checkpoint(told["step"], told["index"], folder, tuple(frames))


def left_for(what: Plan) -> Checkpoint | None:
    """Return the frames that the part of a recipe before this one has left.

    Parameters
    ----------
    what : Plan
        Of a part.

    Returns
    -------
    Checkpoint or None
        Of the newest run of that part with the same files; None where there is no part before.

    Raises
    ------
    WrongInputs
        If there is none; with what differs, and what to do.
    """
    before = what.recipe.goes_on
    if not before:
        return None
    here = {**described(what), "recipe": before}
    reasons = []
    for folder, record in _records(_base(what)):
        if record["recipe"] != before:
            continue
        told = record["checkpoints"][-1]
        different = difference(record, here, -1) or _changed(folder, told)
        if different is None:
            return replace(_checkpoint(what, folder, told), index=-1)
        reasons.append(f"{folder} was made {different}".rstrip("."))
    found = reasons[0] if reasons else f"there are none in {_base(what)}"
    raise WrongInputs(
        f"{what.recipe.name} goes on with the frames of {before}, and {found}. "
        f"Carry out {before} first, with the same raw frames and the same --out."
    )


def starts(what: Plan) -> dict[str, str]:
    """Say with which steps a plan can begin, with frames that earlier runs have kept.

    Parameters
    ----------
    what : Plan
        With the settings wanted now.

    Returns
    -------
    dict of str to str
        By our name of each step of the recipe: empty where it can, the reason where it cannot.
    """
    records = list(_records(_base(what)))
    here = described(what) if records else {}
    found = {step.name: _fitting(what, step.name, records, here) for step in what.recipe.steps}
    return {name: one if isinstance(one, str) else "" for name, one in found.items()}


def _fitting(
    what: Plan, name: str, records: Sequence[tuple[Path, dict[str, Any]]], here: Mapping[str, Any]
) -> tuple[Path, dict[str, Any]] | str:
    """Return folder and record of the latest kept frames before a step, or say why there are none."""
    first = next(i for i, step in enumerate(what.recipe.steps) if step.name == name)
    reasons = []
    for folder, record in records:
        for told in reversed([one for one in record["checkpoints"] if one["index"] < first]):
            different = difference(record, here, told["index"]) or _changed(folder, told)
            if different is None:
                return folder, told
            reasons.append(f"frames are kept after {told['step']} in {folder}, but {different}")
    found = f": {reasons[0].rstrip('.')}." if reasons else f": there are none in {_base(what)}."
    keep = next((one for one in reversed(CHECKPOINTS) if _before(what, one, first)), None)
    remedy = f" Reduce from the raw frames, and keep some with --keep {keep}." if keep else ""
    return f"No kept frames fit a start with {name}{found}{remedy}"


def _before(what: Plan, step: str, first: int) -> bool:
    """Tell whether a recipe has a step before a place."""
    return step in [one.name for one in what.recipe.steps[:first]]


def _base(what: Plan) -> Path:
    """Return the folder of all runs."""
    return what.out / RUNS


def _changed(folder: Path, told: Mapping[str, Any]) -> str | None:
    """Say which of the kept frames is gone or was changed; None where all are as they were."""
    try:
        for one in told["frames"]:
            require_unchanged(folder / told["folder"], one)
    except NotF2Data as error:
        return str(error)
    return None


def _records(base: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Give the records of runs, the newest first; what is no record of this format is passed over."""
    for path in sorted(base.glob(f"*/{RECORD}"), reverse=True):
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(record, dict) and (record.get("format"), record.get("version")) == (FORMAT, VERSION):
            yield path.parent, record


def described(what: Plan) -> dict[str, Any]:
    """Return everything that decides what a run makes of its frames.

    Parameters
    ----------
    what : Plan
        Complete.

    Returns
    -------
    dict
        Version, recipe, MD5 sums of the inputs, and for each step its values and calibrations, with their
        sums; JSON can write it.
    """
    calls = settled(what.recipe.uses, what.calibrations, what.wishes.settings, what.wishes.without)
    steps = [
        {
            "step": call.step.name,
            "left_out": call.left_out,
            "values": dict(call.values),
            "calibrations": {} if call.left_out else _calibrations(what, call.step.needs),
        }
        for call in calls
    ]
    inputs = {file.path.name: file.md5 for file in what.files}
    source = what.recipe.source
    return {
        "format": FORMAT,
        "version": VERSION,
        "made_by": __version__,
        "recipe": f"{what.recipe.name} ({md5_of(source)})" if source else what.recipe.name,
        "inputs": inputs,
        "steps": steps,
    }


def _calibrations(what: Plan, needs: Sequence[Any]) -> dict[str, dict[str, list[str]]]:
    """Return name and MD5 sum of the calibration of each kind for each frame."""
    found = {need.kind: what.calibrations.get(need.kind, {}) for need in needs}
    return {
        kind: {frame: [file.path.name, file.md5] for frame, file in files.items()}
        for kind, files in found.items()
    }


def supersede(folder: Path) -> None:
    """Delete what older runs of the same frames have kept after the same steps as a run.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Of the run.
    """
    every = dict(_records(folder.parent))
    if folder not in every:
        return
    own = every[folder]
    places = {told["index"] for told in own["checkpoints"]}
    for older, record in every.items():
        same = all(record[key] == own[key] for key in ("recipe", "inputs"))
        if older.name >= folder.name or not same:
            continue
        rest = [told for told in record["checkpoints"] if told["index"] not in places]
        if not rest:
            shutil.rmtree(older, ignore_errors=True)
        elif len(rest) < len(record["checkpoints"]):
            _write_record(older, {**record, "checkpoints": rest})
            for told in record["checkpoints"]:
                if told not in rest:
                    shutil.rmtree(older / told["folder"], ignore_errors=True)


def forget(what: Plan) -> None:
    """Delete what runs of the same frames by the same recipe have kept.

    Parameters
    ----------
    what : Plan
        Carried out: its product is there.
    """
    inputs = {file.path.name: file.md5 for file in what.files}
    for folder, record in list(_records(_base(what))):
        if (record["recipe"], record["inputs"]) == (what.recipe.name, inputs):
            shutil.rmtree(folder, ignore_errors=True)
    if _base(what).is_dir() and not any(_base(what).iterdir()):
        _base(what).rmdir()


def _write_record(folder: Path, record: Mapping[str, Any]) -> None:
    """Write the record of a run, whole or not at all."""
    with written_whole(folder / RECORD) as stream:
        stream.write(json.dumps(record, indent=1).encode())


def clear(out: str | os.PathLike[str] = ".") -> list[Path]:
    """Delete the frames that were kept between steps.

    Parameters
    ----------
    out : path-like, optional
        Folder of the products.

    Returns
    -------
    list of `~pathlib.Path`
        The folders of runs that are gone.

    Raises
    ------
    NotWritten
        If the system refuses.
    """
    base = Path(out) / RUNS
    runs = sorted(path for path in base.glob("*") if path.is_dir())
    try:
        for path in runs:
            shutil.rmtree(path)
        if base.is_dir() and not any(base.iterdir()):
            base.rmdir()
    except OSError as error:
        raise NotWritten(f"{base} could not be cleared: {error.strerror or error}.") from error
    return runs
