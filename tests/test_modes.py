"""The other ways of observing, from simulated raw frames to the product, against what was put in."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

from f2widgets.biographies import biography
from f2widgets.errors import WrongInputs
from f2widgets.io.read import open_frame, read_frame
from f2widgets.reduction import planned, reduce
from f2widgets.simulate import load, simulated

sys.path.append(str(Path(__file__).parents[1] / "benchmarks"))

from measure import compare, measure, read_perfect
from modes import large_galaxy, reduce_here

pytestmark = pytest.mark.slow


def reduced(folder, no_configuration, mode, **options):
    """Simulate a data set of 512 x 512 and reduce it; return raw folder and stack."""
    raw, work = folder / "raw", folder / "work"
    simulated(mode, raw, size=512, **options)
    work.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        patch.setenv("XDG_CONFIG_HOME", no_configuration)
        return raw, reduce_here(raw, work)


def figures(raw, image):
    truth = load(raw)
    best = measure(read_perfect(raw), truth)
    return compare(measure(read_frame(image), truth, best["sigma"]), best), best


def test_large_galaxy_keeps_its_light(tmp_path, no_configuration):
    raw, image = reduced(tmp_path, no_configuration, "offset", seed=12)
    assert image.name == "S20140312S0041_image.fits"
    # 1 % on the full array; on a small one the galaxy is as faint, and the level beside it less well known
    assert abs(large_galaxy(read_frame(image), load(raw))) < 2
    ours, best = figures(raw, image)
    assert ours["residual_sky"] < max(0.04, 0.04 / 0.023 * best["residual_sky"])
    assert ours["noise_pixels"] == pytest.approx(1, abs=0.05)
    assert ours["depth"] < 0.25  # of a hundred sums of pixels only
    assert len(read_frame(image).tables["QUALITY"]) == 9


def test_deep_field_in_k(tmp_path, no_configuration):
    raw, image = reduced(tmp_path, no_configuration, "kred", seed=12)
    flat = open_frame(image.with_name("S20200108S0010_flat.fits"))
    assert {origin.filename for origin in flat.provenance} >= {f"S20200107S00{n}.fits" for n in range(35, 42)}
    truth, plane = load(raw), flat.read()
    good = truth.lit & (truth.bad == 0) & (plane.mask == 0) & (truth.flat > 0.7)
    ratio = plane.data[good] / truth.flat[good]
    # ten flats of 20 000 electrons
    assert np.std(ratio / np.median(ratio)) == pytest.approx(1 / np.sqrt(200_000), rel=0.1)
    ours, best = figures(raw, image)
    assert ours["noise_pixels"] == pytest.approx(1, abs=0.05)
    assert ours["residual_sky"] < max(0.04, 0.04 / 0.023 * best["residual_sky"])
    # each frame has another in its place, which is not its sky, when a pixel is followed too
    for x, y in ((250, 250), (200, 300), (150, 200)):
        assert biography(image, x, y, search=[raw]).agrees


@pytest.mark.parametrize(
    "options", [{"coadds": 3, "nsci": 3}, {"lnrs": 8, "nsci": 2}, {"stars": 0, "nsci": 4}]
)
def test_few_frames_read_in_other_ways(tmp_path, no_configuration, options):
    raw, image = reduced(tmp_path, no_configuration, "kred", seed=13, **options)
    stack, truth = read_frame(image), load(raw)
    seconds = 5 * options.get("coadds", 1)
    assert np.max(stack.planes["EXPMAP"]) == pytest.approx(seconds * options["nsci"])
    number, sky = options["nsci"], float(np.mean(truth.frames["sky"])) * seconds
    usual = np.median(stack.variance[stack.mask == 0])
    # the sky of each frame is that of the others: with two frames both have the noise of both
    assert usual == pytest.approx(sky / number * (1 + 1 / (number - 1)), rel=0.2)


def test_twilight_makes_a_flat_that_science_finds(tmp_path, no_configuration, monkeypatch):
    raw = tmp_path / "raw"
    simulated("twilight", raw, size=512, seed=12)
    monkeypatch.chdir(tmp_path)
    dusk = sorted(raw.glob("S20131204S00*.fits"))
    with pytest.raises(WrongInputs, match="No lamp shone in twilight frames"):
        planned(dusk, recipe="makeProcessedFlat")
    reduce(sorted(raw.glob("S20131204S011?.fits")))
    made = reduce(dusk)
    assert made.path.name == "S20131204S0021_flat.fits"
    assert not made.problems
    flat, truth = read_frame(made.path), load(raw)
    assert {"FLAT", "PROCESSED"} <= flat.facts.tags
    good = truth.lit & (truth.bad == 0) & (flat.mask == 0) & (truth.flat > 0.7)
    ratio = flat.data[good] / truth.flat[good]
    ratio /= np.median(ratio)
    # photons 0.18 %; the gradient of the sky, which no flat can tell from the response, 0.2 %
    assert np.std(ratio) < 0.004
    assert np.abs(ratio - 1).max() < 0.03


def test_quick_look_shows_what_the_stack_shows(
    example1_folder, example1_lists, example1_calibrated, tmp_path
):
    work = tmp_path / "work"
    shutil.copytree(example1_calibrated, work)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(work)
        made = reduce(
            example1_lists["science"], recipe="quick_look", user_cals={"bpm": next(work.glob("*_bpm.fits"))}
        )
    assert made.path.name == "S20131121S0075_ql_image.fits"
    truth, frame = load(example1_folder), read_frame(work / made.path)
    ours, best = measure(frame, truth), measure(read_perfect(example1_folder), truth)
    assert ours["stars"] == best["stars"] >= 5
    # linear interpolation makes stars wider, and the first sky takes some of their light
    assert abs(ours["flux_offset"]) < 4
    assert ours["astrometry"] < 30
    assert ours["noise_pixels"] == pytest.approx(1, abs=0.2)
