"""Simulated nights reduced from raw frames: the stack against what was put in.

The figures are those of the benchmark, measured by its own functions. A small array has few stars and
little sky, so limits on stars, galaxies and large apertures are widened by what so few of them can tell.
"""

import sys
from pathlib import Path

import numpy as np
import pytest

from f2widgets.io.read import read_frame
from f2widgets.reduction import reduce
from f2widgets.simulate import example1, load

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from example1 import parsed, playground
from measure import compare, mask_figures, measure, read_mask, read_perfect
from table import ROWS, limit_of

pytestmark = pytest.mark.slow

#: Side, seed and settings, none of them used to choose any parameter of the reduction.
NIGHTS = [(1024, 11, ""), (1024, 12, "seeing=5,sky=60"), (512, 12, "pa=137")]
BPM = "S20131129S0320_bpm.fits"
LIMITS = {row.name: row for row in ROWS}


def reduced(folder, no_configuration, **settings):
    """Simulate a night and reduce it; return the raw folder and the products of the science frames."""
    raw, work = folder / "raw", folder / "work"
    example1(raw, **settings)
    playground(raw, work)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        reduce("@darks_120s.list")
        reduce(["@flats_Y.list", "@darks_002s.list"])
        mask = {"addDQ:user_bpm": BPM}
        reduce("@flats_Y.list", settings=mask)
        made = reduce("@sci_images.list", settings=mask)
    return raw, work / made.path, made


@pytest.fixture(scope="module", params=NIGHTS, ids=lambda night: " ".join(map(str, night)).strip())
def figures(request, tmp_path_factory, no_configuration):
    """Return the figures of a stack and those of the perfect stack of the same night."""
    size, seed, text = request.param
    folder = tmp_path_factory.mktemp("night")
    raw, path, _ = reduced(folder, no_configuration, size=size, seed=seed, **parsed(text))
    truth = load(raw)
    best = measure(read_perfect(raw), truth)
    ours = compare(measure(read_frame(path), truth, best["sigma"]), best)
    return ours | mask_figures(read_mask(path), truth), best


def limit(name, best):
    """Return the limit of a figure: what it grows to with the perfect stack's, but at least the nominal."""
    return max(LIMITS[name].limit, limit_of(LIMITS[name], best, nominal=False))


def test_stars(figures):
    ours, best = figures
    number = ours["stars"]
    assert number >= 7
    known = 1 + 2 / np.sqrt(number)  # a scatter from so few is known to about one over the root
    assert ours["astrometry"] < limit("astrometry", best) * known
    assert ours["flux_scatter"] < limit("flux_scatter", best) * known
    error = 1.25 * max(ours["flux_scatter"], best["flux_scatter"]) / np.sqrt(number)
    assert abs(ours["flux_offset"]) < LIMITS["flux_offset"].limit + 2 * error
    assert ours["fwhm_excess"] < LIMITS["fwhm_excess"].limit


def test_galaxies(figures):
    ours, _ = figures
    if ours["galaxies"] < 3:
        pytest.skip("too few galaxies on a small array")
    # a field so crowded has 3 to 6 of them that can be measured
    assert abs(ours["galaxy_offset"]) < LIMITS["galaxy_offset"].limit + 2 * ours["galaxy_error"]


def test_noise_is_as_the_product_says(figures):
    ours, best = figures
    for name in ("noise_pixels", "noise_2", "noise_4", "noise_8"):
        room = ours.get(name.replace("noise", "apertures"), np.inf)
        # so many sums tell their rms to 1 / sqrt(2 n), and the perfect stack's errs as well
        slack = 2 / np.sqrt(2 * room) + abs(best[name] - 1)
        assert ours[name] == pytest.approx(1, abs=LIMITS[name].limit + slack), name


def test_depth(figures):
    ours, _ = figures
    slack = 2 * 1.09 * np.sqrt(2) / np.sqrt(2 * ours["apertures_4"])  # of the rms of two sets of sums
    assert ours["depth"] < LIMITS["depth"].limit + slack


def test_sky(figures):
    ours, best = figures
    assert ours["residual_sky"] < limit("residual_sky", best)
    assert ours["outliers"] * ours["area"] / 1e6 <= max(2 * ours["area"] / 1e6, 1)  # one pixel at least
    assert ours["flagged"] < LIMITS["flagged"].limit


def test_guide_probe(figures):
    ours, _ = figures
    assert ("probe_quadrant" in ours) or ours["area"] < 3e5  # a small array may have too little sky there
    assert abs(ours.get("probe_quadrant", 0)) < LIMITS["probe_quadrant"].limit


@pytest.mark.parametrize("kind", ["bpm_dead", "bpm_low", "bpm_high", "bpm_hot"])
def test_bad_pixels_are_found(figures, kind):
    ours, _ = figures
    assert ours[kind] >= LIMITS[kind].limit


def test_good_pixels_are_left(figures):
    ours, _ = figures
    assert ours["bpm_good"] <= LIMITS["bpm_good"].limit


def test_frame_with_wrong_coordinates_is_named_and_mended(tmp_path, no_configuration):
    raw, path, made = reduced(tmp_path, no_configuration, size=512, seed=11, bad_wcs=5)
    named = [note for note in made.notes if "wrong coordinates" in note]
    assert len(named) == 1
    assert "S20131121S0079" in named[0]
    stack = read_frame(path)
    table = stack.tables["QUALITY"]
    assert (np.asarray(table["header_error"]) > 1.2).nonzero()[0].tolist() == [4]
    assert np.asarray(table["matches"]).min() >= 40
    ours = measure(stack, load(raw))
    assert ours["bright"] >= 4
    assert ours["bright_scatter"] < 1
