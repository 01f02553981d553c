"""Values of header keywords, with the control system's ways of saying "none" read as None."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from astropy.io.fits import Header

#: What the control system writes into number keywords that have no value (day calibrations since 2022).
NO_NUMBER = -9999.0
#: Texts that stand for no value: 'No Value' since 2022, the others in wheel positions and barcodes.
NO_TEXT = frozenset({"", "no value", "null", "undefined"})
#: A keyword that the control system could not read in time: 'Get Timed Out?' (2022).
TIMED_OUT = re.compile(r"timed[ _]out", re.IGNORECASE)


def is_missing_text(text: str) -> bool:
    """Tell whether a text stands for no value.

    Parameters
    ----------
    text : str
        Value of a keyword.

    Returns
    -------
    bool
        True for blanks, ``No Value``, ``Undefined`` and the like, and for a read that timed out.
    """
    stripped = text.strip()
    return stripped.lower() in NO_TEXT or TIMED_OUT.search(stripped) is not None


def degrees_of(value: Any, hours: bool = False) -> float | None:
    """Return an angle in degrees from a number or from sexagesimal text.

    Parameters
    ----------
    value : float, str or None
        Degrees as a number or text, or ``[+-]dd:mm:ss.s``.
    hours : bool, optional
        Sexagesimal text is in hours (a right ascension).

    Returns
    -------
    float or None
        None where it is no angle.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    parts = re.split(r"[:\s]+", str(value).strip())
    try:
        numbers = [abs(float(part)) for part in parts]
    except ValueError:
        return None
    angle: float = sum(number / 60**i for i, number in enumerate(numbers[:3]))
    sign = -1.0 if parts[0].startswith("-") else 1.0
    return sign * angle * (15.0 if hours and len(numbers) > 1 else 1.0)


@dataclass(frozen=True)
class Headers:
    """The two headers of a Flamingos-2 file, asked by keyword.

    Parameters
    ----------
    phu : `~astropy.io.fits.Header`
        Primary header.
    image : `~astropy.io.fits.Header` or None, optional
        Header of the image.
    filename : str, optional
        Name of the file: the last resort for its date.
    """

    phu: Header
    image: Header | None = None
    filename: str = ""
    #: Values asked for so far: to read a card anew takes 0.1 ms, and descriptors share their keywords.
    _values: dict[tuple[str, bool], Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    def raw(self, key: str, *, image: bool = False) -> Any:
        """Return a keyword's value as it stands in the file.

        Parameters
        ----------
        key : str
            Keyword.
        image : bool, optional
            Ask the image header in place of the primary one.

        Returns
        -------
        bool, int, float, str or None
            None where the keyword is absent, has no value or cannot be read.
        """
        if (key, image) not in self._values:
            self._values[key, image] = raw_value(self.image if image else self.phu, key)
        return self._values[key, image]

    def text(self, *keys: str, image: bool = False) -> str | None:
        """Return the first of several keywords that holds text, or None.

        Parameters
        ----------
        *keys : str
            Keywords, in order of preference.
        image : bool, optional
            Ask the image header in place of the primary one.

        Returns
        -------
        str or None
            Text without blanks at its ends; numbers become text.
        """
        for key in keys:
            value = self.raw(key, image=image)
            if value is not None and not is_missing_text(str(value)):
                return str(value).strip()
        return None

    def number(self, *keys: str, image: bool = False) -> float | None:
        """Return the first of several keywords that holds a number, or None.

        Parameters
        ----------
        *keys : str
            Keywords, in order of preference.
        image : bool, optional
            Ask the image header in place of the primary one.

        Returns
        -------
        float or None
            The number; None for the sentinel -9999.
        """
        for key in keys:
            value = self.raw(key, image=image)
            if isinstance(value, (int, float)) and not isinstance(value, bool) and value != NO_NUMBER:
                return float(value)
        return None

    def has(self, *keys: str) -> bool:
        """Tell whether the primary header has any of these keywords."""
        return any(key in self.phu for key in keys)

    @property
    def is_prepared(self) -> bool:
        """Whether a reduction has begun with this file."""
        return any("PREPAR" in key for key in self.phu) or self.text("BUNIT", image=True) is not None


def raw_value(header: Header | None, key: str) -> Any:
    """Return the value of a keyword of one header, as it stands in the file.

    Parameters
    ----------
    header : `~astropy.io.fits.Header` or None
        The header.
    key : str
        Keyword.

    Returns
    -------
    bool, int, float, str or None
        None where the keyword is absent, has no value or cannot be read.
    """
    from astropy.io.fits import VerifyError
    from astropy.io.fits.card import Undefined

    if header is None or key not in header:
        return None
    try:
        value = header[key]
    except (VerifyError, ValueError):
        return None
    return None if isinstance(value, Undefined) else value
