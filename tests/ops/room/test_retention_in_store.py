"""Retention of journals in PostgreSQL: the same days and records as in a file, by dropping partitions."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console

from geo.errors import BadInput
from ingest.receiving.batch import Batch
from ops.audit.day_keys import DayKeys
from ops.audit.entry import AuditError
from ops.audit.log import AuditLog
from ops.audit.search import EntryFilter, each_entry
from ops.audit.stores.place import keep_audit_in_store
from ops.audit.stores.transfer import copy_audit
from ops.audit.verify import verify
from ops.journal.stores.open_store import open_store
from ops.journal.stores.place import keep_in_store, read_journal
from ops.journal.stores.transfer import copy
from ops.postgres.address import StoreAddress
from ops.postgres.note import StoreNote, note_path
from ops.room.purge_command import purge_folder
from ops.room.retention import DailyRetention, purge
from ops.sector.setting_tables.data import Hold
from ops.sector.settings import Settings
from tests.ops.journal.conformance.places import row
from tests.ops.postgres_server import PostgresServer
from tests.ops.room.test_retention import ALL, DAYS, TODAY, mark, write_room

QUIET = Console(stderr=True, quiet=True)
NUMBERS = count(1)
MakeRoom = Callable[..., tuple[Path, str]]


@pytest.fixture
def make_room(postgres_store: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRoom:
    """Makes a data folder whose journal has been moved into the store; returns it with the sector's name."""
    monkeypatch.setenv("WATCHLINE_STORE", postgres_store.text)  # the note has no password

    def make(*, encrypted: bool = True) -> tuple[Path, str]:
        number = next(NUMBERS)
        folder, sector = tmp_path / f"room{number}", f"kept_{number}"
        write_room(folder, encrypted=encrypted)
        copy(str(folder), postgres_store.text, sector, QUIET)
        for file in folder.glob("journal.db*"):
            file.unlink()
        keep_in_store(folder / "journal.db", postgres_store.text, sector)
        return folder, sector

    return make


def content(folder: Path) -> Any:
    """What a journal says to its readers."""
    with read_journal(folder / "journal.db") as journal:
        letters = [(letter.code, letter.sensor, letter.body, letter.message) for _, letter in journal.dead_letters()]
        return journal.read(), letters, journal.counts(None), journal.recount()


@pytest.mark.parametrize("encrypted", [True, False], ids=["encrypted", "plain"])
def test_a_purge_erases_what_it_erases_in_a_file(
    encrypted: bool, make_room: MakeRoom, postgres_server: PostgresServer, postgres_store: StoreAddress, tmp_path: Path
) -> None:
    folder, sector = make_room(encrypted=encrypted)
    file = write_room(tmp_path / "file", encrypted=encrypted)
    assert content(folder) == content(file)
    settings = Settings(retention=ALL)
    planned = purge(folder, settings, today=TODAY, dry_run=True)
    expected = purge(file, settings, today=TODAY, dry_run=True)
    assert planned.records == expected.records == 14
    assert content(folder) == content(file)
    done = purge(folder, settings, today=TODAY, overwrite=True)
    assert done.records == purge(file, settings, today=TODAY, overwrite=True).records
    assert done.days["detections"] == done.days["alerts"] == done.days["unit_positions"] == DAYS[:2]
    after = content(folder)
    assert after == content(file)
    assert [one.kind for one in after[0]].count("erased") == 6
    database = postgres_store.shown.rpartition("/")[2]
    parts = postgres_server.execute(
        "SELECT p.day::text, p.erased, to_regclass('watchline.' || p.table_name) IS NULL FROM watchline.parts p"
        f" JOIN watchline.sectors USING (sector) WHERE name = '{sector}' ORDER BY p.day, p.kind",
        database,
    )
    assert parts == [(day.isoformat(), day in DAYS[:2], day in DAYS[:2]) for day in DAYS for _ in range(3)]
    subjects = [entry.subject for entry in AuditLog(folder / "audit").entries() if entry.operation == "erasure"]
    assert f"8 records of sector {sector} in PostgreSQL" in subjects
    assert verify(folder / "audit").ok
    again = purge(folder, settings, today=TODAY, overwrite=True)
    assert (again.records, again.days) == (0, {})


def test_a_running_room_drops_partitions_while_ingest_writes(
    make_room: MakeRoom, postgres_store: StoreAddress, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, sector = make_room()
    monkeypatch.delenv("WATCHLINE_STORE")
    daily = DailyRetention(folder, Settings(retention=ALL), store=postgres_store.text)
    with open_store(postgres_store.text, sector, keys=DayKeys.beside(folder / "journal.db")) as journal:
        journal.commit(Batch((row(90),)))
        done = daily.look(TODAY)
        assert done is not None
        assert (done.days["detections"], done.records) == (DAYS[:2], 8)
        journal.commit(Batch((row(91), row(92))))
        assert [one.seq for one in journal.read() if one.sensor == "r1"] == [90, 91, 92]
    assert daily.look(TODAY) is None
    monkeypatch.setenv("WATCHLINE_STORE", postgres_store.text)
    bodies = [one.body for one in content(folder)[0] if one.kind == "detections"]
    assert bodies == [*(mark("detections", day) for day in DAYS[2:]), *[b"{}"] * 3]


def test_a_legal_hold_keeps_its_partitions(make_room: MakeRoom) -> None:
    folder, _ = make_room(encrypted=False)
    hold = Hold("case 12/2026", DAYS[0], DAYS[0], until=TODAY, kinds=("detections",))
    done = purge(folder, Settings(retention=ALL, hold=(hold,)), today=TODAY, overwrite=True)
    assert [(one.kind, one.day) for one in done.kept] == [("detections", DAYS[0])]
    rows, letters, _, _ = content(folder)
    assert [one.body for one in rows if one.kind == "detections"] == [mark("detections", DAYS[n]) for n in (0, 2, 3, 4)]
    assert letters[0][2] == mark("letter", DAYS[0])
    assert letters[1][2] == b""


def test_a_server_that_does_not_answer_delays_no_key(tmp_path: Path) -> None:
    """What the keys encrypted cannot be read any more, on the server too; the partitions go when it answers."""
    folder = write_room(tmp_path / "room")
    (folder / "journal.db").unlink()
    note = StoreNote(f"postgresql://watchline@/none?host={tmp_path}", "kept")
    note_path(folder / "journal.db").write_bytes(msgspec.json.encode(note))
    for overwrite in (False, True):
        with pytest.raises(BadInput, match="no connection"):
            purge(folder, Settings(retention=ALL), today=TODAY, overwrite=overwrite)
        assert DayKeys(folder / "keys").days("detections") == DAYS[2:]


def test_an_audit_log_in_the_store_loses_the_entries_that_it_loses_in_files(
    make_room: MakeRoom, postgres_store: StoreAddress, tmp_path: Path
) -> None:
    """Those of a legal hold stay in both, and both still verify."""
    hold = Hold("case 12/2026", DAYS[0], DAYS[0], until=TODAY, kinds=("audit",))
    settings = Settings(retention=ALL, hold=(hold,))
    in_files = write_room(tmp_path / "in-files")
    folder, sector = make_room()
    copy_audit(str(folder), postgres_store.text, sector, QUIET)
    for file in (folder / "audit").glob("0*.log"):
        file.unlink()
    keep_audit_in_store(folder, postgres_store.text, sector)
    found = [purge(each, settings, today=TODAY) for each in (in_files, folder)]
    assert found[0].audit_entries == found[1].audit_entries == 1, "of two days past their retention one is held"
    persons = [
        [one.person for one in each_entry(each / "audit", EntryFilter()) if one.role == "operator"]
        for each in (in_files, folder)
    ]
    assert persons[0] == persons[1] == [mark("person", DAYS[number]).decode() for number in (0, 2, 3, 4)]
    for each in (in_files, folder):
        result = verify(each / "audit")
        assert (result.ok, result.erased) == (True, 1)


def test_nothing_is_erased_while_its_record_in_the_store_cannot_be_written(tmp_path: Path) -> None:
    folder = write_room(tmp_path / "room")
    for file in (folder / "audit").glob("0*.log"):
        file.unlink()
    note = StoreNote(f"postgresql://watchline@/none?host={tmp_path}", "kept", "audit")
    note_path(folder / "audit").write_bytes(msgspec.json.encode(note))
    with pytest.raises(AuditError, match="no connection"):
        purge(folder, Settings(retention=ALL), today=TODAY)
    assert DayKeys(folder / "keys").days("detections") == DAYS


def test_the_command_takes_a_folder_that_has_only_a_note(
    postgres_store: StoreAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As `watchline record --store` leaves it, in the folder of its log."""
    settings = tmp_path / "settings.toml"
    settings.write_text("[retention]\ndetections = 2\n")
    with pytest.raises(BadInput, match="has neither journal nor store"):
        purge_folder(tmp_path, settings, dry_run=False, screen=QUIET)
    monkeypatch.setenv("WATCHLINE_STORE", postgres_store.text)
    keep_in_store(tmp_path / "north-1.db", postgres_store.text, "recorded_only")
    with open_store(postgres_store.text, "recorded_only") as journal:
        journal.commit(Batch((row(1, body=b"person"),)))  # of March 2026
    assert purge_folder(tmp_path, settings, dry_run=True, screen=QUIET)["records"] == 1
    assert purge_folder(tmp_path, settings, dry_run=False, screen=QUIET)["records"] == 1
    with open_store(postgres_store.text, "recorded_only") as journal:
        assert [(one.kind, one.body) for one in journal.read()] == [("erased", b"")]
