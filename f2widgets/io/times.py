"""When a file was taken: dates and times in UTC, and the clock on the wall."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta

from f2widgets.io.keywords import Headers

#: UTEND holds the end of an earlier exposure before this day: measured on nine headers of 2014 and 2015.
UTEND_MENDED = date(2015, 12, 1)
#: The exposure starts 4 to 21 s after UT; a UTSTART much farther off belongs to another exposure.
LATEST_START = timedelta(minutes=5)
#: Longitude of Gemini South on Cerro Pachon, 70 deg 44' 12.1" W, as hours of mean solar time.
#: Source: the observatory's page "Telescopes and sites".
SOUTH = timedelta(hours=-(70 + 44 / 60 + 12.1 / 3600) / 15)
#: Zero of the modified Julian date.
MJD_ZERO = datetime(1858, 11, 17)


def parse_date(text: str | None) -> date | None:
    """Return the date in ``YYYY-MM-DD`` (or ``YYYY/MM/DD``, or before a ``T``), or None."""
    match = re.match(r"\s*(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T\s]|$)", text or "")
    try:
        return date(*map(int, match.groups())) if match else None
    except ValueError:
        return None


def parse_time(text: str | None) -> time | None:
    """Return the time in ``HH:MM:SS.s`` (also after a ``T``), or None."""
    match = re.fullmatch(r"(?:.*T)?\s*(\d{1,2}):(\d{2})(?::(\d{2})(\.\d*)?)?\s*", text or "")
    if not match:
        return None
    hour, minute, second, fraction = match.groups()
    try:
        return time(
            int(hour), int(minute), int(second or 0), round(float(f"0{fraction or '.0'}") * 1e6) % 10**6
        )
    except ValueError:
        return None


def ut_datetime(headers: Headers) -> datetime | None:
    """Return when the observation began, in UTC, without tzinfo.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    datetime or None
        From date and UT; failing these from MJD-OBS, then OBSSTART, then the file's name (its day only).
    """
    day = ut_day(headers)
    clock = next(filter(None, (parse_time(headers.text(key)) for key in _UT_KEYS)), None)
    stamp = headers.text("DATE-OBS")
    clock = clock or (parse_time(stamp) if stamp and "T" in stamp else None)
    if day is not None and clock is not None:
        return datetime.combine(day, clock)
    mjd = headers.number("MJD-OBS")
    if mjd is not None and mjd > 0:
        return MJD_ZERO + timedelta(days=mjd)
    start = headers.text("OBSSTART")
    day_of_start, clock_of_start = parse_date(start), parse_time((start or "").replace(" ", "T"))
    if day_of_start is not None and clock_of_start is not None:
        return datetime.combine(day_of_start, clock_of_start)
    return _from_filename(headers.filename)


_UT_KEYS = ("UT", "TIME-OBS", "STARTUT", "UTSTART")


def ut_day(headers: Headers) -> date | None:
    """Return the UT date of the observation by its keywords alone."""
    return next(filter(None, (parse_date(headers.text(key)) for key in ("DATE-OBS", "DATE", "UTDATE"))), None)


def _from_filename(name: str) -> datetime | None:
    """Return midnight of the day in ``S20131121S0075.fits``."""
    match = re.search(r"[NS](\d{4})(\d{2})(\d{2})S\d", name)
    try:
        return datetime(*map(int, match.groups())) if match else None  # type: ignore[arg-type]
    except ValueError:
        return None


def ut_start(headers: Headers) -> datetime | None:
    """Return the start of the exposure, in UTC: UTSTART, which follows UT by some seconds."""
    begun, clock = ut_datetime(headers), parse_time(headers.text("UTSTART"))
    if begun is None or clock is None:
        return begun
    start = _nearest(begun, clock)
    return start if abs(start - begun) <= LATEST_START else begun


def ut_end(headers: Headers, exposure: float | None) -> datetime | None:
    """Return the end of the exposure, in UTC.

    Parameters
    ----------
    headers : Headers
        Headers of a file.
    exposure : float or None
        Exposure time of all coadds, seconds.

    Returns
    -------
    datetime or None
        UTEND where it can be believed, otherwise the start plus the exposure time.
    """
    start, clock = ut_start(headers), parse_time(headers.text("UTEND"))
    if start is None:
        return None
    if clock is not None and not utend_is_stale(headers):
        return _nearest(start, clock)
    return None if exposure is None else start + timedelta(seconds=exposure)


def utend_is_stale(headers: Headers) -> bool:
    """Tell whether UTEND belongs to an earlier exposure."""
    start, clock = ut_start(headers), parse_time(headers.text("UTEND"))
    if start is None or clock is None:
        return False
    return start.date() < UTEND_MENDED or _nearest(start, clock) < start


def _nearest(moment: datetime, clock: time) -> datetime:
    """Return the moment nearest to another at which the clock shows a time."""
    same_day = datetime.combine(moment.date(), clock)
    days = (-1, 0, 1)
    return min((same_day + timedelta(days=n) for n in days), key=lambda when: abs(when - moment))


def local_time(headers: Headers) -> time | None:
    """Return the local time at the telescope."""
    return parse_time(headers.text("LT"))


def night(headers: Headers) -> date | None:
    """Return the local night that an exposure belongs to: the date on which it began.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    date or None
        Nights change at noon, mean solar time of Gemini South, the only home Flamingos-2 has had: what is
        taken in the afternoon belongs to the night to come, what is taken in the morning to the one past.
    """
    begun = ut_datetime(headers)
    return None if begun is None else (begun + SOUTH - timedelta(hours=12)).date()
