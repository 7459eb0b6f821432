"""Offers of incidents to one unit after the other, until one answers. Pure: an incident and units in, a revision out.

An incident of high priority, or a call for help, that no one has taken is offered to the nearest unit on duty. A unit
that it is offered or assigned to and that does not answer in time is followed by the next one, and after the last one
the supervisor is asked. Fusion searches no paths, so near means here: in a straight line, at the speed of the unit's
mover; units that work on another incident come last.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from ops.incidents.incident import Incident
from ops.incidents.life_cycle import next_revision
from ops.incidents.settings import IncidentSettings

OFFERED: Final = ("distress", "high")
"""Priorities that are offered to units without a person's decision."""
KINDS: Final = ("distress", "movement")
VEHICLE_MPS: Final = 9.0
FOOT_MPS: Final = 1.2
"""Speeds in a straight line, for the order only."""


@dataclass(frozen=True, slots=True)
class FieldedUnit:
    """A unit on duty with a current position [m]."""

    name: str
    easting: float
    northing: float
    walks: bool = False


def asked_next(
    incident: Incident,
    units: Sequence[FieldedUnit],
    busy: Collection[str],
    known: Collection[str],
    at: datetime,
    settings: IncidentSettings,
) -> Incident | None:
    """The next revision of an incident whose unit has not answered in time, or that is to be offered; None: no change.

    ``units`` are on duty and current; ``known`` are all units that send positions: what is assigned to anyone else,
    such as a patrol base, is not followed. ``busy``: units that work on, or are asked about, other incidents.
    """
    if incident.is_closed or incident.kind not in KINDS:
        return None
    if incident.offered_unit and incident.offered_at is not None:
        waiting, since = incident.offered_unit, incident.offered_at
    elif incident.state == "assigned" and incident.received_at is None and incident.unit in known:
        waiting, since = incident.unit, incident.decided_at
        if waiting in incident.asked:
            return None  # every unit has been asked
    elif not incident.unit and incident.attention and incident.priority in OFFERED and not incident.asked:
        return _offered(incident, units, busy, (), at)
    else:
        return None
    if at - since < timedelta(seconds=settings.answer_s):
        return None
    return _offered(incident, units, busy, (*incident.asked, waiting), at)


def _offered(
    incident: Incident, units: Sequence[FieldedUnit], busy: Collection[str], asked: tuple[str, ...], at: datetime
) -> Incident | None:
    waits: dict[str, Any] = {"attention": True, "attention_since": incident.attention_since or at}
    left = [unit for unit in units if unit.name not in asked and unit.name != incident.calling_unit]
    if left:
        first = min(left, key=lambda unit: (unit.name in busy, _seconds(unit, incident), unit.name))
        return replace(
            incident, **next_revision(incident, at), **waits, offered_unit=first.name, offered_at=at, asked=asked
        )
    if not asked:
        return None
    return replace(
        incident, **next_revision(incident, at), **waits, offered_unit="", offered_at=None, asked=asked, escalation=1
    )


def _seconds(unit: FieldedUnit, incident: Incident) -> float:
    if incident.easting is None or incident.northing is None:
        return math.inf
    away = math.hypot(unit.easting - incident.easting, unit.northing - incident.northing)
    if not math.isfinite(away):
        return math.inf  # a position beyond the projection, such as 0, 0 of a device without a fix
    return away / (FOOT_MPS if unit.walks else VEHICLE_MPS)
