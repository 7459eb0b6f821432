"""Scan and Plot: what one sensor reported at one moment, as records. Light on purpose: ingest runs on this alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

CLASSES = ("person", "group", "vehicle", "animal", "other")


@dataclass(frozen=True, slots=True)
class Plot:
    """One reported detection, as on the wire: metres, degrees, true north. None means not reported.

    ``source_id`` is the sensor's own name for what it saw: a SAPIENT object, an MMSI, a radar's track number. It is
    kept for people who must find the report again; nothing is associated by it.
    """

    range_m: float | None = None
    range_sd_m: float | None = None
    azimuth_deg: float | None = None
    azimuth_sd_deg: float | None = None
    elevation_deg: float | None = None
    elevation_sd_deg: float | None = None
    radial_velocity_mps: float | None = None
    radial_velocity_sd_mps: float | None = None
    lon: float | None = None
    lat: float | None = None
    position_sd_m: float | None = None
    classes: Mapping[str, float] = field(default_factory=dict)
    confidence: float | None = None
    source_id: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """All plots of one look of one sensor; a scan without plots is information too.

    (sensor, boot, sequence) is unique for ever. ``observed_at`` and ``received_at`` are aware UTC datetimes.
    ``scan`` numbers the sensor's looks; a status heartbeat is not a scan.
    """

    sensor: str
    boot: int
    sequence: int
    scan: int
    observed_at: datetime
    received_at: datetime
    kind: str
    plots: tuple[Plot, ...] = ()

    @property
    def key(self) -> tuple[str, int, int]:
        return self.sensor, self.boot, self.sequence
