"""A process that holds a sector in a simulated world: real lease, journal, receiver, store and fusion, by steps.

It does what ``ops.cluster.workers.sector_task`` and the processes of its room do, in one process and one step at a
time.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Any

from geo.errors import WatchlineError
from ingest.receiving.receiver import Receiver
from ops.cluster.leases.lease_book import LeaseBook, Superseded
from ops.cluster.workers.sector_task import SectorTask
from ops.journal.reader import JournalBusy, JournalFull, JournalLost, JournalReader
from ops.journal.writer import Journal
from ops.runtime.clock import ScenarioClock
from ops.runtime.files.fence import stored_fence
from ops.sector.settings import Settings
from ops.services.fusion.process import Fusion
from ops.services.ingest.intake import Intake
from ops.store.connections import StoreLost
from ops.store.writer import Store
from sensors.timestamps import SECOND_NS
from tests.simulation.clock import SimClock
from tests.simulation.network import Broker
from tests.simulation.night import Night

SETTINGS = Settings(checkpoint_s=4.0)
"""More checkpoints than usual, so that a minute has many."""
BEAT_EVERY_S = 0.5


@dataclass(frozen=True)
class Surroundings:
    """What the world gives to a holder. ``wait_for_space`` is called while the disk is full."""

    night: Night
    clock: SimClock
    chance: Random
    broker: Broker
    wait_for_space: Callable[[], None]


class Waiting:
    """Stands for the event by which fusion is asked to stop; waiting for it lets time pass, and it never comes."""

    def __init__(self, wait: Callable[[], None]) -> None:
        self._wait = wait

    def wait(self, seconds: float) -> bool:
        """Wait a little for space on the disk."""
        self._wait()
        return False


class Holder:
    """One task of a worker. ``ending`` is what it returned, once it has ended."""

    def __init__(self, task: SectorTask, machine: str, surroundings: Surroundings) -> None:
        self.task, self.machine, self.token = task, machine, 0
        self.ending: str | None = None
        self.future: Any = None
        self.fenced = 0
        self._around = surroundings
        self._journal: Journal | None = None
        self._fusion: Fusion | None = None
        self._store: Store | None = None
        self._reader: JournalReader | None = None
        self._tick_due_ns = 0
        self._beat_due_s = 0.0

    @property
    def is_live(self) -> bool:
        """Whether its ingest and its fusion are open."""
        return self._journal is not None and self._fusion is not None

    def step(self, *, reaches_leases: bool) -> None:
        """Do a little of each of its jobs, in any order."""
        if self.token == 0 and not (reaches_leases and self._claim()):
            return
        jobs: list[Callable[[], None]] = [self._ingest, self._fuse]
        if reaches_leases:
            jobs.append(self._beat)
        self._around.chance.shuffle(jobs)
        for job in jobs:
            if self.ending is not None:
                return
            try:
                job()
            except (JournalLost, StoreLost):
                self.fenced += 1
                self._end("lost")

    def close(self) -> None:
        """Close what is open, in order."""
        self._close_fusion()
        self._close_ingest()

    def _claim(self) -> bool:
        task = self.task
        above = max(stored_fence(task.data / "journal.db"), stored_fence(task.data / "store.db"))
        with LeaseBook(task.folder) as book:
            lease = book.lease(task.name)
            if lease is not None and lease.wish == "stop" and lease.holder:  # which stops in order
                self.ending = "stopped"
                return False
            try:
                self.token = book.claim(task.name, self.machine, above=above, newest=task.newest)
            except Superseded:
                self.ending = "lost"
                return False
            lease = book.lease(task.name)
            if lease is not None and lease.wish == "stop":
                self._end("stopped")
                return False
        return True

    def _beat(self) -> None:
        now_s = self._around.clock.monotonic()
        if now_s < self._beat_due_s:
            return
        self._beat_due_s = now_s + BEAT_EVERY_S
        with LeaseBook(self.task.folder) as book:
            wish = book.beat(self.task.name, self.token, live=self._fusion is not None)
        if wish is None:
            self._end("lost")
        elif wish != "hold":
            self._stop("moved" if wish == "move" else "stopped")

    def _ingest(self) -> None:
        if self._journal is None and not self._open_ingest():
            return
        assert self._journal is not None
        try:
            self._intake.take(wait_s=0.0)
            now_ns = self._around.clock.now_ns()
            if now_ns >= self._tick_due_ns:
                self._journal.tick(now_ns)
                self._tick_due_ns = now_ns + SECOND_NS
            for mark in self._receiver.take_marks():
                self._around.broker.publish_mark(mark)
        except (JournalFull, JournalBusy):
            self._around.wait_for_space()
        except JournalLost:
            raise
        except WatchlineError:  # the disk failed: the process ends, and its room starts another
            self._close_ingest()

    def _open_ingest(self) -> bool:
        around, data = self._around, self.task.data
        data.mkdir(parents=True, exist_ok=True)
        try:
            journal = Journal(data / "journal.db", fence=self.token)
        except JournalLost:
            raise
        except WatchlineError:
            return False
        session = around.broker.connect()
        self._journal = journal
        self._receiver = Receiver(
            self.task.name, commit=journal.commit, acknowledge=session.acknowledge, recall=journal.recall
        )
        stands_in: Any = session
        self._intake = Intake(stands_in, self._receiver, lambda deliveries: deliveries)
        return True

    def _fuse(self) -> None:
        try:
            if self._fusion is None:
                self._open_fusion()
            else:
                self._fusion.step(self._around.chance.choice((1, 5, 20, 500)))
        except StoreLost:
            raise
        except WatchlineError:
            self._close_fusion()

    def _open_fusion(self) -> None:
        around, data = self._around, self.task.data
        self._reader = JournalReader(data / "journal.db")
        self._store = Store(data / "store.db", fence=self.token)
        clock = ScenarioClock(read_wall_ns=around.clock.now_ns)
        self._fusion = Fusion(self._reader, self._store, around.night.grounds[self.task.name], SETTINGS, clock)
        waiting: Any = Waiting(around.wait_for_space)
        self._fusion.stopping = waiting

    def _stop(self, ending: str) -> None:
        """End in order, as a room that is asked to: fusion takes the rest of the journal first."""
        self._close_ingest()
        try:
            if self._fusion is not None:
                while self._fusion.step():
                    pass
                self._fusion.finish()
        except StoreLost:
            raise
        except WatchlineError:  # ended all the same: the next one continues from the last checkpoint
            pass
        self._end(ending)

    def _end(self, ending: str) -> None:
        self.ending = ending
        self.close()
        with LeaseBook(self.task.folder) as book:
            book.give_back(self.task.name, self.token)  # without effect on a lease that is another's

    def _close_ingest(self) -> None:
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _close_fusion(self) -> None:
        if self._store is not None:
            self._store.close()
        if self._reader is not None:
            self._reader.close()
        self._fusion = self._store = self._reader = None
