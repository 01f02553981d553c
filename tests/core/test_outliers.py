import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.outliers import flag_outliers
from f2widgets.errors import WrongInputs
from tests.core.images import DITHER, Field, constant

SIDE = 192


@pytest.fixture(scope="module")
def field():
    return Field(number=25, margin=30.0)


def cosmic(frame):
    return (frame.mask & flags.COSMIC) != 0


def planted(frames, number=200, sigma=20.0, seed=1):
    """Add single bright pixels to each frame, at places of its own."""
    rng = np.random.default_rng(seed)
    out, places = [], []
    for one in frames:
        y, x = rng.integers(2, SIDE - 2, (2, number))
        data = one.data.copy()
        data[y, x] += sigma * np.sqrt(one.variance[y, x])
        out.append(one.with_(data=data))
        places.append((y, x))
    return out, places


def test_bright_pixels_are_found(field):
    frames, places = planted([field.frame(*shift, name=f"S{k}") for k, shift in enumerate(DITHER)])
    out = flag_outliers(iter(frames))
    found = np.concatenate([cosmic(one)[place] for one, place in zip(out, places, strict=True)])
    # stars cover some places, where a pixel may differ by more; and corners one frame alone sees
    seen = []
    for shift, (rows, columns) in zip(DITHER, places, strict=True):
        centre = (np.abs(rows - 95.5) < 60) & (np.abs(columns - 95.5) < 60)
        stars = field.places(*shift)
        alone = np.hypot(stars[:, :1] - columns, stars[:, 1:] - rows).min(axis=0) > 10
        seen.append(centre & alone)
    assert found[np.concatenate(seen)].mean() > 0.99
    for before, after in zip(frames, out, strict=True):
        assert np.shares_memory(before.data, after.data)
        np.testing.assert_array_equal(after.mask & ~np.uint16(flags.COSMIC), before.mask)


def test_hardly_anything_else_is(field):
    frames = [field.frame(*shift) for shift in DITHER]
    out = flag_outliers(frames)
    assert np.mean([cosmic(one).mean() for one in out]) < 2e-5


@pytest.mark.parametrize("width", [2.6, 3.5, 5.0])
def test_stars_stay_when_the_seeing_changes(field, width):
    seeing = width * np.array([1.0, 0.93, 1.07, 1.03, 0.97])
    light = [1.0, 0.96, 1.03, 1.02, 0.98]
    frames = [field.frame(*shift, fwhm=f, light=c) for shift, f, c in zip(DITHER, seeing, light, strict=True)]
    out = flag_outliers(frames)
    for shift, one in zip(DITHER, out, strict=True):
        x, y = np.rint(field.places(*shift)).astype(int).T
        core = np.zeros((SIDE, SIDE), bool)
        for j in (-1, 0, 1):
            for i in (-1, 0, 1):
                core[y + j, x + i] = True
        assert cosmic(one)[core].mean() < 0.01


def test_neighbours_of_an_outlier_are_flagged_from_less_on(field):
    frames = [Field(number=0, seed=s).frame() for s in range(5)]
    data = frames[2].data.copy()
    data[50, 60:63] = [45, 500, 45]  # sigma is 10
    data[80, 60] = 45  # by itself no outlier
    out = flag_outliers([*frames[:2], frames[2].with_(data=data), *frames[3:]], gradient=0.0)
    assert cosmic(out[2])[50, 60:63].all()
    assert not cosmic(out[2])[80, 60]
    assert not cosmic(out[1])[50, 60:63].any()


def test_rows_at_the_border_of_blocks_are_treated_alike():
    frames = [Field(number=0, sigma=1.0, seed=s).frame() for s in range(4)]
    data = frames[0].data.copy()
    data[[0, 31, 32, 63, 64, SIDE - 1], 77] = 100
    data[[1, 30, 33], 77] = 4.5
    out = flag_outliers([frames[0].with_(data=data), *frames[1:]], gradient=0.0)
    assert cosmic(out[0])[[0, 31, 32, 63, 64, SIDE - 1], 77].all()
    assert cosmic(out[0])[[1, 30, 33], 77].all()


@pytest.mark.parametrize("sigma", [20, 100])
def test_of_two_frames_the_brighter_value_is_the_outlier(sigma):
    frames, places = planted([Field(number=0, seed=s).frame() for s in (1, 2)], sigma=sigma)
    hits = np.zeros((2, SIDE, SIDE), bool)
    for hit, place in zip(hits, places, strict=True):
        hit[place] = True
    for one, own, other in zip(flag_outliers(frames), hits, hits[::-1], strict=True):
        assert cosmic(one)[own & ~other].mean() > 0.99
        assert not cosmic(one)[other & ~own].any()
        assert cosmic(one)[~own].sum() < 5  # neighbours


def test_stars_that_only_two_frames_see_stay(field):
    shifts = DITHER[:2]
    out = flag_outliers([field.frame(*shift, fwhm=f) for shift, f in zip(shifts, (3.4, 3.7), strict=True)])
    for shift, one in zip(shifts, out, strict=True):
        x, y = np.rint(field.places(*shift)).astype(int).T
        assert cosmic(one)[y, x].mean() < 0.05


def test_in_a_single_frame_nothing_is_found():
    frames, _ = planted([Field(number=0).frame()])
    assert not cosmic(flag_outliers(frames)[0]).any()


def test_dark_outliers_are_found_among_three():
    frames = [Field(number=0, seed=s).frame() for s in (1, 2, 3)]
    data = frames[0].data.copy()
    data[50, 50] -= 300
    assert cosmic(flag_outliers([frames[0].with_(data=data), *frames[1:]])[0])[50, 50]


def test_unusable_pixels_need_no_second_flag():
    frames = [Field(number=0, seed=s).frame() for s in (1, 2, 3)]
    data, mask = frames[0].data.copy(), frames[0].mask.copy()
    data[50, 50], mask[50, 50] = 1e5, flags.BAD
    out = flag_outliers([frames[0].with_(data=data, mask=mask), *frames[1:]])
    assert out[0].mask[50, 50] == flags.BAD


def test_limit_is_the_users():
    frames, places = planted([Field(number=0, seed=s).frame() for s in range(5)], sigma=8.0)
    loose, strict = flag_outliers(frames, sigma=12.0), flag_outliers(frames, sigma=4.0)
    assert np.mean([cosmic(one)[place].mean() for one, place in zip(loose, places, strict=True)]) < 0.01
    assert np.mean([cosmic(one)[place].mean() for one, place in zip(strict, places, strict=True)]) > 0.85


def test_frame_without_coordinates_is_refused():
    with pytest.raises(WrongInputs, match="no celestial coordinates"):
        flag_outliers([constant(0.0), constant(0.0)])
