"""Day keys in PostgreSQL: the rules of those in files hold, and neither side alone opens a record."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from ops.audit.day_keys import DayKeyError, DayKeys, ErasedDay
from ops.audit.key_places.machine_key import MachineKey
from ops.audit.key_places.place import keep_keys_in_store, machine_key_path
from ops.audit.key_places.store import StoreKeys, erase_on_this_machine, use_machine_key
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.migration import migrate
from tests.ops.postgres_server import PostgresServer

DAY = date(2026, 3, 1)
AT_NS = int(datetime(2026, 3, 1, 12, tzinfo=UTC).timestamp()) * 10**9
DAY_NS = 86_400 * 10**9


@pytest.fixture
def address(postgres_server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """A store of the test's own, whose password the environment has."""
    made = StoreAddress(postgres_server.address(postgres_server.new_database()))
    migrate(made)
    monkeypatch.setenv(STORE_VARIABLE, made.text)
    return made


@pytest.fixture
def machines(address: StoreAddress, tmp_path: Path) -> list[Path]:
    """The data folders of the sector west on two machines with one key."""
    MachineKey.made(machine_key_path(tmp_path / "one"))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    folders = [tmp_path / name / "west" for name in ("one", "two")]
    for folder in folders:
        keep_keys_in_store(folder, address.text, "west")
    return folders


def keys_of(folder: Path) -> DayKeys:
    return DayKeys(folder / "keys")


def test_what_one_machine_encrypts_the_other_reads_until_one_of_them_erases_the_day(
    machines: list[Path], address: StoreAddress
):
    one, two = map(keys_of, machines)
    sealed, next_day = one.seal("tracks", AT_NS, b"position", b"T1"), two.seal("tracks", AT_NS + DAY_NS, b"next", b"T2")
    assert two.open(sealed, b"T1") == b"position"
    assert two.days("tracks") == [DAY, date(2026, 3, 2)]
    assert not (machines[0] / "keys").exists(), "no key is in a file"
    assert one.erase("tracks", DAY)
    assert not two.erase("tracks", DAY), "erased once"
    assert two.erased_at("tracks", DAY) is not None
    assert two.days("tracks") == [date(2026, 3, 2)]
    for folder in machines:
        assert keys_of(folder).open(sealed, b"T1") is None
        assert keys_of(folder).open(next_day, b"T2") == b"next"
        with pytest.raises(ErasedDay):
            keys_of(folder).seal("tracks", AT_NS, b"again", b"T1")
        assert keys_of(folder).seal_anyway("tracks", AT_NS, b"again", b"T1")


def test_an_older_copy_of_the_database_does_not_bring_an_erased_day_back(
    machines: list[Path], address: StoreAddress, postgres_server: PostgresServer
):
    """The wrapped key is there again, as after a restore, but each machine has erased what opens it."""
    database = str(address.url.database)  # type: ignore[attr-defined]
    sealed = keys_of(machines[0]).seal("tracks", AT_NS, b"position", b"T1")
    postgres_server.execute("CREATE TABLE old AS SELECT * FROM watchline.day_keys", database)
    keys_of(machines[0]).erase("tracks", DAY)
    second = MachineKey(machine_key_path(machines[1].parent))
    assert erase_on_this_machine(address, second) == 1, "the machine that did not erase it itself"
    assert erase_on_this_machine(address, second) == 0
    postgres_server.execute(
        "DELETE FROM watchline.day_keys; INSERT INTO watchline.day_keys SELECT * FROM old", database
    )
    for folder in machines:
        assert keys_of(folder).open(sealed, b"T1") is None


def test_the_database_alone_or_with_another_key_opens_nothing(
    machines: list[Path], address: StoreAddress, postgres_server: PostgresServer, tmp_path: Path
):
    sealed = keys_of(machines[0]).seal("alerts", AT_NS, b"alert", b"A1")
    raw = StoreKeys(address, "west", MachineKey(machine_key_path(machines[0].parent))).read("alerts", DAY, make=False)
    database = str(address.url.database)  # type: ignore[attr-defined]
    [(wrapped,)] = postgres_server.execute("SELECT wrapped FROM watchline.day_keys", database)
    assert raw is not None
    assert isinstance(wrapped, bytes)
    assert len(raw) == 32
    assert raw not in wrapped
    thief = MachineKey.made(tmp_path / "thief.key")
    with pytest.raises(DayKeyError, match="not wrapped by"):
        StoreKeys(address, "west", thief).read("alerts", DAY, make=False)
    with pytest.raises(DayKeyError, match="not the key of the machines that use postgresql://"):
        use_machine_key(address, thief)
    machine_key_path(machines[1].parent).unlink()
    with pytest.raises(DayKeyError, match="the key of the cluster's machines cannot be used"):
        keys_of(machines[1]).open(sealed, b"A1")


def test_a_wrapped_key_is_bound_to_its_sector_kind_and_day(machines: list[Path], address: StoreAddress):
    machine = MachineKey(machine_key_path(machines[0].parent))
    keys_of(machines[0]).seal("tracks", AT_NS, b"x")
    west = StoreKeys(address, "west", machine)
    assert StoreKeys(address, "east", machine).read("tracks", DAY, make=False) is None
    assert west.read("alerts", DAY, make=False) is None
    assert west.read("tracks", date(2026, 3, 2), make=False) is None


def test_keys_of_files_move_into_the_store_with_the_marks_of_erased_ones(address: StoreAddress, tmp_path: Path):
    MachineKey.made(machine_key_path(tmp_path))
    folder = tmp_path / "west"
    running = keys_of(folder)  # of a process that began before
    sealed, gone = running.seal("tracks", AT_NS, b"x"), running.seal("tracks", AT_NS - DAY_NS, b"y")
    running.erase("tracks", date(2026, 2, 28))
    keep_keys_in_store(folder, address.text, "west")
    keep_keys_in_store(folder, address.text, "west")  # again, as at each start
    assert list((folder / "keys").iterdir()) == []
    for keys in (keys_of(folder), running):
        assert keys.open(sealed) == b"x"
        assert keys.open(gone) is None
        assert keys.days("tracks") == [DAY]
        with pytest.raises(ErasedDay):
            keys.seal("tracks", AT_NS - DAY_NS, b"z")
    machine = MachineKey(machine_key_path(tmp_path))
    StoreKeys(address, "west", machine).erase("tracks", DAY)
    (folder / "keys" / f"{DAY}.tracks").write_bytes(b"k" * 32)  # which a crash had left there
    keep_keys_in_store(folder, address.text, "west")
    assert list((folder / "keys").iterdir()) == []
    assert keys_of(folder).open(sealed) is None, "an erased day stays erased"
    with pytest.raises(DayKeyError, match=r"names west in postgresql://.*; expected east"):
        keep_keys_in_store(folder, address.text, "east")


def test_a_move_that_is_interrupted_while_it_removes_the_files_erases_no_day(
    address: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The file of a key is overwritten and emptied before it is removed; an empty one is otherwise that of a day that
    was erased."""
    MachineKey.made(machine_key_path(tmp_path))
    folder = tmp_path / "west"
    sealed = keys_of(folder).seal("tracks", AT_NS, b"x")

    unlink = Path.unlink

    def crash(path: Path, missing_ok: bool = False) -> None:
        if path.name == f"{DAY}.tracks":
            raise KeyboardInterrupt
        unlink(path, missing_ok=missing_ok)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "unlink", crash)
        with pytest.raises(KeyboardInterrupt):
            keep_keys_in_store(folder, address.text, "west")
    assert (folder / "keys" / f"{DAY}.tracks").read_bytes() == b""
    keep_keys_in_store(folder, address.text, "west")
    assert list((folder / "keys").iterdir()) == []
    assert keys_of(folder).open(sealed) == b"x"


def test_a_folder_with_other_keys_keeps_them_and_erases_none_of_the_store(machines: list[Path], address: StoreAddress):
    """A machine that held the sector by itself before: its keys open its own records, and its erasures are not those of
    the cluster."""
    third = machines[0].parent.parent / "three" / "west"
    shutil.copytree(machine_key_path(machines[0].parent).parent, machine_key_path(third.parent).parent)
    own = DayKeys(third / "keys")
    sealed = own.seal("tracks", AT_NS, b"own")
    own.seal("tracks", AT_NS + DAY_NS, b"own, erased")
    own.erase("tracks", date(2026, 3, 2))
    of_cluster = keys_of(machines[0])
    first, second = of_cluster.seal("tracks", AT_NS, b"x"), of_cluster.seal("tracks", AT_NS + DAY_NS, b"y")
    with pytest.raises(DayKeyError, match=r"has another key for tracks of 2026-03-01 than .*; expected a folder that"):
        keep_keys_in_store(third, address.text, "west")
    assert keys_of(third).open(sealed) == b"own"
    (third / "keys" / f"{DAY}.tracks").unlink()
    with pytest.raises(DayKeyError, match="has another key for tracks of 2026-03-02"):
        keep_keys_in_store(third, address.text, "west")
    assert [keys_of(machines[1]).open(one) for one in (first, second)] == [b"x", b"y"]


def test_a_day_that_this_machine_has_erased_gets_no_key_in_an_older_copy_of_the_store(
    machines: list[Path], address: StoreAddress, postgres_server: PostgresServer
):
    keys_of(machines[0]).seal("tracks", AT_NS, b"x")
    keys_of(machines[0]).erase("tracks", DAY)
    postgres_server.execute("DELETE FROM watchline.day_keys", str(address.url.database))  # type: ignore[attr-defined]
    keys = keys_of(machines[0])
    with pytest.raises(ErasedDay):
        keys.seal("tracks", AT_NS, b"again")
    assert keys.open(keys.seal_anyway("tracks", AT_NS, b"again")) == b"again"


def test_a_server_that_does_not_answer_is_one_sentence(tmp_path: Path):
    nowhere = StoreAddress("postgresql://watchline@127.0.0.1:1/watchline")
    keys = StoreKeys(nowhere, "west", MachineKey.made(tmp_path / "day-keys.key"))
    with pytest.raises(DayKeyError, match="no connection"):
        keys.read("tracks", DAY, make=True)
