"""``watchline drill …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.operations_centre.share import AgreementsOption, CopyOption, KeyFolderOption, WhyOption
from ops.cli.options import DataOption, JsonOption, answer, screen, sensor_name_of

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


@drill_app.command("key", cls=Command)
def key(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New file of the private key.", dir_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Create the scorer's key for drills of partners.

    Prints the public key, which partners enter as `scorer` into their
    agreements file. WATCHLINE_PASSPHRASE encrypts the private key.

    Examples
    --------
    watchline drill key --out scorer.key
    """
    from ops.exchange.drills.run import make_scorer_key

    answer(make_scorer_key(out, screen), as_json=as_json)


@drill_app.command("run", cls=Command)
def run(
    origin: Annotated[
        str,
        typer.Argument(metavar="PARTNER", help="Partner that sent the drill.", callback=sensor_name_of),
    ],
    number: Annotated[int, typer.Argument(metavar="NUMBER", min=1, help="Its package, as in `share list`.")],
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File for the answers.", dir_okay=False)],
    role: Annotated[
        Literal["viewer", "operator", "supervisor", "planner", "analyst", "admin", "auditor"],
        typer.Option("--role", metavar="ROLE", help="Role that is trained."),
    ] = "operator",
    shift: Annotated[str, typer.Option("--shift", metavar="TEXT", help="Name of the shift.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Run a drill that a partner sent.

    Shows one incident after the other: Enter acknowledges it, `-` leaves it;
    then enter a disposition, or nothing. The answer key stays sealed.

    Examples
    --------
    watchline drill run south 3 --data data --shift early --out answers.json
    """
    import sys
    import time

    from ops.exchange.drills.run import DrillToRun, run_drill

    def ask(text: str) -> str | None:
        screen.print(text, markup=False, highlight=False, soft_wrap=True)
        return sys.stdin.readline() or None

    drill = DrillToRun(data, origin, number, role, shift, out)
    answer(run_drill(drill, ask, time.monotonic, screen), as_json=as_json)


@drill_app.command("mark", cls=Command)
def mark(
    answers: Annotated[
        Path, typer.Argument(metavar="ANSWERS", help="Answers of `drill run`.", exists=True, dir_okay=False)
    ],
    private: Annotated[
        Path, typer.Option("--key", metavar="FILE", help="Private key of the scorer.", exists=True, dir_okay=False)
    ],
    data: DataOption,
    agreements: AgreementsOption,
    identity: KeyFolderOption,
    purpose: WhyOption,
    records: Annotated[
        Path | None,
        typer.Option("--records", metavar="FILE", help="Add the result to these training records.", dir_okay=False),
    ] = None,
    out: CopyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Evaluate the answers to a partner's drill.

    Opens the sealed answer key with the scorer's key, and sends the score,
    which names no person, to the partner as a signed package.

    Examples
    --------
    watchline drill mark answers.json --key scorer.key --data data \\
        --agreements agreements.toml --identity exchange-key --purpose "exercise"
    """
    from ops.exchange.drills.run import DrillToMark, mark_drill

    drill = DrillToMark(answers, private, data, agreements, identity, purpose, records, out)
    answer(mark_drill(drill, screen), as_json=as_json)
