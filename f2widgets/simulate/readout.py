"""From expected electrons to raw counts: photon noise, cosmic rays, non-linearity, saturation, read noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.detector import AMPLIFIERS, GAIN, WELL, linearity_slope, linearized
from f2widgets.core.frame import Plane
from f2widgets.simulate.detector import Detector
from f2widgets.simulate.settings import Settings

#: Cosmic rays on the full array in 120 s.
COSMIC_RAYS = 4.0
#: Wander of an amplifier's pedestal from frame to frame, ADU rms, and its limit.
PEDESTAL_JITTER, JITTER_LIMIT = 0.3, 1.0
#: Rows taken at once, so that the work stays in the cache.
BAND = 32


def measured(electrons: Plane) -> Plane:
    """Return the electrons that the array reports for the electrons it truly holds.

    The inverse of `f2widgets.core.detector.linearized` by two steps of Newton's method (exact to
    0.01 electron), cut at the full well.

    Parameters
    ----------
    electrons : ndarray, float32
        True electrons in one coadd.

    Returns
    -------
    ndarray, float32
        Measured electrons, at most `WELL`.
    """
    true = np.minimum(electrons, np.float32(1.03 * WELL))
    counts = true.copy()
    for _ in range(2):
        counts -= (linearized(counts) - true) / linearity_slope(counts)
    return np.minimum(counts, np.float32(WELL))


def jitter(settings: Settings, name: str) -> Plane:
    """Draw how far the pedestal of each column is off in one frame, ADU, shape (size,)."""
    steps = PEDESTAL_JITTER * settings.random("jitter", name).standard_normal(AMPLIFIERS)
    limited = np.clip(steps, -JITTER_LIMIT, JITTER_LIMIT)
    return limited.repeat(settings.size // AMPLIFIERS).astype(np.float32)


def read_out(
    settings: Settings, detector: Detector, name: str, electrons: Plane, seconds: float
) -> NDArray[np.int32]:
    """Return the raw frame for expected electrons.

    Parameters
    ----------
    settings : Settings
        What the user chose.
    detector : Detector
        The array.
    name : str
        Name of the frame; with the seed it determines the noise.
    electrons : ndarray, shape (size, size), float32
        Expected electrons of one coadd in each pixel, dark current included.
    seconds : float
        Exposure time of one coadd, for the number of cosmic rays.

    Returns
    -------
    ndarray, shape (size, size), int32
        Raw counts in ADU.
    """
    rays = _cosmic_rays(settings, name, seconds * settings.coadds)
    gain, zeros = np.float32(GAIN / settings.lnrs), np.float32(settings.lnrs * settings.coadds)
    shift = jitter(settings, name)
    rng = settings.random("noise", name)
    raw = np.empty(electrons.shape, np.int32)
    for start in range(0, len(raw), BAND):
        band = slice(start, start + BAND)
        total = np.zeros(electrons[band].shape, np.float32)
        for piece in range(settings.coadds):
            held = rng.poisson(electrons[band]).astype(np.float32)
            if not piece:  # all rays fall into the first
                here = (rays[0] >= start) & (rays[0] < start + BAND)
                np.add.at(held, (rays[0][here] - start, rays[1][here]), rays[2][here])
            counts = measured(held)
            counts += detector.noise[band] * rng.standard_normal(counts.shape, dtype=np.float32)
            total += counts
        raw[band] = np.rint(total / gain + zeros * detector.pedestal[band] + zeros * shift)
    return raw


def _cosmic_rays(
    settings: Settings, name: str, seconds: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], Plane]:
    """Draw the rows, columns and electrons of cosmic rays: short straight tracks."""
    rng = settings.random("cosmic", name)
    rows, columns, electrons = [], [], []
    for _ in range(rng.poisson(COSMIC_RAYS * settings.scale**2 * seconds / 120)):
        length = 1 + rng.exponential(2.0)
        steps = np.arange(0, length, 0.5)
        (x, y), angle = rng.uniform(0, settings.size, 2), rng.uniform(0, 2 * np.pi)
        rows.append(np.floor(y + steps * np.sin(angle)))
        columns.append(np.floor(x + steps * np.cos(angle)))
        electrons.append(rng.lognormal(np.log(1500), 0.8) * rng.uniform(0.5, 1.5, len(steps)))
    if not rows:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.float32)
    y, x = np.concatenate(rows).astype(np.int64), np.concatenate(columns).astype(np.int64)
    inside = (x >= 0) & (x < settings.size) & (y >= 0) & (y < settings.size)
    return y[inside], x[inside], np.concatenate(electrons)[inside].astype(np.float32)
