"""The truth beside the raw frames: for benchmarks and teaching, never read by the reduction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from f2widgets import __version__
from f2widgets.core.frame import Plane
from f2widgets.errors import WrongInputs
from f2widgets.simulate import files
from f2widgets.simulate.light import Night
from f2widgets.simulate.render import BETA
from f2widgets.simulate.sequence import Conditions
from f2widgets.simulate.settings import Settings

if TYPE_CHECKING:
    from astropy.table import Table

#: Name of the folder beside the raw frames.
FOLDER = "truth"
#: File in it with what is true of each pixel.
_DETECTOR = "detector.npz"


@dataclass(frozen=True)
class Truth:
    """What is true of a simulated data set; planes have shape (size, size) and are read when asked for.

    Parameters
    ----------
    folder : Path
        Folder of the truth.
    settings : dict
        Every option, and ``version``, ``centre`` and ``radius`` of the lit circle.
    catalogue : `~astropy.table.Table`
        Objects: id, kind, ra, dec (degrees, FK5), flux (e-/s at transparency 1), re (arcsec),
        axis_ratio, pa (degrees east of north), sersic.
    frames : `~astropy.table.Table`
        Frames of the target: filename, exptime, transparency, sky, fwhm, beta, dx, dy, the true
        projection, gradient_x, gradient_y.
    skies : `~astropy.table.Table`
        The same for frames of the sky beside; often empty.
    """

    folder: Path
    settings: dict[str, Any]
    catalogue: Table
    frames: Table
    skies: Table

    @cached_property
    def flat(self) -> Plane:
        """Response, float32."""
        return self._plane("flat")

    @cached_property
    def dark(self) -> Plane:
        """Dark current, electrons per second, float32."""
        return self._plane("dark")

    @cached_property
    def pedestal(self) -> Plane:
        """Level without light, ADU, float32."""
        return self._plane("pedestal")

    @cached_property
    def bad(self) -> NDArray[np.uint8]:
        """1 hot, 2 low response, 4 over-responsive, 8 noisy, 16 in a cluster or broken column; uint8."""
        return self._plane("bad")

    @cached_property
    def lit(self) -> NDArray[np.bool_]:
        """Whether a pixel is inside the lit circle."""
        return self._plane("lit")

    def _plane(self, name: str) -> NDArray[Any]:
        """Read one plane of the detector."""
        with np.load(self.folder / _DETECTOR) as planes:
            return np.asarray(planes[name])

    def probe(self, stem: str) -> NDArray[np.bool_]:
        """Return where the guide probe changes a frame's light by more than 0.1 % of the sky.

        Parameters
        ----------
        stem : str
            File name without ending.
        """
        with np.load(self.folder / "probe.npz") as planes:
            shape = tuple(planes["shape"])
            flat = np.unpackbits(planes[stem], count=shape[0] * shape[1])
        return np.asarray(flat.reshape(shape), bool)

    def perfect(self) -> dict[str, Any]:
        """Return the perfect stack: data, variance, coverage, wcs (keywords), offsets, origin.

        Raises
        ------
        WrongInputs
            If it was not made.
        """
        path = self.folder / "perfect.npz"
        if not path.exists():
            raise WrongInputs(f"{path} is missing: make it with f2 simulate example1 FOLDER --perfect.")
        with np.load(path) as planes:
            found = {name: planes[name] for name in planes.files}
        return {**found, "wcs": json.loads(str(found["wcs"])), "about": json.loads(str(found["about"]))}


def load(folder: str | Path) -> Truth:
    """Read the truth of a simulated data set.

    Parameters
    ----------
    folder : str or Path
        Folder of the raw frames.

    Returns
    -------
    Truth
        All but the probe, which is read frame by frame.

    Raises
    ------
    WrongInputs
        If the folder holds no truth.
    """
    from astropy.table import Table

    where = Path(folder) / FOLDER
    if not (where / _DETECTOR).exists():
        raise WrongInputs(
            f"{folder} holds no simulated data set: make one with f2 simulate example1 {folder}."
        )
    skies = where / "skies.ecsv"
    return Truth(
        folder=where,
        settings=json.loads((where / "settings.json").read_text()),
        catalogue=Table.read(where / "catalogue.ecsv", format="ascii.ecsv"),
        frames=Table.read(where / "frames.ecsv", format="ascii.ecsv"),
        skies=Table.read(skies, format="ascii.ecsv") if skies.exists() else Table(),
    )


def settings_of(folder: Path) -> Settings | None:
    """Return the settings of the data set in a folder, or None where there is none."""
    path = folder / FOLDER / "settings.json"
    if not path.exists():
        return None
    known = json.loads(path.read_text())
    return Settings(**{name: known.get(name, default) for name, default in asdict(Settings()).items()})


def write_settings(folder: Path, settings: Settings) -> None:
    """Write every option, the version, and the lit circle."""
    content = {
        **asdict(settings),
        "version": __version__,
        "centre": settings.centre,
        "radius": settings.radius,
    }
    with files.whole(files.folder(folder / FOLDER) / "settings.json") as path:
        path.write_text(json.dumps(content, indent=1) + "\n")


def write(folder: Path, night: Night, frames: Sequence[Conditions]) -> None:
    """Write the truth, all but the settings.

    Parameters
    ----------
    folder : Path
        Folder of the raw frames.
    night : Night
        Array, field and probe.
    frames : sequence of Conditions
        The exposures that see the sky.
    """
    where = files.folder(folder / FOLDER)
    tables = {"catalogue": _catalogue(night)}
    for name, beside in (("frames", False), ("skies", True)):
        some = [now for now in frames if (now.exposure.kind == "sky") == beside]
        tables |= {name: _frames(night, frames[0], some)} if some else {}
    for name, table in tables.items():
        with files.whole(where / f"{name}.ecsv") as path:
            table.write(path, format="ascii.ecsv", overwrite=True)
    array = night.detector
    planes: dict[str, Any] = {
        name: getattr(array, name) for name in ("flat", "dark", "pedestal", "bad", "lit")
    }
    with files.whole(where / _DETECTOR) as path:
        np.savez(path, **planes)
    size = night.settings.size
    regions: dict[str, Any] = {
        now.exposure.name: np.packbits(night.probe.region(now.probe_pointing, size)) for now in frames
    }
    with files.whole(where / "probe.npz") as path:
        np.savez(path, shape=np.array([size, size]), **regions)


def offset(settings: Settings, first: Conditions, now: Conditions) -> tuple[float, float]:
    """Return the pixels (x, y) from a source's place in the first frame to that in another (centre)."""
    x, y = settings.centre
    (to_x,), (to_y,) = now.pointing.pixels(*first.pointing.sky(x, y))
    return float(to_x) - x, float(to_y) - y


def _catalogue(night: Night) -> Table:
    """Return the objects as a table."""
    from astropy.table import Table

    objects = night.catalogue
    kind = np.where(objects.is_star, "star", "galaxy")
    return Table({"id": np.arange(1, len(kind) + 1), "kind": kind, **asdict(objects)})


def _frames(night: Night, first: Conditions, frames: Sequence[Conditions]) -> Table:
    """Return exposures as a table, with their offsets in pixels from the first."""
    from astropy.table import Table

    rows = []
    for now in frames:
        dx, dy = offset(night.settings, first, now)
        seconds = now.exposure.seconds * night.settings.coadds
        row = {"filename": now.exposure.filename, "exptime": seconds}
        row |= {"transparency": now.transparency, "sky": now.sky, "fwhm": now.fwhm, "beta": BETA}
        row |= {"dx": dx, "dy": dy}
        row |= {name.lower(): value for name, value in now.pointing.cards()}
        rows.append(row | {"gradient_x": now.gradient[0], "gradient_y": now.gradient[1]})
    return Table(rows)
