"""Real headers as text, with the archive's own record of each file, where they lie beside the project."""

import ast
import json
from pathlib import Path

import pytest
from astropy.io import fits

from f2widgets.io.keywords import Headers

FOLDER = Path(__file__).parents[1] / "../shared/headers"
NAMES = sorted(path.name.partition(".")[0] for path in FOLDER.glob("*.header.txt"))

#: For tests of real headers: one run per file, or one skip that says why.
each = pytest.mark.parametrize(
    "name",
    NAMES or [pytest.param("", marks=pytest.mark.skip(f"no real headers in {FOLDER.resolve()}"))],
)


def headers(name):
    """Return a file's headers from the text of its cards."""
    parts = []
    for line in (FOLDER / f"{name}.header.txt").read_text().splitlines():
        if line.startswith("--- "):
            parts.append([])
        elif parts and line.strip():
            parts[-1].append(line[:80].ljust(80))
    phu, image = (fits.Header.fromstring("".join(cards)) for cards in parts)
    return Headers(phu, image, f"{name}.fits")


def archive(name):
    """Return the archive's record of a file."""
    record = json.loads((FOLDER / f"{name}.json").read_text())[0]
    record["types"] = set(ast.literal_eval(record["types"]))
    return record
