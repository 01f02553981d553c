"""Errors in a notebook speak in a sentence, and the cell counts as failed all the same."""

import errno

import pytest
from IPython.core.interactiveshell import InteractiveShell

from f2widgets.core.memory import BINDER, claim, claimed
from f2widgets.errors import WrongInputs
from f2widgets.teaching import gentle
from f2widgets.teaching.gentle import frugally, gently, sentence


@pytest.fixture
def shell(monkeypatch):
    made = InteractiveShell()
    shown = []
    monkeypatch.setattr(made, "_showtraceback", lambda kind, error, text: shown.append(text))
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: made)
    gently()
    yield made, shown
    made.set_custom_exc((), None)
    claim(None)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("dark", "dark is not there yet. Run the cells above first"),
        ("from f2widgets.errors import WrongInputs\nraise WrongInputs('Give darks.')", "Give darks."),
        ("open('/nowhere/x')", "/nowhere/x: No such file or directory."),
    ],
)
def test_error_is_a_sentence(shell, source, said):
    made, shown = shell
    result = made.run_cell(source)
    assert not result.success
    ((text,),) = shown
    assert text.startswith(said)
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("a = 3\n1 / 0", "Line 2 of this cell cannot be carried out (ZeroDivisionError: division by zero)."),
        ("import json\njson.loads(3)", "Line 2 of this cell cannot be carried out (TypeError:"),
        ("import f2widgets as f2\n\nf2.read_frame(3)", "Line 3 of this cell gave read_frame something that"),
        ("def mine():\n    1 / 0\nmine()", "Line 2 of this cell cannot be carried out"),
    ],
)
def test_of_other_errors_a_sentence_stands_above_what_python_says(shell, source, said):
    made, shown = shell
    assert not made.run_cell(source).success
    ((first, *more),) = shown
    assert first.startswith(said)
    assert "Traceback" in "".join(more)


def test_full_disk_is_told_in_a_sentence(shell, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device", "night/S1.fits")

    made, shown = shell
    made.user_ns["write"] = full
    made.run_cell("write()")
    ((text,),) = shown
    assert text.startswith("night/S1.fits: No space left on device.")
    assert "the disk" in text


def test_outside_of_a_notebook_nothing_happens(monkeypatch):
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: None)
    gently()
    frugally()


def test_memory_is_given_back_after_each_cell_however_often_a_lesson_begins(shell, monkeypatch):
    made, _ = shell
    given = []
    monkeypatch.setattr(gentle, "give_back", lambda: given.append(1))
    frugally()
    frugally()
    made.run_cell("a = 1")
    made.events.unregister("post_run_cell", gentle._after_cell)
    assert given == [1]
    assert claimed() <= BINDER


def test_sentence_of_our_errors_is_their_own():
    assert sentence(WrongInputs("Give darks.")) == "Give darks."
