"""The live picture of tracks, bearing contacts and sensors as plain dicts, for the API, the console and the map."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any, Final

import msgspec
import numpy as np

from fusion.alerts import Alert
from fusion.models.survey import PRIOR_AZIMUTH_RAD
from fusion.poses.known import PoseAt
from geo.arrays import Floats
from geo.frame import LocalFrame
from geo.message import Message
from ingest.wire import schema_of
from ops.services.fusion.checkpoint import HealthNow
from ops.services.fusion.pipeline import Pipeline
from ops.words import MessageCatalogue
from sensors.layout import Layout
from sensors.mobile.viewpoint import Viewpoint
from sensors.scan import CLASSES
from sensors.sensor import Sensor

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
            "name": pipeline.radio_name(str(column["track"][i])),
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
            **marking_field(pipeline.marking_of_track(str(column["track"][i]))),
        }
        for i in range(n)
    ]


def marking_field(marking: str) -> dict[str, str]:
    """The field of a record for its releasability marking; none for a record without one."""
    return {"marking": marking} if marking else {}


def bearings_live(pipeline: Pipeline, layout: Layout) -> list[dict[str, Any]]:
    """Every current bearing contact: a direction, without a range, in which a sensor detects something on no track.

    ``lon``, ``lat``, ``range_m`` are position and range of the sensor. ``azimuth_deg`` is from true north, at the
    newest bearing (``updated_ns``); ``azimuth_sd_deg`` its standard deviation, with the error of the sensor's north
    alignment, which further bearings do not reduce. ``bearings``: how many there were; ``crossings``: the number of
    possible positions, where bearings of other sensors cross it; ``lifetime_s``: after this time without a bearing the
    contact is dropped. ``carried``: the sensor has stated its pose. A contact has no lasting identity.
    """
    contacts, stands = pipeline.bearings, pipeline.stands
    column = {name: contacts[name].values for name in contacts.variables}
    updated = column["updated_at"].astype("datetime64[ns]").astype(np.int64)
    picture = []
    for i in range(contacts.sizes["contact"]):
        sensor = layout[str(column["sensor"][i])]
        if pipeline.now_ns - int(updated[i]) > column["lifetime"][i] * 1e9:
            continue
        stand = stands.get(sensor.id)
        place = (sensor.easting, sensor.northing) if stand is None else (stand.east, stand.north)
        azimuth_deg = math.degrees(float(column["azimuth"][i]) + layout.frame.convergence_rad(*place))
        alignment = PRIOR_AZIMUTH_RAD if sensor.north_sd_deg is None else math.radians(sensor.north_sd_deg)
        if stand is not None and stand.heading_sd > 0.0:
            alignment = stand.heading_sd  # it finds its north itself, and states how well
        here = _pose_fields(sensor, layout.frame, stand)
        picture.append(
            {
                "sensor": sensor.id,
                "lon": here.get("lon", sensor.lon),
                "lat": here.get("lat", sensor.lat),
                "range_m": sensor.max_range_m,
                "azimuth_deg": round(azimuth_deg, 2) % 360,
                "azimuth_sd_deg": round(math.degrees(math.hypot(float(column["azimuth_sd"][i]), alignment)), 2),
                "bearings": int(column["bearings"][i]),
                "crossings": int(column["crossings"][i]),
                "updated_ns": int(updated[i]),
                "lifetime_s": round(float(column["lifetime"][i]), 1),
                **({"carried": True} if here else {}),
                **marking_field(pipeline.marking_of_sensor(sensor.id)),
            }
        )
    return picture


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
    faults: Mapping[str, Mapping[str, Message]] | None = None,
    words: MessageCatalogue | None = None,
    markings: Mapping[str, str] | None = None,
    stands: Mapping[str, PoseAt] | None = None,
    mutes: Mapping[str, Mapping[str, Any]] | None = None,
    viewpoints: Mapping[str, Viewpoint | None] | None = None,
) -> list[dict[str, Any]]:
    """Every sensor of the layout with its state; ``no_data`` until its first evaluation.

    ``revoked``: the sensors whose credentials are revoked. ``faults``: by sensor and fault name; each is published as a
    message (``id``, ``parameters``) with its ``sentence`` in the language of ``words`` (by default English).
    ``markings``: releasability marking by sensor. ``stands``: where mobile sensors stand now; these have their position
    there, and the pose. ``mutes``: of muted sensors, until when and why (``Pipeline.mutes``). ``viewpoints``: from
    where mobile sensors see.
    """
    words = words or MessageCatalogue.of()
    return [
        {
            "sensor": sensor.id,
            "kind": sensor.kind,
            "lon": sensor.lon,
            "lat": sensor.lat,
            "state": health[sensor.id].state if sensor.id in health else "no_data",
            "since_ns": health[sensor.id].since_ns if sensor.id in health else None,
            "revoked": sensor.id in revoked,
            "faults": {
                name: {**msgspec.to_builtins(condition), "sentence": words.say(condition)}
                for name, condition in (faults or {}).get(sensor.id, {}).items()
            },
            **_pose_fields(sensor, layout.frame, (stands or {}).get(sensor.id), (viewpoints or {}).get(sensor.id)),
            **({"mute": dict(mutes[sensor.id])} if mutes and sensor.id in mutes else {}),
            **marking_field((markings or {}).get(sensor.id, "")),
        }
        for sensor in layout.sensors
    ]


def _pose_fields(
    sensor: Sensor, frame: LocalFrame, stand: PoseAt | None, there: Viewpoint | None = None
) -> dict[str, Any]:
    """Position, pose and post of a mobile sensor; nothing of one without a pose."""
    if stand is None:
        return {}
    lon, lat = frame.to_lonlat(stand.east, stand.north)
    heading_deg = math.degrees(stand.heading + frame.convergence_rad(stand.east, stand.north)) % 360.0
    return {
        "lon": round(float(lon), 7),
        "lat": round(float(lat), 7),
        "pose": {
            "stated_ns": stand.stated_ns,
            "position_sd_m": round(stand.place_sd, 1),
            "heading_deg": None if math.isnan(heading_deg) else round(heading_deg, 1) % 360.0,
            "moving": stand.moving,
            "post_lon": sensor.lon,
            "post_lat": sensor.lat,
            "seen_from": None if there is None else msgspec.to_builtins(there),
        },
    }


def alert_dict(alert: Alert, frame: LocalFrame, words: MessageCatalogue | None = None) -> dict[str, Any]:
    """The alert as published: its fields, its messages as sentences, and, if it has a position, lon and lat.

    ``sentence`` is the headline, ``detail_sentences`` and ``why_sentences`` are lists, ``response_sentence`` is None
    without a response; all are in the language of ``words`` (by default English). ``reason`` of an alert that was
    cleared without an operator is the sentence of ``reason_message``.
    """
    words = words or MessageCatalogue.of()
    body = alert.to_dict() | {
        "sentence": words.say(alert.message),
        "detail_sentences": [words.say(one) for one in alert.details],
        "why_sentences": [words.say(one) for one in alert.why],
        "response_sentence": None if alert.response is None else words.say(alert.response),
    }
    if alert.reason_message is not None:
        body["reason"] = words.say(alert.reason_message)
    if alert.easting is not None and alert.northing is not None:
        lon, lat = frame.to_lonlat(alert.easting, alert.northing)
        body["lon"], body["lat"] = round(float(lon), 7), round(float(lat), 7)
    return body


def without_sensors(alert: dict[str, Any], marked: Collection[str]) -> dict[str, Any]:
    """The alert as published without the sensors ``marked`` in the description of its surroundings, which do not make
    it a record of these sensors."""
    ground = alert.get("ground")
    if not ground or not marked:
        return alert
    seen_by = [sensor for sensor in ground["seen_by"] if sensor not in marked]
    return alert | {"ground": {**ground, "seen_by": seen_by}}


def alert_schema() -> dict[str, Any]:
    """The JSON Schema of a published alert (``alert_dict``)."""
    schema = schema_of(Alert, "alert")
    alert = schema["$defs"]["Alert"]
    for name, text in SENTENCES.items():
        many = name in ("detail_sentences", "why_sentences")
        kind: dict[str, Any] = {"type": "array", "items": {"type": "string"}} if many else {"type": "string"}
        if name == "response_sentence":
            kind = {"anyOf": [{"type": "string"}, {"type": "null"}]}
        alert["properties"][name] = {**kind, "description": text}
        alert["required"].append(name)
    for name, text in MESSAGES.items():
        alert["properties"][name]["description"] = text
    for name, limit in (("lon", 180), ("lat", 90)):
        alert["properties"][name] = {
            "type": "number", "minimum": -limit, "maximum": limit,
            "description": "WGS 84, degrees; absent for an alert without a position",
        }  # fmt: skip
    return schema


SENTENCES: Final = {
    "sentence": "the headline, at most 12 words, in the language of the sector",
    "detail_sentences": "details as sentences, in the order of details",
    "why_sentences": "why as sentences, in the order of why",
    "response_sentence": "response as a sentence; null without one",
}
"""Fields of a published alert that hold its messages as sentences."""
MESSAGES: Final = {
    "message": "headline: identifier in the message catalogue and parameters, to say it in another language",
    "details": "what the headline leaves out, the most important first",
    "why": "what triggered the rule, and the reasons for the priority",
    "response": "who can respond from where, and by when, in one line; null if not applicable",
    "reason_message": "why it was cleared without an operator; null otherwise. Its sentence is in reason",
}
"""Fields of a published alert that hold messages."""
