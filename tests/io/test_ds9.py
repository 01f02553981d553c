"""Region files of DS9."""

import numpy as np
import pytest

from f2widgets.core.regions import Annulus, Box, Circle, Line, Point
from f2widgets.errors import NotF2Data, ParameterError
from f2widgets.io.ds9 import read_regions, regions_from, regions_text, write_regions
from tests.core.images import SCALE, coordinates

#: As DS9 8.5 writes it.
FILE = """# Region file format: DS9 version 4.1
global color=green dashlist=8 3 width=1 font="helvetica 10 normal roman" select=1 highlite=1 dash=0 edit=1
image
circle(101,51,12.5) # color=red text={a star; bright}
-box(31,41,20,10,30)
annulus(101,51,5,10)
point(11,21) # point=x text='here'
line(1,1,4,5) # line=0 0
circle 5 6 7; box(1,2,3,4)
"""

REGIONS = (
    Circle(100, 50, 12.5, "a star; bright"),
    Box(30, 40, 20, 10, 30),
    Annulus(100, 50, 5, 10),
    Point(10, 20, "here"),
    Line(0, 0, 3, 4),
)


def test_a_file_is_read_as_ds9_means_it():
    found = regions_from(FILE)
    assert found.regions == (*REGIONS, Circle(4, 5, 7), Box(0, 1, 3, 4))
    assert found.problems == ()


@pytest.mark.parametrize("system", ["image", "fk5"])
def test_what_is_written_is_read_again(system, tmp_path):
    wcs = coordinates((64.0, 60.0), 0.3)
    path = write_regions(tmp_path / "a.reg", REGIONS, wcs, system)
    found = read_regions(path, wcs)
    assert found.problems == ()
    for ours, theirs in zip(REGIONS, found.regions, strict=True):
        assert type(ours) is type(theirs)
        assert ours.label == theirs.label
        for name, value in vars(ours).items():
            if name not in ("label", "angle"):
                assert getattr(theirs, name) == pytest.approx(value, abs=1e-3), name
            elif name == "angle":
                assert (getattr(theirs, name) - value) % 360 == pytest.approx(0, abs=1e-3)


def test_sky_coordinates_in_all_spellings():
    wcs = coordinates((64.0, 60.0))
    x, y = 20.0, 33.0
    (ra, dec), *_ = wcs.wcs_pix2world([[x, y]], 0)
    hours = ra / 15
    h, m = int(hours), int(hours * 60 % 60)
    d, dm = int(-dec), int(-dec * 60 % 60)
    sexagesimal = f"{h}:{m:02d}:{hours * 3600 % 60:.6f},-{d}:{dm:02d}:{-dec * 3600 % 60:.6f}"
    for place in (f"{ra:.9f},{dec:.9f}", sexagesimal):
        for size in ('1.8"', f"{1.8 / 60:.7f}'", f"{1.8 / 3600:.9f}d", f"{1.8 / 3600:.9f}"):
            (one,) = regions_from(f"fk5;circle({place},{size})", wcs).regions
            assert (one.x, one.y) == (pytest.approx(x, abs=1e-3), pytest.approx(y, abs=1e-3))
            assert one.radius == pytest.approx(1.8 / SCALE, rel=1e-4)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ellipse(1,2,3,4,5)", "ellipse is no shape"),
        ("circle(1,2)", "circle has 2 numbers, needed 3"),
        ("circle(1,x,3)", "'x' is no number"),
        ("circle(nan,2,3)", "'nan' is no number"),
        ("__import__('os').system('true')", "no shape"),
        ("galactic;circle(1,2,3)", "galactic is not read"),
        ("fk5;circle(10,20,3)", "the image has none"),
        ("((((", "no shape"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_rest_is_read(line, words):
    found = regions_from(f"{line}\nimage\npoint(3,4)\n")
    assert found.regions == (Point(2, 3),)
    assert len(found.problems) == 1
    assert found.problems[0].startswith("Line 1, ")
    assert words in found.problems[0]


def test_a_place_behind_the_tangent_point_is_told():
    found = regions_from("fk5;point(305,30)", coordinates((64.0, 60.0)))
    assert "other side of the sky" in found.problems[0]


def test_labels_cannot_end_the_text():
    text = regions_text([Point(1, 2, "a}\nimage;circle(1,1,1)")])
    assert regions_from(text).regions == (Point(1, 2, "a  image;circle(1,1,1)"),)


def test_without_coordinates_the_sky_is_refused():
    with pytest.raises(ParameterError, match="no sky coordinates"):
        regions_text(REGIONS, None, "fk5")


def test_files_that_are_none(tmp_path):
    with pytest.raises(NotF2Data, match="cannot be read: No such file"):
        read_regions(tmp_path / "none.reg")
    (tmp_path / "b.reg").write_bytes(np.arange(256, dtype=np.uint8).tobytes())
    with pytest.raises(NotF2Data, match="is no text"):
        read_regions(tmp_path / "b.reg")
