"""Leases: numbers only rise, one holder at a time, and whoever loses one neither lives on nor writes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geo.message import Message
from ops.cluster.leases.lease_book import LeaseBook, LeaseError, Process, Superseded
from ops.cluster.workers import sector_task
from ops.cluster.workers.sector_task import Heart, PartGivenUp, SectorTask, hold_sector
from ops.journal.reader import JournalLost, JournalReader
from ops.journal.writer import Journal
from ops.runtime.files.fence import stored_fence
from ops.store.connections import StoreLost
from ops.store.reader import Reader
from ops.store.writer import Store

SLEEPER = "import time\nprint('up', flush=True)\ntime.sleep(3600)"


def sleeper() -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", SLEEPER], stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


@given(claims=st.lists(st.sampled_from(["a", "b", "c"]), max_size=12))
def test_numbers_of_a_sector_only_rise_and_only_the_newest_holds_it(
    claims: list[str], tmp_path_factory: pytest.TempPathFactory
):
    with LeaseBook(tmp_path_factory.mktemp("leases")) as book:
        newest: dict[str, int] = {}
        for count, sector in enumerate(claims):
            token = book.claim(sector, f"worker-{count}")
            assert token == newest.get(sector, 0) + 1
            before, newest[sector] = newest.get(sector), token
            assert book.beat(sector, token, live=False) == "hold"
            if before is not None:
                assert book.beat(sector, before, live=True) is None
                book.give_back(sector, before)  # of no effect on a lease that is another's
                lease = book.lease(sector)
                assert lease is not None
                assert (lease.holder, lease.live_ns) == (f"worker-{count}", None)
        assert {lease.sector: lease.token for lease in book.leases()} == newest


def test_a_lease_says_since_when_its_sector_is_live_and_not_while_it_is_not(tmp_path: Path):
    with LeaseBook(tmp_path) as book:
        token, found = book.claim("hills", "worker-1"), []
        for live in (False, True, True, False, True):
            book.beat("hills", token, live=live)
            [lease] = book.leases()
            found.append(lease.live_ns)
        assert found[0] is found[3] is None
        assert found[1] == found[2] < found[4]


class StandInRoom:
    """A room whose fusion ends for a time, and then for good."""

    ended_now: Message | None = None
    given_up_now: Message | None = None
    failed_now: Message | None = None

    def __init__(self, _options: object, *, spares: object) -> None:
        self.children: list[object] = []

    def __enter__(self) -> StandInRoom:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def listen(self) -> None:
        pass

    def restart_ended(self) -> list[Message]:
        return []

    def failed(self) -> Message | None:
        return self.failed_now or self.ended_now

    def ended(self) -> Message | None:
        return self.ended_now

    def given_up(self) -> Message | None:
        return self.given_up_now


def test_a_sector_is_not_live_while_a_process_is_down_and_ends_with_the_reason_once_that_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The supervisor then starts it anew, and reports it; otherwise it would be down for good, and said to be live."""
    down = Message("part-ended", {"part": "fusion", "cause": "none", "code": -11, "words": "", "log": "fusion.log"})
    given_up = Message("part-given-up", {**down.parameters, "failures": 70, "minutes": 60})
    steps = [
        {"failed_now": down}, {}, {"failed_now": down}, {"ended_now": down}, {},
        {"ended_now": down, "given_up_now": given_up},
    ]  # fmt: skip
    live: list[bool] = []
    rooms: list[StandInRoom] = []

    def restart_ended(room: StandInRoom) -> list[Message]:
        rooms[:] = [room]
        room.ended_now = room.failed_now = room.given_up_now = None
        for name, value in steps[len(live)].items():
            setattr(room, name, value)
        return []

    class NotedHeart(Heart):
        def __setattr__(self, name: str, value: object) -> None:
            if name == "live" and rooms:
                live.append(bool(value))
            super().__setattr__(name, value)

    monkeypatch.setattr(StandInRoom, "restart_ended", restart_ended)
    monkeypatch.setattr(sector_task, "Room", StandInRoom)
    monkeypatch.setattr(sector_task, "Heart", NotedHeart)
    monkeypatch.setattr(sector_task, "BEAT_EVERY_S", 0.01)
    with pytest.raises(PartGivenUp, match=r"fusion.*70"):
        hold_sector(task_in(tmp_path), worker="worker-1")
    assert live == [False, True, True, False, True, False]
    with LeaseBook(tmp_path) as book:
        assert [lease.holder for lease in book.leases()] == [""]


def test_threads_that_claim_at_once_each_get_a_number_of_their_own(tmp_path: Path):
    found: list[int] = []

    def claim() -> None:
        with LeaseBook(tmp_path) as book:
            found.extend(book.claim("hills", "worker") for _ in range(5))

    threads = [threading.Thread(target=claim) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == list(range(1, 21))


@pytest.mark.parametrize("asleep", [False, True])
def test_a_claim_ends_the_processes_of_the_holder_before_even_if_they_sleep(tmp_path: Path, asleep: bool):
    with LeaseBook(tmp_path) as book, sleeper() as other:
        token = book.claim("hills", "worker-1")
        book.beat("hills", token, live=True, pids=[other.pid])
        known = Process.of(psutil.Process(other.pid))
        if asleep:
            os.kill(other.pid, signal.SIGSTOP)
        assert book.claim("hills", "worker-2") == token + 1
        assert known.running() is None
    assert psutil.pid_exists(os.getpid())  # this process was one of its holders, too


def test_a_later_process_with_the_number_of_a_holder_is_not_its_process(tmp_path: Path):
    with sleeper() as other:
        known = Process.of(psutil.Process(other.pid))
        assert known.running() is not None
        assert Process(known.pid, Process.of(psutil.Process()).started).running() is None
        other.kill()
    assert known.running() is None


def test_a_clock_that_is_set_makes_no_other_process_of_one(monkeypatch: pytest.MonkeyPatch):
    """psutil counts from the boot, whose time of day changes then."""
    known, created_s = Process.of(psutil.Process()), psutil.Process.create_time
    monkeypatch.setattr(psutil.Process, "create_time", lambda process: created_s(process) - 3600.0)
    assert known.running() is not None


PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"])
print(child.pid, flush=True)
sys.stdin.read()
"""


def test_a_killed_process_whose_parent_never_asks_for_its_exit_code_has_ended(tmp_path: Path):
    """As in a container whose first process collects none."""
    with LeaseBook(tmp_path) as book:
        parent = subprocess.Popen([sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        with parent:
            assert parent.stdout is not None
            token = book.claim("hills", "worker-1")
            pid = int(parent.stdout.readline())
            book.beat("hills", token, live=True, pids=[pid])
            assert book.claim("hills", "worker-2") == token + 1
            assert psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_lease_that_was_given_back_ends_no_process(tmp_path: Path):
    with LeaseBook(tmp_path) as book, sleeper() as other:
        token = book.claim("hills", "worker-1")
        book.beat("hills", token, live=True, pids=[other.pid])
        book.give_back("hills", token)
        book.claim("hills", "worker-2")
        assert other.poll() is None
        other.kill()


def test_a_task_that_could_not_give_its_lease_back_has_ended_and_its_worker_lives_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As after a failover of the store: the worker may already run other sectors when the next one claims this."""

    def away(*_: object) -> None:
        raise LeaseError("db.example: no connection.")

    monkeypatch.setattr(sector_task, "Room", StandInRoom)
    monkeypatch.setattr(sector_task, "_run", lambda *_: "lost")
    with monkeypatch.context() as patched:
        patched.setattr(LeaseBook, "give_back", away)
        assert hold_sector(task_in(tmp_path), worker="worker-1") == "lost"
    with LeaseBook(tmp_path) as book, sleeper() as worker:
        [lease] = book.leases()
        assert lease.holder == "worker-1"
        book.beat("hills", lease.token, live=True, pids=[worker.pid])
        second = book.claim("hills", "worker-2")
        assert worker.poll() is None
        book.beat("hills", second, live=True, pids=[worker.pid])
        book.claim("hills", "worker-3")
        assert worker.wait() == -signal.SIGKILL, "the note is for its lease only"


def test_a_wish_to_move_is_heard_once_and_a_wish_to_stop_stays(tmp_path: Path):
    with LeaseBook(tmp_path) as book:
        token = book.claim("hills", "worker-1")
        book.wish("hills", "move")
        assert book.beat("hills", token, live=True) == "move"
        token = book.claim("hills", "worker-2")
        assert book.beat("hills", token, live=True) == "hold"
        book.wish("hills", "stop")
        assert book.beat("hills", book.claim("hills", "worker-3"), live=False) == "stop"


def test_a_wish_to_stop_is_heard_by_who_claims_the_sector_for_the_first_time(tmp_path: Path):
    with LeaseBook(tmp_path) as book:
        book.wish("hills", "stop")
        assert book.claim("hills", "worker-1") == 1
        assert book.beat("hills", 1, live=False) == "stop"
        book.give_back("hills", 1)
    assert hold_sector(task_in(tmp_path), worker="worker-2") == "stopped"
    with LeaseBook(tmp_path) as book:
        assert [(lease.token, lease.holder) for lease in book.leases()] == [(2, "")]


def test_a_task_that_begins_while_the_sector_is_to_stop_leaves_that_to_its_holder(tmp_path: Path):
    """As one that waited on a frozen worker; seed 83 of the simulated worlds."""
    with LeaseBook(tmp_path) as book:
        token = book.claim("hills", "worker-1")  # by this process, which runs
        book.wish("hills", "stop")
        before = book.leases()
        assert hold_sector(task_in(tmp_path), worker="worker-2") == "stopped"
        assert book.leases() == before
        assert book.beat("hills", token, live=True) == "stop"


def test_a_task_that_is_run_again_after_the_sector_went_to_another_takes_nothing_and_ends_no_process(tmp_path: Path):
    """As dask does with one that had ended, if what it returned was lost with its worker."""
    with LeaseBook(tmp_path) as book, sleeper() as other:
        first = book.claim("hills", "worker-1", newest=0)
        book.give_back("hills", first)
        second = book.claim("hills", "worker-2", newest=first)
        book.beat("hills", second, live=True, pids=[other.pid])
        before = book.leases()
        assert hold_sector(task_in(tmp_path, newest=0), worker="worker-3") == "lost"
        assert book.leases() == before
        assert other.poll() is None
        book.give_back("hills", second)
        assert hold_sector(task_in(tmp_path, newest=first), worker="worker-3") == "lost"
        assert book.claim("hills", "worker-3", newest=second) == second + 1
        other.kill()


def test_of_two_tasks_given_with_one_lease_only_the_first_claims(tmp_path: Path):
    """Also if both have read the lease before either claims."""
    with LeaseBook(tmp_path) as book, LeaseBook(tmp_path) as other:
        seen = book.lease("hills")
        assert other.claim("hills", "worker-1", newest=0) == 1
        book.lease = lambda _: seen  # type: ignore[method-assign]
        with pytest.raises(Superseded):
            book.claim("hills", "worker-2", newest=0)
        assert [(lease.holder, lease.token) for lease in other.leases()] == [("worker-1", 1)]


def task_in(folder: Path, *, newest: int | None = None) -> SectorTask:
    nowhere = folder / "missing"
    return SectorTask(
        sector=nowhere, name="hills", layout=nowhere, folder=folder, broker="mqtt://127.0.0.1:1", newest=newest
    )


def test_a_holder_whose_lease_was_removed_loses_it(tmp_path: Path):
    with LeaseBook(tmp_path) as book, LeaseBook(tmp_path) as other:
        token = book.claim("hills", "worker-1")
        for path in tmp_path.glob("leases.db*"):
            path.unlink()
        assert book.beat("hills", token, live=True) is None
        assert other.leases() == []
        other.claim("hills", "worker-2", above=token)
        assert [(lease.holder, lease.token) for lease in book.leases()] == [("worker-2", token + 1)]


def test_a_file_takes_writes_while_another_process_has_locked_it_but_not_where_it_cannot_be_written(tmp_path: Path):
    with LeaseBook(tmp_path) as book, sqlite3.connect(tmp_path / "leases.db", isolation_level=None) as other:
        book.claim("hills", "worker-1")
        assert book.takes_writes()
        other.execute("BEGIN IMMEDIATE")
        assert book.takes_writes()
        other.execute("ROLLBACK")
        book._db.execute("PRAGMA query_only = 1")
        assert not book.takes_writes()
    other.close()


def test_leases_that_were_removed_begin_above_the_numbers_in_the_files_of_the_sector(tmp_path: Path):
    Store(tmp_path / "store.db", fence=7).close()
    with LeaseBook(tmp_path) as book:
        assert book.claim("hills", "worker", above=stored_fence(tmp_path / "store.db")) == 8
    assert stored_fence(tmp_path / "missing.db") == 0


def test_what_is_no_file_of_leases_is_refused_and_left_as_it_is(tmp_path: Path):
    with sqlite3.connect(tmp_path / "leases.db") as foreign:
        foreign.execute("CREATE TABLE notes (text)")
    foreign.close()
    before = (tmp_path / "leases.db").read_bytes()[100:]
    with pytest.raises(LeaseError, match="not leases of this version"):
        LeaseBook(tmp_path)
    assert (tmp_path / "leases.db").read_bytes()[100:] == before
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "leases.db").write_text("no database, but long enough to be taken for one" * 20)
    with pytest.raises(LeaseError, match="cannot be used"):
        LeaseBook(tmp_path / "text")


# What a fence protects


def after_a_lost_lock(opened: Store | Journal, path: Path) -> None:
    """Raise the fence in the file as the next holder does; a sleeper's lock would have gone with its process."""
    with sqlite3.connect(path) as other:
        other.execute("UPDATE fence SET token = token + 1")
    other.close()


def test_a_store_writes_nothing_under_an_older_lease(tmp_path: Path):
    path = tmp_path / "store.db"
    store = Store(path, fence=3)
    store.commit(5, stamp_ns=0)
    after_a_lost_lock(store, path)
    with pytest.raises(StoreLost, match="given to another process"):
        store.commit(6, stamp_ns=0, checkpoint=b"x", counts={"radar": {"received": 1}})
    store.mark_delivered([1], at_ns=0)
    store.close()
    with pytest.raises(StoreLost):
        Store(path, fence=3)
    reader = Reader(path)
    assert reader.progress().cursor == 5
    assert reader.live("counts") is None
    reader.close()
    Store(path, fence=4).close()


def test_a_journal_writes_nothing_under_an_older_lease(tmp_path: Path):
    path = tmp_path / "journal.db"
    journal = Journal(path, fence=3)
    journal.tick(1)
    after_a_lost_lock(journal, path)
    for _ in range(2):
        with pytest.raises(JournalLost, match="given to another process"):
            journal.tick(2)
    journal.close()
    with pytest.raises(JournalLost):
        Journal(path, fence=3)
    with JournalReader(path) as reader:
        assert reader.last_id() == 1
    Journal(path, fence=4).close()


def test_without_a_lease_files_have_no_fence(tmp_path: Path):
    Store(tmp_path / "store.db").close()
    Journal(tmp_path / "journal.db").close()
    assert stored_fence(tmp_path / "store.db") == stored_fence(tmp_path / "journal.db") == 0
