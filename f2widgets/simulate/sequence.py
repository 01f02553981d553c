"""The exposures of Example 1: names, times, dithers, and what the sky did during each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np

from f2widgets.core.detector import PIXEL_SCALE
from f2widgets.simulate.pointing import Pointing, camera
from f2widgets.simulate.settings import DITHERS, Settings

Kind = Literal["science", "dark", "lamp on", "lamp off"]

#: The target of the real data set, WISE J041358.14-475039.3, degrees.
TARGET = (63.492250, -47.844250)
#: Distance between neighbouring dithers on the full array, arcsec, and the jitter either way.
THROW, JITTER = 20.0, 3.0
#: Pointing error common to all frames, arcsec rms per axis.
COMMON_ERROR = 0.35
#: Exponent of the star density's fall with size: enough stars are left to match on small arrays.
CROWDING = 0.85
#: The sky's steady ramp over the sequence, in units of the random walk's step.
RAMP = 10.0
#: Sky gradient across the diameter of the field, relative, and its turn over the sequence, radians.
GRADIENT, TURN = 0.01, 1.0
#: Dither positions in units of the throw, in the order they are visited.
PATTERN = ((0, 0), (1, 1), (-1, -1), (1, -1), (-1, 1), (0, 1), (0, -1), (1, 0), (-1, 0))


@dataclass(frozen=True)
class Exposure:
    """One raw frame to be made.

    Parameters
    ----------
    name : str
        File name without ending: ``S20131121S0075``.
    kind : {'science', 'dark', 'lamp on', 'lamp off'}
        What it is.
    seconds : float
        Exposure time.
    start : datetime
        Start of the exposure, UTC.
    number : int
        Number in its set, from 1.
    """

    name: str
    kind: Kind
    seconds: float
    start: datetime
    number: int

    @property
    def filename(self) -> str:
        """Name of the file."""
        return f"{self.name}.fits"


@dataclass(frozen=True)
class Conditions:
    """What telescope and sky did during one science exposure.

    Parameters
    ----------
    exposure : Exposure
        The exposure.
    offset : tuple of float
        Commanded offset (p, q) in arcsec: east and north at position angle 0.
    pointing : Pointing
        Where the telescope truly pointed.
    header_pointing : Pointing
        What the header says.
    transparency : float
        Share of the light of the objects that arrives.
    sky : float
        Sky at the centre of the circle, electrons per second and pixel.
    gradient : tuple of float
        Relative change of the sky per pixel in x and y.
    fwhm : float
        Width of the Moffat profile in pixels.
    """

    exposure: Exposure
    offset: tuple[float, float]
    pointing: Pointing
    header_pointing: Pointing
    transparency: float
    sky: float
    gradient: tuple[float, float]
    fwhm: float


# name of the first file, number of files, kind, seconds, start of the first, seconds between starts.
# Names, kinds and exposure times are those of the reference tutorial's data set; the times are
# plausible ones: a name's date is that of the morning the night ends, so calibrations of the
# afternoon before bear the date of the day after.
_SETS: tuple[tuple[str, int, Kind, float, str, float], ...] = (
    ("S20131120S0115", 6, "dark", 120.0, "2013-11-20T09:41:12.3", 129.4),
    ("S20131121S0010", 1, "dark", 120.0, "2013-11-20T21:36:40.9", 129.4),
    ("S20131121S0075", DITHERS, "science", 120.0, "2013-11-21T03:52:07.6", 135.2),
    ("S20131121S0369", 7, "dark", 2.0, "2013-11-21T10:24:31.1", 11.7),
    ("S20131122S0012", 1, "dark", 120.0, "2013-11-21T21:58:03.7", 129.4),
    ("S20131122S0438", 2, "dark", 120.0, "2013-11-22T10:12:55.2", 129.4),
    ("S20131126S1111", 6, "lamp off", 20.0, "2013-11-26T10:47:19.8", 29.6),
    ("S20131129S0320", 4, "lamp on", 20.0, "2013-11-29T10:33:44.5", 29.6),
)


def exposures() -> list[Exposure]:
    """Return the 36 exposures of Example 1 in order of their names."""
    found = []
    for first, files, kind, seconds, start, every in _SETS:
        for i in range(files):
            name = f"{first[:10]}{int(first[10:]) + i:04d}"
            begin = datetime.fromisoformat(start) + timedelta(seconds=round(i * every, 1))
            found.append(Exposure(name, kind, seconds, begin, i + 1))
    return found


def conditions(settings: Settings) -> list[Conditions]:
    """Draw what telescope and sky did during the science exposures.

    Parameters
    ----------
    settings : Settings
        What the user chose.

    Returns
    -------
    list of Conditions
        One per science frame, in order of time.
    """
    science = [exposure for exposure in exposures() if exposure.kind == "science"]
    offsets = _offsets(settings)
    true = _pointings(settings, offsets)
    said = [_aimed(settings, offset).as_written() for offset in offsets]
    if settings.bad_wcs is not None:
        said[settings.bad_wcs - 1] = said[settings.bad_wcs - 2]
    levels, gradients = _levels(settings), _gradients(settings)
    rng = settings.random("atmosphere")
    clear = np.clip(1 + settings.transparency * rng.standard_normal(DITHERS), 0.2, None)
    widths = settings.seeing * (1 + 0.05 * np.clip(rng.standard_normal(DITHERS), -2, 2))
    return [
        Conditions(
            exposure, offsets[i], true[i], said[i], float(clear[i]), levels[i], gradients[i], float(widths[i])
        )
        for i, exposure in enumerate(science)
    ]


def reach(settings: Settings) -> float:
    """Return the largest offset of a dither from the target, pixels, with some room for errors."""
    return (THROW + JITTER) * settings.scale / PIXEL_SCALE[0] + 5 * settings.pointing / PIXEL_SCALE[0] + 10


def _offsets(settings: Settings) -> list[tuple[float, float]]:
    """Draw the commanded offsets (p, q) in arcsec; the first is the target itself."""
    jitter = settings.random("dithers").uniform(-JITTER, JITTER, (DITHERS, 2))
    jitter[0] = 0
    steps = (np.array(PATTERN) * THROW + jitter) * settings.scale
    return [(float(p), float(q)) for p, q in np.round(steps, 2)]


def _aimed(settings: Settings, offset: tuple[float, float]) -> Pointing:
    """Return the pointing for the target plus an offset (east, north) in arcsec."""
    ra, dec = TARGET
    dec_there = dec + offset[1] / 3600
    return camera(ra + offset[0] / 3600 / np.cos(np.radians(dec_there)), dec_there, settings.size)


def _pointings(settings: Settings, offsets: list[tuple[float, float]]) -> list[Pointing]:
    """Draw where the telescope truly pointed."""
    rng = settings.random("pointing")
    common = COMMON_ERROR * rng.standard_normal(2)
    errors = common + settings.pointing * rng.standard_normal((DITHERS, 2))
    return [
        _aimed(settings, (p + float(dp), q + float(dq)))
        for (p, q), (dp, dq) in zip(offsets, errors, strict=True)
    ]


def _levels(settings: Settings) -> list[float]:
    """Draw the sky levels: a random walk on a ramp, whose mean is the nominal level."""
    rng = settings.random("sky")
    walk = np.cumsum(settings.drift * rng.standard_normal(DITHERS))
    ramp = RAMP * settings.drift * np.linspace(-0.5, 0.5, DITHERS) * rng.choice([-1, 1])
    level = (1 + ramp) * (1 + walk - walk.mean())
    return [float(value) for value in settings.sky * level / level.mean()]


def _gradients(settings: Settings) -> list[tuple[float, float]]:
    """Draw the sky gradients: one size, a direction that turns slowly."""
    first = settings.random("gradient").uniform(0, 2 * np.pi)
    angles = first + TURN * np.linspace(0, 1, DITHERS)
    size = GRADIENT / (2 * settings.radius)
    return [(float(size * np.cos(a)), float(size * np.sin(a))) for a in angles]
