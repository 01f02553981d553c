"""The data sets that can be made: what was observed, when, through what, and how the sky was then."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from f2widgets.errors import ParameterError

Kind = Literal["science", "sky", "twilight", "dark", "lamp on", "lamp off"]

#: Most science frames of a data set: those of the reference tutorial's deep field.
MOST = 175


@dataclass(frozen=True)
class Run:
    """Exposures taken one after another.

    Parameters
    ----------
    first : str
        Name of the first file; its date is that of the morning the night ends.
    number : int
        How many.
    kind : str
        What they are; with `rhythm` this holds for its letter O, and S is a field beside for the sky.
    seconds : float
        Exposure time.
    start : str
        Start of the first, UTC.
    every : float
        Seconds between starts.
    rhythm : str, optional
        Repeated from frame to frame: OSSO.
    """

    first: str
    number: int
    kind: Kind
    seconds: float
    start: str
    every: float
    rhythm: str = "O"

    def kind_of(self, i: int) -> Kind:
        """Return what exposure i is."""
        return "sky" if self.rhythm[i % len(self.rhythm)] == "S" else self.kind


@dataclass(frozen=True)
class Filter:
    """A filter as headers name it, and the light that comes through.

    Parameters
    ----------
    wheel : str
        Name with component number.
    wavelength : float
        What headers say, Angstrom.
    zero_point : float
        Magnitude of one electron per second.
    stars, galaxies : tuple of float
        Brightest and faintest magnitude in the field.
    lamp_off : float
        Electrons per second of a flat whose lamp is off.
    """

    wheel: str
    wavelength: float
    zero_point: float
    stars: tuple[float, float]
    galaxies: tuple[float, float]
    lamp_off: float = 12.0


@dataclass(frozen=True)
class Programme:
    """One data set.

    Parameters
    ----------
    name : str
        Our name, also the command's.
    title, summary : str
        For readers.
    label, target : str and tuple of float
        Name of the target and its place in degrees.
    program, observation : str and int
        As headers have them.
    filter : Filter
        The filter of science frames and flats.
    runs : tuple of Run
        All exposures.
    probed : bool, optional
        Whether the guide probe reaches into the field; otherwise its star lies outside.
    beside : tuple of float, optional
        Offset of the field for the sky, arcsec on the full array; the target is then a large galaxy.
    fading : float, optional
        Factor by which the sky fades from the first to the last frame, as in twilight.
    defaults : mapping, optional
        Settings that differ from those of Example 1.
    """

    name: str
    title: str
    summary: str
    label: str
    target: tuple[float, float]
    program: str
    observation: int
    filter: Filter
    runs: tuple[Run, ...]
    probed: bool = False
    beside: tuple[float, float] | None = None
    fading: float = 1.0
    defaults: Mapping[str, float] = field(default_factory=dict)

    @property
    def many(self) -> bool:
        """Whether the number of science frames may be chosen."""
        return self.name == "kred"


# At 120 s in Y a star of magnitude 16 saturates, and one of 24 is at the limit of nine frames. In K the
# same fields have brighter stars and galaxies; the zero point is that of Ks, as none is known for K-red.
_Y = Filter("Y_G0811", 10200.0, 26.73, (14.5, 25.0), (16.0, 24.5))
_J = Filter("J_G0802", 12500.0, 26.51, (14.0, 24.5), (15.5, 24.0))
_K_RED = Filter("K-red_G0815", 23100.0, 26.12, (12.5, 22.5), (14.0, 22.5), lamp_off=10_000.0)

# Names, kinds and exposure times of both examples are those of the reference tutorial's data sets; the
# times are plausible ones: calibrations of the afternoon before bear the date of the day after.
EXAMPLE1 = Programme(
    "example1",
    "Example 1",
    "the 36 raw frames of Example 1, dither on target",
    "WISEJ041358.14-475039.3",
    (63.492250, -47.844250),
    "GS-2013B-Q-15",
    39,
    _Y,
    (
        Run("S20131120S0115", 6, "dark", 120.0, "2013-11-20T09:41:12.3", 129.4),
        Run("S20131121S0010", 1, "dark", 120.0, "2013-11-20T21:36:40.9", 129.4),
        Run("S20131121S0075", 9, "science", 120.0, "2013-11-21T03:52:07.6", 135.2),
        Run("S20131121S0369", 7, "dark", 2.0, "2013-11-21T10:24:31.1", 11.7),
        Run("S20131122S0012", 1, "dark", 120.0, "2013-11-21T21:58:03.7", 129.4),
        Run("S20131122S0438", 2, "dark", 120.0, "2013-11-22T10:12:55.2", 129.4),
        Run("S20131126S1111", 6, "lamp off", 20.0, "2013-11-26T10:47:19.8", 29.6),
        Run("S20131129S0320", 4, "lamp on", 20.0, "2013-11-29T10:33:44.5", 29.6),
    ),
    probed=True,
)
KRED = Programme(
    "kred",
    "Example 2",
    "raw frames of Example 2: a deep field in K-red, 5 s each, at nine positions",
    "DEEP-FIELD",
    (53.122500, -27.805000),
    "GS-2019B-Q-20",
    12,
    _K_RED,
    (
        Run("S20200104S0075", 18, "science", 5.0, "2020-01-04T01:42:31.4", 12.9),
        Run("S20200107S0035", 7, "dark", 2.0, "2020-01-07T10:11:04.8", 8.6),
        Run("S20200107S0049", 7, "dark", 5.0, "2020-01-07T10:14:46.2", 11.7),
        Run("S20200108S0010", 10, "lamp off", 2.0, "2020-01-07T21:05:33.1", 9.9),
        Run("S20200111S0159", 3, "dark", 5.0, "2020-01-11T09:58:20.6", 11.7),
        Run("S20200111S0257", 4, "dark", 2.0, "2020-01-11T10:22:51.9", 8.6),
    ),
    # The sky is the warm telescope: bright and steady.
    defaults={"sky": 3500.0, "drift": 0.004},
)
OFFSET = Programme(
    "offset",
    "offset to sky",
    "raw frames of a large galaxy in J, with fields beside it for the sky",
    "LARGE-GALAXY",
    (159.178500, -27.528250),
    "GS-2014A-Q-31",
    7,
    _J,
    (
        Run("S20140312S0041", 18, "science", 60.0, "2014-03-12T03:31:18.2", 79.8, rhythm="OSSO"),
        Run("S20140312S0210", 10, "dark", 60.0, "2014-03-12T10:05:42.7", 69.5),
        Run("S20140312S0240", 7, "dark", 2.0, "2014-03-12T10:21:09.4", 11.7),
        Run("S20140314S0015", 4, "lamp on", 20.0, "2014-03-13T20:41:55.0", 29.6),
        Run("S20140314S0019", 6, "lamp off", 20.0, "2014-03-13T20:44:21.5", 29.6),
    ),
    beside=(420.0, 60.0),
    defaults={"sky": 400.0},
)
TWILIGHT = Programme(
    "twilight",
    "twilight",
    "raw frames of the evening sky in Y, with their darks, for a flat",
    "Twilight",
    (71.250000, -32.500000),
    "GS-CAL20131203",
    6,
    _Y,
    (
        Run("S20131204S0021", 11, "twilight", 10.0, "2013-12-03T23:55:31.0", 21.3),
        Run("S20131204S0110", 7, "dark", 10.0, "2013-12-04T09:31:40.3", 19.4),
        Run("S20131204S0120", 7, "dark", 2.0, "2013-12-04T09:40:02.6", 11.7),
    ),
    fading=0.2,
    defaults={"sky": 3500.0, "drift": 0.005},
)

PROGRAMMES = {one.name: one for one in (EXAMPLE1, KRED, OFFSET, TWILIGHT)}


def programme(name: str) -> Programme:
    """Return a data set by its name.

    Raises
    ------
    ParameterError
        If there is none.
    """
    if name not in PROGRAMMES:
        raise ParameterError(f"There is no data set {name!r}; there are {', '.join(PROGRAMMES)}.")
    return PROGRAMMES[name]
