"""Markings in the pipeline: sources of tracks and alerts, and what they or a supervisor's decision change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fusion.alerts import Alert, TrackPicture
from ops.broker.identities import UNIT
from ops.incidents.gathering import tracks_of
from ops.incidents.incident import Incident
from ops.releasability.book import MarkingBook, RecordKind
from ops.releasability.decision import UNMARKED, Markings
from ops.releasability.settings import ReleasabilitySettings
from sensors.scan import CLASSES

LABEL_FROM = 0.6
"""A track has the marking of its class from this probability of the class, as its label in the picture."""


class MarkingDesk:
    """The book of markings beside the incidents; does nothing while the settings name no markings."""

    def __init__(
        self,
        book: MarkingBook,
        settings: ReleasabilitySettings,
        *,
        section_of: Callable[[int | None], str | None],
    ) -> None:
        self.book, self._settings, self._section_of = book, settings, section_of
        self.markings = Markings(settings.levels)
        self._changed: list[tuple[RecordKind, str, str]] = []
        self.active = bool(settings.levels)

    def of_sensor(self, sensor: str) -> str:
        """Marking of a sensor."""
        return self._settings.sensors.get(sensor, UNMARKED)

    def may_have(self, unit: str, kind: RecordKind, identity: str) -> bool:
        """Whether a unit may have a record, by the marking in force; the operations centre may have all."""
        if unit == UNIT:
            return True
        marking = self.book.effective.get(kind, {}).get(identity, UNMARKED)
        return self.markings.may_see(self._settings.units.get(unit, UNMARKED), marking)

    def take_scan(self, track: str, sensor: str) -> None:
        """A track has taken a plot of a sensor."""
        if self.active:
            self.book.mark_track(track, self.of_sensor(sensor), self.markings)

    def judge(
        self,
        picture: TrackPicture,
        changed: Iterable[Alert],
        alerts: Mapping[str, Alert],
        incidents: Mapping[str, Incident],
    ) -> None:
        """Take the tracks as they are now, and the alerts that are new or revised."""
        if not self.active:
            return
        for row, track in enumerate(picture.track):
            likely = int(picture.class_probability[row].argmax())
            if picture.class_probability[row, likely] >= LABEL_FROM:
                self._mark_track(track, self._settings.classes.get(CLASSES[likely], UNMARKED))
            if self._settings.sections:
                self._mark_track(track, self._of_section(int(picture.segment[row])))
        for alert in alerts.values():
            if alert.is_open:
                self._take_alert(alert)
        self.take(changed, incidents)
        tracks = {*picture.track, *(one for incident in incidents.values() for one in incident.track_ids)}
        self.book.keep(tracks, alerts, incidents)

    def take(self, changed: Iterable[Alert], incidents: Mapping[str, Incident]) -> None:
        """Take alerts that are new or revised, and the decisions on incidents."""
        if not self.active:
            return
        for alert in changed:
            self._take_alert(alert)
        in_order = (incidents[one] for one in sorted(incidents))
        self._changed += self.book.settle(in_order, self._settings.sensors, self.markings)

    def take_news(self) -> list[tuple[RecordKind, str, str]]:
        """Markings that changed since the last call, as (kind, id, marking)."""
        changed, self._changed = self._changed, []
        return changed

    def replaced(self, incident: Incident | None) -> str:
        """Marking of the sources of an incident, which a decision replaces."""
        if incident is None:
            return UNMARKED
        return self.book.of_sources(incident, self._settings.sensors, self.markings)

    def _take_alert(self, alert: Alert) -> None:
        if alert.rule == "distress":  # people in need: every unit receives it, unless a supervisor marks the incident
            return
        sources = [self.book.tracks.get(track, UNMARKED) for track in tracks_of(alert)]
        sources += [self.of_sensor(sensor) for sensor, _, _ in alert.evidence]
        sources.append(self.of_sensor(alert.sensor or ""))
        sources.append(self._settings.classes.get(alert.class_label or "", UNMARKED))
        sources.append(self._of_section(alert.segment))
        self.book.mark_alert(alert.id, sources, self.markings)

    def _mark_track(self, track: str, marking: str) -> None:
        self.book.mark_track(track, marking, self.markings)

    def _of_section(self, segment: int | None) -> str:
        if not self._settings.sections:
            return UNMARKED
        return self._settings.sections.get(self._section_of(segment) or "", UNMARKED)
