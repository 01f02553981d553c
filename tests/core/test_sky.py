from datetime import datetime

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.notes import listening
from f2widgets.core.sky import refine_sky, sky_level, subtract_sky
from f2widgets.errors import WrongInputs
from tests.core.images import constant, coordinates, frame

SIDE = 48


def set_of(n, level=1000.0, sigma=5.0, variance=1e6, seed=0, **changes):
    """Return dithers of nothing but sky; with so large a variance no value counts as deviating."""
    rng = np.random.default_rng([seed, n])
    levels = level + 10.0 * np.arange(n)
    return [
        frame(v + rng.normal(0, sigma, (SIDE, SIDE)), variance=variance, name=f"S{k}", **changes)
        for k, v in enumerate(levels)
    ]


def others(values, k):
    return np.mean(np.delete(values, k, axis=0), axis=0)


@pytest.mark.parametrize("n", [2, 3, 4, 9])
@pytest.mark.parametrize("scale", ["level", "offset"])
def test_each_frame_loses_the_mean_of_the_others(n, scale):
    frames = set_of(n)
    rough = subtract_sky(iter(frames), scale=scale)
    levels = np.array([sky_level(one) for one in frames])
    factors = levels / levels.mean() if scale == "level" else np.ones(n)
    offsets = np.zeros(n) if scale == "level" else levels - levels.mean()
    np.testing.assert_allclose([one.measured["sky_scale"] for one in rough], factors)
    np.testing.assert_allclose([one.measured["sky"] for one in rough], levels)
    out = refine_sky(iter(rough))
    u = np.array([(one.data - o) / s for one, s, o in zip(frames, factors, offsets, strict=True)])
    for k in range(n):
        np.testing.assert_allclose(out[k].data, factors[k] * (u[k] - others(u, k)), atol=2e-3)
        share = np.mean(1e6 / factors**2) / (n - 1)
        np.testing.assert_allclose(out[k].variance, 1e6 + factors[k] ** 2 * share, rtol=1e-5)


def test_rough_sky_is_the_scaled_median():
    frames = set_of(3)
    out = subtract_sky(frames, scale="level")
    factors = [one.measured["sky_scale"] for one in out]
    middle = np.median([one.data / s for one, s in zip(frames, factors, strict=True)], axis=0)
    for one, result, s in zip(frames, out, factors, strict=True):
        np.testing.assert_allclose(result.data, one.data - s * middle, atol=1e-3)
        assert np.shares_memory(result.variance, one.variance)


def test_single_frame_loses_its_level():
    heard = []
    with listening(lambda text, name: heard.append((text, name))):
        (out,) = refine_sky(subtract_sky([constant(500.0, 32, name="S1")]))
    assert (out.data == 0).all()
    assert (out.variance == 1).all()
    assert heard[0][1] == "S1"
    assert "only its level is subtracted" in heard[0][0]


def test_pattern_of_the_detector_goes():
    pattern = np.random.default_rng(3).normal(0, 50, (SIDE, SIDE))
    frames = [one.with_(data=one.data + pattern.astype(np.float32)) for one in set_of(5, sigma=1.0)]
    for one in subtract_sky(frames, scale="offset"):
        assert one.data.std() < 1.3


@pytest.mark.parametrize(("level", "choice"), [(1000.0, "level"), (-40.0, "offset"), (5.0, "offset")])
def test_way_of_scaling_follows_from_the_level(level, choice):
    frames = set_of(4, level=level)
    for automatic, asked in zip(subtract_sky(frames), subtract_sky(frames, scale=choice), strict=True):
        np.testing.assert_array_equal(automatic.data, asked.data)


def test_level_that_is_not_positive_cannot_be_a_factor():
    with pytest.raises(WrongInputs, match=r"level of S0 is not positive: use .*scale=offset"):
        subtract_sky(set_of(3, level=-100.0), scale="level")


def test_level_is_that_of_sky_alone():
    data = np.full((50, 50), 100.0)
    data[:30] = 1e5
    mask = np.zeros((50, 50), int)
    mask[:30] = flags.SATURATED
    assert sky_level(frame(data, mask=mask)) == 100
    assert sky_level(constant(7.0, 50, mask=flags.UNLIT)) == 0


@pytest.mark.parametrize("bit", [flags.OBJECT, flags.PROBE, flags.COSMIC, flags.BAD, flags.SATURATED])
def test_flagged_pixels_are_left_out_of_the_others_sky(bit):
    frames = [one.with_(measured={"sky_scale": 1.0}) for one in set_of(4, level=0.0)]
    data, mask = frames[1].data.copy(), np.zeros((SIDE, SIDE), np.uint16)
    data[10, 12], mask[10, 12] = 900.0, bit
    frames[1] = frames[1].with_(data=data, mask=mask)
    out = refine_sky(frames)
    values = np.array([one.data[10, 12] for one in frames])
    clean = np.delete(values, 1)
    assert out[0].data[10, 12] == pytest.approx(values[0] - clean[1:].mean(), abs=1e-3)
    assert out[0].variance[10, 12] == pytest.approx(1e6 * (1 + 1 / 2))
    # the frame that has the source itself loses the mean of the three that have not
    assert out[1].data[10, 12] == pytest.approx(900 - clean.mean(), abs=1e-3)
    assert out[1].variance[10, 12] == pytest.approx(1e6 * (1 + 1 / 3))
    assert out[0].data[11, 12] == pytest.approx(
        frames[0].data[11, 12] - np.mean([one.data[11, 12] for one in frames[1:]]), abs=1e-3
    )


def test_where_no_other_shows_sky_the_rough_one_stays():
    frames = [one.with_(mask=np.full((SIDE, SIDE), flags.OBJECT, np.uint16)) for one in set_of(3, level=0.0)]
    for before, after in zip(frames, refine_sky(frames), strict=True):
        np.testing.assert_array_equal(after.data, before.data)


def test_values_beyond_the_clip_are_left_out():
    frames = [constant(v, 20, variance=1.0) for v in (0.0, 1.0, 2.0, 50.0)]
    out = refine_sky(frames, clip=3.0)
    assert out[0].data[5, 5] == pytest.approx(0 - 1.5)
    assert out[3].data[5, 5] == pytest.approx(50 - 1.0)
    assert refine_sky(frames, clip=10.0)[2].data[5, 5] == pytest.approx(2 - 0.5)


def test_values_far_below_zero_are_sky_of_which_too_much_was_taken():
    frames = [constant(v, 20, variance=1.0) for v in (40.0, -40.0, -41.0)]
    frames[0] = frames[0].with_(mask=np.full((20, 20), flags.OBJECT, np.uint16))
    out = refine_sky(frames)
    assert out[0].data[5, 5] == pytest.approx(40 + 40.5)
    assert out[1].data[5, 5] == pytest.approx(-40 + 41)


def test_star_that_one_of_two_frames_sees_keeps_its_light():
    """Of two frames the mean held half of the star: it lost half its light, and the other had a hole."""
    rng = np.random.default_rng(12)
    frames = [frame(rng.normal(1000, 5, (SIDE, SIDE)), variance=25.0, name=f"S{k}") for k in range(2)]
    data = frames[0].data.copy()
    data[20:24, 20:24] += 2000
    rough = subtract_sky([frames[0].with_(data=data), frames[1]])
    mask = np.zeros((SIDE, SIDE), np.uint16)
    mask[20:24, 20:24] = flags.OBJECT
    out = refine_sky([rough[0].with_(mask=mask), rough[1]])
    assert out[0].data[20:24, 20:24].mean() == pytest.approx(2000, abs=10)
    assert out[1].data[20:24, 20:24].mean() == pytest.approx(0, abs=10)
    assert out[0].data.std() > 0


def test_star_that_one_of_two_frames_beside_the_probe_sees_keeps_its_light():
    frames = [one.with_(variance=np.full((SIDE, SIDE), 25, np.float32)) for one in set_of(5)]
    data = frames[0].data.copy()
    data[20:24, 20:24] += 2000
    rough = subtract_sky([frames[0].with_(data=data), *frames[1:]], scale="offset")
    probe = np.full((SIDE, SIDE), flags.PROBE, np.uint16)
    again = subtract_sky([*rough[:2], *(one.with_(mask=probe) for one in rough[2:])])
    mask = np.zeros((SIDE, SIDE), np.uint16)
    mask[20:24, 20:24] = flags.OBJECT
    out = refine_sky([again[0].with_(mask=mask), *again[1:]])
    assert out[0].data[20:24, 20:24].mean() == pytest.approx(2000, abs=10)


def test_second_time_leaves_out_what_was_flagged_meanwhile():
    frames = set_of(3)
    shadow = [one.with_(data=one.data * np.float32(0.94)) for one in frames[:2]]
    rough = subtract_sky([*shadow, frames[2]], scale="offset")
    assert subtract_sky(rough)[0] is rough[0]  # nothing new is known
    probe = np.zeros((SIDE, SIDE), np.uint16)
    probe[20:30, 20:30] = flags.PROBE
    flagged = [one.with_(mask=probe) if k < 2 else one for k, one in enumerate(rough)]
    again = subtract_sky(flagged)
    # where two frames of three are in shadow the third is the sky, elsewhere the median again
    np.testing.assert_allclose(again[2].data[20:30, 20:30], 0, atol=1e-3)
    middle = np.median([one.data for one in rough], axis=0)
    np.testing.assert_allclose(again[0].data[:20], (rough[0].data - middle)[:20], atol=1e-3)
    assert again[0].measured["sky"] == rough[0].measured["sky"]


def test_where_all_are_flagged_the_median_of_all_serves():
    frames = [one.with_(mask=np.full((SIDE, SIDE), flags.PROBE, np.uint16)) for one in set_of(3)]
    known = [one.with_(measured={"sky": 1000.0, "sky_scale": 1.0}) for one in frames]
    out = subtract_sky(known)
    middle = np.median([one.data for one in known], axis=0)
    np.testing.assert_allclose(out[0].data, known[0].data - middle, atol=1e-3)


def test_variance_is_that_of_many_pixels():
    rng = np.random.default_rng(11)
    level, n = 10_000.0, 9
    frames = []
    for k in range(n):
        clear = 1 + 0.05 * k
        frames.append(frame(rng.normal(level * clear, 100 * np.sqrt(clear), (96, 96)), variance=1e4 * clear))
    for one in refine_sky(subtract_sky(frames, scale="level")):
        pull = one.data / np.sqrt(one.variance)
        assert pull.std() == pytest.approx(1, abs=0.02)  # 9,216 pixels tell it to 0.7 %
    # with 1/8 of the others' variance: neither none nor that of a single frame
    assert one.variance[0, 0] / frames[-1].variance[0, 0] == pytest.approx(1.15, abs=0.03)


def test_frames_far_apart_in_time_have_skies_of_their_own():
    frames = set_of(6, ut_start=None)
    late = [one.with_(data=one.data + 500, ut_start=datetime(2013, 11, 22)) for one in frames[:3]]
    early = [one.with_(ut_start=datetime(2013, 11, 21)) for one in frames[3:]]
    mixed = [late[0], early[0], late[1], early[1], late[2], early[2]]
    out = subtract_sky(mixed, scale="offset", group=3)
    alone = subtract_sky(late, scale="offset")
    for k in range(3):
        np.testing.assert_array_equal(out[2 * k].data, alone[k].data)
    refined = refine_sky(out, group=3)
    np.testing.assert_array_equal(refined[0].data, refine_sky(alone)[0].data)


def test_groups_are_about_equal():
    out = subtract_sky(set_of(7), scale="offset", group=4)  # four and three
    values = np.array([one.data[3, 3] for one in out])
    assert np.median(values[:4]) == pytest.approx(0, abs=1e-3)
    assert np.median(values[4:]) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"filter_name": "J"}, "filter None and J"),
        ({"exposure_time": 60.0}, "exposure time 0.0 and 60.0"),
        ({"read_mode": "8"}, "read mode None and 8"),
    ],
)
def test_frames_that_cannot_share_a_sky_are_refused(changes, words):
    pair = [constant(1.0, name="A"), constant(1.0, name="B", **changes)]
    for step in (subtract_sky, refine_sky):
        with pytest.raises(WrongInputs, match=f"A and B cannot share a sky: {words}"):
            step(pair)


def test_no_frame_is_refused():
    with pytest.raises(WrongInputs, match="no frame"):
        subtract_sky([])


@pytest.mark.parametrize("step", [subtract_sky, refine_sky])
def test_tick_may_stop_it(step):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        step(set_of(3), tick=stop)


def test_lone_frame_loses_its_level_once():
    lone = frame(np.full((64, 64), 500.0), variance=500.0)
    (once,) = subtract_sky([lone])
    probed = once.with_(mask=np.full((64, 64), flags.PROBE, np.uint16))
    (twice,) = subtract_sky([probed])
    assert (twice.data == 0).all()


def places(*crpix):
    return [coordinates((x, 20.0)) for x in crpix]


def test_frames_in_one_place_are_not_each_others_sky():
    frames = [one.with_(wcs=wcs) for one, wcs in zip(set_of(6), places(0, 50, 100, 2, 150, 52), strict=True)]
    rough = subtract_sky(frames, scale="offset")
    out = refine_sky(rough)
    u = np.array([one.data for one in rough])
    for k, away in enumerate([(0, 3), (1, 5), (2,), (0, 3), (4,), (1, 5)]):
        np.testing.assert_allclose(out[k].data, u[k] - others(u, away), atol=2e-3)
        np.testing.assert_allclose(out[k].variance, 1e6 + 1e6 / (6 - len(away)), rtol=1e-5)
    apart = refine_sky(rough, distance=0.0)
    np.testing.assert_allclose(apart[0].data, u[0] - others(u, 0), atol=2e-3)


def test_frames_in_one_place_serve_where_no_others_are():
    frames = [one.with_(wcs=wcs) for one, wcs in zip(set_of(4), places(0, 1, 2, 50), strict=True)]
    rough = subtract_sky(frames, scale="offset")
    u = np.array([one.data for one in rough])
    np.testing.assert_allclose(refine_sky(rough)[0].data, u[0] - others(u, 0), atol=2e-3)
