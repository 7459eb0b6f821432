"""Beyond one machine: every figure of sectors on a cluster, with its peer, in one run.

- *failover*: a cluster whose workers are killed and frozen in turn: how long a sector takes until it is live again.
  Beside it a start of the same sector from nothing: the lower limit, because a lost sector starts its processes again.
  The CPU time of the sectors' processes, by part, while nothing is sent.
- *ingest*: durable commits to journals in PostgreSQL, of one and several connections at once, beside SQLite and the
  disk alone (``journal_stores.py``).
- *live*: sectors of a generated nation, fed with what their sensors report (``live_nation.py``).
- *rate*: the code of ingest and fusion of all sectors of a nation in two processes, as fast as the machine takes it
  (``nation_rate.py``).
- *handover*: CPU time to keep one identity across an edge, per hand-over and per second of two sectors
  (``edge_scenes.py``).
- *size*: what a million detections take: journal in a file and in PostgreSQL, fusion store, archive (``growth.py``).
- *scaling*: coverage and archive on one and two workers beside serial (``nation.py --scaling``).

Tables to stderr, one JSON line to stdout: ``python benchmarks/scale.py [--parts failover,size] [--strikes 50]``.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

import live_nation  # noqa: E402 - this folder has a file named ingest
import nation_rate  # noqa: E402
import psutil  # noqa: E402
from cluster_parts import PARTS, cpu_during, wait_until  # noqa: E402
from field import Field, write_sector  # noqa: E402
from machine import report, table  # noqa: E402
from rich.console import Console  # noqa: E402

from ops.broker.broker import EmbeddedBroker  # noqa: E402
from ops.cluster.supervisor.cluster import Cluster  # noqa: E402
from ops.cluster.workers.sector_task import SectorTask  # noqa: E402
from ops.room.room import Room  # noqa: E402
from ops.runtime.compile_kernels import compile_missing  # noqa: E402

QUIET_S = 20.0
PAUSE_S = 45.0
"""From when all sectors are live until the next strike: with that a worker is struck about once a minute."""
KINDS = {"killed": signal.SIGKILL, "frozen": signal.SIGSTOP}
SCALED = "coverage,archive,track"


def main() -> None:
    """Measure, and print tables and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--parts", default=",".join(MEASURES), help="default: all")
    parser.add_argument("--sectors", type=int, default=3, help="failover: sectors (default 3)")
    parser.add_argument("--workers", type=int, default=3, help="failover: workers (default 3)")
    parser.add_argument("--strikes", type=int, default=10, help="failover: strikes of each kind (default 10)")
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS), help="failover: default both")
    parser.add_argument("--repeats", type=int, default=3, help="ingest: the median of so many (default 3)")
    parser.add_argument("--seeds", type=int, default=2, help="handover: scenes (default 2)")
    parser.add_argument("--duration", type=float, default=120.0, help="size: seconds of detections (default 120)")
    parser.add_argument("--planned", type=int, default=2, help="scaling: sectors, an even number (default 2)")
    parser.add_argument("--hour", type=float, default=600.0, help="scaling: seconds of detections (default 600)")
    live_nation.add_options(parser)
    options = parser.parse_args()
    chosen = options.parts.split(",")
    if unknown := [name for name in chosen if name not in MEASURES]:
        parser.error(f"--parts: {unknown[0]}; expected some of {', '.join(MEASURES)}")
    compile_missing(Console(stderr=True))
    figures: dict[str, Any] = {}
    for name in chosen:
        root = Path(tempfile.mkdtemp(prefix="watchline-scale-"))
        try:
            figures[name] = MEASURES[name](root, options)
        finally:
            shutil.rmtree(root, ignore_errors=True)
        figures[name]["load"] = round(os.getloadavg()[0], 1)
    report("scale", figures)


def failover(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Run a cluster in ``root`` and strike it; return how long its sectors took until they were live again."""
    with EmbeddedBroker(folder=root / "broker") as broker:
        tasks = [_task(root, f"sector-{number}", broker.url.text) for number in range(options.sectors)]
        began_s = time.monotonic()
        alone = _task(root, "alone", broker.url.text)
        with Room(alone.options(1)) as room:
            room.listen()
            start_s = time.monotonic() - began_s
        chance = random.Random(1)
        times: dict[str, list[float]] = {kind: [] for kind in options.kinds}
        with Cluster(tasks, options.workers) as cluster:
            wait_until(cluster, lambda: cluster.live)
            cores = cpu_during(cluster, QUIET_S)
            shares = {name: round(one / (len(tasks) if name in PARTS else 1), 4) for name, one in cores.items()}
            for strike in range(len(times) * options.strikes):
                kind = options.kinds[strike % len(times)]
                wait_until(cluster, lambda: cluster.at_rest)
                due_s = time.monotonic() + PAUSE_S
                wait_until(cluster, lambda due_s=due_s: time.monotonic() >= due_s)
                times[kind] += _struck(cluster, chance.choice(tasks).name, KINDS[kind])
            left = cluster.stop()
    again = {name: spread(values) for name, values in times.items()}
    columns = ("n", "median_s", "p90_s", "p95_s", "longest_s", "within_10_s")
    table(["sector live again", *columns], [(name, *(found[key] for key in columns)) for name, found in again.items()])
    table(["part of a sector at rest", "share of a core"], sorted(shares.items()))
    return {
        "sectors": options.sectors,
        "workers": options.workers,
        "start_of_one_s": round(start_s, 2),
        "again_live": again,
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

    wait_until(cluster, are_live)
    return list(again_s.values())


def _worker(cluster: Cluster, sector: str) -> psutil.Process:
    [lease] = [lease for lease in cluster.leases() if lease.sector == sector]
    running = [found for one in lease.processes if (found := one.running()) is not None]
    return next(one for one in running if one.ppid() not in {other.pid for other in running})


def spread(values: list[float]) -> dict[str, Any]:
    """Return the distribution of times [s], and all of them; ``within_10_s`` as a fraction."""
    ordered = sorted(values)

    def quantile(fraction: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(fraction * len(ordered)))], 2)

    return {
        "n": len(ordered),
        "shortest_s": round(ordered[0], 2),
        "median_s": round(statistics.median(ordered), 2),
        "p90_s": quantile(0.9),
        "p95_s": quantile(0.95),
        "longest_s": round(ordered[-1], 2),
        "within_10_s": round(sum(one <= 10.0 for one in ordered) / len(ordered), 3),
        "times_s": [round(one, 2) for one in ordered],
    }


def ingest(_: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return durable messages per second in SQLite and PostgreSQL by connections and messages per commit."""
    from journal_stores import CASES, measure

    rates = measure("journal", 3.0, options.repeats)
    found: dict[str, Any] = {}
    for sectors, size in CASES["journal"]:
        disk, file, store = (rates[f"{place} {sectors} {size}"] * size for place in ("disk", "sqlite", "postgresql"))
        found[f"{sectors} {size}"] = {
            "disk_per_s": rates[f"disk {sectors} {size}"], "sqlite_per_s": round(file),
            "postgresql_per_s": round(store), "ratio": round(store / file, 3), "of_disk": round(store / disk, 3),
            "of_one_connection": round(store / (rates[f"postgresql 1 {size}"] * size), 3),
        }  # fmt: skip
    columns = ("disk_per_s", "sqlite_per_s", "postgresql_per_s", "ratio", "of_disk", "of_one_connection")
    table(
        ["connections, messages at once", *columns],
        [(name, *(one[key] for key in columns)) for name, one in found.items()],
    )
    return found


def live(_: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return what a live nation takes."""
    figures = live_nation.measured(options)
    live_nation.show(figures)
    return figures


def rate(_: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return at which rate the machine takes a nation."""
    figures = nation_rate.measured(options)
    nation_rate.show(figures)
    return figures


def handover(_: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return what identities across an edge take, beside one tracker that has the sensors of both sectors."""
    from edge_scenes import measure, pictures, scene

    per_s, per_hand_over, one_tracker = [], [], []
    for seed in range(1, options.seeds + 1):
        made, result = scene(seed), measure(seed)
        began_s = time.process_time()
        pictures(made.layout, made.scans, made.seconds)
        one_tracker.append(1e3 * (time.process_time() - began_s) / made.seconds)
        per_s.append(result.cpu_ms_per_s)
        per_hand_over.append(result.cpu_ms_per_s * made.seconds / result.hand_overs)
    figures = {
        "cpu_ms_per_s": round(statistics.median(per_s), 2),
        "cpu_ms_per_hand_over": round(statistics.median(per_hand_over), 1),
        "one_tracker_cpu_ms_per_s": round(statistics.median(one_tracker), 2),
        "scenes": options.seeds,
    }
    table(["hand-over", "value"], list(figures.items()))
    return figures


def size(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return what a million detections take."""
    from growth import measure

    figures = measure(root, options.duration)
    table(["of a million detections", "value"], [(name, figures[name]) for name in figures if "million" in name])
    return figures


def scaling(root: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Return strong and weak scaling of coverage and archive."""
    from nation import scaling as measure

    sensors = options.planned * options.sensors
    given = {"planned": options.planned, "sectors": options.planned, "sensors": sensors, "hour": options.hour}
    return measure(root, argparse.Namespace(**given, cell=90.0, belt=5_000.0, parts=SCALED))


MEASURES = {
    "failover": failover,
    "ingest": ingest,
    "live": live,
    "rate": rate,
    "handover": handover,
    "size": size,
    "scaling": scaling,
}


if __name__ == "__main__":
    os.umask(0o077)
    main()
