"""The live picture of tracks and sensors as plain dicts, for the API, the console and the map."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Final

import numpy as np

from fusion.alerts import Alert
from geo.arrays import Floats
from geo.frame import LocalFrame
from ingest.wire import schema_of
from ops.services.fusion.checkpoint import HealthNow
from ops.services.fusion.pipeline import Pipeline
from sensors.layout import Layout
from sensors.scan import CLASSES

EVIDENCE_SHOWN: Final = 3
"""Number of a track's newest scans in the picture."""
UNKNOWN_BELOW: Final = 0.6
"""The label is "unknown" if the most probable class is less probable than this."""


def tracks_live(pipeline: Pipeline, frame: LocalFrame) -> list[dict[str, Any]]:
    """Every live track: position in lon/lat and frame, speed, true course, 1-sigma ellipse axes, class, status.

    ``course_deg`` is clockwise from true north, and null below 0.2 m/s, where a course is meaningless;
    ``ellipse_azimuth_deg``, of the longer axis, is from true north too. ``sensors``: the sensors of its newest
    evidence, newest first. ``revoked_sources``: those of them whose credentials are revoked.
    """
    tracks = pipeline.tracks
    n = tracks.sizes["estimate"]
    if n == 0:
        return []
    column = {name: tracks[name].values for name in tracks.variables}
    east, north = column["easting"].astype(float), column["northing"].astype(float)
    lon, lat = frame.to_lonlat(east, north)
    rate_e, rate_n = column["easting_rate"].astype(float), column["northing_rate"].astype(float)
    scale, convergence = frame.scale_factor(east, north), frame.convergence_rad(east, north)
    speed = np.hypot(rate_e, rate_n) / scale
    course = np.degrees(np.arctan2(rate_e, rate_n) + convergence) % 360
    axes, angle = _ellipses(column["cov"][:, :2, :2].astype(float) / scale[:, None, None] ** 2, convergence)
    likely = column["class_probability"].argmax(axis=1)
    certainty = column["class_probability"].max(axis=1)
    classes = column["class_probability"].astype(float).round(3).tolist()
    updated = column["updated_at"].astype("datetime64[ns]").astype(np.int64)
    return [
        {
            "track": str(column["track"][i]),
            "status": str(column["status"][i]),
            "lon": round(float(lon[i]), 7),
            "lat": round(float(lat[i]), 7),
            "easting": round(float(east[i]), 2),
            "northing": round(float(north[i]), 2),
            "speed_mps": round(float(speed[i]), 2),
            "course_deg": round(float(course[i]), 1) if speed[i] >= 0.2 else None,
            "ellipse_m": [round(float(axes[i, 0]), 1), round(float(axes[i, 1]), 1)],
            "ellipse_azimuth_deg": round(float(angle[i]), 1),
            "existence": round(float(column["existence"][i]), 4),
            "label": CLASSES[likely[i]] if certainty[i] >= UNKNOWN_BELOW else "unknown",
            "label_probability": round(float(certainty[i]), 3),
            "class_probability": dict(zip(CLASSES, classes[i], strict=True)),
            "segment": int(column["segment"][i]),
            "offset_m": None if math.isnan(column["offset_m"][i]) else round(float(column["offset_m"][i]), 1),
            "updated_ns": int(updated[i]),
            "sensors": pipeline.seen_by(str(column["track"][i])),
            "revoked_sources": pipeline.doubtful(str(column["track"][i])),
            "evidence": pipeline.evidence_of(str(column["track"][i]), EVIDENCE_SHOWN),
        }
        for i in range(n)
    ]


def _ellipses(cov: Floats, convergence: Floats) -> tuple[Floats, Floats]:
    """(n, 2) semi-axes [m], longest first, and azimuth of the longest [deg from true north, 0 to 180).

    ``cov`` (n, 2, 2) [m²] is in the frame, ``convergence`` (n,) [rad] that of the frame there.
    """
    values, vectors = np.linalg.eigh(cov)
    azimuth = np.degrees(np.arctan2(vectors[:, 0, 1], vectors[:, 1, 1]) + convergence) % 180
    return np.sqrt(np.maximum(values[:, ::-1], 0.0)), azimuth


def sensors_live(
    layout: Layout,
    health: Mapping[str, HealthNow],
    revoked: Collection[str] = (),
    faults: Mapping[str, Mapping[str, str]] | None = None,
) -> list[dict[str, Any]]:
    """Every sensor of the layout with its state; ``never`` until its first evaluation.

    ``revoked``: the sensors whose credentials are revoked. ``faults``: descriptions by sensor and fault name.
    """
    return [
        {
            "sensor": sensor.id,
            "kind": sensor.kind,
            "lon": sensor.lon,
            "lat": sensor.lat,
            "state": health[sensor.id].state if sensor.id in health else "never",
            "since_ns": health[sensor.id].since_ns if sensor.id in health else None,
            "revoked": sensor.id in revoked,
            "faults": dict((faults or {}).get(sensor.id, {})),
        }
        for sensor in layout.sensors
    ]


def alert_dict(alert: Alert, frame: LocalFrame) -> dict[str, Any]:
    """The alert as published: its fields and, if it has a position, lon and lat."""
    body = alert.to_dict()
    if alert.easting is not None and alert.northing is not None:
        lon, lat = frame.to_lonlat(alert.easting, alert.northing)
        body["lon"], body["lat"] = round(float(lon), 7), round(float(lat), 7)
    return body


def alert_schema() -> dict[str, Any]:
    """The JSON Schema of a published alert (``alert_dict``)."""
    schema = schema_of(Alert, "alert")
    alert = schema["$defs"]["Alert"]
    for name, limit in (("lon", 180), ("lat", 90)):
        alert["properties"][name] = {
            "type": "number", "minimum": -limit, "maximum": limit,
            "description": "WGS 84, degrees; absent for an alert without a position",
        }  # fmt: skip
    return schema
