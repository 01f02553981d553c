import numpy as np
import pytest

from f2widgets.core.detector import GAIN, linearized
from f2widgets.errors import WrongInputs
from f2widgets.simulate import load
from f2widgets.simulate.catalogue import Catalogue
from f2widgets.simulate.pointing import Pointing
from f2widgets.simulate.render import moffat, objects


def pointing_of(row):
    return Pointing(
        (row["crval1"], row["crval2"]),
        (row["crpix1"], row["crpix2"]),
        (row["cd1_1"], row["cd1_2"], row["cd2_1"], row["cd2_2"]),
    )


def corrected(truth, raw, row):
    """Electrons of the objects, with true calibrations."""
    counts = linearized((raw(row["filename"].removesuffix(".fits")) - truth.pedestal) * GAIN)
    response = np.where(truth.flat > 0.3, truth.flat, 1)
    y, x = np.indices(counts.shape) - np.array(truth.settings["centre"])[::-1, None, None]
    sky = row["sky"] * (1 + row["gradient_x"] * x + row["gradient_y"] * y)
    return (counts - truth.dark * row["exptime"]) / response - sky * row["exptime"]


def bright_stars(truth, row):
    """Bright unsaturated stars far from edge, neighbours and the probe, with their pixels."""
    x, y = pointing_of(row).pixels(truth.catalogue["ra"], truth.catalogue["dec"])
    flux = np.asarray(truth.catalogue["flux"])
    probe = truth.probe(row["filename"].removesuffix(".fits"))
    for i in np.flatnonzero((flux > 200) & (flux < 12000) & (np.asarray(truth.catalogue["kind"]) == "star")):
        near = np.hypot(x - x[i], y - y[i]) < 14
        column, line = round(x[i]), round(y[i])
        if flux[near].sum() > 1.02 * flux[i] or not (20 < column < 235 and 20 < line < 235):
            continue
        box = np.s_[line - 8 : line + 9, column - 8 : column + 9]
        if truth.lit[box].all() and not probe[box].any():
            yield i, x[i] - column + 8, y[i] - line + 8, box


def test_truth_has_the_agreed_columns(truth):
    assert truth.catalogue.colnames == "id kind ra dec flux re axis_ratio pa sersic".split()
    agreed = """filename exptime transparency sky fwhm beta dx dy cd1_1 cd1_2 cd2_1 cd2_2
    crpix1 crpix2 crval1 crval2 gradient_x gradient_y"""
    assert truth.frames.colnames == agreed.split()
    assert len(truth.frames) == 9
    assert (truth.frames["dx"][0], truth.frames["dy"][0]) == pytest.approx((0, 0), abs=1e-6)


def test_stars_are_where_the_truth_says_and_as_bright(truth, raw):
    ratios, shifts = [], []
    for row in truth.frames:
        image = corrected(truth, raw, row)
        for i, x, y, box in bright_stars(truth, row):
            stamp, good = image[box], truth.bad[box] == 0
            model = (
                moffat(17, x, y, row["fwhm"])
                * truth.catalogue["flux"][i]
                * row["transparency"]
                * row["exptime"]
            )
            weight = good / (model + 23000)
            ratios.append((weight * stamp * model).sum() / (weight * model**2).sum())
            slope = np.gradient(model, axis=1)
            shifts.append((weight * (stamp - model) * slope).sum() / (weight * slope**2).sum())
    assert len(ratios) > 20
    assert np.median(ratios) == pytest.approx(1, abs=0.01)
    assert abs(np.median(shifts)) < 0.02


def test_what_is_left_after_sky_and_objects_is_noise(truth, raw):
    columns = ("ra", "dec", "flux", "re", "axis_ratio", "pa", "sersic")
    catalogue = Catalogue(*(np.asarray(truth.catalogue[name]) for name in columns))
    for row in truth.frames[[0, 4, 8]]:
        light = objects(catalogue, pointing_of(row), row["fwhm"], 256) * row["transparency"] * row["exptime"]
        good = (truth.bad == 0) & (truth.flat > 0.8) & ~truth.probe(row["filename"][:-5]) & (light < 1e5)
        left = (corrected(truth, raw, row) - light)[good]
        assert np.median(left) == pytest.approx(0, abs=5)
        expected = np.sqrt((light[good] + row["sky"] * row["exptime"]) / truth.flat[good])
        pull = left / expected
        assert 1.4826 * np.median(np.abs(pull)) == pytest.approx(1, abs=0.015)


def test_dark_current_is_the_true_one(truth, raw):
    long = np.mean([raw(f"S20131120S{n:04d}") for n in range(115, 121)], axis=0)
    short = np.mean([raw(f"S20131121S{n:04d}") for n in range(369, 376)], axis=0)
    good = truth.bad == 0
    current = (long - short) * GAIN / 118
    assert np.mean((current - truth.dark)[good]) == pytest.approx(0, abs=0.02)
    hot = (truth.bad == 1) & (truth.dark > 20) & (truth.dark < 1000)
    assert np.median(current[hot] / truth.dark[hot]) == pytest.approx(1, abs=0.02)


def test_lamp_flats_give_the_true_response(truth, raw):
    on = np.mean([raw(f"S20131129S{n:04d}") for n in range(320, 324)], axis=0)
    off = np.mean([raw(f"S20131126S{n:04d}") for n in range(1111, 1117)], axis=0)
    good = (truth.bad == 0) & (truth.flat > 0.5)
    ratio = ((on - off) / np.where(good, truth.flat, 1))[good]
    ratio /= np.median(ratio)
    assert 1.4826 * np.median(np.abs(ratio - 1)) == pytest.approx(0.0022, abs=0.0006)


def test_the_probe_dims_the_sky_by_five_per_cent(truth, raw):
    row = truth.frames[0]
    image = corrected(truth, raw, row) / (row["sky"] * row["exptime"])
    region = truth.probe(row["filename"][:-5]) & truth.lit & (truth.flat > 0.5)
    assert region.any()
    assert np.percentile(image[region], 20) < -0.03


def test_a_folder_without_truth_is_refused(tmp_path):
    with pytest.raises(WrongInputs, match="holds no simulated data set"):
        load(tmp_path)
