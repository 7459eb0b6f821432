"""Recordings of detections in tables, one row a detection, to scans: CSV text here, any other table as rows.

Columns: ``sensor`` and ``observed_at`` (RFC 3339; without an offset it is UTC), and of the plot what there is, named as
in the JSON message (``range_m``, ``azimuth_deg``, ``lon``, ``lat``, ``position_sd_m``, …); ``kind`` of the sensor,
``received_at``, and ``class``, one name. An empty cell is not reported. Rows of one sensor and time are one scan.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, Final, get_args

from geo.errors import BadInput
from ingest.decode import encode
from ingest.errors import MalformedMessage
from ingest.wire import MAX_PLOTS, Kind
from sensors.scan import CLASSES, Plot, Scan

NUMBERS: Final = tuple(item.name for item in fields(Plot) if item.name not in ("classes", "source_id"))
COLUMNS: Final = ("sensor", "observed_at", "received_at", "kind", "class", "source_id", *NUMBERS)
KINDS: Final = get_args(Kind)


class RecordingError(BadInput):
    """A recording that cannot be used; the message names the row and the column."""


@dataclass(slots=True)
class _Look:
    sensor: str
    kind: str
    observed_at: datetime
    received_at: datetime
    plots: list[Plot] = field(default_factory=list)


def rows_of_csv(text: str, *, where: str) -> Iterator[dict[str, str]]:
    """The rows of a CSV text with a header; RecordingError for columns that are unknown, missing or twice there."""
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        header = [name.strip() for name in next(lines, [])]
        check_columns(header, where=where)
        for number, cells in enumerate(lines, start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                problem = f"{len(cells)} cells"
                raise RecordingError(
                    problem, where=f"{where}, row {number}", expected=f"{len(header)}, as in the header"
                )
            yield dict(zip(header, (cell.strip() for cell in cells), strict=True))
    except csv.Error as error:
        raise RecordingError(str(error), where=f"{where}, row {lines.line_num}", expected="comma-separated") from None


def check_columns(names: Iterable[str], *, where: str) -> None:
    """RecordingError for a table whose columns are not those of a recording."""
    given = list(names)
    for name in ("sensor", "observed_at"):
        if name not in given:
            raise RecordingError(f"no column {name!r}", where=where, expected="sensor and observed_at")
    for name in given:
        if name not in COLUMNS or given.count(name) > 1:
            problem = f"column {name!r} " + ("is there twice" if name in COLUMNS else "is unknown")
            raise RecordingError(problem, where=where, expected=", ".join(COLUMNS))


def scans_of(rows: Iterable[Mapping[str, Any]], *, kind: str | None = None, where: str) -> list[Scan]:
    """The scans of a table's rows, in order of receipt; boot 1, and seq counts each sensor's scans in order of time.

    ``kind``: of sensors whose rows name none. Raises RecordingError with the row for anything that ingest would refuse.
    """
    looks: dict[tuple[str, datetime], _Look] = {}
    for number, row in enumerate(rows, start=2):
        row_label = f"{where}, row {number}"
        plot, row_look = _read(row, kind, row_label)
        look = looks.setdefault((row_look.sensor, row_look.observed_at), row_look)
        look.plots.append(plot)
        look.received_at = max(look.received_at, row_look.received_at)
        if len(look.plots) > MAX_PLOTS:
            raise RecordingError(
                f"more than {MAX_PLOTS} detections of one time", where=row_label, expected="fewer a scan"
            )
    numbers: dict[str, int] = {}
    scans = []
    for look in sorted(looks.values(), key=lambda look: (look.observed_at, look.sensor)):
        seq = numbers[look.sensor] = numbers.get(look.sensor, 0) + 1
        plots = tuple(look.plots)
        scans.append(Scan(look.sensor, 1, seq, seq, look.observed_at, look.received_at, look.kind, plots))
    return sorted(scans, key=lambda scan: (scan.received_at, scan.observed_at, scan.sensor))


def _read(row: Mapping[str, Any], kind: str | None, row_label: str) -> tuple[Plot, _Look]:
    sensor, observed_at = str(_cell(row, "sensor") or ""), _moment(row, "observed_at", row_label)
    if observed_at is None:
        raise RecordingError("observed_at is empty", where=row_label, expected="a time")
    received_at = _moment(row, "received_at", row_label) or observed_at
    named = _cell(row, "kind") or kind
    if named not in KINDS:
        raise RecordingError(
            f"kind is {named!r}", where=row_label, expected=f"{', '.join(KINDS)}, here or as an option"
        )
    values = {name: _number(row, name, row_label) for name in NUMBERS}
    label, source = _cell(row, "class"), _cell(row, "source_id")
    if label is not None and label not in CLASSES:
        raise RecordingError(f"class is {str(label)[:40]!r}", where=row_label, expected=", ".join(CLASSES))
    plot = Plot(
        **values, classes={} if label is None else {str(label): 1.0}, source_id=None if source is None else str(source)
    )
    look = _Look(sensor, str(named), observed_at, received_at)
    scan = Scan(sensor, 1, 1, 1, observed_at, received_at, look.kind, (plot,))
    try:
        encode(scan)
    except MalformedMessage as error:
        problem = f"{error.field.removeprefix('plots[0].')}: {error.what}"
        raise RecordingError(problem, where=row_label, expected=error.expected) from None
    return plot, look


def _cell(row: Mapping[str, Any], name: str) -> Any:
    """A cell; None where it is empty, NaN or not there."""
    value = row.get(name)
    if value is None or value == "" or (isinstance(value, float) and math.isnan(value)) or str(value) == "NaT":
        return None
    return value


def _number(row: Mapping[str, Any], name: str, row_label: str) -> float | None:
    value = _cell(row, name)
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError):
        raise RecordingError(
            f"{name} is {str(value)[:40]!r}", where=row_label, expected="a number, or nothing"
        ) from None


def _moment(row: Mapping[str, Any], name: str, row_label: str) -> datetime | None:
    value = _cell(row, name)
    if value is None:
        return None
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime(warn=False)
    try:
        time = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        time = time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RecordingError(f"{name} is {str(value)[:40]!r}", where=row_label, expected="a time as RFC 3339") from None
    return time
