"""The false array: its response, dark current, pedestals, noise and bad pixels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.detector import AMPLIFIERS, FIELD_RADIUS, READ_NOISE
from f2widgets.core.frame import Plane
from f2widgets.simulate.settings import Settings

#: What is wrong with a pixel (bits of `Detector.bad`).
HOT, LOW, OVER, NOISY, CLUSTER = 1, 2, 4, 8, 16

#: Response: scatter by pixel, and the largest deviation on large scales.
PIXEL_SCATTER, LARGE_SCALE = 0.012, 0.10
#: Dust rings, and bad pixels of each kind, on the full array.
RINGS, LOW_PIXELS, OVER_PIXELS, NOISY_PIXELS = 18, 2600, 350, 1500
HOT_CLUSTERS, LOW_CLUSTERS, BROKEN_COLUMNS = 25, 20, 4
#: Dark current in electrons per second, and the glow that is added at the corners.
DARK, CORNER_GLOW = 0.3, 1.5
#: The blurred edge of the lit circle: radius of half light on the full array (a circle fitted at
#: half level comes out 3 px larger than the observatory's mask), and the blur in pixels.
HALF_LIGHT, EDGE_BLUR = FIELD_RADIUS + 3.0, 5.0
#: Pedestals in ADU: range by amplifier, scatter of even against odd columns and of blocks of 16 rows.
PEDESTAL_RANGE, COLUMN_SCATTER, BLOCK_SCATTER, BLOCK = (15.0, 65.0), 2.0, 1.0, 16


@dataclass(frozen=True)
class Detector:
    """The array as it truly is; every plane has shape (size, size).

    Parameters
    ----------
    flat : ndarray, float32
        Response relative to a typical pixel; 0 outside the lit circle.
    dark : ndarray, float32
        Dark current in electrons per second, hot pixels included.
    pedestal : ndarray, float32
        Level without light and dark current, ADU.
    noise : ndarray, float32
        Read noise of one coadd in electrons, rms.
    bad : ndarray, uint8
        Bits 1 hot, 2 low response, 4 over-responsive, 8 noisy, 16 in a cluster or broken column.
    lit : ndarray, bool
        Inside the lit circle.
    """

    flat: Plane
    dark: Plane
    pedestal: Plane
    noise: Plane
    bad: NDArray[np.uint8]
    lit: NDArray[np.bool_]


def draw(settings: Settings) -> Detector:
    """Draw the array of one seed.

    Parameters
    ----------
    settings : Settings
        What the user chose.

    Returns
    -------
    Detector
        The array.
    """
    radius = _radius(settings)
    bad = np.zeros((settings.size, settings.size), np.uint8)
    flat = _response(settings)
    dark = _dark(settings, radius)
    noise = np.full_like(flat, READ_NOISE[str(settings.lnrs)])
    _spoil_dark(settings, dark, bad)
    _spoil_response(settings, flat, bad)
    _spoil_noise(settings, noise, bad)
    lit = radius <= settings.radius
    flat /= np.median(flat[lit & (bad == 0)])
    flat *= _edge(settings, radius)
    return Detector(flat, dark, _pedestal(settings), noise, bad, lit)


def _radius(settings: Settings) -> Plane:
    """Return each pixel's distance from the circle's centre."""
    x, y = (np.arange(settings.size, dtype=np.float32) - np.float32(c) for c in settings.centre)
    return np.asarray(np.hypot(x, y[:, None]))


def _edge(settings: Settings, radius: Plane) -> Plane:
    """Return how much light the field stop lets through: 1 inside, 0 outside, blurred between."""
    from scipy.special import erfc

    blur = max(EDGE_BLUR * settings.scale, 1.5)
    light = 0.5 * erfc((radius - np.float32(HALF_LIGHT * settings.scale)) / np.float32(blur))
    light[light < 1e-3] = 0
    return np.asarray(light, np.float32)


def _response(settings: Settings) -> Plane:
    """Draw the response: by pixel, on large scales, and dust rings."""
    rng = settings.random("flat")
    size = settings.size
    u = np.linspace(-1, 1, size, dtype=np.float32)
    v = u[:, None]
    terms = (u, v, u * v, u * u, v * v, np.cos(3 * u) * np.sin(2 * v), u**3, v**3)
    large = np.zeros((size, size), np.float32)
    for share, term in zip(rng.standard_normal(len(terms)), terms, strict=True):
        large += np.float32(share) * term
    large -= np.median(large)
    flat = 1 + large * np.float32(LARGE_SCALE / np.abs(large).max())
    flat *= 1 + np.float32(PIXEL_SCATTER) * rng.standard_normal(flat.shape, dtype=np.float32)
    for _ in range(max(settings.count(RINGS), 3)):
        _add_ring(flat, rng)
    return np.asarray(flat, np.float32)


def _add_ring(flat: Plane, rng: np.random.Generator) -> None:
    """Cast the shadow of a speck of dust, a ring of 2 to 6 % depth, on the response."""
    x, y = rng.integers(0, len(flat), 2)
    radius, depth = rng.uniform(12, 35), rng.uniform(0.02, 0.06)
    far = int(radius * 1.8)
    rows = np.arange(max(y - far, 0), min(y + far, len(flat)))
    columns = np.arange(max(x - far, 0), min(x + far, len(flat)))
    distance = np.hypot(columns - x, (rows - y)[:, None])
    shadow = depth * np.exp(-(((distance - radius) / (0.22 * radius)) ** 2))
    flat[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] *= (1 - shadow).astype(np.float32)


def _dark(settings: Settings, radius: Plane) -> Plane:
    """Return the dark current without hot pixels: even, with a glow in the corners."""
    beyond = np.maximum(radius / np.float32(settings.radius) - 1, 0) / np.float32(0.38)
    return np.asarray(DARK + CORNER_GLOW * beyond**2, np.float32)


def _pedestal(settings: Settings) -> Plane:
    """Draw the level of each amplifier's strip, its odd and even columns and its blocks of rows."""
    rng = settings.random("pedestal")
    strip = settings.size // AMPLIFIERS
    blocks = -(-settings.size // BLOCK)
    by_amplifier = rng.uniform(*PEDESTAL_RANGE, AMPLIFIERS)
    by_parity = COLUMN_SCATTER * rng.standard_normal((AMPLIFIERS, 2))
    by_block = BLOCK_SCATTER * rng.standard_normal((blocks, AMPLIFIERS))
    columns = by_amplifier.repeat(strip) + np.tile(by_parity, (1, strip // 2)).ravel()
    rows = by_block.repeat(strip, axis=1).repeat(BLOCK, axis=0)[: settings.size]
    return np.asarray(columns + rows, np.float32)


def _log_uniform(rng: np.random.Generator, low: float, high: float, number: int) -> Plane:
    """Draw numbers spread evenly in their logarithm."""
    return np.exp(rng.uniform(np.log(low), np.log(high), number)).astype(np.float32)


def _pixels(rng: np.random.Generator, shape: tuple[int, ...], number: int) -> tuple[NDArray[np.int64], ...]:
    """Draw different pixels of an array."""
    return np.unravel_index(rng.choice(shape[0] * shape[1], number, replace=False), shape)


def _cluster(rng: np.random.Generator, size: int, members: tuple[int, int]) -> tuple[NDArray[np.int64], ...]:
    """Draw the pixels of a compact cluster."""
    number = int(rng.integers(*members))
    centre = rng.integers(5, size - 5, 2)
    steps = rng.normal(0, 0.45 * np.sqrt(number), (number, 2))
    where = np.unique(np.clip(np.round(centre + steps).astype(np.int64), 0, size - 1), axis=0)
    return where[:, 0], where[:, 1]


def _spoil_dark(settings: Settings, dark: Plane, bad: NDArray[np.uint8]) -> None:
    """Make pixels hot, alone and in clusters."""
    rng = settings.random("hot")
    number = min(settings.count(settings.hot), dark.size)
    where = _pixels(rng, dark.shape, number)
    dark[where] += _log_uniform(rng, 5, 5000, number)
    bad[where] |= HOT
    for _ in range(settings.count(HOT_CLUSTERS) if settings.hot else 0):
        where = _cluster(rng, settings.size, (5, 30))
        dark[where] += _log_uniform(rng, 20, 500, len(where[0]))
        bad[where] |= HOT | CLUSTER


def _spoil_response(settings: Settings, flat: Plane, bad: NDArray[np.uint8]) -> None:
    """Make pixels respond too little, alone, in clusters and in broken columns, or too much."""
    rng = settings.random("response")
    number = settings.count(LOW_PIXELS)
    where = _pixels(rng, flat.shape, number)
    flat[where] *= rng.uniform(0, 0.65, number).astype(np.float32)
    bad[where] |= LOW
    number = settings.count(OVER_PIXELS)
    where = _pixels(rng, flat.shape, number)
    flat[where] *= rng.uniform(1.35, 1.9, number).astype(np.float32)
    bad[where] |= OVER
    for _ in range(max(settings.count(LOW_CLUSTERS), 2)):
        where = _cluster(rng, settings.size, (8, 60))
        flat[where] *= rng.uniform(0, 0.6, len(where[0])).astype(np.float32)
        bad[where] |= LOW | CLUSTER
    for _ in range(max(round(BROKEN_COLUMNS * settings.scale), 1)):
        column, start = rng.integers(0, settings.size), rng.integers(0, settings.size // 2)
        length = int(settings.size * rng.uniform(0.2, 0.5))
        flat[start : start + length, column] *= np.float32(rng.uniform(0, 0.3))
        bad[start : start + length, column] |= LOW | CLUSTER


def _spoil_noise(settings: Settings, noise: Plane, bad: NDArray[np.uint8]) -> None:
    """Make pixels noisy: each frame they read another value."""
    rng = settings.random("noisy")
    number = settings.count(NOISY_PIXELS)
    where = _pixels(rng, noise.shape, number)
    noise[where] = _log_uniform(rng, 60, 600, number)
    bad[where] |= NOISY
