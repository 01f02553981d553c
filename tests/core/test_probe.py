from dataclasses import replace

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.notes import listening
from f2widgets.core.probe import flag_probe
from tests.core.images import DITHER, Field

SIDE = 192
SKY = 20_000.0


@pytest.fixture(scope="module")
def field():
    return Field(number=15, sigma=140.0)


def arm(dx, dy, reach=70, edge=0):
    """Return the shadow: an arm that reaches in from the upper edge, in place on the sky."""
    rows, columns = np.indices((SIDE, SIDE))
    return (rows > SIDE - reach + dy) & (np.abs(columns - 90 - dx) < 15) & (rows < SIDE - edge)


def dithered(field, depth=0.06, shape=arm, lit=None, shifts=DITHER):
    frames = []
    for k, (dx, dy) in enumerate(shifts):
        one = field.frame(dx, dy, name=f"S{k}", measured={"sky": SKY})
        shadow = shape(dx, dy)
        data = one.data - np.float32(depth * SKY) * shadow
        mask = (
            np.zeros((SIDE, SIDE), np.uint16) if lit is None else np.where(lit, 0, flags.UNLIT).astype("u2")
        )
        frames.append(one.with_(data=data, mask=mask))
    return frames


def probed(frame):
    return (frame.mask & flags.PROBE) != 0


@pytest.mark.parametrize("depth", [0.03, 0.06, 0.2])
def test_shadow_that_reaches_in_is_found(field, depth):
    heard = []
    frames = dithered(field, depth)
    with listening(lambda text, name: heard.append((text, name))):
        out = flag_probe(iter(frames))
    for (dx, dy), before, after in zip(DITHER, frames, out, strict=True):
        shadow = arm(dx, dy)
        assert probed(after)[shadow].mean() > 0.99
        # a margin of some pixels, but not half the field
        assert probed(after)[~shadow].sum() < 0.7 * shadow.sum()
        assert np.shares_memory(after.data, before.data)
        np.testing.assert_array_equal(after.mask & ~np.uint16(flags.PROBE), before.mask)
    ((text, name),) = heard
    assert "a guide probe shades" in text
    assert name == ""


def test_edge_may_be_that_of_the_lit_field(field):
    rows, columns = np.indices((SIDE, SIDE))
    lit = np.hypot(rows - 95.5, columns - 95.5) < 92
    out = flag_probe(dithered(field, lit=lit))
    for (dx, dy), one in zip(DITHER, out, strict=True):
        assert probed(one)[arm(dx, dy) & lit].mean() > 0.98


def test_without_a_probe_nothing_is_flagged(field):
    frames = dithered(field, 0.0)
    heard = []
    with listening(lambda *said: heard.append(said)):
        assert not any(probed(one).any() for one in flag_probe(frames))
    assert not heard


def test_dark_place_within_the_field_is_no_probe(field):
    def hole(dx, dy):
        rows, columns = np.indices((SIDE, SIDE))
        return np.hypot(rows - 96 - dy, columns - 96 - dx) < 18

    assert not any(probed(one).any() for one in flag_probe(dithered(field, shape=hole)))


def test_slight_shadow_is_left_alone(field):
    assert not any(probed(one).any() for one in flag_probe(dithered(field, 0.006)))
    found = flag_probe(dithered(field, 0.02), depth=0.05)
    assert not any(probed(one).any() for one in found)


def test_small_dark_place_at_the_edge_is_no_probe(field):
    def speck(dx, dy):
        return arm(dx, dy, reach=6) & (np.abs(np.arange(SIDE) - 90) < 5)

    still = dithered(field, shape=speck, shifts=((0, 0),) * 5)
    assert not any(probed(one).any() for one in flag_probe(still))


def test_margin_widens_it(field):
    narrow = sum(probed(one).sum() for one in flag_probe(dithered(field), margin=0))
    wide = sum(probed(one).sum() for one in flag_probe(dithered(field), margin=40))
    assert narrow < 0.8 * wide


def told(frames, state="guiding", towards=(0, 1)):
    """Return frames whose headers tell the state of the probe, and a guide star on one side of the field."""
    out = []
    for one in frames:
        x, y = ((SIDE - 1) / 2 + 1.5 * SIDE * way for way in towards)
        ra, dec = one.wcs.wcs_pix2world(x, y, 0)
        facts = replace(one.facts, pwfs2_state=state, guide_ra=float(ra), guide_dec=float(dec))
        out.append(one.with_(facts=facts))
    return out


def test_nothing_is_flagged_while_the_probe_is_parked(field):
    assert not any(probed(one).any() for one in flag_probe(told(dithered(field), "parked")))


def test_only_frames_with_the_probe_in_the_way_are_flagged(field):
    frames = dithered(field)
    mixed = [
        *told(frames[:-1]),
        *told([field.frame(*DITHER[-1], name="S9", measured={"sky": SKY})], "parked"),
    ]
    out = flag_probe(mixed)
    assert [one.name for one in out] == [one.name for one in mixed]
    assert [probed(one).any() for one in out] == [True] * 4 + [False]


def test_slighter_shadow_counts_on_the_side_of_the_guide_star():
    slight = dithered(Field(number=15, sigma=40.0), 0.0065)
    assert not any(probed(one).any() for one in flag_probe(told(slight, towards=(0, -1))))
    for (dx, dy), one in zip(DITHER, flag_probe(told(slight, towards=(0.3, 1))), strict=True):
        assert probed(one)[arm(dx, dy)].mean() > 0.9


def test_without_a_shadow_a_guide_star_flags_nothing(field):
    assert not any(probed(one).any() for one in flag_probe(told(dithered(field, 0.0))))


def test_deep_shadow_counts_wherever_it_is(field):
    out = flag_probe(told(dithered(field), towards=(0, -1)))
    assert all(probed(one)[arm(*shift)].mean() > 0.99 for shift, one in zip(DITHER, out, strict=True))
