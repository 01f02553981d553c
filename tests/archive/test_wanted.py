import bz2
import os

import pytest

from f2widgets.archive.wanted import EXAMPLES, wanted
from f2widgets.errors import ParameterError
from f2widgets.io.identity import root_of


def roots(found):
    return [root_of(file.name) for file in found.files]


def left_out(found):
    return {root_of(one.file.name): (one.state, one.why) for one in found.left_out}


def test_files_and_ranges_in_any_spelling(archive, server):
    found = wanted(archive, ["S20171121S0077.fits.bz2", "S20171121S0075-76", "S20171120S0115"])
    assert roots(found) == ["S20171121S0077", "S20171121S0075", "S20171121S0076", "S20171120S0115"]
    assert found.left_out == []
    assert len(server.asked) == 2  # one question a night


def test_what_the_archive_does_not_have_is_told(archive):
    found = wanted(archive, ["S20171121S0075", "S20171121S0999"])
    assert roots(found) == ["S20171121S0075"]
    assert left_out(found) == {"S20171121S0999": ("failed", "the archive has no such frame")}


def test_a_whole_night_costs_few_questions(archive, server):
    found = wanted(archive, ["S20171121S0001-999"])
    assert len(found.files) == 7
    assert len(found.left_out) == 992
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("name", "count"),
    [("gs-2017b-q-1", 13), ("GS-2017B-Q-1", 13), ("GS-2017B-Q-1-5", 13), ("GS-2017B-Q-1-5-076", 1)],
)
def test_programmes_observations_and_data_labels(archive, name, count):
    found = wanted(archive, [name], everything=True)
    assert len(found.files) == count


def test_of_a_programme_what_cannot_be_reduced_is_left_out(archive):
    found = wanted(archive, ["GS-2017B-Q-1"])
    assert {"S20171121S0090", "S20171121S0091"}.isdisjoint(roots(found))
    assert {root: state for root, (state, _) in left_out(found).items()} == {
        "S20171121S0090": "left out",
        "S20171121S0091": "left out",
    }
    assert "is a spectrum" in left_out(found)["S20171121S0090"][1]
    # Named, they are wanted.
    assert roots(wanted(archive, ["S20171121S0090-091"])) == ["S20171121S0090", "S20171121S0091"]


def test_files_of_other_instruments_are_told(archive, server):
    server.files["S20171121S0076.fits"].record["instrument"] = "GMOS-S"
    try:
        found = wanted(archive, ["S20171121S0075-076"])
    finally:
        server.files["S20171121S0076.fits"].record["instrument"] = "F2"
    assert left_out(found)["S20171121S0076"][1] == "is from GMOS-S, not from Flamingos-2"


def test_a_file_here_stands_for_its_frame_and_is_not_fetched(archive, night, tmp_path):
    mine = tmp_path / "S20171121S0075.fits"
    mine.write_bytes(bz2.decompress((night / "S20171121S0075.fits.bz2").read_bytes()))
    with pytest.raises(ParameterError, match="Only files that are here"):
        wanted(archive, [str(mine)])
    with_darks = wanted(archive, [str(mine), "S20171121S0076"], calibrations=True)
    assert "S20171121S0075" not in roots(with_darks)
    assert {"S20171121S0076", "S20171120S0115"} <= set(roots(with_darks))


def test_a_name_without_a_folder_means_the_archives_file_even_if_it_is_here(archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "S20171121S0075.fits.bz2").write_text("from an earlier call")
    assert roots(wanted(archive, ["S20171121S0075.fits.bz2"])) == ["S20171121S0075"]


def test_lists(archive, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "some.list").write_text("# the first\nS20171121S0075\nS20171121S0076.fits\n")
    assert roots(wanted(archive, ["@some.list"])) == ["S20171121S0075", "S20171121S0076"]


@pytest.mark.parametrize("name", ["example3", "S2017", "GS-2017B", "nothing.fits", "S20171121S75"])
def test_other_names_are_a_slip_that_lists_what_there_is(archive, name):
    with pytest.raises(ParameterError, match=rf"'{name}' is neither a programme .*example1, example2"):
        wanted(archive, [name])


def test_a_programme_without_frames_of_f2_is_told(archive):
    with pytest.raises(ParameterError, match="no frames of Flamingos-2 for GS-2000A-Q-1"):
        wanted(archive, ["GS-2000A-Q-1"])


@pytest.mark.parametrize(("name", "count", "first"), [("example1", 36, 9), ("example2", 49, 18)])
def test_examples_are_those_of_the_tutorials(name, count, first):
    from f2widgets.archive.wanted import _roots

    frames = [root for word in EXAMPLES[name].split() for root in _roots(word)]
    assert len(frames) == len(set(frames)) == count
    assert len({root[:10] for root in frames[:first]}) == 1


def test_example1_is_what_the_simulator_makes(example1_folder):
    from f2widgets.archive.wanted import _roots

    frames = {root for word in EXAMPLES["example1"].split() for root in _roots(word)}
    assert frames == {root_of(name) for name in os.listdir(example1_folder) if name.endswith(".fits")}
