import bz2
import fcntl
from datetime import date

import pytest

from f2widgets.archive.download import Task, download, part_of
from f2widgets.archive.records import Archived
from f2widgets.archive.service import SESSION_VARIABLE
from f2widgets.errors import Cancelled
from tests.shell import contents

NAME = "S20171121S0075"


@pytest.fixture
def bring(archive, tmp_path):
    """Return a function that downloads a frame into a new folder."""

    def bring(name=NAME, **options):
        (file,) = archive.records(f"filename={name}.fits")
        return download(file, Task(archive, tmp_path / "out", **options))

    return bring


@pytest.fixture
def packed(night):
    """Return the bytes that the archive holds."""
    return (night / f"{NAME}.fits.bz2").read_bytes()


def left(tmp_path):
    """Return the names of the files in the folder, hidden ones included."""
    return sorted(path.name for path in (tmp_path / "out").iterdir())


def test_a_file_comes_as_the_archive_holds_it(bring, packed, tmp_path):
    outcome = bring()
    assert (outcome.state, outcome.is_there) == ("fetched", True)
    assert outcome.path == tmp_path / "out" / f"{NAME}.fits.bz2"
    assert outcome.path.read_bytes() == packed
    assert left(tmp_path) == [f"{NAME}.fits.bz2"]


def test_a_file_comes_unpacked(bring, packed, tmp_path):
    assert bring(unpack=True).path.read_bytes() == bz2.decompress(packed)
    assert left(tmp_path) == [f"{NAME}.fits"]


def test_a_file_that_is_there_is_not_fetched_again_in_either_form(bring, server, packed, tmp_path):
    bring()
    asked = len(server.questions(NAME))
    assert bring().state == "there"
    unpacked = bring(unpack=True)
    assert (unpacked.state, unpacked.path.name) == ("there", f"{NAME}.fits")
    assert unpacked.path.read_bytes() == bz2.decompress(packed)
    (tmp_path / "out" / f"{NAME}.fits.bz2").unlink()
    assert bring().path == unpacked.path
    assert len(server.questions(NAME)) == asked


def test_a_file_that_differs_is_kept_until_told_otherwise(bring, packed, tmp_path):
    (tmp_path / "out").mkdir()
    mine = tmp_path / "out" / f"{NAME}.fits.bz2"
    mine.write_bytes(packed[:-100])  # as another program may leave it
    outcome = bring()
    assert outcome.state == "failed"
    assert f"{mine} is there and differs" in outcome.why
    assert "--overwrite" in outcome.why
    assert mine.read_bytes() == packed[:-100]
    assert bring(overwrite=True).state == "fetched"
    assert mine.read_bytes() == packed


def test_what_breaks_off_goes_on_where_it_stopped(bring, server, packed):
    server.faults[NAME] = ["cut"]
    outcome = bring()
    assert outcome.path.read_bytes() == packed
    assert server.questions(NAME) == [None, f"bytes={len(packed) // 2}-"]


def test_a_server_that_cannot_go_on_begins_again(bring, server, packed):
    server.faults[NAME] = ["cut", "from the start"]
    assert bring().path.read_bytes() == packed


def test_what_came_in_an_earlier_call_is_used(bring, server, packed, tmp_path):
    server.faults[NAME] = ["cut", "503", "503"]
    outcome = bring()
    assert outcome.state == "failed"
    assert "answers 503" in outcome.why
    assert [name[-5:] for name in left(tmp_path)] == [".part"]
    assert bring().path.read_bytes() == packed
    assert server.questions(NAME)[-1] == f"bytes={len(packed) // 2}-"
    assert left(tmp_path) == [f"{NAME}.fits.bz2"]


@pytest.mark.parametrize(
    "kept", ["half of another file", "all of another file", "more than there is", "all that there is"]
)
def test_what_came_earlier_is_never_trusted_unseen(bring, archive, packed, tmp_path, kept):
    (file,) = archive.records(f"filename={NAME}.fits")
    bytes_kept = {
        "half of another file": b"x" * (len(packed) // 2),
        "all of another file": b"x" * len(packed),
        "more than there is": packed + b"x",
        "all that there is": packed,
    }
    (tmp_path / "out").mkdir()
    part_of(file, tmp_path / "out").write_bytes(bytes_kept[kept])
    assert bring().path.read_bytes() == packed
    assert left(tmp_path) == [f"{NAME}.fits.bz2"]


def test_a_part_of_another_version_is_left_alone(bring, archive, packed, tmp_path):
    (file,) = archive.records(f"filename={NAME}.fits")
    old = Archived(file.name, file.filename, file.size, file.data_size, md5="0" * 32)
    (tmp_path / "out").mkdir()
    part_of(old, tmp_path / "out").write_bytes(b"an older version")
    assert bring().path.read_bytes() == packed


def test_a_server_that_is_silent_for_too_long_is_asked_again(impatient, server, packed, tmp_path):
    (file,) = impatient.records(f"filename={NAME}.fits")
    server.faults[NAME] = ["slow"]
    assert download(file, Task(impatient, tmp_path)).path.read_bytes() == packed
    (tmp_path / f"{NAME}.fits.bz2").unlink()
    server.faults[NAME] = ["slow"] * 5
    assert "no answer in time" in download(file, Task(impatient, tmp_path)).why


@pytest.mark.parametrize("fault", ["500", "502", "503", "504", "429", "cut", "wrong", "long"])
def test_trouble_that_passes_costs_another_attempt_only(bring, server, packed, fault):
    server.faults[NAME] = [fault]
    assert bring().path.read_bytes() == packed


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (["503"] * 3, "answers 503 Service Unavailable. Try again later"),
        (["wrong"] * 2, "has not the checksum of the archive's record"),
        (["long"] * 2, "has not the checksum"),
        (["404"], "has a record of it, but not the file"),
        (["418"], "answers 418"),
    ],
)
def test_trouble_that_stays_is_told_and_no_file_is_left(bring, server, tmp_path, faults, words):
    server.faults[NAME] = faults
    outcome = bring()
    assert outcome.state == "failed"
    assert words in outcome.why
    assert left(tmp_path) == []


def test_a_server_that_unpacks_what_it_sends_is_understood(bring, server, packed, tmp_path):
    server.faults[NAME] = ["plain"]
    outcome = bring()
    assert outcome.path == tmp_path / "out" / f"{NAME}.fits"
    assert outcome.path.read_bytes() == bz2.decompress(packed)


def test_the_sum_of_the_unpacked_bytes_does_where_the_record_has_no_other(archive, packed, tmp_path, server):
    (file,) = archive.records(f"filename={NAME}.fits")
    bare = Archived(file.name, file.filename, file.size, file.data_size, None, file.data_md5)
    assert download(bare, Task(archive, tmp_path)).path.read_bytes() == packed
    none = Archived(file.name, file.filename, file.size, file.data_size)
    assert "no checksum" in download(none, Task(archive, tmp_path)).why


def test_proprietary_files_are_left_with_their_date_unless_they_are_ours(
    bring, server, tmp_path, monkeypatch
):
    outcome = bring("S20171121S0092")
    assert (outcome.state, outcome.why) == ("proprietary", "proprietary until 2999-01-01")
    assert server.questions("S20171121S0092") == []
    monkeypatch.setenv(SESSION_VARIABLE, "secret")
    server.session = "another"
    assert bring("S20171121S0092").state == "proprietary"
    server.session = "secret"
    assert bring("S20171121S0092").state == "fetched"
    assert left(tmp_path) == ["S20171121S0092.fits.bz2"]


def test_a_refusal_without_a_date_is_told_as_such(bring, server):
    server.faults[NAME] = ["403"]
    outcome = bring()
    assert outcome.state == "proprietary"
    assert "limits access from some networks" in outcome.why
    assert SESSION_VARIABLE in outcome.why


def test_the_day_of_release_is_public():
    file = Archived("a.fits", "a.fits", 1, 1, release=date(2020, 1, 2))
    assert file.is_proprietary(date(2020, 1, 1))
    assert not file.is_proprietary(date(2020, 1, 2))


def test_two_programs_do_not_fetch_one_file_into_one_place(bring, archive, tmp_path):
    (file,) = archive.records(f"filename={NAME}.fits")
    (tmp_path / "out").mkdir()
    with open(part_of(file, tmp_path / "out"), "ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        assert "another program" in bring().why
    assert bring().state == "fetched"


def test_a_stop_keeps_what_has_arrived(archive, server, tmp_path):
    (file,) = archive.records(f"filename={NAME}.fits")
    task = Task(archive, tmp_path)
    server.pause = 0.01
    task.tell = lambda file, have: task.stop.set()
    with pytest.raises(Cancelled):
        download(file, task)
    assert 0 < part_of(file, tmp_path).stat().st_size < file.size


def test_a_folder_that_cannot_be_written_is_told_with_the_remedy(archive, tmp_path):
    (file,) = archive.records(f"filename={NAME}.fits")
    (tmp_path / "out").write_text("a file where a folder is needed")
    before = contents(tmp_path)
    outcome = download(file, Task(archive, tmp_path / "out"))
    assert outcome.state == "failed"
    assert "--out" in outcome.why
    assert contents(tmp_path) == before
