"""The sensors that did not work at the end of a period, and the coverage that was lost in it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from ops.analysis.handover.period import ReportPeriod, moment_of
from ops.store.periods import PeriodReader, ReleasedPeriods
from sensors.timestamps import utc_datetime

OUT: Final = ("offline", "muted", "degraded", "maintenance", "no_data")
"""States in which a sensor counts as out."""
NOT_WORKING: Final = (*OUT, "revoked", "faulty")
OUT_RULES: Final = ("sensor_offline", "sensor_fault")
OPEN_ALERT: Final = ("active", "acknowledged")


@dataclass(frozen=True, slots=True)
class SensorOut:
    """A sensor that did not work at the end of the period, and since when; None if that is not known."""

    sensor: str
    kind: str
    state: str
    since: datetime | None


@dataclass(frozen=True, slots=True)
class CoverageLoss:
    """Coverage that was lost in the period; ``until`` None if it is not known to be restored.

    ``message``: segments and cause. ``closed_by``: who closed the alert before that was known; then empty if the alert
    is open. ``lasts``: whether it is the sensor's newest loss, and not known to be restored.
    """

    sensor: str
    since: datetime
    until: datetime | None
    message: dict[str, Any]
    closed_by: str
    lasts: bool


def alerts_of(
    reader: PeriodReader | ReleasedPeriods, incidents: Iterable[Mapping[str, Any]], period: ReportPeriod
) -> list[dict[str, Any]]:
    """The alerts of incidents as known at the end."""
    ids = dict.fromkeys(alert for one in incidents for alert in one["alerts"])
    return [alert for one in ids if (alert := reader.as_known(one, period.end_ns)) is not None]


def out_now(reader: PeriodReader | ReleasedPeriods) -> list[SensorOut]:
    """The sensors that do not work in the newest picture."""
    live = reader.live("sensors")
    sensors = [] if live is None else msgspec.json.decode(live.body)
    out = []
    for one in sensors:
        if (state := _state(one)) in NOT_WORKING:
            since = None if one.get("since_ns") is None else utc_datetime(one["since_ns"])
            out.append(SensorOut(str(one.get("sensor")), one.get("kind", ""), state, since))
    return sorted(out, key=lambda one: one.sensor)


def _state(sensor: Mapping[str, Any]) -> str:
    """The state of a sensor of the picture, or ``revoked`` or ``faulty``."""
    state: str = sensor.get("state", "no_data")
    if sensor.get("revoked"):
        return "revoked"
    return "faulty" if sensor.get("faults") and state != "muted" else state


def outages(reader: PeriodReader | ReleasedPeriods, period: ReportPeriod) -> list[dict[str, Any]]:
    """The incidents of equipment until the end: a person may have closed one whose sensor still does not work."""
    found = reader.every_incident_in(0, period.end_ns, "equipment")
    return [known for one in found if (known := reader.as_known(one, period.end_ns)) is not None]


def working(
    reader: PeriodReader | ReleasedPeriods, alerts: Iterable[Mapping[str, Any]], then: ReportPeriod | None
) -> dict[str, datetime]:
    """When a sensor with alerts was last seen to work, of those that worked in the picture at the end, or now.

    One that is not in that picture was removed from the layout: it has no outage that could last.
    """
    picture = reader.sensors_at(None if then is None else then.end_ns)
    if picture is None:
        return {}
    at_ns, sensors = picture
    out = {sensor for sensor, one in sensors.items() if one is None or _state(one) in NOT_WORKING}
    named = {sensor for one in alerts if (sensor := one.get("sensor"))}
    return dict.fromkeys(named - out, utc_datetime(at_ns))


def out_then(alerts: Iterable[Mapping[str, Any]], working: Mapping[str, datetime]) -> list[SensorOut]:
    """The sensors that did not work at the end, by their alerts."""
    out: dict[str, SensorOut] = {}
    newest: dict[tuple[Any, ...], Mapping[str, Any]] = {}
    for alert in sorted(
        (one for one in alerts if one["rule"] in OUT_RULES), key=lambda one: moment_of(one["raised_at"])
    ):
        newest[alert["rule"], alert.get("sensor"), alert["message"].get("parameters", {}).get("fault")] = alert
    for alert in newest.values():
        if _lasts(alert, working) and alert.get("sensor"):
            state = "faulty" if alert["rule"] != "sensor_offline" else alert.get("cause") or "offline"
            found = SensorOut(alert["sensor"], "", state, moment_of(alert["raised_at"]))
            known = out.get(found.sensor)
            if known is None or state != "faulty":
                out[found.sensor] = found
    return [out[sensor] for sensor in sorted(out)]


def coverage_lost(
    alerts: Iterable[Mapping[str, Any]], working: Mapping[str, datetime], period: ReportPeriod
) -> list[CoverageLoss]:
    """The losses of coverage in the period, and those from before that last."""
    lost = sorted(
        (one for one in alerts if one["rule"] == "coverage_lost"), key=lambda one: moment_of(one["raised_at"])
    )
    newest = {one.get("sensor"): one["id"] for one in lost}
    found: list[CoverageLoss] = []
    for alert in lost:
        is_open, changed = alert["status"] in OPEN_ALERT, moment_of(alert["updated_at"])
        until = None if is_open or not alert.get("reason_message") else changed
        lasts = _lasts(alert, working) and newest[alert.get("sensor")] == alert["id"]
        if lasts or is_open or changed >= period.start:
            closed_by = "" if until is not None or is_open else alert["by"]
            since = moment_of(alert["raised_at"])
            found.append(CoverageLoss(alert.get("sensor") or "", since, until, alert["message"], closed_by, lasts))
    return sorted(found, key=lambda one: (one.since, one.sensor))


def _lasts(alert: Mapping[str, Any], working: Mapping[str, datetime]) -> bool:
    """Whether what the alert of a sensor states is not known to be over: a person may close it before it is.

    Then the alert is not changed when the sensor works again, so that the picture decides.
    """
    if alert["status"] in OPEN_ALERT or alert.get("reason_message"):
        return alert["status"] in OPEN_ALERT
    seen = working.get(alert.get("sensor") or "")
    return seen is None or seen <= moment_of(alert["updated_at"])
