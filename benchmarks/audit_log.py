"""Audit log: CPU that it adds to a request of the API, entries per second with group commit, and time of verification.

*request*: GET /api/alerts through the whole application (ASGI, no network), with the log and without it, interleaved;
the CPU of this process per request, all threads, that of the client (httpx) included. *commit*: entries per second of
one thread, and of 32 that wait together.
*verify*: seconds for all heads and entries written.

Tables to stderr, one JSON line to stdout: ``python benchmarks/audit_log.py [--requests N] [--entries N]``.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx
from machine import report, table

from ops.audit.entry import AuditEntry
from ops.audit.log import AuditLog
from ops.audit.verify import verify
from ops.services.api.app import ApiSettings, create_app
from ops.store.writer import Store

AT_NS = 1_773_522_000 * 10**9
ROUNDS = 7


def entry(number: int) -> AuditEntry:
    return AuditEntry(
        AT_NS + number, "m.keller", "operator", "consultation", "GET /api/tracks", "night watch", "tracks"
    )


def store_with_alerts(folder: Path, count: int) -> Store:
    """Return a store with alerts about as large as real ones, 1.5 kB."""
    store = Store(folder / "store.db")
    alerts = [
        {
            "id": f"A{number}", "revision": 0, "status": "active", "priority": "high",
            "raised_at": "2026-03-14T21:00:00Z", "sentence": "Probable person on foot crossed the border " * 30,
        }
        for number in range(count)
    ]  # fmt: skip
    store.commit(1, stamp_ns=AT_NS, tracks_live=b"[]", alerts=alerts)
    return store


async def cpu_per_request(app: Any, requests: int) -> float:
    """Return the CPU time of this process per request, in microseconds."""
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for _ in range(20):
            assert (await client.get("/api/alerts")).status_code == 200
        start = time.process_time()
        for _ in range(requests):
            await client.get("/api/alerts")
        return (time.process_time() - start) / requests * 1e6


def requests_with_and_without(folder: Path, requests: int) -> dict[str, float]:
    store, log = store_with_alerts(folder, 50), AuditLog(folder / "audit")
    apps = {
        name: create_app(store.path, ApiSettings("x"), act=print, now_ns=lambda: AT_NS, access_log=one)
        for name, one in (("without", None), ("with", log))
    }
    runs: dict[str, list[float]] = {name: [] for name in apps}
    for _ in range(ROUNDS):
        for name, app in apps.items():
            runs[name].append(asyncio.run(cpu_per_request(app, requests)))
    log.close()
    store.close()
    least = {name: min(values) for name, values in runs.items()}
    middle = {name: statistics.median(values) for name, values in runs.items()}
    return {
        "request_cpu_us_without": least["without"],
        "request_cpu_us_with": least["with"],
        "added_cpu_us": least["with"] - least["without"],
        "overhead": least["with"] / least["without"] - 1.0,
        "overhead_of_medians": middle["with"] / middle["without"] - 1.0,
    }


def commits(folder: Path, entries: int, threads: int) -> dict[str, float]:
    log = AuditLog(folder / f"audit-{threads}")
    share = entries // threads

    def write() -> None:
        for number in range(share):
            log.add(entry(number))

    workers = [threading.Thread(target=write) for _ in range(threads)]
    start, cpu = time.perf_counter(), time.process_time()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    log.close()
    start = time.perf_counter()
    found = verify(log.folder)
    assert (found.ok, found.entries) == (True, share * threads)
    return {
        f"entries_per_s_{threads}": share * threads / seconds,
        f"entry_cpu_us_{threads}": cpu / (share * threads) * 1e6,
        f"entries_per_head_{threads}": found.entries / found.heads,
        f"verify_us_per_entry_{threads}": (time.perf_counter() - start) / found.entries * 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=300, help="requests a round (default 300)")
    parser.add_argument("--entries", type=int, default=3200, help="entries written (default 3,200)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = requests_with_and_without(folder, options.requests)
        for threads in (1, 32):
            figures |= commits(folder, options.entries, threads)
    rounded = {name: round(value, 3) for name, value in figures.items()}
    table(("audit log", "figure"), list(rounded.items()))
    report("audit_log", rounded)


if __name__ == "__main__":
    main()
