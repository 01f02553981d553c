"""Small processed calibrations for the tests, written with astropy alone."""

from datetime import datetime, timedelta

import numpy as np
from astropy.io import fits

NIGHT = datetime(2013, 11, 21, 3, 0)
STAMP = {"dark": "PROCDARK", "flat": "PROCFLAT", "bpm": "PROCBPM"}


def write_processed(path, kind="dark", *, days=0.0, exposure=120.0, shape=(8, 8), level=1.0, **keywords):
    """Write a processed calibration taken `days` after the night; a kind of None gives a raw frame."""
    when = NIGHT + timedelta(days=days)
    phu = fits.Header()
    phu.update(
        {
            "INSTRUME": "F2",
            "OBSERVAT": "Gemini-South",
            "TELESCOP": "Gemini-South",
            "OBSTYPE": {"dark": "DARK", "flat": "FLAT", "bpm": "FLAT"}.get(kind, "OBJECT"),
            "OBJECT": str(kind),
            "DATALAB": path.name,
            "DATE-OBS": when.strftime("%Y-%m-%d"),
            "UTSTART": when.strftime("%H:%M:%S.%f")[:-5],
            "UT": when.strftime("%H:%M:%S.%f")[:-5],
            "TIME-OBS": when.strftime("%H:%M:%S.%f")[:-5],
            "EXPTIME": exposure,
            "COADDS": 1,
            "LNRS": 1,
            "READMODE": "Bright",
            "FILTER1": "Y_G0811",
            "FILTER2": "Open",
            "LYOT": "f/16_G5830",
            "GRISM": "DK_G5804" if kind == "dark" else "Open",
            "DECKER": "Open",
            "MOSPOS": "Open",
            "MASKNAME": "None",
            "RAWPIREQ": "YES",
            "RAWGEMQA": "USABLE",
        }
    )
    if kind:
        phu["PREPARE"] = when.isoformat()
        phu[STAMP[kind]] = when.isoformat()
    if kind == "bpm":
        phu["BPMASK"] = when.isoformat()
    phu.update(keywords)
    image = fits.ImageHDU(np.full(shape, level, np.float32), name="SCI")
    image.header["BUNIT"] = "electron"
    path.parent.mkdir(parents=True, exist_ok=True)
    fits.HDUList([fits.PrimaryHDU(header=phu), image]).writeto(path, overwrite=True)
    return path
