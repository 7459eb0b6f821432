"""``watchline unit …`` on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import DataOption, JsonOption, answer, screen

unit_app = typer.Typer(cls=CommandGroup, help="Manage devices of field units.", no_args_is_help=True)

UnitArgument = Annotated[str, typer.Argument(help="Name of the field unit.")]


@unit_app.command("enrol", cls=Command)
def enrol(
    unit: UnitArgument,
    data: DataOption,
    address: Annotated[
        str | None, typer.Option("--address", metavar="URL", help="Address of the server as devices reach it.")
    ] = None,
    qr: Annotated[bool, typer.Option("--qr", help="Show the address as a QR code; needs --address.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Print a one-time code for a device of a unit.

    The code is valid for ten minutes and one device. Earlier codes of the unit
    become invalid.

    Examples
    --------
    watchline unit enrol patrol-1 --data data
    watchline unit enrol patrol-1 --data data --address https://watch.example --qr
    """
    from ops.admin import unit as command

    answer(command.enrol(data, unit, address, screen, qr=qr), as_json=as_json)


@unit_app.command("devices", cls=Command)
def devices(unit: UnitArgument, data: DataOption, as_json: JsonOption = False) -> None:
    """List the devices of a unit.

    Examples
    --------
    watchline unit devices patrol-1 --data data
    """
    from ops.admin import unit as command

    answer({"devices": command.listed(data, unit, screen)}, as_json=as_json)


@unit_app.command("revoke", cls=Command)
def revoke(
    unit: UnitArgument,
    device: Annotated[str, typer.Argument(help="Id of the device.")],
    data: DataOption,
    as_json: JsonOption = False,
) -> None:
    """Revoke a device of a unit.

    Takes effect at its next request; its event stream ends within seconds.

    Examples
    --------
    watchline unit revoke patrol-1 1e12521f2156 --data data
    """
    from ops.admin import unit as command

    answer(command.revoke(data, unit, device, screen), as_json=as_json)
