"""What the user may choose about a false night, and the sizes and random numbers that follow from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from zlib import crc32

import numpy as np

from f2widgets.core.annotations import Within
from f2widgets.core.detector import AMPLIFIERS, FIELD_CENTRE, FIELD_RADIUS, READ_NOISE, SIDE
from f2widgets.errors import ParameterError
from f2widgets.simulate.programmes import EXAMPLE1, MOST, Programme, programme


@dataclass(frozen=True)
class Choice:
    """One option of the simulator: its name, type, default, limits and meaning."""

    name: str
    kind: type
    default: Any
    within: Within
    help: str


@dataclass(frozen=True)
class Settings:
    """Everything that determines the frames, bit for bit.

    Parameters
    ----------
    size : int
        Side of the array in pixels, a multiple of 32. A smaller array has the same pixels: the lit
        circle, the guide probe and the dithers shrink with it.
    seed : int
        Seed of every random number.
    sky : float
        Sky level in electrons per second and pixel, averaged over the sequence.
    drift : float
        Relative step of the sky's random walk from frame to frame; a steady ramp of ten times as
        much over the whole sequence is added.
    stars : int
        Number of stars over the area of the full array.
    seeing : float
        Mean width of a point source (Moffat FWHM) in pixels.
    transparency : float
        Relative rms of the transparency from frame to frame.
    pointing : float
        Pointing error of each frame in arcsec rms per axis, on a common one of 0.35 arcsec.
    pa : float
        Position angle of the camera: of +x, degrees east of north.
    hot : int
        Number of hot pixels over the full array.
    bad_wcs : int or None
        Number of the science frame, counted from 1, whose header carries the WCS of the one before.
    nsci : int or None
        Number of science frames; None is as many as the data set has. Only for K-red.
    coadds : int
        Exposures that the array adds up in each raw frame.
    lnrs : int
        Read pairs of each exposure: 1, 4, 6 or 8.
    data_set : str
        Name of the data set.

    Raises
    ------
    ParameterError
        If a value is outside its limits.
    """

    size: Annotated[int, Within(128, SIDE), "side of the array in pixels, a multiple of 32"] = SIDE
    seed: Annotated[int, Within(0, None), "seed of all random numbers"] = 1
    sky: Annotated[float, Within(1, 20000), "mean sky level, e-/s per pixel"] = 190.0
    drift: Annotated[float, Within(0, 0.1), "step of the sky's random walk per frame, relative"] = 0.02
    stars: Annotated[int, Within(0, 20000), "number of stars on the full array"] = 1200
    seeing: Annotated[float, Within(2.5, 6), "width of a point source (FWHM), pixels"] = 3.5
    transparency: Annotated[float, Within(0, 0.3), "rms of the transparency by frame, relative"] = 0.025
    pointing: Annotated[float, Within(0, 3), "pointing error of each frame, arcsec rms per axis"] = 0.15
    pa: Annotated[float, Within(-180, 360), "position angle, degrees east of north"] = 0.0
    hot: Annotated[int, Within(0, 200000), "number of hot pixels on the full array"] = 9000
    bad_wcs: Annotated[int | None, Within(2, MOST), "science frame that has the WCS of the one before"] = None
    nsci: Annotated[int | None, Within(1, MOST), "number of science frames"] = None
    coadds: Annotated[int, Within(1, 20), "exposures added up in each raw frame"] = 1
    lnrs: Annotated[int, Within(1, 8), "read pairs of each exposure: 1, 4, 6 or 8"] = 1
    data_set: str = EXAMPLE1.name

    def __post_init__(self) -> None:
        """Check every value against its limits."""
        for choice in choices():
            value = getattr(self, choice.name)
            within = Within(2, self.number) if choice.name == "bad_wcs" else choice.within
            if value is not None and not within.admits(value):
                raise ParameterError(f"{choice.name} is {value}: it must be {within}.")
        if str(self.lnrs) not in READ_NOISE:
            raise ParameterError(f"lnrs is {self.lnrs}: it must be {', '.join(READ_NOISE)}.")
        if self.size % AMPLIFIERS:
            raise ParameterError(
                f"size is {self.size}: it must be a multiple of {AMPLIFIERS}, the number of amplifiers."
            )

    @classmethod
    def of(cls, data_set: str, **options: Any) -> Settings:
        """Return the settings of a data set, its own defaults changed by options.

        Parameters
        ----------
        data_set : str
            Its name.
        **options
            Settings by name.

        Returns
        -------
        Settings
            All settings.
        """
        return cls(**{**programme(data_set).defaults, **options, "data_set": data_set})

    @property
    def programme(self) -> Programme:
        """What is observed."""
        return programme(self.data_set)

    @property
    def number(self) -> int:
        """Number of frames that see the sky."""
        own = sum(run.number for run in self.programme.runs if run.kind in ("science", "twilight"))
        return self.nsci or own

    @property
    def scale(self) -> float:
        """Side of this array over that of the real one."""
        return self.size / SIDE

    @property
    def centre(self) -> tuple[float, float]:
        """Centre (x, y) of the lit circle, 0-based."""
        x, y = ((c + 0.5) * self.scale - 0.5 for c in FIELD_CENTRE)
        return x, y

    @property
    def radius(self) -> float:
        """Radius of the lit circle in pixels."""
        return FIELD_RADIUS * self.scale

    def count(self, on_full_array: float) -> int:
        """Return how many of something spread evenly over the full array lie on this one."""
        return round(on_full_array * self.scale**2)

    def random(self, *names: str) -> np.random.Generator:
        """Return the generator of one part of the night.

        Each part has its own, so that neither the number of threads nor a change of another part
        alters what it draws.
        """
        return np.random.default_rng([self.seed, *(crc32(name.encode()) for name in names)])


def choices(data_set: str = EXAMPLE1.name) -> Iterator[Choice]:
    """Give the options of a data set one by one, read from the annotations of `Settings`."""
    own, hints = programme(data_set), get_type_hints(Settings, include_extras=True)
    for item in fields(Settings):
        if get_origin(hints[item.name]) is not Annotated or (item.name == "nsci" and not own.many):
            continue
        kind, within, text = get_args(hints[item.name])
        plain = int if int in (kind, *get_args(kind)) else float
        yield Choice(item.name, plain, own.defaults.get(item.name, item.default), within, text)
