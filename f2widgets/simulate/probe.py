"""The guide probe PWFS2: an arm with a round head that dims the field and glows, following the guide star."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from f2widgets.core.frame import Plane
from f2widgets.simulate.pointing import Pointing, camera
from f2widgets.simulate.settings import Settings

#: Share of the light that the probe takes, and its own glow as a share of the sky.
DIMMING, GLOW = 0.06, 0.015
#: How many times further out the guide star lies where the probe shall leave the field alone.
OUTSIDE = 3.5
#: A pixel belongs to the probe where it changes the sky's light by more than this.
NOTICEABLE = 0.001


@dataclass(frozen=True)
class Probe:
    """The probe of one night; lengths in pixels of this array.

    Parameters
    ----------
    guide_star : tuple of float
        Right ascension and declination in degrees; the head's centre is where it falls.
    head : float
        Radius of the head.
    width : float
        Width of the arm.
    angle : float
        Direction from the head along the arm, radians from +x towards +y.
    softness : float
        Half the width of the blurred edge: the probe is out of focus.
    """

    guide_star: tuple[float, float]
    head: float
    width: float
    angle: float
    softness: float

    def effect(self, pointing: Pointing, size: int) -> tuple[Plane, Plane]:
        """Return what the probe does to one frame.

        Parameters
        ----------
        pointing : Pointing
            Where the telescope points.
        size : int
            Side of the array in pixels.

        Returns
        -------
        dimming : ndarray, shape (size, size), float32
            Factor on the light that comes through.
        glow : ndarray, shape (size, size), float32
            The probe's own light as a share of the sky.
        """
        inside = self._distance(pointing, size)
        shadow = _smooth(-inside / self.softness)
        halo = _smooth((self.softness - inside) / self.softness)
        return (1 - DIMMING * shadow).astype(np.float32), (GLOW * halo).astype(np.float32)

    def region(self, pointing: Pointing, size: int) -> NDArray[np.bool_]:
        """Return where the probe changes the sky's light noticeably, shape (size, size)."""
        dimming, glow = self.effect(pointing, size)
        # Where the dimming and the glow happen to cancel, the objects are dimmed all the same.
        changed = (np.abs(dimming - 1) > NOTICEABLE) | (glow > NOTICEABLE)
        return np.asarray(changed)

    def _distance(self, pointing: Pointing, size: int) -> Plane:
        """Return each pixel's distance from the probe's outline, negative inside."""
        (hx,), (hy,) = pointing.pixels(*self.guide_star)
        x = np.arange(size, dtype=np.float32) - np.float32(hx)
        y = (np.arange(size, dtype=np.float32) - np.float32(hy))[:, None]
        cosine, sine = np.float32(np.cos(self.angle)), np.float32(np.sin(self.angle))
        along, across = x * cosine + y * sine, y * cosine - x * sine
        arm = np.where(along > 0, np.abs(across) - np.float32(self.width / 2), np.float32(np.inf))
        return np.asarray(np.minimum(np.hypot(x, y) - np.float32(self.head), arm))


def draw(settings: Settings) -> Probe:
    """Draw the probe's guide star, size and direction from the seed.

    The head lies well inside the lit circle, towards one corner of the array, and the arm reaches
    in from that corner; or the guide star lies outside the field, and so does the probe.
    """
    rng = settings.random("probe")
    corner = np.radians(45 + 90 * rng.integers(4) + rng.uniform(-15, 15))
    distance = settings.radius * rng.uniform(0.60, 0.72) * (1.0 if settings.programme.probed else OUTSIDE)
    x, y = settings.centre
    x, y = x + distance * np.cos(corner), y + distance * np.sin(corner)
    (ra,), (dec,) = camera(*settings.programme.target, settings.size, settings.pa).sky(x, y)
    head = settings.scale * rng.uniform(90, 130)
    return Probe(
        guide_star=(float(ra), float(dec)),
        head=float(head),
        width=float(head * rng.uniform(1.0, 1.5)),
        angle=float(corner + np.radians(rng.uniform(-12, 12))),
        softness=max(14 * settings.scale, 3.0),
    )


def _smooth(t: Plane) -> Plane:
    """Return a step from 0 (t = -1) to 1 (t = 1) without kinks."""
    share = np.clip((t + 1) / 2, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))
