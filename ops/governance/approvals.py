"""Requests under the two-person rule in ``approvals.db`` of the data folder: each is decided once.

The file is written by the API process and read by ``watchline store purge``. Requests are kept, also when refused.
"""

from __future__ import annotations

import secrets
import sqlite3
import threading
from collections.abc import Callable, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec

from geo.errors import WatchlineError
from ops.accounts.person import Person
from ops.governance.two_person import (
    IN_FORCE,
    LASTS_S,
    STATE_AFTER,
    USE_S,
    Approval,
    ApprovalDecision,
    ApprovalKind,
    ApprovalRefused,
    Party,
    SamePersons,
    check_decision,
    check_request,
)
from ops.runtime.files.transaction import BUSY_S

if TYPE_CHECKING:
    from collections.abc import Iterator

FILE: Final = "approvals.db"
MOST_WAITING: Final = 50
"""Requests of one person that may wait at the same time."""
MOST_LISTED: Final = 200
_TABLE: Final = (
    "CREATE TABLE IF NOT EXISTS approvals (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,"
    " asker TEXT NOT NULL, state TEXT NOT NULL, expires_s REAL NOT NULL, used INTEGER NOT NULL DEFAULT 0,"
    " body BLOB NOT NULL)"
)


class ApprovalStoreError(WatchlineError):
    """The file of requests cannot be used; nothing that needs a request may then happen."""


class Approvals:
    """The requests of a data folder. Thread-safe. ``now_s``: UTC seconds since 1970."""

    def __init__(
        self, folder: Path, *, sector: str, now_s: Callable[[], float], same: SamePersons | None = None
    ) -> None:
        self.path, self._sector, self.now_s = folder / FILE, sector, now_s
        self._same = same or SamePersons()
        self._lock = threading.Lock()

    def ask(
        self, kind: ApprovalKind, subject: str, order: Mapping[str, Any], reason: str, person: Person, party: Party
    ) -> Approval:
        """Store a request; the same one, with the same reason, that waits already is returned instead.

        ApprovalRefused for a person who may not ask, or whose requests are too many.
        """
        check_request(person, kind, sector=self._sector)
        now_s = self.now_s()
        made = Approval(secrets.token_hex(6), kind, subject, dict(order), reason, party, now_s, now_s + LASTS_S)
        with self._open() as connection:
            rows = connection.execute(
                "SELECT body FROM approvals WHERE asker = ? AND state = 'waiting' AND expires_s >= ?",
                (party.id, now_s),
            ).fetchall()
            waiting = [one for row in rows if (one := _read(row[0])).state_at(now_s) == "waiting"]
            for known in waiting:
                if (known.kind, known.reason, dict(known.order)) == (kind, reason, dict(order)):
                    return known
            if len(waiting) >= MOST_WAITING:
                raise ApprovalRefused("too_many", f"{len(waiting)} of your requests wait already; withdraw some.")
            connection.execute(
                "INSERT INTO approvals (id, kind, asker, state, expires_s, body) VALUES (?, ?, ?, ?, ?, ?)",
                (made.id, kind, party.id, made.state, made.expires_s, msgspec.json.encode(made)),
            )
        return made

    def check(self, identity: str, decision: ApprovalDecision, person: Person, party: Party) -> Approval | None:
        """The request, if this decision is allowed now; None for an unknown one. ApprovalRefused if it is not."""
        found = self.get(identity)
        if found is not None:
            self.check_for(found, decision, person, party)
        return found

    def check_for(self, approval: Approval, decision: ApprovalDecision, person: Person, party: Party) -> None:
        """Raise ApprovalRefused unless this decision on a request is allowed now."""
        check_decision(
            approval, decision, person, party, sector=self._sector, now_s=self.now_s(), same=self._same
        )  # fmt: skip

    def decide(
        self, identity: str, decision: ApprovalDecision, person: Person, party: Party, remark: str = ""
    ) -> Approval:
        """Decide a request, once: of two decisions at the same time, the second is refused."""
        with self._open() as connection:
            row = connection.execute("SELECT body FROM approvals WHERE id = ?", (identity,)).fetchone()
            if row is None:
                raise ApprovalRefused("unknown", "There is no such request.")
            found = _read(row[0])
            self.check_for(found, decision, person, party)
            made = replace(found, state=STATE_AFTER[decision], decided_by=party, decided_s=self.now_s(), remark=remark)
            _write(connection, made)
        return made

    def fail(self, identity: str, remark: str) -> None:
        """Note that an approved request could not be carried out, and why."""
        with self._open() as connection:
            row = connection.execute("SELECT body FROM approvals WHERE id = ?", (identity,)).fetchone()
            if row is not None:
                _write(connection, replace(_read(row[0]), state="failed", remark=remark[:500]))

    def use(self, identity: str, kind: ApprovalKind, order: Mapping[str, Any]) -> Approval | None:
        """Take an approval that is in force for exactly this order, once and in time; None where there is none."""
        with self._open() as connection:
            row = connection.execute(
                "SELECT body FROM approvals WHERE id = ? AND kind = ? AND used = 0", (identity, kind)
            ).fetchone()
            if row is None:
                return None
            found = _read(row[0])
            late = found.decided_s is None or not 0 <= self.now_s() - found.decided_s <= USE_S
            if found.state not in IN_FORCE or late or dict(found.order) != dict(order):
                return None
            connection.execute("UPDATE approvals SET used = 1 WHERE id = ?", (identity,))
        return found

    def get(self, identity: str) -> Approval | None:
        """One request; None for an unknown one."""
        if not self.path.exists():
            return None
        with self._open() as connection:
            row = connection.execute("SELECT body FROM approvals WHERE id = ?", (identity,)).fetchone()
        return None if row is None else _read(row[0])

    def newest(self, most: int = MOST_LISTED) -> list[Approval]:
        """The newest requests, the latest first."""
        if not self.path.exists():
            return []
        with self._open() as connection:
            rows = connection.execute("SELECT body FROM approvals ORDER BY number DESC LIMIT ?", (most,)).fetchall()
        return [_read(row[0]) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """One transaction, alone in this process and among processes."""
        try:
            with self._lock, closing(sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None)) as connection:
                if not self.path.stat().st_size:
                    self.path.chmod(0o600)
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    connection.execute(_TABLE)
                    yield connection
                except BaseException:
                    connection.execute("ROLLBACK")
                    raise
                connection.execute("COMMIT")
        except (sqlite3.Error, OSError, msgspec.MsgspecError) as error:
            raise ApprovalStoreError(f"{self.path.name}: requests cannot be read or written ({error}).") from error


def _read(body: bytes) -> Approval:
    return msgspec.json.decode(body, type=Approval)


def _write(connection: sqlite3.Connection, approval: Approval) -> None:
    connection.execute(
        "UPDATE approvals SET state = ?, body = ? WHERE id = ?",
        (approval.state, msgspec.json.encode(approval), approval.id),
    )
