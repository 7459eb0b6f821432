"""Incidents in the store: their tables, rows and queries. Revisions share the numbers of the outbox with alerts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Protocol

import msgspec

from geo.errors import BadInput
from ops.audit.day_keys import KeyKind
from ops.store.connections import ReadConnections, streamed
from ops.store.reader import Reader
from ops.store.rows import time_ns, to_json

TABLES: Final = """
CREATE TABLE incidents (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    state TEXT NOT NULL,
    opened_ns INTEGER NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX incidents_by_state ON incidents (state, opened_ns);
CREATE TABLE outcomes (
    id TEXT PRIMARY KEY,
    incident TEXT NOT NULL,
    body TEXT NOT NULL
)
"""
"""Incidents in their newest revision, and what became of each action that had an id."""

MOST_ROWS: Final = 5_000
"""Incidents read at most at once."""
_STORED: Final = "SELECT id, revision, CAST(body AS BLOB) FROM incidents WHERE "
_SELECTED: Final[Mapping[bool, str]] = {
    False: f"{_STORED}(state < 'closed' OR state > 'closed') ORDER BY +opened_ns DESC, id",
    True: f"{_STORED}state = 'closed' ORDER BY opened_ns DESC, id",
}
"""Incidents that are not, or are, closed. Both are found by the index on the state: of a long history no more is read
than is returned. The sign keeps SQLite from reading all incidents in the order of their opening instead."""


class _Led(msgspec.Struct):
    lead: str | None = None


class _Owned(msgspec.Struct):
    owner: str
    alerts: list[str]


class _Closed(msgspec.Struct):
    disposition: str | None = None


@dataclass(frozen=True, slots=True)
class IncidentRow:
    """An incident as stored; ``lead`` is the body of its lead alert, None if there is none in the store."""

    body: bytes
    lead: bytes | None


class IncidentReader(Reader):
    """Reads incidents and the outcomes of actions."""

    def __init__(self, store: Path | ReadConnections) -> None:
        super().__init__(store)
        self._dispositions: dict[tuple[str, int], str | None] = {}

    def incidents(
        self,
        *,
        closed: bool | None = None,
        limit: int | None = MOST_ROWS,
        hidden: Callable[[], Collection[str]] = tuple,
    ) -> tuple[int, list[IncidentRow]]:
        """Return (outbox number of this state, incidents), those that are not closed first, then the latest opened.

        ``closed`` selects those that are, or are not, closed. ``hidden``: ids to leave out, asked for after the state
        was chosen.
        """
        with self._snapshot() as connection:
            last = self.last_event()
            left_out = hidden()
            rows: list[Any] = []
            for selected in (False, True) if closed is None else (closed,):
                cursor = streamed(connection, _SELECTED[selected])
                left = None if limit is None else limit - len(rows)
                rows += islice((row for row in cursor if row[0] not in left_out), left)
                cursor.close()
            found = [self._incident_of(*row) for row in rows]
        return last, [row for row in found if row is not None]

    def open_incidents(self, *, rows: int) -> list[IncidentRow]:
        """Return all incidents that are not closed and, up to ``rows`` in all, the closed ones opened last."""
        with self._snapshot():
            _, found = self.incidents(closed=False, limit=None)
            if len(found) < rows:
                found += self.incidents(closed=True, limit=rows - len(found))[1]
            return found

    def incident(self, identity: str) -> IncidentRow | None:
        """Return one incident; None when there is none with that id."""
        with self._snapshot():
            rows = self._rows("SELECT id, revision, CAST(body AS BLOB) FROM incidents WHERE id = ?", identity)
            return self._incident_of(*rows[0]) if rows else None

    def owner_of(self, alert: str) -> str:
        """Return who owns the incident of an alert; empty without an owner, and once the incident is closed."""
        _, rows = self.incidents(closed=False, limit=None)
        found = (msgspec.json.decode(row.body, type=_Owned) for row in rows)
        return next((one.owner for one in found if alert in one.alerts), "")

    def _incident_of(self, identity: str, revision: int, stored: bytes) -> IncidentRow | None:
        """Return an incident and its lead alert; None if it is erased."""
        body = self._body_of(stored, identity, revision)
        if body is None:
            return None
        lead = msgspec.json.decode(body, type=_Led).lead
        alert = None if lead is None else self.alert(lead)
        return IncidentRow(body, None if alert is None else alert[2])

    def counts(self) -> tuple[dict[str, int], dict[str, int]]:
        """Count the incidents by state, and the closed ones that are not erased by disposition."""
        states = dict(self._rows("SELECT state, count(*) FROM incidents GROUP BY state"))
        found: dict[tuple[str, int], str | None] = {}
        for closed in self._rows("SELECT id, revision FROM incidents WHERE state = 'closed'"):
            found[closed] = self._dispositions[closed] if closed in self._dispositions else self._disposition(*closed)
        self._dispositions = found
        return states, dict(Counter(disposition for disposition in found.values() if disposition is not None))

    def _disposition(self, identity: str, revision: int) -> str | None:
        """Return the disposition of an incident's revision; None if it is erased."""
        sql = "SELECT CAST(body AS BLOB) FROM incidents WHERE id = ? AND revision = ?"
        rows = self._rows(sql, identity, revision)
        body = self._body_of(rows[0][0], identity, revision) if rows else None
        return None if body is None else msgspec.json.decode(body, type=_Closed).disposition

    def outcome(self, action: str) -> bytes | None:
        """Return what became of an action, as JSON; None while fusion has not applied it, or when it is erased."""
        rows = self._rows("SELECT CAST(body AS BLOB) FROM outcomes WHERE id = ?", action)
        return self._body_of(rows[0][0], outcome_name(action), 0) if rows else None

    def outcomes_after(self, number: int, *, limit: int = 500) -> list[tuple[int, bytes]]:
        """Return the next outcomes of actions, as (number, JSON), without those that are erased.

        Numbers rise in the order in which fusion wrote them. The list is empty only if there are no more.
        """
        sql = "SELECT rowid, id, CAST(body AS BLOB) FROM outcomes WHERE rowid > ? ORDER BY rowid LIMIT ?"
        while rows := self._rows(sql, number, limit):
            opened = [(row[0], self._body_of(row[2], outcome_name(row[1]), 0)) for row in rows]
            if found := [(at, body) for at, body in opened if body is not None]:
                return found
            number = rows[-1][0]
        return []

    def last_outcome(self) -> int:
        """Return the number of the newest outcome; 0 before the first."""
        return int(self._rows("SELECT coalesce(max(rowid), 0) FROM outcomes")[0][0])


class RowEncryption(Protocol):
    """What writing needs of the store: statements of its transaction, and its encryption."""

    def stored(
        self, kind: KeyKind, at_ns: int, body: str, identity: str, number: int = 0, *, in_use: bool = False
    ) -> str | bytes:
        """Return a text as it is stored: empty if its day is erased, unless it is in use."""

    def any_value(self, value: Any) -> Any:
        """Return a value of any plain type as it is passed to a statement."""

    def differs(self, stored: bytes, identity: str, revision: int, body: str) -> bool:
        """Return whether a stored revision is another one."""


def outcome_name(action: str) -> str:
    """Return the name to which the outcome of an action is bound."""
    return f"outcome {action}"


def write_incidents(run: Any, store: RowEncryption, incidents: Iterable[tuple[Any, ...]], stamp_ns: int) -> None:
    """Write revisions that are not yet in the outbox; an (id, revision) that exists is never published again.

    ``run`` executes one statement within the transaction of the caller.
    """
    for identity, revision, state, priority, opened_ns, body in incidents:
        stored = store.stored("alerts", opened_ns, body, identity, revision, in_use=state != "closed")
        there = run(
            "SELECT CAST(body AS BLOB) FROM outbox WHERE alert = ? AND revision = ?", (identity, revision)
        ).fetchone()
        if there is None:
            run(
                "INSERT INTO outbox (n, kind, alert, revision, priority, body, delivered_ns)"
                " VALUES ((SELECT coalesce(max(n), 0) + 1 FROM outbox), 'incident', ?, ?, ?, ?, ?)",
                (identity, revision, store.any_value(priority), stored, stamp_ns),
            )
        elif store.differs(there[0], identity, revision, body):
            run("UPDATE meta SET diverged = diverged + 1")
        run(
            "INSERT INTO incidents VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET revision = excluded.revision,"
            " state = excluded.state, body = excluded.body WHERE excluded.revision > incidents.revision",
            (identity, revision, state, opened_ns, stored),
        )


def write_outcomes(run: Any, store: RowEncryption, outcomes: Iterable[tuple[str, str, str]], stamp_ns: int) -> None:
    """Write outcomes of actions; the first outcome of an action remains."""
    for action, incident, body in outcomes:
        stored = store.stored("alerts", stamp_ns, body, outcome_name(action))
        run(
            "INSERT INTO outcomes (rowid, id, incident, body)"
            " VALUES ((SELECT coalesce(max(rowid), 0) + 1 FROM outcomes), ?, ?, ?) ON CONFLICT DO NOTHING",
            (action, incident, stored),
        )


def incident_row(incident: Mapping[str, Any]) -> tuple[str, int, str, str, int, str]:
    """Return (id, revision, state, priority, opened in UTC ns, JSON body); BadInput names a field that is missing."""
    where = f"incident {str(incident.get('id'))[:80]!r}"
    for key in ("id", "revision", "state", "priority", "opened_at"):
        if incident.get(key) is None:
            raise BadInput(f"no {key}", where=where, expected="id, revision, state, priority and opened_at")
    return (
        str(incident["id"]),
        int(incident["revision"]),
        str(incident["state"]),
        str(incident["priority"]),
        time_ns(incident["opened_at"], where=where),
        to_json(incident, where=where).decode(),
    )


def outcome_row(outcome: Mapping[str, Any]) -> tuple[str, str, str]:
    """Return (id, incident, JSON body) of an action's outcome."""
    where = f"outcome of action {str(outcome.get('id'))[:80]!r}"
    return str(outcome["id"]), str(outcome["incident"]), to_json(outcome, where=where).decode()
