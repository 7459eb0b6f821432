"""``watchline audit …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

if TYPE_CHECKING:
    from ops.audit.search import EntryFilter

audit_app = typer.Typer(cls=CommandGroup, help="Show, verify and export the audit log.", no_args_is_help=True)

LogArgument = Annotated[Path, typer.Argument(help="Data folder of `run` or `demo`, or its audit log.", exists=True)]
Since = Annotated[str | None, typer.Option("--since", metavar="TIME", help="Only entries at or after this time.")]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Only entries before this time.")]
PersonOption = Annotated[str | None, typer.Option("--person", metavar="NAME", help="Only entries of this person.")]
OperationOption = Annotated[
    Literal["collection", "consultation", "disclosure", "alteration", "erasure"] | None,
    typer.Option(
        "--operation",
        metavar="NAME",
        help="Only this operation: collection, consultation, disclosure, alteration, erasure.",
    ),
]
Subject = Annotated[
    str | None, typer.Option("--subject", metavar="TEXT", help="Only entries whose records contain this text.")
]


@audit_app.command("show", cls=Command)
def show_entries(
    data: LogArgument,
    since: Since = None,
    until: Until = None,
    person: PersonOption = None,
    operation: OperationOption = None,
    subject: Subject = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Number of newest entries to show.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List who read or changed which records, and why.

    This is recorded in the log, if its signing.key is there: copy evidence
    without it.

    Examples
    --------
    watchline audit show data --person m.keller --since 2026-03-14T21:00Z
    watchline audit show data --operation disclosure --json
    """
    from ops.audit.command import list_entries

    answer(list_entries(data, _filter(since, until, person, operation, subject), limit, screen), as_json=as_json)


@audit_app.command("verify", cls=Command)
def verify(
    data: LogArgument,
    witness: Annotated[
        Path | None,
        typer.Option(
            "--witness",
            metavar="DIR",
            help="Witness copy of the log's signed heads, kept on another machine.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    identity: Annotated[
        Path | None,
        typer.Option(
            "--identity",
            metavar="DIR",
            help="Folder of keys; its register contains the public key of the log.",
            exists=True,
            file_okay=False,
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Check that the audit log was not changed.

    Names the first entry that was changed, removed or added. Without a witness
    copy, an older copy of the whole log is not detected. The exit code is 1 if
    anything was changed.

    Examples
    --------
    watchline audit verify data --witness witness
    watchline audit verify data --identity data/identity
    """
    from ops.audit.command import verify_log

    figures = verify_log(data, witness, identity, screen)
    answer(figures, as_json=as_json)
    if not figures["ok"]:
        raise typer.Exit(1)


@audit_app.command("export", cls=Command)
def export(
    data: LogArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File of JSON lines to write.")],
    since: Since = None,
    until: Until = None,
    person: PersonOption = None,
    operation: OperationOption = None,
    subject: Subject = None,
    as_json: JsonOption = False,
) -> None:
    """Write entries of the audit log as JSON lines.

    The export itself is recorded as a disclosure.

    Examples
    --------
    watchline audit export data --out audit.jsonl --since 2026-03-01T00:00Z
    """
    from ops.audit.command import export_entries

    answer(export_entries(data, out, _filter(since, until, person, operation, subject), screen), as_json=as_json)


@audit_app.command("anomalies", cls=Command)
def anomalies(
    data: LogArgument,
    since: Since = None,
    until: Until = None,
    time_zone: Annotated[
        str, typer.Option("--time-zone", metavar="NAME", help="Time zone in which nights are counted.")
    ] = "UTC",
    as_json: JsonOption = False,
) -> None:
    """List unusual patterns in the audit log.

    Sensors muted or offline before crossings, many rejections by one account,
    exports at night, repeated emergency overrides: each is compared with what
    chance would give. A finding is a question, not an accusation.

    Examples
    --------
    watchline audit anomalies data --since 2026-01-01T00:00Z --json
    """
    from ops.governance.command import show_anomalies

    wanted = _filter(since, until, None, None, None)
    answer(show_anomalies(data, wanted.since_ns, wanted.until_ns, time_zone, screen), as_json=as_json)


@audit_app.command("transparency", cls=Command)
def transparency(
    data: LogArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="CSV file to write.")],
    since: Since = None,
    until: Until = None,
    as_json: JsonOption = False,
) -> None:
    """Write counts of actions for publication.

    Counts are by type and whole month (UTC); the file names no person, place
    or record. Counts are rounded at random to multiples of 5, so that no small
    count can be worked out; on average nothing is added or lost. A secret in the
    data folder keeps them the same in every export. Months of which entries
    are erased, and those before them, are left out: with a retention of the
    log below two months there is none. The export itself is recorded as a
    disclosure.

    Examples
    --------
    watchline audit transparency data --out counts.csv
    """
    from ops.governance.transparency import write_transparency

    answer(write_transparency(data, out, _filter(since, until, None, None, None), screen), as_json=as_json)


def _filter(
    since: str | None, until: str | None, person: str | None, operation: str | None, subject: str | None
) -> EntryFilter:
    from ops.audit.search import EntryFilter
    from ops.journal.command import moment
    from sensors.timestamps import nanoseconds

    start, end = moment(since, "--since"), moment(until, "--until")
    return EntryFilter(
        None if start is None else nanoseconds(start),
        None if end is None else nanoseconds(end),
        person,
        operation,
        subject,
    )
