"""The markings of tracks, alerts and incidents as fusion keeps them: each is the most restrictive of its sources.

A marking is never lowered by new data, only by a supervisor's decision on an incident, which then applies to the alerts
and tracks of that incident. A source with a more restrictive marking than those that the decision covered raises it
again. The book is part of fusion's checkpoint, so the same journal gives the same markings.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Protocol

import msgspec

from ops.releasability.decision import UNMARKED, Markings

RecordKind = Literal["track", "alert", "incident"]


class MarkingDecision(msgspec.Struct, frozen=True):
    """A supervisor's decision: the marking, and that of the sources which it replaced."""

    marking: str
    replaces: str


class Gathered(Protocol):
    """An incident as the book reads it."""

    @property
    def id(self) -> str: ...
    @property
    def alerts(self) -> tuple[str, ...]: ...
    @property
    def sensors(self) -> tuple[str, ...]: ...
    @property
    def marking(self) -> MarkingDecision | None: ...
    @property
    def track_ids(self) -> tuple[str, ...]: ...


class MarkingBook(msgspec.Struct):
    """``tracks`` and ``alerts``: the marking of the sources of each; records without one are absent.

    ``decisions``: the decision that applies to a track or alert, by kind and id. ``effective``: the marking in force of
    each record, by kind and id, as last published.
    """

    tracks: dict[str, str] = {}
    alerts: dict[str, str] = {}
    decisions: dict[str, dict[str, MarkingDecision]] = {}
    effective: dict[str, dict[str, str]] = {}

    def mark_track(self, track: str, marking: str, markings: Markings) -> None:
        """Take a source of a track into account."""
        if marking:
            self.tracks[track] = markings.most_restrictive((self.tracks.get(track, UNMARKED), marking))

    def mark_alert(self, alert: str, sources: Iterable[str], markings: Markings) -> None:
        """Take the sources of an alert into account."""
        marking = markings.most_restrictive((self.alerts.get(alert, UNMARKED), *sources))
        if marking:
            self.alerts[alert] = marking

    def of_sources(self, incident: Gathered, sensors: Mapping[str, str], markings: Markings) -> str:
        """Marking of an incident by its alerts, tracks and sensors, before any decision."""
        return _combined(incident, self.tracks, self.alerts, sensors, markings)

    def settle(
        self, incidents: Iterable[Gathered], sensors: Mapping[str, str], markings: Markings
    ) -> list[tuple[RecordKind, str, str]]:
        """Bring the markings in force up to date; return those that changed as (kind, id, marking)."""
        incidents = list(incidents)
        decided: dict[RecordKind, dict[str, MarkingDecision]] = {"track": {}, "alert": {}}
        for incident in incidents:
            if incident.marking is not None:
                for known, held in ((decided["track"], incident.track_ids), (decided["alert"], incident.alerts)):
                    for one in held:
                        known[one] = _stricter(known.get(one), incident.marking, markings)
        for kind, found in decided.items():
            self.decisions.setdefault(kind, {}).update(found)
        tracks = self._in_force("track", self.tracks, markings)
        alerts = self._in_force("alert", self.alerts, markings)
        of_incidents = {}
        for incident in incidents:
            if incident.marking is None:
                marking = _combined(incident, tracks, alerts, sensors, markings)
            else:
                marking = in_force(incident.marking, self.of_sources(incident, sensors, markings), markings)
            of_incidents[incident.id] = marking
        changed = self._changed("track", tracks) + self._changed("alert", alerts)
        return changed + self._changed("incident", of_incidents)

    def keep(self, tracks: Iterable[str], alerts: Iterable[str], incidents: Iterable[str]) -> None:
        """Forget the records that are in none of the lists."""
        for kind, kept in (("track", set(tracks)), ("alert", set(alerts)), ("incident", set(incidents))):
            self.decisions[kind] = {one: made for one, made in self.decisions.get(kind, {}).items() if one in kept}
            self.effective[kind] = {one: mark for one, mark in self.effective.get(kind, {}).items() if one in kept}
            if kind == "track":
                self.tracks = {one: value for one, value in self.tracks.items() if one in kept}
            elif kind == "alert":
                self.alerts = {one: value for one, value in self.alerts.items() if one in kept}

    def of_track(self, track: str) -> str:
        """Marking in force of a track."""
        return self.effective.get("track", {}).get(track, UNMARKED)

    def _in_force(self, kind: RecordKind, of_sources: Mapping[str, str], markings: Markings) -> dict[str, str]:
        decided = self.decisions.get(kind, {})
        marks = {one: in_force(known, of_sources.get(one, UNMARKED), markings) for one, known in decided.items()}
        return {**of_sources, **marks}

    def _changed(self, kind: RecordKind, now: Mapping[str, str]) -> list[tuple[RecordKind, str, str]]:
        before = self.effective.setdefault(kind, {})
        changed = [(kind, one, marking) for one, marking in now.items() if before.get(one, UNMARKED) != marking]
        before.update({one: marking for _, one, marking in changed})
        return changed


def in_force(decision: MarkingDecision, of_sources: str, markings: Markings) -> str:
    """Marking after a decision: the decided one, unless a source was added that is more restrictive than before."""
    if markings.rank(of_sources) <= markings.rank(decision.replaces):
        return decision.marking
    return markings.most_restrictive((decision.marking, of_sources))


def _combined(
    incident: Gathered,
    tracks: Mapping[str, str],
    alerts: Mapping[str, str],
    sensors: Mapping[str, str],
    markings: Markings,
) -> str:
    sources = [alerts.get(alert, UNMARKED) for alert in incident.alerts]
    sources += [tracks.get(track, UNMARKED) for track in incident.track_ids]
    sources += [sensors.get(sensor, UNMARKED) for sensor in incident.sensors]
    return markings.most_restrictive(sources)


def _stricter(one: MarkingDecision | None, other: MarkingDecision, markings: Markings) -> MarkingDecision:
    """The decision for a record of two incidents: the more restrictive one."""
    if one is None or markings.rank(other.marking) > markings.rank(one.marking):
        return other
    return one
