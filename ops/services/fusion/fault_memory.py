"""Faults of sensors as the pipeline keeps them: found, standing, gone again; said once each way."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

import msgspec

from ops.services.fusion.quarantine_memory import GONE_AFTER_NS
from sensors.health.faults import BLINDING, ConditionSettings, SensorSymptoms, faults, note_scan, note_time

if TYPE_CHECKING:
    import xarray as xr

    from ingest.wire import Status
    from sensors.layout import Layout
    from sensors.scan_columns import ScanColumns

log = logging.getLogger(__name__)

BIASES_EVERY_NS: Final = 10 * 10**9


class Standing(msgspec.Struct):
    """A fault: what was found, since when, and when it was last found [UTC ns]."""

    what: str
    since_ns: int
    seen_ns: int


class FaultMemory(msgspec.Struct):
    """By sensor: its signs, and its faults by name."""

    signs: dict[str, SensorSymptoms] = {}
    standing: dict[str, dict[str, Standing]] = {}
    epoch: int = -1

    def take_scan(self, layout: Layout, scan: ScanColumns) -> None:
        """Note what a scan shows."""
        signs = self.signs.setdefault(scan.sensor, SensorSymptoms())
        note_scan(signs, layout[scan.sensor], scan, ConditionSettings())

    def take_status(self, status: Status, received_ns: int, observed_ns: int) -> None:
        """Note what a sensor says of itself."""
        signs = self.signs.setdefault(status.sensor, SensorSymptoms())
        if status.state != "lost":  # a will was written ahead
            note_time(signs, received_ns, observed_ns)
        signs.power, signs.time_source = status.power, status.time_source or ""
        signs.obscured, signs.spooled = status.obscured, status.spooled
        signs.interval_s = status.status_interval_s or signs.interval_s

    def judge(self, layout: Layout, now_ns: int) -> None:
        """Faults that are new, still there, or over."""
        for sensor in layout:
            signs = self.signs.get(sensor.id)
            if signs is None:
                continue
            found, standing = faults(sensor, signs), self.standing.setdefault(sensor.id, {})
            for name, what in found.items():
                if name not in standing:
                    log.warning("sensor %s is %s: %s", sensor.id, name, what)
                since_ns = standing[name].since_ns if name in standing else now_ns
                standing[name] = Standing(what, since_ns, now_ns)
            for name in [n for n, fault in standing.items() if now_ns - fault.seen_ns > GONE_AFTER_NS]:
                log.warning("sensor %s is no longer %s", sensor.id, name)
                del standing[name]

    def learn_biases(self, estimate: Callable[[], xr.Dataset], now_ns: int) -> None:
        """Azimuth biases that are significant (fusion.registration), asked for every ten seconds of the journal."""
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
        """By sensor, the interval between its status messages, where they declare it."""
        return {sensor: signs.interval_s for sensor, signs in self.signs.items() if signs.interval_s is not None}

    def blind(self, sensor: str) -> bool:
        """Whether a sensor is heard and yet sees nothing that can be relied on."""
        return any(name in BLINDING for name in self.standing.get(sensor, {}))

    def reported(self) -> Mapping[str, Mapping[str, str]]:
        """By sensor with faults: what was found, by name of the fault."""
        return {
            sensor: {name: fault.what for name, fault in found.items()}
            for sensor, found in self.standing.items()
            if found
        }
