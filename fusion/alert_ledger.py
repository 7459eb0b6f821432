"""The alerts during one call of ``raise_alerts``: raising, revising, clearing and forgetting them; and the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any

from fusion.alert_state import Alert, moment, nanoseconds, rank
from fusion.alert_words import Sighting, approach_sentence, crossing_sentence, higher, priority_of, silent_sentence
from geo.errors import BadInput

NS = 1_000_000_000


class AlertSettingsError(BadInput):
    """A setting that no rule can work with."""


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """Every figure is an assumption of ours, open to change; times in seconds of the journal, distances in metres.

    approach_time_s: how near in time an approach is an alert; approach_looks in a row; least_closing_mps and
    closing_sigma: how fast, absolutely and against its uncertainty, it must close in; approach_clear_s without such a
    look ends it. crossing_sigma × sqrt(track sd² + line_sd_m²) is the band; crossing_looks in a row beyond it.
    line_sd_m: how well the line is surveyed. animal_probability lowers; naming_probability names a class in sentences.
    urgent_s: an approach toward home this near is medium. revise_s: at most one update of an unchanged alert in this
    time; follow_s: a crossing is updated for so long. keep_s: closed alerts are remembered for so long; stale_s: an
    open crossing without action is cleared then (ISA-18.2). recovered_s: how long a sensor must report again.
    """

    approach_time_s: float = 300.0
    approach_looks: int = 3
    least_closing_mps: float = 0.3
    closing_sigma: float = 2.0
    approach_clear_s: float = 60.0
    crossing_sigma: float = 3.0
    crossing_looks: int = 2
    line_sd_m: float = 3.0
    animal_probability: float = 0.9
    naming_probability: float = 0.6
    urgent_s: float = 120.0
    revise_s: float = 30.0
    follow_s: float = 600.0
    keep_s: float = 3600.0
    stale_s: float = 86_400.0
    recovered_s: float = 30.0

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not (isfinite(value) and value > 0):
                raise AlertSettingsError(f"{value}", where=f"alert setting {setting.name}", expected="a number above 0")


@dataclass(slots=True)
class Ledger:
    """The alerts during one call, and which of them changed. Lives and dies inside ``raise_alerts``."""

    settings: AlertSettings
    now_ns: int
    alerts: dict[str, Alert]
    changed: set[str] = field(default_factory=set)

    def age_s(self, alert: Alert) -> float:
        return (self.now_ns - nanoseconds(alert.raised_at)) / NS

    def raise_(self, identity: str, rule: str, sighting: Sighting) -> None:
        """A new alert, or a revision where the id was used before (a track that late data brought back)."""
        old, now = self.alerts.get(identity), moment(self.now_ns)
        if old is not None and old.by:
            return  # somebody has dealt with this event
        revision, raised_at = (0, now) if old is None else (old.revision + 1, old.raised_at)
        facts = self._facts(rule, sighting) | {"track": sighting.track, "direction": sighting.direction}
        priority = self._priority(rule, sighting)
        self._put(Alert(identity, rule, priority, "active", revision, raised_at=raised_at, updated_at=now, **facts))

    def raise_silent(self, identity: str, sensor: str, since_ns: int) -> None:
        now, since = moment(self.now_ns), moment(since_ns)
        sentence = silent_sentence(sensor, f"{since:%H:%M:%S} UTC")
        self._put(
            Alert(identity, "sensor_silent", "medium", "active", 0, sentence, now, now, since, sensor=sensor)
        )  # fmt: skip

    def revise(self, alert: Alert, sighting: Sighting) -> None:
        """Restate an open alert: at once when it becomes more urgent, else at most every ``revise_s``."""
        priority = self._priority(alert.rule, sighting)
        more_urgent = higher(priority, alert.priority) != alert.priority
        due = self.now_ns - nanoseconds(alert.updated_at) >= self.settings.revise_s * NS
        if not (more_urgent or due):
            return
        lowered = self._is_animal(sighting) and alert.priority != "distress"
        stated = priority if lowered else higher(priority, alert.priority)
        facts = self._facts(alert.rule, sighting)
        self._put(replace(alert, priority=stated, **facts, **following(alert.revision, self.now_ns)))

    def clear(self, identity: str, reason: str) -> None:
        """Clear an alert if it is there and open; anything else is as it should be."""
        alert = self.alerts.get(identity)
        if alert is not None and alert.is_open:
            self._put(replace(alert, status="cleared", reason=reason, **following(alert.revision, self.now_ns)))

    def forget(self) -> None:
        """Clear what is stale; drop closed alerts that nobody has touched for ``keep_s``."""
        for alert in list(self.alerts.values()):
            if alert.is_open and alert.rule == "crossing" and self.age_s(alert) >= self.settings.stale_s:
                self.clear(alert.id, "stale: nobody acted on it")
            quiet_s = (self.now_ns - nanoseconds(alert.updated_at)) / NS
            if not alert.is_open and quiet_s >= self.settings.keep_s:
                del self.alerts[alert.id]

    def news(self) -> tuple[Alert, ...]:
        return tuple(sorted((self.alerts[identity] for identity in self.changed), key=rank))

    def _put(self, alert: Alert) -> None:
        self.alerts[alert.id] = alert
        self.changed.add(alert.id)

    def _is_animal(self, sighting: Sighting) -> bool:
        label, probability = sighting.most_likely()
        return label == "animal" and probability >= self.settings.animal_probability

    def _priority(self, rule: str, sighting: Sighting) -> str:
        settings = self.settings
        return priority_of(
            rule, sighting, animal_probability=settings.animal_probability, urgent_s=settings.urgent_s
        )  # fmt: skip

    def _facts(self, rule: str, sighting: Sighting) -> dict[str, Any]:
        label, probability = sighting.most_likely()
        say = crossing_sentence if rule == "crossing" else approach_sentence
        return {
            "sentence": say(sighting, naming_probability=self.settings.naming_probability),
            "observed_at": moment(sighting.observed_ns),
            "segment": sighting.segment,
            "chainage_m": sighting.chainage_m,
            "easting": sighting.easting,
            "northing": sighting.northing,
            "offset_m": sighting.offset_m,
            "time_to_border_s": sighting.time_to_border_s,
            "class_label": label,
            "class_probability": probability,
            "existence": sighting.existence,
            "evidence": sighting.evidence,
        }


def following(revision: int, now_ns: int) -> dict[str, Any]:
    """The bookkeeping of the revision after ``revision``."""
    return {"revision": revision + 1, "updated_at": moment(now_ns)}
