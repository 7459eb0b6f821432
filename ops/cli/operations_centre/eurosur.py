"""``watchline eurosur …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.analysis.option_types import SectorArgument
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import DataOption, JsonOption, ReleasabilityOption, SettingsOption, answer, screen

eurosur_app = typer.Typer(cls=CommandGroup, help="Manage reports of the EUROSUR layers.", no_args_is_help=True)


@eurosur_app.command("add", cls=Command)
def add(
    reports: Annotated[Path, typer.Argument(help="Reports in a JSON file.", exists=True, dir_okay=False)],
    data: DataOption,
    as_json: JsonOption = False,
) -> None:
    """Add reports of events and other layers.

    Each has the reliability of its source (A to F) and the credibility of its
    information (1 to 6). Reports are never changed: a later one follows the
    one before. If one is refused, none is added.

    Examples
    --------
    watchline eurosur add reports.json --data data
    """
    from ops.eurosur.command import add_reports

    answer(add_reports(data, reports, screen), as_json=as_json)


@eurosur_app.command("list", cls=Command)
def list_all(
    data: DataOption,
    layer: Annotated[
        Literal["events", "operational", "analysis"] | None,
        typer.Option("--layer", help="Only this layer: events, operational or analysis."),
    ] = None,
    overdue: Annotated[bool, typer.Option("--overdue", help="Only urgent events not sent within 24 h.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List reports and what is overdue.

    Examples
    --------
    watchline eurosur list --data data --overdue
    """
    from ops.eurosur.command import list_reports

    answer(list_reports(data, layer, overdue, screen), as_json=as_json)


@eurosur_app.command("subjects", cls=Command)
def subjects(
    layer: Annotated[
        Literal["events", "operational", "analysis"] | None,
        typer.Option("--layer", help="Only this layer: events, operational or analysis."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List the subjects of reports and their attributes.

    Each has the article of the Regulation that it is from, or is marked as ours.

    Examples
    --------
    watchline eurosur subjects --layer operational
    """
    from ops.eurosur.command import list_subjects

    answer(list_subjects(layer, screen), as_json=as_json)


@eurosur_app.command("export", cls=Command)
def export(
    sector: SectorArgument,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.", dir_okay=False)],
    purpose: Annotated[
        str,
        typer.Option("--purpose", metavar="TEXT", envvar="WATCHLINE_PURPOSE", help="Purpose of the disclosure."),
    ],
    file_format: Annotated[Literal["json", "xml"], typer.Option("--format", help="json or xml.")] = "xml",
    settings: SettingsOption = None,
    releasability: ReleasabilityOption = "",
    as_json: JsonOption = False,
) -> None:
    """Write the reports as XML or JSON.

    The layers follow Implementing Regulation (EU) 2021/581, names of elements
    are Watchline's own. The first export of a report counts as its sending.

    Examples
    --------
    watchline eurosur export cumberland --data data --out reports.xml \\
        --purpose "situational picture"
    """
    from ops.eurosur.command import export_reports

    answer(export_reports(sector, data, out, file_format, purpose, releasability, settings, screen), as_json=as_json)
