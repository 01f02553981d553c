"""Everything in a folder is reduced, whatever happens on the way."""

import bz2
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest

from f2widgets.campaign import work
from f2widgets.campaign.crew import Crew
from f2widgets.campaign.done import DONE, alone_in
from f2widgets.campaign.engine import AtWork, Ended, carry_out_all, reduce_all
from f2widgets.campaign.graph import Options
from f2widgets.campaign.planning import plan_all
from f2widgets.errors import Cancelled, NotWritten
from tests.campaign.same import differences
from tests.shell import contents, f2, no_big_files


def test_a_night_is_reduced_to_its_products(reduced):
    names = sorted(path.name for path in reduced.glob("*.fits"))
    assert names == sorted(
        f"S{name}.fits"
        for name in (
            *("20131120S0115_dark", "20131121S0369_dark", "20140312S0210_dark", "20140312S0240_dark"),
            *("20131129S0320_bpm", "20131129S0320_flat", "20140314S0015_bpm", "20140314S0015_flat"),
            *("20131121S0075_image", "20140312S0041_image"),
        )
    )
    page = (reduced / "f2_summary.html").read_text()
    assert page.count('src="data:image/png;base64,') == len(names)
    for words in (
        "FWHM",
        "bad pixels",
        "transparency",
        "WISEJ041358.14-475039.3 Y 120 s",
        "10 jobs: 10 made.",
    ):
        assert words in page


def test_a_night_killed_at_random_moments_is_the_same_in_the_end(night, reduced, tmp_path):
    """The process is killed, with no time to clean up, and the same command is given again."""
    chance = random.Random(5)
    words = [sys.executable, "-u", "-m", "f2widgets", "reduce", "--all", str(night)]
    killed = 0
    for ends in (2, 4):
        with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
            lines = (line for line in process.stdout if line.startswith("["))
            for _ in zip(range(ends), lines, strict=False):
                pass
            time.sleep(chance.uniform(0, 0.3))
            process.kill()
            process.stdout.read()
        killed += process.returncode == -signal.SIGKILL
    assert killed
    done = f2("reduce", "--all", night, folder=tmp_path)
    assert (done.status, done.err) == (0, "")
    assert "as they were" in done.out
    assert differences(tmp_path, reduced) == []
    assert not [name for name in contents(tmp_path) if name.endswith(".part")]


def test_products_made_in_the_same_way_are_kept_and_others_made_anew(calibrations, here):
    def states(**options):
        run = reduce_all(calibrations, **options)
        return [run.outcomes[task.key].state for task in run.graph.tasks]

    def products():
        return {name: told for name, told in contents(here).items() if not name.endswith(".html")}

    assert [task.there for task in plan_all(calibrations).tasks] == [False] * 3
    assert states() == ["made"] * 3
    planned = plan_all(calibrations)
    assert [task.there for task in planned.tasks] == [True] * 3
    assert "3 products are there; each is kept if it was made of the same files" in str(planned)
    assert "Expected" not in str(planned)
    before = products()
    assert states() == ["as it was"] * 3
    assert products() == before
    assert states(settings={"combine_darks:method": "median"}) == ["made", "as it was", "as it was"]
    assert states() == ["made", "as it was", "as it was"]
    (calibrations / "S20131120S0116.fits").unlink()
    assert states() == ["made", "made", "made"]
    (here / "S20131129S0320_flat.fits").unlink()
    planned = plan_all(calibrations)
    assert [task.there for task in planned.tasks] == [True, True, False]
    assert "Expected for the others" in str(planned)
    assert states() == ["as it was", "as it was", "made"]


def test_products_may_lie_among_the_raw_frames(calibrations, here):
    for state in ("made", "as it was"):
        run = reduce_all(calibrations, out=calibrations, keep=["normalize_flat"])
        assert {one.state for one in run.outcomes.values()} == {state}
        assert run.complete


def test_a_process_that_is_killed_is_replaced(calibrations, here):
    killed = []

    def tell(news):
        if isinstance(news, AtWork) and not killed:
            for child in multiprocessing.active_children()[:1]:
                child.kill()
                killed.append(child.pid)

    assert reduce_all(calibrations, on_news=tell).complete
    assert killed


class Deadly(work.Errand):
    """Ends the process that it is sent to."""

    def __reduce__(self):
        return os._exit, (9,)


def test_a_task_that_ends_its_process_every_time_is_given_up():
    crew, ended = Crew(), []
    crew.begin(Deadly("deadly", (), None, {}, Options()), 0)
    while not ended:
        ended = crew.wait(1)
    crew.stop()
    (outcome,) = ended
    assert (outcome.key, outcome.state) == ("deadly", "failed")
    assert "ended with status 9 3 times" in outcome.reason
    assert "--memory" in outcome.reason


def test_a_run_that_is_stopped_leaves_nothing_half_written(night, here):
    def tell(news):
        if isinstance(news, Ended):
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        reduce_all(night, on_news=tell)
    assert not multiprocessing.active_children()
    assert not [name for name in contents(here) if name.endswith(".part")]


def test_two_runs_in_one_folder_do_not_meet(calibrations, here):
    graph = plan_all(calibrations)
    with alone_in(here), pytest.raises(NotWritten, match="Another run is at work"):
        carry_out_all(graph)


def test_a_run_waits_for_the_processes_of_one_that_was_killed(here):
    with alone_in(here):
        pass
    hold = "import pathlib, time\nfrom f2widgets.campaign.done import at_work_in\n"
    hold += "with at_work_in(pathlib.Path.cwd()):\n    print(flush=True)\n    time.sleep(1)"
    with subprocess.Popen([sys.executable, "-c", hold], cwd=here, stdout=subprocess.PIPE, text=True) as left:
        left.stdout.readline()
        began = time.monotonic()
        with alone_in(here):
            assert time.monotonic() - began > 0.5


def test_half_of_a_packed_file_is_left_out_and_the_rest_reduced(calibrations, here, verb):
    whole = calibrations / "S20131120S0116.fits"
    packed = bz2.compress(whole.read_bytes())
    whole.unlink()
    (calibrations / "S20131120S0116.fits.bz2").write_bytes(packed[: len(packed) // 2])
    for name in ("S20131126S1111", "S20131126S1112"):
        (calibrations / f"{name}.fits").unlink()
    status, out, err = verb("reduce", "--all", calibrations)
    assert status == 3
    assert "S20131120S0115_dark.fits" in out
    assert "S20131120S0116.fits.bz2" in err
    assert "add flats with the lamp off" in err
    assert "Traceback" not in out + err
    assert (here / "S20131120S0115_dark.fits").exists()


def test_a_full_disk_is_told_for_each_job(calibrations, here):
    (here / "out").mkdir()
    done = f2("reduce", "--all", calibrations, folder=here / "out", within=no_big_files)
    assert done.status == 1
    assert "files of this size are not allowed" in done.err
    assert "Traceback" not in done.err
    assert not [name for name in contents(here / "out") if name.endswith((".part", ".fits"))]


def test_a_long_job_goes_on_with_the_frames_it_kept(night, reduced, here, monkeypatch):
    """A crash is played: the product is deleted with its record, and what was kept on the way is there."""
    graph = plan_all(night, out=here)
    task = next(task for task in graph.tasks if "075_image" in task.key)
    made = {kind: reduced / path.name for kind, path in task.calibrations.items()}
    errand = work.Errand(task.key, task.job.files, None, made, graph.options)
    monkeypatch.setattr(work, "WORTH_KEEPING", 0.0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(work, "forget", lambda what: None)
        assert work.carry_out_errand(errand).state == "made"
    assert (here / "f2_runs").exists()
    task.product.unlink()
    again = work.carry_out_errand(errand)
    assert again.state == "made"
    assert any("Goes on after refine_sky" in note for note in again.notes)
    assert not (here / "f2_runs").exists()
    for extra in (here / "calibrations", here / DONE):
        shutil.rmtree(extra, ignore_errors=True)
    assert [name for name in differences(here, reduced) if "075_image" in name] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--all"], "Name at least one FILE"),
        (["--all", "{few}", "-r", "dark"], "leave -r out"),
        (["--all", "{few}", "--plan"], "f2 plan shows"),
        (["--all", "{few}", "--from", "combine"], "--from is for one reduction"),
        (["--all", "{few}", "--memory", "much"], "is no size"),
        (["{few}/S20131120S0115.fits", "--memory", "1GB"], "are for --all"),
        (["--all", "{few}", "--without", "combine"], "cannot be left out"),
    ],
)
def test_wrong_usage_ends_with_two(calibrations, here, verb, words, said):
    status, _, err = verb("reduce", *(word.format(few=calibrations) for word in words))
    assert status == 2
    assert said in err


def test_what_was_made_by_hand_of_other_frames_is_not_replaced(calibrations, here, verb):
    assert verb("reduce", calibrations / "S20131120S0115.fits", "-q")[0] == 0
    status, _, err = verb("reduce", "--all", calibrations, "-q")
    assert status == 3
    assert "was made from other files" in err
    assert verb("reduce", "--all", calibrations, "--overwrite", "--logfile", "all.log", "-q")[0] == 0
    log = (here / "all.log").read_text()
    assert "[3/3]" in log
    assert "flat Y 20 s" in log
