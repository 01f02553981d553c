import json
import urllib.error
import urllib.request
from collections import Counter
from pathlib import Path

import pytest

from f2widgets.archive import StandIn, fetch
from tests import real_headers
from tests.raw_files import write_raw


def ask(server, path):
    with urllib.request.urlopen(f"{server.url}/{path}") as answer:
        return answer.read()


def test_a_folder_is_offered_as_the_archive_does(server, night):
    rows = json.loads(ask(server, "jsonsummary/canonical/inst=F2/filename=S20171121S0075.fits"))
    (row,) = rows
    stored = (night / "S20171121S0075.fits.bz2").read_bytes()
    assert (row["filename"], row["file_size"]) == ("S20171121S0075.fits.bz2", len(stored))
    assert ask(server, "file/S20171121S0075.fits.bz2") == stored
    assert len(ask(server, "file/S20171121S0075.fits")) == row["data_size"]


@pytest.mark.parametrize(
    ("path", "code"), [("file/S1.fits", 404), ("elsewhere", 404), ("jsonsummary/color=red", 400)]
)
def test_what_it_does_not_have_or_know(server, path, code):
    with pytest.raises(urllib.error.HTTPError) as told:
        ask(server, path)
    assert told.value.code == code
    told.value.close()


def test_plain_files_in_folders_below_are_offered_as_such(tmp_path):
    (tmp_path / "raw" / "below").mkdir(parents=True)
    path = write_raw(tmp_path / "raw" / "below" / "S20131121S0075.fits")
    with StandIn(tmp_path / "raw") as archive:
        (found,) = fetch("S20131121S0075", tmp_path / "out", archive=archive.url)
    assert found.path.read_bytes() == path.read_bytes()


def test_the_first_example_can_be_fetched_from_simulated_frames(example1_folder, tmp_path):
    with StandIn(example1_folder) as archive:
        found = fetch("example1", tmp_path, archive=archive.url)
        science = str(example1_folder / "S20131121S0075.fits")
        calibrations = fetch(science, tmp_path / "more", calibrations=True, archive=archive.url)
    assert [one.state for one in found] == ["fetched"] * 36
    kinds = Counter(one.file.facts.observation_type for one in calibrations)
    assert kinds == {"DARK": 10 + 7, "FLAT": 4 + 6}  # every calibration of the example


@pytest.mark.real
@pytest.mark.skipif(not real_headers.NAMES, reason="no real records")
def test_its_records_have_the_keys_of_real_ones(server):
    real = json.loads((Path(real_headers.FOLDER) / f"{real_headers.NAMES[-1]}.json").read_text())[0]
    (row,) = json.loads(ask(server, "jsonsummary/filename=S20171121S0075.fits"))
    assert row.keys() <= real.keys()
    for key, value in row.items():
        assert value is None or real[key] is None or type(value) is type(real[key]), key
