"""Feeds to units and SAPIENT: the records that each may pass on, by their markings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from ops.releasability.decision import UNMARKED, Markings
from ops.releasability.settings import ReleasabilitySettings
from ops.store.markings import MarkingReader, ReceivedRecords, take_tracing
from ops.store.reader import OutboxRow
from ops.store.rows import to_json


class FeedRelease:
    """Asks for each record whether the receiver of a feed may have it."""

    def __init__(self, records: MarkingReader, settings: ReleasabilitySettings, *, each_time: bool = True) -> None:
        """``each_time``: read the markings that are new with each question; else the caller calls ``refresh`` after it
        has read the rows."""
        self._each_time = each_time
        self._records, self._settings, self._markings = records, settings, Markings(settings.levels)

    def refresh(self) -> None:
        """Read the markings that are new."""
        self._records.refresh()

    @property
    def newest(self) -> int:
        """Number of the newest change of a marking that was read."""
        return self._records.newest

    def may_receive(self, unit: str, row: OutboxRow) -> bool:
        """Whether a unit may have the alert or incident of an outbox row that has been read."""
        if self._each_time:
            self._records.refresh()
        limit = self._settings.units.get(unit, UNMARKED)
        return self._markings.may_see(limit, self._records.of(row.kind, row.alert))

    def as_received(self, unit: str, row: OutboxRow) -> OutboxRow:
        """The row as the unit gets it, whatever the unit may have else: without references to what is hidden from it
        (a supervisor may have released an alert that a hidden sensor made); an incident also without pictures, and
        without a record of goods that is not released now (a row may wait while that is taken back)."""
        records = self._received(self._settings.units.get(unit, UNMARKED))
        if row.kind != "incident":
            if records.every_sensor:
                return row
            kept = records.without_hidden(row.kind, msgspec.json.decode(row.body))
            return replace(row, body=to_json(kept, where=row.kind))
        return replace(row, body=records.stated(row.kind, row.alert, self._for_receivers(row)))

    def _for_receivers(self, row: OutboxRow) -> bytes:
        """The incident without pictures and without a tracing record that is not released; the same bytes where it has
        neither."""
        inner = msgspec.json.decode(row.body, type=_Inner)
        if all(bytes(part) == b"null" for part in (inner.tracing, inner.assessments, inner.looks)):
            return row.body
        incident: dict[str, Any] = msgspec.json.decode(row.body)
        take_tracing(incident)
        if "tracing" in incident and self._records.releases_goods(row.alert) is False:
            del incident["tracing"]
        for name in ("assessments", "looks"):
            incident.pop(name, None)
        return to_json(incident, where="incident")

    def tracks(self, tracks: list[Any]) -> list[Any]:
        """The tracks of a picture that the published picture may contain."""
        return self._released(tracks, self._settings.tracks_feed)

    def tracks_for(self, unit: str, tracks: list[Any]) -> list[Any]:
        """The tracks of a picture that one unit, or another receiver of that name, may have."""
        return self._released(tracks, self._settings.units.get(unit, UNMARKED))

    def incident_for(self, unit: str, incident: str) -> bool:
        """Whether a unit, or another receiver of that name, may have an incident that has been read."""
        self._records.refresh()
        limit = self._settings.units.get(unit, UNMARKED)
        return self._markings.may_see(limit, self._records.of("incident", incident))

    def sapient_alert(self, alert: str) -> bool:
        """Whether the SAPIENT gateway may send an alert that has been read."""
        self._records.refresh()
        return self._markings.may_see(self._settings.sapient, self._records.of("alert", alert))

    def sapient_tracks(self, tracks: list[Any]) -> list[Any]:
        """The tracks of a picture that the SAPIENT gateway may send."""
        return self._released(tracks, self._settings.sapient)

    def sapient_body(self, alert: dict[str, Any]) -> dict[str, Any]:
        """An alert that the SAPIENT gateway may send, without references to sensors that are hidden from it."""
        return self._received(self._settings.sapient).without_hidden("alert", alert)

    def _received(self, limit: str) -> ReceivedRecords:
        return ReceivedRecords(self._records, self._settings, limit)

    def _released(self, tracks: list[Any], limit: str) -> list[Any]:
        """The tracks that a receiver with this limit may have, without references to hidden sensors."""
        received = self._received(limit)
        return [received.without_hidden("track", dict(one)) for one in self._markings.released(tracks, limit)]


class _Inner(msgspec.Struct):
    tracing: msgspec.Raw = msgspec.Raw(b"null")
    assessments: msgspec.Raw = msgspec.Raw(b"null")
    looks: msgspec.Raw = msgspec.Raw(b"null")
