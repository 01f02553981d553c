"""The verb ``f2 caldb``: make, fill, show and check the database of processed calibrations."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import click

from f2widgets.calibrations.config import VARIABLE, Config, Database, find_config, read_config, standard_file
from f2widgets.calibrations.entries import Outcome, absolute
from f2widgets.calibrations.overview import store_of
from f2widgets.calibrations.store import Store
from f2widgets.cli.groups import Group

#: Width of the names in a listing, as observers know it from the reference pipeline.
NAME_WIDTH = 30
DONE, FAILED, IN_PART = 0, 1, 3


def _common(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options that all of them have."""
    for option in (
        click.option("-v", "--verbose", is_flag=True, help="Say what is done, on standard error."),
        click.option(
            "-d", "--database", metavar="FILE", help="The database; the configuration is not asked."
        ),
        click.option("-c", "--config", metavar="FILE", help="Configuration file."),
    ):
        function = option(function)
    return function


def _say(verbose: bool, text: str) -> None:
    """Tell what is done to those who want to know."""
    if verbose:
        click.echo(text, err=True)


def _store(config: str | None, database: str | None) -> Store:
    """Return the database to work on: the one named, the only one, or the only one that is stored to."""
    return Store(database) if database else store_of(read_config(config))


@click.group(cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
def caldb() -> None:
    """Keep the database of processed calibrations.

    Without a configuration it is f2_calibrations.db in the working folder.
    """


@caldb.command()
@click.option("-w", "--wipe", is_flag=True, help="Forget all entries of a database that exists.")
@_common
def init(config: str | None, database: str | None, verbose: bool, wipe: bool) -> None:
    """Make the database; one that exists keeps its contents, unless wiped."""
    store = _store(config, database)
    done = store.init(wipe=wipe)
    if done == "kept":
        click.echo(
            f"{store.path} exists and keeps its contents, entries: {len(store.entries())} (-w forgets them)."
        )
    else:
        _say(verbose, f"{done.capitalize()} {store.path}")


@caldb.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...")
@click.option("-k", "--walk", is_flag=True, help="Look into folders below as well.")
@_common
def add(config: str | None, database: str | None, verbose: bool, walk: bool, paths: tuple[str, ...]) -> int:
    """Add processed darks, flats and bad pixel masks: files, or folders of them.

    Only the folder itself is looked into, and those below with -k.
    """
    outcomes = _store(config, database).add(*paths, walk=walk)
    named = {absolute(path) for path in paths if not os.path.isdir(path)}
    for outcome in outcomes:
        if outcome.done != "refused":
            _say(verbose, f"{outcome.done.capitalize()} {outcome.path}")
        elif outcome.path in named or verbose:
            click.echo(f"Not added: {outcome.path}: {outcome.reason}", err=True)
    kept = [outcome for outcome in outcomes if outcome.done != "refused"]
    wrong = [outcome for outcome in outcomes if outcome.done == "refused" and outcome.path in named]
    _sum_up(outcomes, kept, wrong, walk)
    return (IN_PART if kept else FAILED) if wrong else DONE


def _sum_up(outcomes: list[Outcome], kept: list[Outcome], wrong: list[Outcome], walk: bool) -> None:
    """Say what a folder held besides calibrations, and where calibrations may be found."""
    passed = len(outcomes) - len(kept) - len(wrong)
    if passed:
        click.echo(
            f"Files in folders that are no processed calibrations: {passed} (-v names them).", err=True
        )
    if not outcomes:
        hint = "" if walk else "; -k looks into the folders below"
        click.echo(f"No FITS files there{hint}.", err=True)


@caldb.command("list")
@_common
def list_(config: str | None, database: str | None, verbose: bool) -> None:
    """List the calibrations with their folders."""
    store = _store(config, database)
    entries = store.entries()
    click.echo(f"Database: {store.path}")
    for entry in entries:
        click.echo(f"{entry.name:<{NAME_WIDTH}} {entry.path.parent}")
        _say(verbose, f"  {entry.kind}, md5 {entry.md5}")
    if not entries:
        click.echo("There are no files in the database")


@caldb.command()
@click.argument("names", nargs=-1, required=True, metavar="NAME...")
@_common
def remove(config: str | None, database: str | None, verbose: bool, names: tuple[str, ...]) -> None:
    """Forget calibrations by file name; the files stay where they are."""
    for entry in _store(config, database).remove(*names):
        _say(verbose, f"Removed {entry.path}")


@caldb.command()
@_common
def verify(config: str | None, database: str | None, verbose: bool) -> int:
    """Compare every file with the checksum recorded when it was added."""
    checked = _store(config, database).verify()
    for entry, trouble in checked:
        if trouble:
            click.echo(f"{entry.path}: {trouble}")
        else:
            _say(verbose, f"{entry.path}: unchanged")
    wrong = sum(1 for _, trouble in checked if trouble)
    if wrong:
        click.echo("Add a changed file again, or remove it from the database.", err=True)
    click.echo(f"{len(checked) - wrong} of {len(checked)} files are as they were added.")
    return FAILED if wrong else DONE


@caldb.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_common
def match(config: str | None, database: str | None, verbose: bool, files: tuple[str, ...]) -> int:
    """Tell which calibrations frames would get, and why, or what would make those that are missing.

    FILES are raw frames: names, quoted patterns and @lists. The raw darks and flats among them count as
    being at hand.
    """
    from f2widgets.calibrations.service import Calibrations
    from f2widgets.io.names import expand_names
    from f2widgets.io.records import records
    from f2widgets.needs import makings, needs_of

    known = Config((Database(Store(database).path),)) if database else read_config(config)
    rows = records(expand_names(files))
    needs = needs_of(rows, Calibrations(known))
    for need in needs:
        click.echo(need)
    for making in makings(needs, rows):
        click.echo(f"Missing: {making}")
    for row in rows:
        if row.problem:
            click.echo(f"f2: left out: {row.problem}", err=True)
    return FAILED if any(need.missing and not need.optional for need in needs) else DONE


@caldb.command("config")
@_common
def config_(config: str | None, database: str | None, verbose: bool) -> None:
    """Show the configuration: files looked for, databases, and what they are used for."""
    known = read_config(config)
    _show_files(config, known)
    if database:
        click.echo(f"\nDatabase named with -d: {Store(database).path}")
    for one in known.databases:
        click.echo(f"\nDatabase: {one.path}")
        click.echo(f"  Type:  local\n  Get:   {one.get}\n  Store: {one.store}")
        if not Store(one.path).exists:
            when = (
                "it is made when the first calibration is stored"
                if one.store
                else "make it with f2 caldb init"
            )
            click.echo(f"  The database does not exist: {when}.")
    for note in known.notes:
        click.echo(f"\nNote: {note}.")
    click.echo("\nCalibrations are never fetched from a server.")


def _show_files(given: str | None, known: Config) -> None:
    """Show which configuration files were looked for, and the one that counts."""
    click.echo(f"Looked for: -c FILE ({given or 'not given'}), ${VARIABLE}, {standard_file()}")
    active = find_config(given)
    click.echo(f"Active configuration: {active or 'none; the built-in default'}")
