"""The sender's spool: numbering without holes, nothing lost by kill -9, the oldest dropped and said so."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.errors import SpoolError
from ingest.sending.spool import DroppedRange, MessageKey, Spool, SpoolLimits, first_boot_at
from ingest.wire import MAX_PAYLOAD_BYTES


def text(boot: int, seq: int) -> bytes:
    return f"{boot}/{seq}".encode()


def test_numbers_run_from_one_and_the_boot_rises_at_every_opening(tmp_path: Path) -> None:
    for boot in (1, 2, 3):
        with Spool(tmp_path / "s.sqlite") as spool:
            assert [spool.put(text), *spool.put_many([text, text])] == [(boot, 1), (boot, 2), (boot, 3)]
    with Spool(tmp_path / "s.sqlite") as spool:
        keys = [(boot, seq) for boot in (1, 2, 3) for seq in (1, 2, 3)]
        assert [entry.key for entry in spool.pending()] == keys, "older boots go first"
        assert [entry.payload for entry in spool.pending()] == [text(*key) for key in keys]
        assert [entry.key for entry in spool.pending((1, 3), 2)] == [(2, 1), (2, 2)]
        assert spool.put_total == spool.waiting == 9


def test_settling_forgets_up_to_the_mark_of_one_boot_only(tmp_path: Path) -> None:
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.put_many([text] * 3)
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.put_many([text] * 3)
        assert spool.settle(2, 2) == 2
        assert spool.settle(2, 2) == 0
        assert [entry.key for entry in spool.pending()] == [(1, 1), (1, 2), (1, 3), (2, 3)]
        assert (spool.low(1), spool.low(2), spool.low(3)) == (1, 3, None)
        assert spool.waiting_up_to((1, 2)) == 2
        assert spool.get(1, 2) == text(1, 2)
        assert spool.get(2, 1) is None
        assert spool.settle(1, 2**53) == 3
        assert spool.settle(2**60, 1) == 0
        assert spool.put(text) == (2, 4)


def test_one_message_among_others_can_be_settled(tmp_path: Path) -> None:
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.put_many([text] * 4)
        assert [spool.settle(1, 3, first=3), spool.settle(1, 3, first=3), spool.waiting] == [1, 0, 3]
        assert [entry.seq for entry in spool.pending()] == [1, 2, 4]


def test_numbers_that_no_message_has_forget_and_find_nothing(tmp_path: Path) -> None:
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.put_many([text] * 3)
        assert spool.settle(1, -1) == 0
        assert spool.waiting == 3
        for key in ((1, -1), (1, 2**40 + 1), (1, 2**90), (-1, 1), (2**90, 1)):
            assert spool.get(*key) is None, key


def test_a_first_boot_lets_a_new_disk_avoid_old_keys(tmp_path: Path) -> None:
    with Spool(tmp_path / "s.sqlite", first_boot=100) as spool:
        assert spool.put(text) == (100, 1)
    with Spool(tmp_path / "s.sqlite", first_boot=100) as spool:
        assert spool.put(text) == (101, 1)


@pytest.mark.parametrize("limits", [SpoolLimits(messages=3), SpoolLimits(bytes=12)])
def test_a_full_spool_drops_the_oldest_and_keeps_the_gap_as_a_range(tmp_path: Path, limits: SpoolLimits) -> None:
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.put_many([lambda _boot, _seq: b"four"] * 2)
    with Spool(tmp_path / "s.sqlite", limits=limits) as spool:
        for _ in range(6):
            spool.put(lambda _boot, _seq: b"four")
        assert [entry.key for entry in spool.pending()] == [(2, 4), (2, 5), (2, 6)]
        assert spool.gaps() == [DroppedRange(1, 1, 2), DroppedRange(2, 1, 3)]
        assert (spool.put_total, spool.dropped_total, spool.waiting) == (8, 5, 3)
        assert spool.low(2) == 4
        spool.settle(2, 5)
        spool.put_many([lambda _boot, _seq: b"four"] * 3)
        assert spool.gaps() == [DroppedRange(1, 1, 2), DroppedRange(2, 1, 3), DroppedRange(2, 6, 6)]


def test_what_build_raises_passes_through_and_uses_no_number(tmp_path: Path) -> None:
    def broken(_boot: int, _seq: int) -> bytes:
        raise ValueError("no message")

    with Spool(tmp_path / "s.sqlite") as spool:
        with pytest.raises(ValueError, match="no message"):
            spool.put_many([text, broken])
        with pytest.raises(SpoolError, match="at most"):
            spool.put(lambda _boot, _seq: b"x" * (MAX_PAYLOAD_BYTES + 1))
        assert spool.waiting == 0
        assert spool.put(text) == (1, 1)


def test_a_readable_spool_can_be_copied_while_it_is_in_use_and_keeps_a_second_one_out(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Spool(path, readable=True) as spool:
        spool.put(lambda boot, seq: b"payload")
        with pytest.raises(SpoolError, match=r"s\.sqlite: in use by another process; expected one sender"):
            Spool(path, readable=True)
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=0.0)) as reader:
            (tmp_path / "copy.sqlite").write_bytes(reader.serialize())
        spool.put(lambda boot, seq: b"later")
    with Spool(tmp_path / "copy.sqlite") as copy:
        assert [entry.payload for entry in copy.pending()] == [b"payload"]
    with Spool(path, readable=True) as spool:
        assert len(spool.pending()) == 2


def test_a_spool_in_use_foreign_newer_or_nowhere_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Spool(path), pytest.raises(SpoolError, match=r"s\.sqlite: in use by another process; expected one sender"):
        Spool(path)
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA user_version=99")
    with pytest.raises(SpoolError, match="newer"):
        Spool(path)
    other = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(other)) as db:
        db.execute("CREATE TABLE theirs (x)")
        db.commit()
    before = other.read_bytes()
    with pytest.raises(SpoolError, match="another program's file"):
        Spool(other)
    assert other.read_bytes() == before
    (tmp_path / "t.sqlite").write_bytes(b"this is not a database, whatever its name says" * 100)
    with pytest.raises(SpoolError, match="not a database"):
        Spool(tmp_path / "t.sqlite")
    with pytest.raises(SpoolError):
        Spool(tmp_path / "missing" / "s.sqlite")


def test_a_full_disk_numbers_nothing_and_heals(tmp_path: Path) -> None:
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.put(text)
        pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
        spool._db.execute(f"PRAGMA max_page_count={pages + 2}")
        with pytest.raises(SpoolError, match="the disk is full"):
            spool.put(lambda _boot, _seq: b"x" * 100_000)
        assert (spool.waiting, spool.put_total) == (1, 1)
        spool._db.execute("PRAGMA max_page_count=1000000")
        assert spool.put(text) == (1, 2)


ACTIONS = st.lists(
    st.tuples(st.just("put"), st.integers(1, 4))
    | st.tuples(st.just("settle"), st.integers(0, 30))
    | st.just(("boot", 0)),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(actions=ACTIONS, cap=st.integers(1, 8))
def test_put_equals_waiting_settled_and_dropped(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]], cap: int
) -> None:
    path = tmp_path_factory.mktemp("spool") / "s.sqlite"
    limits = SpoolLimits(messages=cap)
    spool = Spool(path, limits=limits)
    waiting: list[MessageKey] = []
    put = settled = dropped = 0
    for action, number in actions:
        if action == "put":
            waiting += spool.put_many([text] * number)
            put += number
            dropped += max(0, len(waiting) - cap)
            waiting = waiting[-cap:]
        elif action == "settle":
            gone = [key for key in waiting if key[0] == spool.boot and key[1] <= number]
            assert spool.settle(spool.boot, number) == len(gone)
            waiting = [key for key in waiting if key not in gone]
            settled += len(gone)
        else:
            spool.close()
            spool = Spool(path, limits=limits)
        assert [entry.key for entry in spool.pending()] == waiting
        assert (spool.put_total, spool.dropped_total, spool.waiting) == (put, dropped, len(waiting))
        assert put == len(waiting) + settled + dropped
        assert sum(gap.last - gap.first + 1 for gap in spool.gaps()) == dropped
    spool.close()


PUTTER = """
import sys
from ingest.sending.spool import Spool
spool = Spool(sys.argv[1])
while True:
    key = spool.put(lambda boot, seq: f"{boot}/{seq}".encode())
    sys.stdout.write(f"{key[0]} {key[1]}\\n")
    sys.stdout.flush()
    if key[1] % 7 == 0:
        spool.settle(key[0], key[1] - 3)
"""


def test_kill_9_loses_no_message_and_gives_no_number_twice(tmp_path: Path) -> None:
    path, chance = tmp_path / "s.sqlite", random.Random(4)
    told: list[MessageKey] = []
    for _ in range(8):
        child = subprocess.Popen([sys.executable, "-c", PUTTER, str(path)], stdout=subprocess.PIPE)
        assert child.stdout is not None
        for _ in range(chance.randrange(1, 120)):
            told.append(tuple(map(int, child.stdout.readline().split())))  # type: ignore[arg-type]
        os.kill(child.pid, signal.SIGKILL)
        told += [tuple(map(int, line.split())) for line in child.stdout.read().splitlines() if line.count(b" ") == 1]  # type: ignore[misc]
        child.wait()
    with Spool(path) as spool:
        waiting = {entry.key for entry in spool.pending(limit=10_000)}
        assert spool._db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert spool.boot == 9
    assert len(told) == len(set(told)), "a number was given twice"
    for boot in range(1, 9):
        last = max(seq for b, seq in told if b == boot)
        settled = (last // 7) * 7 - 3 if last >= 7 else 0
        assert {seq for b, seq in waiting if b == boot} >= set(range(max(settled, 0) + 1, last + 1))


def test_a_new_spool_begins_at_the_millisecond_of_its_senders_clock(tmp_path: Path) -> None:
    year_ns = 31_557_600 * 10**9  # Julian year
    assert first_boot_at(0) == first_boot_at(1_577_836_800 * 10**9) == 1, "1970, and the first millisecond of 2020"
    assert first_boot_at((1_577_836_800 + 7) * 10**9 + 59_999_999) == 7059
    assert first_boot_at(500_000 * year_ns) < 2**53 - 10**9, "room for restarts, whatever the clock says"
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.raise_first_boot(70)
        assert spool.put(lambda boot, seq: b"%d" % boot) == (70, 1)
        spool.raise_first_boot(90)
        assert spool.put(lambda boot, seq: b"%d" % boot) == (70, 2), "not within what was put"
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.raise_first_boot(90)
        assert spool.boot == 71, "a spool that is there already counts on"
    with Spool(tmp_path / "t.sqlite", first_boot=3) as spool:
        spool.raise_first_boot(90)
        assert spool.boot == 3, "chosen by its owner"


def test_a_clock_that_was_wrong_at_one_start_has_no_effect_on_the_next(tmp_path: Path) -> None:
    """1970 at the first start; the disk before this one was at a boot of the right clock, below which is a rollback."""
    right = first_boot_at(1_790_000_000 * 10**9)
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.raise_first_boot(first_boot_at(0))
        assert (spool.boot, spool.by_boot) == (1, 1)
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.raise_first_boot(right)
        assert (spool.boot, spool.by_boot) == (right, right)
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.raise_first_boot(first_boot_at(0))
        assert (spool.boot, spool.by_boot) == (right + 1, right + 1), "it never falls"


def test_messages_of_a_start_with_a_wrong_clock_keep_their_order_and_are_signed_with_a_boot_that_rises(
    tmp_path: Path,
) -> None:
    right = first_boot_at(1_790_000_000 * 10**9)
    with Spool(tmp_path / "s.sqlite") as spool:
        spool.raise_first_boot(first_boot_at(0))
        spool.put_many([text, text])
    for opening, clock in enumerate((right, first_boot_at(0))):
        with Spool(tmp_path / "s.sqlite") as spool:
            spool.raise_first_boot(clock)
            assert (spool.boot, spool.by_boot) == (2 + opening, right + opening)
            spool.put(text)
    with Spool(tmp_path / "s.sqlite") as spool:
        waiting = [(1, 1), (1, 2), (2, 1), (3, 1)]
        assert [(entry.key, entry.payload) for entry in spool.pending()] == [(key, text(*key)) for key in waiting]
        for boot in (1, 2, 3):
            spool.settle(boot, 9)
        assert spool.by_boot == right + 2
    with Spool(tmp_path / "s.sqlite") as spool:
        assert (spool.boot, spool.by_boot) == (right + 3, right + 3), "nothing waits: one number again"
    with Spool(tmp_path / "u.sqlite", first_boot=1) as spool:
        spool.put(text)
    with Spool(tmp_path / "u.sqlite", first_boot=right) as spool:
        assert (spool.boot, spool.by_boot) == (2, right), "chosen by its owner, as of messages of units"


def test_boots_far_apart_fit_one_file(tmp_path: Path) -> None:
    """An owner who chooses the time as the boot at every opening, with messages waiting and without."""
    path, day = tmp_path / "s.sqlite", 86_400_000
    with Spool(path, first_boot=70 * day) as spool:
        assert spool.put(lambda boot, seq: b"first") == (70 * day, 1)
    with Spool(path, first_boot=71 * day) as spool:
        assert spool.boot == 70 * day + 1, "a message of a much lower boot waits: the next one"
        spool.put(lambda boot, seq: b"second")
        assert [entry.key for entry in spool.pending()] == [(70 * day, 1), (70 * day + 1, 1)]
        assert [entry.key for entry in spool.pending(after=(1, 1))] == [(70 * day, 1), (70 * day + 1, 1)]
        assert spool.pending(after=(99 * day, 1)) == []
        assert (spool.waiting_up_to((70 * day, 9)), spool.waiting_up_to((3, 1))) == (1, 0)
        assert (spool.settle(1, 9), spool.settle(99 * day, 9), spool.get(99 * day, 1)) == (0, 0, None)
        assert (spool.low(70 * day), spool.low(1), spool.low(99 * day)) == (1, None, None)
        assert (spool.settle(70 * day, 9), spool.settle(70 * day + 1, 9)) == (1, 1)
    with Spool(path, first_boot=72 * day) as spool:
        assert spool.put(lambda boot, seq: b"third") == (72 * day, 1)
    with Spool(path) as spool:
        assert spool.boot == 72 * day + 1
        assert [entry.key for entry in spool.pending()] == [(72 * day, 1)]


def test_a_file_of_the_first_schema_is_read(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    with Spool(path):
        pass
    with sqlite3.connect(path) as db:  # as version 1 wrote it: rowids count from boot 0
        db.execute("PRAGMA user_version=1")
        db.execute("DELETE FROM meta WHERE name = 'base'")
        db.execute("INSERT OR REPLACE INTO meta VALUES ('boot', 3633355)")
        db.execute("INSERT INTO messages VALUES (?, ?)", (3_633_355 << 40 | 7, b"waiting"))
    db.close()
    with Spool(path) as spool:
        assert [entry.key for entry in spool.pending()] == [(3_633_355, 7)]
        assert spool.put(lambda boot, seq: b"new") == (3_633_356, 1)
        assert (spool.settle(3_633_355, 7), spool.settle(3_633_356, 1)) == (1, 1)
    with Spool(path) as spool:
        assert spool.put(lambda boot, seq: b"new") == (3_633_357, 1)


def test_a_spool_is_its_owners_alone(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    for mode in (None, 0o644):  # a new one, and one of an earlier version
        if mode is not None:
            path.chmod(mode)
        with Spool(path) as spool:
            spool.put(lambda boot, seq: b"seen")
            for file in tmp_path.iterdir():
                assert file.stat().st_mode & 0o777 == 0o600, file
