import string

import pytest
from hypothesis import example, given, settings, strategies as st

from f2widgets.errors import ExpressionError, ParameterError
from f2widgets.io.descriptors import DESCRIPTORS
from f2widgets.io.keywords import Headers
from f2widgets.io.records import Record
from f2widgets.io.select import parse, select
from tests.raw_files import raw_headers


def record(name="a.fits", kind="science", **keywords):
    return Record(name, Headers(*raw_headers(kind, **keywords), name))


def meets(expression, strict=False, **keywords):
    return parse(expression).test(record(**keywords), strict)


@pytest.mark.parametrize(
    ("expression", "frame"),
    [
        ("exposure_time==120", {}),
        ("exposure_time==2", {"EXPTIME": 2.0}),
        ("exposure_time==5", {"EXPTIME": 5.0}),
        ("filter_name=='Y'", {}),
        ("filter_name=='K-red'", {"FILTER2": "K-red_G0815"}),
        ('(observation_class=="science" and filter_name=="Y")', {}),
    ],
)
def test_every_expression_of_the_tutorial(expression, frame):
    assert meets(expression, **frame) is True
    assert meets(expression, EXPTIME=11.0, FILTER2="H_G0803") is False


@pytest.mark.parametrize(
    "expression",
    [
        "exposure_time == 120",
        " exposure_time==120s ",
        "exposure_time == 2 min",
        "120 == exposure_time",
        "100 < exposure_time",
        '(filter_name=="Y" and exposure_time>100)',
        'not filter_name == "J"',
        'filter_name != "J"',
        'filter_name=="Y"and exposure_time==120',
        'filter_name in ("J", "Y",)',
        'filter_name not in ["J", "H"]',
        "exposure_time between 100 and 130 and IMAGE",
        "exposure_time not between 1 and 2",
        'object ~ "^fi"',
        "central_wavelength == 1.02um",
        "central_wavelength == 1.02e-6",
        "central_wavelength between 1000 nm and 1.1 micron",
        "IMAGE and not DARK",
        "DARK or RAW",
        "DARK OR (RAW AND NOT FLAT)",
        "read_mode == 1",
        "coadds == 1",
        "dec < -29.5",
        "True",
        "is_in_adu",
        "is_ao == False",
        "gcal_lamp == None",
        "wavefront_sensor != None",
        'ut_date == "2013-11-21"',
        'ut_time > "05:30"',
        'local_time <= "02:31:00"',
        'ut_datetime == "2013-11-21 05:31:00"',
        'ut_datetime between "2013-11-21" and "2013-11-22 00:00"',
        'ut_start == "2013-11-21 05:31:06"',
        'camera == "f/16" and camera == "f/16_G5830"',
    ],
)
def test_better_grammar(expression):
    assert meets(expression) is True


def test_and_binds_tighter_than_or():
    assert meets("RAW or DARK and DARK") is True
    assert meets("(RAW or DARK) and DARK") is False


def test_tolerances_unless_strict():
    assert meets("exposure_time == 120", EXPTIME=120.9) is True
    assert meets("exposure_time == 120", EXPTIME=120.9, strict=True) is False
    assert meets("exposure_time == 120", EXPTIME=121.9) is False
    assert meets("central_wavelength == 1.25um", FILTER2="J_G0802", WAVELENG=12500.0, strict=True) is True


def test_strict_texts_are_those_of_the_header():
    assert meets('filter_name == "Y"', strict=True) is False
    assert meets('filter_name == "Open&Y_G0811"', strict=True) is True
    assert meets('disperser == "JH"', GRISM="JH_G5801") is True


def test_what_a_file_does_not_tell_is_no_match_and_counted():
    unknown = record("b.fits", AIRMASS=-9999.0)
    chosen = select([record(AIRMASS=1.1), unknown], expression="airmass < 1.5")
    assert [one.path for one in chosen.matched] == ["a.fits"]
    assert chosen.undecided == (unknown,)
    assert chosen.missing == {"airmass": 1}


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("airmass < 1.5", None),
        ("not airmass < 1.5", None),
        ("airmass < 1.5 and DARK", False),
        ("airmass < 1.5 or IMAGE", True),
        ("airmass < 1.5 and IMAGE", None),
        ("airmass == None", True),
    ],
)
def test_undecided_parts_matter_only_where_they_could(expression, answer):
    assert meets(expression, AIRMASS=-9999.0) is answer


@pytest.mark.parametrize(
    ("expression", "words", "column"),
    [
        ("exposure_time = 120", "Write == for equal", 14),
        ("exposure_tim == 120", "no descriptor exposure_tim; near it are exposure_time", 0),
        ("IMAGE and DRAK", "no tag DRAK; near it are DARK", 10),
        ("dark", "the tag is DARK", 0),
        ("filter_name == Y", "text needs quotes", 15),
        ('filter_name == "Y', "never closed", 15),
        ("exposure_time == 3um", "a number in s, which um does not measure", 18),
        ("exposure_time == 3 parsec", "no unit parsec", 19),
        ('exposure_time == "long"', "a number in s, not the text", 17),
        ("airmass == 1s", "a number without unit", 12),
        ('ut_date == "yesterday"', "YYYY-MM-DD", 11),
        ("(IMAGE", "Expected )", 6),
        ("IMAGE)", "Expected and, or, or the end, found )", 5),
        ("IMAGE DARK", "found DARK", 6),
        ("exposure_time", "Expected a comparison", 13),
        ("IMAGE and", "found the end", 9),
        ('object ~ "("', "no regular expression", 9),
        ("1 < airmass < 2", "airmass between 1 and 2", 12),
        ("filter_name in ()", "Expected a value for filter_name, found )", 16),
        ("airmass > None", "None can only be asked for with ==", 10),
        ("", "is empty", 0),
        ("__import__('os')", "no descriptor __import__", 0),
        ("(" * 1000, "inside each other", 50),
    ],
)
def test_errors_point_at_the_column(expression, words, column):
    with pytest.raises(ExpressionError) as caught:
        parse(expression)
    assert words in str(caught.value)
    assert caught.value.column == column
    assert str(caught.value).splitlines()[-1] == "  " + " " * column + "^"


PIECES = [
    *DESCRIPTORS,
    *"and or not in between True None DARK ( ) [ ] == != < ~ = , - 1 2.5e3 s um '' \"Y\"".split(),
]


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(string.printable, max_size=60), st.lists(st.sampled_from(PIECES)).map(" ".join)))
@example("\x0b(")
@example("object ~ '[[a]]'")
def test_any_text_is_read_or_refused_and_what_is_read_can_be_asked(text):
    try:
        expression = parse(text)
    except ExpressionError as error:
        expression, column = None, error.column
    if expression is None:
        assert 0 <= column <= len(text)
        return
    for one in (record(), record(AIRMASS=-9999.0, PA=-9999.0), Record("c.fits", None, "gone")):
        assert expression.test(one) in (True, False, None)


def test_selection_says_what_became_of_each_file():
    files = [record("a"), record("b", "dark"), record("c", EXPTIME=5.0), Record("d", None, "d is empty")]
    chosen = select(files, tags=["raw"], xtags=["DARK"], expression="exposure_time > 60")
    assert [one.path for one in chosen.matched] == ["a"]
    assert [one.path for one in chosen.removed_by["xtags"]] == ["b"]
    assert [one.path for one in chosen.removed_by["expression"]] == ["c"]
    assert [one.path for one in chosen.unreadable] == ["d"]


def test_a_misspelt_tag_is_refused():
    with pytest.raises(ParameterError, match="no tag LAMPONN; near it are LAMPON"):
        select([], tags=["LAMPONN"])
