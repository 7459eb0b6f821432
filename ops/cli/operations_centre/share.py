"""``watchline share …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import BadInput
from ops.analysis.option_types import LayoutOption, SectorArgument, above_zero
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.operations_centre.reports import FromOption, ToOption
from ops.cli.options import DataOption, JsonOption, SettingsOption, answer, screen, sensor_name_of

share_app = typer.Typer(cls=CommandGroup, help="Exchange products with partners.", no_args_is_help=True)


def ip_address_of(text: str) -> str:
    """Refuse what is not an IP address."""
    from ipaddress import ip_address

    try:
        return str(ip_address(text))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not an IP address; expected one such as 127.0.0.1") from None


def https_address_of(text: str) -> str:
    """Refuse what is not an address of a server over TLS."""
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(text)
        good = parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and " " not in text
    except ValueError:
        good = False
    if not good:
        raise typer.BadParameter(f"{text!r} is not an address; expected https://HOST:PORT")
    return text


PartnerArgument = Annotated[
    str,
    typer.Argument(metavar="PARTNER", help="The partner, as in the agreements file.", callback=sensor_name_of),
]
AgreementsOption = Annotated[
    Path,
    typer.Option("--agreements", metavar="FILE", help="Agreements file (TOML).", exists=True, dir_okay=False),
]
AgreementOption = Annotated[
    str | None,
    typer.Option(
        "--agreement", metavar="ID", help="Agreement. Default: the only one with the partner.", callback=sensor_name_of
    ),
]
KeyFolderOption = Annotated[
    Path,
    typer.Option(
        "--identity", metavar="DIR", help="Folder with the signing key; see `share key`.", exists=True, file_okay=False
    ),
]
WhyOption = Annotated[
    str, typer.Option("--purpose", metavar="TEXT", envvar="WATCHLINE_PURPOSE", help="Purpose, for the audit log.")
]
WhyWithdrawnOption = Annotated[
    str,
    typer.Option(
        "--purpose",
        metavar="TEXT",
        envvar="WATCHLINE_PURPOSE",
        help="Why it is withdrawn; the partner reads it, and the log holds it.",
    ),
]
CopyOption = Annotated[
    Path | None, typer.Option("--out", metavar="FILE", help="Also copy the package to this file.", dir_okay=False)
]


@share_app.command("make", cls=Command)
def make(
    sector: SectorArgument,
    partner: PartnerArgument,
    agreements: AgreementsOption,
    identity: KeyFolderOption,
    data: DataOption,
    purpose: WhyOption,
    agreement: AgreementOption = None,
    layout: LayoutOption = None,
    start: FromOption = None,
    end: ToOption = None,
    origin: Annotated[
        str | None,
        typer.Option(
            "--received-from", metavar="ORIGIN", help="Pass on what this partner sent.", callback=sensor_name_of
        ),
    ] = None,
    settings: SettingsOption = None,
    releasability: Annotated[
        str,
        typer.Option(
            "--releasability", metavar="MARKING", help="Most restrictive marking, also limited by the agreement."
        ),
    ] = "*",
    drill: Annotated[
        Path | None,
        typer.Option(
            "--drill", metavar="DIR", help="Send this demonstration as a drill, with a sealed answer key.",
            exists=True, file_okay=False,
        ),
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="Title of the drill.")] = "simulated scenario",
    limit: Annotated[
        float, typer.Option("--limit", min=1.0, max=86_400.0, help="Seconds in which to acknowledge an incident.")
    ] = 60.0,
    out: CopyOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Create a signed package for a partner.

    Holds the layers, fields, area and period of the agreement, on its grid:
    by default of the last day. The package is recorded in the audit log and
    put into the outbox of the data folder.

    With --drill, the package holds the incidents of a demonstration, and the
    answer key sealed to the partner's scorer.

    Examples
    --------
    watchline share make cumberland south --agreements agreements.toml \\
        --identity exchange-key --data data --purpose "weekly evaluation"
    watchline share make cumberland south --agreements agreements.toml \\
        --identity exchange-key --data data --purpose "exercise" --drill out/demo
    """
    from ops.exchange.command import ShareOptions, make_package
    from ops.journal.command import moment

    options = ShareOptions(
        sector, partner, agreements, identity, data, purpose, agreement, layout, moment(start, "--from"),
        moment(end, "--to"), origin, settings, releasability, out,
    )  # fmt: skip
    if drill is not None:
        from ops.room.demo.share_drill import DrillToShare, make_drill

        if origin is not None:
            raise BadInput("has no simulation", where="--received-from", expected="it without --drill")
        answer(make_drill(options, DrillToShare(drill, title, limit), screen), as_json=as_json)
        return
    answer(make_package(options, screen), as_json=as_json)


@share_app.command("receive", cls=Command)
def receive(
    package: Annotated[Path, typer.Argument(help="Package from a partner.", exists=True, dir_okay=False)],
    agreements: AgreementsOption,
    data: DataOption,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:
    """Verify and import a package from a partner.

    A package that is not as agreed is refused with the reason, and nothing of
    it is stored. A notice of withdrawal removes what it names.

    Examples
    --------
    watchline share receive south.zip --agreements agreements.toml --data data
    """
    from ops.exchange.command import receive_package

    answer(receive_package(package, agreements, data, settings, screen), as_json=as_json)


@share_app.command("list", cls=Command)
def list_all(
    data: DataOption,
    partner: Annotated[
        str | None,
        typer.Option("--partner", metavar="NAME", help="Only this partner.", callback=sensor_name_of),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List packages sent and received.

    Examples
    --------
    watchline share list --data data
    watchline share list --data data --partner south --json
    """
    from ops.exchange.command import list_packages

    answer(list_packages(data, partner, screen), as_json=as_json)


@share_app.command("withdraw", cls=Command)
def withdraw(
    partner: PartnerArgument,
    agreements: AgreementsOption,
    identity: KeyFolderOption,
    data: DataOption,
    purpose: WhyWithdrawnOption,
    package: Annotated[
        list[int] | None, typer.Option("--package", metavar="NUMBER", min=1, help="Package; may be repeated.")
    ] = None,
    record: Annotated[
        list[str] | None,
        typer.Option("--record", metavar="ID", help="Id of an incident, alert or track; may be repeated."),
    ] = None,
    out: CopyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Withdraw packages or records from a partner.

    Makes a signed notice, which removes them at the partner when it is
    received. A record that was withdrawn is not sent to the partner again.

    Examples
    --------
    watchline share withdraw south --package 1 --agreements agreements.toml \\
        --identity exchange-key --data data --purpose "sent in error"
    """
    from ops.exchange.command import withdraw_packages
    from ops.exchange.make import PackageSender

    sender = PackageSender.of(data, agreements, partner, identity, purpose)
    answer(withdraw_packages(sender, package or [], record or [], purpose, out, screen), as_json=as_json)


@share_app.command("gaps", cls=Command)
def gaps(
    sector: SectorArgument,
    partner: PartnerArgument,
    agreements: AgreementsOption,
    data: DataOption,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="GeoPackage to write.", dir_okay=False)],
    agreement: AgreementOption = None,
    layout: LayoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the joint coverage with a partner.

    Combines own coverage with that of the partner's newest package, by cell
    of the agreed grid; neither side learns the layout of the other.

    Examples
    --------
    watchline share gaps cumberland south --agreements agreements.toml \\
        --data data --out joint.gpkg
    """
    from ops.exchange.command import joint_coverage

    answer(joint_coverage(sector, partner, agreements, data, agreement, layout, out, screen), as_json=as_json)


@share_app.command("key", cls=Command)
def key(
    folder: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder for the signing key.", file_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Create a signing key for packages.

    Prints the public key, which partners enter into their agreements file.
    An existing key is kept.

    Examples
    --------
    watchline share key --out exchange-key
    """
    from ops.exchange.command import create_key

    answer(create_key(folder, screen), as_json=as_json)


@share_app.command("serve", cls=Command)
def serve(
    agreements: AgreementsOption,
    data: DataOption,
    certificate: Annotated[
        Path,
        typer.Option(
            "--certificate", metavar="FILE", help="Certificate of this server (PEM).", exists=True, dir_okay=False
        ),
    ],
    key_file: Annotated[
        Path, typer.Option("--key", metavar="FILE", help="Its private key (PEM).", exists=True, dir_okay=False)
    ],
    host: Annotated[
        str, typer.Option("--host", metavar="ADDRESS", help="Listening IP address.", callback=ip_address_of)
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port; 0: any free one.")] = 8448,
    as_json: JsonOption = False,
) -> None:
    """Serve packages to partners over HTTPS.

    Each partner fetches its own packages, with requests signed by its key.

    Examples
    --------
    watchline share serve --agreements agreements.toml --data data \\
        --certificate server.pem --key server.key --port 8448
    """
    from ops.exchange.command import serve_packages

    answer(serve_packages(data, agreements, host, port, (certificate, key_file), screen), as_json=as_json)


@share_app.command("pull", cls=Command)
def pull(
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="https://HOST:PORT.", callback=https_address_of)],
    partner: PartnerArgument,
    agreements: AgreementsOption,
    identity: KeyFolderOption,
    data: DataOption,
    ca: Annotated[
        Path | None,
        typer.Option(
            "--ca", metavar="FILE", help="CA certificates for the server's. Default: those of the system.",
            exists=True, dir_okay=False,
        ),
    ] = None,
    every: Annotated[
        float | None,
        typer.Option("--every", metavar="SECONDS", help="Repeat at this interval. Default: once.", callback=above_zero),
    ] = None,
    settings: SettingsOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Fetch and import packages over HTTPS.

    Continues after the last package that was imported; a process that is
    killed at any point loses and repeats nothing.

    Examples
    --------
    watchline share pull https://south.example:8448 south --data data \\
        --agreements agreements.toml --identity exchange-key --every 30
    """
    from ops.exchange.command import pull_packages

    done = pull_packages(address, partner, agreements, identity, data, ca, settings, every, screen)
    answer(done, as_json=as_json)


@share_app.command("connect", cls=Command)
def connect(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Address of your own exchange broker.")],
    config: Annotated[
        Path,
        typer.Option(
            "--config", metavar="DIR", help="Folder written by `broker exchange`.", exists=True, file_okay=False
        ),
    ],
    agreements: AgreementsOption,
    identity: KeyFolderOption,
    data: DataOption,
    settings: SettingsOption = None,
) -> None:
    """Exchange packages with all partners over MQTT.

    Publishes what is in the outbox, and imports what partners have published,
    until Ctrl-C; bridges carry it between the brokers. A process or a broker
    that is killed at any point loses and repeats nothing.

    Examples
    --------
    watchline share connect exchange.north.example:8884 \\
        --config exchange-broker --agreements agreements.toml \\
        --identity exchange-key --data data
    """
    from ops.broker.command import host_and_port
    from ops.exchange.bridge.command import ConnectOptions
    from ops.exchange.bridge.command import connect as exchange_until_stopped

    host, port = host_and_port(address, "HOST:PORT")
    exchange_until_stopped(ConnectOptions(host, port, config, agreements, identity, data, settings), screen)
