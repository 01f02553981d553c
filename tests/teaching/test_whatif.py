"""What if: a step done again on a piece, with the numbers of before and after."""

from time import process_time

import numpy as np
import pytest
from astropy.wcs import WCS

from f2widgets.core.frame import Facts, Frame
from f2widgets.errors import ParameterError, WrongInputs
from f2widgets.recipes.steps import step_named
from f2widgets.teaching.rerun import applied, cut_out, measures, prepared
from f2widgets.teaching.whatif import WhatIf, _marked


def frames(number=5, side=40, level=100.0):
    rng = np.random.default_rng(4)
    made = []
    for k in range(number):
        data = (level + 5 * rng.standard_normal((side, side))).astype(np.float32)
        variance, mask = np.full_like(data, 25), np.zeros(data.shape, np.uint16)
        made.append(Frame(f"f{k}", data, variance, mask, "electron", Facts(exposure_time=10.0)))
    return made


def test_piece_is_of_the_place_and_keeps_its_coordinates():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
    wcs.wcs.cdelt, wcs.wcs.crval, wcs.wcs.crpix = [-1e-4, 1e-4], [30.0, -20.0], [20.0, 20.0]
    frame = frames(1)[0].with_(wcs=wcs)
    piece = cut_out(frame, 30, 12, 10)
    np.testing.assert_array_equal(piece.data, frame.data[7:17, 25:35])
    here, there = piece.wcs.pixel_to_world_values(3, 4), frame.wcs.pixel_to_world_values(28, 11)
    np.testing.assert_allclose(here, there, rtol=1e-12)


def test_piece_at_an_edge_is_moved_inwards_and_never_larger_than_the_frame():
    frame = frames(1)[0]
    np.testing.assert_array_equal(cut_out(frame, 39, 0, 10).data, frame.data[:10, 30:])
    assert cut_out(frame, 20, 20, 100).shape == (40, 40)
    piece = cut_out(frame, 20, 20, 10)
    assert not np.shares_memory(piece.data, frame.data), "a what-if must not keep whole frames"
    assert not np.shares_memory(piece.mask, frame.mask)


def test_step_of_a_set_and_step_of_single_frames_both_run():
    some = frames(3)
    assert len(applied(step_named("combine"), some, {})) == 1
    assert len(applied(step_named("flatten_background"), some, {"box": 8})) == 3


def test_calibration_is_cut_as_the_frames_are():
    some = frames(2)
    flat = Frame("flat", np.full((40, 40), 2, np.float32), None, np.zeros((40, 40), np.uint16), "")
    rerun = prepared("divide_flat", some, side=16, calibrations={"flat": flat})
    (first, _) = rerun({})
    np.testing.assert_allclose(first.data, some[0].data[12:28, 12:28] / 2)


def test_missing_calibration_unknown_step_and_no_frames_are_told():
    with pytest.raises(WrongInputs, match="divide_flat needs a flat"):
        prepared("divide_flat", frames(2))
    with pytest.raises(ParameterError, match="There is no step 'combin'; did you mean 'combine'"):
        prepared("combin", frames(2))
    with pytest.raises(WrongInputs, match="no frames"):
        prepared("combine", [])


def test_measures_are_those_of_the_good_pixels():
    frame = frames(1)[0]
    mask = frame.mask.copy()
    mask[:, :20] = 1
    data = np.where(np.arange(40) < 20, 1e6, frame.data).astype(np.float32)
    found = measures([frame.with_(data=data, mask=mask)])
    assert found["median, electrons"] == pytest.approx(100, abs=0.5)
    assert found["noise, electrons"] == pytest.approx(5, rel=0.1)
    assert found["bad pixels, %"] == 50
    assert found["sigma by the variance, electrons"] == 5


def test_change_by_a_click_tells_the_numbers_that_change(page):
    some = frames(5)
    data = some[2].data.copy()
    data[20, 20] += 4000
    some[2] = some[2].with_(data=data)
    what = WhatIf("combine", some, side=40)
    there = page(what)
    (sent, buffers), *_ = there.open()
    assert [p["name"] for p in sent["params"]] == ["method", "weight"]
    assert [len(b) for b in buffers] == [1600] * 4
    there.call("set", parameter="method", value="median")
    rows = {row["id"]: row["cells"] for row in there.last("tried")["rows"]}
    assert float(rows["highest, electrons"]["before"]) > 800
    assert float(rows["highest, electrons"]["after"]) < 130
    assert next(iter(rows)) != "bad pixels, %"  # those that changed come first
    assert what.values == {"method": "median"}
    assert '"combine:method": "median"' in there.call("show_code")["python"].replace("'", '"')
    assert "method = median" in what.poster()["text/html"]
    there.call("reset")
    assert what.values == {}
    np.testing.assert_array_equal(what.after[0].data, what.before[0].data)


def test_value_that_does_not_fit_is_refused_and_changes_nothing(page):
    what = WhatIf("combine", frames(3))
    there = page(what)
    assert "combine:method must be 'mean' or 'median'" in there.error("set", parameter="method", value="best")
    assert "has no parameter" in there.error("set", parameter="metod", value="mean")
    assert what.values == {}


def test_own_numbers_and_chosen_parameters():
    what = WhatIf("combine", frames(3), only=["weight"], measure=lambda made: {"frames": len(made)})
    assert [p.name for p in what.params] == ["weight"]
    assert {"number": "frames", "before": "1", "after": "1"} in what.numbers()


@pytest.mark.slow
def test_begins_with_what_a_reduction_kept_and_answers_in_half_a_second(reduced):
    what = WhatIf("refine_sky", reduced, then=["combine"], side=256)
    assert what.before[0].shape == (256, 256)
    begin = process_time()
    what.set("clip", 1.5)
    assert process_time() - begin < 0.5
    with pytest.raises(
        WrongInputs, match=r'kept no frames before subtract_dark: reduce with keep=\["correct'
    ):
        WhatIf("subtract_dark", reduced)


def test_only_what_the_step_has_flagged_is_coloured():
    """Else the outliers would drown among the objects that were flagged before."""
    given, made = np.zeros((2, 2), np.uint16), np.zeros((2, 2), np.uint16)
    given[0] = 1024
    made[0], made[1, 1] = 1024, 8
    made[0, 0] |= 8
    before, after = (frames(1, side=2)[0].with_(mask=mask) for mask in (given, made))
    assert list(_marked(after, before, (2, 2))) == [1, 0, 0, 1]
    assert list(_marked(before, before, (2, 2))) == [0, 0, 0, 0]
    assert list(_marked(after, frames(1, side=3)[0], (2, 2))) == [1, 1, 0, 1]
