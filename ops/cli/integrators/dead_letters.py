"""``watchline dead-letters …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import BadInput
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JournalArgument, JsonOption, answer, screen, sensor_name_of

dead_letters_app = typer.Typer(cls=CommandGroup, help="List, show and reprocess refused messages.")

SensorFilter = Annotated[
    str | None, typer.Option("--sensor", help="Only from this sensor or unit.", callback=sensor_name_of)
]
CodeFilter = Annotated[str | None, typer.Option("--code", help="Only with this code, such as expired.")]


@dead_letters_app.command("list", cls=Command)
def list_dead_letters(
    journal: JournalArgument,
    sensor: SensorFilter = None,
    code: CodeFilter = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Number of dead letters to list.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the newest dead letters.

    Also counts them by code and by sensor.

    Examples
    --------
    watchline dead-letters list data --code expired
    """
    from ops.journal.dead_letters import Filter, list_letters

    answer(list_letters(journal, Filter(sensor, code), limit, screen), as_json=as_json)


@dead_letters_app.command("show", cls=Command)
def show_dead_letter(
    journal: JournalArgument,
    identity: Annotated[int, typer.Argument(metavar="ID", min=1, help="Number shown by `dead-letters list`.")],
    raw: Annotated[
        Path | None, typer.Option("--raw", metavar="FILE", help="Write the stored bytes (at most 64 kB) to this file.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show one dead letter in full.

    Code, field, sentence, sender, properties and bytes.

    Examples
    --------
    watchline dead-letters show data 17 --raw message.bin
    """
    from ops.journal.dead_letters import show_letter

    answer(show_letter(journal, identity, raw, screen), as_json=as_json)


@dead_letters_app.command("replay", cls=Command)
def replay_dead_letters(
    journal: JournalArgument,
    ids: Annotated[
        list[int] | None,
        typer.Argument(metavar="ID", min=1, help="Numbers; or select with --sensor, --code or --all."),
    ] = None,
    sensor: SensorFilter = None,
    code: CodeFilter = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All dead letters that have not been journaled since.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Resubmit dead letters to a running ingest.

    Each is decoded and checked as at its first arrival. `watchline run` or
    `record` must be running.

    Examples
    --------
    watchline dead-letters replay data 17 18
    watchline dead-letters replay data --code unknown_key
    """
    from ops.journal.dead_letters import Filter, replay_letters

    if not ids and not everything and sensor is None and code is None:
        raise BadInput("no dead letter selected", where="ID", expected="IDs, --sensor, --code or --all")
    answer(replay_letters(journal, ids or [], Filter(sensor, code, open_only=True), screen), as_json=as_json)
