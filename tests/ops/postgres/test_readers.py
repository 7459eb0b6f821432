"""Roles that read some sectors: all of these, nothing of others, whatever statement they use; and nothing to write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

import psycopg
import pytest
from alembic import command
from rich.console import Console

from geo.errors import BadInput
from ingest.receiving.batch import Batch
from ingest.receiving.high_water_marks import HighWaterMark
from ingest.security.authentication import SenderBoot
from ops.journal.reader import JournalError
from ops.journal.stores.postgres_reader import PostgresReader
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.journal.stores.transfer import copy
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.migration import migrate, newest
from ops.postgres.readers import FUSION_TABLES, READ_TABLES, grant, revoke
from tests.ops.journal.conformance.places import dead, row
from tests.ops.postgres_server import PostgresServer

SECTORS = ("north", "south")


class Shared:
    """A store with two sectors and a role, which is that of this database only."""

    def __init__(self, server: PostgresServer) -> None:
        self.server, self.database = server, server.new_database()
        self.role = f'100% reader of "{self.database}"'
        self.owner = StoreAddress(server.address(self.database))
        migrate(self.owner)
        for number, name in enumerate(SECTORS):
            with PostgresJournal(self.owner, name) as journal:
                rows = (row(1), replace(row(1, body=b"a unit"), kind="position"), row(2, kind="status"), dead(3))
                flagged = replace(row(9 + number), flags="speed", replay_of=3)
                mark, boot = HighWaterMark("r1", 1, 3), SenderBoot("r1", "sensor", "k", 1)
                journal.commit(Batch((*rows, flagged), (mark,), {}, (boot,)))
                journal.tick(5)
        server.execute(f"CREATE ROLE {self.quoted} LOGIN PASSWORD 'secret'")

    @property
    def quoted(self) -> str:
        return '"{}"'.format(self.role.replace('"', '""'))

    @property
    def address(self) -> StoreAddress:
        name = self.role.replace("%", "%25").replace(" ", "%20").replace('"', "%22")
        return StoreAddress(self.server.address(self.database, user=name, password="secret"))

    def ask(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement as the role."""
        with psycopg.connect(
            user=self.role, password="secret", dbname=self.database, host=str(self.server.folder), autocommit=True
        ) as connection:
            done = connection.execute(statement)  # type: ignore[call-overload]
            return done.fetchall() if done.description else []


@pytest.fixture
def shared(postgres_server: PostgresServer) -> Iterator[Shared]:
    made = Shared(postgres_server)
    yield made
    postgres_server.execute(f"DROP OWNED BY {made.quoted}", made.database)
    postgres_server.execute(f"DROP ROLE {made.quoted}")


def rows_by_sector(shared: Shared, table: str) -> dict[str, int]:
    """Rows of a table by sector, as its owner counts them."""
    joined = "JOIN watchline.parts USING (part)" if table == "bodies" else ""
    joined += "" if table == "sectors" else " JOIN watchline.sectors USING (sector)"
    counted = shared.server.execute(
        f"SELECT name, count(*) FROM watchline.{table} {joined} GROUP BY name", shared.database
    )
    return {str(name): int(str(number)) for name, number in counted}


def test_a_role_reads_its_sectors_and_no_others(shared: Shared) -> None:
    assert grant(shared.owner, shared.role, "north") == ["north"]
    for table in READ_TABLES[:-2]:
        by_sector = rows_by_sector(shared, table)
        assert set(by_sector) == set(SECTORS), f"{table} has rows of both"
        assert shared.ask(f"SELECT count(*) FROM watchline.{table}") == [(by_sector["north"],)], table
    assert shared.ask("SELECT role, name FROM watchline.readers JOIN watchline.sectors USING (sector)") == [
        (shared.role, "north")
    ]
    with PostgresReader(shared.owner, "north") as owner, PostgresReader(shared.address, "north") as reader:
        assert reader.read() == owner.read()
        assert reader.dead_letters() == owner.dead_letters()
        assert reader.counts(None) == owner.counts(None)
        assert b"a unit" in [one.body for one in reader.read()]
    with pytest.raises(JournalError, match="has no journal of sector south"):
        PostgresReader(shared.address, "south")
    assert grant(shared.owner, shared.role, "south") == ["north", "south"]
    assert shared.ask("SELECT count(*) FROM watchline.sectors") == [(2,)]


def test_a_role_copies_its_sector(shared: Shared, tmp_path) -> None:
    grant(shared.owner, shared.role, "north")
    found = copy(shared.address.text, str(tmp_path / "copy.db"), "north", Console(stderr=True, quiet=True))
    assert found["rows"]["journal"] == 5


def test_a_role_writes_nothing_and_opens_no_partition(shared: Shared) -> None:
    grant(shared.owner, shared.role, "north")
    parts = shared.server.execute("SELECT table_name FROM watchline.parts", shared.database)
    assert len(parts) == 4
    forbidden = [f"SELECT * FROM watchline.{name}" for (name,) in parts]
    for table in READ_TABLES:
        forbidden += [f"DELETE FROM watchline.{table}", f"TRUNCATE watchline.{table}"]
    forbidden += ["INSERT INTO watchline.readers SELECT current_user, 2", "SET ROLE watchline"]
    for statement in forbidden:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            shared.ask(statement)
    with pytest.raises(BadInput, match="this user may not do that"):
        grant(shared.address, shared.role, "north")
    with pytest.raises(JournalError, match="this user may not do that"):
        PostgresJournal(shared.address, "north")


def test_a_right_that_is_taken_away_is_gone(shared: Shared) -> None:
    grant(shared.owner, shared.role, "north")
    grant(shared.owner, shared.role, "south")
    assert revoke(shared.owner, shared.role, "south") == ["north"]
    assert shared.ask("SELECT name FROM watchline.sectors") == [("north",)]
    assert revoke(shared.owner, shared.role, "north") == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        shared.ask("SELECT name FROM watchline.sectors")


def test_what_cannot_be_granted_is_refused(shared: Shared) -> None:
    for role, sector, sentence in (
        ("nobody there", "north", "has no role nobody there"),
        (shared.role, "west", "has no sector west"),
        ("watchline", "north", "the role watchline reads all sectors already"),
    ):
        with pytest.raises(PostgresError, match=sentence):
            grant(shared.owner, role, sector)
    assert shared.server.execute("SELECT * FROM watchline.readers", shared.database) == []


@pytest.mark.parametrize(
    "change",
    [
        "ALTER ROLE {role} BYPASSRLS",
        "GRANT pg_read_all_data TO {role}",
        "GRANT pg_read_server_files TO {role}",
        "GRANT watchline TO {role} WITH INHERIT FALSE, SET TRUE",
    ],
    ids=["passes-over", "reads-all-data", "reads-files", "may-become-the-owner"],
)
def test_a_role_that_row_security_does_not_bind_is_refused_and_loses_what_it_had(shared: Shared, change: str) -> None:
    """Such a role reads partitions, which have no row security, or becomes the owner by SET ROLE."""
    role = f"passes_{shared.database}"
    shared.server.execute(f"CREATE ROLE {role}")
    try:
        grant(shared.owner, role, "north")
        shared.server.execute(change.format(role=role))
        with pytest.raises(PostgresError, match=f"the role {role} reads all sectors already"):
            grant(shared.owner, role, "south")
        assert shared.server.execute("SELECT sector FROM watchline.readers", shared.database) == [(1,)]
        assert revoke(shared.owner, role, "north") == []
    finally:
        shared.server.execute(f"DROP OWNED BY {role}", shared.database)
        shared.server.execute(f"DROP ROLE {role}")


DIVIDED = """
SELECT relname, pg_get_partkeydef(oid) FROM pg_class
WHERE relnamespace = 'watchline'::regnamespace AND relkind = 'p' AND relname <> 'bodies' ORDER BY 1
"""


@pytest.mark.parametrize(("granted", "read"), [(("north",), {1}), (("south",), {2}), (("south", "west"), {2, 3})])
def test_the_partitions_of_other_sectors_are_not_read(shared: Shared, granted: Sequence[str], read: set[int]) -> None:
    with PostgresJournal(shared.owner, "west"):
        pass
    divided = shared.server.execute(DIVIDED, shared.database)
    assert len(divided) == len(FUSION_TABLES), "all of fusion but one, and the entries of the audit log"
    for name, key in divided:
        for sector in (1, 2, 3):
            values = f"IN ({sector})" if key == "LIST (sector)" else f"FROM ({sector}, 0) TO ({sector}, 9)"
            shared.server.execute(
                f"CREATE TABLE watchline.{name}_{sector} PARTITION OF watchline.{name} FOR VALUES {values}",
                shared.database,
            )
    for name in granted:
        grant(shared.owner, shared.role, name, audit=True)
    for name, _ in divided:
        plan = shared.ask(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) SELECT * FROM watchline.{name}")
        found = [re.search(rf"Scan.* on {name}_(\d)(?!.*never executed)", str(line)) for (line,) in plan]
        assert {int(one[1]) for one in found if one} == read, plan


def test_a_role_with_sectors_apart_reads_none_between_them(shared: Shared) -> None:
    with PostgresJournal(shared.owner, "west"):
        pass
    for sector in (1, 2, 3):
        shared.server.execute(
            f"CREATE TABLE watchline.live_{sector} PARTITION OF watchline.live FOR VALUES IN ({sector})",
            shared.database,
        )
        shared.server.execute(f"INSERT INTO watchline.live VALUES ('p', 1, 1, '', {sector})", shared.database)
    for name in ("north", "west"):
        grant(shared.owner, shared.role, name)
    assert shared.ask("SELECT sector FROM watchline.live ORDER BY 1") == [(1,), (3,)]
    assert shared.ask("SELECT sector FROM watchline.live WHERE sector = 2") == []


def test_a_store_of_the_version_before_is_upgraded_with_its_rows(
    postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgres_server.new_database()
    address, upgrade = StoreAddress(postgres_server.address(database)), command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _: upgrade(config, "1"))
        patched.setattr("ops.postgres.migration._check_complete", lambda *_: None)  # by the measure of that version
        migrate(address)
    postgres_server.execute("INSERT INTO watchline.sectors (name) VALUES ('north')", database)
    with pytest.raises(PostgresError, match="has the older version 1; expected `watchline store migrate` first"):
        PostgresReader(address, "north")
    assert migrate(address) == ("1", newest())
    with PostgresJournal(address, "north") as journal:
        journal.commit(Batch((row(1),)))
        assert [one.id for one in journal.read()] == [1]
