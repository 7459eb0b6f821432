"""Faults of a sensor that sends data: frozen data, excessive message rate, clock offset, low power, obscured,
misaligned.

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

from sensors.scan_columns import ARRAYS, ScanColumns
from sensors.sensor import Sensor
from sensors.timestamps import SECOND_NS

BLINDING: Final = ("stuck", "obscured")
"""With these faults a sensor sends data but its detections are unreliable: its area counts as not covered."""


@dataclass(frozen=True, slots=True)
class ConditionSettings:
    """Assumptions. stuck_scans: number of consecutive scans with identical plots. chatty_rate: multiple of the declared
    rate, over windows of window_s. skew_s: a clock ahead of the host clock by more; behind_s: behind by more, without a
    backlog to send. low_power: remaining fraction. misaligned_deg: a significant azimuth bias above this."""

    stuck_scans: int = 5
    chatty_rate: float = 3.0
    window_s: float = 10.0
    skew_s: float = 0.2
    behind_s: float = 5.0
    low_power: float = 0.2
    misaligned_deg: float = 0.3


@dataclass(slots=True)
class SensorSymptoms:
    """What a sensor's messages have shown so far. ``behind_s``: newest times from observation to receipt, its declared
    latency taken off; negative where its clock is ahead. ``bias_rad``: significant azimuth bias, else 0.
    ``interval_s``: between its status messages, as they declare it."""

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


def faults(sensor: Sensor, signs: SensorSymptoms, settings: ConditionSettings | None = None) -> Mapping[str, str]:
    """The present faults with descriptions, always in the same order; empty for a sound sensor."""
    settings = settings or ConditionSettings()
    causes: dict[str, str] = {}
    if signs.repeats + 1 >= settings.stuck_scans and sensor.kind != "ground_sensor":
        causes["stuck"] = f"the same plots to the bit in {signs.repeats + 1} scans"
    if sensor.period_s and signs.in_last_window > settings.chatty_rate * settings.window_s / sensor.period_s + 3.0:
        causes["chatty"] = (
            f"{signs.in_last_window} scans in {settings.window_s:.0f} s, declared one in {sensor.period_s:g} s"
        )
    skew = _skew(signs, settings)
    if skew:
        causes["skewed"] = skew
    if signs.power is not None and signs.power < settings.low_power:
        causes["low_power"] = f"{signs.power:.0%} of its power is left"
    if signs.obscured:
        causes["obscured"] = "it says that its view is obscured"
    if abs(degrees(signs.bias_rad)) >= settings.misaligned_deg:
        causes["misaligned"] = f"its azimuths are off by {degrees(signs.bias_rad):+.2f}°{_surveyed(sensor)}; corrected"
    return causes


def _skew(signs: SensorSymptoms, settings: ConditionSettings) -> str:
    """Description of a clock offset, or "". The minimum delay reveals the clock: late messages may be due to the link,
    early ones only to the clock."""
    if len(signs.behind_s) < KEPT // 2:
        return ""
    least = min(signs.behind_s)
    source = f" (time from {signs.time_source})" if signs.time_source else ""
    if least < -settings.skew_s:
        return f"its clock is {-least:.2f} s ahead{source}"
    if least > settings.behind_s and not signs.spooled:
        return f"its clock or its link is {least:.1f} s behind{source}"
    return ""


def _surveyed(sensor: Sensor) -> str:
    """Description of the sensor's north survey."""
    if sensor.north_sd_deg is None:
        return " (its north was never surveyed)"
    when = f" of {sensor.surveyed_on}" if sensor.surveyed_on else ""
    return f" (its survey{when} says ±{sensor.north_sd_deg:g}°)"


def _digest(scan: ScanColumns) -> str:
    body = b"".join(np.ascontiguousarray(getattr(scan, name)).tobytes() for name in ARRAYS)
    return blake2b(body, digest_size=8).hexdigest()
