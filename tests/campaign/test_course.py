"""The order of tasks: with hands that do nothing, so that only the course itself is tried."""

from pathlib import Path

import pytest

from f2widgets.campaign.engine import Begun, _Course
from f2widgets.campaign.graph import Graph, Task
from f2widgets.campaign.work import Outcome
from f2widgets.errors import Cancelled
from f2widgets.estimate import Estimate
from f2widgets.jobs import Job


class FakeHands:
    """Ends one task at a time, the first that began; some fail."""

    def __init__(self, most=2, failing=()):
        self.most, self.failing = most, failing
        self.at_work, self.sent, self.peak = [], [], 0.0

    @property
    def room(self):
        return self.most - len(self.at_work)

    @property
    def memory(self):
        return sum(errand.memory for errand in self.at_work)

    def begin(self, errand, others):
        self.at_work.append(errand)
        self.sent.append(errand)
        self.peak = max(self.peak, self.memory)

    def wait(self, seconds):
        errand = self.at_work.pop(0)
        if errand.key in self.failing:
            return [Outcome(errand.key, "failed", reason="It was bad.\nVery bad.")]
        return [Outcome(errand.key, "made", Path(f"{errand.key}.fits"))]


def task(key, after=(), memory=100, lacking="", optional=()):
    calibrations = {name.split("_")[1]: Path(f"{name}.fits") for name in after}
    return Task(
        Job((Path("raw.fits"),), makes=key.split("_")[1].replace("image", "")),
        key,
        Path(f"{key}.fits"),
        calibrations=calibrations,
        optional=frozenset(optional),
        after=tuple(after),
        lacking=lacking,
        expected=Estimate(memory),
    )


NIGHT = (
    task("a_dark"),
    task("b_bpm"),
    task("c_flat", ["b_bpm"], optional=["bpm"]),
    task("d_image", ["a_dark", "b_bpm", "c_flat"], optional=["bpm"], memory=300),
    task("e_image", ["a_dark"], memory=300),
)


def course(tasks, hands, memory=1000.0, tell=lambda news: None):
    return _Course(Graph(tuple(tasks)), hands, False, memory, tell).run()


def states(run):
    return {key[0]: one.state for key, one in run.outcomes.items()}


def test_each_task_comes_after_what_it_takes():
    hands = FakeHands(most=1)
    run = course(NIGHT, hands)
    assert set(states(run).values()) == {"made"}
    order = [errand.key for errand in hands.sent]
    for one in NIGHT:
        assert all(order.index(maker) < order.index(one.key) for maker in one.after)
    assert run.complete
    assert len(run.products) == 5


def test_independent_tasks_are_at_work_together_within_memory():
    hands = FakeHands(most=8)
    course(NIGHT, hands, memory=250.0 * 1.2)
    assert hands.peak <= 300
    wide = FakeHands(most=8)
    course([task(f"{letter}_dark") for letter in "abcdef"], wide, memory=460.0)
    assert wide.peak == pytest.approx(4 * 115)
    both = FakeHands(most=2)
    course([task(f"{letter}_dark") for letter in "abcdef"], both, memory=1e6)
    assert both.peak == pytest.approx(2 * 115)


def test_what_is_too_large_is_not_begun_and_the_rest_is():
    hands = FakeHands()
    run = course(NIGHT, hands, memory=200.0)
    assert states(run) == {"a": "made", "b": "made", "c": "made", "d": "not begun", "e": "not begun"}
    assert "raise --memory" in run.outcomes["d_image"].reason
    assert not run.complete


def test_what_needs_a_failed_calibration_is_not_begun():
    run = course(NIGHT, FakeHands(failing=["a_dark"]))
    assert states(run) == {"a": "failed", "b": "made", "c": "made", "d": "not begun", "e": "not begun"}
    assert "Its dark could not be made (job 1): It was bad." in run.outcomes["e_image"].reason


def test_what_can_do_without_a_failed_calibration_goes_on():
    hands = FakeHands(failing=["b_bpm"])
    run = course(NIGHT, hands)
    assert states(run) == {"a": "made", "b": "failed", "c": "made", "d": "made", "e": "made"}
    sent = {errand.key: set(errand.calibrations) for errand in hands.sent}
    assert sent["c_flat"] == set()
    assert sent["d_image"] == {"dark", "flat"}


def test_a_product_that_took_another_name_is_handed_on():
    class Renaming(FakeHands):
        def wait(self, seconds):
            return [Outcome(one.key, "made", Path(f"new_{one.key}.fits")) for one in super().wait(seconds)]

    hands = Renaming()
    course(NIGHT, hands)
    last = {errand.key: errand for errand in hands.sent}["d_image"]
    assert last.calibrations["flat"] == Path("new_c_flat.fits")


def test_what_lacks_something_is_told_and_not_begun():
    hands = FakeHands()
    run = course([*NIGHT[:2], task("x_image", lacking="There is no flat.")], hands)
    assert run.outcomes["x_image"].reason == "There is no flat."
    assert len(hands.sent) == 2
    assert str(run) == "3 jobs: 2 made, 1 not begun."


def test_a_listener_stops_everything():
    def tell(news):
        if isinstance(news, Begun) and news.task.key == "c_flat":
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        course(NIGHT, FakeHands(), tell=tell)
