import numpy as np
import pytest

from f2widgets.core.counts import add_variance, correct_nonlinearity, to_electrons
from f2widgets.core.detector import linearized
from f2widgets.errors import WrongInputs
from tests.core.images import frame

BRIGHT = {
    "gain": 4.44,
    "read_noise": 11.7,
    "saturation_level": 35_000.0,
    "non_linear_level": 25_200.0,
    "read_mode": "1",
}


def raw(data, **changes):
    return frame(data, unit="adu", **{"variance": None, **BRIGHT, **changes})


def test_adu_become_electrons():
    out = to_electrons(raw([[1.0, -2.0]], variance=3.0))
    np.testing.assert_allclose(out.data, [[4.44, -8.88]], rtol=1e-6)
    np.testing.assert_allclose(out.variance, 3 * 4.44**2, rtol=1e-6)
    assert (out.unit, out.facts.gain) == ("electron", 1.0)
    assert (out.facts.saturation_level, out.facts.non_linear_level) == (155_400.0, 111_888.0)


def test_unknown_levels_stay_unknown():
    out = to_electrons(raw([[1.0]], saturation_level=None, non_linear_level=None))
    assert out.variance is None
    assert out.facts.saturation_level is None


def test_electrons_are_not_converted_again():
    with pytest.raises(WrongInputs, match="is in electron, not in ADU"):
        to_electrons(to_electrons(raw([[1.0]])))


def test_unknown_read_mode_is_named():
    strange = raw([[1.0]], gain=None, read_noise=None, read_mode="2", name="S5")
    for step in (to_electrons, add_variance, correct_nonlinearity):
        with pytest.raises(WrongInputs, match=r"S5.*LNRS=2"):
            step(strange)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, [11.7**2 + 500, 11.7**2]),
        ({"poisson": False}, [11.7**2, 11.7**2]),
        ({"read_noise": False}, [500, 0]),
    ],
)
def test_variance_in_electrons(options, expected):
    out = add_variance(frame([[500.0, -40.0]], variance=99.0, **BRIGHT), **options)
    np.testing.assert_allclose(out.variance, [expected], rtol=1e-6)
    assert out.variance.dtype == np.float32


def test_each_coadd_is_read():
    out = add_variance(frame([[500.0]], coadds=3, **BRIGHT))
    assert out.variance[0, 0] == pytest.approx(3 * 11.7**2 + 500)


def test_variance_before_and_after_conversion_is_the_same():
    one = raw([[500.0, -2.0]], coadds=2)
    early = to_electrons(add_variance(one)).variance
    np.testing.assert_allclose(early, add_variance(to_electrons(one)).variance, rtol=1e-6)
    np.testing.assert_allclose(early, [[2 * 11.7**2 + 4.44 * 500, 2 * 11.7**2]], rtol=1e-6)


def test_linearity_undoes_what_the_detector_does():
    true = np.linspace(0, 158_000, 50)
    measured = true.copy()
    for _ in range(40):  # the inverse of the polynomial, by trial and error
        measured -= linearized(measured) - true
    out = correct_nonlinearity(frame(measured[None], **BRIGHT))
    np.testing.assert_allclose(out.data[0], true, rtol=3e-7, atol=1e-3)


@pytest.mark.parametrize(
    ("electrons", "percent"), [(1000, -0.0131), (21222, -0.0544), (97680, 0.5358), (155400, 1.7633)]
)
def test_linearity_by_the_table(electrons, percent):
    for coadds in (1, 4):
        out = correct_nonlinearity(frame([[electrons * coadds]], coadds=coadds, **BRIGHT))
        assert 100 * (out.data[0, 0] / (electrons * coadds) - 1) == pytest.approx(percent, abs=1e-4)


def test_linearity_does_not_care_for_the_unit():
    one = raw([[20_000.0, -3.0]], variance=7.0, coadds=2)
    early, late = to_electrons(correct_nonlinearity(one)), correct_nonlinearity(to_electrons(one))
    np.testing.assert_allclose(early.data, late.data, rtol=1e-6)
    np.testing.assert_allclose(early.variance, late.variance, rtol=1e-6)
    assert early.facts.saturation_level == pytest.approx(late.facts.saturation_level, abs=2e-3)


def test_levels_move_along():
    out = correct_nonlinearity(to_electrons(raw([[0.0]])))
    assert out.facts.non_linear_level == pytest.approx(112_755.758, abs=2e-3)
    assert out.facts.saturation_level == pytest.approx(158_140.240, abs=2e-3)
    assert correct_nonlinearity(frame([[1.0]], gain=1.0)).variance[0, 0] == pytest.approx(0.9999107**2)


def test_variance_after_linearity_is_that_of_many_pixels():
    electrons = 150_000
    counts = np.random.default_rng(2).normal(electrons, np.sqrt(electrons), (400, 500))
    out = correct_nonlinearity(frame(counts, variance=electrons, **BRIGHT))
    # 200,000 values tell a sigma to 0.16 %; the slope there is 1.055
    assert out.data.std(dtype=float) / np.sqrt(out.variance.mean()) == pytest.approx(1, abs=5e-3)
    assert np.sqrt(out.variance.mean() / electrons) == pytest.approx(1.0553, abs=2e-3)
