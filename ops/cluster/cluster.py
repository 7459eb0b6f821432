"""A cluster: dask's scheduler and workers, one task per sector, and the watch over their leases."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

from geo.errors import WatchlineError
from geo.message import Message, Parameter
from ops.cluster.leases import CLUSTER_LOCK, LOST_AFTER_S, Lease, LeaseError, Leases, kill_all
from ops.cluster.open_leases import open_leases
from ops.cluster.placement import CORES, Use, Worker, place, to_move, unheard
from ops.cluster.sector_task import SectorTask, hold_sector
from ops.runtime.file_lock import lock_file

SUSPECT_S: Final = 60.0
"""A worker elsewhere that was lost is given no sector for so long, if there is another: dask may not know yet."""
UNEVEN_S: Final = 30.0
"""How long the load must be uneven, with all sectors live, before one is moved: after a worker was lost it often is."""
LONGEST_LOOK_S: Final = 1.0
"""What counts of the time between two looks: after a pause of the machine or of the supervisor no holder is late."""
FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
"""Pauses before a sector that could not be run is started again."""
STOP_S: Final = 90.0
RUNNING: Final = "running"
"""State of a worker that takes sectors; one that is about to leave is paused."""
ENDED: Final = ("failed", "closed")
"""States of dask's process for a worker that starts none any more."""
RESULT_S: Final = 5.0
"""Longest wait for what an ended task returned; a worker that ended meanwhile has taken it along."""
SETTINGS_OF_DASK: Final = {
    "distributed.scheduler.allowed-failures": 0,
    "distributed.deploy.lost-worker-timeout": "60s",
    "distributed.scheduler.worker-ttl": "60s",
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.logging.distributed": "critical",
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.admin.system-monitor.disk": False,
    "distributed.admin.system-monitor.log-length": 60,
    "distributed.worker.profile.enabled": False,
}
"""A task whose worker is lost ends, and its sector is given to another under a new number (``_submit``), not by dask
under the old one; a worker that is away for so long is given up for good by dask, and then another one is made
(``Cluster._keep_workers``); what its processes use is not the worker's; dask's pages, which need no password, are not
served; and what only they show is not recorded: the profile of a task that runs for days, a hundred times per second,
takes memory for an hour."""
WORKERS_EVERY_S: Final = 5.0
"""How often dask is asked to make the workers that it gave up."""


class ClusterError(WatchlineError):
    """A cluster that cannot be opened."""


@dataclass(slots=True)
class _Watched:
    """A sector as the supervisor sees it."""

    task: SectorTask
    before: int = 0
    """Number of a lease whose holder is no longer watched: from before this cluster, or lost."""
    future: Any = None
    """Of dask, for its task; None before it is submitted."""
    meant: str | None = None
    """The worker that it was given to, until its lease says where it is."""
    submitted: int = 0
    failures: int = 0
    due_s: float = 0.0
    seen: tuple[int, int] = (0, 0)
    silent_s: float = 0.0
    live: bool = False
    lost_s: float | None = None
    """Time since which it is not live, until it is live again."""
    moving: bool = False
    """Whether it was given back in order, to start on another worker."""
    avoid: str | None = None
    """The worker that could not run it: another one is given it, if there is one."""


@dataclass(slots=True)
class _Adopted:
    """In the place of a future: a holder of a cluster before on another machine, which continues under its lease."""

    ended: bool = False
    status: str = "finished"

    def done(self) -> bool:
        return self.ended

    def result(self, timeout: float) -> str:
        del timeout
        return "lost"

    def release(self) -> None:
        self.ended = True


@dataclass(frozen=True, slots=True)
class Listening:
    """Address and port at which the scheduler takes workers of other machines, and dask's settings of TLS."""

    host: str
    port: int
    security: Any


def is_lost_worker(error: BaseException) -> bool:
    """Whether a task ended because its worker did."""
    from distributed import KilledWorker

    return isinstance(error, KilledWorker)


class Cluster:
    """Runs sectors on ``workers`` dask workers of this machine until it is closed, and on those that join it.

    Call ``look`` about twice a second. A worker that ends is replaced by dask, and its sectors are given to the
    others at once; a worker that sleeps is killed after ``LOST_AFTER_S``, which makes the two cases one.
    """

    def __init__(
        self,
        tasks: Sequence[SectorTask],
        workers: int,
        *,
        listen: Listening | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._listen = listen
        self._tasks, self._workers, self._monotonic_s = list(tasks), workers, monotonic_s
        self._sectors = {task.name: _Watched(task) for task in tasks}
        self._stack = ExitStack()
        self._looked_s = monotonic_s()
        self._problem, self._use = "", Use()
        self._uneven_s: float | None = None
        """Time since which a sector is due to be moved."""
        self._silent_at_s: dict[str, float] = {}
        self._local: Any = None
        """Of dask, for the workers of this machine."""
        self._workers_due_s = 0.0
        self._client: Any
        self.address = ""
        """Of the scheduler, once it is open."""
        self._book: Leases
        self.failovers_s: list[float] = []
        """How long each sector that lost its holder took until it was live again [s]."""
        self.moves_s: list[float] = []
        """How long each sector that was moved to balance the workers was not live [s]."""

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    def _open(self) -> None:
        import dask
        import distributed

        untyped: Any = distributed
        folder = self._tasks[0].folder
        folder.mkdir(parents=True, exist_ok=True)
        lock = lock_file(folder / CLUSTER_LOCK)
        if lock is None:
            raise ClusterError(f"{folder}: in use by another cluster; expected another folder.")
        self._stack.callback(os.close, lock)
        self._book = self._stack.enter_context(open_leases(folder, self._tasks[0].store))
        self._take_up()
        self._stack.enter_context(dask.config.set(SETTINGS_OF_DASK))
        listen = self._listen or Listening(
            "127.0.0.1",
            0,
            untyped.Security.temporary(),  # otherwise the scheduler runs the code of any local user
        )
        cluster = untyped.LocalCluster(
            n_workers=self._workers,
            threads_per_worker=len(self._tasks) + 1,
            processes=True,
            host=listen.host,
            scheduler_port=listen.port,
            protocol="tls://",
            security=listen.security,
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            resources={CORES: len(os.sched_getaffinity(0))},
            preload=["ops.cluster.worker_process"],
            local_directory=str(folder / "dask"),
            silence_logs=logging.CRITICAL,
        )
        self._stack.callback(cluster.close, timeout=STOP_S)
        self._local = cluster
        self._client = self._stack.enter_context(untyped.Client(cluster, security=listen.security))
        self.address = str(cluster.scheduler_address)

    def _take_up(self) -> None:
        """Start from the leases of a cluster before: its holders on other machines continue, if they live."""
        for lease in self.leases():
            sector = self._sectors[lease.sector]
            sector.before = lease.token
            if not self._book.is_here(lease) and self._lives(lease):
                sector.before, sector.future, sector.meant = lease.token - 1, _Adopted(), lease.holder
            self._book.wish(lease.sector, "hold")

    def look(self) -> list[Message]:
        """Submit, restart and balance what is due; return a message for each change, and for each new problem."""
        messages: list[Message] = []
        try:
            self._look(messages)
            self._problem = ""
        except LeaseError as error:  # such as a full disk: the sectors go on
            if str(error) != self._problem:
                messages.append(Message("cluster-holder-stays", {"reason": str(error)}))
            self._problem = str(error)
        return messages

    def _look(self, messages: list[Message]) -> None:
        now_s = self._monotonic_s()
        self._keep_workers(now_s)
        leases = {lease.sector: lease for lease in self._book.leases()}
        clock_s = now_s if self._book.read_at_s is None else self._book.read_at_s
        passed_s, self._looked_s = min(max(clock_s - self._looked_s, 0.0), LONGEST_LOOK_S), clock_s
        for name, sector in self._sectors.items():
            lease = leases.get(name)
            if lease is None and sector.seen != (0, 0):  # the leases were removed: what holds it gives up
                sector.before, sector.seen, sector.live, sector.lost_s = 0, (0, 0), False, sector.lost_s or now_s
            if lease is not None and lease.token > sector.before:
                self._judge(sector, lease, passed_s, now_s, messages)
                self._use.look(lease, now_s)
            if lease is not None and isinstance(sector.future, _Adopted) and not lease.holder:
                sector.future.release()
            if sector.future is not None and sector.future.done():
                self._ended(sector, now_s, messages)
            if sector.future is None and now_s >= sector.due_s:
                self._submit(sector, leases, now_s)
        self._balance(leases, now_s)

    @property
    def live(self) -> bool:
        """Whether every sector is live: its processes are ready and none of them reports a problem."""
        return all(sector.live for sector in self._sectors.values())

    @property
    def at_rest(self) -> bool:
        """Whether every sector is live, and none is moved or about to be."""
        leases = {lease.sector: lease for lease in self.leases()}
        held = (
            self.live
            and len(leases) == len(self._sectors)
            and all(lease.holder and lease.wish == "hold" for lease in leases.values())
        )
        return held and to_move(self._running_workers(), self._held(leases), self._use) is None

    def leases(self) -> list[Lease]:
        """Return the leases of the cluster's sectors."""
        return [lease for lease in self._book.leases() if lease.sector in self._sectors]

    def elsewhere(self) -> list[SectorTask]:
        """Return the tasks whose sectors another machine holds, or held last."""
        last = {lease.sector: lease for lease in self.leases()}
        return [
            one.task
            for name, one in self._sectors.items()
            if name in last and last[name].machine and not self._book.is_here(last[name])
        ]

    def stop(self) -> list[str]:
        """Stop every sector in order; return the names of those that did not stop within ``STOP_S``."""
        for name in self._sectors:
            self._book.wish(name, "stop")
        deadline = self._monotonic_s() + STOP_S
        while self._monotonic_s() < deadline:
            if not self._running():
                break
            time.sleep(0.1)
        return self._running()

    def _running(self) -> list[str]:
        """Return the sectors whose task has not ended and whose lease has a process that runs.

        Without one nothing writes, and a worker that dask starts in place of one that was ended finds the wish to stop.
        """
        held = {lease.sector for lease in self.leases() if self._lives(lease)}
        ended = {name for name, one in self._sectors.items() if one.future is None or one.future.done()}
        return sorted(held - ended)

    def _lives(self, lease: Lease) -> bool:
        """Return whether the holder of a lease has processes here, or has just given a sign of life elsewhere."""
        if not lease.holder or self._book.is_here(lease):
            return lease.running()
        return lease.silent_s < LOST_AFTER_S

    def _judge(self, sector: _Watched, lease: Lease, passed_s: float, now_s: float, messages: list[Message]) -> None:
        """Note whether a sector is live, and kill a holder that gives no sign of life."""
        seen = (lease.token, lease.beat)
        sector.silent_s = 0.0 if seen != sector.seen or not lease.holder else sector.silent_s + passed_s
        if sector.live and (lease.token != sector.seen[0] or not lease.holder):
            sector.live, sector.lost_s = False, sector.lost_s or now_s
        sector.seen = seen
        if sector.silent_s >= LOST_AFTER_S and not self._book.takes_writes():
            sector.silent_s = 0.0
        elif sector.silent_s >= LOST_AFTER_S:
            self._lost(sector, now_s - LOST_AFTER_S)
            elsewhere = bool(lease.holder) and not self._book.is_here(lease)
            lost = "cluster-machine-lost" if elsewhere else "cluster-worker-lost"
            messages.append(Message(lost, {"sector": lease.sector, "worker": lease.holder}))
            if elsewhere:  # the number of its lease alone keeps it from writing
                if sector.future is not None:
                    sector.future.release()
                sector.future, self._silent_at_s[lease.holder] = None, now_s
                return
            try:
                kill_all(lease.processes, of=lease.sector)
            except LeaseError as error:
                messages.append(Message("cluster-holder-stays", {"reason": str(error)}))
        elif lease.live_ns is not None and not sector.live:
            messages.append(self._now_live(sector, lease, now_s))

    def _lost(self, sector: _Watched, since_s: float) -> None:
        """Note that a sector lost its holder, whose lease, the newest that was seen, is no longer watched."""
        sector.live, sector.moving, sector.silent_s = False, False, 0.0
        sector.lost_s, sector.before = sector.lost_s or since_s, max(sector.before, sector.seen[0])

    def _now_live(self, sector: _Watched, lease: Lease, now_s: float) -> Message:
        where: dict[str, Any] = {"sector": lease.sector, "worker": lease.holder}
        since_s, moved = sector.lost_s, sector.moving
        sector.live, sector.failures, sector.lost_s, sector.moving, sector.avoid = True, 0, None, False, None
        if since_s is None:
            return Message("cluster-sector-live", where)
        (self.moves_s if moved else self.failovers_s).append(now_s - since_s)
        return Message(
            "cluster-sector-moved" if moved else "cluster-sector-live-again", where | {"seconds": now_s - since_s}
        )

    def _ended(self, sector: _Watched, now_s: float, messages: list[Message]) -> None:
        """Decide when a sector whose task has ended is started again: at once, unless it failed."""
        future, sector.future = sector.future, None
        error = future.exception() if future.status == "error" else None
        if error is not None and is_lost_worker(error):
            self._lost(sector, now_s)
            return
        if error is None:
            with suppress(TimeoutError, CancelledError):
                sector.moving = future.result(timeout=RESULT_S) == "moved"
            return
        sector.failures, sector.avoid = sector.failures + 1, sector.meant
        pause_s = min(FIRST_PAUSE_S * 2.0 ** (sector.failures - 1), LONGEST_PAUSE_S)
        sector.due_s = now_s + pause_s
        told: dict[str, Parameter] = {"sector": sector.task.name, "reason": str(error), "seconds": round(pause_s)}
        messages.append(Message("cluster-sector-failed", told))

    def _submit(self, sector: _Watched, leases: dict[str, Lease], now_s: float) -> None:
        """Give a sector to a worker of the machine with the least load, also if a supervisor that had lost it wished
        it to stop."""
        name = sector.task.name
        if name in leases and leases[name].wish == "stop":
            self._book.wish(name, "hold")
        workers, held = self._running_workers(), self._held(leases)
        for other_name, other in self._sectors.items():
            if other.future is not None and not other.live and other.meant is not None:
                held.setdefault(other.meant, set()).add(other_name)
        avoided = {address for address, at_s in self._silent_at_s.items() if now_s - at_s < SUSPECT_S}
        avoided |= {sector.avoid or ""} | unheard(workers, LOST_AFTER_S)  # frozen, without a sector that would say so
        least = place(name, workers, held, self._use, avoided)
        sector.submitted, sector.meant = sector.submitted + 1, least
        sector.future = self._client.submit(
            hold_sector,
            replace(sector.task, newest=leases[name].token if name in leases else 0),
            key=f"{name}-{sector.submitted}-{time.time_ns()}",
            workers=None if least is None else [least],
            allow_other_workers=least is not None,
            pure=False,
        )

    def _keep_workers(self, now_s: float) -> None:
        """Have dask make again the workers of this machine that it gave up, such as after two kills in a row.

        It takes the place of one that could not be started for that of one that runs, and would leave it.
        """
        if self._local is not None and now_s >= self._workers_due_s:
            self._workers_due_s = now_s + WORKERS_EVERY_S
            for name, place_ in list(self._local.workers.items()):
                if place_.status.name in ENDED:
                    self._local.workers.pop(name, None)
            self._local.scale(self._workers)

    def _running_workers(self) -> dict[str, Worker]:
        with suppress(OSError, TimeoutError):
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
            running = sorted(address for address, one in workers.items() if one.get("status", RUNNING) == RUNNING)
            return {address: Worker.of(address, workers[address]) for address in running}
        return {}

    def _held(self, leases: dict[str, Lease]) -> dict[str, set[str]]:
        """Return the sectors of each worker."""
        held: dict[str, set[str]] = {}
        for name, lease in leases.items():
            if lease.holder and name in self._sectors:
                held.setdefault(lease.holder, set()).add(name)
        return held

    def _balance(self, leases: dict[str, Lease], now_s: float) -> None:
        """Move a sector if it has been due for some time, during which all sectors were live."""
        name = None
        if self.live and all(name in leases and leases[name].wish == "hold" for name in self._sectors):
            name = to_move(self._running_workers(), self._held(leases), self._use)
        if name is None:
            self._uneven_s = None
        elif self._uneven_s is None:
            self._uneven_s = now_s
        elif now_s - self._uneven_s >= UNEVEN_S:
            self._book.wish(name, "move")
            self._uneven_s = None
