"""Recordings of detections in tables, one row per detection, converted to scans: CSV text, or any table as rows.

Columns: ``sensor`` and ``observed_at`` (RFC 3339; UTC without an offset), and any field of a plot, named as in the JSON
message (``range_m``, ``azimuth_deg``, ``lon``, ``lat``, ``position_sd_m``, …); ``kind`` of the sensor, ``received_at``,
and ``class``, one name. An empty cell means not reported. Rows of one sensor and time are one scan. A row whose column
``empty`` is true is a scan without detections: the sensor looked and saw nothing.
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
from ingest.wire import MAX_PAYLOAD_BYTES, MAX_PLOTS, Kind
from sensors.scan import CLASSES, Plot, Scan

__all__ = ["COLUMNS", "RecordingError", "check_columns", "rows_of_csv", "scans_of"]

NUMBERS: Final = tuple(item.name for item in fields(Plot) if item.name not in ("classes", "source_id"))
COLUMNS: Final = ("sensor", "observed_at", "received_at", "kind", "class", "source_id", "empty", *NUMBERS)
"""The columns that a recording may have."""
KINDS: Final = get_args(Kind)
TRUTHS: Final = {"true": True, "1": True, "false": False, "0": False}
"""What a cell of the column ``empty`` may say."""


class RecordingError(BadInput):
    """A recording that cannot be used; the error names the row and the column.

    Parameters
    ----------
    what : str
        What is wrong.
    where : str
        The file, field or argument.
    expected : str
        What would be accepted.
    """


@dataclass(slots=True)
class _Look:
    """``size``: bytes of a message for each row, together more than those of the scan. ``row_label``: its first row."""

    sensor: str
    kind: str
    observed_at: datetime
    received_at: datetime
    size: int
    row_label: str
    plots: list[Plot] = field(default_factory=list)
    empty: bool = False


def rows_of_csv(text: str, *, where: str) -> Iterator[dict[str, str]]:
    """Iterate over the rows of a CSV text with a header.

    Parameters
    ----------
    text : str
        The CSV text.
    where : str
        Name of the file, for errors.

    Yields
    ------
    dict of str to str
        Column to cell of each row that is not empty.

    Raises
    ------
    RecordingError
        For text that is not CSV, and for columns that are unknown, missing or repeated.

    Examples
    --------
    >>> from ingest.recordings import rows_of_csv
    >>> lines = ["sensor,observed_at", "r1,2026-03-14T21:00:00Z"]
    >>> list(rows_of_csv(chr(10).join(lines), where="night.csv"))
    [{'sensor': 'r1', 'observed_at': '2026-03-14T21:00:00Z'}]
    """
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
    """Check the columns of a table.

    Parameters
    ----------
    names : iterable of str
        Names of the columns.
    where : str
        Name of the file, for errors.

    Raises
    ------
    RecordingError
        For columns that are unknown, missing or repeated.
    """
    given = list(names)
    for name in ("sensor", "observed_at"):
        if name not in given:
            raise RecordingError(f"no column {name!r}", where=where, expected="sensor and observed_at")
    for name in given:
        if name not in COLUMNS or given.count(name) > 1:
            problem = f"column {name!r} " + ("is there twice" if name in COLUMNS else "is unknown")
            raise RecordingError(problem, where=where, expected=", ".join(COLUMNS))


def scans_of(rows: Iterable[Mapping[str, Any]], *, kind: str | None = None, where: str) -> list[Scan]:
    """Convert the rows of a table to scans.

    Parameters
    ----------
    rows : iterable of mapping
        Column to cell of each row.
    kind : str, optional
        Kind of the sensors whose rows state none.
    where : str
        Name of the file, for errors.

    Returns
    -------
    list of Scan
        The scans in order of receipt; boot is 1, and the sequence counts each sensor's scans in order of time.

    Raises
    ------
    RecordingError
        With the row, for anything that ingest would refuse.

    Examples
    --------
    >>> from ingest.recordings import scans_of
    >>> row = {"sensor": "r1", "observed_at": "2026-03-14T21:00:00Z", "azimuth_deg": "12.8"}
    >>> scans_of([row], kind="radar", where="night.csv")[0].plots[0].azimuth_deg
    12.8
    """
    looks: dict[tuple[str, datetime], _Look] = {}
    for number, row in enumerate(rows, start=2):
        row_label = f"{where}, row {number}"
        plot, row_look = _read(row, kind, row_label)
        look = looks.setdefault((row_look.sensor, row_look.observed_at), row_look)
        if (plot is None or look.empty) and (look is not row_look):
            raise RecordingError(
                "a scan both empty and with detections", where=row_label, expected="one row for an empty scan"
            )
        if row_look.kind != look.kind:
            raise RecordingError(
                f"a scan both of kind {look.kind} and of kind {row_look.kind}",
                where=row_label,
                expected="one kind per sensor and time",
            )
        if plot is not None:
            look.plots.append(plot)
        if look is not row_look:
            look.size += row_look.size
        look.received_at = max(look.received_at, row_look.received_at)
        if len(look.plots) > MAX_PLOTS:
            raise RecordingError(
                f"more than {MAX_PLOTS} detections at one time", where=row_label, expected="fewer per scan"
            )
    numbers: dict[str, int] = {}
    scans = []
    for look in sorted(looks.values(), key=lambda look: (look.observed_at, look.sensor)):
        seq = numbers[look.sensor] = numbers.get(look.sensor, 0) + 1
        plots = tuple(look.plots)
        scan = Scan(look.sensor, 1, seq, seq, look.observed_at, look.received_at, look.kind, plots)
        if look.size > MAX_PAYLOAD_BYTES:
            _check_size(scan, look.row_label)
        scans.append(scan)
    return sorted(scans, key=lambda scan: (scan.received_at, scan.observed_at, scan.sensor))


def _check_size(scan: Scan, row_label: str) -> None:
    try:
        encode(scan)
    except MalformedMessage as error:
        at = scan.observed_at.isoformat().replace("+00:00", "Z")
        problem = f"the scan of {scan.sensor} at {at}: {error.what}"
        raise RecordingError(problem, where=row_label, expected=error.expected) from None


def _read(row: Mapping[str, Any], kind: str | None, row_label: str) -> tuple[Plot | None, _Look]:
    """The detection of a row, None for an empty scan, and the look that it belongs to."""
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
    empty = _truth(row, "empty", row_label)
    if empty:
        fields_given = (*values.items(), ("class", label), ("source_id", source))
        if given := [name for name, value in fields_given if value is not None]:
            raise RecordingError(
                f"an empty scan with {given[0]}", where=row_label, expected="no measured values where empty is true"
            )
    plot = Plot(
        **values, classes={} if label is None else {str(label): 1.0}, source_id=None if source is None else str(source)
    )
    scan = Scan(sensor, 1, 1, 1, observed_at, received_at, str(named), () if empty else (plot,))
    try:
        size = len(encode(scan))
    except MalformedMessage as error:
        problem = f"{error.field.removeprefix('plots[0].')}: {error.what}"
        raise RecordingError(problem, where=row_label, expected=error.expected) from None
    return None if empty else plot, _Look(sensor, scan.kind, observed_at, received_at, size, row_label, empty=empty)


def _truth(row: Mapping[str, Any], name: str, row_label: str) -> bool:
    value = _cell(row, name)
    if value is None:
        return False
    told = TRUTHS.get(str(value).strip().lower().removesuffix(".0"))
    if told is None:
        raise RecordingError(f"{name} is {str(value)[:40]!r}", where=row_label, expected="true or false")
    return told


def _cell(row: Mapping[str, Any], name: str) -> Any:
    """A cell; None if it is empty, NaN or absent."""
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
