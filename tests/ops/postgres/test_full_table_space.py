"""A table space that is really full: one sentence, nothing written, and the same ids once there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from geo.errors import WatchlineError
from ingest.receiving.batch import Batch
from ingest.receiving.high_water_marks import HighWaterMark
from ops.accounts.stores.place import keep_accounts_in_store
from ops.audit.stores.place import keep_audit_in_store
from ops.journal.reader import JournalFull
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.journal.stores.transfer import copy
from ops.journal.writer import Journal
from ops.postgres.address import STORE_VARIABLE, PostgresError, StoreAddress
from ops.postgres.migration import migrate, newest
from ops.store.engines.place import keep_fusion_in_store
from ops.store.writer import Store
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer
from tests.ops.store.test_moments import T0_NS, alert

SCHEMAS = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'watchline%' ORDER BY 1"
TABLES = "SELECT count(*) FROM information_schema.tables WHERE table_schema = 'watchline'"
SIZE_MB = 24


class SmallTableSpace:
    """A table space on a disk of ``SIZE_MB``, in which a database of its own has its tables."""

    def __init__(self, server: PostgresServer) -> None:
        self.path = server.folder / "small"
        self.path.mkdir()
        owner = server.folder.stat()
        options = f"size={SIZE_MB}m,uid={owner.st_uid},gid={owner.st_gid},mode=700"
        subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(self.path)], check=True, capture_output=True
        )
        self.server, self._ballast = server, self.path / "ballast"
        self.database = ""

    def begin(self) -> StoreAddress:
        tables = self.path / "tables"
        tables.mkdir(mode=0o700)
        owner = self.path.stat()
        os.chown(tables, owner.st_uid, owner.st_gid)
        self.server.execute(f"CREATE TABLESPACE small LOCATION '{tables}'")
        self.database = self.server.new_database()
        self.server.execute(f"ALTER DATABASE {self.database} SET default_tablespace = small")
        return StoreAddress(self.server.address(self.database))

    def fill(self) -> None:
        """Take all the space that is left."""
        free = os.statvfs(self.path)
        with self._ballast.open("wb") as file:
            file.truncate()
            os.posix_fallocate(file.fileno(), 0, free.f_bavail * free.f_frsize)
        assert os.statvfs(self.path).f_bavail == 0

    def free(self) -> None:
        self._ballast.unlink()

    def remove(self) -> None:
        if self.database:
            self.server.drop_database(self.database)
            self.server.execute("DROP TABLESPACE small")
        subprocess.run(["umount", "-l", str(self.path)], check=True)
        self.path.rmdir()


@pytest.fixture
def small(postgres_server: PostgresServer) -> Iterator[SmallTableSpace]:
    try:
        made = SmallTableSpace(postgres_server)
    except (subprocess.CalledProcessError, OSError) as error:
        Path(postgres_server.folder / "small").rmdir()
        pytest.skip(f"a small disk needs the right to mount one ({error}); run as root")
    yield made
    made.remove()


def test_a_full_table_space_is_one_sentence_and_nothing_is_written(small: SmallTableSpace) -> None:
    address = small.begin()
    small.fill()
    with pytest.raises(PostgresError, match="the server's disk is full; expected free space on the server") as refused:
        migrate(address)
    assert "\n" not in str(refused.value)
    assert small.server.execute(TABLES, small.database) == [(0,)]
    small.free()
    assert migrate(address) == ("", newest())

    large = tuple(row(number, body=os.urandom(200_000)) for number in range(2, 12))
    with PostgresJournal(address, "north") as journal:
        journal.commit(Batch((row(1),), (HighWaterMark("r1", 1, 1),)))
        small.fill()
        for _ in range(2):
            with pytest.raises(JournalFull) as full:
                journal.commit(Batch(large, (HighWaterMark("r1", 1, 11),)))
            assert "\n" not in str(full.value)
        assert [(one.id, one.seq) for one in journal.read()] == [(1, 1)]
        assert journal.marks() == {("r1", 1): 1}
        small.free()
        journal.commit(Batch(large, (HighWaterMark("r1", 1, 11),)))
        assert [(one.id, one.seq) for one in journal.read()] == [(number, number) for number in range(1, 12)]


def test_every_part_of_a_sector_is_refused_in_one_sentence_and_goes_on_when_there_is_room(
    small: SmallTableSpace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = small.begin()
    migrate(address)
    monkeypatch.setenv(STORE_VARIABLE, address.text)
    keep_fusion_in_store(tmp_path / "store.db", address.text, "north")
    store, source = Store(tmp_path / "store.db"), tmp_path / "south.db"
    with Journal(source) as journal:
        journal.commit(Batch((row(1),)))
    large = [alert("A1", summary=os.urandom(2_000_000).hex())]
    before = small.server.execute(SCHEMAS, small.database)
    small.fill()
    attempts: dict[str, Callable[[], object]] = {
        "store.db: the disk is full": lambda: store.commit(1, stamp_ns=T0_NS, alerts=large),
        "the audit log cannot be used (the server's disk is full": partial(
            keep_audit_in_store, tmp_path, address.text, "north"
        ),
        "the accounts cannot be used (the server's disk is full": partial(
            keep_accounts_in_store, tmp_path, address.text, "north"
        ),
        "the server's disk is full; expected free space": partial(
            copy, str(source), address.text, "south", Console(stderr=True, quiet=True)
        ),
    }
    for sentence, attempt in attempts.items():
        with pytest.raises(WatchlineError) as refused:
            attempt()
        assert sentence in str(refused.value)
        assert "\n" not in str(refused.value)
    assert small.server.execute(SCHEMAS, small.database) == before
    assert small.server.execute("SELECT count(*) FROM watchline.alerts", small.database) == [(0,)]
    assert small.server.execute("SELECT count(*) FROM watchline.journal", small.database) == [(0,)]
    assert sorted(path.name for path in tmp_path.glob("*.postgres")) == ["store.postgres"]
    small.free()
    for attempt in attempts.values():
        attempt()
    store.close()
    assert sorted(path.stem for path in tmp_path.glob("*.postgres")) == ["accounts", "audit", "store"]
    assert small.server.execute("SELECT id FROM watchline.alerts", small.database) == [("A1",)]
    assert small.server.execute("SELECT count(*) FROM watchline.journal", small.database) == [(1,)]
