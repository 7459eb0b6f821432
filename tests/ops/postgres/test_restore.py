"""Point-in-time restore: a base backup and the archived write-ahead log give every part of a sector as it was then."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.receiving.batch import Batch
from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore
from ops.accounts.stores.place import keep_accounts_in_store
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.audit.stores.place import keep_audit_in_store
from ops.audit.verify import verify
from ops.journal.stores.place import keep_in_store, read_journal
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.migration import migrate
from ops.store.engines.place import keep_fusion_in_store
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.audit.stores.test_logs import entry
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer


@pytest.fixture
def archiving() -> Iterator[PostgresServer]:
    """A server of the test's own that archives its write-ahead log."""
    server = PostgresServer(archiving=True)
    yield server
    server.remove()


class Sector:
    """A sector whose parts are all in the store, and what is done in it in one step."""

    def __init__(self, data: Path, address: StoreAddress) -> None:
        self.data, self.address = data, address
        keep_in_store(data / "journal.db", address.text, "north")
        keep_fusion_in_store(data / "store.db", address.text, "north")
        keep_audit_in_store(data, address.text, "north")
        keep_accounts_in_store(data, address.text, "north")

    def step(self, number: int) -> None:
        with PostgresJournal(self.address, "north") as journal:
            journal.commit(Batch((row(number),)))
        store = Store(self.data / "store.db")
        store.commit(number, stamp_ns=number * 10**9, tracks_live=[])
        store.close()
        accounts = AccountStore(self.data / "accounts.db")
        Accounts(accounts).add(f"person{number}", f"Person {number}", {"*": "viewer"})
        accounts.close()
        log = AuditLog(self.data / "audit", witness=self.data.parent / "witness")
        log.add(entry(number))
        log.close()

    def parts(self) -> tuple[list[int], int, list[str], list[str]]:
        """Sequence numbers in the journal, fusion's position, logins, and what is in the audit log."""
        with read_journal(self.data / "journal.db") as journal:
            rows = [one.seq for one in journal.read()]
        reader, accounts = Reader(self.data / "store.db"), AccountStore(self.data / "accounts.db")
        try:
            position, logins = reader.progress().cursor, [one.login for one in accounts.accounts()]
        finally:
            reader.close()
            accounts.close()
        return rows, position, logins, [one.what[-1] for one in each_entry(self.data / "audit", EntryFilter())]


def test_a_room_whose_folder_was_lost_goes_on_beside_its_store_with_keys_from_a_backup(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The backup of the folder has no journal: the store has it."""
    address = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(address)
    monkeypatch.setenv(STORE_VARIABLE, address.text)
    (tmp_path / "data").mkdir()
    sector = Sector(tmp_path / "data", address)
    sector.step(1)
    wanted = sector.parts()
    for name in ("audit", "keys"):
        shutil.copytree(tmp_path / "data" / name, tmp_path / "new" / name)
    shutil.rmtree(tmp_path / "data")
    (tmp_path / "new").rename(tmp_path / "data")
    restored = Sector(tmp_path / "data", address)
    assert restored.parts() == wanted == ([1], 1, ["person1"], ["1"])
    restored.step(2)
    assert restored.parts() == ([1, 2], 2, ["person1", "person2"], ["1", "2"])
    assert verify(tmp_path / "data" / "audit", witness=tmp_path / "witness").ok, "the key is that of the backup"


def test_a_store_is_restored_to_a_point_and_goes_on_and_the_witness_shows_what_is_missing(
    archiving: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = StoreAddress(archiving.address())
    migrate(address)
    monkeypatch.setenv(STORE_VARIABLE, address.text)
    (tmp_path / "data").mkdir()
    sector = Sector(tmp_path / "data", address)
    sector.step(1)
    archiving.base_backup()
    sector.step(2)  # in the archived log only
    wanted = sector.parts()
    archiving.execute("SELECT pg_create_restore_point('before_the_mistake')")
    sector.step(3)
    running = AuditLog(tmp_path / "data" / "audit")  # by a process that is not stopped, as it should be
    running.add(entry(7))
    assert sector.parts() != wanted
    archiving.archive_all()
    archiving.stop()  # as if its power failed: what is restored comes from backup and archive alone
    archiving.restore("before_the_mistake")
    archiving.start()
    while archiving.execute("SELECT pg_is_in_recovery()") == [(True,)]:  # it is read-only until it was promoted
        time.sleep(0.05)
    assert sector.parts() == wanted == ([1, 2], 2, ["person1", "person2"], ["1", "2"])
    assert verify(tmp_path / "data" / "audit").ok
    assert [one.kind for one in verify(tmp_path / "data" / "audit", witness=tmp_path / "witness").findings] == [
        "removed"
    ], "an audit log that was set back is found by its witness copy"
    running.add(entry(8))
    running.close()
    sector.step(4)
    assert (sector.parts()[0], sector.parts()[3]) == ([1, 2, 4], ["1", "2", "8", "4"])
    assert verify(tmp_path / "data" / "audit").ok
