import threading
import time

import pytest

from f2widgets.core.beat import beat, beating
from f2widgets.core.blocks import each
from f2widgets.errors import Cancelled


def test_beat_reaches_the_listener_only_inside():
    beats = []
    beat()
    with beating(lambda: beats.append(1)):
        beat()
    beat()
    assert beats == [1]


@pytest.mark.parametrize("number", [1, 2])
def test_jobs_beat_in_the_thread_that_asked_for_them(monkeypatch, number):
    monkeypatch.setenv("F2WIDGETS_THREADS", str(number))
    threads = []
    with beating(lambda: threads.append(threading.current_thread())):
        each([lambda: time.sleep(0.03)] * 5)
    assert len(threads) >= 3
    assert set(threads) == {threading.current_thread()}


def test_long_jobs_are_heard_while_they_last(monkeypatch):
    monkeypatch.setenv("F2WIDGETS_THREADS", "2")
    beats = []
    with beating(lambda: beats.append(1)):
        each([lambda: time.sleep(0.5)] * 2)
    assert len(beats) >= 3


def test_listener_stops_the_work_before_all_is_done(monkeypatch):
    monkeypatch.setenv("F2WIDGETS_THREADS", "2")
    done = []

    def stop():
        raise Cancelled("enough")

    with pytest.raises(Cancelled), beating(stop):
        each([lambda: done.append(1)] * 50)
    assert len(done) < 50
