"""``watchline broker …`` on the command line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Final

import typer

from ops.analysis.option_types import LayoutOption, SectorArgument
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, SettingsOption, answer, screen

HOST: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.:_-]*[A-Za-z0-9])?|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*")
ACCOUNT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,31}")


def hosts(names: list[str] | None) -> list[str] | None:
    """Refuse what is neither a host name nor an address."""
    for name in names or []:
        if not HOST.fullmatch(name):
            raise typer.BadParameter(f"{name!r}; expected a host name or an address")
    return names


def account(name: str | None) -> str | None:
    """Refuse what cannot be the name of an account."""
    if name is not None and not ACCOUNT.fullmatch(name):
        raise typer.BadParameter(f"{name!r}; expected the name of an account, such as mosquitto")
    return name


broker_app = typer.Typer(cls=CommandGroup, help="Configure Mosquitto, test its ACL, revoke keys.")

ConfigOption = Annotated[
    Path,
    typer.Option("--config", metavar="DIR", help="Folder written by `broker config`.", exists=True, file_okay=False),
]
BrokerHostOption = Annotated[
    list[str] | None,
    typer.Option(
        "--host",
        help="Name or address by which clients reach the broker; may be repeated. Default: as before.",
        callback=hosts,
    ),
]
DaysOption = Annotated[
    float | None,
    typer.Option("--days", min=0.01, max=3650.0, help="Validity of certificates. Default: as before, else 365."),
]
UserOption = Annotated[
    str | None, typer.Option("--user", help="Account that Mosquitto uses when started as root.", callback=account)
]


@broker_app.command("config", cls=Command)
def config(
    sector: SectorArgument,
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Output folder; in an existing one, keys are kept and certificates renewed."
        ),
    ],
    layout: LayoutOption = None,
    settings: SettingsOption = None,
    host: BrokerHostOption = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Listening address. Default: as before, else 0.0.0.0:8883."),
    ] = None,
    days: DaysOption = None,
    user: UserOption = None,
    renew: Annotated[
        list[str] | None,
        typer.Option("--renew", metavar="NAME", help="Issue new keys for a revoked name; may be repeated."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write Mosquitto's configuration and all keys.

    Writes the broker's configuration and ACL, and a certificate and a signing
    key for each sensor, unit and service.

    Examples
    --------
    watchline broker config cumberland --out broker --host broker.example
    """
    from ops.broker.command import Request, configure

    request = Request(
        sector, out, layout, settings, tuple(host) if host else None, listen, days, user, tuple(renew or ())
    )
    answer(configure(request, screen), as_json=as_json)


@broker_app.command("check", cls=Command)
def check(
    address: Annotated[str, typer.Argument(metavar="HOST:PORT", help="Address of the live broker.")],
    config: ConfigOption,
    as_json: JsonOption = False,
) -> None:
    """Test the ACL of a live broker.

    Tries permitted and forbidden operations as each kind of client. The exit
    code is 1 if the broker deviates from its configuration.

    Examples
    --------
    watchline broker check broker.example:8883 --config broker
    """
    from ops.broker.command import check as check_rights

    figures, good = check_rights(address, config, screen)
    answer(figures, as_json=as_json)
    if not good:
        raise typer.Exit(1)


@broker_app.command("revoke", cls=Command)
def revoke(
    name: Annotated[str, typer.Argument(help="Sensor or unit whose keys to revoke.")],
    config: ConfigOption,
    broker: Annotated[
        str | None, typer.Option("--broker", metavar="HOST:PORT", help="Live broker on which to end its session.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Revoke the keys of a sensor or unit.

    Revokes its signing key, topics and certificate, and ends its session.

    Examples
    --------
    watchline broker revoke radar-west --config broker \\
        --broker broker.example:8883
    """
    from ops.broker.command import revoke as revoke_name

    answer(revoke_name(name, config, broker, screen), as_json=as_json)


@broker_app.command("exchange", cls=Command)
def exchange(
    agreements: Annotated[
        Path, typer.Option("--agreements", metavar="FILE", help="Agreements file (TOML).", exists=True, dir_okay=False)
    ],
    out: Annotated[
        Path,
        typer.Option(
            "--out", metavar="DIR", help="Output folder; in an existing one, keys are kept and certificates renewed."
        ),
    ],
    host: BrokerHostOption = None,
    listen: Annotated[
        str | None,
        typer.Option("--listen", metavar="HOST:PORT", help="Listening address. Default: as before, else 0.0.0.0:8884."),
    ] = None,
    days: DaysOption = None,
    user: UserOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write Mosquitto's configuration for the exchange.

    The exchange has its own broker, apart from that of sensors and units, with
    a bridge to each partner whose broker the agreements file names, and a
    certificate for the bridge of each partner.

    Examples
    --------
    watchline broker exchange --agreements agreements.toml \\
        --out exchange-broker --host exchange.north.example
    """
    from ops.broker.command import host_and_port
    from ops.exchange.bridge.broker_files import ExchangeBrokerOptions
    from ops.exchange.bridge.command import configure_exchange

    at, port = (None, None) if listen is None else host_and_port(listen, "--listen")
    options = ExchangeBrokerOptions(tuple(host) if host else None, at, port, days, user)
    answer(configure_exchange(agreements, out, options, screen), as_json=as_json)
