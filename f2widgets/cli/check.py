"""The verb ``f2 check``: a report on files' headers."""

from __future__ import annotations

import click

from f2widgets.cli.files import IN_PART
from f2widgets.io.repairs import Sort

#: Colours on a terminal; click leaves them out elsewhere.
COLOURS = {"in order": "green", "usable": "yellow", "not usable": "red"}
#: What each sort of remark means, for the help.
SORTS: dict[Sort, str] = {
    "repaired": "a wrong value was mended",
    "assumed": "a missing value is done without, or taken from elsewhere",
    "odd": "nothing was changed, but the frame may not be what it seems",
}
EPILOG = "\b\nRemarks:\n" + "\n".join(f"  {sort:<9} {meaning}" for sort, meaning in SORTS.items())


@click.command(epilog=EPILOG)
@click.argument("files", nargs=-1, required=True)
@click.option("-b", "--brief", is_flag=True, help="Leave out the files that are in order.")
@click.option("--whole", is_flag=True, help="Unpack packed files to their end, to find those cut short.")
def check(files: tuple[str, ...], brief: bool, whole: bool) -> None:
    """Report what is odd about headers, what was repaired or assumed, and a verdict per file.

    FILES are names, quoted patterns, @lists and folders. The status is 0 where all files can be used, 3
    where some cannot, and 1 where none can.
    """
    from f2widgets.verdicts import check as reports_on, summary

    reports = reports_on(files, whole=whole)
    for report in reports:
        if brief and report.verdict == "in order":
            continue
        first, *lines = str(report).splitlines()
        start = first.removesuffix(report.verdict)
        click.echo("\n".join([start + click.style(report.verdict, fg=COLOURS[report.verdict]), *lines]))
    click.echo(summary(reports))
    bad = sum(report.verdict == "not usable" for report in reports)
    if bad or not reports:
        click.get_current_context().exit(IN_PART if bad < len(reports) else 1)
