"""The journal: the authoritative record of what ingest received, in order of arrival, written before acknowledgement.

SQLite in WAL mode with synchronous=FULL; one writer, any number of readers in other processes. A batch is one
transaction: rows, dead letters, counts and marks are stored together or not at all. When the disk is full, nothing is
written and the batch may be retried. After any other disk error the journal refuses further writes, because the disk
contents after a failed fsync are undefined (PostgreSQL follows the same rule); the process ends and recovers by
restarting.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable, Sequence, Set
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from ingest.receiving.high_water_marks import MAX_AHEAD
from ops.audit.day_keys import DayKeys, KeysFull
from ops.journal.encryption import KEY_OF_KIND, opened_event
from ops.journal.reader import APPLICATION_ID, SCHEMA_VERSION, JournalError, JournalFull, JournalLost, JournalReader
from ops.journal.stores.commits import CommitRules, JournalKey, JournalValues, Tally
from ops.journal.tables import CLOSE_BATCH, FROM_1, INSERT, INSERT_DEAD, INSERT_NEW, TABLES, TABLES_2, TABLES_3, TALLY
from ops.runtime.files.fence import LOST, is_fenced_by, raise_fence
from ops.runtime.files.lock import lock_file
from ops.runtime.files.transaction import BUSY_S


class Journal(CommitRules, JournalReader):
    """The only writer. JournalError when another writer holds the file, or when it is newer, foreign or unwritable."""

    def __init__(self, path: str | Path, *, encrypted: bool = False, fence: int | None = None) -> None:
        """Open for writing, or create. ``encrypted``: bodies with personal data are, see ``ops.audit.day_keys``.

        ``fence``: number of the lease under which this process writes (``ops.runtime.files.fence``). JournalLost, here
        and by each transaction, when a later lease has written.
        """
        self._path, self._fence = Path(path), fence
        CommitRules.__init__(self, DayKeys.beside(self._path), encrypted=encrypted)
        self._broken: JournalError | None = None
        try:
            lock = lock_file(Path(f"{self._path}-lock"))
        except OSError as error:
            raise JournalError(
                error.strerror or str(error), where=self._path.name, expected="a folder to write in"
            ) from None
        if lock is None:
            raise JournalError("in use by another ingest", where=self._path.name, expected="one ingest per journal")
        self._lock = lock
        try:
            self._db = sqlite3.connect(self._path, isolation_level=None, timeout=BUSY_S, check_same_thread=False)
        except sqlite3.Error as error:
            os.close(self._lock)
            raise self._error(error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self.close()
            raise self._error(error) from error
        except JournalError:
            self.close()
            raise

    def _prepare(self) -> None:
        db = self._db
        self._check_schema()  # before the first change: another program's file is left unchanged
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA journal_size_limit=67108864")
        db.execute("BEGIN IMMEDIATE")
        version = self._check_schema()
        if version < SCHEMA_VERSION:
            steps = [TABLES + TABLES_2, FROM_1 + TABLES_2, ""][version] + ";" + TABLES_3
            for statement in steps.split(";"):
                db.execute(statement)
            db.execute(f"PRAGMA application_id={APPLICATION_ID}")
            db.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        if self._fence is not None and not raise_fence(db, self._fence):
            raise self._lost()
        db.execute("COMMIT")
        self._version = SCHEMA_VERSION

    def _lost(self) -> JournalLost:
        return JournalLost(LOST, where=self._path.name, expected="one process per sector")

    def recall(self, sensor: str, boot: int) -> tuple[int, Set[int]]:
        """Return (mark, settled seqs above it) of a sender's boot; (0, {}) when unknown.

        For ingest.receiving.high_water_marks.
        """
        mark = self._db.execute("SELECT seq FROM marks WHERE sensor = ? AND boot = ?", (sensor, boot)).fetchone()
        stored = 0 if mark is None else int(mark[0])
        key = {"sensor": sensor, "boot": boot, "mark": stored, "most": MAX_AHEAD}
        ahead = self._db.execute(
            "SELECT seq FROM journal WHERE sensor = :sensor AND kind = 'detections' AND boot = :boot AND seq > :mark"
            " UNION SELECT seq FROM dead_letters"
            " WHERE sensor = :sensor AND kind = 'detections' AND boot = :boot AND seq > :mark ORDER BY 1 LIMIT :most",
            key,
        )
        return stored, {seq for (seq,) in ahead}

    def recall_boot(self, sensor: str, kind: str, key: str) -> int:
        """Return the highest boot that this key signed for this sensor or unit; −1 when none.

        For ingest.security.authentication.
        """
        row = self._db.execute(
            "SELECT boot FROM boots WHERE sensor = ? AND kind = ? AND key = ?", (sensor, kind, key)
        ).fetchone()
        return -1 if row is None else int(row[0])

    def highest_boot(self, sensor: str) -> tuple[int, int]:
        """Return a sensor's highest boot that was received, and its mark; (0, 0) without one."""
        row = self._db.execute(
            "SELECT boot, max(seq) FROM (SELECT boot, seq FROM marks WHERE sensor = ?1 UNION ALL"
            " SELECT boot, 0 FROM boots WHERE sensor = ?1) GROUP BY boot ORDER BY boot DESC LIMIT 1",
            (sensor,),
        ).fetchone()
        return (0, 0) if row is None else (int(row[0]), int(row[1]))

    def last_of_kind(self, kind: str) -> dict[str, bytes]:
        """Map each subject to the body of its newest row of this kind; only rows that no sender numbered."""
        found = self._db.execute(
            "SELECT sensor, body FROM journal WHERE id IN"
            " (SELECT max(id) FROM journal WHERE kind = ? AND boot IS NULL GROUP BY sensor)",
            (kind,),
        )
        if kind not in KEY_OF_KIND:
            return dict(found)
        return {sensor: opened_event(self.keys, body, kind, sensor) for sensor, body in found}

    def close(self) -> None:
        """Close the file and release the writer's lock."""
        super().close()
        os.close(self._lock)

    def _transaction(self) -> AbstractContextManager[None]:
        return _Transaction(self)

    def _insert_all(self, rows: Sequence[JournalValues]) -> bool:
        self._db.execute("SAVEPOINT usual")
        whole = self._db.executemany(INSERT_NEW, rows).rowcount == len(rows)
        if not whole:
            self._db.execute("ROLLBACK TO usual")
        self._db.execute("RELEASE usual")
        return whole

    def _insert(self, row: JournalValues) -> int:
        return int(self._db.execute(INSERT, row).lastrowid or 0)

    def _insert_dead(self, values: tuple[Any, ...]) -> bool:
        return bool(self._db.execute(INSERT_DEAD, values).rowcount)

    def _close_batch(self) -> None:
        self._db.execute(CLOSE_BATCH)

    def _journaled_body(self, key: JournalKey) -> bytes | None:
        row = self._db.execute(
            "SELECT body FROM journal WHERE sensor = ? AND kind = ? AND boot = ? AND seq = ?", key
        ).fetchone()
        return None if row is None else bytes(row[0])

    def _dead_codes(self, key: JournalKey, ignored: int | None) -> dict[bytes, str]:
        return dict(
            self._db.execute(
                "SELECT digest, code FROM dead_letters"
                " WHERE sensor = ? AND kind = ? AND boot = ? AND seq = ? AND id IS NOT ?",
                (*key, ignored),
            ).fetchall()
        )

    def _dead_sizes(self) -> Iterable[tuple[str, int]]:
        return self._db.execute("SELECT sensor, total(length(body)) FROM dead_letters GROUP BY sensor")

    def _tally(self, table: Tally, rows: Sequence[tuple[Any, ...]]) -> None:
        self._db.executemany(TALLY[table], rows)


class _Transaction:
    """BEGIN IMMEDIATE … COMMIT; a disk error makes the journal permanently unusable."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def __enter__(self) -> None:
        if self._journal._broken is not None:
            raise self._journal._broken
        journal = self._journal
        try:
            journal._db.execute("BEGIN IMMEDIATE")
            if journal._fence is None or is_fenced_by(journal._db, journal._fence):
                return
            journal._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise self._break(error) from error
        journal._broken = journal._lost()
        raise journal._broken

    def __exit__(self, _kind: object, error: BaseException | None, _traceback: object) -> None:
        db = self._journal._db
        try:
            if error is None:
                db.execute("COMMIT")
                return
        except sqlite3.Error as failed:
            error = failed
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")
        except sqlite3.Error as failed:
            raise self._break(failed, for_good=True) from failed
        if isinstance(error, sqlite3.Error):
            raise self._break(error) from error
        if isinstance(error, KeysFull):
            raise JournalFull(
                "the disk is full", where=self._journal._path.name, expected="free space for the key of a new day"
            ) from error

    def _break(self, error: sqlite3.Error, *, for_good: bool = False) -> JournalError:
        failure = self._journal._error(error)
        if for_good or not isinstance(failure, JournalFull):
            self._journal._broken = failure
        return failure
