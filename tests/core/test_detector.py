import numpy as np
import pytest

from f2widgets.core.detector import linearity_slope, linearized, read_mode

#: Measured electrons per coadd, correction in per cent, derivative: worked out by hand from the polynomial.
TABLE = [
    (1000, -0.0131, 0.99983),
    (10000, -0.0417, 0.99936),
    (21222, -0.0544, 0.99946),
    (50000, 0.0292, 1.00320),
    (97680, 0.5358, 1.02044),
    (111888, 0.7756, 1.02824),
    (155400, 1.7633, 1.05974),
]


@pytest.mark.parametrize(("counts", "percent", "slope"), TABLE)
def test_linearity(counts, percent, slope):
    at = np.array([float(counts)])
    assert 100 * (linearized(at)[0] / counts - 1) == pytest.approx(percent, abs=6e-5)
    assert linearity_slope(at)[0] == pytest.approx(slope, abs=6e-6)


def test_slope_is_the_derivative():
    at = np.linspace(0, 155_400, 30)
    steps = (linearized(at + 1) - linearized(at - 1)) / 2
    np.testing.assert_allclose(linearity_slope(at), steps, atol=1e-7)


def test_corrected_levels():
    levels = linearized(np.array([0.72 * 155_400, 155_400]))
    np.testing.assert_allclose(levels, [112_755.758, 158_140.240], atol=2e-3)


def test_single_precision_stays():
    assert linearized(np.ones(3, np.float32)).dtype == np.float32
    assert linearity_slope(np.ones(3, np.float32)).dtype == np.float32


@pytest.mark.parametrize(
    ("lnrs", "coadds", "gain", "noise", "full", "bent"),
    [
        ("1", 1, 4.44, 11.7, 35_000, 25_200),
        ("8", 1, 0.555, 5.0, 280_000, 201_600),
        ("4", 3, 1.11, 6.0, 420_000, 302_400),
    ],
)
def test_read_modes(lnrs, coadds, gain, noise, full, bent):
    mode = read_mode(lnrs, coadds)
    assert mode.gain == pytest.approx(gain)
    assert (mode.read_noise, mode.saturation_level, mode.non_linear_level) == (noise, full, bent)


def test_unknown_read_mode():
    assert read_mode("2") is None
