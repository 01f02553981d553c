"""The chapter as a test: the tutorial's Example 1, line by line, with ``f2`` before each verb."""

import os
import sqlite3
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits

pytestmark = pytest.mark.slow

RAW = "../playdata/example1"
BPM = "S20131129S0320_bpm.fits"

#: What a reader of the chapter types in the playground, under a name for each line.
LINES = {
    "init": "f2 caldb init",
    "config": "f2 caldb config",
    "typewalk": f"f2 typewalk -d {RAW}/",
    "look": f"f2 dataselect --tags DARK {RAW}/*.fits | f2 showd -d exposure_time",
    "long darks": f'f2 dataselect --tags DARK --expr "exposure_time==120" {RAW}/*.fits -o darks_120s.list',
    "short darks": f'f2 dataselect --tags DARK --expr "exposure_time==2" {RAW}/*.fits -o darks_002s.list',
    "all flats": f"f2 dataselect --tags FLAT {RAW}/*.fits -o flats.list",
    "flats": f"f2 dataselect --tags FLAT --expr \"filter_name=='Y'\" {RAW}/*.fits -o flats_Y.list",
    "science": f"f2 dataselect --xtags CAL {RAW}/*.fits -o sci_images.list",
    "same science": f"f2 dataselect {RAW}/*.fits --expr "
    """'(observation_class=="science" and filter_name=="Y")'""",
    "no K": f"f2 dataselect {RAW}/*.fits --expr \"filter_name=='K-red'\"",
    "objects": f"f2 dataselect --xtags CAL {RAW}/*.fits | f2 showd -d object",
    "dark": "f2 reduce @darks_120s.list",
    "bpm": "f2 reduce @flats_Y.list @darks_002s.list -r makeProcessedBPM",
    "flat": f'f2 reduce @flats_Y.list -p addDQ:user_bpm="{BPM}"',
    "check": "f2 reduce @sci_images.list -r checkWCS",
    "image": f'f2 reduce @sci_images.list -p addDQ:user_bpm="{BPM}"',
    "list": "f2 caldb list",
    "add": f"f2 caldb add {BPM}",
    "remove": f"f2 caldb remove {BPM}",
    "list again": "f2 caldb list",
    "single": f'f2 reduce @sci_images.list -p addDQ:user_bpm="{BPM}" stackFrames:skip_primitive=True '
    "skyCorrect:write_outputs=True --suffix _single",
    "user_cal": "f2 reduce @sci_images.list --user_cal processed_dark:S20131120S0115_dark.fits "
    f"processed_bpm:{BPM} --suffix _named",
}
#: Extensions and unit of each product.
PRODUCTS = {
    "S20131120S0115_dark.fits": (("SCI", "VAR", "DQ"), "electron"),
    BPM: (("SCI",), None),
    "S20131129S0320_flat.fits": (("SCI", "VAR", "DQ"), ""),
    "S20131121S0075_image.fits": (
        ("SCI", "VAR", "DQ", "EXPMAP", "OBJMASK", "OBJCAT", "QUALITY", "NOISECOR", "TRACE", "MARKS"),
        "electron",
    ),
}
NOT_SIDEREAL = {"AZEL_TARGET", "CAL", "F2", "GEMINI", "NON_SIDEREAL", "RAW", "SOUTH", "UNPREPARED"}
#: Tags as the chapter prints them.
TAGS = {
    "S20131120S0115": NOT_SIDEREAL | {"AT_ZENITH", "DARK"},
    "S20131121S0075": {"F2", "GEMINI", "IMAGE", "RAW", "SIDEREAL", "SOUTH", "UNPREPARED"},
    "S20131121S0369": NOT_SIDEREAL | {"AT_ZENITH", "DARK"},
    "S20131126S1111": NOT_SIDEREAL | {"FLAT", "GCALFLAT", "GCAL_IR_OFF", "IMAGE", "LAMPOFF"},
    "S20131129S0320": NOT_SIDEREAL | {"AT_ZENITH", "FLAT", "GCALFLAT", "GCAL_IR_ON", "IMAGE", "LAMPON"},
}


@pytest.fixture(scope="module")
def chapter(example1_folder, no_configuration, tmp_path_factory):
    """Type all lines, one after the other, and return what was printed and the playground."""
    base = tmp_path_factory.mktemp("a chapter")  # a path with a blank, as many have
    (base / "playdata").mkdir()
    (base / "playdata" / "example1").symlink_to(example1_folder, target_is_directory=True)
    playground = base / "playground"
    playground.mkdir()
    shell = f'f2() {{ "{sys.executable}" -m f2widgets "$@"; }}; set -o pipefail\n'
    environment = {**os.environ, "XDG_CONFIG_HOME": no_configuration}
    environment.pop("F2WIDGETSRC", None)
    said = {}
    for name, line in LINES.items():
        done = subprocess.run(
            ["bash", "-c", shell + line], cwd=playground, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        said[name] = done.stdout
    return SimpleNamespace(said=said, folder=playground)


def names(day, *numbers):
    return [f"{RAW}/S{day}S{number:04d}.fits" for number in numbers]


def test_tags_are_those_of_the_chapter(chapter):
    told = {}
    for line in chapter.said["typewalk"].splitlines():
        if line.startswith("     S"):
            name, _, tags = line.strip().partition(".fits ")
            told[name] = set(tags.strip(". ")[1:-1].split(") ("))
    assert len(told) == 36
    assert {name: told[name] for name in TAGS} == TAGS


def test_typewalk_prints_the_line_of_the_chapter(chapter):
    dots = "." * 15
    line = f"     S20131121S0075.fits {dots} (F2) (GEMINI) (IMAGE) (RAW) (SIDEREAL) (SOUTH) (UNPREPARED)"
    assert line in chapter.said["typewalk"].splitlines()


def test_exposure_times_are_shown_as_in_the_chapter(chapter):
    lines = chapter.said["look"].splitlines()
    assert lines[:4] == [
        "-" * 56,
        "filename                                   exposure_time",
        "-" * 56,
        "../playdata/example1/S20131120S0115.fits           120.0",
    ]
    assert "../playdata/example1/S20131121S0369.fits             2.0" in lines
    assert len(lines) == 3 + 17


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "darks_120s.list",
            [
                *names(20131120, *range(115, 121)),
                *names(20131121, 10),
                *names(20131122, 12, 438, 439),
            ],
        ),
        ("darks_002s.list", names(20131121, *range(369, 376))),
        ("flats_Y.list", [*names(20131126, *range(1111, 1117)), *names(20131129, *range(320, 324))]),
        ("flats.list", [*names(20131126, *range(1111, 1117)), *names(20131129, *range(320, 324))]),
        ("sci_images.list", names(20131121, *range(75, 84))),
    ],
)
def test_lists_hold_the_files_of_the_chapter(chapter, name, expected):
    lines = (chapter.folder / name).read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == expected


def test_selections_without_a_list_are_printed(chapter):
    assert chapter.said["same science"].split() == names(20131121, *range(75, 84))
    assert chapter.said["no K"] == ""
    assert chapter.said["objects"].count("WISEJ041358.14-475039.3") == 9


@pytest.mark.parametrize("name", PRODUCTS)
def test_products_are_laid_out_as_promised(chapter, name):
    extensions, unit = PRODUCTS[name]
    with fits.open(chapter.folder / name) as file:
        found = [hdu.name for hdu in file[1:]]
        assert file[1].header.get("BUNIT") == unit
        assert file["SCI"].data.dtype == (">i2" if name == BPM else ">f4")
    assert found[: min(3, len(extensions))] == list(extensions[:3])
    assert set(found) == {*extensions, "PROVENANCE", "HISTORY"}


def test_mask_tells_bad_from_unlit(chapter):
    mask = fits.getdata(chapter.folder / BPM)
    assert set(np.unique(mask)) == {0, 1, 64}
    assert (mask[:20, :20] == 64).all()  # a corner is outside the lit circle


def test_calibrations_are_one_file_in_two_places(chapter):
    for name in (name for name in PRODUCTS if not name.endswith("_image.fits")):
        kind = name.removesuffix(".fits").rpartition("_")[2]
        there = chapter.folder / "calibrations" / f"processed_{kind}" / name
        assert there.samefile(chapter.folder / name)
    assert not (chapter.folder / "calibrations" / "processed_image").exists()


def test_database_holds_relative_paths(chapter):
    assert "S20131120S0115_dark.fits" in chapter.said["list"]
    with sqlite3.connect(chapter.folder / "f2_calibrations.db") as database:
        paths = [path for (path,) in database.execute("SELECT path FROM calibration ORDER BY path")]
    database.close()
    assert paths
    assert all(path.startswith("calibrations/processed_") for path in paths)


def test_removing_an_entry_leaves_the_file(chapter):
    assert BPM in chapter.said["list"]
    assert BPM not in chapter.said["list again"]
    assert (chapter.folder / BPM).exists()


def test_every_frame_of_the_check_is_judged(chapter):
    for number in range(75, 84):
        row = next(line for line in chapter.said["check"].splitlines() if f"S20131121S{number:04d} " in line)
        assert row.split()[-1] == "good"


def test_stack_says_what_went_in(chapter):
    with fits.open(chapter.folder / "S20131121S0075_image.fits") as file:
        used = set(file["PROVENANCE"].data["filename"])
        assert file[0].header["NCOMBINE"] == 9
    calibrations = {name for name in PRODUCTS if not name.endswith("_image.fits")}
    assert used == {f"S20131121S{number:04d}.fits" for number in range(75, 84)} | calibrations


def test_unstacked_frames_and_kept_ones_are_all_there(chapter):
    single = {f"S20131121S{number:04d}_single.fits" for number in range(75, 84)}
    assert {path.name for path in chapter.folder.glob("*_single.fits")} == single
    assert len(list(chapter.folder.glob("f2_runs/*/*/*_skyCorrected.fits"))) == 9


def test_named_calibrations_give_the_same_stack(chapter):
    found, named = (
        fits.getdata(chapter.folder / f"S20131121S0075_{kind}.fits", "SCI") for kind in ("image", "named")
    )
    assert np.array_equal(found, named)


def test_nothing_else_lies_about(chapter):
    known = {*PRODUCTS, "S20131121S0075_named.fits", "f2_calibrations.db", "calibrations", "f2_runs"}
    known |= {"darks_120s.list", "darks_002s.list", "flats.list", "flats_Y.list", "sci_images.list"}
    found = {path.name for path in chapter.folder.iterdir()} - known
    assert all(name.endswith("_single.fits") for name in found), found
