"""Reads a period of the store: incidents and alerts as known at its end, and estimates of tracks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from typing import Any, Final

import msgspec

from ops.store.connections import streamed
from ops.store.encryption import opened_estimate
from ops.store.incidents import IncidentReader
from ops.store.markings import ReceivedRecords
from ops.store.moment_reader import MomentReader
from ops.store.reader import Live
from ops.store.rows import to_json
from sensors.timestamps import nanoseconds

MOST_INCIDENTS: Final = 5_000
"""Incidents of a period that are read at most."""
_ROWS: Final = 5_000
_EVERY: Final = 2**62


class _Updated(msgspec.Struct):
    updated_at: str
    kind: str | None = None


class _Identified(msgspec.Struct):
    id: str
    opened_at: str | None = None


class PeriodReader(IncidentReader):
    """Reads a store by periods; times are UTC nanoseconds since 1970, a period excludes its end."""

    def incidents_in(self, start_ns: int, end_ns: int) -> tuple[list[str], bool]:
        """Return the ids of the incidents that were open in the period or changed since its start, in order of opening.

        Erased ones are left out. The second value states whether there are more than MOST_INCIDENTS.
        """
        found = self.every_incident_in(start_ns, end_ns)
        return found[:MOST_INCIDENTS], len(found) > MOST_INCIDENTS

    def every_incident_in(self, start_ns: int, end_ns: int, kind: str | None = None) -> list[str]:
        """Return the same, all of them, or all of one kind."""
        sql = "SELECT id, revision, state, CAST(body AS BLOB) FROM incidents WHERE opened_ns < ? ORDER BY opened_ns, id"
        found = []
        for identity, revision, state, stored in self._rows(sql, end_ns):
            body = self._body_of(stored, identity, revision)
            if body is None:
                continue
            newest = msgspec.json.decode(body, type=_Updated)
            if kind in (None, newest.kind) and (state != "closed" or _ns(newest.updated_at) >= start_ns):
                found.append(identity)
        return found

    def erased_in(self, start_ns: int, end_ns: int) -> list[tuple[str, int]]:
        """Return id and opening [UTC ns] of the erased incidents that ``every_incident_in`` would return."""
        sql = (
            "SELECT id, revision, opened_ns, CAST(body AS BLOB) FROM incidents WHERE opened_ns < ?2"
            " AND (opened_ns >= ?1 OR state <> 'closed'"
            " OR EXISTS (SELECT 1 FROM outbox WHERE outbox.alert = incidents.id"
            " AND outbox.revision = incidents.revision AND outbox.delivered_ns >= ?1))"
        )
        rows = self._rows(sql, start_ns, end_ns)
        return [
            (one, opened_ns) for one, revision, opened_ns, stored in rows if not self._body_of(stored, one, revision)
        ]

    def sensors_at(self, end_ns: int | None) -> tuple[int, dict[str, dict[str, Any] | None]] | None:
        """Return the sensors by name in the newest whole picture before a time, or of now, with the time of that.

        None if there is no such picture; a sensor is None where it is hidden.
        """
        if end_ns is None:
            live = self.live("sensors")
            every = () if live is None else msgspec.json.decode(live.body)
            return None if live is None else (live.stamp_ns, {str(one.get("sensor")): one for one in every})
        found = MomentReader(self._connections).part_before("sensors", end_ns)
        return None if found is None else (found[0], {name: msgspec.json.decode(one) for name, one in found[1].items()})

    def revisions_of(self, identity: str, *, newest_first: bool = False) -> Iterator[bytes]:
        """Iterate over the revisions of an incident or alert that are not erased."""
        order = "DESC" if newest_first else "ASC"
        sql = f"SELECT revision, CAST(body AS BLOB) FROM outbox WHERE alert = ? ORDER BY revision {order}"  # noqa: S608
        for revision, stored in self._rows(sql, identity):
            body = self._body_of(stored, identity, revision)
            if body is not None:
                yield body

    def as_known(self, identity: str, end_ns: int) -> dict[str, Any] | None:
        """Return the newest revision of an incident or alert from before a time; None if there was none."""
        for body in self.revisions_of(identity, newest_first=True):
            if _ns(msgspec.json.decode(body, type=_Updated).updated_at) < end_ns:
                revision: dict[str, Any] = msgspec.json.decode(body)
                return revision
        return None

    def alerts_in(self, start_ns: int, end_ns: int, *, limit: int) -> list[bytes]:
        """Return up to ``limit`` alerts that were raised in the period or are open from before, oldest first.

        Each is in its newest revision. A negative limit is none.
        """
        sql = (
            "SELECT CAST(body AS BLOB), id, revision FROM alerts WHERE raised_ns < ?2"
            " AND (raised_ns >= ?1 OR status IN ('active', 'acknowledged')) ORDER BY raised_ns, id LIMIT ?3"
        )
        rows = self._rows(sql, start_ns, end_ns, limit if limit >= 0 else _EVERY)
        return [body for row in rows if (body := self._body_of(*row)) is not None]

    def estimates_in(self, start_ns: int, end_ns: int) -> Iterator[list[tuple[Any, ...]]]:
        """Iterate over the track history of the period in blocks, in order of writing, as rows of the history."""
        sql = (
            "SELECT track, time_ns, easting, northing, easting_rate, northing_rate, cov, existence, status, segment,"
            " offset_m FROM history WHERE time_ns >= ? AND time_ns < ? ORDER BY id"
        )
        with self._reading() as connection, closing(streamed(connection, sql, (start_ns, end_ns))) as rows:
            while block := rows.fetchmany(_ROWS):
                opened = (opened_estimate(self.keys, row) for row in block)
                yield [row for row in opened if row is not None]


class ReleasedPeriods:
    """Reads a store by periods, without the records that are hidden from a receiver (``ops.releasability``).

    The methods are those of ``PeriodReader``: lists are shortened, and limits counted, after hidden records are left
    out, so that neither a list nor the statement that there is more reveals them.
    """

    def __init__(self, reader: PeriodReader, received: ReceivedRecords) -> None:
        self._reader, self._received = reader, received

    def incidents_in(self, start_ns: int, end_ns: int) -> tuple[list[str], bool]:
        """As ``PeriodReader.incidents_in``."""
        found = self.every_incident_in(start_ns, end_ns)
        return found[:MOST_INCIDENTS], len(found) > MOST_INCIDENTS

    def every_incident_in(self, start_ns: int, end_ns: int, kind: str | None = None) -> list[str]:
        """As ``PeriodReader.every_incident_in``."""
        every = self._reader.every_incident_in(start_ns, end_ns, kind)
        self._received.refresh()
        return [one for one in every if self._received.shows("incident", one)]

    def revisions_of(self, identity: str, *, newest_first: bool = False) -> Iterator[bytes]:
        """As ``PeriodReader.revisions_of``; none of a hidden record."""
        bodies = list(self._reader.revisions_of(identity, newest_first=newest_first))
        self._received.refresh()
        return (body for body in map(self._stated, bodies) if body is not None)

    def as_known(self, identity: str, end_ns: int) -> dict[str, Any] | None:
        """As ``PeriodReader.as_known``; None for a hidden record."""
        known = self._reader.as_known(identity, end_ns)
        self._received.refresh()
        body = None if known is None else self._stated(msgspec.json.encode(known))
        return None if body is None else msgspec.json.decode(body)

    def alerts_in(self, start_ns: int, end_ns: int, *, limit: int) -> list[bytes]:
        """As ``PeriodReader.alerts_in``."""
        bodies = self._reader.alerts_in(start_ns, end_ns, limit=-1)
        self._received.refresh()
        return [body for body in map(self._stated, bodies) if body is not None][:limit]

    def estimates_in(self, start_ns: int, end_ns: int) -> Iterator[list[tuple[Any, ...]]]:
        """As ``PeriodReader.estimates_in``."""
        for block in self._reader.estimates_in(start_ns, end_ns):
            self._received.refresh()
            yield [row for row in block if self._received.shows("track", row[0])]

    def erased_in(self, start_ns: int, end_ns: int) -> list[tuple[str, int]]:
        """As ``PeriodReader.erased_in``."""
        every = self._reader.erased_in(start_ns, end_ns)
        self._received.refresh()
        return [one for one in every if self._received.shows("incident", one[0])]

    def sensors_at(self, end_ns: int | None) -> tuple[int, dict[str, dict[str, Any] | None]] | None:
        """As ``PeriodReader.sensors_at``."""
        found = self._reader.sensors_at(end_ns)
        if found is None:
            return None
        at_ns, sensors = found
        entries = self._received.entries("sensors", [one for one in sensors.values() if one is not None])
        return at_ns, dict.fromkeys(sensors) | {one["sensor"]: one for one in entries}

    def live(self, part: str) -> Live | None:
        """As ``Reader.live``, of the parts that ``ReceivedRecords.entries`` passes on, without the journal's row."""
        live = self._reader.live(part)
        if live is None:
            return None
        entries = self._received.entries(part, msgspec.json.decode(live.body))
        return Live(0, live.stamp_ns, to_json(entries, where=part))

    def _stated(self, body: bytes) -> bytes | None:
        """An incident or alert as the receiver gets it; None where it is hidden."""
        found = msgspec.json.decode(body, type=_Identified)
        kind = "alert" if found.opened_at is None else "incident"
        return self._received.stated(kind, found.id, body) if self._received.shows(kind, found.id) else None


def _ns(at: str) -> int:
    return nanoseconds(datetime.fromisoformat(at))


class _Release(msgspec.Struct):
    released: bool = False


class _Goods(msgspec.Struct):
    tracing: _Release | None = None


def with_released_goods(reader: PeriodReader | ReleasedPeriods, incident: dict[str, Any]) -> dict[str, Any]:
    """Return an incident as it leaves in a file or report: with its record of goods only if that is released.

    The newest revision decides, also for an incident as it was known in the past: a release that was taken back holds
    for every file that is made since.
    """
    if incident.get("tracing"):
        newest = next(iter(reader.revisions_of(incident["id"], newest_first=True)), None)
        now = None if newest is None else msgspec.json.decode(newest, type=_Goods).tracing
        if now is None or not now.released:
            return {name: value for name, value in incident.items() if name != "tracing"}
    return incident
