"""Commits to PostgreSQL that are larger than what a socket holds: client and server do not wait for each other."""

from __future__ import annotations

import os

import pytest

from ingest.receiving.batch import Batch
from ingest.receiving.high_water_marks import HighWaterMark
from ops.journal.reader import JournalError
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.postgres.address import StoreAddress
from ops.postgres.migration import migrate
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer

REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE 'no room' USING ERRCODE = '53100'; END $$
"""


@pytest.fixture
def address(postgres_server: PostgresServer) -> StoreAddress:
    made = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(made)
    return made


def batch(first: int, size: int, count: int) -> Batch:
    """``count`` messages of ``size`` bytes, whose numbers begin with ``first``."""
    rows = tuple(row(first + number, body=os.urandom(size)) for number in range(count))
    return Batch(rows, (HighWaterMark("r1", 1, rows[-1].seq),))


@pytest.mark.parametrize(("size", "count"), [(8_000_000, 1), (2_000, 3_000)])
def test_a_commit_of_many_megabytes_is_made_and_read_again(address: StoreAddress, size: int, count: int) -> None:
    """With psycopg 3.3 alone, a commit of 8 MB never ended: it flushes once per statement, then waits for results."""
    large, small = batch(1, size, count), batch(count + 1, 10, 1)
    with PostgresJournal(address, "north") as journal:
        for one in (large, small):
            journal.commit(one)
        assert [one.body for one in journal.read(limit=10_000) if one.seq is not None] == [
            one.body for one in (*large.rows, *small.rows)
        ]


def test_a_large_commit_that_is_refused_midway_ends_and_the_next_one_is_made(
    address: StoreAddress, postgres_server: PostgresServer
) -> None:
    """The server answers with an error while the client is still sending, as when its disk is full."""
    database = address.shown.rpartition("/")[2]
    large = batch(2, 800_000, 10)
    with PostgresJournal(address, "north") as journal:
        journal.commit(batch(1, 10, 1))
        postgres_server.execute(REFUSE, database)
        postgres_server.execute(
            "CREATE TRIGGER refuse BEFORE INSERT ON watchline.journal FOR EACH STATEMENT EXECUTE FUNCTION refuse()",
            database,
        )
        for _ in range(2):
            with pytest.raises(JournalError, match="the server's disk is full"):
                journal.commit(large)
        postgres_server.execute("DROP TRIGGER refuse ON watchline.journal", database)
        journal.commit(large)
        assert [one.seq for one in journal.read() if one.seq is not None] == list(range(1, 12))
