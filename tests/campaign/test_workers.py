"""The same on workers of Dask, one of which is killed; and nothing of Dask where it is not asked for."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from f2widgets.campaign.engine import AtWork, Ended, reduce_all
from f2widgets.campaign.workers import Workers
from f2widgets.errors import F2Error, ParameterError
from tests.campaign.same import differences


@pytest.fixture
def quiet_loops():
    """Let the loops of Dask end by themselves: they close their sockets when they are collected."""
    import gc

    yield
    gc.collect()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_night_on_workers_is_the_same_though_one_is_killed(night, reduced, here, quiet_loops):
    import psutil

    few, out, killed = here / "few", here / "out", []
    few.mkdir()
    for path in night.glob("S2013*.fits"):
        (few / path.name).symlink_to(path)

    def tell(news):
        # The workers are at work when the beat after the first end of a task comes.
        if isinstance(news, Ended):
            killed.append(None)
        if isinstance(news, AtWork) and killed == [None]:
            children = psutil.Process().children(recursive=True)
            (first, *_) = [child for child in children if "spawn_main" in " ".join(child.cmdline())]
            first.kill()
            killed.append(first.pid)

    run = reduce_all(few, scheduler="local:2", out=out, on_news=tell)
    assert any(killed)
    assert [one.reason for one in run.outcomes.values() if not one.whole] == []
    assert run.complete
    assert differences(out, reduced, "S2013") == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_scheduler_elsewhere_tells_its_workers_and_their_memory(quiet_loops):
    import distributed

    with distributed.LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, memory_limit="1 GB", dashboard_address=None
    ) as cluster:
        workers = Workers(cluster.scheduler_address)
        assert workers.room == 1  # one task at a time, however many threads it has
        assert workers.free == pytest.approx(1000)
        workers.stop()


@pytest.fixture
def scheduler(tmp_path):
    """A scheduler in a process of its own, and what starts workers for it in theirs."""
    started = []

    def start(part, *words):
        log = (tmp_path / f"{part}{len(started)}.log").open("w+")
        command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *words, "--no-dashboard"]
        started.append((subprocess.Popen(command, cwd=tmp_path, stdout=log, stderr=log), log))
        return Path(log.name)

    said = start("scheduler", "--host", "127.0.0.1", "--port", "0")
    end = time.monotonic() + 30
    while not (found := re.search(r"(tcp://127.0.0.1:\d+)", said.read_text())):
        assert time.monotonic() < end, said.read_text()
        time.sleep(0.1)
    yield found[1], lambda *words: start("worker", found[1], "--host", "127.0.0.1", *words)
    for process, log in reversed(started):
        process.terminate()
        process.wait(20)
        log.close()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.parametrize("words", [("--nthreads", "2"), ("--nthreads", "4", "--no-nanny")])
def test_workers_started_by_themselves_make_the_same(night, reduced, here, scheduler, words, quiet_loops):
    address, start = scheduler
    start(*words)
    start(*words)
    few, out = here / "few", here / "out"
    few.mkdir()
    for path in night.glob("S2013*.fits"):
        (few / path.name).symlink_to(path)
    run = reduce_all(few, scheduler=address, out=out)
    assert [one.reason for one in run.outcomes.values() if not one.whole] == []
    assert run.complete
    assert differences(out, reduced, "S2013") == []


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_worker_of_another_version_is_refused(scheduler, monkeypatch, quiet_loops):
    from f2widgets.campaign import workers

    address, start = scheduler
    start("--no-nanny")
    monkeypatch.setattr(workers, "__version__", "99.0")
    with pytest.raises(F2Error, match=r"The worker tcp://\S+ has f2widgets \S+, and this is 99.0: install"):
        Workers(address)


@pytest.mark.parametrize("words", ["local", "local:0", "local:many"])
def test_what_is_no_scheduler_is_refused(words):
    with pytest.raises(ParameterError, match="is no scheduler"):
        Workers(words)


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_scheduler_that_does_not_answer_is_told(monkeypatch, quiet_loops):
    from f2widgets.campaign import workers

    monkeypatch.setattr(workers, "PATIENCE", 0.3)
    with pytest.raises(F2Error, match="does not answer"):
        Workers("tcp://127.0.0.1:9")


def test_without_dask_it_is_said_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ParameterError, match=r"pip install 'f2widgets\[dask\]'"):
        Workers("local:2")


def test_nothing_of_dask_is_imported_otherwise(calibrations, tmp_path):
    code = (
        "import sys, f2widgets as f2\n"
        "from f2widgets.cli import everything, plan, reduce\n"
        f"assert f2.reduce_all({str(calibrations)!r}, out={str(tmp_path)!r}).complete\n"
        "assert not {'dask', 'distributed', 'tornado'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, check=True)
