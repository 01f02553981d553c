"""What the image inspector answers: values under the pointer, statistics, cuts, profiles, biographies."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

import numpy as np

from f2widgets.biographies import Biographer
from f2widgets.core import flags
from f2widgets.core.frame import Frame
from f2widgets.core.measure_image import histogram, line_cut, region_statistics
from f2widgets.core.profile import radial_profile
from f2widgets.core.regions import Line, Point
from f2widgets.errors import ParameterError
from f2widgets.widgets.panel import asked_by_page
from f2widgets.widgets.region_words import region_from

#: Points of a plot that are sent; more are not seen.
_POINTS = 600


def plain(value: Any) -> Any:
    """Return numbers as JSON holds them: what is not finite as None, arrays as lists, thinned."""
    if isinstance(value, np.ndarray):
        step = -(-value.size // _POINTS) if value.size else 1
        return [plain(one) for one in value[::step].tolist()]
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.item() if isinstance(value, np.generic) else value


class Measures:
    """Questions about an image, each with a number of the image first."""

    _teller: tuple[Any, Biographer] | None = None

    def _frame(self, image: int, plane: str = "SCI") -> Frame:
        """Return an image as a Frame, whose data are the plane that is shown."""
        found = self.image(image)  # type: ignore[attr-defined]
        frame: Frame = found.frame
        if plane == "SCI":
            return frame
        values = found.values(plane)
        return frame.with_(data=np.ascontiguousarray(values, np.float32), variance=None, unit="")

    @asked_by_page
    def pixel(self, image: int, x: int, y: int) -> dict[str, Any]:
        """Return everything about one pixel.

        Parameters
        ----------
        image : int
            Which image.
        x, y : int
            The pixel, 0-based.

        Returns
        -------
        dict
            value, sigma, snr, flags by name, further planes by name, ra and dec in degrees; None where
            something is not known.
        """
        frame = self._frame(image)
        ny, nx = frame.shape
        if not (0 <= x < nx and 0 <= y < ny):
            raise ParameterError(f"x={x}, y={y} lies outside {frame.name}, which has {nx} x {ny} pixels.")
        bits, value = int(frame.mask[y, x]), float(frame.data[y, x])
        sigma = float("nan") if frame.variance is None else float(np.sqrt(max(frame.variance[y, x], 0)))
        sky = [None, None] if frame.wcs is None else frame.wcs.wcs_pix2world([[x, y]], 0)[0].tolist()
        missing = bool(bits & flags.NO_DATA)
        return {
            "x": x,
            "y": y,
            "value": None if missing else plain(value),
            "sigma": None if missing else plain(sigma),
            "snr": plain(value / sigma) if sigma > 0 and not missing else None,
            "flags": list(flags.names(bits)),
            "planes": {name: plain(plane[y, x]) for name, plane in frame.planes.items()},
            "ra": sky[0],
            "dec": sky[1],
        }

    @asked_by_page
    def statistics(self, image: int, region: dict[str, Any], plane: str = "SCI") -> dict[str, Any]:
        """Return the statistics of a box, circle or annulus; see `region_statistics`."""
        area = region_from(region)
        if isinstance(area, Point | Line):
            raise ParameterError("Statistics are of an area: a box, a circle or an annulus.")
        return dict(plain(asdict(region_statistics(self._frame(image, plane), area))))

    @asked_by_page
    def cut(self, image: int, region: dict[str, Any], plane: str = "SCI") -> dict[str, Any]:
        """Return the values along a line; see `line_cut`."""
        line = region_from(region)
        if not isinstance(line, Line):
            raise ParameterError("A cut goes along a line.")
        return dict(plain(asdict(line_cut(self._frame(image, plane), line))))

    @asked_by_page
    def profile(self, image: int, x: float, y: float) -> dict[str, Any]:
        """Return centre, width and profile of the star at a place; see `radial_profile`."""
        return dict(plain(asdict(radial_profile(self._frame(image), x, y))))

    @asked_by_page
    def count(self, image: int, region: dict[str, Any] | None = None, plane: str = "SCI") -> dict[str, Any]:
        """Return the histogram of an image or of an area in it; see `histogram`."""
        area = None if region is None else region_from(region)
        if isinstance(area, Point | Line):
            raise ParameterError("A histogram is of an area: a box, a circle or an annulus.")
        return dict(plain(asdict(histogram(self._frame(image, plane), area, bins=100))))

    @asked_by_page
    def biography(self, image: int, x: int, y: int, frame: str | None = None) -> dict[str, Any]:
        """Return what became of a pixel; see `f2widgets.biographies.biography`."""
        source = self.image(image).source  # type: ignore[attr-defined]
        if self._teller is None or self._teller[0] is not source:
            if isinstance(source, np.ndarray):
                raise ParameterError("An array has no history: look at a product of f2 reduce.")
            folders = [*self.search, self.workspace.folder, self.workspace.out]  # type: ignore[attr-defined]
            self._teller = source, Biographer(source, folders)
        told = plain(asdict(self._teller[1].tell(x, y, frame)))
        return dict(told)
