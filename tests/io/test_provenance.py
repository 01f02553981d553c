"""Provenance and history: texts that survive a file, ours and the reference's."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.table import Table

from f2widgets.core.frame import Entry, Origin
from f2widgets.io.provenance import (
    arguments_text,
    history_from,
    history_rows,
    packed,
    provenance_from,
    provenance_rows,
    time_text,
    unpacked_rows,
)
from tests.io.pixel_files import entry


def through_a_table(name, rows):
    hdu = fits.BinTableHDU.fromstring(packed(name, rows))
    hdu.verify("exception")
    assert hdu.name == name
    return unpacked_rows(hdu.header, packed(name, rows)[-2880:])


def test_history_survives():
    history = (entry(dark="x_dark.fits"), entry("combine", "stackFrames", method=None, limits=[1, 2.5]))
    assert history_from(through_a_table("HISTORY", history_rows(history))) == history


def test_provenance_survives():
    provenance = (Origin("S1.fits", "0" * 32, "prepare", datetime(2024, 1, 2, 3, 4, 5, 6, UTC)),)
    assert provenance_from(through_a_table("PROVENANCE", provenance_rows(provenance))) == provenance


def test_times_are_written_in_utc():
    east = datetime(2024, 1, 1, 2, 0, tzinfo=timezone(timedelta(hours=3)))
    assert time_text(east) == "2023-12-31T23:00:00"


def test_arguments_that_json_does_not_know():
    arguments = {
        "b": np.float32(1.5),
        "a": Path("x.fits"),
        "c": np.arange(2),
        "d": (1, 2),
        "e": frozenset("yx"),
    }
    assert arguments_text(arguments) == '{"a": "x.fits", "b": 1.5, "c": [0, 1], "d": [1, 2], "e": ["x", "y"]}'


def test_letters_beyond_ascii_are_spelt_out():
    rows = through_a_table("PROVENANCE", [{"filename": "größe.fits"}])
    assert rows == [{"filename": r"gr\xf6\xdfe.fits"}]


def test_history_of_the_reference():
    table = Table(
        [["stackFrames"], ["not json"], ["2024-01-01T00:00:00"], [""]],
        names=("primitive", "args", "timestamp_start", "timestamp_stop"),
        dtype=("S128", "S20", "S28", "S28"),
    )
    table["number"] = np.array([7], np.int64)
    table["text after a number"] = np.array(["x"], "S1")
    hdu = fits.table_to_hdu(table)
    rows = unpacked_rows(hdu.header, hdu.data.tobytes())
    assert rows[0]["text after a number"] == "x"
    assert history_from(rows) == (
        Entry(
            "stackFrames",
            "stackFrames",
            {"args": "not json"},
            datetime(2024, 1, 1, tzinfo=UTC),
            datetime(1970, 1, 1, tzinfo=UTC),
        ),
    )
