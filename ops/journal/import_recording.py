"""``watchline journal import``: converts a recording of detections into a journal that can be replayed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ingest.decode import encode
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver, ReceiverSettings
from ingest.recordings import RecordingError, check_columns, rows_of_csv, scans_of
from ingest.topics import identifier, sensor_topic
from ops.journal.writer import Journal
from ops.runtime.output import progress_bar
from sensors.scan import Scan
from sensors.timestamps import SECOND_NS, nanoseconds

MOST_TICKS: Final = 2_000_000
"""Longest recording in clock ticks of one second, about 23 days."""


def import_recording(
    recording: Path, journal: Path, *, sector_id: str, kind: str | None, screen: Console
) -> dict[str, Any]:
    """Write a new journal from a CSV or (Geo)Parquet file: scans in order of receipt, with one clock tick per second.

    Raises RecordingError, before anything is written, for a recording with content that ingest would reject, and
    BadInput for a journal that already exists.
    """
    identifier(sector_id, "--sector-id")
    if journal.exists():
        raise BadInput("is there already", where=str(journal), expected="the name of a new journal")
    with screen.status("Reading the recording ..."):
        scans = scans_of(_rows(recording), kind=kind, where=recording.name)
    if not scans:
        raise RecordingError("holds no detections", where=recording.name, expected="at least one row")
    span_s = (scans[-1].received_at - scans[0].received_at).total_seconds()
    if span_s > MOST_TICKS:
        raise RecordingError(f"{span_s / 86_400:.0f} days long", where=recording.name, expected="at most 23 days")
    journal.parent.mkdir(parents=True, exist_ok=True)
    _journal(scans, journal, sector_id, screen)
    return {
        "journal": str(journal),
        "scans": len(scans),
        "detections": sum(len(scan.plots) for scan in scans),
        "sensors": sorted({scan.sensor for scan in scans}),
        "first": scans[0].observed_at.isoformat().replace("+00:00", "Z"),
        "last": scans[-1].observed_at.isoformat().replace("+00:00", "Z"),
    }


def _journal(scans: list[Scan], path: Path, sector_id: str, screen: Console) -> None:
    journal = Journal(path)
    try:
        never = ReceiverSettings(future_s=float(10**9), backfill_s=float(10**9))
        receiver = Receiver(
            sector_id, commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall, settings=never
        )
        tick_ns = nanoseconds(scans[0].received_at)
        with progress_bar(screen) as progress:
            for second in progress.track(list(_seconds(scans)), description="scans"):
                while tick_ns <= nanoseconds(second[0].received_at):
                    journal.tick(tick_ns)
                    tick_ns += SECOND_NS
                receiver.handle([_delivery(scan, sector_id) for scan in second])
        journal.tick(tick_ns)
    finally:
        journal.close()


def _seconds(scans: list[Scan]) -> Iterator[list[Scan]]:
    """Group the scans of each second; each group becomes one batch."""
    batch: list[Scan] = []
    for scan in scans:
        if batch and nanoseconds(scan.received_at) // SECOND_NS != nanoseconds(batch[0].received_at) // SECOND_NS:
            yield batch
            batch = []
        batch.append(scan)
    yield batch


def _delivery(scan: Scan, sector_id: str) -> Delivery:
    topic, received_ns = sensor_topic(sector_id, scan.sensor, "detections"), nanoseconds(scan.received_at)
    return Delivery(topic, encode(scan), "application/json", (("sent", str(received_ns)),), received_ns)


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix.lower() in (".parquet", ".geoparquet", ".pq"):
        yield from _rows_of_parquet(path)
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror or str(error) if isinstance(error, OSError) else "not UTF-8"
        raise RecordingError(reason, where=str(path), expected="a CSV or GeoParquet file") from None
    yield from rows_of_csv(text, where=path.name)


def _rows_of_parquet(path: Path) -> Iterator[Mapping[str, Any]]:
    """Yield the rows of a Parquet file; points of a GeoParquet file are converted to longitude and latitude."""
    import geopandas
    import pandas
    import pyarrow

    try:
        table = _table(path, geopandas, pandas)
    except (OSError, ValueError, pyarrow.ArrowInvalid, json.JSONDecodeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise RecordingError(reason, where=str(path), expected="a CSV or GeoParquet file") from None
    check_columns(table.columns, where=path.name)
    for row in table.to_dict(orient="records"):
        yield {str(name): value for name, value in row.items()}


def _table(path: Path, geopandas: Any, pandas: Any) -> Any:
    try:
        frame = geopandas.read_parquet(path)
    except ValueError as error:
        if "geo metadata" not in str(error).lower():
            raise
        return pandas.read_parquet(path)
    points = frame.geometry.to_crs(4326) if frame.crs is not None else frame.geometry
    table = pandas.DataFrame(frame.drop(columns=frame.geometry.name))
    known = ~(points.is_empty | points.isna())
    table["lon"], table["lat"] = points.x.where(known), points.y.where(known)
    return table
