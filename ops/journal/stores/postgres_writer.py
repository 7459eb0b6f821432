"""The only writer of a sector's journal in PostgreSQL: the same rules, order and ids as in a file.

The writer holds an advisory lock in its session, so that a second writer is refused, and takes a number that each
commit checks: a writer that lost its session, or that a connection pooler gave another, writes nothing more. Ids are
counted in the row of the sector within the transaction, so that they are the same as in a file and never used twice.
After any error but a full disk or a lock that another holds the journal refuses further writes: whether the last commit
happened is not known, the process ends, and what was not acknowledged is sent again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from contextlib import ExitStack, contextmanager, suppress
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from ingest.receiving.batch import digest
from ingest.receiving.high_water_marks import MAX_AHEAD
from ops.audit.day_keys import DayKeys, KeysFull, day_at
from ops.journal.encryption import KEY_OF_KIND, key_of, opened_event
from ops.journal.reader import JournalBusy, JournalError, JournalFull, JournalLost
from ops.journal.stores.commits import CommitRules, JournalKey, JournalValues, Tally
from ops.journal.stores.parts import open_part
from ops.journal.stores.pipeline import StatementGroups
from ops.journal.stores.postgres_reader import PostgresReader, journal_error
from ops.journal.stores.postgres_statements import (
    CLOSE_BATCH,
    DEAD_CODES,
    INSERT,
    INSERT_BODIES,
    INSERT_DEAD,
    INSERT_NEW,
    NEWEST_OF_KIND,
    ROW_OF_KEY,
    SAVE_STATE,
    TAKE_NUMBER,
    TAKEN_OVER,
    TALLY,
)
from ops.postgres.address import StoreAddress
from ops.postgres.engine import LOCK_TIMEOUT, LOCK_WAIT_S, engine_of, state_of
from ops.postgres.fence import JOURNAL_WRITER
from ops.postgres.migration import check_store
from ops.postgres.texts import original_text, stored_text
from ops.runtime.files.fence import LOST

_MOST_PARTS: Final = 64
_COLUMNS: Final = (
    *("kind", "sensor", "boot", "seq", "observed_ns", "received_ns", "sent_ns", "content_type", "part", "body"),
    *("signer", "flags"),
)
_PART: Final = _COLUMNS.index("part")


class PostgresJournal(CommitRules, PostgresReader):
    """The only writer. JournalError when another writer holds the sector, or when the store cannot be used."""

    def __init__(
        self,
        address: StoreAddress,
        sector: str,
        *,
        keys: DayKeys | None = None,
        lock_wait_s: float = LOCK_WAIT_S,
        fence: int | None = None,
    ) -> None:
        """Open a sector's journal for writing; it begins empty if there is none.

        ``fence``: number of the lease under which this process writes (``ops.postgres.fence``). JournalLost, here and
        at each commit, once another process has written under a later one. ``lock_wait_s``: how long to wait for
        another writer to end, and then for each lock; see JournalBusy.
        """
        self._broken: JournalError | None = None
        self._fence = fence
        self._parts: dict[tuple[str, date], int] = {}
        self._last_id = self._last_dead_id = 0
        self._writing = engine_of(address)
        with ExitStack() as opened:
            opened.callback(self._writing.dispose)  # which alone leaves a connection in use open
            try:
                self._db = opened.enter_context(self._writing.connect())
                self._claim(sector, address, lock_wait_s)
                PostgresReader.__init__(self, address, sector, keys=keys)
            except DBAPIError as error:
                if state_of(error) == LOCK_TIMEOUT:
                    raise JournalError(
                        "in use by another ingest", where=address.shown, expected="one ingest per sector"
                    ) from error
                raise journal_error(error, address) from error
            opened.pop_all()
        CommitRules.__init__(self, self.keys, encrypted=keys is not None)

    def _claim(self, sector: str, address: StoreAddress, lock_wait_s: float) -> None:
        """Become the writer of a sector, which begins empty if the store has none of this name."""
        db = self._db
        check_store(db, address)
        db.exec_driver_sql("INSERT INTO sectors (name) VALUES (%s) ON CONFLICT DO NOTHING", (sector,))
        number = db.exec_driver_sql("SELECT sector FROM sectors WHERE name = %s", (sector,)).scalar_one()
        db.commit()
        db.exec_driver_sql("SELECT set_config('lock_timeout', %s, false)", (f"{round(lock_wait_s * 1000)}ms",))
        db.exec_driver_sql("SELECT pg_advisory_lock(%s, %s)", (JOURNAL_WRITER, number))
        state: Any = db.exec_driver_sql(TAKE_NUMBER, (self._fence or 0, number)).one()
        if self._fence is not None and state.fence > self._fence:
            raise JournalLost(LOST, where=address.shown, expected="one process per sector")
        self._writer, self._saved = state.writer, (state.last_id, state.last_dead_id)
        self._last_id, self._last_dead_id = self._saved
        db.commit()
        self._statements = StatementGroups(db)

    def recall(self, sensor: str, boot: int) -> tuple[int, Set[int]]:
        """Return (mark, settled seqs above it) of a sender's boot; (0, {}) when unknown."""
        name = stored_text(sensor)
        mark = self._value("SELECT seq FROM marks WHERE sector = %s AND sensor = %s AND boot = %s", name, boot)
        stored = 0 if mark is None else int(mark)
        ahead = self._all(
            "SELECT seq FROM (SELECT seq FROM journal WHERE sector = %s AND sensor = %s AND kind = 'detections'"
            " AND boot = %s AND seq > %s UNION SELECT seq FROM dead_letters WHERE sector = %s AND sensor = %s"
            " AND kind = 'detections' AND boot = %s AND seq > %s) AS s ORDER BY 1 LIMIT %s",
            *(name, boot, stored, self._sector, name, boot, stored, MAX_AHEAD),
        )
        return stored, {seq for (seq,) in ahead}

    def recall_boot(self, sensor: str, kind: str, key: str) -> int:
        """Return the highest boot that this key signed for this sensor or unit; −1 when none."""
        boot = self._value(
            "SELECT boot FROM boots WHERE sector = %s AND sensor = %s AND kind = %s AND key = %s",
            *(stored_text(sensor), kind, stored_text(key)),
        )
        return -1 if boot is None else int(boot)

    def highest_boot(self, sensor: str) -> tuple[int, int]:
        """Return a sensor's highest boot that was received, and its mark; (0, 0) without one."""
        name = stored_text(sensor)
        rows = self._all(
            "SELECT boot, max(seq) FROM (SELECT boot, seq FROM marks WHERE sector = %s AND sensor = %s UNION ALL"
            " SELECT boot, 0 FROM boots WHERE sector = %s AND sensor = %s) AS b"
            " GROUP BY boot ORDER BY boot DESC LIMIT 1",
            *(name, self._sector, name),
        )
        return (int(rows[0][0]), int(rows[0][1])) if rows else (0, 0)

    def last_of_kind(self, kind: str) -> dict[str, bytes]:
        """Map each subject to the body of its newest row of this kind; only rows that no sender numbered."""
        with self._connected() as connection:
            rows = self._execute(connection, NEWEST_OF_KIND, kind).all()
            found = {original_text(row.sensor): self._stored_body(connection, row) for row in rows}
        if kind not in KEY_OF_KIND:
            return found
        return {sensor: opened_event(self.keys, body, kind, sensor) for sensor, body in found.items()}

    def close(self) -> None:
        """Give up the claim on the sector and close the connections."""
        with suppress(DBAPIError, InvalidRequestError):  # a lost session has lost its claim
            self._db.rollback()
            self._db.exec_driver_sql("SELECT pg_advisory_unlock_all()")
        self._db.close()
        self._writing.dispose()
        super().close()

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        if self._broken is not None:
            raise self._broken
        try:
            yield
            self._save()
        except DBAPIError as error:
            failure = journal_error(error, self._address)
            self._undo(failure)
            raise failure from error
        except KeysFull as error:
            self._undo(None)
            raise JournalFull(
                "the disk is full", where=self._address.shown, expected="free space for the key of a new day"
            ) from error
        except BaseException:
            self._undo(None)
            raise

    def _save(self) -> None:
        """Commit, if this is still the writer: the numbers of the sector change with every commit."""
        values = self._last_id, self._last_dead_id, self._sector, self._writer
        try:
            self._statements.commit(SAVE_STATE, values)
        except DBAPIError as error:
            if state_of(error) != TAKEN_OVER:
                raise
            self._broken = (JournalError if self._fence is None else JournalLost)(
                "another ingest has taken over", where=self._address.shown, expected="one ingest per sector"
            )
            raise self._broken from error
        self._saved = self._last_id, self._last_dead_id

    def _undo(self, failure: JournalError | None) -> None:
        """Take back what was done; the journal stays usable only if that succeeds, and if a retry may succeed."""
        if failure is not None and not isinstance(failure, JournalFull | JournalBusy):
            self._broken = failure
        self._parts.clear()
        self._last_id, self._last_dead_id = self._saved
        try:
            self._statements.roll_back()
        except DBAPIError as error:
            self._broken = self._broken or journal_error(error, self._address)

    def _insert_all(self, rows: Sequence[JournalValues]) -> bool:
        first = self._last_id + 1
        placed = [self._placed(row) for row in rows]
        values: dict[str, Any] = {name: [one[at] for one in placed] for at, name in enumerate(_COLUMNS)}
        values |= {"sector": self._sector, "id": list(range(first, first + len(rows)))}
        if rows and self._statements.count(INSERT_NEW, values) != len(rows):
            self._statements.roll_back()  # this is the first statement of its transaction
            self._parts.clear()
            return False
        self._last_id += len(rows)
        self._insert_bodies(
            [(one[_PART], first + n, row[8]) for n, (one, row) in enumerate(zip(placed, rows, strict=True))]
        )
        return True

    def _insert(self, row: JournalValues) -> int:
        self._last_id += 1
        placed = self._placed(row)
        self._statements.later(INSERT, [(self._sector, self._last_id, *placed)])
        self._insert_bodies([(placed[_PART], self._last_id, row[8])])
        return self._last_id

    def _placed(self, row: JournalValues) -> tuple[Any, ...]:
        """Return a row as it is stored: a body with personal data is kept apart, in the partition of its day."""
        kind, sensor, boot, seq, observed_ns, received_ns, sent_ns, content_type, body, signer, flags = row
        key = key_of(kind, body)
        part = None if key is None else self._part(key, day_at(received_ns))
        return (
            *(stored_text(kind), stored_text(sensor), boot, seq, observed_ns, received_ns, sent_ns),
            *(stored_text(content_type), part, body if part is None else None, stored_text(signer), stored_text(flags)),
        )

    def _insert_bodies(self, bodies: list[tuple[int | None, int, bytes]]) -> None:
        apart = [(part, identity, body) for part, identity, body in bodies if part is not None]
        if apart:
            columns = [one[0] for one in apart], [one[1] for one in apart], [one[2] for one in apart]
            self._statements.later(INSERT_BODIES, [columns])

    def _part(self, kind: str, day: date) -> int:
        """Return the partition of a kind and day, or of the next day that is not erased, as for keys."""
        known = self._parts.get((kind, day))
        if known is None:
            known = self._parts[kind, day] = open_part(self._db, self._sector, kind, day)
            while len(self._parts) > _MOST_PARTS:
                del self._parts[next(iter(self._parts))]
        return known

    def _insert_dead(self, values: tuple[Any, ...]) -> bool:
        self._last_dead_id += 1
        texts = [stored_text(value) if isinstance(value, str) else value for value in values]
        texts[2] = values[2].encode() if isinstance(values[2], str) else values[2]
        row = (self._sector, self._last_dead_id, *texts, digest(values[7].encode()))
        return bool(self._statements.count(INSERT_DEAD, row))

    def _close_batch(self) -> None:
        self._statements.later(CLOSE_BATCH, [(self._sector, self._last_id)])

    def _journaled_body(self, key: JournalKey) -> bytes | None:
        sensor, kind, boot, seq = key
        self._statements.send()
        row = self._execute(self._db, ROW_OF_KEY, stored_text(sensor), kind, boot, seq).one_or_none()
        return None if row is None else self._stored_body(self._db, row)

    def _stored_body(self, connection: Connection, row: Any) -> bytes:
        if row.part is None:
            return bytes(row.body)
        found = connection.exec_driver_sql("SELECT body FROM bodies WHERE part = %s AND id = %s", (row.part, row.id))
        return bytes(found.scalar() or b"")

    def _dead_codes(self, key: JournalKey, ignored: int | None) -> dict[bytes, str]:
        sensor, kind, boot, seq = key
        self._statements.send()
        found = self._execute(self._db, DEAD_CODES, stored_text(sensor), kind, boot, seq, ignored)
        return {bytes(row.digest): row.code for row in found}

    def _dead_sizes(self) -> Iterable[tuple[str, int]]:
        sizes = "SELECT sensor, sum(length(body)) FROM dead_letters WHERE sector = %s GROUP BY sensor"
        self._statements.send()
        found: list[Any] = list(self._execute(self._db, sizes))
        return [(original_text(sensor), int(size)) for sensor, size in found]

    def _tally(self, table: Tally, rows: Sequence[tuple[Any, ...]]) -> None:
        stored = [
            (self._sector, *(stored_text(value) if isinstance(value, str) else value for value in row)) for row in rows
        ]
        self._statements.later(TALLY[table], stored)
