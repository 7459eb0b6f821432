"""The alerts during one call of ``raise_alerts``: raising, revising, clearing and forgetting them; and the settings."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from math import isfinite
from typing import Any

from fusion.alert_state import Alert, moment, nanoseconds, rank
from fusion.alert_words import (
    Sighting,
    distress_sentence,
    fault_sentence,
    group_sentence,
    higher,
    lost_sentence,
    priority_of,
    sentence_of,
    silent_sentence,
)
from fusion.picture import TrackPicture
from geo.errors import BadInput
from sensors.condition import BLINDING

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
    lost_share: from this share of the border on, segments that nobody watches are a high alert.
    pattern_band_m: the rules of fusion.alert_patterns judge tracks so near the line. loiter_*: within a circle of this
    radius for so long, so near the line beyond it and on the home side, where people live and work. inside_m, around_m,
    watched_probability, lineage_m, settle_s: a track has appeared inside when it is so far inside, looks see it with
    this probability at its place and around it at this distance, no other track was lost so near, and watching began so
    long ago; ended_s: for how long an ended track is remembered. dead_ahead_s, hidden_probability, dead_least_s: dead
    ground is so near in time, seen with less than this probability, for so long. group_*: so many tracks within this
    distance for so long, beyond the line or heading to it; apart for group_clear_s
    they are none; split_m: parts so far from each other are a split.
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
    lost_share: float = 0.2
    pattern_band_m: float = 1500.0
    loiter_band_m: float = 400.0
    loiter_home_m: float = 150.0
    loiter_radius_m: float = 40.0
    loiter_s: float = 600.0
    inside_m: float = 150.0
    around_m: float = 120.0
    watched_probability: float = 0.3
    lineage_m: float = 250.0
    settle_s: float = 180.0
    ended_s: float = 300.0
    dead_ahead_s: float = 60.0
    hidden_probability: float = 0.05
    dead_least_s: float = 15.0
    group_size: float = 3.0
    group_radius_m: float = 40.0
    group_s: float = 60.0
    group_clear_s: float = 60.0
    split_m: float = 120.0

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if not (isfinite(value) and value > 0):
                raise AlertSettingsError(f"{value}", where=f"alert setting {setting.name}", expected="a number above 0")


@dataclass(frozen=True, slots=True)
class DistressCall:
    """A unit's word that people are in need; ``place`` in words. None where there is no border."""

    unit: str
    observed_ns: int
    easting: float
    northing: float
    place: str
    note: str = ""
    segment: int | None = None
    chainage_m: float | None = None
    offset_m: float | None = None


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

    def raise_fault(self, identity: str, sensor: str, fault: str, what: str) -> None:
        """A sensor that is heard and has something wrong."""
        now = moment(self.now_ns)
        priority = "medium" if fault in BLINDING else "low"
        sentence = fault_sentence(sensor, fault, what)
        self._put(Alert(identity, "sensor_fault", priority, "active", 0, sentence, now, now, now, sensor=sensor))

    def raise_lost(self, identity: str, sensor: str, segments: list[int], segment_count: int, since_ns: int) -> None:
        """Segments that nobody watches any more; the more of the border it is, the more urgent."""
        now = moment(self.now_ns)
        share = len(segments) / max(segment_count, 1)
        priority = "high" if share >= self.settings.lost_share else "medium"
        sentence = lost_sentence(sensor, segments, segment_count)
        self._put(
            Alert(
                identity, "coverage_lost", priority, "active", 0, sentence, now, now, moment(since_ns),
                sensor=sensor, segment=segments[0],
            )
        )  # fmt: skip

    def raise_group(self, identity: str, rule: str, picture: TrackPicture, row: int, tracks: tuple[str, ...]) -> None:
        """Several tracks together, stated at the place of one of them."""
        if identity in self.alerts:
            return
        now = moment(self.now_ns)
        segment, chainage, offset = (
            int(picture.segment[row]), float(picture.chainage_m[row]), float(picture.offset_m[row])
        )  # fmt: skip
        self._put(
            Alert(
                identity, rule, "low", "active", 0, group_sentence(tracks, segment, chainage, offset), now, now,
                moment(int(picture.updated_ns[row])), track=tracks[0], segment=segment, chainage_m=chainage,
                easting=float(picture.easting[row]), northing=float(picture.northing[row]), offset_m=offset,
            )
        )  # fmt: skip

    def note_split(self, identity: str, parts: int, apart_m: float) -> None:
        """Add to an open group's sentence that it has split."""
        alert = self.alerts.get(identity)
        if alert is not None and alert.is_open:
            sentence = f"{alert.sentence} It has split into {parts} parts, {apart_m:.0f} m apart."
            self._put(replace(alert, sentence=sentence, **following(alert.revision, self.now_ns)))

    def raise_distress(self, identity: str, call: DistressCall) -> None:
        """A unit's call, or a later word of it: the place and the sentence move with it."""
        old, now = self.alerts.get(identity), moment(self.now_ns)
        facts: dict[str, Any] = {
            "sentence": distress_sentence(call.unit, call.note, call.place),
            "observed_at": moment(call.observed_ns),
            "segment": call.segment,
            "chainage_m": call.chainage_m,
            "easting": call.easting,
            "northing": call.northing,
            "offset_m": call.offset_m,
        }
        if old is not None and old.is_open:
            self._put(replace(old, **facts, **following(old.revision, self.now_ns)))
        elif old is None:
            self._put(
                Alert(identity, "distress", "distress", "active", 0, raised_at=now, updated_at=now, unit=call.unit,
                      **facts)
            )  # fmt: skip

    def restate(self, identity: str, sighting: Sighting) -> None:
        """``revise`` an open alert by its id; nothing where it is not there or closed."""
        alert = self.alerts.get(identity)
        if alert is not None and alert.is_open:
            self.revise(alert, sighting)

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
        return {
            "sentence": sentence_of(rule, sighting, naming_probability=self.settings.naming_probability),
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
