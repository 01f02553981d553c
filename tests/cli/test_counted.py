"""A bar is drawn on a terminal alone, and only where there is something to wait for."""

import os
import pty
import subprocess
import sys

COUNT = """
from f2widgets.cli.counted import counted
with counted("Reading headers", {options}) as tick:
    tick(16, 10_000)
    tick(4_000, 10_000)
"""


def drawn(options="", terminal=True):
    """Return what is written to standard error, a terminal or a pipe."""
    main, other = pty.openpty() if terminal else os.pipe()
    done = subprocess.run(
        [sys.executable, "-c", COUNT.format(options=options)],
        stderr=other,
        stdout=subprocess.PIPE,
        env={**os.environ, "TERM": "xterm", "COLUMNS": "100"},
    )
    assert (done.returncode, done.stdout) == (0, b"")
    os.write(other, b"end")
    text = os.read(main, 100_000).decode()
    for end in (main, other):
        os.close(end)
    return text.removesuffix("end")


def test_on_a_terminal_it_is_told_how_many_are_done():
    text = drawn()
    assert "Reading headers" in text
    assert "4000/10000" in text.replace(" ", "")


def test_what_is_done_soon_needs_no_bar():
    assert drawn("after=60") == ""


def test_elsewhere_and_where_nothing_is_to_be_said_there_is_none():
    assert drawn(terminal=False) == ""
    assert drawn("quiet=True") == ""
