import pytest

from f2widgets.archive.associated import MOST, associated
from f2widgets.archive.service import Archive
from f2widgets.io.identity import root_of
from tests.archive.conftest import write_night
from tests.archive.faulty import Faulty


def frames(archive, *roots):
    return [file for root in roots for file in archive.records(f"filename={root}.fits")]


def found(archive, *roots):
    files, notes = associated(archive, frames(archive, *roots))
    return [root_of(file.name) for file in files], notes


def test_darks_flats_and_short_darks_of_science_frames(archive):
    files, notes = found(archive, "S20171121S0075", "S20171121S0076")
    # Not the dark of another read mode, the flat in J, and the one a hundred days away.
    assert files == ["S20171120S0115", "S20171129S0320", "S20171126S1111", "S20171121S0369"]
    assert notes == []


def test_frames_that_are_no_images_of_a_target_need_nothing(archive):
    assert found(archive, "S20171120S0115", "S20171121S0090") == ([], [])


@pytest.fixture
def small(tmp_path):
    """Return a function that serves a few frames and returns a client."""
    running = []

    def small(frames):
        server = Faulty(write_night(tmp_path / "few", frames)).__enter__()
        running.append(server)
        return Archive(server.url, waits=())

    yield small
    for server in running:
        server.__exit__(None, None, None)


def test_what_is_missing_is_told(small):
    archive = small({"S20171121S0075": ("science", 0, {}), "S20171121S0001": ("lamp_on", 1, {})})
    files, notes = found(archive, "S20171121S0075")
    assert files == ["S20171121S0001"]
    assert notes == [
        "The archive has no dark of 120 s within 90 days of S20171121S0075.fits.",
        "The archive has no flat in Y with the lamp off within 90 days of S20171121S0075.fits.",
        "The archive has no short dark (5 s or less) within 90 days of S20171121S0001.fits.",
    ]


def test_in_k_flats_are_without_lamp_and_get_darks_of_their_own(small):
    k = {"FILTER2": "K-red_G0815", "WAVELENG": 23100.0}
    archive = small(
        {
            "S20171121S0075": ("science", 0, {**k, "EXPTIME": 5.0}),
            "S20171121S0001": ("lamp_on", 0, k),
            "S20171121S0002": ("lamp_off", 0, k | {"EXPTIME": 12.0}),
            "S20171121S0003": ("dark", 0, {"EXPTIME": 12.0}),
            "S20171121S0004": ("dark", 1, {"EXPTIME": 5.0}),
            "S20171121S0005": ("dark", 2, {"EXPTIME": 2.0}),
        }
    )
    files, notes = found(archive, "S20171121S0075")
    # The darks of the science frames are short enough for a mask, and nearer than those of 2 s.
    assert files == ["S20171121S0004", "S20171121S0002", "S20171121S0003"]
    assert notes == []


def test_the_nearest_are_taken_and_not_more_than_ten_of_a_sort(small):
    darks = {f"S20171121S01{n:02d}": ("dark", 0.1 * n, {}) for n in range(12)}
    rejected = {"S20171121S0200": ("dark", 0, {"RAWGEMQA": "BAD"})}
    archive = small({"S20171121S0075": ("science", 0, {})} | darks | rejected)
    files, _ = found(archive, "S20171121S0075")
    assert files == [f"S20171121S01{n:02d}" for n in range(MOST)]
