"""``watchline drill …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

drill_app = typer.Typer(cls=CommandGroup, help="Evaluate drills and record training.", no_args_is_help=True)

RecordsOption = Annotated[
    Path, typer.Option("--records", metavar="FILE", help="File of training records.", dir_okay=False)
]


@drill_app.command("score", cls=Command)
def score(
    data: Annotated[Path, typer.Argument(help="Folder of `watchline demo`.", exists=True, file_okay=False)],
    role: Annotated[
        Literal["viewer", "operator", "supervisor", "planner", "analyst", "admin", "auditor"],
        typer.Option("--role", metavar="ROLE", help="Role that was trained."),
    ] = "operator",
    shift: Annotated[str, typer.Option("--shift", metavar="TEXT", help="Name of the shift.")] = "",
    person: Annotated[str, typer.Option("--person", metavar="TEXT", help="Person, for training records.")] = "",
    records: Annotated[
        Path | None,
        typer.Option("--records", metavar="FILE", help="Add the result to these training records.", dir_okay=False),
    ] = None,
    limit: Annotated[
        float, typer.Option("--limit", min=1.0, max=86_400.0, help="Seconds in which to acknowledge an incident.")
    ] = 60.0,
    as_json: JsonOption = False,
) -> None:
    """Evaluate a shift in a simulated scenario.

    Compares incidents with the simulation's truth: time to acknowledgement,
    correct dispositions, missed crossings. Real records are refused.

    Examples
    --------
    watchline drill score out/demo --shift early --records training.jsonl
    """
    from ops.governance.drill_command import DrillOptions, score_demonstration

    options = DrillOptions(data, role, shift, person, records, limit)
    answer(score_demonstration(options, screen), as_json=as_json)


@drill_app.command("import", cls=Command)
def import_table(
    table: Annotated[
        Path,
        typer.Argument(
            help="CSV table: day, kind, title, role, person, result.", exists=True, dir_okay=False, metavar="TABLE"
        ),
    ],
    records: RecordsOption,
    as_json: JsonOption = False,
) -> None:
    """Add training sessions from a table.

    Nothing is added if a row is refused; each refused row is named with its
    reason. Kinds are drill and course, results passed and failed.

    Examples
    --------
    watchline drill import trainings.csv --records training.jsonl
    """
    from ops.governance.drill_command import import_records

    answer(import_records(table, records, screen), as_json=as_json)


@drill_app.command("report", cls=Command)
def report(
    records: Annotated[
        Path, typer.Argument(help="File of training records.", exists=True, dir_okay=False, metavar="RECORDS")
    ],
    since: Annotated[
        str | None, typer.Option("--since", metavar="DAY", help="First day. Default: 365 days ago.")
    ] = None,
    names: Annotated[bool, typer.Option("--names", help="Name the persons.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", help="Write the indicator as a CSV table.", dir_okay=False),
    ] = None,
    planned: Annotated[
        int | None, typer.Option("--planned", min=1, max=1_000_000, help="Persons or shifts to be trained.")
    ] = None,
    place: Annotated[str, typer.Option("--place", metavar="TEXT", help="Place of the indicator.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Count training sessions by role.

    With --out, writes the indicator `training_completed` as a table for
    `watchline indicators import`.

    Examples
    --------
    watchline drill report training.jsonl
    """
    from datetime import date

    from geo.errors import BadInput
    from ops.governance.drill_command import report_records

    try:
        first = None if since is None else date.fromisoformat(since)
    except ValueError:
        raise BadInput(f"{since!a}", where="--since", expected="a day such as 2026-03-14") from None
    figures = report_records(records, names=names, since=first, out=out, planned=planned, place=place, screen=screen)
    answer(figures, as_json=as_json)
