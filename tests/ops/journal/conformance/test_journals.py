"""What holds for every journal, in a file and in PostgreSQL: exact counts in the transaction of the rows, each key
once, the same ids, order, rules and answers, and whole batches whatever happens to the writer or the disk."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event

from ingest.receiving.batch import Batch, DeadLetter, Row, digest
from ingest.receiving.high_water_marks import HighWaterMark
from ingest.security.authentication import SenderBoot
from ops.audit.day_keys import day_at
from ops.journal.reader import Counts, JournalError, JournalFull, JournalRow, Recount
from ops.journal.stores import postgres_writer
from ops.journal.stores.commits import DeadLetterLimits
from ops.postgres.address import StoreAddress
from ops.postgres.engine import engine_of
from tests.ops.journal.conformance.places import DAY_NS, NOW_NS, ROOT, WRITER, AnyJournal, NewPlace, Place, dead, row


def test_rows_are_read_in_order_of_arrival_by_another_reader(journal: AnyJournal, place: Place) -> None:
    journal.commit(Batch((row(3), row(1), row(2, sensor="r2"))))
    journal.tick(NOW_NS + 5)
    with place.reader() as reader:
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


def test_a_batch_is_closed_by_its_last_row(journal: AnyJournal) -> None:
    journal.commit(Batch((row(1), row(2))))
    journal.commit(Batch((row(2),)))
    journal.commit(Batch((row(2), row(3), dead(9))))
    journal.tick(NOW_NS)
    assert [r.closes_batch for r in journal.read()] == [False, True, True, True]


def test_same_key_and_bytes_is_a_duplicate_and_other_bytes_a_conflict(journal: AnyJournal) -> None:
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


def test_bodies_of_dead_letters_are_capped_by_source_for_strangers_and_in_all(place: Place) -> None:
    """Each stays countable; only the first bytes are kept once there is no room."""
    names = ["a", "b", *(f"x{n}" for n in range(40))]
    limits = DeadLetterLimits(source_bytes=10_000, stranger_bytes=5_000, all_bytes=18_000, cut_bytes=10)
    for _ in range(2):  # and again after a restart
        with place.writer() as journal:
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
    with place.writer() as journal:
        assert len(journal.dead_letters(limit=10**6)) == 2 * 20 * len(names)


def test_a_refusal_for_numbers_is_reported_once_in_ten_seconds_and_not_for_resubmitted_messages(
    journal: AnyJournal,
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


def test_a_clock_that_is_ahead_is_reported_once_in_ten_seconds_and_of_sensors_only(journal: AnyJournal) -> None:
    """Of messages that the receiver has authenticated and refused for their time: it gives these an ``ahead_s``."""

    def refused(at_s: float, number: int, **more: Any) -> DeadLetter:
        letter = dead(None, body=f"{number}".encode(), code="future")
        return replace(letter, received_ns=NOW_NS + round(at_s * 1e9), **({"ahead_s": 2.001} | more))

    flood = tuple(refused(0.001 * number, number) for number in range(500))
    journal.commit(Batch((*flood, refused(0.5, 900, kind="status"), refused(0.5, 901, sensor="u1", kind="position"))))
    journal.commit(Batch((refused(9.9, 902), refused(9.9, 903, sensor="r3", ahead_s=None))))
    journal.commit(Batch((refused(10.0, 904, ahead_s=3600.0), refused(10.0, 905, sensor="r2", replay_of=1))))
    found = [r for r in journal.read() if r.kind == "refusal"]
    assert [(r.sensor, r.received_ns - NOW_NS, r.body) for r in found] == [
        ("r1", 0, b'{"code":"future","ahead_s":2.001}'),
        ("r1", 10 * 10**9, b'{"code":"future","ahead_s":3600.0}'),
    ]
    assert all(r.closes_batch for r in found)
    assert journal.take_refused() == {}, "its numbers are right: its acknowledgements state no conflict"


def test_a_key_is_journaled_or_dead_lettered_but_never_both(journal: AnyJournal) -> None:
    journal.commit(Batch((dead(1, body=b"future", code="future"),)))
    journal.commit(Batch((row(1, body=b"future"),)))  # sent again when its time has come
    journal.commit(Batch((row(2, body=b"fine"),)))
    journal.commit(Batch((dead(2, body=b"fine", code="expired"),)))  # sent again a day later
    assert journal.counts() == {"r1": Counts(received=4, journaled=1, duplicate=2, dead_lettered=1)}
    journal.commit(Batch((row(1, body=b"other"), dead(2, body=b"worse"))))
    assert journal.counts() == {"r1": Counts(received=6, journaled=1, duplicate=2, dead_lettered=3)}
    assert [letter.code for _, letter in journal.dead_letters()] == ["future", "conflict", "conflict"]
    assert journal.recount()[("r1", "detections")].dead_keys == 1


def test_dead_letters_without_identity_are_told_apart_by_their_bytes(journal: AnyJournal) -> None:
    journal.commit(Batch((dead(None, body=b"a"), dead(None, body=b"b"), dead(None, body=b"a"))))
    assert journal.counts() == {"r1": Counts(received=3, duplicate=1, dead_lettered=2)}
    assert [(letter.body, letter.boot, letter.seq) for _, letter in journal.dead_letters()] == [
        (b"a", None, None),
        (b"b", None, None),
    ]
    assert len(journal.dead_letters(after_id=1)) == 1


def test_status_is_counted_apart_and_the_sum_can_be_asked_for(journal: AnyJournal) -> None:
    journal.commit(Batch((row(1), row(1, kind="status")), shed={("r1", "detections"): 2}))
    assert journal.counts() == {"r1": Counts(received=3, journaled=1, shed=2)}
    assert journal.counts("status") == {"r1": Counts(received=1, journaled=1)}
    assert journal.counts(None) == {"r1": Counts(received=4, journaled=2, shed=2)}
    assert all(counts.balanced for counts in journal.counts(None).values())


def test_what_was_refused_of_units_is_read_without_its_content(journal: AnyJournal) -> None:
    assert journal.last_dead_letter() == 0
    letters = [dead(1, sensor="r1"), replace(dead(2, sensor="u\x00"), kind="position"),
               replace(dead(None, sensor="u2", code="future"), kind="action")]  # fmt: skip
    journal.commit(Batch(tuple(letters)))
    assert journal.last_dead_letter() == 3
    assert journal.refused_of_units(0) == [
        (2, "position", "not_json", "payload", "u\x00", NOW_NS),
        (3, "action", "future", "payload", "u2", NOW_NS),
    ]
    assert journal.refused_of_units(2, 1) == journal.refused_of_units(0)[1:]
    assert journal.refused_of_units(3) == []


def test_marks_never_fall_and_recall_what_is_settled_above(journal: AnyJournal) -> None:
    journal.commit(Batch((row(1), row(2), row(5), dead(6)), (HighWaterMark("r1", 1, 2),)))
    journal.commit(Batch((row(1),), (HighWaterMark("r1", 1, 1),)))
    assert journal.marks() == {("r1", 1): 2}
    assert journal.recall("r1", 1) == (2, {5, 6})
    assert journal.recall("r1", 2) == (0, set())


def test_ids_are_never_used_twice(journal: AnyJournal, place: Place) -> None:
    journal.commit(Batch((row(1), row(2))))
    place.execute("DELETE FROM journal")
    journal.tick(NOW_NS)
    assert [r.id for r in journal.read()] == [3], "a reader that remembers an id must not miss a row"


MESSAGES = st.one_of(
    st.builds(row, st.integers(1, 4), sensor=st.sampled_from(["a", "b"]), body=st.sampled_from([b"1", b"2"])),
    st.builds(
        dead, st.none() | st.integers(1, 4), sensor=st.sampled_from(["a", "b"]), body=st.sampled_from([b"1", b"2"])
    ),
)


@settings(max_examples=15)
@given(batches=st.lists(st.lists(MESSAGES, max_size=5), max_size=6))
def test_counts_are_exact_and_the_rows_agree(new_place: NewPlace, batches: list[list[Row | DeadLetter]]) -> None:
    place = new_place()
    for batch in batches:
        with place.writer() as journal:
            journal.commit(Batch(tuple(batch)))
    with place.writer() as one:
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
    with new_place().writer() as whole:  # how messages fall into batches changes nothing
        whole.commit(Batch(tuple(message for batch in batches for message in batch)))
        assert whole.counts() == counts


def everything(journal: AnyJournal) -> dict[str, object]:
    """All that a journal answers."""
    return {
        "rows": journal.read(limit=10**6),
        "letters": journal.dead_letters(limit=10**6),
        "counts": journal.counts(None),
        "recount": journal.recount(),
        "marks": journal.marks(),
        "flagged": journal.flagged(),
        "timings": journal.timings(),
        "replayed": journal.replayed(),
        "last": journal.last_id(),
        "refusals": journal.last_of_kind("refusal"),
        "recall": [journal.recall(sensor, 1) for sensor in ("a", "b")],
        "boots": [(journal.highest_boot(sensor), journal.recall_boot(sensor, "sensor", "k")) for sensor in ("a", "b")],
    }


VARIED = st.one_of(
    MESSAGES,
    st.builds(
        replace,
        st.builds(row, st.integers(1, 4), sensor=st.sampled_from(["a", "b"]), body=st.binary(max_size=3)),
        flags=st.sampled_from(["", "speed", "range,speed"]),
        timing=st.sampled_from(["live", "late"]),
        signer=st.sampled_from(["", "k1"]),
        sent_ns=st.none() | st.integers(0, 2**63 - 1),
        replay_of=st.none() | st.integers(1, 3),
        kind=st.sampled_from(["detections", "status", "position"]),
        received_ns=st.integers(0, 4).map(lambda days: NOW_NS + days * 86_400 * 10**9),
    ),
    st.builds(
        replace,
        st.builds(dead, st.none() | st.integers(1, 4), code=st.sampled_from(["future", "rollback", "bad_signature"])),
        topic=st.text(st.characters(codec="utf-8"), max_size=4),
        sender=st.sampled_from(["", "key \x00", "\x1a0", "\x1a"]),
        message=st.text(st.characters(codec="utf-8"), max_size=4),
    ),
)


@settings(max_examples=25)
@given(
    batches=st.lists(
        st.builds(
            Batch,
            st.lists(VARIED, max_size=6).map(tuple),
            st.lists(st.builds(HighWaterMark, st.sampled_from(["a", "b"]), st.just(1), st.integers(0, 9))).map(tuple),
            st.dictionaries(st.tuples(st.sampled_from(["a", "b"]), st.just("detections")), st.integers(1, 3)),
            st.lists(
                st.builds(SenderBoot, st.sampled_from(["a", "b"]), st.just("sensor"), st.just("k"), st.integers(0, 3))
            ).map(tuple),
        ),
        max_size=6,
    )
)
def test_both_databases_give_the_same_ids_rows_letters_and_counts(
    new_file: NewPlace, new_sector: NewPlace, batches: list[Batch]
) -> None:
    with new_file().writer() as file, new_sector().writer() as sector:
        for number, batch in enumerate(batches):
            for journal in (file, sector):
                journal.commit(batch)
                journal.tick(NOW_NS + number)
            assert file.take_refused() == sector.take_refused()
        assert everything(sector) == everything(file)


def test_a_reader_beside_the_writer_sees_whole_batches_in_order(journal: AnyJournal, place: Place) -> None:
    batch, batches = 7, 20

    def write() -> None:
        for number in range(batches):
            first = number * batch + 1
            journal.commit(Batch(tuple(row(seq) for seq in range(first, first + batch))))

    with place.reader() as reader, ThreadPoolExecutor(1) as pool:
        done, seen, after = pool.submit(write), list[JournalRow](), 0
        while len(seen) < batch * batches and not (done.done() and done.exception()):
            found = reader.read(after)
            assert len(found) % batch == 0
            assert not found or found[-1].closes_batch
            seen += found
            after = seen[-1].id if seen else 0
        done.result()
    assert [r.seq for r in seen] == list(range(1, batch * batches + 1))
    assert [r.id for r in seen] == sorted({r.id for r in seen})


def test_a_second_writer_is_refused_and_may_write_when_the_first_has_ended(place: Place) -> None:
    with place.writer() as first:
        first.commit(Batch((row(1),)))
        with pytest.raises(JournalError, match="in use by another ingest"):
            place.writer(wait_s=0.05)
        first.commit(Batch((row(2),)))
    with place.writer() as second:
        second.commit(Batch((row(3),)))
        assert [(r.id, r.seq) for r in second.read()] == [(1, 1), (2, 2), (3, 3)]


def test_a_refused_writer_of_a_store_leaves_no_connection(
    new_sector: NewPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, connections = new_sector(), list[Any]()

    def engine(address: StoreAddress) -> Engine:
        found = engine_of(address)
        event.listen(found, "connect", lambda connection, _: connections.append(connection))
        return found

    with place.writer():
        monkeypatch.setattr(postgres_writer, "engine_of", engine)
        with pytest.raises(JournalError) as refused:
            place.writer(wait_s=0.05)
    assert [connection.closed for connection in connections] == [True]
    assert "in use by another ingest" in str(refused.value)


def test_a_status_with_a_pose_is_erased_with_the_detections_and_another_is_not(place: Place) -> None:
    """Where a carried sensor was, its observer was."""
    posed, plain = b'{"sensor":"r1","pose":{"lon":33.1,"lat":35.2}}', b'{"sensor":"r1","note":"\\"pose\\":"}'
    with place.writer() as journal:
        journal.commit(Batch((row(1, kind="status", body=posed), row(2, kind="status", body=plain))))
        assert [r.body for r in journal.read()] == [posed, plain]
    assert place.erase(lambda kind, day: kind == "unit_positions") == 0
    assert place.erase(lambda kind, day: kind == "detections") == 1
    with place.writer() as journal:
        assert [(r.kind, r.seq, r.body) for r in journal.read()] == [("erased", 1, b""), ("status", 2, plain)]
        journal.commit(Batch((row(1, kind="status", body=posed),)))
        assert len(journal.read()) == 2, "what is erased is not taken again"


def test_erased_days_lose_their_bodies_and_nothing_else(place: Place) -> None:
    days = [NOW_NS + number * DAY_NS for number in range(3)]
    with place.writer() as journal:
        for number, at_ns in enumerate(days):
            message = replace(row(number + 1, body=b"person"), received_ns=at_ns)
            letter = replace(dead(10 + number, body=b"wrong"), received_ns=at_ns)
            position = replace(row(number + 1, kind="position", body=b"unit"), received_ns=at_ns)
            journal.commit(Batch((message, letter, position)))
        counts, recount = journal.counts(None), journal.recount()
    erased = place.erase(lambda kind, day: kind == "detections" and day < day_at(days[2]))
    assert erased == 4
    assert place.erase(lambda kind, day: kind == "detections" and day < day_at(days[2])) == 0
    with place.writer() as journal:
        rows, letters = journal.read(), [letter for _, letter in journal.dead_letters()]
        assert [r.id for r in rows] == list(range(1, 7))
        assert [(r.kind, r.body) for r in rows if r.kind != "position"] == [
            *[("erased", b"")] * 2,
            ("detections", b"person"),
        ]
        assert [r.body for r in rows if r.kind == "position"] == [b"unit"] * 3
        assert [(letter.code, letter.body, letter.message) for letter in letters] == [
            *[("not_json", b"", "")] * 2,
            ("not_json", b"wrong", "bad."),
        ]
        assert (journal.counts(None), journal.recount()) == (counts, recount)
        again = replace(row(1, body=b"whatever"), received_ns=days[2])
        late = replace(row(9, body=b"late"), received_ns=days[0])  # of an erased day, from a clock that was set back
        journal.commit(Batch((again,)))
        journal.commit(Batch((late,)))
        assert journal.counts()["r1"].duplicate == counts["r1"].duplicate + 1, "what is erased cannot be compared"
        assert journal.read()[-1].body == b"late"


def test_a_full_disk_stores_nothing_of_the_batch_and_the_same_batch_goes_in_later(place: Place) -> None:
    large = Batch((row(2), *(row(seq, body=b"x" * 4000) for seq in range(3, 9))))
    with place.writer() as journal:
        journal.commit(Batch((row(1),)))
        with place.full_disk(journal):
            for _ in range(3):
                with pytest.raises(JournalFull, match="full; expected free space"):
                    journal.commit(large)
                assert [r.seq for r in journal.read()] == [1]
                assert journal.counts() == {"r1": Counts(received=1, journaled=1)}
        journal.commit(large)
    with place.writer() as journal:
        assert [(r.id, r.seq) for r in journal.read()] == [(number, number) for number in range(1, 9)]
        assert journal.counts() == {"r1": Counts(received=8, journaled=8)}


def test_kill_9_leaves_whole_batches_and_exact_counts(place: Place) -> None:
    chance, told = random.Random(5), 0
    for _ in range(4):
        child = subprocess.Popen(
            [sys.executable, "-c", WRITER, *place.of_child()],
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 40)):
            told = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        whole = [line for line in child.stdout.read().splitlines(keepends=True) if line.endswith(b"\n")]
        told = max([told, *map(int, whole)])
        child.wait()
        place.check()
        with place.writer() as journal:
            mark = journal.marks()[("r1", 1)]
            count, recount = journal.counts()["r1"], journal.recount()[("r1", "detections")]
            seqs = [r.seq for r in journal.read(limit=10**6)]
        assert mark >= told, "what was said to be durable is durable"
        batches = mark // 3
        assert count == Counts(4 * batches, 2 * batches, batches, batches)
        assert (recount.journaled, recount.dead_lettered) == (2 * batches, batches)
        assert seqs == [seq for seq in range(1, mark + 1) if seq % 3]
