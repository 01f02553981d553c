import pytest

from f2widgets.errors import NotF2Data, WrongInputs
from f2widgets.io.names import expand_names, names_in


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a1.fits", "a2.fits", "b.fits", "with blank.fits"):
        (tmp_path / name).touch()
    return tmp_path


def text(paths):
    return [str(path) for path in paths]


def test_names_patterns_and_lists_in_the_order_given(here):
    (here / "one.list").write_text("# a comment\n\nb.fits  # the last\n")
    assert text(expand_names(["@one.list", "a*.fits"])) == ["b.fits", "a1.fits", "a2.fits"]


def test_several_names_on_a_line_and_one_with_a_blank(here):
    (here / "one.list").write_text("a1.fits b.fits\nwith blank.fits\n'with blank.fits' a2.fits\n")
    found = text(expand_names(["@one.list"]))
    assert found == ["a1.fits", "b.fits", "with blank.fits", "a2.fits"]


def test_lists_of_two_programs_come_as_one(here):
    (here / "1.list").write_text("a1.fits\n")
    (here / "2.list").write_text("a2.fits\n")
    assert text(expand_names(["@1.list", "@2.list"])) == ["a1.fits", "a2.fits"]


@pytest.mark.parametrize("name", ["nothing.fits", "nothing*.fits"])
def test_a_name_that_matches_nothing_is_named(here, name):
    with pytest.raises(WrongInputs) as caught:
        expand_names(["b.fits", name])
    assert name in str(caught.value)


def test_a_missing_file_in_a_list_tells_the_list(here):
    (here / "one.list").write_text("gone.fits\n")
    with pytest.raises(WrongInputs, match=r"gone\.fits, named in the list one\.list"):
        expand_names(["@one.list"])


def test_lists_that_are_none(here):
    (here / "empty.list").write_text("# nothing\n")
    with pytest.raises(WrongInputs, match=r"empty\.list names no files"):
        expand_names(["@empty.list"])
    with pytest.raises(NotF2Data, match="cannot be read"):
        expand_names(["@gone.list"])
    (here / "image.fits").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotF2Data, match="not text"):
        expand_names(["@image.fits"])


def test_a_lone_quote_is_part_of_a_name():
    assert names_in(["star's.fits b.fits"]) == ["star's.fits", "b.fits"]
