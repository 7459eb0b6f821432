"""What only an audit log in PostgreSQL has: the fence, lost connections, readers, partitions, copies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import psycopg
import pytest
from rich.console import Console

from geo.errors import BadInput
from ops.accounts.accounts import Accounts
from ops.accounts.store import AccountStore
from ops.audit.entry import AuditError
from ops.audit.erasure import erase_entries
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.audit.stores.place import keep_audit_in_files, keep_audit_in_store, open_writing
from ops.audit.stores.protocol import LogMoved
from ops.audit.stores.transfer import copy_audit, verify_audit
from ops.audit.verify import verify
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.migration import migrate
from ops.postgres.readers import grant, revoke
from tests.ops.audit.stores.test_logs import ROOT, T0_NS, entry, lines, written
from tests.ops.conftest import Ending
from tests.ops.postgres_server import PostgresServer

QUIET = Console(stderr=True, quiet=True)


@pytest.fixture
def database(postgres_server: PostgresServer) -> str:
    """A database of the test's own."""
    return postgres_server.new_database()


@pytest.fixture
def address(postgres_server: PostgresServer, database: str, monkeypatch: pytest.MonkeyPatch) -> StoreAddress:
    """The store in it, whose password the environment has."""
    made = StoreAddress(postgres_server.address(database))
    migrate(made)
    monkeypatch.setenv(STORE_VARIABLE, made.text)
    return made


def kept(data: Path, address: StoreAddress, sector: str) -> Path:
    """The folder of a log that is in the store."""
    data.mkdir()
    keep_audit_in_store(data, address.text, sector)
    return data / "audit"


def test_a_writer_that_has_not_read_the_newest_lines_commits_nothing(address: StoreAddress, tmp_path: Path) -> None:
    """As one that was frozen within a transaction until the server took its lock away."""
    folder = kept(tmp_path / "north", address, "north")
    log = AuditLog(folder, now_ns=lambda: T0_NS, sign_every_s=3600.0)  # no head comes by itself
    log.add(entry(0))
    frozen = open_writing(folder)
    with frozen.lock():
        list(frozen.unread()[1])
        frozen.turn_to("2026-03-14")
    log.add(entry(1))  # since the frozen one has read
    before = lines(folder)
    with pytest.raises(LogMoved):
        frozen.write([b'{"n":1,"what":"written over"}'])
    assert lines(folder) == before
    frozen.close()
    log.close()
    assert verify(folder).ok


def test_a_lost_connection_is_replaced_and_while_the_server_is_away_each_entry_is_refused(
    own_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = StoreAddress(own_server.address())
    migrate(made)
    monkeypatch.setenv(STORE_VARIABLE, made.text)
    folder = kept(tmp_path / "north", made, "north")
    log = AuditLog(folder, now_ns=lambda: T0_NS, sign_every_s=0.0)
    log.add(entry(0))
    own_server.stop(signal.SIGQUIT)  # as if its power failed
    for _ in range(2):
        with pytest.raises(AuditError, match=r"no connection|the server was stopped"):
            log.add(entry(1))
    own_server.start()
    log.add(entry(2))
    assert log.entries() == [entry(0), entry(2)]
    log.close()
    assert verify(folder).ok


def test_an_erased_day_is_a_dropped_partition_and_nothing_of_its_entries_is_left(
    address: StoreAddress, tmp_path: Path, postgres_server: PostgresServer, database: str
) -> None:
    folder = kept(tmp_path / "north", address, "north")
    written(folder)
    log = AuditLog(folder)
    assert erase_entries(log, lambda day: day == date(2026, 3, 14), "retention") == 4
    log.close()
    tables = "SELECT relname FROM pg_class WHERE relname LIKE 'audit_entries_%' AND relkind = 'r' ORDER BY 1"
    found = postgres_server.execute(tables, database)
    assert [name for (name,) in found] == ["audit_entries_1_2", "audit_entries_1_3", "audit_entries_1_4"]
    assert postgres_server.execute("SELECT page, erased FROM watchline.audit_days ORDER BY 1", database)[:2] == [
        (1, True), (2, False),
    ]  # fmt: skip
    assert verify(folder).ok


def test_a_role_reads_the_audit_log_of_its_sectors_only_if_that_was_granted(
    address: StoreAddress, tmp_path: Path, postgres_server: PostgresServer, database: str
) -> None:
    for sector in ("north", "south"):
        written(kept(tmp_path / sector, address, sector), days=1)
    role = f"auditor_{database}"
    postgres_server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    try:
        with psycopg.connect(
            user=role, password="secret", dbname=database, host=str(postgres_server.folder), autocommit=True
        ) as reader:
            ask = "SELECT count(*), count(DISTINCT sector) FROM watchline.audit_entries"
            grant(address, role, "north")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(ask)
            grant(address, role, "south", audit=True)
            assert reader.execute(ask).fetchone() == (4, 1), "of south, not of north"
            grant(address, role, "south")
            assert reader.execute(ask).fetchone() == (4, 1), "a second grant takes nothing away"
            for partition in ("audit_entries_1_1", "audit_entries_2_1"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(f"SELECT * FROM watchline.{partition}")  # type: ignore[arg-type]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute("DELETE FROM watchline.audit_heads")
            revoke(address, role, "south")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(ask)
    finally:
        postgres_server.execute(f"DROP OWNED BY {role}", database)
        postgres_server.execute(f"DROP ROLE {role}")


def test_a_copy_holds_the_same_lines_in_both_directions_and_replaces_nothing(
    address: StoreAddress, tmp_path: Path
) -> None:
    original = tmp_path / "data" / "audit"
    written(original)
    log = AuditLog(original)
    erase_entries(log, lambda day: day == date(2026, 3, 15), "retention")
    log.close()
    copied = copy_audit(str(tmp_path / "data"), address.text, "north", QUIET)
    assert sum(copied["days"].values()) == len(lines(original))
    assert verify_audit(str(tmp_path / "data"), address.text, "north", QUIET)["lines"] == len(lines(original))
    with pytest.raises(BadInput, match="has an audit log; expected a sector without one"):
        copy_audit(str(tmp_path / "data"), address.text, "north", QUIET)
    (tmp_path / "back").mkdir()
    copy_audit(address.text, str(tmp_path / "back"), "north", QUIET)
    assert lines(tmp_path / "back" / "audit") == lines(original)
    with pytest.raises(BadInput, match="has an audit log; expected a folder without one"):
        copy_audit(address.text, str(tmp_path / "back"), "north", QUIET)
    path = next((tmp_path / "back" / "audit").glob("000001*"))
    path.write_bytes(path.read_bytes().replace(b"m.keller", b"n.keller", 1))
    with pytest.raises(BadInput, match=r"differs from .*, line 1 of the log"):
        verify_audit(address.text, str(tmp_path / "back"), "north", QUIET)


def test_a_log_that_was_moved_into_the_store_goes_on_there_under_its_key(address: StoreAddress, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "audit"
    count = written(folder)
    keep_audit_in_store(tmp_path / "data", address.text, "north")
    log = AuditLog(folder)
    assert not list(tmp_path.glob("data/*.postgres")), "a log in files is continued there"
    log.close()
    copy_audit(str(tmp_path / "data"), address.text, "north", QUIET)
    for path in folder.glob("0*.log"):
        path.unlink()
    keep_audit_in_store(tmp_path / "data", address.text, "north")
    log = AuditLog(folder)
    log.add(entry(count))
    log.close()
    result = verify(folder, public=log.signer.public)
    assert (result.ok, result.entries) == (True, count + 1)
    with pytest.raises(BadInput, match="which holds the audit log"):
        keep_audit_in_files(tmp_path / "data")
    with pytest.raises(BadInput, match="the audit log of sector north is in"):
        keep_audit_in_store(tmp_path / "data", address.text, "south")


COPY = """
import sys
from ops.audit.stores import loading, transfer
from rich.console import Console
transfer._LINES = 1
add = loading.LoadedLog.add
def told(self, lines):
    add(self, lines)
    print("added", flush=True)
    sys.stdin.readline()
loading.LoadedLog.add = told
transfer.copy_audit(sys.argv[1], sys.argv[2], "north", Console(quiet=True))
"""


def test_a_copy_that_is_killed_left_nothing_and_can_be_repeated(address: StoreAddress, tmp_path: Path) -> None:
    written(tmp_path / "data" / "audit")
    with subprocess.Popen(
        [sys.executable, "-c", COPY, str(tmp_path / "data"), address.text],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        assert child.stdin is not None
        for _ in range(6):
            assert child.stdout.readline() == "added\n"
            child.stdin.write("\n")
            child.stdin.flush()
        child.kill()
    copy_audit(str(tmp_path / "data"), address.text, "north", QUIET)  # waits for the lock of the killed one's session
    assert verify_audit(str(tmp_path / "data"), address.text, "north", QUIET)["equal"]


def test_a_copy_into_a_folder_that_was_interrupted_between_its_two_renames_is_taken_back(
    address: StoreAddress, tmp_path: Path
) -> None:
    folder = kept(tmp_path / "north", address, "north")
    written(folder)
    key = (folder / "signing.key").read_bytes()
    folder.rename(folder.with_name("audit.before"))  # what is there when a copy is killed at that moment
    copy_audit(address.text, str(tmp_path / "north"), "north", QUIET)
    assert (folder / "signing.key").read_bytes() == key
    assert [path.name for path in sorted((tmp_path / "north").iterdir())] == ["audit", "audit.postgres"]
    assert len(list(folder.glob("0*.log"))) == 3


def test_a_copy_does_not_take_the_folder_of_a_room_that_runs(address: StoreAddress, tmp_path: Path) -> None:
    folder = tmp_path / "back" / "audit"
    written(kept(tmp_path / "north", address, "north"))
    log = AuditLog(folder)
    with pytest.raises(BadInput, match="is in use; expected a folder whose room has ended"):
        copy_audit(address.text, str(tmp_path / "back"), "north", QUIET)
    log.add(entry(0))
    log.close()
    assert [one.what for one in each_entry(folder, EntryFilter())] == [entry(0).what]


def test_entries_of_a_sector_are_not_those_of_another(address: StoreAddress, tmp_path: Path) -> None:
    north, south = (kept(tmp_path / name, address, name) for name in ("north", "south"))
    for number, folder in enumerate((north, south, north)):
        log = AuditLog(folder)
        log.add(entry(number))
        log.close()
    assert [one.what[-1] for one in each_entry(north, EntryFilter())] == ["0", "2"]
    assert [one.n for one in each_entry(south, EntryFilter())] == [0]


def test_the_command_copies_and_compares_audit_log_and_accounts_one_at_a_time(
    address: StoreAddress, tmp_path: Path, watchline: Callable[..., Ending]
) -> None:
    data = tmp_path / "data"
    count = written(data / "audit")
    store = AccountStore(data / "accounts.db")
    Accounts(store).add("keller", "M. Keller", {"*": "admin"})
    store.close()
    for kind, found in (("--audit", "3 days of the audit log"), ("--accounts", "1 account")):
        copied = watchline("store", "copy", data, address.text, "--sector", "north", kind)
        assert (copied.code, copied.err) == (0, copied.err)
        assert found in copied.out + copied.err
        equal = watchline("store", "verify", data, address.text, "--sector", "north", kind, "--json")
        assert (equal.code, json.loads(equal.out)["equal"]) == (0, True)
        both = watchline("store", "copy", data, address.text, "--sector", "north", "--fusion", kind)
        assert both.code == 2
        assert "one store at a time" in both.err
        until = watchline("store", "copy", data, tmp_path / "new.db", kind, "--until", "2026-03-14T21:00:00Z")
        assert until.code == 2
        assert "is for journals" in until.err
    (tmp_path / "elsewhere" / "audit").mkdir(parents=True)
    keep_audit_in_store(tmp_path / "elsewhere", address.text, "north")
    (tmp_path / "elsewhere" / "audit" / "signing.key").write_bytes((data / "audit" / "signing.key").read_bytes())
    verified = watchline("audit", "verify", tmp_path / "elsewhere", "--json")
    assert (verified.code, json.loads(verified.out)["entries"]) == (0, count)
