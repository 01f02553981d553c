import numpy as np
import pytest

from f2widgets.core.frame import Frame
from f2widgets.core.thumbnail import Gathered, thumbnail


def framed(data, mask=None):
    data = np.asarray(data, np.float32)
    return Frame("S1", data, None, np.zeros(data.shape, np.uint16) if mask is None else mask)


def test_ramp_is_shown_from_black_to_white():
    small = thumbnail(framed(np.tile(np.arange(1024.0), (1024, 1))))
    assert small.pixels.shape == (256, 256)
    assert small.pixels.dtype == np.uint8
    assert small.pixels[0, 0] == 0
    assert small.pixels[0, -1] == 255
    assert (np.diff(small.pixels[0].astype(int)) >= 0).all()
    # limits: all but 0.2 % on either side of 0 ... 1023, means of two columns 2 apart
    np.testing.assert_allclose((small.low, small.high), (0.002 * 1020 + 1, 0.998 * 1020 + 1), atol=6)


def test_sky_is_grey_and_stars_are_white():
    data = np.random.default_rng(0).normal(100, 10, (1024, 1024))
    data[500:512, 500:512] += 5000
    small = thumbnail(framed(data))
    # means of four have half the sigma: from 3 of it below the median to the brightest 0.2 %
    assert small.low == pytest.approx(100 - 3 * 5, abs=2)
    assert 100 + 2.5 * 5 < small.high <= 100 + 8 * 5
    assert 80 < np.median(small.pixels) < 180
    assert small.pixels[126, 126] == 255


def test_first_row_is_the_lowest_and_sides_keep_their_ratio():
    data = np.zeros((300, 600))
    data[250:] = 10
    small = thumbnail(framed(data))
    assert small.pixels.shape == (75, 150)
    assert small.pixels[0].max() == 0
    assert small.pixels[-1].min() == 255


def test_unusable_pixels_are_left_out():
    data, mask = np.ones((512, 512)), np.zeros((512, 512), np.uint16)
    data[::2, ::2] = 1e6
    mask[::2, ::2] = 1
    small = thumbnail(framed(data, mask))
    assert (small.low, small.high) == (1, 1)


def test_nothing_usable_is_black():
    small = thumbnail(framed(np.ones((64, 64)), np.ones((64, 64), np.uint16)))
    assert small.pixels.max() == 0
    assert (small.low, small.high) == (0, 0)


def test_picture_keeps_nothing_of_the_frame():
    assert thumbnail(framed(np.ones((2048, 64)))).pixels.base is None


@pytest.mark.parametrize("shape", [(1024, 1024), (601, 1030), (300, 8)])
def test_bands_in_any_order_give_the_picture_of_the_whole(shape):
    rng = np.random.default_rng(3)
    whole = framed(rng.normal(100, 10, shape), (rng.random(shape) < 0.1).astype(np.uint16))
    gathered = Gathered(shape)
    for start in rng.permutation(np.arange(0, shape[0], 37)):
        gathered.add(int(start), whole.rows(int(start), min(int(start) + 37, shape[0])))
    one, other = gathered.picture(), thumbnail(whole)
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert (one.low, one.high) == (other.low, other.high)
