"""A folder of small raw files, as many nights leave it."""

import re
import shutil

import pytest

from f2widgets.campaign.engine import reduce_all
from f2widgets.cli.main import main
from f2widgets.simulate.example import simulated
from tests.raw_files import write_raw

#: Frames taken of each data set: darks, short darks, lamps on and off, and the target.
TAKEN = {
    "example1": ("20131120S011[5-7]", "20131121S03(69|70|71)", "20131126S111[12]", "20131129S032[01]",
                 "20131121S007[5-8]"),
    "offset": ("20140312S021[0-2]", "20140312S024[0-2]", "20140314S001[56]", "20140314S00(19|20)",
               "20140312S004[1-4]"),
}  # fmt: skip


@pytest.fixture(scope="session")
def night(tmp_path_factory):
    """Return a folder with two targets in two filters and their calibrations, 28 frames of 256 pixels."""
    folder = tmp_path_factory.mktemp("night") / "raw"
    folder.mkdir()
    for name, patterns in TAKEN.items():
        whole = tmp_path_factory.mktemp(name)
        wanted = re.compile("|".join(patterns))
        for path in simulated(name, whole, size=256):
            if wanted.search(path.name):
                shutil.copy(path, folder)
    return folder


@pytest.fixture(scope="session")
def reduced(night, tmp_path_factory, no_configuration):
    """Return the folder with all products of the night, made without a break; to be read only."""
    out = tmp_path_factory.mktemp("reduced")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(out)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        assert reduce_all(night).complete
    return out


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def raw_night(tmp_path, monkeypatch):
    """Return a writer of raw files in a folder; the working folder is another one beside it."""
    folder, here = tmp_path / "raw", tmp_path / "work"
    folder.mkdir()
    here.mkdir()
    monkeypatch.chdir(here)

    def made(number, kind="science", name=None, **keywords):
        keywords.setdefault("DATALAB", f"GS-2013B-Q-15-39-{number:03d}")
        keywords.setdefault("UTSTART", f"05:{number % 60:02d}:06.5")
        return write_raw(folder / f"{name or f'S20131121S{number:04d}'}.fits", kind, **keywords)

    made.folder = folder
    return made


@pytest.fixture
def usual_night(raw_night):
    """Fill the folder with a target, its darks and flats, and short darks."""
    for number in (1, 2, 3):
        raw_night(number)
    for number, seconds in ((11, 120.0), (12, 120.0), (13, 2.0), (14, 2.0)):
        raw_night(number, "dark", EXPTIME=seconds)
    for number, kind in ((21, "lamp_on"), (22, "lamp_on"), (23, "lamp_off")):
        raw_night(number, kind)
    return raw_night


@pytest.fixture
def verb(capfd):
    """Call ``f2`` in this process; returns status, output and errors."""

    def call(*words):
        with pytest.raises(SystemExit) as left:
            main([*map(str, words)])
        return left.value.code, *capfd.readouterr()

    return call


@pytest.fixture
def calibrations(night, tmp_path):
    """Return a folder with few raw frames: three darks, and flats."""
    folder = tmp_path / "few"
    folder.mkdir()
    for name in ("20131120S0115", "20131120S0116", "20131126S1111", "20131126S1112", "20131129S0320"):
        shutil.copy(night / f"S{name}.fits", folder)
    return folder
