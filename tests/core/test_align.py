import numpy as np
import pytest

from f2widgets.core.align import align, check_wcs, scale_of
from f2widgets.core.notes import listening
from f2widgets.errors import WrongInputs
from tests.core.images import DITHER, SCALE, Field, constant, coordinates

NAMES = [f"S{k}" for k in range(len(DITHER))]


def dithered(field, *, wrong=None, angles=(0.0,) * 5, **changes):
    """Return dithers; the header of frame `wrong` tells the place of the frame beside it."""
    frames = []
    for k, (shift, angle) in enumerate(zip(DITHER, angles, strict=True)):
        told = DITHER[k - 1 if k else 1] if k == wrong else shift
        frames.append(field.frame(*shift, angle, told=told, name=NAMES[k], **changes))
    return frames


def heard_of(frames, **options):
    """Align and return the frames with what was told of them."""
    heard = []
    with listening(lambda text, name: heard.append((name, text))):
        return align(iter(frames), **options), heard


def sky_errors(field, frames, angles=(0.0,) * 5):
    """Return how far the stars of each frame fall from those of the first, in pixels on the sky."""
    sky = []
    for frame, shift, angle in zip(frames, DITHER, angles, strict=True):
        sky.append(frame.wcs.all_pix2world(field.places(*shift, angle), 0))
    off = (np.array(sky) - sky[0]) * 3600 / SCALE
    off[..., 0] *= np.cos(np.radians(30))
    return np.hypot(off[..., 0], off[..., 1])


@pytest.fixture(scope="module")
def field():
    return Field()


@pytest.mark.parametrize("angles", [(0.0,) * 5, (0.0, 2e-3, -2e-3, 1e-3, 5e-3)], ids=["shift", "turned"])
def test_stars_come_to_lie_on_each_other(field, angles):
    out, heard = heard_of(dithered(field, angles=angles))
    assert sky_errors(field, out, angles).max() < 0.02
    for one, (dx, dy) in zip(out, DITHER, strict=True):
        assert one.measured["dx"] == pytest.approx(dx, abs=0.02)
        assert one.measured["dy"] == pytest.approx(dy, abs=0.02)
        assert one.measured["matches"] > 30
        assert one.measured["fwhm"] == pytest.approx(3.5, rel=0.05)
        assert one.measured["header_error"] < 0.1
        assert one.measured["sky"] == 20_000
    assert not heard


def test_small_errors_of_pointing_leave_the_median_as_zero(field):
    errors = np.array([(0.0, 0.0), (2.0, 0.0), (0.0, -3.0), (1.0, 1.0), (1.0, 4.0)])
    frames = [
        field.frame(*shift, told=np.add(shift, e), name=n)
        for shift, e, n in zip(DITHER, errors, NAMES, strict=True)
    ]
    out, heard = heard_of(frames)
    assert sky_errors(field, out).max() < 0.02
    assert not heard
    # headers tell where the first frame's pixels fall: the median of what they tell wins
    first = out[0].wcs.wcs.crpix - frames[0].wcs.wcs.crpix
    np.testing.assert_allclose(first, np.median(errors, axis=0), atol=0.03)
    off = SCALE * np.hypot(*(errors - np.median(errors, axis=0)).T)
    np.testing.assert_allclose([one.measured["header_error"] for one in out], off, atol=0.01)


@pytest.mark.parametrize("wrong", [0, 1, 3])
def test_wrong_header_is_named_and_mended(field, wrong):
    out, heard = heard_of(dithered(field, wrong=wrong))
    assert sky_errors(field, out).max() < 0.02
    ((name, text),) = heard
    assert name == NAMES[wrong]
    assert "wrong coordinates" in text
    assert "mended from the matched stars" in text
    told = DITHER[wrong - 1 if wrong else 1]
    off = SCALE * np.hypot(*np.subtract(DITHER[wrong], told))
    assert out[wrong].measured["header_error"] == pytest.approx(off, abs=0.05)
    # the others' headers were right, and so is where the set lies on the sky
    good = [k for k in range(5) if k != wrong]
    for k in good:
        np.testing.assert_allclose(
            out[k].wcs.wcs.crpix, coordinates(field.centre + 1 + DITHER[k]).wcs.crpix, atol=0.03
        )


@pytest.mark.parametrize("wrong", [0, 3])
def test_wrong_header_may_stop_the_run(field, wrong):
    with pytest.raises(WrongInputs, match=rf"wrong in S{wrong} \(by .* arcsec\)\. Leave the frame out"):
        align(dithered(field, wrong=wrong), bad_wcs="exit")
    assert len(align(dithered(field), bad_wcs="exit")) == 5


def test_wrong_header_may_be_ignored(field):
    out, heard = heard_of(dithered(field, wrong=3), bad_wcs="ignore")
    assert heard[0][0] == "S3"
    assert "left as they are" in heard[0][1]
    errors = sky_errors(field, out).max(axis=1)
    assert errors[3] > 20
    assert np.delete(errors, 3).max() < 0.02


def told_by_offsets(field, **changes):
    """Return dithers whose header coordinates are all those of the first, and whose offsets are right."""
    known = {"ra": 125.0, "dec": -30.0, "position_angle": 90.0, "pixel_scale": SCALE, **changes}
    return [
        field.frame(dx, dy, told=(0.0, 0.0), name=name, x_offset=dx, y_offset=dy, **known)
        for name, (dx, dy) in zip(NAMES, DITHER, strict=True)
    ]


def test_coordinates_may_be_made_anew(field):
    _, told = heard_of(told_by_offsets(field))
    assert "wrong coordinates" in told[0][1]
    new, told = heard_of(told_by_offsets(field), bad_wcs="new")
    assert not told
    assert max(frame.measured["header_error"] for frame in new) < 0.1
    assert sky_errors(field, new).max() < 0.1
    sky = new[0].wcs.all_pix2world([field.centre], 0)[0]
    np.testing.assert_allclose(sky, (125.0, -30.0), atol=0.1 / 3600)


def test_coordinates_cannot_be_made_of_nothing(field):
    with pytest.raises(WrongInputs, match="S0 does not tell its target, offsets"):
        align(told_by_offsets(field, position_angle=None), bad_wcs="new")


def test_header_alone(field):
    out, heard = heard_of(dithered(field, wrong=3), method="header")
    assert out[3].measured["dx"] == pytest.approx(DITHER[2][0], abs=1e-6)
    assert not heard


def test_half_a_small_dither_is_wrong_too(field):
    shifts = [(0, 0), (8, 0), (0, 8), (8, 8)]  # 1.44 arcsec
    told = [(0, 0), (8, 0), (8, 0), (8, 8)]
    frames = [field.frame(*shifts[k], told=told[k], name=f"T{k}") for k in range(4)]
    _, heard = heard_of(frames)
    assert [name for name, _ in heard] == ["T2"]


def test_three_stars_are_enough():
    few = Field(number=3, side=192, faintest=3e4)
    out, heard = heard_of(dithered(few))
    assert sky_errors(few, out).max() < 0.1
    assert [one.measured["matches"] for one in out[1:]] == [3, 3, 3, 3]
    assert not heard


def test_fewer_than_asked_for_leave_it_to_the_header():
    few = Field(number=3, side=192, faintest=3e4)
    out, heard = heard_of(dithered(few), min_sources=4)
    assert [name for name, _ in heard] == NAMES[1:]
    assert all("placed by its header" in text for _, text in heard)
    assert [one.measured["matches"] for one in out[1:]] == [0, 0, 0, 0]


def test_without_stars_the_headers_serve():
    empty = Field(number=0)
    frames = dithered(empty)
    out, heard = heard_of(frames)
    assert [name for name, _ in heard] == NAMES[1:]
    for before, after in zip(frames, out, strict=True):
        np.testing.assert_allclose(after.wcs.wcs.crpix, before.wcs.wcs.crpix, atol=1e-3)
        assert after.measured["matches"] < 5


def test_frame_that_matches_few_is_named(field):
    frames = dithered(field)
    clouded = field.frame(*DITHER[2], light=0.01, name="S2")
    _, heard = heard_of([*frames[:2], clouded, *frames[3:]])
    assert [name for name, _ in heard] == ["S2"]
    assert "matches only" in heard[0][1]


def test_one_frame_is_its_own_reference(field):
    (out,) = align([field.frame()])
    assert (out.measured["dx"], out.measured["rms"]) == (0, 0)


@pytest.mark.parametrize("step", [align, check_wcs])
def test_frame_without_coordinates_is_refused(field, step):
    with pytest.raises(WrongInputs, match="S9 has no celestial coordinates"):
        step([field.frame(), constant(0.0, name="S9")])


def test_scale(field):
    assert scale_of(field.frame()) == pytest.approx(SCALE)


def offsets(shifts, wrong=None):
    frames = []
    for k, (x, y) in enumerate(shifts):
        told = shifts[wrong - 1] if k == wrong else (x, y)
        wcs = coordinates(np.add((50.0, 50.0), told))
        frames.append(constant(0.0, 100, name=f"S{k}", wcs=wcs, x_offset=x, y_offset=y))
    return frames


@pytest.mark.parametrize("wrong", [None, 2])
def test_headers_are_held_against_the_telescope(wrong):
    heard = []
    with listening(lambda text, name: heard.append((name, text))):
        out = check_wcs(iter(offsets(DITHER, wrong)))
    assert [one.measured["wcs_wrong"] for one in out] == [float(k == wrong) for k in range(5)]
    # told of wrong frames only, or of all; in any case the wrong one is called so
    assert {name for name, text in heard if "wrong" in text} == ({f"S{wrong}"} if wrong else set())
    if wrong:
        off = SCALE * np.hypot(*np.subtract(DITHER[2], DITHER[1]))
        assert out[2].measured["wcs_error"] == pytest.approx(off, abs=0.05)


def test_nothing_to_check():
    assert check_wcs([]) == []


@pytest.mark.parametrize("blank", [0, 2])
def test_frame_without_sources_is_placed_by_its_header_and_the_others_by_their_stars(field, blank):
    empty = Field(number=0)
    frames = dithered(field)
    frames[blank] = empty.frame(*DITHER[blank], told=np.add(DITHER[blank], (0.4, -0.3)), name=f"S{blank}")
    out, heard = heard_of(frames)
    off = sky_errors(field, out)
    others = [k for k in range(5) if k != blank]
    relative = [field.places(*DITHER[k]) for k in others]
    sky = [out[k].wcs.all_pix2world(places, 0) for k, places in zip(others, relative, strict=True)]
    assert max(np.abs(one - sky[0]).max() for one in sky) * 3600 / SCALE < 0.03
    assert off[others if blank else [0]].max() < 1
    assert [name for name, text in heard if "shares too few stars" in text] == [f"S{blank}"]
    for one, shift in zip(out, DITHER, strict=True):
        away = np.subtract(shift, DITHER[0])
        assert (one.measured["dx"], one.measured["dy"]) == pytest.approx(tuple(away), abs=0.6)
