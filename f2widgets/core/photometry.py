"""Light of stars in round apertures, at given places, in several frames alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.beat import beat
from f2widgets.core.blocks import spans
from f2widgets.core.frame import Frame
from f2widgets.core.stacking import median_of_usable

Values = NDArray[np.float64]

#: Within this radius of a star no pixel may be missing.
_CORE = 3.5
#: Stars that are measured at once: those of 175 frames take 100 MB.
_AT_ONCE = 50
#: Bits that spoil a star.
_SPOILT = np.uint16(flags.UNUSABLE | flags.SATURATED | flags.NONLINEAR)


def aperture_weights(radius: float, half: int, dx: Values, dy: Values) -> Values:
    """Return, for each star, the part of each pixel of its stamp that lies within the aperture.

    Parameters
    ----------
    radius : float
        Of the aperture, pixels.
    half : int
        Stamps are 2 half + 1 pixels wide.
    dx, dy : ndarray, shape (n,)
        Place of each star relative to the middle of its stamp.

    Returns
    -------
    ndarray, shape (n, 2 half + 1, 2 half + 1)
        Between 0 and 1; the rim is counted by distance: 0.1 % too much area at radius 9, 0.9 % at 3.
    """
    step = np.arange(-half, half + 1)
    distance = np.hypot(step[None, :, None] - dy[:, None, None], step[None, None, :] - dx[:, None, None])
    return np.clip(radius + 0.5 - distance, 0, 1)


def same_light(frames: Sequence[Frame], places: Sequence[Values], radius: float) -> Values:
    """Measure the same stars in several frames.

    Parameters
    ----------
    frames : sequence of Frame
        Sky-subtracted.
    places : sequence of ndarray, each (n, 2)
        Pixel (x, y) of each star in each frame, 0-based.
    radius : float
        Of the aperture, pixels.

    Returns
    -------
    ndarray, shape (frames, n)
        Sums; NaN where a star is not whole, or saturated.

    Notes
    -----
    Unusable pixels outside the core are filled with the median of the other frames there.
    """
    parts = [slice(a, b) for a, b in spans(len(places[0]), _AT_ONCE)]
    sums = [_same_light(frames, [place[part] for place in places], radius) for part in parts]
    return np.concatenate(sums, axis=1) if sums else np.zeros((len(frames), 0))


def _same_light(frames: Sequence[Frame], places: Sequence[Values], radius: float) -> Values:
    """Measure some stars in all frames."""
    half = int(np.ceil(radius)) + 1
    stamps, masks, weights = [], [], []
    for frame, place in zip(frames, places, strict=True):
        values, mask, x, y = _cut(frame, place, half)
        stamps.append(values)
        masks.append(mask)
        weights.append(aperture_weights(radius, half, place[:, 0] - x, place[:, 1] - y))
        beat()
    all_stamps, all_masks = np.array(stamps), np.array(masks)
    core = aperture_weights(_CORE, half, np.zeros(1), np.zeros(1))[0] > 0
    spoilt = ((all_masks & _SPOILT) != 0)[:, :, core].any(axis=2)
    spoilt |= ((all_masks & (flags.NO_DATA | flags.UNLIT)) != 0).any(axis=(2, 3))
    missing = (all_masks & flags.UNUSABLE) != 0
    if missing.any():
        all_stamps = np.where(missing, median_of_usable(all_stamps, ~missing), all_stamps)
    sums = np.einsum("fnji,fnji->fn", all_stamps, np.array(weights))
    sums[spoilt] = np.nan
    return np.asarray(sums)


def _cut(frame: Frame, place: Values, half: int) -> tuple[Values, NDArray[np.uint16], Values, Values]:
    """Cut out stamps around places; outside the frame there is no data."""
    ny, nx = frame.shape
    x, y = np.rint(place[:, 0]).astype(int), np.rint(place[:, 1]).astype(int)
    step = np.arange(-half, half + 1)
    rows, columns = y[:, None, None] + step[:, None], x[:, None, None] + step
    inside = (rows >= 0) & (rows < ny) & (columns >= 0) & (columns < nx)
    rows, columns = np.clip(rows, 0, ny - 1), np.clip(columns, 0, nx - 1)
    mask = np.where(inside, frame.mask[rows, columns], np.uint16(flags.NO_DATA))
    return frame.data[rows, columns].astype(float), mask.astype(np.uint16), x.astype(float), y.astype(float)
