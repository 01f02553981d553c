from datetime import datetime, timedelta

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.offset import _between, subtract_offset_sky
from f2widgets.errors import WrongInputs
from tests.core.images import DITHER, Field

START = datetime(2014, 3, 12, 3, 30)
#: Sky in electrons, its fall from frame to frame, and a pattern that stays on the detector.
SKY, FALL = 20_000.0, 0.004


def sequence(number=9, target=None, rhythm="OSSO", pattern=None, slope=0.0, side=192):
    """Frames of a target and of stars beside it, under a sky that falls and whose gradient grows."""
    beside, blank = Field(14, side, sigma=140.0, seed=3), Field(0, side, sigma=140.0, seed=4)
    x = np.linspace(-1, 1, side)
    frames, visits = [], {True: 0, False: 0}
    for k in range(number):
        sky = rhythm[k % len(rhythm)] == "S"
        field = beside if sky else blank
        at = DITHER[visits[sky] % len(DITHER)]
        visits[sky] += 1
        made = field.frame(*at, name=f"S{k}", ut_start=START + timedelta(seconds=80 * k))
        level = SKY * (1 - FALL * k) * (1 + (0 if pattern is None else pattern)) * (1 + slope * k * x)
        data = made.data + level + (0 if sky or target is None else target)
        frames.append(made.with_(data=data.astype(np.float32), measured={"beside": float(sky)}))
    return frames


def test_target_keeps_its_light_and_the_sky_is_gone():
    y, x = np.indices((192, 192))
    target = 2000 * np.exp(-np.hypot(x - 96, y - 96) / 12)
    pattern = 0.01 * np.sin(x / 5) * np.cos(y / 7)
    made = subtract_offset_sky(sequence(12, target, pattern=pattern))
    assert [frame.name for frame in made] == ["S0", "S3", "S4", "S7", "S8", "S11"]
    mean = np.mean([frame.data for frame in made], axis=0)
    near = np.hypot(x - 96, y - 96) < 60
    # flatten_background takes the level that is left, where the target is faint
    mean -= np.median(mean[~near]) - np.median(target[~near])
    assert (mean * near).sum() / (target * near).sum() == pytest.approx(1, abs=0.02)
    left = mean[~near]
    # six frames less one sky of six
    assert left.std() == pytest.approx(140 * np.sqrt(1 / 6 + 1 / 6), rel=0.05)
    assert left.mean() == pytest.approx(0, abs=3.0)
    for frame in made:
        k = int(frame.name[1:])
        assert frame.measured["sky"] == pytest.approx(SKY * (1 - FALL * k), rel=3e-3)
        assert np.median(frame.variance) == pytest.approx(140**2 * (1 + 1 / 6), rel=0.03)


def test_stars_of_the_sky_field_leave_no_holes():
    made = subtract_offset_sky(sequence(12))
    mean = np.mean([frame.data for frame in made], axis=0)
    # the brightest has its peak at 80 sigma of this mean
    assert mean.min() > -7 * 140 * np.sqrt(1 / 3)


def test_what_is_smooth_is_followed_in_time():
    made = subtract_offset_sky(sequence(12, slope=1e-3, side=320))
    for frame in made[1:-1]:
        left, right = frame.data[:, :48].mean(), frame.data[:, -48:].mean()
        assert abs(right - left) < 15  # of 30 k electrons


@pytest.mark.parametrize(("number", "rhythm"), [(4, "OSOO"), (5, "OSSOO"), (6, "OSSSOO")])
def test_few_sky_frames_serve(number, rhythm):
    made = subtract_offset_sky(sequence(number, rhythm=rhythm))
    skies = rhythm.count("S")
    for frame in made:
        assert np.median(frame.data) == pytest.approx(0, abs=25)
        assert np.median(frame.variance) == pytest.approx(140**2 * (1 + 1 / skies), rel=0.1)


def test_target_that_fills_the_field():
    target = np.full((192, 192), 4000.0)
    told = []
    from f2widgets.core.notes import listening

    with listening(lambda text, frame: told.append((frame, text))):
        subtract_offset_sky(sequence(8, target))
    assert any("has a sky +20 % of that" in text for _, text in told)
    made = subtract_offset_sky(sequence(8, target), level="time")
    assert np.mean([np.median(frame.data) for frame in made]) == pytest.approx(4000, rel=0.02)


def test_flagged_sky_is_left_out():
    frames = sequence(8)
    spoilt = frames[1].data.copy()
    spoilt[20:40, 20:40] += 5000
    mask = frames[1].mask.copy()
    mask[20:40, 20:40] = flags.BAD
    frames[1] = frames[1].with_(data=spoilt, mask=mask)
    made = subtract_offset_sky(frames)
    assert abs(np.mean([frame.data[20:40, 20:40].mean() for frame in made])) < 40


def test_both_parts_are_needed():
    frames = sequence(4, rhythm="O")
    with pytest.raises(WrongInputs, match="4 frames of the target and 0 of the sky"):
        subtract_offset_sky(frames)


def test_shares_of_the_frames_before_and_after():
    np.testing.assert_allclose(_between(np.array([-300.0, -60.0, 20.0, 90.0])), [0, 0.25, 0.75, 0])
    np.testing.assert_allclose(_between(np.array([30.0, 10.0])), [0, 1])
    np.testing.assert_allclose(_between(np.array([0.0, 10.0])), [1, 0])
