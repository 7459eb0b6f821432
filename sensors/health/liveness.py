"""Online and offline sensors: a pure function of heartbeats, last reports and the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from sensors.layout import Layout
from sensors.sensor import Sensor
from sensors.timestamps import nanoseconds

HealthState = Literal["ok", "degraded", "offline", "maintenance"]

SILENT_AFTER_INTERVALS: Final = 2.0
SILENT_GRACE_S: Final = 1.0
LONGEST_DECLARED_S: Final = 60.0
"""Maximum interval that a sensor may declare itself; a longer one must be given by the layout (assumption). A sensor,
or an attacker with its key, can therefore not avoid being reported as offline."""


@dataclass(frozen=True, slots=True)
class SensorStatus:
    """A sensor's latest status. ``at`` is the time of its receipt, aware UTC.

    ``state`` "online" is a heartbeat, "maintenance" a planned stop (to ``until``, or until the next status), and
    "offline" a final message or the last will that the broker published for it.
    """

    sensor: str
    at: datetime
    state: Literal["online", "maintenance", "offline"] = "online"
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class SensorHealth:
    """State of one sensor at one moment. ``since`` is the time of its last data (or of its "offline" status); for a
    sensor without any data, the start of monitoring."""

    sensor: str
    state: HealthState
    since: datetime
    last_heard: datetime | None

    @property
    def since_ns(self) -> int:
        """``since`` in UTC nanoseconds since 1970."""
        return nanoseconds(self.since)

    @property
    def until_ns(self) -> int | None:
        """None: messages do not state a mute."""
        return None


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

    ``statuses`` is the latest status of each sensor, ``last_heard`` the time of its latest message of any kind; sensors
    that are not in the layout are ignored. A sensor is offline if no message arrived for more than 2 × its
    ``status_interval_s`` + 1 s, or since its status "offline"; planned maintenance does not count as offline.
    ``declared_s`` is the interval declared in a sensor's own status messages, which has precedence over the layout's. A
    sensor without any data is offline, since ``watching_since`` if given. An "ok" sensor is not blind because of its
    link; whether it detects is a separate question.
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


def silent_after_s(sensor: Sensor, declared_s: float | None = None) -> float:
    """Seconds without a message after which ``sensor`` is offline, from the interval that it declares, if any."""
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
        return SensorHealth(sensor, "offline", status.at, latest)
    since = latest or watching_since
    if since is None or now - since > silent_after:
        return SensorHealth(sensor, "offline", since or now, latest)
    return SensorHealth(sensor, "ok", since, latest)
