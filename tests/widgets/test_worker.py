"""Work beside the main thread: events come back in order, it can be stopped, one thing at a time."""

import asyncio
import threading
import time

import pytest

from f2widgets.errors import Cancelled, WrongInputs
from f2widgets.recipes.events import Advanced
from f2widgets.widgets.worker import Worker


class Heard:
    def __init__(self):
        self.events, self.ends, self.threads = [], [], set()
        self.worker = Worker(self.on_events, self.on_end)

    def on_events(self, events):
        self.events += events
        self.threads.add(threading.current_thread())

    def on_end(self, result, error):
        self.ends.append((result, error))
        self.threads.add(threading.current_thread())


def three(listen):
    for k in range(3):
        listen(Advanced("step", k, 3))
    return "done"


def endless(listen):
    while True:
        listen(Advanced("step", 0, 1))
        time.sleep(0.01)


def test_events_and_result_come_back_in_order():
    heard = Heard()
    heard.worker.start(three, "counting")
    heard.worker.wait(10)
    assert [event.done for event in heard.events] == [0, 1, 2]
    assert heard.ends == [("done", None)]
    assert not heard.worker.busy


def test_an_error_comes_back_and_the_worker_can_go_on():
    heard = Heard()
    heard.worker.start(lambda listen: 1 / 0, "counting")
    heard.worker.wait(10)
    assert isinstance(heard.ends[0][1], ZeroDivisionError)
    heard.worker.start(three, "counting")
    heard.worker.wait(10)
    assert heard.ends[1] == ("done", None)


def test_cancel_stops_at_the_next_event():
    heard = Heard()
    heard.worker.start(endless, "counting")
    heard.worker.cancel()
    heard.worker.wait(10)
    assert isinstance(heard.ends[0][1], Cancelled)


def test_a_second_piece_of_work_is_refused_in_words():
    heard = Heard()
    heard.worker.start(endless, "counting")
    with pytest.raises(WrongInputs, match="Counting is going on already"):
        heard.worker.start(three, "counting")
    heard.worker.cancel()
    heard.worker.wait(10)
    assert len(heard.ends) == 1


def test_in_a_notebook_everything_is_told_on_the_thread_of_its_loop():
    heard = Heard()
    # A thread of its own: browser tests may have left a loop running on the main one.
    kernel = threading.Thread(target=lambda: asyncio.run(notebook()))

    async def notebook():
        heard.worker.start(three, "counting")
        for _ in range(1000):
            if heard.ends:
                return
            await asyncio.sleep(0.01)

    kernel.start()
    kernel.join(20)
    assert [event.done for event in heard.events] == [0, 1, 2]
    assert heard.ends == [("done", None)]
    assert heard.threads == {kernel}


def test_waiting_has_an_end():
    heard = Heard()
    heard.worker.start(endless, "counting")
    with pytest.raises(TimeoutError):
        heard.worker.wait(0.05)
    heard.worker.cancel()
    heard.worker.wait(10)
