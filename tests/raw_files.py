"""Small raw files with headers as Flamingos-2 writes them, for tests that need files on disk."""

from pathlib import Path

import numpy as np
from astropy.io import fits

#: What every exposure has; the values are those of an ordinary Y frame of 2013.
PHU = {
    "INSTRUME": "F2",
    "OBJECT": "field",
    "OBSTYPE": "OBJECT",
    "OBSCLASS": "science",
    "GEMPRGID": "GS-2013B-Q-15",
    "OBSID": "GS-2013B-Q-15-39",
    "DATALAB": "GS-2013B-Q-15-39-001",
    "OBSERVAT": "Gemini-South",
    "TELESCOP": "Gemini-South",
    "RA": 125.0,
    "DEC": -30.0,
    "EPOCH": 2000.0,
    "FRAME": "FK5",
    "TRKFRAME": "FK5",
    "RATRACK": 0.0,
    "DECTRACK": 0.0,
    "PMRA": 0.0,
    "PMDEC": 0.0,
    "WAVELENG": 10200.0,
    "POFFSET": 5.0,
    "QOFFSET": -10.0,
    "XOFFSET": -5.0,
    "YOFFSET": 10.0,
    "PA": 0.0,
    "INPORT": 5,
    "AOFOLD": "park-pos.",
    "PWFS1_ST": "parked",
    "PWFS2_ST": "guiding",
    "OIWFS_ST": "parked",
    "AOWFS_ST": "parked",
    "DATE-OBS": "2013-11-21",
    "UT": "05:31:00.0",
    "TIME-OBS": "05:31:00.0",
    "UTSTART": "05:31:06.500000",
    "UTEND": "05:30:50.000000",
    "LT": "02:31:00.0",
    "MJD-OBS": 56617.2298,
    "AIRMASS": 1.2,
    "RAWIQ": "70-percentile",
    "RAWBG": "Any",
    "RAWPIREQ": "YES",
    "RAWGEMQA": "USABLE",
    "EXPTIME": 120.0,
    "COADDS": 1,
    "LNRS": 1,
    "NREADS": 1,
    "READMODE": "Bright",
    "GAIN": 4.44,
    "RDNOISE": 0.0,
    "PIXSCALE": 0.18124,
    "DECKER": "Open",
    "FILTER": "Y_G0811",
    "FILTER1": "Open",
    "FILTER2": "Y_G0811",
    "FOCUS": "Undefined",
    "GRISM": "Open",
    "LYOT": "f/16_G5830",
    "MASKNAME": "None",
    "MOSPOS": "Open",
}
IMAGE = {
    "CD1_1": -2.8e-8,
    "CD1_2": 4.99e-5,
    "CD2_1": 4.99e-5,
    "CD2_2": -6.8e-9,
    "CD3_3": 1.0,
    "CRPIX1": 1064.9,
    "CRPIX2": 1054.24,
    "CRVAL1": 125.003,
    "CRVAL2": -30.001,
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "RADECSYS": "FK5",
}
_PARKED = {
    "FRAME": "AZEL_TOPO",
    "OBSCLASS": "dayCal",
    "RATRACK": 1.0,
    "RA": 147.0,
    "DEC": 89.9,
    "AIRMASS": 1.0,
    "PWFS2_ST": "parked",
}
KINDS = {
    "science": {},
    "dark": {**_PARKED, "OBJECT": "Dark", "OBSTYPE": "DARK"},
    "lamp_on": {
        **_PARKED,
        "OBJECT": "GCALflat",
        "OBSTYPE": "FLAT",
        "GCALLAMP": "IRhigh",
        "GCALSHUT": "OPEN",
        "EXPTIME": 20.0,
    },
    "spectrum": {"GRISM": "JH_G5801", "MOSPOS": "4pix-slit", "DECKER": "Long_slit", "MASKNAME": "4pix-slit"},
}
KINDS["lamp_off"] = {**KINDS["lamp_on"], "GCALSHUT": "CLOSED"}


def raw_headers(kind="science", **keywords):
    """Return primary and image header; a keyword of None is left out, ``_`` stands for ``-``."""
    changed = {
        key.replace("DATE_OBS", "DATE-OBS").replace("MJD_OBS", "MJD-OBS"): v for key, v in keywords.items()
    }
    image = {key: changed.pop(key, value) for key, value in IMAGE.items()}
    phu = {**PHU, **KINDS[kind], **changed}
    return tuple(fits.Header([(k, v) for k, v in cards.items() if v is not None]) for cards in (phu, image))


def write_raw(path, kind="science", *, pixels=None, **keywords):
    """Write a raw file of 1 x 64 x 64 integers (or of the pixels given) and return its path."""
    phu, image = raw_headers(kind, **keywords)
    data = np.full((1, 64, 64), 100, np.int32) if pixels is None else np.asarray(pixels, np.int32)[None]
    hdus = fits.HDUList([fits.PrimaryHDU(header=phu), fits.ImageHDU(data, header=image)])
    hdus.writeto(path, output_verify="ignore", overwrite=True)
    return Path(path)
