from pathlib import Path

import pytest

from f2widgets.errors import ExpressionError
from f2widgets.io.diagnosis import diagnose
from f2widgets.io.expressions import terms
from f2widgets.io.keywords import Headers
from f2widgets.io.records import Record
from tests.raw_files import raw_headers


def record(name, kind="science", **keywords):
    return Record(Path(name), Headers(*raw_headers(kind, **keywords), name))


@pytest.fixture
def files():
    return [
        record("a", EXPTIME=120.0),
        record("b", EXPTIME=20.0),
        record("c", EXPTIME=20.0, AIRMASS=-9999.0),
        record("d", "dark", EXPTIME=120.0),
        Record(Path("e"), problem="e is no FITS file."),
    ]


def told(found):
    return [(one.text, one.alone, one.in_order, one.undecided, one.left) for one in found.removals]


def test_each_condition_tells_what_it_removes_alone_and_in_order(files):
    found = diagnose(files, "not DARK and exposure_time == 20 and airmass < 1.5")
    assert told(found) == [
        ("not DARK", 1, 1, 0, 3),
        ("exposure_time == 20", 2, 1, 0, 2),
        ("airmass < 1.5", 1, 1, 1, 1),
    ]
    assert [one.column for one in found.removals] == [0, 13, 37]
    assert [row.name for row in found.selection.matched] == ["b"]
    assert found.removals[-1].left == len(found.selection.matched)
    assert [row.name for row in found.selection.unreadable] == ["e"]


def test_a_blank_expression_removes_nothing(files):
    found = diagnose(files, "  ")
    assert found.removals == ()
    assert len(found.selection.matched) == 4


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("DARK", [("DARK", 0)]),
        ('(observation_class=="science" and filter_name=="Y")', [('observation_class=="science"', 1),
                                                               ('filter_name=="Y"', 34)]),
        (" ( (DARK and (FLAT or RAW) ) ) ", [("DARK", 4), ("(FLAT or RAW)", 13)]),
        ("DARK and FLAT or RAW", [("DARK and FLAT or RAW", 0)]),
        ("(DARK) and (FLAT)", [("(DARK)", 0), ("(FLAT)", 11)]),
        ("airmass between 1 and 2 and RAW", [("airmass between 1 and 2", 0), ("RAW", 28)]),
        ('object == "a and b" AND RAW', [('object == "a and b"', 0), ("RAW", 24)]),
        ("(DARK or FLAT)", [("DARK or FLAT", 1)]),
    ],
)  # fmt: skip
def test_an_expression_is_taken_apart_at_its_ands(text, parts):
    assert [(one.text, one.column) for one in terms(text)] == parts
    for one in terms(text):
        assert text[one.column :].startswith(one.text)


def test_an_error_tells_its_place_and_reason_as_data(files):
    with pytest.raises(ExpressionError) as raised:
        diagnose(files, "DARK and airmas < 2")
    assert raised.value.column == 9
    assert raised.value.expression == "DARK and airmas < 2"
    assert raised.value.reason.startswith("There is no descriptor airmas; near it are airmass")
    assert str(raised.value).endswith("\n           ^")
