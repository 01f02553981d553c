"""The ``f2`` command: finds the verb, runs it, and says in one line what went wrong."""

from __future__ import annotations

import importlib
import os
import sys

import click

from f2widgets import __version__
from f2widgets.cli.groups import Group
from f2widgets.errors import Cancelled, F2Error, ParameterError

#: Each verb with the module and function that carry it out and its help in one line.
VERBS = {
    "tutorial": ("f2widgets.cli.tutorial", "Make the example's raw frames and reduce them to the stack."),
    "lab": ("f2widgets.cli.lab", "Open the tutorials in JupyterLab."),
    "fetch": ("f2widgets.cli.fetch", "Fetch raw frames from the Gemini Observatory Archive."),
    "typewalk": ("f2widgets.cli.files", "List the files of a folder with their tags."),
    "dataselect": ("f2widgets.cli.files", "Choose files by tags and by an expression."),
    "showd": ("f2widgets.cli.files", "Show descriptors of files as a table."),
    "check": (
        "f2widgets.cli.check",
        "Report what is odd about headers, what was repaired or assumed, and a verdict per file.",
    ),
    "showrecipes": ("f2widgets.cli.show", "Show what would be done with a file: its recipe and the steps."),
    "showpars": (
        "f2widgets.cli.show",
        "Show the parameters of a step, with the values it would have for a file.",
    ),
    "provenance": ("f2widgets.cli.show", "Show which files went into products, and what was done to them."),
    "caldb": ("f2widgets.cli.caldb", "Keep the database of processed calibrations."),
    "plan": ("f2widgets.cli.plan", "Show how everything in a folder would be reduced, and what is missing."),
    "reduce": ("f2widgets.cli.reduce", "Reduce frames with the recipe that fits them."),
    "desk": ("f2widgets.cli.desk", "Open all panels in the browser: choose files, match, reduce, look."),
    "simulate": ("f2widgets.cli.simulate", "Make raw frames whose truth is known."),
}


class _Verbs(Group):
    """A group that imports a verb only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in VERBS:
            return None
        module = importlib.import_module(VERBS[name][0])
        command = getattr(module, name)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in VERBS.items()])


@click.command(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "--version", prog_name="f2widgets")
def f2() -> None:
    """Reduce Gemini Flamingos-2 near-infrared imaging.

    Start with "f2 tutorial"; "f2 VERB --help" explains each verb.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its status.

    Status: 0 done, 1 failed, 2 usage, 3 done in part, 130 interrupted.
    """
    try:
        status = f2.main(args=arguments, prog_name="f2", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.ctx.get_help() if error.ctx else "")
        status = 2
    except click.ClickException as error:
        error.show()
        status = error.exit_code
    except (click.Abort, KeyboardInterrupt, Cancelled):
        click.echo("f2: interrupted; nothing was left half-written", err=True)
        status = 130
    except F2Error as error:
        click.echo(f"f2: {error}", err=True)
        status = 2 if isinstance(error, ParameterError) else 1
    except OSError as error:
        _let_go_of_output()
        reason = error.strerror or error
        if error.filename:
            click.echo(f"f2: {error.filename}: {reason}. Check the file and its folder.", err=True)
        else:
            click.echo(f"f2: the output could not be written: {reason}. Send it elsewhere.", err=True)
        status = 1
    sys.exit(status if isinstance(status, int) else 0)


def _let_go_of_output() -> None:
    """Send what standard output still holds nowhere, if it cannot be written, so that we end quietly."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
