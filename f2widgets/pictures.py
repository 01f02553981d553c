"""Quick pictures of frames, for a notebook or a PNG file; no display is needed."""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from f2widgets.core import flags
from f2widgets.core.display import (
    STRETCHES,
    binned_flags,
    binned_known,
    binning,
    limits as limits_of,
    plane_values,
    stretched,
)
from f2widgets.core.frame import Frame
from f2widgets.errors import ParameterError
from f2widgets.io.atomic import written_whole
from f2widgets.io.read import read_frame
from f2widgets.markings import COLOURS, SHOWN, draw_compass, draw_overlay, draw_probe, draw_sources

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Stretch = Literal["auto", "linear", "sqrt", "log", "asinh", "histogram"]
Image = NDArray[np.floating]

#: The stretch is linear up to so many sigma above the sky, and logarithmic above.
_SOFT = 4.0
#: Pixels with these flags hold no measure of the sky and are not shown; bad ones are, as they are.
_HIDDEN = flags.UNUSABLE & ~flags.BAD
#: Sky is shown from so many sigma below its median.
_BELOW = 2.5
#: A linear stretch reaches at most so many sigma from the median.
_WIDE = 5.0
#: Frames whose bright end stands out by so many sigma are shown with the asinh stretch.
_BRIGHT = 12.0
#: A normal distribution's sigma over its median absolute deviation.
_SIGMA = 1.4826
_MISSING = "#7d8fa3"
#: Points at which a stretch is worked out: more than there are greys, and dense where a logarithm is steep.
_POINTS = 4096


@dataclass(frozen=True)
class Picture:
    """A drawing that a notebook shows by itself.

    Parameters
    ----------
    figure : `~matplotlib.figure.Figure`
        For those who want to draw on.
    alt : str
        What is seen, in words, for those who do not see it.
    """

    figure: Figure
    alt: str = ""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture as a PNG file, whole or not at all.

        Parameters
        ----------
        path : path-like
            The file; one that is there is replaced.

        Returns
        -------
        `~pathlib.Path`
            The file.

        Raises
        ------
        NotWritten
            If the system refuses.
        """
        with written_whole(Path(path)) as stream:
            stream.write(self.png())
        return Path(path)

    def png(self) -> bytes:
        """Return the picture as the content of a PNG file."""
        whole = io.BytesIO()
        self.figure.savefig(whole, format="png")
        return whole.getvalue()

    def _repr_html_(self) -> str:
        """Return the picture as notebooks show it: a PNG in HTML, since a bare PNG has no words beside it."""
        pixels, scale = base64.b64encode(self.png()).decode(), self.figure.get_dpi()
        width = round(self.figure.get_figwidth() * scale)
        style = f"max-width: 100%; width: {width}px"
        return f'<img alt="{html.escape(self.alt)}" style="{style}" src="data:image/png;base64,{pixels}">'

    def __repr__(self) -> str:
        """Say what this is in one line."""
        return f"<Picture of {', '.join(axes.get_title() for axes in self.figure.axes if axes.get_title())}>"


def show(
    *frames: Frame | str | os.PathLike[str],
    titles: Sequence[str] = (),
    plane: str = "data",
    stretch: Stretch = "auto",
    limits: tuple[float, float] | None = None,
    colours: str = "gray",
    hide: Sequence[str] | None = None,
    overlay: Sequence[str] = (),
    sources: Any = None,
    size: float = 5.0,
    alt: str = "",
) -> Picture:
    """Draw frames side by side.

    Parameters
    ----------
    *frames : Frame or path-like
        One or several, in memory or as files.
    titles : sequence of str, optional
        One for each, in place of name, filter and exposure time.
    plane : str, optional
        ``data``; ``noise``, the root of the variance; ``mask``, each flag in its colour; or the name of a
        further plane, such as ``EXPMAP`` or ``OBJMASK``.
    stretch : {'auto', 'linear', 'sqrt', 'log', 'asinh', 'histogram'}, optional
        'auto' is linear, or where there are stars one that shows these and faint sky at once; the others are
        those of the image inspector, see `f2widgets.core.display.stretched`.
    limits : tuple of float, optional
        Values shown as black and as white; by default chosen from the pixels.
    colours : str, optional
        A colour map of matplotlib: gray, cividis, viridis, magma; with ``_r`` at its end reversed.
    hide : sequence of str, optional
        Flags of pixels that are not shown; by default those of pixels that hold no measure of the sky, but
        for bad ones.
    overlay : sequence of str, optional
        Flags that are drawn over the image, each in its colour.
    sources : str, path-like or `~astropy.table.Table`, optional
        A ring is drawn around each: a table with x and y, or ra and dec in degrees; the name of one in the
        frame, such as ``OBJCAT``; or a FITS, ECSV or CSV file.
    size : float, optional
        Inches for each frame; there are 110 points to the inch.
    alt : str, optional
        What is seen, for those who do not see it; by default the titles and the plane.

    Returns
    -------
    Picture
        Shown by a notebook when it is a cell's last value; ``.save("name.png")`` writes it.

    Raises
    ------
    NotF2Data
        If a file cannot be read.
    ParameterError
        If there is no frame, or there is no such plane, stretch, colour map, flag or table.

    Notes
    -----
    Pixels without any data have a colour of their own. Arrows point to north and east.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    if not frames:
        raise ParameterError("There is nothing to show: name a frame or a file.")
    look = _looks(stretch, limits, colours)
    hidden = _HIDDEN if hide is None else _bits(hide)
    figure = Figure(figsize=(len(frames) * size, 0.92 * size), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, len(frames), squeeze=False)[0]
    for k, (axes, one) in enumerate(zip(panels, frames, strict=True)):
        frame = one if isinstance(one, Frame) else read_frame(one)
        if plane == "mask":
            _draw_flags(axes, frame)
        else:
            _draw_values(figure, axes, plane_values(frame, plane, hidden), look, _unit(frame, plane))
            draw_overlay(axes, frame, _bits(overlay))
            draw_probe(axes, frame)
        if sources is not None:
            draw_sources(axes, frame, sources)
        draw_compass(axes, frame)
        # A header's text may hold dollars, which would be taken for formulas.
        axes.set_title(titles[k] if k < len(titles) else _title(frame), fontsize=9, parse_math=False)
        axes.tick_params(labelsize=7)
    told = "; ".join(axes.get_title().replace("\n", ", ") for axes in panels)
    return Picture(figure, alt or f"{told}: {'flags in colours' if plane == 'mask' else f'{plane} in greys'}")


def _title(frame: Frame) -> str:
    """Say what a frame is."""
    facts = frame.facts
    seconds = f"{facts.exposure_time:g} s" if facts.exposure_time else ""
    told = ", ".join(text for text in (facts.object, facts.filter_name, seconds) if text)
    return f"{frame.name}\n{told}" if told else frame.name


def _unit(frame: Frame, plane: str) -> str:
    """Return what the colour bar is labelled with."""
    names = {"adu": "ADU", "electron": "electrons", "": "ratio"}
    return {"EXPMAP": "seconds"}.get(plane, names[frame.unit] if plane in ("data", "noise") else "")


@dataclass(frozen=True)
class _Look:
    """How values become colours."""

    stretch: Stretch = "auto"
    limits: tuple[float, float] | None = None
    colours: str = "gray"


def _looks(stretch: Stretch, limits: tuple[float, float] | None, colours: str) -> _Look:
    """Return how values become colours, or refuse what there is not."""
    import matplotlib

    if stretch not in ("auto", *STRETCHES):
        raise ParameterError(f"There is no stretch {stretch!r}: there are auto, {', '.join(STRETCHES)}.")
    if colours not in matplotlib.colormaps:
        raise ParameterError(f"There is no colour map {colours!r}: take gray, cividis, viridis or magma.")
    return _Look(stretch, limits, colours)


def _bits(names: Sequence[str]) -> int:
    """Return the bits of flags."""
    try:
        return int(flags.bits(*names))
    except ValueError as error:
        raise ParameterError(str(error)) from error


def _norm(values: Image, stretch: Stretch, limits: tuple[float, float] | None) -> Any:
    """Return what turns pixels into greys."""
    from matplotlib.colors import FuncNorm, Normalize

    known = values[np.isfinite(values)]
    known = known if known.size else np.zeros(1)
    if stretch not in ("auto", "linear"):
        return _stretch_norm(known, stretch, limits or limits_of(known, "sky"))
    middle = float(np.median(known))
    sigma = _SIGMA * float(np.median(np.abs(known - middle)))
    low, almost, high = (float(x) for x in np.percentile(known, (1, 99, 99.9)))
    bright = stretch == "auto" and high - middle > _BRIGHT * sigma > 0
    if not bright and sigma > 0:  # the unlit corners of a flat are not what one wants to see
        low, almost = max(low, middle - _WIDE * sigma), min(almost, middle + _WIDE * sigma)
    if limits is None:
        limits = (middle - _BELOW * sigma, high) if bright else (low, almost)
    low, high = limits
    high = high if high > low else low + 1
    if not bright:
        return Normalize(low, high)
    width = _SOFT * sigma or 1.0
    there_and_back = (
        lambda x: np.arcsinh((x - middle) / width),
        lambda y: middle + width * np.sinh(y),
    )
    return FuncNorm(there_and_back, low, high)


def _stretch_norm(known: Image, stretch: Stretch, limits: tuple[float, float]) -> Any:
    """Return a stretch of the image inspector between two values, worked out at many."""
    from matplotlib.colors import FuncNorm

    low, high = limits
    high = high if high > low else low + 1
    ramp = low + (high - low) * np.linspace(0, 1, _POINTS) ** 3
    # A histogram is that of the pixels, any other stretch the same for all images.
    values = np.sort(known) if stretch == "histogram" else ramp
    lights = stretched(values, low, high, stretch)  # type: ignore[arg-type]
    inside = np.flatnonzero((values > low) & (values < high))
    some = inside[:: max(inside.size // (16 * _POINTS), 1)]
    at = np.concatenate([[low], values[some], [high]])
    light = np.concatenate([[0.0], lights[some], [1.0]])
    return FuncNorm((lambda x: np.interp(x, at, light), lambda y: np.interp(y, light, at)), low, high)


def _draw_values(figure: Figure, axes: Axes, values: Image, look: _Look, unit: str) -> None:
    """Draw pixels in colours, with a colour bar."""
    import matplotlib
    from matplotlib.colors import FuncNorm

    ny, nx = values.shape
    shown = binned_known(values, binning(values.shape, SHOWN))
    norm = _norm(shown, look.stretch, look.limits)
    colours = matplotlib.colormaps[look.colours].with_extremes(bad=_MISSING)
    image = axes.imshow(
        shown, origin="lower", cmap=colours, norm=norm, extent=(-0.5, nx - 0.5, -0.5, ny - 0.5)
    )
    bar = figure.colorbar(image, ax=axes, shrink=0.75, pad=0.02, format="{x:,g}")
    if isinstance(norm, FuncNorm):
        bar.set_ticks(_ticks(norm))
        bar.minorticks_off()
    bar.ax.tick_params(labelsize=7)
    bar.set_label(unit, fontsize=8)


def _ticks(norm: Any) -> list[float]:
    """Return values with two digits, evenly spread over the greys."""
    values = [float(f"{norm.inverse(part):.2g}") for part in np.linspace(0, 1, 7)]
    return sorted({value for value in values if norm.vmin <= value <= norm.vmax})


def _draw_flags(axes: Axes, frame: Frame) -> None:
    """Draw each flag in its colour, with a legend that tells how many pixels have it."""
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    n = binning(frame.shape, SHOWN)
    ny, nx = frame.shape
    joined = binned_flags(frame.mask, n)
    shown = np.zeros(joined.shape, np.uint8)
    patches = []
    for k, (name, colour) in enumerate(COLOURS.items(), start=1):
        here = (frame.mask & flags.bits(name)) != 0
        if not here.any():
            continue
        shown[(joined & flags.bits(name)) != 0] = k
        patches.append(Patch(color=colour, label=f"{name}: {here.sum():,}"))
    colours = ListedColormap(["#ffffff", *COLOURS.values()])
    extent = (-0.5, nx - 0.5, -0.5, ny - 0.5)
    axes.imshow(
        shown,
        origin="lower",
        cmap=colours,
        vmin=-0.5,
        vmax=len(COLOURS) + 0.5,
        extent=extent,
        interpolation="nearest",
    )
    if patches:
        axes.legend(handles=patches, fontsize=7, loc="upper right")
