"""Which incident an alert belongs to, and what an incident states of its alerts. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from fusion.alerts import Alert, rank
from geo.message import Message
from ops.incidents.incident import MOST_ALERTS, Incident
from ops.incidents.life_cycle import next_revision
from ops.incidents.settings import IncidentSettings
from sensors.timestamps import SECOND_NS

EQUIPMENT_RULES: Final = frozenset({"sensor_offline", "sensor_fault", "coverage_lost"})
OUTAGE_RULES: Final = frozenset({"sensor_offline", "coverage_lost"})
"""Rules whose alerts of several sensors at one time have one cause: a broker, ingest, or a power supply."""
MUTED: Final = "muted"
"""Cause of an alert about a sensor that people muted: it is no sign of a common cause."""
MOVED_M: Final = 100.0
MOVES_EVERY: Final = timedelta(seconds=30.0)
"""A caller in distress is stated at its new position, within a segment, too, if it has moved so far, and so often."""
OUTAGE_FROM: Final = 3
"""Number of sensors from which the headline states an outage instead of the first sensor."""
RENEWING: Final = frozenset({"crossing", "distress"})
"""Rules whose alerts need an acknowledgement also where the incident was acknowledged before."""


@dataclass(frozen=True, slots=True)
class LastSeen:
    """Position of a track of an incident at its newest plot, and whether it is lost since."""

    easting: float
    northing: float
    at_ns: int
    lost: bool = False


def kind_of(alert: Alert) -> str:
    """The kind of incident that an alert founds."""
    if alert.rule == "distress":
        return "distress"
    if alert.rule in EQUIPMENT_RULES:
        return "equipment"
    return "activity" if alert.rule == "activity_below_baseline" else "movement"


def tracks_of(alert: Alert) -> tuple[str, ...]:
    """Tracks of an alert; several for a group."""
    if alert.track is None:
        return ()
    named: list[str] = [alert.track]
    for detail in alert.details:
        tracks = detail.parameters.get("tracks")
        if isinstance(tracks, tuple | list):
            named += [str(track) for track in tracks]
    return tuple(dict.fromkeys(named))


def incident_of_tracks(incidents: Iterable[Incident], tracks: Sequence[str]) -> list[Incident]:
    """Incidents about movement that hold any of the tracks: those that are not closed first, then the latest closed."""
    found = [one for one in incidents if one.kind == "movement" and any(one.holds(track) for track in tracks)]
    still_open = sorted((one for one in found if not one.is_closed), key=lambda one: (one.opened_at, one.id))
    closed = sorted((one for one in found if one.is_closed), key=lambda one: (one.updated_at, one.id), reverse=True)
    return still_open + closed


def incident_of_caller(incidents: Iterable[Incident], caller: str) -> Incident | None:
    """The newest open incident of a caller in distress, such as one that was reopened; None if there is none."""
    found = (one for one in incidents if one.kind == "distress" and one.calling_unit == caller and not one.is_closed)
    return max(found, key=lambda one: (one.opened_at, one.id), default=None)


def predecessor(
    incidents: Iterable[Incident],
    seen: Mapping[str, LastSeen],
    started: LastSeen,
    settings: IncidentSettings,
) -> Incident | None:
    """The open incident of which a track was lost where and when another, ``started`` there, may continue it.

    None if there is none. The nearest in distance is chosen; a track that is still detected has no successor.
    """
    best: tuple[float, str] | None = None
    found: Incident | None = None
    for incident in incidents:
        if incident.kind != "movement" or incident.is_closed or len(incident.alerts) >= MOST_ALERTS:
            continue
        for named in incident.tracks:
            before = seen.get(named.track)
            if before is None or not before.lost:
                continue
            gap_s = (started.at_ns - before.at_ns) / SECOND_NS
            distance_m = math.hypot(started.easting - before.easting, started.northing - before.northing)
            reach_m = min(settings.lineage_sd_m + settings.lineage_mps * gap_s, settings.lineage_m)
            if 0.0 <= gap_s <= settings.lineage_s and distance_m <= reach_m:
                choice = (distance_m, incident.id)
                if best is None or choice < best:
                    best, found = choice, incident
    return found


def is_outage(alert: Alert) -> bool:
    """Whether an alert may have a cause in common with those of other sensors; a mute concerns its sensor alone."""
    return alert.rule in OUTAGE_RULES and alert.cause != MUTED


def outage_incident(
    incidents: Iterable[Incident], outages: Mapping[str, int], alert: Alert, now_ns: int, settings: IncidentSettings
) -> Incident | None:
    """The open incident of the sensor, or that of sensors that went offline at the same time; None if neither."""
    own: Incident | None = None
    common: Incident | None = None
    for incident in incidents:
        if incident.kind != "equipment" or incident.is_closed or len(incident.alerts) >= MOST_ALERTS:
            continue
        if alert.sensor in incident.sensors and own is None:
            own = incident
        last_ns = outages.get(incident.id)
        near = last_ns is not None and now_ns - last_ns <= settings.outage_s * SECOND_NS
        if is_outage(alert) and near and common is None:
            common = incident
    return own or common


def restated(incident: Incident, alerts: Mapping[str, Alert], at: datetime) -> Incident:
    """The incident with the facts of its alerts; the same object where none of importance has changed.

    The position is not of importance by itself, as it changes with every revision of an alert; that of a caller in
    distress is where it first has one, or has moved by ``MOVED_M``.
    """
    held = [alerts[one] for one in incident.alerts if one in alerts]
    if not held:
        return incident
    lead = min((one for one in held if one.is_open), key=rank, default=None) or alerts.get(incident.lead, held[-1])
    message = _headline(incident, lead)
    facts: dict[str, Any] = {
        "lead": lead.id,
        "priority": lead.priority,
        "segment": lead.segment,
        "direction": lead.direction,
        "class_label": lead.class_label,
        "impact_level": lead.impact_level,
        "calling_unit": lead.unit or incident.calling_unit,
    }
    same = message.id == incident.message.id and (incident.kind != "equipment" or message == incident.message)
    moved = incident.kind == "distress" and _has_moved(incident, lead, at)
    if same and not moved and all(getattr(incident, name) == value for name, value in facts.items()):
        return incident
    facts |= {"message": message, "easting": lead.easting, "northing": lead.northing}
    return replace(incident, **facts, **next_revision(incident, at))


def _has_moved(incident: Incident, lead: Alert, at: datetime) -> bool:
    if lead.easting is None or lead.northing is None:
        return False
    if incident.easting is None or incident.northing is None:
        return True
    moved_m = math.hypot(lead.easting - incident.easting, lead.northing - incident.northing)
    return moved_m >= MOVED_M and at - incident.updated_at >= MOVES_EVERY


def _headline(incident: Incident, lead: Alert) -> Message:
    if incident.kind == "equipment" and len(incident.sensors) >= OUTAGE_FROM:
        return Message("incident-outage", {"count": len(incident.sensors), "sensors": tuple(incident.sensors)})
    return lead.message
