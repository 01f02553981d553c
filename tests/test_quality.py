import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.frame import Facts, Frame
from f2widgets.core.measures import QUALITY, quality_rows
from f2widgets.errors import WrongInputs
from f2widgets.io.write import write_frame
from f2widgets.quality import quality_table, quality_text, stack_numbers


def frame(name="S1_image", side=200, **parts):
    """Return noise of sigma 5 around 2, two bad pixels, and a bright source in OBJMASK."""
    rng = np.random.default_rng(3)
    data = rng.normal(2, 5, (side, side)).astype(np.float32)
    objects = np.zeros((side, side), np.uint8)
    objects[50:80, 50:80] = 1
    data[50:80, 50:80] += 1e4
    mask = np.zeros((side, side), np.uint16)
    mask[0, :2] = flags.BAD
    mask[-20:] = flags.UNLIT
    seconds = np.full((side, side), 1080, np.float32)
    seconds[:, :100] = 120  # seen by one frame only, and its background is another
    data[:, :40] += 50
    return Frame(
        name,
        data,
        np.full_like(data, 25),
        mask,
        unit="electron",
        facts=Facts(exposure_time=120.0, filter_name="Y"),
        planes={"OBJMASK": objects, "EXPMAP": seconds},
        **parts,
    )


def rows():
    measured = [{"sky": 25000.0, "matches": 60.0, "dx": 0.0, "rms": 0.0}, {"sky": 24000.0, "rms": 0.0512}]
    blank = np.zeros((1, 1), np.float32)
    members = [
        Frame(f"S{k}", blank, None, blank.astype(np.uint16), measured=m) for k, m in enumerate(measured, 1)
    ]
    return {QUALITY: quality_rows(members, [0.25, 0.01])}


def test_background_is_that_of_the_pixels_all_frames_saw_without_sources():
    found = stack_numbers(frame())
    assert found["background"] == pytest.approx(2, abs=0.2)
    assert found["noise"] == pytest.approx(5, abs=0.2)
    assert found["total"] == 1080
    assert found["exposure"] == 120
    assert found["flagged"] == pytest.approx(2 / (180 * 200))


def test_width_of_the_stars_is_measured():
    y, x = np.mgrid[:200, :200]
    data = np.zeros((200, 200), np.float32)
    for at in (30, 90, 150):
        data += 5000 * np.exp(-((x - at) ** 2 + (y - at) ** 2) / (2 * 1.7**2)).astype(np.float32)
    stars = frame().with_(data=data + 2, planes={})
    assert stack_numbers(stars)["fwhm"] == pytest.approx(2.355 * 1.7, rel=0.1)


def test_stack_without_stars_still_has_numbers():
    found = stack_numbers(frame().with_(data=np.zeros((200, 200), np.float32)))
    assert np.isnan(found["fwhm"])
    assert found["background"] == 0
    blank = frame(tables=rows()).with_(data=np.zeros((200, 200), np.float32))
    assert "nan" not in quality_text(quality_table(blank))


def test_probe_and_objects_are_no_background():
    stack = frame()
    data, mask = stack.data.copy(), stack.mask.copy()
    data[100:, 100:], mask[100:, 100:] = -500, flags.PROBE
    found = stack_numbers(stack.with_(data=data, mask=mask))
    assert found["background"] == pytest.approx(2, abs=0.2)


def test_table_is_the_same_from_memory_and_from_a_file(tmp_path):
    stack = frame(tables=rows())
    path = write_frame(stack, tmp_path / "S1_image.fits", kind="image")
    here, there = quality_table(stack), quality_table(path)
    assert here.colnames == there.colnames
    assert list(there["frame"]) == ["S1", "S2"]
    assert list(there["flagged"]) == [0.25, 0.01]
    # The header that holds the exposure time is missing here, so the first line differs.
    assert quality_text(there).splitlines()[1:] == quality_text(here).splitlines()[1:]


def test_text_tells_of_the_stack_and_of_each_frame():
    lines = quality_text(quality_table(frame(tables=rows()))).splitlines()
    assert lines[0] == "S1_image: 2 frames of 120 s in Y, 1080 s where all overlap"
    assert lines[1].startswith("  background   2.")
    assert lines[3] == "  flagged      0.01 % of the lit pixels have no good value"
    head, *told = (line.split() for line in lines[5:9] if not line.startswith(" "))
    assert head == ["frame", "sky", "matches", "dx", "rms", "flagged"]
    assert told[0] == ["S1", "25000", "60", "0.00", "0.000", "0.2500"]
    assert told[1] == ["S2", "24000", "-", "-", "0.051", "0.0100"]
    assert not any(line.endswith(" ") for line in lines)


def test_frame_that_is_no_stack_is_refused_by_name():
    with pytest.raises(WrongInputs, match="S1_dark has no table QUALITY"):
        quality_table(frame("S1_dark"))
