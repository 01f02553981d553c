"""Our products open in astrodata, Gemini's own reader, and hold there what they hold here.

astrodata may live in an environment of its own: name its Python in ASTRODATA_PYTHON. Otherwise the
Python that runs the tests is tried.
"""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from astropy.table import Table

from f2widgets.io.write import write_frame
from tests.io.pixel_files import product

PYTHON = os.environ.get("ASTRODATA_PYTHON", sys.executable)

LOOK = """
import json, sys
import astrodata, numpy as np

ad = astrodata.open(sys.argv[1])
found = {"extensions": len(ad), "tables": sorted(ad.tables), "unit": ad[0].hdr.get("BUNIT"),
         "shape": list(ad[0].shape), "exposed": sorted(ad[0].exposed)}
planes = {"data": ad[0].data}
if ad[0].variance is not None:
    planes["variance"] = ad[0].variance
if ad[0].mask is not None:
    planes["mask"] = ad[0].mask
for name in ("OBJMASK", "EXPMAP"):
    if hasattr(ad[0], name):
        planes[name] = getattr(ad[0], name)
if hasattr(ad[0], "OBJCAT"):
    found["OBJCAT"] = {name: ad[0].OBJCAT[name].tolist() for name in ad[0].OBJCAT.colnames}
if ad[0].wcs is not None:
    found["sky"] = [float(v) for v in ad[0].wcs(10.0, 20.0)]
for name in ("PROVENANCE", "HISTORY"):
    table = getattr(ad, name)
    found[name] = {column: [str(v) for v in table[column]] for column in table.colnames}
np.savez(sys.argv[2], **planes)
from astrodata.provenance import add_history, add_provenance
add_provenance(ad, "later.fits", "f" * 32, "stackFrames")
add_history(ad, "2030-01-01T00:00:00", "2030-01-01T00:00:01", "theirStep", "{}")
ad.write(sys.argv[3], overwrite=True)
print(json.dumps(found))
"""


def importable():
    done = subprocess.run(
        [PYTHON, "-c", "import astrodata; print(astrodata.__version__)"], capture_output=True
    )
    return done.returncode == 0 and int(done.stdout.split(b".")[0]) >= 3


pytestmark = pytest.mark.skipif(
    not importable(), reason=f"astrodata 3 is not installed for {PYTHON}: pip install astrodata"
)


def looked_at(path, tmp_path):
    planes = tmp_path / "planes.npz"
    command = [PYTHON, "-c", LOOK, str(path), str(planes), str(tmp_path / "theirs.fits")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1]), np.load(planes)


def test_stack_in_astrodata(tmp_path):
    catalogue = Table({"NUMBER": [1, 2], "X_IMAGE": [3.5, 4.25]})
    frame = product(tmp_path, tables={"OBJCAT": catalogue})
    path = write_frame(frame, tmp_path / "S20131121S0075_image.fits", kind="image")
    found, planes = looked_at(path, tmp_path)
    assert found["extensions"] == 1
    np.testing.assert_array_equal(planes["data"], frame.data)
    np.testing.assert_array_equal(planes["variance"], frame.variance)
    np.testing.assert_array_equal(planes["mask"], frame.mask & ~np.uint16(1024))
    assert planes["mask"].dtype == np.uint16
    np.testing.assert_array_equal(planes["OBJMASK"], frame.planes["OBJMASK"])
    assert planes["OBJMASK"].dtype == np.uint8
    np.testing.assert_array_equal(planes["EXPMAP"], frame.planes["EXPMAP"])
    assert found["OBJCAT"] == {"NUMBER": [1, 2], "X_IMAGE": [3.5, 4.25]}
    assert found["unit"] == "electron"
    np.testing.assert_allclose(found["sky"], frame.wcs.pixel_to_world_values(10.0, 20.0), rtol=0, atol=1e-9)
    assert found["PROVENANCE"]["filename"] == [origin.filename for origin in frame.provenance]
    assert found["PROVENANCE"]["md5"] == [origin.md5 for origin in frame.provenance]
    assert found["HISTORY"]["primitive"] == ["darkCorrect", "stackFrames"]
    assert json.loads(found["HISTORY"]["args"][1]) == {"method": "mean", "sigma": 3.0}
    assert found["tables"] == ["HISTORY", "PROVENANCE"]


def test_what_astrodata_wrote_is_read_back(tmp_path):
    from f2widgets.io.read import read_frame

    frame = product(tmp_path)
    looked_at(write_frame(frame, tmp_path / "a_image.fits", kind="image"), tmp_path)
    theirs = read_frame(tmp_path / "theirs.fits")
    for name in ("data", "variance", "mask"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(frame, name))
    assert theirs.provenance[:3] == frame.provenance
    assert theirs.provenance[3].filename == "later.fits"
    assert [entry.verb for entry in theirs.history] == ["darkCorrect", "stackFrames", "theirStep"]
    ours, other = (f.wcs.pixel_to_world_values(10.0, 20.0) for f in (frame, theirs))
    np.testing.assert_allclose(ours, other, rtol=0, atol=1e-9)


@pytest.mark.parametrize("kind", ["dark", "flat", "bpm"])
def test_calibrations_in_astrodata(tmp_path, kind):
    unit = "electron" if kind == "dark" else ""
    frame = product(tmp_path, planes={}, unit=unit, wcs=None)
    frame = frame.with_(mask=frame.mask & np.uint16(0xFFFF ^ 1024))
    path = write_frame(frame, tmp_path / f"a_{kind}.fits", kind=kind)
    found, planes = looked_at(path, tmp_path)
    if kind == "bpm":
        np.testing.assert_array_equal(planes["data"], frame.mask & 65)
        assert planes["data"].dtype == np.int16
        assert set(planes) == {"data"}
        assert found["unit"] is None
    else:
        np.testing.assert_array_equal(planes["data"], frame.data)
        np.testing.assert_array_equal(planes["mask"], frame.mask)
        assert found["unit"] == unit
