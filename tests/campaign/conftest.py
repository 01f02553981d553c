"""A folder of small raw files, as many nights leave it."""

import pytest

from f2widgets.cli.main import main
from tests.raw_files import write_raw


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
