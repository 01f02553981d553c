import bz2
from datetime import datetime, timedelta

import numpy as np
import pytest

from f2widgets.archive.service import SERVER_VARIABLE, SESSION_VARIABLE, Archive
from tests.archive.faulty import Faulty
from tests.raw_files import write_raw

#: A night of the archive: name, kind, and days from the science frames with other keywords.
FRAMES = {
    **{f"S20171121S00{n}": ("science", 0, {"DATALAB": f"GS-2017B-Q-1-5-0{n}"}) for n in (75, 76, 77)},
    "S20171120S0115": ("dark", -1, {}),
    "S20171120S0116": ("dark", -1, {"LNRS": 8}),
    "S20171121S0369": ("dark", 0.2, {"EXPTIME": 2.0}),
    "S20171126S1111": ("lamp_off", 5, {}),
    "S20171129S0320": ("lamp_on", 8, {}),
    "S20171129S0321": ("lamp_on", 8, {"FILTER2": "J_G0802"}),
    "S20180301S0001": ("lamp_on", 100, {}),
    "S20171121S0090": ("spectrum", 0, {}),
    "S20171121S0091": ("science", 0, {"RAWPIREQ": "NO", "RAWGEMQA": "BAD"}),
    "S20171121S0092": ("science", 0, {"RELEASE": "2999-01-01"}),
}


def write_night(folder, frames=FRAMES, size=64):
    """Write frames as the archive holds them, packed by bzip2, and return the folder."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    for name, (kind, days, keywords) in frames.items():
        when = datetime(2017, 11, 21, 5, 31) + timedelta(days=days)
        moment = {
            "DATE_OBS": f"{when:%Y-%m-%d}",
            "UT": f"{when:%H:%M:%S}.0",
            "MJD_OBS": None,
            "UTSTART": None,
        }
        common = {"GEMPRGID": "GS-2017B-Q-1", "OBSID": "GS-2017B-Q-1-5", "RELEASE": "2018-06-01"}
        pixels = rng.integers(0, 30000, (size, size))
        plain = write_raw(folder / f"{name}.fits", kind, pixels=pixels, **common | moment | keywords)
        (folder / f"{name}.fits.bz2").write_bytes(bz2.compress(plain.read_bytes()))
        plain.unlink()
    return folder


@pytest.fixture(autouse=True)
def _nobodys_archive(monkeypatch):
    """Ask no server but those of the tests, without a proxy and without anybody's session."""
    monkeypatch.setenv("no_proxy", "*")
    monkeypatch.delenv(SESSION_VARIABLE, raising=False)
    monkeypatch.setenv(SERVER_VARIABLE, "http://127.0.0.1:9")  # nobody listens there


@pytest.fixture(scope="session")
def night(tmp_path_factory):
    """Return a folder with the packed frames of an archive; to be read only."""
    return write_night(tmp_path_factory.mktemp("archive") / "night")


@pytest.fixture
def server(night):
    """Return a running archive in which faults can be planted."""
    with Faulty(night) as server:
        yield server


@pytest.fixture
def archive(server):
    """Return a client of it that tries again at once."""
    return Archive(server.url, waits=(0.0, 0.0))


@pytest.fixture
def impatient(server):
    """Return a client of it that loses its patience soon, and tries again often."""
    return Archive(server.url, timeout=0.5, waits=(0.0,) * 4)
