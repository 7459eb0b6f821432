"""Sensor faults as the pipeline keeps them, from detection to end; each start and end is logged once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from geo.message import Message
from ops.services.fusion.memory.quarantine import GONE_AFTER_NS
from sensors.health.faults import BLINDING, ConditionSettings, SensorSymptoms, faults, note_scan, note_time

if TYPE_CHECKING:
    import xarray as xr

    from ingest.wire import Status
    from sensors.layout import Layout
    from sensors.scan_columns import ScanColumns

log = logging.getLogger(__name__)

BIASES_EVERY_NS: Final = 10 * 10**9


class Standing(msgspec.Struct):
    """A present fault: what was found, its start, and the time it was last observed [UTC ns]."""

    condition: Message
    since_ns: int
    seen_ns: int


class FaultMemory(msgspec.Struct):
    """By sensor: its symptoms, and its present faults by name."""

    signs: dict[str, SensorSymptoms] = {}
    standing: dict[str, dict[str, Standing]] = {}
    epoch: int = -1

    def take_scan(self, layout: Layout, scan: ScanColumns) -> None:
        """Update a sensor's symptoms from one of its scans."""
        signs = self.signs.setdefault(scan.sensor, SensorSymptoms())
        note_scan(signs, layout[scan.sensor], scan, ConditionSettings())

    def take_status(self, status: Status, received_ns: int, observed_ns: int) -> None:
        """Update a sensor's symptoms from one of its status messages."""
        signs = self.signs.setdefault(status.sensor, SensorSymptoms())
        if status.state != "lost":  # an MQTT will is composed in advance, so its time says nothing about the clock
            note_time(signs, received_ns, observed_ns)
        signs.power, signs.time_source = status.power, status.time_source or ""
        signs.obscured, signs.spooled = status.obscured, status.spooled
        signs.interval_s = status.status_interval_s or signs.interval_s

    def judge(self, layout: Layout, now_ns: int) -> None:
        """Update the faults of all sensors: new, continuing or ended."""
        for sensor in layout:
            signs = self.signs.get(sensor.id)
            if signs is None:
                continue
            current, standing = faults(sensor, signs), self.standing.setdefault(sensor.id, {})
            for name, condition in current.items():
                if name not in standing:
                    log.warning("sensor %s: fault %s %s", sensor.id, name, dict(condition.parameters))
                since_ns = standing[name].since_ns if name in standing else now_ns
                standing[name] = Standing(condition, since_ns, now_ns)
            for name in [n for n, fault in standing.items() if now_ns - fault.seen_ns > GONE_AFTER_NS]:
                log.warning("sensor %s: fault %s has ended", sensor.id, name)
                del standing[name]

    def set_back(self, now_ns: int) -> None:
        """Limit the times of the faults to ``now_ns``, and count scans from the beginning."""
        for signs in self.signs.values():
            signs.window, signs.in_window, signs.in_last_window = -1, 0, 0
        for standing in self.standing.values():
            for fault in standing.values():
                fault.since_ns, fault.seen_ns = min(fault.since_ns, now_ns), min(fault.seen_ns, now_ns)

    def learn_biases(self, estimate: Callable[[], xr.Dataset], now_ns: int) -> None:
        """Take over significant azimuth biases (fusion.registration), every ten seconds of journal time."""
        if now_ns // BIASES_EVERY_NS == self.epoch:
            return
        self.epoch = now_ns // BIASES_EVERY_NS
        registration = estimate()
        used = registration["azimuth_corrected"].to_numpy()
        biases = registration["azimuth_bias"].to_numpy()
        for sensor, corrected, bias in zip(registration["sensor"].to_numpy().tolist(), used, biases, strict=True):
            if sensor in self.signs:
                self.signs[sensor].bias_rad = float(bias) if corrected else 0.0

    def declared_s(self) -> Mapping[str, float]:
        """By sensor, the declared interval between status messages [s], where one is declared."""
        return {sensor: signs.interval_s for sensor, signs in self.signs.items() if signs.interval_s is not None}

    def blind(self, sensor: str) -> bool:
        """Whether a sensor sends data but has a fault that makes its detections unreliable."""
        return any(name in BLINDING for name in self.standing.get(sensor, {}))

    def obscured(self, sensor: str) -> bool:
        """Whether a sensor stated in its last status that it does not detect."""
        return sensor in self.signs and self.signs[sensor].obscured

    def reported(self) -> Mapping[str, Mapping[str, Message]]:
        """The present faults, by sensor and fault name; only sensors with faults."""
        return {
            sensor: {name: fault.condition for name, fault in standing.items()}
            for sensor, standing in self.standing.items()
            if standing
        }
