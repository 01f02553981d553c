import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.background import flatten_background, surface_of
from f2widgets.core.notes import listening
from tests.core.images import frame

SIDE, BOX = 256, 16
Y, X = np.indices((SIDE, SIDE)) / (SIDE - 1) * 2 - 1

SURFACES = {
    0: 0.3 + 0 * X,
    1: 0.3 - 0.2 * X + 0.4 * Y,
    2: 0.3 - 0.2 * X + 0.4 * Y + 0.3 * X * Y - 0.4 * X**2 + 0.2 * Y**2,
    3: 0.2 * X**3 - 0.3 * X * Y**2 + 0.1 * Y**2 + 0.2 * X,
}


def mask_of(rows, columns, bit):
    mask = np.zeros((SIDE, SIDE), np.uint16)
    mask[rows, columns] = bit
    return mask


@pytest.mark.parametrize("order", SURFACES)
def test_surface_of_its_own_degree_is_recovered(order):
    out = flatten_background(frame(SURFACES[order]), order=order, box=BOX)
    # A mean over a box differs from the value at its middle by (box / side)² / 3 of the curvature.
    assert np.abs(out.data).max() < 0.004


def test_lower_degree_leaves_the_rest():
    out = flatten_background(frame(SURFACES[2]), order=1, box=BOX)
    assert np.abs(out.data).max() > 0.2
    flat = flatten_background(frame(SURFACES[1]), order=0, box=BOX)
    np.testing.assert_allclose(flat.data, SURFACES[1] - 0.3, atol=1e-3)


def test_surface_is_found_in_noise():
    noise = np.random.default_rng(1).normal(0, 1, (SIDE, SIDE))
    out = flatten_background(frame(SURFACES[2] + noise), box=BOX)
    left = out.data - noise
    # six coefficients from 65,536 pixels: sqrt(6) / 256 = 0.01; clipping at three sigma pulls some more
    assert np.sqrt(np.mean(left**2)) < 0.025


@pytest.mark.parametrize(
    "bit", [flags.OBJECT, flags.NEAR_OBJECT, flags.PROBE, flags.BAD, flags.SATURATED, flags.UNLIT]
)
def test_flagged_pixels_say_nothing(bit):
    mask = mask_of(slice(60, 90), slice(100, 220), bit)
    data = SURFACES[2] + np.where(mask, 2.0, 0.0)
    out = flatten_background(frame(data, mask=mask), box=BOX, extended="no")
    assert np.abs(out.data - np.where(mask, 2.0, 0.0)).max() < 0.01


def test_few_boxes_that_deviate_do_not_matter():
    noise = np.random.default_rng(2).normal(0, 1, (SIDE, SIDE))
    plain = flatten_background(frame(noise), box=BOX)
    noise[64:96, 64:96] += 1.5  # faint light that nobody flagged
    out = flatten_background(frame(noise), box=BOX)
    assert np.abs(np.delete(out.data - plain.data, slice(64, 96), axis=0)).max() < 0.01


def target(rows, columns):
    mask = mask_of(rows, columns, flags.OBJECT)
    return frame(SURFACES[1], mask=mask, name="S1")


def test_extended_target_is_left_alone():
    wide = target(slice(80, 160), slice(80, 160))
    heard = []
    with listening(lambda text, name: heard.append((text, name))):
        assert flatten_background(wide, box=BOX) is wide
    assert heard == [("has an extended source: no background surface is subtracted", "S1")]
    assert np.abs(flatten_background(wide, box=BOX, extended="no").data).max() < 0.01


def test_small_source_is_no_extended_target():
    small = target(slice(80, 120), slice(80, 120))
    assert np.abs(flatten_background(small, box=BOX).data).max() < 0.01
    assert flatten_background(small, box=BOX, extended="yes") is small


@pytest.mark.parametrize("edge", ["array", "field"])
def test_what_reaches_in_from_the_edge_is_no_target(edge):
    arm = target(slice(0 if edge == "array" else 32, 160), slice(80, 160))
    if edge == "field":
        mask = arm.mask.copy()
        mask[:32] = flags.UNLIT
        arm = arm.with_(mask=mask)
    assert np.abs(flatten_background(arm, box=BOX).data).max() < 0.01


def test_probe_is_no_target():
    mask = mask_of(slice(80, 160), slice(80, 160), flags.OBJECT | flags.PROBE)
    out = flatten_background(frame(SURFACES[1], mask=mask), box=BOX)
    assert np.abs(out.data).max() < 0.01


def test_without_sky_nothing_is_subtracted():
    blind = frame(SURFACES[1], mask=flags.BAD)
    np.testing.assert_array_equal(flatten_background(blind, box=BOX).data, blind.data)


def test_surface_by_rows_is_the_whole_one():
    surface = surface_of(frame(SURFACES[1]), order=1, box=BOX)
    np.testing.assert_allclose(surface.rows(0, SIDE), SURFACES[1], atol=1e-3)
    np.testing.assert_array_equal(surface.rows(17, 40), surface.rows(0, SIDE)[17:40])


def test_sides_need_not_be_whole_boxes():
    out = flatten_background(frame(SURFACES[1][:200, :250]), box=BOX)
    assert np.abs(out.data).max() < 0.01
