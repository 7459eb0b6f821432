"""Workers that are killed again and again come back, and leave nothing open in the supervisor."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import distributed
import psutil
import pytest

from ops.cluster.supervisor import cluster as cluster_module
from ops.cluster.supervisor.cluster import SETTINGS_OF_DASK, Cluster
from ops.cluster.workers.sector_task import SectorTask
from tests.patience import PATIENT_S
from tests.strangers import entered_by_a_stranger, open_ports

Found = TypeVar("Found")


def task_in(folder: Path) -> SectorTask:
    """A sector that cannot be run: the workers have nothing to do."""
    nowhere = folder / "missing"
    return SectorTask(sector=nowhere, name="hills", layout=nowhere, folder=folder, broker="mqtt://127.0.0.1:1")


def until(cluster: Cluster, answer: Callable[[], Found]) -> Found:
    """Ask until the answer is true, and return it: the next one may be another, as dask works meanwhile."""
    deadline = time.monotonic() + PATIENT_S
    while not (found := answer()):
        cluster.look()
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return found


def places(cluster: Cluster) -> list[Any]:
    """What dask has for each worker now: another thread may remove and add some meanwhile."""
    untyped: Any = cluster
    return list(untyped._local.workers.values())


def worker_processes(cluster: Cluster) -> dict[str, int]:
    """Process number of each worker that the scheduler knows, by address."""
    untyped: Any = cluster
    running = untyped._running_workers()
    found = ((place.worker_address, place.pid) for place in places(cluster))
    return {address: pid for address, pid in found if address in running and pid is not None}


def only_worker(cluster: Cluster) -> tuple[str, int]:
    """Wait until there is one worker; return its address and process number as they are then."""
    found: dict[str, int] = {}

    def is_alone() -> bool:
        found.clear()
        found.update(worker_processes(cluster))
        return len(found) == 1

    until(cluster, is_alone)
    return found.popitem()


def kill_one(cluster: Cluster) -> None:
    """Kill the only worker, and wait for the next one."""
    address, pid = only_worker(cluster)
    with suppress(psutil.NoSuchProcess):  # dask has ended it meanwhile, with its place
        psutil.Process(pid).kill()
    # Asked once, as it changes between two answers; the next one may have the port of the one before, by chance.
    until(cluster, lambda: worker_processes(cluster).items() - {(address, pid)})


def kill_until(cluster: Cluster, given_up: Callable[[], object]) -> None:
    """Kill the worker until dask gives it up: not where it hears at once that one was lost and that it is back."""
    deadline = time.monotonic() + PATIENT_S
    while not given_up():
        assert time.monotonic() < deadline
        kill_one(cluster)


def sockets() -> int:
    count = 0
    for name in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # closed by another thread meanwhile
            count += os.readlink(f"/proc/self/fd/{name}").startswith(("socket:", "pipe:"))
    return count


def test_a_worker_that_dask_gave_up_is_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """By default dask closes for good the place of a worker that is not back within 15 s, as on a busy machine."""
    settings = SETTINGS_OF_DASK | {"distributed.deploy.lost-worker-timeout": "1ms"}
    monkeypatch.setattr(cluster_module, "SETTINGS_OF_DASK", settings)
    monkeypatch.setattr(cluster_module, "WORKERS_EVERY_S", 0.5)
    with Cluster([task_in(tmp_path)], 1) as cluster:
        [place] = places(cluster)
        kill_until(cluster, lambda: place not in places(cluster))
        until(cluster, lambda: worker_processes(cluster))
        assert place not in places(cluster), "a worker of another place runs"


def test_a_worker_that_could_not_be_started_in_place_of_a_lost_one_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """dask keeps the place of one whose start failed, such as for want of memory, as if it ran."""
    settings = SETTINGS_OF_DASK | {"distributed.deploy.lost-worker-timeout": "1ms"}
    monkeypatch.setattr(cluster_module, "SETTINGS_OF_DASK", settings)
    monkeypatch.setattr(cluster_module, "WORKERS_EVERY_S", 0.5)
    begun = distributed.Nanny.instantiate
    failed: list[Any] = []

    async def instantiate(nanny: Any) -> Any:
        if nanny is not place and not failed:
            failed.append(nanny)
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        return await begun(nanny)

    with Cluster([task_in(tmp_path)], 1) as cluster:
        [place] = places(cluster)
        monkeypatch.setattr(distributed.Nanny, "instantiate", instantiate)
        kill_until(cluster, lambda: failed)
        until(cluster, lambda: worker_processes(cluster) and not {place, *failed} & set(places(cluster)))


def test_a_sector_given_to_a_frozen_worker_is_begun_on_another(tmp_path: Path):
    """No lease shows that it is frozen, and it never claims the sector."""
    with Cluster([task_in(tmp_path)], 2) as cluster:
        untyped: Any = cluster
        given = sorted(untyped._running_workers())[0]
        frozen = psutil.Process(worker_processes(cluster)[given])
        frozen.suspend()
        told: list[str] = []
        deadline = time.monotonic() + PATIENT_S
        try:
            while "cluster-sector-failed" not in told:  # it cannot be run anywhere
                told += [message.id for message in cluster.look()]
                assert time.monotonic() < deadline
                time.sleep(0.2)
        finally:
            frozen.resume()
    # The other one is lost as well, if it is not on time either, and the order withdrawn once more.
    assert told[-1] == "cluster-sector-failed"
    assert {"cluster-order-withdrawn"} <= set(told[:-1]) <= {"cluster-order-withdrawn", "cluster-worker-lost"}


KILLED = 8


def test_a_worker_that_is_killed_again_leaves_nothing_more_open(tmp_path: Path):
    """The count is taken while dask may still open and close some of what workers have: it is between 25 and 31."""
    with Cluster([task_in(tmp_path)], 1) as cluster:
        kill_one(cluster)  # the first time, dask opens a connection that it keeps
        before = sockets()
        for _ in range(KILLED):
            kill_one(cluster)
        until(cluster, lambda: sockets() < before + KILLED)


def test_a_stranger_enters_no_port_of_a_cluster(tmp_path: Path):
    """Who reaches a scheduler or a worker of dask runs code as its user."""
    before = open_ports()
    with Cluster([task_in(tmp_path)], 1) as cluster:
        only_worker(cluster)
        ports = open_ports() - before
        assert int(cluster.address.rsplit(":", 1)[1]) in ports
        assert [address for port in sorted(ports) for address in entered_by_a_stranger(port)] == []
    assert len(ports) >= 3, "scheduler, nanny and worker listen"
