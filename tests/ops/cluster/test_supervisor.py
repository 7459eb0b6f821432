"""The supervisor of a cluster by itself, without dask: which holders it ends, and what does not end it."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import dask
import distributed
import msgspec
import psutil
import pytest

from ops.cluster.cluster import LONGEST_LOOK_S, LOST_AFTER_S, SETTINGS_OF_DASK, STOP_S, UNEVEN_S, Cluster
from ops.cluster.leases import LeaseBook, LeaseError, Process
from ops.cluster.sector_task import SectorTask


class Future:
    """Stands for a task of dask that runs, or has ended with ``returned``, be it an error."""

    status, ended = "finished", False
    returned: Any = None

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
        self.workers, self.heard_s = list(workers), dict.fromkeys(workers, 0.0)

    def submit(self, _function: Any, task: SectorTask, *, workers: Any = None, **__: Any) -> Future:
        self.given.append(task)
        self.given_to.append(workers)
        self.submitted.append(Future())
        return self.submitted[-1]

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        heard_s = {address: self.heard_s.get(address, 0.0) for address in self.workers}
        return {"workers": {one: {"host": one, "n": n_workers, "last_seen": heard_s[one]} for one in self.workers}}


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


@pytest.mark.parametrize(
    ("heard_s", "given"),
    [
        ((100.0, 100.0), "worker-1"),  # which has the least: nothing
        ((96.5, 100.0), "worker-1"),
        ((95.5, 100.0), "worker-2"),
        ((0.0, 0.0), "worker-1"),
    ],
)
def test_a_worker_that_is_not_heard_of_is_given_no_sector_if_there_is_another(
    tmp_path: Path, heard_s: tuple[float, float], given: str
):
    """One that is frozen, and holds nothing: no lease shows it, and dask ends it only after a minute or two."""
    supervised = Supervised(tmp_path, ["hills", "plain"], ["worker-1", "worker-2"])
    supervised.look()
    assert supervised.client.given_to == [["worker-1"], ["worker-2"]]
    supervised.book.beat("plain", supervised.book.claim("plain", "worker-2"), live=True)
    supervised.client.heard_s = dict(zip(("worker-1", "worker-2"), heard_s, strict=True))
    first = supervised.client.submitted[0]
    first.ended, first.status, first.returned = True, "error", distributed.KilledWorker("hills", None, 0)
    supervised.look()
    assert supervised.client.given_to[2:] == [[given]]


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
