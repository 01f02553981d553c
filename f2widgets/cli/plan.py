"""The verb ``f2 plan``: all reductions of a folder, before anything is done."""

from __future__ import annotations

import click

from f2widgets.cli.counted import reading_headers
from f2widgets.cli.reduce import IN_PART, SpreadCommand, asked_for


@click.command(cls=SpreadCommand, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("files", nargs=-1, required=True, metavar="DIR...")
@click.option("-p", "--param", "params", multiple=True, metavar="K=V...", help="STEP:PARAMETER=VALUE.")
@click.option(
    "--user_cal",
    "--user-cal",
    "user_cals",
    multiple=True,
    metavar="T:F...",
    help="Calibration to use, such as processed_dark:FILE.",
)
@click.option("--without", multiple=True, metavar="STEP", help="Leave a step out; may be repeated.")
@click.option(
    "--settings", "wanted", metavar="FILE", help="What is asked for, from a TOML file; options win."
)
@click.option("--out", "-o", default=".", metavar="DIR", help="Folder of the products.")
@click.option("-c", "--config", metavar="FILE", help="Configuration of the calibration databases.")
def plan(
    files: tuple[str, ...],
    params: tuple[str, ...],
    user_cals: tuple[str, ...],
    without: tuple[str, ...],
    wanted: str | None,
    out: str,
    config: str | None,
) -> int:
    """Show how everything in a folder would be reduced, and what is missing.

    Raw frames are grouped: darks, flats, targets by object, filter, exposure time and night. Each group is a
    job, with the calibrations that it takes; f2 reduce --all does them. Only headers are read.

    Status: 0 all can be reduced, 1 nothing can, 2 usage, 3 a part.
    """
    from f2widgets.campaign.planning import plan_all

    asked = asked_for(wanted, None, params, user_cals, without, ())
    if asked.pop("recipe"):
        raise click.UsageError(f"{wanted} names a recipe: here each group has its own. Leave it out.")
    with reading_headers() as tick:
        graph = plan_all(files, **asked, out=out, config=config, tick=tick)
    click.echo(graph)
    return 1 if not graph.ready else 0 if graph.complete else IN_PART
