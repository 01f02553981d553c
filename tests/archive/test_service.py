import json
import socket

import pytest

from f2widgets.archive.service import COOKIE, SERVER, SERVER_VARIABLE, SESSION_VARIABLE, Archive
from f2widgets.errors import NotFetched, ParameterError


def test_records_are_those_that_meet_all_terms(archive, server):
    names = [file.name for file in archive.records("progid=GS-2017B-Q-1", "observation_type=DARK")]
    assert names == ["S20171120S0115.fits", "S20171120S0116.fits", "S20171121S0369.fits"]
    assert server.asked[0][0] == "/jsonsummary/canonical/progid=GS-2017B-Q-1/observation_type=DARK"


def test_terms_are_quoted(archive):
    assert archive.records("filter=a b/c?") == []


def test_a_silent_server_is_asked_again(impatient, server):
    server.faults["records"] = ["slow"]
    assert len(impatient.records("observation_type=DARK")) == 3
    server.faults["records"] = ["slow"] * 5
    with pytest.raises(NotFetched, match="no answer in time"):
        impatient.records("observation_type=DARK")


@pytest.mark.parametrize("faults", [["503"], ["500", "429"], ["cut"]])
def test_trouble_that_passes_is_waited_for(archive, server, faults):
    server.faults["records"] = faults
    assert len(archive.records("observation_type=DARK")) == 3


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        (["503"] * 3, "answers 503 Service Unavailable. Try again later"),
        (["404"], "has no jsonsummary/canonical/inst=F2. Check the address"),
        (["403"], "refuses to answer. The archive limits access .* GEMINI_ARCHIVE_SESSION"),
        (["cut"] * 3, "broke off"),
    ],
)
def test_trouble_that_stays_is_told(archive, server, faults, words):
    server.faults["records"] = faults
    with pytest.raises(NotFetched, match=words):
        archive.records("inst=F2")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"<html>", "no list of records"),
        (b'{"name": 1}', "no list of records"),
        (b'[{"name": "a.fits"}]', "a record lacks 'filename'"),
        (b"\xff\xfe", "no list of records"),
    ],
)
def test_an_answer_that_is_no_list_of_records_is_told(archive, server, text, words):
    server.text = text
    with pytest.raises(NotFetched, match=words):
        archive.records("inst=F2")


def test_an_answer_that_was_cut_short_by_the_archive_is_not_taken_for_all(archive, server):
    record = {"name": "a.fits", "filename": "a.fits", "file_size": 1, "data_size": 1}
    server.text = json.dumps([record | {"results_truncated": True}]).encode()
    with pytest.raises(NotFetched, match="Ask for fewer"):
        archive.records("inst=F2")


def test_without_a_network_the_simulator_is_offered_at_once():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        archive = Archive(f"http://127.0.0.1:{unused.getsockname()[1]}", waits=(100.0,))
        with pytest.raises(NotFetched, match=r"Connection refused.*f2 simulate example1") as told:
            archive.records("inst=F2")
    assert "Check the network" in str(told.value)
    with pytest.raises(NotFetched, match=r"its name is not known here"):
        Archive("http://archive.invalid", waits=(100.0,)).records("inst=F2")


def test_the_server_is_the_observatorys_unless_told(monkeypatch):
    monkeypatch.setenv(SERVER_VARIABLE, "https://elsewhere.org")
    assert Archive().server == "https://elsewhere.org"
    monkeypatch.delenv(SERVER_VARIABLE)
    assert Archive().server == SERVER
    with pytest.raises(ParameterError, match="no address of an archive"):
        Archive("archive.gemini.edu")


def test_the_session_goes_to_safe_servers_only(archive, server, monkeypatch):
    archive.records("inst=F2")
    monkeypatch.setenv(SESSION_VARIABLE, "secret")
    archive.records("inst=F2")
    assert [cookie for _, _, cookie in server.asked] == [None, f"{COOKIE}=secret"]
    assert archive.knows_us
    assert Archive("https://archive.gemini.edu").knows_us
    assert not Archive("http://archive.gemini.edu").knows_us  # in the clear
