"""Execution of work on many sites: in this thread, in threads, in local processes, or on a dask cluster.

Batches are submitted in order, a few ahead of the one that is awaited, and results come back in that order, so memory
is bounded and sums of floats are the same for every scheduler.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from typing import Any

from geo.errors import BadInput, WatchlineError
from geo.visibility.many_sites.height_source import (
    Chunked,
    HeightSource,
    HeightWindow,
    Whole,
    cut,
    forget_chunks,
    spooled,
)
from geo.visibility.many_sites.sites import SiteBatch
from geo.visibility.many_sites.versions import refuse_other_scheduler, refuse_other_versions

AHEAD = 2  # batches submitted per worker
CONNECT_S = 10.0

CLUSTER = {
    "distributed.admin.large-graph-warning-threshold": "1GB",  # windows travel with tasks
    "distributed.scheduler.http.routes": [],  # pages ask for no password
    "distributed.worker.http.routes": [],
}
"""Configuration of dask for a cluster of our own."""

UNGUARDED = BadInput(
    "the processes do not start",
    where="scheduler='processes'",
    expected="a script whose work stands under if __name__ == '__main__', as each process imports it",
)

Work = Callable[[HeightWindow, SiteBatch], Any]
ProgressCallback = Callable[[int, int], None]
"""Called with the number of sites done and the number of all."""


@dataclass(frozen=True, slots=True)
class Executor:
    """Where work on many sites is executed.

    ``scheduler``: "threads" (numba releases the interpreter lock), "synchronous" (this thread), "processes" (a dask
    LocalCluster for this call, which only its own certificate can enter), the address of a dask scheduler such as
    "tls://host:8786", or a ``distributed.Client``.
    ``workers`` is the number of threads or processes, by default one per core.
    """

    scheduler: Any = "threads"
    workers: int | None = None
    progress: ProgressCallback | None = None

    def __post_init__(self) -> None:
        if self.workers is not None and self.workers < 1:
            raise BadInput(f"{self.workers}", where="workers", expected="at least 1")
        named = isinstance(self.scheduler, str)
        if named and self.scheduler not in ("threads", "synchronous", "processes") and "://" not in self.scheduler:
            raise BadInput(
                f"{self.scheduler!r}",
                where="scheduler",
                expected="'threads', 'synchronous', 'processes', an address such as tls://host:8786, or a Client",
            )

    @property
    def count(self) -> int:
        """Number of threads or processes."""
        return self.workers or len(os.sched_getaffinity(0))


def run_batches(
    ground: Whole | Chunked, batches: Sequence[SiteBatch], work: Work, executor: Executor
) -> Iterator[tuple[SiteBatch, Any]]:
    """Yield each batch with the result of ``work``, in order. ``work`` must be a function that can be pickled."""
    total, finished = sum(len(batch.sites) for batch in batches), 0
    with ExitStack() as stack:
        stack.callback(forget_chunks)
        submit, width = _submitter(ground, executor, stack)
        waiting: deque[tuple[SiteBatch, Any]] = deque()
        for batch in batches:
            waiting.append((batch, submit(batch, work)))
            while len(waiting) > width:
                finished += yield from _next(waiting, executor, finished, total)
        while waiting:
            finished += yield from _next(waiting, executor, finished, total)


def _next(
    waiting: deque[tuple[SiteBatch, Any]], executor: Executor, finished: int, total: int
) -> Generator[tuple[SiteBatch, Any], None, int]:
    batch, future = waiting.popleft()
    yield batch, future.result()
    if executor.progress is not None:
        executor.progress(finished + len(batch.sites), total)
    return len(batch.sites)


def _submitter(
    ground: Whole | Chunked, executor: Executor, stack: ExitStack
) -> tuple[Callable[[SiteBatch, Work], Any], int]:
    """Return a function that submits a batch, and how many batches may be in work."""
    if executor.scheduler == "synchronous":
        return lambda batch, work: _Finished(_task(ground, batch, work)), 0
    if executor.scheduler == "threads":
        pool = stack.enter_context(_threads(executor.count))
        return lambda batch, work: pool.submit(_task, ground, batch, work), AHEAD * executor.count
    client = stack.enter_context(client_of(executor))
    shared: HeightSource | None = None
    if isinstance(ground, Whole) and _on_this_machine(client):
        shared = stack.enter_context(spooled(ground))
    threads = max(sum(client.nthreads().values()), 1)

    def submit(batch: SiteBatch, work: Work) -> Any:
        if shared is not None:
            source: HeightSource = shared
        elif isinstance(ground, Whole):
            source = cut(ground, batch.rows, batch.columns)
        else:
            source = ground.only(batch.rows, batch.columns)
        return _Submitted(client.submit(_task, source, batch, work, pure=False), batch)

    return submit, AHEAD * threads


@dataclass(frozen=True, slots=True)
class _Finished:
    """A result that is available at once."""

    value: Any

    def result(self) -> Any:
        return self.value


@dataclass(frozen=True, slots=True)
class _Submitted:
    """A batch in work on a cluster."""

    future: Any
    batch: SiteBatch

    def result(self) -> Any:
        """Return the result of the batch; WatchlineError if the cluster is gone or the batch kills every worker."""
        from distributed import CancelledError, KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            return self.future.result()
        except (KilledWorker, CancelledError, CommClosedError) as error:
            numbers = ", ".join(str(site.number) for site in self.batch.sites)
            raise WatchlineError(
                f"The cluster gave up the sites {numbers}: workers died over them again and again, or it has ended."
            ) from error


def _task(ground: HeightSource, batch: SiteBatch, work: Work) -> Any:
    return work(ground.window(batch.rows, batch.columns), batch)


@contextmanager
def _threads(count: int) -> Iterator[ThreadPoolExecutor]:
    pool = ThreadPoolExecutor(count, thread_name_prefix="sites")
    try:
        yield pool
    finally:
        pool.shutdown(cancel_futures=True)


@contextmanager
def client_of(executor: Executor) -> Iterator[Any]:
    """Yield a client of the executor's workers: "processes" start for this context. BadInput where none answers."""
    import dask
    from distributed import Client, LocalCluster
    from distributed.security import Security

    with dask.config.set(CLUSTER):
        if not isinstance(executor.scheduler, str):
            yield executor.scheduler
        elif executor.scheduler == "processes":
            if getattr(multiprocessing.current_process(), "_inheriting", False):
                raise UNGUARDED  # this is a child that runs the caller's script again
            logging.getLogger("distributed.core").setLevel(logging.WARNING)  # it notes connections that close, at INFO
            try:
                with _starting_without_ctrl_c():
                    cluster = LocalCluster(  # type: ignore[no-untyped-call]
                        n_workers=executor.count,
                        threads_per_worker=1,
                        processes=True,
                        host="127.0.0.1",
                        dashboard_address="127.0.0.1:0",
                        scheduler_kwargs={"dashboard": False},
                        security=Security.temporary(),  # type: ignore[no-untyped-call]
                        silence_logs=logging.CRITICAL,
                    )
            except RuntimeError as error:
                raise UNGUARDED from error
            with cluster, Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]
                yield client
        else:
            yield from _connected(Client, executor.scheduler)


@contextmanager
def _starting_without_ctrl_c() -> Iterator[None]:
    """Processes that start meanwhile do not receive SIGINT, which a terminal sends to them as well as to this process.

    They would report it with stack traces; this process ends them. Its other threads receive the signal meanwhile.
    """
    resource_tracker.ensure_running()  # it would unblock the signal again in the thread that starts it
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _on_this_machine(client: Any) -> bool:
    from distributed import LocalCluster

    return isinstance(client.cluster, LocalCluster)


def _connected(client: Any, address: str) -> Iterator[Any]:
    try:
        refuse_other_scheduler(address, timeout_s=CONNECT_S)
        connection = client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # TypeError: tls:// without certificates in dask's configuration
        expected = "the address of one that runs, and its certificates for tls://"
        raise BadInput("no dask scheduler answers", where=address, expected=expected) from error
    with connection:
        refuse_other_versions(connection, address)
        yield connection
