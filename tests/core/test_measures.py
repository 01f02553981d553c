import numpy as np

from f2widgets.core import flags
from f2widgets.core.combine import combine
from f2widgets.core.frame import Frame
from f2widgets.core.measures import QUALITY, flagged_part, quality_rows


def frame(name, mask=0, **measured):
    plane = np.ones((8, 8), np.float32)
    masks = np.full((8, 8), mask, np.uint16)
    return Frame(name, plane, plane, masks, unit="electron", measured=measured)


def test_flagged_part_counts_within_the_lit_field_only():
    mask = np.zeros((4, 4), np.uint16)
    mask[0] = flags.UNLIT
    mask[1, :3] = flags.BAD, flags.COSMIC, flags.PERSISTENCE
    mask[2] = flags.SATURATED | flags.PROBE  # usable with a note
    mask[3, 0] = flags.NO_DATA | flags.BAD
    one = Frame("f", np.zeros((4, 4), np.float32), None, mask)
    assert flagged_part(one, stride=1) == 3 / 11


def test_frame_without_lit_pixels_has_no_flagged_part():
    assert np.isnan(flagged_part(frame("dark", flags.UNLIT)))


def test_rows_keep_the_order_of_the_frames_and_know_what_is_missing():
    table = quality_rows([frame("b", sky=3.0), frame("a", fwhm=2.5)], [0.25, 0.5])
    assert table.colnames == ["frame", "sky", "fwhm", "flagged"]
    assert list(table["frame"]) == ["b", "a"]
    assert table["sky"][0] == 3
    assert np.isnan(table["sky"][1])
    assert list(table["flagged"]) == [0.25, 0.5]
    assert str(table["fwhm"].unit) == "pix"


def test_stack_carries_a_row_for_each_frame():
    (stack,) = combine([frame("a", sky=10.0, dx=0.0), frame("b", sky=12.0, dx=-3.5)])
    rows = stack.tables[QUALITY]
    assert list(rows["frame"]) == ["a", "b"]
    assert list(rows["sky"]) == [10, 12]
    assert list(rows["dx"]) == [0, -3.5]


def test_pixel_that_no_frame_saw_is_flagged_whatever_the_reasons():
    (stack,) = combine([frame("a", flags.UNLIT), frame("b", flags.NO_DATA)])
    assert (stack.mask == flags.NO_DATA).all()
