"""``watchline indicators …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

indicators_app = typer.Typer(cls=CommandGroup, help="Show and import indicators.", no_args_is_help=True)


@indicators_app.command("list", cls=Command)
def list_definitions(
    family: Annotated[
        str | None, typer.Option("--family", metavar="NAME", help="Only this family, such as crime_and_governance.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the catalogue of indicators.

    Shows definition, unit, direction, kind of source, interval of update and
    limits of each indicator that tables of indicators and plans can name.

    Examples
    --------
    watchline indicators list
    watchline indicators list --family crime_and_governance --json
    """
    from ops.analysis.indicators.command import list_indicators

    answer(list_indicators(family, screen), as_json=as_json)


@indicators_app.command("partners", cls=Command)
def show_partners(as_json: JsonOption = False) -> None:
    """List partners for agreements and training.

    States for each what adherence means, by which indicators it is measured,
    and where it is documented.

    Examples
    --------
    watchline indicators partners
    """
    from ops.analysis.indicators.partners import list_partners

    answer(list_partners(screen), as_json=as_json)


@indicators_app.command("import", cls=Command)
def import_table(
    table: Annotated[
        Path,
        typer.Argument(help="Indicators in a CSV, JSON, XLSX or GeoPackage file.", exists=True, dir_okay=False),
    ],
    history: Annotated[
        Path,
        typer.Option("--history", metavar="FILE", help="History (.jsonl) to add to, or to create.", dir_okay=False),
    ],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change; write nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Record a table of indicators in a history.

    Shows which values are new and which are corrected. If any row is refused,
    all refused rows are listed with the reason, and nothing is imported.

    Examples
    --------
    watchline indicators import indicators.csv --history history.jsonl \\
        --dry-run
    watchline indicators import indicators.csv --history history.jsonl
    """
    from ops.analysis.indicators.command import import_indicators

    answer(import_indicators(table, history, screen, dry_run=dry_run), as_json=as_json)


@indicators_app.command("compare", cls=Command)
def compare(
    first: Annotated[
        Path, typer.Argument(help="Output folder of `watchline score` for a border.", exists=True, file_okay=False)
    ],
    second: Annotated[Path, typer.Argument(help="The same for another border.", exists=True, file_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Compare two borders by indicator.

    Only values of the same definition and period stand side by side. For all
    other indicators, the reason is stated why they cannot be compared.

    Examples
    --------
    watchline indicators compare out/score out/score-south
    """
    from ops.analysis.score.borders import show_comparison

    answer(show_comparison(first, second, screen), as_json=as_json)
