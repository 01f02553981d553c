"""The exposures of a data set: names, times, dithers, and what the sky did during each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from f2widgets.core.detector import PIXEL_SCALE
from f2widgets.simulate.pointing import Pointing, camera, on_sky
from f2widgets.simulate.programmes import Kind
from f2widgets.simulate.settings import Settings

#: What sees the sky.
ON_SKY = ("science", "sky", "twilight")
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
    kind : {'science', 'sky', 'twilight', 'dark', 'lamp on', 'lamp off'}
        What it is.
    seconds : float
        Exposure time of one coadd.
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
    probe_pointing : Pointing
        Where the telescope pointed when the guide probe was last where it is: it follows its star, but
        stands still while the telescope looks at the sky beside.
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
    probe_pointing: Pointing
    transparency: float
    sky: float
    gradient: tuple[float, float]
    fwhm: float


def exposures(settings: Settings | None = None) -> list[Exposure]:
    """Return the exposures of a data set in order of their names; by default those of Example 1."""
    chosen = settings or Settings()
    found = []
    for run in chosen.programme.runs:
        for i in range(chosen.number if run.kind in ON_SKY else run.number):
            name = f"{run.first[:10]}{int(run.first[10:]) + i:04d}"
            begin = datetime.fromisoformat(run.start) + timedelta(seconds=round(i * run.every, 1))
            found.append(Exposure(name, run.kind_of(i), run.seconds, begin, i + 1))
    return found


def conditions(settings: Settings) -> list[Conditions]:
    """Draw what telescope and sky did during the exposures of the sky.

    Parameters
    ----------
    settings : Settings
        What the user chose.

    Returns
    -------
    list of Conditions
        One per frame of target, sky beside or twilight, in order of time.
    """
    seen = [exposure for exposure in exposures(settings) if exposure.kind in ON_SKY]
    number = len(seen)
    offsets = _offsets(settings, seen)
    true = _pointings(settings, offsets)
    said = [_aimed(settings, offset).as_written() for offset in offsets]
    if settings.bad_wcs is not None:
        said[settings.bad_wcs - 1] = said[settings.bad_wcs - 2]
    levels, gradients = _levels(settings, number), _gradients(settings, number)
    rng = settings.random("atmosphere")
    clear = np.clip(1 + settings.transparency * rng.standard_normal(number), 0.2, None)
    widths = settings.seeing * (1 + 0.05 * np.clip(rng.standard_normal(number), -2, 2))
    found: list[Conditions] = []
    for i, exposure in enumerate(seen):
        probe = found[-1].probe_pointing if found and exposure.kind == "sky" else true[i]
        said_here = said[i], probe, float(clear[i]), levels[i], gradients[i], float(widths[i])
        found.append(Conditions(exposure, offsets[i], true[i], *said_here))
    return found


def reach(settings: Settings) -> float:
    """Return the largest offset of a dither from the target, pixels, with some room for errors."""
    return (THROW + JITTER) * settings.scale / PIXEL_SCALE[0] + 5 * settings.pointing / PIXEL_SCALE[0] + 10


def field_beside(settings: Settings) -> tuple[float, float] | None:
    """Return the offset (p, q) of the field for the sky on this array, arcsec, or None."""
    beside = settings.programme.beside
    return None if beside is None else (beside[0] * settings.scale, beside[1] * settings.scale)


def place(settings: Settings, offset: tuple[float, float]) -> tuple[float, float]:
    """Return where on the sky an offset (p, q) from the target points, degrees."""
    east, north = on_sky(offset, settings.pa)
    ra, dec = settings.programme.target
    dec_there = dec + north / 3600
    return ra + east / 3600 / float(np.cos(np.radians(dec_there))), dec_there


def _offsets(settings: Settings, seen: list[Exposure]) -> list[tuple[float, float]]:
    """Draw the commanded offsets (p, q) in arcsec; the first is the target itself."""
    jitter = settings.random("dithers").uniform(-JITTER, JITTER, (len(PATTERN), 2))
    jitter[0] = 0
    steps = (np.array(PATTERN) * THROW + jitter) * settings.scale
    beside = np.array(field_beside(settings) or (0.0, 0.0))
    visits = {"sky": 0}
    offsets = []
    for exposure in seen:
        k = visits.setdefault(exposure.kind, 0)
        visits[exposure.kind] = k + 1
        at = steps[k % len(steps)] + (beside if exposure.kind == "sky" else 0.0)
        offsets.append(np.round(at, 2))
    return [(float(p), float(q)) for p, q in offsets]


def _aimed(settings: Settings, offset: tuple[float, float]) -> Pointing:
    """Return the pointing for the target plus an offset (p, q) in arcsec."""
    return camera(*place(settings, offset), settings.size, settings.pa)


def _pointings(settings: Settings, offsets: list[tuple[float, float]]) -> list[Pointing]:
    """Draw where the telescope truly pointed."""
    rng = settings.random("pointing")
    common = COMMON_ERROR * rng.standard_normal(2)
    errors = common + settings.pointing * rng.standard_normal((len(offsets), 2))
    return [
        _aimed(settings, (p + float(dp), q + float(dq)))
        for (p, q), (dp, dq) in zip(offsets, errors, strict=True)
    ]


def _levels(settings: Settings, number: int) -> list[float]:
    """Draw the sky levels: a random walk on a ramp, whose mean is the nominal level; twilight fades."""
    rng = settings.random("sky")
    walk = np.cumsum(settings.drift * rng.standard_normal(number))
    ramp = RAMP * settings.drift * np.linspace(-0.5, 0.5, number) * rng.choice([-1, 1])
    level = (1 + ramp) * (1 + walk - walk.mean())
    level *= settings.programme.fading ** np.linspace(0, 1, number)
    return [float(value) for value in settings.sky * level / level.mean()]


def _gradients(settings: Settings, number: int) -> list[tuple[float, float]]:
    """Draw the sky gradients: one size, a direction that turns slowly."""
    first = settings.random("gradient").uniform(0, 2 * np.pi)
    angles = first + TURN * np.linspace(0, 1, number)
    size = GRADIENT / (2 * settings.radius)
    return [(float(size * np.cos(a)), float(size * np.sin(a))) for a in angles]
