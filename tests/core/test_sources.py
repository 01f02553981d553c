import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.sources import detect_sources
from tests.core.images import coordinates, frame, moffat, scattered

SIDE = 200


def image(x, y, flux, shape=(SIDE, SIDE), sigma=10.0, seed=1, **changes):
    noise = np.random.default_rng(seed).normal(0, sigma, shape)
    return frame(moffat(shape, x, y, flux, 3.5) + noise, variance=sigma**2, **changes)


@pytest.fixture(scope="module")
def planted():
    x, y = scattered(np.random.default_rng(4), 25, SIDE, margin=15.0, apart=25.0)
    flux = np.geomspace(1e5, 2e3, 25)
    one = image(x, y, flux, wcs=coordinates((100.5, 100.5)))
    return x, y, flux, one, detect_sources(one)


def matched(table, x, y):
    distance = np.hypot(
        np.asarray(table["X_IMAGE"])[:, None] - 1 - x, np.asarray(table["Y_IMAGE"])[:, None] - 1 - y
    )
    return distance.argmin(axis=0), distance.min(axis=0)


def test_planted_sources_are_found_and_no_others(planted):
    x, y, flux, _, out = planted
    table = out.tables["OBJCAT"]
    index, distance = matched(table, x, y)
    assert len(table) == len(set(index)) == 25
    assert (distance < 0.5).all()
    assert (distance[:12] < 0.06).all()  # so places count from 1, as in FITS
    alpha = 3.5 / (2 * np.sqrt(2 ** (1 / 3) - 1))
    within = 1 - (1 + (8.0 / alpha) ** 2) ** -2
    np.testing.assert_allclose(table["FLUX_AUTO"][index][:12], flux[:12] * within, rtol=0.06)


def test_catalogue_has_what_a_reader_expects(planted):
    _, _, _, one, out = planted
    table = out.tables["OBJCAT"]
    np.testing.assert_array_equal(table["NUMBER"], np.arange(1, 26))
    sky = one.wcs.all_pix2world(table["X_IMAGE"], table["Y_IMAGE"], 1)
    np.testing.assert_allclose(table["X_WORLD"], sky[0])
    np.testing.assert_allclose(table["Y_WORLD"], sky[1])
    np.testing.assert_allclose(table["MAG_AUTO"], -2.5 * np.log10(table["FLUX_AUTO"]))
    np.testing.assert_allclose(table["MAGERR_AUTO"], 1.0857 * table["FLUXERR_AUTO"] / table["FLUX_AUTO"])
    assert (np.asarray(table["ELLIPTICITY"])[:10] < 0.1).all()
    assert (np.asarray(table["FLUX_MAX"])[:10] > 0).all()
    for name in table.colnames:
        assert np.isfinite(table[name]).all()


def test_mask_covers_the_sources(planted):
    x, y, flux, one, out = planted
    covered = out.planes["OBJMASK"]
    assert (covered.dtype, set(np.unique(covered))) == (np.uint8, {0, 1})
    assert (covered[np.rint(y).astype(int), np.rint(x).astype(int)] == 1).all()
    light = moffat((SIDE, SIDE), x, y, flux, 3.5)
    assert covered[light > 40].mean() > 0.99
    assert covered[light < 5].mean() < 0.01
    assert np.shares_memory(out.data, one.data)


def test_source_on_the_border_of_tiles_is_counted_once():
    y = np.array([480.0, 511.0, 511.5, 512.0, 512.4, 540.0, 100.0, 600.0])
    x = 30.0 + 30 * np.arange(8)
    out = detect_sources(image(x, y, 5e4, shape=(640, 280)))
    table = out.tables["OBJCAT"]
    assert len(table) == 8
    index, distance = matched(table, x, y)
    assert sorted(index) == list(range(8))
    assert (distance < 0.1).all()
    covered = out.planes["OBJMASK"]
    assert (covered[np.rint(y).astype(int), np.rint(x).astype(int)] == 1).all()
    assert covered[505:520, 60].all()  # no seam through the source on row 511


def test_bad_pixels_are_no_sources():
    one = image([50.0], [50.0], 1e4)
    data, mask = one.data.copy(), np.zeros((SIDE, SIDE), np.uint16)
    data[100:104, 100:104], mask[100:104, 100:104] = 1e5, flags.BAD
    data[150:154, 150:154], mask[150:154, 150:154] = 1e5, flags.SATURATED
    table = detect_sources(one.with_(data=data, mask=mask)).tables["OBJCAT"]
    _, distance = matched(table, np.array([101.5, 151.5, 50.0]), np.array([101.5, 151.5, 50.0]))
    assert distance[0] > 20
    assert distance[1] < 0.5  # saturated stars are sources
    assert distance[2] < 0.5


def test_threshold_and_area_are_the_users():
    x, y = scattered(np.random.default_rng(4), 20, SIDE, margin=15.0, apart=25.0)
    one = image(x, y, np.geomspace(2e4, 200, 20))
    many, few = (len(detect_sources(one, threshold=t).tables["OBJCAT"]) for t in (2.0, 20.0))
    assert 5 < few < many - 3
    assert len(detect_sources(one, min_area=60).tables["OBJCAT"]) < few


def test_close_pair_is_separated():
    pair = image([90.0, 100.0], [100.0, 100.0], 5e4)
    assert len(detect_sources(pair).tables["OBJCAT"]) == 2
    assert len(detect_sources(pair, deblend_contrast=1.0).tables["OBJCAT"]) == 1


def test_sky_alone():
    out = detect_sources(image([], [], 0.0))
    assert len(out.tables["OBJCAT"]) <= 1
    assert not detect_sources(frame(np.zeros((64, 64)))).planes["OBJMASK"].any()


def test_sources_already_known_planes_and_tables_stay():
    one = image([50.0], [50.0], 1e4, planes={"EXPMAP": np.zeros((SIDE, SIDE), np.float32)})
    out = detect_sources(one)
    assert set(out.planes) == {"EXPMAP", "OBJMASK"}


def test_unknown_variance_is_refused():
    with pytest.raises(ValueError, match="S1 has no variance"):
        detect_sources(frame(np.zeros((64, 64)), variance=None, name="S1"))
