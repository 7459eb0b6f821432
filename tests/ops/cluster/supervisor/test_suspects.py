"""Sectors that end their workers are recognised, however long they live before, and others are not taken for them.

The supervisor is the real one. Workers, leases and time are simulated: a worker that ends is back after some seconds.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import distributed
import pytest

from ops.cluster.leases.lease_book import Lease, Wish
from ops.cluster.supervisor.cluster import LONGEST_LOOK_S, Cluster
from ops.cluster.supervisor.watched import (
    CLEARED,
    STEADY_S,
    SUSPECT_LOSSES,
    UNLIKELY,
    Watched,
    blamed,
    clear,
    is_suspect,
)
from ops.cluster.workers.sector_task import SectorTask

BACK_S: Final = 8.0
"""After so long another worker is in the place of one that ended."""
CLAIM_S: Final = 2.0
START_S: Final = 6.0
"""A sector is live so long after it was given."""


@dataclass(eq=False)
class Run:
    """A sector on a worker, in the place of dask's task."""

    name: str
    worker: str
    given_s: float
    token: int = 0
    live_s: float | None = None
    status: str = "pending"
    outcome: Any = None

    def done(self) -> bool:
        return self.status != "pending"

    def exception(self) -> Any:
        return self.outcome

    def result(self, timeout: float) -> Any:
        assert timeout > 0
        return self.outcome

    def release(self) -> None:
        pass


class Simulated:
    """A cluster whose sectors in ``ends_after_s`` end the worker on which they have been live for so long."""

    read_at_s = None

    def __init__(
        self, folder: Path, sectors: int, workers: int, ends_after_s: Mapping[str, float] | None = None
    ) -> None:
        self.ends_after_s = dict(ends_after_s or {})
        self.now_s, self.started, self.runs = 1000.0, workers, list[Run]()
        self.workers, self.due_s = [f"worker-{number}" for number in range(workers)], list[float]()
        self.held: dict[str, Lease] = {}
        self.lost: list[set[str]] = []
        """The sectors of each worker that ended."""
        self.suspected: list[tuple[int, str]] = []
        """How many workers had ended, and the sector that was suspected then."""
        tasks = [
            SectorTask(sector=folder, name=f"s{number:02}", layout=folder, folder=folder, broker="mqtt://127.0.0.1:1")
            for number in range(sectors)
        ]
        self.cluster = Cluster(tasks, workers, monotonic_s=lambda: self.now_s)
        untyped: Any = self.cluster
        untyped._book, untyped._client = self, self

    def leases(self) -> list[Lease]:
        return sorted(self.held.values(), key=lambda lease: lease.sector)

    def wish(self, sector: str, wish: Wish) -> None:
        self.held[sector] = replace(self.held[sector], wish=wish)

    def submit(self, _function: Any, task: SectorTask, *, workers: Sequence[str] | None, **__: Any) -> Run:
        self.runs.append(Run(task.name, workers[0] if workers else "", self.now_s))
        return self.runs[-1]

    def scheduler_info(self, n_workers: int) -> dict[str, Any]:
        assert n_workers == -1
        stated = {"host": "one", "resources": {"cores": 8.0}, "last_seen": self.now_s}
        return {"workers": dict.fromkeys(self.workers, stated)}

    def end(self, worker: str) -> None:
        """End a worker with its sectors."""
        on_it = [run for run in self.runs if run.worker == worker]
        for run in on_it:
            run.status, run.outcome = "error", distributed.KilledWorker(run.name, None, 0)
            self.runs.remove(run)
        self.lost.append({run.name for run in on_it})
        self.workers.remove(worker)
        self.due_s.append(self.now_s + BACK_S)

    def look(self, seconds: float = LONGEST_LOOK_S) -> None:
        """Let time pass."""
        for _ in range(round(seconds / LONGEST_LOOK_S)):
            self.now_s += LONGEST_LOOK_S
            while self.due_s and self.due_s[0] <= self.now_s:
                self.due_s.pop(0)
                self.workers.append(f"worker-{self.started}")
                self.started += 1
            for run in list(self.runs):
                self._continue(run)
            for run in [one for one in self.runs if one.live_s is not None and one.name in self.ends_after_s]:
                if run in self.runs and self.now_s - (run.live_s or 0.0) >= self.ends_after_s[run.name]:
                    self.end(run.worker)
            for message in self.cluster.look():
                if message.id == "cluster-sector-suspect":
                    self.suspected.append((len(self.lost), str(message.parameters["sector"])))

    def _continue(self, run: Run) -> None:
        run.worker = run.worker or next(iter(self.workers), "")
        before = self.held.get(run.name, Lease(run.name, 0, "", (), 0, None, 0, "hold"))
        if not run.worker or self.now_s - run.given_s < CLAIM_S:
            return
        if run.token and before.wish == "move":
            self.held[run.name] = replace(before, holder="", live_ns=None, wish="hold")
            run.status, run.outcome = "finished", "moved"
            self.runs.remove(run)
            return
        run.token = run.token or before.token + 1
        if run.live_s is None and self.now_s - run.given_s >= START_S:
            run.live_s = self.now_s
        live_ns = None if run.live_s is None else round(run.live_s * 1e9)
        self.held[run.name] = replace(
            before, token=run.token, holder=run.worker, beat=before.beat + 1, live_ns=live_ns, wish="hold"
        )


@pytest.mark.parametrize("lives_s", [10.0, 35.0, 60.0, 300.0])
@pytest.mark.parametrize(("sectors", "workers"), [(5, 2), (8, 3)])
def test_a_sector_that_ends_its_workers_is_recognised_however_long_it_lives_before(
    tmp_path: Path, sectors: int, workers: int, lives_s: float
):
    one = Simulated(tmp_path, sectors, workers, {"s02": lives_s})
    while "s02" not in {name for _, name in one.suspected}:
        one.look()
        assert len(one.lost) < 30, "it takes one worker after the other"
    known = len(one.lost) + 8  # its pause is then longer than a worker takes to be back, and others are cleared
    while len(one.lost) < known:
        one.look()
    while len(one.lost) < known + 5:
        one.look()
    assert one.lost[known:] == [{"s02"}] * 5, "it is apart from the others"
    if lives_s > STEADY_S:
        assert {name for _, name in one.suspected} == {"s02"}, "no other one waits for it"
    one.ends_after_s.clear()  # as after an upgrade
    one.look(120.0 + (CLEARED + 1) * lives_s + STEADY_S)
    assert len(one.lost) == known + 5
    sector = one.cluster._sectors["s02"]
    assert (sector.live, is_suspect(sector), sector.losses) == (True, False, 0)


def test_two_sectors_that_end_their_workers_are_both_recognised(tmp_path: Path):
    guilty = {"s03": 60.0, "s07": 90.0}
    one = Simulated(tmp_path, 12, 6, guilty)
    while not guilty.keys() <= {name for _, name in one.suspected}:
        one.look()
        assert len(one.lost) < 60
    known = len(one.lost) + 20
    while len(one.lost) < known + 5:
        one.look()
    assert [sorted(lost - guilty.keys()) for lost in one.lost[known:]] == [[]] * 5


@pytest.mark.parametrize(("sectors", "workers"), [(2, 2), (6, 3)])
def test_workers_that_are_killed_at_random_make_no_sector_suspect(tmp_path: Path, sectors: int, workers: int):
    """As in the drill: one per minute, for an hour. By chance some sectors lose three workers in a row."""
    one, chance = Simulated(tmp_path, sectors, workers), random.Random(9)
    for _ in range(60):
        one.look(60.0)
        one.end(chance.choice(one.workers))
    assert one.suspected == []
    assert sum(map(bool, one.lost)) > 30


def watched(tmp_path: Path, *names: str, lived_s: float = 0.0) -> list[Watched]:
    tasks = (SectorTask(sector=tmp_path, name=name, layout=tmp_path, folder=tmp_path, broker="") for name in names)
    return [Watched(task, lived_s=lived_s) for task in tasks]


def test_of_the_sectors_of_a_lost_worker_those_that_were_steady_are_not_to_blame(tmp_path: Path):
    [steady] = watched(tmp_path, "steady", lived_s=STEADY_S)
    fresh, again = watched(tmp_path, "fresh", "again")
    again.early = 1
    assert blamed([steady, fresh, again]) == [again]
    assert blamed([steady, fresh]) == [fresh]
    assert (steady.early, fresh.early, again.early) == (0, 1, 2)
    assert blamed([steady]) == [steady]


def test_of_suspects_that_end_together_one_waits_so_that_they_are_parted(tmp_path: Path):
    first, second = watched(tmp_path, "first", "second")
    for _ in range(SUSPECT_LOSSES):
        assert blamed([second, first]) == [first, second]
    assert blamed([second, first]) == [first]


def test_a_loss_that_one_sector_explains_is_not_counted_against_those_that_shared_its_worker(tmp_path: Path):
    guilty, *others = watched(tmp_path, "guilty", "a", "b", lived_s=60.0)
    guilty.chance = UNLIKELY
    assert blamed([*others, guilty], workers=4) == [guilty]
    assert [one.chance for one in others] == [1.0, 1.0]
    assert guilty.chance < UNLIKELY


def test_the_loss_of_a_worker_without_it_speaks_for_a_sector(tmp_path: Path):
    own, other = watched(tmp_path, "own", "other", lived_s=60.0)
    while not is_suspect(own):
        blamed([own], [other], workers=3)
    for _ in range(20):
        blamed([other], [own], workers=3)
    assert not is_suspect(own)
    assert is_suspect(other)


def test_where_all_sectors_share_each_worker_none_is_suspected_for_it(tmp_path: Path):
    """As on a cluster of one worker: nothing distinguishes them, nor a worker that is killed from outside."""
    both = watched(tmp_path, "a", "b", lived_s=60.0)
    for _ in range(100):
        blamed(both)
    assert not any(map(is_suspect, both))


def test_a_sector_is_cleared_only_after_it_was_live_for_much_longer_than_before_its_losses(tmp_path: Path):
    [own] = watched(tmp_path, "own", lived_s=100.0)
    while not is_suspect(own):
        blamed([own], workers=3)
    own.live_at_s = 1000.0
    clear(own, 1000.0 + CLEARED * 100.0 - 1.0)
    assert is_suspect(own)
    clear(own, 1000.0 + CLEARED * 100.0)
    assert not is_suspect(own)
    assert own.losses == 0
