from collections import Counter

import numpy as np
import pytest
from astropy.io import fits

from f2widgets.core.detector import GAIN, PIXEL_SCALE, READ_NOISE, linearized
from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.io.read import open_frame
from f2widgets.io.tags import tags_of
from f2widgets.simulate import Settings, load, perfect, simulated
from f2widgets.simulate.catalogue import draw
from f2widgets.simulate.detector import draw as drawn_detector
from f2widgets.simulate.readout import jitter, read_out
from f2widgets.simulate.sequence import conditions, exposures


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folders = {}
    for name in ("kred", "offset", "twilight"):
        folders[name] = tmp_path_factory.mktemp(name)
        simulated(name, folders[name], size=128, seed=5)
    return folders


def test_frames_of_example_2():
    found = exposures(Settings.of("kred"))
    assert Counter((e.kind, e.seconds) for e in found) == {
        ("science", 5.0): 18,
        ("dark", 2.0): 11,
        ("dark", 5.0): 10,
        ("lamp off", 2.0): 10,
    }
    assert [e.name for e in found] == sorted(e.name for e in found)
    assert found[17].name == "S20200104S0092"
    many = [e for e in exposures(Settings.of("kred", nsci=175)) if e.kind == "science"]
    assert many[-1].name == "S20200104S0249"


def test_k_frames_return_to_nine_positions():
    offsets = [now.offset for now in conditions(Settings.of("kred", nsci=20))]
    assert len(set(offsets)) == 9
    assert offsets[9:18] == offsets[:9]


def test_k_frames_are_thermal(made):
    frame = open_frame(made["kred"] / "S20200104S0075.fits")
    assert frame.facts.in_k
    assert (frame.facts.exposure_time, frame.facts.filter_name) == (5.0, "K-red")
    raw = frame.read().data
    level = (np.median(raw[40:90, 40:90]) - np.median(load(made["kred"]).pedestal)) * GAIN
    assert level == pytest.approx(17_500, rel=0.05)
    flat = fits.getheader(made["kred"] / "S20200108S0010.fits")
    assert {"FLAT", "LAMPOFF", "IMAGE"} <= tags_of(flat)
    assert (flat["FILTER1"], flat["EXPTIME"]) == ("K-red_G0815", 2.0)


def test_end_of_exposure_is_stale_in_the_old_days_only(made):
    old = fits.getheader(made["offset"] / "S20140312S0041.fits")
    new = fits.getheader(made["kred"] / "S20200104S0075.fits")
    assert old["UTEND"] < old["UTSTART"]
    assert float(new["UTEND"][6:]) - float(new["UTSTART"][6:]) == pytest.approx(5.0)


def test_sky_fields_lie_beside_the_target(made):
    seen = conditions(Settings.of("offset", size=128))
    assert "".join(now.exposure.kind[:2] for now in seen[:4]) == "scsksksc"
    target = [now for now in seen if now.exposure.kind == "science"]
    beside = [now for now in seen if now.exposure.kind == "sky"]
    assert (len(target), len(beside)) == (10, 8) or (len(target), len(beside)) == (9, 9)
    away = [3600 * abs(now.pointing.crval[0] - target[0].pointing.crval[0]) for now in beside]
    assert min(away) > 330 / 16  # the field shrinks with the array
    truth = load(made["offset"])
    assert (len(truth.frames), len(truth.skies)) == (len(target), len(beside))
    state = [fits.getheader(made["offset"] / now.exposure.filename)["PWFS2_ST"] for now in seen[:2]]
    assert state == ["guiding", "frozen"]


def test_large_galaxy_has_a_tenth_of_the_sky_at_its_centre():
    settings = Settings.of("offset", stars=0)
    found = draw(settings)
    (galaxy,) = np.flatnonzero(found.re == 15.0)
    r0 = 15.0 / PIXEL_SCALE[0] / 1.678347
    assert found.flux[galaxy] / (2 * np.pi * r0**2) == pytest.approx(0.1 * 400)
    # the field beside has stars and galaxies as well
    assert (np.abs(found.ra - settings.programme.target[0]) * 3600 > 300).sum() > 500


def test_guide_probe_leaves_the_field_alone(made):
    truth = load(made["offset"])
    for row in [*truth.frames, *truth.skies]:
        assert not truth.probe(row["filename"].removesuffix(".fits")).any()


def test_twilight_fades(made):
    levels = load(made["twilight"]).frames["sky"]
    assert levels[-1] / levels[0] == pytest.approx(0.2, rel=0.1)
    tags = tags_of(fits.getheader(made["twilight"] / "S20131204S0021.fits"))
    assert {"TWILIGHT", "CAL", "IMAGE"} <= tags
    with pytest.raises(WrongInputs, match="no images to stack"):
        perfect(made["twilight"])


@pytest.mark.parametrize(("lnrs", "coadds"), [(1, 1), (8, 1), (4, 3)])
def test_reads_and_coadds_add_up(lnrs, coadds):
    settings = Settings(size=256, seed=2, lnrs=lnrs, coadds=coadds, hot=0)
    array = drawn_detector(settings)
    electrons = np.full((256, 256), 30_000.0, np.float32)
    raw = read_out(settings, array, "x", electrons, 0.0)
    zero = lnrs * coadds * (array.pedestal + jitter(settings, "x"))
    counts = (raw - zero) * GAIN / lnrs / coadds
    good = array.bad == 0
    assert np.mean(linearized(counts)[good]) == pytest.approx(30_000, rel=2e-4)
    noise = coadds * 30_000 + coadds * READ_NOISE[str(lnrs)] ** 2 + (GAIN / lnrs) ** 2 / 12
    assert np.var(coadds * counts[good]) == pytest.approx(noise, rel=0.03)


def test_headers_tell_reads_and_coadds(tmp_path):
    simulated("kred", tmp_path, size=128, lnrs=8, coadds=3, nsci=1)
    facts = open_frame(tmp_path / "S20200104S0075.fits").facts
    assert (facts.coadds, facts.read_mode, facts.exposure_time) == (3, "8", 15.0)
    assert load(tmp_path).frames["exptime"][0] == 15.0


def test_unknown_choices_are_refused():
    with pytest.raises(ParameterError, match="no data set 'moon'"):
        Settings.of("moon")
    with pytest.raises(ParameterError, match="lnrs is 2"):
        Settings(lnrs=2)
