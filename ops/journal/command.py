"""``watchline journal``: counts and positions of a journal's detections by sensor and source."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from rich.console import Console

from geo.errors import BadInput
from ingest.errors import MalformedMessage
from ingest.standards.true_north import along
from ops.journal.decode_row import learn, scan_of_row
from ops.journal.reader import Counts, JournalRow
from ops.journal.stores.place import read_journal
from ops.journal.stores.protocol import ReadableJournal
from ops.runtime.output import column, say, show
from ops.runtime.tables import show_table, table_of
from sensors.layout import Layout
from sensors.scan import Plot, Scan
from sensors.timestamps import utc_datetime

ROWS_A_STEP: Final = 5_000
_COUNTS: Final = ("received", "journaled", "duplicate", "dead_lettered", "shed")


@dataclass(frozen=True, slots=True)
class DetectionFilter:
    """Selects the detections of one ``sensor``, observed from ``since`` until before ``until``; None means no limit.

    ``positions`` is the number of newest positions listed per source.
    """

    sensor: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    positions: int = 1_000


@dataclass(slots=True)
class _Source:
    count: int = 0
    first: datetime | None = None
    last: datetime | None = None
    positions: list[dict[str, Any]] = field(default_factory=list)


def journal_path(path: Path) -> Path:
    """Return the path of the journal: ``path`` itself, or the journal in that data folder; see ``read_journal``."""
    return path / "journal.db" if path.is_dir() else path


def stats(path: Path, screen: Console) -> dict[str, Any]:
    """Count rows by kind, receipts by sensor and kind, and dead letters by code; give the first and last times.

    Raises JournalError for a file that is not a journal.
    """
    with read_journal(journal_path(path)) as journal:
        rows: Counter[str] = Counter()
        first = last = None
        for row in _rows(journal):
            rows[row.kind] += 1
            first = row.received_ns if first is None else first
            last = row.received_ns
        letters = Counter(letter.code for letter in _letters(journal))
        receipts = {
            kind: {sensor: _plain(counts) for sensor, counts in journal.counts(kind).items()}
            for kind in ("detections", "status", "position", "action", "unknown")
        }
    _show_receipts(receipts, letters, screen)
    return {
        "journal": str(journal_path(path)),
        "rows": dict(sorted(rows.items())),
        "first": _time(first),
        "last": _time(last),
        "receipts": {kind: of_kind for kind, of_kind in receipts.items() if of_kind},
        "dead_letters": dict(sorted(letters.items())),
    }


def detections(path: Path, choice: DetectionFilter, layout: Layout | None, screen: Console) -> dict[str, Any]:
    """Summarise detections by sensor and source: count, times and positions.

    A position is the reported one; otherwise, with ``layout``, range and azimuth projected onto the ground; otherwise
    there is none (an azimuth alone gives no position). ``source`` is the sensor's own name for the object, or "".
    """
    by_sensor: dict[str, dict[str, _Source]] = {}
    scans: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    unreadable = 0
    with read_journal(journal_path(path)) as journal:
        sensor_contexts: dict[str, bytes] = {}
        for row in _rows(journal):
            learn(row, sensor_contexts)
            if row.kind != "detections" or not _chosen(row, choice):
                continue
            try:
                scan = scan_of_row(row, layout, sensor_contexts.get(row.sensor))
            except MalformedMessage:
                unreadable += 1
                continue
            scans[scan.sensor] += 1
            kinds[scan.sensor] = scan.kind
            _note(by_sensor.setdefault(scan.sensor, {}), scan, layout, choice.positions)
    sensors: dict[str, Any] = {
        sensor: {
            "kind": kinds[sensor],
            "scans": scans[sensor],
            "detections": sum(source.count for source in sources.values()),
            "sources": {name: _source_plain(source) for name, source in sorted(sources.items())},
        }
        for sensor, sources in sorted(by_sensor.items())
    }
    _show_detections(sensors, screen)
    total = sum(each["detections"] for each in sensors.values())
    return {"journal": str(journal_path(path)), "detections": total, "unreadable": unreadable, "sensors": sensors}


def moment(text: str | None, where: str) -> datetime | None:
    """Parse a time from the command line; UTC unless it has an offset. Raises BadInput for an invalid time."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):  # the latter for a time that is outside of the calendar in UTC
        raise BadInput(
            f"{text!r} is not a valid time", where=where, expected="a time such as 2026-03-14T21:07:33Z"
        ) from None


def _rows(journal: ReadableJournal) -> Iterator[JournalRow]:
    last = 0
    while rows := journal.read(last, ROWS_A_STEP):
        yield from rows
        last = rows[-1].id


def _letters(journal: ReadableJournal) -> Iterator[Any]:
    last = 0
    while letters := journal.dead_letters(last, ROWS_A_STEP):
        yield from (letter for _, letter in letters)
        last = letters[-1][0]


def _chosen(row: JournalRow, choice: DetectionFilter) -> bool:
    if choice.sensor is not None and row.sensor != choice.sensor:
        return False
    observed = utc_datetime(row.observed_ns)
    return (choice.since is None or observed >= choice.since) and (choice.until is None or observed < choice.until)


def _note(sources: dict[str, _Source], scan: Scan, layout: Layout | None, most: int) -> None:
    for plot in scan.plots:
        source = sources.setdefault(plot.source_id or "", _Source())
        source.count += 1
        source.first = scan.observed_at if source.first is None else min(source.first, scan.observed_at)
        source.last = scan.observed_at if source.last is None else max(source.last, scan.observed_at)
        position = _position(plot, scan.sensor, layout)
        if position is not None and most > 0:
            lon, lat = position
            entry = {"at": _text(scan.observed_at), "lon": round(lon, 7), "lat": round(lat, 7)}
            source.positions.append(entry | {"sd_m": plot.position_sd_m})
            del source.positions[:-most]


def _position(plot: Plot, sensor: str, layout: Layout | None) -> tuple[float, float] | None:
    if plot.lon is not None and plot.lat is not None:
        return plot.lon, plot.lat
    if layout is None or sensor not in layout or plot.range_m is None or plot.azimuth_deg is None:
        return None
    placed = layout[sensor]
    level = plot.range_m * math.cos(math.radians(plot.elevation_deg or 0.0))
    return along(placed.lon, placed.lat, (plot.azimuth_deg - placed.north_offset_deg) % 360.0, level)


def _source_plain(source: _Source) -> dict[str, Any]:
    return {
        "count": source.count,
        "first": None if source.first is None else _text(source.first),
        "last": None if source.last is None else _text(source.last),
        "positions": source.positions,
    }


def _plain(counts: Counts) -> dict[str, int]:
    return {name: getattr(counts, name) for name in _COUNTS}


def _time(time_ns: int | None) -> str | None:
    return None if time_ns is None else _text(utc_datetime(time_ns))


def _text(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _show_receipts(receipts: dict[str, dict[str, dict[str, int]]], letters: Counter[str], screen: Console) -> None:
    table = table_of("source", "kind", *_COUNTS, right=_COUNTS)
    for kind, of_kind in receipts.items():
        for sensor, counts in of_kind.items():
            table.add_row(
                sensor or say("console-demo-unknown-sensor"), column(kind), *(str(counts[name]) for name in _COUNTS)
            )
    if table.row_count:
        show_table(screen, table)
    elif not letters:
        show(screen, "console-journal-no-receipts")
    for code, count in letters.most_common():
        show(screen, "console-dead-letters-code", code=code, count=count)


def _show_detections(sensors: dict[str, Any], screen: Console) -> None:
    counted = ("scans", "detections", "sources", "positions")
    table = table_of("sensor", "kind", *counted, right=counted)
    for sensor, entry in sensors.items():
        placed = sum(len(source["positions"]) for source in entry["sources"].values())
        row = (
            say("sensor-kind", kind=entry["kind"]),
            entry["scans"],
            entry["detections"],
            len(entry["sources"]),
            placed,
        )
        table.add_row(sensor, *(str(each) for each in row))
    show_table(screen, table)
