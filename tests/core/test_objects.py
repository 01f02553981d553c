import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.objects import flag_objects, sky_peak
from f2widgets.core.smoothing import grown
from tests.core.images import DITHER, Field, frame, moffat

SIDE = 256


@pytest.fixture(scope="module")
def field():
    return Field(number=15, side=SIDE, margin=40.0, faintest=2e3)


@pytest.fixture(scope="module")
def frames(field):
    return [field.frame(*shift, name=f"S{k}") for k, shift in enumerate(DITHER)]


@pytest.fixture(scope="module")
def flagged(frames):
    return flag_objects(iter(frames))


def objects(frame):
    return (frame.mask & flags.OBJECT) != 0


def light_in(field, shift):
    x, y = field.places(*shift).T
    return moffat((SIDE, SIDE), x, y, field.flux) / field.sigma


def test_light_of_sources_is_flagged_in_every_frame(field, flagged):
    for shift, one in zip(DITHER, flagged, strict=True):
        light = light_in(field, shift)
        assert objects(one)[light > 1].mean() > 0.99
        assert objects(one)[light > 0.3].mean() > 0.9


def test_sky_is_not(field, flagged):
    for shift, one in zip(DITHER, flagged, strict=True):
        assert objects(one)[light_in(field, shift) < 0.02].mean() < 0.03
        assert objects(one).mean() < 0.2


def test_each_source_is_flagged(field, flagged):
    for shift, one in zip(DITHER, flagged, strict=True):
        x, y = np.rint(field.places(*shift)).astype(int).T
        assert objects(one)[y, x].all()  # the faintest has S/N 22 in a frame


def test_nothing_but_flags_changes(frames, flagged):
    both = np.uint16(flags.OBJECT | flags.NEAR_OBJECT)
    for before, after in zip(frames, flagged, strict=True):
        assert np.shares_memory(before.data, after.data)
        np.testing.assert_array_equal(after.mask & ~both, before.mask)


def test_surroundings_hold_the_wings(field, flagged):
    for shift, one in zip(DITHER, flagged, strict=True):
        near = (one.mask & flags.NEAR_OBJECT) != 0
        assert near[light_in(field, shift) > 0.05].mean() > 0.99
        assert near[grown(objects(one), 4)].all()
        assert near.mean() < 0.6


def test_growing_widens_them(frames, flagged):
    wider = flag_objects(frames, grow=3)
    for one, other in zip(flagged, wider, strict=True):
        assert not (objects(one) & ~objects(other)).any()
        assert objects(other).sum() > 1.3 * objects(one).sum()


def test_faint_sources_are_found_in_all_frames_together():
    # S/N 4 in a frame within four pixels, where sky noise is 71 electrons
    faint = Field(number=20, side=SIDE, brightest=400, faintest=400, seed=9, margin=40.0)
    many = [faint.frame(dx, dy) for dx in (-20, 0, 20) for dy in (-20, 0, 20)]
    flagged = flag_objects(many)
    x, y = np.rint(faint.places(-20, -20)).astype(int).T
    assert objects(flagged[0])[y, x].mean() > 0.9
    alone = flag_objects(many[:1])
    assert objects(alone[0])[y, x].mean() < 0.7


def test_cosmic_ray_of_one_frame_is_no_source(frames):
    data = frames[1].data.copy()
    data[20:23, 30] += 3000
    out = flag_objects([frames[0], frames[1].with_(data=data), *frames[2:]])
    plain = flag_objects(frames)
    assert objects(out[1])[15:28, 25:36].sum() <= objects(plain[1])[15:28, 25:36].sum() + 4


def test_empty_sky():
    empty = Field(number=0, side=SIDE)
    out = flag_objects([empty.frame(*shift) for shift in DITHER])
    assert np.mean([objects(one).mean() for one in out]) < 0.01


def test_what_is_darker_than_the_sky_is_no_source():
    """Such places were called sources, and then no frame had a sky there."""
    empty = Field(number=0, side=SIDE)
    frames = []
    for dx, dy in DITHER:
        one = empty.frame(dx, dy)
        data = one.data.copy()
        x, y = 128 + round(dx), 128 + round(dy)
        data[y - 15 : y + 15, x - 15 : x + 15] -= 20
        frames.append(one.with_(data=data))
    for one, (dx, dy) in zip(flag_objects(frames), DITHER, strict=True):
        x, y = 128 + round(dx), 128 + round(dy)
        hole = one.mask[y - 10 : y + 10, x - 10 : x + 10]
        assert not (hole & flags.OBJECT).any()
        assert ((hole & flags.NEAR_OBJECT) != 0).all()


def test_peak_is_not_moved_by_light():
    rng = np.random.default_rng(3)
    values = rng.normal(2.0, 1.0, 20_000)
    lit = rng.random(20_000) < 0.25
    values[lit] += rng.exponential(4.0, lit.sum())
    use = np.ones(20_000, bool)
    found = sky_peak(values.astype(np.float32), use)
    assert found == pytest.approx(2.0, abs=0.45)
    assert found < np.median(values)
    assert sky_peak(values[~lit].astype(np.float32), use[~lit]) == pytest.approx(2.0, abs=0.03)
    assert sky_peak(np.ones(50, np.float32), np.ones(50, bool)) == 0


def test_frames_without_a_good_pixel_do_not_stop_it(frames):
    blind = frame(np.zeros((SIDE, SIDE)), mask=flags.BAD, wcs=frames[0].wcs)
    out = flag_objects([*frames, blind])
    assert objects(out[0]).any()
