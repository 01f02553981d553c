"""Whether two folders hold the same products, but for the moments at which they were made."""

import re
from pathlib import Path

import numpy as np
from astropy.io import fits

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
#: Endings of products whose own moments give them another checksum.
MADE = ("_dark.fits", "_flat.fits", "_bpm.fits")


def products(folder):
    """Return the products of a folder and of its store, by their place in it."""
    folder = Path(folder)
    found = [*folder.glob("*.fits"), *(folder / "calibrations").rglob("*.fits")]
    return {str(path.relative_to(folder)): path for path in found}


def told(path):
    """Return everything that a product holds, its moments left out."""
    with fits.open(path) as hdus:
        return [(hdu.name, _cards(hdu.header), _content(hdu)) for hdu in hdus]


def _cards(header):
    return [(card.keyword, str(card.value)) for card in header.cards if not MOMENT.search(f"{card.value}")]


def _content(hdu):
    if hdu.data is None or hdu.data.dtype.names is None:
        return hdu.data
    rows = []
    for row in hdu.data:
        cells = {name: str(row[name]) for name in hdu.data.dtype.names}
        if cells.get("filename", "").endswith(MADE):
            del cells["md5"]
        rows.append([cell for name, cell in cells.items() if "time" not in name])
    return rows


def differences(one, other, begin=""):
    """Return in words what differs between the products of two folders, those whose names begin so."""
    here, there = (
        {name: path for name, path in products(folder).items() if path.name.startswith(begin)}
        for folder in (one, other)
    )
    found = [f"only in one: {name}" for name in sorted(here.keys() ^ there.keys())]
    for name in sorted(here.keys() & there.keys()):
        for a, b in zip(told(here[name]), told(there[name]), strict=True):
            same = np.array_equal(a[2], b[2]) if isinstance(a[2], np.ndarray) else a[2] == b[2]
            found += [] if a[:2] == b[:2] and same else [f"{name}[{a[0]}]"]
    return found
