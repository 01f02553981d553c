import pytest

from f2widgets.core.annotations import Within, ignore


@pytest.mark.parametrize(
    ("limits", "words", "inside", "outside"),
    [
        (Within(0, 60), "0 to 60", (0, 60, 0.5), (-0.1, 60.1)),
        (Within(1, None), "at least 1", (1, 1e9), (0.99,)),
        (Within(None, 1), "at most 1", (-1e9, 1), (1.01,)),
    ],
)
def test_limits_are_included_and_said(limits, words, inside, outside):
    assert str(limits) == words
    assert all(limits.admits(value) for value in inside)
    assert not any(limits.admits(value) for value in outside)


def test_nobody_hears_the_default_tick():
    assert ignore(1, 2) is None
