"""What honest sensors feel while another floods ingest with messages that nobody can read; and when it is cut off.

One sensor puts a scan, waits for the acknowledgement that covers it, and puts the next; p50 and p99 of that, calm and
while a second sensor publishes nonsense as fast as the broker takes it. Both are signed with keys of the register.

One JSON line to stdout: ``python benchmarks/flood.py [--scans N]``.
"""

# ruff: noqa: E402 - see benchmarks/ingest.py
from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if Path(entry).resolve() != HERE] + [str(HERE)]

import argparse
import tempfile
import threading
import time
from typing import Any

from machine import report, table

from benchmarks.ingest import SECTOR, ingesting, scan, sender
from ingest.mqtt import Connection
from ops.broker import EmbeddedBroker, MosquittoBroker
from ops.identity import IdentityFolder


class Flood:
    """A sensor with a good key and bad messages."""

    def __init__(self, broker: EmbeddedBroker | MosquittoBroker, identities: IdentityFolder, name: str) -> None:
        self._topic = f"watchline/1/{SECTOR}/sensor/{name}/detections"
        signer = identities.identity(name).signer
        assert signer is not None
        self._signer = signer
        self._link = Connection(broker.url, f"watchline-{SECTOR}-{name}", now_ns=time.time_ns)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.sent = 0

    def __enter__(self) -> Flood:
        self._link.start()
        self._link.wait_until_ready(10)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._link.stop()

    def _run(self) -> None:
        while not self._stop.is_set():
            body = b'{"nonsense": %d}' % self.sent
            numbers = [("boot", "1"), ("seq", str(self.sent + 1)), ("by_boot", "1"), ("sent", str(time.time_ns()))]
            said = self._signer.sign(self._topic, "application/json", numbers, body)
            if self._link.publish(self._topic, body, said=said):
                self.sent += 1
            else:
                self._stop.wait(0.001)


def round_trips(link: Any, spool: Any, count: int, first: int) -> list[float]:
    """Milliseconds from a scan's put to the mark that covers it, one at a time, ascending."""
    taken = []
    for number in range(count):
        start = time.perf_counter()
        link.put(scan("r1", first + number))
        while spool.waiting:
            time.sleep(0.0005)
            assert time.perf_counter() - start < 60, link.problem
        taken.append((time.perf_counter() - start) * 1e3)
    return sorted(taken)


def run(make: Any, count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as name, make() as broker:
        folder = Path(name)
        child, identities = ingesting(broker, folder, ["r1", "r2"])
        spool, link = sender(broker, identities, folder, "r1")
        round_trips(link, spool, 20, 0)
        calm = round_trips(link, spool, count, 100)
        with Flood(broker, identities, "r2") as flood:
            start = time.perf_counter()
            while child.last("quarantine") is None and time.perf_counter() - start < 30:
                time.sleep(0.01)
            cut_off_s = time.perf_counter() - start
            sent = flood.sent
            flooded = round_trips(link, spool, count, 10_000)
            rate = (flood.sent - sent) / max(sum(flooded) / 1e3, 1e-9)
        link.stop()
        spool.close()
        child.stop(timeout_s=10)
    figures = {"calm": calm, "flooded": flooded}
    found = {f"{what}_p{p}_ms": round(v[int(len(v) * p / 100)], 1) for what, v in figures.items() for p in (50, 99)}
    return found | {"cut_off_s": round(cut_off_s, 2), "flood_per_s": round(rate)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=200, help="so many round trips in each state (default 200)")
    options = parser.parse_args()
    found = {make.__name__: run(make, options.scans) for make in (MosquittoBroker, EmbeddedBroker)}
    names = list(next(iter(found.values())))
    table(["broker", *names], [[broker, *figures.values()] for broker, figures in found.items()])
    report("flood", found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
