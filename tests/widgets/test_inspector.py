"""The image inspector without a browser: everything that a click does is a call."""

import json

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.display import STRETCHES, Codes, stretched
from f2widgets.core.regions import Annulus, Box, Circle, Line, Point
from f2widgets.errors import ParameterError
from f2widgets.io.catalogues import pixels_of_table
from f2widgets.io.write import write_frame
from f2widgets.widgets import ImageInspector, Workspace
from f2widgets.widgets.colours import COLOURS, colour_table, png
from f2widgets.widgets.looked_at import METHODS, OVERVIEW, LookedAt, tangent_numbers
from tests.core.images import coordinates, frame as made_frame, moffat

EVIL = "<img src=x onerror=alert(1)>"


def starry(name="S1", shape=(60, 80), **changes):
    """Return a frame with a star at x=40, y=30, with coordinates, variance and two flags."""
    rng = np.random.default_rng(3)
    light = 100 + moffat(shape, 40.0, 30.0, 20_000.0) + rng.normal(0, 5, shape)
    one = made_frame(light, variance=25.0, name=name, wcs=coordinates((40.0, 30.0)), object=EVIL, **changes)
    mask = np.zeros(shape, np.uint16)
    mask[5, 6], mask[0] = flags.COSMIC | flags.SATURATED, flags.NO_DATA
    return one.with_(mask=mask, planes={"EXPMAP": np.full(shape, 120, np.float32)})


@pytest.fixture
def at(page):
    return page(ImageInspector(starry(), search=["nowhere"]))


def codes_of(about, buffer):
    """Return what the page has been sent as values."""
    pixels = np.frombuffer(buffer, np.uint16).reshape(about["shape"])
    return Codes(pixels, about["middle"], about["soft"], about["low"], about["high"]).value(pixels)


def test_the_first_image_is_sent_at_once_and_small(page):
    one = starry(shape=(1500, 2100))
    at = page(ImageInspector(one))
    (images, (colours, pixels)), (sources, _) = at.open()
    assert len(colours) == 768 * len(COLOURS)
    first = images["first"]
    assert max(first["pixels"]["shape"]) <= OVERVIEW
    assert len(pixels) == 2 * np.prod(first["pixels"]["shape"])
    assert first["pixels"]["bin"] == 3
    assert first["flags"] == flags.NO_DATA | flags.COSMIC | flags.SATURATED
    assert first["planes"] == ["SCI", "VAR", "noise", "DQ", "EXPMAP"]
    assert sources["count"] == 0
    json.dumps(images)


def test_pixels_arrive_as_they_are(at):
    at.open()
    at.call("pixels", image=0, plane="SCI")
    content, (pixels,) = at.sent[-1]
    values, one = codes_of(content["value"], pixels), at.panel.image().frame
    assert content["value"]["more"]["wcs"] == tangent_numbers(one.wcs)
    assert set(content["value"]["limits"]) == set(METHODS)
    np.testing.assert_allclose(values[1:], one.data[1:], rtol=1e-4)
    assert np.isnan(values[0]).all()
    at.call("pixels", image=0, plane="noise")
    content, (pixels,) = at.sent[-1]
    np.testing.assert_allclose(codes_of(content["value"], pixels)[1:], 5, rtol=1e-5)
    at.call("mask", image=0)
    assert np.array_equal(np.frombuffer(at.sent[-1][1][0], np.uint16).reshape(60, 80), one.mask)


def test_no_pixel_is_kept_in_a_notebook(at):
    at.open()
    state = at.panel.get_state()
    without_scripts = {key: value for key, value in state.items() if key not in ("_esm", "_css")}
    assert len(json.dumps(without_scripts, default=str)) < 2000


def test_a_pixel_is_told_with_its_flags_by_name(at):
    told = at.call("pixel", image=0, x=6, y=5)
    assert told["flags"] == ["saturated", "cosmic"]
    assert told["sigma"] == 5
    assert told["snr"] == pytest.approx(told["value"] / 5)
    assert told["planes"] == {"EXPMAP": 120}
    sky = at.panel.image().frame.wcs.wcs_pix2world([[6, 5]], 0)[0]
    assert (told["ra"], told["dec"]) == pytest.approx(tuple(sky))
    assert at.call("pixel", image=0, x=3, y=0)["value"] is None
    assert "lies outside S1" in at.error("pixel", image=0, x=80, y=5)


def test_what_is_measured_is_what_the_core_measures(at):
    told = at.call("statistics", image=0, region={"shape": "box", "x": 10, "y": 20, "width": 5, "height": 5})
    box = at.panel.image().frame.data[18:23, 8:13]
    assert told["n"] == 25
    assert told["mean"] == pytest.approx(float(box.mean(dtype=float)))
    assert told["sum_error"] == pytest.approx(25)
    cut = at.call("cut", image=0, region={"shape": "line", "x": 2, "y": 9, "x2": 12, "y2": 9})
    np.testing.assert_allclose(cut["value"], at.panel.image().frame.data[9, 2:13], rtol=1e-6)
    star = at.call("profile", image=0, x=41, y=29)
    assert (star["x"], star["y"]) == (pytest.approx(40, abs=0.05), pytest.approx(30, abs=0.05))
    assert star["fwhm"] == pytest.approx(3.5, rel=0.05)
    counts = at.call("count", image=0)
    assert sum(counts["counts"]) + counts["below"] + counts["above"] == 59 * 80 - 1
    of_plane = at.call(
        "statistics", image=0, plane="EXPMAP", region={"shape": "circle", "x": 9, "y": 9, "radius": 2}
    )
    assert of_plane["mean"] == 120
    json.dumps([told, cut, star, counts], allow_nan=False)


@pytest.mark.parametrize(
    ("question", "words"),
    [
        (
            {"name": "statistics", "region": {"shape": "circle", "x": 500, "y": 5, "radius": 2}},
            "No pixel of S1",
        ),
        ({"name": "statistics", "region": {"shape": "blob"}}, "needs a shape"),
        ({"name": "statistics", "region": {"shape": "circle", "x": "a", "y": 5, "radius": 2}}, "no circle"),
        ({"name": "statistics", "region": {"shape": "line", "x": 1, "y": 1, "x2": 5, "y2": 5}}, "of an area"),
        ({"name": "cut", "region": {"shape": "circle", "x": 5, "y": 5, "radius": 2}}, "along a line"),
        ({"name": "profile", "x": 10, "y": 50}, "No star stands out"),
        ({"name": "pixels", "plane": "SKY"}, "has no plane 'SKY'"),
        ({"name": "biography", "x": 3, "y": 500}, "is no pixel of S1"),
    ],
)
def test_what_makes_no_sense_is_told_in_the_panel(at, question, words):
    assert words in at.error(question.pop("name"), image=0, **question)
    assert words in at.panel.message["text"]
    assert "There is no image 7" in at.error("look_into", image=7)


def test_the_view_is_set_from_python_and_refuses_nonsense(at):
    at.panel.look(stretch="log", limits=(10, 50), colours="gray", overlay=["cosmic", "bad"], plane="noise")
    view = at.panel.view
    assert (view["low"], view["high"], view["overlay"]) == (10, 50, 9)
    assert at.panel.limits == (10, 50)
    at.panel.look(method="90 %")
    assert at.panel.view["low"] is None
    for wrong, words in (
        ({"stretch": "cubic"}, "stretch is one of linear"),
        ({"limits": (5, 5)}, "rise from black to white"),
        ({"colour": "gray"}, "A view has no 'colour'"),
        ({"plane": "SKY"}, "has no plane"),
        ({"overlay": ["dirt"]}, "unknown flag 'dirt'"),
        ({"image": 3}, "There is no image 3"),
    ):
        with pytest.raises(ParameterError, match=words):
            at.panel.look(**wrong)
    assert at.panel.view["method"] == "90 %"


def test_regions_come_back_to_python_and_go_to_files(at, tmp_path):
    drawn = [
        {"shape": "box", "x": 10, "y": 20, "width": 5, "height": 6, "angle": 0},
        {"shape": "point", "x": 3.5, "y": 4.5, "label": EVIL},
        {"shape": "annulus", "x": 9, "y": 8, "inner": 2, "outer": 3},
    ]
    at.call("set_regions", regions=drawn)
    assert at.panel.regions == (Box(10, 20, 5, 6), Point(3.5, 4.5, EVIL), Annulus(9, 8, 2, 3))
    assert at.panel.markers == (Point(3.5, 4.5, EVIL),)
    for system in ("image", "fk5"):
        at.call("save_regions", path=str(tmp_path / f"{system}.reg"), system=system)
        at.panel.regions = []
        at.call("load_regions", path=str(tmp_path / f"{system}.reg"))
        assert at.panel.regions[0].width == pytest.approx(5, abs=1e-3)
        assert at.panel.markers[0].label == EVIL
    (tmp_path / "odd.reg").write_text("image\nellipse(1,2,3,4,5)\nline(1,1,4,5)\n")
    at.panel.regions = [Circle(1, 2, 3)]
    at.call("load_regions", path=str(tmp_path / "odd.reg"))
    assert at.panel.regions == (Circle(1, 2, 3), Line(0, 0, 3, 4))
    assert "ellipse is no shape" in at.panel.message["text"]
    assert "cannot be read" in at.error("load_regions", path=str(tmp_path / "none.reg"))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"zoom": 0}, "zoom is a number from 0.02 to 96"),
        ({"contrast": None}, "contrast is a number"),
        ({"bias": float("nan")}, "bias is a number"),
        ({"wipe": 2}, "wipe is a number from 0 to 1"),
        ({"centre": (1,)}, "centre is a place"),
        ({"zooom": 2}, "A view has no 'zooom'"),
    ],
)
def test_a_view_out_of_bounds_is_refused(at, changes, words):
    before = dict(at.panel.view)
    with pytest.raises(ParameterError, match=words):
        at.panel.look(**changes)
    assert at.panel.view == before


def test_contrast_is_in_the_picture(at):
    at.panel.look(stretch="linear", limits=(0, 100), zoom=2, centre=(10, 20), blink=True, wipe=0.5, other=1)
    assert at.panel.view["centre"] == [10.0, 20.0]
    plain = at.panel.picture()
    at.panel.look(contrast=3.0, bias=0.4)
    assert at.panel.picture() != plain
    at.panel.look(contrast=1.0, bias=0.5)
    assert at.panel.picture() == plain


def test_flagged_sources_are_a_plane_of_their_own(page, tmp_path):
    one = starry()
    mask = np.where(one.data > np.median(one.data) + 20, flags.OBJECT, 0).astype(np.uint16)
    path = write_frame(one.with_(mask=one.mask | mask), tmp_path / "S1.fits")
    at = page(ImageInspector(path))
    assert at.panel.image().planes[-1] == "OBJMASK"
    assert set(np.unique(at.panel.image().values("OBJMASK")[6:])) == {0.0, 1.0}
    at.panel.look(plane="OBJMASK", limits=(0, 1))
    found = {}
    exec(at.call("show_code")["python"].replace("f2.show", "shown = f2.show"), found)
    assert found["shown"].figure.axes[0].images[0].get_array().max() == 1
    with pytest.raises(ParameterError, match="has no plane 'OBJMASK'"):
        page(ImageInspector(starry())).panel.look(plane="OBJMASK")


def test_sources_from_any_table(at):
    from astropy.table import Table

    sky = at.panel.image().frame.wcs.wcs_pix2world([[20.0, 30.0], [40, 50]], 0)
    for table in (Table({"RA": sky[:, 0], "Dec": sky[:, 1]}), Table({"x": [20.0, 40], "y": [30.0, 50]})):
        at.panel.show_sources(table)
        content, (places,) = at.sent[-1]
        assert content == {"kind": "sources", "count": 2, "name": ""}
        np.testing.assert_allclose(
            np.frombuffer(places, np.float32).reshape(2, 2), [[20, 30], [40, 50]], atol=1e-3
        )
    np.testing.assert_array_equal(
        pixels_of_table(Table({"X_IMAGE": [1.0], "Y_IMAGE": [2.0]}), None), [[0, 1]]
    )
    with pytest.raises(ParameterError, match="has no places"):
        at.panel.show_sources(Table({"a": [1]}))
    assert "has no table 'OBJCAT'" in at.error("show_sources", table="OBJCAT")
    at.call("show_sources", table=None)
    assert at.last("sources")["count"] == 0


@pytest.mark.parametrize("name", ["stars.fits", "stars.ecsv", "stars.csv", "stars.txt"])
def test_sources_from_a_file(at, tmp_path, name):
    from astropy import units
    from astropy.table import Table

    sky = at.panel.image().frame.wcs.wcs_pix2world([[20.0, 30.0], [40, 50]], 0)
    made = Table({"name": [EVIL, "b"], "RA": sky[:, 0], "Dec": sky[:, 1]})
    if name in ("stars.fits", "stars.ecsv"):  # these keep units
        made["RA"] = (sky[:, 0] * units.deg).to(units.arcmin)
    kind = {"stars.txt": "ascii.commented_header", "stars.csv": "ascii.csv"}.get(name)
    made.write(tmp_path / name, format=kind)
    at.call("show_sources", table=str(tmp_path / name))
    content, (places,) = at.sent[-2]
    assert (content["count"], content["name"]) == (2, str(tmp_path / name))
    np.testing.assert_allclose(np.frombuffer(places, np.float32), [20, 30, 40, 50], atol=1e-2)


def test_a_file_without_sources_is_told(at, tmp_path):
    (tmp_path / "odd.csv").write_text("a,b\n1,2\n")
    (tmp_path / "words.csv").write_text("ra,dec\n08:20:00,-50:00:00\n")
    (tmp_path / "broken.fits").write_text("no FITS")
    (tmp_path / "empty.csv").write_text("")
    at.call("show_sources", table=None)
    for name, words in (
        ("odd.csv", "holds no places of sources: it has the columns a, b"),
        ("words.csv", "hold no numbers"),
        ("broken.fits", "cannot be read as a table"),
        ("empty.csv", "it has no columns"),
        ("none.csv", "and there is no such file"),
    ):
        assert words in at.error("show_sources", table=str(tmp_path / name))
    assert at.last("sources")["count"] == 0


def test_several_images_and_the_workspace(page, tmp_path):
    paths = [write_frame(starry(f"S{k}"), tmp_path / f"S{k}.fits") for k in range(4)]
    workspace = Workspace(tmp_path)
    at = page(ImageInspector(workspace))
    assert at.open()[0][0]["first"] is None
    workspace.looking_at = tuple(paths)
    assert at.last("images")["names"] == ["S0.fits", "S1.fits", "S2.fits", "S3.fits"]
    for k in range(4):
        at.call("look_into", image=k)
    assert sum(image.held for image in at.panel.images) == 2  # others are read again when asked
    assert at.call("pixel", image=0, x=6, y=5)["flags"] == ["saturated", "cosmic"]
    paths[2].unlink()
    at.panel.images[2].let_go()
    assert "S2.fits cannot be read: No such file" in at.error("pixel", image=2, x=1, y=1)
    assert at.call("pixel", image=1, x=6, y=5)["x"] == 6  # the others go on


def test_anything_with_pixels_can_be_looked_at(tmp_path, page):
    from astropy.io import fits

    rng = np.random.default_rng(1)
    array = rng.normal(0, 1, (30, 40))
    array[3, 4] = np.nan
    at = page(ImageInspector(array, np.ma.masked_less(array, -1), [[1, 2], [3, 4]]))
    assert at.open()[0][0]["names"] == ["image 1", "image 2", "image 3"]
    assert at.call("pixel", image=0, x=4, y=3)["value"] is None
    assert at.call("pixel", image=2, x=1, y=0)["value"] == 2
    assert "An array has no history" in at.error("biography", image=0, x=1, y=1)
    several = tmp_path / "other.fits"
    images = [fits.ImageHDU(np.full((8, 9), k, np.int16), name=f"AMP{k}") for k in (5, 6)]
    fits.HDUList([fits.PrimaryHDU(), *images]).writeto(several)
    assert LookedAt(several).frame.data[2, 3] == 5  # another instrument's: the first image


@pytest.mark.parametrize("make", ["headers", "text", "missing", "table"])
def test_files_without_an_image_are_told_and_leave_the_panel_working(make, tmp_path, page):
    from astropy.io import fits
    from astropy.table import Table

    path = tmp_path / "bad.fits"
    if make == "headers":
        fits.PrimaryHDU().writeto(path)
    elif make == "text":
        path.write_text("no FITS")
    elif make == "table":
        Table({"a": [1]}).write(path)
    at = page(ImageInspector(starry(), path))
    assert at.open()[0][0]["first"]["image"] == 0
    assert "bad.fits" in at.error("look_into", image=1)
    assert at.call("pixel", image=0, x=6, y=5)["x"] == 6
    alone = page(ImageInspector(path))
    assert alone.open()[0][0]["first"] is None
    assert "bad.fits" in alone.panel.message["text"]


@pytest.mark.parametrize("value", [np.nan, 0.0, 7.0, -1e30])
def test_constant_and_empty_images(value, page):
    at = page(ImageInspector(np.full((50, 60), value)))
    about = at.open()[0][0]["first"]["pixels"]
    low, high = about["limits"]["sky"]
    assert low < high
    json.dumps(about, allow_nan=False)
    assert at.call("count", image=0)["below"] == 0
    assert at.panel.poster()["image/png"]
    told = at.call("pixel", image=0, x=3, y=3)
    assert told["value"] is None if np.isnan(value) else told["value"] == np.float32(value)


def test_images_without_coordinates(page):
    at = page(ImageInspector(starry().with_(wcs=None)))
    at.open()
    assert at.call("pixels", image=0, plane="SCI")["more"]["wcs"] is None
    assert at.call("pixel", image=0, x=3, y=3)["ra"] is None
    assert "no sky coordinates" in at.error("save_regions", path="x.reg", system="fk5")


def test_coordinates_for_the_page_are_those_of_astropy():
    wcs = coordinates((40.5, 30.25), 0.1)
    numbers = tangent_numbers(wcs)
    assert numbers["crpix"] == [39.5, 29.25]
    np.testing.assert_array_equal(np.reshape(numbers["cd"], (2, 2)), wcs.pixel_scale_matrix)
    other = coordinates((1, 1))
    other.wcs.ctype = ["RA---SIN", "DEC--SIN"]
    assert tangent_numbers(other) is None


def test_pictures_are_what_is_shown(at, tmp_path):
    import matplotlib.image

    at.panel.look(stretch="sqrt", limits=(50, 400), colours="viridis", reverse=True)
    at.call("save_picture", path=str(tmp_path / "a.png"))
    seen = (matplotlib.image.imread(tmp_path / "a.png")[::-1, :, :3] * 255).round().astype(int)
    light = stretched(at.panel.image().frame.data, 50, 400, "sqrt")[1:]
    index = (light * 255 + 0.5).astype(int)
    np.testing.assert_array_equal(seen[1:], colour_table("viridis")[::-1].astype(int)[index])


def test_five_posters_take_less_than_two_megabytes(page):
    at = page(ImageInspector(starry(shape=(2048, 2048))))
    bundle, _ = at.panel._repr_mimebundle_()
    assert 5 * len(bundle["image/png"]) < 1_500_000
    assert EVIL not in json.dumps(bundle)


@pytest.mark.parametrize("name", COLOURS)
def test_colours_are_those_of_matplotlib(name):
    import matplotlib

    wanted = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]
    off = np.abs(colour_table(name).astype(int) - wanted)
    assert off.max() <= (name == "gray")  # whose steps matplotlib does not round
    with pytest.raises(ParameterError, match="no colours 'jet'"):
        colour_table("jet")


def test_png_of_two_colours():
    import io

    import matplotlib.image

    made = png(np.array([[0, 1, 1], [0, 0, 1]], np.uint8), np.array([[255, 0, 0], [0, 0, 255]], np.uint8))
    seen = (matplotlib.image.imread(io.BytesIO(made))[::-1] * 255).astype(int)[..., :3]
    assert seen[0].tolist() == [[255, 0, 0], [0, 0, 255], [0, 0, 255]]


@pytest.mark.parametrize("stretch", STRETCHES)
def test_the_code_gives_the_picture_that_is_shown(page, tmp_path, stretch):
    path = write_frame(starry(), tmp_path / "S1.fits")
    at = page(ImageInspector(path, starry("other")))
    at.panel.look(stretch=stretch, method="99 %", colours="magma", reverse=stretch == "log")
    found = {}
    exec(at.call("show_code")["python"].replace("f2.show", "shown = f2.show"), found)
    (image,) = found["shown"].figure.axes[0].images
    seen = image.cmap(image.norm(image.get_array()), bytes=True)[..., :3].astype(int)
    values = at.panel.images[0].values("SCI")
    light = np.nan_to_num(stretched(values, *at.panel.limits, stretch))
    index = np.clip(light * 255 + 0.5, 0, 255).astype(int)
    table = colour_table("magma")[:: -1 if stretch == "log" else 1].astype(int)
    near = [np.abs(seen - table[np.clip(index + k, 0, 255)]).max(axis=-1) for k in (-1, 0, 1)]
    assert np.isnan(values).any()
    assert np.min(near, axis=0)[np.isfinite(values)].max() == 0  # the very colour, or that of the next step
    assert len(np.unique(index[np.isfinite(values)])) > 20
    assert (seen[np.isnan(values)] == (0x7D, 0x8F, 0xA3)).all()


def test_flags_and_sources_are_in_the_code_as_well(page, tmp_path):
    path = write_frame(starry(), tmp_path / "S1.fits")
    (tmp_path / "stars.csv").write_text("x,y\n20,10\n40,12\n")
    at = page(ImageInspector(path))
    at.panel.look(overlay=["cosmic"])
    at.call("show_sources", table=str(tmp_path / "stars.csv"))
    found = {}
    exec(at.call("show_code")["python"].replace("f2.show", "shown = f2.show"), found)
    axes = found["shown"].figure.axes[0]
    drawn = axes.images[1].get_array()[..., 3] > 0
    np.testing.assert_array_equal(drawn, (at.panel.image().frame.mask & flags.COSMIC) != 0)
    assert drawn.any()
    assert axes.collections[0].get_offsets().tolist() == [[20, 10], [40, 12]]
    at.panel.look(plane="DQ")
    assert "plane='mask'" in at.call("show_code")["python"]
    assert page(ImageInspector(np.ones((5, 5)))).call("show_code")["python"] == ""


def test_code_looks_at_the_images_as_they_are_looked_at_now(page, tmp_path):
    paths = [write_frame(starry(), tmp_path / f"S{k}.fits") for k in (1, 2)]
    at = page(ImageInspector(*paths))
    at.panel.look(
        image=1, contrast=2.0, bias=0.3, north=True, zoom=3.0, centre=(20, 30), stretch="log", wipe=0.4
    )
    found = {}
    exec(at.call("show_code")["python"], found)
    assert found["look"].view == at.panel.view
    assert [image.path for image in found["look"].images] == [image.path for image in at.panel.images]
    assert "look.look(" not in page(ImageInspector(paths[0])).call("show_code")["python"]
