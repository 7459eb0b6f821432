"""The alerts during one call of ``raise_alerts``: raising, revising, clearing and forgetting them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from math import hypot, sqrt
from typing import Any, Final

from fusion.alerts.alert import Alert, rank
from fusion.alerts.expected_traffic import Verdict
from fusion.alerts.messages import (
    MUTED,
    AlertText,
    below_baseline_text,
    cleared,
    coverage_lost_text,
    distress_text,
    fault_text,
    group_text,
    silence_text,
    split_message,
    track_text,
)
from fusion.alerts.nuisance import SERIOUS, Nuisance, NuisanceCount, is_nuisance, keys, may_hold
from fusion.alerts.priority import higher, priority_of
from fusion.alerts.settings import AlertSettings
from fusion.alerts.state import DistressCall
from fusion.situation.context import AlertContext
from fusion.situation.facts import About, CoverageGap, Sighting
from fusion.situation.track_picture import TrackPicture
from geo.areas import NamedArea
from geo.arrays import Floats
from geo.border.sections import IMPACT_LEVELS
from geo.message import Message
from sensors.health.faults import BLINDING
from sensors.timestamps import SECOND_NS, nanoseconds, utc_datetime

NEVER_OVER: Final = frozenset({"crossing", "track_initiated_inside"})
"""Rules of events that have happened: nothing that follows ends their alerts, only a person, or ``stale_s``."""


@dataclass(slots=True)
class Ledger:
    """The alerts during one call of ``raise_alerts``, and which of them changed.

    ``context``: context of the sector; ``gone``: sensors that are not detecting; ``weather``: as stated.
    """

    settings: AlertSettings
    now_ns: int
    alerts: dict[str, Alert]
    changed: set[str] = field(default_factory=set)
    context: AlertContext | None = None
    gone: tuple[str, ...] = ()
    weather: str = ""
    tallies: dict[str, NuisanceCount] = field(default_factory=dict)
    held_ns: dict[str, int] = field(default_factory=dict)
    by_picture: dict[str, tuple[bool, tuple[str, ...]]] = field(default_factory=dict)

    def age_s(self, alert: Alert) -> float:
        """Seconds since the alert was raised."""
        return (self.now_ns - nanoseconds(alert.raised_at)) / SECOND_NS

    def age_of_revision_s(self, alert: Alert) -> float:
        """Seconds since the alert was last revised."""
        return (self.now_ns - nanoseconds(alert.updated_at)) / SECOND_NS

    def is_open(self, identity: str) -> bool:
        """Whether the alert exists and is open."""
        alert = self.alerts.get(identity)
        return alert is not None and alert.is_open

    def raise_(self, identity: str, rule: str, sighting: Sighting) -> None:
        """Raise an alert, or revise it if the id was used before (for a track restored by late data).

        An alert that is suppressed as nuisance (fusion.alerts.nuisance) is counted and not raised.
        """
        old, now = self.alerts.get(identity), utc_datetime(self.now_ns)
        if old is not None and old.by:
            return  # a person has already handled this event
        priority = self._priority(rule, sighting)
        if old is None and self._holds_back(identity, rule, priority, sighting):
            return
        self.held_ns.pop(identity, None)
        revision, raised_at = (0, now) if old is None else (old.revision + 1, old.raised_at)
        facts = self._facts(rule, sighting) | {"track": sighting.track, "direction": sighting.direction}
        self._put(
            Alert(
                identity, rule, priority, "active", revision, raised_at=raised_at, updated_at=now, weather=self.weather,
                **facts,
            )
        )  # fmt: skip

    def _holds_back(self, identity: str, rule: str, priority: str, sighting: Sighting) -> bool:
        if not may_hold(rule, priority, self._impact(sighting)):
            return False
        sensors = {sensor for sensor, _, _ in sighting.evidence}
        names = keys(rule, sensors, utc_datetime(self.now_ns).hour, self.weather)
        settings = self.settings
        if not is_nuisance(
            self.tallies, names, least_share=settings.nuisance_fraction, least_judged=settings.nuisance_assessed
        ):
            return False
        for name in names:
            self.tallies[name] = replace(self.tallies[name], held=self.tallies[name].held + 1)
        if min(self.tallies[name].held for name in names) % max(round(settings.nuisance_probe), 1) == 0:
            return False  # shown nevertheless, so that learning continues
        self.held_ns[identity] = self.now_ns
        return True

    def raise_silence(
        self, identity: str, sensor: str, state: str, since_ns: int, until_ns: int | None, refused: Message | None
    ) -> None:
        """Raise the alert of a sensor that has gone offline or was muted; ``refused``: why its messages are refused."""
        self._raise(
            identity, "sensor_offline", "medium", silence_text(sensor, state, since_ns, until_ns, refused),
            observed_at=utc_datetime(since_ns), sensor=sensor, cause="muted" if state == "muted" else "",
        )  # fmt: skip

    def restate_silence(self, identity: str, sensor: str, state: str, since_ns: int, until_ns: int | None) -> None:
        """Restate the open alert of a silent sensor when a mute begins, changes or ends."""
        alert, text = self.alerts.get(identity), silence_text(sensor, state, since_ns, until_ns)
        if alert is None or not alert.is_open or (alert.message.id != MUTED and state != "muted"):
            return
        if alert.message != text.message:
            cause = "muted" if state == "muted" else ""
            self._put(replace(alert, cause=cause, **_stated(text), **following(alert.revision, self.now_ns)))

    def restate_cause(self, identity: str, cause: str) -> None:
        """Restate why coverage was lost, if that has changed."""
        alert = self.alerts.get(identity)
        if alert is not None and alert.is_open and alert.cause != cause:
            message, *why = (
                replace(one, parameters={**one.parameters, "cause": cause}) for one in (alert.message, *alert.why)
            )
            after = following(alert.revision, self.now_ns)
            self._put(replace(alert, message=message, why=tuple(why), cause=cause, **after))

    def raise_fault(self, identity: str, sensor: str, fault: str, condition: Message) -> None:
        """Raise the alert of a sensor that sends data and has a fault."""
        priority = "medium" if fault in BLINDING else "low"
        self._raise(identity, "sensor_fault", priority, fault_text(sensor, fault, condition), sensor=sensor)

    def raise_lost(
        self, identity: str, sensor: str, cause: str, gaps: tuple[CoverageGap, ...], segments: list[int], count: int,
        since_ns: int,
    ) -> None:  # fmt: skip
        """Raise the alert of the segments, of ``count``, that a sensor's loss affects.

        The priority is high from ``lost_fraction`` of the border on, and if a section's impact is high. ``gaps`` hold
        the probability of detecting a crossing before and after; without them, the segments are those that no other
        sensor covers.
        """
        numbers = sorted({one.segment for one in gaps} or set(segments))
        impact = None if self.context is None else _most_serious([self.context.impact_of(one) for one in numbers])
        many = len(numbers) / max(count, 1) >= self.settings.lost_fraction
        self._raise(
            identity,
            "coverage_lost",
            "high" if many or impact in SERIOUS else "medium",
            coverage_lost_text(sensor, cause, gaps, numbers, count, self.settings.required_probability),
            observed_at=utc_datetime(since_ns),
            sensor=sensor,
            segment=numbers[0],
            cause=cause,
            coverage_gaps=gaps,
            impact_level=impact,
            weather=self.weather,
        )

    def raise_activity_below_baseline(self, identity: str, verdict: Verdict) -> None:
        """Raise the alert of an hour without traffic where traffic is usual."""
        text = below_baseline_text(verdict.segment, verdict.expected)
        self._raise(identity, "activity_below_baseline", "low", text, segment=verdict.segment, weather=self.weather)

    def raise_group(self, identity: str, rule: str, picture: TrackPicture, row: int, tracks: tuple[str, ...]) -> None:
        """Raise the alert of several tracks together, stated at the position of one of them."""
        if identity in self.alerts:
            return
        segment, chainage, offset = (
            int(picture.segment[row]), float(picture.chainage_m[row]), float(picture.offset_m[row])
        )  # fmt: skip
        self._raise(
            identity,
            rule,
            "low",
            group_text(
                tracks,
                segment,
                chainage,
                offset,
                self.settings,
                areas=self._areas(float(picture.easting[row]), float(picture.northing[row])),
            ),
            observed_at=utc_datetime(int(picture.updated_ns[row])),
            track=tracks[0],
            segment=segment,
            chainage_m=chainage,
            easting=float(picture.easting[row]),
            northing=float(picture.northing[row]),
            position_sd_m=position_sd_m(picture.cov[row]),
            offset_m=offset,
        )

    def _raise(self, identity: str, rule: str, priority: str, text: AlertText, **facts: Any) -> None:
        """Raise an alert that is not about one track."""
        now = utc_datetime(self.now_ns)
        self._put(
            Alert(
                identity, rule, priority, "active", 0, raised_at=now, updated_at=now,
                **{"observed_at": now} | _stated(text) | facts,
            )
        )  # fmt: skip

    def note_split(self, identity: str, parts: int, apart_m: float) -> None:
        """Add to the details of an open group that it has split."""
        alert = self.alerts.get(identity)
        if alert is not None and alert.is_open:
            details = (split_message(parts, apart_m), *alert.details)
            revision = {} if identity in self.changed else following(alert.revision, self.now_ns)
            self._put(replace(alert, details=details, **revision))

    def raise_distress(self, identity: str, call: DistressCall) -> None:
        """Raise the alert of a unit's call, or update position and messages of the open one."""
        old, now = self.alerts.get(identity), utc_datetime(self.now_ns)
        text = distress_text(call, self._areas(call.easting, call.northing))
        facts: dict[str, Any] = _stated(text) | {
            "observed_at": utc_datetime(call.observed_ns),
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

    def may_revise_distress(self, alert: Alert) -> bool:
        """Return whether an open distress alert has not been revised for ``distress_revise_s``."""
        return self.age_of_revision_s(alert) >= self.settings.distress_revise_s

    def restate(self, identity: str, sighting: Sighting) -> None:
        """Revise an open alert by its id, if it exists."""
        alert = self.alerts.get(identity)
        if alert is not None and alert.is_open:
            self.revise(alert, sighting)

    def follow(self, identity: str, rule: str, sighting: Sighting) -> None:
        """Restate an alert; raise a suppressed one as soon as it is too urgent to remain suppressed."""
        if identity in self.held_ns and not may_hold(rule, self._priority(rule, sighting), self._impact(sighting)):
            self.raise_(identity, rule, sighting)
        else:
            self.restate(identity, sighting)

    def revise(self, alert: Alert, sighting: Sighting) -> None:
        """Restate an open alert: at once when it becomes more urgent, else at most every ``revise_s``."""
        priority = self._priority(alert.rule, sighting)
        more_urgent = higher(priority, alert.priority) != alert.priority
        due = self.age_of_revision_s(alert) >= self.settings.revise_s
        if not (more_urgent or due):
            return
        lowered = self._is_animal(sighting) and alert.priority != "distress"
        stated = priority if lowered else higher(priority, alert.priority)
        facts = self._facts(alert.rule, sighting)
        self._put(replace(alert, priority=stated, **facts, **following(alert.revision, self.now_ns)))

    def clear(self, identity: str, reason: str) -> None:
        """Clear an alert without an operator, if it exists and is open; ``reason`` as in ``alert-cleared``."""
        alert = self.alerts.get(identity)
        if alert is not None and alert.is_open:
            after = following(alert.revision, self.now_ns)
            self._put(replace(alert, status="cleared", reason_message=cleared(reason), **after))

    def forget(self) -> None:
        """Clear stale alerts; drop closed alerts that were not changed for ``keep_s``."""
        for alert in list(self.alerts.values()):
            untouched = alert.status == "active" and alert.rule in NEVER_OVER
            if untouched and self.age_s(alert) >= self.settings.stale_s:
                self.clear(alert.id, "no_action")
            quiet_s = (self.now_ns - nanoseconds(alert.updated_at)) / SECOND_NS
            if not alert.is_open and quiet_s >= self.settings.keep_s:
                del self.alerts[alert.id]
                self.by_picture.pop(alert.id, None)
        for identity, since_ns in list(self.held_ns.items()):
            if self.now_ns - since_ns >= self.settings.keep_s * SECOND_NS:
                del self.held_ns[identity]

    def nuisance(self) -> Nuisance:
        """Return the nuisance state to be stored."""
        return Nuisance(self.tallies, self.held_ns, self.by_picture)

    def revisions(self) -> tuple[Alert, ...]:
        """Return new and revised alerts, most urgent first."""
        return tuple(sorted((self.alerts[identity] for identity in self.changed), key=rank))

    def _put(self, alert: Alert) -> None:
        self.alerts[alert.id] = alert
        self.changed.add(alert.id)

    def _is_animal(self, sighting: Sighting) -> bool:
        label, probability = sighting.most_likely()
        return label == "animal" and probability >= self.settings.animal_probability

    def _priority(self, rule: str, sighting: Sighting, *, by_risk: bool = True) -> str:
        settings, context = self.settings, self.context
        return priority_of(
            rule,
            sighting,
            animal_probability=settings.animal_probability,
            urgent_s=settings.urgent_s,
            impact_level=self._impact(sighting),
            risk_level=context.risk_of(sighting.segment) if by_risk and context is not None else None,
        )

    def _raised_by_risk(self, rule: str, sighting: Sighting) -> Message | None:
        """Why the priority is a step higher than without the decision on risk; None where it is not."""
        risk = None if self.context is None else self.context.risk
        if risk is None or self._priority(rule, sighting) == self._priority(rule, sighting, by_risk=False):
            return None
        return Message("alert-why-risk", {"segment": sighting.segment, "on": risk.decided_on, "by": risk.decided_by})

    def _impact(self, sighting: Sighting) -> str | None:
        return None if self.context is None else self.context.impact_of(sighting.segment)

    def _areas(self, easting: float | None, northing: float | None) -> tuple[NamedArea, ...]:
        return () if self.context is None else self.context.areas_at(easting, northing)

    def _facts(self, rule: str, sighting: Sighting) -> dict[str, Any]:
        label, probability = sighting.most_likely()
        about = About() if self.context is None else self.context.about(sighting, self.gone)
        text = track_text(
            rule,
            sighting,
            self.settings,
            impact_level=about.impact_level,
            response=about.response_in_time,
            areas=self._areas(sighting.easting, sighting.northing),
            raised=self._raised_by_risk(rule, sighting),
        )
        return {
            **_stated(text),
            "impact_level": about.impact_level,
            "forecast": about.forecast,
            "response_estimate": about.response_in_time,
            "candidates": about.candidates,
            "ground": about.ground,
            "observed_at": utc_datetime(sighting.observed_ns),
            "segment": sighting.segment,
            "chainage_m": sighting.chainage_m,
            "easting": sighting.easting,
            "northing": sighting.northing,
            "position_sd_m": None if sighting.cov is None else position_sd_m(sighting.cov),
            "offset_m": sighting.offset_m,
            "time_to_border_s": sighting.time_to_border_s,
            "class_label": label,
            "class_probability": probability,
            "existence": sighting.existence,
            "evidence": sighting.evidence,
        }


def _stated(text: AlertText) -> dict[str, Any]:
    """Fields of an alert that hold its messages."""
    return {"message": text.message, "details": text.details, "why": text.why, "response": text.response}


def position_sd_m(cov: Floats) -> float:
    """Return one standard deviation [m] along the longer axis of a position error, from a covariance [m²]."""
    half_sum, half_difference = 0.5 * (cov[0, 0] + cov[1, 1]), 0.5 * (cov[0, 0] - cov[1, 1])
    return round(sqrt(max(float(half_sum + hypot(half_difference, cov[0, 1])), 0.0)), 1)


def following(revision: int, now_ns: int) -> dict[str, Any]:
    """Return number and time of the revision after ``revision``."""
    return {"revision": revision + 1, "updated_at": utc_datetime(now_ns)}


def _most_serious(levels: Sequence[str | None]) -> str | None:
    known = [level for level in levels if level is not None]
    return max(known, key=IMPACT_LEVELS.index) if known else None
