"""A cluster: dask's scheduler and workers, one task per sector, and the watch over their leases."""

from __future__ import annotations

import logging
import os
import signal
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Final, Self

from geo.errors import WatchlineError
from geo.message import Message, Parameter
from ops.cluster.leases.lease_book import CLUSTER_LOCK, LOST_AFTER_S, Lease, LeaseError, Leases, kill_all
from ops.cluster.leases.open_leases import open_leases
from ops.cluster.supervisor.placement import CORES, Use, Worker, place, to_move
from ops.cluster.supervisor.silent_workers import SilentWorkers
from ops.cluster.supervisor.waiting import Wait, note_waits
from ops.cluster.supervisor.watched import (
    Adopted,
    Watched,
    blamed,
    clear,
    is_suspect,
    pause,
    worker_of,
)  # fmt: skip
from ops.cluster.workers.sector_task import SectorTask, hold_sector
from ops.cluster.workers.worker_process import nanny_without_pages
from ops.room.room import START_TIMEOUT_S
from ops.runtime.files.lock import lock_file

SUSPECT_S: Final = 60.0
"""A worker elsewhere that was lost is given no sector for so long, if there is another: dask may not know yet."""
UNEVEN_S: Final = 30.0
"""How long the load must be uneven, with no sector on its way, before one is moved: after a worker was lost it often
is."""
LONGEST_LOOK_S: Final = 1.0
"""What counts of the time between two looks: after a pause of the machine or of the supervisor no holder is late."""
SILENT_S: Final = 60.0
"""A worker of this machine that holds nothing and was not heard of for so long is killed; dask starts another."""
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
    "distributed.scheduler.worker-ttl": None,
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
(``Cluster._keep_workers``); dask drops no worker for its silence, which it measures by a clock that may be set
(``SILENT_S`` instead); what its processes use is not the worker's; dask's pages, which need no password, are not
served, unless a port is given for them (``DashboardServer``); and the profile, which only they show, is not recorded:
that of a task that runs for days, a hundred times per second, takes memory for an hour."""
WORKERS_EVERY_S: Final = 5.0
"""How often dask is asked to make the workers that it gave up."""


class ClusterError(WatchlineError):
    """A cluster that cannot be opened."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Address and port at which the scheduler takes workers of other machines, and dask's settings of TLS."""

    host: str
    port: int
    security: Any


def task_key(sector: str, number: int, time_ns: int) -> str:
    """Return a key of dask for a sector's task; ``number``: how often the sector was given to a worker.

    dask's pages name a task by the words at the beginning of its key: for the sector ``north-2`` they would show
    ``north``, so its key begins with ``north_2``.
    """
    from dask.utils import key_split

    key = f"{sector}-{number}-{time_ns}"
    return key if key_split(key) == sector else f"{sector.replace('-', '_')}-{number}-{time_ns}"


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
        dashboard: socket.socket | None = None,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        """``dashboard``: a listening socket of this machine for dask's own pages."""
        self._listen, self._dashboard = listen, dashboard
        self._tasks, self._workers, self._monotonic_s = list(tasks), workers, monotonic_s
        self._sectors = {task.name: Watched(task) for task in tasks}
        self._stack = ExitStack()
        self._looked_s = monotonic_s()
        self._problem, self._use, self._silent = "", Use(), SilentWorkers()
        self._waits: dict[str, Wait] | None = None
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
        """How long each sector that lost its holder, or one of its processes, took until it was live again [s]."""
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
            worker_class=nanny_without_pages(),
            worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            resources={CORES: len(os.sched_getaffinity(0))},
            preload=["ops.cluster.workers.worker_process"],
            local_directory=str(folder / "dask"),
            silence_logs=logging.CRITICAL,
        )
        self._stack.callback(cluster.close, timeout=STOP_S)
        self._local = cluster
        if self._dashboard is not None:
            from ops.cluster.dashboard.pages import DashboardServer

            pages = DashboardServer(cluster.scheduler, self._dashboard)
            cluster.sync(pages.serve)
            self._stack.callback(cluster.sync, pages.close)
        self._client = self._stack.enter_context(untyped.Client(cluster, security=listen.security))
        self.address = str(cluster.scheduler_address)

    def _take_up(self) -> None:
        """Start from the leases of a cluster before: its holders on other machines continue, if they live."""
        for lease in self.leases():
            sector = self._sectors[lease.sector]
            sector.before, sector.given_s = lease.token, self._looked_s
            if not self._book.is_here(lease) and self._lives(lease):
                sector.before, sector.future, sector.meant = lease.token - 1, Adopted(), lease.holder
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
        leases = {lease.sector: lease for lease in self._book.leases()}
        self._keep_workers(leases, now_s)
        clock_s = now_s if self._book.read_at_s is None else self._book.read_at_s
        passed_s, self._looked_s = min(max(clock_s - self._looked_s, 0.0), LONGEST_LOOK_S), clock_s
        workers = self._running_workers()
        self._silent.look(workers, passed_s)
        lost: dict[str | None, list[Watched]] = {}
        for name, sector in self._sectors.items():
            lease = leases.get(name)
            if lease is None and sector.seen != (0, 0):  # the leases were removed: what holds it gives up
                sector.before, sector.seen, sector.live, sector.lost_s = 0, (0, 0), False, sector.lost_s or now_s
            if lease is not None and lease.token > sector.before:
                self._judge(sector, lease, passed_s, now_s, messages)
                self._use.look(lease, now_s)
            if lease is not None and isinstance(sector.future, Adopted) and not lease.holder:
                sector.future.release()
            if sector.future is not None and sector.future.done():
                if self._ended(sector, lease, now_s, messages):
                    lost.setdefault(worker_of(sector, lease), []).append(sector)
            elif self._is_out_of_reach(sector, lease):
                messages.append(Message("cluster-order-withdrawn", {"sector": name, "worker": sector.meant or ""}))
                sector.future.release()
                sector.future = None
        for worker, together in lost.items():
            self._blame(worker, together, leases, now_s, messages)
        for sector in self._sectors.values():
            if sector.future is None and now_s >= sector.due_s:
                self._submit(sector, leases, workers, now_s)
        self._note_waits()
        self._balance(leases, workers, now_s)

    @property
    def live(self) -> bool:
        """Whether every sector is live: its processes run, and none reported a problem when they were first ready."""
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
        return held and self._due_to_move(leases, self._running_workers()) is None

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

    def _judge(self, sector: Watched, lease: Lease, passed_s: float, now_s: float, messages: list[Message]) -> None:
        """Note whether a sector is live, and kill a holder that gives no sign of life."""
        seen = (lease.token, lease.beat)
        sector.silent_s = 0.0 if seen != sector.seen or not lease.holder else sector.silent_s + passed_s
        if sector.live and (lease.token != sector.seen[0] or not lease.holder or lease.live_ns is None):
            sector.live, sector.lost_s = False, sector.lost_s or now_s
            if lease.token == sector.seen[0] and lease.holder:
                messages.append(Message("cluster-sector-interrupted", {"sector": lease.sector}))
        sector.seen = seen
        if sector.losses and sector.live:
            clear(sector, now_s)
        if sector.silent_s >= LOST_AFTER_S and (self._waits_for_another(lease) or not self._book.takes_writes()):
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
            if isinstance(sector.future, Adopted):  # dask tells nothing about it
                sector.future = None
        elif lease.live_ns is not None and not sector.live:
            messages.append(self._now_live(sector, lease, now_s))

    def _lost(self, sector: Watched, since_s: float) -> None:
        """Note that a sector lost its holder, whose lease, the newest that was seen, is no longer watched."""
        if sector.live and sector.live_at_s is not None:
            sector.lived_s = since_s - sector.live_at_s
        sector.live, sector.moving, sector.silent_s = False, False, 0.0
        sector.lost_s, sector.before = sector.lost_s or since_s, max(sector.before, sector.seen[0])

    def _now_live(self, sector: Watched, lease: Lease, now_s: float) -> Message:
        where: dict[str, Any] = {"sector": lease.sector, "worker": lease.holder}
        since_s, moved = sector.lost_s, sector.moving
        sector.live, sector.failures, sector.lost_s, sector.moving, sector.avoid = True, 0, None, False, None
        sector.live_at_s, sector.reason = now_s, ""
        if since_s is None:
            return Message("cluster-sector-live", where)
        (self.moves_s if moved else self.failovers_s).append(now_s - since_s)
        return Message(
            "cluster-sector-moved" if moved else "cluster-sector-live-again", where | {"seconds": now_s - since_s}
        )

    def _is_out_of_reach(self, sector: Watched, lease: Lease | None) -> bool:
        """Whether a sector that no one has claimed since it was given is meant for a worker that is not heard of.

        If that one claims it all the same, it does so before the next one, or not at all.
        """
        if sector.future is None or (lease is not None and lease.token > sector.newest):
            return False
        return sector.meant in self._silent.behind_others(LOST_AFTER_S)

    def _waits_for_another(self, lease: Lease) -> bool:
        """Whether a worker that is heard of cannot write its sign of life because the file of leases is locked.

        One that froze within a transaction keeps the lock, and makes all others late.
        """
        behind = self._silent.behind_others(LOST_AFTER_S / 2)
        return bool(behind) and lease.holder not in behind and self._book.is_locked()

    def _ended(self, sector: Watched, lease: Lease | None, now_s: float, messages: list[Message]) -> bool:
        """Decide when a sector whose task has ended is started again: at once, unless it failed.

        Return whether it ended with its worker.
        """
        future, sector.future = sector.future, None
        error = future.exception() if future.status == "error" else None
        if error is not None and is_lost_worker(error):
            self._lost(sector, now_s)
            return True
        if error is None:
            with suppress(TimeoutError, CancelledError):
                ending = future.result(timeout=RESULT_S)
                sector.moving = ending == "moved"
                if ending == "lost" and lease is not None and lease.holder and lease.token > sector.newest:
                    sector.future, sector.meant = Adopted(), lease.holder  # another task has claimed it meanwhile
                    sector.before = min(sector.before, lease.token - 1)  # and is watched, also if it was taken for lost
            return False
        sector.failures, sector.avoid = sector.failures + 1, sector.meant
        sector.reason = str(error)
        pause_s = pause(sector, sector.failures, now_s)
        told: dict[str, Parameter] = {"sector": sector.task.name, "reason": sector.reason, "seconds": round(pause_s)}
        messages.append(Message("cluster-sector-failed", told))
        return False

    def _blame(
        self,
        worker: str | None,
        together: Sequence[Watched],
        leases: Mapping[str, Lease],
        now_s: float,
        messages: list[Message],
    ) -> None:
        """Let a sector that may have ended the worker that these shared wait before it starts again."""
        given = [
            (one, worker_of(one, leases.get(name))) for name, one in self._sectors.items() if one.future is not None
        ]
        spared = [one for one, on in given if on != worker]
        for sector in blamed(together, spared, len({on for _, on in given} | {worker})):
            if is_suspect(sector):
                sector.pauses += 1
                seconds = round(pause(sector, sector.pauses + 1, now_s))
                told: dict[str, Parameter] = {"sector": sector.task.name, "count": sector.losses, "seconds": seconds}
                messages.append(Message("cluster-sector-suspect", told))

    def _note_waits(self) -> None:
        """Note for ``cluster status`` which sectors failed, or lost their workers, again and again."""
        waits = {
            name: Wait(max(one.losses, one.failures), one.due_ns, one.reason)
            for name, one in self._sectors.items()
            if not one.live and (one.reason or is_suspect(one))
        }
        if waits != self._waits and note_waits(self._tasks[0].folder, waits):
            self._waits = waits

    def _submit(self, sector: Watched, leases: dict[str, Lease], workers: Mapping[str, Worker], now_s: float) -> None:
        """Give a sector to a worker of the machine with the least load, also if a supervisor that had lost it wished
        it to stop."""
        name = sector.task.name
        if name in leases and leases[name].wish == "stop":
            self._book.wish(name, "hold")
        held = self._held(leases)
        avoided = {address for address, at_s in self._silent_at_s.items() if now_s - at_s < SUSPECT_S}
        avoided |= {sector.avoid or ""} | self._apart(leases, workers, but=sector)
        if is_suspect(sector):
            avoided |= {address for address, names in held.items() if names}
        silent = self._silent.behind_others(LOST_AFTER_S)  # not all of them
        heard = {address: worker for address, worker in workers.items() if address not in silent}
        least = place(name, heard, held, self._use, avoided)
        sector.submitted, sector.meant = sector.submitted + 1, least
        sector.lived_s, sector.given_s = 0.0, now_s
        sector.newest = leases[name].token if name in leases else 0
        sector.future = self._client.submit(
            hold_sector,
            replace(sector.task, newest=sector.newest),
            key=task_key(name, sector.submitted, time.time_ns()),
            workers=None if least is None else [least],
            allow_other_workers=least is not None,
            pure=False,
        )

    def _keep_workers(self, leases: dict[str, Lease], now_s: float) -> None:
        """Have dask make again the workers of this machine that it gave up, such as after two kills in a row.

        One that is silent and holds nothing is killed: no lease would show that it is frozen. dask takes the place of
        one that could not be started for that of one that runs, and would leave it.
        """
        if self._local is not None and now_s >= self._workers_due_s:
            self._workers_due_s = now_s + WORKERS_EVERY_S
            silent = self._silent.longer_than(SILENT_S) - {lease.holder for lease in leases.values()}
            for name, place_ in list(self._local.workers.items()):
                if place_.status.name in ENDED:
                    self._local.workers.pop(name, None)
                elif place_.worker_address in silent and place_.pid is not None:
                    with suppress(ProcessLookupError):
                        os.kill(place_.pid, signal.SIGKILL)
            self._local.scale(self._workers)

    def _running_workers(self) -> dict[str, Worker]:
        with suppress(OSError, TimeoutError):
            workers = self._client.scheduler_info(n_workers=-1)["workers"]
            running = sorted(address for address, one in workers.items() if one.get("status", RUNNING) == RUNNING)
            return {address: Worker.of(address, workers[address]) for address in running}
        return {}

    def _held(self, leases: Mapping[str, Lease]) -> dict[str, set[str]]:
        """Return the sectors of each worker, also those that start there."""
        held: dict[str, set[str]] = {}
        for name, lease in leases.items():
            if lease.holder and name in self._sectors:
                held.setdefault(lease.holder, set()).add(name)
        for name, one in self._sectors.items():
            starts_on = None if one.future is None or one.live else worker_of(one, leases.get(name))
            if starts_on is not None:
                held.setdefault(starts_on, set()).add(name)
        return held

    def _apart(
        self, leases: Mapping[str, Lease], workers: Mapping[str, Worker], but: Watched | None = None
    ) -> set[str]:
        """Return the workers that take no other sector: of sectors that may end them, or kept free for their start."""
        suspects = {name: one for name, one in self._sectors.items() if one is not but and is_suspect(one)}
        theirs = {worker_of(one, leases.get(name)) or "" for name, one in suspects.items() if one.future is not None}
        waiting = sum(one.future is None for one in suspects.values())
        return theirs | set(sorted(workers.keys() - self._held(leases).keys() - theirs)[:waiting])

    def _due_to_move(self, leases: dict[str, Lease], workers: Mapping[str, Worker]) -> str | None:
        """Return the sector to move next, neither to nor from a worker that takes no other one; None: all stay."""
        apart = self._apart(leases, workers)
        taking = {address: worker for address, worker in workers.items() if address not in apart}
        return to_move(taking, self._held(leases), self._use)

    def _is_on_its_way(self, sector: Watched, lease: Lease | None, now_s: float) -> bool:
        """Whether a sector is being stopped, or was given to a worker and is not live there yet.

        One that waits for its next start is not, nor one whose start has taken longer than a start may, because its
        processes end again and again.
        """
        if sector.future is None:
            return now_s >= sector.due_s
        if lease is not None and lease.wish != "hold":
            return True
        is_claimed = lease is not None and bool(lease.holder) and lease.token > sector.before
        return not sector.live and (not is_claimed or now_s - sector.given_s < START_TIMEOUT_S)

    def _balance(self, leases: dict[str, Lease], workers: Mapping[str, Worker], now_s: float) -> None:
        """Move a sector if it has been due for some time, during which no sector was on its way to a worker."""
        name = None
        if not any(self._is_on_its_way(one, leases.get(name), now_s) for name, one in self._sectors.items()):
            name = self._due_to_move(leases, workers)
        if name is None:
            self._uneven_s = None
        elif self._uneven_s is None:
            self._uneven_s = now_s
        elif now_s - self._uneven_s >= UNEVEN_S:
            self._book.wish(name, "move")
            self._uneven_s = None
