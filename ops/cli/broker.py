"""``watchline broker …`` and ``watchline dead-letters …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JournalArgument, JsonOption, answer, screen

broker_app = typer.Typer(help="Configure Mosquitto for a sector, prove its rights, revoke.", no_args_is_help=True)

ConfigOption = Annotated[
    Path, typer.Option("--config", metavar="DIR", help="What `broker config` wrote.", exists=True, file_okay=False)
]


@broker_app.command("config")
def config(
    out: Annotated[
        Path, typer.Option("--out", help="Folder; an existing one is completed: keys stay, certificates are renewed.")
    ],
    sector: Annotated[str, typer.Option("--sector", help="Sector TOML file, or a sample's name.")] = "cumberland",
    layout: Annotated[str | None, typer.Option("--layout", help="Layout by name or file. Default: the first.")] = None,
    settings: Annotated[Path | None, typer.Option("--settings", help="TOML with units, as for `run`.")] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            "--host", help="Name or address by which clients reach the broker; may be repeated. Default: as before."
        ),
    ] = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Where it listens. Default: as before, else 0.0.0.0:8883."),
    ] = None,
    days: Annotated[
        float | None,
        typer.Option("--days", min=0.01, max=3650.0, help="Validity of certificates. Default: as before, else 365."),
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", help="Account that Mosquitto, started as root, runs as.")
    ] = None,
    renew: Annotated[
        list[str] | None, typer.Option("--renew", metavar="NAME", help="Give a revoked name new keys; may be repeated.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write Mosquitto's configuration, rights by topic, and a certificate and a signing key for everybody."""
    from ops.broker.command import Request, configure

    request = Request(
        sector, out, layout, settings, tuple(host) if host else None, listen, days, user, tuple(renew or ())
    )
    answer(configure(request, screen), as_json=as_json)


@broker_app.command("check")
def check(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="The live broker.")],
    config: ConfigOption,
    as_json: JsonOption = False,
) -> None:
    """Try everything that must not be possible at a live broker, and all that must; exit code 1 on any deviation."""
    from ops.broker.command import check as check_rights

    figures, good = check_rights(address, config, screen)
    answer(figures, as_json=as_json)
    if not good:
        raise typer.Exit(1)


@broker_app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The sensor or unit whose keys are no longer to be believed.")],
    config: ConfigOption,
    broker: Annotated[
        str | None, typer.Option("--broker", metavar="HOST:PORT", help="The live broker, to end its session there.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Take a stolen sensor's or unit's rights away: its signatures, its topics, its certificate, its session."""
    from ops.broker.command import revoke as revoke_name

    answer(revoke_name(name, config, broker, screen), as_json=as_json)


dead_letters_app = typer.Typer(help="What ingest would not use, why, and having it judged anew.", no_args_is_help=True)

SensorFilter = Annotated[str | None, typer.Option("--sensor", help="Only of this sensor or unit.")]
CodeFilter = Annotated[str | None, typer.Option("--code", help="Only with this code, such as expired.")]


@dead_letters_app.command("list")
def list_dead_letters(
    journal: JournalArgument,
    sensor: SensorFilter = None,
    code: CodeFilter = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="So many of the newest.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """The newest dead letters, and how many there are by code and by sensor."""
    from ops.journal.dead_letters import Filter, list_letters

    answer(list_letters(journal, Filter(sensor, code), limit, screen), as_json=as_json)


@dead_letters_app.command("show")
def show_dead_letter(
    journal: JournalArgument,
    identity: Annotated[int, typer.Argument(metavar="ID", min=1, help="As `list` says.")],
    raw: Annotated[Path | None, typer.Option("--raw", help="File that gets the bytes, at most 64 kB of them.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Everything about one dead letter: code, field, sentence, sender, properties, bytes."""
    from ops.journal.dead_letters import show_letter

    answer(show_letter(journal, identity, raw, screen), as_json=as_json)


@dead_letters_app.command("replay")
def replay_dead_letters(
    journal: JournalArgument,
    ids: Annotated[
        list[int] | None, typer.Argument(metavar="[ID]...", min=1, help="Or choose by --sensor, --code.")
    ] = None,
    sensor: SensorFilter = None,
    code: CodeFilter = None,
    everything: Annotated[bool, typer.Option("--all", help="All that no replay has journaled yet.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Submit dead letters anew, through the same door; ingest must be running."""
    from ops.journal.dead_letters import Filter, replay_letters

    if not ids and not everything and sensor is None and code is None:
        raise typer.BadParameter("name ids, or choose with --sensor, --code or --all")
    answer(replay_letters(journal, ids or [], Filter(sensor, code, open_only=True), screen), as_json=as_json)
