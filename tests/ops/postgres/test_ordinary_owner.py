"""A store as the page says to create it: its owner is an ordinary role, and the locks are reserved for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path

import psycopg
import pytest

from geo.frame import LocalFrame
from ingest.receiving.batch import Batch
from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore
from ops.accounts.stores.place import keep_accounts_in_store
from ops.audit.log import AuditLog
from ops.audit.stores.place import keep_audit_in_store
from ops.cluster.supervisor.store_claim import StoreClaim
from ops.journal.stores.place import keep_in_store
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.fence import raise_fence
from ops.postgres.migration import migrate, newest
from ops.postgres.readers import grant
from ops.room.retention import purge
from ops.sector.setting_tables.data import RetentionSettings
from ops.sector.settings import Settings
from ops.store.engines.place import keep_fusion_in_store
from ops.store.writer import Store
from tests.ops.audit.stores.test_logs import entry
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer
from tests.ops.store.test_moments import T0_NS, history

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "postgresql.md"


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    """A server of the test's own, whose database ``watchline`` has the owner ``keeper``."""
    made = PostgresServer()
    made.execute("CREATE ROLE keeper LOGIN PASSWORD 'secret'")
    made.execute("CREATE DATABASE watchline OWNER keeper TEMPLATE template0 ENCODING 'UTF8'")
    made.execute("CREATE EXTENSION postgis", "watchline")
    _, _, begun = PAGE.read_text(encoding="utf-8").partition("psql watchline <<'END'\n")
    made.execute(begun.partition("\nEND\n")[0].replace(" TO watchline'", " TO keeper'"), "watchline")
    yield made
    made.remove()


def test_an_owner_without_further_rights_keeps_all_parts_and_alone_takes_locks(
    server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = StoreAddress(server.address("watchline", user="keeper", password="secret"))
    monkeypatch.setenv(STORE_VARIABLE, address.text)
    assert migrate(address) == ("", newest())
    with closing(StoreClaim(address.text, ["north"])):
        raise_fence(address, "north", 2)
    keep_in_store(tmp_path / "journal.db", address.text, "north")
    with PostgresJournal(address, "north", fence=2) as journal:
        journal.commit(Batch((row(1, body=b"person"),)))
        keep_fusion_in_store(tmp_path / "store.db", address.text, "north", layers=True)
        store = Store(tmp_path / "store.db", frame=LocalFrame.around(-84.25, 36.59))
        store.commit(1, stamp_ns=T0_NS, history=history([("T1", 0, 10.0, "confirmed")]))
        store.close()
    raise_fence(address, "north", 3)
    keep_audit_in_store(tmp_path, address.text, "north")
    keep_accounts_in_store(tmp_path, address.text, "north")
    with closing(AccountStore(tmp_path / "accounts.db")) as accounts:
        Accounts(accounts).add("person", "Person", {"*": "viewer"})
    with closing(AuditLog(tmp_path / "audit")) as log:
        log.add(entry(1))
    settings = Settings(retention=RetentionSettings(detections=2, tracks=2, alerts=2, audit=2))
    assert purge(tmp_path, settings, today=date(2026, 6, 1), overwrite=True).records == 2

    server.execute("CREATE ROLE inspector LOGIN PASSWORD 'secret'")
    assert grant(address, "inspector", "north", audit=True) == ["north"]
    with psycopg.connect(
        user="inspector", password="secret", dbname="watchline", host=str(server.folder), autocommit=True
    ) as inspector:
        assert inspector.execute("SELECT name FROM watchline.sectors").fetchall() == [("north",)]
        for lock in ("advisory_lock(1, 1)", "try_advisory_xact_lock_shared(1, 1)", "advisory_lock(1)"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                inspector.execute(f"SELECT pg_{lock}".encode())
