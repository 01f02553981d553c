"""Small raw files and product frames for the tests of reading and writing."""

from datetime import UTC, datetime

import numpy as np
from astropy.io import fits

from f2widgets.core.frame import Entry, Frame, Origin
from f2widgets.io.read import read_frame

PRIMARY = {
    "INSTRUME": "F2",
    "TELESCOP": "Gemini-South",
    "OBSERVAT": "Gemini-South",
    "OBJECT": "field",
    "OBSTYPE": "OBJECT",
    "OBSCLASS": "science",
    "FILTER1": "Y_G0811",
    "FILTER2": "Open",
    "FILTER": "Y_G0811",
    "LYOT": "f/16_G5830",
    "GRISM": "Open",
    "DECKER": "Open",
    "MOSPOS": "Open",
    "MASKNAME": "None",
    "LNRS": 1,
    "COADDS": 1,
    "EXPTIME": 120.0,
    "GAIN": 4.44,
    "RDNOISE": 0.0,
    "PIXSCALE": 0.18124,
    "PA": 0.0,
    "DATE-OBS": "2013-11-21",
    "UT": "03:04:05.6",
    "EQUINOX": 2000.0,
}
IMAGE = {
    "CTYPE1": "RA---TAN",
    "CTYPE2": "DEC--TAN",
    "CRPIX1": 33.25,
    "CRPIX2": 24.5,
    "CRVAL1": 117.126,
    "CRVAL2": -26.2345,
    "CD1_1": -7.2e-08,
    "CD1_2": 4.99e-05,
    "CD2_1": 4.99e-05,
    "CD2_2": -3.5e-09,
    "CD3_3": 1.0,
    "RADECSYS": "FK5",
    "AMPDAC01": 180.0,
}


def counts(ny=48, nx=64, seed=1):
    """Integers as a detector gives them, some beyond 16 bits."""
    return np.random.default_rng(seed).integers(-5, 300_000, (ny, nx)).astype(np.int32)


def raw_file(path, data=None, *, image=None, extname=None, **primary):
    """Write a raw file: one integer image of 1 x ny x nx, without a name unless one is given."""
    data = counts() if data is None else data
    phu = fits.PrimaryHDU(header=fits.Header({**PRIMARY, **primary}))
    hdu = fits.ImageHDU(data if data.ndim == 3 else data[np.newaxis], fits.Header({**IMAGE, **(image or {})}))
    if extname:
        hdu.header["EXTNAME"] = extname
    fits.HDUList([phu, hdu]).writeto(path, overwrite=True)
    return path


def entry(step="subtract_dark", verb="darkCorrect", **arguments):
    """A line of history with times that survive a file."""
    start = datetime(2024, 5, 1, 12, 0, 0, 123456, UTC)
    return Entry(step, verb, arguments, start, start.replace(second=3))


def product(tmp_path, ny=48, nx=64, **changes) -> Frame:
    """A frame in electrons with everything a stack has but tables."""
    raw = read_frame(raw_file(tmp_path / "S20131121S0075.fits", counts(ny, nx)))
    rng = np.random.default_rng(2)
    mask = rng.choice(np.array([0, 1, 2, 4, 64, 256], np.uint16), (ny, nx))
    seen = (rng.random((ny, nx)) < 0.2).astype(np.uint8)
    mask |= seen.astype(np.uint16) * 1024
    whole = {
        "data": rng.normal(50, 9, (ny, nx)).astype(np.float32),
        "variance": rng.random((ny, nx)).astype(np.float32),
        "mask": mask,
        "unit": "electron",
        "planes": {"OBJMASK": seen, "EXPMAP": np.full((ny, nx), 1080, np.float32)},
        "history": (entry(), entry("combine", "stackFrames", method="mean", sigma=3.0)),
        "provenance": tuple(
            Origin(f"S20131121S{n:04d}.fits", f"{n:032x}", "prepare", datetime(2024, 5, 1, tzinfo=UTC))
            for n in (75, 76, 77)
        ),
        "gain": 1.0,
        "read_noise": 11.7,
        "saturation_level": 158140.24,
        "non_linear_level": 112755.758,
    }
    return raw.with_(**{**whole, **changes})
