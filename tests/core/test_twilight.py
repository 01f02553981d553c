import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.notes import listening
from f2widgets.core.twilight import combine_twilights
from f2widgets.errors import WrongInputs
from tests.core.images import DITHER, Field, constant, coordinates, frame

SIDE = 160
RESPONSE = 1 + 0.05 * np.random.default_rng(2).standard_normal((SIDE, SIDE))


def evening(number=7, stars=20, dithers=DITHER, **changes):
    """Frames of a fading sky with stars, through an uneven response."""
    field = Field(stars, SIDE, sigma=0.0, seed=9)
    rng = np.random.default_rng(11)
    made = []
    for k in range(number):
        at = np.array(dithers[k % len(dithers)])
        level = 60_000 * 0.8**k
        light = RESPONSE * level
        x, y = field.places(*at).T
        rows, columns = np.indices((SIDE, SIDE))
        for u, v, f in zip(x, y, field.flux, strict=True):
            light += RESPONSE * f / 20 * np.exp(-((columns - u) ** 2 + (rows - v) ** 2) / 5.0)
        data = rng.poisson(light).astype(float)
        wcs = coordinates(field.centre + 1 + at)
        made.append(frame(data, variance=light, name=f"S{k}", filter_name="Y", wcs=wcs, **changes))
    return made


def test_light_is_the_response_without_stars():
    frames = evening()
    (light,) = combine_twilights(iter(frames))
    assert light.name == "S0"
    flat = light.data / np.median(light.data)
    ratio = flat / (RESPONSE / np.median(RESPONSE)) - 1
    pull = ratio * light.data / np.sqrt(light.variance)
    assert np.std(pull) == pytest.approx(1, abs=0.06)
    assert np.abs(pull).max() < 6  # a star has 40 and more in a single frame
    electrons = sum(60_000 * 0.8**k for k in range(7))
    assert np.std(ratio) < 1.6 / np.sqrt(electrons)  # some frames are left out where there are stars


def test_cosmic_rays_and_bad_pixels_do_not_count():
    frames = evening(stars=0)
    data, mask = frames[2].data.copy(), np.zeros((SIDE, SIDE), np.uint16)
    data[50, 60] += 30_000
    mask[80:90, 80:90] = flags.BAD
    frames[2] = frames[2].with_(data=data)
    frames = [one.with_(mask=mask) if k < 3 else one for k, one in enumerate(frames)]
    (light,) = combine_twilights(frames)
    flat = light.data / np.median(light.data) / RESPONSE * np.median(RESPONSE)
    assert flat[50, 60] == pytest.approx(1, abs=0.01)
    assert flat[80:90, 80:90] == pytest.approx(1, abs=0.02)
    assert not light.mask.any()


def test_frames_in_one_place_are_told():
    told = []
    with listening(lambda text, name: told.append(text)):
        combine_twilights(evening(4, dithers=((0.0, 0.0),)))
    assert "not dithered" in told[0]


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        ([constant(9.0)] * 2, "2 twilight frames are too few"),
        ([constant(9.0), constant(9.0), constant(9.0, side=9)], "agree in shape"),
        ([constant(9.0), constant(9.0), constant(9.0, filter_name="J")], "agree in filter"),
        ([constant(9.0), constant(9.0), constant(0.0, name="B")], "B shows no light"),
        ([constant(9.0), constant(9.0), constant(9.0, mask=flags.SATURATED, name="B")], "B shows no light"),
    ],
)
def test_what_makes_no_flat_is_refused(frames, words):
    with pytest.raises(WrongInputs, match=words):
        combine_twilights(frames)
