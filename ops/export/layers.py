"""The layers of an export as GeoDataFrames in longitude and latitude, each row with the marking."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import msgspec
import numpy as np
import pandas as pd
import shapely

from geo.antimeridian import area_within
from geo.errors import BadInput
from geo.frame import LocalFrame
from ops.export.request import MOST_POSITIONS, MOST_RECORDS, ExportRequest
from ops.incidents.goods_codes.check import GoodsCodeFile, GoodsCodes, findings_of
from ops.incidents.goods_codes.code_list import SOURCE_LANGUAGE
from ops.store.markings import received_records
from ops.store.periods import PeriodReader, ReleasedPeriods, with_released_goods
from ops.store.rows import columns
from sensors.timestamps import nanoseconds

WGS84 = "EPSG:4326"
SPREAD_95 = 2.447_746_830_680_816
"""Semi-axis of the ellipse with 95% probability in standard deviations: the square root of −2 ln 0.05."""


def layers_to_export(request: ExportRequest) -> dict[str, gpd.GeoDataFrame]:
    """Read the wanted layers from the store.

    Raises
    ------
    BadInput
        If there is more than a file may hold, or the frame or the border is not known.
    """
    store = PeriodReader(Path(request.store))
    reader = ReleasedPeriods(store, received_records(store.path, request.release, request.limit))
    try:
        made: dict[str, gpd.GeoDataFrame] = {}
        if {"tracks", "positions"} & set(request.layers):
            tracks, positions = _tracks_and_positions(reader, request)
            made |= {"tracks": tracks, "positions": positions}
        if "incidents" in request.layers:
            made["incidents"] = _incidents(reader, request)
        if "alerts" in request.layers:
            made["alerts"] = _alerts(reader, request)
        if "sensors" in request.layers:
            made["sensors"] = _sensors(reader, request)
        if "segments" in request.layers:
            made["segments"] = _segments(request)
    finally:
        store.close()
    return {layer: _marked(made[layer], request.marking) for layer in request.layers}


def _marked(frame: gpd.GeoDataFrame, marking: str) -> gpd.GeoDataFrame:
    frame.insert(0, "marking", marking)
    return frame


def _is_inside(lon: np.ndarray, lat: np.ndarray, request: ExportRequest) -> np.ndarray:
    if request.bounds is None:
        return np.ones(lon.shape, bool)
    west, south, east, north = request.bounds
    within = (lon >= west) & (lon <= east) if west <= east else (lon >= west) | (lon <= east)
    return within & (lat >= south) & (lat <= north)


def _tracks_and_positions(reader: ReleasedPeriods, request: ExportRequest) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    if not request.frame:
        raise BadInput("The sector is not open yet", where="export", expected="try again in a moment")
    frame = LocalFrame.from_crs(request.frame)
    blocks, count = [], 0
    for block in reader.estimates_in(request.start_ns, request.end_ns):
        if not block:
            continue
        column = columns(block)
        column["lon"], column["lat"] = frame.to_lonlat(column["easting"], column["northing"])
        column["inside"] = _is_inside(column["lon"], column["lat"], request)
        count += int(column["inside"].sum())
        if count > MOST_POSITIONS:
            expected = f"at most {MOST_POSITIONS:,}; select a shorter period or a smaller area"
            raise BadInput("Too many positions", where="export", expected=expected)
        blocks.append(column)
    whole = {
        name: np.concatenate([block[name] for block in blocks]) for name in (blocks[0] if blocks else ())
    } or columns([]) | {"lon": np.empty(0), "lat": np.empty(0), "inside": np.empty(0, bool)}
    order = np.lexsort((whole["time"].astype(np.int64), whole["track"]))
    whole = {name: values[order] for name, values in whole.items()}
    names = _names(reader, request)
    return _lines(whole, names), _positions(whole, names, frame)


def _names(reader: ReleasedPeriods, request: ExportRequest) -> dict[str, str]:
    """Radio names of the tracks of incidents in the period."""
    named: dict[str, str] = {}
    for identity in reader.every_incident_in(request.start_ns, request.end_ns):
        known = reader.as_known(identity, request.end_ns)
        named |= {one["track"]: one["name"] for one in (known or {}).get("tracks", ())}
    return named


def _positions(whole: Mapping[str, np.ndarray], names: Mapping[str, str], frame: LocalFrame) -> gpd.GeoDataFrame:
    inside = whole["inside"]
    column = {name: values[inside] for name, values in whole.items()}
    east, north = column["easting"], column["northing"]
    if not len(east):  # for no point pyproj has no factors
        scale = convergence = east
    else:
        scale, convergence = frame.scale_factor(east, north), frame.convergence_rad(east, north)
    speed = np.hypot(column["easting_rate"], column["northing_rate"]) / scale
    course = np.degrees(np.arctan2(column["easting_rate"], column["northing_rate"]) + convergence) % 360
    spread = np.linalg.eigvalsh(column["cov"][:, :2, :2])[:, -1] if len(east) else np.empty(0)
    table = pd.DataFrame(
        {
            "track": column["track"],
            "name": [names.get(track, "") for track in column["track"]],
            "time": _utc(column["time"]),
            "status": column["status"],
            "existence": column["existence"].round(4),
            "speed_mps": speed.round(2),
            "course_deg": np.where(speed >= 0.2, course.round(1), np.nan),
            "error_95_m": (SPREAD_95 * np.sqrt(np.maximum(spread, 0.0)) / scale).round(1),
            "segment": column["segment"],
            "offset_m": column["offset_m"].round(1),
        }
    )
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(column["lon"], column["lat"]), crs=WGS84)


def _lines(whole: Mapping[str, np.ndarray], names: Mapping[str, str]) -> gpd.GeoDataFrame:
    """One row per track with positions inside; its line is interrupted where the track was outside."""
    rows: list[tuple[Any, ...]] = []
    lines: list[Any] = []
    tracks, starts = np.unique(whole["track"], return_index=True)
    for track, start, end in zip(tracks, starts, [*starts, len(whole["track"])][1:], strict=True):
        inside = np.flatnonzero(whole["inside"][start:end]) + start
        if not len(inside):
            continue
        parts = [
            np.column_stack([whole["lon"][run], whole["lat"][run]])
            for run in np.split(inside, np.flatnonzero(np.diff(inside) > 1) + 1)
            if len(run) > 1
        ]
        lines.append(shapely.MultiLineString([shapely.LineString(part) for part in parts]) if parts else None)
        first, last = inside[0], inside[-1]
        rows.append((str(track), names.get(str(track), ""), first, last, len(inside), str(whole["status"][last])))
    column = list(zip(*rows, strict=True)) or [()] * 6
    table = pd.DataFrame(
        {
            "track": np.array(column[0], dtype=object),
            "name": np.array(column[1], dtype=object),
            "first": _utc(whole["time"][list(column[2])]),
            "last": _utc(whole["time"][list(column[3])]),
            "positions": np.array(column[4], np.int64),
            "status": np.array(column[5], dtype=object),
        }
    )
    return gpd.GeoDataFrame(table, geometry=np.array(lines, dtype=object), crs=WGS84)


_INCIDENT = (
    "id", "name", "kind", "state", "priority", "sentence", "opened_at", "updated_at", "owner", "unit", "disposition",
    "reason", "closed_by", "segment", "section", "class_label", "direction", "escalation", "goods", "hs_code", "eccn",
    "eu_list", "item_marking", "trace_authority", "trace_sent_at", "trace_reference", "trace_status", "hs_title",
    "eccn_title", "eu_list_title", "codes_checked_against",
)  # fmt: skip
_OWN = ("by", "at", "revision", "released")
_OF_REQUEST = ("authority", "sent_at", "reference", "status")
_TITLES: Final = {"hs_code": "hs_title", "eccn": "eccn_title", "eu_list": "eu_list_title"}
_ALERT = (
    "id", "rule", "priority", "status", "sentence", "raised_at", "updated_at", "track", "sensor", "unit", "segment",
    "offset_m", "class_label", "by", "reason",
)  # fmt: skip
_TIMES = ("opened_at", "updated_at", "raised_at")


def _incidents(reader: ReleasedPeriods, request: ExportRequest) -> gpd.GeoDataFrame:
    """Incidents as known at the end of the period, without those that were over before it."""
    every = reader.every_incident_in(request.start_ns, request.end_ns)
    open_then = []
    for identity in every:
        one = reader.as_known(identity, request.end_ns)
        if one is not None and _ended_ns(one) >= request.start_ns:
            open_then.append(one)
            _refuse_too_many("incidents", len(open_then))
    codes = GoodsCodeFile.named(request.goods_codes).codes()
    leaving = [with_released_goods(reader, one) for one in open_then]
    return _records([one | _traced(one, codes) for one in leaving], _INCIDENT, request)


def _ended_ns(incident: Mapping[str, Any]) -> float:
    """When an incident was closed [UTC ns], whatever was noted later; infinite while it is open."""
    if incident["state"] != "closed":
        return float("inf")
    return float(nanoseconds(datetime.fromisoformat(incident["transitions"][-1]["at"])))


def _traced(incident: Mapping[str, Any], codes: GoodsCodes) -> dict[str, Any]:
    """The record of goods found as columns; those of the request begin with ``trace_``."""
    if not incident.get("tracing"):
        return {}
    found = findings_of(incident, codes)
    titles = {_TITLES[one.field]: one.title(SOURCE_LANGUAGE) for one in found}
    checked = {"codes_checked_against": ", ".join(f"{one.field}: {one.depth}" for one in found)}
    stated = incident["tracing"].items()
    return (
        titles
        | checked
        | {f"trace_{name}" if name in _OF_REQUEST else name: value for name, value in stated if name not in _OWN}
    )


def _alerts(reader: ReleasedPeriods, request: ExportRequest) -> gpd.GeoDataFrame:
    """Alerts that were raised in the period, and those from before that are open."""
    bodies = reader.alerts_in(request.start_ns, request.end_ns, limit=MOST_RECORDS + 1)
    _refuse_too_many("alerts", len(bodies))
    return _records([msgspec.json.decode(body) for body in bodies], _ALERT, request)


def _refuse_too_many(layer: str, count: int) -> None:
    if count > MOST_RECORDS:
        expected = f"at most {MOST_RECORDS:,}; select a shorter period"
        raise BadInput(f"Too many {layer}", where="export", expected=expected)


def _records(found: list[dict[str, Any]], names: tuple[str, ...], request: ExportRequest) -> gpd.GeoDataFrame:
    """Records with their positions; without an area also those that have none."""
    lon = np.array([_number(one.get("lon")) for one in found], float)
    lat = np.array([_number(one.get("lat")) for one in found], float)
    keep = np.flatnonzero(_is_inside(lon, lat, request))
    table = pd.DataFrame(
        {
            name: pd.to_datetime(np.array([found[i].get(name) for i in keep], dtype=object), utc=True, format="ISO8601")
            if name in _TIMES
            else _column([found[i].get(name) for i in keep], name)
            for name in names
        }
    )
    points = [None if np.isnan(lon[i]) else shapely.Point(lon[i], lat[i]) for i in keep]
    return gpd.GeoDataFrame(table, geometry=np.array(points, dtype=object), crs=WGS84)


_WHOLE = ("segment", "direction", "escalation")


def _column(values: list[Any], name: str) -> Any:
    if name in _WHOLE:
        return pd.array(values, dtype="Int32")
    if name.endswith("_m"):
        return np.array([_number(value) for value in values], float)
    return np.array(["" if value is None else str(value) for value in values], dtype=object)


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else float("nan")


def _sensors(reader: ReleasedPeriods, request: ExportRequest) -> gpd.GeoDataFrame:
    """Sensors with their present state."""
    live = reader.live("sensors")
    sensors = [] if live is None else msgspec.json.decode(live.body)
    lon = np.array([_number(one.get("lon")) for one in sensors], float)
    lat = np.array([_number(one.get("lat")) for one in sensors], float)
    keep = np.flatnonzero(_is_inside(lon, lat, request) & ~np.isnan(lon))
    kept = [sensors[i] for i in keep]
    since = np.array([one.get("since_ns") or np.datetime64("NaT") for one in kept], dtype="datetime64[ns]")
    table = pd.DataFrame(
        {
            "sensor": _column([one.get("sensor") for one in kept], "sensor"),
            "kind": _column([one.get("kind") for one in kept], "kind"),
            "state": _column([one.get("state") for one in kept], "state"),
            "since": _utc(since),
            "faults": _column([", ".join(sorted(one.get("faults") or ())) for one in kept], "faults"),
        }
    )
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(lon[keep], lat[keep]), crs=WGS84)


def _segments(request: ExportRequest) -> gpd.GeoDataFrame:
    """Segments of the border that are at least partly within the area."""
    if request.segments is None:
        raise BadInput("The border is not known", where="export", expected="layers without segments")
    segments = gpd.GeoDataFrame.from_features(request.segments["features"], crs=WGS84)
    if request.bounds is None:
        return segments
    return segments[segments.intersects(area_within(*request.bounds))].reset_index(drop=True)


def _utc(times: np.ndarray) -> Any:
    return pd.DatetimeIndex(times.astype("datetime64[ns]"), tz="UTC")
