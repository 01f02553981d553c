import pytest

from f2widgets.errors import ParameterError
from f2widgets.simulate.settings import Settings, choices


def test_every_option_has_limits_and_a_help_text():
    for choice in choices():
        assert choice.help
        assert choice.kind in (int, float)
        assert choice.default is None or choice.within.admits(choice.default)


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"seeing": 9.0}, "seeing is 9"), ({"size": 500}, "multiple of 32"), ({"bad_wcs": 1}, "2 to 9")],
)
def test_a_value_outside_its_limits_is_refused_by_name(wrong, word):
    with pytest.raises(ParameterError, match=word):
        Settings(**wrong)


def test_each_part_draws_its_own_numbers():
    settings = Settings(seed=5)
    assert settings.random("flat").random() == Settings(seed=5, hot=1).random("flat").random()
    assert settings.random("flat").random() != settings.random("dark").random()
    assert settings.random("flat").random() != Settings(seed=6).random("flat").random()


def test_circle_shrinks_with_the_array():
    full, half = Settings(), Settings(size=1024)
    assert half.radius == full.radius / 2
    # The edges of the array are at -0.5; there the centre is measured from.
    assert half.centre[0] + 0.5 == pytest.approx((full.centre[0] + 0.5) / 2)
