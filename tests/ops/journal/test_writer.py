"""The journal: exact counts in the transaction of the rows, a key once for ever, and no going on after a disk error."""

from __future__ import annotations

import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.receiving.batch import Batch, DeadLetter, Row, digest
from ingest.receiving.high_water_marks import HighWaterMark
from ops.journal.reader import Counts, JournalError, JournalFull, JournalReader, Recount
from ops.journal.stores.commits import DeadLetterLimits
from ops.journal.writer import Journal

NOW_NS = 1_773_522_000_000_000_000


def row(seq: int, *, sensor: str = "r1", boot: int = 1, body: bytes = b"{}", kind: str = "detections") -> Row:
    topic = f"watchline/1/x/sensor/{sensor}/{kind}"
    return Row(kind, sensor, boot, seq, NOW_NS, NOW_NS + seq, None, "application/json", body, topic)


def dead(
    seq: int | None, *, body: bytes = b"{", sensor: str = "r1", boot: int = 1, code: str = "not_json"
) -> DeadLetter:
    topic = f"watchline/1/x/sensor/{sensor}/detections"
    key = (None, None) if seq is None else (boot, seq)
    return DeadLetter(code, "payload", "bad.", "detections", sensor, *key, topic, "application/json", body, len(body),
                      digest(body), NOW_NS)  # fmt: skip


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    with Journal(tmp_path / "j.sqlite") as opened:
        yield opened


def test_rows_are_read_in_order_of_arrival_by_another_reader(journal: Journal, tmp_path: Path) -> None:
    journal.commit(Batch((row(3), row(1), row(2, sensor="r2"))))
    journal.tick(NOW_NS + 5)
    with JournalReader(tmp_path / "j.sqlite") as reader:
        rows = reader.read()
        assert [(r.kind, r.sensor, r.boot, r.seq) for r in rows] == [
            ("detections", "r1", 1, 3),
            ("detections", "r1", 1, 1),
            ("detections", "r2", 1, 2),
            ("tick", "", None, None),
        ]
        assert rows[0].body == b"{}"
        assert [r.id for r in reader.read(rows[1].id, 1)] == [rows[2].id]
        assert reader.last_id() == rows[-1].id
        before = reader.changed()
        assert reader.changed() == before
        assert journal.append("action", "operator-1", NOW_NS, b'{"do":1}') == rows[-1].id + 1
        assert reader.changed() != before
        assert [(r.kind, r.sensor, r.observed_ns, r.body) for r in reader.read(rows[-1].id)] == [
            ("action", "operator-1", NOW_NS, b'{"do":1}')
        ]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            reader._db.execute("DELETE FROM journal")


def test_a_batch_is_closed_by_its_last_row(journal: Journal) -> None:
    journal.commit(Batch((row(1), row(2))))
    journal.commit(Batch((row(2),)))
    journal.commit(Batch((row(2), row(3), dead(9))))
    journal.tick(NOW_NS)
    assert [r.closes_batch for r in journal.read()] == [False, True, True, True]


def test_same_key_and_bytes_is_a_duplicate_and_other_bytes_a_conflict(journal: Journal) -> None:
    journal.commit(Batch((row(1), row(1), row(2))))
    journal.commit(Batch((row(2), row(1, body=b"tampered"), row(1, body=b"tampered"))))
    assert journal.counts() == {"r1": Counts(received=6, journaled=2, duplicate=3, dead_lettered=1)}
    ((_, letter),) = journal.dead_letters()
    assert (letter.code, letter.field, letter.boot, letter.seq, letter.body) == (
        "conflict",
        "boot, seq",
        1,
        1,
        b"tampered",
    )
    assert [r.body for r in journal.read() if r.kind == "detections"] == [b"{}", b"{}"]
    assert journal.recount() == {("r1", "detections"): Recount(journaled=2, dead_lettered=1, dead_keys=0)}


def test_bodies_of_dead_letters_are_capped_by_source_for_strangers_and_in_all(tmp_path: Path) -> None:
    """Each stays countable; only the first bytes are kept once there is no room."""
    names = ["a", "b", *(f"x{n}" for n in range(40))]
    limits = DeadLetterLimits(source_bytes=10_000, stranger_bytes=5_000, all_bytes=18_000, cut_bytes=10)
    for _ in range(2):  # and again after a restart
        with Journal(tmp_path / "j.sqlite") as journal:
            journal.limits, journal.is_known = limits, lambda name: name in ("a", "b")
            start = journal.counts().get("a", Counts()).received
            for n in range(20):
                large = [replace(dead(None, sensor=name), body=bytes(1000), size=1000) for name in names]
                for message in large:
                    unique = replace(message, digest=digest(f"{start} {n} {message.sensor}".encode()))
                    journal.commit(Batch((unique,)))
            kept = Counter[str]()
            for _, letter in journal.dead_letters(limit=10**6):
                kept["a" if letter.sensor == "a" else "b" if letter.sensor == "b" else "x"] += len(letter.body)
                assert letter.size == 1000
            cut = 10 * sum(counts.dead_lettered for counts in journal.counts().values())
            assert kept["a"] <= 10_000 + cut
            assert kept["b"] <= 10_000 + cut
            assert kept["x"] <= 5_000 + cut
            assert kept.total() <= 18_000 + cut
            assert kept.total() > 15_000
            assert all(again.dead_lettered == 20 for again in journal.recount().values()) or start
    with Journal(tmp_path / "j.sqlite") as journal:
        assert len(journal.dead_letters(limit=10**6)) == 2 * 20 * len(names)


def test_a_refusal_for_numbers_is_reported_once_in_ten_seconds_and_not_for_resubmitted_messages(
    journal: Journal,
) -> None:
    journal.commit(Batch((row(1), row(2))))
    for at_s, bodies in ((0, (b"a", b"b")), (9, (b"c",)), (10, (b"d",))):
        journal.commit(Batch(tuple(replace(row(1, body=body), received_ns=NOW_NS + at_s * 10**9) for body in bodies)))
    told = [r for r in journal.read() if r.kind == "refusal"]
    assert [(r.sensor, r.received_ns - NOW_NS, r.body) for r in told] == [
        ("r1", 0, b'{"code":"conflict"}'),
        ("r1", 10 * 10**9, b'{"code":"conflict"}'),
    ]
    assert journal.read()[-1].closes_batch, "so that it is judged at once"
    assert journal.take_refused() == {("r1", 1): "conflict"}
    later = replace(row(2, body=b"e"), received_ns=NOW_NS + 60 * 10**9, replay_of=1)
    journal.commit(Batch((later,)))
    assert journal.take_refused() == {}, "a person's own try says nothing about the sensor"


def test_a_key_is_journaled_or_dead_lettered_but_never_both(journal: Journal) -> None:
    journal.commit(Batch((dead(1, body=b"future", code="future"),)))
    journal.commit(Batch((row(1, body=b"future"),)))  # sent again when its time has come
    journal.commit(Batch((row(2, body=b"fine"),)))
    journal.commit(Batch((dead(2, body=b"fine", code="expired"),)))  # sent again a day later
    assert journal.counts() == {"r1": Counts(received=4, journaled=1, duplicate=2, dead_lettered=1)}
    journal.commit(Batch((row(1, body=b"other"), dead(2, body=b"worse"))))
    assert journal.counts() == {"r1": Counts(received=6, journaled=1, duplicate=2, dead_lettered=3)}
    assert [letter.code for _, letter in journal.dead_letters()] == ["future", "conflict", "conflict"]
    assert journal.recount()[("r1", "detections")].dead_keys == 1


def test_dead_letters_without_identity_are_told_apart_by_their_bytes(journal: Journal) -> None:
    journal.commit(Batch((dead(None, body=b"a"), dead(None, body=b"b"), dead(None, body=b"a"))))
    assert journal.counts() == {"r1": Counts(received=3, duplicate=1, dead_lettered=2)}
    assert [(letter.body, letter.boot, letter.seq) for _, letter in journal.dead_letters()] == [
        (b"a", None, None),
        (b"b", None, None),
    ]
    assert len(journal.dead_letters(after_id=1)) == 1


def test_status_is_counted_apart_and_the_sum_can_be_asked_for(journal: Journal) -> None:
    journal.commit(Batch((row(1), row(1, kind="status")), shed={("r1", "detections"): 2}))
    assert journal.counts() == {"r1": Counts(received=3, journaled=1, shed=2)}
    assert journal.counts("status") == {"r1": Counts(received=1, journaled=1)}
    assert journal.counts(None) == {"r1": Counts(received=4, journaled=2, shed=2)}
    assert all(counts.balanced for counts in journal.counts(None).values())


def test_marks_never_fall_and_recall_what_is_settled_above(journal: Journal) -> None:
    journal.commit(Batch((row(1), row(2), row(5), dead(6)), (HighWaterMark("r1", 1, 2),)))
    journal.commit(Batch((row(1),), (HighWaterMark("r1", 1, 1),)))
    assert journal.marks() == {("r1", 1): 2}
    assert journal.recall("r1", 1) == (2, {5, 6})
    assert journal.recall("r1", 2) == (0, set())


def test_ids_are_never_used_twice(journal: Journal) -> None:
    journal.commit(Batch((row(1), row(2))))
    journal._db.execute("DELETE FROM journal")
    journal.tick(NOW_NS)
    assert [r.id for r in journal.read()] == [3], "a reader that remembers an id must not miss a row"


MESSAGES = st.one_of(
    st.builds(row, st.integers(1, 4), sensor=st.sampled_from(["a", "b"]), body=st.sampled_from([b"1", b"2"])),
    st.builds(
        dead, st.none() | st.integers(1, 4), sensor=st.sampled_from(["a", "b"]), body=st.sampled_from([b"1", b"2"])
    ),
)


@settings(max_examples=60, deadline=None)
@given(batches=st.lists(st.lists(MESSAGES, max_size=5), max_size=6))
def test_counts_are_exact_and_the_rows_agree(
    tmp_path_factory: pytest.TempPathFactory, batches: list[list[Row | DeadLetter]]
) -> None:
    path = tmp_path_factory.mktemp("journal") / "j.sqlite"
    for batch in batches:
        with Journal(path) as journal:
            journal.commit(Batch(tuple(batch)))
    if not batches:
        return
    with Journal(path) as one:
        counts, recount = one.counts(), one.recount()
        keys = [(r.sensor, r.boot, r.seq) for r in one.read() if r.kind == "detections"]
        dead_keys = {
            (d.sensor, d.boot, d.seq) for _, d in one.dead_letters() if d.code != "conflict" and d.seq is not None
        }
    assert sum(c.received for c in counts.values()) == sum(map(len, batches))
    assert len(keys) == len(set(keys))
    assert not dead_keys & set(keys)
    for sensor, count in counts.items():
        assert count.balanced
        again = recount.get((sensor, "detections"), Recount())
        assert (again.journaled, again.dead_lettered) == (count.journaled, count.dead_lettered)
    with Journal(path.with_name("at_once.sqlite")) as whole:  # how messages fall into batches changes nothing
        whole.commit(Batch(tuple(message for batch in batches for message in batch)))
        assert whole.counts() == counts


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


def test_a_full_disk_stores_nothing_of_the_batch_and_the_same_batch_goes_in_later(tmp_path: Path) -> None:
    path = tmp_path / "j.sqlite"
    with Journal(path) as journal:
        journal.commit(Batch((row(1),)))
        pages = journal._db.execute("PRAGMA page_count").fetchone()[0]
        journal._db.execute(f"PRAGMA max_page_count={pages + 3}")
        large = Batch((row(2), *(row(seq, body=b"x" * 4000) for seq in range(3, 9))))
        for _ in range(3):
            with pytest.raises(JournalFull, match=r"the disk is full; expected free space"):
                journal.commit(large)
            assert [r.seq for r in journal.read()] == [1]
            assert journal.counts() == {"r1": Counts(received=1, journaled=1)}
        journal._db.execute("PRAGMA max_page_count=1000000")
        journal.commit(large)
    with Journal(path) as journal:
        assert [r.seq for r in journal.read()] == list(range(1, 9))
        assert journal.counts() == {"r1": Counts(received=8, journaled=8)}


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
from ingest.receiving.receiver import Batch
sys.path.insert(0, sys.argv[2])
from test_writer import row
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
        [sys.executable, "-c", SMALL_DISK, str(tmp_path / "j.sqlite"), str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        preexec_fn=lambda: (
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
            resource.setrlimit(resource.RLIMIT_FSIZE, (600_000, 600_000)),
        ),
        timeout=180,
    )
    committed = [int(line) for line in done.stdout.split()]
    assert committed
    assert done.returncode == 1
    assert "j.sqlite: the disk" in done.stderr
    with Journal(tmp_path / "j.sqlite") as journal:
        assert [r.seq for r in journal.read(limit=20_000)] == committed
        assert journal.counts()["r1"].journaled == len(committed)


WRITER = """
import sys
from ops.journal.writer import Journal
from ingest.receiving.receiver import Batch
from ingest.receiving.high_water_marks import HighWaterMark
sys.path.insert(0, sys.argv[2])
from test_writer import dead, row
journal = Journal(sys.argv[1])
first = journal.recall("r1", 1)[0] + 1
for n in range(first, 1_000_000, 3):
    journal.commit(Batch((row(n), row(n + 1), dead(n + 2), row(n)), (HighWaterMark("r1", 1, n + 2),)))
    print(n + 2, flush=True)
"""


def test_kill_9_leaves_whole_batches_and_exact_counts(tmp_path: Path) -> None:
    path, chance, told = tmp_path / "j.sqlite", random.Random(5), 0
    for _ in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path), str(Path(__file__).parent)], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 60)):
            told = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        told = max(
            [told, *(int(line) for line in child.stdout.read().splitlines(keepends=True) if line.endswith(b"\n"))]
        )
        child.wait()
        with Journal(path) as journal:
            assert journal._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            mark = journal.marks()[("r1", 1)]
            count, recount = journal.counts()["r1"], journal.recount()[("r1", "detections")]
        assert mark >= told, "what was said to be durable is durable"
        batches = mark // 3
        assert count == Counts(4 * batches, 2 * batches, batches, batches)
        assert (recount.journaled, recount.dead_lettered) == (2 * batches, batches)
