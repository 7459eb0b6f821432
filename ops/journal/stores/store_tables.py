"""The tables of a sector's journal in PostgreSQL, row by row as they are stored, and a new sector made of such rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date
from itertools import islice
from typing import Any, Final, Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ingest.receiving.batch import digest
from ops.audit.day_keys import day_at
from ops.journal.encryption import key_of
from ops.journal.reader import JournalError
from ops.journal.stores.file_tables import COLUMNS, KEYS
from ops.journal.stores.parts import attach_part, make_part
from ops.journal.stores.postgres_reader import journal_error
from ops.journal.stores.postgres_statements import BODIES
from ops.postgres.address import StoreAddress
from ops.postgres.engine import LOCK_TIMEOUT, LOCK_WAIT_S, engine_of, state_of
from ops.postgres.fence import JOURNAL_WRITER
from ops.postgres.migration import check_store
from ops.postgres.texts import original_text, stored_text

_STEP: Final = 5_000
_STATE: Final = "SELECT last_id, last_dead_id, commits FROM sectors WHERE sector = %s"
_BODY, _KIND, _RECEIVED, _CLOSES = (
    COLUMNS["journal"].split(", ").index(name) for name in ("body", "kind", "received_ns", "closes_batch")
)
_TOPIC: Final = COLUMNS["dead_letters"].split(", ").index("topic")


class StoreTables:
    """The tables as they are at one moment, within one transaction. JournalError for a store that cannot be used."""

    def __init__(self, address: StoreAddress, sector: str) -> None:
        self._address, self._name = address, sector
        self._engine = engine_of(address)
        self._db: Connection | None = None
        self._sector = 0

    def new(self) -> SectorCopy:
        """Return a sector of this name that is to be written."""
        return SectorCopy(self._address, self._name)

    def __enter__(self) -> Self:
        try:
            self._db = self._engine.connect()
            self._db.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            check_store(self._db, self._address)
            found = self._db.exec_driver_sql("SELECT sector FROM sectors WHERE name = %s", (self._name,)).scalar()
        except DBAPIError as error:
            self.__exit__()
            raise journal_error(error, self._address) from error
        except BaseException:
            self.__exit__()
            raise
        if found is None:
            self.__exit__()
            raise JournalError(
                f"has no journal of sector {self._name}", where=self._address.shown, expected="a sector with a journal"
            )
        self._sector = found
        return self

    def __exit__(self, *_: object) -> None:
        if self._db is not None:
            self._db.close()
        self._engine.dispose()

    def rows(self, table: str) -> Iterator[tuple[Any, ...]]:
        """Yield the rows of a table in order; of ``ids`` the last ids that were used."""
        assert self._db is not None
        try:
            if table == "ids":
                last = "SELECT last_id, last_dead_id FROM sectors WHERE sector = %s"
                yield tuple(self._db.exec_driver_sql(last, (self._sector,)).one())
            elif table in ("journal", "dead_letters"):
                yield from self._pages(self._db, table)
            else:
                order = ", ".join(str(number) for number in range(1, KEYS[table] + 1))
                select = f"SELECT {COLUMNS[table]} FROM {table} WHERE sector = %s ORDER BY {order}"  # noqa: S608
                for row in self._db.exec_driver_sql(select, (self._sector,)):
                    yield _original(row)
        except DBAPIError as error:
            raise journal_error(error, self._address) from error

    def _pages(self, db: Connection, table: str) -> Iterator[tuple[Any, ...]]:
        more = ", part" if table == "journal" else ""
        select = f"SELECT {COLUMNS[table]}{more} FROM {table} WHERE sector = %s AND id > %s ORDER BY id LIMIT %s"  # noqa: S608
        last = 0
        while rows := db.exec_driver_sql(select, (self._sector, last, _STEP)).all():
            bodies: dict[int, bytes] = {}
            if table == "journal" and (parts := sorted({row.part for row in rows if row.part is not None})):
                found = db.exec_driver_sql(BODIES, (parts, rows[0].id, rows[-1].id))
                bodies = {row.id: row.body for row in found}
            last = rows[-1].id
            for row in rows:
                values = _original(row)
                if table == "journal":
                    body = bodies.get(row.id, b"") if row.part is not None else row.body
                    values = (*values[:_BODY], body, int(row.closes_batch), *values[_CLOSES + 1 : -1])
                yield values


class SectorCopy:
    """A sector that is there when it is complete. JournalError if the store has a journal of that name.

    Its bodies are written into tables that become partitions immediately before the commit, so that other sectors'
    ingest can add partitions while a long copy runs.
    """

    def __init__(self, address: StoreAddress, sector: str) -> None:
        self._address, self._name = address, sector
        self._engine = engine_of(address)
        self._db: Connection | None = None
        self._sector = 0
        self._parts: dict[tuple[str, date], tuple[int, str]] = {}
        self._unattached: list[tuple[int, str]] = []

    def __enter__(self) -> Self:
        try:
            self._db = self._engine.connect()
            check_store(self._db, self._address)
            self._db.exec_driver_sql("SELECT set_config('lock_timeout', %s, true)", (f"{round(LOCK_WAIT_S * 1000)}ms",))
            self._db.exec_driver_sql("INSERT INTO sectors (name) VALUES (%s) ON CONFLICT DO NOTHING", (self._name,))
            number = self._db.exec_driver_sql("SELECT sector FROM sectors WHERE name = %s", (self._name,)).scalar_one()
            self._sector = int(number)
            self._db.exec_driver_sql("SELECT pg_advisory_xact_lock(%s, %s)", (JOURNAL_WRITER, self._sector))
            state: Any = self._db.exec_driver_sql(_STATE, (self._sector,)).one()
            if any(state):
                raise self._refused("has a journal of")
            return self
        except DBAPIError as error:
            self._end()
            if state_of(error) == LOCK_TIMEOUT:
                raise self._refused("is in use by an ingest of") from error
            raise journal_error(error, self._address) from error
        except BaseException:
            self._end()
            raise

    def _refused(self, what: str) -> JournalError:
        return JournalError(
            f"{what} sector {self._name}", where=self._address.shown, expected="a sector without a journal"
        )

    def load(self, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write all rows of a table."""
        assert self._db is not None
        every = iter(rows)
        try:
            while some := list(islice(every, _STEP)):
                if table == "ids":
                    last = "UPDATE sectors SET last_id = %s, last_dead_id = %s, commits = 1 WHERE sector = %s"
                    self._db.exec_driver_sql(last, (*some[0], self._sector))
                elif table == "journal":
                    self._load_journal(self._db, some)
                elif table == "dead_letters":
                    self._insert(
                        self._db, table, [(*row, digest(row[_TOPIC].encode())) for row in some], "topic_digest"
                    )
                else:
                    self._insert(self._db, table, some)
        except DBAPIError as error:
            raise journal_error(error, self._address) from error

    def _load_journal(self, db: Connection, rows: list[tuple[Any, ...]]) -> None:
        stored, bodies = [], defaultdict(list)
        for row in rows:
            key, body, part = key_of(row[_KIND], row[_BODY]), row[_BODY], None
            if key is not None:
                part, name = self._part(db, key, day_at(row[_RECEIVED]))
                if body:
                    bodies[name].append((part, row[0], body))
                body = None
            stored.append((*row[:_BODY], body, bool(row[_CLOSES]), *row[_CLOSES + 1 :], part))
        self._insert(db, "journal", stored, "part")
        for name, some in bodies.items():
            db.exec_driver_sql(f"INSERT INTO {name} (part, id, body) VALUES (%s, %s, %s)", some)  # noqa: S608

    def _part(self, db: Connection, kind: str, day: date) -> tuple[int, str]:
        """Return number and table of the partition of a kind and day."""
        known = self._parts.get((kind, day))
        if known is None:
            part, name, is_new = make_part(db, self._sector, kind, day)
            known = self._parts[kind, day] = part, name
            if is_new:
                self._unattached.append(known)
        return known

    def _insert(self, db: Connection, table: str, rows: list[tuple[Any, ...]], *more: str) -> None:
        columns = ", ".join(("sector", COLUMNS[table], *more))
        marks = ", ".join(["%s"] * (columns.count(",") + 1))
        values = [
            (self._sector, *(stored_text(value) if isinstance(value, str) else value for value in row)) for row in rows
        ]
        db.exec_driver_sql(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)  # noqa: S608

    def __exit__(self, kind: object, *_: object) -> None:
        assert self._db is not None
        try:
            if kind is None:
                for part, name in self._unattached:
                    attach_part(self._db, part, name)
                self._db.commit()
        except DBAPIError as error:
            raise journal_error(error, self._address) from error
        finally:
            self._end()

    def _end(self) -> None:
        if self._db is not None:
            self._db.close()
        self._engine.dispose()


def _original(row: Any) -> tuple[Any, ...]:
    return tuple(original_text(value) if isinstance(value, str) else value for value in row)
