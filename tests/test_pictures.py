import subprocess
import sys

import numpy as np
import pytest

from f2widgets.core import flags
from f2widgets.core.frame import Facts, Frame
from f2widgets.errors import NotWritten, ParameterError
from f2widgets.io.write import write_frame
from f2widgets.pictures import _norm, show

PNG = b"\x89PNG\r\n\x1a\n"


def frame(shape=(60, 80), value=0.0, mask=0, **parts):
    noise = np.random.default_rng(1).normal(value, 1, shape).astype(np.float32)
    masks = np.full(shape, mask, np.uint16)
    facts = Facts(exposure_time=120.0, filter_name="Y", object="a field")
    return Frame("S1", noise, np.ones_like(noise), masks, unit="electron", facts=facts, **parts)


def images(picture):
    return [axes.images[0] for axes in picture.figure.axes if axes.images]


def test_picture_is_a_png_whole_or_not_at_all(tmp_path):
    path = show(frame()).save(tmp_path / "stack.png")
    assert path.read_bytes().startswith(PNG)
    assert [file.name for file in tmp_path.iterdir()] == ["stack.png"]


def test_picture_that_cannot_be_written_says_why(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(NotWritten, match=r"stack\.png was not written"):
        show(frame()).save(tmp_path / "file" / "stack.png")


def test_notebook_gets_a_png_with_words_beside_it():
    assert show(frame()).png().startswith(PNG)
    shown = show(frame(), titles=["a <b>", "c"])._repr_html_()
    assert shown.startswith('<img alt="a &lt;b&gt;: data in greys"')
    assert "data:image/png;base64,iVBOR" in shown
    assert 'alt="Two stars."' in show(frame(), alt="Two stars.")._repr_html_()
    assert 'alt="S1, a field, Y, 120 s: flags in colours"' in show(frame(), plane="mask")._repr_html_()


def test_files_are_shown_like_frames(tmp_path):
    path = write_frame(frame(), tmp_path / "S1.fits")
    first, second = images(show(frame(), path))
    assert np.array_equal(first.get_array(), second.get_array())


def test_title_says_what_the_frame_is():
    assert "S1" in repr(show(frame()))
    assert show(frame()).figure.axes[0].get_title() == "S1\na field, Y, 120 s"
    assert show(frame(), titles=["before"]).figure.axes[0].get_title() == "before"


def test_a_title_with_dollars_is_no_formula():
    assert show(frame(), titles=["$\\nonsense$"]).png().startswith(PNG)


def test_pixels_without_data_are_left_out():
    masks = np.zeros((60, 80), np.uint16)
    masks[:10], masks[20, 20] = flags.NO_DATA, flags.BAD
    (image,) = images(show(frame().with_(mask=masks)))
    assert np.isnan(np.asarray(image.get_array().filled(np.nan))[:10]).all()
    assert np.isfinite(image.get_array()[20, 20])  # a bad pixel is shown as it is


def test_stretch_follows_from_the_pixels():
    from matplotlib.colors import FuncNorm

    rng = np.random.default_rng(2)
    sky = rng.normal(100, 2, 10_000)
    starry = np.concatenate([sky, np.full(100, 5000.0)])
    assert not isinstance(_norm(sky, "auto", None), FuncNorm)
    norm = _norm(starry, "auto", None)
    assert isinstance(norm, FuncNorm)
    assert norm.vmin == pytest.approx(100 - 2.5 * 2, abs=0.3)
    assert norm.vmax == pytest.approx(5000)
    assert 0.05 < norm(100.0) < 0.3  # the sky is dark, not black


def test_limits_are_taken_as_given():
    (image,) = images(show(frame(), limits=(-2, 7)))
    assert (image.norm.vmin, image.norm.vmax) == (-2, 7)


@pytest.mark.parametrize("values", [np.zeros((40, 40)), np.full((40, 40), np.nan)], ids=["constant", "empty"])
def test_picture_of_nothing_is_drawn(values):
    flat = frame((40, 40)).with_(data=values.astype(np.float32))
    for stretch in ("auto", "linear", "asinh", "histogram"):
        assert show(flat, stretch=stretch).png().startswith(PNG)


def test_flags_are_counted_in_the_legend():
    masks = np.zeros((60, 80), np.uint16)
    masks[:2], masks[5, 5] = flags.UNLIT, flags.BAD | flags.SATURATED
    axes = show(frame().with_(mask=masks), plane="mask").figure.axes[0]
    told = [text.get_text() for text in axes.get_legend().get_texts()]
    assert told == ["unlit: 160", "saturated: 1", "bad: 1"]


def test_lone_bad_pixel_is_seen_in_a_large_frame():
    masks = np.zeros((2200, 2200), np.uint16)
    masks[1001, 1001] = flags.BAD
    plane = np.zeros((2200, 2200), np.float32)
    (image,) = images(show(Frame("S1", plane, None, masks), plane="mask"))
    assert image.get_array()[500, 500] != 0
    assert (image.get_array() != 0).sum() == 1


def test_other_planes_are_shown_by_name():
    seconds = np.full((60, 80), 1080, np.float32)
    one = frame(planes={"EXPMAP": seconds})
    (image,) = images(show(one, plane="EXPMAP"))
    assert (image.get_array() == 1080).all()
    (image,) = images(show(one, plane="noise"))
    assert (image.get_array() == 1).all()


def test_unknown_plane_is_refused_with_those_there_are():
    with pytest.raises(ParameterError, match=r"no plane 'SKY'\. It has data, mask, noise"):
        show(frame(), plane="SKY")


def test_nothing_to_show_is_refused():
    with pytest.raises(ParameterError, match="nothing to show"):
        show()


def test_arrows_follow_the_coordinates():
    from astropy.wcs import WCS

    wcs = WCS(naxis=2)
    wcs.wcs.ctype = "RA---TAN", "DEC--TAN"
    wcs.wcs.cd = [[0, 5e-5], [5e-5, 0]]  # +x is north, +y is east: axes swapped, as in F2
    axes = show(frame().with_(wcs=wcs)).figure.axes[0]
    places = {text.get_text(): text.get_position() for text in axes.texts if text.get_text()}
    assert places["N"][0] > places["E"][0]
    assert places["E"][1] > places["N"][1]


def test_neither_display_nor_pyplot_is_needed():
    code = (
        "import sys, numpy as np, f2widgets as f2\n"
        "z = np.zeros((9, 9), 'f4'); f2.show(f2.Frame('z', z, None, z.astype('u2'))).png()\n"
        "assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_there_is_not_is_refused_with_what_there_is():
    for words, options in (
        ("asinh, histogram", {"stretch": "cubic"}),
        ("cividis", {"colours": "mauve"}),
        ("unknown flag 'dust'", {"overlay": ["dust"]}),
        ("has no table 'OBJCAT'", {"sources": "OBJCAT"}),
    ):
        with pytest.raises(ParameterError, match=words):
            show(frame(), **options)


def test_guide_probe_is_outlined_and_named():
    mask = np.zeros((60, 80), np.uint16)
    mask[10:40, 60:] = flags.PROBE
    plain, marked = (show(one).figure.axes[0] for one in (frame(), frame().with_(mask=mask)))
    assert "guide probe" not in [text.get_text() for text in plain.texts]
    assert "guide probe" in [text.get_text() for text in marked.texts]
    assert len(marked.collections) == len(plain.collections) + 1
