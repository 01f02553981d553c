"""Mistakes of observers, archives and reductions, planted into a copy of a simulated night."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from f2widgets.core.detector import WELL
from f2widgets.core.frame import Plane
from f2widgets.errors import WrongInputs
from f2widgets.io.atomic import link_or_copy
from f2widgets.simulate import files, headers, light
from f2widgets.simulate.catalogue import Catalogue
from f2widgets.simulate.light import Night
from f2widgets.simulate.readout import read_out
from f2widgets.simulate.render import moffat
from f2widgets.simulate.sequence import Conditions, Exposure, conditions, exposures
from f2widgets.simulate.settings import Settings
from f2widgets.simulate.truth import settings_of

#: Seconds that darks were really exposed whose headers say 120.
_SHORT = 20.0
#: A star that saturates has so many times the full well in its brightest pixel.
_OVER = 2.5
#: Light of the dusk, electrons per second and pixel in the first flat; what is left of it in each next one;
#: and its change from edge to edge. The lamp gives 3500.
_DUSK, _FADING, _SLOPE = 900.0, 0.6, 1.2


class Scene:
    """A copy of a simulated night in the making: files are shared with it until they are changed.

    Parameters
    ----------
    source : Path
        Folder of the healthy night.
    folder : Path
        Where the copy goes.

    Raises
    ------
    WrongInputs
        If there is no Example 1 in the source.
    """

    def __init__(self, source: Path, folder: Path) -> None:
        settings = settings_of(source)
        if settings is None:
            raise WrongInputs(
                f"{source} holds no simulated night: make one with f2 simulate example1 {source}."
            )
        if settings.data_set != "example1":
            raise WrongInputs(f"{source} holds {settings.data_set}; mistakes are planted into example1.")
        self.source, self.folder = source, files.folder(folder)
        self.exposures = exposures(settings)
        self.conditions = conditions(settings)
        self.night: Night = _drawn(settings)

    def share(self) -> None:
        """Take over all frames as they are."""
        for exposure in self.exposures:
            link_or_copy(self.source / exposure.filename, self.folder / exposure.filename)

    def of(self, kind: str, seconds: float | None = None) -> list[Exposure]:
        """Return the exposures of a kind."""
        return [one for one in self.exposures if one.kind == kind and seconds in (None, one.seconds)]

    def drop(self, exposure: Exposure) -> None:
        """Take a frame away."""
        (self.folder / exposure.filename).unlink(missing_ok=True)

    def repaint(self, exposure: Exposure, electrons: Plane, seconds: float) -> None:
        """Replace the pixels of a frame; its headers stay as they are."""
        night = self.night
        raw = read_out(night.settings, night.detector, exposure.name, electrons, seconds)
        self._rewrite(exposure, lambda first, second: setattr(second, "data", raw[None]))

    def retell(
        self, exposure: Exposure, as_if: Exposure | None = None, now: Conditions | None = None
    ) -> None:
        """Replace the headers of a frame by those of another exposure or other conditions; pixels stay."""
        told = replace(exposure if as_if is None else as_if, name=exposure.name, start=exposure.start)

        def change(first: Any, second: Any) -> None:
            first.header.update(headers.primary(self.night.settings, told, now, self.night.probe.guide_star))
            second.header.update(headers.image(told, now, self.night.settings.size))

        self._rewrite(exposure, change)

    def _rewrite(self, exposure: Exposure, change: Callable[[Any, Any], None]) -> None:
        """Change a frame of the copy, never that of the source."""
        from astropy.io import fits

        place = self.folder / exposure.filename
        with fits.open(place, memmap=False) as hdus:
            change(hdus[0], hdus[1])
            with files.whole(place) as part:
                hdus.writeto(part, overwrite=True)


@lru_cache(maxsize=1)
def _drawn(settings: Settings) -> Night:
    """Draw a night once for all copies of it."""
    return light.draw(settings)


def wrong_dark(scene: Scene) -> None:
    """Expose the long darks for a sixth of what their headers say."""
    for exposure in scene.of("dark", 120.0):
        short = replace(exposure, seconds=_SHORT)
        scene.repaint(exposure, light.calibration(scene.night, short), _SHORT)


def swapped_lamps(scene: Scene) -> None:
    """Let the headers of lamp-on flats say off, and the other way round."""
    on, off = scene.of("lamp on"), scene.of("lamp off")
    for exposure in on:
        scene.retell(exposure, as_if=off[0])
    for exposure in off:
        scene.retell(exposure, as_if=on[0])


def no_bad_pixels(scene: Scene) -> None:
    """Lose the short darks, without which there is no mask of bad pixels."""
    for exposure in scene.of("dark", 2.0):
        scene.drop(exposure)


def wrong_wcs(scene: Scene) -> None:
    """Leave the coordinates of the frame before in the header of the sixth."""
    stale, now = scene.conditions[4], scene.conditions[5]
    scene.retell(now.exposure, now=replace(now, header_pointing=stale.header_pointing))


def undithered(scene: Scene) -> None:
    """Point the telescope to the same place in every frame."""
    first = scene.conditions[0]
    for now in scene.conditions:
        same = replace(
            now, offset=first.offset, pointing=first.pointing, header_pointing=first.header_pointing
        )
        scene.repaint(now.exposure, light.science(scene.night, same), now.exposure.seconds)
        scene.retell(now.exposure, now=same)


def saturated_star(scene: Scene) -> None:
    """Let a star be so bright that it fills its pixels in every frame."""
    night, first = scene.night, scene.conditions[0]
    size, catalogue = night.settings.size, night.catalogue
    peak = float(moffat(9, 4.0, 4.0, first.fwhm).max())
    flux = catalogue.flux.copy()
    flux[_central_star(catalogue, first, size)] = _OVER * WELL / (peak * first.exposure.seconds)
    brighter = replace(night, catalogue=replace(catalogue, flux=flux))
    for now in scene.conditions:
        scene.repaint(now.exposure, light.science(brighter, now), now.exposure.seconds)


def twilight_flats(scene: Scene) -> None:
    """Let the dusk shine into the flats with the lamp on, from one side, and fade from frame to frame."""
    night = scene.night
    across = np.linspace(1 - _SLOPE / 2, 1 + _SLOPE / 2, night.settings.size, dtype=np.float32)
    for number, exposure in enumerate(scene.of("lamp on")):
        dusk = night.detector.flat * across * np.float32(_DUSK * _FADING**number * exposure.seconds)
        scene.repaint(exposure, light.calibration(night, exposure) + dusk, exposure.seconds)


def _central_star(catalogue: Catalogue, now: Conditions, size: int) -> int:
    """Return the star nearest to a point right of the middle, which every dither sees."""
    x, y = now.pointing.pixels(catalogue.ra, catalogue.dec)
    away = np.hypot(x - 0.55 * size, y - 0.42 * size)
    return int(np.argmin(np.where(catalogue.is_star, away, np.inf)))


@dataclass(frozen=True)
class Fault:
    """A mistake.

    Parameters
    ----------
    name : str
        In the package.
    diagnosis : str
        What one would say who has found it.
    look : str
        What to say to somebody who suspects it where it is not: how one would see it.
    shows : str
        What it is and how it shows, for whoever has found it.
    plant : callable
        Does it to a `Scene`.
    """

    name: str
    diagnosis: str
    look: str
    shows: str
    plant: Callable[[Scene], None]


FAULTS: Sequence[Fault] = (
    Fault(
        "wrong_dark",
        "The darks were exposed for another time than their headers say.",
        "Then the glow in the corners and the hot pixels of the master dark would not fit those of the "
        "science "
        "frames: look at a frame after the dark and the flat.",
        "The darks are too short: their glow and hot pixels are a sixth of those in the science frames, "
        "so five "
        "sixths stay after the subtraction. In the stack you hardly see it: the sky, made of the same "
        "frames, "
        "takes out what is left. Its noise, and each single frame, still have it.",
        wrong_dark,
    ),
    Fault(
        "swapped_lamps",
        "Lamp on and lamp off were exchanged.",
        "Then the frames that call themselves lamp on would be darker than those that call themselves "
        "lamp off: "
        "compare the medians of the raw flats.",
        "The headers of the flats say on for off. Off minus on is negative everywhere.",
        swapped_lamps,
    ),
    Fault(
        "no_bad_pixels",
        "Bad pixels were not masked.",
        "Then dead and hot pixels would stay in the single frames, and nearly none would bear the flag "
        "bad: look "
        "at the mask of a frame.",
        "There are no short darks, hence no mask. Each bad pixel stays in its frame; in the stack the "
        "dithers move "
        "it over the sky, and nine frames leave traces of it, or holes where it was found to be an outlier.",
        no_bad_pixels,
    ),
    Fault(
        "wrong_wcs",
        "A frame carries the coordinates of another one.",
        "Then the column header_error of the quality table would stand out in one row.",
        "The sixth frame has the coordinates of the fifth. The reduction saw by the stars that they are "
        "wrong and "
        "put it right; with `align:method=header` every star would have a ghost.",
        wrong_wcs,
    ),
    Fault(
        "undithered",
        "The telescope was not moved between the frames.",
        "Then dx and dy in the quality table would be near zero in nearly all rows, and few "
        "stars would match.",
        "All frames look at the same place. A star stands on the same pixel each time, so that it is "
        "taken for "
        "sky and subtracted: without dithers the sky cannot be told from the stars.",
        undithered,
    ),
    Fault(
        "saturated_star",
        "A star has filled its pixels.",
        "Then pixels would bear the flag saturated, and a star's profile would have a flat top.",
        "One star is brighter than the pixels can hold. Its middle is cut off, so that its flux is a "
        "lower limit; "
        "its pixels are flagged 4 and kept, because leaving them out would bias it further.",
        saturated_star,
    ),
    Fault(
        "twilight_flats",
        "Light of the dusk is in the flats.",
        "Then the raw flats with the lamp on would differ in brightness, and the flat would be tilted.",
        "The flats with the lamp on were taken while the sky still shone into the dome: each is fainter "
        "than the "
        "one before, and brighter on the right. The flat is tilted, and the fluxes of stars with it.",
        twilight_flats,
    ),
)


def planted(fault: Fault, source: str | Path, folder: str | Path) -> Path:
    """Copy a simulated night and plant a mistake into the copy.

    Parameters
    ----------
    fault : Fault
        The mistake.
    source : path-like
        Folder of a night made by `f2widgets.simulate.example1`.
    folder : path-like
        Where the copy goes; files that the mistake does not touch are shared on disk.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    WrongInputs
        If there is no simulated night.
    NotWritten
        If the copy cannot be written.
    """
    scene = Scene(Path(source), Path(folder))
    scene.share()
    fault.plant(scene)
    return scene.folder
