"""The image inspector in a real JupyterLab: what the canvas shows, what keys and drags do, bad images."""

import json
import os

import numpy as np
import pytest
from astropy.io.fits import Header
from playwright.sync_api import expect

from f2widgets.core import flags
from f2widgets.core.display import stretched
from f2widgets.io.read import read_frame
from f2widgets.io.write import write_frame
from f2widgets.reduction import reduce
from f2widgets.widgets.colours import colour_table
from tests.browser.lab import RUN_ALL, browsing, failed_cells, page, violations, write_notebook
from tests.core.images import coordinates, frame as made_frame, moffat

pytestmark = pytest.mark.browser

TWO = """
from f2widgets.widgets import ImageInspector
w = ImageInspector("first.fits", "second.fits")
w
"""
EVIL = "<img src=x onerror=alert(1)>"
#: Colours of the canvas at the middles of pixels (x, y) of the image: three numbers for each.
COLOURS_AT = """(places) => {
  const canvas = document.querySelector(".f2-base"), ctx = canvas.getContext("2d");
  const [a, b, c, d, e, f] = JSON.parse(canvas.dataset.view);
  return places.map(([x, y]) => {
    const u = Math.floor(a * x + c * y + e), v = Math.floor(b * x + d * y + f);
    return [...ctx.getImageData(u, v, 1, 1).data].slice(0, 3);
  });
}"""
#: Runs Python in a new cell below the first.
RUN = """async (source) => { const nb = window.jupyterapp.shell.currentWidget.content;
  nb.model.sharedModel.insertCell(1, {cell_type: "code", source});
  nb.activeCellIndex = 1; await window.jupyterapp.commands.execute('notebook:run-cell'); }"""
#: Whether a pixel lies so near to the middle of the canvas, so many points of the canvas large.
SHOWN = """([x, y, zoom]) => {
  const canvas = document.querySelector(".f2-base"), [a, b, c, d, e, f] = JSON.parse(canvas.dataset.view);
  const far = Math.hypot(a * x + c * y + e - canvas.width / 2, b * x + d * y + f - canvas.height / 2);
  return far < 1 && Math.abs(Math.hypot(a, b) / window.devicePixelRatio - zoom) < 0.01;
}"""
CELLS = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
LAYERS = "(n) => Number(document.querySelector('.f2-base').dataset.layers) >= n"


def starry(name, shift=0.0, level=100.0):
    """Return a frame of 300 x 240 pixels with stars, flags and coordinates."""
    rng = np.random.default_rng(4)
    light = level + rng.normal(0, 5, (240, 300)) + moffat((240, 300), 150.0 + shift, 120.0, 30_000.0)
    one = made_frame(light, variance=25.0, name=name, wcs=coordinates((151.0 + shift, 121.0)))
    mask = np.zeros((240, 300), np.uint16)
    mask[100, 90], mask[:6] = flags.COSMIC | flags.SATURATED, flags.NO_DATA
    return one.with_(mask=mask, header=Header([("OBJECT", EVIL)]))


@pytest.fixture(scope="module")
def opened(lab, chromium):
    """Two frames in an inspector, and below it what Python knows of the regions."""
    folder, address, token = lab
    for name, shift, level in (("first", 0.0, 100.0), ("second", 7.0, 900.0)):
        write_frame(starry(name, shift, level), folder / f"{name}.fits")
    write_notebook(folder / "look.ipynb", TWO)
    with page(chromium, address, token, f"{folder.name}/look.ipynb") as (tab, errors):
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        tab.wait_for_function(LAYERS, arg=1)
        tab.locator(".f2-over").scroll_into_view_if_needed()
        tab.set_default_timeout(15_000)
        yield tab, errors, folder


@pytest.fixture
def tab(opened):
    """The page, its image in focus and shown as in the beginning."""
    here = opened[0]
    north = here.get_by_role("button", name="North up")
    if north.get_attribute("aria-pressed") == "true":
        north.click()
    here.locator(".f2-over").focus()
    here.keyboard.press("Escape")
    here.keyboard.press("0")
    here.keyboard.press("r")
    return here


def choose(tab, label, value):
    tab.get_by_label(label, exact=True).select_option(value)


def place_of(tab, x, y):
    """Return where on the page a pixel of the image is."""
    m = json.loads(tab.locator(".f2-base").get_attribute("data-view"))
    ratio = tab.evaluate("() => window.devicePixelRatio")
    box = tab.locator(".f2-over").bounding_box()
    u, v = m[0] * x + m[2] * y + m[4], m[1] * x + m[3] * y + m[5]
    return box["x"] + u / ratio, box["y"] + v / ratio


def reads(tab, x, y, flags):
    """Wait until the readout of a pixel tells these flags: the picture may still move to its place."""

    def told():
        tab.mouse.move(*place_of(tab, x, y))
        tab.wait_for_timeout(300)  # a pointer that rests is answered
        return flags in tab.locator("[data-is=flags]").inner_text()

    until(tab, told)


def limited(tab, low, high):
    for label, value in (("from", low), ("to", high)):
        tab.get_by_label(label, exact=True).fill(str(value))
        tab.get_by_label(label, exact=True).press("Tab")


def painted_again(tab, deed):
    """Do something and wait until the canvas was painted after it."""
    before = int(tab.locator(".f2-base").get_attribute("data-painted"))
    deed()
    tab.wait_for_function("(n) => Number(document.querySelector('.f2-base').dataset.painted) > n", arg=before)


def until(tab, true, seconds=10):
    """Wait until something is true; what the canvas shows is drawn a moment after a deed."""
    for _ in range(20 * seconds):
        if true():
            return
        tab.wait_for_timeout(50)
    assert true()


@pytest.mark.parametrize("stretch", ["linear", "sqrt", "log", "asinh"])
@pytest.mark.parametrize("north", [False, True])
def test_the_canvas_shows_the_pixels_of_the_array(tab, opened, stretch, north):
    data = read_frame(opened[2] / "first.fits").data
    choose(tab, "Stretch", stretch)
    limited(tab, 80, 400)
    choose(tab, "Colours", "viridis")
    if north != (tab.get_by_role("button", name="North up").get_attribute("aria-pressed") == "true"):
        tab.get_by_role("button", name="North up").click()
    tab.locator(".f2-over").focus()
    painted_again(tab, lambda: (tab.keyboard.press("1"), tab.keyboard.press("+"), tab.keyboard.press("+")))
    places = [(x, y) for x in range(60, 240, 11) for y in range(50, 190, 9)] + [(150, 120), (149, 121)]
    values = np.array([data[y, x] for x, y in places])
    index = (stretched(values, 80, 400, stretch) * 255 + 0.5).astype(int)
    table = colour_table("viridis").astype(int)

    def right():  # the very colour, or that of the next step: 16-bit codes round
        seen = np.array(tab.evaluate(COLOURS_AT, places), int)
        near = [np.abs(seen - table[np.clip(index + k, 0, 255)]).max(axis=1) for k in (-1, 0, 1)]
        return np.min(near, axis=0).max() == 0 and len({tuple(one) for one in seen.tolist()}) > 20

    until(tab, right)


def test_pixels_without_data_have_a_colour_of_their_own(tab):
    until(tab, lambda: tab.evaluate(COLOURS_AT, [[100, 2]]) == [[0x7D, 0x8F, 0xA3]])


def test_keys_never_reach_the_notebook(tab):
    before = tab.evaluate(CELLS)
    for key in ("a", "b", "b", "x", "d", "d", "m", "Enter", "Escape", "c", "v", "v", "v", "v", "z", "y"):
        tab.keyboard.press(key)
    tab.wait_for_timeout(500)
    assert tab.evaluate(CELLS) == before
    choose(tab, "Plane", "SCI")
    tab.locator(".f2-over").focus()
    tab.keyboard.press("x")


def test_a_pixel_under_the_pointer_is_told_with_flags_by_name(tab):
    assert "saturated" not in tab.locator("[data-is=flags]").inner_text()
    reads(tab, 90, 100, "saturated, cosmic")
    expect(tab.locator("[data-is=place]")).to_have_text("90, 100")
    expect(tab.locator("[data-is=value]")).to_contain_text("± 5")
    expect(tab.locator("[data-is=ra]")).to_contain_text("08:19:59")
    tab.locator(".f2-over").focus()
    tab.keyboard.press("Shift+ArrowRight")
    tab.locator("[data-is=place]", has_text="100, 100").wait_for()
    tab.locator("[data-is=flags]", has_text="none").wait_for()


def test_flags_are_drawn_bit_by_bit(tab):
    places = [[90, 100]]
    tab.evaluate(COLOURS_AT, places)
    before = tab.evaluate(COLOURS_AT, places)
    tab.get_by_label("cosmic", exact=True).check()
    tab.wait_for_function(LAYERS, arg=2)
    until(tab, lambda: tab.evaluate(COLOURS_AT, places) != before)
    tab.get_by_label("cosmic", exact=True).uncheck()
    tab.wait_for_function("() => document.querySelector('.f2-base').dataset.layers === '1'")


def test_blinking_shows_the_other_image_and_back(tab):
    choose(tab, "linked", "wcs")
    limited(tab, 50, 1000)
    tab.wait_for_timeout(300)
    one = tab.evaluate(COLOURS_AT, [[60, 60]])
    tab.locator(".f2-over").focus()
    tab.keyboard.press("b")
    colour = json.dumps(one[0])
    differs = f"(places) => JSON.stringify(({COLOURS_AT})(places)[0]) !== JSON.stringify({colour})"
    tab.wait_for_function(differs, arg=[[60, 60]], timeout=20_000)
    tab.wait_for_function(differs.replace("!==", "==="), arg=[[60, 60]])
    tab.keyboard.press("b")
    expect(tab.get_by_role("button", name="Blink")).to_have_attribute("aria-pressed", "false")


def test_before_and_after_stand_side_by_side_on_the_sky(tab):
    choose(tab, "Stretch", "linear")
    choose(tab, "Colours", "gray")
    limited(tab, 50, 5000)
    tab.locator(".f2-over").focus()
    tab.keyboard.press("w")
    tab.wait_for_function(LAYERS, arg=2)
    slider = tab.get_by_label("Before and after")
    slider.fill("0")  # all of it the second image now, whose star lies at another pixel, the same place

    def brighter(one, other):
        first, second = tab.evaluate(COLOURS_AT, [one, other])
        return sum(first) > sum(second)

    until(tab, lambda: brighter([150, 120], [157, 120]))
    choose(tab, "linked", "pixel")
    until(tab, lambda: brighter([157, 120], [150, 120]))
    choose(tab, "linked", "wcs")
    tab.locator(".f2-over").focus()
    tab.keyboard.press("w")


def test_a_box_is_drawn_measured_and_known_to_python(tab):
    tab.keyboard.press("Shift+Digit3")
    tab.mouse.move(*place_of(tab, 40, 40))
    tab.mouse.down()
    tab.mouse.move(*place_of(tab, 60, 50), steps=4)
    tab.mouse.move(*place_of(tab, 80, 60), steps=4)
    tab.mouse.up()
    tab.locator(".f2-numbers caption", has_text="1 box").wait_for()
    tab.evaluate(RUN, "print(w.regions)")
    tab.locator(".jp-OutputArea-output", has_text="Box(x=").wait_for()
    tab.evaluate(RUN, "w.regions = []; w.look(stretch='sqrt', image=1)")
    tab.wait_for_function("() => !document.querySelector('.f2-item')")
    tab.locator(".f2-told", has_text="second.fits").wait_for()
    tab.evaluate(RUN, "w.look(image=0)")
    tab.locator(".f2-told", has_text="first.fits").wait_for()


def test_what_hands_do_to_the_view_has_a_call_and_is_known_to_python(tab):
    tab.wait_for_timeout(600)  # what the keys of the fixture have done is known to Python by then
    tab.evaluate(RUN, "w.look(zoom=5, centre=(90, 100), contrast=2.0, other=1, wipe=0.25)")
    tab.wait_for_function(SHOWN, arg=[90, 100, 5])
    tab.wait_for_function(LAYERS, arg=2)
    expect(tab.get_by_label("Before and after")).to_have_value("250")
    tab.evaluate(RUN, "w.look(wipe=None, blink=True)")
    blink = tab.get_by_role("button", name="Blink")
    expect(blink).to_have_attribute("aria-pressed", "true")
    blink.click()
    tab.locator(".f2-over").focus()
    tab.keyboard.press("-")
    tab.wait_for_function(SHOWN, arg=[90, 100, 4])
    tab.wait_for_timeout(600)  # it is told once the hand rests
    names = ("zoom", "centre", "contrast", "blink", "wipe")
    tab.evaluate(RUN, f"print('now', *(w.view[name] for name in {names}))")
    tab.locator(".jp-OutputArea-output", has_text="now 4 [90, 100] 2 False None").wait_for()


def test_a_box_can_be_drawn_by_keys_alone(tab):
    tab.keyboard.press("Shift+Digit4")
    tab.mouse.move(*place_of(tab, 100, 150))
    tab.keyboard.press("Enter")
    tab.keyboard.press("Shift+ArrowRight")
    tab.keyboard.press("Enter")
    tab.locator(".f2-numbers caption", has_text="1 circle").wait_for()
    tab.locator(".f2-over").focus()
    tab.keyboard.press("x")
    tab.wait_for_function("() => !document.querySelector('.f2-item')")
    tab.keyboard.press("Shift+Digit1")


def test_a_star_has_a_profile_and_the_image_a_histogram(tab):
    tab.mouse.move(*place_of(tab, 151, 119))
    tab.keyboard.press("p")
    star = tab.locator("section[aria-label=Star]")
    star.get_by_text("px,").wait_for()
    assert any(f"{width} px" in star.inner_text() for width in ("3.42", "3.47", "3.52", "3.57"))  # of 3.5
    tab.keyboard.press("h")
    tab.locator("canvas[aria-label='Histogram of the image']").wait_for()


def test_an_object_of_markup_shows_as_typed(tab):
    assert EVIL in tab.locator(".f2-told").inner_text()
    expect(tab.locator(".f2-root img")).to_have_count(0)


def test_nothing_serious_stands_in_the_way_of_anybody(tab):
    tab.get_by_role("button", name="Keys").click()
    tab.get_by_role("button", name="Show the code").click()
    tab.locator(".f2-code pre").first.wait_for()
    assert violations(tab) == []
    tab.get_by_role("button", name="Keys").click()


def test_the_page_asked_for_nothing_else_and_made_no_error(opened):
    assert opened[1] == []


def test_without_a_kernel_the_poster_stands(opened, chromium, lab):
    folder, address, token = lab
    tab = opened[0]
    tab.evaluate("async () => { await window.jupyterapp.commands.execute('docmanager:save'); }")
    kept = json.loads((folder / "look.ipynb").read_text())
    assert len(json.dumps(kept)) < 400_000
    kept["metadata"]["kernelspec"] = {"name": "", "display_name": "none"}
    (folder / "kept.ipynb").write_text(json.dumps(kept))
    with browsing(chromium, address) as (without, _):
        without.goto(f"{address}/lab/tree/{folder.name}/kept.ipynb?token={token}&reset")
        without.locator(".jp-OutputArea-output img").first.wait_for(timeout=40_000)


BAD = """
import numpy as np
from f2widgets.widgets import ImageInspector
w = ImageInspector(
    np.full((50, 60), np.nan), np.full((50, 60), 7.0), "plain.fits", "none.fits", "gone.fits", "plain.fits"
)
w
"""


def test_bad_images_are_told_and_the_others_still_shown(lab, chromium):
    from astropy.io import fits

    folder, address, token = lab
    write_frame(starry("plain").with_(wcs=None), folder / "plain.fits")
    write_frame(starry("gone"), folder / "gone.fits")
    fits.PrimaryHDU().writeto(folder / "none.fits")
    write_notebook(folder / "bad.ipynb", BAD)
    with page(chromium, address, token, f"{folder.name}/bad.ipynb") as (tab, errors):
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        tab.wait_for_function(LAYERS, arg=1)
        tab.locator(".f2-over").focus()
        until(tab, lambda: tab.evaluate(COLOURS_AT, [[20, 20]]) == [[0x7D, 0x8F, 0xA3]])  # no value anywhere
        tab.keyboard.press(".")
        tab.locator(".f2-told", has_text="image 2").wait_for()
        until(tab, lambda: tab.evaluate(COLOURS_AT, [[20, 20]]) != [[0x7D, 0x8F, 0xA3]])
        tab.keyboard.press(".")
        tab.locator(".f2-told", has_text="plain.fits").wait_for()
        expect(tab.get_by_role("button", name="North up")).to_be_disabled()
        tab.keyboard.press(".")
        tab.get_by_role("alert").filter(has_text="none.fits holds no image").wait_for()
        os.unlink(folder / "gone.fits")
        tab.keyboard.press(".")
        tab.get_by_role("alert").filter(has_text="gone.fits cannot be read").wait_for()
        tab.keyboard.press(".")
        tab.locator(".f2-told", has_text="plain.fits").wait_for()
        reads(tab, 90, 100, "saturated, cosmic")
        assert errors == []


def test_a_pixel_of_a_stack_tells_its_biography(
    lab, chromium, example1_calibrated, example1_lists, monkeypatch
):
    folder, address, token = lab
    monkeypatch.chdir(example1_calibrated)
    made = reduce(example1_lists["science"], out=folder / "night")
    raw = example1_lists["science"][0].parent
    search = [str(raw), str(example1_calibrated)]
    words = f"{str(made.path)!r}, search={search}"
    source = f"from f2widgets.widgets import ImageInspector\nw = ImageInspector({words})\nw"
    write_notebook(folder / "life.ipynb", source)
    with page(chromium, address, token, f"{folder.name}/life.ipynb") as (tab, errors):
        tab.evaluate(RUN_ALL)
        assert failed_cells(tab) == []
        tab.wait_for_function(LAYERS, arg=1)
        tab.locator(".f2-over").focus()
        expect(tab.locator(".f2-life")).to_have_count(0)
        tab.keyboard.press("k")
        life = tab.locator("section[aria-label='Biography of a pixel']")
        life.get_by_role("button", name="S20131121S0079").wait_for(timeout=60_000)
        expect(life.get_by_role("rowheader", name="combine", exact=True)).to_have_count(1)
        life.get_by_role("button", name="S20131121S0079").click()
        life.get_by_role("rowheader", name="refine_sky", exact=True).wait_for()
        tab.keyboard.press("Escape")
        tab.locator(".f2-over").focus()
        tab.keyboard.press("s")
        tab.wait_for_timeout(500)
        assert violations(tab) == []
        assert errors == []
