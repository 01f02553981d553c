import numpy as np
import pytest

from f2widgets.core.field import Circle, box_medians, fit_circle, spread, well_lit

SIDE = 256


def light(x, y, radius, level=20_000.0, noise=60.0, soft=1.0, seed=0):
    """Return lamp light in a circle, its edge `soft` pixels wide, with bad pixels and a gradient."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices((SIDE, SIDE))
    inside = 1 / (1 + np.exp((np.hypot(columns - x, rows - y) - radius) / (0.4 * soft)))
    data = level * inside * (1 + 0.1 * (columns - 128) / 128) + rng.normal(0, noise, inside.shape)
    data[rng.random(data.shape) < 0.002] = 0
    data[rng.random(data.shape) < 0.002] = 5 * level
    return data.astype(np.float32)


@pytest.mark.parametrize(
    ("x", "y", "radius"),
    [(127.3, 128.9, 110.4), (130.5, 131.2, 131.0), (110.0, 140.0, 95.0), (127.5, 127.5, 150.0)],
)
def test_circle_is_recovered(x, y, radius):
    circle = fit_circle(light(x, y, radius))
    assert (circle.x, circle.y) == (pytest.approx(x, abs=0.2), pytest.approx(y, abs=0.2))
    assert circle.radius == pytest.approx(radius, abs=0.2)


def test_level_does_not_matter():
    data = light(127.3, 128.9, 110.4)
    assert fit_circle(data * np.float32(0.01)).radius == pytest.approx(fit_circle(data).radius, abs=1e-3)


def test_broken_columns_do_not_move_the_circle():
    data = light(127.3, 128.9, 110.4)
    data[:, [5, 40, 41, 200]] = 0
    data[:, 18] = 1e5  # lit outside the field
    circle = fit_circle(data)
    assert (circle.x, circle.y) == (pytest.approx(127.3, abs=0.3), pytest.approx(128.9, abs=0.3))


def test_light_may_fill_the_array():
    circle = fit_circle(light(127.5, 127.5, 400.0))
    assert circle.radius == np.inf
    assert not circle.outside((SIDE, SIDE), shrink=14).any()
    assert well_lit(np.ones((SIDE, SIDE), np.float32), circle, 0.7) is circle


def test_outside_and_shrunk():
    circle = Circle(10.0, 5.0, 3.0)
    outside = circle.outside((12, 20))
    assert not outside[5, 13]
    assert outside[5, 14]
    assert outside[1, 10]
    assert (~circle.outside((12, 20), shrink=2.5)).sum() == 1
    assert circle.outside((12, 20), shrink=5).sum() == 12 * 20 - 1  # its centre at least stays


def test_drawn_in_to_where_there_is_light():
    data = light(127.5, 127.5, 105.0, soft=8.0) / np.float32(20_000)
    circle = fit_circle(data)
    drawn = well_lit(data, circle, 0.7)
    # 0.7 = 1 / (1 + exp(-d / 3.2)) at d = 3.2 ln(7/3) = 2.71 pixels inside
    assert circle.radius - drawn.radius == pytest.approx(2.7, abs=0.6)
    assert (drawn.x, drawn.y) == (circle.x, circle.y)


def test_sharp_edge_hardly_moves():
    data = light(127.5, 127.5, 105.0, soft=0.5) / np.float32(20_000)
    circle = fit_circle(data)
    assert circle.radius - well_lit(data, circle, 0.7).radius < 1.0


def test_medians_of_the_good_pixels():
    image = np.arange(30, dtype=np.float32).reshape(5, 6)
    good = np.ones((5, 6), bool)
    good[0, 0] = False
    good[:4, 4:] = False
    boxes = box_medians(image, good, 4)
    first = np.delete(image[:4, :4].ravel(), 0)
    assert boxes.shape == (2, 2)
    assert boxes[0, 0] == np.median(first)
    assert np.isnan(boxes[0, 1])
    assert boxes[1, 0] == np.median(image[4, :4])
    assert boxes[1, 1] == np.median(image[4, 4:])


def test_plane_comes_back_between_the_middles_of_boxes():
    rows, columns = np.indices((64, 96))
    plane = 3.0 * columns - 2.0 * rows + 7
    boxes = plane.reshape(4, 16, 6, 16).mean(axis=(1, 3))
    smooth = spread(boxes, 16, (64, 96))
    inner = np.s_[8:-8, 8:-8]
    np.testing.assert_allclose(smooth[inner], plane[inner], atol=1e-3)
    assert (smooth[0] == smooth[7]).all()  # flat beyond
    assert smooth.dtype == np.float32


def test_empty_boxes_take_the_nearest_value():
    boxes = np.full((3, 3), np.nan)
    boxes[0, 0] = 5.0
    assert (spread(boxes, 8, (24, 24)) == 5).all()
    assert (spread(boxes[2:, 2:], 8, (8, 8)) == 0).all()
