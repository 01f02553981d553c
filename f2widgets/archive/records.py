"""The archive's records of files: what it says of each, in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from f2widgets.core.frame import Facts
from f2widgets.io.keywords import is_missing_text

#: Names that a file may have here: whatever a server says, nothing is written outside the folder.
SAFE_NAME = re.compile(r"[A-Za-z0-9][\w.+-]*\.fits(\.bz2)?")
MD5 = re.compile(r"[0-9a-f]{32}")
#: Lamps of the calibration unit that make a flat.
FLAT_LAMPS = ("IRhigh", "IRlow", "QH")


@dataclass(frozen=True)
class Archived:
    """A file in the archive.

    Parameters
    ----------
    name : str
        Name of the FITS file: ``S20131121S0075.fits``.
    filename : str
        As it is stored: ``S20131121S0075.fits.bz2``.
    size, data_size : int
        Bytes as stored, and unpacked.
    md5, data_md5 : str or None
        MD5 sums of the bytes as stored, and unpacked; None where the record has none.
    release : date or None
        The day from which on it is public.
    facts : Facts
        What the record tells of the frame. Coadds, Lyot stop and component numbers are not told.
    """

    name: str
    filename: str
    size: int
    data_size: int
    md5: str | None = None
    data_md5: str | None = None
    release: date | None = None
    facts: Facts = field(default_factory=Facts)

    @property
    def is_packed(self) -> bool:
        """Whether it is stored packed by bzip2."""
        return self.filename != self.name

    def is_proprietary(self, today: date | None = None) -> bool:
        """Tell whether only its owners may have it.

        Parameters
        ----------
        today : date, optional
            The day that counts; today in UTC unless told.

        Returns
        -------
        bool
            True before the day of its release.
        """
        return self.release is not None and self.release > (today or datetime.now(UTC).date())


def archived(record: Mapping[str, Any]) -> Archived:
    """Read one record.

    Parameters
    ----------
    record : mapping
        An item of what ``jsonsummary`` answers.

    Returns
    -------
    Archived
        The file.

    Raises
    ------
    ValueError
        If the record lacks what is needed to fetch the file, or holds nonsense there.
    """
    try:
        name, filename = str(record["name"]), str(record["filename"])
        size, data_size = int(record["file_size"]), int(record["data_size"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"a record lacks {error}") from error
    if not SAFE_NAME.fullmatch(filename) or filename not in (name, f"{name}.bz2"):
        raise ValueError(f"a record names a file {filename!r}")
    sums = [str(record.get(key) or "").lower() for key in ("file_md5", "data_md5")]
    md5, data_md5 = (text if MD5.fullmatch(text) else None for text in sums)
    return Archived(
        name, filename, size, data_size, md5, data_md5, _day(record.get("release")), facts(record)
    )


def facts(record: Mapping[str, Any]) -> Facts:
    """Return what a record tells of a frame.

    Parameters
    ----------
    record : mapping
        An item of what ``jsonsummary`` answers.

    Returns
    -------
    Facts
        None where the record does not tell.
    """
    moment = _text(record, "ut_datetime")
    return Facts(
        tags=_tags(record),
        instrument=_text(record, "instrument") or "",
        object=_text(record, "object"),
        observation_type=_text(record, "observation_type"),
        observation_class=_text(record, "observation_class"),
        observation_id=_text(record, "observation_id"),
        data_label=_text(record, "data_label"),
        program_id=_text(record, "program_id"),
        ut_start=None if moment is None else _moment(moment),
        exposure_time=float(record.get("exposure_time") or 0.0),
        read_mode=_text(record, "detector_readmode_setting"),
        filter_name=_text(record, "filter_name"),
        wavelength_band=_text(record, "wavelength_band"),
        disperser=_text(record, "disperser"),
        focal_plane_mask=_text(record, "focal_plane_mask"),
        airmass=record.get("airmass"),
        qa_state=record.get("qa_state"),  # "Undefined" is a state here
    )


def _tags(record: Mapping[str, Any]) -> frozenset[str]:
    """Return the tags that follow from a record.

    Its own list of tags is of no use: the names changed in 2018, and old records keep the old ones.
    """
    kind, lamp = _text(record, "observation_type"), _text(record, "gcal_lamp") or ""
    tags = {"F2"} if _text(record, "instrument") == "F2" else set()
    if kind in ("DARK", "FLAT", "ARC"):
        tags |= {kind, "CAL"}
    if kind != "DARK":
        tags.add("SPECT" if record.get("spectroscopy") else "IMAGE")
    if (_text(record, "observation_class") or "").startswith("acq"):
        tags.add("ACQUISITION")
    if (_text(record, "object") or "").lower() == "twilight":
        tags.add("TWILIGHT")
    if kind == "FLAT" and (lamp == "Off" or lamp.startswith(FLAT_LAMPS)):
        tags.add("LAMPOFF" if lamp == "Off" else "LAMPON")
    return frozenset(tags)


def _text(record: Mapping[str, Any], key: str) -> str | None:
    """Return a text, or None where it stands for no value."""
    value = record.get(key)
    return None if value is None or is_missing_text(str(value)) else str(value).strip()


def _day(text: Any) -> date | None:
    """Read a day, or return None."""
    try:
        return date.fromisoformat(str(text)[:10])
    except ValueError:
        return None


def _moment(text: str) -> datetime | None:
    """Read a moment in UTC, or return None."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
