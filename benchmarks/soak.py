"""Memory of a sector's ingest and fusion over hours of the scenario, as fast as the machine takes them.

One sector of ``--sensors`` sensors (``generated_nation.py``) whose walkers cross its line. Their ten minutes are sent
again and again, each time later by as much, so what is held grows only if something is kept that should not be. The
messages are decoded, checked and made durable by ingest's receiver, then fused and committed, in one process
(``nation_rate.py``).

Stated: resident memory by the quarter of an hour, and the slope of the least squares over what follows ``--warm-up``,
in MB per hour of the scenario; open descriptors; CPU time. The aim is 1 MB/h after warm-up.

A table to stderr, one JSON line to stdout: ``python benchmarks/soak.py [--hours H] [--warm-up H] [--sensors N]``.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = Path(__file__).resolve().parent
sys.path[:] = [str(ROOT), *(entry for entry in sys.path if Path(entry).resolve() != HERE), str(HERE)]

import numpy as np  # noqa: E402 - this folder has a file named ingest
import psutil  # noqa: E402
from generated_nation import GeneratedNation, write_nation  # noqa: E402
from live_nation import scans_of  # noqa: E402
from machine import report, table  # noqa: E402
from nation_rate import opened  # noqa: E402

from ingest.decode import encode  # noqa: E402
from ingest.envelope import Delivery  # noqa: E402
from ingest.wire import JSON  # noqa: E402
from sensors.scan import Scan  # noqa: E402
from sensors.timestamps import nanoseconds  # noqa: E402

BLOCK_S = 600.0
HOUR_S = 3600.0
EVERY_S = 60.0
QUARTER_S = 900.0


def main() -> None:
    """Measure, and print a table and one JSON line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=4.0)
    parser.add_argument("--warm-up", type=float, default=1.0, metavar="H")
    parser.add_argument("--sensors", type=int, default=33)
    options = parser.parse_args()
    began_s = time.process_time()
    with tempfile.TemporaryDirectory(prefix="watchline-soak-") as folder, ExitStack() as stack:
        samples, messages = soaked(stack, Path(folder), options.sensors, options.hours)
        descriptors = psutil.Process().num_fds()
    array = np.asarray(samples)
    later = array[array[:, 0] >= options.warm_up * HOUR_S]
    slope, _ = np.polyfit(later[:, 0] / HOUR_S, later[:, 1], 1)
    quarters = {f"{at_s / HOUR_S:.2f} h": round(mb, 1) for at_s, mb, _ in samples if at_s % QUARTER_S == 0.0}
    table(["after", "MB"], list(quarters.items()))
    report("soak", {
        "sensors": options.sensors, "hours": options.hours, "warm_up_h": options.warm_up, "messages": messages,
        "mb": quarters, "mb_per_h": round(float(slope), 2),
        "descriptors": {"after_warm_up": int(later[0, 2]), "at_the_end": descriptors},
        "cpu_s": round(time.process_time() - began_s), "load": round(os.getloadavg()[0], 1),
    })  # fmt: skip


def soaked(stack: ExitStack, folder: Path, sensors: int, hours: float) -> tuple[list[tuple[float, float, int]], int]:
    """Run the sector for so many hours of its scenario; return (second, MB, descriptors) each minute, and how many
    messages it had."""
    write_nation(GeneratedNation(1, sensors, 90.0), folder)
    [path] = sorted(folder.glob("sector-*"))
    receiver, fusion = opened(stack, path)
    process, samples, messages, due_s = psutil.Process(), list[tuple[float, float, int]](), 0, 0.0
    for at_s, delivery in deliveries(path, round(hours * HOUR_S / BLOCK_S)):
        if at_s >= due_s:
            gc.collect()
            samples.append((due_s, process.memory_info().rss / 1e6, process.num_fds()))
            due_s += EVERY_S
        receiver.handle([delivery])
        while fusion.step():
            pass
        messages += 1
    return samples, messages


def deliveries(path: Path, blocks: int) -> Iterator[tuple[float, Delivery]]:
    """Yield the messages of so many blocks of ten minutes, each with its second of the scenario."""
    scans = [(at_s, scan) for at_s, _, scan in scans_of([path], BLOCK_S)]
    numbers: Counter[str] = Counter()
    for block in range(blocks):
        for at_s, scan in scans:
            numbers[scan.sensor] += 1
            yield at_s + block * BLOCK_S, _delivery(path.name, scan, block * BLOCK_S, numbers[scan.sensor])


def _delivery(sector: str, scan: Scan, later_s: float, sequence: int) -> Delivery:
    later = timedelta(seconds=later_s)
    moved = replace(
        scan, boot=1, sequence=sequence, observed_at=scan.observed_at + later, received_at=scan.received_at + later
    )
    told = (("boot", "1"), ("seq", str(sequence)), ("low", "1"), ("by_boot", "1"))
    topic = f"watchline/1/{sector}/sensor/{scan.sensor}/detections"
    return Delivery(topic, encode(moved), JSON, told, nanoseconds(moved.received_at))


if __name__ == "__main__":
    main()
