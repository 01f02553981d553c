import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.badpixels import flag_bad_pixels, make_bpm, without_pedestal
from f2widgets.errors import WrongCalibration, WrongInputs
from tests.core.images import constant, frame

SIDE = 256
NOISE, SECONDS = 11.7, 2.0


def pedestal(rng):
    """Return zero levels of 32 amplifiers, other for odd and even columns, that creep along the rows."""
    strips = np.repeat(rng.normal(0, 80, (2, 32)), SIDE // 32, axis=1)
    odd = np.arange(SIDE) % 2
    creep = np.repeat(rng.normal(0, 20, SIDE // 16), 16)
    return strips[odd, np.arange(SIDE)][None, :] + creep[:, None]


class Detector:
    """A detector whose bad pixels are known, each kind at places of its own."""

    def __init__(self, seed=1, number=7, x=130.0, y=126.0, radius=115.0):
        self.rng = np.random.default_rng(seed)
        rows, columns = np.indices((SIDE, SIDE))
        self.depth = radius - np.hypot(columns - x, rows - y)
        inside = np.flatnonzero(self.depth > 18)
        picked = self.rng.choice(inside, 350, replace=False)
        self.places = {
            kind: picked[50 * k : 50 * k + 50]
            for k, kind in enumerate(("dead", "low", "high", "hot", "warm", "noisy", "broken"))
        }
        response = self.rng.normal(1, 0.012, (SIDE, SIDE))
        response *= 1 + 0.1 * np.sin(columns / 60) * np.cos(rows / 70)
        for kind, value in (("dead", 0.02), ("low", 0.62), ("high", 1.45)):
            response.flat[self.places[kind]] *= value
        rate = np.full((SIDE, SIDE), 0.3)
        rate.flat[self.places["hot"]] = np.geomspace(17, 5000, 50)
        rate.flat[self.places["warm"]] = 4.0  # not bad
        lamp = 40_000 * np.where(self.depth > 0, response, 0.001)
        self.lamp = frame(
            self.rng.poisson(lamp), variance=lamp, name="L1", tags=frozenset({"FLAT", "LAMPON"})
        )
        zero = pedestal(self.rng)
        spread = np.full((SIDE, SIDE), NOISE)
        spread.flat[self.places["noisy"]] *= 6
        self.darks = []
        for _ in range(number):
            data = self.rng.poisson(rate * SECONDS) + self.rng.normal(0, spread) + zero
            data.flat[self.places["broken"]] = -20_000
            facts = {"tags": frozenset({"DARK"}), "exposure_time": SECONDS, "read_noise": NOISE}
            self.darks.append(frame(data, name="D", **facts))

    def found(self, mask, kind):
        return float(np.mean(mask.flat[self.places[kind]] & flags.BAD))


@pytest.fixture(scope="module")
def detector():
    return Detector()


@pytest.fixture(scope="module")
def bpm(detector):
    (made,) = make_bpm(iter([*detector.darks, detector.lamp]))
    return made


@pytest.mark.parametrize(
    ("kind", "part"), [("dead", 1), ("low", 1), ("high", 1), ("broken", 1), ("noisy", 0.95)]
)
def test_planted_pixels_are_found(detector, bpm, kind, part):
    assert detector.found(bpm.mask, kind) >= part


def test_hot_pixels_are_found(detector, bpm):
    # 17 e-/s is 34 e- in 2 s on a noise of 4.4 e-, and the limit lies at 20 e-
    assert detector.found(bpm.mask, "hot") >= 0.98


def test_good_pixels_stay(detector, bpm):
    good = detector.depth > 2
    for kind in set(detector.places) - {"warm"}:
        good.flat[detector.places[kind]] = False
    assert np.mean(bpm.mask[good] != 0) < 1e-3
    assert detector.found(bpm.mask, "warm") < 0.1


def test_unlit_is_never_bad_as_well(detector, bpm):
    assert set(np.unique(bpm.mask)) == {0, flags.BAD, flags.UNLIT}
    assert (bpm.mask[detector.depth < -1.5] == flags.UNLIT).all()
    assert not (bpm.mask[detector.depth > 1.5] & flags.UNLIT).any()
    np.testing.assert_array_equal(bpm.data, bpm.mask)
    assert (bpm.variance, bpm.unit, bpm.name) == (None, "", "L1")


def test_zero_levels_of_amplifiers_do_not_matter(detector, bpm):
    flat = [
        one.with_(data=one.data - pedestal(np.random.default_rng(8)).astype("f4")) for one in detector.darks
    ]
    (other,) = make_bpm([detector.lamp, *flat])
    assert np.mean(other.mask != bpm.mask) < 1e-3


def test_few_darks_tell_of_no_noise(detector):
    (made,) = make_bpm([detector.lamp, *detector.darks[:3]])
    assert detector.found(made.mask, "dead") == 1
    assert detector.found(made.mask, "noisy") < 0.9


def test_light_may_fill_the_array():
    wide = Detector(seed=2, number=4, radius=400.0)
    (made,) = make_bpm([wide.lamp, *wide.darks])
    assert not (made.mask & flags.UNLIT).any()
    assert wide.found(made.mask, "dead") == 1
    assert np.mean(made.mask != 0) < 0.007


def test_missing_frames_are_refused(detector):
    with pytest.raises(WrongInputs, match=r"lamp light from 1 set\(s\) and 0 darks"):
        make_bpm([detector.lamp])
    with pytest.raises(WrongInputs, match=r"from 0 set\(s\) and 7 darks"):
        make_bpm(detector.darks)


def test_darkness_is_no_lamp(detector):
    dark = detector.lamp.with_(data=-detector.lamp.data)
    with pytest.raises(WrongInputs, match="swapped"):
        make_bpm([dark, *detector.darks])


def test_zero_levels_are_taken_away():
    rng = np.random.default_rng(3)
    clean = rng.normal(0, 1, (SIDE, SIDE))
    out = without_pedestal((clean + pedestal(rng)).astype(np.float32))
    assert out.std() == pytest.approx(1, abs=0.02)
    strip = out[:16, :8:2]
    assert np.median(strip) == pytest.approx(0, abs=1e-5)
    odd = without_pedestal(np.full((37, 70), 5, np.float32))  # sides that no strip divides
    assert (odd == 0).all()


LEVELS = {"saturation_level": 100.0, "non_linear_level": 72.0}


def test_levels_are_flagged():
    out = flag_bad_pixels(frame([[71.9, 72.0, 99.9, 100.0, 200.0]], **LEVELS))
    two, four = flags.NONLINEAR, flags.SATURATED
    np.testing.assert_array_equal(out.mask, [[0, two, two, four, four]])
    assert not flag_bad_pixels(frame([[200.0]], **LEVELS), saturation=False).mask.any()
    assert not flag_bad_pixels(frame([[200.0]])).mask.any()


def test_mask_is_taken_over():
    bpm = frame([[0, 1, 64]], mask=[[0, flags.BAD, flags.UNLIT]])
    one = frame([[0.0, 0.0, 200.0]], mask=flags.COSMIC, **LEVELS)
    np.testing.assert_array_equal(flag_bad_pixels(one, bpm).mask, [[8, 9, 8 | 64 | 4]])
    np.testing.assert_array_equal(flag_bad_pixels(one, bpm, unlit=False).mask, [[8, 9, 8 | 4]])
    dark = one.with_(tags=frozenset({"DARK"}))
    np.testing.assert_array_equal(flag_bad_pixels(dark, bpm).mask, [[8, 9, 8 | 4]])


def test_mask_of_another_shape_is_refused():
    with pytest.raises(WrongCalibration, match="no bad-pixel mask"):
        flag_bad_pixels(constant(0.0), constant(0.0, 4))
