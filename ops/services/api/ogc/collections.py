"""The collections of OGC API – Features: their properties, their time, and how records become flat GeoJSON features.

A property is a text, a number, true or false, or a time in UTC, because programs for maps read nothing else; lists are
written with commas. A property that is not applicable, or not known, is null.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ops.accounts.rights import OGC_COLLECTIONS, Right
from ops.store.rows import rfc3339

PropertyType = Literal["string", "number", "integer", "boolean", "time"]
FeatureRecord = dict[str, Any]
TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:\d\d)")
"""How a time is written in a query."""


@dataclass(frozen=True, slots=True)
class FeatureCollection:
    """One collection. ``subject``: the records as the audit log names them, None where they are not personal data. Of
    sensors, only the positions of carried ones are.

    ``time``: the property by which ``datetime`` selects, None for what has no time. ``feature`` makes a feature of a
    record.
    """

    name: str
    properties: Mapping[str, PropertyType]
    feature: Callable[[Mapping[str, Any]], FeatureRecord]
    time: str | None = None
    subject: str | None = None

    @property
    def right(self) -> Right:
        """The right that it needs."""
        return OGC_COLLECTIONS[self.name]


def _track(track: Mapping[str, Any]) -> FeatureRecord:
    major, minor = track.get("ellipse_m") or (None, None)
    more = {
        "class_label": track.get("label"),
        "class_probability": track.get("label_probability"),
        "ellipse_major_m": major,
        "ellipse_minor_m": minor,
        "segment": _segment(track),
        "updated_at": _time(track.get("updated_ns")),
        "sensors": _joined(track.get("sensors")),
        "revoked_sources": _joined(track.get("revoked_sources")),
    }
    return _feature("tracks", track["track"], _point(track), {**track, **more})


def _alert(alert: Mapping[str, Any]) -> FeatureRecord:
    more = {
        "headline": alert.get("sentence"),
        "details": _joined(alert.get("detail_sentences"), " "),
        "segment": _segment(alert),
    }
    return _feature("alerts", alert["id"], _point(alert), {**alert, **more})


def _incident(incident: Mapping[str, Any]) -> FeatureRecord:
    more = {
        "headline": incident.get("sentence"),
        "segment": _segment(incident),
        "alerts": _joined(incident.get("alerts")),
        "tracks": _joined(track["name"] for track in incident.get("tracks") or ()),
        "sensors": _joined(incident.get("sensors")),
    }
    return _feature("incidents", incident["id"], _point(incident), {**incident, **more})


def _unit(unit: Mapping[str, Any]) -> FeatureRecord:
    more = {
        "observed_at": _time(unit.get("observed_ns")),
        "distress_at": _time(unit.get("distress_ns")),
        "segment": _segment(unit),
    }
    return _feature("units", unit["unit"], _point(unit), {**unit, **more})


def _sensor(sensor: Mapping[str, Any]) -> FeatureRecord:
    """``sensor`` with the properties of the layout, where it is in the layout."""
    faults = sensor.get("faults") or {}
    more = {
        "since": _time(sensor.get("since_ns")),
        "faults": _joined((fault.get("sentence") for fault in faults.values()), " "),
    }
    return _feature("sensors", sensor["sensor"], _point(sensor), {**sensor, **more})


def _segment_of_border(segment: Mapping[str, Any]) -> FeatureRecord:
    """``segment`` is a feature of the map process already."""
    properties = segment["properties"]
    return _feature("segments", str(properties["segment"]), segment["geometry"], properties)


def _cell(cell: Mapping[str, Any]) -> FeatureRecord:
    """``cell`` is a feature of the map process already."""
    return _feature("coverage", cell["id"], cell["geometry"], cell["properties"])


def _feature(collection: str, identity: str, geometry: Any, values: Mapping[str, Any]) -> FeatureRecord:
    properties = {name: values.get(name) for name in COLLECTIONS[collection].properties}
    return {"type": "Feature", "id": identity, "geometry": geometry, "properties": properties}


def _point(record: Mapping[str, Any]) -> dict[str, Any] | None:
    lon, lat = record.get("lon"), record.get("lat")
    return None if lon is None or lat is None else {"type": "Point", "coordinates": [lon, lat]}


def _segment(record: Mapping[str, Any]) -> int | None:
    segment = record.get("segment")
    return None if segment is None or segment < 0 else int(segment)


def _time(at_ns: int | None) -> str | None:
    return None if at_ns is None else rfc3339(at_ns)


def _joined(values: Iterable[Any] | None, between: str = ", ") -> str | None:
    return between.join(str(value) for value in values or ()) or None


_ALL: Final = (
    FeatureCollection(
        "tracks",
        {
            "track": "string",
            "name": "string",
            "status": "string",
            "class_label": "string",
            "class_probability": "number",
            "existence": "number",
            "speed_mps": "number",
            "course_deg": "number",
            "ellipse_major_m": "number",
            "ellipse_minor_m": "number",
            "ellipse_azimuth_deg": "number",
            "segment": "integer",
            "offset_m": "number",
            "updated_at": "time",
            "sensors": "string",
            "revoked_sources": "string",
        },
        _track,
        time="updated_at",
        subject="live tracks",
    ),
    FeatureCollection(
        "incidents",
        {
            "name": "string",
            "kind": "string",
            "state": "string",
            "priority": "string",
            "headline": "string",
            "opened_at": "time",
            "updated_at": "time",
            "segment": "integer",
            "section": "string",
            "class_label": "string",
            "impact_level": "string",
            "attention": "boolean",
            "escalation": "integer",
            "owner": "string",
            "unit": "string",
            "disposition": "string",
            "reason": "string",
            "closed_by": "string",
            "alerts": "string",
            "tracks": "string",
            "sensors": "string",
            "revision": "integer",
        },
        _incident,
        time="opened_at",
        subject="incidents",
    ),
    FeatureCollection(
        "alerts",
        {
            "rule": "string",
            "status": "string",
            "priority": "string",
            "headline": "string",
            "details": "string",
            "raised_at": "time",
            "updated_at": "time",
            "observed_at": "time",
            "track": "string",
            "sensor": "string",
            "unit": "string",
            "segment": "integer",
            "chainage_m": "number",
            "offset_m": "number",
            "direction": "integer",
            "time_to_border_s": "number",
            "class_label": "string",
            "class_probability": "number",
            "impact_level": "string",
            "by": "string",
            "reason": "string",
            "revision": "integer",
        },
        _alert,
        time="raised_at",
        subject="alerts",
    ),
    FeatureCollection(
        "units",
        {
            "unit": "string",
            "duty": "string",
            "moves": "string",
            "base": "string",
            "observed_at": "time",
            "position_sd_m": "number",
            "distress_at": "time",
            "note": "string",
            "segment": "integer",
            "section": "string",
            "offset_m": "number",
        },
        _unit,
        time="observed_at",
        subject="own forces",
    ),
    FeatureCollection(
        "sensors",
        {
            "sensor": "string",
            "kind": "string",
            "state": "string",
            "since": "time",
            "revoked": "boolean",
            "faults": "string",
            "mast_height_m": "number",
            "min_range_m": "number",
            "max_range_m": "number",
            "azimuth_deg": "number",
            "field_of_view_deg": "number",
            "period_s": "number",
            "ground_m": "number",
        },
        _sensor,
    ),
    FeatureCollection(
        "segments",
        {
            "segment": "integer",
            "section": "string",
            "chainage_from_m": "number",
            "chainage_to_m": "number",
            "dead_ground_fraction": "number",
            "unknown_fraction": "number",
        },
        _segment_of_border,
    ),
    FeatureCollection(
        "coverage",
        {
            "detection_probability": "number",
            "least_detection_probability": "number",
            "known_fraction": "number",
            "cell_m": "number",
            "exposure_s": "number",
            "target": "string",
            "conditions": "string",
        },
        _cell,
    ),
)
COLLECTIONS: Final[Mapping[str, FeatureCollection]] = {collection.name: collection for collection in _ALL}
"""The collections by name, in the order in which they are listed."""
