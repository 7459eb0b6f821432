"""Files that go along with a sector: whole, encrypted, and never those of who has lost its lease."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from ingest.mqtt.broker_url import BrokerUrl
from ingest.sending.spool import Spool
from ops.audit.key_places.machine_key import MachineKey
from ops.audit.key_places.place import machine_key_path
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.machines import carried, first, here
from ops.cluster.machines.carried import KEYS, CarriedError, CarriedFiles
from ops.cluster.machines.shared import prepare_shared
from ops.cluster.workers.task import SectorTask
from ops.journal.unit_spool import UnitSpool
from ops.postgres.address import StoreAddress
from ops.room.room import locked
from tests.ops.postgres_server import PostgresServer


@pytest.fixture
def key(tmp_path: Path) -> MachineKey:
    return MachineKey.made(tmp_path / "day-keys.key")


@pytest.fixture
def files(address: StoreAddress, key: MachineKey, tmp_path: Path) -> list[CarriedFiles]:
    """Those of the sector hills on two machines."""
    return [CarriedFiles(address, "hills", tmp_path / name / "hills", key) for name in ("one", "two")]


def written(path: Path, *numbers: int) -> sqlite3.Connection:
    """A database in use, whose rows are in its write-ahead log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE IF NOT EXISTS rows (n INTEGER)")
    database.executemany("INSERT INTO rows VALUES (?)", [(n,) for n in numbers])
    return database


def rows_of(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as database:
        return [n for (n,) in database.execute("SELECT n FROM rows ORDER BY n")]


def test_a_database_in_use_goes_along_whole_and_replaces_an_older_one(
    files: list[CarriedFiles], address: StoreAddress, tmp_path: Path
):
    one, two = files
    with StoreLeases(address, tmp_path) as leases, closing(written(tmp_path / "one/hills/feeds.db", 1)) as in_use:
        token = leases.claim("hills", "worker-1")
        assert one.keep(token) == ["feeds.db"]
        assert one.keep(token) == [], "only what has changed"
        in_use.execute("INSERT INTO rows VALUES (2)")
        assert one.keep(token) == ["feeds.db"]
        written(tmp_path / "two/hills/feeds.db", 9, 10, 11).close()
        (tmp_path / "two/hills/feeds.db-wal").write_bytes(b"of the older one")
        assert two.fetch() == ["feeds.db"]
    assert rows_of(tmp_path / "two/hills/feeds.db") == [1, 2]
    assert (tmp_path / "two/hills/feeds.db").stat().st_mode & 0o777 == 0o600


def test_a_large_file_waits_and_one_that_cannot_go_along_keeps_none_back(
    files: list[CarriedFiles], address: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(carried, "SMALL_BYTES", 1_000)
    monkeypatch.setattr(carried, "LARGE_EVERY_S", 3600.0)
    one, two = files
    with StoreLeases(address, tmp_path) as leases, closing(written(tmp_path / "one/hills/feeds.db", 1)) as in_use:
        token = leases.claim("hills", "worker-1")
        assert one.keep(token) == ["feeds.db"]
        in_use.execute("INSERT INTO rows VALUES (2)")
        (tmp_path / "one/hills/muted.json").write_text("{}")
        assert one.keep(token) == ["muted.json"], "the large one waits"
        assert one.keep(token, at_end=True) == ["feeds.db"]
        monkeypatch.setattr(carried, "LARGEST_BYTES", 1_000)
        in_use.execute("INSERT INTO rows VALUES (3)")
        (tmp_path / "one/hills/muted.json").write_text('{"radar": 2}')
        with pytest.raises(CarriedError, match=r"feeds\.db: has 0 MB"):
            one.keep(token, at_end=True)
    assert two.fetch() == ["feeds.db", "muted.json"]
    assert (tmp_path / "two/hills/muted.json").read_text() == '{"radar": 2}'


def test_calls_of_units_go_along_while_they_wait_for_the_broker(
    files: list[CarriedFiles], address: StoreAddress, tmp_path: Path
):
    one, two = files
    for name in ("one", "two"):
        (tmp_path / name / "hills").mkdir(parents=True)
    body = msgspec.json.encode({"unit": "alpha", "distress": True})
    url = BrokerUrl.parse("mqtt://127.0.0.1:1")
    spool = UnitSpool(url, "hills", tmp_path / "one/hills/cot-spool.db", part="cot", now_ns=time.time_ns)
    try:
        spool._spool.put(lambda boot, seq: body)
        with StoreLeases(address, tmp_path) as leases:
            assert "cot-spool.db" in one.keep(leases.claim("hills", "worker-1"))
    finally:
        spool._spool.close()
    two.fetch()
    with Spool(tmp_path / "two/hills/cot-spool.db") as found:
        assert [entry.payload for entry in found.pending()] == [body]


def test_who_has_lost_the_lease_stores_nothing(files: list[CarriedFiles], address: StoreAddress, tmp_path: Path):
    one, two = files
    for name in ("one", "two"):
        (tmp_path / name / "hills").mkdir(parents=True)
    with StoreLeases(address, tmp_path) as leases:
        before = leases.claim("hills", "worker-1")
        now = leases.claim("hills", "worker-2")
        (tmp_path / "two/hills/muted.json").write_text('{"radar": 2}')
        assert two.keep(now) == ["muted.json"]
        (tmp_path / "one/hills/muted.json").write_text('{"radar": 1}')
        assert one.keep(before) == []
        one.fetch()
        assert (tmp_path / "one/hills/muted.json").read_text() == '{"radar": 2}'


def test_only_what_another_machine_has_stored_since_takes_the_place_of_the_files_here(
    files: list[CarriedFiles], address: StoreAddress, tmp_path: Path
):
    one, two = files
    here, there = tmp_path / "one/hills/muted.json", tmp_path / "two/hills/muted.json"
    for path in (here, there):
        path.parent.mkdir(parents=True)
    with StoreLeases(address, tmp_path) as leases:
        token = leases.claim("hills", "worker-1")
        assert not one.take_along(token)
        here.write_text("1")
        assert one.keep(token) == ["muted.json"]
        here.write_text("2")  # not stored before it ended
        token = leases.claim("hills", "worker-1")
        assert not one.take_along(token), "those here are the newest"
        assert here.read_text() == "2"
        token = leases.claim("hills", "worker-2")
        assert two.take_along(token)
        assert there.read_text() == "1"
        assert not one.take_along(leases.claim("hills", "worker-1")), "the other has stored nothing"
        token = leases.claim("hills", "worker-2")
        assert not two.take_along(token)
        there.write_text("3")
        assert two.keep(token) == ["muted.json"]
        assert one.take_along(leases.claim("hills", "worker-1"))
        assert here.read_text() == "3"


def test_the_first_keys_of_a_sector_are_those_of_every_machine(files: list[CarriedFiles], tmp_path: Path):
    for name in ("one", "two"):
        for key in KEYS if name == "one" else KEYS[:1]:
            path = tmp_path / name / "hills" / key
            path.parent.mkdir(parents=True)
            path.write_text(f"{key} of {name}")
    for one in (*files, files[0]):
        one.share_keys()
    for name in ("one", "two"):
        for key in KEYS:
            assert (tmp_path / name / "hills" / key).read_text() == f"{key} of one"


def test_the_store_has_no_content_in_the_clear_and_what_was_changed_there_is_refused(
    files: list[CarriedFiles], address: StoreAddress, postgres_server: PostgresServer, tmp_path: Path
):
    path = tmp_path / "one" / "hills" / KEYS[0]
    path.parent.mkdir(parents=True)
    path.write_text("PRIVATE KEY")
    files[0].share_keys()
    database = str(address.url.database)  # type: ignore[attr-defined]
    [(body,)] = postgres_server.execute("SELECT body FROM watchline.carried_files", database)
    assert isinstance(body, bytes)
    assert b"PRIVATE KEY" not in body
    postgres_server.execute("UPDATE watchline.carried_files SET body = set_byte(body, 20, 0) || '\\x00'", database)
    with pytest.raises(CarriedError, match="was changed, or is of machines with another key"):
        files[1].fetch()
    assert not (tmp_path / "two").exists()


def test_a_file_that_is_too_large_is_one_sentence(
    files: list[CarriedFiles], address: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(carried, "LARGEST_BYTES", 10)
    (tmp_path / "one/hills").mkdir(parents=True)
    (tmp_path / "one/hills/muted.json").write_text("x" * 11)
    with (
        StoreLeases(address, tmp_path) as leases,
        pytest.raises(CarriedError, match="expected at most 0 MB to go along"),
    ):
        files[0].keep(leases.claim("hills", "worker-1"))


def test_a_cluster_that_is_on_one_machine_again_takes_along_what_another_machine_stored(
    address: StoreAddress, tmp_path: Path
):
    """Otherwise its deliveries would be repeated, and those that it makes would be forgotten with the next machine."""
    task = SectorTask(
        sector=tmp_path,
        name="hills",
        layout=tmp_path,
        folder=tmp_path / "first",
        broker="mqtt://127.0.0.1:1",
        store=address.text,
    )
    assert here.prepared(task) is None, "it never was on several"
    task.data.mkdir(parents=True)
    other = CarriedFiles(address, "hills", tmp_path / "other/hills", MachineKey.made(machine_key_path(task.folder)))
    (tmp_path / "other/hills").mkdir(parents=True)
    (tmp_path / "other/hills/muted.json").write_text("1")
    with StoreLeases(address, tmp_path) as leases:
        other.keep(leases.claim("hills", "worker-1"))
        taken = here.prepared(task)
        assert taken is not None
        assert taken.take_along(leases.claim("hills", "worker-2"))
    assert (task.data / "muted.json").read_text() == "1"


def test_before_an_erasure_the_deliveries_of_a_room_that_runs_here_are_left_alone(
    address: StoreAddress, tmp_path: Path
):
    task = SectorTask(
        sector=tmp_path,
        name="hills",
        layout=tmp_path,
        folder=tmp_path / "first",
        broker="mqtt://127.0.0.1:1",
        store=address.text,
    )
    other = CarriedFiles(address, "hills", tmp_path / "other/hills", prepare_shared(task.folder))
    written(tmp_path / "other/hills/feeds.db", 1).close()
    with StoreLeases(address, tmp_path) as leases:
        assert other.keep(leases.claim("hills", "worker-1")) == ["feeds.db"]
    written(task.data / "feeds.db", 1, 2).close()
    with locked(task.data):
        first.before_erasing(task)
    assert rows_of(task.data / "feeds.db") == [1, 2]
    first.before_erasing(task)
    assert rows_of(task.data / "feeds.db") == [1]
