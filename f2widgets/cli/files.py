"""The verbs that look at files: typewalk, dataselect and showd."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path

import click

from f2widgets import __version__
from f2widgets.cli.counted import reading_headers
from f2widgets.io.atomic import written_whole
from f2widgets.io.descriptors import descriptor
from f2widgets.io.diagnosis import Removal, diagnose
from f2widgets.io.index import indexed
from f2widgets.io.listing import csv_lines, listing
from f2widgets.io.names import expand_names, names_in
from f2widgets.io.records import Record, find_files
from f2widgets.io.select import Selection, asked, known_tags, select

#: Status of a verb that was carried out but for some files.
IN_PART = 3
#: typewalk's tags begin one blank after this column.
TAG_COLUMN = 40

#: Shown below the options of dataselect; the sign at its beginning keeps the lines apart.
EXAMPLES = """\b
Expressions:
  exposure_time == 120s and filter_name in ("J", "H")
  DARK and not (airmass between 1 and 1.5 or object ~ "^HD")
"""


class _ManyValued(click.Command):
    """A command whose ``--tags`` and ``--xtags`` take several words: ``--tags DARK CAL``."""

    MANY = ("--tags", "--xtags")

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Repeat the option before each of its words, which is how click wants them."""
        spread: list[str] = []
        option = None
        for word in args:
            name, _, first = word.partition("=")
            if word.startswith("-"):
                option = name if name in self.MANY else None
                spread += [name, first] if option and first else [] if option else [word]
            else:
                spread += [option, word] if option else [word]
        return super().parse_args(ctx, spread)


@click.command(cls=_ManyValued)
@click.option(
    "-d", "--dir", "folder", metavar="DIR", default=".", help="Folder to look in; this one unless told."
)
@click.option("-n", "--norecurse", is_flag=True, help="Leave out the folders inside.")
@click.option("-f", "--filemask", metavar="REGEX", help="Take names that begin with this regular expression.")
@click.option("--tags", multiple=True, metavar="TAG ...", help="Only files with all these tags.")
@click.option("--or", "any_of", is_flag=True, help="One of the tags is enough.")
@click.option("--xtags", multiple=True, metavar="TAG ...", help="No files with any of these tags.")
@click.option(
    "-o", "--out", "--output", "out", metavar="FILE", help="Write the names of the files to a list as well."
)
@click.option("--repairs", is_flag=True, help="Say what was mended in reading each header.")
def typewalk(
    folder: str,
    norecurse: bool,
    filemask: str | None,
    tags: tuple[str, ...],
    any_of: bool,
    xtags: tuple[str, ...],
    out: str | None,
    repairs: bool,
) -> None:
    """List the files of a folder with their tags.

    Folders inside it are looked into as well. A file that cannot be read gets a line that says why.
    """
    wanted, unwanted = known_tags(_words(tags)), known_tags(_words(xtags))

    def shown(row: Record) -> bool:
        enough = bool(wanted & row.tags) if any_of and wanted else wanted <= row.tags
        return row.problem is not None or (enough and not unwanted & row.tags)

    names = ("tags", "repairs") if repairs else ("tags",)
    rows = [row for row in _records(find_files(folder, not norecurse, filemask), names) if shown(row)]
    lines: list[str] = []
    for parent, inside in groupby(rows, key=lambda row: row.path.parent):
        lines += ["", f"directory:  {parent.resolve()}"]
        lines += [line for row in inside for line in _typewalk_lines(row, repairs)]
    if not rows:
        click.echo(f"No such files in {Path(folder).resolve()}.", err=True)
    _print(lines)
    listed = [row for row in rows if not row.problem]
    if out and listed:
        _write(
            out, [*_typewalk_comments(wanted, unwanted, any_of), *(str(row.path.resolve()) for row in listed)]
        )
    elif out:
        click.echo(f"Nothing to list: {out} was not written.", err=True)


@click.command(epilog=EXAMPLES)
@click.argument("files", nargs=-1, required=True)
@click.option("-t", "--tags", metavar="A,B", default="", help="Only files with all these tags.")
@click.option("--xtags", metavar="A,B", default="", help="No files with any of these tags.")
@click.option("--expr", metavar="EXPR", help="Only files that meet this condition.")
@click.option("--strict", is_flag=True, help="No tolerances; texts as they stand in the header.")
@click.option(
    "-o",
    "--output",
    "--out",
    "output",
    metavar="FILE",
    help="Write the names to a list and not to the screen.",
)
@click.option("-v", "--verbose", is_flag=True, help="Print the names as well, and why others were left out.")
def dataselect(
    files: tuple[str, ...],
    tags: str,
    xtags: str,
    expr: str | None,
    strict: bool,
    output: str | None,
    verbose: bool,
) -> None:
    """Choose files by tags and by an expression.

    The expression compares descriptors with values. FILES are names, quoted patterns and @lists.
    """
    wanted, unwanted = tags.split(","), xtags.split(",")
    if expr is not None:
        select((), wanted, unwanted, expr, strict)  # a slip shows before any file is read
    chosen = select(_records(expand_names(files), asked(expr)), wanted, unwanted, expr, strict)
    names = [str(row.path) for row in chosen.matched]
    if output:
        _write(output, [*_dataselect_comments(wanted, unwanted, expr), *names])
    if verbose or not output:
        _print(names)
    tagged = [*chosen.matched, *chosen.undecided, *chosen.removed_by["expression"]]
    removals = diagnose(tagged, expr, strict).removals if verbose and expr is not None else ()
    _say_what_was_left(chosen, verbose, removals)
    if chosen.unreadable:
        click.get_current_context().exit(IN_PART)


@click.command()
@click.argument("files", nargs=-1)
@click.option(
    "-d", "--descriptors", metavar="A,B", required=True, help="Columns, such as object,exposure_time."
)
@click.option("--csv", "as_csv", is_flag=True, help="Write comma-separated values.")
@click.option("--long", "long_form", is_flag=True, help="Values as they stand in the header: J_G0802&Open.")
def showd(files: tuple[str, ...], descriptors: str, as_csv: bool, long_form: bool) -> None:
    """Show descriptors of files as a table.

    FILES are names, quoted patterns and @lists; without any, names are read from a pipe. The
    descriptors "tags" and "repairs" tell what a file is, and what was mended in reading its header.
    """
    columns = [name.strip() for name in descriptors.split(",") if name.strip()]
    for name in columns:
        descriptor(name)
    rows = _records(expand_names(files or _names_from_pipe()), columns)
    titles, cells = listing(rows, columns, pretty=not long_form)
    _print(csv_lines(titles, cells) if as_csv else _table_lines(titles, cells))
    if any(row.problem for row in rows):
        click.get_current_context().exit(IN_PART)


def _records(paths: Sequence[Path], names: Sequence[str]) -> list[Record]:
    """Read the headers of files, from the index where they are many."""
    with reading_headers() as tick:
        return indexed(paths, names, say=lambda text: click.echo(f"f2: {text}", err=True), tick=tick)


def _words(options: Iterable[str]) -> list[str]:
    """Take tags apart that came joined by commas."""
    return [word for option in options for word in option.split(",")]


def _print(lines: Sequence[str]) -> None:
    """Print lines in one go, so that a pipe closed early costs nothing."""
    if lines:
        click.echo("\n".join(lines))


def _typewalk_lines(row: Record, repairs: bool) -> list[str]:
    """Write the name of a file and its tags, or its problem."""
    told = f"! {row.short_problem}" if row.problem else " ".join(f"({tag})" for tag in sorted(row.tags))
    start = f"     {row.name} "
    lines = [] if len(start) < TAG_COLUMN else [start.rstrip()]
    lines.append(f"{start if not lines else '     ':.<{TAG_COLUMN}} {told}")
    return lines + [f"         {sentence}" for sentence in (row.repairs if repairs else ())]


def _typewalk_comments(wanted: Iterable[str], unwanted: Iterable[str], any_of: bool) -> list[str]:
    """Write the comments that a list of typewalk begins with."""
    return [
        f"# Written by f2 typewalk, f2widgets {__version__}",
        f"# {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC",
        f"# Qualifying types: {' '.join(sorted(wanted)) or 'any'}",
        f"# Qualifying logic: {'OR' if any_of else 'AND'}",
        f"# Excluded types: {' '.join(sorted(unwanted)) or 'none'}",
        f"# {'-' * 70}",
    ]


def _dataselect_comments(wanted: Sequence[str], unwanted: Sequence[str], expr: str | None) -> list[str]:
    """Write the comments that a list of dataselect begins with."""
    return [
        f"# Includes tags: {[tag for tag in wanted if tag]}",
        f"# Excludes tags: {[tag for tag in unwanted if tag]}",
        f"# Descriptor expression: {' '.join(expr.split()) if expr else None}",
    ]


def _say_what_was_left(chosen: Selection, verbose: bool, removals: Sequence[Removal]) -> None:
    """Tell about files that could not be read or decided, and if asked about the others."""
    for row in chosen.unreadable:
        click.echo(f"f2: left out: {row.problem}", err=True)
    if chosen.undecided:
        lacking = ", ".join(f"{name} ({count})" for name, count in chosen.missing.items())
        click.echo(f"f2: {_files(len(chosen.undecided))} left out undecided, without {lacking}", err=True)
    for one in removals if len(removals) > 1 else ():
        click.echo(f"f2: {one.text}: leaves out {one.in_order} here, {one.alone} alone", err=True)
    if verbose:
        reasons = {"tags": "lack a tag", "xtags": "have an excluded tag", "expression": "fail the expression"}
        for reason, rows in chosen.removed_by.items():
            click.echo(f"f2: {_files(len(rows))} left out that {reasons[reason]}", err=True)
    if verbose or not chosen.matched:
        click.echo(f"f2: {_files(len(chosen.matched))} selected", err=True)


def _files(count: int) -> str:
    """Count files in words."""
    return f"{count or 'no'} file{'' if count == 1 else 's'}"


def _names_from_pipe() -> list[str]:
    """Read names from standard input, if something is piped into it."""
    stream = sys.stdin
    names = [] if stream is None or stream.isatty() else names_in(stream.read().splitlines())
    if not names:
        raise click.UsageError("No files given. Name some, or pipe their names in.")
    return names


def _table_lines(titles: Sequence[str], cells: Sequence[Sequence[str]]) -> list[str]:
    """Write a table: the first column to the left, the others to the right, three blanks between."""
    widths = [max(map(len, column)) for column in zip(titles, *cells, strict=True)]
    dashes = "-" * (sum(widths) + 3 * (len(widths) - 1))

    def line(texts: Sequence[str]) -> str:
        first, *others = (f"{text:>{width}}" for text, width in zip(texts, widths, strict=True))
        return "   ".join([first.strip().ljust(widths[0]), *others]).rstrip()

    return [dashes, line(titles), dashes, *map(line, cells)]


def _write(path: str, lines: Sequence[str]) -> None:
    """Write a text file whole or not at all."""
    with written_whole(Path(path)) as stream:
        stream.write("".join(f"{line}\n" for line in lines).encode())
