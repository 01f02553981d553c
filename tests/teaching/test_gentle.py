"""Errors in a notebook speak in a sentence, and the cell counts as failed all the same."""

import pytest
from IPython.core.interactiveshell import InteractiveShell

from f2widgets.errors import WrongInputs
from f2widgets.teaching.gentle import gently, sentence


@pytest.fixture
def shell(monkeypatch):
    made = InteractiveShell()
    shown = []
    monkeypatch.setattr(made, "_showtraceback", lambda kind, error, text: shown.append(text))
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: made)
    gently()
    yield made, shown
    made.set_custom_exc((), None)


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


def test_other_errors_are_shown_in_full(shell):
    made, shown = shell
    made.run_cell("1 / 0")
    ((first, *more),) = shown
    assert len([first, *more]) > 1


def test_outside_of_a_notebook_nothing_happens(monkeypatch):
    monkeypatch.setattr("IPython.core.getipython.get_ipython", lambda: None)
    gently()


def test_sentence_of_our_errors_is_their_own():
    assert sentence(WrongInputs("Give darks.")) == "Give darks."
