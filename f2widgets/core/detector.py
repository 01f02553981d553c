"""Numbers of the Flamingos-2 detector and camera, each with its source.

The array table is that of the Gemini instrument page and of the observatory's own pipeline, keyed on
the number of read pairs (LNRS). Geometry was measured on the observatory's illumination mask and on
26 real headers (2014 to 2023).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

#: Electrons per ADU of one read pair; read pairs are summed, so the image gain is this over LNRS.
GAIN = 4.44
#: Full well in electrons.
WELL = 155_400.0
#: Start of the strongly non-linear range, as a fraction of the saturation level.
LINEAR_FRACTION = 0.72
#: Read noise of one image in electrons, by LNRS.
READ_NOISE = {"1": 11.7, "4": 6.0, "6": 5.3, "8": 5.0}
#: ``true = c (a0 + a1 c + a2 c²)`` for c measured electrons in one coadd, the same in all read modes.
LINEARITY = (0.9999107, -4.2854848e-8, 1.0096585e-12)

#: Side of the array in pixels.
SIDE = 2048
#: Centre of the illuminated circle (x, y), 0-based, and its radius, in pixels of the full array.
FIELD_CENTRE = (1049.905, 1055.015)
FIELD_RADIUS = 1054.0
#: Arcsec per pixel: until 2016, and since.
PIXEL_SCALE = (0.17975, 0.1792)
#: Number of readout amplifiers; each reads a strip of columns.
AMPLIFIERS = 32


@dataclass(frozen=True)
class ReadMode:
    """Properties of an image read with a given LNRS and number of coadds.

    Levels are in ADU of the image as it stands in the file, coadds summed.
    """

    gain: float
    read_noise: float
    saturation_level: float
    non_linear_level: float


def read_mode(lnrs: str, coadds: int = 1) -> ReadMode | None:
    """Return the array's properties for a read mode.

    Parameters
    ----------
    lnrs : str
        Number of read pairs: "1", "4", "6" or "8".
    coadds : int, optional
        Number of exposures summed in the image.

    Returns
    -------
    ReadMode or None
        None for a read mode that the table does not know.

    Notes
    -----
    The levels are cut to whole ADU per coadd, as the reference does, and then multiplied by the
    number of coadds, which the reference leaves out.
    """
    if lnrs not in READ_NOISE:
        return None
    gain = GAIN / int(lnrs)
    saturation = int(WELL / gain)
    return ReadMode(
        gain=gain,
        read_noise=READ_NOISE[lnrs],
        saturation_level=float(saturation * coadds),
        non_linear_level=float(int(LINEAR_FRACTION * saturation) * coadds),
    )


def linearized(counts: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return true electrons for measured electrons per coadd."""
    a0, a1, a2 = LINEARITY
    out = counts * a2
    for coefficient in (a1, a0):
        out += coefficient
        out *= counts
    return out


def linearity_slope(counts: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the derivative of `linearized`, by which a small error grows."""
    a0, a1, a2 = LINEARITY
    out = counts * (3 * a2)
    out += 2 * a1
    out *= counts
    out += a0
    return out
