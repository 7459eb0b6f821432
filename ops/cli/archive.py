"""``watchline archive …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.analysis.option_types import SECTOR_HELP, LayoutOption, SectorArgument
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JournalArgument, JsonOption, SettingsOption, answer, screen

archive_app = typer.Typer(cls=CommandGroup, help="Archive detections and reprocess them.")


@archive_app.command("detections", cls=Command)
def detections(
    sector: SectorArgument,
    journal: JournalArgument,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the archive, with a folder for each sector.")
    ],
    layout: LayoutOption = None,
    piece: Annotated[
        Literal["hour", "day"], typer.Option("--piece", metavar="hour|day", help="Period of one file, in UTC.")
    ] = "hour",
    as_json: JsonOption = False,
) -> None:
    """Archive a journal's detections as GeoParquet.

    Writes one file for each hour or day of receipt, empty scans included.

    Examples
    --------
    watchline archive detections cumberland data --out archive
    """
    from ops.audit.command import record_command
    from ops.journal.archive import archive_journal
    from ops.journal.command import journal_path
    from ops.journal.stores.place import read_journal
    from ops.runtime.output import progress_bar, say, show
    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import load_sector

    ground = open_sector(load_sector(sector), layout)
    record_command(journal_path(journal), "archive detections", f"all detections of {journal}")
    with read_journal(journal_path(journal)) as reader:
        rows = reader.last_id()
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("console-progress", step="rows"), total=rows)
        figures = archive_journal(
            journal_path(journal), ground, out, piece=piece, note=lambda read: progress.advance(bar, read)
        )
    show(screen, "console-archived", scans=figures["scans"], files=len(figures["files"]), folder=str(out))
    answer(figures, as_json=as_json)


@archive_app.command("track", cls=Command)
def track(
    sectors: Annotated[list[str], typer.Argument(metavar="SECTOR", help=f"{SECTOR_HELP} One or more.")],
    archive: Annotated[
        Path, typer.Argument(help="Archive written by `archive detections`.", exists=True, file_okay=False)
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the tracks, with a folder for each sector.")
    ],
    settings: SettingsOption = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Sectors processed in parallel.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Track the detections of an archive.

    Processes one file after another, relates the tracks to terrain and border,
    and resumes an interrupted run.

    Examples
    --------
    watchline archive track cumberland archive --out tracks
    """
    from ops.journal.archive import count_pieces, track_archive
    from ops.runtime.output import progress_bar, say, show
    from ops.sector.settings import load_settings

    load_settings(settings)
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("console-progress", step="files"), total=count_pieces(archive, sectors))
        figures = track_archive(
            archive, sectors, out, settings=settings, workers=workers, done=lambda _: progress.advance(bar)
        )
    show(screen, "console-archive-tracked", files=figures["pieces"], sectors=len(sectors), folder=str(out))
    answer(figures, as_json=as_json)
