"""The settings file of a running sector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ops.sector.toml_record import ConfigError, read_toml, record_from

if TYPE_CHECKING:
    from fusion.models.settings import TrackerSettings


@dataclass(frozen=True, slots=True)
class Maintenance:
    """A planned stop of one sensor, with aware times; the sensor does not count as offline during it."""

    sensor: str
    start: datetime
    until: datetime

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or self.until.tzinfo is None:
            raise ValueError("maintenance without an offset from UTC")
        if not self.start < self.until:
            raise ValueError(f"maintenance of {self.sensor} ends before it starts")


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of an installation outside the sector file: tables ``tracker`` and ``alerts`` override the defaults.

    weather: current light and weather, as in ``sensors.detection_model.weather``, such as "night,fog"; empty: not
    stated. maintenance: planned stops of sensors (``[[maintenance]]`` with sensor, start, until). checkpoint_s:
    interval between fusion's checkpoints, journal seconds. start_grace_s: time after the journal's first row before a
    sensor without any data counts as offline.
    """

    units: tuple[str, ...] = ("ops-centre", "patrol-1")
    checkpoint_s: float = 10.0
    start_grace_s: float = 30.0
    tracker: Mapping[str, Any] = field(default_factory=dict)
    alerts: Mapping[str, Any] = field(default_factory=dict)
    weather: str = ""
    maintenance: tuple[Maintenance, ...] = ()


def tracker_settings(settings: Settings) -> TrackerSettings:
    """Return a room's tracker settings: only triggers may start tracks, unless the table ``tracker`` overrides it."""
    from fusion.models.settings import TrackerSettings

    return record_from(TrackerSettings, {"trigger_births": True, **settings.tracker}, where="settings [tracker]")


def load_settings(path: Path | None) -> Settings:
    """Load settings from a TOML file, or the defaults when there is none."""
    if path is None:
        return Settings()
    table = read_toml(path)
    for entry in table.get("maintenance", ()):
        if isinstance(entry, dict) and (strangers := sorted(entry.keys() - {"sensor", "start", "until"})):
            raise ConfigError(
                f"unknown key {strangers[0]!r}", where=f"{path} [[maintenance]]", expected="sensor, start, until"
            )
    settings = record_from(Settings, table, where=str(path))
    if settings.weather:
        from sensors.detection_model.weather import conditions_of

        conditions_of(settings.weather)
    return settings
