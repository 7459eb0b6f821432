"""A journal restored to a point in time: it equals one that was written until then, and its senders lose nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from geo.errors import BadInput
from ingest.receiving.batch import Batch
from ingest.receiving.high_water_marks import HighWaterMark, HighWaterMarks
from ops.journal.reader import Counts, JournalReader
from ops.journal.stores.transfer import copy, verify
from ops.journal.writer import Journal
from ops.room.offline import track_log_hash
from ops.runtime.clock import ScenarioClock
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.store.writer import Store
from tests.ops.journal.conformance.places import NOW_NS, dead, row

SCREEN = Console(stderr=True)
SECOND = 1_000_000_000
MESSAGES = st.lists(st.sampled_from(["row", "flagged", "late", "dead", "again"]), min_size=1, max_size=4)


def write(path: Path, batches: list[list[str]]) -> None:
    """Journal batches, each at its second, with a tick after it; the marks as ingest computes them."""
    with Journal(path) as journal:
        marks, seq = HighWaterMarks(journal.recall), 0
        for second, kinds in enumerate(batches):
            at_ns, messages, stated = NOW_NS + second * SECOND, [], []
            for kind in kinds:
                seq += kind != "again" or seq == 0
                age_ns = 7 * SECOND if kind == "late" else 0
                message = replace(row(seq), received_ns=at_ns, observed_ns=at_ns - age_ns, timing="live")
                if kind == "late":
                    message = replace(message, timing="late")
                if kind == "flagged":
                    message = replace(message, flags="speed,range")
                messages.append(replace(dead(seq), received_ns=at_ns) if kind == "dead" else message)
                stated.append(marks.settle("r1", 1, seq))
            journal.commit(Batch(tuple(messages), (HighWaterMark("r1", 1, stated[-1].seq),)))
            journal.tick(at_ns + 1)


@settings(max_examples=25)
@given(st.lists(MESSAGES, min_size=1, max_size=6), st.integers(-1, 6))
def test_it_equals_a_journal_that_was_written_until_then(batches: list[list[str]], last: int) -> None:
    """The oracle is the journal's own writer, which is given the earlier batches alone."""
    with TemporaryDirectory() as text:
        folder = Path(text)
        write(folder / "whole.db", batches)
        write(folder / "wanted.db", batches[: last + 1])
        until_ns = NOW_NS + last * SECOND + SECOND // 2
        copy(str(folder / "whole.db"), str(folder / "cut.db"), None, SCREEN, until_ns=until_ns)
        with JournalReader(folder / "cut.db") as cut, JournalReader(folder / "wanted.db") as wanted:
            assert cut.read(0, 1000) == wanted.read(0, 1000)
            assert cut.dead_letters() == wanted.dead_letters()
            assert cut.recount() == wanted.recount()
            assert cut.flagged() == wanted.flagged()
            assert cut.timings() == wanted.timings()
            for sensor, counts in wanted.counts().items():
                received = counts.journaled + counts.dead_lettered
                assert cut.counts()[sensor] == Counts(received, counts.journaled, 0, counts.dead_lettered, 0)
            for (sensor, boot), seq in cut.marks().items():
                assert seq <= wanted.marks().get((sensor, boot), 0), "a sender would delete what was left out"
                assert all(cut.settled(sensor, "detections", boot, number) for number in range(1, seq + 1))


def test_a_sender_that_still_has_what_was_left_out_sends_it_again(tmp_path: Path) -> None:
    write(tmp_path / "whole.db", [["row", "row"], ["row", "row"]])
    copy(str(tmp_path / "whole.db"), str(tmp_path / "cut.db"), None, SCREEN, until_ns=NOW_NS + SECOND // 2)
    with JournalReader(tmp_path / "whole.db") as whole:
        last = whole.last_id()
    with Journal(tmp_path / "cut.db") as journal:
        journal.commit(Batch((row(3), row(4)), (HighWaterMark("r1", 1, 4),)))
        rows = journal.read(0, 100)
        assert [one.seq for one in rows if one.boot is not None] == [1, 2, 3, 4]
        assert [one.id for one in rows if one.seq in (3, 4)] == [last + 1, last + 2], "no id is used twice"
        assert journal.counts()["r1"] == Counts(4, 4, 0, 0, 0)


def test_a_conflict_with_a_message_that_was_left_out_does_not_refuse_it(tmp_path: Path) -> None:
    """The time is in the middle of a commit that has the message, another one under its number, and a later one."""
    first, other, later = row(1), replace(row(1, body=b"[]"), received_ns=NOW_NS + 2), row(2)
    with Journal(tmp_path / "whole.db") as journal:
        journal.commit(Batch((first, other, replace(later, received_ns=NOW_NS + SECOND))))
        assert [letter.code for _, letter in journal.dead_letters()] == ["conflict"]
    copy(str(tmp_path / "whole.db"), str(tmp_path / "cut.db"), None, SCREEN, until_ns=NOW_NS + SECOND // 2)
    with Journal(tmp_path / "cut.db") as journal:
        assert (journal.read(0, 100), journal.dead_letters(), journal.counts()) == ([], [], {})
        journal.commit(Batch((first, later)))
        assert [one.seq for one in journal.read(0, 100)] == [1, 2]
        assert journal.counts()["r1"] == Counts(2, 2, 0, 0, 0)


def test_until_the_end_everything_is_there(tmp_path: Path) -> None:
    write(tmp_path / "whole.db", [["row", "flagged"], ["late", "dead"]])
    copy(str(tmp_path / "whole.db"), str(tmp_path / "cut.db"), None, SCREEN, until_ns=NOW_NS + 1000 * SECOND)
    assert verify(str(tmp_path / "whole.db"), str(tmp_path / "cut.db"), None, SCREEN)["equal"]


def test_a_copy_to_a_time_replaces_nothing(tmp_path: Path) -> None:
    write(tmp_path / "whole.db", [["row"]])
    (tmp_path / "cut.db").write_text("in use")
    with pytest.raises(BadInput, match="exists already"):
        copy(str(tmp_path / "whole.db"), str(tmp_path / "cut.db"), None, SCREEN, until_ns=NOW_NS)
    assert (tmp_path / "cut.db").read_text() == "in use"


def test_backup_under_load_and_restore_to_a_time_give_the_alerts_of_that_time(hill_journal, hill_ground, tmp_path):
    """The drill: a backup while ingest writes, a restore to a moment, and fusion computes what it had computed then."""
    room = tmp_path / "room"
    room.mkdir()
    with closing(sqlite3.connect(hill_journal)) as source, closing(sqlite3.connect(room / "journal.db")) as target:
        source.backup(target)
    with Journal(room / "journal.db") as writing:  # as ingest has it, in the middle of its work
        rows = writing.read(0, 100_000)
        last_ns = rows[-1].received_ns
        writing.tick(last_ns + SECOND)
        copy(str(room), str(tmp_path / "backup.db"), None, SCREEN)
        writing.tick(last_ns + 2 * SECOND)
    until_ns = rows[len(rows) * 2 // 3].received_ns
    copy(str(tmp_path / "backup.db"), str(tmp_path / "restored.db"), None, SCREEN, until_ns=until_ns)
    with JournalReader(tmp_path / "restored.db") as restored:
        kept = restored.read(0, 100_000)
        assert kept == rows[: len(kept)]
        assert 0 < len(kept) < len(rows)
        assert rows[len(kept)].received_ns > until_ns or not rows[len(kept) - 1].closes_batch
        found = outcome(restored, tmp_path / "restored-store.db", hill_ground, kept[-1].id)
    with JournalReader(hill_journal) as whole:
        assert outcome(whole, tmp_path / "then-store.db", hill_ground, kept[-1].id) == found
    assert found[0], "nothing was published by then, so nothing was compared"


def outcome(journal: JournalReader, path: Path, ground: object, last: int) -> tuple[list[tuple[str, int, bytes]], str]:
    """Alerts and tracks of fusion up to a row."""
    store = Store(path)
    fusion = Fusion(journal, store, ground, Settings(), ScenarioClock.live())  # type: ignore[arg-type]
    while fusion.cursor < last:
        fusion.step(1)
    fusion.finish()
    rows = [(one.alert, one.revision, one.body) for one in store.outbox_after(0, limit=100_000, kind=None)]
    tracks = track_log_hash(store.history_dataset())
    store.close()
    return rows, tracks
