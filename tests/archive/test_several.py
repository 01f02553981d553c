import time
from types import SimpleNamespace

import pytest

import f2widgets
from f2widgets.archive import fetch
from f2widgets.errors import Cancelled, NotFetched, NotWritten, ParameterError
from f2widgets.io.records import records

FRAMES = "S20171121S0075-077"


def test_frames_are_fetched_with_progress_and_can_be_read(archive, tmp_path):
    told, outcomes = [], []
    found = fetch(
        FRAMES,
        tmp_path,
        archive=archive,
        on_progress=lambda *news: told.append(news),
        on_outcome=outcomes.append,
    )
    assert [one.state for one in found] == ["fetched"] * 3
    assert sorted(outcomes, key=lambda one: one.file.name) == found
    assert [row.descriptor("filter_name") for row in records(one.path for one in found)] == ["Y"] * 3
    done = [have for have, _ in told]
    assert done == sorted(done)
    assert told[-1] == (sum(one.file.size for one in found),) * 2


def test_one_failure_never_stops_the_others(archive, server, tmp_path):
    server.faults["S20171121S0076"] = ["503"] * 3
    found = fetch([FRAMES, "S20171121S0092", "S20171121S0999"], tmp_path, archive=archive)
    states = {one.file.name[:14]: one.state for one in found}
    assert states == {
        "S20171121S0075": "fetched",
        "S20171121S0076": "failed",
        "S20171121S0077": "fetched",
        "S20171121S0092": "proprietary",
        "S20171121S0999": "failed",
    }


def test_calibrations_come_along(archive, tmp_path):
    found = fetch("S20171121S0075", tmp_path, calibrations=True, archive=archive, unpack=True)
    assert len(found) == 5
    assert all(one.path.suffix == ".fits" for one in found)


@pytest.mark.parametrize("at_once", [1, 4])
def test_not_more_at_once_than_told(archive, server, tmp_path, at_once):
    server.pause = 0.005
    fetch("GS-2017B-Q-1", tmp_path, archive=archive, at_once=at_once)
    assert server.most_at_once == at_once


@pytest.mark.parametrize("at_once", [0, 5])
def test_more_than_four_at_once_are_refused(archive, tmp_path, at_once):
    with pytest.raises(ParameterError, match="must be 1 to 4"):
        fetch(FRAMES, tmp_path, archive=archive, at_once=at_once)


def test_a_stop_is_quick_and_the_next_call_goes_on(archive, server, tmp_path):
    def stop(done, total):
        if done > 0.3 * total:
            raise Cancelled

    server.pause = 0.02
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        fetch(FRAMES, tmp_path, archive=archive, on_progress=stop)
    assert time.monotonic() - begin < 8
    parts = [path for path in tmp_path.iterdir() if path.suffix == ".part"]
    assert parts
    server.pause = 0.0
    begun = {path.name[1:15] for path in parts}
    found = fetch(FRAMES, tmp_path, archive=archive)
    assert all(one.is_there for one in found)
    assert all(server.questions(name)[-1] is not None for name in begun)
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.path.name for one in found]


def test_a_stop_does_not_wait_for_a_server_that_is_silent(server, tmp_path):
    from f2widgets.archive import Archive

    def stop(done, total):
        if done:
            raise Cancelled

    server.pause = 10.0  # between two portions
    begin = time.monotonic()
    with pytest.raises(Cancelled):
        fetch(FRAMES, tmp_path, archive=Archive(server.url, timeout=60.0), on_progress=stop)
    assert time.monotonic() - begin < 8


def test_a_disk_without_room_is_not_filled(archive, server, tmp_path, monkeypatch):
    monkeypatch.setattr("f2widgets.archive.several.disk_usage", lambda folder: SimpleNamespace(free=10_000))
    with pytest.raises(NotWritten, match=r"has not enough room: .* --out"):
        fetch(FRAMES, tmp_path / "out" / "below", archive=archive)
    assert list(tmp_path.iterdir()) == []
    assert fetch("S20171121S0075", tmp_path, archive=archive)[0].is_there  # it takes less


def test_the_address_alone_is_enough(server, tmp_path):
    assert len(f2widgets.fetch("S20171121S0075", tmp_path, archive=server.url)) == 1


def test_without_an_archive_nothing_is_written(tmp_path):
    with pytest.raises(NotFetched, match="f2 simulate example1"):
        fetch("example1", tmp_path / "out")
    assert not (tmp_path / "out").exists()
