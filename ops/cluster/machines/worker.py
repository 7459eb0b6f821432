"""``watchline cluster worker``: a worker on a machine that joins a cluster, until it is asked to leave.

It is one process. While the scheduler is away it continues with its sectors, and joins again when it is back. Asked to
leave, it takes no more sectors and gives back those that it holds, each of which starts on another machine.
"""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, Final, cast

from rich.console import Console

from geo.errors import BadInput, WatchlineError
from ops.audit.key_places.store import erase_on_this_machine, use_machine_key
from ops.cluster.leases.lease_book import CLUSTER_LOCK, Lease, LeaseError
from ops.cluster.leases.store_leases import StoreLeases
from ops.cluster.machines.checks import programs, refuse_other_programs, refuse_wrong_clock
from ops.cluster.machines.here import Machine, on
from ops.cluster.machines.options import WorkerOptions
from ops.cluster.machines.shared import security_of, shared_of
from ops.cluster.nation_file import load_nation
from ops.cluster.supervisor.placement import CORES
from ops.cluster.workers.worker_process import end_spares, keep_spares, stay_heard
from ops.postgres.address import StoreAddress
from ops.postgres.note import remember
from ops.runtime.files.lock import lock_file
from ops.runtime.output import show
from ops.sector.settings import load_settings

LEAVE_S: Final = 90.0
"""Longest wait for the sectors to be given back."""
ERASED_EVERY_S: Final = 600.0
"""How often the wrapping keys of erased days are erased on this machine."""
START_S: Final = 60
"""Longest wait for the scheduler's first answer; a slow machine that gave up sooner would never join."""
JOIN_AGAIN_S: Final = 1.0
MOST_SECTORS: Final = 256
"""Number of sectors that one machine can hold."""


class _SectorThreadPoolExecutor(ThreadPoolExecutor):
    """The threads of the sectors. They outlive a worker of dask that loses its scheduler.

    By its name dask knows that it consists of threads. ``tasks``: those that have not ended.
    """

    def __init__(self, most: int) -> None:
        super().__init__(most, thread_name_prefix="sector")
        self.tasks: set[Future[Any]] = set()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Begin a task."""
        task = super().submit(fn, *args, **kwargs)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the threads as they are: each ends with its sector's lease."""


class JoinedWorker:
    """A worker of dask in a thread of its own, which joins again whenever its scheduler is back."""

    def __init__(self, options: WorkerOptions, sectors: Sequence[str]) -> None:
        """``sectors``: names of those of the nation file, whose cluster must have the programs of this machine."""
        self._options, self._sectors = options, sectors
        self._threads = _SectorThreadPoolExecutor(MOST_SECTORS)
        self._loop = asyncio.new_event_loop()
        self._worker: Any = None
        self.address: str | None = None
        self._port = 0
        self.problem = ""
        """Why the scheduler cannot be joined; empty once it is."""
        self._leaving = self._ended = False
        self._thread = threading.Thread(target=self._run, name="dask-worker", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._serving = self._loop.create_task(self._serve())
        with suppress(asyncio.CancelledError):
            self._loop.run_until_complete(self._serving)

    async def _serve(self) -> None:
        from distributed import Worker

        while not self._ended:
            self.address = None
            try:
                await asyncio.to_thread(self._refuse_other_programs)
                self._worker = Worker(
                    self._options.scheduler,
                    nthreads=MOST_SECTORS,
                    host=self._options.host or _own_address(self._options.scheduler),
                    port=self._port,
                    executor=self._threads,
                    security=security_of(self._options.data),
                    local_directory=str(self._options.data / "dask"),
                    memory_limit=0,
                    resources={CORES: len(os.sched_getaffinity(0))},
                    dashboard=False,
                    dashboard_address="127.0.0.1:0",
                    death_timeout=START_S,
                )
                async with self._worker:
                    self.address, self.problem = self._worker.address, ""
                    self._port = self._worker.port
                    if self._leaving:
                        self._pause()
                    heard = asyncio.create_task(stay_heard(self._worker))
                    try:
                        await self._worker.finished()
                    finally:
                        heard.cancel()
            # no scheduler; the port is in use; other programs, since the cluster was started again
            except (OSError, TimeoutError, ValueError, RuntimeError, WatchlineError) as error:
                self.problem, self._port = " ".join(str(error).split())[:200] or type(error).__name__, 0
            if not self._ended:
                await asyncio.sleep(JOIN_AGAIN_S)

    def _refuse_other_programs(self) -> None:
        with StoreLeases(StoreAddress(self._options.store), self._options.data) as leases:
            for found in leases.programs_of(self._sectors):
                refuse_other_programs(found)

    def _pause(self) -> None:
        from distributed.core import Status

        self._leaving = True
        if self._worker is not None:
            self._worker.status = Status.paused

    @property
    def busy(self) -> bool:
        """Whether a task has not ended, such as one that is about to take its sector."""
        return bool(self._threads.tasks)

    def take_no_more(self) -> None:
        """Let the scheduler give this worker no more sectors."""
        self._loop.call_soon_threadsafe(self._pause)

    def close(self) -> None:
        """Leave the cluster."""
        self._ended = True

        def end() -> None:
            if self.problem or self.address is None:
                self._serving.cancel()
            else:
                self._closing = self._loop.create_task(self._worker.close(executor_wait=False))

        self._loop.call_soon_threadsafe(end)
        self._thread.join(LEAVE_S)


def run_worker(options: WorkerOptions, *, screen: Console) -> dict[str, Any]:
    """Hold sectors of a cluster on this machine until Ctrl-C or SIGTERM; return how many were given back in order.

    Raises BadInput for a machine that may not join, in one sentence.
    """
    import dask
    import distributed  # noqa: F401 (whose settings are then there to be changed for a time)

    from ops.cluster.supervisor.cluster import SETTINGS_OF_DASK
    from ops.runtime.compile_kernels import compile_missing

    load_settings(options.settings)
    nation, address = load_nation(options.nation), StoreAddress(options.store)
    remember(address)
    key = shared_of(options.data)
    lock = lock_file(options.data / CLUSTER_LOCK)
    if lock is None:
        raise BadInput("in use by another cluster or worker", where=str(options.data), expected="another folder")
    umask = os.umask(0o077)
    try:
        refuse_wrong_clock(address)
        use_machine_key(address, key)
        names = [sector.name for sector in nation.sectors]
        with StoreLeases(address, options.data) as leases:
            for found in leases.programs_of(names):
                refuse_other_programs(found)
            compile_missing(screen)
            machine = Machine(
                options.data.absolute(),
                {sector.name: sector for sector in nation.sectors},
                options.store,
                None if options.settings is None else options.settings.absolute(),
                None if options.identity is None else options.identity.absolute(),
            )
            logging.getLogger("distributed").setLevel(logging.CRITICAL)
            keep_spares()
            with dask.config.set(SETTINGS_OF_DASK), on(machine):
                return _held(options, names, leases, address, screen)
    finally:
        end_spares()
        os.umask(umask)
        os.close(lock)


def _held(
    options: WorkerOptions, sectors: Sequence[str], leases: StoreLeases, address: StoreAddress, screen: Console
) -> dict[str, Any]:
    machine = leases.machine  # before a sector asks for it: two at once would make two names
    worker = JoinedWorker(options, sectors)
    try:
        try:
            show(screen, "cluster-worker-started", machine=machine, scheduler=options.scheduler)
            _wait(worker, options, leases, address, screen)
        except KeyboardInterrupt:
            show(screen, "cluster-worker-leaving")
        given_back, left = leave(worker, leases)
    finally:
        worker.close()
    if left:
        raise WatchlineError(f"{', '.join(left)}: not given back in time; see the logs in {options.data}.")
    return {"machine": machine, "programs": programs(), "given_back": given_back}


def _own_address(scheduler: str) -> str:
    """Return the address of this machine from which it reaches the scheduler."""
    from distributed import utils
    from distributed.comm.addressing import get_address_host

    host, untyped = get_address_host(scheduler), cast(Any, utils)
    return str(untyped.get_ipv6(host) if ":" in host else untyped.get_ip(host))


def _wait(
    worker: JoinedWorker, options: WorkerOptions, leases: StoreLeases, address: StoreAddress, screen: Console
) -> None:
    """Say which sectors this machine holds, and what keeps it from the scheduler, until the time is over."""
    begun_s, erased_s, said, told = time.monotonic(), float("-inf"), set[str](), ""
    while options.duration_s is None or time.monotonic() - begun_s < options.duration_s:
        problem = worker.problem
        if problem not in ("", told):
            show(screen, "cluster-worker-waits", scheduler=options.scheduler, reason=problem)
        told = problem
        with suppress(WatchlineError):  # a store that does not answer: the sectors say so themselves
            if time.monotonic() - erased_s >= ERASED_EVERY_S:
                erase_on_this_machine(address, shared_of(options.data))
                erased_s = time.monotonic()
            held = {lease.sector for lease in _here(leases) if lease.live_ns is not None}
            for sector in sorted(held - said):
                show(screen, "cluster-worker-holds", sector=sector)
            said = held
        time.sleep(0.5)


def leave(worker: JoinedWorker, leases: StoreLeases) -> tuple[int, list[str]]:
    """Give back all sectors of this machine; return how many, and the names of those that were not in time.

    WatchlineError if the store does not answer until the end: what is held then is not known.
    """
    worker.take_no_more()
    deadline_s, begun = time.monotonic() + LEAVE_S, set[str]()
    problem: LeaseError | None = None
    while time.monotonic() < deadline_s:
        try:
            held, problem = _here(leases), None
            for lease in held:
                begun.add(lease.sector)
                if lease.wish == "hold":
                    leases.wish(lease.sector, "move")
            if not held and not worker.busy:
                return len(begun), []
        except LeaseError as error:  # nothing can be given back, or written
            problem = error
        time.sleep(0.2)
    if problem is not None:
        raise WatchlineError(f"the sectors of this machine were not given back: {problem}") from problem
    return len(begun), sorted(begun)


def _here(leases: StoreLeases) -> list[Lease]:
    return [lease for lease in leases.leases() if lease.holder and leases.is_here(lease) and lease.running()]
