import re
import shutil
from types import SimpleNamespace

import pytest

from f2widgets import tutorial
from f2widgets.errors import NotWritten
from tests.shell import f2

pytestmark = pytest.mark.slow

PRODUCTS = (tutorial.DARK, tutorial.BPM, tutorial.FLAT, tutorial.IMAGE)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run the tutorial twice in a folder with a blank in its name, and return what was said and where."""
    base = tmp_path_factory.mktemp("tutorial")
    first = f2("tutorial", "first night", "--size", "512", folder=base)
    pixels = (base / "first night/playground" / tutorial.IMAGE).read_bytes()
    second = f2("tutorial", "first night", "--size", "512", folder=base)
    return SimpleNamespace(first=first, second=second, folder=base / "first night", pixels=pixels)


def test_disk_and_time_are_told_first(made):
    assert made.first.status == 0, made.first.err
    assert re.match(r"The tutorial takes \d+ MB on disk in first night and about \d+ s", made.first.out)


def test_folders_are_laid_out_as_in_the_tutorial(made):
    assert len(list((made.folder / "playdata/example1").glob("S*.fits"))) == 36
    assert {path.name for path in made.folder.iterdir()} == {"playdata", "playground"}
    for name in PRODUCTS:
        assert (made.folder / "playground" / name).exists()


def test_stack_has_a_picture_and_a_summary(made):
    playground = made.folder / "playground"
    assert (playground / "S20131121S0075_image.png").read_bytes().startswith(b"\x89PNG")
    text = (playground / "S20131121S0075_image_quality.txt").read_text()
    assert text in made.first.out
    for word in ("background", "FWHM", "matches", "dx", "dy", "rms", "flagged"):
        assert word in text
    frames = [line.split() for line in text.splitlines() if line.startswith("S20131121S00")][1:]
    assert len(frames) == 9
    assert all(int(row[2]) >= 15 for row in frames)


def test_time_of_each_command_is_told_and_what_to_open_next(made):
    end = made.first.out.partition("flagged       part")[2]
    for line in tutorial.lines():
        assert line.what in end
    for name in ("S20131121S0075_image.fits", "S20131121S0075_image.png", "_quality.txt"):
        assert str(made.folder / "playground") in end
        assert name in end
    assert "Next: " in end


def test_commands_are_shown_as_one_would_type_them(made):
    shown = [line[2:] for line in made.first.out.splitlines() if line.startswith("$ ")]
    assert shown[0].startswith("f2 simulate example1 playdata/example1 --size 512")
    assert shown[1:] == [str(line) for line in tutorial.lines()]
    assert "f2 reduce @darks_120s.list" in shown


def test_second_call_keeps_the_frames_and_makes_the_same_stack(made):
    assert made.second.status == 0, made.second.err
    assert "The 36 raw frames are there already" in made.second.out
    assert "f2 simulate" not in made.second.out
    assert (made.folder / "playground" / tutorial.IMAGE).read_bytes() == made.pixels


def test_other_night_in_the_same_folder_is_refused(made):
    done = f2("tutorial", made.folder, "--size", "512", "--seed", "2", folder=made.folder)
    assert done.status == 1
    assert "holds another example: seed 1, not 2" in done.err
    assert "Traceback" not in done.err


def test_missing_frame_is_noticed(made, tmp_path):
    shutil.copytree(made.folder / "playdata", tmp_path / "playdata")
    places = tutorial.lay_out(tmp_path)
    assert tutorial.has_frames(places, 512, 1)
    (places.raw / "S20131121S0080.fits").unlink()
    assert not tutorial.has_frames(places, 512, 1)


def test_new_folder_has_no_frames(tmp_path):
    assert not tutorial.has_frames(tutorial.lay_out(tmp_path / "new"), 2048, 1)


def test_full_disk_is_refused_before_anything_is_made(tmp_path, monkeypatch):
    places = tutorial.lay_out(tmp_path)
    tutorial.require_room(places, 512)
    usage = SimpleNamespace(total=10**9, used=10**9 - 10**7, free=10**7)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
    with pytest.raises(NotWritten, match="room for 10 MB, and the tutorial needs"):
        tutorial.require_room(places, 512)


def test_place_that_is_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    done = f2("tutorial", "file/inside", "--size", "512", folder=tmp_path)
    assert done.status == 1
    assert "Choose another folder" in done.err
    assert "Traceback" not in done.err


def test_words_are_quoted_for_the_shell():
    assert tutorial.typed(["reduce", "--expr=a b", "x y"]) == "f2 reduce --expr='a b' 'x y'"
