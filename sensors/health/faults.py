"""Faults of a sensor that sends data: frozen data, excessive message rate, clock offset, low power, view obscured,
azimuth bias.

``SensorSymptoms`` holds the symptoms in its messages, as plain values that survive JSON; ``faults`` assesses them.
Pure: the same messages give the same faults, live and in a replay. For sensors without data see
``sensors.health.liveness``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from math import degrees
from typing import Final

import numpy as np

from geo.message import Message, Parameter
from sensors.scan_columns import ARRAYS, ScanColumns
from sensors.sensor import Sensor
from sensors.timestamps import SECOND_NS

BLINDING: Final = ("frozen_data", "obscured", "unknown_position")
"""With these faults a sensor sends data but its detections are unreliable: its area counts as not covered."""

CLOCK_REFUSED: Final = "sensor-clock-refused"
"""Message of the fault ``clock_offset`` of a sensor whose messages are refused because they are dated in the future."""


@dataclass(frozen=True, slots=True)
class ConditionSettings:
    """Assumptions. frozen_scans: number of consecutive scans with identical detections, of a sensor with a period.
    excessive_rate: multiple of the declared rate, over windows of window_s. ahead_s: a clock ahead of the host clock by
    more; behind_s: behind by more, without a backlog to send. low_power: remaining fraction. azimuth_bias_deg: a
    significant bias above this."""

    frozen_scans: int = 5
    excessive_rate: float = 3.0
    window_s: float = 10.0
    ahead_s: float = 0.2
    behind_s: float = 5.0
    low_power: float = 0.2
    azimuth_bias_deg: float = 0.3


@dataclass(slots=True)
class SensorSymptoms:
    """State derived from a sensor's messages so far. ``behind_s``: newest times from observation to receipt, its
    declared latency taken off; negative where its clock is ahead. ``bias_rad``: significant azimuth bias, else 0.
    ``interval_s``: between its status messages, as they declare it.
    """

    window: int = -1
    in_window: int = 0
    in_last_window: int = 0
    behind_s: list[float] = field(default_factory=list)
    digest: str = ""
    repeats: int = 0
    power: float | None = None
    time_source: str = ""
    obscured: bool = False
    spooled: int = 0
    bias_rad: float = 0.0
    interval_s: float | None = None


KEPT: Final = 20


def note_scan(signs: SensorSymptoms, sensor: Sensor, scan: ScanColumns, settings: ConditionSettings) -> None:
    """Update the symptoms from one scan, in place."""
    note_time(signs, scan.received_ns, scan.observed_ns, sensor.latency_s)
    window = scan.observed_ns // round(settings.window_s * SECOND_NS)
    if window > signs.window:
        signs.in_last_window = signs.in_window if window == signs.window + 1 else 0
        signs.window, signs.in_window = window, 0
    if window == signs.window:
        signs.in_window += 1
    if not len(scan):
        signs.digest, signs.repeats = "", 0
        return
    digest = _digest(scan)
    signs.repeats = signs.repeats + 1 if digest == signs.digest else 0
    signs.digest = digest


def note_time(signs: SensorSymptoms, received_ns: int, observed_ns: int, latency_s: float = 0.0) -> None:
    """Update the symptoms with the delay of one message, in place."""
    signs.behind_s.append(round((received_ns - observed_ns) / SECOND_NS - latency_s, 6))
    del signs.behind_s[:-KEPT]


def faults(sensor: Sensor, signs: SensorSymptoms, settings: ConditionSettings | None = None) -> Mapping[str, Message]:
    """The present faults with what was found, always in the same order; empty for a sound sensor."""
    settings = settings or ConditionSettings()
    found: dict[str, Message] = {}
    looks = sensor.period_s is not None and sensor.kind != "ground_sensor"  # others report events, which may recur
    if looks and signs.repeats + 1 >= settings.frozen_scans:
        found["frozen_data"] = Message("sensor-frozen-data", {"count": signs.repeats + 1})
    if sensor.period_s and signs.in_last_window > settings.excessive_rate * settings.window_s / sensor.period_s + 3.0:
        found["excessive_message_rate"] = Message(
            "sensor-excessive-message-rate",
            {
                "count": signs.in_last_window,
                "window_s": settings.window_s,
                "expected": max(round(settings.window_s / sensor.period_s), 1),
            },
        )
    offset = _clock_offset(signs, settings)
    if offset is not None:
        found["clock_offset"] = offset
    if signs.power is not None and signs.power < settings.low_power:
        found["low_power"] = Message("sensor-low-power", {"fraction": signs.power})
    if signs.obscured:
        found["obscured"] = Message("sensor-obscured")
    bias_deg = degrees(signs.bias_rad)
    if abs(bias_deg) >= settings.azimuth_bias_deg:
        found["azimuth_bias"] = Message("sensor-azimuth-bias", {"bias_deg": round(bias_deg, 3), **_survey(sensor)})
    return found


def _clock_offset(signs: SensorSymptoms, settings: ConditionSettings) -> Message | None:
    """A clock offset, if there is one. The minimum delay reveals the clock: late messages may be due to the link, early
    ones only to the clock."""
    if len(signs.behind_s) < KEPT // 2:
        return None
    least, source = min(signs.behind_s), signs.time_source or "unknown"
    if least < -settings.ahead_s:
        return Message("sensor-clock-ahead", {"offset_s": -least, "time_source": source})
    if least > settings.behind_s and not signs.spooled:
        return Message("sensor-clock-behind", {"offset_s": least, "time_source": source})
    return None


def _survey(sensor: Sensor) -> dict[str, Parameter]:
    """Parameters that describe the survey of the sensor's north alignment."""
    survey = "none" if sensor.north_sd_deg is None else "dated" if sensor.surveyed_on else "undated"
    return {"survey": survey, "north_sd_deg": sensor.north_sd_deg, "surveyed_on": sensor.surveyed_on or None}


def _digest(scan: ScanColumns) -> str:
    body = b"".join(np.ascontiguousarray(getattr(scan, name)).tobytes() for name in ARRAYS)
    return blake2b(body, digest_size=8).hexdigest()
