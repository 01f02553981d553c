import numpy as np
import pytest

from f2widgets.simulate.pointing import camera, on_sky


def test_at_position_angle_zero_x_is_north_and_y_is_east():
    pointing = camera(63.0, -47.0, 2048)
    ra, dec = pointing.sky([1063.9, 1163.9, 1063.9], [1053.24, 1053.24, 1153.24])
    assert (ra[0], dec[0]) == pytest.approx((63.0, -47.0))
    north, east = 3600 * (dec - dec[0]), 3600 * (ra - ra[0]) * np.cos(np.radians(47))
    assert north[1] == pytest.approx(17.975, rel=1e-3)
    assert east[2] == pytest.approx(17.975, rel=1e-3)
    assert np.linalg.det(np.reshape(pointing.cd, (2, 2))) < 0


@pytest.mark.parametrize("angle", [31.4, 80.0, 340.0])
def test_position_angle_is_that_of_x_and_offsets_turn_with_it(angle):
    pointing = camera(63.0, -47.0, 2048, angle)
    # Matrix elements of real headers, to the tilt of the array: CD1_1 and CD1_2 are its sine and cosine.
    scale = np.hypot(pointing.cd[0], pointing.cd[1])
    assert pointing.cd[0] / scale == pytest.approx(np.sin(np.radians(angle)), abs=2e-3)
    assert pointing.cd[1] / scale == pytest.approx(np.cos(np.radians(angle)), abs=2e-3)
    # POFFSET and QOFFSET of a frame at PA 80 with what its header has for RAOFFSET.
    assert on_sky((8.8, -4.91), 80.0)[0] == pytest.approx(-3.30730210382095)


def test_pixels_is_the_inverse_of_sky():
    pointing = camera(63.0, -47.0, 512)
    x, y = pointing.pixels(*pointing.sky([3.0, 400.5], [77.0, 12.25]))
    assert x == pytest.approx([3.0, 400.5])
    assert y == pytest.approx([77.0, 12.25])


def test_moving_shifts_every_source_alike():
    pointing = camera(63.0, -47.0, 512)
    x, y = pointing.moved(3, -2).pixels(*pointing.sky([10.0, 500.0], [20.0, 300.0]))
    assert x == pytest.approx([13.0, 503.0])
    assert y == pytest.approx([18.0, 298.0])


def test_headers_have_six_digits_in_single_precision():
    written = camera(163.123456, -47.123456, 2048).as_written()
    assert written.crval[0] == float(np.float32(163.123))
    assert written.crval[1] == float(np.float32(-47.1235))
    assert written.crpix[0] == float(np.float32(1064.90))


def test_direction_of_north_and_east():
    pointing = camera(63.0, -47.0, 512)
    assert pointing.direction(0) == pytest.approx(0, abs=0.01)
    assert pointing.direction(90) == pytest.approx(np.pi / 2, abs=0.01)
