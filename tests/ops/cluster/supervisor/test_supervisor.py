"""The supervisor of a cluster by itself, without dask: which holders it ends, and what does not end it."""

from __future__ import annotations

import itertools
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dask
import distributed
import msgspec
import psutil
import pytest
from tornado import ioloop

from ops.cluster.leases.lease_book import LeaseBook, LeaseError, Process
from ops.cluster.supervisor.cluster import (
    LONGEST_LOOK_S,
    LOST_AFTER_S,
    SETTINGS_OF_DASK,
    SILENT_S,
    STOP_S,
    UNEVEN_S,
    WORKERS_EVERY_S,
    Cluster,
)
from ops.cluster.supervisor.waiting import known_waits
from ops.cluster.supervisor.watched import LONGEST_PAUSE_S, STEADY_S
from ops.cluster.workers import worker_process
from ops.cluster.workers.sector_task import SectorTask
from ops.room.room import START_TIMEOUT_S
from tests.patience import PATIENT_S


class Future:
    """Stands for a task of dask that runs, or has ended with ``returned``, be it an error."""

    status, ended, released = "finished", False, False
    returned: Any = None

    def release(self) -> None:
        self.released = True

    def done(self) -> bool:
        return self.ended

    def exception(self) -> Exception:
        return self.returned

    def result(self, timeout: float) -> Any:
        assert timeout > 0
        if isinstance(self.returned, Exception):
            raise self.returned
        return self.returned


class Client:
    """Stands for dask's client, with these workers."""

    def __init__(self, workers: Sequence[str] = ("worker-1",)) -> None:
        self.submitted: list[Future] = []
        self.given: list[SectorTask] = []
        self.given_to: list[Any] = []
        self.workers, self.heard_s = list(workers), defaultdict[str, float](float)

    def submit(self, _function: Any, task: SectorTask, *, workers: Any = None, **__: Any) -> Future:
        self.given.append(task)
        self.given_to.append(workers)
        self.submitted.append(Future())
        return self.submitted[-1]

    def hear(self, workers: Sequence[str]) -> None:
        """Let the scheduler hear of workers."""
        for address in workers:
            self.heard_s[address] += 1.0

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        return {"workers": {one: {"host": one, "n": n_workers, "last_seen": self.heard_s[one]} for one in self.workers}}


class Supervised:
    """A cluster of one sector, or several, that looks once for each second of its own clock."""

    def __init__(self, folder: Path, names: Sequence[str] = ("hills",), workers: Sequence[str] = ("worker-1",)) -> None:
        tasks = [
            SectorTask(sector=folder, name=name, layout=folder, folder=folder, broker="mqtt://127.0.0.1:1")
            for name in names
        ]
        self.now_s, self.book, self.client = 0.0, LeaseBook(folder), Client(workers)
        self.cluster = Cluster(tasks, 1, monotonic_s=lambda: self.now_s)
        self.cluster._book, self.cluster._client = self.book, self.client

    def look(self, times: int = 1) -> list[str]:
        told = []
        for _ in range(times):
            told += [message.id for message in self.cluster.look()]
            self.now_s += LONGEST_LOOK_S
        return told


@pytest.fixture
def supervised(tmp_path: Path) -> Iterator[Supervised]:
    one = Supervised(tmp_path)
    yield one
    one.book.close()


LATE = 3 * round(LOST_AFTER_S / LONGEST_LOOK_S)


def test_a_silent_holder_is_ended_but_not_while_none_can_write_that_it_lives(supervised: Supervised):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as other:
        token = supervised.book.claim("hills", "worker-1")
        supervised.book.beat("hills", token, live=True, pids=[other.pid])
        assert supervised.look() == ["cluster-sector-live"]
        supervised.book._db.execute("PRAGMA query_only = 1")  # as on a full disk
        assert supervised.look(LATE) == []
        assert other.poll() is None
        supervised.book._db.execute("PRAGMA query_only = 0")
        assert supervised.look(LATE) == ["cluster-worker-lost"]
        assert other.wait() < 0


def test_a_sector_one_of_whose_processes_is_down_is_not_live_until_it_runs_again(supervised: Supervised):
    token, told = supervised.book.claim("hills", "worker-1"), []
    for live in (True, False, False, True):
        supervised.book.beat("hills", token, live=live)
        told.append((supervised.look(), supervised.cluster.live))
    assert told == [
        (["cluster-sector-live"], True),
        (["cluster-sector-interrupted"], False),
        ([], False),
        (["cluster-sector-live-again"], True),
    ]
    assert supervised.cluster.failovers_s == [2 * LONGEST_LOOK_S]


def test_leases_that_cannot_be_read_are_told_once_and_end_nothing(
    supervised: Supervised, monkeypatch: pytest.MonkeyPatch
):
    def broken(_book: LeaseBook) -> Any:
        raise LeaseError("leases.db: cannot be used (disk I/O error).")

    with monkeypatch.context() as patched:
        patched.setattr(LeaseBook, "leases", broken)
        assert supervised.look(3) == ["cluster-holder-stays"]
    assert supervised.look() == []
    assert len(supervised.client.submitted) == 1


@pytest.mark.parametrize("returned", ["moved", TimeoutError()])
def test_an_ended_sector_starts_again_also_if_its_worker_ended_with_what_it_returned(
    supervised: Supervised, returned: Any
):
    supervised.look()
    [first] = supervised.client.submitted
    first.ended, first.returned = True, returned
    assert supervised.look() == []
    assert len(supervised.client.submitted) == 2


def test_a_sector_whose_worker_is_lost_is_given_to_another_at_once_and_only_with_the_number_of_its_lease(
    supervised: Supervised,
):
    supervised.look()
    token = supervised.book.claim("hills", "worker-1")
    supervised.book.beat("hills", token, live=True)
    supervised.look()
    [first] = supervised.client.submitted
    first.ended, first.status, first.returned = True, "error", distributed.KilledWorker("hills", None, 0)
    assert supervised.look() == []
    assert not supervised.cluster.live, "its lease still says so"
    assert [task.newest for task in supervised.client.given] == [0, token]
    supervised.look()
    assert not supervised.cluster.live
    supervised.book.beat("hills", supervised.book.claim("hills", "worker-2", newest=token), live=True)
    assert supervised.look() == ["cluster-sector-live-again"]
    assert supervised.cluster.failovers_s == [2 * LONGEST_LOOK_S]


def lose(*futures: Future) -> None:
    """End tasks as dask does when their worker is lost."""
    for future in futures:
        future.ended, future.status, future.returned = True, "error", distributed.KilledWorker("hills", None, 0)


@pytest.mark.parametrize(
    ("heard", "given"),
    [
        (("worker-1", "worker-2"), "worker-1"),  # which has the least: nothing
        (("worker-2",), "worker-2"),
        ((), "worker-1"),  # the scheduler hears no one
    ],
)
def test_a_worker_that_is_not_heard_of_is_given_no_sector_if_there_is_another(
    tmp_path: Path, heard: Sequence[str], given: str
):
    """One that is frozen, and holds nothing: no lease shows it."""
    supervised = Supervised(tmp_path, ["hills", "plain"], ["worker-1", "worker-2"])
    supervised.look()
    assert supervised.client.given_to == [["worker-1"], ["worker-2"]]
    tokens = {name: supervised.book.claim(name, f"worker-{n}") for n, name in enumerate(("hills", "plain"), start=1)}
    for _ in range(LATE):
        for name, token in tokens.items():
            supervised.book.beat(name, token, live=True)
        supervised.client.hear(heard)
        supervised.look()
    lose(supervised.client.submitted[0])
    supervised.look()
    assert supervised.client.given_to[2:] == [[given]]


@pytest.mark.parametrize("step_s", [-86_400.0, 3_600.0])
def test_a_clock_that_is_set_makes_no_worker_late(tmp_path: Path, step_s: float):
    """dask states when it heard of a worker by the clock of the machine."""
    supervised = Supervised(tmp_path, ["hills", "plain"], ["worker-1", "worker-2"])
    for now_s in (0.0, 1.0, 2.0):
        supervised.client.heard_s |= {"worker-1": 1000.0 + now_s, "worker-2": 1000.5 + now_s}
        supervised.look()
    supervised.client.heard_s |= {"worker-1": 1003.0 + step_s, "worker-2": 1002.5}  # before the step
    supervised.look()
    lose(*supervised.client.submitted)
    supervised.look()
    assert supervised.client.given_to[2:] == [["worker-1"], ["worker-2"]]


def test_a_sector_that_a_frozen_worker_does_not_claim_is_given_to_another(tmp_path: Path):
    supervised = Supervised(tmp_path, ["hills", "plain"], ["worker-1", "worker-2"])
    supervised.look()
    supervised.book.beat("plain", token := supervised.book.claim("plain", "worker-2"), live=True)
    told = []
    for _ in range(LATE):
        supervised.book.beat("plain", token, live=True)
        supervised.client.hear(["worker-2"])
        told += supervised.look()
    assert told == ["cluster-sector-live", "cluster-order-withdrawn"]
    first, _, second = supervised.client.submitted
    assert (first.released, second.released) == (True, False)
    assert supervised.client.given_to[2:] == [["worker-2"]]
    assert [task.newest for task in supervised.client.given if task.name == "hills"] == [0, 0]


def test_a_worker_that_could_not_run_a_sector_is_given_it_again_before_one_that_is_frozen(tmp_path: Path):
    supervised = Supervised(tmp_path, ["hills"], ["worker-1", "worker-2"])
    supervised.look()
    for _ in range(LATE):
        supervised.client.hear(["worker-1"])
        supervised.book.beat("hills", supervised.book.claim("hills", "worker-1"), live=True)
        supervised.look()
    [first] = supervised.client.submitted
    first.ended, first.status, first.returned = True, "error", LeaseError("no room")
    supervised.look(3)
    assert supervised.client.given_to == [["worker-1"], ["worker-1"]]


def test_a_frozen_worker_that_is_woken_and_claims_its_sector_first_keeps_it_until_it_is_lost(tmp_path: Path):
    supervised = Supervised(tmp_path, ["hills"], ["worker-1", "worker-2"])
    supervised.look()
    while len(supervised.client.submitted) == 1:
        supervised.client.hear(["worker-2"])
        supervised.look()
    token = supervised.book.claim("hills", "worker-1", newest=0)
    second = supervised.client.submitted[1]
    second.ended, second.returned = True, "lost"  # its claim is refused
    told = []
    for _ in range(LATE):
        supervised.book.beat("hills", token, live=True)
        told += supervised.look()
    assert told == ["cluster-sector-live"]
    assert len(supervised.client.submitted) == 2, "nobody takes it from its holder"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as other:
        supervised.book.beat("hills", token, live=True, pids=[other.pid])
        assert supervised.look(LATE) == ["cluster-worker-lost"]
        assert other.wait() < 0
    assert len(supervised.client.submitted) == 3


@pytest.mark.parametrize("locked", [True, False])
def test_a_worker_that_froze_with_the_lock_of_the_leases_does_not_take_the_others_along(tmp_path: Path, locked: bool):
    """No other one can write its sign of life meanwhile, but the scheduler hears of them."""
    supervised = Supervised(tmp_path, ["hills", "plain"], ["worker-1", "worker-2"])
    with (
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as frozen,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as other,
        LeaseBook(tmp_path) as locking,
    ):
        for name, worker, process in (("hills", "worker-1", frozen), ("plain", "worker-2", other)):
            token = supervised.book.claim(name, worker)
            supervised.book.beat(name, token, live=True, pids=[process.pid])
        assert supervised.look() == ["cluster-sector-live"] * 2
        if locked:
            locking._db.execute("BEGIN IMMEDIATE")
        told = []
        while not told:
            supervised.client.hear(["worker-2"])
            told += supervised.look()
        assert frozen.wait() < 0
        if locked:
            assert (told, other.poll()) == (["cluster-worker-lost"], None)
            locking._db.execute("ROLLBACK")
            other.kill()
        else:
            assert (told, other.wait()) == (["cluster-worker-lost"] * 2, -signal.SIGKILL), "it could have written"


def test_a_sector_that_ends_one_worker_after_the_other_waits_longer_and_longer_apart_from_the_others(tmp_path: Path):
    names, workers = ["crashing", "hills", "plain"], ["worker-1", "worker-2", "worker-3"]
    supervised = Supervised(tmp_path, names, workers)
    client, book = supervised.client, supervised.book
    tokens: dict[str, int] = {}

    def beat(name: str, worker: str | None = None) -> None:
        if worker is not None:
            tokens[name] = book.claim(name, worker)
        book.beat(name, tokens[name], live=True)

    for name, worker in zip(names, workers, strict=True):
        beat(name, worker)
    given: list[tuple[float, Any]] = []
    for _ in range(50):  # each attempt ends its worker before the next look
        supervised.look()
        beat("hills")
        beat("plain")
        for index, task in enumerate(client.given):
            if task.name == "crashing" and not client.submitted[index].ended:
                given.append((supervised.now_s, client.given_to[index]))
                lose(client.submitted[index])
    pauses = [later - before for (before, _), (later, _) in pairwise(given)]
    assert [one - LONGEST_LOOK_S for one in pauses] == [0.0, 2.0, 4.0, 8.0, 16.0], "a loss is seen one look later"
    assert {worker for _, [worker] in given[2:]} == {"worker-1"}, "which has no other sector"
    assert [task.name for task in client.given].count("hills") == 1
    waits = known_waits(tmp_path)
    assert list(waits) == ["crashing"]
    assert waits["crashing"].count == len(given)
    beat("crashing", "worker-1")
    for _ in range(round(STEADY_S / LONGEST_LOOK_S) + 2):
        for name in names:
            beat(name)
        supervised.look()
    assert known_waits(tmp_path) == {}
    lose(next(one for one in reversed(client.submitted) if not one.ended))
    before = len(client.given)
    supervised.look()
    assert len(client.given) == before + 1, "after a steady time a loss is the first one again"


def test_a_worker_that_is_silent_and_holds_nothing_is_killed(tmp_path: Path):
    """dask would do so by the clock of the machine, which may be set."""
    supervised = Supervised(tmp_path, ["hills"], ["worker-1", "worker-2"])
    token = supervised.book.claim("hills", "worker-2")
    with (
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as idle,
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(3600)"]) as holding,
    ):
        places = {
            number: SimpleNamespace(status=distributed.core.Status.running, worker_address=address, pid=process.pid)
            for number, (address, process) in enumerate((("worker-1", idle), ("worker-2", holding)))
        }
        untyped: Any = supervised.cluster
        untyped._local = SimpleNamespace(workers=places, scale=lambda _: None)
        for _ in range(round((SILENT_S + 2 * WORKERS_EVERY_S) / LONGEST_LOOK_S)):
            supervised.book.beat("hills", token, live=True)
            supervised.look()
        assert (idle.wait(), holding.poll()) == (-signal.SIGKILL, None)
        holding.kill()


def test_a_sector_whose_lease_was_removed_is_not_live_until_it_is_held_again(supervised: Supervised, tmp_path: Path):
    supervised.book.beat("hills", supervised.book.claim("hills", "worker-1", above=6), live=True)
    assert supervised.look() == ["cluster-sector-live"]
    for path in tmp_path.glob("leases.db*"):
        path.unlink()
    assert supervised.look() == []
    assert not supervised.cluster.live
    assert not supervised.cluster.at_rest
    supervised.book.beat("hills", supervised.book.claim("hills", "worker-1"), live=True)
    assert supervised.look() == ["cluster-sector-live-again"]


def test_a_stop_does_not_wait_for_a_task_whose_processes_have_ended(supervised: Supervised):
    """As where a service manager has ended every process: dask would run the task again, on a worker that it starts."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as other:
        gone = (Process.of(psutil.Process(other.pid)),)
    supervised.book.beat("hills", supervised.book.claim("hills", "worker-1"), live=True)
    supervised.look()
    supervised.book._db.execute("UPDATE leases SET processes = ?", (msgspec.json.encode(gone),))
    assert supervised.cluster.stop() == []
    assert not supervised.client.submitted[0].done()


def test_a_stop_waits_for_a_process_that_holds_a_sector_as_long_as_it_may(
    supervised: Supervised, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(supervised.cluster, "_monotonic_s", itertools.count(0.0, STOP_S / 2).__next__)
    supervised.book.claim("hills", "worker-1")  # by this process, which runs
    supervised.look()
    assert supervised.cluster.stop() == ["hills"]


def test_a_sector_is_moved_only_once_that_has_been_due_for_some_time_with_all_sectors_live(tmp_path: Path):
    names = ("east", "north", "west")
    one = Supervised(tmp_path, names, ["worker-1"])
    with one.book:
        tokens = {name: one.book.claim(name, "worker-1") for name in names}

        def looks(times: int) -> set[str]:
            for _ in range(times):
                for name, token in tokens.items():
                    one.book.beat(name, token, live=True)
                one.look()
            return {lease.sector for lease in one.book.leases() if lease.wish == "move"}

        wait = round(UNEVEN_S / LONGEST_LOOK_S)
        assert looks(2 * wait) == set()
        one.client.workers.append("worker-2")  # a machine that joins
        assert not one.cluster.at_rest
        assert looks(wait - 1) == set()
        tokens["west"] = one.book.claim("west", "worker-1")  # which was lost, and starts again
        one.look()
        assert looks(wait) == set()
        assert looks(1) == {"east"}


@pytest.mark.parametrize("down", ["waits", "starts", "never live"])
def test_a_sector_that_is_down_for_long_does_not_keep_the_others_from_being_moved(tmp_path: Path, down: str):
    names = ("broken", "east", "north", "west")
    one = Supervised(tmp_path, names, ["worker-1"])
    with one.book:
        one.look()
        held = names if down == "never live" else names[1:]  # its processes end again and again
        tokens = {name: one.book.claim(name, "worker-1") for name in held}

        def looks(seconds: float) -> bool:
            for _ in range(round(seconds / LONGEST_LOOK_S)):
                for name, token in tokens.items():
                    one.book.beat(name, token, live=name != "broken")
                one.client.hear(one.client.workers)
                one.look()
                for task, future in zip(one.client.given, one.client.submitted, strict=True):
                    if down == "waits" and task.name == "broken" and not future.ended:
                        future.ended, future.status, future.returned = True, "error", LeaseError("no room")
            return any(lease.wish == "move" for lease in one.book.leases())

        assert not looks(2 * LONGEST_PAUSE_S), "nothing to move"
        one.client.workers.append("worker-2")  # a machine that joins
        within = {"waits": 2 * LONGEST_PAUSE_S, "starts": 2 * START_TIMEOUT_S, "never live": START_TIMEOUT_S}[down]
        assert looks(within) == (down != "starts"), "as long as a sector is about to claim its lease, loads are uneven"


def test_a_wish_to_stop_of_another_supervisor_does_not_keep_a_sector_from_starting_for_good(supervised: Supervised):
    supervised.book.claim("hills", "worker-1")
    supervised.look()
    supervised.book.wish("hills", "stop")
    [first] = supervised.client.submitted
    first.ended, first.returned = True, "stopped"
    supervised.look()
    assert len(supervised.client.submitted) == 2
    assert [lease.wish for lease in supervised.book.leases()] == ["hold"]


def test_workers_keep_no_profile_of_tasks_that_run_for_days():
    """Dask would keep an hour of it."""
    untyped: Any = distributed
    with (
        dask.config.set(SETTINGS_OF_DASK),
        untyped.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as one,
    ):
        [worker] = one.workers.values()
        assert not {"profile", "profile-cycle"} & set(worker.periodic_callbacks)


@pytest.mark.parametrize("step_s", [-86_400.0, -3_600.0, 3_600.0, 86_400.0])
def test_the_scheduler_hears_of_workers_and_drops_none_also_after_the_clock_was_set(
    monkeypatch: pytest.MonkeyPatch, step_s: float
):
    """A timer of dask whose clock is set back by an hour waits for an hour; its scheduler dropped who was silent."""
    begun_s, monotonic = time.time(), time.monotonic
    stands_in = SimpleNamespace(time=lambda: begun_s + monotonic() + step[0])
    step = [-monotonic()]
    monkeypatch.setattr(ioloop, "time", stands_in)
    for module in ("scheduler", "worker"):
        monkeypatch.setattr(f"distributed.{module}.time", stands_in.time)
    monkeypatch.setattr(worker_process, "HEARD_EVERY_S", 0.05)
    untyped: Any = distributed
    with (
        dask.config.set(SETTINGS_OF_DASK),
        untyped.LocalCluster(n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None) as one,
    ):
        [worker] = one.workers.values()
        scheduler = one.scheduler
        assert "worker-ttl" not in scheduler.periodic_callbacks, "which drops workers by this clock"
        one.loop.add_callback(worker_process.stay_heard, worker)

        def hears_again() -> bool:
            before_s = scheduler.workers[worker.address].last_seen
            deadline = monotonic() + PATIENT_S
            while monotonic() < deadline:
                if scheduler.workers[worker.address].last_seen != before_s:
                    return True
                time.sleep(0.02)
            return False

        assert hears_again()
        step[0] += step_s
        assert all(hears_again() for _ in range(40)), "long after dask's own timer, every half a second, was set again"
