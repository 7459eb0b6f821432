"""Where the journals of the conformance suite are: a file, and a sector of a store in PostgreSQL."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from ingest.receiving.batch import DeadLetter, Row, digest
from ops.audit.day_keys import IsDue
from ops.journal.erasure import erase_bodies
from ops.journal.reader import JournalReader
from ops.journal.stores.parts import erase_parts
from ops.journal.stores.postgres_reader import PostgresReader
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.journal.writer import Journal
from ops.postgres.address import StoreAddress

AnyJournal = Journal | PostgresJournal
ROOT = Path(__file__).resolve().parents[4]
NOW_NS = 1_773_522_000_000_000_000
DAY_NS = 86_400 * 10**9
WRITER = """
import sys
from ingest.receiving.batch import Batch
from ingest.receiving.high_water_marks import HighWaterMark
from tests.ops.journal.conformance.places import FilePlace, StorePlace, dead, row
journal = FilePlace.again(*sys.argv[2:]) if sys.argv[1] == "file" else StorePlace.again(*sys.argv[2:])
first = journal.recall("r1", 1)[0] + 1
for n in range(first, 1_000_000, 3):
    journal.commit(Batch((row(n), row(n + 1), dead(n + 2), row(n)), (HighWaterMark("r1", 1, n + 2),)))
    print(n + 2, flush=True)
"""


def row(seq: int, *, sensor: str = "r1", boot: int = 1, body: bytes = b"{}", kind: str = "detections") -> Row:
    topic = f"watchline/1/x/sensor/{sensor}/{kind}"
    return Row(kind, sensor, boot, seq, NOW_NS, NOW_NS + seq, None, "application/json", body, topic)


def dead(
    seq: int | None, *, body: bytes = b"{", sensor: str = "r1", boot: int = 1, code: str = "not_json"
) -> DeadLetter:
    topic = f"watchline/1/x/sensor/{sensor}/detections"
    key = (None, None) if seq is None else (boot, seq)
    return DeadLetter(code, "payload", "bad.", "detections", sensor, *key, topic, "application/json", body, len(body),
                      digest(body), NOW_NS)  # fmt: skip


@dataclass(frozen=True)
class FilePlace:
    """A journal in a file."""

    path: Path

    def writer(self, *, wait_s: float = 600.0) -> Journal:
        return Journal(self.path)

    def check(self) -> None:
        """Let SQLite check its file."""
        with closing(sqlite3.connect(self.path)) as database:
            assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)

    def reader(self) -> JournalReader:
        return JournalReader(self.path)

    def of_child(self) -> list[str]:
        return ["file", str(self.path)]

    @staticmethod
    def again(path: str) -> Journal:
        return Journal(path)

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.path)) as database, database:
            database.execute(statement)

    def erase(self, is_due: IsDue) -> int:
        return erase_bodies(self.path, is_due)

    @contextmanager
    def full_disk(self, journal: AnyJournal) -> Iterator[None]:
        """Make the file as large as it may be, but for three pages."""
        assert isinstance(journal, Journal)
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count={pages + 3}")
        yield
        journal._db.execute("PRAGMA max_page_count=1000000")


@dataclass(frozen=True)
class StorePlace:
    """A journal in PostgreSQL."""

    address: StoreAddress
    sector: str

    def writer(self, *, wait_s: float = 600.0) -> PostgresJournal:
        """``wait_s``: for the writer before, which may have been killed a moment ago."""
        return PostgresJournal(self.address, self.sector, lock_wait_s=wait_s)

    def check(self) -> None:
        """A server recovers by itself."""

    def reader(self) -> PostgresReader:
        return PostgresReader(self.address, self.sector)

    def of_child(self) -> list[str]:
        return ["store", self.address.text, self.sector]

    @staticmethod
    def again(address: str, sector: str) -> PostgresJournal:
        return PostgresJournal(StoreAddress(address), sector, lock_wait_s=600.0)

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.address.text, options="-c search_path=watchline") as connection:
            connection.execute(
                f"{statement} WHERE sector = (SELECT sector FROM sectors WHERE name = '{self.sector}')"  # type: ignore[arg-type]
            )

    def erase(self, is_due: IsDue) -> int:
        return erase_parts(self.address, self.sector, is_due)

    @contextmanager
    def full_disk(self, _: AnyJournal) -> Iterator[None]:
        """Let the server refuse this sector's fourth row, as it does when it cannot make a table longer."""
        name = f"full_{self.sector}"
        number = f"(SELECT sector FROM watchline.sectors WHERE name = '{self.sector}')"
        with psycopg.connect(self.address.text, autocommit=True) as connection:
            number = connection.execute(number).fetchone()[0]  # type: ignore[arg-type, index]
            connection.execute(
                f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"  # type: ignore[arg-type]
                " RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
            )
            connection.execute(
                f"CREATE TRIGGER {name} BEFORE INSERT ON watchline.journal FOR EACH ROW"  # type: ignore[arg-type]
                f" WHEN (NEW.sector = {number} AND NEW.seq = 5) EXECUTE FUNCTION {name}()"
            )
            yield
            connection.execute(f"DROP TRIGGER {name} ON watchline.journal")  # type: ignore[arg-type]


Place = FilePlace | StorePlace
NewPlace = Callable[[], Place]
