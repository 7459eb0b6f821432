"""What a person receives of marked records: every route and the event stream ask here (``ops.releasability``).

A person who may not have a record sees nothing of it. Numbers of the event stream are counted without the revisions
that are hidden from the person; they carry a tag that changes with what is hidden, so that a number from before a
change of a marking is recognised, and the stream starts again.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import msgspec

from ops.accounts.person import Person
from ops.accounts.rights import template_at
from ops.releasability.decision import EVERYTHING, UNMARKED, Markings
from ops.releasability.settings import ReleasabilitySettings
from ops.store.connections import StoreError
from ops.store.incidents import IncidentRow
from ops.store.markings import MarkingReader
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
        "/api/tiles/{layer}/{z}/{x}/{y}.png",
        "/api/tiles/ground/{z}/{x}/{y}.mvt",
        "/v1/incidents",
        "/v1/incidents/{identity}",
        "/v1/incidents/{identity}/actions",
        "/v1/incidents/{identity}/actions/{action}",
        "/v1/incidents/{identity}/marking",
        "/v1/impact-levels",
        "/v1/markings",
        "/v1/people",
    )
)
"""Routes that pass on what a person may receive only, or state nothing of sensors and records. Every other route of the
picture, the sensors, the ground and the planner is closed to people from whom a marking of the settings is hidden."""
TERRAIN_LAYERS: Final = ("hillshade", "elevation")
"""Map layers that state nothing of sensors."""
_TAG_AT: Final = 36
_PLACES: Final = (1 << _TAG_AT) - 1


class _Named(msgspec.Struct):
    id: str


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

    def view_of(self, limit: str) -> ReleasedView:
        """The view of a receiver with this limit."""
        clearance = self.markings.clearance(limit)
        with self.lock:
            if clearance not in self._views:
                self._views[clearance] = ReleasedView(self, limit)
            return self._views[clearance]


class ReleasedView:
    """Records as a receiver with one limit sees them."""

    def __init__(self, release: Release, limit: str) -> None:
        self._release, self.limit = release, limit
        self._markings, self._records = release.markings, release.records
        self._numbers = _Hidden()

    @property
    def everything(self) -> bool:
        """Whether nothing is hidden: no level of the settings and, without levels, no marked record of the store."""
        if self.limit == EVERYTHING or self._release.settings.levels:
            return self._markings.sees_every_level(self.limit)
        return self._records.newest == 0

    # --- records

    def refresh(self) -> None:
        """Read the markings that are new; call it after records were read, and before they are passed on."""
        with self._release.lock:
            self._records.refresh()

    def marking(self, kind: str, identity: str) -> str:
        """Marking in force of a record."""
        return self._records.of(kind, identity)

    def shows(self, kind: str, identity: str) -> bool:
        """Whether the receiver may have the record."""
        return self._markings.may_see(self.limit, self._records.of(kind, identity))

    def shows_sensor(self, sensor: str) -> bool:
        """Whether the receiver may have what is stated of a sensor."""
        return self._markings.may_see(self.limit, self._release.settings.sensors.get(sensor, UNMARKED))

    @property
    def every_sensor(self) -> bool:
        """Whether no sensor of the settings is hidden; answers that combine all sensors need it."""
        return all(self.shows_sensor(sensor) for sensor in self._release.settings.sensors)

    def hidden(self, kind: str) -> Collection[str]:
        """Ids of the records of a kind that are hidden, as of now."""
        self.refresh()
        return {
            one
            for record, one, marking in self._records.marked()
            if record == kind and not self._markings.may_see(self.limit, marking)
        }

    def alerts(
        self, reader: Reader, *, status: str | None, since_ns: int | None, limit: int
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
        found = [(row, msgspec.json.decode(row.body, type=_Named).id) for row in rows]
        return [
            IncidentRow(self.stated("incident", identity, row.body), row.lead)
            for row, identity in found
            if self.shows("incident", identity)
        ]

    def picture(self, body: bytes) -> bytes:
        """A part of the live picture, a JSON list, without the records that are hidden."""
        if b'"marking":' not in body:
            return body
        records: list[dict[str, Any]] = msgspec.json.decode(body)
        return to_json(self._markings.released(records, self.limit), where="picture")

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
        hidden = {sensor for sensor in self._release.settings.sensors if not self.shows_sensor(sensor)}
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

    def stated(self, kind: str, identity: str, body: bytes) -> bytes:
        """The JSON object of a record with its marking, and without references to incidents that are hidden."""
        marking = self.marking(kind, identity)
        if (
            kind == "incident"
            and not self.everything
            and (b'"links":[]' not in body or b'"merged_into":""' not in body)
        ):
            record: dict[str, Any] = msgspec.json.decode(body)
            record["links"] = [one for one in record["links"] if self.shows("incident", one)]
            if not self.shows("incident", record["merged_into"]):
                record["merged_into"] = ""
            body = to_json(record, where="incident")
        if not marking:
            return body
        return body[:-1] + b',"marking":"' + marking.encode() + b'"}'

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
            self._markings.may_see(self.limit, change.before) != self._markings.may_see(self.limit, change.after)
            for change in self._records.changes
        )

    def _tag(self) -> int:
        named = f"{self._markings.clearance(self.limit)} {self.changes}".encode()
        return int.from_bytes(blake2b(named, digest_size=2).digest()) or 1

    def _hidden_numbers(self) -> Sequence[int]:
        with self._release.lock:
            self._records.refresh()
            known, newest = self._numbers, self._records.newest
            if known.markings != newest:
                known.numbers = self._records.numbers_of(
                    identity
                    for kind, identity, marking in self._records.marked()
                    if kind != "track" and not self._markings.may_see(self.limit, marking)
                )
                known.markings, known.upto = newest, self._records.last_event()
            else:
                for number, identity in self._records.outbox_ids(known.upto):
                    known.upto = number
                    if not (self.shows("alert", identity) and self.shows("incident", identity)):
                        known.numbers.append(number)
            return known.numbers
