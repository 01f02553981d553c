"""Make a bad-pixel mask from flats and short darks; flag bad, unlit and saturated pixels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.annotations import Unit, Within
from f2widgets.core.arithmetic import must_fit
from f2widgets.core.beat import beat
from f2widgets.core.blocks import each_block
from f2widgets.core.detector import AMPLIFIERS, SIDE
from f2widgets.core.field import Circle, box_medians, fit_circle, spread, well_lit
from f2widgets.core.flags import Mask
from f2widgets.core.frame import Frame, Plane
from f2widgets.errors import WrongInputs

#: Rows over which an amplifier's zero level is constant enough.
_STEP = 16
#: Side in pixels of the boxes a pixel's response is judged against: wider than a cluster, finer than dust.
_BOX = 32
#: Part of the light further in that the edge of the lit field still gets.
_LIT = 0.7
#: Pixels of the full array inside the edge over which the response may fall without being called bad.
_RIM = 14.0


def flag_bad_pixels(
    frame: Frame, bpm: Frame | None = None, *, saturation: bool = True, unlit: bool = True
) -> Frame:
    """Flag bad, unlit, non-linear and saturated pixels.

    Parameters
    ----------
    frame : Frame
        Before the linearity correction, shape (ny, nx).
    bpm : Frame, optional
        Bad-pixel mask: its flags are taken over.
    saturation : bool, optional
        Flag pixels by their level as non-linear or saturated.
    unlit : bool, optional
        Take over which pixels lie outside the illuminated field.

    Returns
    -------
    Frame
        With bits added.

    Raises
    ------
    WrongCalibration
        If the mask's shape differs.

    Notes
    -----
    *Method*: 2 where the level is at least the non-linear one, 4 where it is at least saturation,
    plus the mask's 1 and 64; darks see no light, so 64 is not for them.
    *Assumes* levels per image as the array table has them, coadds summed.
    *Source*: ``addDQ`` of the reference. Its search for holes in saturated stars by enclosed regions,
    which also flags islands of sky, is left out.
    """
    mask: Mask = frame.mask.copy()
    if bpm is not None:
        must_fit(frame, bpm, "bad-pixel mask")
        known = flags.BAD | (flags.UNLIT if unlit and "DARK" not in frame.facts.tags else 0)
        mask |= bpm.mask & np.uint16(known)
    facts = frame.facts
    if saturation and facts.saturation_level is not None and facts.non_linear_level is not None:
        full = frame.data >= np.float32(facts.saturation_level)
        bent = frame.data >= np.float32(facts.non_linear_level)
        # one where the pixel is bent and not full, two where it is full: bits 2 and 4
        mask |= (bent.astype(np.uint16) + full) << np.uint16(1)
    return frame.with_(mask=mask)


def make_bpm(
    frames: Iterable[Frame],
    *,
    low: Annotated[float, Within(0, 1)] = 0.79,
    high: Annotated[float, Within(1, None)] = 1.21,
    lowest: Annotated[float, Within(0, 1)] = 0.68,
    highest: Annotated[float, Within(1, None)] = 1.32,
    hot: Annotated[float, Within(0, None), Unit("electron/s")] = 10.0,
    hot_sigma: Annotated[float, Within(0, None)] = 4.5,
    noisy: Annotated[float, Within(1, None)] = 2.6,
) -> list[Frame]:
    """Make the mask of bad pixels and of the unlit field from lamp light and short darks.

    Parameters
    ----------
    frames : iterable of Frame
        One frame of lamp light (lamp on minus off) and at least one short dark, in electrons,
        each (ny, nx).
    low, high : float
        Limits of a pixel's response against its neighbourhood.
    lowest, highest : float
        Limits of its response against the median of the field.
    hot : float
        Dark current above which a pixel is bad.
    hot_sigma : float
        A hot pixel must also stand out by so many sigma of the noise of the combined darks.
    noisy : float
        Scatter over the darks, in units of the read noise, above which a pixel is bad.

    Returns
    -------
    list of Frame
        One frame whose mask has 1 for bad and 64 for unlit pixels, never both.

    Raises
    ------
    WrongInputs
        If the lamp light or the darks are missing.

    Notes
    -----
    *Method*: the lit field is a circle fitted to where the lamp light falls to half, drawn in to where it
    still has seven tenths; where the light fills the array, all of it. Response is judged against the
    median of boxes of 32 pixels, dark current after the amplifiers' zero levels (32 strips of columns, odd
    and even, in steps of 16 rows) are taken away, noise by the scatter over the darks.
    *Assumes* darks short enough that a good pixel gathers little.
    *Source*: ``makeBPM`` of the reference, which has fixed limits in electrons (it finds a quarter of
    the hot pixels) and calls everything outside the field bad.
    """
    everything = list(frames)
    darks = [frame for frame in everything if "DARK" in frame.facts.tags]
    lamps = [frame for frame in everything if "DARK" not in frame.facts.tags]
    if len(lamps) != 1 or not darks:
        raise WrongInputs(
            "A bad-pixel mask needs flats with the lamp on and off, and short darks (about 2 s): "
            f"got lamp light from {len(lamps)} set(s) and {len(darks)} darks."
        )
    light = lamps[0]
    circle, response = _response(light.data)
    unlit = circle.outside(light.shape)
    bad = _wrong_response(response, circle, (low, high), (lowest, highest))
    bad |= _wrong_dark(darks, hot, hot_sigma, noisy)
    mask = np.where(unlit, np.uint16(flags.UNLIT), bad.astype(np.uint16))
    return [light.with_(data=mask.astype(np.float32), variance=None, mask=mask, unit="")]


def _response(light: Plane) -> tuple[Circle, Plane]:
    """Return the lit circle and the lamp light over its median there."""
    circle = fit_circle(light)
    level = np.float32(np.median(light[~circle.outside(light.shape, shrink=_RIM)]))
    if not level > 0:
        raise WrongInputs("The flats show no light of the lamp: are lamp-on and lamp-off swapped?")
    beat()
    response = light / level
    return well_lit(response, circle, _LIT), response


def _wrong_response(
    response: Plane,
    circle: Circle,
    near: tuple[float, float],
    whole: tuple[float, float],
) -> NDArray[np.bool_]:
    """Say which pixels respond too little or too much, against neighbours or against the field."""
    boxes = box_medians(response, ~circle.outside(response.shape), _BOX)
    local = response / np.maximum(spread(boxes, _BOX, response.shape), np.float32(0.05))
    rim = circle.outside(response.shape, shrink=_RIM * response.shape[1] / SIDE)
    low = np.where(rim, np.float32(0.5), np.float32(near[0]))  # light falls off there, and pixels are good
    lowest = np.where(rim, np.float32(0.3), np.float32(whole[0]))
    bad = (local < low) | (local > near[1]) | (response < lowest) | (response > whole[1])
    return np.asarray(bad)


def _wrong_dark(darks: Sequence[Frame], hot: float, sigma: float, noisy: float) -> NDArray[np.bool_]:
    """Say which pixels are hot or noisy in short darks."""
    facts, n = darks[0].facts, len(darks)
    noise = (facts.read_noise or 0.0) * np.sqrt(facts.coadds)
    mean, scatter = _mean_and_scatter([dark.data for dark in darks])
    mean = without_pedestal(mean)
    limit = max(hot * facts.exposure_time, sigma * noise / np.sqrt(n))
    bad = np.empty(mean.shape, bool)

    def judge(a: int, b: int) -> None:
        """Judge a block of rows."""
        level = mean[a:b]
        bad[a:b] = (level > limit) | (level < -6 * noise / np.sqrt(n))
        if n >= 4:  # with fewer, the scatter says little
            allowed = noise**2 + np.maximum(level, 0)  # a hot pixel's own photon noise is no fault
            bad[a:b] |= scatter[a:b] > noisy**2 * (n - 1) * allowed

    each_block(judge, len(mean), rows=64)
    return bad


def _mean_and_scatter(planes: list[Plane]) -> tuple[Plane, Plane]:
    """Return the mean of planes, and the sum of squares about it."""
    mean, scatter = np.empty_like(planes[0]), np.zeros_like(planes[0])

    def work(a: int, b: int) -> None:
        """Go through a block of rows twice while it is in the cache."""
        total = planes[0][a:b].copy()
        for plane in planes[1:]:
            total += plane[a:b]
        np.multiply(total, np.float32(1 / len(planes)), out=mean[a:b])
        for plane in planes:
            scatter[a:b] += np.square(plane[a:b] - mean[a:b])

    each_block(work, len(mean), rows=64)
    return mean, scatter


def without_pedestal(data: Plane) -> Plane:
    """Take away each amplifier's zero level: strips of columns, odd and even, in steps of rows.

    Parameters
    ----------
    data : ndarray, shape (ny, nx), float32
        A short dark.

    Returns
    -------
    ndarray
        The same with a median of zero in each piece.
    """
    ny, nx = data.shape
    strip = max(nx // AMPLIFIERS, 2)
    out = data.copy()
    whole = (ny // _STEP * _STEP, nx // strip * strip)
    pieces = out[: whole[0], : whole[1]].reshape(ny // _STEP, _STEP, nx // strip, strip)

    def level(a: int, b: int) -> None:
        """Bring some steps of rows to zero."""
        for parity in (0, 1):
            part = pieces[a:b, ..., parity::2]
            part -= np.median(part, axis=(1, 3), keepdims=True)

    each_block(level, len(pieces), rows=16)
    for rest in (out[whole[0] :], out[:, whole[1] :]):  # what no whole piece covers
        if rest.size:
            rest -= np.median(rest)
    return out
