"""The supervisor of machines on which it can kill nothing, without dask: what it takes up, gives away and waits for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.cluster.leases.lease_book import Lease
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.supervisor.cluster import LONGEST_LOOK_S, LOST_AFTER_S, Cluster
from ops.cluster.workers.sector_task import SectorTask
from ops.postgres.address import StoreAddress
from tests.ops.cluster.supervisor.test_supervisor import Client, Future


class Workers(Client):
    """Stands for dask's client with two workers, and notes to which a sector is given."""

    def __init__(self) -> None:
        super().__init__()
        self.places: list[str] = []
        self.state = {"worker-1": "running", "worker-2": "running"}

    def submit(self, function: Any, task: SectorTask, *, workers: list[str] | None = None, **__: Any) -> Future:
        self.places += workers or ["any"]
        future = super().submit(function, task)
        future.release = lambda: None  # type: ignore[attr-defined]
        return future

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        return {"workers": {name: {"status": state, "n": n_workers} for name, state in self.state.items()}}


class Clocked(StoreLeases):
    """The leases with a server's clock that the test sets, and how long their holders were silent by it."""

    now_s = silent_s = 0.0

    def leases(self) -> list[Lease]:
        found = super().leases()
        self.read_at_s = self.now_s
        return [replace(lease, silent_s=self.silent_s) for lease in found]


class Supervised:
    """The supervisor of one sector, and the machine on which that is held."""

    def __init__(self, address: StoreAddress, tmp_path: Path) -> None:
        task = SectorTask(
            sector=tmp_path,
            name="hills",
            layout=tmp_path,
            folder=tmp_path / "first",
            broker="mqtt://127.0.0.1:1",
            store=address.text,
        )
        self.book, self.elsewhere = Clocked(address, task.folder), StoreLeases(address, tmp_path / "second")
        self.client = Workers()
        self.cluster = Cluster([task], 0, monotonic_s=lambda: self.book.now_s)
        self.cluster._book, self.cluster._client = self.book, self.client

    def look(self, times: int = 1) -> list[str]:
        told = []
        for _ in range(times):
            told += [message.id for message in self.cluster.look()]
            self.book.now_s += LONGEST_LOOK_S
        return told


@pytest.fixture
def supervised(address: StoreAddress, tmp_path: Path) -> Iterator[Supervised]:
    with ExitStack() as stack:
        one = Supervised(address, tmp_path)
        for book in (one.book, one.elsewhere):
            stack.enter_context(book)
        yield one


LATE = 2 * round(LOST_AFTER_S / LONGEST_LOOK_S)


def test_a_machine_that_gives_no_sign_of_life_loses_its_sector_to_another_worker(supervised: Supervised):
    supervised.look()
    assert supervised.client.places == ["worker-1"]
    token = supervised.elsewhere.claim("hills", "worker-1")
    supervised.elsewhere.beat("hills", token, live=True)
    assert supervised.look() == ["cluster-sector-live"]
    assert [task.name for task in supervised.cluster.elsewhere()] == ["hills"]
    assert supervised.look(LATE) == ["cluster-machine-lost"]
    assert supervised.client.places == ["worker-1", "worker-2"]
    supervised.book.beat("hills", supervised.book.claim("hills", "worker-2"), live=True)
    assert supervised.look() == ["cluster-sector-live-again"]
    assert supervised.elsewhere.beat("hills", token, live=True) is None
    assert supervised.cluster.elsewhere() == []


def test_a_server_whose_clock_jumps_or_that_was_away_makes_no_holder_late(supervised: Supervised):
    token = supervised.elsewhere.claim("hills", "worker-1")
    supervised.elsewhere.beat("hills", token, live=True)
    supervised.look()
    for jump_s in (3600.0, -7200.0):
        supervised.book.now_s += jump_s
        assert supervised.look() == []
    assert supervised.cluster.live


def test_a_supervisor_that_is_started_again_takes_up_what_another_machine_holds(supervised: Supervised):
    token = supervised.elsewhere.claim("hills", "worker-1")
    supervised.elsewhere.beat("hills", token, live=True)
    supervised.cluster._take_up()
    assert supervised.look() == ["cluster-sector-live"]
    assert supervised.client.places == [], "it goes on under its lease"
    supervised.elsewhere.give_back("hills", token)
    supervised.look(2)
    assert supervised.client.places == ["worker-1"], "given back, it starts again"


def test_a_supervisor_that_is_started_again_does_not_wait_for_a_machine_that_is_gone(supervised: Supervised):
    supervised.elsewhere.claim("hills", "worker-1")
    supervised.book.silent_s = LOST_AFTER_S + 1.0
    supervised.cluster._take_up()
    supervised.look()
    assert supervised.client.places == ["worker-2"]


def test_a_worker_that_is_about_to_leave_is_given_nothing(supervised: Supervised):
    supervised.client.state["worker-1"] = "paused"
    supervised.look()
    assert supervised.client.places == ["worker-2"]


def test_a_worker_that_could_not_run_a_sector_is_avoided_while_there_is_another(supervised: Supervised):
    supervised.look()
    [future] = supervised.client.submitted
    future.ended, future.status = True, "error"
    future.exception = lambda: ValueError("the clock of this machine is off")  # type: ignore[attr-defined]
    assert supervised.look() == ["cluster-sector-failed"]
    supervised.look(3)
    assert supervised.client.places == ["worker-1", "worker-2"]


def test_a_stop_waits_for_a_machine_that_lives_and_not_for_one_that_is_gone(supervised: Supervised):
    supervised.look()
    supervised.elsewhere.claim("hills", "worker-1")
    assert supervised.cluster._running() == ["hills"]
    supervised.book.silent_s = LOST_AFTER_S
    assert supervised.cluster._running() == []
