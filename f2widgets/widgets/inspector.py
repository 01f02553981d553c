"""The image inspector: look at images, measure on them, and follow pixels back to the raw frames."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import traitlets as t

from f2widgets.core import flags
from f2widgets.core.display import STRETCHES, Stretch, binned_known, binning, limits, stretched
from f2widgets.core.regions import Point, Region
from f2widgets.errors import F2Error, ParameterError
from f2widgets.io.atomic import written_whole
from f2widgets.io.catalogues import catalogue_of, pixels_of_table
from f2widgets.io.ds9 import read_regions, write_regions
from f2widgets.widgets.colours import COLOURS, colour_table, png
from f2widgets.widgets.deeds import Deed
from f2widgets.widgets.inspector_measures import Measures
from f2widgets.widgets.looked_at import METHODS, OUTSIDE, PLANES, LookedAt
from f2widgets.widgets.panel import Panel, Reply, asked_by_page, from_page
from f2widgets.widgets.region_words import region_from, region_words
from f2widgets.widgets.views import VIEW, bent, checked
from f2widgets.widgets.workspace import Workspace

#: Files whose pixels are held at once; others are read again when something is asked of them.
_HELD = 2
#: Pixels along the longer side of the poster: five of them stay below 2 MB in a notebook.
_POSTER = 420


class ImageInspector(Measures, Panel):
    """A panel that shows images.

    Parameters
    ----------
    *images : path-like, Frame, ndarray, CCDData or Workspace
        What to look at; none for what the workspace looks at. A `Workspace` may come first.
    workspace : Workspace, optional
        What panels share.
    search : iterable of path-like, optional
        Folders in which raw frames are looked for, besides that of the workspace.

    Attributes
    ----------
    view : dict
        What is shown and how: image, plane, stretch, method or low and high, contrast and bias, colours,
        reverse, north, zoom (points of the screen for a pixel) and centre (x, y), None for all of the image,
        overlay (bits of the flags that are drawn); and to compare: other (another image), link ("wcs" or
        "pixel"), blink, wipe (the part of the width that shows the first). Set it by `look`.
    cursor : dict
        Where the pointer rests: x, y.

    Examples
    --------
    >>> inspector = ImageInspector("S20131121S0075_image.fits")   # doctest: +SKIP
    >>> inspector.look(stretch="log", method="99 %")   # doctest: +SKIP
    >>> inspector.regions   # doctest: +SKIP
    """

    title = "Image inspector"
    scripts = (
        "sky.js",
        "pixels.js",
        "image_view.js",
        "image_marks.js",
        "plots.js",
        "measures.js",
        "inspector_controls.js",
        "inspector_hands.js",
        "inspector.js",
    )
    styles = ("inspector.css",)

    view = t.Dict().tag(sync=True)
    cursor = t.Dict().tag(sync=True)
    _regions = t.List().tag(sync=True)

    def __init__(
        self,
        *images: Any,
        workspace: Workspace | None = None,
        search: Iterable[str | os.PathLike[str]] = (),
        **kwargs: Any,
    ) -> None:
        if images and isinstance(images[0], Workspace):
            workspace, images = images[0], images[1:]
        super().__init__(workspace, view=dict(VIEW), **kwargs)
        self.search = tuple(search)
        self.images: tuple[LookedAt, ...] = ()
        self._used: list[int] = []
        self._catalogue: Any = None
        self._sources_named = ""
        if images:
            self.workspace.looking_at = tuple(images)
        self.workspace.observe(self._changed, names="looking_at")
        self.guarded(self._take)

    # What is looked at.

    def _changed(self, _: Any) -> None:
        """Show what the workspace looks at now."""
        self.guarded(self._take)
        self.guarded(self.arrived)

    def _take(self) -> None:
        """Take over what the workspace looks at; images that stay keep their pixels."""
        known = {id(image.source): image for image in self.images}
        found = self.workspace.looking_at
        self.images = tuple(
            known[id(one)] if id(one) in known else LookedAt(one, number) for number, one in enumerate(found)
        )
        self._used = []
        if self.images and self.view["image"] >= len(self.images):
            self.view = {**self.view, "image": 0, "plane": "SCI"}

    def image(self, number: int | None = None) -> LookedAt:
        """Return one of the images, by default the one that is shown; its pixels are held then."""
        k = self.view["image"] if number is None else number
        if not isinstance(k, int) or not 0 <= k < len(self.images):
            raise ParameterError(f"There is no image {k}: there are {len(self.images)}.")
        self._used = [*(one for one in self._used if one != k), k]
        while len(self._used) > _HELD:
            gone = self.images[self._used.pop(0)]
            if gone.path is not None:
                gone.let_go()
        return self.images[k]

    def arrived(self) -> None:
        """Send what there is to see: names, the overview of the first image, its coordinates."""
        tables = b"".join(colour_table(name).tobytes() for name in COLOURS)
        meanings = [[flag.bit, flag.name, flag.meaning] for flag in flags.FLAGS]
        about = {"colours": COLOURS, "flags": meanings, "stretches": STRETCHES, "methods": list(METHODS)}
        names = [image.name for image in self.images]
        k = self.view["image"]
        first: dict[str, Any] | None = None
        buffers: list[Any] = [tables]
        if self.images:
            shown = self.guarded(lambda: self._opened(k, self.view["plane"]))
            if not isinstance(shown, Exception):
                first, pixels = shown
                buffers.append(pixels)
        self.send({"kind": "images", "names": names, "first": first, **about}, buffers)
        self._send_sources()

    def _opened(self, k: int, plane: str) -> tuple[dict[str, Any], Any]:
        """Return the facts of an image and the overview of a plane."""
        image = self.image(k)
        plane = plane if plane in image.planes else "SCI"
        meaning, pixels = image.pixels(plane, overview=True, method=self.view["method"])
        return {"image": k, **image.facts, "pixels": meaning}, pixels

    @asked_by_page
    def look_into(self, image: int, plane: str = "SCI") -> Reply:
        """Return facts and overview of an image."""
        about, pixels = self._opened(image, plane)
        return Reply(about, [pixels])

    @asked_by_page
    def pixels(self, image: int, plane: str, overview: bool = False) -> Reply:
        """Return a plane as codes."""
        meaning, pixels = self.image(image).pixels(plane, overview=overview)
        return Reply(meaning, [pixels])

    @asked_by_page
    def mask(self, image: int) -> Reply:
        """Return the flags of an image."""
        return Reply({}, [memoryview(np.ascontiguousarray(self.image(image).frame.mask)).cast("B")])

    @from_page
    def show(self, images: Sequence[Any] = (), *more: Any) -> None:
        """Look at other images: paths, frames or arrays."""
        several = images if isinstance(images, list | tuple) else (images,)
        self.workspace.looking_at = (*several, *more)

    @from_page
    def open_file(self, path: str, add: bool = False) -> None:
        """Look at a file.

        Parameters
        ----------
        path : str
            The file: as named, or from the folder of products or of raw frames on.
        add : bool, optional
            Keep the images that are there.

        Raises
        ------
        ParameterError
            If there is no such file.
        """
        here, asked = self.workspace, Path(path.strip()).expanduser()
        found = next((one for one in (asked, here.out / asked, here.folder / asked) if one.is_file()), None)
        if found is None:
            raise ParameterError(f"There is no file {path.strip() or 'without a name'}: check its name.")
        here.look_at((*here.looking_at, found.absolute()) if add else (found.absolute(),))
        self.look(image=len(self.images) - 1, plane="SCI")

    # How it is looked at.

    @from_page
    def look(self, **changes: Any) -> None:
        """Change how the image is shown.

        Parameters
        ----------
        **changes
            Entries of `view`. ``limits=(low, high)`` sets both; ``overlay`` may be names of flags.

        Raises
        ------
        ParameterError
            If a name or a value is unknown.
        """
        if "limits" in changes:
            changes["low"], changes["high"] = changes.pop("limits")
        if isinstance(changes.get("overlay"), list | tuple):
            try:
                changes["overlay"] = flags.bits(*changes["overlay"])
            except ValueError as error:
                raise ParameterError(str(error)) from error
        if "method" in changes:
            changes = {"low": None, "high": None, **changes}
        self.view = self._checked({**self.view, **changes})

    def _checked(self, view: dict[str, Any]) -> dict[str, Any]:
        """Refuse a view that cannot be shown."""
        view = checked(view)
        if self.images:
            image = self.image(view["image"])
            if view["plane"] not in image.planes:
                raise ParameterError(
                    f"{image.name} has no plane {view['plane']!r}. It has {', '.join(image.planes)}."
                )
        return view

    def own_state(self) -> dict[str, Any]:
        """Return view, regions and the name of the sources."""
        regions = list(self._regions)
        return {"view": dict(self.view), "regions": regions, "sources": self._sources_named}

    def take_up(self, state: Mapping[str, Any]) -> None:
        """Take up view, regions and sources, as far as the images are still there."""
        self._take()
        view = {**VIEW, **state["view"]}
        self.view = self._checked(view if view["image"] < len(self.images) else dict(VIEW))
        self.regions = [region_from(words) for words in state["regions"]]
        if self.images and state["sources"] != self._sources_named:
            self.show_sources(state["sources"] or None)

    @property
    def limits(self) -> tuple[float, float]:
        """Values shown as black and as white."""
        if self.view["low"] is not None:
            return float(self.view["low"]), float(self.view["high"])
        return limits(self.image().values(self.view["plane"]), METHODS[self.view["method"]])

    # Regions, markers and sources.

    @property
    def regions(self) -> tuple[Region, ...]:
        """Regions and markers on the image; may be set."""
        return tuple(region_from(words) for words in self._regions)

    @regions.setter
    def regions(self, regions: Iterable[Region]) -> None:
        self._regions = [region_words(region) for region in regions]

    @property
    def markers(self) -> tuple[Point, ...]:
        """The points among the regions."""
        return tuple(region for region in self.regions if isinstance(region, Point))

    @from_page
    def set_regions(self, regions: list[Any]) -> None:
        """Take over the regions that were drawn."""
        self.regions = [region_from(words) for words in regions]

    @from_page
    def load_regions(self, path: str) -> None:
        """Add the regions of a DS9 file."""
        found = read_regions(path, self.image().frame.wcs)
        self._regions = [*self._regions, *(region_words(region) for region in found.regions)]
        told = f"{len(found.regions)} regions read from {path}."
        self.tell(" ".join([told, *found.problems[:3]]), "error" if found.problems else "note")

    @from_page
    def save_regions(self, path: str, system: str = "image") -> None:
        """Write the regions as a DS9 file, in pixels or on the sky (fk5)."""
        if system not in ("image", "fk5"):
            raise ParameterError(f"The system is image or fk5, not {system!r}.")
        made = write_regions(path, self.regions, self.image().frame.wcs, cast(Any, system))
        self.tell(f"{len(self._regions)} regions written to {made}.")

    @from_page
    def show_sources(self, table: Any = None) -> None:
        """Draw a ring around each source of a table.

        Parameters
        ----------
        table : str, path-like or `~astropy.table.Table`, optional
            A table with ra and dec in degrees, or x and y; the name of one in the image's file, such as
            OBJCAT; or a FITS, ECSV or CSV file that holds one. None takes the rings away.

        Raises
        ------
        ParameterError
            If there is no such table, or it has no places for this image.
        NotF2Data
            If the file cannot be read, or holds no places.
        """
        found = None
        if table is not None:
            found = catalogue_of(self.image().frame, table)
            pixels_of_table(found, self.image().frame.wcs)
        self._catalogue = found
        self._sources_named = os.fspath(table) if isinstance(table, str | os.PathLike) else ""
        self._send_sources()

    def _send_sources(self) -> None:
        """Send the places of the sources for the image that is shown."""
        places = np.zeros((0, 2), np.float32)
        if self._catalogue is not None and self.images:
            places = pixels_of_table(self._catalogue, self.image().frame.wcs)
        told = {"kind": "sources", "count": len(places), "name": self._sources_named}
        self.send(told, [places.tobytes()])

    @from_page
    def sources_again(self) -> None:
        """Send the sources once more, for another image."""
        self._send_sources()

    # Pictures.

    def picture(self, most: int = 2048) -> bytes:
        """Return the image as it is shown, whole and upright as the detector is, as a PNG file."""
        values = self.image().values(self.view["plane"])
        small = binned_known(values, binning(values.shape, most))
        light = bent(stretched(small, *self.limits, cast(Stretch, self.view["stretch"])), self.view)
        index = np.clip(np.nan_to_num(light) * 255 + 0.5, 0, 255).astype(np.uint8)
        table = colour_table(self.view["colours"])
        return png(index, table[::-1] if self.view["reverse"] else table)

    @from_page
    def save_picture(self, path: str) -> None:
        """Write the image as it is shown as a PNG file."""
        with written_whole(Path(path)) as stream:
            stream.write(self.picture())
        self.tell(f"Written to {path}.")

    def code(self) -> tuple[Deed, ...]:
        """Return the call that shows the image in the same colours, without a panel.

        The whole of it, upright as the detector is; contrast that was changed by hand is not in it.
        """
        if not self.images or self.image().path is None:
            return ()
        view, image = self.view, self.image()
        options: dict[str, Any] = {"plane": PLANES.get(view["plane"], view["plane"])}
        if view["plane"] == "DQ":
            options = {"plane": "mask"}
        else:
            overlay = [flag.name for flag in flags.FLAGS if flag.bit & view["overlay"]]
            options |= {"stretch": view["stretch"], "limits": [float(f"{x:.7g}") for x in self.limits]}
            options |= {"colours": view["colours"] + "_r" * view["reverse"], "overlay": overlay}
            options |= {"hide": list(flags.names(OUTSIDE))}
        options["sources"] = self._sources_named
        return (Deed("show", (image.path,), options, title="Look at an image"),)

    @from_page
    def show_code(self) -> dict[str, str]:
        """Return the call that draws the image, and those that look at it in a panel in the same way."""
        told = super().show_code()
        paths = [image.path for image in self.images]
        if not told["python"] or None in paths:
            return told
        changes = {name: value for name, value in self.view.items() if value != VIEW[name]}
        options = ", ".join(f"{name}={value!r}" for name, value in changes.items())
        panel = [
            "",
            "from f2widgets.widgets import ImageInspector",
            "",
            f"look = ImageInspector({', '.join(repr(str(path)) for path in paths)})",
            *([f"look.look({options})"] if options else []),
            "look",
        ]
        return {**told, "python": "\n".join([told["python"], *panel])}

    def poster(self) -> Mapping[str, Any]:
        """Return a picture of what is shown, small."""
        try:
            return {"image/png": self.picture(_POSTER)} if self.images else super().poster()
        except F2Error:
            return super().poster()
