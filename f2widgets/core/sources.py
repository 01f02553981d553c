"""Sources of a stack: which pixels they cover, and a catalogue of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Tick, Unit, Within, ignore
from f2widgets.core.frame import Frame, Plane

if TYPE_CHECKING:
    from astropy.table import Table

Values = NDArray[np.float64]

#: Kron factor and least radius of elliptical apertures (Bertin & Arnouts 1996, as the reference sets them).
_KRON, _LEAST_RADIUS = 2.5, 3.5
#: Rows of a tile, and rows by which tiles overlap: wider than all but the brightest sources.
_TILE, _OVERLAP = 512, 64


def detect_sources(
    frame: Frame,
    *,
    threshold: Annotated[float, Within(0.5, 50)] = 3.0,
    min_area: Annotated[int, Within(1, 1000), Unit("pixel")] = 8,
    deblend_contrast: Annotated[float, Within(0, 1)] = 0.005,
    tick: Tick = ignore,
) -> Frame:
    """Find the sources of an image, and measure them.

    Parameters
    ----------
    frame : Frame
        Sky-subtracted, with variance, shape (ny, nx).
    threshold : float
        Sigma of the smoothed image above which pixels belong to a source.
    min_area : int
        Fewest pixels of a source.
    deblend_contrast : float
        Part of the light that a peak must have to count as a source of its own.
    tick : callable, optional
        Progress.

    Returns
    -------
    Frame
        With the plane OBJMASK (uint8, 1 on sources) and the table OBJCAT.

    Raises
    ------
    ValueError
        If the frame has no variance.

    Notes
    -----
    *Method*: SEP, the library of Source Extractor (Barbary 2016), with the variance as noise, smoothing by
    (1, 2, 1) in both axes and no culling; tiles of 512 rows overlap by 64, and a source belongs to the
    tile that holds its centre.
    *Assumes* that no background is left.
    *Source*: ``detectSources`` of the reference, which runs Source Extractor and drops sources narrower
    than 1.1 px.
    """
    if frame.variance is None:
        raise ValueError(f"{frame.name} has no variance to detect sources against")
    ny = frame.shape[0]
    bad = (frame.mask & flags.UNUSABLE) != 0
    error = np.sqrt(np.maximum(frame.variance, 0))
    area = np.zeros(frame.shape, np.uint8)
    rows: list[NDArray[Any]] = []
    starts = range(0, ny, _TILE)
    for k, start in enumerate(starts):
        low, high = max(start - _OVERLAP, 0), min(start + _TILE + _OVERLAP, ny)
        found, covered = _extract(
            frame.data[low:high], error[low:high], bad[low:high], (threshold, min_area, deblend_contrast)
        )
        found["y"] += low
        rows.append(found[(found["y"] >= start - 0.5) & (found["y"] < start + _TILE - 0.5)])
        inner = slice(start - low, min(start + _TILE, ny) - low)
        area[start : start + _TILE] = covered[inner]
        tick(k + 1, len(starts))
    table = _catalogue(frame, np.concatenate(rows), error, bad)
    return frame.with_(planes={**frame.planes, "OBJMASK": area}, tables={**frame.tables, "OBJCAT": table})


def _extract(
    data: Plane, error: Plane, bad: NDArray[np.bool_], limits: tuple[float, int, float]
) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Run the extraction on a tile."""
    import sep

    kernel = np.outer([1.0, 2.0, 1.0], [1.0, 2.0, 1.0])
    noise = np.where(bad, np.float32(1e10), np.maximum(error, np.float32(1e-6)))
    found, segments = sep.extract(
        data.copy(),  # the library asks for writeable arrays
        limits[0],
        err=noise,
        mask=bad,
        minarea=limits[1],
        filter_kernel=kernel,
        deblend_cont=limits[2],
        segmentation_map=True,
    )
    return found, segments > 0


def _catalogue(frame: Frame, found: NDArray[Any], error: Plane, bad: NDArray[np.bool_]) -> Table:
    """Measure the sources, and name the columns as the reference does."""
    import sep
    from astropy.table import Table

    order = np.argsort(-found["flux"], kind="stable")
    found = found[order]
    x, y, a, b = (found[name].astype(float) for name in ("x", "y", "a", "b"))
    a, b = np.fmax(a, 0.3), np.fmax(np.fmin(b, a), 0.3)  # of a flat top rounding may leave NaN
    theta = np.clip(np.nan_to_num(found["theta"].astype(float)), -np.pi / 2, np.pi / 2)
    data = frame.data.copy()
    kron, _ = sep.kron_radius(data, x, y, a, b, theta, 6.0, mask=bad)
    scale = np.maximum(_KRON * np.nan_to_num(kron, posinf=0), _LEAST_RADIUS / np.sqrt(a * b))
    flux, flux_error, flag = sep.sum_ellipse(data, x, y, a, b, theta, scale, err=error, mask=bad, subpix=3)
    half, _ = sep.flux_radius(data, x, y, 6.0 * a, 0.5, normflux=np.where(flux > 0, flux, 1.0), mask=bad)
    with np.errstate(divide="ignore", invalid="ignore"):
        magnitude = np.where(flux > 0, -2.5 * np.log10(flux), -999.0)
        magnitude_error = np.where(flux > 0, 1.0857 * flux_error / flux, -999.0)
    sky = (
        frame.wcs.all_pix2world(np.stack([x, y], axis=1), 0)
        if frame.wcs is not None
        else np.zeros((len(x), 2))
    )
    return Table(
        {
            "NUMBER": np.arange(1, len(x) + 1, dtype=np.int32),
            "X_IMAGE": x + 1,
            "Y_IMAGE": y + 1,
            "X_WORLD": sky[:, 0],
            "Y_WORLD": sky[:, 1],
            "A_IMAGE": a,
            "B_IMAGE": b,
            "THETA_IMAGE": np.degrees(theta),
            "ELLIPTICITY": 1 - b / a,
            "FLUX_AUTO": flux,
            "FLUXERR_AUTO": flux_error,
            "MAG_AUTO": magnitude,
            "MAGERR_AUTO": magnitude_error,
            "KRON_RADIUS": scale,
            "FLUX_RADIUS": half,
            "FLUX_MAX": found["peak"].astype(float),
            "ISOAREA_IMAGE": found["npix"].astype(np.int32),
            "FLAGS": (found["flag"] | flag).astype(np.int32),
        }
    )
