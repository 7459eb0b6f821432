"""``watchline journal …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from geo.errors import BadInput
from ingest.wire import Kind
from ops.analysis.option_types import LayoutOption, SectorNameArgument
from ops.cli.command_tree import Command, CommandGroup
from ops.cli.options import (
    JournalArgument,
    JsonOption,
    SinceOption,
    UntilOption,
    answer,
    screen,
    sensor_name_of,
)

journal_app = typer.Typer(cls=CommandGroup, help="Show what a journal holds; import recordings.")


@journal_app.command("stats", cls=Command)
def journal_stats(journal: JournalArgument, as_json: JsonOption = False) -> None:
    """Count the rows and receipts of a journal.

    Receipts by sensor and kind, dead letters by code, first and last time.

    Examples
    --------
    watchline journal stats out/demo
    """
    from ops.journal.command import stats

    answer(stats(journal, screen), as_json=as_json)


@journal_app.command("detections", cls=Command)
def journal_detections(
    journal: JournalArgument,
    sensor_name: Annotated[
        str | None, typer.Option("--sensor", help="Only detections of this sensor.", callback=sensor_name_of)
    ] = None,
    since: SinceOption = None,
    until: UntilOption = None,
    positions: Annotated[int, typer.Option("--positions", min=0, help="Number of newest positions per source.")] = 1000,
    sector: Annotated[
        str | None, typer.Option("--sector", help="Sector whose layout turns range and azimuth into positions.")
    ] = None,
    layout: LayoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Summarise detections by sensor and source.

    A source is the sensor's own name for an object. Shows the number, times
    and positions of its detections.

    Examples
    --------
    watchline journal detections out/demo \\
        --sensor radar-west --sector cumberland
    """
    from ops.audit.command import record_command
    from ops.journal.command import DetectionFilter, detections, journal_path, moment
    from ops.sector.layouts.file import sector_layout

    if layout is not None and sector is None:
        raise BadInput("is given without --sector", where="--layout", expected="both, or neither")
    record_command(journal_path(journal), "journal detections", f"detections of {journal}")
    choice = DetectionFilter(sensor_name, moment(since, "--since"), moment(until, "--until"), positions)
    answer(detections(journal, choice, sector_layout(sector, layout), screen), as_json=as_json)


@journal_app.command("import", cls=Command)
def journal_import(
    sector_name: SectorNameArgument,
    recording: Annotated[
        Path,
        typer.Argument(
            help="CSV or GeoParquet with one row per detection (docs/adapters.md).", exists=True, dir_okay=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Journal to write.")],
    kind: Annotated[Kind | None, typer.Option("--kind", help="Sensor kind for rows that do not state one.")] = None,
    silent_after_s: Annotated[
        float | None,
        typer.Option(
            "--silent-after",
            metavar="SECONDS",
            help="For a sensor that sends no empty scans, treat longer breaks as outages. Default: never.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Convert a recording into a journal.

    The result can be reprocessed with `watchline replay`. SECTOR may also be
    the sector's name in topics alone, without a sector file.

    Examples
    --------
    watchline journal import cumberland recording.csv \\
        --kind radar --out journal.db
    """
    from ops.journal.import_recording import import_recording
    from ops.sector.sector_file import topic_name

    summary = import_recording(
        recording, out, sector_id=topic_name(sector_name), kind=kind, screen=screen, silent_after_s=silent_after_s
    )
    answer(summary, as_json=as_json)
