"""``watchline journal import``: converts a recording of detections into a journal that can be replayed.

A recording of detections only does not show when a sensor was offline: during a gap between its rows it detected
nothing, or it did not work. Unless the caller sets from which length gaps are outages, none is, and the journal holds
heartbeats in the gaps. Sensors with empty scans in the recording need no such rule.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from geo.text_files import NotReadable, refuse_special
from geo.unfinished import register_unfinished, remove_unfinished
from ingest.decode import encode, encode_status
from ingest.envelope import Delivery
from ingest.receiving.receiver import Receiver, ReceiverSettings
from ingest.recordings import RecordingError, check_columns, rows_of_csv, scans_of
from ingest.topics import identifier, sensor_topic
from ingest.wire import Status
from ops.journal.writer import Journal
from ops.runtime.output import move_to_new, progress_bar, say, show
from sensors.health.liveness import LONGEST_DECLARED_S, SILENT_GRACE_S
from sensors.scan import Scan
from sensors.timestamps import SECOND_NS, nanoseconds

ReceiptGap = tuple[datetime, datetime]
HEARTBEAT_S: Final = LONGEST_DECLARED_S
"""Interval of the heartbeats in gaps that are no silences: the longest that a sensor may declare."""
FIRST_S: Final = 2.0
"""The first heartbeat of a sensor comes this soon, before a layout's own interval makes a gap a silence."""
LEAST_SILENCE_S: Final = 5.0
NOTE: Final = "imported: the recording has no empty scans"
MOST_TICKS: Final = 2_000_000
"""Longest recording in clock ticks of one second, about 23 days."""


def import_recording(
    recording: Path,
    journal: Path,
    *,
    sector_id: str,
    kind: str | None,
    screen: Console,
    silent_after_s: float | None = None,
) -> dict[str, Any]:
    """Write a new journal from a CSV or (Geo)Parquet file: scans in order of receipt, with one clock tick per second.

    Of sensors without empty scans, gaps longer than ``silent_after_s`` are silences, by default none; see the module.
    Raises RecordingError, before anything is written, for a recording with content that ingest would reject, and
    BadInput for a journal that already exists.
    """
    identifier(sector_id, "SECTOR")
    if silent_after_s is not None and not LEAST_SILENCE_S <= silent_after_s < math.inf:
        raise BadInput(f"{silent_after_s:g}", where="--silent-after", expected=f"seconds from {LEAST_SILENCE_S:g}")
    if journal.exists():
        raise _exists(journal)
    with screen.status(say("console-import-reading")):
        scans = scans_of(_rows(recording), kind=kind, where=recording.name)
    if not scans:
        raise RecordingError("no detections", where=recording.name, expected="at least one row")
    span_s = (scans[-1].received_at - scans[0].received_at).total_seconds()
    if span_s > MOST_TICKS:
        raise RecordingError(f"{span_s / 86_400:.0f} days long", where=recording.name, expected="at most 23 days")
    beats = heartbeats(scans, silent_after_s)
    silences = _silences(scans, silent_after_s)
    journal.parent.mkdir(parents=True, exist_ok=True)
    partial = journal.with_name(f"{journal.name}.partial")
    with register_unfinished(partial):
        try:
            remove_unfinished(partial)  # of a process that was killed
            _journal(scans, beats, partial, sector_id, screen)
            move_to_new(partial, journal)
        except FileExistsError:
            raise _exists(journal) from None
        finally:
            remove_unfinished(partial)
    filled = sorted({scan.sensor for scan in scans} - _says_empty(scans))
    if filled:
        rule = "none" if silent_after_s is None else "longer"
        show(screen, "console-import-no-empty-scans", sensors=filled, rule=rule, seconds=silent_after_s)
    names = sorted({scan.sensor for scan in scans})
    show(screen, "console-imported", scans=len(scans), sensors=len(names), journal=str(journal))
    return {
        "journal": str(journal),
        "scans": len(scans),
        "detections": sum(len(scan.plots) for scan in scans),
        "empty_scans": sum(not scan.plots for scan in scans),
        "sensors": names,
        "without_empty_scans": filled,
        "silent_after_s": silent_after_s,
        "silences": {sensor: len(found) for sensor, found in silences.items()},
        "heartbeats": len(beats),
        "first": scans[0].observed_at.isoformat().replace("+00:00", "Z"),
        "last": scans[-1].observed_at.isoformat().replace("+00:00", "Z"),
    }


def _exists(journal: Path) -> BadInput:
    return BadInput("already exists", where=str(journal), expected="the name of a new journal")


def heartbeats(scans: list[Scan], silent_after_s: float | None) -> list[Status]:
    """Return heartbeats in the gaps of sensors without empty scans, but not in those that are silences.

    They declare an interval that makes a silence of a gap above ``silent_after_s`` and of no other.
    """
    every_s = HEARTBEAT_S if silent_after_s is None else min(HEARTBEAT_S, (silent_after_s - SILENT_GRACE_S) / 2.0)
    beats: list[Status] = []
    for sensor, gaps in _gaps(scans).items():
        number = 0
        for begin, end in gaps:
            gap_s = (end - begin).total_seconds()
            if silent_after_s is not None and gap_s > silent_after_s:
                continue
            at = begin + timedelta(seconds=min(FIRST_S, every_s) if number == 0 else every_s)
            while (end - at).total_seconds() > FIRST_S:
                number += 1
                beats.append(Status(sensor, 1, number, at, "ok", status_interval_s=every_s, note=NOTE))
                at += timedelta(seconds=every_s)
    return sorted(beats, key=lambda beat: (beat.observed_at, beat.sensor))


def _silences(scans: list[Scan], silent_after_s: float | None) -> dict[str, list[ReceiptGap]]:
    """Return the gaps that are silences, by sensor without empty scans."""
    if silent_after_s is None:
        return {sensor: [] for sensor in _gaps(scans)}
    return {
        sensor: [(begin, end) for begin, end in gaps if (end - begin).total_seconds() > silent_after_s]
        for sensor, gaps in _gaps(scans).items()
    }


def _gaps(scans: list[Scan]) -> dict[str, list[ReceiptGap]]:
    """Return the gaps between the receipts of each sensor without empty scans, and to both ends of the recording."""
    moments: dict[str, list[datetime]] = {}
    for scan in scans:
        moments.setdefault(scan.sensor, [scans[0].received_at]).append(scan.received_at)
    last = scans[-1].received_at
    return {sensor: list(pairwise([*moments[sensor], last])) for sensor in sorted(set(moments) - _says_empty(scans))}


def _says_empty(scans: list[Scan]) -> set[str]:
    return {scan.sensor for scan in scans if not scan.plots}


def _journal(scans: list[Scan], beats: list[Status], path: Path, sector_id: str, screen: Console) -> None:
    messages = [_delivery(scan, sector_id) for scan in scans] + [_heartbeat(beat, sector_id) for beat in beats]
    messages.sort(key=lambda message: message.received_ns)
    journal = Journal(path)
    try:
        never = ReceiverSettings(future_s=float(10**9), backfill_s=float(10**9))
        receiver = Receiver(
            sector_id, commit=journal.commit, acknowledge=lambda _: None, recall=journal.recall, settings=never
        )
        tick_ns = nanoseconds(scans[0].received_at)
        with progress_bar(screen) as progress:
            for second in progress.track(list(_seconds(messages)), description=say("console-progress", step="scans")):
                while tick_ns <= second[0].received_ns:
                    journal.tick(tick_ns)
                    tick_ns += SECOND_NS
                receiver.handle(second)
        journal.tick(tick_ns)
    finally:
        journal.close()


def _seconds(messages: list[Delivery]) -> Iterator[list[Delivery]]:
    """Group the messages of each second; each group becomes one batch."""
    batch: list[Delivery] = []
    for message in messages:
        if batch and message.received_ns // SECOND_NS != batch[0].received_ns // SECOND_NS:
            yield batch
            batch = []
        batch.append(message)
    yield batch


def _heartbeat(beat: Status, sector_id: str) -> Delivery:
    topic, received_ns = sensor_topic(sector_id, beat.sensor, "status"), nanoseconds(beat.observed_at)
    return Delivery(topic, encode_status(beat), "application/json", (("sent", str(received_ns)),), received_ns)


def _delivery(scan: Scan, sector_id: str) -> Delivery:
    topic, received_ns = sensor_topic(sector_id, scan.sensor, "detections"), nanoseconds(scan.received_at)
    return Delivery(topic, encode(scan), "application/json", (("sent", str(received_ns)),), received_ns)


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    if path.suffix.lower() in (".parquet", ".geoparquet", ".pq"):
        yield from _rows_of_parquet(path)
        return
    try:
        text = path.read_text(encoding="utf-8-sig")  # a pipe, too, such as one that unpacks
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
        refuse_special(path)
        table = _table(path, geopandas, pandas)
    except (NotReadable, OSError, ValueError, pyarrow.ArrowInvalid, json.JSONDecodeError) as error:
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
