"""What a person receives of marked records: every route and the event stream ask here (``ops.releasability``).

A person who may not have a record sees nothing of it. Numbers of the event stream are counted without the revisions
that are hidden from the person; they carry a tag that changes with what is hidden, so that a number from before a
change of a marking is recognised, and the stream starts again.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.accounts.person import Person
from ops.accounts.rights import OGC, ROWS, template_at
from ops.releasability.decision import UNMARKED, Markings
from ops.releasability.settings import ReleasabilitySettings
from ops.store.connections import StoreError
from ops.store.incidents import IncidentRow
from ops.store.markings import MarkingReader, ReceivedRecords
from ops.store.reader import Reader
from ops.store.rows import to_json

FILTERED: Final = frozenset(
    (
        "/",
        "/api/tracks",
        "/api/bearings",
        "/api/alerts",
        "/api/alerts/{identity}",
        "/api/alerts/{identity}/acknowledge",
        "/api/alerts/{identity}/clear",
        "/api/alerts/{identity}/reject",
        "/api/stream",
        "/api/health",
        "/api/sensors",
        "/api/counts",
        "/api/openapi.json",
        "/api/docs",
        "/api/docs.css",
        "/api/border",
        "/api/sector",
        "/api/layout",
        "/api/segments",
        "/api/layers",
        "/api/profile",
        "/api/places",
        "/api/base-map.pmtiles",
        "/api/tiles/{layer}/{z}/{x}/{y}.png",
        "/api/tiles/ground/{z}/{x}/{y}.mvt",
        "/v1/incidents",
        "/v1/incidents/{identity}",
        "/v1/incidents/{identity}/actions",
        "/v1/incidents/{identity}/actions/{action}",
        "/v1/incidents/{identity}/marking",
        "/v1/impact-levels",
        "/v1/cap/feed.atom",
        "/v1/cap/{identity}.xml",
        "/v1/alerts.georss",
        "/v1/incidents.georss",
        "/v1/goods-codes",
        "/v1/markings",
        "/v1/people",
        "/v1/history",
        "/v1/history/moment",
        "/v1/history/incidents",
        "/v1/history/incidents/{identity}",
        "/v1/history/tracks/{identity}",
        "/v1/history/units/{identity}",
        "/v1/handover",
        "/handover",
        "/handover.pdf",
        "/handover/notes",
        "/scorecard",
        "/scorecard.pdf",
        "/v1/scorecard",
        "/action-plan",
        "/action-plan.pdf",
        "/action-plan.docx",
        "/v1/action-plan",
        "/after-action",
        "/after-action.pdf",
        "/eurosur",
        "/v1/export",
        "/v1/units/{unit}/enrolments",
        "/v1/units/{unit}/devices",
        "/v1/units/{unit}/devices/{device}/revoke",
        "/v1/field/enrol",
        "/v1/field/state",
        "/v1/field/stream",
        "/v1/field/replies",
        "/v1/field/positions",
        "/v1/field/map",
        "/v1/field/tiles/{layer}/{z}/{x}/{y}.png",
        "/v1/field/tiles/ground/{z}/{x}/{y}.mvt",
        *(row.path for row in ROWS if row.path.startswith(OGC)),
    )
)
"""Routes that pass on what a person may receive only, or state nothing of sensors and records. Every other route of the
picture, the sensors, the ground and the planner is closed to people from whom a marking of the settings is hidden."""
CLOSED: Final = "This address is open only to people who receive every marking."
TERRAIN_LAYERS: Final = ("hillshade", "elevation")
"""Map layers that state nothing of sensors."""
_TAG_AT: Final = 36
_PLACES: Final = (1 << _TAG_AT) - 1


class _Named(msgspec.Struct):
    id: str
    lead: str | None = None


@dataclass(slots=True)
class _Hidden:
    """Outbox numbers that are hidden from one clearance, up to outbox number ``upto``."""

    markings: int = -1
    upto: int = 0
    numbers: list[int] = field(default_factory=list)


class Release:
    """The markings of a store and the order of the settings, for any number of threads."""

    def __init__(self, store: Path, settings: ReleasabilitySettings) -> None:
        self.settings, self.markings = settings, Markings(settings.levels)
        self.records = MarkingReader(store)
        self.lock = threading.Lock()
        self._views: dict[int, ReleasedView] = {}
        with suppress(StoreError):  # fusion has not written it yet
            self.records.refresh()

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        self.records.close()

    def view(self, person: Person | None) -> ReleasedView:
        """The view of a person; without a person, that of records without a marking."""
        return self.view_of(UNMARKED if person is None else person.releasability)

    @property
    def used(self) -> bool:
        """Whether there are markings at all, in the settings or in the store."""
        return bool(self.settings.levels) or self.records.newest > 0

    def refuses(self, person: Person, path: str) -> bool:
        """Whether a route is closed to a person because it does not leave out what is hidden from her."""
        return self.used and not self.view(person).everything and template_at(path) not in FILTERED

    def receives(self, kind: str, identity: str, limit: str) -> bool:
        """Whether a receiver with this limit may have a record, by its marking as last read."""
        return self.markings.may_see(limit, self.records.of(kind, identity))

    def view_of(self, limit: str) -> ReleasedView:
        """The view of a receiver with this limit."""
        clearance = self.markings.clearance(limit)
        with self.lock:
            if clearance not in self._views:
                self._views[clearance] = ReleasedView(self, limit)
            return self._views[clearance]


class ReleasedView(ReceivedRecords):
    """Records as a receiver with one limit sees them in the answers and in the event stream."""

    def __init__(self, release: Release, limit: str) -> None:
        super().__init__(release.records, release.settings, limit, release.lock)
        self._numbers = _Hidden()

    # --- records

    def alerts(
        self, reader: Reader, *, status: str | None = None, since_ns: int | None = None, limit: int
    ) -> tuple[int, bool, list[bytes]]:
        """As ``Reader.alerts``, of what the receiver may have, with the event number for the outbox number."""
        last, more, found = reader.alerts_by_id(
            status=status, since_ns=since_ns, limit=limit, hidden=lambda: self.hidden("alert")
        )
        self.refresh()
        return self.number(last), more, [self.stated("alert", one, body) for one, body in found]

    def incidents(self, rows: Sequence[IncidentRow]) -> list[IncidentRow]:
        """Those of the incidents that the receiver may have, with their markings; call it after they were read."""
        self.refresh()
        return [
            IncidentRow(self.stated("incident", named.id, row.body), self._lead_of(row, named))
            for row in rows
            if self.shows("incident", (named := msgspec.json.decode(row.body, type=_Named)).id)
        ]

    def _lead_of(self, row: IncidentRow, named: _Named) -> bytes | None:
        return row.lead if named.lead is not None and self.shows("alert", named.lead) else None

    def picture(self, part: str, body: bytes) -> bytes:
        """A part of the live picture, a JSON list, without the records that are hidden."""
        self.refresh()
        if self.everything:
            return body
        return to_json(self.entries(part, msgspec.json.decode(body)), where=part)

    def counts(self, body: bytes) -> bytes:
        """Counts by sensor, a JSON object, without the sensors that are hidden."""
        if self.every_sensor:
            return body
        figures: dict[str, Any] = msgspec.json.decode(body)
        return to_json({name: value for name, value in figures.items() if self.shows_sensor(name)}, where="counts")

    def cursor(self, cursor: int) -> int:
        """The journal row of a picture; 0 where rows of hidden sensors count in it."""
        return cursor if self.every_sensor else 0

    def layout(self, layout: Mapping[str, Any]) -> Mapping[str, Any]:
        """The layout as GeoJSON, without the sensors that are hidden."""
        if self.every_sensor:
            return layout
        hidden = {sensor for sensor in self.settings.sensors if not self.shows_sensor(sensor)}
        return {
            **layout,
            "features": [
                feature
                for feature in layout["features"]
                if not hidden & {feature.get("id"), *map(str, feature.get("properties", {}).values())}
            ],
        }

    def layers(self, layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """Map layers, without those of coverage where a sensor is hidden."""
        return [layer for layer in layers if self.shows_layer(str(layer["id"]))]

    def shows_layer(self, layer: str) -> bool:
        """Whether the receiver may have a map layer."""
        return self.every_sensor or layer in TERRAIN_LAYERS

    # --- numbers of the event stream

    def number(self, outbox: int) -> int:
        """The event number for an outbox number: without gaps where revisions are hidden."""
        if self.everything:
            return outbox
        return self._tag() << _TAG_AT | (outbox - bisect_right(self._hidden_numbers(), outbox))

    def outbox_number(self, number: int) -> int | None:
        """The outbox number of an event number; None if what is hidden has changed since it was given."""
        if self.everything:
            return number if number <= _PLACES else None
        place, hidden = number & _PLACES, self._hidden_numbers()
        if number >> _TAG_AT != (self._tag() if number else 0):
            return None
        found = place
        while found != (further := place + bisect_right(hidden, found)):
            found = further
        return found

    @property
    def changes(self) -> int:
        """How often records that were published before have become hidden or visible."""
        return sum(
            self.markings.may_see(self.limit, change.before) != self.markings.may_see(self.limit, change.after)
            for change in self._records.changes
        )

    def _tag(self) -> int:
        named = f"{self.markings.clearance(self.limit)} {self.changes}".encode()
        return int.from_bytes(blake2b(named, digest_size=2).digest()) or 1

    def _hidden_numbers(self) -> Sequence[int]:
        with self._lock:
            self._records.refresh()
            known, newest = self._numbers, self._records.newest
            if known.markings != newest:
                known.numbers = self._records.numbers_of(
                    identity
                    for kind, identity, marking in self._records.marked()
                    if kind != "track" and not self.markings.may_see(self.limit, marking)
                )
                known.markings, known.upto = newest, self._records.last_event()
            else:
                for number, identity in self._records.outbox_ids(known.upto):
                    known.upto = number
                    if not (self.shows("alert", identity) and self.shows("incident", identity)):
                        known.numbers.append(number)
            return known.numbers
