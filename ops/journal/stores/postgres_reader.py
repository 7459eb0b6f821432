"""Reads the journal of a sector in PostgreSQL: the same answers as ``JournalReader`` gives for a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import Connection, CursorResult
from sqlalchemy.exc import DBAPIError

from ingest.receiving.batch import DeadLetter
from ingest.security.authentication import SourceKey
from ops.audit.day_keys import DayKeyError, DayKeys, KeyKind, is_sealed
from ops.journal.reader import (
    Counts,
    JournalBusy,
    JournalError,
    JournalFull,
    JournalRow,
    Recount,
    RefusedOfUnit,
    opened_letter,
    opened_row,
)
from ops.journal.stores.postgres_statements import (
    BODIES,
    DEAD_LETTERS,
    HAS_WRITER,
    REFUSED_OF_UNITS,
    ROWS,
)
from ops.postgres.address import StoreAddress
from ops.postgres.engine import DISK_FULL, LOCK_TIMEOUT, engine_of, meaning_of, state_of
from ops.postgres.fence import JOURNAL_WRITER
from ops.postgres.migration import check_store
from ops.postgres.texts import original_text, stored_text

_LARGEST: Final = 2**63 - 1
"""The largest integer in PostgreSQL."""


class NoKeys(DayKeys):
    """The keys of a journal that has none: encrypted bodies, copied from elsewhere, are read as erased."""

    def __init__(self) -> None:
        """Refer to no folder."""
        super().__init__(Path())

    def _read(self, kind: KeyKind, _: int, *, make: bool) -> AESGCM | None:
        if make:
            raise DayKeyError(f"no folder of keys is given for records of the kind {kind}.")
        return None


class PostgresReader:
    """Read-only access from any thread. Raises JournalError without a server, a store of this version or the sector."""

    def __init__(self, address: StoreAddress, sector: str, *, keys: DayKeys | None = None) -> None:
        """Open the journal of a sector. ``keys``: those of its encrypted bodies; without them such rows are erased."""
        self._address, self._name = address, sector
        self.keys = keys or NoKeys()
        self._engine = engine_of(address, autocommit=True)
        try:
            with self._connected() as connection:
                check_store(connection, address)
                self._sector = self._sector_of(connection)
        except BaseException:
            self._engine.dispose()
            raise

    def read(self, after_id: int = 0, limit: int = 1000) -> list[JournalRow]:
        """Return up to ``limit`` rows with ids above ``after_id``, in order of arrival. Ids increase, with gaps."""
        return self._rows(ROWS, after_id, limit)

    def foreign_status(self, newest: int) -> list[JournalRow]:
        """Return the non-JSON ``status`` rows among the ``newest`` rows, in order of arrival."""
        only = "AND kind = 'status' AND content_type <> 'application/json' AND id >"
        return self._rows(ROWS.replace("AND id >", only), max(self.last_id() - newest, 0), newest)

    def _rows(self, statement: str, after_id: int, limit: int) -> list[JournalRow]:
        if after_id >= _LARGEST:
            return []
        with self._connected() as connection:
            rows = connection.exec_driver_sql(statement, (self._sector, max(after_id, 0), limit)).all()
            parts = sorted({row.part for row in rows if row.part is not None})
            bodies: dict[int, bytes] = {}
            if parts:
                found = connection.exec_driver_sql(BODIES, (parts, rows[0].id, rows[-1].id))
                bodies = {row.id: row.body for row in found}
        return [self._journal_row(row, bodies) for row in rows]

    def _journal_row(self, row: Any, bodies: dict[int, bytes]) -> JournalRow:
        values = [original_text(value) if isinstance(value, str) else value for value in row[:-1]]
        values[9] = bodies.get(row.id, b"") if row.body is None else row.body
        return opened_row(self.keys, values)

    def changed(self) -> int:
        """Return a number that changes with each commit."""
        return int(self._value("SELECT commits FROM sectors WHERE sector = %s"))

    def last_id(self) -> int:
        """Return the newest row's id; 0 in an empty journal."""
        return int(self._value("SELECT coalesce(max(id), 0) FROM journal WHERE sector = %s"))

    def counts(self, kind: str | None = "detections") -> dict[str, Counts]:
        """Return receipts per sensor, of one kind ("detections", "status", "unknown") or of all kinds (None)."""
        counts: dict[str, Counts] = {}
        for _, sensor, of_kind, *numbers in self._all("SELECT * FROM counts WHERE sector = %s ORDER BY sensor, kind"):
            if kind is None or kind == of_kind:
                name = original_text(sensor)
                counts[name] = counts.get(name, Counts()) + Counts(*numbers)
        return counts

    def recount(self) -> dict[SourceKey, Recount]:
        """Count the rows themselves by (sensor, kind), independently of ``counts``, as an audit."""
        journaled = self._group(
            "SELECT sensor, kind, count(*) FROM journal WHERE sector = %s AND boot IS NOT NULL GROUP BY 1, 2"
        )
        dead = self._group("SELECT sensor, kind, count(*) FROM dead_letters WHERE sector = %s GROUP BY 1, 2")
        keys = self._group(
            "SELECT sensor, kind, count(*) FROM (SELECT DISTINCT sensor, kind, boot, seq FROM dead_letters AS d"
            " WHERE sector = %s AND boot >= 0 AND NOT EXISTS (SELECT 1 FROM journal AS j WHERE j.sector = d.sector"
            " AND j.sensor = d.sensor AND j.kind = d.kind AND j.boot = d.boot AND j.seq = d.seq)) AS k GROUP BY 1, 2"
        )
        return {
            source: Recount(journaled.get(source, 0), dead.get(source, 0), keys.get(source, 0))
            for source in sorted(journaled.keys() | dead.keys())
        }

    def flagged(self) -> dict[str, dict[str, int]]:
        """Count the implausible journaled scans of each sensor by flag; ``any`` counts each such scan once."""
        return self._nested("SELECT sensor, reason, count FROM flagged WHERE sector = %s ORDER BY sensor, reason")

    def timings(self) -> dict[str, dict[str, int]]:
        """Count per sensor: ``live``, ``late``, ``backfill`` (journaled scans), ``future``, ``expired`` (rejected)."""
        return self._nested("SELECT sensor, timing, count FROM timings WHERE sector = %s ORDER BY sensor, timing")

    def dead_letters(self, after_id: int = 0, limit: int = 1000) -> list[tuple[int, DeadLetter]]:
        """Return (id, dead letter) pairs with ids above ``after_id``, oldest first; ``replay_of`` is always None."""
        if after_id >= _LARGEST:
            return []
        found = []
        for row in self._all(DEAD_LETTERS, max(after_id, 0), limit):
            values: list[Any] = [original_text(value) if isinstance(value, str) else value for value in row]
            values[3] = values[3] if is_sealed(values[3]) else values[3].decode()
            found.append((row[0], opened_letter(self.keys, values)))
        return found

    def refused_of_units(self, after_id: int, limit: int = 1000) -> list[RefusedOfUnit]:
        """Return the dead letters of units with ids above ``after_id``, oldest first."""
        if after_id >= _LARGEST:
            return []
        return [
            RefusedOfUnit(identity, kind, code, field, original_text(unit), received_ns)
            for identity, kind, code, field, unit, received_ns in self._all(REFUSED_OF_UNITS, max(after_id, 0), limit)
        ]

    def last_dead_letter(self) -> int:
        """Return the highest id of a dead letter; 0 before the first."""
        return int(self._value("SELECT coalesce(max(id), 0) FROM dead_letters WHERE sector = %s"))

    def replayed(self) -> dict[int, tuple[int, str]]:
        """Map the id of a dead letter to the time and outcome of its last resubmission."""
        return {
            row[0]: (row[1], row[2]) for row in self._all("SELECT id, at_ns, outcome FROM replays WHERE sector = %s")
        }

    def settled(self, sensor: str, kind: str, boot: int, seq: int) -> bool:
        """Return whether this message is in the journal or among the dead letters."""
        return self.holds(sensor, kind, boot, seq) or self._has("dead_letters", sensor, kind, boot, seq)

    def holds(self, sensor: str, kind: str, boot: int, seq: int) -> bool:
        """Return whether this message is in the journal; False for one among the dead letters."""
        return self._has("journal", sensor, kind, boot, seq)

    def marks(self) -> dict[tuple[str, int], int]:
        """Map (sensor, boot) to the seq up to which everything is settled."""
        return {
            (original_text(sensor), boot): seq
            for sensor, boot, seq in self._all("SELECT sensor, boot, seq FROM marks WHERE sector = %s")
        }

    def is_written(self) -> bool:
        """Return whether an ingest process is the writer of this sector."""
        return bool(self._value(HAS_WRITER, JOURNAL_WRITER))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _sector_of(self, connection: Connection) -> int:
        found = connection.exec_driver_sql("SELECT sector FROM sectors WHERE name = %s", (self._name,)).scalar()
        if found is None:
            raise JournalError(
                f"has no journal of sector {self._name}",
                where=self._address.shown,
                expected="a sector that was recorded",
            )
        return int(found)

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        """Lend a connection. Raises JournalError for an error of the database."""
        try:
            with self._engine.connect() as connection:
                yield connection
        except DBAPIError as error:
            raise journal_error(error, self._address) from error

    def _execute(self, connection: Connection, statement: str, *values: object) -> CursorResult[Any]:
        return connection.exec_driver_sql(statement, (self._sector, *values))

    def _all(self, statement: str, *values: object) -> Sequence[Any]:
        with self._connected() as connection:
            return self._execute(connection, statement, *values).all()

    def _value(self, statement: str, *values: object) -> Any:
        with self._connected() as connection:
            return self._execute(connection, statement, *values).scalar()

    def _has(self, table: str, sensor: str, kind: str, boot: int, seq: int) -> bool:
        found = f"SELECT EXISTS (SELECT 1 FROM {table} WHERE sector = %s AND sensor = %s AND kind = %s"  # noqa: S608
        return bool(self._value(f"{found} AND boot = %s AND seq = %s)", stored_text(sensor), kind, boot, seq))

    def _group(self, statement: str) -> dict[SourceKey, int]:
        return {(original_text(sensor), kind): count for sensor, kind, count in self._all(statement)}

    def _nested(self, statement: str) -> dict[str, dict[str, int]]:
        nested: dict[str, dict[str, int]] = {}
        for sensor, name, count in self._all(statement):
            nested.setdefault(original_text(sensor), {})[name] = count
        return nested


def journal_error(error: DBAPIError, address: StoreAddress) -> JournalError:
    """Return an error of the database as an error of the journal; JournalFull and JournalBusy may be retried."""
    what, expected = meaning_of(error)
    kind = {DISK_FULL: JournalFull, LOCK_TIMEOUT: JournalBusy}.get(state_of(error), JournalError)
    return kind(what, where=address.shown, expected=expected)
