"""Frames to astropy's CCDData and back, for those who work with ccdproc, photutils or reproject."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from astropy.io.fits import Header

from f2widgets.core.flags import BAD, UNUSABLE
from f2widgets.core.frame import Frame, FrameUnit
from f2widgets.errors import NotF2Data
from f2widgets.io.cards import image_header, primary_header
from f2widgets.io.headers import facts_of
from f2widgets.io.identity import root_of
from f2widgets.io.provenance import STAMPS

if TYPE_CHECKING:
    from astropy.nddata import CCDData

#: Units that a Frame may have, by astropy's name of them.
UNITS: dict[str, FrameUnit] = {"adu": "adu", "electron": "electron", "": ""}


def to_ccddata(frame: Frame) -> CCDData:
    """Return a frame as astropy's CCDData.

    Parameters
    ----------
    frame : Frame
        Any frame.

    Returns
    -------
    `~astropy.nddata.CCDData`
        With copies of the planes. ``mask`` is boolean, True where a pixel must not be used: the
        reasons are lost there, as are the notes (non-linear, saturated, object). They are kept as
        bits in ``flags``, which astropy carries along but most operations drop.

    Notes
    -----
    History, provenance and further planes have no place in a CCDData.
    """
    from astropy.nddata import CCDData, VarianceUncertainty

    variance = None if frame.variance is None else VarianceUncertainty(frame.variance.copy())
    return CCDData(
        frame.data.copy(),
        uncertainty=variance,
        mask=(frame.mask & UNUSABLE) != 0,
        flags=frame.mask.copy(),
        unit=frame.unit,
        wcs=frame.wcs,
        meta=_one_header(frame),
    )


def from_ccddata(ccd: CCDData, name: str | None = None) -> Frame:
    """Return a CCDData as a frame.

    Parameters
    ----------
    ccd : `~astropy.nddata.CCDData`
        In adu, electrons or without unit.
    name : str, optional
        Name of the frame; by default the root of ORIGNAME.

    Returns
    -------
    Frame
        Flags come from ``flags`` if it has them, plus "bad" (1) where ``mask`` is True for no
        reason known there.

    Raises
    ------
    NotF2Data
        If the unit is another, or the data are not two-dimensional.
    """
    from astropy.nddata import VarianceUncertainty

    unit = ccd.unit.to_string()
    if unit not in UNITS or ccd.data.ndim != 2:
        raise NotF2Data(
            f"A CCDData of {ccd.data.ndim} dimensions in {unit!r} is no Flamingos-2 image: "
            "two dimensions in adu, electron or no unit are needed. Convert it first."
        )
    mask = np.zeros(ccd.data.shape, np.uint16) if ccd.flags is None else ccd.flags.astype(np.uint16)
    if ccd.mask is not None:
        mask[np.asarray(ccd.mask, bool) & (mask & UNUSABLE == 0)] |= np.uint16(BAD)
    variance = None
    if ccd.uncertainty is not None:
        variance = ccd.uncertainty.represent_as(VarianceUncertainty).array.astype(np.float32)
    header = ccd.meta if isinstance(ccd.meta, Header) else Header(ccd.meta)
    return Frame(
        name=name or root_of(str(header.get("ORIGNAME", "ccd"))),
        data=ccd.data.astype(np.float32),
        variance=variance,
        mask=mask,
        unit=UNITS[unit],
        facts=facts_of(header, header),
        wcs=ccd.wcs,
        header=header,
        image_header=header,
    )


def _one_header(frame: Frame) -> Header:
    """Return the cards of both headers in one, as those of a prepared file."""
    header = primary_header(frame, "frame", stamps=STAMPS, combined=(), extensions=0, keywords={})
    header.extend(image_header(frame, "frame", {}).cards, update=True)
    for key in ("SIMPLE", "BITPIX", "NAXIS", "EXTEND", "NEXTEND"):
        header.remove(key, ignore_missing=True)
    return header
