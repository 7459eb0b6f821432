"""A store in PostgreSQL: created whole or not at all, and refused with one sentence when it cannot be used."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy.exc import DBAPIError

from geo.errors import BadInput
from ingest.receiving.batch import Batch
from ops.journal.reader import JournalError
from ops.journal.stores.postgres_reader import PostgresReader
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.postgres import migration
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.engine import engine_of, store_error
from ops.postgres.migration import migrate, newest
from ops.postgres.session import connected
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer

TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = 'watchline' ORDER BY 1"


@pytest.fixture
def database(postgres_server: PostgresServer) -> str:
    return postgres_server.new_database()


def test_a_store_is_created_once_and_then_left_as_it_is(postgres_server: PostgresServer, database: str) -> None:
    address = StoreAddress(postgres_server.address(database))
    with pytest.raises(PostgresError, match=r"has no Watchline tables; expected `watchline store migrate` first"):
        PostgresJournal(address, "north")
    assert postgres_server.execute(TABLES, database) == []
    assert migrate(address) == ("", newest())
    tables = postgres_server.execute(TABLES, database)
    with PostgresJournal(address, "north") as journal:
        journal.commit(Batch((row(1),)))
    assert migrate(address) == (newest(), newest())
    with PostgresReader(address, "north") as reader:
        assert [r.seq for r in reader.read()] == [1]
    assert {("journal",), ("bodies",), ("alembic_version",)} < set(tables)


def test_the_newest_version_is_that_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(Path(migration.__file__).with_name("migrations")))
    assert newest() == scripts.get_current_head()
    assert {str(number) for number in migration._numbers()} == {one.revision for one in scripts.walk_revisions()}


def test_a_failed_migration_leaves_nothing(postgres_server: PostgresServer, database: str) -> None:
    postgres_server.execute(
        "CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF to_regclass('watchline.replays') IS NOT NULL THEN RAISE 'no room' USING ERRCODE = '53100'; END IF; END $$",
        database,
    )
    postgres_server.execute("CREATE EVENT TRIGGER late ON ddl_command_end EXECUTE FUNCTION refuse()", database)
    address = StoreAddress(postgres_server.address(database))
    with pytest.raises(PostgresError, match="the server's disk is full"):
        migrate(address)
    assert postgres_server.execute(TABLES, database) == []
    postgres_server.execute("DROP EVENT TRIGGER late", database)
    assert migrate(address) == ("", newest())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE watchline.alembic_version SET version_num = '99'", "written by a newer Watchline (version 99)"),
        ("DROP TABLE watchline.replays", "is incomplete: without replays"),
        ("DELETE FROM watchline.alembic_version", "is incomplete: without its version"),
        ("DROP TABLE watchline.alembic_version", "has tables of an unknown origin in the schema watchline"),
    ],
)
def test_a_newer_or_half_migrated_store_is_refused_and_not_changed(
    postgres_server: PostgresServer, database: str, change: str, sentence: str
) -> None:
    address = StoreAddress(postgres_server.address(database))
    migrate(address)
    postgres_server.execute(change, database)
    before = postgres_server.execute(TABLES, database)
    for use in (
        lambda: PostgresJournal(address, "north"), lambda: PostgresReader(address, "north"), lambda: migrate(address)
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            use()
        assert sentence in str(refused.value)
    assert postgres_server.execute(TABLES, database) == before


def test_what_a_database_has_as_its_default_changes_nothing(postgres_server: PostgresServer, database: str) -> None:
    """Neither its time zone nor its durability: a commit is on disk, and a day is a day of UTC."""
    for setting in ("timezone = 'Pacific/Kiritimati'", "synchronous_commit = off", "bytea_output = 'escape'"):
        postgres_server.execute(f"ALTER DATABASE {database} SET {setting}")
    address = StoreAddress(postgres_server.address(database))
    migrate(address)
    with PostgresJournal(address, "north") as journal:
        journal.commit(Batch((row(1, body=b"\x00\xff\\"),)))
        assert [r.body for r in journal.read()] == [b"\x00\xff\\"]
        assert journal._db.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    days = postgres_server.execute("SELECT day::text FROM watchline.parts", database)
    assert days == [("2026-03-14",)], "1 773 522 000 s since 1970 are 21:00 UTC of that day"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("timezone = 'Pacific/Kiritimati'", "timezone is Pacific/Kiritimati in its sessions; expected UTC"),
        ("synchronous_commit = off", "synchronous_commit is off in its sessions; expected on"),
        ("standard_conforming_strings = off", "standard_conforming_strings is off in its sessions; expected on"),
    ],
)
def test_sessions_that_do_not_have_what_was_asked_for_are_refused(
    postgres_server: PostgresServer, database: str, setting: str, sentence: str
) -> None:
    """A trigger at login, as any pool between, can change what a connection asks for: days would be others."""
    address = StoreAddress(postgres_server.address(database))
    empty = postgres_server.new_database()
    for name, wanted in ((database, True), (empty, False)):
        if wanted:
            migrate(address)
        postgres_server.execute(
            f"CREATE FUNCTION change() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN SET {setting}; END $$", name
        )
        postgres_server.execute("CREATE EVENT TRIGGER change ON login EXECUTE FUNCTION change()", name)
    before = postgres_server.execute(TABLES, database)
    for use in (
        lambda: PostgresJournal(address, "north"), lambda: PostgresReader(address, "north"),
        lambda: migrate(address), lambda: migrate(StoreAddress(postgres_server.address(empty))),
    ):  # fmt: skip
        with pytest.raises(BadInput) as refused:
            use()
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)
    assert postgres_server.execute(TABLES, database) == before
    assert postgres_server.execute("SELECT * FROM watchline.sectors", database) == []
    assert postgres_server.execute(TABLES, empty) == []


def test_a_session_that_a_pool_lends_after_the_first_is_checked_too(
    postgres_server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the second session of such a pool asked for is ignored; its database has other defaults."""
    address = StoreAddress(postgres_server.address(database))
    migrate(address)
    postgres_server.execute(f"ALTER DATABASE {database} SET synchronous_commit = off")
    asked = address.arguments()
    with connected(address) as driver:
        assert driver.execute("SHOW synchronous_commit").fetchone() == ("on",)
    monkeypatch.setattr(StoreAddress, "arguments", lambda _: {**asked, "options": "-c timezone=UTC"})
    with pytest.raises(PostgresError, match="synchronous_commit is off in its sessions; expected on"):
        connected(address)


def test_another_encoding_is_refused(postgres_server: PostgresServer) -> None:
    name = postgres_server.new_database("ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    with pytest.raises(PostgresError, match="has the encoding SQL_ASCII; expected a database in UTF8"):
        migrate(StoreAddress(postgres_server.address(name)))


def test_a_wrong_password_or_database_is_one_sentence_without_the_password(postgres_server: PostgresServer) -> None:
    for address, sentence in (
        (postgres_server.address(password="mistyped"), "the password or user is wrong"),
        (postgres_server.address(user="nobody_here"), "the password or user is wrong"),
        (postgres_server.address("not_there"), "no such database"),
        (f"postgresql://watchline:mistyped@/postgres?host={postgres_server.folder}/none", "no connection"),
    ):
        with pytest.raises(PostgresError) as refused:
            migrate(StoreAddress(address))
        assert sentence in str(refused.value)
        assert "mistyped" not in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_user_without_rights_is_refused(postgres_server: PostgresServer, database: str) -> None:
    migrate(StoreAddress(postgres_server.address(database)))
    postgres_server.execute(f"CREATE ROLE {database}_guest LOGIN PASSWORD 'guest'")
    guest = StoreAddress(postgres_server.address(database, user=f"{database}_guest", password="guest"))
    with pytest.raises(BadInput, match="this user may not do that"):
        PostgresJournal(guest, "north")


def test_a_server_that_ends_loses_nothing_committed_and_the_writer_goes_on_no_more(own_server: PostgresServer) -> None:
    address = StoreAddress(own_server.address())
    migrate(address)
    with PostgresJournal(address, "north") as journal, PostgresReader(address, "north") as reader:
        journal.commit(Batch((row(1), row(2))))
        own_server.stop(signal.SIGQUIT)  # as if its power failed: no shutdown checkpoint
        for _ in range(2):
            with pytest.raises(JournalError, match=r"the server was stopped|no connection"):
                journal.commit(Batch((row(3),)))
        with pytest.raises(JournalError):
            reader.read()
        own_server.start()
        with pytest.raises(JournalError):
            journal.commit(Batch((row(3),)))
        assert [r.seq for r in reader.read()] == [1, 2]
    with PostgresJournal(address, "north") as journal:
        journal.commit(Batch((row(2), row(3))))  # sent again: one is known
        assert [(r.id, r.seq) for r in journal.read()] == [(1, 1), (2, 2), (3, 3)]
        assert journal.counts()["r1"].duplicate == 1


def test_a_writer_whose_claim_was_taken_writes_nothing(postgres_server: PostgresServer, database: str) -> None:
    address = StoreAddress(postgres_server.address(database))
    migrate(address)
    with PostgresJournal(address, "north") as journal:
        journal.commit(Batch((row(1),)))
        postgres_server.execute("UPDATE watchline.sectors SET writer = writer + 1", database)
        for _ in range(2):
            with pytest.raises(JournalError, match="another ingest has taken over"):
                journal.commit(Batch((row(2),)))
        assert [r.seq for r in journal.read()] == [1]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("postgresql://host", "names no database"),
        ("postgresql://user:secret@host:port/db", "not an address"),
        ("mysql://user:secret@host/db", "not an address"),
        ("postgresql://user:p@secret@host/db", "expected %40 for each @ in user and password"),
        ("postgresql://user:p@sec/secret@host/db", "contains more than one @"),
        ("postgresql://user:secret@host/db?sslmode=require", "expected sslmode=verify-full for another machine"),
    ],
)
def test_an_address_that_is_none_is_refused_without_its_password(text: str, sentence: str) -> None:
    with pytest.raises(PostgresError) as refused:
        StoreAddress(text)
    assert sentence in str(refused.value)
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(StoreAddress("postgres://user:secret@host/db"))
    assert StoreAddress("postgres://user:secret@host/db?sslmode=verify-full").shown == "postgresql://user@host/db"


@pytest.mark.parametrize(
    ("text", "mode"),
    [
        ("postgresql://u@db.example/w", "verify-full"),
        ("postgresql:///w?host=db.example", "verify-full"),
        ("postgresql:///w?host=/run/postgresql,db.example", "verify-full"),
        ("postgresql:///w?host=localhost&host=10.0.0.1:5432", "verify-full"),
        ("postgresql://localhost/w?hostaddr=10.0.0.1", "verify-full"),
        ("postgresql:///w?service=remote", "verify-full"),
        ("postgresql://127.example/w", "verify-full"),
        ("postgresql://localhost:5433/w", None),
        ("postgresql://127.0.0.2/w", None),
        ("postgresql://[::1]/w", None),
        ("postgresql:///w?host=/run/postgresql", None),
        ("postgresql:///w", None),
    ],
)
def test_a_server_on_another_machine_is_authenticated_whatever_the_environment_says(
    text: str, mode: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGHOST", "PGHOSTADDR", "PGSERVICE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PGSSLMODE", "disable")
    assert StoreAddress(text).options().get("sslmode") == mode
    monkeypatch.setenv("PGHOSTADDR", "10.0.0.1")
    assert StoreAddress(text).options()["sslmode"] == "verify-full"


def test_too_many_partitions_for_the_locks_of_the_server_is_one_sentence(postgres_server: PostgresServer) -> None:
    """Advisory locks take the same memory as those of tables."""
    address = StoreAddress(postgres_server.address())
    with engine_of(address).connect() as connection, pytest.raises(DBAPIError) as refused:
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(n) FROM generate_series(1, 1000000) AS n")
    assert str(store_error(refused.value, address)) == (
        "postgresql://watchline@/postgres: the server has no memory left, perhaps for locks; expected a higher"
        " max_locks_per_transaction, or more memory."
    )


def test_a_cut_cable_is_noticed_within_seconds_by_the_client(postgres_server: PostgresServer) -> None:
    with engine_of(StoreAddress(postgres_server.address())).connect() as connection:
        parameters = connection.connection.driver_connection.info.get_parameters()  # type: ignore[union-attr]
    wanted = {"tcp_user_timeout": "10000", "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3"}
    assert wanted.items() <= parameters.items()
