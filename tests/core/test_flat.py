from datetime import datetime

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.flat import combine_lamps, divide_flat, normalize_flat, threshold_flat
from f2widgets.errors import WrongCalibration, WrongInputs
from tests.core.images import constant, frame

Y = {"filter_name": "Y", "exposure_time": 20.0}


def lamp(value, state="ON", **changes):
    return constant(value, **{**Y, "tags": frozenset({"FLAT", f"LAMP{state}"}), **changes})


def test_light_of_the_lamp_alone():
    on = [lamp(v, variance=100.0, mask=flags.SATURATED, name=f"on{v}") for v in (999, 1000, 1001)]
    off = [lamp(v, "OFF", variance=4.0, mask=flags.NONLINEAR) for v in (19, 21)]
    short = constant(1.0, tags=frozenset({"DARK"}), name="short")
    made = combine_lamps(iter([*off, short, *on]))
    assert [one.name for one in made] == ["on1000", "short"]
    assert (made[0].data == 980).all()
    np.testing.assert_allclose(made[0].variance, 3 * 100 / 9 + 2 * 4 / 4)
    assert (made[0].mask == flags.SATURATED | flags.NONLINEAR).all()
    assert made[1].variance is None
    np.testing.assert_array_equal(made[1].data, short.data)


def test_product_is_named_after_the_earliest_lamp_on():
    on = [lamp(9.0, name=f"on{day}", ut_start=datetime(2013, 11, day)) for day in (29, 28)]
    off = lamp(1.0, "OFF", name="off26", ut_start=datetime(2013, 11, 26))
    assert combine_lamps([off, *on])[0].name == "on28"


def test_lamp_may_drift_by_a_per_cent_but_not_jump():
    off = [lamp(0.0, "OFF")] * 3
    drifting = combine_lamps([*off, *[lamp(v, variance=100.0) for v in (10_000, 10_000, 10_090)]])
    assert (drifting[0].data == 10_030).all()
    jumping = combine_lamps([*off, *[lamp(v, variance=100.0) for v in (10_000, 10_000, 14_000)]])
    assert (jumping[0].data == 10_000).all()


def test_missing_lamps_are_refused():
    with pytest.raises(WrongInputs, match="No flat with the lamp off among on1"):
        combine_lamps([lamp(1.0, name="on1")])
    with pytest.raises(WrongInputs, match="No flat with the lamp on among the inputs"):
        combine_lamps([])


def shutter(value, **changes):
    return lamp(value, "OFF", **{"filter_name": "K-red", "wavelength_band": "K", **changes})


def test_in_k_the_warm_shutter_is_the_lamp():
    flats = [shutter(v, variance=400.0, name=f"flat{v}") for v in (399, 400, 401)]
    darks = [constant(v, variance=8.0, tags=frozenset({"DARK"}), exposure_time=20.0) for v in (9, 11)]
    light, *rest = combine_lamps([*darks, *flats])
    assert light.name == "flat399"
    assert len(rest) == 2
    assert (light.data == 390).all()
    np.testing.assert_allclose(light.variance, 3 * 400 / 9 + 2 * 8 / 4, rtol=1e-6)
    assert len(combine_lamps([*darks, *flats], hand_on=False)) == 1


def test_in_k_flats_may_have_lost_their_dark_before():
    (light,) = combine_lamps([shutter(v, variance=400.0) for v in (390, 392)])
    assert (light.data == 391).all()
    np.testing.assert_allclose(light.variance, 200)


@pytest.mark.parametrize("changes", [{"exposure_time": 5.0}, {"coadds": 2}, {"read_mode": "8"}])
def test_in_k_a_dark_of_another_kind_is_refused(changes):
    dark = constant(9.0, name="B", tags=frozenset({"DARK"}), **{"exposure_time": 20.0, **changes})
    with pytest.raises(WrongInputs, match=r"A has 20 s, 1 coadds, .*; B .* Give darks of the flats' kind"):
        combine_lamps([shutter(400.0, name="A"), dark])


def test_outside_k_a_lamp_must_have_shone():
    with pytest.raises(WrongInputs, match="No flat with the lamp on among off"):
        combine_lamps([lamp(400.0, "OFF", name="off")])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filter_name": "J"}, "filter: A has Y, B J"),
        ({"exposure_time": 9.0}, "exposure time: A has 20.0, B 9.0"),
    ],
)
def test_different_flats_are_refused(changes, words):
    with pytest.raises(WrongInputs, match=f"Flats must agree in {words}"):
        combine_lamps([lamp(9.0, name="A"), lamp(1.0, "OFF", name="B", **changes)])


def test_normalised_by_the_good_lit_pixels():
    data = np.full((10, 10), 500.0)
    data[0], data[1] = 3.0, 90_000.0  # an unlit and a bad row
    data[2] = 400.0
    mask = np.zeros((10, 10), int)
    mask[1] = flags.BAD
    out = normalize_flat(frame(data, variance=100.0, mask=mask))
    np.testing.assert_allclose(out.data[2:, 0], [0.8] + [1.0] * 7)
    np.testing.assert_allclose(out.variance, 100 / 500**2, rtol=1e-6)
    assert out.unit == ""
    mean = normalize_flat(frame(data, mask=mask), scale="mean")
    np.testing.assert_allclose(mean.data[3:], 500 / (3900 / 8), rtol=1e-6)


@pytest.mark.parametrize("one", [constant(5.0, mask=flags.BAD), constant(-5.0), constant(0.0)])
def test_without_light_there_is_no_flat(one):
    with pytest.raises(WrongInputs, match="no light to normalise by"):
        normalize_flat(one)


def test_hardly_any_response_is_unlit():
    data = [[0.005, 0.01, 1.0, 10.0, 10.1, 0.0, -3.0, 0.7]]
    mask = [[0, 0, 0, 0, 0, flags.BAD, 0, flags.UNLIT]]
    out = threshold_flat(frame(data, variance=0.2, mask=mask, unit=""))
    np.testing.assert_allclose(out.data, [[1, 0.01, 1, 10, 1, 1, 1, 1]], rtol=1e-6)
    unlit = flags.UNLIT
    np.testing.assert_array_equal(out.mask, [[unlit, 0, 0, 0, unlit, flags.BAD, unlit, unlit]])
    np.testing.assert_array_equal(out.variance == 0, [[1, 0, 0, 0, 1, 1, 1, 1]])


def test_limits_are_the_users():
    out = threshold_flat(frame([[0.3, 0.6, 1.6]], unit=""), lower=0.5, upper=1.5)
    np.testing.assert_array_equal(out.mask, [[64, 0, 64]])


def test_division():
    one = constant(30.0, variance=9.0, mask=flags.SATURATED, filter_name="Y")
    flat = constant(0.5, variance=0.01, mask=flags.BAD, unit="", filter_name="Y")
    out = divide_flat(one, flat)
    assert (out.data == 60).all()
    assert (out.variance == 36).all()
    assert (out.mask == flags.SATURATED | flags.BAD).all()
    assert out.unit == "electron"
    both = divide_flat(one, flat, common_noise=True)
    np.testing.assert_allclose(both.variance, 36 + 0.01 * 30**2 / 0.5**4)


def test_wrong_flat_is_refused():
    one = constant(30.0, filter_name="Y", name="S")
    with pytest.raises(WrongCalibration, match="F is no flat for S: filter is J, needed Y"):
        divide_flat(one, constant(1.0, unit="", filter_name="J", name="F"))
    with pytest.raises(WrongCalibration, match="F is in electron: a flat must be normalised"):
        divide_flat(one, constant(1.0, filter_name="Y", name="F"))
