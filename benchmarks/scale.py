"""A cluster of sectors whose workers are killed and frozen in turn: how long a sector takes until it is live again.

Beside it, in the same run, a start of the same sector from nothing: the lower limit, because a lost sector starts its
processes again. The CPU time of the sectors' processes, by part, while nothing is sent.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import psutil
from field import Field, write_sector
from machine import report, table
from rich.console import Console

from ops.broker.broker import EmbeddedBroker
from ops.cluster.cluster import Cluster
from ops.cluster.sector_task import SectorTask
from ops.room.room import Room
from ops.runtime.compile_kernels import compile_missing

PATIENT_S = 300.0
QUIET_S = 20.0
PAUSE_S = 45.0
"""From when all sectors are live until the next strike: with that a worker is struck about once a minute."""
PARTS = ("ingest", "fusion", "feeds")
KINDS = {"killed": signal.SIGKILL, "frozen": signal.SIGSTOP}


def main() -> None:
    """Measure, and print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sectors", type=int, default=3)
    parser.add_argument("--workers", type=int, default=3)
    parser.add_argument("--strikes", type=int, default=10, help="strikes of each kind (default 10)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="default: killed and frozen")
    options = parser.parse_args()
    compile_missing(Console(stderr=True))
    root = Path(tempfile.mkdtemp(prefix="watchline-scale-"))
    try:
        figures = measure(root, options.sectors, options.workers, options.strikes, options.kinds)
    finally:
        shutil.rmtree(root, ignore_errors=True)
    rows = [(name, f["n"], f["median_s"], f["p95_s"], f["longest_s"]) for name, f in figures["again_live"].items()]
    table(["sector live again", "n", "median [s]", "p95 [s]", "longest [s]"], rows)
    shares = figures["cpu_share_of_a_core"]
    table(["part of a sector at rest", "share of a core"], sorted(shares.items()))
    report("scale", figures)


def measure(root: Path, sectors: int, workers: int, strikes: int, kinds: list[str]) -> dict:
    """Run a cluster in ``root`` and strike it; return the figures."""
    with EmbeddedBroker(folder=root / "broker") as broker:
        tasks = [_task(root, f"sector-{number}", broker.url.text) for number in range(sectors)]
        began_s = time.monotonic()
        alone = _task(root, "alone", broker.url.text)
        with Room(alone.options(1)) as room:
            room.listen()
            start_s = time.monotonic() - began_s
        chance, times = random.Random(1), {kind: [] for kind in kinds}
        with Cluster(tasks, workers) as cluster:
            _until(cluster, lambda: cluster.live)
            shares = _shares(cluster)
            for strike in range(len(kinds) * strikes):
                kind = kinds[strike % len(kinds)]
                _until(cluster, lambda: cluster.at_rest)
                due_s = time.monotonic() + PAUSE_S
                _until(cluster, lambda due_s=due_s: time.monotonic() >= due_s)
                times[kind] += _struck(cluster, chance.choice(tasks).name, KINDS[kind])
            left = cluster.stop()
    return {
        "sectors": sectors,
        "workers": workers,
        "start_of_one_s": round(start_s, 2),
        "again_live": {name: _spread(values) for name, values in times.items()},
        "cpu_share_of_a_core": shares,
        "not_stopped": left,
    }


def _task(root: Path, name: str, broker: str) -> SectorTask:
    sector = write_sector(Field(radars=3), root / name)
    sector.write_text(sector.read_text().replace('name = "bench"', f'name = "{name}"'))
    layout = sector.with_name("layout.geojson")
    return SectorTask(sector, name, layout, root / "data", broker, signatures="optional", encrypted=False)


def _struck(cluster: Cluster, sector: str, blow: signal.Signals) -> list[float]:
    """Strike the worker of a sector; return for each of its sectors how long it took until it was live again [s]."""
    [worker] = [lease.holder for lease in cluster.leases() if lease.sector == sector]
    before = {lease.sector: lease.token for lease in cluster.leases() if lease.holder == worker}
    again_s: dict[str, float] = {}
    struck_s = time.monotonic()
    _worker(cluster, sector).send_signal(blow)

    def are_live() -> bool:
        for lease in cluster.leases():
            if lease.sector in before and lease.token > before[lease.sector] and lease.live_ns is not None:
                again_s.setdefault(lease.sector, time.monotonic() - struck_s)
        return len(again_s) == len(before)

    _until(cluster, are_live)
    return list(again_s.values())


def _until(cluster: Cluster, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENT_S
    while True:
        cluster.look()
        if true():
            return
        if time.monotonic() > deadline:
            raise SystemExit("A sector is not live; see the logs.")
        time.sleep(0.1)


def _worker(cluster: Cluster, sector: str) -> psutil.Process:
    [lease] = [lease for lease in cluster.leases() if lease.sector == sector]
    running = [found for one in lease.processes if (found := one.running()) is not None]
    return next(one for one in running if one.ppid() not in {other.pid for other in running})


def _shares(cluster: Cluster) -> dict[str, float]:
    """CPU time of each part of a sector, as a share of a core, over ``QUIET_S``; of workers and supervisor in all."""

    def spent() -> Counter:
        used: Counter = Counter()
        for process in [psutil.Process(), *psutil.Process().children(recursive=True)]:
            line = " ".join(process.cmdline())
            part = next((name for name in PARTS if f"services.{name}.process" in line), "cluster")
            if part != "cluster" and os.readlink(f"/proc/{process.pid}/fd/2") == os.devnull:
                part = "spare processes"
            part = "broker" if "ops.broker" in line else part
            used[part] += sum(process.cpu_times()[:2])
        return used

    before, began_s = spent(), time.monotonic()
    while time.monotonic() - began_s < QUIET_S:
        cluster.look()
        time.sleep(0.5)
    after, passed_s = spent(), time.monotonic() - began_s
    many = len(cluster.leases())
    return {name: round((after[name] - before[name]) / passed_s / (many if name in PARTS else 1), 4) for name in after}


def _spread(values: list[float]) -> dict[str, float | int]:
    ordered = sorted(values)
    return {
        "n": len(ordered),
        "median_s": round(statistics.median(ordered), 2),
        "p95_s": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 2),
        "longest_s": round(ordered[-1], 2),
    }


if __name__ == "__main__":
    os.umask(0o077)
    main()
