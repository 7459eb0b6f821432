"""``watchline action-plan …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.analysis.option_types import named
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

action_plan_app = typer.Typer(cls=CommandGroup, help="Convert tables to a National Action Plan.", no_args_is_help=True)


@action_plan_app.command("import", cls=Command)
def import_table(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV, JSON, XLSX or GeoPackage of measures: objective, measure, title, owner, due, indicator, target.",
            exists=True,
            dir_okay=False,
        ),
    ],
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Title of the plan.")],
    source: Annotated[str, typer.Option("--source", metavar="TEXT", help="Document that it is taken from.")],
    adopted: Annotated[str, typer.Option("--adopted", metavar="YYYY-MM-DD", help="Day of its adoption.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write (TOML).", dir_okay=False)],
    illustrative: Annotated[bool, typer.Option("--illustrative", help="The plan is made up, for an exercise.")] = False,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Freeze targets and terms, so that a later change needs a reason.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Convert a table of measures to a plan file.

    Name the file as action_plan in the sector file; `watchline score` then
    states the status of each measure. If any row is refused, all refused rows
    are listed with the reason, and nothing is written. With --freeze, the
    file states its targets, owners, dates and indicators a second time, as
    agreed; `score` then refuses a plan that was changed without a reason.

    Examples
    --------
    watchline action-plan import measures.csv --title "Border plan" \\
        --source "decision 12" --adopted 2026-01-15 --out action_plan.toml
    """
    from ops.analysis.action_plan.command import import_plan
    from ops.analysis.action_plan.table import PlanHead
    from ops.analysis.indicators.records import day_of

    with named("--adopted"):
        day = day_of(adopted, "--adopted")
    head = PlanHead(title, day, source, illustrative)
    answer(import_plan(table, out, head, screen, freeze=freeze), as_json=as_json)
