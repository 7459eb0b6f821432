"""The journal in a file: foreign files, old schemas, full disks and kills. What holds for every journal is in
``conformance``."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from ingest.receiving.batch import Batch
from ops.journal.reader import Counts, JournalError, JournalReader
from ops.journal.writer import Journal
from tests.ops.journal.conformance.places import NOW_NS, ROOT, row
from tests.patience import PATIENT_S


def test_one_writer_and_foreign_newer_or_missing_files_are_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with pytest.raises(JournalError, match=r"j\.sqlite: no such file; expected a journal"):
        JournalReader(path)
    with Journal(path), pytest.raises(JournalError, match="in use by another ingest"):
        Journal(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")
    for open_it in (Journal, JournalReader):
        with pytest.raises(JournalError, match="newer Watchline"):
            open_it(path)
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE theirs (x)")
        db.commit()
    before = other.read_bytes()
    for open_it in (Journal, JournalReader):
        with pytest.raises(JournalError, match="another program's file"):
            open_it(other)
    assert other.read_bytes() == before
    (tmp_path / "t.sqlite").write_bytes(b"no database at all, whatever the name says" * 100)
    for open_it in (Journal, JournalReader):
        with pytest.raises(JournalError, match="not an SQLite file"):
            open_it(tmp_path / "t.sqlite")
    with pytest.raises(JournalError):
        Journal(tmp_path / "missing" / "j.sqlite")
    (tmp_path / "empty.sqlite").touch()
    with pytest.raises(JournalError, match="empty"):
        JournalReader(tmp_path / "empty.sqlite")


def test_after_any_other_fault_of_the_disk_the_writer_goes_on_no_more(tmp_path: Path) -> None:
    """No second try after a failed write: only a new process may find out what the disk holds."""

    class Failing:
        """The connection, but COMMIT fails as a failed fsync does."""

        def __init__(self, db: sqlite3.Connection) -> None:
            self.db, self.fails = db, True

        def execute(self, sql: str, *values: object) -> sqlite3.Cursor:
            if sql == "COMMIT" and self.fails:
                error = sqlite3.OperationalError("disk I/O error")
                error.sqlite_errorname = "SQLITE_IOERR_FSYNC"
                raise error
            return self.db.execute(sql, *values)

        def __getattr__(self, name: str) -> object:
            return getattr(self.db, name)

    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.commit(Batch((row(1),)))
        failing = Failing(journal._db)
        journal._db = failing  # type: ignore[assignment]
        with pytest.raises(JournalError, match="SQLITE_IOERR_FSYNC"):
            journal.commit(Batch((row(2),)))
        failing.fails = False
        for write in (lambda: journal.commit(Batch((row(2),))), lambda: journal.tick(NOW_NS)):
            with pytest.raises(JournalError, match="SQLITE_IOERR_FSYNC"):
                write()
    with Journal(path) as journal:
        assert [r.seq for r in journal.read()] == [1]


def test_a_journal_of_the_schema_before_is_taken_over_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.commit(Batch((row(1), row(2))))
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE timings")
        db.execute("PRAGMA user_version=2")
    with JournalReader(path) as reader:
        assert reader.timings() == {}
        assert [r.seq for r in reader.read()] == [1, 2]
    with Journal(path) as journal:
        journal.commit(Batch((row(3),)))
        assert [r.seq for r in journal.read()] == [1, 2, 3]
        assert journal.counts()["r1"] == Counts(received=3, journaled=3)
        assert journal.timings() == {"r1": {"live": 1}}


SMALL_DISK = """
import sys
from ops.journal.writer import Journal, JournalError
from ingest.receiving.batch import Batch
from tests.ops.journal.conformance.places import row
journal = Journal(sys.argv[1])
try:
    for seq in range(1, 10_000):
        journal.commit(Batch((row(seq, body=b"x" * 2000),)))
        print(seq, flush=True)
except JournalError as error:
    sys.exit(str(error))
"""


def test_a_disk_that_really_refuses_to_grow_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SMALL_DISK, str(tmp_path / "j.sqlite")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
            resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)),
        ),
        timeout=PATIENT_S,
    )
    committed = [int(line) for line in done.stdout.split()]
    assert "j.sqlite: the disk" in done.stderr
    assert (done.returncode, bool(committed)) == (1, True)
    with Journal(tmp_path / "j.sqlite") as journal:
        assert [r.seq for r in journal.read(limit=20_000)] == committed
        assert journal.counts()["r1"].journaled == len(committed)
