"""The store of the fusion process: alerts, outbox, picture, track history and checkpoint, one transaction per step.

One process writes (``Store``), any number read (``Reader``). The results of one step of the journal are stored
completely or not at all. After a crash the store returns to its last checkpoint. History written since then is removed
and will be written again. Alerts stay, because (alert id, revision) is unique: re-running the journal from the
checkpoint publishes nothing twice and loses nothing.
"""

from __future__ import annotations

import sqlite3
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geo.errors import BadInput
from ops.audit.day_keys import DayKeyError, ErasedDay, KeyKind, KeysFull
from ops.store import incidents
from ops.store.checkpoints import parts as checkpoints
from ops.store.connections import StoreError, StoreLost
from ops.store.encryption import about, sealed_estimate
from ops.store.engines.errors import DatabaseError, WriterInUse, WriterLost
from ops.store.engines.file import lock_store, unlock_store
from ops.store.engines.place import StoreEngine, open_engine
from ops.store.engines.points import ADD_POINT, points_of_alerts, points_of_estimates
from ops.store.markings import write_markings
from ops.store.moments import MomentWriter, write_moment
from ops.store.reader import Reader, StoreFull
from ops.store.rows import OPEN, alert_row, checked_counts, checked_json, history_rows, to_json

if TYPE_CHECKING:
    from geo.frame import LocalFrame

_MARK = "UPDATE outbox SET delivered_ns = ? WHERE n = ? AND delivered_ns IS NULL"


class Store(Reader):
    """The writer's interface. Opening takes the file's lock, creates the tables and returns to the last checkpoint.

    The store is complete up to journal row ``cursor``, from which fusion continues. ``decided`` is the row that it had
    reached before the restart, or in a new store ``journaled``, the last row of the journal: up to that row it skips
    the rows in ``skips`` again and no others, and new revisions count as delivered. ``checkpoint`` is
    fusion's snapshot at ``cursor`` on opening, until a newer one is written; None if none was taken (then ``cursor`` is
    0: run the journal from its start).
    ``encrypted``: personal data are encrypted under the key of their day (``ops.audit.day_keys``). ``fence``: number
    of the lease under which this process writes (``ops.runtime.files.fence``). ``frame``: that of the history's
    coordinates, for layers of points (``ops.postgres.layers``).
    Raises StoreError when another process writes the same file, or the file is not a store of this version;
    StoreLost when a later lease has written.
    """

    def __init__(
        self,
        path: Path,
        *,
        encrypted: bool = False,
        fence: int | None = None,
        frame: LocalFrame | None = None,
        journaled: int = 0,
    ) -> None:
        super().__init__(path)
        self._encrypted, self._frame, self._moments = encrypted, frame, MomentWriter()
        self._delivered: deque[tuple[int, int]] = deque()
        self._lock = threading.Lock()
        self._connection: Any = None
        self._history_rows = 0
        self._checkpoint: checkpoints.CheckpointBegun | None = None
        self._lock_file: int | None = lock_store(path)
        try:
            self._connection = open_engine(path, fence)
            self.cursor, self.checkpoint = self._rewind(journaled)
            self._moments.resume(self._connection.execute)
        except BaseException as error:
            self.close()
            if isinstance(error, sqlite3.Error):
                raise StoreError(f"{path}: cannot be opened as a store ({error}).") from error
            if isinstance(error, DatabaseError):
                raise _store_error(path, error) from error
            raise

    def commit(
        self,
        cursor: int,
        *,
        stamp_ns: int,
        alerts: Iterable[Mapping[str, Any]] = (),
        tracks_live: Sequence[Mapping[str, Any]] | bytes | None = None,
        history: Any = None,
        checkpoint: bytes | None = None,
        bearings: Sequence[Mapping[str, Any]] | bytes | None = None,
        sensors: Sequence[Mapping[str, Any]] | bytes | None = None,
        counts: Mapping[str, Mapping[str, int]] | None = None,
        forces: Mapping[str, Any] | None = None,
        latency: Mapping[str, Any] | None = None,
        skipped: Iterable[int] = (),
        incident_revisions: Iterable[Mapping[str, Any]] = (),
        outcomes: Iterable[Mapping[str, Any]] = (),
        markings: Iterable[tuple[str, str, str]] = (),
    ) -> int:
        """Write fusion's results up to journal row ``cursor``; return the number of new alert revisions.

        ``stamp_ns`` is the journal's time there, UTC nanoseconds since 1970. ``alerts`` are plain dicts with id,
        revision, status, priority, raised_at (aware datetime or RFC 3339 text) and any further fields of an alert.
        ``history`` is a dataset or mapping of columns along ``estimate``; non-standard columns are not stored.
        ``checkpoint`` is the snapshot of fusion after ``cursor``. ``skipped`` lists the journal rows that fusion
        skipped. ``incident_revisions`` and ``outcomes`` (of actions, by id) are plain dicts. ``markings``: those
        that changed, as (kind of record, id, marking). None leaves a part unchanged; NaN becomes null. Raises BadInput
        for values that cannot be stored, StoreFull when the disk is full, StoreError otherwise; in these cases nothing
        of this call was written and the same call may be repeated.
        """
        if cursor < self.cursor:
            raise BadInput(f"cursor {cursor} lies before {self.cursor}", where="commit", expected="a cursor that rises")
        published = list(alerts)
        alert_rows = [alert_row(alert) for alert in published]
        incident_rows = [incidents.incident_row(one) for one in incident_revisions]
        outcome_rows = [incidents.outcome_row(one) for one in outcomes]
        rows = [] if history is None else history_rows(history)
        parts = {
            name: checked_json(body, where=name) if isinstance(body, bytes) else to_json(body, where=name)
            for name, body in (
                ("tracks", tracks_live),
                ("bearings", bearings),
                ("sensors", sensors),
                ("counts", checked_counts(counts)),
                ("forces", forces),
                ("latency", latency),
            )
            if body is not None
        }
        units = {} if forces is None else {"units": to_json(forces["units"], where="units")}
        moment, size = self._moments.next(cursor, stamp_ns, parts | units), 0
        delivered = [self._delivered.popleft() for _ in range(len(self._delivered))]
        try:
            with self._transaction() as run:
                write_markings(run, markings)
                new = self._write_alerts(alert_rows, stamp_ns if cursor <= self.decided else None)
                if self._connection.layers:
                    self._connection.executemany(ADD_POINT, points_of_alerts(published))
                incidents.write_incidents(run, self, incident_rows, stamp_ns)
                incidents.write_outcomes(run, self, outcome_rows, stamp_ns)
                self._write_live(cursor, stamp_ns, parts)
                if moment is not None:
                    size = write_moment(run, self, moment, cursor)
                self._write_history(rows)
                self._write_delivered(delivered)
                self._write_skips(skipped)
                run("UPDATE meta SET cursor = ?", (cursor,))
                if checkpoint is not None:
                    checkpoints.write_whole(run, self._checkpoint_record(checkpoint, stamp_ns), cursor)
        except BaseException:
            self._delivered.extendleft(reversed(delivered))
            raise
        self.cursor, self._history_rows = cursor, self._history_rows + len(rows)
        if moment is not None:
            self._moments.accept(moment, cursor, size)
        if checkpoint is not None:
            self.checkpoint = self._checkpoint = None
        return new

    def begin_checkpoint(self) -> None:
        """Begin a checkpoint in parts, of the state of fusion after ``cursor``; one that is not ended is given up.

        The parts are added between other commits. Until ``end_checkpoint`` the checkpoint before it remains the one to
        which the store returns after a crash.
        """
        with self._transaction() as run:
            self._checkpoint = checkpoints.begin(run, self.cursor)

    def add_to_checkpoint(self, part: bytes, *, stamp_ns: int) -> None:
        """Write the next part of the checkpoint that was begun. Raises as ``commit`` does, and may be repeated then."""
        assert self._checkpoint is not None
        record = self._checkpoint_record(part, stamp_ns, self._checkpoint.count + 1)
        with self._transaction() as run:
            checkpoints.write_part(run, self._checkpoint, record)
        self._checkpoint.count += 1

    def end_checkpoint(self) -> None:
        """Make the checkpoint that was begun the one to return to. Raises as ``commit`` does."""
        assert self._checkpoint is not None
        with self._transaction() as run:
            checkpoints.validate(run, self._checkpoint)
        self.checkpoint = self._checkpoint = None

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Lend the connection's ``execute`` for one transaction; StoreFull or StoreError for what cannot be written."""
        with self._lock:
            try:
                self._connection.begin()
                yield self._connection.execute
                self._connection.commit()
            except BaseException as error:
                self._connection.rollback()
                if isinstance(error, sqlite3.Error | DatabaseError | UnicodeError | OverflowError | DayKeyError):
                    raise _store_error(self.path, error) from error
                raise

    def _checkpoint_record(self, checkpoint: bytes, stamp_ns: int, n: int = 0) -> bytes:
        """A checkpoint, or its ``n``-th part, as it is stored."""
        if not self._encrypted:
            return checkpoint
        return self.keys.seal_anyway("live", stamp_ns, checkpoint, about("live", "checkpoint", n))

    def mark_delivered(self, numbers: Iterable[int], *, at_ns: int) -> None:
        """Mark outbox rows that every addressee acknowledged; stored with the next commit. Thread-safe, no disk access.

        A crash before that commit sends the rows again, under the same ids and revisions.
        """
        self._delivered.extend((at_ns, number) for number in numbers)

    def close(self) -> None:
        """Write pending deliveries, close the file and release its lock. Further calls have no effect."""
        delivered = [self._delivered.popleft() for _ in range(len(self._delivered))]
        if delivered and self._connection is not None:
            with suppress(StoreError), self._transaction():  # unmarked rows are only sent again
                self._write_delivered(delivered)
        super().close()
        with self._lock:  # last, so that SQLite removes the write-ahead log
            if self._connection is not None:
                self._connection.close()
                self._connection = None
        if self._lock_file is not None:
            unlock_store(self._lock_file)
            self._lock_file = None

    def _rewind(self, journaled: int) -> tuple[int, bytes | None]:
        """Remove the history written since the last checkpoint; fusion writes it again, whatever the boundaries."""
        with self._transaction() as run:
            self._connection.claim()
            run("DELETE FROM history WHERE id > (SELECT checkpoint_history FROM meta)")
            run("INSERT INTO decided SELECT 1, CASE cursor WHEN 0 THEN ? ELSE cursor END FROM meta WHERE true"
                " ON CONFLICT (one) DO UPDATE SET cursor = excluded.cursor WHERE excluded.cursor > decided.cursor",
                (journaled,))  # fmt: skip
            if journaled:  # the journal may have been restored to an earlier point
                run("UPDATE decided SET cursor = ? WHERE cursor > ?", (journaled, journaled))
            self.decided = run("SELECT cursor FROM decided").fetchone()[0]
            self.skips = {identity for (identity,) in run("SELECT id FROM skips").fetchall()}
            run("UPDATE meta SET cursor = checkpoint_cursor")
            (cursor,) = run("SELECT cursor FROM meta").fetchone()
            self._history_rows = int(run("SELECT coalesce(max(id), 0) FROM history").fetchone()[0])
            checkpoint, problem = checkpoints.read(run, self._opened)
        if problem is not None:
            raise StoreError(f"{self.path}: {problem}; remove the store to rebuild it.")
        return cursor, checkpoint

    def _write_alerts(self, rows: list[tuple[Any, ...]], delivered_ns: int | None) -> int:
        """Replace older revisions by newer ones; an (id, revision) that already exists is never published again."""
        run = self._connection.execute
        new = 0
        for identity, revision, status, priority, raised_ns, body in rows:
            stored = self.stored("alerts", raised_ns, body, identity, revision, in_use=status in OPEN)
            there = run(
                "SELECT CAST(body AS BLOB) FROM outbox WHERE alert = ? AND revision = ?", (identity, revision)
            ).fetchone()
            if there is None:
                run(
                    "INSERT INTO outbox (n, kind, alert, revision, priority, body, delivered_ns)"
                    " VALUES ((SELECT coalesce(max(n), 0) + 1 FROM outbox), 'alert', ?, ?, ?, ?, ?)",
                    (identity, revision, self.any_value(priority), stored, delivered_ns),
                )
                new += 1
            elif self.differs(there[0], identity, revision, body):
                run("UPDATE meta SET diverged = diverged + 1")
            run(
                "INSERT INTO alerts VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
                " revision = excluded.revision, status = excluded.status, priority = excluded.priority,"
                " raised_ns = excluded.raised_ns, body = excluded.body WHERE excluded.revision > alerts.revision",
                (identity, revision, status, self.any_value(priority), raised_ns, stored),
            )
        return new

    def differs(self, stored: bytes, identity: str, revision: int, body: str) -> bool:
        """Return whether a stored revision is another one; one that is erased cannot be compared."""
        known = self._body_of(stored, identity, revision)
        return known is not None and known != body.encode()

    def stored(
        self, kind: KeyKind, at_ns: int, body: str, identity: str, number: int = 0, *, in_use: bool = False
    ) -> str | bytes:
        """Return a text as it is stored: empty if its day is erased, unless it is in use."""
        if not self._encrypted:
            stored: str | bytes = self._connection.body_value(body)
            return stored
        return self._sealed(kind, at_ns, body.encode(), about(kind, identity, number), in_use=in_use)

    def prepare_days(self, table: str, times_ns: Iterable[int]) -> None:
        """Make the parts of a table for the days of rows that are to be written, where there are such parts."""
        self._connection.prepare_days(table, times_ns)

    def any_value(self, value: Any) -> Any:
        """Return a value of any plain type as it is passed to a statement."""
        return self._connection.any_value(value)

    def sealed(self, kind: KeyKind, at_ns: int, record: bytes, of: bytes) -> bytes:
        """Return a record as it is stored: empty if its day is erased. ``of`` binds it to its row."""
        return self._sealed(kind, at_ns, record, of) if self._encrypted else record

    def _sealed(self, kind: KeyKind, at_ns: int, record: bytes, of: bytes, *, in_use: bool = False) -> bytes:
        seal = self.keys.seal_anyway if in_use else self.keys.seal
        try:
            return seal(kind, at_ns, record, of)
        except ErasedDay:
            return b""

    def _write_live(self, cursor: int, stamp_ns: int, parts: Mapping[str, bytes]) -> None:
        """Write the live picture. It never goes back in time: during a re-run the newer one from before is kept."""
        self._connection.executemany(
            "INSERT INTO live VALUES (?, ?, ?, ?) ON CONFLICT (part) DO UPDATE SET cursor = excluded.cursor,"
            " stamp_ns = excluded.stamp_ns, body = excluded.body WHERE excluded.cursor >= live.cursor",
            [
                (name, cursor, stamp_ns, self.stored("live", stamp_ns, body.decode(), name, in_use=True))
                for name, body in parts.items()
            ],
        )

    def _write_history(self, rows: list[tuple[Any, ...]]) -> None:
        """Write estimates under the next numbers, which have no gaps; ``commit`` counts them once they are there."""
        stored = [sealed_estimate(self.keys, row) for row in rows] if self._encrypted else rows
        self._connection.prepare_days("history", [row[1] for row in rows])
        if self._connection.layers and self._frame is not None:
            points = points_of_estimates(rows, self._frame)
            stored = [(*row, point if row[6] else None) for row, point in zip(stored, points, strict=True)]
            column, mark = ", geom", ", ?"
        else:
            column, mark = "", ""
        self._connection.executemany(
            "INSERT INTO history (id, track, time_ns, easting, northing, easting_rate, northing_rate, cov, existence,"  # noqa: S608
            f" status, segment, offset_m{column}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?{mark})",
            [(number, *row) for number, row in enumerate(stored, self._history_rows + 1)],
        )

    def _write_delivered(self, delivered: list[tuple[int, int]]) -> None:
        self._connection.executemany(_MARK, delivered)

    def _write_skips(self, skipped: Iterable[int]) -> None:
        self._connection.executemany(
            "INSERT INTO skips VALUES (?) ON CONFLICT DO NOTHING", [(identity,) for identity in skipped]
        )


def mark_rows(path: Path, delivered: Iterable[tuple[int, int]], *, fence: int | None = None) -> None:
    """Mark outbox rows of a store that no process writes as delivered, as (time in UTC ns, number).

    Raises StoreError while another process writes the store, and if it was written under a later lease than ``fence``.
    """
    lock = lock_store(path)
    engine: StoreEngine | None = None
    try:
        engine = open_engine(path, fence)
        engine.begin()
        engine.claim()
        engine.executemany(_MARK, list(delivered))
        engine.commit()
    except (sqlite3.Error, DatabaseError) as error:
        if engine is not None:
            engine.rollback()
        raise _store_error(path, error) from error
    finally:
        if engine is not None:
            engine.close()
        unlock_store(lock)


def _store_error(path: Path, error: Exception) -> StoreError:
    if isinstance(error, WriterLost):
        return StoreLost(f"{path}: {error}; nothing was written.")
    if isinstance(error, WriterInUse):
        return StoreError(f"{path}: {error}.")
    full = isinstance(error, KeysFull) or (isinstance(error, DatabaseError) and error.full)
    if full or getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        return StoreFull(f"{path}: the disk is full; nothing of this block was written.")
    if isinstance(error, DatabaseError) and error.lost:
        return StoreError(f"{path}: could not be written ({error}).")
    return StoreError(f"{path}: could not be written ({error}); nothing of this block was written.")
