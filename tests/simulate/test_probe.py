import numpy as np
import pytest

from f2widgets.simulate.probe import draw
from f2widgets.simulate.sequence import conditions
from f2widgets.simulate.settings import Settings

SETTINGS = Settings(size=512)


def test_the_probe_dims_inside_and_glows_inside_and_at_its_edge():
    probe, now = draw(SETTINGS), conditions(SETTINGS)[0]
    dimming, glow = probe.effect(now.pointing, 512)
    assert dimming.min() == pytest.approx(0.94)
    assert glow.max() == pytest.approx(0.015)
    assert (dimming == 1).mean() > 0.8
    edge = (dimming > 0.999) & (glow > 0.005)
    assert edge.any()


def test_the_region_is_where_the_light_changes_and_follows_the_guide_star():
    probe, frames = draw(SETTINGS), conditions(SETTINGS)
    first, second = (probe.region(now.pointing, 512) for now in frames[:2])
    (x0,), (y0,) = frames[0].pointing.pixels(*probe.guide_star)
    (x1,), (y1,) = frames[1].pointing.pixels(*probe.guide_star)
    assert first[round(y0), round(x0)]
    assert np.hypot(x1 - x0, y1 - y0) > 20
    moved = np.roll(first, (round(y1 - y0), round(x1 - x0)), axis=(0, 1))
    assert (moved != second)[150:-150, 150:-150].mean() < 0.01
    assert 0.005 < first.mean() < 0.15


def test_the_probe_comes_from_a_corner():
    probe, now = draw(SETTINGS), conditions(SETTINGS)[0]
    region = probe.region(now.pointing, 512)
    border = np.concatenate([region[0], region[-1], region[:, 0], region[:, -1]])
    assert border.any()


def test_place_width_and_angle_change_with_the_seed():
    probes = [draw(Settings(size=512, seed=seed)) for seed in (1, 2, 3)]
    for what in ("guide_star", "head", "width", "angle"):
        assert len({getattr(probe, what) for probe in probes}) == 3
