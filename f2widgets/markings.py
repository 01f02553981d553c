"""What is drawn over a picture: flags, sources, the outline of the guide probe, arrows to north and east."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from f2widgets.core import flags
from f2widgets.core.display import binned_flags, binning
from f2widgets.core.frame import Frame
from f2widgets.io.catalogues import catalogue_of, pixels_of_table

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Shown pixels along the longer side; larger frames are binned.
SHOWN = 1100
#: Colours of flags, the later over the earlier; chosen to differ for colour-blind eyes (Okabe and Ito).
COLOURS = {
    "unlit": "#bbbbbb",
    "no_data": "#dddddd",
    "object": "#f0e442",
    "nonlinear": "#e69f00",
    "probe": "#009e73",
    "persistence": "#56b4e9",
    "cosmic": "#0072b2",
    "saturated": "#d55e00",
    "bad": "#000000",
}
#: Bad pixels over an image, where black would hide in the sky, and how much of the image shows through flags.
_BAD_OVER, _THROUGH = "#cc79a7", 0.25
#: Colour of what is not sky: arrows and outlines.
_INK = "#ffb000"


def draw_overlay(axes: Axes, frame: Frame, bits: int) -> None:
    """Draw flags over an image, the later over the earlier.

    Parameters
    ----------
    axes : `~matplotlib.axes.Axes`
        Where the image is drawn, in pixels of the frame.
    frame : Frame
        What is shown.
    bits : int
        The flags.
    """
    from matplotlib.colors import to_rgba

    ny, nx = frame.shape
    joined = binned_flags(frame.mask, binning(frame.shape, SHOWN)) & np.uint16(bits)
    if not joined.any():
        return
    ink = np.zeros((*joined.shape, 4), np.float32)
    for name in sorted(flags.names(bits), key=lambda one: [*COLOURS, one].index(one)):
        colour = _BAD_OVER if name == "bad" else COLOURS.get(name, _BAD_OVER)
        ink[(joined & flags.bits(name)) != 0] = to_rgba(colour, 1 - _THROUGH)
    extent = (-0.5, nx - 0.5, -0.5, ny - 0.5)
    axes.imshow(ink, origin="lower", extent=extent, interpolation="nearest")


def draw_sources(axes: Axes, frame: Frame, sources: Any) -> None:
    """Draw a ring around each source.

    Parameters
    ----------
    axes : `~matplotlib.axes.Axes`
        Where the image is drawn, in pixels of the frame.
    frame : Frame
        What is shown.
    sources : str, path-like or `~astropy.table.Table`
        As for `f2widgets.show`.

    Raises
    ------
    ParameterError
        If there is no such table.
    """
    ny, nx = frame.shape
    places = pixels_of_table(catalogue_of(frame, sources), frame.wcs)
    axes.scatter(places[:, 0], places[:, 1], s=40, facecolors="none", edgecolors="#66e0ff", linewidths=0.9)
    axes.set(xlim=(-0.5, nx - 0.5), ylim=(-0.5, ny - 0.5))


def draw_probe(axes: Axes, frame: Frame) -> None:
    """Draw the outline of what the guide probe shades, and say what it is.

    Parameters
    ----------
    axes : `~matplotlib.axes.Axes`
        Where the image is drawn, in pixels of the frame.
    frame : Frame
        What is shown; nothing is drawn where none of its pixels is flagged for the probe.
    """
    n = binning(frame.shape, SHOWN)
    shaded = (binned_flags(frame.mask, n) & np.uint16(flags.PROBE)) != 0
    if not shaded.any():
        return
    ny, nx = shaded.shape
    x, y = n * np.arange(nx) + (n - 1) / 2, n * np.arange(ny) + (n - 1) / 2
    axes.contour(x, y, shaded, levels=[0.5], colors=_INK, linewidths=0.8)
    # The words stand beside the shadow, on the side of the middle, so that nothing of it is hidden.
    rows, columns = np.nonzero(shaded)
    towards = int(np.argmin(np.hypot(rows - ny / 2, columns - nx / 2)))
    at_y, at_x = float(y[rows[towards]]), float(x[columns[towards]])
    below, left = at_y > frame.shape[0] / 2, at_x > frame.shape[1] / 2
    axes.annotate(
        "guide probe",
        (at_x, at_y),
        xytext=(-6 if left else 6, -6 if below else 6),
        textcoords="offset points",
        color=_INK,
        fontsize=7,
        ha="right" if left else "left",
        va="top" if below else "bottom",
    )


def draw_compass(axes: Axes, frame: Frame) -> None:
    """Draw arrows to north and east into the lower left corner.

    Parameters
    ----------
    axes : `~matplotlib.axes.Axes`
        Where the image is drawn, in pixels of the frame.
    frame : Frame
        What is shown; nothing is drawn where it has no coordinates.
    """
    if frame.wcs is None or frame.wcs.naxis != 2:
        return
    ny, nx = frame.shape
    to_pixels = np.linalg.inv(frame.wcs.pixel_scale_matrix)
    for name, direction in (("N", (0, 1)), ("E", (1, 0))):
        arrow = to_pixels @ direction
        arrow = 0.07 * min(nx, ny) * arrow / np.hypot(*arrow)
        begin = (0.1 * nx, 0.1 * ny)
        style = {"color": _INK, "lw": 1.2, "arrowstyle": "->", "shrinkA": 0, "shrinkB": 0}
        axes.annotate("", xy=begin + arrow, xytext=begin, arrowprops=style)
        at = begin + 1.35 * arrow
        axes.text(float(at[0]), float(at[1]), name, color=_INK, fontsize=8, ha="center", va="center")
