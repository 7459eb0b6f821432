"""``watchline feeds …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, answer, screen

feeds_app = typer.Typer(cls=CommandGroup, help="Show and resend what receivers did not get.", no_args_is_help=True)

DataFolder = Annotated[Path, typer.Argument(help="Data folder of `watchline run`.", exists=True, file_okay=False)]


@feeds_app.command("dead-letters", cls=Command)
def list_undelivered_messages(
    data: DataFolder,
    receiver: Annotated[
        str | None, typer.Option("--receiver", help="Only of this receiver, such as web_hook/partner.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List what receivers did not get.

    Alerts that a web hook or a CAP receiver did not take within the time of
    the settings, or refused for good.

    Examples
    --------
    watchline feeds dead-letters data
    """
    from ops.services.feeds.command import list_undelivered

    answer(list_undelivered(data, receiver, screen), as_json=as_json)


@feeds_app.command("replay", cls=Command)
def replay_undelivered_messages(
    data: DataFolder,
    receiver: Annotated[str, typer.Argument(help="Receiver, as `feeds dead-letters` lists it.")],
    as_json: JsonOption = False,
) -> None:
    """Send a receiver what it did not get.

    Under the same numbers and ids: at once if `watchline run` is running,
    otherwise when it is started next.

    Examples
    --------
    watchline feeds replay data web_hook/partner
    """
    from ops.services.feeds.command import replay_undelivered

    answer(replay_undelivered(data, receiver, screen), as_json=as_json)
