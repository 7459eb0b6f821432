"""Reading a journal row again as the scan or status it was when ingest took it in."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from ingest.decode import JSON, decode, decode_status, media_type, remember
from ingest.errors import MalformedMessage
from ingest.standards.registry import REMEMBER
from ingest.topics import sensor_topic
from ingest.wire import Status
from ops.journal.reader import JournalRow
from sensors.scan import Plot, Scan
from sensors.timestamps import utc_datetime

if TYPE_CHECKING:
    from sensors.layout import AnySensor, Layout

_ANY_SECTOR: Final = "journal"
OBSERVER: Final = "human"


def scan_of_row(row: JournalRow, layout: Layout | None = None, told: bytes | None = None) -> Scan:
    """The scan of a ``detections`` row: its sensor, boot and seq are the row's.

    Standards other than our JSON say nothing of the kind of sensor, and not all of them how well a place is known:
    there both are the layout's, where that has the sensor. What an observer reports without a direction lies anywhere
    within its reach. ``told``: what ``learn`` noted of the sensor. Raises
    MalformedMessage for a row that cannot be read.
    """
    received_at = utc_datetime(row.received_ns)
    if media_type(row.content_type) == JSON:
        return decode(row.body, received_at=received_at, content_type=row.content_type)
    topic = sensor_topic(_ANY_SECTOR, row.sensor, "detections")
    scan = decode(
        row.body,
        received_at=received_at,
        content_type=row.content_type,
        topic=topic,
        identity=_identity(row),
        told=told,
    )
    if layout is None or row.sensor not in layout:
        return scan
    sensor = layout[row.sensor]
    return replace(scan, kind=sensor.kind, plots=tuple(_with_deviation(plot, sensor) for plot in scan.plots))


def status_of_row(row: JournalRow) -> Status:
    """The status of a ``status`` row; MalformedMessage as above."""
    received_at = utc_datetime(row.received_ns)
    if media_type(row.content_type) == JSON:
        return decode_status(row.body, received_at=received_at, content_type=row.content_type)
    topic = sensor_topic(_ANY_SECTOR, row.sensor, "status")
    return decode_status(
        row.body, received_at=received_at, content_type=row.content_type, topic=topic, identity=_identity(row)
    )


def learn(row: JournalRow, told: dict[str, bytes]) -> None:
    """Note in ``told`` what a ``status`` row says of its sensor; other rows, and unreadable ones, say nothing.

    ``told`` is sensor → what its own standard remembers (``ingest.decode.remember``), for the sensor's next rows.
    """
    if row.kind != "status" or media_type(row.content_type) not in REMEMBER:
        return
    received_at = utc_datetime(row.received_ns)
    with suppress(MalformedMessage):
        known = remember(
            row.body,
            received_at=received_at,
            content_type=row.content_type,
            sensor=row.sensor,
            told=told.get(row.sensor),
        )
        if known is not None:
            told[row.sensor] = known


def position_sd_m(
    lon: float, lat: float, sensor: AnySensor, *, range_sd_m: float | None = None, azimuth_sd_deg: float | None = None
) -> float | None:
    """Standard deviation of one axis [m] of a place that a sensor reports without one; None: the layout gives none.

    By the sensor's range and azimuth errors, its own or those given: the larger of along and across the line of sight.
    """
    range_sd_m, azimuth_sd_deg = range_sd_m or sensor.range_sd_m, azimuth_sd_deg or sensor.azimuth_sd_deg
    if range_sd_m is None:
        return None
    away = distance_m(lon, lat, sensor.lon, sensor.lat)
    return max(range_sd_m, 0.0 if azimuth_sd_deg is None else away * math.radians(azimuth_sd_deg))


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Distance [m] of two places near each other; good to 1 in 1000 within 100 km."""
    from ingest.standards.true_north import metres_a_degree  # with numpy and pyproj, which ingest starts without

    a_lon, a_lat = metres_a_degree(lat)
    return math.hypot(((lon - other_lon + 180.0) % 360.0 - 180.0) * a_lon, (lat - other_lat) * a_lat)


def _with_deviation(plot: Plot, sensor: AnySensor) -> Plot:
    if sensor.kind == OBSERVER and plot.azimuth_deg is None and plot.lon is None:
        # "something, I cannot say where": within the observer's reach, evenly by area
        return replace(plot, lon=sensor.lon, lat=sensor.lat, position_sd_m=sensor.max_range_m / 2.0)
    if plot.lon is None or plot.lat is None or plot.position_sd_m is not None:
        return plot
    sd_m = position_sd_m(plot.lon, plot.lat, sensor, range_sd_m=plot.range_sd_m, azimuth_sd_deg=plot.azimuth_sd_deg)
    if sd_m is None and plot.azimuth_deg is not None:
        return replace(plot, lon=None, lat=None)  # the measurement itself stays
    return replace(plot, position_sd_m=sd_m)


def _identity(row: JournalRow) -> tuple[int, int] | None:
    return None if row.boot is None or row.seq is None else (row.boot, row.seq)
