"""A fusion store in PostgreSQL: the same content as in a file, one writer, whole copies, and what is refused."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import psycopg
import pytest
from alembic import command
from rich.console import Console

from geo.errors import BadInput
from ops.postgres.address import STORE_VARIABLE, StoreAddress
from ops.postgres.migration import migrate, newest
from ops.postgres.note import note_path
from ops.postgres.readers import FUSION_TABLES, grant
from ops.store.connections import StoreError, StoreLost, store_note
from ops.store.engines.place import keep_fusion_in_file, keep_fusion_in_store
from ops.store.engines.transfer import copy_fusion, verify_fusion
from ops.store.erasure import count_records, erase_records
from ops.store.incidents import IncidentReader
from ops.store.moment_reader import MomentReader
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.ops.postgres_server import PostgresServer
from tests.ops.store.stored import direct
from tests.ops.store.test_moments import T0, T0_NS, S, alert, history, incident, track

QUIET = Console(stderr=True, quiet=True)
DAY_NS = 86_400 * S


def fill(path: Path, *, encrypted: bool = False, until: int = 40) -> None:
    """Write what fusion writes: pictures, alerts, incidents, outcomes, history over two days, and checkpoints."""
    store = Store(path, encrypted=encrypted)
    for step in range(store.cursor + 1, until + 1):
        at_ns = T0_NS + step * 360 * S
        store.commit(
            step,
            stamp_ns=at_ns,
            tracks_live=[track("T1", speed=step), track(f"T{step}")],
            bearings=[{"azimuth": step}],
            counts={"r1": {"shed": step}},
            alerts=[alert(f"A{step // 3}", step % 3, sentence="Fußgänger \x1a")],
            incident_revisions=[incident(f"I{step // 4}", step % 4, "closed" if step % 4 == 3 else "open")],
            outcomes=[{"id": f"o{step}", "incident": f"I{step // 4}", "state": "done"}],
            markings=[("track", f"T{step}", "national" if step % 2 else "partners")],
            skipped=[step] if step % 10 == 1 else [],
            history=history([(f"T{step}", step * 360 + n, 0.1 * n, "confirmed") for n in range(3)])
            | {"offset_m": np.array([np.nan, 1.5, -0.0])},
            checkpoint=b"whole" if step == 20 else None,
        )
        store.mark_delivered([step], at_ns=at_ns)
    store.begin_checkpoint()
    for part in (b"one", b"two"):
        store.add_to_checkpoint(part, stamp_ns=T0_NS)
    store.end_checkpoint()
    store.close()


def shown(path: Path) -> Any:
    """What readers get."""
    reader, incidents, moments = Reader(path), IncidentReader(path), MomentReader(path)
    try:
        return (
            reader.progress(),
            [reader.live(part) for part in ("tracks", "bearings", "counts")],
            reader.outbox_after(0, limit=10**6, kind=None),
            reader.outbox_after(3, limit=2, kind="incident"),
            reader.alerts(status="active", since_ns=T0_NS + 10 * S, limit=7),
            reader.open_rows(),
            incidents.incidents(closed=False),
            incidents.incidents(closed=True),
            incidents.outcomes_after(5, limit=3),
            moments.days(),
            moments.moment(T0_NS + 15 * 360 * S),
            moments.estimates(T0_NS + 30 * 360 * S + S),
            moments.final_ns({"T40"}),
            reader.history_dataset().to_dict(),
        )
    finally:
        for one in (reader, incidents, moments):
            one.close()


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_a_copy_there_and_back_is_the_same_to_the_bit(
    encrypted: bool, file_path: Path, in_store: Path, postgres_store: StoreAddress, tmp_path: Path
) -> None:
    fill(file_path, encrypted=encrypted)
    sector = msgspec.json.decode(note_path(in_store).read_bytes())["sector"]
    there = copy_fusion(str(file_path), postgres_store.text, sector, QUIET)
    assert there["rows"]["outbox"] == 80
    assert (there["encrypted"] > 0) == encrypted
    assert verify_fusion(str(file_path), postgres_store.text, sector, QUIET)["equal"]
    with pytest.raises(BadInput, match="has a fusion store; expected a sector or folder without one"):
        copy_fusion(str(file_path), postgres_store.text, sector, QUIET)
    back = tmp_path / "back"
    back.mkdir()
    copy_fusion(str(in_store), str(back), None, QUIET)
    tables = verify_fusion(str(file_path), str(back), None, QUIET)["tables"]
    assert tables["history"]["rows"] == 120
    if encrypted:
        for folder in (in_store.parent, back):
            os.symlink(file_path.parent / "keys", folder / "keys")
    expected = str(shown(file_path))  # as text, because NaN differs from itself
    assert str(shown(in_store)) == expected
    assert str(shown(back / "store.db")) == expected


def test_the_same_steps_give_the_same_store_and_a_difference_is_found(
    file_path: Path, in_store: Path, postgres_store: StoreAddress
) -> None:
    for path in (file_path, in_store, file_path, in_store):
        fill(path)  # the second time only a checkpoint, which takes the other of its two places
    assert verify_fusion(str(in_store), str(file_path), None, QUIET)["equal"]
    assert str(shown(in_store)) == str(shown(file_path))
    with direct(in_store) as database:
        database.execute("UPDATE history SET northing = 1e-300 WHERE id = 77")
    with pytest.raises(BadInput, match="in the table history, number 77"):
        verify_fusion(str(file_path), str(in_store), None, QUIET)


COPY = """
import os, sys
from rich.console import Console
from ops.store.engines import transfer
copied = transfer._copy_table
def copy_table(connection, engine, table):
    if table == sys.argv[4]:
        os._exit(9)
    return copied(connection, engine, table)
transfer._copy_table = copy_table
transfer.copy_fusion(sys.argv[1], sys.argv[2], sys.argv[3], Console(stderr=True, quiet=True))
"""


@pytest.mark.parametrize("table", ["meta", "moments", "decided"])
def test_a_copy_that_is_killed_leaves_nothing_and_can_be_made_again(
    table: str, file_path: Path, in_store: Path, postgres_store: StoreAddress, tmp_path: Path
) -> None:
    fill(file_path, until=5)
    sector = msgspec.json.decode(note_path(in_store).read_bytes())["sector"]
    for target in (postgres_store.text, str(tmp_path / "copy.db")):
        done = subprocess.run([sys.executable, "-c", COPY, str(file_path), target, sector, table], check=False)
        assert done.returncode == 9
        assert not (tmp_path / "copy.db").exists()
        copy_fusion(str(file_path), target, sector, QUIET)
        assert verify_fusion(str(file_path), target, sector, QUIET)["equal"]


def test_a_copy_takes_nothing_from_a_store_that_was_there_before(file_path: Path, tmp_path: Path) -> None:
    """A store that was killed and then moved away without its write-ahead log, which SQLite applies to any new file."""
    fill(file_path, until=5)
    target = tmp_path / "store.db"
    store = Store(target)
    store.commit(1, stamp_ns=T0_NS, alerts=[alert("OTHER")])
    left = {end: target.with_name(target.name + end).read_bytes() for end in ("-wal", "-shm")}
    store.close()
    target.unlink()
    for end, content in left.items():
        target.with_name(target.name + end).write_bytes(content)
    copy_fusion(str(file_path), str(target), None, QUIET)
    assert verify_fusion(str(file_path), str(target), None, QUIET)["equal"]


def test_a_writer_whose_store_was_taken_over_writes_nothing(in_store: Path) -> None:
    store = Store(in_store)
    store.commit(1, stamp_ns=T0_NS, alerts=[alert("A")])
    with direct(in_store) as database:
        database.execute("UPDATE watchline.fusion_stores SET writer = writer + 1")
    for _ in range(2):
        with pytest.raises(StoreLost, match="this sector was given to another process; nothing was written"):
            store.commit(2, stamp_ns=T0_NS + S, alerts=[alert("B")])
    store.mark_delivered([1], at_ns=1)
    store.close()
    assert [row.alert for row in Reader(in_store).outbox_waiting(0, limit=9)] == ["A"]


def test_new_days_and_failed_steps_among_many_others_change_nothing(in_store: Path) -> None:
    """A failed step and a new day, with its new partitions, leave the connection usable."""
    store = Store(in_store)
    for step in range(1, 61):
        at_ns = T0_NS + step * DAY_NS // 8
        if step % 10 == 5:
            bad = history([(f"T{step}\ud800", step, 1.0, "confirmed")])
            with pytest.raises(StoreError, match="nothing of this block was written"):
                store.commit(step, stamp_ns=at_ns, history=bad, alerts=[alert(f"A{step}")])
        rows = [(f"T{n}", step * 10_800, float(n), "confirmed") for n in range(step % 7)]
        store.commit(step, stamp_ns=at_ns, history=history(rows), alerts=[alert(f"A{step}")], skipped=[step, step])
    assert store.progress().history_rows == sum(step % 7 for step in range(1, 61))
    assert store.last_event() == 60
    store.close()


def test_a_lease_that_is_not_the_newest_opens_nothing(in_store: Path) -> None:
    Store(in_store, fence=5).close()
    with pytest.raises(StoreLost, match="given to another process"):
        Store(in_store, fence=4)
    newer = Store(in_store, fence=6)
    newer.commit(1, stamp_ns=T0_NS)
    newer.close()


def test_a_later_lease_takes_the_store_from_a_process_that_is_frozen(in_store: Path, tmp_path: Path) -> None:
    """It holds the lock of the sector, perhaps on another machine; when it is woken, it writes nothing."""
    elsewhere = tmp_path / "store.db"
    note_path(elsewhere).write_bytes(note_path(in_store).read_bytes())
    frozen = Store(in_store, fence=5)
    frozen.commit(1, stamp_ns=T0_NS, alerts=[alert("A")], checkpoint=b"state")
    newer = Store(elsewhere, fence=6)
    for _ in range(2):
        with pytest.raises(StoreError, match=r"could not be written \(.*no connection|the server was stopped"):
            frozen.commit(2, stamp_ns=T0_NS + S, alerts=[alert("B")])
    frozen.close()
    assert (newer.cursor, newer.checkpoint) == (1, b"state")
    newer.commit(2, stamp_ns=T0_NS + S, alerts=[alert("C")])
    newer.close()
    with pytest.raises(StoreLost):
        Store(in_store, fence=5)
    assert [row.alert for row in Reader(in_store).outbox_after(0, limit=9)] == ["A", "C"]


def test_a_second_writer_from_another_folder_is_refused(
    in_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock of the folder does not reach that far."""
    from ops.store.engines import postgres

    elsewhere = tmp_path / "store.db"
    note_path(elsewhere).write_bytes(note_path(in_store).read_bytes())
    store = Store(in_store)
    monkeypatch.setattr(postgres.PostgresEngine.__init__, "__kwdefaults__", {"fence": None, "lock_wait_s": 0.05})
    with pytest.raises(StoreError, match="another process is writing this store; stop it first"):
        Store(elsewhere)
    store.commit(1, stamp_ns=T0_NS)
    store.close()
    Store(elsewhere).close()


def test_a_store_is_computed_again_once_its_schema_is_dropped_and_no_other_sector_loses_anything(
    postgres_store: StoreAddress, in_store: Path, tmp_path: Path
) -> None:
    """As docs/how-to/postgresql.md says, for a checkpoint of an older version."""
    fill(in_store, until=5)
    other = tmp_path / "other" / "store.db"
    other.parent.mkdir()
    keep_fusion_in_store(other, postgres_store.text, f"other_{tmp_path.name}")
    fill(other, until=5)
    before = repr(shown(other))
    with direct(in_store) as database:
        (schema,) = database.execute("SELECT current_schema()").fetchone()
        database.execute(f"DROP SCHEMA {schema} CASCADE")
    note = store_note(in_store)
    assert note is not None
    keep_fusion_in_store(in_store, postgres_store.text, note.sector)
    store = Store(in_store)
    assert (store.cursor, store.checkpoint, store.last_event()) == (0, None, 0)
    store.close()
    fill(in_store, until=5)
    assert repr(shown(in_store)) == before == repr(shown(other))


def test_a_session_that_the_server_ends_keeps_what_was_committed(in_store: Path) -> None:
    store, reader = Store(in_store), Reader(in_store)
    store.commit(1, stamp_ns=T0_NS, alerts=[alert("A")], checkpoint=b"state")
    assert reader.last_event() == 1
    with direct(in_store) as database:
        database.execute("SELECT pg_terminate_backend(pid, 600000) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
                         " AND datname = current_database() AND application_name = 'watchline'")  # fmt: skip
    for _ in range(2):
        with pytest.raises(StoreError, match=r"the server was stopped|no connection"):
            store.commit(2, stamp_ns=T0_NS + S, alerts=[alert("B")])
    with pytest.raises(StoreError):
        reader.last_event()
    assert reader.last_event() == 1, "a reader connects again"
    store.close()
    reader.close()
    again = Store(in_store)
    assert (again.cursor, again.checkpoint, again.last_event()) == (1, b"state", 1)
    again.close()


def test_days_are_those_of_utc_whatever_the_database_has_as_its_default(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgres_server.new_database()
    for setting in ("timezone = 'Pacific/Kiritimati'", "bytea_output = 'escape'", "extra_float_digits = -10"):
        postgres_server.execute(f"ALTER DATABASE {database} SET {setting}")
    address = StoreAddress(postgres_server.address(database))
    migrate(address)
    monkeypatch.setenv(STORE_VARIABLE, address.text)
    keep_fusion_in_store(tmp_path / "store.db", address.text, "north")
    fill(tmp_path / "store.db")
    assert [day.day for day in MomentReader(tmp_path / "store.db").days()] == [date(2026, 3, 1), date(2026, 3, 2)]
    parts = postgres_server.execute(
        "SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^(history|moments)_\\d+$' ORDER BY 1", database
    )
    assert [name for (name,) in parts] == [f"{of}_202603{day:02}" for of in ("history", "moments") for day in (1, 2)]
    fill(tmp_path / "file.db")
    assert verify_fusion(str(tmp_path / "store.db"), str(tmp_path / "file.db"), None, QUIET)["equal"]


def test_a_store_that_is_older_newer_or_incomplete_is_one_sentence(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, path = postgres_server.new_database(), tmp_path / "store.db"
    address, upgrade = StoreAddress(postgres_server.address(database)), command.upgrade
    with monkeypatch.context() as patched:
        patched.setattr(command, "upgrade", lambda config, _: upgrade(config, "2"))
        patched.setattr("ops.postgres.migration._check_complete", lambda *_: None)  # by the measure of that version
        migrate(address)
    with pytest.raises(StoreError, match="has the older version 2; expected `watchline store migrate` first"):
        keep_fusion_in_store(path, address.text, "north")
    assert not note_path(path).exists()
    assert migrate(address) == ("2", newest())
    keep_fusion_in_store(path, address.text, "north")
    for spoil, mend, sentence in (
        ("UPDATE watchline.alembic_version SET version_num = '99'", "UPDATE watchline.alembic_version"
         f" SET version_num = '{newest()}'", "written by a newer Watchline"),
        ("ALTER TABLE watchline.markings RENAME TO m", "ALTER TABLE watchline.m RENAME TO markings",
         "is incomplete: without markings"),
        ("ALTER TABLE watchline_1.skips RENAME TO s", "ALTER TABLE watchline_1.s RENAME TO skips",
         "the store is incomplete: without skips"),
    ):  # fmt: skip
        postgres_server.execute(spoil, database)
        for opened in (Store, lambda where: Reader(where).progress()):
            with pytest.raises(StoreError, match=sentence):
                opened(path)
        postgres_server.execute(mend, database)
    Store(path).close()


def test_erased_records_are_in_no_table_of_the_server_any_more(
    in_store: Path, file_path: Path, postgres_server: PostgresServer
) -> None:
    for path in (in_store, file_path):
        store = Store(path)
        for day in range(2):
            at_ns = T0_NS + day * DAY_NS
            store.commit(
                day + 1, stamp_ns=at_ns, tracks_live=[track("T1")],
                alerts=[alert(f"A{day}", status="cleared", at=T0 + timedelta(days=day), note=f"gone{day}X")],
                history=history([("T1", day * 86_400, 4.5, "confirmed")]),
            )  # fmt: skip
        store.close()

    def is_due(kind: str, day: date) -> bool:
        return day == date(2026, 3, 1)

    assert on_disk(postgres_server, b"gone0X")
    assert count_records(in_store, is_due) == count_records(file_path, is_due) == 3
    assert erase_records(in_store, is_due) == erase_records(file_path, is_due) == 3
    assert count_records(in_store, is_due) == 0
    assert verify_fusion(str(in_store), str(file_path), None, QUIET)["equal"]
    postgres_server.execute("CHECKPOINT")  # until which the files that were replaced remain
    assert not on_disk(postgres_server, b"gone0X")
    assert on_disk(postgres_server, b"gone1X")
    Store(in_store).close()


def test_parts_of_due_days_are_dropped_and_those_that_a_hold_keeps_are_not_touched(
    in_store: Path, file_path: Path, postgres_server: PostgresServer
) -> None:
    """Each with the rows that a file keeps, whatever is due: tracks, positions of units, or both."""
    days = [date(2026, 3, 1 + number) for number in range(3)]
    for path in (in_store, file_path):
        store = Store(path)
        for number in range(3):
            store.commit(
                number + 1, stamp_ns=T0_NS + number * DAY_NS, tracks_live=[track("T1")],
                history=history([("T1", number * 86_400, 4.5, "confirmed")]),
            )  # fmt: skip
        store.close()

    def parts() -> dict[str, int]:
        address = store_note(in_store).address()  # type: ignore[union-attr]
        found = postgres_server.execute(
            "SELECT relname, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE relkind = 'r' AND relname ~ '^(history|moments)_[0-9]' AND nspname = 'watchline_' ||"
            f" (SELECT sector FROM watchline.sectors WHERE name = '{store_note(in_store).sector}')",  # type: ignore[union-attr]
            str(address.url.database),  # type: ignore[attr-defined]
        )
        return {str(name): int(str(oid)) for name, oid in found}

    before = parts()
    assert len(before) == 6
    due = {("tracks", days[0]), ("unit_positions", days[0]), ("unit_positions", days[1])}

    def is_due(kind: str, day: date) -> bool:
        return (kind, day) in due

    assert count_records(in_store, is_due) == count_records(file_path, is_due) > 0
    assert erase_records(in_store, is_due) == erase_records(file_path, is_due)
    after = parts()
    assert set(after) == set(before), "no part is left behind or missing"
    assert {name for name in before if before[name] != after[name]} <= {
        "history_20260301", "moments_20260301", "moments_20260302",
    }  # fmt: skip
    assert before["history_20260301"] != after["history_20260301"]
    assert before["history_20260302"] == after["history_20260302"]
    assert verify_fusion(str(in_store), str(file_path), None, QUIET)["equal"]
    due.clear()
    assert erase_records(in_store, is_due) == 0
    store = Store(in_store)  # which goes on, on the days that it had
    store.commit(4, stamp_ns=T0_NS + 1, tracks_live=[track("T1")], history=history([("T1", 1, 4.5, "confirmed")]))
    store.close()


def on_disk(server: PostgresServer, text: bytes) -> bool:
    """Whether a text is in a file of a table; the write-ahead log is no table."""
    server.execute("CHECKPOINT")
    for path in (server.folder / "data" / "base").rglob("*"):
        with suppress(FileNotFoundError, IsADirectoryError):  # the server removes some meanwhile
            if text in path.read_bytes():
                return True
    return False


def test_a_role_reads_the_records_of_its_sectors_only(
    postgres_server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = postgres_server.new_database()
    owner, role = StoreAddress(postgres_server.address(database)), f"map_{database}"
    monkeypatch.setenv(STORE_VARIABLE, owner.text)
    migrate(owner)
    for sector in ("north", "south"):
        path = tmp_path / sector / "store.db"
        path.parent.mkdir()
        keep_fusion_in_store(path, owner.text, sector)
        fill(path, until=4 if sector == "north" else 6)
    postgres_server.execute(f"CREATE ROLE {role} LOGIN PASSWORD 'secret'")
    assert grant(owner, role, "north") == ["north"]
    with psycopg.connect(
        user=role, password="secret", dbname=database, host=str(postgres_server.folder), autocommit=True
    ) as reader:
        for table in FUSION_TABLES:
            mine = postgres_server.execute(f"SELECT count(*) FROM watchline.{table} WHERE sector = 1", database)
            assert reader.execute(f"SELECT count(*) FROM watchline.{table}").fetchall() == mine  # type: ignore[arg-type]
            assert mine[0][0]
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(f"DELETE FROM watchline.{table}")  # type: ignore[arg-type]
        numbers = postgres_server.execute("SELECT sector FROM watchline.sectors", database)
        for forbidden in (f"SELECT * FROM watchline_{number}.checkpoint" for (number,) in numbers):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.execute(forbidden)
    postgres_server.execute(f"DROP OWNED BY {role}", database)
    postgres_server.execute(f"DROP ROLE {role}")


def test_a_folder_has_one_fusion_store(postgres_store: StoreAddress, in_store: Path, tmp_path: Path) -> None:
    sector = msgspec.json.decode(note_path(in_store).read_bytes())["sector"]
    keep_fusion_in_store(in_store, postgres_store.text, sector)
    with pytest.raises(BadInput, match=r"the fusion store of sector .* is in postgresql://.*; expected that store"):
        keep_fusion_in_store(in_store, postgres_store.text, "another")
    with pytest.raises(BadInput, match=r"--store: missing; expected postgresql://.*, which holds the fusion store"):
        keep_fusion_in_file(in_store)
    file = tmp_path / "store.db"
    Store(file).close()
    keep_fusion_in_store(file, postgres_store.text, "kept")
    assert not note_path(file).exists(), "a file is continued"
    keep_fusion_in_file(file)
    with pytest.raises(BadInput, match=r"--map-layers: .* is a fusion store in a file; expected a folder without it"):
        keep_fusion_in_store(file, postgres_store.text, "kept", layers=True)
