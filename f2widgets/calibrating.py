"""The calibrations of frames from Python: which they get and why, and what the database holds."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from f2widgets.calibrations.config import read_config
from f2widgets.calibrations.entries import Entry, Outcome
from f2widgets.calibrations.overview import store_of
from f2widgets.calibrations.service import Calibrations
from f2widgets.errors import CalibrationStore
from f2widgets.files import Names, paths_of
from f2widgets.io.index import indexed
from f2widgets.needs import Need, needs_of


def calibrations_for(
    files: Names,
    *,
    user_cals: Mapping[str, str | os.PathLike[str]] | Iterable[str] = (),
    config: str | os.PathLike[str] | None = None,
) -> list[Need]:
    """Find the calibrations that frames would get, and why, as ``f2 caldb match`` does.

    Parameters
    ----------
    files : str, path or iterable of these
        Raw frames, as in `f2widgets.table`.
    user_cals : mapping of str to path, or iterable of str, optional
        Calibrations named by the user, as for `f2widgets.reduce`.
    config : path-like, optional
        Configuration of the databases.

    Returns
    -------
    list of Need
        One for each frame and kind; ``print`` tells which file and why, or why none.

    Raises
    ------
    CalibrationStore
        If a database cannot be asked.
    """
    if isinstance(user_cals, Mapping):
        user_cals = [f"{kind}:{os.fspath(file)}" for kind, file in user_cals.items()]
    return needs_of(indexed(paths_of(files)), Calibrations(read_config(config), user=user_cals))


def add_calibrations(files: Names, *, config: str | os.PathLike[str] | None = None) -> list[Outcome]:
    """Add processed calibrations to the database, as ``f2 caldb add`` does; one that is missing is made.

    Parameters
    ----------
    files : str, path or iterable of these
        Processed darks, flats and bad pixel masks; a folder stands for the files in it.
    config : path-like, optional
        Configuration of the databases.

    Returns
    -------
    list of Outcome
        What became of each file.

    Raises
    ------
    CalibrationStore
        If the database cannot be written, or no file is a processed calibration.
    """
    store = store_of(read_config(config))
    store.init()
    names = [files] if isinstance(files, str | os.PathLike) else list(files)
    found = store.add(*names)
    refused = [one for one in found if one.done == "refused"]
    if len(refused) == len(found):
        reasons = "; ".join(f"{one.path.name}: {one.reason}" for one in refused[:3])
        raise CalibrationStore(f"Nothing was added: {reasons or 'there are no FITS files'}.")
    return found


def remove_calibrations(files: Names, *, config: str | os.PathLike[str] | None = None) -> list[Entry]:
    """Forget calibrations, as ``f2 caldb remove`` does; the files stay where they are.

    Parameters
    ----------
    files : str, path or iterable of these
        Names of files, with or without their folder.
    config : path-like, optional
        Configuration of the databases.

    Returns
    -------
    list of Entry
        What was forgotten.

    Raises
    ------
    ParameterError
        If a name is not in the database; then nothing is forgotten.
    """
    names = [files] if isinstance(files, str | os.PathLike) else list(files)
    return store_of(read_config(config)).remove(*(os.fspath(name) for name in names))
