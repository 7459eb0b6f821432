"""A table space that is really full: one sentence, nothing written, and the same ids once there is room again."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest.receiving.batch import Batch
from ingest.receiving.high_water_marks import HighWaterMark
from ops.journal.reader import JournalFull
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.postgres.address import PostgresError, StoreAddress
from ops.postgres.migration import migrate, newest
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer

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
            self.server.execute(f"DROP DATABASE {self.database} (FORCE)")
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
