import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.noise import correlation_of
from f2widgets.core.resample import kernel, resample
from tests.core.images import coordinates, frame, moffat

INTERPOLANTS = ["cubic", "lanczos3", "linear", "nearest"]
SIDE = 96
MIDDLE = np.array([(SIDE - 1) / 2, (SIDE - 1) / 2])


def placed(data, shift=(0.0, 0.0), angle=0.0, **changes):
    return frame(data, wcs=coordinates(MIDDLE + 1 + shift, angle), **changes)


def second(one, **options):
    """Resample a frame onto an empty one that lies straight, and cut out that one's pixels."""
    first = placed(np.zeros((SIDE, SIDE)), name="first")
    _, out = resample(iter([first, one]), **options)
    (y, x) = np.argwhere(next(resample([first, one])).mask == 0)[0]
    part = (slice(y, y + SIDE), slice(x, x + SIDE))
    return out.with_(data=out.data[part], variance=out.variance[part], mask=out.mask[part])


def star(x, y, fwhm=4.0):
    return moffat((SIDE, SIDE), x, y, 1e5, fwhm)


@pytest.mark.parametrize("name", INTERPOLANTS)
def test_weights_add_up_to_one(name):
    fraction = np.linspace(0, 1, 21)
    first, weights = kernel(name, fraction)
    np.testing.assert_allclose(weights.sum(axis=0), 1)
    assert first <= 0
    # at a pixel itself all the weight is its own
    own = np.zeros(len(weights))
    own[-first] = 1
    np.testing.assert_allclose(weights[:, 0], own, atol=1e-12)


@pytest.mark.parametrize(("name", "degree"), [("cubic", 3), ("linear", 1)])
def test_polynomials_are_reproduced(name, degree):
    fraction = np.linspace(0, 1, 11)
    first, weights = kernel(name, fraction)
    at = np.arange(first, first + len(weights))[:, None]
    for power in range(degree + 1):
        np.testing.assert_allclose((weights * at**power).sum(axis=0), fraction**power, atol=1e-12)


def test_cubic_half_way():
    _, weights = kernel("cubic", np.array([0.5]))
    np.testing.assert_allclose(weights[:, 0], [-1 / 16, 9 / 16, 9 / 16, -1 / 16])


@pytest.mark.parametrize("name", INTERPOLANTS)
@pytest.mark.parametrize("shift", [(0, 0), (5, -3), (-8, 40)])
def test_whole_pixels_are_copied(name, shift):
    rng = np.random.default_rng(1)
    data, variance = rng.normal([[[0]], [[9]]], 1, (2, SIDE, SIDE))
    mask = np.where(rng.random((SIDE, SIDE)) < 0.02, flags.SATURATED, 0)
    one = placed(data, shift, variance=variance, mask=mask)
    out = second(one, interpolant=name)
    dx, dy = shift
    rows, columns = np.indices((SIDE, SIDE))
    inside = (rows + dy >= 0) & (rows + dy < SIDE) & (columns + dx >= 0) & (columns + dx < SIDE)
    y, x = rows[inside] + dy, columns[inside] + dx
    exact = {"rtol": 0, "atol": 1e-6 if name == "lanczos3" else 0}  # sin(pi) is not quite zero
    np.testing.assert_allclose(out.data[inside], one.data[y, x], **exact)
    np.testing.assert_allclose(out.variance[inside], one.variance[y, x], **exact)
    np.testing.assert_array_equal(out.mask[inside], one.mask[y, x])
    assert (out.mask[~inside] == flags.NO_DATA).all()
    white = np.zeros_like(correlation_of(out))
    white[white.shape[0] // 2, white.shape[1] // 2] = 1
    np.testing.assert_allclose(correlation_of(out), white, atol=1e-9)


@pytest.mark.parametrize(("name", "tolerance"), [("cubic", 0.03), ("lanczos3", 0.02), ("linear", 0.13)])
@pytest.mark.parametrize("shift", [(0.5, 0.5), (-3.3, 7.25), (0.0, 0.4)])
def test_star_comes_to_lie_where_it_belongs(name, tolerance, shift):
    here = np.array([45.3, 50.8])
    out = second(placed(star(*(here + shift)), shift), interpolant=name)
    expected = star(*here)
    assert np.abs(out.data - expected).max() < tolerance * expected.max()
    assert out.data.sum() == pytest.approx(expected.sum(), rel=1e-3)
    rows, columns = np.indices((SIDE, SIDE))
    around = np.hypot(columns - here[0], rows - here[1]) < 8
    for axis, at in ((columns, here[0]), (rows, here[1])):
        assert np.average(axis[around], weights=out.data[around]) == pytest.approx(at, abs=0.02)


@pytest.mark.parametrize("angle", [2e-3, -5e-3])
def test_rotation(angle):
    c, s = np.cos(angle), np.sin(angle)
    stars = np.array([(15.2, 20.7), (80.1, 30.4), (45.5, 81.3)])
    there = MIDDLE + (stars - MIDDLE) @ np.array([[c, -s], [s, c]]).T + (2.4, -1.7)
    one = placed(sum(star(x, y) for x, y in there), (2.4, -1.7), angle)
    expected = sum(star(x, y) for x, y in stars)
    out = second(one)
    seen = out.mask == 0
    # along x the shift is taken as one for 32 rows: it errs by up to 16 x 0.005 pixels
    limit = 0.03 + 0.25 * 16 * abs(angle)
    assert np.abs(out.data - expected)[seen].max() < limit * expected.max()
    assert out.data[seen].sum() == pytest.approx(expected[seen].sum(), rel=2e-3)


def test_size_of_pixels_is_taken_into_account():
    half = np.full((SIDE, SIDE), 10.0)
    wcs = coordinates(MIDDLE + 1)
    wcs.wcs.cd = wcs.wcs.cd * 0.999
    wcs.wcs.set()
    out = second(frame(half, wcs=wcs, variance=4.0))
    inner = np.s_[10:-10, 10:-10]
    np.testing.assert_allclose(out.data[inner], 10 / 0.999**2, rtol=1e-4)


@pytest.mark.parametrize("name", INTERPOLANTS)
@pytest.mark.parametrize("shift", [(0.5, 0.5), (0.3, -0.2)])
def test_variance_and_correlation_are_those_of_many_pixels(name, shift):
    rng = np.random.default_rng(7)
    seen = []
    for _ in range(12):
        out = second(placed(rng.normal(0, 3, (SIDE, SIDE)), shift, variance=9.0), interpolant=name)
        seen.append(out.data[5:-5, 5:-5].astype(float))
    inner = np.array(seen)
    sigma2 = float(out.variance[40, 40])
    assert inner.var() / sigma2 == pytest.approx(1, abs=0.02)
    table = correlation_of(out)
    cy, cx = (n // 2 for n in table.shape)
    for dy in range(-2, 3):
        for dx in range(-2, 3):
            a = inner[:, 2:-2, 2:-2]
            b = inner[:, 2 + dy : 82 + dy + 2, 2 + dx : 82 + dx + 2]
            told = table[cy + dy, cx + dx] if abs(dy) <= cy and abs(dx) <= cx else 0.0
            assert np.mean(a * b) / sigma2 == pytest.approx(told, abs=0.02)


def test_variance_of_half_a_pixel_by_hand():
    out = second(placed(np.zeros((SIDE, SIDE)), (0.5, 0.5), variance=9.0), interpolant="linear")
    np.testing.assert_allclose(out.variance[10:-10, 10:-10], 9 / 4, rtol=1e-5)
    out = second(placed(np.zeros((SIDE, SIDE)), (0.5, 0.5), variance=9.0), interpolant="cubic")
    np.testing.assert_allclose(out.variance[10:-10, 10:-10], 9 * (164 / 256) ** 2, rtol=1e-5)
    out = second(placed(np.zeros((SIDE, SIDE)), (0.5, 0.5), variance=9.0), interpolant="lanczos3")
    at = np.array([0.5, 1.5, 2.5])
    weights = np.sinc(at) * np.sinc(at / 3)
    share = 2 * np.sum(weights**2) / (2 * np.sum(weights)) ** 2
    np.testing.assert_allclose(out.variance[10:-10, 10:-10], 9 * share**2, rtol=1e-5)


def test_bad_pixel_is_filled_and_flags_only_where_it_would_weigh():
    data = np.full((SIDE, SIDE), 100.0)
    mask = np.zeros((SIDE, SIDE), int)
    data[40, 50], mask[40, 50] = 1e6, flags.BAD
    out = second(placed(data, (0.5, 0.5), mask=mask))
    np.testing.assert_allclose(out.data[10:-10, 10:-10], 100, rtol=1e-5)  # no trace of it
    # weights half-way are -1/16, 9/16, 9/16, -1/16: two pixels along each axis carry more than 0.15
    expected = np.zeros((SIDE, SIDE), bool)
    expected[39:41, 49:51] = True
    np.testing.assert_array_equal((out.mask & flags.BAD) != 0, expected)
    near = second(placed(data, (0.1, 0.0), mask=mask))
    assert ((near.mask & flags.BAD) != 0).sum() == 1  # 0.1 pixel away only one does


def test_saturated_pixels_are_not_filled():
    data = np.full((SIDE, SIDE), 100.0)
    mask = np.zeros((SIDE, SIDE), int)
    data[40, 50], mask[40, 50] = 5000.0, flags.SATURATED
    out = second(placed(data, (0.3, 0.0), mask=mask))
    assert out.data[40].max() > 3000
    assert (out.mask[40, 49:51] & flags.SATURATED).all()


def test_unlit_pixels_give_no_light():
    data = np.full((SIDE, SIDE), 100.0)
    mask = np.zeros((SIDE, SIDE), int)
    data[:, :20], mask[:, :20] = 7e5, flags.UNLIT
    out = second(placed(data, (0.5, 0.0), mask=mask))
    assert np.abs(out.data).max() < 150
    assert (out.mask[:, :18] & flags.UNLIT).all()
    assert not (out.mask[5:-5, 22:-5] & flags.UNLIT).any()


def test_sources_flags_stay_behind():
    one = placed(np.zeros((SIDE, SIDE)), (0.5, 0.5), mask=flags.OBJECT | flags.NEAR_OBJECT | flags.PROBE)
    out = second(one)
    assert set(np.unique(out.mask)) == {flags.PROBE, flags.PROBE | flags.NO_DATA}


def test_results_come_one_by_one_on_one_grid():
    ticks = []
    frames = [
        placed(np.zeros((SIDE, SIDE)), s, name=f"S{k}") for k, s in enumerate([(0, 0), (7.5, 2), (-3, 9.1)])
    ]
    out = resample(frames, tick=lambda *done: ticks.append(done))
    first = next(out)
    assert not ticks
    rest = list(out)
    assert ticks == [(1, 3), (2, 3), (3, 3)]
    for one in rest:
        assert one.shape == first.shape
        np.testing.assert_array_equal(one.wcs.wcs.crpix, first.wcs.wcs.crpix)
    assert [one.name for one in (first, *rest)] == ["S0", "S1", "S2"]
