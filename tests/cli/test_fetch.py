import os
import signal
import subprocess
import sys
import time

import pytest

from f2widgets.archive.service import SERVER_VARIABLE
from tests.archive.conftest import night  # noqa: F401
from tests.archive.faulty import Faulty
from tests.shell import f2, no_big_files, refuses


@pytest.fixture
def server(night, monkeypatch):  # noqa: F811
    monkeypatch.setenv("no_proxy", "*")
    with Faulty(night) as server:
        monkeypatch.setenv(SERVER_VARIABLE, server.url)
        yield server


def test_all_there(server, tmp_path):
    done = f2("fetch", "S20171121S0075-076", "--out", "raw", folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0].endswith(f"from {server.url} to raw.")
    assert sorted(lines[1:3]) == [f"  S20171121S007{n}.fits.bz2: fetched" for n in (5, 6)]
    assert lines[3:] == ["2 fetched."]
    again = f2("fetch", "S20171121S0075-076", "--out", "raw", "-q", folder=tmp_path)
    assert (again.status, again.out, again.err) == (0, "", "")
    assert f2("typewalk", "-d", "raw", folder=tmp_path).out.count("(IMAGE)") == 2


def test_a_programme_with_its_calibrations_in_part(server, tmp_path):
    done = f2("fetch", "GS-2017B-Q-1", "--calibrations", "--unpack", folder=tmp_path)
    assert done.status == 3
    assert done.err == "f2: S20171121S0092.fits: proprietary until 2999-01-01\n"
    assert "S20171121S0090.fits: left out: is a spectrum" in done.out
    assert done.out.splitlines()[-1] == "10 fetched, 2 left out, 1 proprietary."
    assert len(list(tmp_path.glob("*.fits"))) == 10


def test_nothing_but_failures(server, tmp_path):
    done = f2("fetch", "S20171121S0092", "S20171121S0999", folder=tmp_path)
    assert done.status == 1
    assert done.err.splitlines() == [
        "f2: S20171121S0999.fits: the archive has no such frame",
        "f2: S20171121S0092.fits: proprietary until 2999-01-01",
    ]


def test_missing_calibrations_are_a_part(server, tmp_path):
    server.files = {name: held for name, held in server.files.items() if "S20171126S1111" not in name}
    done = f2("fetch", "S20171121S0075", "--calibrations", folder=tmp_path)
    assert done.status == 3
    assert done.err.startswith("f2: note: The archive has no flat in Y with the lamp off within 90 days")
    assert done.out.splitlines()[-1] == "4 fetched."


def test_a_list_fetches_nothing(server, tmp_path):
    done = f2("fetch", "GS-2017B-Q-1", "--list", folder=tmp_path)
    assert done.status == 0
    assert "S20171120S0115.fits    DARK" in done.out
    assert "proprietary until 2999-01-01" in done.out
    assert done.out.splitlines()[-1].startswith("11 files, ")
    assert list(tmp_path.iterdir()) == []


def test_slips_of_usage(server, tmp_path):
    refuses(f2("fetch", "example3", folder=tmp_path), "neither a programme", status=2)
    assert f2("fetch", folder=tmp_path).status == 2
    assert f2("fetch", "example1", "--at-once", "9", folder=tmp_path).status == 2
    refuses(f2("fetch", "example1", "--server", "ftp://x", folder=tmp_path), "no address", status=2)


def test_without_a_network_the_simulator_is_offered(tmp_path):
    done = f2("fetch", "example1", "--server", "http://127.0.0.1:9", folder=tmp_path)
    refuses(done, "cannot be reached", "f2 simulate example1 DIR")


def test_a_full_disk(server, tmp_path):
    done = f2("fetch", "S20171121S0075", folder=tmp_path, within=lambda: no_big_files(4000))
    refuses(done, "--out")
    assert not list(tmp_path.glob("*.bz2"))


def test_interrupted_it_leaves_nothing_half_and_goes_on_the_next_time(server, tmp_path):
    server.pause = 0.2
    words = [sys.executable, "-m", "f2widgets", "fetch", "GS-2017B-Q-1", "--all"]
    running = subprocess.Popen(words, cwd=tmp_path, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    for _ in range(300):
        if any(path.stat().st_size > 1000 for path in tmp_path.glob(".*.part")):
            break
        time.sleep(0.1)
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130
    assert err.strip() == "f2: interrupted; nothing was left half-written"
    assert list(tmp_path.glob(".*.part"))
    server.pause = 0.0
    assert f2("fetch", "GS-2017B-Q-1", "--all", "-q", folder=tmp_path).status == 3  # one is proprietary
    assert any(part for path, part, _ in server.asked if path.startswith("/file/"))
    assert sorted(os.listdir(tmp_path)) == sorted(
        name.replace(".fits", ".fits.bz2") for name in server.files if "0092" not in name
    )
