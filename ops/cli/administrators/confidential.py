"""``watchline confidential …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

confidential_app = typer.Typer(
    cls=CommandGroup, help="Manage confidential reports.", no_args_is_help=True
)  # fmt: skip

DataArgument = Annotated[Path, typer.Argument(help="Data folder of `run`.", exists=True, file_okay=False)]


@confidential_app.command("keys", cls=Command)
def keys(
    data: DataArgument,
    recipient: Annotated[
        str, typer.Option("--recipient", metavar="TEXT", help="Role that reads the reports, for the page.")
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="New file of the private key.")],
    as_json: JsonOption = False,
) -> None:
    """Create the keys for confidential reports.

    The recipient runs it and keeps the private key, which must not stay
    on the server. WATCHLINE_PASSPHRASE encrypts it.

    Examples
    --------
    watchline confidential keys data --recipient "Inspector" --out inspector.key
    """
    from ops.governance.confidential_command import make_keys

    answer(make_keys(data, out, recipient, screen), as_json=as_json)


@confidential_app.command("read", cls=Command)
def read(
    data: DataArgument,
    key: Annotated[Path, typer.Option("--key", metavar="FILE", help="Private key.", exists=True, dir_okay=False)],
    as_json: JsonOption = False,
) -> None:
    """Show the confidential reports of a data folder.

    A copy of its folder `confidential` in an empty folder is enough, so that
    the key need never be on the server.

    Examples
    --------
    watchline confidential read data --key inspector.key
    """
    from ops.governance.confidential_command import read_reports

    answer(read_reports(data, key, screen), as_json=as_json)
