"""The Frame: one image with its variance, flags, facts and history. It never changes."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.flags import Mask

if TYPE_CHECKING:
    from astropy.io.fits import Header
    from astropy.table import Table
    from astropy.wcs import WCS

Plane = NDArray[np.float32]
FrameUnit = Literal["adu", "electron", ""]


@dataclass(frozen=True)
class Facts:
    """What code asks about a frame; the header it came from is carried along, but not consulted.

    A value that the file does not tell is None. Levels are in the frame's present unit.
    """

    tags: frozenset[str] = frozenset()
    instrument: str = "F2"
    object: str | None = None
    observation_type: str | None = None
    observation_class: str | None = None
    observation_id: str | None = None
    data_label: str | None = None
    program_id: str | None = None
    ut_start: datetime | None = None  #: start of the exposure, UTC, without tzinfo
    exposure_time: float = 0.0  #: seconds, all coadds together
    coadds: int = 1
    read_mode: str | None = None  #: LNRS as text: "1", "4", "6", "8"
    gain: float | None = None  #: electrons per image unit
    read_noise: float | None = None  #: electrons, one coadd
    saturation_level: float | None = None  #: image unit, all coadds
    non_linear_level: float | None = None  #: image unit, all coadds
    filter_name: str | None = None  #: as an observer says it: "Y"
    filter_id: str | None = None  #: both wheels with component numbers: "Y_G0811&Open"
    wavelength_band: str | None = None
    disperser: str | None = None
    lyot_stop: str | None = None
    focal_plane_mask: str | None = None
    camera: str | None = None
    airmass: float | None = None
    ra: float | None = None  #: target, degrees
    dec: float | None = None
    position_angle: float | None = None  #: of +y, degrees east of north
    pixel_scale: float | None = None  #: arcsec per pixel
    x_offset: float | None = None  #: detector_x_offset, pixels
    y_offset: float | None = None
    guiding: str | None = None  #: wavefront sensors that guide, joined by "&"
    pwfs2_state: str | None = None  #: of the peripheral guide probe: "guiding", "frozen", "parked"
    guide_ra: float | None = None  #: star that it follows, degrees
    guide_dec: float | None = None
    qa_state: str | None = None

    @property
    def in_k(self) -> bool:
        """Whether the filter is one of the K filters, through which the warm telescope glows."""
        return self.wavelength_band == "K" or (self.filter_name or "").upper().startswith("K")


@dataclass(frozen=True)
class Entry:
    """One line of a frame's history: a step that was carried out."""

    step: str
    verb: str  #: the reference pipeline's name of the step
    arguments: Mapping[str, Any] = field(default_factory=dict)
    started: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    stopped: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Origin:
    """One line of a frame's provenance: a file that went into it."""

    filename: str
    md5: str
    added_by: str
    timestamp: datetime


def _sealed(array: NDArray[Any]) -> NDArray[Any]:
    """Return a read-only view."""
    if not array.flags.writeable:
        return array
    view = array.view()
    view.flags.writeable = False
    return view


@dataclass(frozen=True, eq=False)
class Frame:
    """An image, read-only.

    Parameters
    ----------
    name : str
        Root of the file name without suffix: ``S20131121S0075``.
    data : ndarray, shape (ny, nx), float32
        Pixels in `unit`.
    variance : ndarray, shape (ny, nx), float32, or None
        Variance in `unit` squared; None where it is not known.
    mask : ndarray, shape (ny, nx), uint16
        Bits of `f2widgets.core.flags`; 0 is good.
    unit : {'adu', 'electron', ''}
        Unit of the data.
    facts : Facts
        What code asks about.
    wcs : `~astropy.wcs.WCS` or None
        Celestial coordinates.
    header, image_header : `~astropy.io.fits.Header` or None
        Primary header and that of the image, as they came from the file.
    history : tuple of Entry
        Steps carried out so far, earliest first.
    provenance : tuple of Origin
        Files that went in.
    planes : mapping of str to ndarray
        Further images of the same shape, by the name of their extension (``OBJMASK``).
    tables : mapping of str to `~astropy.table.Table`
        Tables, by the name of their extension (``OBJCAT``).
    measured : mapping of str to float
        Numbers that steps measured on the way: sky, fwhm, transparency, dx, dy, …
    """

    name: str
    data: Plane
    variance: Plane | None
    mask: Mask
    unit: FrameUnit = "adu"
    facts: Facts = field(default_factory=Facts)
    wcs: WCS | None = None
    header: Header | None = None
    image_header: Header | None = None
    history: tuple[Entry, ...] = ()
    provenance: tuple[Origin, ...] = ()
    planes: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    tables: Mapping[str, Table] = field(default_factory=dict)
    measured: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check shapes and seal the planes."""
        shape = self.data.shape
        if len(shape) != 2:
            raise ValueError(f"{self.name}: data must be two-dimensional, not {shape}")
        for what in ("variance", "mask"):
            plane = getattr(self, what)
            if plane is not None and plane.shape != shape:
                raise ValueError(f"{self.name}: {what} has shape {plane.shape}, data {shape}")
        object.__setattr__(self, "data", _sealed(self.data))
        object.__setattr__(self, "mask", _sealed(self.mask))
        if self.variance is not None:
            object.__setattr__(self, "variance", _sealed(self.variance))
        if self.planes:
            sealed = {name: _sealed(plane) for name, plane in self.planes.items()}
            object.__setattr__(self, "planes", MappingProxyType(sealed))

    @property
    def shape(self) -> tuple[int, int]:
        """Number of rows and columns."""
        ny, nx = self.data.shape
        return int(ny), int(nx)

    def with_(self, **changes: Any) -> Frame:
        """Return a new Frame with some parts replaced; the others are shared.

        Parameters
        ----------
        **changes
            Fields of the Frame, or of its `facts` (``gain=1.0``).

        Returns
        -------
        Frame
            The new frame.
        """
        of_facts = {key: changes.pop(key) for key in list(changes) if key in _FACT_NAMES}
        if of_facts:
            changes["facts"] = replace(changes.get("facts", self.facts), **of_facts)
        new = copy.copy(self)
        for key, value in changes.items():
            if key not in _FRAME_NAMES:
                raise TypeError(f"a Frame has no {key!r}")
            object.__setattr__(new, key, value)
        new.__post_init__()
        return new

    def rows(self, start: int, stop: int) -> Frame:
        """Return the band of rows from `start` up to `stop` as a Frame that shares the planes."""
        band = slice(start, stop)
        return self.with_(
            data=self.data[band],
            variance=None if self.variance is None else self.variance[band],
            mask=self.mask[band],
            planes={name: plane[band] for name, plane in self.planes.items()},
        )

    def bare(self) -> Frame:
        """Return the same Frame without pixels, which holds no memory of theirs."""
        width = self.shape[1]
        return self.with_(
            data=np.empty((0, width), np.float32),
            variance=None,
            mask=np.empty((0, width), np.uint16),
            planes={},
        )

    def __repr__(self) -> str:
        """Say what this is in one line."""
        ny, nx = self.shape
        facts = self.facts
        what = " ".join(str(x) for x in (facts.observation_type, facts.filter_name) if x)
        return f"<Frame {self.name}: {nx} x {ny} {self.unit or 'ratio'}, {what}, {facts.exposure_time:g} s>"


_FACT_NAMES = frozenset(Facts.__dataclass_fields__)
_FRAME_NAMES = frozenset(Frame.__dataclass_fields__)
