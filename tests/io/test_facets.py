from pathlib import Path

import pytest

from f2widgets.io.facets import UNTOLD, facets, groups, values_of, within
from f2widgets.io.keywords import Headers
from f2widgets.io.records import Record
from tests.raw_files import raw_headers


def record(name, kind="science", **keywords):
    return Record(Path(name), Headers(*raw_headers(kind, **keywords), name))


@pytest.fixture
def files():
    return [
        record("a", OBJECT="one", EXPTIME=120.0),
        record("b", OBJECT="two", EXPTIME=20.0),
        record("c", OBJECT="two", EXPTIME=120.0, UT="23:10:00.0"),
        record("d", "dark", EXPTIME=3.0),
        record("e", "dark", EXPTIME=120.0, OBJECT=None),
        Record(Path("f"), problem="f is no FITS file."),
    ]


def counts(files, name):
    (facet,) = facets(files, [name])
    return facet.counts


def test_numbers_and_dates_rise_and_count_usable_files(files):
    assert counts(files, "exposure_time") == (("3", 1), ("20", 1), ("120", 3))
    # Taken at 05:31 UT, 0:48 by the sun: the night began the day before; 23:10 UT is the afternoon before.
    assert counts(files, "night") == (("2013-11-20", 4), ("2013-11-21", 1))


def test_texts_come_with_the_most_frequent_first_and_the_untold_last(files):
    assert counts(files, "object") == (("two", 2), ("Dark", 1), ("one", 1), (UNTOLD, 1))


def test_each_tag_counts_but_those_of_every_file(files):
    found = dict(counts(files, "tags"))
    assert found["DARK"] == 2
    assert found["IMAGE"] == 3
    assert found["RAW"] == 5
    assert not {"F2", "GEMINI", "SOUTH"} & found.keys()
    assert values_of(files[-1], "tags") == ()


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, "abcdef"),
        ({"tags": []}, "abcdef"),
        ({"tags": ["DARK"]}, "de"),
        ({"tags": ["DARK", "IMAGE"]}, ""),
        ({"object": ["one", "two"]}, "abc"),
        ({"object": ["two"], "exposure_time": ["120"]}, "c"),
        ({"object": [UNTOLD]}, "e"),
    ],
)
def test_files_with_the_values_picked(files, wanted, left):
    assert "".join(row.name for row in within(files, wanted)) == left


def test_files_that_agree_go_together(files):
    found = [(key, "".join(row.name for row in rows)) for key, rows in groups(files, ["object", "night"])]
    assert found == [
        (("one", "2013-11-20"), "a"),
        (("two", "2013-11-20"), "b"),
        (("two", "2013-11-21"), "c"),
        (("Dark", "2013-11-20"), "d"),
        ((UNTOLD, "2013-11-20"), "e"),
    ]
