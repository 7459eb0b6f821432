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
    """A planned stop of one sensor, aware times: then it is not silent, however quiet it is."""

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
    """Everything of an installation that is not the sector: tables ``tracker`` and ``alerts`` override the defaults.

    weather: what light and weather it is now, as in ``sensors.detection_model.weather``, such as "night,fog"; empty:
    not said. maintenance: planned stops of sensors (``[[maintenance]]`` with sensor, start, until). checkpoint_s: how
    often fusion saves itself, journal seconds. start_grace_s: how long after the journal's first row a sensor that was
    never heard is given before it counts as silent.
    """

    units: tuple[str, ...] = ("ops-centre", "patrol-1")
    checkpoint_s: float = 10.0
    start_grace_s: float = 30.0
    tracker: Mapping[str, Any] = field(default_factory=dict)
    alerts: Mapping[str, Any] = field(default_factory=dict)
    weather: str = ""
    maintenance: tuple[Maintenance, ...] = ()


def tracker_settings(settings: Settings) -> TrackerSettings:
    """The tracker of a room: triggers alone may start tracks there, and the table ``tracker`` overrides everything."""
    from fusion.models.settings import TrackerSettings

    return record_from(TrackerSettings, {"trigger_births": True, **settings.tracker}, where="settings [tracker]")


def load_settings(path: Path | None) -> Settings:
    """Settings of a TOML file, or the defaults when there is none."""
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
