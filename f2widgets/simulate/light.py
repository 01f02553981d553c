"""The electrons that each kind of exposure is expected to gather, before any noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from f2widgets.core.frame import Plane
from f2widgets.simulate import catalogue, detector, probe
from f2widgets.simulate.catalogue import Catalogue
from f2widgets.simulate.detector import Detector
from f2widgets.simulate.probe import Probe
from f2widgets.simulate.render import objects
from f2widgets.simulate.sequence import Conditions, Exposure
from f2widgets.simulate.settings import Settings

#: Electrons per second of the flat lamp, and its flicker from frame to frame.
LAMP, FLICKER = 3500.0, 0.003


@dataclass(frozen=True)
class Night:
    """All that stays the same from frame to frame: the array, the field and the probe."""

    settings: Settings
    detector: Detector
    catalogue: Catalogue
    probe: Probe


def draw(settings: Settings) -> Night:
    """Draw the night of a seed.

    Parameters
    ----------
    settings : Settings
        What the user chose.

    Returns
    -------
    Night
        Array, field and probe.
    """
    return Night(settings, detector.draw(settings), catalogue.draw(settings), probe.draw(settings))


def calibration(night: Night, exposure: Exposure) -> Plane:
    """Return the electrons of a dark or a flat.

    Parameters
    ----------
    night : Night
        Array, field and probe.
    exposure : Exposure
        A dark, lamp-on or lamp-off exposure.

    Returns
    -------
    ndarray, shape (size, size), float32
        Expected electrons of one coadd.
    """
    electrons = night.detector.dark * np.float32(exposure.seconds)
    if exposure.kind != "dark":
        flicker = 1 + FLICKER * night.settings.random("lamp", exposure.name).standard_normal()
        light = night.settings.programme.filter.lamp_off + LAMP * flicker * (exposure.kind == "lamp on")
        electrons += night.detector.flat * np.float32(light * exposure.seconds)
    return electrons


def science(night: Night, now: Conditions) -> Plane:
    """Return the electrons of a science exposure.

    Objects, dimmed by the air, and the sky with its gradient come past the probe; the probe adds its
    glow; all that meets the array's response, and the dark current is added.

    Parameters
    ----------
    night : Night
        Array, field and probe.
    now : Conditions
        Telescope and sky during the exposure.

    Returns
    -------
    ndarray, shape (size, size), float32
        Expected electrons.
    """
    seconds = np.float32(now.exposure.seconds)
    light = objects(night.catalogue, now.pointing, now.fwhm, night.settings.size)
    light *= np.float32(now.transparency)
    light += sky(night.settings, now)
    dimming, glow = night.probe.effect(now.probe_pointing, night.settings.size)
    light *= dimming
    light += glow * np.float32(now.sky)
    # The tails of a transform ring below zero by less than the floor of the stamps.
    np.maximum(light, 0, out=light)
    light *= night.detector.flat
    light += night.detector.dark
    light *= seconds
    return light


def sky(settings: Settings, now: Conditions) -> Plane:
    """Return the sky of a frame in electrons per second and pixel, shape (size, size)."""
    x, y = (np.arange(settings.size, dtype=np.float32) - np.float32(c) for c in settings.centre)
    gx, gy = (np.float32(g) for g in now.gradient)
    return np.asarray(np.float32(now.sky) * (1 + gx * x + gy * y[:, None]), np.float32)
