"""What is wrong with a header and how it was read all the same, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

from f2widgets.core.detector import READ_NOISE
from f2widgets.io import optics, pointing, times
from f2widgets.io.exposure import exposure_time, read_mode
from f2widgets.io.keywords import NO_NUMBER, Headers

#: Keywords that code here asks about and that day calibrations since 2022 leave without a value.
MAY_BE_EMPTY = (
    "RA DEC EPOCH FRAME TRKFRAME RATRACK DECTRACK PMRA PMDEC PA WAVELENG AIRMASS"
    " POFFSET QOFFSET XOFFSET YOFFSET RAOFFSET DECOFFSE AOFOLD GCALLAMP"
).split()
#: WAVELENG may differ from the mended value by this fraction before it is worth a word.
SAME_WAVELENGTH = 1e-3


def repairs_of(headers: Headers) -> tuple[str, ...]:
    """Return what had to be mended or left out in reading a file's headers.

    Parameters
    ----------
    headers : Headers
        Headers of a file.

    Returns
    -------
    tuple of str
        Sentences; empty for a header in order.
    """
    questions = (_coordinates, _filters, _empty, _readout, _clock, _guiding)
    return tuple(sentence for question in questions for sentence in question(headers))


def _coordinates(headers: Headers) -> Iterator[str]:
    """Corrupt axis types, no wcs, no sky."""
    image = headers.image
    if image is not None and pointing.repaired_wcs_header(image) is None:
        yield "The image header holds no celestial coordinates."
    elif image is not None and (wrong := pointing.ctype_problem(image)):
        yield f"The coordinate types are corrupt ({wrong}); read as a tangential projection."
    if not pointing.is_on_sky(headers):
        yield "The telescope did not follow the sky, so the position in the header means nothing."


def _filters(headers: Headers) -> Iterator[str]:
    """Wheels that could not be read, filters that no table knows, wrong wavelengths."""
    unread = [
        f"{key}={headers.raw(key)!r}"
        for key in ("FILTER1", "FILTER2", "FILT1POS", "FILT2POS")
        if headers.raw(key) is not None and headers.text(key) is None
    ]
    name = optics.filter_name(headers)
    if name is None:
        yield "The header does not tell the filter."
        return
    if unread:
        yield f"A filter wheel could not be read ({', '.join(unread)}); by FILTER it is {name}."
    if optics.ALIASES.get(name, name) not in {*optics.FILTERS, "open", "dark", "blank"}:
        yield f"The filter {name} is in no table: its wavelength and zero point are unknown."
    written, used = headers.number("WAVELENG"), optics.central_wavelength(headers)
    if written and used and abs(written * optics.ANGSTROM / used - 1) > SAME_WAVELENGTH:
        yield f"WAVELENG={written:g} is wrong for {name}; read as {used / optics.ANGSTROM:g} Angstrom."


def _empty(headers: Headers) -> Iterator[str]:
    """Keywords without a value."""
    empty = [
        key
        for key in MAY_BE_EMPTY
        if headers.raw(key) == NO_NUMBER or (headers.raw(key) is not None and headers.text(key) is None)
    ]
    if empty:
        yield f"These keywords have no value (-9999 or 'No Value'): {', '.join(empty)}."


def _readout(headers: Headers) -> Iterator[str]:
    """Read modes that the array table does not know, and no exposure time."""
    if read_mode(headers) not in READ_NOISE:
        yield (
            f"LNRS={headers.raw('LNRS')!r} is no read mode that is known ({', '.join(READ_NOISE)}):"
            " gain, read noise, saturation and linearity are unknown."
        )
    if exposure_time(headers) is None:
        yield f"EXPTIME={headers.raw('EXPTIME')!r} is no exposure time."


def _clock(headers: Headers) -> Iterator[str]:
    """Find times that belong to another exposure."""
    if times.ut_datetime(headers) is None:
        yield "Neither header nor file name tell when it was taken."
    elif times.utend_is_stale(headers):
        yield f"UTEND={headers.text('UTEND')} is of an earlier exposure; the end is start plus exposure time."


def _guiding(headers: Headers) -> Iterator[str]:
    """Sensors that look like guiding and are not."""
    for sensor in ("PWFS1", "PWFS2", "OIWFS", "AOWFS"):
        if headers.text(f"{sensor}_ST") == "frozen":
            yield f"{sensor} was frozen: it counts as not guiding."
