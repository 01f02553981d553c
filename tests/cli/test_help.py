"""Each verb has help, and the list of verbs says the same as the verbs themselves."""

import click
import pytest

from f2widgets.cli.main import VERBS, f2
from tests.shell import f2 as shell


def commands():
    """Give every verb, and those below it, with its name as typed."""
    found = []
    for name in VERBS:
        verb = f2.get_command(None, name)
        found.append((name, verb))
        if isinstance(verb, click.Group):
            found += [(f"{name} {below}", command) for below, command in verb.commands.items()]
    return found


COMMANDS = commands()


@pytest.mark.parametrize("name", VERBS)
def test_list_of_verbs_says_the_first_line_of_the_verb(name):
    verb = f2.get_command(None, name)
    assert verb.name == name
    assert verb.help.splitlines()[0] == VERBS[name][1]


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_verb_and_its_options_have_help(name, command):
    assert command.help
    first = command.help.splitlines()[0]
    assert first.endswith((".", ":"))
    for option in command.params:
        if isinstance(option, click.Option):
            assert option.help, option.opts
            assert option.help.endswith((".", ")")), option.help


@pytest.mark.parametrize("name", [name for name, _ in COMMANDS])
def test_help_is_printed(name, tmp_path):
    # One process for all would hide a verb that needs another to be imported first; three suffice.
    if name.split()[0] in ("tutorial", "simulate", "reduce"):
        done = shell(*name.split(), "--help", folder=tmp_path)
        assert (done.status, done.err) == (0, "")
        assert "Usage: f2" in done.out


def test_help_lists_all_verbs(tmp_path):
    done = shell("--help", folder=tmp_path)
    assert done.status == 0
    for name, (_, text) in VERBS.items():
        assert name in done.out
        assert text.split()[0] in done.out
    assert shell(folder=tmp_path).status == 2


def test_unknown_verb_is_a_slip_of_usage(tmp_path):
    done = shell("redcue", folder=tmp_path)
    assert done.status == 2
    assert "redcue" in done.err


def test_version_is_told(tmp_path):
    from f2widgets import __version__

    assert shell("--version", folder=tmp_path).out.split()[-1] == __version__
