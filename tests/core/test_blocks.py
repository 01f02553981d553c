import threading
import time

import numpy as np
import pytest

from f2widgets.core import blocks
from f2widgets.core.blocks import each, each_block, mapped, spans, threads
from f2widgets.core.smoothing import smoothed

SOME = pytest.mark.parametrize("number", [1, 2, 3])


@pytest.fixture
def use(monkeypatch):
    return lambda number: monkeypatch.setenv("F2WIDGETS_THREADS", str(number))


def test_number_of_threads_is_one_setting(use):
    use(3)
    assert threads() == 3
    for nonsense in ("0", "", "many", "-2"):
        use(nonsense)
        assert 1 <= threads() <= 1024


def test_spans_cover_all_rows_once():
    assert list(spans(37, 16)) == [(0, 16), (16, 32), (32, 37)]
    assert list(spans(16, 16)) == [(0, 16)]
    assert list(spans(0)) == []


@SOME
def test_every_row_is_done_once(use, number):
    use(number)
    done = np.zeros(203, int)
    ticks = []

    def work(a, b):
        done[a:b] += 1

    each_block(work, 203, rows=10, tick=lambda k, total: ticks.append((k, total)))
    assert (done == 1).all()
    assert ticks[-1] == (21, 21)
    assert [k for k, _ in ticks] == sorted(k for k, _ in ticks)


def test_any_number_of_threads_gives_the_same_bits(use):
    plane = np.random.default_rng(0).normal(0, 1, (203, 90)).astype(np.float32)
    results = []
    for number in (1, 2, 3):
        use(number)
        results.append(smoothed(plane, 1.3).tobytes())
    assert len(set(results)) == 1


def test_threads_are_used(use):
    use(2)
    both = threading.Barrier(2, timeout=10)
    each([both.wait] * 2)  # would break if one followed the other


@SOME
def test_error_reaches_the_caller_and_stops_the_work(use, number):
    use(number)
    done = []

    def job(k):
        if k == 2:
            raise OSError("no room")
        time.sleep(0.005)
        done.append(k)

    with pytest.raises(OSError, match="no room"):
        each([lambda k=k: job(k) for k in range(100)])
    assert len(done) < 20


@SOME
def test_tick_stops_the_work(use, number):
    use(number)
    done = []

    def tick(k, total):
        if k >= 3:
            raise KeyboardInterrupt

    def job():
        time.sleep(0.005)
        done.append(1)

    with pytest.raises(KeyboardInterrupt):
        each([job] * 100, tick=tick)
    assert len(done) < 20


@SOME
def test_results_come_in_the_order_of_the_items(use, number):
    use(number)

    def work(k):
        time.sleep(0.01 * (5 - k))
        return k * k

    ticks = []
    assert mapped(work, range(5), tick=lambda *done: ticks.append(done)) == [0, 1, 4, 9, 16]
    assert ticks[-1] == (5, 5)


def test_nothing_to_do():
    each([])
    assert mapped(abs, []) == []
    each_block(lambda a, b: None, 0)
    assert blocks.ROWS > 0
