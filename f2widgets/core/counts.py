"""From ADU to true electrons: gain, variance, linearity."""

from __future__ import annotations

import numpy as np

from f2widgets.core.detector import linearity_slope, linearized
from f2widgets.core.frame import Frame
from f2widgets.errors import WrongInputs


def to_electrons(frame: Frame) -> Frame:
    """Multiply by the gain: ADU become electrons.

    Parameters
    ----------
    frame : Frame
        In ADU, shape (ny, nx).

    Returns
    -------
    Frame
        In electrons; levels and variance are scaled along.

    Raises
    ------
    WrongInputs
        If the frame is not in ADU, or its read mode has no known gain.

    Notes
    -----
    *Method*: d' = g d, V' = g² V.
    *Assumes* the gain of the array table for LNRS, since the header's GAIN is always 4.44.
    *Source*: ``ADUToElectrons`` of the reference, which stops with an obscure error where the read
    mode is unknown; here it is named.
    """
    if frame.unit != "adu":
        raise WrongInputs(f"{frame.name} is in {frame.unit or 'no unit'}, not in ADU: give the raw frame.")
    facts = frame.facts
    gain = facts.gain
    if gain is None:
        raise WrongInputs(
            f"{frame.name}: gain and read noise are not known for LNRS={facts.read_mode} "
            "(known: 1, 4, 6, 8). Leave the frame out, or correct LNRS in a copy of the file."
        )
    scale = np.float32(gain)
    return frame.with_(
        data=np.multiply(frame.data, scale, dtype=np.float32),
        variance=None if frame.variance is None else frame.variance * (scale * scale),
        unit="electron",
        gain=1.0,
        saturation_level=_scaled(facts.saturation_level, gain),
        non_linear_level=_scaled(facts.non_linear_level, gain),
    )


def _scaled(level: float | None, factor: float) -> float | None:
    """Multiply a level that may be unknown."""
    return None if level is None else round(level * factor, 3)


def add_variance(frame: Frame, *, read_noise: bool = True, poisson: bool = True) -> Frame:
    """Add the variance that read-out and photon noise give each pixel.

    Parameters
    ----------
    frame : Frame
        In ADU or electrons, before the dark is subtracted, shape (ny, nx).
    read_noise : bool, optional
        Count the noise of reading the array.
    poisson : bool, optional
        Count the noise of the collected electrons.

    Returns
    -------
    Frame
        With a variance plane; one that was there is replaced.

    Raises
    ------
    WrongInputs
        If the read noise of the frame's read mode is not known.

    Notes
    -----
    *Method*: V = C R² + max(d, 0) in electrons, for C coadds of read noise R.
    *Assumes* that coadds are summed, so their read variance adds up; the reference's ``addVAR``
    counts it once.
    *Source*: ``addVAR`` of the reference.
    """
    facts = frame.facts
    gain = facts.gain if frame.unit == "adu" else 1.0
    if facts.read_noise is None or gain is None:
        raise WrongInputs(f"{frame.name}: the read noise is not known for LNRS={facts.read_mode}.")
    floor = np.float32(facts.coadds * facts.read_noise**2 / gain**2 if read_noise else 0.0)
    if poisson:
        variance = np.maximum(frame.data, np.float32(0), dtype=np.float32)
        variance *= np.float32(1 / gain)
        variance += floor
    else:
        variance = np.full(frame.shape, floor, np.float32)
    return frame.with_(variance=variance)


def correct_nonlinearity(frame: Frame) -> Frame:
    """Turn measured electrons into true ones.

    Parameters
    ----------
    frame : Frame
        Before the dark is subtracted, shape (ny, nx).

    Returns
    -------
    Frame
        Corrected; levels are moved along.

    Raises
    ------
    WrongInputs
        If the frame is in ADU and its gain is not known.

    Notes
    -----
    *Method*: with c measured electrons in one coadd, c (a0 + a1 c + a2 c²); the variance grows with the
    square of the slope, where the reference adds the difference of the counts.
    *Assumes* one curve for all pixels and read modes.
    *Source*: the observatory's polynomial, ``nonlinearityCorrect`` of the reference.
    """
    facts = frame.facts
    gain = facts.gain if frame.unit == "adu" else 1.0
    if gain is None:
        raise WrongInputs(f"{frame.name}: the gain is not known for LNRS={facts.read_mode}.")
    per_coadd = gain / facts.coadds
    counts = frame.data if per_coadd == 1.0 else frame.data * np.float32(per_coadd)
    data = linearized(counts)
    variance = None
    if frame.variance is not None:
        variance = np.square(linearity_slope(counts))
        variance *= frame.variance
    if per_coadd != 1.0:
        data *= np.float32(1 / per_coadd)

    def moved(level: float | None) -> float | None:
        return None if level is None else float(linearized(np.array(level * per_coadd)) / per_coadd)

    return frame.with_(
        data=data,
        variance=variance,
        saturation_level=moved(facts.saturation_level),
        non_linear_level=moved(facts.non_linear_level),
    )
