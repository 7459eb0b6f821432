"""Which sensors are online and which are offline: a pure function of heartbeats, last reports and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sensors.layout import Layout
from sensors.sensor import Sensor
from sensors.timestamps import nanoseconds

State = Literal["ok", "degraded", "silent", "maintenance"]
Change = Literal["silent", "recovered"]

SILENT_AFTER_INTERVALS: Final = 2.0
SILENT_GRACE_S: Final = 1.0
LONGEST_DECLARED_S: Final = 60.0
"""A sensor may declare so long an interval by itself; a longer one is the layout's to give (assumption), so that no
sensor, or anyone with its key, can avoid being reported as offline."""


@dataclass(frozen=True, slots=True)
class SensorStatus:
    """A sensor's latest word about itself. ``at`` is the aware UTC time of hearing it.

    ``state`` "online" is a heartbeat, "maintenance" a planned stop (to ``until``, or until the next status), and
    "offline" a farewell or the last will that the broker published for it.
    """

    sensor: str
    at: datetime
    state: Literal["online", "maintenance", "offline"] = "online"
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SensorHealth:
    """State of one sensor at one moment. ``since`` is when it was last heard (or said "offline"); for one never
    heard, when watching began."""

    sensor: str
    state: State
    since: datetime
    last_heard: datetime | None

    @property
    def since_ns(self) -> int:
        """``since`` in UTC nanoseconds since 1970."""
        return nanoseconds(self.since)

    def as_json(self) -> dict[str, str | None]:
        """Plain values, times as RFC 3339."""
        heard = None if self.last_heard is None else self.last_heard.isoformat()
        return {"sensor": self.sensor, "state": self.state, "since": self.since.isoformat(), "last_heard": heard}


@dataclass(frozen=True, slots=True)
class HealthEvent:
    """A sensor fell silent, or was heard again after silence."""

    sensor: str
    change: Change
    last_heard: datetime | None


def health(
    statuses: Mapping[str, SensorStatus],
    last_heard: Mapping[str, datetime],
    now: datetime,
    layout: Layout,
    *,
    watching_since: datetime | None = None,
    declared_s: Mapping[str, float] | None = None,
) -> dict[str, SensorHealth]:
    """State of each sensor of ``layout`` at ``now``, by id in the layout's order.

    ``statuses`` is the latest status of each sensor, ``last_heard`` the time of its latest message of any kind; both
    may name sensors that the layout does not hold, which are passed over. A sensor is silent when nothing was heard
    for more than 2 × its ``status_interval_s`` + 1 s, or since it said "offline"; planned maintenance is not silence.
    ``declared_s`` is the interval that a sensor's own status messages declare, which goes before the layout's.
    One never heard is silent, from ``watching_since`` on where that is given. An ok sensor has no blind spot
    because of its link; what it can see is another matter.
    """
    return {
        sensor.id: _health(
            sensor.id,
            timedelta(seconds=silent_after_s(sensor, (declared_s or {}).get(sensor.id))),
            (statuses.get(sensor.id), last_heard.get(sensor.id)),
            now,
            watching_since,
        )
        for sensor in layout.sensors
    }


def changes(before: Mapping[str, str], after: Mapping[str, SensorHealth]) -> tuple[HealthEvent, ...]:
    """What changed for the listener: sensors that fell silent, and silent ones that are heard again.

    ``before`` maps sensor ids to states (a sensor it lacks was ok), so that it can be kept as JSON. Going from silent
    into maintenance is recovery, as the sensor spoke.
    """
    events = []
    for sensor_id, current in after.items():
        was_silent = before.get(sensor_id, "ok") == "silent"
        if was_silent != (current.state == "silent"):
            change: Change = "recovered" if was_silent else "silent"
            events.append(HealthEvent(sensor_id, change, current.last_heard))
    return tuple(events)


def silent_after_s(sensor: Sensor, declared_s: float | None = None) -> float:
    """Seconds without a word after which ``sensor`` counts as silent, by the interval that it declares, if it does."""
    interval_s = sensor.status_interval_s
    if declared_s is not None:
        interval_s = min(declared_s, max(interval_s, LONGEST_DECLARED_S))
    return SILENT_AFTER_INTERVALS * interval_s + SILENT_GRACE_S


def _health(
    sensor: str,
    silent_after: timedelta,
    said_and_heard: tuple[SensorStatus | None, datetime | None],
    now: datetime,
    watching_since: datetime | None,
) -> SensorHealth:
    status, heard = said_and_heard
    spoke = status.at if status is not None and status.state != "offline" else None
    latest = max((moment for moment in (heard, spoke) if moment is not None), default=None)
    if status is not None and status.state == "maintenance" and (status.until is None or now < status.until):
        return SensorHealth(sensor, "maintenance", status.at, latest)
    if status is not None and status.state == "offline" and (latest is None or latest <= status.at):
        return SensorHealth(sensor, "silent", status.at, latest)
    since = latest or watching_since
    if since is None or now - since > silent_after:
        return SensorHealth(sensor, "silent", since or now, latest)
    return SensorHealth(sensor, "ok", since, latest)
