"""``watchline archive …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.analysis.option_types import (
    SECTOR_HELP,
    LayoutOption,
    SchedulerOption,
    SectorOrNationArgument,
    TlsCaOption,
    TlsCertificateOption,
    TlsKeyOption,
    WorkersOption,
)
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import JsonOption, SettingsOption, answer, refuse_failed, screen

archive_app = typer.Typer(cls=CommandGroup, help="Archive detections and reprocess them.")


@archive_app.command("detections", cls=Command)
def detections(
    sector: SectorOrNationArgument,
    journal: Annotated[
        Path,
        typer.Argument(help="Journal, or the folder of `demo` or `run`; for a nation, of `cluster run`.", exists=True),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder of the archive, with a folder for each sector.")
    ],
    layout: LayoutOption = None,
    piece: Annotated[
        Literal["hour", "day"], typer.Option("--piece", metavar="hour|day", help="Period of one file, in UTC.")
    ] = "hour",
    scheduler: SchedulerOption = "threads",
    workers: WorkersOption = None,
    tls_ca: TlsCaOption = None,
    tls_certificate: TlsCertificateOption = None,
    tls_key: TlsKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Archive a journal's detections as GeoParquet.

    Writes one file for each hour or day of receipt, empty scans included. With
    a nation file, the journals of all sectors are archived, and an interrupted
    run is resumed.

    Examples
    --------
    watchline archive detections cumberland data --out archive
    watchline archive detections nation.toml data --out archive
    """
    from ops.cluster.batch.archive import archive_elsewhere, archive_nation
    from ops.cluster.nation_file import is_nation
    from ops.runtime.batch.scheduler import Scheduler
    from ops.runtime.output import progress_bar, say, show

    chosen = Scheduler(scheduler, workers, tls_ca, tls_certificate, tls_key)
    if is_nation(Path(sector)):
        totals = archive_nation(Path(sector), journal, out, piece=piece, layout=layout, scheduler=chosen, screen=screen)
        answer(totals, as_json=as_json)
        refuse_failed(sector, totals)
        return
    if not chosen.here:
        figures = archive_elsewhere(sector, journal, out, piece=piece, layout=layout, scheduler=chosen)
        show(screen, "console-archived", scans=figures["scans"], files=len(figures["files"]), folder=str(out))
        answer(figures, as_json=as_json)
        return
    from ops.audit.command import record_command
    from ops.journal.archive import archive_journal
    from ops.journal.command import journal_path
    from ops.journal.stores.place import read_journal
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
    scheduler: SchedulerOption = "processes",
    workers: WorkersOption = None,
    tls_ca: TlsCaOption = None,
    tls_certificate: TlsCertificateOption = None,
    tls_key: TlsKeyOption = None,
    as_json: JsonOption = False,
) -> None:
    """Track the detections of an archive.

    Processes one file after another, relates the tracks to terrain and border,
    and resumes an interrupted run. SECTOR may be a nation file.

    Examples
    --------
    watchline archive track cumberland archive --out tracks
    watchline archive track nation.toml archive --out tracks
    """
    from ops.cluster.batch.archive import sector_files
    from ops.journal.archive import count_pieces, track_archive
    from ops.runtime.batch.scheduler import Scheduler
    from ops.runtime.output import progress_bar, say, show
    from ops.sector.settings import load_settings

    load_settings(settings)
    chosen, named = Scheduler(scheduler, workers, tls_ca, tls_certificate, tls_key), sector_files(sectors)
    with progress_bar(screen) as progress:
        bar = progress.add_task(say("console-progress", step="files"), total=count_pieces(archive, named))
        figures = track_archive(
            archive, named, out, settings=settings, scheduler=chosen, done=lambda _: progress.advance(bar)
        )
    if figures["computed_again"]:
        show(screen, "batch-again", sectors=", ".join(figures["computed_again"]))
    tracked = len(named) - len(figures["failed"])
    show(screen, "console-archive-tracked", files=figures["pieces"], sectors=tracked, folder=str(out))
    for one in figures["failed"]:
        show(screen, "batch-failed", sector=one["sector"])
    answer(figures, as_json=as_json)
    refuse_failed(sectors[0], figures)
