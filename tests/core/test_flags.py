import pytest

from f2widgets.core import flags
from f2widgets.core.flags import FLAGS, Use, bits, names


def test_each_flag_has_one_bit_of_its_own():
    assert len({flag.bit for flag in FLAGS}) == len({flag.name for flag in FLAGS}) == len(FLAGS)
    assert all(flag.bit.bit_count() == 1 and flag.bit < 1 << 16 for flag in FLAGS)


def test_values_are_those_of_the_reference_where_it_has_them():
    shared = {flag.bit: flag.name for flag in FLAGS if flag.bit <= 64}
    assert list(shared) == [1, 2, 4, 8, 16, 32, 64]
    assert [shared[bit] for bit in (1, 4, 8, 64)] == ["bad", "saturated", "cosmic", "unlit"]
    assert not {128, 32768} & {flag.bit for flag in FLAGS}


def test_constants_are_the_bits_of_the_table():
    for flag in FLAGS:
        if flag.name != "overlap":
            assert getattr(flags, flag.name.upper()) == flag.bit


def test_unusable_are_those_never_used_or_only_at_last():
    assert sum(flag.bit for flag in FLAGS if flag.use is not Use.YES) == flags.UNUSABLE
    assert not flags.UNUSABLE & flags.INTERNAL


def test_names_and_bits_are_each_others_inverse():
    assert bits("bad", "unlit") == 65
    assert bits("bad", "bad") == 1
    assert names(65) == ("bad", "unlit")
    assert names(0) == ()
    assert names(128 | 8) == ("cosmic", "bit 128")
    assert bits(*(flag.name for flag in FLAGS)) == sum(flag.bit for flag in FLAGS)


def test_unknown_name_is_refused_with_the_list():
    with pytest.raises(ValueError, match="unknown flag 'hot': the flags are bad, nonlinear"):
        bits("hot")
