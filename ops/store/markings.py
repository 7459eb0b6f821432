"""Releasability markings in the store: a table that only grows, of which the newest row of a record is in force.

Rows are written in the transaction that publishes the record, so that no reader sees a record without its marking.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from ops.releasability.carried import at_posts, without_carried
from ops.releasability.decision import EVERYTHING, UNMARKED, Markings
from ops.releasability.settings import ReleasabilitySettings
from ops.store.connections import changes, has_table
from ops.store.reader import Reader
from ops.store.rows import to_json

TABLES: Final = """
CREATE TABLE IF NOT EXISTS markings (
    n INTEGER PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('track', 'alert', 'incident')),
    id TEXT NOT NULL,
    marking TEXT NOT NULL,
    published INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS markings_of ON markings (kind, id)
"""
"""``published``: whether a revision of the record had been published before the marking changed."""


def write_markings(run: Any, changed: Iterable[tuple[str, str, str]]) -> None:
    """Write markings that changed, before the revisions of the same transaction; no repeated ones."""
    for kind, identity, marking in changed:
        newest = "SELECT marking FROM markings WHERE kind = ? AND id = ? ORDER BY n DESC LIMIT 1"
        there = run(newest, (kind, identity)).fetchone()
        if (UNMARKED if there is None else there[0]) != marking:
            run(
                "INSERT INTO markings (n, kind, id, marking, published)"
                " VALUES ((SELECT coalesce(max(n), 0) + 1 FROM markings), ?1, ?2, ?3,"
                " CASE WHEN EXISTS (SELECT 1 FROM outbox WHERE alert = ?2) THEN 1 ELSE 0 END)",
                (kind, identity, marking),
            )


class MarkingChange(NamedTuple):
    """A marking of a published record that was replaced."""

    before: str
    after: str


class MarkingReader(Reader):
    """The markings in force, kept in memory and continued with each ``refresh``.

    It has a connection of its own, which states whether the store was written since it was last read.
    ``newest`` is the number of the last row read; ``changes`` are those of records that had been published;
    ``in_force`` are the markings that records have.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.newest, self._version = 0, -1
        self._known: dict[tuple[str, str], str] = {}
        self.changes: list[MarkingChange] = []
        self.in_force: frozenset[str] = frozenset()
        self._counts: Counter[str] = Counter()

    def close(self) -> None:
        """Close the file; a later read opens it again."""
        super().close()
        self._version = -1  # SQLite counts for each connection

    def refresh(self) -> bool:
        """Read the rows that are new; return whether there were any."""
        with self._reading() as connection:
            version = changes(connection)
            if version == self._version:
                return False
            if not has_table(connection, "markings"):
                return False  # a store from before markings
            rows = connection.execute(
                "SELECT n, kind, id, marking, published FROM markings WHERE n > ? ORDER BY n", (self.newest,)
            ).fetchall()
            for number, kind, identity, marking, published in rows:
                before = self._known.get((kind, identity), UNMARKED)
                if published:
                    self.changes.append(MarkingChange(before, marking))
                self._known[kind, identity] = marking
                self._counts.update({before: -1, marking: 1} if before else {marking: 1})
                self.newest = number
            if rows:
                self.in_force = frozenset(name for name, count in self._counts.items() if name and count > 0)
            self._version = version
        return bool(rows)

    def of(self, kind: str, identity: str, otherwise: str = UNMARKED) -> str:
        """Marking in force of a record; ``otherwise`` for one that never had any."""
        return self._known.get((kind, identity), otherwise)

    def marked(self) -> list[tuple[str, str, str]]:
        """Every record with a marking, as (kind, id, marking)."""
        return [(kind, identity, marking) for (kind, identity), marking in self._known.items() if marking]

    def numbers_of(self, identities: Iterable[str]) -> list[int]:
        """Outbox numbers of all revisions of the records, in order."""
        numbers = [n for one in identities for (n,) in self._rows("SELECT n FROM outbox WHERE alert = ?", one)]
        return sorted(numbers)

    def releases_goods(self, incident: str) -> bool | None:
        """Whether the newest revision of an incident releases its record of goods; None for one that is not stored."""
        sql = "SELECT revision, CAST(body AS BLOB) FROM outbox WHERE alert = ? ORDER BY revision DESC LIMIT 1"
        for revision, stored in self._rows(sql, incident):
            body = self._body_of(stored, incident, revision)
            known: dict[str, Any] = {} if body is None else msgspec.json.decode(body)
            return bool((known.get("tracing") or {}).get("released"))
        return None

    def outbox_ids(self, after: int) -> list[tuple[int, str]]:
        """Number and record of each outbox row above ``after``, in order."""
        return self._rows("SELECT n, alert FROM outbox WHERE n > ? ORDER BY n", after)


class ReceivedRecords:
    """Records of a store as a receiver with one limit gets them, for any number of threads.

    ``lock`` guards ``records``, which several receivers may share.
    """

    def __init__(
        self,
        records: MarkingReader,
        settings: ReleasabilitySettings,
        limit: str,
        lock: threading.Lock | None = None,
    ) -> None:
        self.limit, self.settings, self.markings = limit, settings, Markings(settings.levels)
        self._records, self._lock = records, lock or threading.Lock()

    @property
    def everything(self) -> bool:
        """Whether nothing is hidden: no level of the settings, and no record with a marking that they do not name.

        Without levels, a store in which a record was ever marked hides something from everyone with a limit.
        """
        if self.limit == EVERYTHING:
            return True
        if self.settings.levels:
            return self.markings.sees_every_level(self.limit) and self._records.in_force <= set(self.settings.levels)
        return self._records.newest == 0

    def refresh(self) -> None:
        """Read the markings that are new; call it after records were read, and before they are passed on."""
        with self._lock:
            self._records.refresh()

    def close(self) -> None:
        """Close the store; a later ``refresh`` opens it again."""
        self._records.close()

    def marking(self, kind: str, identity: str) -> str:
        """Marking in force of a record."""
        return self._records.of(kind, identity)

    def shows(self, kind: str, identity: str) -> bool:
        """Whether the receiver may have the record."""
        return self.markings.may_see(self.limit, self._records.of(kind, identity))

    def shows_sensor(self, sensor: str) -> bool:
        """Whether the receiver may have what is stated of a sensor."""
        return self.markings.may_see(self.limit, self.settings.sensors.get(sensor, UNMARKED))

    @property
    def every_sensor(self) -> bool:
        """Whether no sensor of the settings is hidden; answers that combine all sensors need it."""
        return all(self.shows_sensor(sensor) for sensor in self.settings.sensors)

    def hidden(self, kind: str) -> Collection[str]:
        """Ids of the records of a kind that are hidden, as of now."""
        with self._lock:
            self._records.refresh()
            marked = self._records.marked()
        return {
            one for record, one, marking in marked if record == kind and not self.markings.may_see(self.limit, marking)
        }

    def stated(self, kind: str, identity: str, body: bytes) -> bytes:
        """The JSON object of a record, as ``as_stated``."""
        if not self.everything:
            return to_json(self.as_stated(kind, msgspec.json.decode(body)), where=kind)
        marking = self.marking(kind, identity)
        return body[:-1] + b',"marking":"' + marking.encode() + b'"}' if marking else body

    def as_stated(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """A record that the receiver may have, with its marking, and without references to what is hidden.

        ``kind``: ``track``, ``alert`` or ``incident``. A record that a supervisor released may have been made with a
        sensor, and have belonged to an incident, that is hidden.
        """
        if not self.everything:
            self._take_references(kind, record)
        identity = str(record["track" if kind == "track" else "id"])
        marking = self._records.of(kind, identity, record.pop("marking", UNMARKED))
        return record | {"marking": marking} if marking else record

    def without_hidden(self, kind: str, record: dict[str, Any]) -> dict[str, Any]:
        """A record that the receiver may have, as ``as_stated`` but without its marking; a copy where it differs."""
        if self.everything or (kind != "incident" and self.every_sensor):
            return record
        kept = dict(record)
        self._take_references(kind, kept)
        return kept

    def entries(self, part: str, entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """Those entries of a part of the picture, of now or then, that the receiver may have.

        A track has the marking that is now in force. A sensor, or what is detected in its direction only, is hidden by
        its marking in the settings, and by the one that it had when the picture was made. Other parts (own forces) have
        no markings and are not passed on, nor is where a sensor is that they carry.
        """
        self.refresh()
        if part == "tracks":
            return [self.as_stated("track", one) for one in entries if self._shows_track(one)]
        if part not in ("sensors", "bearings"):
            return []
        shown = [
            one
            for one in entries
            if self.markings.may_see(self.limit, one.get("marking", UNMARKED)) and self.shows_sensor(str(one["sensor"]))
        ]
        if self.everything:
            return shown
        return at_posts(shown) if part == "sensors" else without_carried(shown)

    def _shows_track(self, track: dict[str, Any]) -> bool:
        marking = self._records.of("track", str(track["track"]), track.get("marking", UNMARKED))
        return self.markings.may_see(self.limit, marking)

    def _take_references(self, kind: str, record: dict[str, Any]) -> None:
        for name in ("sensors", "revoked_sources"):
            if record.get(name):
                record[name] = [sensor for sensor in record[name] if self.shows_sensor(sensor)]
        if record.get("evidence"):
            record["evidence"] = [scan for scan in record["evidence"] if self.shows_sensor(scan[0])]
        if record.get("sensor") and not self.shows_sensor(record["sensor"]):
            record["sensor"] = None
        if record.get("ground"):
            seen_by = [sensor for sensor in record["ground"]["seen_by"] if self.shows_sensor(sensor)]
            record["ground"] = record["ground"] | {"seen_by": seen_by}
        if kind == "incident":
            self._take_from_incident(record)

    def _take_from_incident(self, record: dict[str, Any]) -> None:
        for name, kind in (("links", "incident"), ("alerts", "alert")):
            record[name] = [one for one in record.get(name, ()) if self.shows(kind, one)]
        record["tracks"] = [one for one in record.get("tracks", ()) if self.shows("track", one["track"])]
        if record.get("looks"):
            record["looks"] = [one for one in record["looks"] if self.shows_sensor(one["camera"])]
        if record.get("assessments"):
            record["assessments"] = [one for one in record["assessments"] if self.shows_sensor(one["sensor"])]
        merged_into = record.get("merged_into", "")
        if not merged_into or not self.shows("incident", merged_into):  # the reason of a merging names the other one
            record["merged_into"] = ""
            if record.get("disposition") == "merged":
                record["reason"] = "–"
            record["transitions"] = [
                step | {"reason": "–"} if step["action"] == "merge" else step for step in record.get("transitions", ())
            ]
        record["notes"] = [
            {name: value for name, value in note.items() if name != "markings"}
            for note in record.get("notes", ())
            if all(self.markings.may_see(self.limit, marking) for marking in note.get("markings", ()))
        ]


def take_tracing(incident: dict[str, Any]) -> None:
    """Take the tracing record from an incident unless it is released."""
    if not (incident.get("tracing") or {}).get("released"):
        incident.pop("tracing", None)


def received_records(store: Path, settings: ReleasabilitySettings, limit: str) -> ReceivedRecords:
    """Return the records of a store as a receiver with this limit gets them, by the markings now in force."""
    records = MarkingReader(store)
    records.refresh()
    records.close()  # a later refresh opens it again
    return ReceivedRecords(records, settings, limit)
