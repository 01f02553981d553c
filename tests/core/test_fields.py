import numpy as np
import pytest

from f2widgets.core.fields import BESIDE, View, parted, separate_sky, views
from f2widgets.core.frame import Facts
from f2widgets.errors import WrongInputs
from tests.core.images import constant

SIDE = 368.0


def seen(*places, unguided=(), said=None):
    return [
        View(f"S{k:02d}", None if place is None else (float(place), 0.0), k not in unguided, SIDE,
             (said or {}).get(k))
        for k, place in enumerate(places)
    ]  # fmt: skip


def test_dithers_are_each_others_sky():
    parts = parted(seen(0, 20, -20, 10))
    assert parts.target == ("S00", "S01", "S02", "S03")
    assert parts.sky == ()
    assert parts.words == ""


def test_the_field_at_the_target_is_the_target():
    parts = parted(seen(0, 420, 440, 20))
    assert parts.target == ("S00", "S03")
    assert parts.sky == ("S01", "S02")
    assert "2 frames of the target (S00, …), 2 of the sky beside (S01, …)" in parts.words


def test_fields_may_lie_on_all_sides():
    parts = parted(seen(0, 420, 5, -420, 10, 830))
    assert parts.sky == ("S01", "S03", "S05")


def test_overlapping_fields_are_chained():
    assert parted(seen(0, 300, 600)).sky == ()
    assert parted(seen(0, 300, 5), frac_fov=0.5).sky == ("S01",)


def test_frames_without_guiding_are_sky():
    assert parted(seen(0, 100, 0, 100, unguided={1, 3})).sky == ("S01", "S03")
    assert parted(seen(0, 10, 20, unguided={0, 1, 2})).sky == ()


def test_what_the_observer_says_holds_for_the_field():
    assert parted(seen(0, 420, 5, 425), ref_obj="S01").target == ("S01", "S03")
    assert parted(seen(0, 420, 5, 425), ref_sky="S00.fits").sky == ("S00", "S02")
    assert parted(seen(0, 420, 5, 830), ref_obj="S01", ref_sky="S00, S03").sky == ("S00", "S02", "S03")


def test_headers_may_say_it():
    assert parted(seen(0, 420, 840, said={1: "target"})).sky == ("S00", "S02")


@pytest.mark.parametrize(
    ("places", "options", "words"),
    [
        ((0, 420, 840), {}, r"show 3 fields: 1 frames 0 arcsec from the target \(S00\).*ref_obj=NAME"),
        ((-210, 210), {}, "show 2 fields"),
        ((0, 420, 425), {}, "show 2 fields: 1 frames 0 arcsec .*; 2 frames 422 arcsec"),
        ((0, 420, 840), {"ref_obj": "S00", "ref_sky": "S02"}, "whether S01 shows target or sky"),
        ((0, 20), {"ref_obj": "S00", "ref_sky": "S01"}, "S00, … overlap, and some are said"),
        ((0, 420), {"ref_sky": "S77"}, "No frame's name contains 'S77'"),
    ],
)
def test_what_cannot_be_told_is_asked(places, options, words):
    with pytest.raises(WrongInputs, match=words):
        parted(seen(*places), **options)


def test_without_offsets_all_are_of_one_field():
    assert parted(seen(None, None)).sky == ()
    assert parted([]).target == ()


def facts(p, q, angle=0.0, **more):
    """Facts of a frame with offsets p and q in arcsec and the header's PA."""
    scale = 0.18
    return Facts(ra=63.0, dec=-48.0, x_offset=-q / scale, y_offset=-p / scale, pixel_scale=scale,
                 position_angle=angle + 90, **more)  # fmt: skip


def test_offsets_turn_with_the_position_angle():
    frames = [("a", facts(400, 30), (2048, 2048), None), ("b", facts(400, 30, 90.0), (2048, 2048), None)]
    plain, turned = views(frames)
    np.testing.assert_allclose(plain.at, (400, 30), atol=1e-9)
    np.testing.assert_allclose(turned.at, (30, -400), atol=1e-9)
    assert plain.field == pytest.approx(2048 * 0.18)
    assert not plain.guided


def test_sky_observed_under_its_own_target():
    other = facts(0, 0, guiding="PWFS2")
    away = Facts(**{**other.__dict__, "ra": 63.0 + 420 / 3600 / np.cos(np.radians(48)), "guiding": None})
    found = views([("a", other, (2048, 2048), None), ("b", away, (2048, 2048), {"SKYFRAME": "TRUE"})])
    np.testing.assert_allclose(found[1].at, (420, 0), atol=1e-6)
    assert found[1].said == "sky"


def test_step_marks_the_frames():
    frames = [
        constant(1.0, name=f"S{k}", side=64, **{name: getattr(facts(p, 0), name) for name in
                 ("ra", "dec", "x_offset", "y_offset", "pixel_scale", "position_angle")})
        for k, p in enumerate((0, 60, 2))
    ]  # fmt: skip
    assert [frame.measured[BESIDE] for frame in separate_sky(frames)] == [0, 1, 0]
    assert [frame.measured[BESIDE] for frame in separate_sky(frames, ref_obj="S1")] == [1, 0, 1]
