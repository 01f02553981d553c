"""Frames kept between steps: a FITS file that any viewer opens, and what FITS cannot hold exactly."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io.fits import Header

from f2widgets.core.flags import INTERNAL
from f2widgets.core.frame import Facts, Frame
from f2widgets.errors import NotF2Data
from f2widgets.io.layout import unreadable
from f2widgets.io.provenance import STAMPS, history_from, history_rows, provenance_from, provenance_rows
from f2widgets.io.read import FrameFile, open_frame
from f2widgets.io.write import write_frame

if TYPE_CHECKING:
    from astropy.wcs import WCS

#: Name of the plane with the flags that no DQ plane holds, shifted down to its lowest bits.
OWN_BITS = "OWNBITS"
_SHIFT = (INTERNAL & -INTERNAL).bit_length() - 1
#: Numbers of the coordinates that FITS cards would round.
_EXACT = ("crpix", "crval", "lonpole", "latpole")


def keep_frame(frame: Frame, path: Path, *, stamps: Mapping[str, tuple[str, ...]] = STAMPS) -> dict[str, Any]:
    """Write a frame between steps so that a run can go on with it as if it had never left memory.

    Parameters
    ----------
    frame : Frame
        Any frame of a run.
    path : `~pathlib.Path`
        The file; replaced if it is there.
    stamps : mapping, optional
        As for `f2widgets.io.write.write_frame`.

    Returns
    -------
    dict
        What the file does not hold, or not to the last bit; JSON can write it. For `KeptFrame`.

    Raises
    ------
    NotWritten
        If the system refuses; nothing is half-written.
    """
    planes = dict(frame.planes)
    if (frame.mask & np.uint16(INTERNAL)).any():
        planes[OWN_BITS] = ((frame.mask & np.uint16(INTERNAL)) >> np.uint16(_SHIFT)).astype(np.uint8)
    write_frame(frame.with_(planes=planes), path, overwrite=True, stamps=stamps)
    return {
        "name": frame.name,
        "unit": frame.unit,
        "facts": {one.name: _plain(getattr(frame.facts, one.name)) for one in fields(Facts)},
        "wcs": None if frame.wcs is None else _coordinates(frame.wcs),
        "measured": {name: float(value) for name, value in frame.measured.items()},
        "planes": list(frame.planes),
        "history": history_rows(frame.history),
        "provenance": provenance_rows(frame.provenance),
        "file": path.name,
        "state": _state(path),
    }


class KeptFrame:
    """A frame kept between steps, read by bands like any file; it is no file of the user's, so it has no MD5.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Where it lies.
    told : mapping
        What `keep_frame` returned.
    raw : FrameFile
        The raw frame of the same name, whose headers it goes on with.

    Raises
    ------
    NotF2Data
        If the file is gone, or was changed since it was kept.
    """

    def __init__(self, folder: Path, told: Mapping[str, Any], raw: FrameFile) -> None:
        require_unchanged(folder, told)
        self._file, self._told, self._raw = open_frame(folder / told["file"]), told, raw
        self.name: str = told["name"]
        self.shape = self._file.shape

    @property
    def made_from(self) -> frozenset[str]:
        """Names of the files that went into it."""
        return frozenset(origin.filename for origin in provenance_from(self._told["provenance"]))

    @cached_property
    def facts(self) -> Facts:
        """What code asks about the frame."""
        told = dict(self._told["facts"])
        start = told["ut_start"]
        told |= {"tags": frozenset(told["tags"]), "ut_start": start and datetime.fromisoformat(start)}
        return Facts(**told)

    @cached_property
    def wcs(self) -> WCS | None:
        """Celestial coordinates, to the last bit."""
        return None if self._told["wcs"] is None else _restored(self._told["wcs"])

    def rows(self, start: int, stop: int) -> Frame:
        """Return the band of rows from start up to stop."""
        band = self._file.rows(start, stop)
        mask = band.mask & np.uint16(0xFFFF ^ INTERNAL)
        if OWN_BITS in band.planes:
            mask |= band.planes[OWN_BITS].astype(np.uint16) << np.uint16(_SHIFT)
        return band.with_(
            name=self.name,
            mask=mask,
            unit=self._told["unit"],
            facts=self.facts,
            wcs=self.wcs,
            header=self._raw.header,
            image_header=self._raw.image_header,
            history=history_from(self._told["history"]),
            provenance=provenance_from(self._told["provenance"]),
            planes={name: band.planes[name] for name in self._told["planes"]},
            measured=dict(self._told["measured"]),
        )


def require_unchanged(folder: Path, told: Mapping[str, Any]) -> None:
    """Refuse a kept frame whose file is gone, or is not as it was.

    Parameters
    ----------
    folder : `~pathlib.Path`
        Where it lies.
    told : mapping
        What `keep_frame` returned.

    Raises
    ------
    NotF2Data
        With the name of the file.
    """
    path = folder / told["file"]
    if _state(path) != told["state"]:
        raise NotF2Data(f"{path} was changed after it was kept. Reduce from the raw frames.")


def _state(path: Path) -> list[int]:
    """Return size and time of the last change of a file: enough to notice that it is another one."""
    try:
        found = os.stat(path)
    except OSError as error:
        raise unreadable(path, error) from error
    return [found.st_size, found.st_mtime_ns]


def _plain(value: Any) -> Any:
    """Return a fact as JSON can write it."""
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, datetime) else value


def _coordinates(wcs: WCS) -> dict[str, Any]:
    """Return coordinates as cards, and their numbers in full."""
    names = [*_EXACT, "cd"] if wcs.wcs.has_cd() else [*_EXACT, "pc", "cdelt"]
    exact = {name: np.asarray(getattr(wcs.wcs, name), float).tolist() for name in names}
    return {"cards": wcs.to_header(relax=True).tostring(sep="\n"), "exact": exact}


def _restored(told: Mapping[str, Any]) -> WCS:
    """Return the coordinates that `_coordinates` described."""
    import warnings

    from astropy.wcs import WCS, FITSFixedWarning

    header, exact = Header.fromstring(told["cards"], sep="\n"), told["exact"]
    if "cd" in exact:  # cards of the other kind would go before these
        for i in (1, 2):
            header.remove(f"CDELT{i}", ignore_missing=True)
            for j in (1, 2):
                header.remove(f"PC{i}_{j}", ignore_missing=True)
                header[f"CD{i}_{j}"] = exact["cd"][i - 1][j - 1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FITSFixedWarning)
        wcs = WCS(header)
    for name, value in exact.items():
        setattr(wcs.wcs, name, value)
    wcs.wcs.set()
    return wcs
