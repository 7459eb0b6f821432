"""``watchline user …`` on the command line."""

from __future__ import annotations

from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import DataOption, JsonOption, answer, screen

user_app = typer.Typer(cls=CommandGroup, help="Manage accounts, even while `run` is running.", no_args_is_help=True)

NameArgument = Annotated[str, typer.Argument(help="Login name.")]
RolesOption = Annotated[
    list[str] | None,
    typer.Option("--role", metavar="ROLE[@SECTOR]", help="Role, in one sector or in all; may be repeated."),
]


@user_app.command("add", cls=Command)
def add(
    name: NameArgument,
    data: DataOption,
    full_name: Annotated[
        str | None, typer.Option("--name", help="Name that others see. Default: the login name.")
    ] = None,
    role: RolesOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add an account and print its one-time secret.

    Roles: viewer, operator, supervisor, planner, analyst, admin, auditor. The
    person must log in with the secret within 24 hours, and then sets a
    password.

    Examples
    --------
    watchline user add keller --data data --name "M. Keller" --role operator
    watchline user add lang --data data --role supervisor@north
    """
    from ops.accounts import command

    answer(command.add(data, name, full_name, role or [], screen), as_json=as_json)


@user_app.command("list", cls=Command)
def list_(data: DataOption, as_json: JsonOption = False) -> None:
    """List accounts with their roles and state.

    Examples
    --------
    watchline user list --data data
    """
    from ops.accounts import command

    answer({"accounts": command.listed(data, screen)}, as_json=as_json)


@user_app.command("roles", cls=Command)
def roles(
    name: NameArgument,
    data: DataOption,
    role: Annotated[
        list[str] | None,
        typer.Argument(metavar="ROLE[@SECTOR]", help="New roles. Without any, the person keeps no rights."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the roles of a person.

    Takes effect at the next request; open event streams of the person end.

    Examples
    --------
    watchline user roles keller operator@north viewer --data data
    """
    from ops.accounts import command

    answer(command.set_roles(data, name, role or [], screen), as_json=as_json)


@user_app.command("releasability", cls=Command)
def releasability(
    name: NameArgument,
    data: DataOption,
    marking: Annotated[
        str,
        typer.Argument(help="Most restrictive marking that the person receives; * for all. Default: unmarked only."),
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Replace the marking limit of an account.

    Markings are the `levels` of `[releasability]` in the settings. Takes
    effect at the next request; open event streams of the person end.

    Examples
    --------
    watchline user releasability keller restricted --data data
    """
    from ops.accounts import command

    answer(command.set_releasability(data, name, marking, screen), as_json=as_json)


@user_app.command("lock", cls=Command)
def lock(name: NameArgument, data: DataOption, as_json: JsonOption = False) -> None:
    """Lock an account and end its sessions.

    Examples
    --------
    watchline user lock keller --data data
    """
    from ops.accounts import command

    answer(command.lock(data, name, screen, locked=True), as_json=as_json)


@user_app.command("unlock", cls=Command)
def unlock(name: NameArgument, data: DataOption, as_json: JsonOption = False) -> None:
    """Unlock an account and clear failed logins.

    Examples
    --------
    watchline user unlock keller --data data
    """
    from ops.accounts import command

    answer(command.lock(data, name, screen, locked=False), as_json=as_json)


@user_app.command("reset", cls=Command)
def reset(name: NameArgument, data: DataOption, as_json: JsonOption = False) -> None:
    """Reset password and second factor of an account.

    Ends its sessions and prints a one-time secret, valid for 24 hours.

    Examples
    --------
    watchline user reset keller --data data
    """
    from ops.accounts import command

    answer(command.reset(data, name, screen), as_json=as_json)


@user_app.command("remove", cls=Command)
def remove(name: NameArgument, data: DataOption, as_json: JsonOption = False) -> None:
    """Remove an account and end its sessions.

    The journal and the audit log keep the person's actions.

    Examples
    --------
    watchline user remove keller --data data
    """
    from ops.accounts import command

    answer(command.remove(data, name, screen), as_json=as_json)


@user_app.command("sessions", cls=Command)
def sessions(
    name: NameArgument,
    data: DataOption,
    end: Annotated[bool, typer.Option("--end", help="End all sessions and tokens of the person.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List or end the sessions of a person.

    Examples
    --------
    watchline user sessions keller --data data
    watchline user sessions keller --data data --end
    """
    from ops.accounts import command

    answer({"sessions": command.sessions(data, name, screen, end=end)}, as_json=as_json)


@user_app.command("token", cls=Command)
def token(
    name: NameArgument,
    data: DataOption,
    label: Annotated[str, typer.Option("--label", help="Purpose of the token.")] = "",
    days: Annotated[float, typer.Option("--days", min=0.01, max=366, help="Validity in days.")] = 90.0,
    as_json: JsonOption = False,
) -> None:
    """Create a token for a program.

    The program has the rights of the account and sends the token as
    `Authorization: Bearer TOKEN`. It is shown once.

    Examples
    --------
    watchline user token prometheus --data data --label metrics
    """
    from ops.accounts import command

    answer(command.token(data, name, label, days, screen), as_json=as_json)
