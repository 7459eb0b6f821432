"""Rules about sensors and segments: sensors offline or faulty, lost coverage, activity below the baseline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, Protocol

import numpy as np

from fusion.alerts.alert import alert_id
from fusion.alerts.expected_traffic import Traffic, hour_is_over, judged, minute_is_over, noted, resumed
from fusion.alerts.ledger import Ledger
from fusion.alerts.messages import MUTED
from fusion.alerts.state import SensorMemory
from fusion.situation.current_coverage import CurrentCoverage
from fusion.situation.facts import CoverageGap
from fusion.situation.track_picture import TrackPicture
from geo.message import Message
from sensors.health.faults import BLINDING, CLOCK_REFUSED
from sensors.timestamps import SECOND_NS

SILENT: Final = ("offline", "muted")
"""States in which no message of a sensor is read."""


class Health(Protocol):
    """State of a sensor, such as sensors.health.liveness.SensorHealth; ``offline`` and ``muted`` raise an alert."""

    @property
    def state(self) -> str:
        """``ok``, ``offline``, ``muted`` or another state."""

    @property
    def since_ns(self) -> int:
        """Time of the sensor's last data [UTC ns], or start of the state of a health that has ``last_data_ns``."""


def _silent_since(health: Health) -> int:
    """Time [UTC ns] of an offline sensor's last data; the start of any other state."""
    last_data_ns = getattr(health, "last_data_ns", None) if health.state == "offline" else None
    return health.since_ns if last_data_ns is None else int(last_data_ns)


def _mute_end(health: Health) -> int | None:
    """End of the sensor's mute [UTC ns]; None without one, and for a health that knows of none."""
    return getattr(health, "until_ns", None)


def sensors_offline(
    ledger: Ledger,
    memories: Mapping[str, SensorMemory],
    health: Mapping[str, Health],
    faults: Mapping[str, Mapping[str, Message]],
    coverage: CurrentCoverage | None = None,
) -> dict[str, SensorMemory]:
    """Raise an alert for each outage of a sensor, once, and clear it when the sensor has reported for long enough.

    With ``coverage``, or if the ledger has the probability of detecting crossings, a second alert names the segments
    that the outage affects. Each segment counts for the sensor whose loss caused it, so it is reported once. The alerts
    of a muted sensor state the mute, and are restated when it begins or ends during an outage.
    """
    sensors = dict(memories)
    newly_offline = [sensor for sensor in sorted(health) if _goes_offline(health[sensor], sensors.get(sensor))]
    for sensor in sorted(health):
        memory, now = sensors.get(sensor, SensorMemory()), health[sensor]
        if now.state in SILENT:
            since_ns = _silent_since(now)
            if sensor in newly_offline:
                identity = alert_id("sensor_offline", sensor, 0, memory.outages + 1)
                offset = faults.get(sensor, {}).get("clock_offset")
                refused = offset if offset is not None and offset.id == CLOCK_REFUSED else None
                ledger.raise_silence(identity, sensor, now.state, since_ns, _mute_end(now), refused)
                memory = SensorMemory(memory.outages + 1, identity, memory.open_lost)
                still = newly_offline[newly_offline.index(sensor) + 1 :]
                identity = alert_id("coverage_lost", sensor, 0, memory.outages)
                memory = _coverage_lost(ledger, memory, identity, sensor, now.state, still, since_ns, coverage)
            else:
                ledger.restate_silence(memory.open_alert, sensor, now.state, since_ns, _mute_end(now))
                ledger.restate_cause(memory.open_lost, now.state)
            sensors[sensor] = replace(memory, recovered_ns=None)
        elif memory.open_alert:
            since = now.since_ns if memory.recovered_ns is None else memory.recovered_ns
            memory = replace(memory, recovered_ns=since)
            if ledger.now_ns - since >= ledger.settings.recovered_s * SECOND_NS:
                ledger.clear(memory.open_alert, _recovery(ledger, memory.open_alert, now))
                memory = SensorMemory(memory.outages, open_lost=memory.open_lost)
            sensors[sensor] = memory
        if memory.open_lost and not memory.open_alert:
            sensors[sensor] = _watched_again(ledger, memory, "sensor_reports")
    return sensors


def _goes_offline(now: Health, memory: SensorMemory | None) -> bool:
    return now.state in SILENT and (memory is None or not memory.open_alert)


def _recovery(ledger: Ledger, identity: str, now: Health) -> str:
    """Why the alert of a silent sensor is cleared."""
    if now.state == "maintenance":
        return "maintenance"
    alert = ledger.alerts.get(identity)
    return "mute_over" if alert is not None and alert.message.id == MUTED else "sensor_reports"


def sensors_faulty(
    ledger: Ledger,
    memories: Mapping[str, SensorMemory],
    faults: Mapping[str, Mapping[str, Message]],
    coverage: CurrentCoverage | None = None,
) -> dict[str, SensorMemory]:
    """Raise an alert for each fault of a sensor, once, and clear it when the fault has ended.

    If the fault blinds the sensor, a second alert names the segments affected.
    """
    standing = {
        f"{sensor}|{name}": (sensor, name, condition)
        for sensor, names in faults.items()
        for name, condition in names.items()
    }
    kept = dict(memories)
    fresh = [key for key in sorted(standing) if not kept.get(key, SensorMemory()).open_alert]
    blinded = list(dict.fromkeys(standing[key][0] for key in fresh if standing[key][1] in BLINDING))
    for key in sorted(standing.keys() | memories.keys()):
        memory = kept.get(key, SensorMemory())
        if key in fresh:
            sensor, name, condition = standing[key]
            ledger.raise_fault(alert_id("sensor_fault", key, 0, memory.outages + 1), sensor, name, condition)
            identity = alert_id("sensor_fault", key, 0, memory.outages + 1)
            memory = SensorMemory(memory.outages + 1, identity, memory.open_lost)
            if sensor in blinded and name in BLINDING:
                still = blinded[blinded.index(sensor) + 1 :]
                identity = alert_id("coverage_lost", key, 0, memory.outages)
                memory = _coverage_lost(ledger, memory, identity, sensor, name, still, ledger.now_ns, coverage)
                blinded[blinded.index(sensor)] = ""  # a second fault causes no further coverage alert
            kept[key] = memory
        elif key not in standing and memory.open_alert:
            ledger.clear(memory.open_alert, "fault_over")
            kept[key] = SensorMemory(memory.outages, open_lost=memory.open_lost)
        if kept[key].open_lost and not kept[key].open_alert:
            kept[key] = _watched_again(ledger, kept[key], "fault_over")
    return kept


def _coverage_lost(
    ledger: Ledger,
    memory: SensorMemory,
    identity: str,
    sensor: str,
    cause: str,
    still: Sequence[str],
    since_ns: int,
    coverage: CurrentCoverage | None,
) -> SensorMemory:
    """Report the segments that an outage affects, once; ``still``: sensors lost at the same time, evaluated later.

    Nothing is reported if this sensor's loss was already reported: it was blind before it went offline, or returned
    while the segments stayed below the requirement.
    """
    if memory.open_lost or any(
        alert.rule == "coverage_lost" and alert.sensor == sensor and alert.is_open for alert in ledger.alerts.values()
    ):
        return memory
    gone = sorted(set(ledger.gone) - set(still))
    gaps: tuple[CoverageGap, ...] = ()
    lost, count = [], 0
    if ledger.context is not None:
        gaps = ledger.context.coverage_gaps(sensor, gone, ledger.settings.required_probability)
        count = ledger.context.segment_count
    if coverage is not None:
        lost, count = coverage.lost(sensor, gone).tolist(), max(count, coverage.segment_count)
    if not (gaps or lost):
        return memory
    ledger.raise_lost(identity, sensor, cause, gaps, lost, count, since_ns)
    return replace(memory, open_lost=identity)


def _watched_again(ledger: Ledger, memory: SensorMemory, reason: str) -> SensorMemory:
    """After a sensor has returned, clear its coverage alert, unless it or another one still does not detect, which
    keeps the segments below the requirement."""
    alert = ledger.alerts.get(memory.open_lost)
    if alert is not None and alert.is_open:
        if not alert.coverage_gaps or ledger.context is None:
            covered = alert.sensor not in ledger.gone
        else:
            required = ledger.settings.required_probability
            covered = ledger.context.meets_again(alert.coverage_gaps, ledger.gone, required)
        if not covered:
            return memory
    ledger.clear(memory.open_lost, reason)
    return replace(memory, open_lost="")


def expected_traffic(
    ledger: Ledger, traffic: Traffic, picture: TrackPicture, coverage: CurrentCoverage | None
) -> Traffic:
    """Count tracks near each segment; at the end of an hour, report segments without expected traffic, and learn from
    it.

    The alert of such a segment is cleared by the next hour with traffic. Without ``coverage`` nothing is evaluated.
    """
    if coverage is None:
        return traffic
    settings, now_ns = ledger.settings, ledger.now_ns
    traffic = resumed(traffic, now_ns)
    if hour_is_over(traffic, now_ns):
        watched = coverage.watched(traffic.unsound).tolist()
        traffic, verdicts = judged(
            traffic,
            watched,
            now_ns,
            least_hours=settings.baseline_hours,
            least_probability=settings.baseline_probability,
        )
        standing = dict(traffic.open)
        for verdict in verdicts:
            name = str(verdict.segment)
            if verdict.came and name in standing:
                ledger.clear(standing.pop(name), "traffic_again")
            elif verdict.below_baseline and name not in standing:
                standing[name] = alert_id("activity_below_baseline", name, 0, traffic.hour_ns)
                ledger.raise_activity_below_baseline(standing[name], verdict)
        traffic = resumed(replace(traffic, open=standing), now_ns)
    near = (picture.segment >= 0) & (np.abs(picture.offset_m) <= settings.pattern_band_m)
    rows = np.flatnonzero(near & (picture.status == "confirmed")).tolist()
    uncovered: list[int] = []
    if minute_is_over(traffic, now_ns):  # what a moving sensor covers changes; each minute is often enough
        uncovered = np.setdiff1d(np.arange(coverage.segment_count), coverage.watched(ledger.gone)).tolist()
    here = [(picture.track[row], int(picture.segment[row])) for row in rows]
    return noted(traffic, here, ledger.gone, now_ns, uncovered)
