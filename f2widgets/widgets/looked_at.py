"""One image that is looked at: a file, a frame or an array, read when it is first needed."""

from __future__ import annotations

import os
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.display import (
    OBJECTS,
    binned_known,
    binning,
    coded,
    has_objects,
    limits,
    plane_values,
)
from f2widgets.core.frame import Facts, Frame
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.catalogues import places_in
from f2widgets.io.read import FrameFile, open_frame

if TYPE_CHECKING:
    from astropy.wcs import WCS

#: Pixels along the longer side of what is sent first.
OVERVIEW = 1024
#: Ways to choose the limits, that the page can switch between by itself.
METHODS: dict[str, str | float] = {
    "sky": "sky",
    "zscale": "zscale",
    **{f"{part:g} %": part for part in (99.9, 99.5, 99.0, 95.0, 90.0)},
    "minmax": "minmax",
}
#: Flags of pixels that lie outside of what was seen, and are shown as that.
OUTSIDE = flags.NO_DATA | flags.UNLIT
#: Names of planes as they stand in a file.
PLANES = {"SCI": "data", "VAR": "variance", "noise": "noise"}


class LookedAt:
    """An image with its planes.

    Parameters
    ----------
    source : path-like, Frame, CCDData or ndarray
        A FITS file with an image, a frame, or an array of two dimensions.
    number : int
        Which of several it is, for those without a name.
    """

    def __init__(self, source: Any, number: int = 0) -> None:
        self.source = source
        self.path = Path(source) if isinstance(source, str | os.PathLike) else None
        own = self.path.name if self.path is not None else getattr(source, "name", "")
        self.name = str(own or f"image {number + 1}")
        self._held: Frame | None = None
        self._file: FrameFile | None = None  # what the held frame lacks yet, coordinates and tables

    @property
    def bare(self) -> Frame:
        """The image for a first look, perhaps without coordinates and tables yet."""
        if self._held is None:
            self._held, self._file = _frame_of(self.source, self.name)
        return self._held

    @property
    def frame(self) -> Frame:
        """The whole image; read from its file if it is not held."""
        frame, file = self.bare, self._file
        if file is not None:
            wcs = None if "CAL" in file.facts.tags else file.wcs
            self._held = frame = frame.with_(wcs=wcs, tables=file.tables)
            self._file = None
        return frame

    @property
    def held(self) -> bool:
        """Whether it takes memory of its own, that `let_go` gives back."""
        return self._held is not None and self.path is not None

    def let_go(self) -> None:
        """Forget the pixels of a file."""
        self._held = self._file = None

    @cached_property
    def facts(self) -> dict[str, Any]:
        """What the page needs to know at first, without pixels."""
        frame = self.bare
        ny, nx = frame.shape
        told = [frame.facts.object, frame.facts.filter_name]
        told += [f"{frame.facts.exposure_time:g} s"] if frame.facts.exposure_time else []
        return {
            "name": self.name,
            "told": ", ".join(str(one) for one in told if one),
            "shape": [ny, nx],
            "planes": self.planes,
            "unit": {"adu": "ADU", "electron": "electrons"}.get(frame.unit, ""),
            "wcs": None,
            "tables": [],
            "flags": int(np.bitwise_or.reduce(frame.mask, axis=None)),
        }

    @cached_property
    def more(self) -> dict[str, Any]:
        """What the page needs to know later: coordinates, and tables that hold places."""
        frame = self.frame
        tables = [name for name, table in frame.tables.items() if places_in(table) is not None]
        return {"wcs": tangent_numbers(frame.wcs), "tables": tables}

    @property
    def planes(self) -> list[str]:
        """Names of its planes, as they stand in a file."""
        frame = self.bare
        noise = ["VAR", "noise"] if frame.variance is not None else []
        return ["SCI", *noise, "DQ", *frame.planes, *([OBJECTS] if self._has_objects else [])]

    @cached_property
    def _has_objects(self) -> bool:
        """Whether sources are flagged."""
        return has_objects(self.bare) and OBJECTS not in self.bare.planes

    def values(self, plane: str) -> NDArray[np.floating]:
        """Return a plane as numbers, NaN where there are none."""
        frame = self.bare
        if plane == "DQ":
            return frame.mask.astype(np.float32)
        if plane not in self.planes:
            raise ParameterError(f"{self.name} has no plane {plane!r}. It has {', '.join(self.planes)}.")
        return plane_values(frame, PLANES.get(plane, plane), OUTSIDE)

    def pixels(self, plane: str, *, overview: bool, method: str = "sky") -> tuple[dict[str, Any], memoryview]:
        """Return a plane as codes for the page, and what they mean.

        An overview comes with one way to choose the limits, the whole with all of them and with coordinates.
        """
        values = self.values(plane)
        methods = {method: METHODS[method]} if overview else METHODS
        n = binning(values.shape, OVERVIEW) if overview else 1
        codes = coded(binned_known(values, n))
        ny, nx = codes.pixels.shape
        meaning = {
            "plane": plane,
            "bin": n,
            "shape": [ny, nx],
            "middle": codes.middle,
            "soft": codes.soft,
            "low": codes.low,
            "high": codes.high,
            "limits": {name: limits(values, one) for name, one in methods.items()},
            "more": None if overview else self.more,
        }
        return meaning, memoryview(codes.pixels).cast("B")


def _frame_of(source: Any, name: str) -> tuple[Frame, FrameFile | None]:
    """Return what is looked at as a Frame, and the file that tells the rest of it."""
    if isinstance(source, Frame):
        return source, None
    if isinstance(source, str | os.PathLike):
        try:
            file = open_frame(source)
            return file.rows(0, file.shape[0], pixels_only=True), file
        except NotF2Data:
            found = _any_image(Path(source))
            if found is None:
                raise
            return found, None
    if type(source).__name__ == "CCDData":
        from f2widgets.io.convert import from_ccddata

        return from_ccddata(source, name), None
    try:
        values = np.ma.filled(np.ma.asarray(source, dtype=np.float32), np.nan)
    except (TypeError, ValueError):
        kind = type(source).__name__
        raise ParameterError(f"{kind} is nothing to look at: give a file, a Frame or an array.") from None
    return _bare(name, values), None


def _bare(name: str, values: NDArray[Any], wcs: WCS | None = None) -> Frame:
    """Return an array as a Frame, without data where it is not finite."""
    while values.ndim > 2 and values.shape[0] == 1:
        values = values[0]
    if values.ndim != 2 or not values.size:
        raise ParameterError(f"{name} has the shape {values.shape}, where an image has rows and columns.")
    data = np.ascontiguousarray(values, np.float32)
    missing = ~np.isfinite(data)
    mask = np.where(missing, np.uint16(flags.NO_DATA), np.uint16(0))
    return Frame(name, np.where(missing, np.float32(0), data), None, mask, "", Facts(), wcs)


def _any_image(path: Path) -> Frame | None:
    """Return the first image of a FITS file of any instrument; None if there is none."""
    import warnings

    from astropy.io import fits
    from astropy.wcs import WCS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what is odd in the headers of others is not ours to tell
        try:
            with fits.open(path) as hdus:
                for hdu in hdus:
                    if getattr(hdu, "is_image", False) and hdu.data is not None and hdu.data.ndim >= 2:
                        wcs = WCS(hdu.header, hdus)
                        celestial = wcs.celestial if wcs.has_celestial else None
                        return _bare(path.name, np.asarray(hdu.data, np.float32), celestial)
        except (OSError, ValueError, TypeError, KeyError):
            return None
    return None


def tangent_numbers(wcs: WCS | None) -> dict[str, list[float]] | None:
    """Return the numbers of a tangential projection; None for any other, and where there is none."""
    if wcs is None or wcs.naxis != 2 or wcs.wcs.lng != 0 or not str(wcs.wcs.ctype[0]).endswith("-TAN"):
        return None
    return {
        "crval": [float(x) for x in wcs.wcs.crval],
        "crpix": [float(x) - 1 for x in wcs.wcs.crpix],
        "cd": [float(x) for x in np.asarray(wcs.pixel_scale_matrix).ravel()],
    }
