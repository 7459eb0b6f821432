"""Files of older commits are read or continued, or refused in a sentence; a kill amid it loses none of them.

``make_state.py`` says how the archives were made, and with which commits.
"""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
from rich.console import Console

from geo.errors import BadInput
from ingest.decode import decode
from ingest.sending.spool import Spool
from ops.journal.reader import SCHEMA_VERSION as JOURNAL_VERSION
from ops.journal.reader import JournalReader
from ops.journal.tables import TABLES_3
from ops.journal.writer import Journal
from ops.room.night_file import SCENARIO_START
from ops.room.offline import replay_journal
from ops.runtime.clock import ScenarioClock
from ops.sector.open_sector import open_sector
from ops.sector.sector_file import load_sector
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.store.connections import SCHEMA_VERSION as STORE_VERSION
from ops.store.moments import TABLES as MOMENTS
from ops.store.reader import Reader
from ops.store.writer import Store
from tests.simulation.disk import Disk, Killed

HERE = Path(__file__).parent
CONTINUED, COMPUTED_AGAIN = "2026-11-29-poses", ("2026-11-29", "2026-11-28")
"""Archives of the first commit with poses of sensors, of 7c9c4375, and of a59c28e8. The checkpoints of the older two
are of other versions: that of 7c9c4375 knows no poses, that of a59c28e8 is not in parts."""


@dataclass(frozen=True)
class State:
    """An archive's files, and what the code that wrote them read from them."""

    folder: Path
    manifest: dict[str, Any]

    @property
    def journal(self) -> Path:
        return self.folder / "journal.db"

    @property
    def store(self) -> Path:
        return self.folder / "store.db"


@pytest.fixture
def state(request: pytest.FixtureRequest, tmp_path: Path) -> State:
    with tarfile.open(HERE / f"{request.param}.tar.xz") as archive:
        archive.extractall(tmp_path / "state", filter="data")
    return State(tmp_path / "state", json.loads((tmp_path / "state" / "manifest.json").read_text()))


each = pytest.mark.parametrize("state", [*COMPUTED_AGAIN, CONTINUED], indirect=True)
continued = pytest.mark.parametrize("state", [CONTINUED], indirect=True)
computed_again = pytest.mark.parametrize("state", COMPUTED_AGAIN, indirect=True)


def digest(rows: Any) -> str:
    return sha256("\n".join(json.dumps(row) for row in map(list, rows)).encode()).hexdigest()


def rows_of(journal: JournalReader) -> str:
    rows = journal.read(0, 1_000_000)
    return digest((row.id, row.kind, row.sensor, row.boot, row.seq, row.body.hex()) for row in rows)


def published(store: Reader, first: int) -> str:
    rows = store.outbox_after(0, limit=first)
    return digest((row.n, row.alert, row.revision, row.body.decode()) for row in rows)


@each
def test_a_journal_is_read_and_continued(state: State) -> None:
    with JournalReader(state.journal) as read:
        assert rows_of(read) == state.manifest["journal_rows"]
    with Journal(state.journal) as journal:
        assert rows_of(journal) == state.manifest["journal_rows"]
        assert {name: count.received for name, count in journal.counts().items()} == state.manifest["counts"]
        assert sorted([*key, seq] for key, seq in journal.marks().items()) == state.manifest["marks"]
        assert [letter.code for _, letter in journal.dead_letters()] == state.manifest["dead_letters"]
        last = journal.last_id()
        journal.tick(journal.read(last - 1, 1)[0].received_ns + 1)
        assert journal.last_id() > last
        assert journal._db.execute("PRAGMA user_version").fetchone()[0] == JOURNAL_VERSION


@each
def test_a_spool_keeps_what_waits_in_it(state: State) -> None:
    with Spool(state.folder / "spool.db") as spool:
        waiting = spool.pending()
        assert len(waiting) == state.manifest["waiting"] == spool.waiting
        assert [entry.seq for entry in waiting] == sorted(entry.seq for entry in waiting)
        assert spool.boot > waiting[-1].boot
        for entry in waiting:
            scan = decode(entry.payload, received_at=SCENARIO_START)
            assert (scan.boot, scan.sequence) == entry.key


@each
def test_messages_on_the_wire_are_understood(state: State) -> None:
    lines = (state.folder / "wire.jsonl").read_bytes().splitlines()
    plots = [len(decode(line, received_at=SCENARIO_START).plots) for line in lines]
    assert plots == state.manifest["plots"]


@continued
def test_a_store_is_continued_from_its_checkpoint(state: State) -> None:
    ground = open_sector(load_sector(state.folder / "sector" / "sector.toml"))
    store = Store(state.store)
    assert store.cursor == state.manifest["checkpoint"]
    with JournalReader(state.journal) as journal:
        fusion = Fusion(journal, store, ground, Settings(), ScenarioClock.live())
        while fusion.step(100):
            pass
        fusion.finish()
        assert store.progress().cursor == journal.last_id()
    assert published(store, state.manifest["published"]) == state.manifest["outbox"]
    assert store.progress().outbox_last > state.manifest["published"], "it took the rest of the journal"
    store.close()


@computed_again
def test_an_older_checkpoint_is_refused_in_a_sentence_and_the_store_computed_again(state: State) -> None:
    ground = open_sector(load_sector(state.folder / "sector" / "sector.toml"))
    store = Store(state.store)
    with JournalReader(state.journal) as journal, pytest.raises(BadInput, match="replay its journal") as error:
        Fusion(journal, store, ground, Settings(), ScenarioClock.live())
    assert "\n" not in str(error.value)
    assert store.cursor == state.manifest["checkpoint"]
    assert published(store, 1_000_000) == state.manifest["outbox"], "what was published can still be read"
    store.close()
    sector = str(state.folder / "sector" / "sector.toml")
    found = replay_journal(state.journal, sector, None, state.folder / "new", settings=None, screen=Console(quiet=True))
    assert found["alerts"] > 0


class Opening:
    """A process that opens a file and is killed."""

    machine, token = "this", 0


def kill_at_each_statement(folder: Path, path: Path, open_file: Any, check: Any) -> int:
    """Open copies of a file, killed before each statement of the opening in turn; ``check`` what each kill leaves."""
    done = 0
    while True:
        copy = folder / f"killed-{done}" / path.name
        copy.parent.mkdir()
        for suffix in ("", "-wal"):
            if Path(f"{path}{suffix}").exists():
                shutil.copy(f"{path}{suffix}", f"{copy}{suffix}")
        disk, opening = Disk(Random(done)), Opening()
        disk.kill_before = done
        with disk.in_use(), disk.run_by(opening):
            try:
                open_file(copy).close()
            except Killed:
                disk.end(opening, (copy,))
                killed = True
            else:
                killed = False
        check(copy)
        if not killed:
            return done
        done += 1


def to_schema(path: Path, version: int, later: str) -> None:
    """Bring a file back to a schema that had none of the tables that the statements ``later`` create."""
    with closing(sqlite3.connect(path)) as database:
        for table in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", later):
            database.execute(f"DROP TABLE {table}")
        database.execute(f"PRAGMA user_version = {version}")
        database.commit()


@each
@pytest.mark.parametrize("version", [JOURNAL_VERSION, 2])
def test_a_kill_while_a_journal_is_opened_leaves_the_old_or_the_new_one(
    state: State, version: int, tmp_path: Path
) -> None:
    if version == 2:
        to_schema(state.journal, version, TABLES_3)

    def check(path: Path) -> None:
        with JournalReader(path) as journal:
            assert rows_of(journal) == state.manifest["journal_rows"]
        with Journal(path) as journal:
            assert rows_of(journal) == state.manifest["journal_rows"]

    assert kill_at_each_statement(tmp_path, state.journal, Journal, check) > 5


@each
@pytest.mark.parametrize("version", [STORE_VERSION, 3])
def test_a_kill_while_a_store_is_opened_leaves_the_old_or_the_new_one(
    state: State, version: int, tmp_path: Path
) -> None:
    if version == 3:
        to_schema(state.store, version, MOMENTS)

    def check(path: Path) -> None:
        reader = Reader(path)
        assert published(reader, 1_000_000) == state.manifest["outbox"]
        reader.close()
        store = Store(path)
        assert store.cursor == state.manifest["checkpoint"]
        assert store.checkpoint
        assert published(store, 1_000_000) == state.manifest["outbox"]
        store.close()

    assert kill_at_each_statement(tmp_path, state.store, Store, check) > 10
