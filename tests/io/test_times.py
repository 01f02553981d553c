from datetime import date, datetime, time

import pytest

from f2widgets.io import times
from f2widgets.io.keywords import Headers
from tests.raw_files import raw_headers

NO_TIME = {"UT": None, "TIME-OBS": None, "UTSTART": None}


def headers(filename="", **keywords):
    return Headers(*raw_headers(**keywords), filename)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("05:31:00.25", time(5, 31, 0, 250000)),
        ("05:31", time(5, 31)),
        ("24:00:00", None),
        ("5h", None),
        (None, None),
    ],
)
def test_times(text, expected):
    assert times.parse_time(text) == expected


def test_dates():
    assert times.parse_date("2013-11-21") == date(2013, 11, 21)
    assert times.parse_date("2013-11-21T05:31:00") == date(2013, 11, 21)
    assert times.parse_date("2013-13-21") is None
    assert times.parse_date("2013-11-211") is None


def test_the_observation_by_its_keywords_in_order_of_trust():
    assert times.ut_datetime(headers()) == datetime(2013, 11, 21, 5, 31)
    whole = headers(DATE_OBS="2013-11-21T06:00:00", **NO_TIME)
    assert times.ut_datetime(whole) == datetime(2013, 11, 21, 6)
    by_mjd = headers(DATE_OBS=None, MJD_OBS=56617.25)
    assert times.ut_datetime(by_mjd) == datetime(2013, 11, 21, 6)
    by_name = headers("S20131122S0012.fits", DATE_OBS=None, MJD_OBS=None)
    assert times.ut_datetime(by_name) == datetime(2013, 11, 22)
    assert times.ut_datetime(headers(DATE_OBS=None, MJD_OBS=None)) is None


def test_the_exposure_starts_after_midnight_though_it_was_asked_for_before():
    found = headers(UT="23:59:55.0", **{"TIME-OBS": None}, UTSTART="00:00:02.0")
    assert times.ut_start(found) == datetime(2013, 11, 22, 0, 0, 2)


def test_a_start_far_from_the_observation_is_of_another_exposure():
    assert times.ut_start(headers(UTSTART="09:00:00")) == datetime(2013, 11, 21, 5, 31)


def test_stale_end_is_replaced_by_start_and_exposure():
    found = headers()
    assert times.utend_is_stale(found)
    assert times.ut_end(found, 120.0) == datetime(2013, 11, 21, 5, 33, 6, 500000)


def test_recent_ends_are_believed():
    found = headers(DATE_OBS="2017-11-21", UTEND="05:33:10.0")
    assert not times.utend_is_stale(found)
    assert times.ut_end(found, 120.0) == datetime(2017, 11, 21, 5, 33, 10)
