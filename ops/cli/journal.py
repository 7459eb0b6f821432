"""``watchline journal …`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops.cli.options import JournalArgument, JsonOption, LayoutOption, answer, screen

journal_app = typer.Typer(help="Say what a journal holds.", no_args_is_help=True)


@journal_app.command("stats")
def journal_stats(journal: JournalArgument, as_json: JsonOption = False) -> None:
    """Rows, receipts by sensor and kind, dead letters by code, first and last time."""
    from ops.journal.command import stats

    answer(stats(journal, screen), as_json=as_json)


@journal_app.command("detections")
def journal_detections(
    journal: JournalArgument,
    sensor_name: Annotated[str | None, typer.Option("--sensor", help="Only this sensor's.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="TIME", help="Observed at or after.")] = None,
    until: Annotated[str | None, typer.Option("--until", metavar="TIME", help="Observed before.")] = None,
    positions: Annotated[int, typer.Option("--positions", min=0, help="Newest positions of each source.")] = 1000,
    sector: Annotated[str | None, typer.Option("--sector", help="Place ranges and azimuths by its layout.")] = None,
    layout: LayoutOption = None,
    as_json: JsonOption = False,
) -> None:
    """Detections by sensor and by the sensor's own name of what it saw: how many, when, where."""
    from ops.journal.command import DetectionFilter, detections, moment
    from ops.sector.layout_file import sector_layout

    choice = DetectionFilter(sensor_name, moment(since, "--since"), moment(until, "--until"), positions)
    answer(detections(journal, choice, sector_layout(sector, layout), screen), as_json=as_json)


@journal_app.command("import")
def journal_import(
    recording: Annotated[Path, typer.Argument(help="CSV or GeoParquet, one row a detection (docs/adapters.md).")],
    journal: Annotated[Path, typer.Option("--journal", help="The new journal.")],
    sector_id: Annotated[str, typer.Option("--sector-id", help="The sector's name in topics.")] = "cumberland",
    kind: Annotated[str | None, typer.Option("--kind", help="Of sensors whose rows name no kind.")] = None,
    silent_after_s: Annotated[
        float | None,
        typer.Option(
            "--silent-after",
            metavar="SECONDS",
            help="Longer gaps of a sensor without empty scans are silences. Default: none is.",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a journal of a recording, for `replay`."""
    from ops.journal.import_recording import import_recording

    summary = import_recording(
        recording, journal, sector_id=sector_id, kind=kind, screen=screen, silent_after_s=silent_after_s
    )
    answer(summary, as_json=as_json)
