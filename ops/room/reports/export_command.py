"""``watchline export``: tracks, incidents and other layers of an area and a period as a file, from a room's store."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import file_digest
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from geo.unfinished import unfinished_folder
from ops.analysis.handover.period import ReportPeriod
from ops.audit.command import PURPOSE_VARIABLE, record_command
from ops.export.process import export
from ops.export.request import ENDINGS, ExportFormat, ExportLayer, ExportRequest, LonLatBounds
from ops.releasability.decision import UNMARKED
from ops.room.reports.handover_command import checked_limit, period_of
from ops.room.retention import EXPORTS
from ops.runtime.account import account_name, give_to_owner
from ops.runtime.output import checked_out, show
from ops.sector.geojson import border_view
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import load_settings
from ops.store.reader import Reader
from ops.store.rows import rfc3339
from sensors.timestamps import utc_datetime

DEFAULT_PERIOD: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """An export from the command line. Without ``start`` and ``end`` it is that of the last hour in the store.

    ``limit``: the most restrictive releasability marking
    of the records in the file. ``purpose`` None: that of the environment.
    """

    sector: str
    store: Path
    out: Path
    layers: tuple[ExportLayer, ...]
    format: ExportFormat = "gpkg"
    bounds: LonLatBounds | None = None
    start: datetime | None = None
    end: datetime | None = None
    settings: Path | None = None
    limit: str = UNMARKED
    purpose: str | None = None


def write_export_file(options: ExportOptions, screen: Console) -> dict[str, Any]:
    """Write the file, once it is recorded as a disclosure with its hash; return what is in it.

    Raises
    ------
    BadInput
        Without a purpose, for an unknown limit, an invalid area, or more than a file may hold.
    StoreError
        For a file that is not a store.
    """
    sector = load_sector(options.sector)
    purpose = options.purpose or os.environ.get(PURPOSE_VARIABLE)
    if purpose is None:
        raise BadInput("No purpose is stated", where="--purpose", expected=f"it, or the variable {PURPOSE_VARIABLE}")
    settings = load_settings(options.settings)
    checked_limit(options.limit, settings.releasability)
    checked_out(options.out, options.store.resolve().parent)
    period = period_of(options.start, options.end) or _last_hour(options.store)
    ground = open_sector(sector)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    with unfinished_folder(".watchline-export-", options.out.parent) as folder:
        made = folder / f"export{ENDINGS[options.format]}"
        request = ExportRequest(
            store=str(options.store.absolute()),
            out=str(made),
            format=options.format,
            layers=options.layers,
            start_ns=period.start_ns,
            end_ns=period.end_ns,
            made_ns=time.time_ns(),
            sector=ground.sector.name,
            made_by=account_name(),
            purpose=purpose,
            marking=settings.reports.marking,
            bounds=options.bounds,
            frame=ground.frame.wkt,
            segments=border_view(ground),
            release=settings.releasability,
            limit=options.limit,
            goods_codes=settings.goods.codes,
        )
        result = export(request)
        if result.refused or result.failed:
            raise WatchlineError(result.refused or result.failed)
        with made.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        counts = ", ".join(f"{count} {layer}" for layer, count in result.counts.items())
        span = f"{rfc3339(period.start_ns)} to {rfc3339(period.end_ns)}"
        subject = f"export as {options.format}: {counts}, {span}, SHA-256 {digest}"
        record_command(options.store, f"export --out {options.out.name}", subject, purpose=purpose)
        made.replace(options.out)
    out, exports = options.out.resolve(), options.store.resolve().parent / EXPORTS
    if out.is_relative_to(exports):  # for the service that erases it
        give_to_owner(*(folder for folder in reversed(out.parents) if folder.is_relative_to(exports)), out)
    show(screen, "handover-exported", file=str(options.out), count=sum(result.counts.values()))
    return {
        "file": str(options.out),
        "sha256": digest,
        "format": options.format,
        "from": rfc3339(period.start_ns),
        "to": rfc3339(period.end_ns),
        "counts": result.counts,
    }


def _last_hour(store: Path) -> ReportPeriod:
    """The hour up to the newest picture of the store, which it includes."""
    reader = Reader(store)
    try:
        live = reader.live("tracks")
    finally:
        reader.close()
    end = utc_datetime((time.time_ns() if live is None else live.stamp_ns) + 1_000_000_000)
    return ReportPeriod(end - DEFAULT_PERIOD, end)
