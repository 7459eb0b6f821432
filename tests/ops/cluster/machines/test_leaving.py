"""A worker that leaves waits for a sector that it is about to take: nothing would ever move that one away."""

from __future__ import annotations

from typing import cast

import psutil
import pytest

from geo.errors import WatchlineError
from ops.cluster.leases.lease_book import Lease, LeaseError, Process, Wish
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.machines import worker as worker_module
from ops.cluster.machines.worker import JoinedWorker, leave


class Worker:
    """A worker whose task has not claimed its sector yet."""

    busy = True

    def take_no_more(self) -> None:
        """It is given nothing more."""


class Book:
    """The leases of this machine, which has one from the third question on, until it is to move."""

    def __init__(self, worker: Worker) -> None:
        self._worker, self._asked = worker, 0

    def leases(self) -> list[Lease]:
        self._asked += 1
        held = Lease("hills", 1, "worker-1", (Process.of(psutil.Process()),), 0, None, 0, "hold")
        return [held] if self._asked > 2 and self._worker.busy else []

    def is_here(self, _lease: Lease) -> bool:
        return True

    def wish(self, _sector: str, wish: Wish) -> None:
        assert wish == "move"
        self._worker.busy = False


def test_a_sector_that_is_being_taken_while_the_worker_leaves_is_given_back_too():
    worker = Worker()
    assert leave(cast(JoinedWorker, worker), cast(StoreLeases, Book(worker))) == (1, [])


class StoreAway:
    """Leases of a store that does not answer."""

    def leases(self) -> list[Lease]:
        raise LeaseError("db.example: no connection.")


def test_a_worker_that_leaves_while_the_store_is_away_reports_no_orderly_end(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(worker_module, "LEAVE_S", 0.5)
    with pytest.raises(WatchlineError, match=r"not given back: db\.example: no connection"):
        leave(cast(JoinedWorker, Worker()), cast(StoreLeases, StoreAway()))
