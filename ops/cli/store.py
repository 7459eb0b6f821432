"""``watchline store …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, SettingsOption, answer, screen

store_app = typer.Typer(cls=CommandGroup, help="Erase records whose retention has ended.", no_args_is_help=True)


@store_app.command("purge", cls=Command)
def purge(
    data: Annotated[
        Path, typer.Argument(help="Data folder of a stopped `watchline run`.", exists=True, file_okay=False)
    ],
    settings: SettingsOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be erased; erase nothing.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Erase records whose retention has ended.

    Retention periods and legal holds are set in [retention] and [[hold]] of
    the settings. `watchline run` erases daily, by erasing keys; this command
    also overwrites the records.

    Examples
    --------
    watchline store purge data --settings settings.toml --dry-run
    """
    from ops.room.purge_command import purge_folder

    answer(purge_folder(data, settings, dry_run=dry_run, screen=screen), as_json=as_json)
