"""State of the SAPIENT gateway across restarts: its own id, nodes, track ids, report numbers.

One SQLite file, ``sapient.db`` in the data folder. The gateway writes it; ``watchline sensor`` reads it and adds tasks.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

from geo.errors import BadInput
from ops.runtime.files.transaction import BUSY_S

FILE_NAME: Final = "sapient.db"
APPLICATION_ID: Final = 0x574C5341  # "WLSA"
SCHEMA_VERSION: Final = 1
KEPT_SCANS: Final = 20_000
"""Per sensor: how far back a repeated report is still recognised."""
_TABLES: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE nodes (
    node_id TEXT PRIMARY KEY, sensor TEXT NOT NULL, registration BLOB NOT NULL, status BLOB,
    registered_ns INTEGER NOT NULL, heard_ns INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE scans (
    id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, boot INTEGER NOT NULL, seq INTEGER NOT NULL, payload BLOB NOT NULL
);
CREATE UNIQUE INDEX scan_keys ON scans (sensor, boot, seq);
CREATE TABLE reports (
    sensor TEXT NOT NULL, key BLOB NOT NULL, scan INTEGER NOT NULL, node_id TEXT NOT NULL, object_id TEXT NOT NULL,
    PRIMARY KEY (sensor, key)
) WITHOUT ROWID;
CREATE INDEX report_scans ON reports (scan);
CREATE TABLE tracks (track TEXT PRIMARY KEY, object_id TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE told (alert TEXT PRIMARY KEY, revision INTEGER NOT NULL, open INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE tasks (
    task_id TEXT PRIMARY KEY, node_id TEXT NOT NULL, body BLOB NOT NULL, made_ns INTEGER NOT NULL,
    sent_ns INTEGER, answer TEXT NOT NULL DEFAULT '', reasons TEXT NOT NULL DEFAULT '', file TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID
"""


class MemoryFault(BadInput):
    """The gateway's database cannot be opened, read or written."""


class MemoryFull(MemoryFault):
    """The disk is full; the same write may be retried."""


@dataclass(frozen=True, slots=True)
class KnownNode:
    """A node as last registered; ``status`` is its newest status report that is in full. Both are packets.

    ``heard_ns``: when it last registered or reported its status.
    """

    node_id: str
    sensor: str
    registration: bytes
    status: bytes | None
    registered_ns: int
    heard_ns: int


@dataclass(frozen=True, slots=True)
class DetectionReport:
    """One detection report to be included in a scan: its key, by which a repetition is recognised, and its origin."""

    key: bytes
    node_id: str
    object_id: str


@dataclass(frozen=True, slots=True)
class Sent:
    """The scan that contained a report."""

    boot: int
    seq: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class NodeTask:
    """A task for a node, as a packet without a time. ``answer`` is the newest task status, "" before the first one.

    ``file``: the picture or clip to which the answer referred, a WireMedia in JSON; "" for none.
    """

    task_id: str
    node_id: str
    body: bytes
    made_ns: int
    sent_ns: int | None
    answer: str
    reasons: str
    file: str = ""


class SapientMemory:
    """The open file. Thread-safe; calls are serialised. A power failure may lose the last second of data."""

    def __init__(self, folder: Path) -> None:
        """Open ``sapient.db`` in ``folder``, or create it; MemoryFault for a file of another program or version."""
        self.path = folder / FILE_NAME
        self._lock = threading.Lock()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
            self._prepare()
        except (sqlite3.Error, OSError) as error:
            raise MemoryFault(str(error), where=str(self.path), expected="a file that can be written") from None

    def _prepare(self) -> None:
        db = self._db
        version, application = (
            db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("user_version", "application_id")
        )
        tables = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        if (tables or version) and (application, version) != (APPLICATION_ID, SCHEMA_VERSION):
            raise MemoryFault(
                "another program's file, or a newer one", where=str(self.path), expected="a memory of this version"
            )
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=NORMAL")
        db.execute("BEGIN IMMEDIATE")
        if not db.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]:
            for statement in _TABLES.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        if "file" not in {row[1] for row in db.execute("PRAGMA table_info(tasks)")}:  # made before answers had files
            db.execute("ALTER TABLE tasks ADD COLUMN file TEXT NOT NULL DEFAULT ''")
        db.execute("COMMIT")

    def own_id(self, new_id: str) -> str:
        """The gateway's node id: the one that was stored first, which is ``new_id`` in a new file."""
        self._change("INSERT OR IGNORE INTO meta VALUES ('node_id', ?)", new_id)
        return str(self._rows("SELECT value FROM meta WHERE name = 'node_id'")[0][0])

    def node_registered(self, node_id: str, sensor: str, registration: bytes, now_ns: int) -> None:
        """Store a registration, replacing an earlier one."""
        self._change(
            "INSERT INTO nodes VALUES (?1, ?2, ?3, NULL, ?4, ?4) ON CONFLICT (node_id) DO UPDATE SET"
            " sensor = ?2, registration = ?3, registered_ns = ?4, heard_ns = ?4",
            node_id, sensor, registration, now_ns,
        )  # fmt: skip

    def node_reported(self, node_id: str, status: bytes, now_ns: int) -> None:
        """Store a status report, with what it leaves out because that has not changed."""
        self._change("UPDATE nodes SET status = ?, heard_ns = ? WHERE node_id = ?", status, now_ns, node_id)

    def nodes(self) -> list[KnownNode]:
        """All nodes that have ever registered, ordered by id."""
        sql = "SELECT node_id, sensor, registration, status, registered_ns, heard_ns FROM nodes ORDER BY node_id"
        return [KnownNode(*row) for row in self._rows(sql)]

    def remember(self, sensor: str, boot: int, seq: int, payload: bytes, reports: Iterable[DetectionReport]) -> None:
        """Store which reports a scan contains, before the scan is in the spool."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                made = self._db.execute(
                    "INSERT OR REPLACE INTO scans (sensor, boot, seq, payload) VALUES (?, ?, ?, ?)",
                    (sensor, boot, seq, payload),
                )
                scan = int(made.lastrowid or 0)
                self._db.executemany(
                    "INSERT OR REPLACE INTO reports VALUES (?, ?, ?, ?, ?)",
                    [(sensor, report.key, scan, report.node_id, report.object_id) for report in reports],
                )
                if seq % 500 == 0:
                    self._forget(sensor)
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise self._error(error) from error

    def _forget(self, sensor: str) -> None:
        oldest = self._db.execute(
            "SELECT id FROM scans WHERE sensor = ? ORDER BY id DESC LIMIT 1 OFFSET ?", (sensor, KEPT_SCANS)
        ).fetchone()
        if oldest is not None:
            self._db.execute("DELETE FROM scans WHERE sensor = ? AND id <= ?", (sensor, oldest[0]))
            self._db.execute("DELETE FROM reports WHERE sensor = ? AND scan <= ?", (sensor, oldest[0]))

    def count_of(self, sensor: str) -> int:
        """The number of scans of a sensor that are stored."""
        return int(self._rows("SELECT count(*) FROM scans WHERE sensor = ?", sensor)[0][0])

    def sent(self, sensor: str, key: bytes) -> Sent | None:
        """The scan that contained this report; None if the report is new or no longer stored."""
        rows = self._rows(
            "SELECT boot, seq, payload FROM reports JOIN scans ON scans.id = reports.scan"
            " WHERE reports.sensor = ? AND key = ?",
            sensor, key,
        )  # fmt: skip
        return Sent(*rows[0]) if rows else None

    def sources(self, evidence: Sequence[tuple[str, int, int]]) -> list[tuple[str, str]]:
        """(node_id, object_id) of the reports in these scans (sensor, boot, seq), each once."""
        sources: dict[tuple[str, str], None] = {}
        for sensor, boot, seq in evidence:
            for row in self._rows(
                "SELECT node_id, object_id FROM scans JOIN reports ON reports.scan = scans.id"
                " WHERE scans.sensor = ? AND boot = ? AND seq = ?",
                sensor, boot, seq,
            ):  # fmt: skip
                sources[row[0], row[1]] = None
        return list(sources)

    def object_id(self, track: str, new_id: str) -> str:
        """The SAPIENT identifier of a track: the one that was stored first, which is ``new_id`` for a new track."""
        rows = self._rows("SELECT object_id FROM tracks WHERE track = ?", track)
        if rows:
            return str(rows[0][0])
        self._change("INSERT OR IGNORE INTO tracks VALUES (?, ?)", track, new_id)
        return str(self._rows("SELECT object_id FROM tracks WHERE track = ?", track)[0][0])

    def alert_sent(self, alert: str, revision: int, *, is_open: bool) -> None:
        """Store that a revision of an alert was sent."""
        self._change("INSERT OR REPLACE INTO told VALUES (?, ?, ?)", alert, revision, int(is_open))

    def open_alerts_sent(self) -> list[str]:
        """Alerts that were sent as open and not yet as closed."""
        return [row[0] for row in self._rows("SELECT alert FROM told WHERE open = 1 ORDER BY alert")]

    def add_task(self, task: NodeTask) -> None:
        """Store a task to be sent."""
        self._change(
            "INSERT INTO tasks (task_id, node_id, body, made_ns) VALUES (?, ?, ?, ?)",
            task.task_id, task.node_id, task.body, task.made_ns,
        )  # fmt: skip

    def tasks(self, *, unsent: bool = False) -> list[NodeTask]:
        """The tasks, oldest first."""
        where = "WHERE sent_ns IS NULL" if unsent else ""
        sql = f"SELECT task_id, node_id, body, made_ns, sent_ns, answer, reasons, file FROM tasks {where}"  # noqa: S608
        return [NodeTask(*row) for row in self._rows(f"{sql} ORDER BY made_ns, task_id")]

    def task_sent(self, task_id: str, now_ns: int) -> None:
        """Record that a task was sent."""
        self._change("UPDATE tasks SET sent_ns = ? WHERE task_id = ?", now_ns, task_id)

    def withdraw_task(self, task_id: str) -> bool:
        """Remove a task that was not sent; False if it was, or is unknown."""
        return self._change("DELETE FROM tasks WHERE task_id = ? AND sent_ns IS NULL", task_id) > 0

    def task_answered(self, task_id: str, answer: str, reasons: str, *, node_id: str, file: str = "") -> bool:
        """Record a node's answer to its task; False for an unknown task, and for that of another node."""
        sql = "UPDATE tasks SET answer = ?, reasons = ?, file = ? WHERE task_id = ? AND node_id = ?"
        return self._change(sql, answer, reasons, file, task_id, node_id) > 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _rows(self, sql: str, *values: Any) -> list[Any]:
        with self._lock:
            try:
                return self._db.execute(sql, values).fetchall()
            except sqlite3.Error as error:
                raise self._error(error) from error

    def _change(self, sql: str, *values: Any) -> int:
        with self._lock:
            try:
                return self._db.execute(sql, values).rowcount
            except sqlite3.Error as error:
                raise self._error(error) from error

    def _error(self, error: sqlite3.Error) -> MemoryFault:
        full = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        kind = MemoryFull if full else MemoryFault
        return kind(str(error), where=str(self.path), expected="a file that can be read and written")
