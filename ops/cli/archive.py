"""``watchline archive …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JsonOption, answer, screen

archive_app = typer.Typer(
    help="Days and years of detections as GeoParquet, and the tracks made of them.", no_args_is_help=True
)

OutOption = Annotated[Path, typer.Option("--out", help="Folder of the archive; a folder a sector in it.")]


@archive_app.command("detections")
def detections(
    journal: Annotated[Path, typer.Argument(help="A journal, or a data folder that holds one.", exists=True)],
    out: OutOption,
    sector: Annotated[str, typer.Option("--sector", help="Sector TOML file, or a sample's name.")] = "cumberland",
    layout: Annotated[str | None, typer.Option("--layout", help="Layout by name or file. Default: the first.")] = None,
    piece: Annotated[str, typer.Option("--piece", metavar="hour|day", help="What one file holds, in UTC.")] = "hour",
    as_json: JsonOption = False,
) -> None:
    """Write a journal's detections into an archive, by hour or day of receipt; empty scans too."""
    from ops.journal.archive import archive_journal
    from ops.journal.command import journal_path
    from ops.journal.reader import JournalReader
    from ops.runtime.output import progress_bar
    from ops.sector.open_sector import open_sector
    from ops.sector.sector_file import load_sector

    ground = open_sector(load_sector(sector), layout)
    with JournalReader(journal_path(journal)) as reader:
        rows = reader.last_id()
    with progress_bar(screen) as progress:
        bar = progress.add_task("journal rows", total=rows)
        figures = archive_journal(
            journal_path(journal), ground, out, piece=piece, note=lambda read: progress.advance(bar, read)
        )
    screen.print(f"{figures['scans']} scans in {len(figures['files'])} files: {out}", markup=False)
    answer(figures, as_json=as_json)


@archive_app.command("track")
def track(
    archive: Annotated[Path, typer.Argument(help="What `archive detections` wrote.", exists=True, file_okay=False)],
    out: OutOption,
    sector: Annotated[
        list[str] | None, typer.Option("--sector", help="Sector TOML file, or a sample's name; may be repeated.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="TOML, as for `run`.", exists=True, dir_okay=False)
    ] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, help="Sectors that run beside each other.")] = 2,
    as_json: JsonOption = False,
) -> None:
    """Track an archive piece by piece and correlate it with ground and border; goes on where it was interrupted."""
    from ops.journal.archive import count_pieces, track_archive
    from ops.runtime.output import progress_bar

    sectors = sector or ["cumberland"]
    with progress_bar(screen) as progress:
        bar = progress.add_task("pieces", total=count_pieces(archive, sectors))
        figures = track_archive(
            archive, sectors, out, settings=settings, workers=workers, done=lambda _: progress.advance(bar)
        )
    screen.print(f"{figures['pieces']} pieces of {len(sectors)} sectors: {out}", markup=False)
    answer(figures, as_json=as_json)
