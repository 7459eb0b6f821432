"""``watchline handover`` and ``watchline export`` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ops.analysis.option_types import SectorArgument, named
from ops.cli.options import JsonOption, PurposeOption, ReleasabilityOption, SettingsOption, answer, screen

StoreArgument = Annotated[
    Path,
    typer.Argument(
        help="Store, such as out/demo/store.db, or store.db in the folder of `run`.", exists=True, dir_okay=False
    ),
]
FromOption = Annotated[str | None, typer.Option("--from", metavar="TIME", help="Start of the period.")]
ToOption = Annotated[str | None, typer.Option("--to", metavar="TIME", help="End of the period, which it excludes.")]


def handover(
    sector: SectorArgument,
    store: StoreArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.", dir_okay=False)],
    report_format: Annotated[
        Literal["pdf", "html", "json"], typer.Option("--format", help="pdf, html or json.")
    ] = "pdf",
    start: FromOption = None,
    end: ToOption = None,
    incidents: Annotated[
        str, typer.Option("--incidents", metavar="NAMES", help="Only these: radio names or ids, with commas.")
    ] = "",
    after_action: Annotated[
        bool, typer.Option("--after-action", help="After-action report: time line first, no notes.")
    ] = False,
    settings: SettingsOption = None,
    releasability: ReleasabilityOption = "",
    purpose: PurposeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the handover report of a shift.

    The same report as the page's, from the store, without a server: by default
    of the current shift. It is recorded in the audit log as a disclosure.

    Examples
    --------
    watchline handover cumberland out/demo/store.db --out handover.pdf
    watchline handover cumberland data/store.db --format json \\
        --from 2026-03-14T21:00Z --to 2026-03-15T05:00Z --out night.json
    """
    from ops.journal.command import moment
    from ops.room.reports.handover_command import ReportOptions, write_report

    options = ReportOptions(
        sector,
        store,
        out,
        report_format,
        moment(start, "--from"),
        moment(end, "--to"),
        tuple(name.strip() for name in incidents.split(",") if name.strip()),
        after_action,
        settings,
        releasability,
        purpose,
    )
    answer(write_report(options, screen), as_json=as_json)


def export(
    sector: SectorArgument,
    store: StoreArgument,
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="File to write.", dir_okay=False)],
    file_format: Annotated[
        Literal["gpkg", "geoparquet", "csv", "kml"],
        typer.Option("--format", help="gpkg, kml, or geoparquet or csv in a ZIP archive."),
    ] = "gpkg",
    start: FromOption = None,
    end: ToOption = None,
    layers: Annotated[
        str,
        typer.Option(
            "--layers", metavar="NAMES", help="Of tracks, positions, incidents, alerts, sensors, segments; with commas."
        ),
    ] = "tracks,positions,incidents,alerts,sensors,segments",
    bbox: Annotated[
        str | None, typer.Option("--bbox", metavar="W,S,E,N", help="Only what is within these degrees.")
    ] = None,
    settings: SettingsOption = None,
    releasability: ReleasabilityOption = "",
    purpose: PurposeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write tracks, incidents and others to a file.

    The same file as the page's export, from the store, without a server: by
    default of the last hour in the store. A purpose must be stated; the audit
    log records it with the contents and the hash of the file.

    Examples
    --------
    watchline export cumberland out/demo/store.db --out night.gpkg \\
        --purpose "inquiry 12"
    watchline export cumberland data/store.db --format csv --layers tracks \\
        --from 2026-03-14T21:00Z --to 2026-03-15T05:00Z \\
        --purpose "inquiry 12" --out tracks.zip
    """
    from ops.export.request import bounds_of, layers_of
    from ops.journal.command import moment
    from ops.room.reports.export_command import ExportOptions, write_export_file

    with named("--layers"):
        chosen = layers_of(layers)
    with named("--bbox"):
        bounds = None if bbox is None else bounds_of(bbox)
    options = ExportOptions(
        sector,
        store,
        out,
        chosen,
        file_format,
        bounds,
        moment(start, "--from"),
        moment(end, "--to"),
        settings,
        releasability,
        purpose,
    )
    answer(write_export_file(options, screen), as_json=as_json)
