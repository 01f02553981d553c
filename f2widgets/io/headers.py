"""What a Flamingos-2 header says: from two FITS headers to Facts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from f2widgets.core.frame import Facts
from f2widgets.io.descriptors import DESCRIPTORS
from f2widgets.io.keywords import Headers
from f2widgets.io.pointing import repaired_wcs_header
from f2widgets.io.repairs import repairs_of
from f2widgets.io.tags import tags_of

if TYPE_CHECKING:
    from astropy.io.fits import Header

__all__ = ["Headers", "facts_of", "problems_of", "repaired_wcs_header"]

#: Facts whose descriptor has another name.
RENAMED = {
    "filter_id": "filter_name",
    "ra": "target_ra",
    "dec": "target_dec",
    "x_offset": "detector_x_offset",
    "y_offset": "detector_y_offset",
    "guiding": "wavefront_sensor",
}
#: Facts that are asked apart, or in their plain form.
_APART = {"tags", "filter_name", "exposure_time"}


def facts_of(phu: Header, image: Header | None = None, filename: str = "") -> Facts:
    """Return what code asks about a frame.

    Parameters
    ----------
    phu : `~astropy.io.fits.Header`
        Primary header.
    image : `~astropy.io.fits.Header` or None, optional
        Header of the image.
    filename : str, optional
        Name of the file, from which its day is taken if no keyword tells.

    Returns
    -------
    Facts
        Raw names of the optics (``J_G0802&Open``, ``f/16_G5830``), except for `Facts.filter_name`.
        Levels are in the image's present unit.
    """
    headers = Headers(phu, image, filename)
    names = set(Facts.__dataclass_fields__) - _APART
    facts = {name: DESCRIPTORS[RENAMED.get(name, name)](headers) for name in names}
    return Facts(
        tags=tags_of(phu),
        filter_name=DESCRIPTORS["filter_name"](headers, pretty=True),
        exposure_time=DESCRIPTORS["exposure_time"](headers) or 0.0,
        **facts,
    )


def problems_of(phu: Header, image: Header | None = None, filename: str = "") -> tuple[str, ...]:
    """Return what had to be mended or left out in reading a file's headers.

    Parameters
    ----------
    phu : `~astropy.io.fits.Header`
        Primary header.
    image : `~astropy.io.fits.Header` or None, optional
        Header of the image.
    filename : str, optional
        Name of the file.

    Returns
    -------
    tuple of str
        Sentences; empty for headers in order.
    """
    return repairs_of(Headers(phu, image, filename))
