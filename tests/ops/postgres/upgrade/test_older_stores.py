"""Stores in PostgreSQL of every older version are upgraded with all that is in them; a kill leaves the old or the new.

``make_store.py`` states how ``stores.tar.xz`` was made, and with which commits.
"""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, event

from ingest.receiving.batch import Batch
from ingest.receiving.high_water_marks import HighWaterMark
from ops.journal.stores.postgres_reader import PostgresReader
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.postgres import migration
from ops.postgres.address import STORE_VARIABLE, PostgresError, StoreAddress
from ops.postgres.migration import migrate, newest
from ops.store.engines.place import keep_fusion_in_store
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer
from tests.patience import PATIENT_S

ARCHIVE = Path(__file__).with_name("stores.tar.xz")
VERSIONS = ("1", "2", "3", "4", "5")
OF_ALL = {"watchline.cluster_store": "one, machine_key"}
"""Columns that are equal in all stores with the same content: of the others there each has its own by chance."""
KILLS = 10
"""So many kills are spread over the statements of an upgrade; all of them take minutes."""


class OldStore:
    """A database as an older commit left it, and what the code of that commit read from it."""

    def __init__(self, server: PostgresServer, version: str) -> None:
        with tarfile.open(ARCHIVE) as archive:
            manifest, dump = (
                archive.extractfile(f"./{version}/{name}").read().decode()  # type: ignore[union-attr]
                for name in ("manifest.json", "store.sql")
            )
        self.manifest: dict[str, Any] = json.loads(manifest)
        self.server, self.database = server, server.new_database()
        self.address = StoreAddress(server.address(self.database))
        with psycopg.connect(self.address.text) as connection:
            connection.execute(dump)  # type: ignore[call-overload]

    def content(self) -> tuple[Any, ...]:
        """The version, and the rows of each table, without the name by which each store is known to its machines."""
        named = (
            "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname ~ '^watchline' ORDER BY 1"
        )
        with psycopg.connect(self.address.text) as connection:

            def rows(name: str) -> list[str]:
                query = f"SELECT {OF_ALL.get(name, '*')} FROM {name}"
                return sorted(map(repr, connection.execute(query)))  # type: ignore[call-overload]

            return tuple((name, rows(name)) for (name,) in connection.execute(named).fetchall())

    def end_sessions(self) -> None:
        """End each session of Watchline, as the end of its process or of the server does."""
        self.server.execute(
            f"SELECT pg_terminate_backend(pid, {PATIENT_S * 1000:.0f}) FROM pg_stat_activity"
            f" WHERE datname = '{self.database}'"
        )


@pytest.fixture
def old(request: pytest.FixtureRequest, postgres_server: PostgresServer) -> OldStore:
    return OldStore(postgres_server, request.param)


each_version = pytest.mark.parametrize("old", VERSIONS, indirect=True)


def test_there_is_an_archive_of_every_version_before_this_one() -> None:
    assert [str(number) for number in range(1, int(newest()))] == list(VERSIONS)


@each_version
def test_an_older_store_is_refused_until_it_is_upgraded_and_then_read_and_continued(old: OldStore) -> None:
    before = old.content()
    for use in (PostgresJournal, PostgresReader):
        with pytest.raises(Exception, match=rf"has the older version {old.manifest['version']}; expected `watchline"):
            use(old.address, "north")
    assert old.content() == before
    assert migrate(old.address) == (old.manifest["version"], newest())
    with PostgresJournal(old.address, "north") as journal:
        assert [[one.id, one.seq, one.received_ns, one.body.decode()] for one in journal.read()] == old.manifest["rows"]
        assert sorted([*key, seq] for key, seq in journal.marks().items()) == old.manifest["marks"]
        assert [letter.code for _, letter in journal.dead_letters()] == old.manifest["dead_letters"]
        journal.commit(Batch((row(40), row(42)), (HighWaterMark("r1", 1, 42),)))
        last = old.manifest["rows"][-1]
        added = [(one.id, one.seq) for one in journal.read(after_id=last[0]) if one.seq is not None]
        assert added == [(last[0] + 1, 42)], "40 is known"


@pytest.mark.parametrize("old", VERSIONS[2:], indirect=True)
def test_a_fusion_store_is_read_and_continued_after_the_upgrade(
    old: OldStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(old.address)
    monkeypatch.setenv(STORE_VARIABLE, old.address.text)
    path = tmp_path / "store.db"
    keep_fusion_in_store(path, old.address.text, "north")
    store = Store(path)
    try:
        assert (store.cursor, store.checkpoint) == (old.manifest["cursor"], old.manifest["checkpoint"].encode())
        store.commit(5, stamp_ns=1_773_608_405 * 10**9, alerts=[], tracks_live=[])
    finally:
        store.close()
    reader = Reader(path)
    try:
        found = [[one.n, one.alert, one.revision, one.body.decode()] for one in reader.outbox_after(0, limit=100)]
        assert found == old.manifest["outbox"]
        assert reader.progress().cursor == 5
    finally:
        reader.close()


@contextmanager
def interrupted(at: Callable[[int], bool], do: Callable[[], object]) -> Iterator[list[str]]:
    """Call ``do`` before the statement of an upgrade for which ``at(number)`` is true; yield what was executed."""
    executed: list[str] = []

    def before(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        executed.append(statement)
        if at(len(executed)):
            do()

    event.listen(Engine, "before_cursor_execute", before)
    try:
        yield executed
    finally:
        event.remove(Engine, "before_cursor_execute", before)


@each_version
def test_a_kill_before_any_statement_leaves_the_old_store_and_the_next_upgrade_completes_it(old: OldStore) -> None:
    twin = OldStore(old.server, old.manifest["version"])
    with interrupted(lambda _: False, lambda: None) as all_of_them:
        migrate(twin.address)
    before, count = old.content(), len(all_of_them)
    for kill_at in sorted({1 + (count - 1) * number // (KILLS - 1) for number in range(KILLS)}):
        with (
            interrupted(kill_at.__eq__, old.end_sessions),
            pytest.raises(PostgresError, match=r"the server was stopped|no connection"),
        ):
            migrate(old.address)
        assert old.content() == before, all_of_them[kill_at - 1]
    assert migrate(old.address) == (old.manifest["version"], newest())
    assert old.content() == twin.content()


@each_version
def test_a_kill_at_the_commit_leaves_the_old_or_the_new_store(old: OldStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """The session ends before COMMIT is sent. The answer to one that was sent may be lost: then the store is new."""
    before = old.content()

    def kill(_: Any) -> None:
        old.end_sessions()

    event.listen(Engine, "commit", kill)
    try:
        with pytest.raises(PostgresError, match=r"the server was stopped|no connection"):
            migrate(old.address)
    finally:
        event.remove(Engine, "commit", kill)
    assert old.content() == before
    migrate(old.address)
    after = old.content()
    assert migrate(old.address) == (newest(), newest()), "of which a person cannot know that it was done"
    assert old.content() == after


def test_a_part_of_a_newer_version_in_an_older_store_is_refused_and_left_as_it_is(
    postgres_server: PostgresServer,
) -> None:
    """Such as a backup of some tables that was restored over another one."""
    old = OldStore(postgres_server, "2")
    postgres_server.execute("CREATE TABLE watchline.alerts (id text)", old.database)
    before = old.content()
    with pytest.raises(PostgresError) as refused:
        migrate(old.address)
    assert "alerts" in str(refused.value)
    assert "\n" not in str(refused.value)
    assert old.content() == before
    assert migration.newest() == newest()
