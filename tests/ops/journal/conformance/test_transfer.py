"""``watchline store copy`` and ``verify``: what is stored, whole or not at all, between files and PostgreSQL."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from rich.console import Console

from geo.errors import BadInput
from ingest.receiving.batch import Batch, digest
from ingest.receiving.high_water_marks import HighWaterMark
from ingest.security.authentication import SenderBoot
from ops.audit.day_keys import day_at
from ops.journal.erasure import erase_bodies
from ops.journal.reader import Counts, JournalBusy, JournalReader
from ops.journal.stores import store_tables
from ops.journal.stores.postgres_reader import PostgresReader
from ops.journal.stores.postgres_writer import PostgresJournal
from ops.journal.stores.transfer import TABLES, copy, verify
from ops.journal.writer import Journal
from ops.postgres.address import StoreAddress
from tests.ops.journal.conformance.places import DAY_NS, NOW_NS, ROOT, NewPlace, StorePlace, dead, row
from tests.patience import PATIENT_S

SCREEN = Console(stderr=True)


@pytest.fixture(scope="session")
def varied_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal with everything that one can hold: plain and encrypted bodies, erased days, odd texts, all tables."""
    path = tmp_path_factory.mktemp("varied") / "journal.db"
    for encrypted, first in ((False, 1), (True, 100)):
        with Journal(path, encrypted=encrypted) as journal:
            for day in range(3):
                at_ns, seq = NOW_NS + day * DAY_NS, first + 10 * day
                flagged = replace(row(seq), received_ns=at_ns, flags="speed", signer="k1", sent_ns=at_ns)
                letter = replace(dead(seq + 1, body=b"\x00\xff"), received_ns=at_ns, topic="a\x00b\x1a", sender="é")
                again = replace(row(seq, body=b"other"), received_ns=at_ns, replay_of=1)
                status = replace(row(seq, kind="status"), received_ns=at_ns)
                marks, boots = (HighWaterMark("r1", 1, seq),), (SenderBoot("r1", "sensor", "k1", 1),)
                shed = {("r2", "detections"): 3}
                journal.commit(Batch((flagged, letter, dead(None), dead(None), status, again), marks, shed, boots))
                journal.tick(at_ns)
    assert erase_bodies(path, lambda kind, day: day == day_at(NOW_NS)) > 0
    return path


@pytest.fixture
def sector(new_sector: NewPlace) -> StorePlace:
    place = new_sector()
    assert isinstance(place, StorePlace)
    return place


def everything(journal: JournalReader | PostgresReader) -> list[object]:
    return [
        journal.read(limit=1000), journal.dead_letters(), journal.counts(None), journal.recount(), journal.marks(),
        journal.flagged(), journal.timings(), journal.replayed(),
    ]  # fmt: skip


def test_a_journal_goes_into_postgresql_and_back_as_it_is(
    varied_journal: Path, sector: StorePlace, tmp_path: Path
) -> None:
    address, name = sector.address.text, sector.sector
    copied = copy(str(varied_journal.parent), address, name, SCREEN)
    assert copied["rows"]["journal"] > 0
    assert all(copied["rows"].values()), "the case is to cover every table"
    assert copied["encrypted"] > 0
    assert verify(str(varied_journal), address, name, SCREEN)["equal"]
    back = tmp_path / "back.db"
    assert copy(address, str(back), name, SCREEN)["rows"] == copied["rows"]
    assert verify(str(back), str(varied_journal), None, SCREEN) == verify(address, str(back), name, SCREEN)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back.db"]
    os.symlink(varied_journal.parent / "keys", tmp_path / "keys")
    with JournalReader(varied_journal) as one, JournalReader(back) as other:
        assert everything(other) == everything(one)
        with PostgresReader(sector.address, name, keys=one.keys) as third:
            assert everything(third) == everything(one)


def test_both_go_on_in_the_same_way_after_a_copy(varied_journal: Path, sector: StorePlace, tmp_path: Path) -> None:
    """Ids continue, and what one knows as a duplicate or a conflict the other does too."""
    original = tmp_path / "journal.db"
    copy(str(varied_journal), str(original), None, SCREEN)
    copy(str(original), sector.address.text, sector.sector, SCREEN)
    batch = Batch((row(11), row(11, body=b"new"), row(500), dead(None), replace(row(501), received_ns=NOW_NS)))
    with Journal(original) as file, sector.writer() as store:
        for journal in (file, store):
            journal.commit(batch)
            journal.tick(NOW_NS)
        assert everything(store) == everything(file)


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE journal SET body = x'00' WHERE id = 5",
        "UPDATE dead_letters SET digest = x'00' WHERE id = 2",
        "UPDATE counts SET shed = shed + 1",
        "DELETE FROM marks",
        "UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'journal'",
    ],
)
def test_verify_finds_every_difference(varied_journal: Path, tmp_path: Path, change: str) -> None:
    other = tmp_path / "other.db"
    copy(str(varied_journal), str(other), None, SCREEN)
    assert verify(str(varied_journal), str(other), None, SCREEN)["equal"]
    with closing(sqlite3.connect(other)) as database, database:
        assert database.execute(change).rowcount > 0
    with pytest.raises(BadInput, match=r"other\.db: differs from .* in the table"):
        verify(str(varied_journal), str(other), None, SCREEN)


KILLED = """
import os, signal, sys
from rich.console import Console
from ops.journal.stores import file_tables, store_tables, transfer
_, source, target, sector, kind, last = sys.argv
place = file_tables.NewFile if kind == "file" else store_tables.SectorCopy
loaded = place.load
def load(self, table, rows):
    loaded(self, table, rows)
    if table == last:
        os.kill(os.getpid(), signal.SIGKILL)
place.load = load
transfer.copy(source, target, sector, Console(stderr=True))
"""


def kill_copy(source: str, target: str, sector: str, kind: str, last: str) -> None:
    """Copy in a process that is killed after it has written the table ``last``."""
    arguments = [sys.executable, "-c", KILLED, source, target, sector, kind, last]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr


@pytest.mark.parametrize("last", [TABLES[0], TABLES[-1]])
def test_a_copy_to_a_file_that_is_killed_leaves_no_file(varied_journal: Path, tmp_path: Path, last: str) -> None:
    target = tmp_path / "copy.db"
    kill_copy(str(varied_journal), str(target), "", "file", last)
    assert not target.exists()
    copy(str(varied_journal), str(target), None, SCREEN)
    assert verify(str(varied_journal), str(target), None, SCREEN)["equal"]
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"], "nothing is left of the copy before"


@pytest.mark.parametrize("name", ["", ".0123abcd"])
def test_a_killed_copy_of_a_process_with_the_same_number_is_removed(
    varied_journal: Path, tmp_path: Path, name: str
) -> None:
    """As in a container, where process numbers repeat: it was killed before its complete file got the name."""
    target = tmp_path / "copy.db"
    copy(str(varied_journal), str(target), None, SCREEN)
    target.rename(tmp_path / f".copy.db.{os.getpid()}{name}.partial")
    assert copy(str(varied_journal), str(target), None, SCREEN)["rows"]["journal"] > 0
    assert [path.name for path in tmp_path.iterdir()] == ["copy.db"]


@pytest.mark.parametrize("last", [TABLES[0], TABLES[-1]])
def test_a_copy_to_postgresql_that_is_killed_leaves_no_journal(
    varied_journal: Path, sector: StorePlace, last: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_tables, "LOCK_WAIT_S", 600.0)  # until the server has noticed
    address, name = sector.address.text, sector.sector
    kill_copy(str(varied_journal), address, name, "store", last)
    with pytest.raises(BadInput, match="has no journal of sector"):
        verify(str(varied_journal), address, name, SCREEN)
    copy(str(varied_journal), address, name, SCREEN)
    assert verify(str(varied_journal), address, name, SCREEN)["equal"]


def test_ingest_of_another_sector_adds_partitions_while_a_copy_runs(
    varied_journal: Path, sector: StorePlace, new_sector: NewPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaded = store_tables.SectorCopy.load
    with new_sector().writer(wait_s=PATIENT_S) as ingest:

        def load(self: store_tables.SectorCopy, table: str, rows: Iterable[tuple[Any, ...]]) -> None:
            loaded(self, table, rows)
            seq = TABLES.index(table) + 1
            ingest.commit(Batch((replace(row(seq), received_ns=NOW_NS + seq * DAY_NS),)))

        monkeypatch.setattr(store_tables.SectorCopy, "load", load)
        copy(str(varied_journal), sector.address.text, sector.sector, SCREEN)
        assert [r.seq for r in ingest.read()] == list(range(1, len(TABLES) + 1))
    assert verify(str(varied_journal), sector.address.text, sector.sector, SCREEN)["equal"]


def test_a_batch_that_a_lock_stopped_is_committed_when_it_is_tried_again(sector: StorePlace) -> None:
    batch = Batch((row(1), row(2)), (HighWaterMark("r1", 1, 2),))
    with sector.writer(wait_s=0.05) as journal:
        with psycopg.connect(sector.address.text) as other:  # as another sector's attaching of a partition
            other.execute("LOCK TABLE watchline.bodies IN SHARE UPDATE EXCLUSIVE MODE")
            for _ in range(2):
                with pytest.raises(JournalBusy, match="another transaction holds a lock"):
                    journal.commit(batch)
        journal.commit(batch)
        assert [(r.id, r.seq, r.body) for r in journal.read()] == [(1, 1, b"{}"), (2, 2, b"{}")]
        assert journal.counts()["r1"] == Counts(received=2, journaled=2)


def test_nothing_is_copied_over_a_journal(
    varied_journal: Path, sector: StorePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_tables, "LOCK_WAIT_S", 0.05)
    source, address, name = str(varied_journal), sector.address.text, sector.sector
    with sector.writer() as journal:
        with pytest.raises(BadInput, match="is in use by an ingest of sector"):
            copy(source, address, name, SCREEN)
        journal.commit(Batch((row(1),)))
    monkeypatch.setattr(store_tables, "LOCK_WAIT_S", 600.0)
    with pytest.raises(BadInput, match="has a journal of sector"):
        copy(source, address, name, SCREEN)
    other = tmp_path / "other.db"
    with Journal(other) as file:
        file.commit(Batch((row(1),)))
    with pytest.raises(BadInput, match=r"other\.db: exists already"):
        copy(source, str(other), None, SCREEN)
    assert verify(str(other), address, name, SCREEN)["equal"], "both are as they were"


def test_a_source_in_use_is_copied_as_it_is_at_one_moment(sector: StorePlace, tmp_path: Path) -> None:
    with sector.writer() as journal:
        for seq in range(1, 6):
            journal.commit(Batch((row(seq),)))
        copy(sector.address.text, str(tmp_path / "five.db"), sector.sector, SCREEN)
        journal.commit(Batch((row(6),)))
    with JournalReader(tmp_path / "five.db") as copied:
        assert [r.seq for r in copied.read()] == [1, 2, 3, 4, 5]
        assert copied.counts()["r1"].journaled == 5


def _foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("CREATE TABLE theirs (x)")


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: None, "no such file"),
        (_foreign, "another program's file"),
        (lambda path: path.write_bytes(b"no database at all " * 100), "not a database"),
    ],
)
def test_what_is_no_journal_is_not_copied(
    tmp_path: Path, sector: StorePlace, make: Callable[[Path], object], sentence: str
) -> None:
    source = tmp_path / "source.db"
    make(source)
    for target, name in ((sector.address.text, sector.sector), (str(tmp_path / "copy.db"), None)):
        with pytest.raises(BadInput) as refused:
            copy(str(source), target, name, SCREEN)
        assert sentence in str(refused.value)
    assert not (tmp_path / "copy.db").exists()


def test_a_store_needs_the_name_of_a_sector(varied_journal: Path, postgres_store: StoreAddress) -> None:
    with pytest.raises(BadInput, match="--sector: missing"):
        copy(str(varied_journal), postgres_store.text, None, SCREEN)


def test_a_message_of_a_copied_conflict_is_known(varied_journal: Path, sector: StorePlace) -> None:
    copy(str(varied_journal), sector.address.text, sector.sector, SCREEN)
    with PostgresJournal(sector.address, sector.sector) as journal:
        codes = {letter.digest: letter.code for _, letter in journal.dead_letters()}
        before = journal.counts()["r1"]
        journal.commit(Batch((row(11, body=b"other"),)))
        after = journal.counts()["r1"]
    assert codes[digest(b"other")] == "conflict"
    assert (after.duplicate, after.dead_lettered) == (before.duplicate + 1, before.dead_lettered)
