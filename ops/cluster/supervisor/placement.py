"""Which worker a sector is given to, and which sector is moved: by what each of them uses of its machine.

Workers of one machine share its cores, so their machine is what has a load. Between the workers of a machine only the
number of sectors counts, which is what a worker that ends takes along.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from ops.cluster.leases.lease_book import Lease, Process

CORES: Final = "cores"
"""Resource, in dask's sense, by which a worker states the number of cores of its machine."""
REST_CORES: Final = 0.05
"""Use of a sector in which nothing moves (docs/scale.md); also that of one that has not been measured yet."""
STARTED_S: Final = 30.0
"""Age from which the CPU time of a process counts: its start takes seconds, whatever the sector."""
SAMPLE_S: Final = 5.0
AVERAGE_S: Final = 60.0
"""Time constant of the average."""
UNEVEN: Final = 0.25
"""Smallest difference between the loads of two machines, as a fraction of the larger, that is worth a move: a sector
that moves is not live for some seconds."""
BUSY: Final = 0.5
"""Load from which a machine gives a sector up to one that holds as many."""
MORE_SECTORS: Final = 2
"""Difference of sectors from which a machine that is not busy gives one up."""
MORE_ON_WORKER: Final = 3
"""The same between workers of one machine, where a move frees no core; one that was lost leaves a difference of two."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that takes sectors: host and number of cores of its machine.

    ``heard_s``: when the scheduler heard of it last, by the scheduler's clock, which may be set.
    """

    host: str
    cores: float
    heard_s: float = 0.0

    @classmethod
    def of(cls, address: str, stated: Mapping[str, Any]) -> Worker:
        """Return a worker as dask's scheduler states it."""
        host = stated.get("host") or address.rpartition("//")[2].rpartition(":")[0]
        cores = max(float(stated.get("resources", {}).get(CORES, 1.0)), 1.0)
        return cls(str(host), cores, float(stated.get("last_seen", 0.0)))


@dataclass(slots=True)
class Use:
    """How many cores each sector uses, on average, from the CPU time that its processes state in its lease."""

    _cores: dict[str, float] = field(default_factory=dict)
    _seen: dict[str, dict[Process, float]] = field(default_factory=dict)
    """Time at which each process of a sector was seen first, without its CPU time."""
    _counted: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Time and CPU time of the last sample, while no process of the sector changes."""

    def look(self, lease: Lease, now_s: float) -> None:
        """Take a sample of a lease, if it is time."""
        name, used_s = lease.sector, sum(one.cpu_s for one in lease.processes)
        before = self._seen.get(name, {})
        seen = {one: before.get(one, now_s) for one in (Process(one.pid, one.started) for one in lease.processes)}
        self._seen[name] = seen
        if not seen or max(seen.values()) + STARTED_S > now_s:
            self._counted.pop(name, None)
            return
        since_s, before_s = self._counted.setdefault(name, (now_s, used_s))
        if now_s - since_s >= SAMPLE_S:
            new = max(used_s - before_s, 0.0) / (now_s - since_s)
            old = self._cores.get(name, new)
            self._cores[name] = new + (old - new) * math.exp((since_s - now_s) / AVERAGE_S)
            self._counted[name] = (now_s, used_s)

    def cores(self, sector: str) -> float:
        """Return how many cores a sector uses, at least those of a sector at rest."""
        return max(self._cores.get(sector, 0.0), REST_CORES)

    def of(self, sectors: Iterable[str]) -> float:
        """Return how many cores sectors use together."""
        return sum(self.cores(name) for name in sectors)


def place(
    sector: str,
    workers: Mapping[str, Worker],
    held: Mapping[str, Collection[str]],
    use: Use,
    avoided: Collection[str] = (),
) -> str | None:
    """Return the worker for a sector: of the machine whose load is then the least, the one with the fewest sectors.

    ``held``: the sectors of each worker, also those that start there. ``avoided``: workers that get it only if all are.
    None without a worker.
    """
    loads = _loads(workers, held, use)

    def order(address: str) -> tuple[bool, float, int, str]:
        worker = workers[address]
        then = loads[worker.host] + use.cores(sector) / worker.cores
        return address in avoided, then, len(held.get(address, ())), address

    return min(workers, key=order, default=None)


def to_move(workers: Mapping[str, Worker], held: Mapping[str, Collection[str]], use: Use) -> str | None:
    """Return the sector to move next: from a machine with more load to one with less, or within a machine."""
    loads = _loads(workers, held, use)
    if not loads:
        return None
    cores = {worker.host: worker.cores for worker in workers.values()}
    on = {host: [name for address in workers if workers[address].host == host for name in held.get(address, ())]
          for host in loads}  # fmt: skip
    most, least = max(loads, key=lambda host: (loads[host], host)), min(loads, key=lambda host: (loads[host], host))
    due = loads[most] >= BUSY or len(on[most]) - len(on[least]) >= MORE_SECTORS
    if due and loads[most] - loads[least] >= UNEVEN * loads[most]:

        def higher(name: str) -> float:
            """The higher load of the two machines after the move of a sector."""
            part = use.cores(name)
            return max(loads[most] - part / cores[most], loads[least] + part / cores[least])

        best = min(sorted(on[most]), key=higher)
        if higher(best) < loads[most]:
            return best
    for host in sorted(loads):
        numbers = sorted((len(held.get(address, ())), address) for address in workers if workers[address].host == host)
        if numbers[-1][0] - numbers[0][0] >= MORE_ON_WORKER:
            return min(sorted(held[numbers[-1][1]]), key=use.cores)
    return None


def _loads(workers: Mapping[str, Worker], held: Mapping[str, Collection[str]], use: Use) -> dict[str, float]:
    """Return the used fraction of each machine."""
    loads: dict[str, float] = {}
    for address, worker in workers.items():
        loads[worker.host] = loads.get(worker.host, 0.0) + use.of(held.get(address, ())) / worker.cores
    return loads
